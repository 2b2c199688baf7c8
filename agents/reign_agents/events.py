"""What leaves the engine: frozen, versioned JSON events. Commands go in, events come out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reign_executors.operation import JsonObject


class EventType(StrEnum):
    """Types of events. Readers ignore types they do not know.

    =================== =========================================================== =========
    type                data                                                        journalled
    =================== =========================================================== =========
    run.started         request, user, resumed, undo_of, mode                       yes
    plan.drafted        plan (without effects: "checking…")                         no
    step.previewed      step (its JSON, with effect, target, verdict)               no
    plan.ready          plan (the contract's plan)                                  yes
    approval.requested  id, hash, kind (plan|step), steps, risk, target, why,
                        moved (what changed since it was approved, or null),
                        confirm (name to be typed, or null), agents, envelopes
                        (steps known later, with their limits), grant (what one
                        would cover, or null)                                       yes
    approval.answered   id, decision, by, how, hash, words, grants, until           yes
    step.started        attempt, operation, resumed                                 yes
    output.appended     offset, bytes (of the step's log file), path                no
    step.progress       text, fraction (0..1 or null)                               no
    planner.noted       kind, text (see models.listening), and what belongs to it   no
    planner.said        planner, answer (its number), state (writing or how it
                        ended), text (so far), characters (in all)                  no
    step.finished       outcome, attempt, seconds, outputs, verified, error         yes
    finding             text, confidence, evidence, cure                            yes
    question            text, suggestions, assumptions (where there are any)        yes
    run.finished        outcome, exit, answer, planner (where there are no steps)   yes
    =================== =========================================================== =========
    """

    RUN_STARTED = "run.started"
    PLAN_DRAFTED = "plan.drafted"
    STEP_PREVIEWED = "step.previewed"
    PLAN_READY = "plan.ready"
    APPROVAL_REQUESTED = "approval.requested"
    APPROVAL_ANSWERED = "approval.answered"
    STEP_STARTED = "step.started"
    OUTPUT_APPENDED = "output.appended"
    STEP_PROGRESS = "step.progress"
    PLANNER_NOTED = "planner.noted"
    PLANNER_SAID = "planner.said"
    STEP_FINISHED = "step.finished"
    FINDING = "finding"
    QUESTION = "question"
    RUN_FINISHED = "run.finished"


JOURNALLED = frozenset(EventType) - {
    EventType.PLAN_DRAFTED,
    EventType.STEP_PREVIEWED,
    EventType.OUTPUT_APPENDED,
    EventType.STEP_PROGRESS,
    EventType.PLANNER_NOTED,
    EventType.PLANNER_SAID,
}


class Outcome(StrEnum):
    """How a step or run ended (history also shows ``running``)."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    CANCELLED = "cancelled"
    STOPPED = "stopped"
    IN_DOUBT = "in_doubt"
    RUNNING = "running"


def now() -> str:
    """The time, RFC 3339 in UTC with milliseconds: ``2026-01-02T03:04:05.678Z``."""
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    return f"{_until_seconds(seconds)}.{rest // 1_000_000:03d}Z"


@lru_cache(maxsize=2)
def _until_seconds(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. ``seq`` rises by one within a run's journalled events (0: not journalled)."""

    run: str
    type: EventType
    data: JsonObject = field(default_factory=dict)
    step: str | None = None
    seq: int = 0
    time: str = field(default_factory=now)

    def numbered(self, seq: int) -> Event:
        """The same as number ``seq`` of its run."""
        return Event(self.run, self.type, self.data, self.step, seq, self.time)

    def to_json(self) -> JsonObject:
        return {
            "v": 1,
            "seq": self.seq,
            "time": self.time,
            "run": self.run,
            "step": self.step,
            "type": self.type.value,
            "data": self.data,
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Event:
        return cls(
            run=data["run"],
            type=EventType(data["type"]),
            data=data["data"],
            step=data.get("step"),
            seq=data["seq"],
            time=data["time"],
        )
