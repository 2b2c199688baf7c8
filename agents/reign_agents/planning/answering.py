"""A bare answer to the question that was asked last: "five", "the second", "both"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from reign_agents.planning.recipe import Question

_ORDINALS = {"first": 0, "1": 0, "one": 0, "second": 1, "2": 1, "two": 1, "third": 2, "3": 2, "other": 1, "last": -1}
_YES = re.compile(
    r"(?:yes|yep|yeah|sure|ok(?:ay)?|please|do|that|it|please\s+do)(?:\W+(?:please|do|that|it|so))*\W*", re.IGNORECASE
)
_SHOULD = re.compile(r"\bShould [^?]*\?$|\bLook into it first\?$")
_MOST = 4
"""Things that "all" may mean at a time."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The question this session was asked last, so that a bare answer can be understood. ``part`` of the request is
    what it is about.
    """

    request: str
    question: Question
    part: str


def completed(asked: Asked, reply: str) -> str | None:
    """The whole request that a bare reply to the last question makes; None when the reply is a request of its own."""
    text = reply.strip().strip("\"'`.! ")
    words = re.sub(
        r"^(?:the|use|take|call\s+it|name\s+it|i\s+mean|it'?s|on)\s+|\s+(?:one|please)$", "", text, flags=re.IGNORECASE
    ).strip()
    if not words or len(words.split()) > 3:
        return None
    offered = [text for text in asked.question.suggestions if "…" not in text]
    place = _ORDINALS.get(words.lower())
    if asked.question.completes is None:
        if len(offered) == 1 and _YES.fullmatch(reply.strip()) and _SHOULD.search(asked.question.text):
            return offered[0]
        if re.fullmatch(r"(?:both|all)(?:\s+(?:of\s+)?them)?", words, re.IGNORECASE) and 1 < len(offered) <= _MOST:
            return " and ".join(offered)
        if place is not None and -len(offered) <= place < len(offered):
            return offered[place]
        fitting = [one for one in offered if words in re.split(r"\s+", one)]
        return fitting[0] if len(fitting) == 1 and len(words.split()) == 1 else None
    if len(words.split()) == 1:
        part = asked.part.rstrip(" .!?")
        completed = asked.question.completes.format(request=part, reply=words, quoted=f'"{words}"')
        return asked.request.rstrip(" .!?").replace(part, completed, 1)
    return None
