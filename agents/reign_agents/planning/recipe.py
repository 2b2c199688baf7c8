"""Recipes: which wish becomes which steps. A specialist is a list of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from reign_agents.plan.model import Step
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.wish import Wish
from reign_executors.operation import JsonObject


@dataclass(frozen=True, slots=True)
class Question:
    """Something essential is missing or ambiguous: one short question, with answers to choose from."""

    text: str
    suggestions: tuple[str, ...] = ()


@dataclass(slots=True)
class Outline:
    """The steps of one wish as a specialist lays them out; ids are given when all wishes are joined."""

    agent: str
    steps: list[Step] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)

    def add(self, operation: str, fields: dict[str, JsonValue], why: str, *, after: Sequence[str] = ()) -> str:
        """Append a step; returns its id, for ``after`` of later ones and for references."""
        step = Step(f"s{len(self.steps) + 1}", operation, _without_none(fields), why, tuple(after), self.agent)
        self.steps.append(step)
        return step.id

    def assume(self, text: str) -> None:
        if text not in self.assumptions:
            self.assumptions.append(text)


Build = Callable[[Wish, PlanningContext, Outline], Awaitable[Question | None]]
"""Lays the wish out into the outline; a question instead when something is missing."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """``verbs`` and ``objects`` are the lexicon's words that lead here; ``objects`` empty: any or none.

    ``fits`` looks closer where words alone do not decide. ``example`` is a request it understands, shown to people.
    """

    name: str
    verbs: frozenset[str]
    objects: frozenset[str]
    build: Build
    example: str
    fits: Callable[[Wish], bool] = lambda _wish: True
    rank: int = 0

    def score(self, wish: Wish) -> int:
        """How well it fits: 0 not at all; an object that matches counts more than none asked for."""
        if wish.verb not in self.verbs or not self.fits(wish):
            return 0
        if self.objects and wish.object not in self.objects:
            return 0
        return (4 if self.objects else 2) + self.rank


def _without_none(fields: dict[str, JsonValue]) -> JsonObject:
    return {name: value for name, value in fields.items() if value is not None and value != [] and value != {}}


def joined(outlines: Sequence[Outline], *, one_after_another: bool) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """All outlines as one list of steps with ids of its own, and all assumptions.

    ``one_after_another``: the words said "then", so each wish waits for the one before.
    """
    steps: list[Step] = []
    assumptions: list[str] = []
    last: tuple[str, ...] = ()
    for outline in outlines:
        names = {step.id: f"s{len(steps) + number}" for number, step in enumerate(outline.steps, 1)}
        needed = {need for step in outline.steps for need in step.needs}
        for step in outline.steps:
            needs = tuple(names[need] for need in step.needs) or (last if one_after_another else ())
            fields = _renamed(step.fields, names)
            assert isinstance(fields, dict)
            steps.append(replace(step, id=names[step.id], needs=needs, fields=fields))
        last = tuple(names[step.id] for step in outline.steps if step.id not in needed) or last
        assumptions += [text for text in outline.assumptions if text not in assumptions]
    return tuple(steps), tuple(assumptions)


def _renamed(value: JsonValue, names: dict[str, str]) -> JsonValue:
    if isinstance(value, dict):
        if set(value) == {"$from"}:
            step, _, path = str(value["$from"]).partition(".")
            return {"$from": f"{names.get(step, step)}.{path}"}
        return {name: _renamed(inner, names) for name, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    return value
