"""Who hears how an answer comes: notes, a line each, and a model's words as they come.

Whatever has a part in an answer (retries, metering, a cache, the investigation) says so by :func:`note`; who asked
listens by :func:`listened`. Nobody has to hand a listener on.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from reign_executors.operation import JsonObject

NoteKind = Literal[
    "asking",
    "waiting",
    "looking",
    "looked",
    "mending",
    "broke_off",
    "gave_up",
    "offline",
    "used",
    "cached",
    "budget",
    "allowed",
]
"""``asking`` a model, ``waiting`` to ask it again, ``looking`` at a system and having ``looked``, ``mending`` a plan
with a fault, ``broke_off`` and asked again, a model that ``gave_up``, planned ``offline``, tokens ``used``, an answer
that was ``cached``, a ``budget`` that would be passed (a person is asked from here on), that this was ``allowed``.
"""
Ending = Literal["whole", "cut", "refused", "broken", "stopped"]
"""How a model's words ended: ``cut`` at the most tokens, ``refused`` by it, ``broken`` off, ``stopped`` by us."""

CUT_OFF = "(cut off here: this is not the whole answer)"
"""The last line of an answer that reached the most tokens it may have, wherever the answer is shown by itself."""
SLICE = 0.004
"""Seconds that pieces which are all there already may keep the loop for themselves."""
PAUSE = 0.001
"""Seconds that others then have: enough for a key press to come through."""


class Listener:
    """Hears nothing. Those who do override what they want to hear; nothing of it may take long."""

    def noted(self, kind: NoteKind, text: str, data: JsonObject) -> None:
        """A line for people, with ``data`` for programs."""

    def begun(self, planner: str) -> None:
        """An answer begins; ``planner`` is the model's name."""

    def piece(self, text: str) -> None:
        """More of the answer's words, as the model wrote them."""

    def ended(self, ending: Ending) -> None:
        """The answer that was begun has ended."""


_LISTENER: ContextVar[Listener] = ContextVar("listener", default=Listener())  # noqa: B039 - it has no state


@contextmanager
def listened(listener: Listener) -> Iterator[None]:
    """``listener`` hears all that is noted inside."""
    before = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(before)


def listener() -> Listener:
    """Who listens here."""
    return _LISTENER.get()


def note(kind: NoteKind, text: str, **data: object) -> None:
    """Say a line to who listens. ``data`` are JSON values."""
    _LISTENER.get().noted(kind, text, data)  # type: ignore[arg-type]


class Breath:
    """Lets others have their turn while a flood of pieces is worked off."""

    def __init__(self) -> None:
        self._since = time.monotonic()

    async def taken(self) -> None:
        """Called for every piece; pauses now and then."""
        if time.monotonic() - self._since > SLICE:
            await asyncio.sleep(PAUSE)
            self._since = time.monotonic()
