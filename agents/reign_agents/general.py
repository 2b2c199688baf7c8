"""The General: takes a request, has it understood and planned, asks back when it is ambiguous, never guesses."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from reign_agents.engine.calls import planning_call
from reign_agents.models.billing import Bill, billed
from reign_agents.plan.graph import validated
from reign_agents.plan.model import Plan
from reign_agents.planning.draft import Draft, Planner, PlanningContext, Remembering, UndoWish
from reign_agents.planning.followup import follow_up
from reign_agents.settings import EngineSettings
from reign_agents.store.records import RunRecord
from reign_agents.store.store import Store
from reign_executors.call import forget
from reign_executors.errors import InvalidFields
from reign_executors.operation import JsonObject, Query
from reign_executors.redaction import Redactor
from reign_executors.registry import Registry


def new_plan_id() -> str:
    """``p_`` and eight hexadecimal digits."""
    return "p_" + secrets.token_hex(4)


@dataclass(frozen=True, slots=True)
class Considered:
    """What the General made of a request: a plan (maybe with a question instead of steps), or a wish to undo.

    ``corrects`` is the run that this plan replaces, because it has changed nothing yet. ``findings`` came up while
    planning, in the shape of the event.
    """

    plan: Plan
    undo: UndoWish | None = None
    corrects: str | None = None
    findings: tuple[JsonObject, ...] = ()


class General:
    """Plans for one session. ``folder`` is where queries may keep scratch files."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        settings: EngineSettings,
        planner: Planner,
        folder: Path,
        learn: Callable[[Mapping[str, str]], None] = forget,
        redactor: Redactor | None = None,
        secrets: Mapping[str, str] | None = None,
    ) -> None:
        self._store = store
        self._registry = registry
        self._settings = settings
        self._planner = planner
        self._folder = folder
        self._learn = learn
        self._redactor = redactor or Redactor()
        self._secrets = {} if secrets is None else secrets
        self.selected: tuple[str, str] | None = None
        self._found: tuple[JsonObject, ...] = ()

    async def consider(self, text: str, session: str, run: str | None = None) -> Considered:
        """The plan for ``text``, validated but not previewed. What models are asked for it goes on its bill."""
        name = new_plan_id()
        with billed(Bill(session, name, run)):
            draft = await self._planner.draft(text, self._context(session))
        plan = plan_of(draft, text, name)
        if plan.steps:
            plan = validated(plan, self._registry)
        cure = plan.id if plan.steps else None  # whoever finds and plans in one go proposes the cure
        findings = tuple({**one, "cure": one.get("cure") or cure} for one in draft.findings)
        self._found = () if plan.steps else findings
        return Considered(plan, draft.undo, draft.corrects, findings)

    def begin_anew(self) -> None:
        """A new conversation: what was found, asked and pointed at is not meant any more."""
        self.selected, self._found = None, ()
        if isinstance(self._planner, Remembering):
            self._planner.forget()

    async def correct(self, words: str, session: str) -> Considered | None:
        """What a person said against a plan, as a correction of it: the plan they want instead.

        None where the words change nothing in the last plan of the session (then they stay words in the record).
        """
        plain = words.strip()
        begins = plain.lower().startswith(("no ", "no,", "nope", "not that", "actually", "instead"))
        draft = await follow_up(plain if begins else f"no, {plain}", self._context(session))
        if draft is None or draft.question is not None or not draft.steps:
            return None
        return Considered(validated(plan_of(draft, plain), self._registry), corrects=draft.corrects)

    def _context(self, session: str) -> PlanningContext:
        return PlanningContext(
            settings=self._settings,
            registry=self._registry,
            look=self.look,
            recent=self._recent(session),
            plan_of=cache(self._store.plan),  # asked again and again for the same few runs
            steps_of=self._store.steps,
            redactor=self._redactor,
            secrets=self._secrets,
            said=lambda: self._store.messages(session),
            selected=self.selected,
            folder=self._folder / "looks",
            found_by=self._store.findings,
            found=self._found,
        )

    def _recent(self, session: str) -> tuple[RunRecord, ...]:
        """The session's runs and what was only planned in it, newest first."""
        records = [*self._store.history(limit=20, session=session), *self._store.planned(session)]
        return tuple(sorted(records, key=lambda one: one.started, reverse=True)[:20])

    async def look(self, operation: str, fields: Mapping[str, Any]) -> JsonObject:
        """Run one query now; anything but a query is refused."""
        built = self._registry.build(operation, {**fields, **self._context_for(operation, fields)})
        if not isinstance(built, Query) or built.shows_credentials:
            raise InvalidFields(f"{operation} is not a plain read, planning may not run it")
        outputs = await built.execute(planning_call(self._settings, self._folder, learn=self._learn))
        return outputs.model_dump(mode="json")

    def _context_for(self, operation: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        known = self._registry.find(operation).model_fields
        chosen = self._settings.defaults(operation)
        return {name: value for name, value in chosen.items() if name in known and fields.get(name) is None}


def plan_of(draft: Draft, text: str, name: str | None = None) -> Plan:
    """The plan a draft stands for."""
    return Plan(
        id=draft.plan or name or new_plan_id(),
        request=text,
        intent=draft.intent,
        confidence=draft.confidence,
        steps=draft.steps,
        planner=draft.planner,
        question=draft.question,
        suggestions=draft.suggestions,
        mood=draft.mood,
        assumptions=draft.assumptions,
        answer=draft.answer,
    )
