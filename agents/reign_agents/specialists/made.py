"""What a container keeps as it was made: its image, ports, mounts and variables. Asked to change them, the honest
answer is that it has to be made again. Where no container has the name, the other recipes have the words.
"""

from __future__ import annotations

import re

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Wish
from reign_agents.planning.words import KINDS
from reign_agents.specialists.docker.found import There, match, present
from reign_agents.specialists.docker.values import IMAGE
from reign_executors.errors import OperationError

_PORTS = re.compile(
    r"^\W*(?:please\s+|can\s+you\s+|could\s+you\s+)*(?:open|publish|expose|map|forward|add|close|unpublish|change|remove)\b"
    r"[^.;]*(?:\bports?\b|(?<=\s)\d{2,5}\b)[^.;]*\b(?:on|of|in|for|from|to)\b",
    re.IGNORECASE,
)
_OF_IMAGE = re.compile(
    r"^\W*(?:please\s+)?(?:(?:recreate|redeploy|rebuild)\b|(?:upgrade|update|bump|roll|downgrade|switch|swap)\b[^;]*"
    rf"(?:{IMAGE.pattern}|\bimage\b|\b(?:to|with)\s+(?:(?:the\s+)?version\s+|v)?\d+(?:\.\d+)+\b|"
    r"\b(?:to|with)\s+[a-z]+\s+v?\d[\w.]*(?!\s*[kmg])))",
    re.IGNORECASE,
)
_VARIABLE = re.compile(
    r"^\W*(?:please\s+)?(?:set|change|add|unset|update)\b[^.;]*(?:\benv\w*\b|\bvariable\b|(?<!\S)[A-Z][A-Z0-9_]*=)"
)
_MOUNT = re.compile(r"^\W*(?:please\s+)?(?:mount|attach|add)\b[^.;]*\bvolume\b", re.IGNORECASE)
_OTHER = re.compile(
    r"\b(?:pods?|deployments?|statefulsets?|daemonsets?|namespaces?|kubernetes|k8s|cluster|helm|release|chart|terraform|"
    r"service|services|ingress|firewall|configmap|memory|cpus?|restart|limits?|revisions?)\b|\s-n\s",
    re.IGNORECASE,
)
_KEPT = ((_PORTS, "ports"), (_VARIABLE, "variables"), (_MOUNT, "mounts"), (_OF_IMAGE, "image"))


def _what(wish: Wish) -> str | None:
    text = Scan(wish.text).text
    if _OTHER.search(text):
        return None
    if _VARIABLE.search(text) and re.search(r"\bin\s+[\w-]+\W*$", text):
        return None  # "… on api in staging": a place of a cluster
    return next((what for pattern, what in _KEPT if pattern.search(text)), None)


async def _named(wish: Wish, context: PlanningContext) -> There | None:
    """The container that the words name, or the one whose name a word before "container" is part of."""
    try:
        rows = await present("container", context)
    except OperationError as error:
        if error.kind != "tool_missing":
            raise
        return None
    text = Scan(wish.text).text
    words = [word.rstrip(".,") for word in re.split(r"[\s,;]+|['’]s\b", text) if word.lower() not in KINDS]
    exact = next((one for word in words for one in rows if word in one.names), None)
    said = re.search(r"([\w.-]+)\s+container\b|\bcontainer\s+([\w.-]+)", text, re.IGNORECASE)
    near = match(said[1] or said[2], rows) if said is not None and exact is None else []
    return exact or (near[0] if len(near) == 1 else None)


async def _again(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    from reign_agents.specialists import RECIPES as ALL

    one, what = await _named(wish, context), str(_what(wish))
    if one is None:
        others = [known for known in ALL if known not in RECIPES]
        recipe = max(others, key=lambda known: known.score(wish))
        if recipe.score(wish) == 0:
            return Question("I do not understand this request.", unread="")
        outline.agent = recipe.name.partition(".")[0]
        return await recipe.build(wish, context, outline)
    tagged = [found.group() for found in IMAGE.finditer(wish.text)]
    image = tagged[-1] if tagged and what == "image" else str(one.row.get("image"))
    port = re.findall(r"(?<![\w.:-])\d{2,5}(?![\w.])", wish.text) if what == "ports" else []
    on = f" on port {port[-1]}" if port and not re.match(r"\W*(?:close|unpublish|remove)", wish.lower) else ""
    return Question(
        f"{one.name} keeps its {what} as long as it lives: it has to be made again for that, "
        "with its ports, mounts and variables said anew:",
        (f"run {image} as {one.name}{on}, replace the existing one", f"inspect container {one.name}"),
    )


RECIPES = (
    Recipe(
        "made.again",
        frozenset({"show", "publish", "set", "upgrade", "append", "remove", "create", "rollback", "replace", "connect",
                   "check", "move", "deploy", "write", None}),
        frozenset(),
        _again,
        "run nginx:1.28 as web, replace the existing one",
        lambda wish: _what(wish) is not None,
        rank=14,
    ),
)  # fmt: skip
"""What can't be changed of a container."""
