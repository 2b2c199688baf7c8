"""Reads that can carry what they were told somewhere else, or look where the person does not work.

Planned by rules or by a person they run unasked like all reads. Planned by a language model they are asked: it may have
read a text that tells it what to send where.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from reign_agents.investigation.limits import UNSEEN
from reign_executors.home import expanded
from reign_executors.operation import Operation

PATHS = frozenset({"path", "repo", "folder", "chart", "values_files", "var_files", "address"})
"""Fields that hold paths, whatever the operation."""
ELSEWHERE = "a model proposed it, and it can reach other machines"
OUTSIDE = "a model proposed it, and it looks outside the folder"


def why_asked(operation: Operation, cwd: Path) -> str | None:
    """Why a read is asked when a model proposed it; None where it need not be."""
    fields = operation.to_fields()
    shell = operation.name.startswith("shell.") and getattr(operation, "network", True)
    if shell or operation.name in UNSEEN or any("://" in text for text in texts(fields)):
        return ELSEWHERE
    return OUTSIDE if next(outside(operation.name, fields.items(), cwd), None) is not None else None


def outside(operation: str, fields: Iterable[tuple[str, object]], cwd: Path) -> Iterator[str]:
    """The paths among an operation's fields that lie outside of ``cwd``. Of a file's, all texts count."""
    home = cwd.resolve()
    files = operation.startswith("file.")
    for name, value in fields:
        if not files and name not in PATHS:
            continue
        for text in texts(value):
            try:
                there = (home / expanded(text)).resolve()
            except (OSError, RuntimeError, ValueError):
                yield text
            else:
                if not there.is_relative_to(home):
                    yield text


def texts(value: object) -> Iterator[str]:
    """All texts in a JSON value, names of fields too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from texts(name)
            yield from texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts(one)
