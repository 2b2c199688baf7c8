"""Containers from images: "run …" as pull, volumes, run, health and port."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Thing, Wish, names
from reign_agents.planning.words import NUMBERS, SMALL
from reign_agents.specialists.docker.found import present
from reign_agents.specialists.docker.health import check
from reign_agents.specialists.docker.known_images import (
    base,
    data_folder,
    needs_password,
    password_variable,
    usual_port,
)
from reign_agents.specialists.docker.values import Wanted, wanted
from reign_executors.home import expanded

_NO_NAME_WORDS = "mounted attached stored kept protected port ports password publish expose detached"
_NO_NAME = rf"(?:{'|'.join(sorted(SMALL | frozenset(_NO_NAME_WORDS.split())))})(?=\.?(?:[\s,;]|$))"
"""What may follow the word "volume" or "password" and is neither's name nor value."""
_KEPT = (
    r"(?:\b(?:with|and|using|plus|on)\s+)*(?:(?:an?|its|the|some|own|one)\s+)*(?:(?:named|persistent|data|docker)\s+)*"
    r"\bvolumes?\b(?!\s*:|\s+[./~]|\s+\S+:|(?:\s+(?:named|called))?(?:\s+[\w.-]+)?\s+(?:mounted\s+)?"
    r"(?:at|to|in|into|on|onto|under)\s+[/~.])"
    rf"(?:\s+(?:(?:named|called)\s+)?(?P<name>(?!{_NO_NAME})[A-Za-z][\w.-]*))?"
    r"(?:\s+for\s+(?:(?:its|the)\s+)?data\b)?"
)
"""A volume whose place in the container is not said."""
_NO_VOLUME = r"\b(?:no|without)\s+(?:an?\s+|any\s+)?volumes?\b"

_NOISE_WORDS = """
container containers image docker server instance database cache service website version latest background
detached mode new fresh simple small another published exposed listening answers answer host run start launch
publishing exposing mounted using called existing one two port ports command set then check healthy health
proxy-less single reachable localhost machine local accessible browser web-server webserver variable variables
environment env policy limit limited limits memory cpu ram restart read-only
"""
_NOISE = frozenset(_NOISE_WORDS.split())
_COUNTED = re.compile(
    r"\b(?P<number>two|three|four|five|six|seven|eight|nine|ten|several|multiple|some|[2-9]|1\d)\s+"
    r"(?:(?P<before>[\w.:/-]+)\s+)?(?:containers|copies|instances)\b"
    r"(?:\s+of\s+(?:the\s+)?(?:image\s+)?(?P<after>[\w.:/-]+))?",
    re.IGNORECASE,
)
_NAMED_AT_ONCE = 9
"""Containers that are offered with names of their own at most."""


async def run(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """``docker.run`` with all that goes before and after it."""
    counted = _COUNTED.search(wish.rest)
    if counted is not None:
        return _several(counted)
    scan = wish.scan()
    password = scan.first(
        r"(?:with\s+|and\s+)*(?:the\s+|an?\s+)?(?:root\s+)?password\s+(?:of\s+|is\s+|set\s+to\s+)?"
        rf"(?P<value>(?!{_NO_NAME})[^\s,;]+)"
    )
    unsaid = password is None and scan.has(
        r"(?:\b(?:with|and|using)\s+)+(?:the\s+|an?\s+|some\s+)?(?:root\s+)?(?:password|auth|authentication)\b"
        r"(?:\s+(?:from|in|out\s+of)\s+(?:the\s+|my\s+)?[\w.-]+)?"
    )
    scan.take(_NO_VOLUME)
    kept = [match.get("name", "") for match in scan.take(_KEPT)]
    found = wanted(scan)
    return await lay_out(
        found, scan.quoted(), names(scan, _NOISE), wish, context, outline, password=password, unsaid=unsaid, kept=kept
    )


def _several(counted: re.Match[str]) -> Question:
    """Each of several containers needs its own name: a request with such names is offered."""
    number = counted["number"].lower()
    wanted_of = min(int(NUMBERS.get(number, number if number.isdigit() else "2")), _NAMED_AT_ONCE)
    image = (counted["before"] or counted["after"] or "nginx").strip(".:/-")
    stem = re.sub(r"[^a-z0-9-]", "-", base(image).lower())
    example = " and ".join(f"run {image} as {stem}-{place}" for place in range(1, wanted_of + 1))
    return Question("I can run one container of a name: say each with its own name.", (example,))


async def lay_out(
    found: Wanted,
    quoted: list[str],
    left: list[str],
    wish: Wish,
    context: PlanningContext,
    outline: Outline,
    *,
    password: str | None = None,
    unsaid: bool = False,
    kept: Sequence[str] = (),
) -> Question | None:
    """The steps for what was read. ``left`` are words nobody could explain; ``unsaid``: there is to be a password;
    ``kept``: volumes whose place was not said, by name where they have one.
    """
    if found.image is None and wish.it is not None and wish.it.kind == "image":
        found.image = wish.it.name
    certain = "container" in found.fields or found.single_ports or len(found.fields) > 1
    alone = len(left) == 1 and re.fullmatch(r"[a-z0-9][\w.-]*", left[0]) and left[0] not in quoted
    if found.image is None and certain and alone:
        found.image = left.pop()
    if found.image is None:
        return Question(
            "Which image should the container run?",
            ("run a container from image nginx:1.27 named web",),
            completes="{request} from image {quoted}",
        )
    image = found.image
    if "container" not in found.fields and len(left) == 1 and re.fullmatch(r"[A-Za-z0-9][\w.-]+", left[0]):
        found.fields["container"] = left.pop()
    if "command" not in found.fields and len(quoted) == 1:
        found.fields["command"] = quoted[0]
        left = [word for word in left if word != quoted[0]]
    if left:
        return _unclear(left, image)
    name = found.fields.get("container")
    if not isinstance(name, str):
        name = await _free_name(re.sub(r"[^\w.-]", "-", base(image)), context, outline)
        found.fields["container"] = name
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        return Question(f"“{name}” can't be a container's name (letters, digits, _ . - only). How should it be called?")
    question = (
        _kept(found, kept, image, name, outline)
        or _secret(found, password, image, unsaid=unsaid)
        or _ports(found, image, outline)
        or _health(found, image, outline)
    )
    if question is not None:
        return question
    await _steps(found, image, name, context, outline)
    return None


def _kept(found: Wanted, volumes: Sequence[str], image: str, container: str, outline: Outline) -> Question | None:
    """A volume goes where the image keeps its data; which that is is asked where it is not known."""
    if not volumes:
        return None
    name, place = volumes[0] or f"{container}-data", data_folder(image)
    if place is None or len(volumes) > 1:
        which = " ".join(["the volume", *filter(None, [" and ".join(filter(None, volumes))])])
        return Question(
            f"Where in {image} should {which} be?",
            (f"run {image} as {container} with volume {name} at /data",),
        )
    mounted = found.fields.setdefault("volumes", [])
    assert isinstance(mounted, list)
    mounted.append(f"{name}:{place}")
    outline.assume(f"the volume {name} is at {place} (say: with volume {name} at /…)")
    return None


def _unclear(left: list[str], image: str) -> Question:
    words = " ".join(left[:6])
    return Question(
        f"I do not understand “{words}” in this. Please say it another way.",
        (f"run a container from image {image} named web, publish 8080 to 80, with a volume data at /data",),
        unread=words,
    )


def _secret(found: Wanted, password: str | None, image: str, *, unsaid: bool = False) -> Question | None:
    variable = password_variable(image)
    given = found.fields.setdefault("secret_environment", {})
    assert isinstance(given, dict)
    if password is not None or unsaid:
        if variable is None:
            return Question(f"Which variable takes the password in {image}?", (f"run {image} with PASSWORD=…",))
        if password is not None:
            given[variable] = password
    plain = found.fields.get("environment") or {}
    named = {*given, *(plain if isinstance(plain, dict) else {})}
    if (
        (unsaid or needs_password(image))
        and variable is not None
        and not any("PASSWORD" in key or "AUTH_METHOD" in key for key in named)
    ):
        return Question(
            f"{image} does not start without a password. Which one should it have?"
            if needs_password(image)
            else f"Which password should {image} have?",
            (f"run {image} with {variable}=…",),
            completes="{request} with " + variable + "={quoted}",
        )
    return None


def _ports(found: Wanted, image: str, outline: Outline) -> Question | None:
    listed = found.fields.setdefault("ports", [])
    assert isinstance(listed, list)
    inner = usual_port(image)
    for port in found.single_ports:
        number = int(port.rsplit(":", 1)[-1])
        if any(_outer(str(pair)) == number for pair in listed):
            continue
        inside = inner if inner is not None and len(found.single_ports) == 1 and not listed else number
        listed.append(f"{port}:{inside}")
        if inside != number:
            outline.assume(f"{base(image)} listens on {inside} inside (say: publish {port} to …)")
        elif inner is None:
            outline.assume(f"the container listens on {port} inside, too (say: publish {port} to …)")
    for pair in listed:
        for number in (*re.findall(r"\d+", str(pair).rsplit(":", 2)[-1]), str(_outer(str(pair)))):
            if not 0 < int(number) < 65536:
                return Question(f"{number} is no port: ports go from 1 to 65535. Which one should it be?")
    return None


def _health(found: Wanted, image: str, outline: Outline) -> Question | None:
    if found.health is None:
        return None
    listed = found.fields.get("ports")
    inner = [int(str(pair).split("/")[0].rsplit(":", 1)[-1]) for pair in listed] if isinstance(listed, list) else []
    port = inner[0] if inner else usual_port(image)
    made, assumed = check(found.health, base(image), port)
    if made is None:
        return Question(
            f"What tells whether {base(image)} is healthy: which port or path answers, or which command works?",
            (f"run {image} with a health check on port 8080", f"run {image} with health check `true`"),
        )
    found.fields["healthcheck"] = made
    if assumed:
        outline.assume(assumed)
    return None


async def _free_name(wanted: str, context: PlanningContext, outline: Outline) -> str:
    """A name that no container has: the image's, or that with a number."""
    taken = {one.name for one in await present("container", context)}
    taken |= {thing.name for thing in outline.made if thing.kind == "container"}
    name = wanted
    for number in count(2):
        if name not in taken:
            break
        name = f"{wanted}-{number}"
    more = "" if name == wanted else f": there is a container {wanted} already"
    outline.assume(f"the container is named {name}{more} (say: named …)")
    return name


def _outer(pair: str) -> int:
    """The host's port of ``[address:]host:container``."""
    parts = pair.split("/")[0].split(":")
    return int(parts[-2] if len(parts) > 1 else parts[0])


async def _steps(found: Wanted, image: str, name: str, context: PlanningContext, outline: Outline) -> None:
    after = [outline.add("docker.pull", {"image": image}, f"the image {image} must be here; it is pulled if it is not")]
    if any(thing.kind == "image" and thing.name == image for thing in outline.made):
        outline.steps.clear()
        after = []
    mounted = found.fields.get("volumes")
    mounts = [str(text) for text in mounted] if isinstance(mounted, list) else []
    found.fields["volumes"] = [absolute(text, context.settings.cwd) for text in mounts]
    sources = dict.fromkeys(text.split(":")[0] for text in mounts)
    volumes = [source for source in sources if not source.startswith(("/", ".", "~"))]
    after += await _made("volume", volumes, context, outline, "for its data")
    network = found.fields.get("network")
    if (
        isinstance(network, str)
        and network not in ("host", "bridge", "none", "default")
        and not network.startswith("container:")
    ):
        after += await _made("network", [network], context, outline, "it is in")
    fields: dict[str, JsonValue] = {"image": image, **found.fields}
    started = outline.add("docker.run", fields, f"run {image} as {name}", after=after)
    if found.fields.get("remove_after"):
        outline.assume(f"{name} is removed when it ends")
        return
    healthy = outline.add(
        "docker.wait_healthy", {"container": name}, f"{name} must be running and healthy", after=[started]
    )
    pairs = found.fields.get("ports")
    for pair in pairs if isinstance(pairs, list) else []:
        if str(pair).endswith("/udp"):
            continue
        port = _outer(str(pair))
        fields = {"host": "127.0.0.1", "port": port, "wait": 15}
        outline.add("network.check_port", fields, f"port {port} must answer", after=[healthy])


async def _made(kind: str, wanted: list[str], context: PlanningContext, outline: Outline, why: str) -> list[str]:
    missing = [name for name in wanted if Thing(kind, name) not in outline.made]
    existing = {one.name for one in await present(kind, context)} if missing else set()
    steps = []
    for name in missing:
        if name in existing:
            outline.assume(f"{kind} {name} exists and is used as it is")
        else:
            steps.append(outline.add(f"docker.create_{kind}", {kind: name}, f"the {kind} {name} {why}"))
    return steps


def absolute(mounted: str, cwd: Path) -> str:
    """A mount whose source is a relative path, with the path made absolute."""
    source, _, rest = mounted.partition(":")
    if source.startswith((".", "~")):
        return f"{(cwd / expanded(source)).resolve()}:{rest}"
    return mounted


async def create(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """A container that is made but not started."""
    text = re.sub(
        r"(?:,|\band|\bbut)?\s*(?:do\s+not|don't|without|not)\s+start(?:ing|ed)?(?:\s+it)?",
        " ",
        wish.rest,
        flags=re.IGNORECASE,
    )
    question = await run(Wish.of(f"run {text}"), context, outline)
    if question is not None:
        return question
    kept = [step for step in outline.steps if step.operation not in ("docker.wait_healthy", "network.check_port")]
    outline.steps[:] = [
        outline.changed(step, operation="docker.create") if step.operation == "docker.run" else step for step in kept
    ]
    return None
