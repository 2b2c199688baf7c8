"""How a run ended: from the ends of its steps to an outcome, an exit code and words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reign_agents.engine.attempt import Ended, PolicyDenied
from reign_agents.engine.results import Answerer
from reign_agents.events import Outcome
from reign_agents.plan.model import Plan
from reign_executors.errors import ToolMissing

INTERRUPTED = 130
TIME_LIMIT = 124

Ending = tuple[Outcome, int, str | None]
"""Outcome, exit code of the command contract, answer in words."""


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended; ``exit`` is the exit code of the command contract."""

    run: str
    outcome: Outcome
    exit: int
    answer: str | None = None


def summed_up(plan: Plan, ended: Mapping[str, Ended], interrupt: int | None, answerer: Answerer) -> Ending:
    """The ending of a run whose steps have all ended; ``interrupt`` is the exit code of what cut it short."""
    ends = [ended[step.id] for step in plan.steps]
    kinds = {(end.error or {}).get("kind") for end in ends}
    outcomes = {end.outcome for end in ends}
    answer = answerer(plan, {step.id: (step, ended[step.id].outputs) for step in plan.steps})
    if interrupt is not None:
        return Outcome.CANCELLED, interrupt, answer
    worst: Sequence[tuple[bool, Outcome, int]] = (
        (PolicyDenied.kind in kinds, Outcome.STOPPED, 5),
        (ToolMissing.kind in kinds, Outcome.FAILED, 6),
        (Outcome.FAILED in outcomes, Outcome.FAILED, 1),
        (Outcome.IN_DOUBT in outcomes, Outcome.IN_DOUBT, 3),
        (Outcome.STOPPED in outcomes, Outcome.STOPPED, 3),
    )
    for applies, outcome, code in worst:
        if applies:
            return outcome, code, _first_error(ends) or answer
    if Outcome.CANCELLED in outcomes:
        return Outcome.CANCELLED, INTERRUPTED, answer
    return Outcome.DONE, 0, answer


def _first_error(ends: Sequence[Ended]) -> str | None:
    for end in ends:
        error = end.error
        if error is not None and error.get("cause") and error.get("kind") != "skipped":
            way_out = error.get("way_out")
            return f"{error['cause']} ({way_out})" if way_out else str(error["cause"])
    return None
