"""What is done to containers that exist, and what is asked about them."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Build, Outline, Question
from reign_agents.planning.scan import MASK, VALUE, Scan
from reign_agents.planning.wish import Wish, names
from reign_agents.specialists.docker.chosen import STATES, Choice, as_it_is, holds, named_like, read, spared_of
from reign_agents.specialists.docker.found import There, none_there, present, resolved, several
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


_LOOKS = ("check", "inspect", "show", "wait")
"""What may be asked whatever its answer: "tell me when it is up" sets no condition."""


async def meant(wish: Wish, context: PlanningContext, outline: Outline, verb: str) -> list[There] | Question:
    """The containers the wish means: by names, or all of a state, image, network …, but those it spares."""
    scan = wish.scan()
    _protect_names(scan)
    choice = read(scan)
    if scan.has(r"\bwait(?:ing)?\s+(?:for\s+)?\d+\s*\w+"):
        return Question(
            f"No step of mine only waits. A container can be given time to end: {verb} it with a timeout of 30 s.",
            tuple(f"{verb} {name} with a timeout of 30 seconds" for name in _names_in(scan)[:2]),
        )
    named = _names_in(scan)
    if choice.unknown_condition is not None and not verb.startswith(_LOOKS):
        what = " and ".join(named) or "it"
        return Question(
            f"I can't make that depend on “{choice.unknown_condition}”: I {verb} {what} at once, or not.",
            (f"{verb} {what}", "list containers"),
        )
    ruled_out = _ruled_out(choice, verb)
    if ruled_out is not None:
        return ruled_out
    if choice.wide or (not named and (choice.sifts or choice.end)):
        found = await _all_of(choice, named, context, outline, verb)
    else:
        found = await resolved(named, "container", wish, context, outline, verb)
        if not isinstance(found, Question) and not verb.startswith(_LOOKS):
            found = _those_that_fit(choice, found, await present("container", context), verb)
    if isinstance(found, Question) or choice.condition is None or verb.startswith(_LOOKS):
        return found
    holding = [one for one in found if holds(one, choice.condition)]
    if not holding:
        states = ", ".join(f"{one.name} is {as_it_is(one)}" for one in found)
        return Question(f"There is nothing to {verb}: {states}.", tuple(f"{verb} {one.name}" for one in found[:4]))
    states = ", ".join(f"{one.name} is {as_it_is(one)}" for one in holding)
    return Question(
        f"{states}: so it is as you said. Nothing I plan looks again before it acts. Shall I {verb} it?",
        (" and ".join(f"{verb} {one.name}" for one in holding),),
    )


def _ruled_out(choice: Choice, verb: str) -> Question | None:
    """A question where the words ask for something and forbid it: "remove all containers without stopping them"."""
    same = {
        "remove": ("remov", "delet", "stop", "kill", "los", "destroy", "eras", "touch"),
        "stop": ("stop", "kill", "touch"),
    }
    if choice.not_done is None or choice.not_done not in same.get(verb, (verb[:4],)):
        return None
    return Question(f"I can't {verb} them and leave that undone. What should happen to which containers?")


_ENDING_VERBS = ("remove", "stop", "kill", "pause")


def _those_that_fit(choice: Choice, found: list[There], rows: list[There], verb: str) -> list[There] | Question:
    """Of the containers named, those that are as the words say ("web older than 2 days"); a question where none is."""
    states = choice.states if verb in _ENDING_VERBS else ()
    known = [one for one in found if one.row]
    fit = [
        one
        for one in known
        if all(test(one) for test in choice.sifts) and (not states or one.row.get("status") in states)
    ]
    said = " ".join(filter(None, [choice.state if states else None, *choice.said]))
    if choice.end is not None and fit:
        pick = max if choice.end == "newest" else min
        first = pick(rows, key=lambda one: float(one.row.get("created") or 0))
        fit, said = [one for one in fit if one.name == first.name], f"the {choice.end} container"
    if len(fit) == len(known):
        return found
    others = [one for one in known if one not in fit]
    if fit:
        return [one for one in found if one not in others]
    names_of = " and ".join(one.name for one in others)
    return Question(
        f"{names_of} {'is' if len(others) == 1 else 'are'} not {said}. Which container should I {verb}?",
        tuple(f"{verb} container {one.name}" for one in others[:4]),
    )


_ACTS_ON = {
    "stop": "running",
    "restart": "running",
    "pause": "running",
    "resume": "paused",
    "start": "stopped",
    "show stats of": "running",
}
"""What a verb means of "all": those that it changes, none that it would bring up besides."""


async def _all_of(
    choice: Choice, named: list[str], context: PlanningContext, outline: Outline, verb: str
) -> list[There] | Question:
    """All that the words choose; a question where that is none, or several of one."""
    rows = await present("container", context)
    states = choice.states or STATES.get(_ACTS_ON.get(verb, ""), ())
    chosen = [one for one in rows if not states or one.row.get("status") in states]
    chosen = [one for one in chosen if all(test(one) for test in choice.sifts)]
    if named:
        each = {word: named_like(word, chosen) for word in named}
        none = next((word for word, near in each.items() if not near), None)
        if none is not None:
            return none_there("container", none, rows, verb)
        chosen = [one for one in chosen if any(one in near for near in each.values())]
    spared = spared_of(choice, rows)
    if isinstance(spared, Question):
        return spared
    chosen = [one for one in chosen if one.name not in spared]
    if choice.end is not None and chosen:
        pick = max if choice.end == "newest" else min
        chosen = [pick(chosen, key=lambda one: float(one.row.get("created") or 0))]
    if not chosen:
        state = choice.state or _ACTS_ON.get(verb)
        said = " ".join(filter(None, [state, "containers", *choice.said]))
        besides = f" besides {', '.join(sorted(spared))}" if spared else ""
        port = next((words.removeprefix("on port ") for words in choice.said if words.startswith("on port ")), None)
        near = "list containers" if port is None else f"which process listens on port {port}"
        return Question(f"There are no {said} to {verb}{besides}.", (near,))
    if len(chosen) > 1 and not choice.wide:
        return several("container", " ".join(choice.said), chosen, verb)
    if verb == "remove" and (spared or choice.negated or any(words.startswith("not ") for words in choice.said)):
        # the ones left over are named before anything is lost
        left = ", ".join(sorted(spared or {one.name for one in rows} - {one.name for one in chosen})) or "none"
        return Question(
            f"That would remove {', '.join(one.name for one in chosen)} and leave {left}. Shall I?",
            (" and ".join(f"remove container {one.name}" for one in chosen),),
        )
    if named or choice.said or choice.end or spared:
        kept = f"; {', '.join(sorted(spared))} stays as it is" if spared else ""
        outline.assume(f"that is {', '.join(one.name for one in chosen)}{kept}")
    return chosen


def _protect_names(scan: Scan) -> None:
    """Words of another meaning that can only be a name: "the container called volume"."""
    scan.protect(r"\b(?:named|called)\s+(?P<name>[A-Za-z0-9][\w.-]*)(?![\w.*?-])")


def container_names(wish: Wish) -> list[str]:
    """The words of a wish that can only be names of containers."""
    scan = wish.scan()
    _protect_names(scan)
    return _names_in(scan)


def _names_in(scan: Scan) -> list[str]:
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


_UNIT = r"s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?"
_GRACE = re.compile(
    r"(?<![,\s])[,\s]*(?:\b(?:and|with|but)\s+){0,6}"
    r"(?:an?\s+|the\s+)?(?:\b(?:wait(?:ing)?|giv(?:e|ing)\s+(?:it|them)|within|time\s?out(?:\s+of)?|grace(?:\s+period)?(?:\s+of)?)\s+"
    rf"(?:an?\s+|up\s+to\s+|at\s+most\s+){{0,4}}(?P<n>\d+)\s*(?P<unit>{_UNIT})\b(?!\s+before\b)|"
    rf"\b(?:an?\s+)?(?P<m>\d+)\s*-?(?P<munit>{_UNIT})\s+(?:time\s?out|grace(?:\s+period)?)\b|"
    r"(?<!\S)(?:-t|--time(?:out)?)[\s=](?P<s>\d+)\b)"
    r"(?:\s+to\s+(?:finish|end|stop|shut\s*down|exit)|\s+time\s?out)?",
    re.IGNORECASE,
)
"""How long a container may take to end by itself: "wait 30 seconds", "with a timeout of 1 minute"."""


def _grace(wish: Wish) -> tuple[Wish, int | None]:
    """The wish without the time it gives, and that time in seconds."""
    found = _GRACE.search(wish.rest)
    if found is None or (re.match(r"\W*(?:and\s+)?wait", found.group(), re.IGNORECASE) and not wish.has("gracefully")):
        return wish, None
    number, unit = found["n"] or found["m"] or found["s"], (found["unit"] or found["munit"] or "s").lower()
    rest = f"{wish.rest[: found.start()]} {wish.rest[found.end() :]}"
    return replace(wish, rest=rest), int(number) * (60 if unit.startswith("m") else 1)


_ENDING = frozenset({"docker.stop", "docker.restart"})


def on_each(operation: str, verb: str, why: str, **fixed: JsonValue) -> Build:
    """A recipe that does one operation to each container named."""

    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        seconds: int | None = None
        if operation in _ENDING:
            wish, seconds = _grace(wish)
        found = await meant(wish, context, outline, verb)
        if isinstance(found, Question):
            return found
        for one in found:
            outline.add(operation, {"container": one.name, "seconds": seconds, **fixed}, why.format(one.name))
        return None

    return build


_SPARED = re.compile(
    r"\b(?:keep(?:ing)?|leav(?:e|ing)|spar(?:e|ing)|preserv(?:e|ing)|retain(?:ing)?|without|not|never|except|don[’']?t)\b"
    r"[^.;]{0,200}?\b(?:volumes?|data)\b",
    re.IGNORECASE,
)
"""A removal that spares the data: "remove web, not the volume", "… but keep its data"."""


def spares_data(wish: Wish) -> bool:
    """Whether the words keep the volumes of what is removed."""
    return _SPARED.search(wish.scan().text) is not None


async def remove(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    found = await meant(wish, context, outline, "remove")
    if isinstance(found, Question):
        return found
    volumes = not spares_data(wish) and bool(
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


def quoted(scan: Scan, text: str) -> str:
    """A command line as a shell takes it: a quoted whole without its quotes, quoted parts with them."""
    if re.fullmatch(MASK, text.strip(" ,;:")):
        return scan.restored(text.strip(" ,;:"))
    return re.sub(MASK, lambda mask: shlex.quote(scan.restored(mask.group())), text.rstrip(" .,;:!?"))


async def execute(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    colon = re.match(rf"\s*(?:in\s+)?(?P<name>{NAME})\s*:\s+(?P<command>.+)$", scan.text)
    inside = None if colon is None else scan.restored(colon["name"])
    command = None if colon is None else quoted(scan, colon["command"])
    if command is None:
        inside = scan.first(
            r"\b(?:in|inside|within|on)\s+(?:of\s+)?(?:the\s+|"
            rf"my\s+)?(?:container\s+)?(?P<value>{NAME})(?:\s+container)?\s*$"
        )
        scan.take(r"^\s*(?:the\s+)?(?:(?:shell\s+)?command|cmd)\b")
        command = quoted(scan, scan.text.strip())
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
    text = wish.scan().text
    filters: dict[str, JsonValue] = {}
    if wish.has("stopped", "exited") and not re.search(
        r"\b(?:including|also|and|even|too|with)\b.*\b(?:stopped|exited)\b", text
    ):
        filters["status"] = "exited"
    for word in ("unhealthy", "healthy", "paused", "restarting"):
        if wish.has(word):
            filters["health" if word.endswith("healthy") else "status"] = word
    for key in ("network", "volume"):
        if (said := re.search(rf"\b{key}\s+(?P<name>{NAME})", text, re.IGNORECASE)) is not None:
            filters[key] = said["name"]
    if filters:
        fields["filters"] = filters
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
    found = await meant(wish, context, outline, "wait for")
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
