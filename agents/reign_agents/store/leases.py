"""A run is driven by one process: a lock on a file of the run's folder that dies with its holder."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import getpass
import json
import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from reign_agents.events import now
from reign_agents.store.errors import LeaseHeld, typed
from reign_agents.store.places import make_folder, open_private

TRIES = 10
PAUSE = 0.01
"""Somebody who only looks holds the lock for microseconds; so it is tried a few times."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease or a lock; ``name`` is ``run/step`` for locks, the run for leases."""

    name: str
    pid: int
    host: str
    user: str
    since: str

    @classmethod
    def here(cls, name: str) -> Holder:
        try:
            user = getpass.getuser()
        except (KeyError, OSError):
            user = str(os.getuid())
        return cls(name, os.getpid(), socket.gethostname(), user, now())

    def write(self, handle: int) -> None:
        """Put into an open file, in place of what is there. A full disk leaves it nameless."""
        text = json.dumps(
            {"name": self.name, "pid": self.pid, "host": self.host, "user": self.user, "since": self.since}
        )
        with contextlib.suppress(OSError):
            os.ftruncate(handle, 0)
            os.pwrite(handle, text.encode(), 0)

    @classmethod
    def read(cls, path: Path) -> Holder | None:
        """Who wrote the file last; None when that can't be told."""
        try:
            found = json.loads(path.read_bytes())
            return cls(found["name"], int(found["pid"]), found["host"], found["user"], found["since"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def __str__(self) -> str:
        return f"{self.name} (process {self.pid} of {self.user} on {self.host}, since {self.since})"


def try_lock(handle: int, how: int = fcntl.LOCK_EX) -> bool:
    """Take a lock without waiting; False when somebody has it."""
    try:
        fcntl.flock(handle, how | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


class Lease:
    """The right to drive ``run``, from creation until :meth:`release` or the death of the process."""

    def __init__(self, run: str, path: Path) -> None:
        self.run = run
        self._handle: int | None = None
        try:
            make_folder(path.parent)
            handle = open_private(path, os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise typed(error, f"run {run} can't be driven, its lease is not to be had") from error
        for attempt in range(TRIES):
            if attempt:
                time.sleep(PAUSE)
            if try_lock(handle):
                self.holder = Holder.here(run)
                self.holder.write(handle)
                self._handle = handle
                return
        os.close(handle)
        raise LeaseHeld(run, _process(Holder.read(path)))

    def release(self) -> None:
        """Let go. Twice is harmless."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def _process(holder: Holder | None) -> str:
    if holder is None:
        return "another process"
    return f"process {holder.pid} of {holder.user} on {holder.host}, since {holder.since}"


def is_held(path: Path) -> bool:
    """Whether a living process holds the lease of that file."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return not try_lock(handle, fcntl.LOCK_SH)
    finally:
        os.close(handle)
