"""Single keys of config maps and secrets: set, changed, removed; the others stay."""

from __future__ import annotations

import re
from dataclasses import replace

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import VALUE
from reign_agents.planning.wish import Wish
from reign_agents.specialists.kubernetes.found import listed, meant
from reign_agents.specialists.kubernetes.objects import create_config
from reign_agents.specialists.kubernetes.said import said

_KEY = r"[A-Za-z_][\w.-]*"
_PAIR = re.compile(rf"(?<![\w./-])(?P<key>{_KEY})=(?P<value>{VALUE})")
_TO = re.compile(
    rf"^\W*(?:the\s+)?(?:key\s+)?(?P<key>{_KEY})\s+to\s+(?P<value>{VALUE})\s+(?:in|of|on)\b", re.IGNORECASE
)
_IN_TO = re.compile(
    rf"^\W*(?:the\s+)?(?:value\s+of\s+)?(?:key\s+)?(?P<key>{_KEY})\s+(?:in|of|on)\s+(?:the\s+)?(?P<where>[\w.\s-]+?)\s+to\s+"
    rf"(?P<value>{VALUE})\s*(?:in\s+[\w\s.-]+)?\W*$",
    re.IGNORECASE,
)
_GONE = re.compile(
    rf"^\W*(?:the\s+)?(?:keys?\s+)?(?P<keys>{_KEY}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+){_KEY})*)\s+"
    r"(?:from|of|in|out\s+of)\s+(?:the\s+)?(?:secret|config\s?map|cm)\b(?:\s+(?P<name>(?!in\b|of\b)[a-z0-9][\w.-]*))?",
    re.IGNORECASE,
)
_KINDS = ("configmap", "secret")


def removes_keys(wish: Wish) -> bool:
    """Whether keys are to go and the object stays."""
    return said(wish).kind in _KINDS and _GONE.match(wish.rest) is not None


def sets_keys(wish: Wish) -> bool:
    """Whether the words give keys of a config map or a secret values."""
    text = wish.scan().text
    return said(wish).kind in _KINDS and any((_PAIR.search(text), _TO.match(text), _IN_TO.match(text)))


async def set_keys(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """Keys of what is there get values; what is not there is made, where the words allow it."""
    words = said(wish)
    scan = wish.scan()
    values: dict[str, JsonValue] = {found["key"]: found["value"] for found in scan.take(_PAIR.pattern)}
    if not values and (named := _TO.match(scan.text) or _IN_TO.match(scan.text)) is not None:
        values = {named["key"]: scan.restored(named["value"])}
    kind = words.kind or "configmap"
    there = {row.name for row in await listed(kind, words.namespace, context)} if words.name else set()
    new = wish.verb == "append" or re.match(r"\W*(?:an?|new)\s", wish.rest, re.IGNORECASE)
    if new and words.name is not None and words.name not in there:
        return await create_config(wish, context, outline)
    return await _changed(wish, context, outline, values)


async def remove_keys(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    match = _GONE.match(wish.rest)
    assert match is not None
    keys = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", match["keys"])
    return await _changed(wish, context, outline, dict.fromkeys(keys), match["name"])


async def _changed(
    wish: Wish, context: PlanningContext, outline: Outline, values: dict[str, JsonValue], name: str | None = None
) -> Question | None:
    words = said(wish)
    words = replace(words, names=(name,) if name else tuple(one for one in words.names if one not in values))
    found = await meant(words, wish, context, outline, "set keys of", _KINDS)
    if isinstance(found, Question):
        return found
    for one in found[:1]:
        field = "secret_data" if one.kind == "secret" else "data"
        listing = ", ".join(values)
        gone = all(value is None for value in values.values())
        outline.add(
            "kubernetes.set_data",
            {**one.fields(), field: {**values}},
            f"{listing} {'leaves' if gone else 'is set in'} the {one.kind} {one.name}",
        )
        outline.assume("its other keys stay")
    return None
