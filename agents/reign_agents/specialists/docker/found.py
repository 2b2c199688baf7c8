"""Which container, image, volume or network the words mean: looked up on the real engine, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.planning.words import ROLES

_LISTS = {
    "container": ("docker.list_containers", "containers"),
    "image": ("docker.list_images", "images"),
    "volume": ("docker.list_volumes", "volumes"),
    "network": ("docker.list_networks", "networks"),
}
_SHOWN = 8
_LOSING = ("remove", "stop", "kill")
"""What is never done to a thing by a part of its name alone."""


@dataclass(frozen=True, slots=True)
class There:
    """One object of the engine: ``names`` it goes by (the first is shown), ``row`` as the engine's query gave it."""

    names: tuple[str, ...]
    row: dict[str, Any]

    @property
    def name(self) -> str:
        return self.names[0]

    def called(self, word: str) -> There:
        """The same thing, by that of its names which the word means: an image has several tags."""
        meant = [name for name in self.names if name in (word, f"{word}:latest")]
        meant += [name for name in self.names if word.lower() in name.lower()]
        first = meant[0] if meant else self.name
        return There((first, *(name for name in self.names if name != first)), self.row)

    @property
    def running(self) -> bool:
        return self.row.get("status") in ("running", "paused", "restarting")


async def present(kind: str, context: PlanningContext) -> list[There]:
    """All objects of a kind that the engine has."""
    operation, key = _LISTS[kind]
    listed = await context.look(operation, {"all": True} if kind == "container" else {})
    rows: Any = listed.get(key) or []
    return [There(_names_of(kind, row), row) for row in rows]


def _names_of(kind: str, row: dict[str, Any]) -> tuple[str, ...]:
    if kind == "image":
        return tuple(str(tag) for tag in row.get("tags") or ()) or (str(row.get("id", "")),)
    return (str(row.get("name") or row.get("id")),)


def _in_role(wish: Wish, rows: Iterable[There]) -> list[There]:
    """The containers that do what the words say: "the database"."""
    images = {image for word, images in ROLES.items() if wish.has(word) for image in images}
    return [row for row in rows if str(row.row.get("image")).rsplit("/", 1)[-1].partition(":")[0] in images]


def match(wanted: str, there: Iterable[There]) -> list[There]:
    """Those the word can mean: its exact name, else its id's beginning, else those whose name contains it."""
    rows = list(there)
    exact = [one for one in rows if wanted in one.names or f"{wanted}:latest" in one.names]
    if exact:
        return exact
    by_id = [
        one
        for one in rows
        if len(wanted) >= 4 and str(one.row.get("id", "")).removeprefix("sha256:").startswith(wanted)
    ]
    if by_id:
        return by_id
    return [one for one in rows if any(wanted.lower() in name.lower() for name in one.names)]


def _meant_by(one: There, word: str) -> bool:
    """Whether the word is this container's name, the beginning of its id, its image or what it does."""
    plain = word.lower()
    image = str(one.row.get("image")).rsplit("/", 1)[-1].partition(":")[0]
    by_id = len(word) >= 4 and re.fullmatch(r"[0-9a-f]+", plain) and str(one.row.get("id", "")).startswith(plain)
    return plain in (name.lower() for name in one.names) or bool(by_id) or image in (plain, *ROLES.get(plain, ()))


def none_there(kind: str, wanted: str, rows: Sequence[There], ask: str) -> Question:
    """Say that nothing has this name, and what there is instead."""
    names = [one.name for one in rows]
    rest = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    there = f"There are: {', '.join(names[:_SHOWN])}{rest}." if names else f"There are no {kind}s."
    offered = tuple(f"{ask} {kind} {name}" for name in get_close_matches(wanted, names, n=3) or names[:5])
    return Question(f"There is no {kind} “{wanted}”. {there}", offered, missing=kind, absent=wanted)


def several(kind: str, wanted: str, near: Sequence[There], ask: str) -> Question:
    listed = ", ".join(one.name for one in near[:_SHOWN])
    return Question(
        f"{len(near)} {kind}s match “{wanted}”: {listed}. Which one?",
        tuple(f"{ask} {kind} {one.name}" for one in near[:_SHOWN]),
    )


async def resolved(
    names: Sequence[str], kind: str, wish: Wish, context: PlanningContext, outline: Outline, ask: str
) -> list[There] | Question:
    """The objects that these names mean, in order; a question when one means none or several.

    Without names "it" is taken; without both, the question names what there is.
    """
    if not names and wish.it is not None and wish.it.kind == kind:
        names = (wish.it.name,)
        if any(wish.it == made for made in outline.made):
            return [There((wish.it.name,), {})]
    rows = await present(kind, context)
    if not names and kind == "container" and (of_role := _in_role(wish, rows)):
        if len(of_role) > 1:
            return several(kind, next(word for word in ROLES if wish.has(word)), of_role, ask)
        outline.assume(f"it is the container {of_role[0].name}")
        return of_role
    if not names:
        shown = tuple(f"{ask} {kind} {one.name}" for one in rows[:5])
        return Question(f"Which {kind} should I {ask}?" + ("" if rows else f" There is no {kind}."), shown)
    found: list[There] = []
    for name in names:
        if any(thing.kind == kind and thing.name == name for thing in outline.made):
            found.append(There((name,), {}))
            continue
        near = match(name, rows)
        if not near:
            return none_there(kind, name, rows, ask)
        if len(near) > 1:
            return several(kind, name, near, ask)
        if kind == "container" and ask in _LOSING and not _meant_by(near[0], name):
            return Question(
                f"There is no {kind} “{name}”. Did you mean {near[0].name}?", (f"{ask} {kind} {near[0].name}",)
            )
        one = near[0].called(name)
        if name != one.name:
            outline.assume(f"“{name}” is the {kind} {one.name}")
        if one not in found:
            found.append(one)
    return found
