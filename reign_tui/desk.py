"""What lies on the screen's desk: the runs of this session, which one is looked at, and requests typed ahead."""

from __future__ import annotations

from collections import deque

from reign_agents.events import Event, EventType
from reign_tui.run_view import RunView


class Desk:
    """Runs in the order they began; ``current`` is the one shown."""

    def __init__(self) -> None:
        self.runs: dict[str, RunView] = {}
        self.current: RunView | None = None
        self.ahead: deque[str] = deque()

    def apply(self, event: Event) -> RunView:
        """Fold an event into its run; it becomes the one shown as soon as it has a plan."""
        run = self.runs.get(event.run)
        if run is None:
            run = self.runs[event.run] = RunView(event.run)
        if event.type is EventType.PLAN_DRAFTED or self.current is None:
            self.current = run
        run.apply(event)
        return run

    @property
    def working(self) -> list[RunView]:
        """Runs that have not ended."""
        return [run for run in self.runs.values() if run.live]

    @property
    def busy(self) -> bool:
        """Whether something moves without a person: then requests wait their turn."""
        return any(not run.waits_for_person for run in self.working)

    @property
    def needs_person(self) -> int:
        """How many answers are waited for."""
        return sum(len(run.asked) + (1 if run.checked and run.blocked else 0) for run in self.working)

    def turn(self, by: int) -> RunView | None:
        """Look at the run before or after the current one."""
        ids = list(self.runs)
        if self.current is None or not ids:
            return None
        at = min(max(ids.index(self.current.id) + by, 0), len(ids) - 1)
        self.current = self.runs[ids[at]]
        return self.current
