"""Which cluster objects the words mean: looked up on the real cluster, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.kubernetes.said import CLUSTER_WIDE, WORKLOADS, Said

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Object:
    """One object: ``kind`` as the API calls it in small letters, ``namespace`` None for the cluster's own."""

    kind: str
    name: str
    namespace: str | None

    def fields(self) -> dict[str, JsonValue]:
        """The fields that name it in an operation."""
        return {"kind": self.kind, "object": self.name, "namespace": self.namespace}

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f" in {self.namespace}" if self.namespace else "")


async def listed(
    kind: str, namespace: str | None, context: PlanningContext, *, everywhere: bool = False
) -> list[Object]:
    """The objects of a kind in a namespace (None: the one the context chooses)."""
    fields: dict[str, JsonValue] = {"kind": kind}
    if everywhere and kind not in CLUSTER_WIDE:
        fields["all_namespaces"] = True
    elif namespace is not None and kind not in CLUSTER_WIDE:
        fields["namespace"] = namespace
    out = await context.look("kubernetes.list", fields)
    rows: Any = out.get("objects") or ()
    return [Object(kind, str(row["name"]), row.get("namespace")) for row in rows]


async def meant(
    words: Said,
    wish: Wish,
    context: PlanningContext,
    outline: Outline,
    ask: str,
    kinds: Sequence[str] = WORKLOADS,
) -> list[Object] | Question:
    """The objects named, in order. Without a kind each of ``kinds`` is looked through; a question when none or
    several fit. What an earlier wish of the same request makes counts as there.
    """
    wanted = list(words.names)
    tried = [words.kind] if words.kind is not None else list(kinds)
    if not wanted:
        rows = await listed(tried[0], words.namespace, context, everywhere=words.everywhere)
        example = tuple(f"{ask} {row.kind} {row.name}" for row in rows[:SHOWN])
        where = f" in {words.namespace}" if words.namespace else ""
        rest = "" if rows else f" There is no {tried[0]}{where}."
        return Question(f"Which {tried[0]} should I {ask}?{rest}", example)
    found: list[Object] = []
    for name in wanted:
        made = next((thing for thing in outline.made if thing.name == name and thing.kind in tried), None)
        if made is not None:
            found.append(Object(made.kind, name, words.namespace))
            continue
        one = await _one(name, tried, words, context, ask)
        if isinstance(one, Question):
            return one
        if words.kind is None:
            outline.assume(f"“{name}” is the {one.kind} {one.name}")
        if words.namespace is None and one.namespace is not None:
            outline.assume(f"namespace {one.namespace}")
        found.append(one)
    return found


async def _one(name: str, kinds: Sequence[str], words: Said, context: PlanningContext, ask: str) -> Object | Question:
    rows: list[Object] = []
    for kind in kinds:
        rows += await listed(kind, words.namespace, context, everywhere=words.everywhere)
    exact = [row for row in rows if row.name == name]
    if len(exact) == 1:
        return exact[0]
    if len(exact) > 1:
        return _several(name, exact, ask)
    begins = [row for row in rows if row.name.startswith(f"{name}-")] if "pod" in kinds else []
    if len(begins) == 1:
        return begins[0]
    if begins:
        return _several(name, begins, ask)
    return await _nowhere(name, kinds, rows, words, context, ask)


def _several(name: str, rows: Sequence[Object], ask: str) -> Question:
    shown = ", ".join(map(str, rows[:SHOWN]))
    offers = tuple(
        f"{ask} {row.kind} {row.name}" + (f" in namespace {row.namespace}" if row.namespace else "")
        for row in rows[:SHOWN]
    )
    return Question(f"{len(rows)} objects match “{name}”: {shown}. Which one?", offers)


async def _nowhere(
    name: str, kinds: Sequence[str], rows: Sequence[Object], words: Said, context: PlanningContext, ask: str
) -> Question:
    """Nothing has that name here: the nearest names, and the same name in other namespaces."""
    kind = kinds[0]
    where = f" in namespace {words.namespace}" if words.namespace else ""
    text = f"There is no {kind} “{name}”{where}."
    if kind not in CLUSTER_WIDE and not words.everywhere:
        others = [row for one in kinds for row in await listed(one, None, context, everywhere=True) if row.name == name]
        if others:
            return Question(
                f"{text} It is in {', '.join(str(row.namespace) for row in others[:SHOWN])}.",
                tuple(f"{ask} {row.kind} {row.name} in namespace {row.namespace}" for row in others[:SHOWN]),
            )
    near = get_close_matches(name, [row.name for row in rows], n=3) or [row.name for row in rows[:SHOWN]]
    there = f" There are: {', '.join(dict.fromkeys(row.name for row in rows[:SHOWN]))}." if rows else ""
    return Question(text + there, tuple(f"{ask} {kind} {one}" for one in near))
