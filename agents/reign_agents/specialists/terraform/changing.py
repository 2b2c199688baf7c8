"""Plan, apply, destroy; workspaces made and removed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from pydantic import JsonValue

from reign_agents.planning.conditions import asked_first
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.elsewhere import timed
from reign_agents.planning.recipe import Build, Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.terraform.folders import (
    addresses_of,
    declared_variables,
    declares,
    folder_of,
    init_first,
    missing_value,
    no_such_workspace,
    workspaces_of,
)
from reign_agents.specialists.terraform.said import Said, means

_DRY = re.compile(
    r"(?<![\w-])(?:--)?dry[- ]?run\b|\b(?:only|just)\s+(?:show|plan|preview|look)\b|\bsimulat\w+|\bwhat[- ]if\b|"
    r"\bwhat\b.*\bwould\b|^\W*(?:please\s+)?(?:don[’']?t|do\s+not)\b.*\b(?:plan|show|preview|look)\b",
    re.IGNORECASE,
)
_SHOWN = 6


def planned(operation: str, why: str) -> Build:
    """Plan, apply and destroy."""

    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        said = Said(wish)
        folder = await folder_of(wish, said, context, outline)
        if isinstance(folder, Question):
            return folder
        dry = operation != "terraform.plan" and bool(_DRY.search(wish.lower))
        hung = (
            None if dry or operation == "terraform.plan" else asked_first(wish.text, (f"terraform plan in {folder}",))
        )
        if hung is not None:
            return hung
        more = [one for one in said.others(context.settings.cwd, folder) if declares(one, context)]
        if more:
            verb = operation.partition(".")[2]
            each = " and then ".join(f"{verb} terraform in {one}" for one in (folder, *more))
            return Question(f"One folder at a time: {', '.join((folder, *more))}. Which one, or all in turn?", (each,))
        said.declared(declared_variables(folder, context))
        question = missing_value(wish, folder, said, context)
        if question is not None:
            return question
        said.take_targets()
        destroys = operation == "terraform.destroy" or bool(re.search(r"\bdestr(?:oy|uction)\b|\bremov", wish.lower))
        question = None
        if operation != "terraform.plan" and not dry:
            question = await _chosen(operation.partition(".")[2], folder, said, wish, context, outline)
        question = question or await _spared(folder, said, destroys, wish, context, outline)
        if question is not None:
            return question
        after = init_first(folder, context, outline)
        question = await no_such_workspace(wish, folder, said, context, outline)
        if question is not None:
            return question
        fields: dict[str, JsonValue] = {"folder": folder, "workspace": said.workspace, **said.given()}
        at = f" in workspace {said.workspace}" if said.workspace else ""
        if dry or operation == "terraform.plan":
            fields["destroy"] = True if destroys else None
            outline.add("terraform.plan", fields, f"what terraform would change in {folder}{at}", after=after)
            return None
        if operation == "terraform.destroy":
            fields.pop("replace")
        outline.add(operation, fields, f"{why.format(folder)}{at}", after=after)
        return None

    return build


async def _chosen(
    verb: str, folder: str, said: Said, wish: Wish, context: PlanningContext, outline: Outline
) -> Question | None:
    """The words that nothing was made of: a workspace, resources by a part of their name; a question when neither.

    What is named but not found must never widen to all that is there.
    """
    left = said.left((folder, *folder.split("/")))
    left = [word for word in left if not any(means(word, one) for one in (*said.targets, *said.replace))]
    if not left or timed(wish.text) is not None:
        return None
    if len(left) == 1 and said.workspace is None and left[0] in await workspaces_of(folder, context):
        said.workspace = left[0]
        outline.assume(f"“{left[0]}” is the workspace {left[0]} of {folder}")
        return None
    known = await addresses_of(folder, said.workspace, context)
    matching = [[one for one in known if means(word, one)] for word in left]
    both = [one for one in known if all(one in found for found in matching)]
    fitting = both or ([found[0] for found in matching] if all(len(found) == 1 for found in matching) else [])
    words = " ".join(left)
    if len(fitting) == 1 or (fitting and not both):
        said.targets += fitting
        outline.assume(f"“{words}” is {' and '.join(fitting)}")
        return None
    place = f" in workspace {said.workspace}" if said.workspace else ""
    only = tuple(f"{verb} only {one} in {folder}{place}" for one in (fitting or known)[:3])
    offered = only if fitting else (f"terraform plan in {folder}{place}", *only[:2])
    if fitting:
        return Question(f"“{words}” can be {', '.join(fitting[:_SHOWN])}. Which one?", offered)
    there = f" There is {', '.join(known[:_SHOWN])}." if known else ""
    return Question(f"I can't make sense of “{words}” for terraform in {folder}.{there}", offered, unread=words)


async def _spared(
    folder: str, said: Said, destroys: bool, wish: Wish, context: PlanningContext, outline: Outline
) -> Question | None:
    """What is to be left alone, turned into what is to be destroyed; asked about where terraform has no such thing."""
    if not said.spared:
        return None
    words = [re.sub(r"^(?:the|my|our|module|resource)\s+|\s+(?:module|resource)s?$", "", one) for one in said.spared]
    known = await addresses_of(folder, said.workspace, context)
    kept = [one for word in _names(words) for one in known if means(word, one)]
    missed = [word for word in _names(words) if not any(means(word, one) for one in known)]
    listed = ", ".join(known[:_SHOWN])
    place = f" in workspace {said.workspace}" if said.workspace else ""
    if missed:
        there = f" There is {listed}." if listed else ""
        text = f"I find nothing called “{missed[0]}” in {folder} that could be left alone.{there}"
        return Question(text, (f"terraform plan in {folder}{place}",), absent=missed[0])
    rest = [one for one in known if one not in kept and ".data." not in f".{one}"]
    if destroys and not said.targets:
        if not rest:
            return Question(f"Nothing is left to destroy in {folder} without {', '.join(kept)}.")
        said.targets += rest
        outline.assume(f"{', '.join(kept)} is left out")
        outline.assume("only what is named is destroyed, and whatever depends on it: the preview shows all of it")
        return None
    offered = (f"terraform plan in {folder}{place}", f"apply only {' and '.join(rest[:_SHOWN])} in {folder}{place}")
    text = f"Terraform can't leave out {', '.join(kept[:_SHOWN])}: it applies all of {folder}, or only what is named."
    return Question(text, offered[: 2 if rest and len(rest) <= _SHOWN else 1])


def _names(words: Sequence[str]) -> list[str]:
    return [name for one in words for name in re.split(r"\s*(?:,\s*and|,|\band\b|\bor\b|\bnor\b)\s*", one) if name]


def workspace(operation: str, verb: str) -> Build:
    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        said = Said(wish)
        folder = await folder_of(wish, said, context, outline)
        if isinstance(folder, Question):
            return folder
        if said.workspace is None:
            return Question(
                f"Which workspace should I {verb}?",
                (f"{verb} workspace staging in {folder}",),
                completes="{request} {reply}",
            )
        hung = asked_first(wish.text, (f"list the workspaces of {folder}",))
        if hung is not None:
            return hung
        if said.spared and operation == "terraform.workspace_delete":
            return Question(
                f"A workspace goes with its state, and only an empty one: what is left of {said.workspace} would stay "
                "without anybody managing it.",
                (
                    f"list the state of {folder} in workspace {said.workspace}",
                    f"destroy {folder} in workspace {said.workspace}",
                ),
            )
        outline.add(operation, {"folder": folder, "new": said.workspace}, f"{verb} the workspace {said.workspace}")
        return None

    return build


async def replaced(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """One resource made anew: only that one, and what it depends on."""
    said = Said(replace(wish, rest=wish.text))
    folder = await folder_of(wish, said, context, outline)
    if isinstance(folder, Question):
        return folder
    hung = asked_first(wish.text, (f"terraform plan in {folder}",))
    if hung is not None:
        return hung
    said.declared(declared_variables(folder, context))
    anew = said.replace
    fields: dict[str, JsonValue] = {
        **said.given(),
        "folder": folder,
        "workspace": said.workspace,
        "targets": [*anew],
        "replace": [*anew],
    }
    outline.assume("nothing but that is applied (say: apply … replacing …, to apply the rest, too)")
    outline.add(
        "terraform.apply", fields, f"make {' and '.join(anew)} anew", after=init_first(folder, context, outline)
    )
    return None
