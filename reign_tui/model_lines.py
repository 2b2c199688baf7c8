"""What people read on a terminal while a model plans: notes, and its words apart from everything else."""

from __future__ import annotations

from time import monotonic
from typing import Any

from reign_agents.events import Event, EventType
from reign_tui.text import duration, one_line, plain
from reign_tui.thinking import ENDINGS

_QUIET = frozenset({"looking"})
"""Notes that only the status line tells of."""
_AFTER = frozenset({"used", "cached"})
"""Notes that come after an answer and before it is known what becomes of it."""


class ModelLines:
    """Folds ``planner`` events into lines. Words are held back until it is known whether they are the answer itself."""

    def __init__(self) -> None:
        self._asked: str | None = None
        self._since = 0.0
        self._doing = "thinks"
        self._held: tuple[str, str, str] | None = None

    def lines(self, event: Event) -> list[str]:
        """The lines to write for an event, and those that were held back until it came."""
        data: dict[str, Any] = event.data
        planner = one_line(str(data.get("planner") or ""), 80)
        match event.type:
            case EventType.PLANNER_NOTED:
                kind = str(data.get("kind"))
                before = [] if kind in _AFTER else self.settle()
                return [*before, *self._noted(kind, planner, str(data.get("text") or ""))]
            case EventType.PLANNER_SAID:
                state = str(data.get("state"))
                if state == "writing":
                    self._doing = f"writes, {int(data.get('characters') or 0):,} characters,"
                    return []
                before = self.settle()
                self._doing, self._held = "thinks", (planner, state, str(data.get("text") or ""))
                return before
            case EventType.RUN_STARTED | EventType.FINDING:
                return []
            case EventType.RUN_FINISHED:
                self._asked = None
                said = self.settle(data.get("answer"))
                own = planner not in ("", "offline") and data.get("answer")
                return [*said, *([f"{planner} says (its own words, nothing measured):"] if own else [])]
            case _:
                return self.settle()

    def settle(self, answer: object = None) -> list[str]:
        """What was held back; nothing where those words are the ``answer``, which is shown by itself."""
        if self._held is None:
            return []
        (planner, state, text), self._held = self._held, None
        if state == "whole" and isinstance(answer, str) and plain(text) == plain(answer):
            return []
        lines = [f"{planner} says (its own words, nothing measured):"]
        lines += [f"  | {line}" for line in plain(text).splitlines()]
        return [*lines, f"  {ENDINGS[state]}"] if state in ENDINGS else lines

    def status(self) -> str:
        """Who is asked, what it does, and for how long; empty where nobody is."""
        return "" if self._asked is None else f"{self._asked} {self._doing} {duration(monotonic() - self._since)}"

    def _noted(self, kind: str, planner: str, text: str) -> list[str]:
        if kind == "asking":
            self._asked, self._since, self._doing = planner, monotonic(), "thinks"
        elif kind in ("gave_up", "offline", "used"):
            self._asked = None
        self._doing = one_line(text, 60) if kind == "looking" else "thinks"
        if kind == "budget":
            self._doing = "is not asked yet: the budget's question waits for you,"
        elif kind == "allowed":
            self._since = monotonic()
        return [] if kind in _QUIET else [one_line(text)]
