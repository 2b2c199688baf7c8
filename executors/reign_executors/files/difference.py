"""What changes inside a file, as a person reads it: a unified diff for text, sizes for anything else."""

from __future__ import annotations

import difflib
import json

from reign_executors.files.places import size

TEXT_LIMIT = 256 * 1024
"""Bytes of either side beyond which no diff is made."""
LINES_LIMIT = 400
"""Lines of a diff beyond which the rest is only counted."""


def text_of(data: bytes) -> str | None:
    """``data`` as text; None when it is binary (a zero byte, or no UTF-8)."""
    if b"\0" in data:
        return None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def difference(old: bytes, new: bytes, name: str) -> str:
    """A unified diff from ``old`` to ``new``, bounded; one line with both sizes for binary or very long content."""
    before, after = text_of(old), text_of(new)
    if before is None or after is None:
        return f"binary: {size(len(old))} → {size(len(new))}"
    if max(len(old), len(new)) > TEXT_LIMIT:
        return f"long text: {size(len(old))} → {size(len(new))}"
    name = json.dumps(name, ensure_ascii=False) if any(not sign.isprintable() for sign in name) else name
    lines: list[str] = []
    for line in difflib.unified_diff(
        before.splitlines(keepends=True),
        after.splitlines(keepends=True),
        name if old else "/dev/null",
        name if new else "/dev/null",
    ):
        lines.append(line.rstrip("\n"))
        if not line.endswith("\n"):
            lines.append("\\ no newline at the end")
    left = len(lines) - LINES_LIMIT
    if left > 0:
        lines = [*lines[:LINES_LIMIT], f"… {left} more lines"]
    return "\n".join(lines)
