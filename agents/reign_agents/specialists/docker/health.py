"""Health checks as people ask for them: "with a health check on /healthz every 10 seconds"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import JsonValue

from reign_agents.planning.scan import MASK, Scan

_CHECK = r"health[\s-]?checks?"
_LEAD = (
    r"(?:(?:and|with|has|having|add|including|include|using|plus|,)\s+){0,6}"
    rf"(?:an?\s+|the\s+|its\s+)?(?:http\s+)?{_CHECK}"
)
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
PROBES: dict[str, str] = {
    "redis": "redis-cli ping", "valkey": "valkey-cli ping", "postgres": "pg_isready -U postgres",
    "mysql": "mysqladmin ping -h 127.0.0.1", "mariadb": "healthcheck.sh --connect", "mongo": "mongosh --quiet --eval 1",
    "rabbitmq": "rabbitmq-diagnostics -q ping", "memcached": "echo version | nc -w 1 127.0.0.1 11211",
    "elasticsearch": "curl -fsS http://127.0.0.1:9200/_cluster/health",
}  # fmt: skip
"""Image → what tells inside it whether it is well, where that is not an answer over HTTP."""


@dataclass(slots=True)
class Health:
    """What was said: a command, or a path and a port to be asked over HTTP; ``interval`` in seconds."""

    command: str | None = None
    path: str | None = None
    port: int | None = None
    interval: float | None = None


def taken(scan: Scan) -> Health | None:
    """The health check that the words ask for, taken out of them; None where they ask for none."""
    if not re.search(rf"\b{_CHECK}\b|(?<!\S)--health-cmd\b", scan.text, re.IGNORECASE):
        return None
    found = Health()
    found.command = scan.first(r"(?<!\S)--health-cmd(?:=|\s+)(?P<value>\S+)") or scan.first(
        rf"{_LEAD}\s*(?:(?:that\s+|which\s+)?(?:runs?|running|by|of|command|with|using|is|does|:)\s*)*(?P<value>{MASK})"
    )
    if found.command is not None:
        found.interval = _interval(scan)
        return found
    port = scan.first(rf"{_LEAD}\s+(?:on|at|of|against)\s+port\s+(?P<value>\d{{2,5}})")
    if port is not None:
        found.port = int(port)
    found.interval = _interval(scan)
    url = scan.first(
        rf"{_LEAD}\s+(?:on|at|of|against|to|for|with|using|that\s+asks|:)?\s*(?:the\s+)?(?:url\s+|path\s+|endpoint\s+)?"
        r"(?P<value>(?:https?://(?:localhost|127\.0\.0\.1)(?::\d+)?)?/[\w./?=&-]*)"
    )
    if url is not None:
        address = re.match(r"https?://[^/:]+(?::(?P<port>\d+))?(?P<path>/.*)", url)
        found.path = address["path"] if address else url
        found.port = int(address["port"]) if address and address["port"] else None
    scan.has(rf"{_LEAD}(?!\w)")
    return found


def _interval(scan: Scan) -> float | None:
    """Seconds between two checks, as said; taken out of the words."""
    every = scan.take(r"(?:--health-interval[= ]|\bevery\s+)(?P<n>\d+(?:\.\d+)?)\s*(?P<unit>[smh])\w*")
    return float(every[0]["n"]) * _SECONDS[every[0]["unit"].lower()] if every else None


def check(said: Health, image: str, port: int | None) -> tuple[dict[str, JsonValue] | None, str]:
    """The ``healthcheck`` of ``docker.run`` and the default taken in words (empty: none was). ``port`` is the one it
    listens on inside, where that is known. None: nothing is known that could be asked.
    """
    more: dict[str, JsonValue] = {} if said.interval is None else {"interval": said.interval}
    if said.command is not None:
        return {"command": said.command, **more}, ""
    probe = PROBES.get(image) if said.path is None and said.port is None else None
    if probe is None:
        inner = said.port or port
        if inner is None:
            return None, ""
        url = f"http://127.0.0.1:{inner}{said.path or '/'}"
        probe = f"wget -q -O /dev/null {url} || curl -fsS -o /dev/null {url}"
        return {"command": probe, **more}, f"healthy means that {url} answers inside (say: with health check `…`)"
    return {"command": probe, **more}, f"healthy means that `{probe}` works inside (say: with health check `…`)"
