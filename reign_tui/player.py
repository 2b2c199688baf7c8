"""Replaying the events of a past run: at its own speed, faster, or step by step."""

from __future__ import annotations

from collections.abc import Sequence

from reign_agents.events import Event
from reign_tui.text import moment

SPEEDS = (1.0, 10.0, 0.0)
"""Factors; 0 is as fast as can be."""

LONGEST = 3.0  # seconds that a pause between two events may take on the screen


class Player:
    """Where a replay is. ``advance`` gives the events that are due after so many seconds."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = list(events)
        self.place = 0
        self.speed = SPEEDS[0]
        self.playing = False
        self._due = 0.0

    @property
    def ended(self) -> bool:
        return self.place >= len(self.events)

    def restart(self) -> None:
        self.place, self._due = 0, 0.0

    def faster(self) -> None:
        """The next speed."""
        self.speed = SPEEDS[(SPEEDS.index(self.speed) + 1) % len(SPEEDS)]

    def step(self) -> list[Event]:
        """The next event."""
        taken = self.events[self.place : self.place + 1]
        self.place += len(taken)
        return taken

    def advance(self, seconds: float) -> list[Event]:
        """What happened within ``seconds`` of the screen's time; waits are shortened to ``LONGEST``."""
        if not self.speed:
            rest = self.events[self.place :]
            self.place = len(self.events)
            return rest
        taken: list[Event] = []
        self._due -= seconds
        while self._due <= 0 and not self.ended:
            taken += self.step()
            self._due += self._wait()
        return taken

    def _wait(self) -> float:
        if self.ended or self.place == 0:
            return 0.0
        before, after = (moment(event.time) for event in self.events[self.place - 1 : self.place + 1])
        return min(max((after - before).total_seconds(), 0.0) / self.speed, LONGEST)

    @property
    def speed_word(self) -> str:
        return f"{self.speed:g}×" if self.speed else "max"
