"""What planning gets and what it gives back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from reign_agents.plan.model import Plan, Step
from reign_agents.settings import EngineSettings
from reign_agents.store.records import Message, RunRecord, StepRecord
from reign_executors.operation import JsonObject
from reign_executors.redaction import Redactor
from reign_executors.registry import Registry

Look = Callable[[str, Mapping[str, Any]], Awaitable[JsonObject]]
"""Runs one *Query* by name and fields on the real system and returns its outputs as JSON; raises OperationError."""


@dataclass(frozen=True, slots=True)
class PlanningContext:
    """What a planner may look at.

    ``look`` only reads. ``recent`` are this session's runs, newest first, with ``plan_of`` for their plans and
    ``steps_of`` for how their steps ended; ``said`` gives what was said in it, oldest first. ``selected`` is the run
    and the step that the person points at on the screen. ``redactor`` hides what this session knows to be secret;
    ``secrets`` are those values by placeholder name. ``folder`` is where long results of looks may be kept (None:
    nowhere). ``found_by`` gives a run's findings; ``found`` are those of the last request where it ran nothing.
    """

    settings: EngineSettings
    registry: Registry
    look: Look
    recent: tuple[RunRecord, ...] = ()
    plan_of: Callable[[str], Plan | None] = lambda _run: None
    steps_of: Callable[[str], Sequence[StepRecord]] = lambda _run: ()
    redactor: Redactor = field(default_factory=Redactor)
    secrets: Mapping[str, str] = field(default_factory=dict)
    said: Callable[[], Sequence[Message]] = tuple
    selected: tuple[str, str] | None = None
    folder: Path | None = None
    found_by: Callable[[str], Sequence[JsonObject]] = lambda _run: ()
    found: Sequence[JsonObject] = ()


@dataclass(frozen=True, slots=True)
class UndoWish:
    """The person wants to go back: ``run`` None is the last run of the session that changed something."""

    run: str | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """The planner's answer to a request: steps, or a question, or the wish to undo, or words alone.

    ``question`` (with ``suggestions``) means nothing was guessed and nothing can run yet; ``answer`` is for requests
    that need no step ("what can you do?"). ``assumptions`` are defaults taken, in words. ``corrects`` names the run
    this draft takes the place of ("no, port 9090"): where that one still waits and has changed nothing, it is given up.
    ``understood`` False: the request made no sense to this planner. ``findings`` have the shape of the event.
    ``plan`` is the id that the plan must have, where it was proposed under one before.
    """

    intent: str
    confidence: float
    mood: str = "do"
    steps: tuple[Step, ...] = ()
    question: str | None = None
    suggestions: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    undo: UndoWish | None = None
    answer: str | None = None
    planner: str = "offline"
    entities: JsonObject = field(default_factory=dict)
    corrects: str | None = None
    understood: bool = True
    findings: tuple[JsonObject, ...] = ()
    plan: str | None = None


@runtime_checkable
class Remembering(Protocol):
    """A planner that keeps something from one request to the next."""

    def forget(self) -> None:
        """A new conversation begins: nothing of the one before is meant."""
        ...


class Planner(Protocol):
    """Turns words into a draft. It may look at the real systems but never changes anything."""

    async def draft(self, text: str, context: PlanningContext) -> Draft:
        """A draft for ``text``; raises ``ToolMissing`` when a system it must look at is not there."""
        ...
