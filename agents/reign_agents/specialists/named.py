"""Things called only by their name ("remove web"): looked for among containers, volumes, networks, images and files."""

from __future__ import annotations

import re

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.wish import Thing, Wish, names
from reign_agents.specialists import docker, files
from reign_agents.specialists.docker import containers
from reign_agents.specialists.docker.chosen import read
from reign_agents.specialists.docker.containers import spares_data
from reign_agents.specialists.docker.found import present
from reign_agents.specialists.files.moving import without_part
from reign_agents.specialists.files.said import PATH
from reign_agents.specialists.files.several import spared_in
from reign_agents.specialists.terraform.folders import state_there
from reign_executors.errors import OperationError
from reign_executors.home import expanded

_KINDS = ("container", "volume", "network", "image")
_NOISE = frozenset(["everything", "forcefully", "completely", "docker", "-f", "-rf", "-r", "--force", "please"])


async def _kinds_of(name: str, context: PlanningContext) -> list[str]:
    """The kinds of things of exactly this name that are there."""
    found = []
    for kind in _KINDS:
        try:
            there = await present(kind, context)
        except OperationError as error:
            if error.kind != "tool_missing":
                raise
            break
        if any(name in one.names or f"{name}:latest" in one.names for one in there):
            found.append(kind)
    try:
        path = context.settings.cwd / expanded(name)
        if path.is_symlink() or path.exists():
            found.append("directory" if path.is_dir() else "file")
    except (OSError, RuntimeError, ValueError):
        return found
    return found


async def _remove(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    return await _by_name(wish, context, outline, "remove")


async def _rename(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    return await _by_name(wish, context, outline, "rename")


async def _by_name(wish: Wish, context: PlanningContext, outline: Outline, verb: str) -> Question | None:
    scan = wish.scan()
    target = re.search(r"\b(?:to|into|as)\s+\S+.*$", scan.text, re.IGNORECASE)
    tail = f" {target.group()}" if target is not None and verb == "rename" else ""
    if tail:
        scan.text = scan.text[: target.start()] if target is not None else scan.text
    scan.take(r"\b(?:and|with|including)\s+(?:all\s+)?(?:its|their)\s+\w+")
    volumes = scan.has(r"(?<!\S)(?:--volumes|-v|-fv|-vf)(?!\S)")
    choice = read(scan) if verb == "remove" else None
    if choice is not None and choice.unknown_condition is not None:
        return Question(f"I can't make that depend on “{choice.unknown_condition}”: it is done at once, or not.")
    wanted = names(scan, _NOISE)
    if choice is not None:
        wanted = [name for name in wanted if name not in choice.spared]
        if wish.has("everything"):
            return Question(
                f"What should I {verb}?",
                ("remove all stopped containers", "list containers", "list volumes", "list images"),
            )
        if choice.wide or choice.condition is not None or choice.not_done is not None:
            return await containers.remove(wish, context, outline)
        if choice.sifts or choice.end or choice.states:
            kinds_of = [await _kinds_of(name, context) for name in wanted]
            if all("container" in kinds for kinds in kinds_of) or not any(kinds_of):
                return await containers.remove(wish, context, outline)
            if choice.sifts or choice.end:
                said = " ".join(choice.said) or f"the {choice.end}"
                return Question(
                    f"I can't tell whether {' and '.join(wanted)} is {said}: only containers are chosen by it."
                )
    if not wanted and wish.it is not None:
        return await _of_kind(wish, wish.it.kind, wish.it.name, verb, tail, context, outline)
    if not wanted:
        return Question(
            f"What should I {verb}?",
            (
                f"{verb} container web{' to web2' if tail else ''}",
                f"{verb} file notes.txt{' to n.txt' if tail else ''}",
            ),
        )
    for name in wanted:
        made = [thing.kind for thing in outline.made if thing.name == name]
        kinds = made or await _kinds_of(name, context)
        if len(kinds) != 1:
            offered = kinds or ["container", "file"]
            suggestions = tuple(f"{verb} {kind} {name}{tail}" for kind in offered)
            if kinds:
                return Question(f"“{name}” is {_listed(kinds)}. Which one should I {verb}?", suggestions)
            return Question(
                f"There is no container, volume, network, image or file “{name}” here.{await _there(context)}"
            )
        held = state_there(name, context) if verb == "remove" and kinds == ["directory"] and not made else None
        if held is None and kinds == ["directory"]:
            held = without_part(name, spared_in(wish.scan()))
        if held is not None:
            return held
        outline.assume(f"“{name}” is the {kinds[0]} {name}")
        question = await _of_kind(wish, kinds[0], name, verb, tail, context, outline, volumes=volumes)
        if question is not None:
            return question
    return None


def _listed(kinds: list[str]) -> str:
    said = [f"{'an' if kind == 'image' else 'a'} {kind}" for kind in kinds]
    return f"{', '.join(said[:-1])} and {said[-1]}"


async def _there(context: PlanningContext) -> str:
    try:
        there = [one.name for one in await present("container", context)]
    except OperationError as error:
        if error.kind != "tool_missing":
            raise
        return ""
    return f" Containers: {', '.join(there[:8])}." if there else ""


async def _of_kind(
    wish: Wish,
    kind: str,
    name: str,
    verb: str,
    tail: str,
    context: PlanningContext,
    outline: Outline,
    *,
    volumes: bool = False,
) -> Question | None:
    quoted = f'"{name}"'
    more = (
        " with its volumes"
        if kind == "container"
        and (volumes or wish.has("its volumes", "its volume", "its data", "volumes"))
        and not spares_data(wish)
        else ""
    )
    one = Wish.of(f"{verb} {kind} {quoted}{tail}{more}")
    recipe = max((*docker.RECIPES, *files.RECIPES), key=lambda known: known.score(one))
    if recipe.score(one) == 0:
        return Question(f"I can't {verb} a {kind}.", (f"remove {kind} {name}",))
    return await recipe.build(one, context, outline)


def _only_named(wish: Wish) -> bool:
    return not wish.kinds and (wish.it is not None or bool(re.search(r"[\w\ue000-\uf8ff]", wish.scan().text)))


RECIPES = (
    Recipe(
        "named.remove",
        frozenset({"remove"}),
        frozenset(),
        _remove,
        "remove web",
        fits=lambda w: _only_named(w) and not PATH.search(w.scan().text),
    ),
    Recipe(
        "named.rename",
        frozenset({"rename"}),
        frozenset(),
        _rename,
        "rename web to web2",
        fits=lambda w: _only_named(w) and not PATH.search(w.scan().text),
    ),
)
"""What is done to a thing whose kind was not said."""

__all__ = ["RECIPES", "Thing"]
