"""Services of other machines, over ssh: whether they run, started, stopped, restarted, their log."""

from __future__ import annotations

import re
import shlex

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.wish import Wish
from reign_agents.specialists.shell import command_step
from reign_agents.understanding.lexicon import lexicon

_HOST = r"(?:[\w.-]+@)?[a-z][a-z0-9-]*(?:-\d+|\d+|(?:\.[a-z0-9-]+)+)|(?:\d{1,3}\.){3}\d{1,3}"
_ON = re.compile(
    rf"\bon\s+(?:the\s+)?(?:(?:host|server|machine|box|vm)\s+(?P<named>[\w.@-]*\w)|(?P<host>{_HOST}))(?![\w:/])",
    re.IGNORECASE,
)
_SERVICE = re.compile(r"(?<![\w./:-])(?P<name>[a-z][a-z0-9@_.-]*[a-z0-9]|[a-z])(?:\.service)?(?![\w/:])", re.IGNORECASE)
_SMALL_WORDS = """
is are the a an service daemon unit up running active alive still of for me please now log logs status restart start
stop reload check show journal last lines does run on again it its that this them those these
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_VERBS = {"restart": "restart", "start": "start", "stop": "stop", "reload": "reload"}
_OTHERS = re.compile(
    r"\b(?:containers?|docker|pods?|deployments?|namespace|kubernetes|k8s|cluster|context|helm|release|nodes?|network|"
    r"volumes?|images?|ports?|branch|workspace)\b",
    re.IGNORECASE,
)


def _host(wish: Wish) -> str | None:
    match = _ON.search(wish.scan().text) or _ON.search(wish.lower)
    if match is not None:
        return match["named"] or match["host"]
    return _of(wish)[1]


def _of(wish: Wish) -> tuple[str | None, str | None]:
    """Service and host that a pronoun stands for."""
    if wish.it is None or wish.it.kind != "unit" or " on " not in wish.it.name:
        return None, None
    name, _, host = wish.it.name.partition(" on ")
    return name, host


def _name(wish: Wish) -> str | None:
    text = _ON.sub(" ", wish.lower)
    found = [match["name"] for match in _SERVICE.finditer(text) if match["name"] not in _SMALL]
    return found[0] if len(found) == 1 else _of(wish)[0] if not found or wish.it is not None else None


def _fits(wish: Wish) -> bool:
    if wish.verb == "start" and _name(wish) in lexicon().images:
        return False  # a container, more likely
    return _host(wish) is not None and _name(wish) is not None and _OTHERS.search(wish.lower) is None


async def _service(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    host, name = str(_host(wish)), str(_name(wish))
    verb = _VERBS.get(wish.verb or "")
    if re.search(r"\breload\b", wish.lower):
        verb = "reload"
    if "logs" in wish.kinds or wish.has("log", "logs", "journal"):
        remote, why = f"journalctl -u {shlex.quote(name)} -n 100 --no-pager", f"the log of {name} on {host}"
    elif verb is None or re.match(r"\W*(?:is|are|does)\b", wish.lower):
        remote, why = f"systemctl status {shlex.quote(name)} --no-pager", f"how {name} on {host} is"
    else:
        remote, why = f"systemctl {verb} {shlex.quote(name)}", f"{verb} {name} on {host}"
    step = command_step("", f"ssh -o BatchMode=yes {shlex.quote(host)} {shlex.quote(remote)}")
    outline.add(step.operation, step.fields, why)
    outline.assume(f"{host} is another machine, reached with ssh as it is set up for you")
    return None


RECIPES = (
    Recipe(
        "services.remote",
        frozenset({"restart", "start", "stop", "reload", "check", "show", "list", "find", "follow", "inspect"}),
        frozenset(),
        _service,
        "restart nginx on web-03",
        fits=_fits,
        rank=12,
        certain=True,
    ),
)
"""Services of other machines."""
