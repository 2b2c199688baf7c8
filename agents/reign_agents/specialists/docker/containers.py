"""What is done to containers that exist, and what is asked about them."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Build, Outline, Question
from reign_agents.planning.scan import VALUE
from reign_agents.planning.wish import Wish, names
from reign_agents.specialists.docker.found import There, present, resolved
from reign_agents.specialists.docker.values import NAME, wanted

_NOISE_WORDS = """
forcefully forced force gracefully down more less still alive healthy health running status state up stats statistics
usage memory cpu ram use uses used using much many details detail information info about configuration config
stopped exited again docker containers' processes process happening doing inside resources resource consume
consumes needs takes immediately right away completely entirely delete remove stop it's listed publish publishes
log logs show me answer answering works working ok everything ones run runs happens containers
database cache proxy queue webserver
"""
_NOISE = frozenset(_NOISE_WORDS.split())
_EVERY = re.compile(r"\b(?:all|every|each|any)\b", re.IGNORECASE)
_STATES = {
    "stopped": ("exited", "created", "dead"),
    "exited": ("exited", "created", "dead"),
    "dead": ("exited", "created", "dead"),
    "unused": ("exited", "created", "dead"),
    "inactive": ("exited", "created", "dead"),
    "running": ("running", "paused", "restarting"),
    "paused": ("paused",),
}
Add = Callable[[There, Wish, Outline], Awaitable[None]]


async def _meant(wish: Wish, context: PlanningContext, outline: Outline, verb: str) -> list[There] | Question:
    """The containers the wish means: by state and "all", else by names."""
    text = wish.scan().text
    state = next((word for word in _STATES if re.search(rf"\b{word}\b", text, re.IGNORECASE)), None)
    wide = re.search(r"\bcontainers\b|\beverything\b|\bones\b", text, re.IGNORECASE)
    if (
        wide
        and (_EVERY.search(text) or state or re.search(r"\beverything\b", text, re.IGNORECASE))
        and not container_names(wish)
    ):
        rows = await present("container", context)
        states = _STATES.get(state or "", ())
        if verb == "stop" and not states:
            states = _STATES["running"]
        if verb == "start" and not states:
            states = _STATES["stopped"]
        found = [one for one in rows if not states or one.row.get("status") in states]
        word = f"{state} " if state else "running " if verb == "stop" else "stopped " if verb == "start" else ""
        return found or Question(f"There are no {word}containers to {verb}.")
    return await resolved(container_names(wish), "container", wish, context, outline, verb)


def container_names(wish: Wish) -> list[str]:
    """The words of a wish that can only be names of containers."""
    scan = wish.scan()
    scan.take(
        r"\b(?:and|with|including)\s+(?:also\s+)?(?:all\s+)?(?:its|their|the|it's|attached|"
        r"named)\s+.*$|\bwith\s+force\b|\bby\s+force\b"
    )
    scan.take(
        r"\b(?:last|latest|recent|final)\s+(?:\d+\s+)?(?:log\s+)?lines?\b|\b(?:since|from|in|of|"
        r"for)\s+(?:the\s+)?(?:last\s+)?\d+\s*[a-z]+(?:\s+ago)?\b|(?<!\S)--?\w+(?:[= ]\d+)?|"
        r"\blines?\b|(?<![\w.-])\d+\b(?!\S)"
    )
    return names(scan, _NOISE)


def on_each(operation: str, verb: str, why: str, **fixed: JsonValue) -> Build:
    """A recipe that does one operation to each container named."""

    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        found = await _meant(wish, context, outline, verb)
        if isinstance(found, Question):
            return found
        for one in found:
            outline.add(operation, {"container": one.name, **fixed}, why.format(one.name))
        return None

    return build


_SPARED = re.compile(
    r"\b(?:keep(?:ing)?|leav(?:e|ing)|spar(?:e|ing)|preserv(?:e|ing)|retain(?:ing)?|without|not|never|except|don[’']?t)\b"
    r"[^.;]*?\b(?:volumes?|data)\b",
    re.IGNORECASE,
)
"""A removal that spares the data: "remove web, not the volume", "… but keep its data"."""


async def remove(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    found = await _meant(wish, context, outline, "remove")
    if isinstance(found, Question):
        return found
    volumes = not _SPARED.search(wish.scan().text) and bool(
        re.search(
            r"\b(?:its|their|with|and|the|attached|all)\s+(?:\w+\s+)?(?:volumes?|data)\b|(?<!\S)-v\b",
            wish.scan().text,
            re.IGNORECASE,
        )
    )
    stopped = {str(step.fields.get("container")) for step in outline.before if step.operation == "docker.stop"}
    for one in found:
        running = one.running and one.name not in stopped
        if running:
            outline.assume(f"{one.name} is running: it is stopped first")
        fields: dict[str, JsonValue] = {"container": one.name, "force": running or None}
        if volumes:
            fields["volumes"] = True
            mounted = one.row.get("volumes")
            fields["named_volumes"] = [*mounted] if isinstance(mounted, list) else None
        outline.add("docker.remove_container", fields, f"remove the container {one.name}")
    return None


async def rename(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    new = scan.first(rf"\b(?:to|into|as)\s+(?P<value>{NAME})")
    old = names(scan, frozenset({"from"}))
    if new is None and len(old) == 2:
        new = old.pop()
    if new is None:
        return Question("What should the container be called from now on?", ("rename container web to web-old",))
    found = await resolved(old, "container", wish, context, outline, "rename")
    if isinstance(found, Question):
        return found
    outline.add("docker.rename", {"container": found[0].name, "to": new}, f"{found[0].name} becomes {new}")
    return None


async def logs(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    found = await resolved(container_names(wish), "container", wish, context, outline, "show the logs of")
    if isinstance(found, Question):
        return found
    text = wish.scan().text
    tail = re.search(r"(?:last|tail|--tail[= ]|-n)\s*(\d+)|(\d+)\s+(?:log\s+)?lines", text, re.IGNORECASE)
    since = re.search(
        r"(?:since|last|past)\s+(?:the\s+)?(?:last\s+)?(\d+)?\s*(s|m|h|d|seconds?|secs?|minutes?|mins?|hours?|days?)\b",
        text,
        re.IGNORECASE,
    )
    fields: dict[str, JsonValue] = {}
    if since is not None:
        fields["since"] = (
            float(since.group(1) or 1) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[since.group(2)[0].lower()]
        )
    lines = int(next(filter(None, tail.groups()))) if tail is not None else None
    for one in found:
        each: dict[str, JsonValue] = {"container": one.name, "tail": lines or (None if since else 100), **fields}
        if wish.verb == "follow" or wish.has("follow", "stream", "live"):
            each["follow"] = 30
            outline.assume("the log is followed for 30 seconds")
        outline.add("docker.logs", each, f"the log of {one.name}")
    return None


async def execute(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    colon = re.match(rf"\s*(?:in\s+)?(?P<name>{NAME})\s*:\s+(?P<command>.+)$", scan.text)
    inside = None if colon is None else scan.restored(colon["name"])
    command = None if colon is None else scan.restored(colon["command"])
    if command is None:
        inside = scan.first(
            r"\b(?:in|inside|within|on)\s+(?:of\s+)?(?:the\s+|"
            rf"my\s+)?(?:container\s+)?(?P<value>{NAME})(?:\s+container)?\s*$"
        )
        quoted = scan.quoted()
        scan.take(r"^\s*(?:the\s+)?(?:(?:shell\s+)?command|cmd)\b")
        command = quoted[0] if quoted else scan.restored(scan.text.strip())
    if not command:
        return Question("Which command should I run in the container?", ("run `ls /` in container web",))
    named = [inside] if inside and inside.lower() not in ("it", "there", "container") else []
    found = await resolved(named, "container", wish, context, outline, "run a command in")
    if isinstance(found, Question):
        return found
    outline.add(
        "docker.exec", {"container": found[0].name, "command": ["sh", "-c", command]}, f"run it inside {found[0].name}"
    )
    return None


async def listing(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    running = wish.has("running", "up", "active") and not wish.has("all", "stopped")
    fields: dict[str, JsonValue] = {"all": not running}
    if wish.has("stopped", "exited"):
        fields["filters"] = {"status": "exited"}
    outline.add("docker.list_containers", fields, "what runs here")
    return None


async def update(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """New limits or another restart policy for a container that exists."""
    scan = wish.scan()
    policy = scan.first(
        r"\b(?:to|=)\s*(?P<value>always|unless[ -]stopped|on[ -]failure(?::\d+)?|no|never)\b"
        if re.search(r"\brestart\s+policy\b", scan.text, re.IGNORECASE)
        else r"(?!)(?P<value>)"
    )
    found = wanted(scan)
    if policy is not None:
        found.fields["restart"] = {"never": "no"}.get(policy.lower(), policy.lower().replace(" ", "-"))
    fields = {key: value for key, value in found.fields.items() if key in ("memory", "cpus", "restart")}
    scan.take(r"\b(?:restart\s+policy|memory|cpus?|limits?|ram|resources?|policy|restart)\b")
    name = found.fields.get("container")
    wanted_names = (
        names(scan, _NOISE) or ([name] if isinstance(name, str) else []) or ([found.image] if found.image else [])
    )
    if not fields:
        example = ("limit container web to 256m of memory and 0.5 cpus", "set restart policy of web to always")
        return Question("What should change: memory, cpus or the restart policy?", example)
    meant = await resolved(wanted_names, "container", wish, context, outline, "update")
    if isinstance(meant, Question):
        return meant
    for one in meant:
        outline.add("docker.update", {"container": one.name, **fields}, f"new settings for {one.name}")
    return None


async def wait(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    found = await _meant(wish, context, outline, "wait for")
    if isinstance(found, Question):
        return found
    for one in found:
        outline.add("docker.wait_healthy", {"container": one.name}, f"{one.name} must be running and healthy")
    return None


async def copy_into(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    inside = scan.first(rf"\b(?:in|into|to|inside)\s+(?:the\s+)?container\s+(?P<value>{NAME})(?=\s|$|,)") or scan.first(
        rf"\b(?:into|in|inside|to)\s+(?:the\s+)?(?P<value>{NAME})\s+container\b"
    )
    folder = scan.first(rf"\b(?:at|to|under|in|into)\s+(?P<value>{VALUE})")
    source = next(iter(names(scan)), None) or (wish.it.name if wish.it is not None and wish.it.kind == "file" else None)
    if source is None or folder is None:
        return Question(
            "What should I copy, and to which folder of the container?",
            ("copy ./app.conf into container web at /etc/app",),
        )
    if folder.rpartition("/")[2] == source.rpartition("/")[2]:
        folder = folder.rpartition("/")[0] or "/"  # "… at /etc/app/app.conf": the file keeps its name
    found = await resolved([inside] if inside else [], "container", wish, context, outline, "copy into")
    if isinstance(found, Question):
        return found
    path = str((context.settings.cwd / source).resolve())
    outline.add(
        "docker.copy_into",
        {"container": found[0].name, "source": path, "folder": folder},
        f"copy {source} into {found[0].name}",
    )
    return None
