"""The shell's own commands, and the way from a command's first word to what runs."""

from __future__ import annotations

import re
from collections.abc import Callable

from reign_executors.effect import Action
from reign_executors.shell.analysis import evaluation, knowledge, paths
from reign_executors.shell.analysis.handlers import load
from reign_executors.shell.analysis.interpreter import Interpreter
from reign_executors.shell.analysis.invocation import globbed, judge, resolve
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.reading import ansi
from reign_executors.shell.analysis.scope import Scope
from reign_executors.shell.analysis.values import (
    DECODED,
    ENVIRONMENT,
    MADE,
    MAYBE,
    NETWORK,
    OPEN,
    SELF,
    UNKNOWN,
    has_glob,
    is_known,
    limited,
    listed,
    marks,
    plain,
    shown,
    unmarked,
)

Builtin = Callable[[Interpreter, list[str], Scope, "str | None"], str]
BUILTINS: dict[str, Builtin] = {}


def builtin(*names: str) -> Callable[[Builtin], Builtin]:
    def register(function: Builtin) -> Builtin:
        for name in names:
            BUILTINS[name] = function
        return function

    return register


def call(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    """Run one command in the mind: function, builtin, program. Returns its output."""
    word = argv[0]
    kept = marks(word)
    if NETWORK in kept or DECODED in kept:
        run.deny(
            "code.from-network" if NETWORK in kept else "code.decoded",
            "runs a command whose name came from " + ("the network" if NETWORK in kept else "a decoder"),
        )
    name = unmarked(word)
    if name == OPEN:
        evaluation.kept(run, argv[1:], scope)
        return ""
    if not is_known(name):
        return _unknown_name(run, argv, scope, stdin)
    if has_glob(name):
        run.unclear("unclear.program", f"which program '{shown(name)}' is, only running would tell")
        for candidate in globbed(name):
            if candidate in _WORTH_TRYING:
                run.run_argv([candidate, *argv[1:]], scope, stdin, same_shell=True)
        return UNKNOWN
    name = plain(name)
    if name in scope.aliases and scope.aliases[name].split()[:1] != [name]:
        text = scope.aliases.pop(name)
        try:
            quoted = [text, *["'" + unmarked(a).replace("'", "'\\''") + "'" for a in argv[1:]]]
            if name in BUILTINS or name in scope.functions or knowledge.program(name) is not None:
                plainly = scope.copy()  # a shell without a person at it knows no aliases
                call(run, argv, plainly, stdin)
                output = run.run_text(" ".join(quoted), scope, stdin, where=f"the alias {name}")
                scope.merge(plainly)
                return output
            return run.run_text(" ".join(quoted), scope, stdin, where=f"the alias {name}")
        finally:
            scope.aliases[name] = text
    if name in scope.functions:
        if name in scope.doubtful or name in _SPECIAL:  # the function may not be there, or not be what counts
            real = scope.copy()
            real.functions = {k: v for k, v in scope.functions.items() if k != name}
            _named(run, name, argv, real, stdin)
            output = run.call_function(name, argv, scope, stdin)
            scope.merge(real)
            return output
        return run.call_function(name, argv, scope, stdin)
    return _named(run, name, argv, scope, stdin)


def _named(run: Interpreter, name: str, argv: list[str], scope: Scope, stdin: str | None) -> str:
    """A builtin or a program."""
    found = BUILTINS.get(name)
    if found is not None:
        if name in _TAKE_NAMES:
            evaluation.kept(run, argv[1:], scope)
            if name in _DECLARE:
                evaluation.compound(run, argv[1:], scope)
        return found(run, argv, scope, stdin)
    return program(run, name, argv, scope, stdin)


_TAKE_NAMES = listed("test unset printf read mapfile readarray export declare typeset local readonly let getopts wait")
"""Builtins that take names of variables, or expressions."""
_DECLARE = listed("export declare typeset local readonly")
_SPECIAL = listed("break : . continue eval exec exit export readonly return set shift source times trap unset")
"""Builtins that come before functions in a POSIX shell."""

_WORTH_TRYING = listed(
    "rm dd mkfs sh bash chmod chown mv shred find python perl ruby nc ncat curl wget tee cp truncate wipefs kubectl"
)


def _unknown_name(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    name = unmarked(argv[0])
    if name == SELF or plain(name).endswith(SELF):
        run.unclear("unclear.script", "runs this script itself")
        return UNKNOWN
    run.unclear("unclear.program", f"which program '{shown(argv[0])}' is, only running would tell")
    if MAYBE in name and len(argv) > 1 and plain(name.replace(MAYBE, "")) == "":
        return run.run_argv(argv[1:], scope, stdin, same_shell=True)
    if MAYBE in name and name.replace(MAYBE, ""):
        return run.run_argv([name.replace(MAYBE, ""), *argv[1:]], scope, stdin, same_shell=True)
    for candidate in _judged_by_arguments(argv):
        run.run_argv([candidate, *argv[1:]], scope, stdin)
    return UNKNOWN


def _judged_by_arguments(argv: list[str]) -> list[str]:
    """An unknown program with a whole system directory among its operands is judged by the worst likely one."""
    return ["rm"] if any(re.fullmatch(r"-[rRf]+", a) for a in argv[1:]) else []


def program(run: Interpreter, name: str, argv: list[str], scope: Scope, stdin: str | None) -> str:
    """A program by name or path, as far as the data knows it."""
    if "/" in name:
        content = scope.files.get(paths.normal(name, scope.cwd))
        if content is not None:
            return _script(run, content, argv, scope, stdin)
        bare = resolve(run, scope, name)
        if bare is None:
            run.unclear("unclear.script", f"'{shown(name)}' is a program of its own, what it does is not visible")
            return UNKNOWN
        name = bare
        found = BUILTINS.get(name)
        if found is not None:
            return found(run, [name, *argv[1:]], scope, stdin)
    elif name.startswith("zf_") and knowledge.program(name[3:]) is not None:
        return program(run, name[3:], [name[3:], *argv[1:]], scope, stdin)  # zsh/files: rm, mv, chmod … as builtins
    elif scope.poisoned:
        run.unclear("unclear.environment", f"which program '{name}' is, is no longer known: PATH or the loader changed")
    if any(MADE in word for word in argv[1:]):
        run.unclear("unclear.operands", f"a word given to '{name}' is made in a way that only running would tell")
    spec = knowledge.program(name)
    if spec is None:
        if len(argv) == 2 and argv[1] in ("--help", "--version"):
            return UNKNOWN
        run.unclear("unclear.program", f"the program '{name}' is not known")
        return UNKNOWN
    load()
    return judge(Invocation(run, scope, stdin, name, argv, spec))


def _script(run: Interpreter, content: str, argv: list[str], scope: Scope, stdin: str | None) -> str:
    """A file that the text itself wrote is executed."""
    inner = scope.copy()
    inner.positional = argv[1:]
    first = unmarked(content).split("\n", 1)[0]
    if first.startswith("#!") and not re.search(r"\b(?:ba|da|z|k|a)?sh\b", first):
        if NETWORK in content or DECODED in content:
            run.run_text(content, inner, stdin, where="a script")
        else:
            run.unclear("unclear.script", "runs a script it wrote")
        return UNKNOWN
    return run.run_text(content, inner, stdin, where="a script")


# --- nothing to it ----------------------------------------------------------------------------------------------


@builtin(":", "true", "false", "jobs", "times", "suspend", "ulimit", "umask", "shopt")
@builtin("dirs", "caller", "logout", "break", "continue", "exit", "sleep", "disown")
@builtin("type", "which", "help", "bg", "fg", "usleep", "local:")
def _nothing(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    if argv[0] in ("type", "which") and len(argv) >= 2:
        return "/usr/bin/" + plain(argv[-1])
    return ""


@builtin("return")
def _return(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    run.returned = True
    return ""


def options_of(argv: list[str], taking: str) -> tuple[list[tuple[str, str]], list[str]]:
    """A builtin's one-letter options with their values, and its operands; ``taking``: letters that take a value."""
    found: list[tuple[str, str]] = []
    i = 1
    while i < len(argv):
        word = plain(argv[i])
        if len(word) < 2 or word[0] not in "-+":
            break
        i += 1
        if word == "--":
            break
        for at, letter in enumerate(word[1:], 2):
            if letter in taking:
                value = argv[i] if at == len(word) and i < len(argv) else word[at:]
                i += at == len(word)
                found.append((letter, value))
                break
            found.append((letter, ""))
    return found, argv[i:]


@builtin("compgen", "complete", "compopt")
def _complete(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    """What completes words may run a command or a function, and expands its word list."""
    options, _ = options_of(argv, "oAGWFCXPS")
    for letter, value in options:
        if letter == "C":
            run.run_text(value, scope.copy(), None, where=f"{argv[0]} -C")
            run.unclear("unclear.code", f"{argv[0]} -C runs a command with words of its own")
        elif letter == "F":
            run.unclear("unclear.code", f"{argv[0]} -F runs the function {shown(value)}")
        elif letter in "WXPS":
            evaluation.prompt(run, (value,), scope)
            if letter == "W" and not is_known(value):
                run.unclear("unclear.code", f"the words that {argv[0]} expands are not known")
    return UNKNOWN


@builtin("bind")
def _bind(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    options, words = options_of(argv, "mqufrx")
    if words or any(letter in "xfru" for letter, _ in options):
        run.unclear("unclear.environment", "binds keys to something else")
    return UNKNOWN


@builtin("test", "[")
def _test(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    return ""


@builtin("echo")
def _echo(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    words = argv[1:]
    escapes = False
    newline = "\n"
    while words and re.fullmatch(r"-[neE]+", words[0]):
        escapes = escapes or "e" in words[0]
        newline = "" if "n" in words[0] else newline
        words = words[1:]
    text = " ".join(words)
    if escapes and "\\" in text:
        return (DECODED if _ENCODED.search(text) else "") + ansi(text) + newline
    if "\\" in text and ansi(text) != text:
        return MADE + text + newline  # some shells take the backslash for an escape
    return text + newline


_ENCODED = re.compile(r"\\(?:x[2-7][0-9A-Fa-f]|0?[01][0-7]{2})")
_FORMAT = re.compile(r"%(?:%|[-+ #0]*\d*(?:\.(?P<most>\d*))?(?P<kind>[a-zA-Z])|\(([^)]*)\)T)")


@builtin("printf")
def _printf(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    words = argv[1:]
    variable = None
    if words[:1] == ["-v"] and len(words) > 1:
        variable = plain(words[1])
        words = words[2:]
    elif words and words[0].startswith("-v") and len(words[0]) > 2:
        variable = plain(words[0][2:])
        words = words[1:]
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        return ""
    encoded = any(_ENCODED.search(w) for w in words) and ("%b" in words[0] or _ENCODED.search(words[0]) is not None)
    form = ansi(words[0])
    values = words[1:]
    out: list[str] = []
    position = 0

    def one(m: re.Match[str]) -> str:
        nonlocal position
        if m[0] == "%%":
            return "%"
        value = values[position] if position < len(values) else ""
        position += 1
        kind = m["kind"] or "s"
        if m["most"] is not None and kind in "sb":
            text = ansi(value) if kind == "b" else value
            return marks(text) + unmarked(text)[: int(m["most"][:4] or 0)] if is_known(text) else text
        if kind == "b":
            return ansi(value)
        if kind == "c":
            return value[:1]
        if kind == "q":
            return value
        if kind in "xXo" and is_known(value) and plain(value).isdigit():
            number = int(plain(value)[:18])
            return format(number, kind)
        return value

    while True:
        before = position
        if re.search(r"%[-+ #0]*\d*\.?\*", form):  # a width among the arguments
            out.append(UNKNOWN + "".join(marks(w) for w in words))
            break
        out.append(_FORMAT.sub(one, form))
        if position >= len(values) or position == before or len(out) > 40:
            break
    text = "".join(out)
    if encoded:
        text = DECODED + text
    if variable is not None:
        variable = scope.named(variable)
        scope.variables[variable] = (text,)
        run.wrote_variable(variable, (text,), scope)
        return ""
    return text


@builtin("pwd")
def _pwd(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    return (scope.cwd if scope.cwd.startswith("/") else "/" + UNKNOWN) + "\n"


@builtin("cd", "pushd", "popd")
def _cd(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    words = [a for a in argv[1:] if a not in ("-P", "-L", "-e", "-@", "-n", "--")]
    if argv[0] == "popd" or words[:1] == ["-"]:
        scope.cwd = UNKNOWN
    elif not words:
        scope.cwd = plain(scope.get("HOME")[0]) if argv[0] == "cd" else UNKNOWN
    else:
        where = unmarked(words[0])
        if where == MAYBE:
            where = scope.get("HOME")[0]  # cd with nothing goes home
        elif MAYBE in where:
            where = where.replace(MAYBE, "")
        scope.cwd = paths.normal(where, scope.cwd)
        if not scope.cwd.startswith("/"):
            scope.cwd = UNKNOWN + ("/" + scope.cwd.removeprefix(UNKNOWN + "/") if "/" in scope.cwd else "")
    return ""


@builtin("export", "declare", "typeset", "local", "readonly")
def _declare(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    words = [a for a in argv[1:] if a[:1] != "-"]
    if not words and (argv[0] in ("export", "readonly") or "-x" in argv or "-p" in argv or len(argv) == 1):
        return ENVIRONMENT + UNKNOWN
    for word in words:  # export "A=$B": the assignment came out of quotes
        name, equals, value = word.partition("=")
        if equals and re.fullmatch(r"[A-Za-z_]\w*", name):
            scope.variables[name] = (value,)
            run.wrote_variable(name, (value,), scope)
    letters = "".join(plain(a)[1:] for a in argv[1:] if a[:1] == "-")
    if argv[0] == "export" or "x" in letters:
        for name in [plain(w).partition("=")[0] for w in words]:
            scope.exported.add(name)
            if name in scope.variables:
                run.given(name, scope.variables[name], scope)
    if argv[0] in ("declare", "typeset", "local"):
        _attributes(run, letters, [plain(w).partition("=")[0] for w in words], scope)
    if "-f" in argv or "-F" in argv:
        return ""
    return ""


def _attributes(run: Interpreter, letters: str, names: list[str], scope: Scope) -> None:
    """``-n``: from now on the name stands for another variable; ``-l`` and ``-u``: its values change case."""
    for name in names:
        if "n" in letters:
            for value in scope.variables.pop(name, ()):
                if not re.fullmatch(r"[A-Za-z_]\w*", plain(value)):
                    run.unclear("unclear.code", f"which variable {name} stands for, only running would tell")
                elif plain(value) != name:
                    scope.references[name] = plain(value)
        for case in "lu":
            if case in letters:
                scope.cases[name] = case
                if name in scope.variables:
                    scope.variables[name] = scope.cased(name, scope.variables[name])


@builtin("ztcp")
def _ztcp(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    """zsh/net/tcp: a raw connection, as ``/dev/tcp`` is in bash."""
    if [a for a in argv[1:] if a[:1] != "-"] or "-l" in argv:
        run.deny("shell.reverse", "opens a raw network connection (ztcp)")
    return ""


@builtin("unset")
def _unset(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    for name in map(scope.named, map(plain, argv[1:])):
        if name in ("HISTFILE", "HISTSIZE"):
            run.deny("audit.history", "would keep the shell's history from being written")
        elif name == "PATH":
            scope.poisoned = True  # without one, programs are looked for in the current folder
        scope.variables[name] = (MAYBE,)
        scope.functions.pop(name, None)
    return ""


@builtin("set")
def _set(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    words = argv[1:]
    if not words:
        return ENVIRONMENT + UNKNOWN
    i = 0
    while i < len(words):
        word = plain(words[i])
        if word == "--" or word[:1] not in ("-", "+"):
            scope.positional = words[i + (word == "--") :]
            break
        option = (
            plain(words[i + 1])
            if word in ("-o", "+o") or ((word[-1] == "o" and i + 1 < len(words)) and len(words) > i + 1)
            else ""
        )
        if word[0] == "-" and ("a" in word[1:] or option == "allexport"):
            scope.all_exported = True
        if (word[0] == "-" and "u" in word) or (word[0] == "-" and option == "nounset"):
            scope.nounset = True
        elif word[0] == "+" and ("u" in word or option == "nounset"):
            scope.nounset = False
        if word[0] == "+" and option == "history":
            run.deny("audit.history", "would keep the shell's history from being written")
        i += 2 if option else 1
    return ""


@builtin("shift")
def _shift(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    if scope.positional is not None:
        n = int(argv[1]) if len(argv) > 1 and argv[1].isdigit() else 1
        scope.positional = scope.positional[n:]
    return ""


@builtin("read", "mapfile", "readarray")
def _read(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    options, words = options_of(argv, "adinNptu" if argv[0] == "read" else "ndOsuCc")
    names = [plain(value) for letter, value in options if letter == "a"] + [plain(w) for w in words]
    text = stdin if stdin is not None else UNKNOWN
    for letter, value in options:
        if letter == "C":
            run.run_text(value, scope.copy(), None, where="mapfile -C")
            run.unclear("unclear.code", "mapfile -C runs a command with words of its own")
        elif letter == "u":
            text = UNKNOWN  # another descriptor than what is piped in
        elif letter in "dnNsO" and argv[0] != "read":
            text = UNKNOWN + MADE + marks(text) if is_known(text) else text
        elif letter in "dnN" and is_known(text):
            text = UNKNOWN + MADE + marks(text)  # cut somewhere else than at the end of a line
    if is_known(text) and (scope.get("IFS") != (" \t\n",) and len(names) + (argv[0] == "read" and "-a" in argv) > 1):
        text = UNKNOWN + MADE + marks(text)
    if argv[0] == "read" and "\\" in text and "r" not in [letter for letter, _ in options]:
        text = UNKNOWN + MADE + marks(text)
    kept = marks(text)
    if not names:
        names = ["REPLY" if argv[0] == "read" else "MAPFILE"]
    names = [scope.named(n) for n in names]
    if is_known(text) and text.strip():
        lines = [line for line in text.split("\n") if line]
        if argv[0] != "read" or any(letter == "a" for letter, _ in options):
            items = lines if argv[0] != "read" else lines[0].split()
            items = list(limited(items, 64))
            scope.arrays[names[0]] = items
            scope.variables.pop(names[0], None)
            run.wrote_variable(names[0], tuple(items) or ("",), scope)
            return ""
        columns: list[list[str]] = [[] for _ in names]
        if len(lines) > 64:
            lines = [*lines[:64], UNKNOWN + MADE + kept]
        for line in lines:
            parts = line.split(None, len(names) - 1)
            for i, column in enumerate(columns):
                column.append(parts[i] if i < len(parts) else "")
        for name, column in zip(names, columns, strict=True):
            scope.variables[name] = tuple(dict.fromkeys(column))
            run.wrote_variable(name, scope.variables[name], scope)
        return ""
    for name in names:
        scope.variables[name] = (UNKNOWN + kept,)
        run.wrote_variable(name, scope.variables[name], scope)
        scope.arrays.pop(name, None)
    return ""


# --- running things ---------------------------------------------------------------------------------------------


@builtin("eval")
def _eval(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    words = argv[2:] if argv[1:2] == ["--"] else argv[1:]
    return run.run_text(" ".join(words), scope, stdin, where="eval")


@builtin("exec")
def _exec(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    words = argv[1:]
    while words and words[0] in ("-c", "-l", "-cl", "--"):
        words = words[1:]
    if words[:1] == ["-a"]:
        words = words[2:]
    return run.run_argv(words, scope.child(), stdin) if words else ""


@builtin("command", "builtin")
def _command(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    words = argv[1:]
    while words and words[0] in ("-p", "--"):
        words = words[1:]
    if words and words[0] in ("-v", "-V"):
        return "/usr/bin/" + plain(words[1]) if len(words) > 1 else ""
    if not words:
        return ""
    inner = scope.copy()
    inner.functions = {}
    inner.aliases = {}
    name = plain(words[0])
    if name in BUILTINS:
        return _named(run, name, [name, *words[1:]], scope, stdin)
    return run.run_argv(words, inner, stdin)


@builtin("source", ".")
def _source(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    words = argv[2:] if argv[1:2] == ["--"] else argv[1:]
    if not words:
        return ""
    content = run.content(words[0], scope, stdin)
    if unmarked(content) == UNKNOWN and NETWORK not in content and DECODED not in content:
        run.unclear("unclear.script", f"runs {shown(words[0])}, what it does is not visible")
        return UNKNOWN
    return run.run_text(content, scope, stdin, where="source")


@builtin("trap")
def _trap(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    words = argv[2:] if argv[1:2] == ["--"] else argv[1:]
    if len(words) >= 2 and plain(words[0]) not in ("-", "", "-p", "-l"):
        trapped = scope.copy()
        run.run_text(words[0], trapped, None, where="a trap")
        if is_known(words[0]):
            run.traps.append((words[0], scope))
            cwd = scope.cwd
            scope.merge(trapped)  # it may run at any time
            scope.cwd = cwd
    return ""


@builtin("alias")
def _alias(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    for word in argv[1:]:
        name, equals, value = word.partition("=")
        if equals:
            code = value.rstrip()
            inner = scope.copy()
            inner.aliases = {}
            if len(code.split()) > 1 or re.search(r"[;|&`$()]", code):
                run.run_text(code, inner, None, where=f"the alias {plain(name)}")
            scope.aliases[plain(name)] = code
    return ""


def _fills(run: Interpreter, word: str, scope: Scope, mark: str = "") -> None:
    """A builtin writes something only running would tell into the variable that ``word`` names."""
    name = plain(word)
    if not is_known(unmarked(word)):
        scope.poisoned = True  # it may be PATH
        return
    scope.variables[name] = (UNKNOWN + mark,)
    scope.arrays.pop(name, None)
    run.wrote_variable(name, scope.variables[name], scope)


@builtin("getopts")
def _getopts(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    words = argv[2:] if argv[1:2] == ["--"] else argv[1:]
    for name in (*words[1:2], "OPTARG"):
        _fills(run, name, scope, MADE if len(words) > 2 else "")
    return ""


@builtin("wait")
def _wait(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    for index, word in enumerate(argv[1:], 1):
        found = re.fullmatch(r"-[fn]*p(.*)", word)
        if found is not None:
            for name in [found[1]] if found[1] else argv[index + 1 : index + 2]:
                _fills(run, name, scope)
    return ""


@builtin("let")
def _let(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    for name in re.findall(r"([A-Za-z_]\w*)\s*(?:\[[^]]*\]\s*)?(?:[-+*/%&|^]|<<|>>)?=(?!=)", " , ".join(argv[1:])):
        _fills(run, name, scope)
    return ""


@builtin("unalias")
def _unalias(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    for word in argv[1:]:
        scope.aliases.pop(plain(word), None)
        if word == "-a":
            scope.aliases.clear()
    return ""


@builtin("hash", "enable")
def _hash(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    if any(re.match(r"-[A-Za-z]*[pf]", plain(a)) for a in argv[1:]):
        run.unclear("unclear.environment", f"'{argv[0]}' makes a later command run something else")
        scope.poisoned = True
    elif argv[0] == "enable" and len(argv) > 1:
        scope.poisoned = True
    return ""


@builtin("history", "fc")
def _history(run: Interpreter, argv: list[str], scope: Scope, stdin: str | None) -> str:
    for word in argv[1:]:
        if re.fullmatch(r"-[a-z]*c[a-z]*", word) and argv[0] == "history":
            run.deny("audit.history", "would wipe the shell's history")
        elif word.startswith(("-d", "-w", "-a", "-n", "-r")) and argv[0] == "history":
            run.change(Action.UPDATE, "file/~/.bash_history", "changes the shell's history")
        elif argv[0] == "fc" and word.startswith("-s"):
            run.unclear("unclear.code", "runs a command from the history")
    if argv[0] == "fc" and not any(a.startswith("-l") for a in argv[1:]):
        run.unclear("unclear.code", "runs a command from the history")
    return UNKNOWN
