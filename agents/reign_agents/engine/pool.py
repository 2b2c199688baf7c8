"""Where steps are worked on. The same three calls could hand them to a cluster's scheduler."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

Work = Callable[[], Awaitable[None]]


class WorkerPool(Protocol):
    """``key`` names a piece of work for ever (``run/step``), so that it can never be submitted twice."""

    def submit(self, key: str, family: str, work: Work) -> asyncio.Future[None]:
        """Start ``work`` when the family has room; the future ends with it."""
        ...

    def cancel(self, key: str) -> bool:
        """Ask a piece of work to end; False when it is not there or ended already."""
        ...

    def lookup(self, key: str) -> asyncio.Future[None] | None:
        """The work under way or waiting under that key."""
        ...


class LocalPool:
    """This machine: asyncio tasks, with a limit per executor family."""

    def __init__(self, limits: Mapping[str, int], otherwise: int = 8) -> None:
        self._limits = dict(limits)
        self._otherwise = otherwise
        self._rooms: dict[str, asyncio.Semaphore] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def _room(self, family: str) -> asyncio.Semaphore:
        room = self._rooms.get(family)
        if room is None:
            room = self._rooms[family] = asyncio.Semaphore(max(1, self._limits.get(family, self._otherwise)))
        return room

    def submit(self, key: str, family: str, work: Work) -> asyncio.Future[None]:
        if key in self._tasks:
            raise ValueError(f"{key} is already submitted")

        async def in_room() -> None:
            async with self._room(family):
                await work()

        task = asyncio.create_task(in_room(), name=key)
        self._tasks[key] = task
        task.add_done_callback(lambda _done: self._tasks.pop(key, None))
        return task

    def cancel(self, key: str) -> bool:
        task = self._tasks.get(key)
        return task is not None and task.cancel()

    def lookup(self, key: str) -> asyncio.Future[None] | None:
        return self._tasks.get(key)
