"""Conditions that a person puts on a change: "only if it failed", "once the vpc is up". They are asked about."""

from __future__ import annotations

import re

from reign_agents.planning.recipe import Question
from reign_agents.planning.scan import Scan

_THEIR_OWN = (
    r"possible|needed|necessary|required|you\s+(?:can|could|please|like|want)|"
    r"(?:it(?:'s|\s+is)?\s+|(?:that|one|the\s+\w+)\s+)?(?:already\s+|not\s+|doesn'?t\s+|does\s+not\s+)*"
    r"(?:exists?|missing|absent|installed|there)|it\s+isn'?t\s+there|not|so|"
    r"(?:it|that|this|anything|something|the\s+\w+)\s+(?:fails?|breaks?|goes\s+wrong|does\s?n[o']t\s+(?:work|come\s+up))"
)
"""What follows "if" where the operations themselves know it: an upgrade of what exists, going back on failure."""
_CONDITION = re.compile(
    rf"(?<![\w./-])(?:(?:but\s+|and\s+)?(?:only|just|except)\s+(?:if|when|once|after)\b|"
    rf"if\b(?!\s+(?:{_THEIR_OWN})(?![\w-]))|unless\b(?![- ]stopped)|provided\b(?=\s+(?:that|it|the|all|no)\b)|"
    r"(?:as|so)\s+long\s+as\b|in\s+case\b|"
    r"(?:when|once|as\s+soon\s+as|after|until)\s+(?=(?:[\w./-]+\s+){1,5}?"
    r"(?:is|are|has|have|was|were|gets|comes|runs|finish(?:es|ed)|ends|works|passes|passed|says|answers)\b))[^,;]*",
    re.IGNORECASE,
)
_TO_BE_TOLD = re.compile(r"\b(?:tell|let\s+me\s+know|notify|ping|say|report|wait|warn|ask)\b", re.IGNORECASE)


def condition(text: str) -> str | None:
    """The condition on what is asked for; None where there is none, or it only says when to be told."""
    scan = Scan(text)
    found = _CONDITION.search(scan.text)
    if found is None or _TO_BE_TOLD.search(scan.text[: found.start()]) or not scan.text[: found.start()].strip(" ,;"):
        return None
    return scan.restored(found.group().strip())


def asked_first(text: str, looks: tuple[str, ...] = ()) -> Question | None:
    """The question where a change hangs on a condition: nothing is done that was to be done only then.

    ``looks`` are requests that show whether it holds.
    """
    said = condition(text)
    if said is None:
        return None
    plain = " ".join(text.replace(said, " ").split()).strip(" ,;.")
    offered = (*looks, *((plain,) if condition(plain) is None else ()))
    return Question(f"I can't wait for “{said}” or decide it: “{plain}” would be done at once. Look first:", offered)
