"""Ports and services answering on this machine and others."""

from __future__ import annotations

import re

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.wish import Wish

_URL = re.compile(r"https?://[^\s`\"'<>]+")
_HOST = r"(?:localhost|\d{1,3}(?:\.\d{1,3}){3}|[a-z][a-z0-9-]*(?:\.[a-z0-9-]+)+)"
_HOST_PORT = re.compile(rf"(?<![\w./-])(?P<host>{_HOST}):(?P<port>\d{{1,5}})\b", re.IGNORECASE)
_PORT = re.compile(r"\bports?\s+(?P<port>\d{1,5})\b|(?<![\w.:])(?P<bare>\d{2,5})(?![\w.:])", re.IGNORECASE)
_SITE = re.compile(r"\b[a-z0-9-]+(?:\.[a-z0-9-]+)+\b", re.IGNORECASE)
_ON = re.compile(rf"\b(?:on|at|of|from)\s+(?:host\s+|the\s+host\s+)?(?P<host>{_HOST})", re.IGNORECASE)


def port_of(wish: Wish) -> int | None:
    """The port the words name; None when they name none or an impossible one."""
    text = _URL.sub(" ", wish.text)
    pair = _HOST_PORT.search(text)
    found = pair or _PORT.search(re.sub(r"\b(?:with|status|code|answers?)\s+\d{3}\b", " ", text))
    if found is None:
        return None
    number = int(found["port"] or found.groupdict().get("bare") or 0)
    return number if 0 < number < 65536 else None


async def _check(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    url = _URL.search(wish.text)
    if url is not None:
        address = url.group().rstrip(".,?!;)")
        status = re.search(r"\b(?:with|status|code|returns?|answers?)\s+([1-5]\d\d)\b", wish.text)
        fields: dict[str, JsonValue] = {"url": address, "status": int(status.group(1)) if status else None}
        outline.add("network.http", fields, f"see whether {address} answers")
        return None
    port = port_of(wish)
    if port is None:
        ports = [given for step in outline.before if isinstance(given := step.fields.get("port"), int)]
        if not ports or not wish.has("port", "ports", "it"):
            return Question(
                "Which port or address should I check?",
                ("check port 8080", "check http://localhost:8080/"),
                completes="check {reply}",
            )
        port = ports[-1]
    pair, on = _HOST_PORT.search(wish.text), _ON.search(wish.text)
    host = pair["host"] if pair else on["host"] if on else "127.0.0.1"
    outline.add("network.check_port", {"host": host, "port": port}, f"see whether {host}:{port} answers")
    return None


async def _listening(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    outline.add("network.listening", {"port": port_of(wish)}, "see who listens on which port")
    return None


async def _free(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    outline.add("network.free_port", {"near": port_of(wish)}, "find a port nobody listens on")
    return None


_OPENING = re.compile(
    r"\W*(?:please\s+|can\s+you\s+)?(?:open|close|block|unblock|allow)\s+(?:\w+\s+){0,2}ports?\s[^?]*$", re.IGNORECASE
)
"""An order to open a port, no question whether it is."""


def _about_port(wish: Wish) -> bool:
    text = wish.text
    if _OPENING.match(text):
        return False
    return (
        bool(_URL.search(text) or _HOST_PORT.search(text))
        or ("port" in wish.kinds and not wish.has("publish", "publishes", "expose"))
        or (
            wish.verb == "check"
            and bool(_SITE.search(text))
            and wish.has("up", "online", "reachable", "alive", "responding")
        )
    )


_LOOK = frozenset({"list", "show", "find", "check"})
RECIPES = (
    Recipe(
        "network.check",
        _LOOK | {"pull", "inspect"},
        frozenset(),
        _check,
        "check whether port 8080 answers",
        fits=_about_port,
        rank=2,
    ),
    Recipe(
        "network.listening",
        _LOOK,
        frozenset(),
        _listening,
        "which ports are listened on",
        fits=lambda wish: (
            wish.has(
                "listening",
                "listens",
                "listen",
                "listened",
                "open ports",
                "ports in use",
                "ports are open",
                "ports are in use",
                "ports are used",
                "who uses",
                "using port",
                "uses port",
                "occupies",
                "occupied",
                "blocking port",
                "taken",
                "in use",
            )
            and ("port" in wish.kinds or port_of(wish) is not None or wish.has("listening"))
        ),
        rank=6,
    ),
    Recipe(
        "network.free_port",
        _LOOK | {"create"},
        frozenset(),
        _free,
        "find a free port near 8080",
        fits=lambda wish: wish.has("free port", "unused port", "available port"),
        rank=8,
    ),
)
