"""Conditions in a request to change a cluster: a plan does what it shows, so they are looked at first."""

from __future__ import annotations

import re

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Build, Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.kubernetes.said import WORKLOADS, said

_IF = re.compile(
    r"(?:\s{0,6},)?\s{1,6}(?:but\s+)?(?:only\s+|and\s+only\s+)?\b(?:if|unless|provided(?:\s+that)?|as\s+long\s+as|in\s+case|only\s+(?:when|once|after))\s+"
    r"(?P<what>\S(?:.{0,2000}\S)?)",
    re.IGNORECASE,
)
_HARMLESS = re.compile(
    r"\b(?:exists?|existing|(?:is|are|isn['’]?t|aren['’]?t)\s+(?:not\s+)?(?:already\s+)?there|possible|needed|necessary|required|"
    r"any|you\s+can|missing|absent|present)\b",
    re.IGNORECASE,
)


def condition(wish: Wish) -> str | None:
    """What has to hold before the change: "it is unhealthy"; None where the words set no condition."""
    match = _IF.search(wish.scan().text)
    if match is None or _HARMLESS.search(match["what"]):
        return None
    return re.sub(r"\s{1,6}in\s{1,6}kubernetes$", "", match["what"].rstrip(" .!?"), flags=re.IGNORECASE).strip()


def unconditional(build: Build) -> Build:
    """The recipe's build, with a question in its stead where the words set a condition."""

    async def guarded(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        held = condition(wish)
        if held is None:
            return await build(wish, context, outline)
        words = said(wish)
        bare = " ".join(_IF.sub("", wish.text).split())
        look = f"is {words.name} healthy?" if words.name and words.kind in (*WORKLOADS, None) else None
        of = f" for {', '.join(words.names)}" if words.names else ""
        return Question(
            f"A plan does what it shows and decides nothing: whether “{held}” holds{of} is looked at first.",
            tuple(one for one in (look, bare) if one),
        )

    return guarded
