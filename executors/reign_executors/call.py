"""What an operation is handed when one of its verbs is called."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


class Blobs(Protocol):
    """Where captured bytes are kept (encrypted, with a size limit) until an undo needs them."""

    @property
    def limit(self) -> int:
        """The most bytes one capture may keep; beyond it an effect says ``undo none`` before approval."""
        ...

    def put(self, data: bytes) -> str:
        """Keep ``data``; returns a reference that depends on the content alone (``sha256:…``)."""
        ...

    def get(self, reference: str) -> bytes:
        """The bytes kept under ``reference``; ``KeyError`` when they are gone."""
        ...


class MemoryBlobs:
    """Blobs for a query, a preview or a test: nothing survives the process."""

    def __init__(self, limit: int = 64 * 1024 * 1024) -> None:
        self.limit = limit
        self._kept: dict[str, bytes] = {}

    def put(self, data: bytes) -> str:
        reference = "sha256:" + hashlib.sha256(data).hexdigest()
        self._kept[reference] = data
        return reference

    def get(self, reference: str) -> bytes:
        return self._kept[reference]


def discard(_data: bytes) -> None:
    """A sink that keeps nothing."""


def forget(_values: Mapping[str, str]) -> None:
    """For calls whose output nobody sees."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of one verb of one operation.

    key       handle that names this step for ever, ``run/step`` (``r_52/s1``): the idempotency key and the value of
              labels put on what is created
    folder    a folder of this step's own (0700, made when it is asked for) for files a program needs; the run's history
              keeps it
    write     takes output as it comes (raw bytes, any size, any thread); redacted and kept by the caller
    blobs     see :class:`Blobs`
    cwd       where relative paths start
    promised  resources that earlier steps of the plan will have created (planning only; empty at execution)
    gone      resources that earlier steps of the plan will have removed (planning only)
    touched   resources that earlier steps of the plan will have changed in any way (planning only)
    resumed   True when the step was started before by a process that died
    environment  the variables of the person's shell (None: this process's own), scrubbed by the process runner
    secrets   known secret values by name, for programs that write their own output (never shown, never kept)
    learn     takes values by name that were found to be secret on the real system (the data of a Kubernetes Secret, a
              container's DB_PASSWORD, what terraform calls sensitive): hidden everywhere from then on. Tell it before
              anything that may hold them is written or returned
    planning  True when a plan is only being shown: other steps share the folder, nothing may be left in it
    """

    key: str
    folder: Path
    write: Callable[[bytes], None] = discard
    blobs: Blobs = field(default_factory=MemoryBlobs)
    cwd: Path = field(default_factory=Path.cwd)
    promised: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()
    resumed: bool = False
    environment: dict[str, str] | None = None
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    learn: Callable[[Mapping[str, str]], None] = field(default=forget, repr=False)
    planning: bool = False

    def will_touch(self, resource: str) -> bool:
        """Whether an earlier step will have changed this resource (or path), or for paths something inside it."""
        return touches(self.touched, resource)

    def say(self, text: str) -> None:
        """Write one line of output."""
        self.write(text.encode("utf-8", "replace") + b"\n")


def touches(touched: frozenset[str], resource: str) -> bool:
    """Whether ``resource`` is among ``touched``; for a path also whether something inside it is."""
    if resource in touched:
        return True
    path = _path(resource)
    if path is None:
        return False
    inside = path.rstrip("/") + "/"
    return any(other == path or other.startswith(inside) for other in map(_path, touched) if other is not None)


def _path(resource: str) -> str | None:
    """The absolute path a resource's name holds (``file//etc/hosts``, ``/etc/hosts``); None when it is no path."""
    path = resource if resource.startswith("/") else resource.partition("/")[2]
    return path if path.startswith("/") else None
