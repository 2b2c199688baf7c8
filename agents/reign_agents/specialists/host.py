"""Ports and services answering on this machine and others."""

from __future__ import annotations

import re

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.wish import Wish

_URL = re.compile(r"https?://[^\s`\"']+")
_PORT = re.compile(r"(?:port\s+|:)(\d{1,5})\b", re.IGNORECASE)


def _port(wish: Wish) -> int | None:
    found = _PORT.search(wish.text)
    text = found.group(1) if found else next(iter(wish.words("ports")), "")
    return int(text) if text.isdigit() and 0 < int(text) < 65536 else None


async def _check(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    url = _URL.search(wish.text)
    if url is not None:
        outline.add("network.http", {"url": url.group().rstrip(".,?!")}, f"see whether {url.group()} answers")
        return None
    port = _port(wish)
    if port is None:
        return Question("Which port or address should I check?", ("check port 8080", "check http://localhost:8080/"))
    host = wish.word("host") or "127.0.0.1"
    outline.add("network.check_port", {"host": host, "port": port}, f"see whether {host}:{port} answers")
    return None


async def _listening(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    outline.add("network.listening", {"port": _port(wish)}, "see who listens on which port")
    return None


RECIPES = (
    Recipe(
        "network.check",
        frozenset({"check", "test", "show", "watch", "validate", "tell", "find"}),
        frozenset(),
        _check,
        "check whether port 8080 answers",
        fits=lambda wish: bool(_URL.search(wish.text)) or _port(wish) is not None,
    ),
    Recipe(
        "network.listening",
        frozenset({"list", "show", "find", "check", "tell", "explain", "debug"}),
        frozenset(),
        _listening,
        "which ports are listened on",
        fits=lambda wish: wish.has(
            "listening", "listens", "listen", "listened", "open ports", "ports in use", "using port"
        ),
        rank=3,
    ),
)
