"""Small parts that answers are made of: rows, sizes, texts cut to what fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reign_executors.operation import JsonObject

LINES = 20
WIDTH = 300
"""Characters of a line that are shown."""
Say = Callable[[Mapping[str, Any], JsonObject], str | None]
"""Outputs and fields of one step → what to say of it; None: nothing."""


def in_bytes(count: float | None) -> str:
    """``1536`` → ``1.5 KiB``."""
    if count is None:
        return "?"
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(size) < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def rows(key: str, line: Callable[[dict[str, Any]], str], nothing: str) -> Say:
    """One line for each row of a list."""

    def say(out: Mapping[str, Any], _fields: JsonObject) -> str:
        found = out.get(key) or ()
        if not found:
            return nothing
        more = [f"… and {len(found) - LINES + 1} more"] if len(found) > LINES else []
        return "\n".join([*(line(row) for row in found[: LINES - len(more)]), *more])

    return say


def shortened(text: str, nothing: str = "") -> str:
    """At most :data:`LINES` lines of a text, saying how many are left out."""
    lines = [line if len(line) <= WIDTH else f"{line[:WIDTH]}…" for line in text.rstrip("\n").split("\n")]
    if len(lines) <= LINES:
        return "\n".join(lines) or nothing
    kept = lines[: LINES - 1]
    return "\n".join([*kept, f"… and {len(lines) - len(kept)} more lines (the step's log has them all)"])


def text_of(key: str, nothing: str) -> Say:
    """The text that an output holds."""
    return lambda out, _fields: shortened(str(out.get(key) or ""), nothing)


def words(template: str) -> Say:
    """A sentence over the step's fields."""
    return lambda _out, fields: template.format_map({**fields})
