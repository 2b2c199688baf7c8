"""What the screen knows of a run: its events folded into a plan with states. The same for live runs and replays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from reign_agents.events import Event, EventType, Outcome
from reign_agents.plan.model import Plan, Step
from reign_tui.text import moment
from reign_tui.thinking import Thinking


class State(StrEnum):
    """A step's state as the word on the screen."""

    CHECK = "check"  # its effect is being looked up
    PICK = "PICK"  # something is in the way: a choice is needed
    DENIED = "DENIED"
    WAIT = "wait"
    ASK = "ASK"
    RUN = "run"
    DONE = "done"
    FAILED = "FAILED"
    SKIPPED = "skip"
    CANCELLED = "cancel"
    STOPPED = "stop"
    IN_DOUBT = "DOUBT"


_ENDED = {
    Outcome.DONE: State.DONE,
    Outcome.FAILED: State.FAILED,
    Outcome.SKIPPED: State.SKIPPED,
    Outcome.CANCELLED: State.CANCELLED,
    Outcome.STOPPED: State.STOPPED,
    Outcome.IN_DOUBT: State.IN_DOUBT,
}


@dataclass(frozen=True, slots=True)
class Answered:
    """How a step was approved or refused."""

    decision: str
    by: str
    hash: str
    time: datetime
    words: str | None = None


@dataclass(slots=True)
class Asked:
    """An approval that was requested (the event's data)."""

    id: str
    kind: str
    steps: tuple[str, ...]
    hash: str
    risk: str
    why: str
    moved: str | None
    confirm: str | None


@dataclass(slots=True)
class StepView:
    """A step and all that happened to it. ``number`` is its place in the plan, from 1."""

    step: Step
    number: int
    outcome: Outcome | None = None
    started: datetime | None = None
    seconds: float | None = None
    attempt: int = 0
    outputs: dict[str, Any] = field(default_factory=dict)
    verified: bool | None = None
    error: dict[str, Any] | None = None
    progress: str = ""
    log: Path | None = None
    log_bytes: int = 0
    asked: str | None = None
    answered: Answered | None = None

    @property
    def state(self) -> State:
        if self.outcome is not None and self.outcome in _ENDED:
            return _ENDED[self.outcome]
        if self.started is not None:
            return State.RUN
        if self.asked is not None:
            return State.ASK
        if self.step.effect is None:
            return State.CHECK
        if self.step.effect.problems:
            return State.PICK
        if self.step.verdict is not None and self.step.verdict.value == "deny":
            return State.DENIED
        return State.WAIT


@dataclass(slots=True)
class RunView:
    """One run. :meth:`apply` folds an event in and says whether anything that is drawn changed."""

    id: str
    request: str = ""
    plan: Plan | None = None
    steps: dict[str, StepView] = field(default_factory=dict)
    asked: dict[str, Asked] = field(default_factory=dict)
    started: datetime | None = None
    ended: datetime | None = None
    outcome: Outcome | None = None
    exit: int | None = None
    answer: str | None = None
    question: str | None = None
    suggestions: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    undo_of: str | None = None
    checked: bool = False
    paused: bool = False
    thinking: Thinking = field(default_factory=Thinking)

    @property
    def live(self) -> bool:
        return self.outcome is None

    @property
    def done(self) -> int:
        return sum(1 for step in self.steps.values() if step.state is State.DONE)

    @property
    def running(self) -> int:
        return sum(1 for step in self.steps.values() if step.state is State.RUN)

    @property
    def blocked(self) -> list[StepView]:
        """Steps with something in the way that a person must choose about."""
        return [step for step in self.steps.values() if step.state is State.PICK] if self.live else []

    @property
    def waits_for_person(self) -> bool:
        """Whether nothing moves until a person answers."""
        if not self.live or self.running:
            return False
        return bool(self.asked) or bool(self.checked and self.blocked)

    def __iter__(self) -> Iterator[StepView]:
        return iter(self.steps.values())

    def elapsed(self, now: datetime) -> float:
        """Seconds since it started, until it ended."""
        return 0.0 if self.started is None else max(((self.ended or now) - self.started).total_seconds(), 0.0)

    def take_plan(self, plan: Plan) -> None:
        """The plan (again): states of steps that stay are kept."""
        self.plan = plan
        before = self.steps
        self.steps = {}
        for number, step in enumerate(plan.steps, 1):
            view = before.get(step.id) or StepView(step, number)
            view.step, view.number = step, number
            self.steps[step.id] = view
        self.question, self.suggestions, self.assumed = plan.question, plan.suggestions, plan.assumptions

    def apply(self, event: Event) -> None:
        """Fold one event in; unknown types and steps are left out."""
        data = event.data
        self.thinking.apply(event)
        step = self.steps.get(event.step) if event.step else None
        match event.type:
            case EventType.RUN_STARTED:
                self.request = str(data.get("request") or self.request)
                self.started = self.started or moment(event.time)
                self.undo_of = _text(data.get("undo_of"))
                self.outcome = self.ended = self.exit = None
            case EventType.PLAN_DRAFTED | EventType.PLAN_READY:
                self._planned(data.get("plan"), ready=event.type is EventType.PLAN_READY)
            case EventType.STEP_PREVIEWED:
                self._previewed(data.get("step"))
            case EventType.APPROVAL_REQUESTED:
                self._asked(data)
            case EventType.APPROVAL_ANSWERED:
                self._answered(event)
            case EventType.STEP_STARTED if step:
                step.started, step.outcome, step.error = moment(event.time), None, None
                step.attempt = int(data.get("attempt") or 1)  # type: ignore[arg-type]
                step.progress, step.asked = "", None
            case EventType.OUTPUT_APPENDED if step:
                step.log = Path(str(data.get("path") or "")) if data.get("path") else step.log
                end = int(data.get("offset") or 0) + int(data.get("bytes") or 0)  # type: ignore[arg-type]
                step.log_bytes = max(step.log_bytes, end)
            case EventType.STEP_PROGRESS if step:
                step.progress = str(data.get("text") or "")
            case EventType.STEP_FINISHED if step:
                self._finished(step, data)
            case EventType.QUESTION:
                self.question = _text(data.get("text"))
                self.suggestions = tuple(str(s) for s in _list(data.get("suggestions")))
                self.assumed = tuple(str(one) for one in _list(data.get("assumptions")))
            case EventType.RUN_FINISHED:
                self.outcome = _outcome(data.get("outcome"))
                self.exit = int(data.get("exit") or 0)  # type: ignore[arg-type]
                self.answer = _text(data.get("answer"))
                self.ended = moment(event.time)
                self.asked.clear()
                for view in self.steps.values():
                    view.asked = None
            case _:
                pass

    def _planned(self, data: Any, *, ready: bool) -> None:
        if isinstance(data, dict):
            self.take_plan(Plan.from_json(data))
            self.checked = ready

    def _previewed(self, data: Any) -> None:
        if isinstance(data, dict) and data.get("id") in self.steps and self.plan is not None:
            step = Step.from_json(data)
            self.steps[step.id].step = step
            self.plan = self.plan.with_step(step)

    def _asked(self, data: dict[str, Any]) -> None:
        asked = Asked(
            id=str(data.get("id")),
            kind=str(data.get("kind") or "step"),
            steps=tuple(str(s["id"] if isinstance(s, dict) else s) for s in _list(data.get("steps"))),
            hash=str(data.get("hash") or ""),
            risk=str(data.get("risk") or ""),
            why=str(data.get("why") or ""),
            moved=_text(data.get("moved")),
            confirm=_text(data.get("confirm")),
        )
        self.asked[asked.id] = asked
        for shown in _list(data.get("steps")):
            self._previewed(shown)
        for name in asked.steps:
            if name in self.steps:
                self.steps[name].asked = asked.id

    def _answered(self, event: Event) -> None:
        asked = self.asked.pop(str(event.data.get("id")), None)
        if asked is None:
            return
        answered = Answered(
            decision=str(event.data.get("decision") or ""),
            by=str(event.data.get("by") or ""),
            hash=str(event.data.get("hash") or asked.hash),
            time=moment(event.time),
            words=_text(event.data.get("words")),
        )
        for name in asked.steps:
            if name in self.steps and self.steps[name].asked == asked.id:
                self.steps[name].asked = None
                self.steps[name].answered = answered

    def _finished(self, step: StepView, data: dict[str, Any]) -> None:
        step.outcome = _outcome(data.get("outcome"))
        step.attempt = int(data.get("attempt") or step.attempt)
        step.seconds = None if data.get("seconds") is None else float(data["seconds"])
        outputs, error = data.get("outputs"), data.get("error")
        step.outputs = dict(outputs) if isinstance(outputs, dict) else {}
        step.verified = data.get("verified") if isinstance(data.get("verified"), bool) else None
        if isinstance(error, dict):
            step.error = error
        elif error:
            step.error = {"kind": "failed", "cause": str(error), "way_out": "", "detail": ""}
        step.progress, step.asked = "", None


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _outcome(value: Any) -> Outcome:
    try:
        return Outcome(str(value))
    except ValueError:
        return Outcome.STOPPED
