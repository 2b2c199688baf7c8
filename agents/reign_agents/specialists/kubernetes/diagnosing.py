"""Why something on a cluster is not well: what it says of itself, its warnings, its last words."""

from __future__ import annotations

import re

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.kubernetes.found import meant
from reign_agents.specialists.kubernetes.said import said

KINDS = ("deployment", "statefulset", "daemonset", "pod", "job")
_CRASHED = re.compile(r"crash|restart|exit|oom|killed|dies|dying|died|error|137|fail", re.IGNORECASE)


async def why(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """Three reads of each object named; what they mean is said by ``specialists.findings``."""
    words = said(wish)
    found = await meant(words, wish, context, outline, "look into", KINDS)
    if isinstance(found, Question):
        return found
    for one in found:
        outline.add("kubernetes.describe", one.fields(), f"what {one.name} says of itself")
        outline.add("kubernetes.events", {**one.fields(), "warnings": True}, f"the warnings about {one.name}")
        log = {**one.fields(), "tail": 40}
        if _CRASHED.search(wish.text):
            outline.add("kubernetes.logs", {**log, "previous": True}, "its last words before the last restart")
        else:
            outline.add("kubernetes.logs", log, f"the last words of {one.name}")
    return None
