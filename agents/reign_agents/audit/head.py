"""The chain's end, kept outside of the database too, so that rows cut off at the end are missed."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reign_agents.store.places import open_private
from reign_executors.operation import JsonObject

ROOM = 256
"""Bytes of the file: always the same, so that it is overwritten in one piece and never empty in between."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last row's number and hash."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    def to_json(self) -> JsonObject:
        return {"seq": self.seq, "hash": self.hash}

    @classmethod
    def parse(cls, text: str) -> Head:
        """From ``12:sha256:…``, as ``audit verify`` prints it; ``ValueError`` for anything else."""
        number, colon, rest = text.strip().partition(":")
        if not colon or not number.isdigit() or not rest.startswith("sha256:") or len(rest) != 71:
            raise ValueError("a head is a number, a colon and a hash: 12:sha256:51d0…")
        return cls(int(number), rest)


def read_head(path: Path) -> Head | None:
    """What the file says; None when there is none, ``ValueError`` when it can't be understood."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    return _parsed(data)


def _parsed(data: bytes) -> Head:
    try:
        found = json.loads(data)
        return Head.parse(f"{int(found['seq'])}:{found['hash']}")
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("the file holds no head") from error


def write_head(path: Path, head: Head, follows: Callable[[Head], bool], usual: Head | None = None) -> bool:
    """Keep ``head`` in the file, unless what is kept there is later or is not an ancestor (``follows`` says so;
    ``usual`` is known to be one). A head that the chain no longer holds is evidence and stays.

    Returns whether the file says ``head`` now.
    """
    handle = _opened(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        data = os.pread(handle, 4 * ROOM, 0)
        if data.strip() and (usual is None or data != _line(usual) or usual.seq >= head.seq):
            try:
                kept = _parsed(data)
            except ValueError:
                return False
            if kept.seq >= head.seq or not follows(kept):
                return kept == head
        os.pwrite(handle, _line(head), 0)
        return True
    finally:
        os.close(handle)


def _opened(path: Path) -> int:
    try:
        return open_private(path, os.O_RDWR)
    except FileNotFoundError:
        return open_private(path, os.O_RDWR | os.O_CREAT)


def _line(head: Head) -> bytes:
    """The whole file."""
    line = f'{{"v": 1, "kind": "audit.head", "seq": {head.seq}, "hash": "{head.hash}"}}'
    return line.encode().ljust(ROOM - 1) + b"\n"
