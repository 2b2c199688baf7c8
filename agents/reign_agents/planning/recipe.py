"""Recipes: which wish becomes which steps. A specialist is a list of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from pydantic import JsonValue

from reign_agents.plan.model import Step
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.wish import Thing, Wish
from reign_executors.operation import JsonObject


@dataclass(frozen=True, slots=True)
class Question:
    """Something essential is missing or ambiguous: one short question, with answers to choose from.

    ``suggestions`` are whole requests. ``completes`` says how a bare reply makes the request whole, over
    ``{request}``, ``{reply}`` and ``{quoted}`` (the reply in quotes).
    ``missing`` is the kind of thing that is not there by the name given, ``absent`` that name. ``unread`` are the words
    that made no sense, empty where the whole request made none.
    """

    text: str
    suggestions: tuple[str, ...] = ()
    completes: str | None = None
    missing: str | None = None
    absent: str | None = None
    unread: str | None = None


@dataclass(slots=True)
class Outline:
    """The steps of one wish as a specialist lays them out; ids are given when all wishes are joined.

    ``made`` are things that earlier wishes of the request make, ``before`` those wishes' steps.
    """

    agent: str
    steps: list[Step] = field(default_factory=list)
    assumptions: list[str] = field(default_factory=list)
    made: tuple[Thing, ...] = ()
    before: tuple[Step, ...] = ()

    def add(self, operation: str, fields: dict[str, JsonValue], why: str, *, after: Sequence[str] = ()) -> str:
        """Append a step; returns its id, for ``after`` of later ones and for references."""
        step = Step(f"s{len(self.steps) + 1}", operation, _without_none(fields), why, tuple(after), self.agent)
        self.steps.append(step)
        return step.id

    def assume(self, text: str) -> None:
        if text not in self.assumptions:
            self.assumptions.append(text)

    @staticmethod
    def changed(step: Step, *, operation: str) -> Step:
        """The step with another operation of the same fields."""
        return replace(step, operation=operation)


Build = Callable[[Wish, PlanningContext, Outline], Awaitable[Question | None]]
"""Lays the wish out into the outline; a question instead when something is missing."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """``verbs`` and ``objects`` are planning's words that lead here; ``objects`` empty: any or none. None
    among the verbs: words that begin with none.

    ``fits`` looks closer where words alone do not decide; ``certain``: what fits is a request, however short.
    ``example`` is a request it understands, shown to people.
    """

    name: str
    verbs: frozenset[str | None]
    objects: frozenset[str]
    build: Build
    example: str
    fits: Callable[[Wish], bool] = lambda _wish: True
    rank: int = 0
    certain: bool = False

    def score(self, wish: Wish) -> int:
        """How well it fits: 0 not at all; an object that matches counts more than none asked for."""
        if wish.verb not in self.verbs or not self.fits(wish):
            return 0
        if self.objects and not self.objects & set(wish.kinds):
            return 0
        first = 1 if wish.object in self.objects else 0
        return (4 if self.objects else 2) + self.rank + first


def _without_none(fields: dict[str, JsonValue]) -> JsonObject:
    return {name: value for name, value in fields.items() if value is not None and value != [] and value != {}}
