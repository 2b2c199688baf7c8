"""The one way from the engine to the widgets: events are gathered and handed over about twenty times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from reign_agents.events import Event, EventType

if TYPE_CHECKING:
    from reign_agents.session import Session

BEAT = 0.05  # seconds between two deliveries
_LATEST_WINS = frozenset({EventType.OUTPUT_APPENDED, EventType.STEP_PROGRESS, EventType.PLANNER_SAID})
_AT_ONCE = frozenset(
    {EventType.PLAN_DRAFTED, EventType.APPROVAL_REQUESTED, EventType.QUESTION}
)  # a person waits for it


class Bridge:
    """Subscribes to a session and calls ``deliver`` with lists of events, in order.

    The first event after a pause is delivered at once, and so is what a person waits for; under load everything else
    comes at most once a beat. Progress and output
    notices are latest-wins within a delivery. Nothing ticks while the engine is silent.
    """

    def __init__(self, session: Session, deliver: Callable[[list[Event]], None]) -> None:
        self._deliver = deliver
        self._subscription = session.subscribe()
        self._waiting: list[Event] = []
        self._timer: asyncio.TimerHandle | None = None
        self._last = 0.0
        self._task = asyncio.get_running_loop().create_task(self._read(), name="bridge")

    async def _read(self) -> None:
        async for event in self._subscription:
            self._waiting.append(event)
            loop = asyncio.get_running_loop()
            due = loop.time() if event.type in _AT_ONCE else max(self._last + BEAT, loop.time())
            if self._timer is not None and self._timer.when() > due:
                self._timer.cancel()
                self._timer = None
            if self._timer is None:
                self._timer = loop.call_at(due, self._flush)

    def _flush(self) -> None:
        self._timer = None
        self._last = asyncio.get_running_loop().time()
        events, self._waiting = latest(self._waiting), []
        if events:
            self._deliver(events)

    async def close(self) -> None:
        """Deliver what is left and end."""
        if self._timer is not None:
            self._timer.cancel()
        self._flush()
        self._subscription.close()
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


def latest(events: list[Event]) -> list[Event]:
    """``events`` with only the last progress and output notice of each step, and the last words of each answer."""
    if len(events) < 2:
        return events
    kept: list[Event] = []
    seen: set[tuple[object, ...]] = set()
    for event in reversed(events):
        if event.type in _LATEST_WINS:
            key = (event.run, event.step, event.type, event.data.get("answer"))
            if key in seen:
                continue
            seen.add(key)
        kept.append(event)
    kept.reverse()
    return kept
