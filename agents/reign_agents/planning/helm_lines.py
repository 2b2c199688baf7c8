"""Helm's own command lines in words of planning: ``helm install web ./web`` → ``install chart ./web as web``."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field

_OPERATORS = re.compile(r"[|&;<>`$(){}\n\\]")
_PROSE = re.compile(r"(?<!\S)(?:the|my|please|called|releases?|charts?|then|and|is|as)(?!\S)", re.IGNORECASE)
_VALUED = {
    "-n": "namespace", "--namespace": "namespace", "--set": "set", "--set-string": "set", "-f": "file",
    "--values": "file", "--version": "version", "--timeout": "timeout", "--revision": "revision", "-o": "",
    "--output": "", "--max": "",
}  # fmt: skip
_PLAIN = {
    "--wait": "and wait", "--atomic": "atomic", "--rollback-on-failure": "atomic", "-i": "or install",
    "--install": "or install", "--create-namespace": "create the namespace", "-A": "in all namespaces",
    "--all-namespaces": "in all namespaces", "--reset-values": "", "-a": "", "--all": "", "--debug": "", "--strict": "",
    "--reuse-values": "reuse the values", "--reset-then-reuse-values": "reuse the values", "--generate-name": "",
}  # fmt: skip
_KEPT = "reuse the values"


@dataclass
class _Line:
    """A command line taken apart: its words without options, and the options by meaning."""

    words: list[str] = field(default_factory=list)
    options: dict[str, list[str]] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def in_words(text: str) -> str | None:
    """The request that says the same as a line of helm; None when it is none, or has an option that no operation
    has."""
    match = re.match(r"^\s*(?:please\s+)?(?:run\s+)?helm\s+(?P<rest>\S.*)$", text, re.IGNORECASE)
    if match is None or _OPERATORS.search(text) or _PROSE.search(match["rest"].removeprefix("show chart ")):
        return None
    try:
        line = _read(shlex.split(match["rest"]))
    except ValueError:
        return None
    if line is None:
        return None
    request = _request(line)
    if request is None:
        loose = re.match(r"(?P<verb>install|upgrade|uninstall|rollback|list|lint)\s+(?P<more>[^-].*)$", match["rest"])
        return None if loose is None else f"{loose['verb']} helm {loose['more']}"
    parts = [request]
    parts += [f"in namespace {name}" for name in line.options.get("namespace", ())[-1:]]
    parts += [f"with values {name}" for name in line.options.get("file", ())]
    parts += [f"with {pair}" for pair in line.options.get("set", ())]
    parts += [f"version {name}" for name in line.options.get("version", ())[-1:]]
    parts += [f"timeout {name}" for name in line.options.get("timeout", ())[-1:]]
    parts += [f"revision {name}" for name in line.options.get("revision", ())[-1:]]
    given = line.options.get("set") or line.options.get("file")
    if request.startswith("upgrade") and given and _KEPT not in line.said:
        parts.append("reset the values")  # as helm itself does
    return " ".join([*parts, *(word for word in line.said if word and word != _KEPT)])


def _read(words: list[str]) -> _Line | None:
    line = _Line()
    rest = list(words)
    while rest:
        word = rest.pop(0)
        name, equals, value = word.partition("=") if word.startswith("-") else (word, "", "")
        if name in _VALUED:
            given = value if equals else rest.pop(0) if rest else None
            if given is None:
                return None
            pairs = _pairs(given) if _VALUED[name] == "set" else [given]
            if pairs is None:
                return None
            line.options.setdefault(_VALUED[name], []).extend(pairs)
        elif word in _PLAIN:
            line.said.append(_PLAIN[word])
        elif word.startswith("-"):
            return None
        else:
            line.words.append(word)
    return line


def _pairs(text: str) -> list[str] | None:
    """``a=1,b=x y`` as ``a=1`` and ``b="x y"``; None for lists and escapes, which words can't say."""
    if re.search(r"[\\{}\[\]\"]", text):
        return None
    found = []
    for pair in text.split(","):
        key, equals, value = pair.partition("=")
        if not equals or not re.fullmatch(r"[A-Za-z_][\w.-]*", key):
            return None
        found.append(pair if re.fullmatch(r"[\w./:@+-]*", value) else f'{key}="{value}"')
    return found


def _request(line: _Line) -> str | None:
    words = line.words
    verb, rest = (words[0].lower(), words[1:]) if words else ("", [])
    if verb in ("get", "show", "diff") and rest:
        verb, rest = f"{verb} {rest[0].lower()}", rest[1:]
    shapes: dict[tuple[str, int], str] = {
        ("install", 2): "install chart {1} as {0}",
        ("install", 1): "install chart {0}",
        ("upgrade", 2): "upgrade release {0} with {1}",
        ("uninstall", 1): "uninstall release {0}",
        ("uninstall", 2): "uninstall releases {0} and {1}",
        ("uninstall", 3): "uninstall releases {0}, {1} and {2}",
        ("delete", 1): "uninstall release {0}",
        ("rollback", 1): "rollback release {0}",
        ("rollback", 2): "rollback release {0} to revision {1}",
        ("list", 0): "list helm releases",
        ("ls", 0): "list helm releases",
        ("status", 1): "show status of release {0}",
        ("history", 1): "show history of release {0}",
        ("get values", 1): "show the values of release {0}",
        ("lint", 1): "lint chart {0}",
        ("template", 1): "render chart {0}",
        ("template", 2): "render chart {1} as {0}",
        ("create", 1): "create chart {0}",
        ("show chart", 1): "show chart {0}",
        ("show values", 1): "show chart {0}",
        ("diff upgrade", 2): "what would change if I upgrade release {0} with {1}",
    }
    shape = shapes.get((verb, len(rest)))
    return None if shape is None else shape.format(*rest)
