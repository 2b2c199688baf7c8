"""Values for a chart: put together, handed over without touching a disk, and shown with nothing secret in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import JsonValue

from reign_executors.errors import NotFound
from reign_executors.home import expanded


def merged(first: Mapping[str, JsonValue], second: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """``second`` over ``first``, maps within maps put together as helm does."""
    result = dict(first)
    for key, value in second.items():
        before = result.get(key)
        result[key] = merged(before, value) if isinstance(before, dict) and isinstance(value, dict) else value
    return result


def stdin_of(values: Mapping[str, JsonValue]) -> bytes | None:
    """What helm reads for ``--values -``: JSON is YAML too. None when there are no values."""
    return json.dumps(values, ensure_ascii=False).encode() if values else None


def file_places(files: Sequence[str], cwd: Path) -> list[Path]:
    """The files of values, absolute. ``NotFound`` for one that is not there."""
    found = []
    for name in files:
        path = cwd / expanded(name)
        if not path.is_file():
            raise NotFound(f"there is no file of values {path}", "name a file that exists")
        found.append(path)
    return found
