"""What only looks at a folder or its state, and what formats and initialises it."""

from __future__ import annotations

import re
from contextlib import suppress

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Build, Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.terraform.folders import folder_of, init_first
from reign_agents.specialists.terraform.said import Said
from reign_executors.home import expanded


def simple(operation: str, why: str, *more: str) -> Build:
    """What takes a folder and perhaps a workspace."""

    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        said = Said(wish)
        if operation == "terraform.version" and said.folder is None:
            outline.add(operation, {}, "which terraform it is")
            return None
        folder = await folder_of(wish, said, context, outline)
        if isinstance(folder, Question):
            return folder
        fields: dict[str, JsonValue] = {"folder": folder}
        if operation in ("terraform.output", "terraform.state_list", "terraform.show"):
            fields["workspace"] = said.workspace
        if operation == "terraform.output":
            fields["output"] = _one_output(wish, folder, context)
        if operation == "terraform.show":
            fields["address"] = said.address()
        for word in more:
            if re.search(rf"\b{word}", wish.lower) or (word == "recursive" and wish.has("below")):
                fields[word] = True
        after = init_first(folder, context, outline) if operation == "terraform.validate" else ()
        outline.add(operation, fields, why.format(folder), after=after)
        return None

    return build


def _one_output(wish: Wish, folder: str, context: PlanningContext) -> str | None:
    """The output that is named, where the configuration has it."""
    path = (context.settings.cwd / expanded(folder)).resolve()
    names: set[str] = set()
    for file in sorted(path.glob("*.tf"))[:200]:
        with suppress(OSError):
            names |= set(
                re.findall(r'^\s*output\s+"?([A-Za-z_][\w-]*)"?\s*\{', file.read_text("utf-8", "replace"), re.MULTILINE)
            )
    said = re.findall(r"[A-Za-z_][\w-]*", wish.text)
    return next((word for word in said if word in names), None)
