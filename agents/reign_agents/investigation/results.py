"""What a look gave: cut to what matters for the model, whole on disk for the person, more of it on demand."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

from pydantic import JsonValue

from reign_agents.store.places import make_folder, open_private
from reign_executors.redaction.plain import plain

LARGEST_FILE = 4 * 1024 * 1024
"""Characters of one result on disk."""
KEPT = 30
"""Investigations whose results are kept; older ones are removed."""
KEPT_BYTES = 128 * 1024 * 1024
"""Of all results on disk; the oldest investigations go first."""
READS = 12
"""How often a model may read more of results in one investigation."""
_TROUBLE = re.compile(
    r"error|fail|fatal|panic|exception|traceback|refused|denied|unauthori[sz]ed|forbidden|timed? ?out|killed|oom"
    r"|back-?off|unhealthy|evict|not found|no such|invalid|exit (?:code|status)|crash|warn",
    re.IGNORECASE,
)
_WORD = re.compile(r"[A-Za-z0-9][\w.-]{3,}")
_ESCAPED_END = re.compile(r"(?<!\\)((?:\\\\)*)\\n")


def readable(value: JsonValue) -> str:
    """JSON over several lines, with the line ends of long texts as line ends: for people and for reading more."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return plain(_ESCAPED_END.sub(lambda end: end[1] + "\n", text))


def asked_for(request: str) -> re.Pattern[str] | None:
    """What finds the words of a request that are long enough to mean something; None where there are none."""
    words = sorted({word.strip(".-").lower() for word in _WORD.findall(request)})
    return re.compile("|".join(map(re.escape, words[:40])), re.IGNORECASE) if words else None


def cut(value: JsonValue, most: int, about: re.Pattern[str] | None = None) -> str:
    """``value`` as JSON in at most ``most`` characters and a word on what was left out.

    Long texts keep their beginning, their end and the lines that tell of trouble or of what was asked; long lists
    likewise. What still does not fit is cut off.
    """
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= most:
        return text
    shown = text
    for lines, entries, width in ((200, 60, 600), (80, 30, 400), (30, 12, 240), (10, 5, 160)):
        shown = json.dumps(_smaller(value, lines, entries, width, about), ensure_ascii=False)
        if len(shown) <= most:
            return f"{shown}\n(shortened from {len(text)} characters; read_more has the rest)"
    return f"{shown[:most]}…\n(cut off; {len(text)} characters in all, read_more has the rest)"


def _smaller(value: JsonValue, lines: int, entries: int, width: int, about: re.Pattern[str] | None) -> JsonValue:
    if isinstance(value, str):
        rows = value.splitlines()
        if len(rows) > lines:
            rows = [str(row) for row in _mattering(rows, rows, lines, about)]
        return "\n".join(row if len(row) <= width else f"{row[:width]}…" for row in rows)
    if isinstance(value, list):
        kept: Sequence[JsonValue] = value
        if len(value) > entries:
            kept = _mattering(value, [json.dumps(one, ensure_ascii=False) for one in value], entries, about)
        return [_smaller(one, lines, entries, width, about) for one in kept]
    if isinstance(value, dict):
        return {key: _smaller(one, lines, entries, width, about) for key, one in value.items()}
    return value


def _mattering(
    rows: Sequence[JsonValue], texts: Sequence[str], most: int, about: re.Pattern[str] | None
) -> list[JsonValue]:
    """At most ``most`` rows: an eighth from the beginning, a quarter from the end, between them what matters."""
    chosen = set(range(most // 8 + 1)) | set(range(len(rows) - most // 4 - 1, len(rows)))
    for pattern in (_TROUBLE, about):
        for number in reversed(range(len(rows))):
            if len(chosen) >= most:
                break
            if pattern is not None and pattern.search(texts[number]):
                chosen.add(number)
    for number in reversed(range(len(rows))):
        if len(chosen) >= most:
            break
        chosen.add(number)
    found: list[JsonValue] = []
    before = -1
    for number in sorted(chosen):
        if number > before + 1:
            found.append(f"… {number - before - 1} left out …")
        found.append(rows[number])
        before = number
    return found


def more(text: str, *, start: int, find: str, most: int) -> str:
    """A part of a whole result: from a character on, or the lines with some words and two around each."""
    if not find:
        start = max(0, min(start, len(text)))
        end = min(len(text), start + most)
        return f"characters {start} to {end} of {len(text)}:\n{text[start:end]}"
    rows = text.splitlines()
    wanted = find.lower()
    hits = [number for number, row in enumerate(rows) if wanted in row.lower()]
    if not hits:
        return f"no line has {plain(find)[:80]!r}"
    near = sorted({near for hit in hits for near in range(max(0, hit - 2), min(len(rows), hit + 3))})
    parts: list[str] = [f"{len(hits)} of {len(rows)} lines have it:"]
    size = len(parts[0])
    for number in near:
        row = f"{number + 1}: {rows[number][:600]}"
        size += len(row) + 1
        if size > most:
            parts.append("… (more lines have it: find something rarer)")
            break
        parts.append(row)
    return "\n".join(parts)


class Kept:
    """Whole results of one investigation in a folder of their own below ``root`` (0700, files 0600); made when the
    first one comes. ``root`` None keeps nothing.
    """

    def __init__(self, root: Path | None) -> None:
        self._root = root
        self._folder: Path | None = None

    def write(self, look: str, operation: str, text: str) -> Path | None:
        """Where the whole result lies now; None where it could not be kept (the investigation goes on)."""
        if self._root is None:
            return None
        try:
            if self._folder is None:
                make_folder(self._root)
                _forget_old(self._root)
                self._folder = make_folder(self._root / f"{_next(self._root):06d}-{secrets.token_hex(3)}")
            path = self._folder / f"{look}-{operation}.txt"
            kept = text if len(text) <= LARGEST_FILE else f"{text[:LARGEST_FILE]}\n… ({len(text)} characters)\n"
            with os.fdopen(open_private(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), "w", encoding="utf-8") as file:
                file.write(kept)
        except OSError:
            return None
        return path


def _folders(root: Path) -> list[Path]:
    return sorted(one for one in root.iterdir() if re.fullmatch(r"\d{6,}-[0-9a-f]{6}", one.name))


def _next(root: Path) -> int:
    there = _folders(root)
    return int(there[-1].name.partition("-")[0]) + 1 if there else 1


def _forget_old(root: Path) -> None:
    room = KEPT_BYTES
    for place, folder in enumerate(reversed(_folders(root)), 1):
        room -= sum(path.stat().st_size for path in folder.iterdir())
        if place >= KEPT or room < 0:
            shutil.rmtree(folder, ignore_errors=True)
