"""Values of words as far as they are known: plain strings in which single private-use characters stand for the rest.

A word such as ``"$X"/lib*`` becomes ``MAYBE + "/lib" + STAR``. Marks have no width: they say where a text came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise, product

UNKNOWN = "\ue000"  # some text, not empty
MAYBE = "\ue001"  # some text, or none at all (a variable never set, a failed substitution)
STAR, ANY, OPEN, CLOSE = "\ue002", "\ue003", "\ue004", "\ue005"  # unquoted * ? [ ]
BRACE, COMMA, BRACE_END = "\ue006", "\ue007", "\ue008"  # unquoted { , }
TILDE = "\ue009"  # unquoted ~
SPLIT = "\ue00a"  # where an unquoted expansion falls into several words
SELF = "\ue00b"  # $0: the script itself

NETWORK = "\ue010"  # mark: came from the network
DECODED = "\ue011"  # mark: came out of a decoder
SECRET = "\ue012"  # noqa: S105 - mark: a credential, or holds one
ENVIRONMENT = "\ue013"  # mark: the whole environment
PRIVATE = "\ue014"  # mark: not a credential, yet nothing to be sent away (account lists, key folders)
SECRET_VARIABLE = "\ue015"  # noqa: S105 - mark: a variable whose name says that it holds a secret
SHELL = "\ue016"  # mark: what a shell says whose commands come from elsewhere
MADE = "\ue017"  # mark: made by the text itself in a way that is not followed

MARKS = NETWORK + DECODED + SECRET + ENVIRONMENT + PRIVATE + SECRET_VARIABLE + SHELL + MADE
RESERVED = re.compile("[\ue000-\ue01f]")
_MARK = re.compile("[\ue010-\ue01f]")
_UNKNOWN = re.compile("[\ue000\ue001\ue00b]")
_STARS = re.compile("[\ue000-\ue002]*\ue002[\ue000-\ue002]*")
_GLOB = re.compile("[\ue002\ue003\ue004]")
_SHOWN = str.maketrans(
    {UNKNOWN: "…", MAYBE: "…", STAR: "*", ANY: "?", OPEN: "[", CLOSE: "]", BRACE: "{", COMMA: ",", BRACE_END: "}"}
    | {TILDE: "~", SPLIT: " ", SELF: "$0"}
    | dict.fromkeys(MARKS, "")
)
_LITERAL = str.maketrans({BRACE: "{", COMMA: ",", BRACE_END: "}", TILDE: "~", SPLIT: " "})
_GLOBS_LITERAL = str.maketrans({STAR: "*", ANY: "?", OPEN: "[", CLOSE: "]"})
_SPECIAL = {"*": STAR, "?": ANY, "[": OPEN, "]": CLOSE, "{": BRACE, "}": BRACE_END, ",": COMMA, "~": TILDE}
SPECIALS = str.maketrans(_SPECIAL)
GLOB_CHARACTERS = str.maketrans({"*": STAR, "?": ANY, "[": OPEN, "]": CLOSE})
HOME = "/./root"  # root's home, spelled so that it can be told from a typed /root
MOST_TEXT = 8_000
MOST_ALTERNATIVES = 12
MOST_BRACES = 16


def listed(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


def shown(value: str) -> str:
    """The value as people write it; what is not known is ``…``."""
    return value.translate(_SHOWN).replace(HOME, "~")


def unmarked(value: str) -> str:
    return _MARK.sub("", value)


def marks(value: str) -> str:
    """The marks in a value, each once."""
    return "".join(dict.fromkeys(_MARK.findall(value)))


def is_known(value: str) -> bool:
    """No part of it depends on running something (globs are known)."""
    return _UNKNOWN.search(value) is None


def has_glob(value: str) -> bool:
    return _GLOB.search(value) is not None


def globs_literal(value: str) -> str:
    """Glob characters as plain text again (in quotes and assignments they mean nothing)."""
    return value.translate(_GLOBS_LITERAL)


def literal(value: str) -> str:
    """Braces and tildes as plain text (they mean something only once)."""
    return value.translate(_LITERAL)


def plain(value: str) -> str:
    """Marks away, everything special as plain text; unknown parts stay."""
    return globs_literal(literal(unmarked(value)))


def split_fields(value: str, separators: str = " \t\n") -> str:
    """An unquoted expansion's value: separators become :data:`SPLIT`, glob characters come alive."""
    if value.isalnum():
        return value
    for separator in separators:
        value = value.replace(separator, SPLIT)
    return value.translate(GLOB_CHARACTERS)


def combine(parts: list[tuple[str, ...]]) -> tuple[str, ...]:
    """All concatenations of one alternative each; too many give one unknown value with all marks."""
    if all(len(p) == 1 for p in parts):
        joined = "".join([p[0] for p in parts])
        return (joined if len(joined) <= MOST_TEXT else UNKNOWN + MADE + marks(joined),)
    total = 1
    for p in parts:
        total *= len(p)
    if total > MOST_ALTERNATIVES:
        kept = [p if len(p) == 1 else p[:3] for p in parts]
        everything = "".join(marks(a) for p in parts for a in p)
        if any(_COUNTS.search(a) for p in parts for a in p):
            everything += MADE
        return (
            *dict.fromkeys("".join(c) for c, _ in zip(product(*kept), range(24), strict=False)),
            UNKNOWN + everything,
        )
    return tuple(dict.fromkeys("".join(c) for c in product(*parts)))


_COUNTS = re.compile(
    r"^-|[^\w./:@=,+%-]"
)  # what makes it matter which of many values a word has: options, several words


def limited(values: Iterable[str], most: int) -> tuple[str, ...]:
    """The first of many values, each once; for those left out an unknown one."""
    each = tuple(dict.fromkeys(values))
    if len(each) <= most:
        return each
    kept = "".join(dict.fromkeys(c for v in each[most:] for c in marks(v)))
    if any(_COUNTS.search(v) for v in each[most:]):
        kept += MADE
    return (*each[:most], UNKNOWN + kept)


_RANGE = re.compile(r"(-?\d+|[A-Za-z])\.\.(-?\d+|[A-Za-z])(?:\.\.(-?\d+))?")


def _range(text: str) -> list[str] | None:
    found = _RANGE.fullmatch(text)
    if found is None:
        return None
    first, last, step = found.groups()
    stride = abs(int(step or 1)) or 1
    if first.isalpha() != last.isalpha():
        return None
    low, high = (ord(first), ord(last)) if first.isalpha() else (int(first), int(last))
    direction = stride if high >= low else -stride
    numbers = list(range(low, high + (1 if direction > 0 else -1), direction)[:64])
    return [chr(n) if first.isalpha() else str(n) for n in numbers]


def braces(value: str) -> list[str]:
    """Brace expansion; at most 64 results (then the rest is unknown)."""
    if BRACE not in value:
        return [value]
    if value.count(BRACE) > MOST_BRACES:
        return [UNKNOWN + MADE + marks(value)]
    done: list[str] = []
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if len(done) + len(waiting) > 64:
            return [*done, UNKNOWN + (MADE if "-" in value or " " in value else "")]
        found = _first_brace(item)
        if found is None:
            done.append(item)
            continue
        start, end, commas = found
        if commas:
            cuts = [start, *commas, end]
            options = [item[a + 1 : b] for a, b in pairwise(cuts)]
        else:
            listed = _range(literal(item[start + 1 : end]))
            if listed is None:
                waiting.append(item[:start] + "{" + item[start + 1 : end] + "}" + item[end + 1 :])
                continue
            options = listed
        waiting.extend(item[:start] + option + item[end + 1 :] for option in reversed(options))
    return done


def _first_brace(item: str) -> tuple[int, int, list[int]] | None:
    """The first complete brace group: start, end and its own commas."""
    begin = item.find(BRACE)
    while begin >= 0:
        depth = 0
        commas: list[int] = []
        for i in range(begin, len(item)):
            c = item[i]
            if c == BRACE:
                depth += 1
            elif c == BRACE_END:
                depth -= 1
                if depth == 0:
                    return begin, i, commas
            elif c == COMMA and depth == 1:
                commas.append(i)
        begin = item.find(BRACE, begin + 1)
    return None


@lru_cache(maxsize=512)
def pattern(value: str) -> re.Pattern[str] | None:
    """A regex for a glob value (one path component or a whole word); None where it is not a sound pattern."""
    value = _STARS.sub(STAR, value)
    if value.count(STAR) + value.count(UNKNOWN) + value.count(MAYBE) > 6 or len(value) > 300:
        return None
    out = []
    i = 0
    while i < len(value):
        c = value[i]
        if c == STAR:
            out.append(".*")
        elif c == ANY:
            out.append(".")
        elif c in (UNKNOWN, MAYBE, SELF):
            out.append(".*")
        elif c == OPEN:
            end = value.find(CLOSE, i + 2)
            if end < 0:
                out.append(r"\[")
            else:
                inner = plain(value[i + 1 : end]).replace("\\", r"\\")
                if inner[:1] in "!^":
                    inner = "^" + inner[1:]
                inner = re.sub(r"\[:(\w+):\]", lambda m: {"alpha": "A-Za-z", "digit": "0-9"}.get(m[1], r"\w"), inner)
                out.append("[" + inner.replace("[", r"\[") + "]")
                i = end
        else:
            out.append(re.escape(literal(c)))
        i += 1
    try:
        return re.compile("".join(out), re.DOTALL)
    except (re.error, OverflowError):
        return None


def matches(value: str, name: str) -> bool:
    """Whether a glob value could match ``name``."""
    if not _GLOB.search(value) and not _UNKNOWN.search(value):
        return plain(value) == name
    compiled = pattern(value)
    return compiled is None or compiled.fullmatch(name) is not None
