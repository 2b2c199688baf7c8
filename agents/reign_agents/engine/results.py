"""What a run's results are turned into words by."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from reign_agents.plan.model import Plan, Step
from reign_executors.operation import JsonObject

Results = Mapping[str, tuple[Step, JsonObject | None]]
"""Step id → the step and its outputs as JSON (None: it did not end well)."""

Answerer = Callable[[Plan, Results], str | None]
"""Says what was asked for in a few lines; None where nothing was asked."""

Finder = Callable[[Plan, Results], Sequence[JsonObject]]
"""The ``data`` of the ``finding`` events that a run's results amount to."""


def finds_nothing(_plan: Plan, _results: Results) -> Sequence[JsonObject]:
    """A finder that never finds anything."""
    return ()
