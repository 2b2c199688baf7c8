"""What words become: parameters, substitutions, braces, tildes, field splitting."""

from __future__ import annotations

import re
from typing import Protocol

from reign_executors.shell.analysis.scope import Scope, Values
from reign_executors.shell.analysis.syntax import Arithmetic, Node, Parameter, Substitution, Word
from reign_executors.shell.analysis.values import (
    HOME,
    MADE,
    MARKS,
    MAYBE,
    SELF,
    SPLIT,
    TILDE,
    UNKNOWN,
    braces,
    combine,
    globs_literal,
    is_known,
    literal,
    marks,
    pattern,
    plain,
    split_fields,
)

_NUMBER = re.compile(r"\s*\(?\s*(-?(?:0|[1-9][0-9]*))\s*\)?\s*")
_SIMPLE_ARITHMETIC = re.compile(r"[0-9\s+\-*/%()]+")
_OCTAL = re.compile(r"(?<![0-9])0[0-9]")


def _operand(values: Values) -> str:
    """A variable's value as an operand; anything but one plain number is not worked out."""
    return plain(values[0]) if len(values) == 1 and re.fullmatch(r"\d+", plain(values[0])) else UNKNOWN


class Runs(Protocol):
    """Whoever runs the substitutions met on the way."""

    def substitute(self, node: Node, scope: Scope) -> str: ...

    def process(self, node: Node, scope: Scope, kind: str) -> str: ...

    def wrote_variable(self, name: str, values: Values, scope: Scope) -> None: ...

    def evaluated(self, text: str, scope: Scope) -> None: ...

    def prompted(self, values: Values, scope: Scope) -> None: ...


def alternatives(word: Word, scope: Scope, runner: Runs) -> Values:
    """The possible values of a word; :data:`SPLIT` marks where it falls into fields."""
    if isinstance(word, str):
        return (word,)
    parts: list[Values] = []
    for piece in word:
        if isinstance(piece, str):
            parts.append((piece,))
        elif isinstance(piece, Parameter):
            values = parameter(piece, scope, runner)
            parts.append(values if piece.quoted else _split(values, scope))
        elif isinstance(piece, Substitution):
            if piece.kind == "$":
                output = runner.substitute(piece.body, scope).rstrip("\n")
                parts.append((output,) if piece.quoted else _split((output,), scope))
            else:
                parts.append((runner.process(piece.body, scope, piece.kind),))
        else:
            parts.append((arithmetic(piece, scope, runner),))
    return combine(parts)


def _split(values: Values, scope: Scope) -> Values:
    """Unquoted values fall into fields at each of the separators that ``IFS`` may hold."""
    separators = scope.get("IFS")
    if len(separators) == 1 and is_known(separators[0]):
        return tuple([split_fields(v, separators[0]) for v in values])
    made = [split_fields(v, plain(s)) for v in values for s in separators if is_known(s)]
    if not all(map(is_known, separators)):
        made += [UNKNOWN + MADE + marks(v) for v in values if "-" in v]  # nobody knows where it falls apart
    return tuple(dict.fromkeys(made)) or values


def arithmetic(piece: Arithmetic, scope: Scope, runner: Runs) -> str:
    """The value of a sum of plain numbers, else an unknown number."""
    text = alternatives(piece.text, scope, runner)[0]
    runner.evaluated(text, scope)
    text = re.sub(r"(?<![\w$])([A-Za-z_]\w*)", lambda m: _operand(scope.get(m[1])), text)
    if len(text) < 40 and _SIMPLE_ARITHMETIC.fullmatch(text) and "**" not in text and not _OCTAL.search(text):
        try:
            if re.search(r"[/%]", text) and "-" in text:
                return UNKNOWN  # the shell rounds towards zero
            return str(int(eval(text.replace("/", "//"), {"__builtins__": {}})))  # noqa: S307 - digits and operators
        except (SyntaxError, ZeroDivisionError, ValueError, TypeError, MemoryError, OverflowError):
            return UNKNOWN
    return UNKNOWN + marks(text)


def text_value(word: Word, scope: Scope, runner: Runs) -> str:
    """One value for places where no fields are made (assignments, redirections, here-strings): joined if several."""
    return alternatives(word, scope, runner)[0].replace(SPLIT, " ")


def field_sets(word: Word, scope: Scope, runner: Runs) -> list[list[str]]:
    """The fields a word falls into, one list for each of its alternatives."""
    if isinstance(word, str):
        if word.isalnum():
            return [[word]]
        return [[tilde(f, scope) for f in braces(word)]]
    vanishing = not any(isinstance(p, str) or p.quoted for p in word)
    sets: list[list[str]] = []
    for value in alternatives(word, scope, runner):
        made: list[str] = []
        for braced in braces(value):
            made += [tilde(part, scope) for part in braced.split(SPLIT) if part or not (vanishing or SPLIT in braced)]
        sets.append(made)
    return sets


def fields(word: Word, scope: Scope, runner: Runs) -> list[str]:
    """The fields of a word, those of all its alternatives one after the other."""
    result = [f for one in field_sets(word, scope, runner) for f in one]
    return list(dict.fromkeys(result)) if len(result) > 40 else result


def tilde(value: str, scope: Scope) -> str:
    """Tilde expansion at a word's start; elsewhere a tilde (and a brace left over) is plain text."""
    if TILDE in value and value[0] == TILDE:
        head, slash, rest = value.partition("/")
        name = literal(head[1:])
        if name == "":
            head = scope.get("HOME")[0]
        elif name == "+":
            head = scope.cwd
        elif name == "-":
            head = UNKNOWN
        elif name == "root":
            head = HOME
        else:
            head = f"/home/{name}"
        value = head + slash + rest
    return literal(value) if not value.isalnum() else value


def _strip(value: str, cut: str, operator: str) -> str:
    compiled = pattern(cut)
    if compiled is None or not is_known(cut):
        return UNKNOWN + (MADE if "-" in value else "") + marks(value)
    positions = range(len(value) + 1)
    if operator.startswith("#"):
        order = positions if operator == "#" else reversed(positions)
        for i in order:
            if compiled.fullmatch(value[:i]):
                return value[i:]
    else:
        order = reversed(positions) if operator == "%" else positions
        for i in order:
            if compiled.fullmatch(value[i:]):
                return value[:i]
    return value


def _replace(value: str, spec: str, *, everywhere: bool) -> str:
    what, _, by = spec.partition("/")
    if spec[:1] == "/" and value:
        what, by = "/", spec[1:].partition("/")[2]
    doubt = MADE if spec.count("/") > 1 or "&" in by or spec[:1] == "/" else ""  # the slash that ends it, what & is
    anchored = what[:1] if what[:1] in ("#", "%") else ""
    compiled = pattern(what[1:] if anchored else what)
    if compiled is None or not what:
        return value if not what else UNKNOWN + MADE + marks(value)
    by = globs_literal(literal(by))
    source = compiled.pattern
    if anchored == "#":
        source = r"\A(?:" + source + ")"
    elif anchored == "%":
        source = "(?:" + source + r")\Z"
    return doubt + re.sub(source, lambda _: by, value, count=0 if everywhere else 1, flags=re.DOTALL)


def _slice(value: str, spec: str) -> str:
    offset_text, _, length_text = spec.partition(":")
    offset = _NUMBER.fullmatch(offset_text or "0")
    length = _NUMBER.fullmatch(length_text) if length_text else None
    if offset is None or (length_text and length is None):
        return UNKNOWN + (MADE if "-" in value else "") + marks(value)
    start = int(offset[1])
    kept = value[start:] if start >= 0 or -start <= len(value) else ""
    if length is None:
        return kept
    n = int(length[1])
    return kept[:n]


def _one(value: str, operator: str, spec: str) -> str:
    kept = marks(value)
    bare = value.translate(dict.fromkeys(map(ord, MARKS))) if kept else value
    if not is_known(bare):
        if operator in ("^", "^^", ",", ",,", "@"):
            return value
        if operator == ":" and bare == UNKNOWN and _NUMBER.fullmatch(spec):
            return value
        return (MAYBE if MAYBE in bare or operator == ":" else UNKNOWN) + kept
    bare = bare.replace(HOME, "/root") if operator in (":", "#", "##", "%", "%%", "/", "//") else bare
    if operator in ("#", "##", "%", "%%"):
        return _strip(bare, spec, operator) + kept
    if operator in ("/", "//"):
        return _replace(bare, spec, everywhere=operator == "//") + kept
    if operator == ":":
        return _slice(bare, plain(spec)) + kept
    if operator in ("^^", ",,", "^", ",") and spec:
        return UNKNOWN + MADE + kept
    if operator == "^^" or (operator == "@" and spec == "U"):
        return bare.upper() + kept
    if operator == ",," or (operator == "@" and spec == "L"):
        return bare.lower() + kept
    if operator == "^" or (operator == "@" and spec == "u"):
        return bare[:1].upper() + bare[1:] + kept
    if operator == ",":
        return bare[:1].lower() + bare[1:] + kept
    if operator == "@":
        return value if spec == "Q" else UNKNOWN + MADE + kept
    return value


def _many(piece: Parameter, scope: Scope) -> list[str] | None:
    """The elements of ``$@``, ``$*``, ``${a[@]}``; None when it is one value."""
    if piece.name in ("@", "*"):
        return scope.positional if scope.positional is not None else [MAYBE]
    if piece.index in ("@", "*"):
        if piece.name in scope.arrays:
            return scope.arrays[piece.name]
        return list(scope.get(piece.name))
    return None


def parameter(piece: Parameter, scope: Scope, runner: Runs) -> Values:
    """The possible values of one parameter expansion; assignments and guards in it take effect on the scope."""
    operator = piece.operator
    name = piece.name
    if piece.index is not None and piece.index not in ("@", "*"):
        runner.evaluated(piece.index, scope)
    many = _many(piece, scope)
    if many is not None:
        if operator == "length":
            return (str(len(many)) if piece.index else UNKNOWN,)
        if operator.startswith("!"):
            return (UNKNOWN,)
        if operator and operator not in (":-", "-", ":?", "?", ":+", "+"):
            spec = alternatives(piece.argument or "", scope, runner)[0]
            if operator == ":":
                runner.evaluated(spec, scope)
            if operator == ":" and is_known(spec):
                many = _slice_list(many, plain(spec), from_one=not piece.index)
            else:
                many = [_one(v, operator, spec) for v in many]
        separate = not (piece.quoted and (piece.name == "*" or piece.index == "*"))
        return ((SPLIT if separate else " ").join(many),)
    if piece.index is not None and name in scope.arrays:
        items = scope.arrays[name]
        number = _NUMBER.fullmatch(piece.index)
        values: Values = tuple(items) or ("",)
        if number and -len(items) <= int(number[1]) < len(items):
            values = (items[int(number[1])],)
    else:
        values = scope.get(name)
    if not operator:
        return values
    if operator.startswith("!"):
        if operator == "!*":
            return (UNKNOWN,)
        if len(values) == 1 and is_known(values[0]) and re.fullmatch(r"\w+", plain(values[0])):
            values = scope.get(plain(values[0]))
        else:
            values = (UNKNOWN,)
        operator = operator[1:]
        if not operator:
            return values
    if operator == "length":
        return tuple(str(len(plain(v))) if is_known(v) else UNKNOWN for v in values)
    argument: Word = piece.argument if piece.argument is not None else ""
    if operator in (":-", "-", ":=", "="):
        unset = [v for v in values if MAYBE in v or (not v and operator[0] == ":")]
        if not unset:
            return values
        default = tuple(tilde(v, scope) for v in alternatives(argument, scope, runner))
        result = tuple(dict.fromkeys((*(v.replace(MAYBE, UNKNOWN) for v in values if v), *default)))
        if operator in (":=", "="):
            scope.variables[name] = result
            runner.wrote_variable(name, result, scope)
        return result
    if operator in (":?", "?"):
        alternatives(argument, scope, runner)
        scope.known_set(name)
        return scope.get(name)
    if operator in (":+", "+"):
        other = alternatives(argument, scope, runner)
        if all(is_known(v) and v for v in values):
            return other
        return ("", *other)
    spec = alternatives(argument, scope, runner)[0]
    if operator == ":":
        runner.evaluated(spec, scope)
    elif operator == "@" and plain(spec) == "P":
        runner.prompted(values, scope)
    if name in ("PWD", "OLDPWD") and not all(is_known(v) for v in values) and _one(_SOMEWHERE, operator, spec) == "/":
        return ("/",)  # whatever the folder is, its path begins so
    return tuple(dict.fromkeys(_one(v, operator, spec) for v in values))


_SOMEWHERE = "/srv/app"


def _slice_list(items: list[str], spec: str, *, from_one: bool) -> list[str]:
    first, _, count = spec.partition(":")
    start, number = _NUMBER.fullmatch(first or "0"), _NUMBER.fullmatch(count) if count else None
    if start is None:
        return items
    begin = int(start[1])
    if from_one and begin > 0:
        begin -= 1
    kept = items[begin:]
    return kept[: int(number[1])] if number else kept


__all__ = ["SELF", "alternatives", "field_sets", "fields", "parameter", "text_value", "tilde"]
