"""Which cluster objects the words mean: looked up on the real cluster, never guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.kubernetes.said import CLUSTER_WIDE, WORKLOADS, Said
from reign_executors.errors import OperationError

SHOWN = 6


@dataclass(frozen=True, slots=True)
class Object:
    """One object: ``kind`` as the API calls it in small letters, ``namespace`` None for the cluster's own."""

    kind: str
    name: str
    namespace: str | None
    status: str = field(default="", compare=False)
    ready: str | None = field(default=None, compare=False)

    @classmethod
    def of(cls, fields: Mapping[str, JsonValue]) -> Object:
        """The object that an operation's fields name."""
        space = fields.get("namespace")
        return cls(str(fields["kind"]), str(fields["object"]), str(space) if space is not None else None)

    def fields(self) -> dict[str, JsonValue]:
        """The fields that name it in an operation."""
        return {"kind": self.kind, "object": self.name, "namespace": self.namespace}

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f" in {self.namespace}" if self.namespace else "")


async def listed(
    kind: str,
    namespace: str | None,
    context: PlanningContext,
    *,
    everywhere: bool = False,
    selector: str | None = None,
) -> list[Object]:
    """The objects of a kind in a namespace (None: the one the context chooses)."""
    fields: dict[str, JsonValue] = {"kind": kind}
    if everywhere and kind not in CLUSTER_WIDE:
        fields["all_namespaces"] = True
    elif namespace is not None and kind not in CLUSTER_WIDE:
        fields["namespace"] = namespace
    if selector is not None:
        fields["selector"] = selector
    out = await context.look("kubernetes.list", fields)
    rows: Any = out.get("objects") or ()
    return [
        Object(kind, str(row["name"]), row.get("namespace"), str(row.get("status") or ""), row.get("ready"))
        for row in rows
    ]


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
    from reign_agents.specialists.kubernetes.choosing import several

    many = await several(words, wish, context, outline, ask, kinds)
    if many is not None:
        return many
    words = await _not_a_namespace(words, context)
    wanted = list(words.names)
    tried = [words.kind] if words.kind is not None else list(kinds)
    if not wanted:
        rows = await listed(tried[0], words.namespace, context, everywhere=words.everywhere)
        space = f" in namespace {words.namespace}" if words.namespace else ""
        example = tuple(f"{ask} {row.kind} {row.name}{space}" for row in rows[:SHOWN])
        where = f" in {words.namespace}" if words.namespace else ""
        rest = "" if rows else f" There is no {tried[0]}{where}."
        return Question(f"Which {tried[0]} should I {ask}?{rest}", example)
    found: list[Object] = []
    plural = tried == ["pod"] and re.search(r"\bpods\b", wish.lower) is not None
    for name in wanted:
        pods = await _pods_of(name, words, context) if plural else []
        if pods:
            outline.assume(f"the {len(pods)} pods of {name}: {', '.join(one.name for one in pods[:SHOWN])}")
            found += pods
            continue
        made = next((thing for thing in outline.made if thing.name == name and thing.kind in tried), None)
        if made is not None:
            found.append(Object(made.kind, name, words.namespace))
            continue
        one = await _one(name, tried, words, context, ask)
        if isinstance(one, Question):
            return one
        if words.kind is None or one.name != name:
            outline.assume(f"“{name}” is the {one.kind} {one.name}")
        if words.namespace is None and one.namespace is not None:
            outline.assume(f"namespace {one.namespace}")
        found.append(one)
    return found


async def _not_a_namespace(words: Said, context: PlanningContext) -> Said:
    """The words with the only name in them as the object's where no namespace is called so: "remove a pod from web"."""
    space = words.namespace
    if words.names or space is None or space == context.settings.namespace:
        return words
    if space in {row.name for row in await listed("namespace", None, context)}:
        return words
    return replace(words, names=(space,), namespace=None)


_MADE_UP = r"[bcdfghjklmnpqrstvwxz2456789]"
"""Letters of the endings that a cluster gives to pods."""


async def _pods_of(name: str, words: Said, context: PlanningContext) -> list[Object]:
    """The pods that a workload of that name has, by what a cluster calls them; none where a pod itself is called so."""
    ending = re.compile(rf"{re.escape(name)}-(?:{_MADE_UP}{{5,10}}-{_MADE_UP}{{5}}|{_MADE_UP}{{5}}|\d+)")
    rows = await listed("pod", words.namespace, context, everywhere=words.everywhere)
    if any(row.name == name for row in rows):
        return []
    return [row for row in rows if ending.fullmatch(row.name)]


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
    inside = kind not in CLUSTER_WIDE
    space = words.namespace or (await _chosen(rows, context) if inside and not words.everywhere else None)
    where = f" in namespace {space}" if space and inside else " in any namespace" if inside else ""
    text = f"There is no {kind} “{name}”{where}."
    if inside and not words.everywhere:
        elsewhere = [row for one in kinds for row in await listed(one, None, context, everywhere=True)]
        others = [row for row in elsewhere if row.name == name]
        if others:
            return Question(
                f"{text} It is in {', '.join(str(row.namespace) for row in others[:SHOWN])}.",
                tuple(f"{ask} {row.kind} {row.name} in namespace {row.namespace}" for row in others[:SHOWN]),
                absent=name,
            )
        close = get_close_matches(name, [row.name for row in elsewhere], n=3)
        far = [row for row in elsewhere if row.name in close and row.namespace != space]
        if far and not get_close_matches(name, [row.name for row in rows], n=1):
            shown = ", ".join(map(str, far[:SHOWN]))
            return Question(
                f"{text} Near it: {shown}.",
                tuple(f"{ask} {row.kind} {row.name} in namespace {row.namespace}" for row in far[:SHOWN]),
                absent=name,
            )
    near = get_close_matches(name, [row.name for row in rows], n=3) or [row.name for row in rows[:SHOWN]]
    there = f" There are: {', '.join(dict.fromkeys(row.name for row in rows[:SHOWN]))}." if rows else ""
    there = there or f" There is no {kind} at all."
    said_where = f" in namespace {words.namespace}" if words.namespace else ""
    return Question(text + there, tuple(f"{ask} {kind} {one}{said_where}" for one in near), missing=kind, absent=name)


async def _chosen(rows: Sequence[Object], context: PlanningContext) -> str:
    """The namespace that is meant where none is said: the settings', the one of the rows, the context's."""
    if context.settings.namespace:
        return context.settings.namespace
    spaces = {row.namespace for row in rows if row.namespace}
    if len(spaces) == 1:
        return spaces.pop()
    try:
        known: Any = (await context.look("kubernetes.contexts", {})).get("contexts") or ()
    except OperationError:
        return "default"
    wanted = context.settings.kube_context
    here: dict[str, Any] = next(
        (row for row in known if (row.get("name") == wanted if wanted else row.get("current"))), {}
    )
    return str(here.get("namespace") or "default")
