"""The labelled requests: one a line, ``INTENT[?] DOMAINS TEXT ;; key=value; key=value``.

Intents: c create_infra, d deploy, s scale, m monitor, x destroy, u update, b backup, g debug, n unknown; ``?`` is the
mood *ask*. Domains: D docker, K kubernetes, H helm, T terraform, G github, C cicd, B bash, V validation, ``-`` none.
Maps are written ``{A=1,B=2}``, lists with commas.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
INTENT = {
    "c": "create_infra",
    "d": "deploy",
    "s": "scale",
    "m": "monitor",
    "x": "destroy",
    "u": "update",
    "b": "backup",
    "g": "debug",
    "n": "unknown",
}
DOMAIN = {
    "D": "docker",
    "K": "kubernetes",
    "H": "helm",
    "T": "terraform",
    "G": "github",
    "C": "cicd",
    "B": "bash",
    "V": "validation",
}
_LISTS = {"ports", "names", "images"}
_MAPS = {"env", "data", "values", "params"}
_NUMBERS = {"replicas", "min", "max", "run", "pr", "issue", "build", "revision"}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A request and what is right about it; ``entities`` is None where they were not labelled."""

    text: str
    intent: str
    mood: str
    domains: frozenset[str]
    entities: dict[str, Any] | None = field(default=None)
    source: str = ""


def labelled(
    intent: str, domains: str, text: str, asked: bool, entities: dict[str, Any] | None, source: str
) -> Labelled:
    return Labelled(
        text,
        INTENT[intent],
        "ask" if asked else "do",
        frozenset(DOMAIN[d] for d in domains if d != "-"),
        entities,
        source,
    )


def parse(line: str, source: str, entities: bool = False) -> Labelled:
    """One line of a data file; with ``entities`` a line without ``;;`` says that there are none."""
    intent, domains, text = line.split(" ", 2)
    text, mark, rest = text.partition(" ;; ")
    found = values(rest) if mark else ({} if entities else None)
    return labelled(intent[0], domains, text.strip(), intent.endswith("?"), found, source)


def values(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in text.split("; "):
        key, _, value = part.strip().partition("=")
        if key in _MAPS:
            found[key] = dict(pair.split("=", 1) for pair in value.strip("{}").split(","))
        elif key in _LISTS:
            found[key] = value.split(",")
        elif key in _NUMBERS:
            found[key] = int(value)
        elif key:
            found[key] = value
    return found


def read(name: str, entities: bool = False) -> list[Labelled]:
    """All requests of ``data/NAME.txt``."""
    lines = (DATA / f"{name}.txt").read_text("utf-8").splitlines()
    return [parse(line, name, entities) for line in lines if line.strip() and not line.startswith("#")]
