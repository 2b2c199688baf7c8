"""The labelled requests: one a line, ``INTENT[?] DOMAINS TEXT ;; key=value; key=value``.

Intents: c create_infra, d deploy, s scale, m monitor, x destroy, u update, b backup, g debug, n unknown; ``?`` is the
mood *ask*. Domains: D docker, K kubernetes, H helm, T terraform, G github, C cicd, B bash, V validation, ``-`` none.
Maps are written ``{A=1,B=2}``, lists with commas. A comment line begins a phrasing family, named by what it says before
its first full stop, colon or comma. A source whose texts have several lines is ``NAME.jsonl``: a JSON object a line
with ``text``, ``intent``, ``mood``, ``domains``, ``entities`` and ``family``.

Sources whose names begin with ``held_`` or ``fresh_`` are untouched: nothing is trained, fitted or mended on them.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
UNTOUCHED = ("held_", "fresh_")
"""How the names of sources begin that nothing is tuned on."""
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
    family: str = ""


def labelled(
    intent: str, domains: str, text: str, asked: bool, entities: dict[str, Any] | None, source: str, family: str = ""
) -> Labelled:
    return Labelled(
        text,
        INTENT[intent],
        "ask" if asked else "do",
        frozenset(DOMAIN[d] for d in domains if d != "-"),
        entities,
        source,
        family or source,
    )


def parse(line: str, source: str, entities: bool = False, family: str = "") -> Labelled:
    """One line of a data file; with ``entities`` a line without ``;;`` says that there are none."""
    intent, domains, text = line.split(" ", 2)
    text, mark, rest = text.partition(" ;; ")
    found = values(rest) if mark else ({} if entities else None)
    return labelled(intent[0], domains, text.strip(), intent.endswith("?"), found, source, family)


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


def sources(untouched: bool | None = None) -> list[str]:
    """Names of the sources in order: all, the untouched ones, or those that may be learnt from."""
    names = sorted(path.stem for path in DATA.iterdir() if path.suffix in {".txt", ".jsonl"})
    return [name for name in names if untouched is None or name.startswith(UNTOUCHED) == untouched]


def read(name: str, entities: bool = False) -> list[Labelled]:
    """All requests of the source ``NAME``."""
    plain = DATA / f"{name}.txt"
    if not plain.exists():
        return read_json(DATA / f"{name}.jsonl", name)
    found: list[Labelled] = []
    family, commented = name, False
    for line in plain.read_text("utf-8").splitlines():
        comment = line.startswith("#")
        if comment and not commented:
            family = re.split(r"[.:,]", line.lstrip("# "))[0].lower()
        elif line.strip() and not comment:
            found.append(parse(line, name, entities, family))
        commented = comment
    return found


def read_json(path: Path, source: str) -> list[Labelled]:
    """The requests of a file of JSON lines."""
    found: list[Labelled] = []
    for line in path.read_text("utf-8").split("\n"):
        if line.strip():
            row = json.loads(line)
            domains = frozenset(row["domains"])
            labels = (row["text"], row["intent"], row["mood"], domains, row.get("entities"))
            found.append(Labelled(*labels, source, row.get("family", source)))
    return found
