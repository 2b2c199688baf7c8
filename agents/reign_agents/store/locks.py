"""Resources that only one step may touch at a time, among the tasks of this process and all processes of this user."""

from __future__ import annotations

import asyncio
import contextlib
import os
import weakref
from collections.abc import Collection
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from reign_agents.store.errors import LockHeld, typed
from reign_agents.store.leases import Holder, try_lock
from reign_agents.store.places import make_folder, open_private

POLL = 0.05
"""Seconds between two tries when another process holds a resource."""
PATIENCE = 300.0
"""Seconds to wait for a resource."""


class _Turn:
    """The queue of one resource among the tasks of one loop; ``users`` hold it or wait for it."""

    __slots__ = ("holder", "lock", "users")

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.users = 0
        self.holder = ""


_Turns = dict[str, _Turn]


class ResourceLocks:
    """The locks of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._turns: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns] = weakref.WeakKeyDictionary()

    async def take(self, resources: Collection[str], holder: str, timeout: float = PATIENCE) -> Locks:
        """All of ``resources``, in sorted order so that nobody waits in a circle; ``LockHeld`` after ``timeout`` s."""
        if not resources:
            return Locks({})
        turns = self._turns.setdefault(asyncio.get_running_loop(), {})
        locks = Locks(turns)
        try:
            async with asyncio.timeout(timeout) as deadline:
                for resource in sorted(set(resources)):
                    await self._take(locks, resource, holder)
        except TimeoutError:
            await locks.release()
            if not deadline.expired():
                raise
            raise LockHeld(locks.waits_for, locks.held_by or "somebody", timeout) from None
        except BaseException:
            await locks.release()
            raise
        return locks

    async def _take(self, locks: Locks, resource: str, holder: str) -> None:
        turn = locks.turns.setdefault(resource, _Turn())
        turn.users += 1
        locks.taken.append((resource, turn, None, None))
        locks.waits_for, locks.held_by = resource, turn.holder
        await turn.lock.acquire()
        locks.taken[-1] = (resource, turn, None, turn.lock)
        path = self._folder / f"{sha256(resource.encode('utf-8', 'surrogatepass')).hexdigest()[:40]}.lock"
        while True:
            try:
                handle = _try(path)
            except OSError as error:
                raise typed(error, f"{resource} can't be locked") from error
            if handle is not None:
                break
            found = Holder.read(path)
            locks.held_by = "another process" if found is None else str(found)
            await asyncio.sleep(POLL)
        here = Holder.here(holder)
        here.write(handle)
        turn.holder = str(here)
        locks.taken[-1] = (resource, turn, (handle, path), turn.lock)


def _try(path: Path) -> int | None:
    """An open, locked file that is still the one its path names; None when somebody else has it."""
    while True:
        make_folder(path.parent)
        handle = open_private(path, os.O_RDWR | os.O_CREAT)
        try:
            if not try_lock(handle):
                os.close(handle)
                return None
            with contextlib.suppress(FileNotFoundError):
                if os.fstat(handle).st_ino == path.stat().st_ino:
                    return handle
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)


class Locks:
    """What was taken, as an async context manager that lets go at its end."""

    def __init__(self, turns: _Turns) -> None:
        self.turns = turns
        self.taken: list[tuple[str, _Turn, tuple[int, Path] | None, asyncio.Lock | None]] = []
        self.waits_for = ""
        self.held_by = ""

    @property
    def resources(self) -> tuple[str, ...]:
        return tuple(resource for resource, *_ in self.taken)

    async def release(self) -> None:
        """Let go of everything, last taken first. Twice is harmless."""
        while self.taken:
            resource, turn, file, lock = self.taken.pop()
            if file is not None:
                handle, path = file
                path.unlink(missing_ok=True)  # still locked: whoever opened it finds that it is gone and tries again
                os.close(handle)
            if lock is not None:
                turn.holder = ""
                lock.release()
            turn.users -= 1
            if not turn.users:
                self.turns.pop(resource, None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.release()
