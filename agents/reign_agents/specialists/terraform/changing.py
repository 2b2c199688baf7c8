"""Plan, apply, destroy; workspaces made and removed."""

from __future__ import annotations

import re

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Build, Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.terraform.folders import folder_of, init_first, missing_value, no_such_workspace
from reign_agents.specialists.terraform.said import Said


def planned(operation: str, why: str) -> Build:
    """Plan, apply and destroy."""

    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        said = Said(wish)
        folder = await folder_of(wish, said, context, outline)
        if isinstance(folder, Question):
            return folder
        question = missing_value(wish, folder, said, context)
        if question is not None:
            return question
        after = init_first(folder, context, outline)
        question = await no_such_workspace(wish, folder, said, context, outline)
        if question is not None:
            return question
        fields: dict[str, JsonValue] = {"folder": folder, "workspace": said.workspace, **said.given()}
        if operation == "terraform.destroy":
            fields.pop("replace")
        if operation == "terraform.plan" and re.search(r"\bdestr(?:oy|uction)\b|\bremov", wish.lower):
            fields["destroy"] = True
        at = f" in workspace {said.workspace}" if said.workspace else ""
        outline.add(operation, fields, f"{why.format(folder)}{at}", after=after)
        return None

    return build


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
        outline.add(operation, {"folder": folder, "new": said.workspace}, f"{verb} the workspace {said.workspace}")
        return None

    return build
