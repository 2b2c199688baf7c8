"""What an awk program prints, where it does nothing but print constants and fields."""

from __future__ import annotations

import re

from reign_executors.shell.analysis.reading import ansi
from reign_executors.shell.analysis.values import DECODED, UNKNOWN, is_known, plain

_STRING = r'"(?:\\.|[^"\\\n])*"'
_TOKEN = re.compile(rf"\s*(?:({_STRING})|\$(\d+|NF)|(\d+)|([A-Za-z_]\w*)|(,))")
_BLOCK = re.compile(rf"\s*(BEGIN|END)?\s*\{{((?:{_STRING}|[^{{}}\"])*)\}}", re.DOTALL)
_STATEMENT = re.compile(
    rf"\s*(?:(print|printf)\b\s*((?:{_STRING}|[^|>\"])*?)\s*(?:\|&?\s*({_STRING}|[A-Za-z_]\w*)\s*)?|"
    rf"([A-Za-z_]\w*)\s*=\s*({_STRING}))",
    re.DOTALL,
)
_FORMAT = re.compile(r"%(?:%|[-+ #0]*\d*(?:\.\d+)?([a-zA-Z]))")
MOST_LINES = 16


def printed(program: str, lines: list[str | None]) -> tuple[str, list[tuple[str, str]]] | None:
    """The output, and what goes into which command (``print … | "sh"``).

    ``lines``: what is read; None for lines that are not known. None where the program is anything but blocks of
    ``print``, ``printf`` and assignments of constants.
    """
    blocks: list[tuple[str, list[str]]] = []
    at = 0
    while at < len(program.rstrip()):
        found = _BLOCK.match(program, at)
        if found is None:
            return None
        statements = [s for s in re.findall(rf"(?:{_STRING}|[^;\n\"])+", found[2]) if s.strip()]
        blocks.append((found[1] or "", statements))
        at = found.end()
    variables: dict[str, str] = {}
    out: list[str] = []
    piped: dict[str, str] = {}
    rounds: list[tuple[str, str | None]] = [("BEGIN", "")]
    rounds += [("", line) for line in lines[:MOST_LINES]]
    rounds.append(("END", None))
    for kind, line in rounds:
        for block, statements in blocks:
            if block != kind:
                continue
            for statement in statements:
                found = _STATEMENT.fullmatch(statement.rstrip())
                if found is None:
                    return None
                if found[4] in ("FS", "OFS", "ORS", "RS", "NF", "SUBSEP"):
                    return None
                if found[4]:
                    variables[found[4]] = ansi(found[5][1:-1])
                    continue
                text = _said(found[1], found[2], line, variables)
                if text is None:
                    return None
                target = found[3]
                if target is None:
                    out.append(text)
                    continue
                name = ansi(target[1:-1]) if target[0] == '"' else variables.get(target)
                if name is None:
                    return None
                piped[name] = piped.get(name, "") + text
    return "".join(out), list(piped.items())


def _said(word: str, text: str, line: str | None, variables: dict[str, str]) -> str | None:
    """One ``print`` or ``printf``."""
    bare = text.strip()
    if bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1]
    values = _values(bare, line, variables)
    if values is None:
        return None
    if word == "print":
        return (" ".join(values) if bare else _field("0", line)) + "\n"
    if not values or re.search(r"%[-+ #0]*\*|%[-+ #0]*\d*\.", values[0]):
        return None
    rest = iter(values[1:])
    encoded = False

    def one(m: re.Match[str]) -> str:
        nonlocal encoded
        if m[1] is None:
            return "%"
        value = next(rest, "")
        if m[1] == "c" and plain(value).isdigit():
            encoded = True
            return chr(int(plain(value)[:6]) % 0x110000)
        return value[:1] if m[1] == "c" else value

    made = _FORMAT.sub(one, values[0])
    return (DECODED if encoded else "") + made


def _values(text: str, line: str | None, variables: dict[str, str]) -> list[str] | None:
    """Expressions parted by commas; within one, constants and fields stand side by side."""
    values: list[str] = []
    current = ""
    at = 0
    while at < len(text.rstrip()):
        found = _TOKEN.match(text, at)
        if found is None:
            return None
        at = found.end()
        if found[5]:
            values.append(current)
            current = ""
        elif found[1] is not None:
            current += ansi(found[1][1:-1])
        elif found[2] is not None:
            current += _field(found[2], line)
        elif found[3] is not None:
            current += found[3]
        elif found[4] in variables:
            current += variables[found[4]]
        else:
            return None
    return [*values, current] if text.strip() else []


def _field(number: str, line: str | None) -> str:
    if line is None:
        return UNKNOWN
    parts = line.split()
    if number == "NF":
        return parts[-1] if parts else ""
    index = int(number)
    return line if index == 0 else parts[index - 1] if index <= len(parts) else ""


def lines_of(content: str) -> list[str | None]:
    """The lines an awk program reads; one unknown line where they are not known."""
    if content and is_known(content):
        return [line for line in plain(content).split("\n") if line]
    return [None]
