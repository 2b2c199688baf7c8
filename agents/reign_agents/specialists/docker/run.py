"""Containers from images: "run …" as pull, volumes, run, health and port."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import MASK, Scan
from reign_agents.planning.wish import Thing, Wish, names
from reign_agents.planning.words import NUMBERS, SMALL
from reign_agents.specialists.docker import accounts
from reign_agents.specialists.docker.accounts import Account
from reign_agents.specialists.docker.found import present
from reign_agents.specialists.docker.health import check
from reign_agents.specialists.docker.known_images import (
    at_hub,
    base,
    data_folder,
    needs_password,
    password_variable,
    usual_port,
)
from reign_agents.specialists.docker.untaken import untaken
from reign_agents.specialists.docker.values import IMAGE, NAME, Wanted, wanted
from reign_agents.understanding.lexicon import lexicon
from reign_executors.home import expanded

_NO_NAME_WORDS = "mounted attached stored kept protected port ports password publish expose detached"
_NO_NAME = rf"(?:{'|'.join(sorted(SMALL | frozenset(_NO_NAME_WORDS.split())))})(?=\.?(?:[\s,;]|$))"
"""What may follow the word "volume" or "password" and is neither's name nor value."""
_KEPT = (
    r"(?:\b(?:with|and|using|plus|on)\s+){0,6}(?:(?:an?|its|the|some|own|one)\s+){0,4}(?:(?:named|persistent|data|docker)\s+){0,4}"
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
environment env policy limit limited limits memory cpu ram restart read-only unprivileged publicly
public interactive interactively
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
    scan.protect(r"(?<!volume )\b(?:named|called)\s+(?P<name>[A-Za-z0-9][\w.-]*)(?=\s|$|[,;])")
    refused = untaken(scan.text, _image_in(scan.text)) or _row_of_names(scan)
    if refused is not None:
        return refused
    scan.take(_WITHOUT)
    account = accounts.taken(scan)
    if accounts.unplaced(scan):
        image = _image_in(scan.text)
        return Question(
            f"Which variable takes that in {image}? Say it as NAME=value, and I keep the value secret.",
            (f"run {image} with TOKEN=…",),
        )
    password = account.password or account.root
    unsaid = password is None and scan.has(
        r"(?:\b(?:with|and|using)\s+)+(?:the\s+|an?\s+|some\s+)?(?:root\s+)?(?:password|auth|authentication)\b"
        r"(?:\s+(?:from|in|out\s+of)\s+(?:the\s+|my\s+)?[\w.-]+)?"
    )
    scan.take(_NO_VOLUME)
    scan.take(_NO_PORTS)
    at_image = _program(scan)
    kept = _volumes(scan)
    found = wanted(scan)
    if at_image is not None:
        found.fields.setdefault("command", at_image)
    if wish.it is not None and wish.it.kind == "network" and scan.has(r"\b(?:in|on|into|to|inside)\s+(?:it|that)\b"):
        found.fields.setdefault("network", wish.it.name)
    left = names(scan, _NOISE)
    strange = _strange(left, scan, wish, found)
    if strange is not None:
        return strange
    return await lay_out(found, scan.quoted(), left, wish, context, outline, account=account, unsaid=unsaid, kept=kept)


_WITHOUT = r"(?<![,\s])[,\s]*(?:\b(?:and|with|but)\s+){0,6}\b(?:no|without(?:\s+an?y?)?)\s+password\b"
_NO_PORTS = (
    r"(?<![,\s])[,\s]*(?:\b(?:and|with|but)\s+){0,6}\b(?:no|without(?:\s+any)?|(?:do\s+not|don[’']?t)\s+(?:publish|expose|open)(?:\s+any|\s+the)?|"
    r"without\s+(?:publishing|exposing|opening)(?:\s+any|\s+the)?)\s+(?:(?:published|open|exposed|host)\s+)?(?:ports?|anything)\b"
)


def _image_in(text: str) -> str:
    """The image as it stands in the words, to be named in an answer."""
    tagged = IMAGE.search(text)
    known = (word for word in re.findall(r"[a-z][\w.-]*", text.lower()) if word in lexicon().images)
    return tagged.group() if tagged is not None else next(known, "a container")


_PROGRAM = (
    r"(?<=:[\w.])[\w.-]*\s+(?P<value>(?:sh|bash|sleep|tail|echo|cat|ping|env|date|ls|top|nc|wget|curl|python3?|"
    r"node|true|false|printenv|hostname|uname|id|whoami|npm|npx|yarn|pnpm|java|go|ruby|php|perl|"
    r"deno|bun|cargo|mvn|gradle|make|pytest|flask|django-admin|uvicorn|gunicorn|rails|bundle|dotnet)\b(?:\s+(?!(?:as|named|called|with|and|then|in|on|--\w+)\b)[^\s,;]+)+)"
)


def _program(scan: Scan) -> str | None:
    """The command behind a tagged image: "bb:1 sleep 60", quotes as a shell has them."""
    found = re.search(_PROGRAM, scan.text, re.IGNORECASE)
    if found is None:
        return None
    scan.text = f"{scan.text[: found.start('value')]} {scan.text[found.end() :]}"
    return re.sub(MASK, lambda mask: shlex.quote(scan.restored(mask.group())), found["value"])


_ROW = re.compile(
    r"\b(?:as|named|called)\s+(?P<row>[A-Za-z0-9][\w.-]*(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*)[A-Za-z0-9][\w.-]*)+)"
    r"(?=\s*$|\s+(?:with|on|in|using)\b)",
    re.IGNORECASE,
)


def _row_of_names(scan: Scan) -> Question | None:
    """Several names for one image are as many containers: each is offered with its own."""
    found = _ROW.search(scan.restored(scan.text.strip()) if scan.text.strip() else "")
    if found is None:
        return None
    row = [name for name in re.split(r"[\s,&]+", found["row"]) if name.lower() != "and"]
    image = _image_in(scan.text)
    if (
        any(name.lower() in lexicon().images or (len(name) > 1 and name.lower() in SMALL) for name in row)
        or image == "a container"
    ):
        return None
    offered = " and ".join(f"run {image} as {name}" for name in row)
    return Question(f"I run one container of {image} at a time: say each with its own name.", (offered,))


_MANY = re.compile(
    r"(?:\b(?:with|and|using|plus|on)\s+){0,6}(?:\b(?P<n>two|three|four|2|3|4|several|some)\s+)?(?:(?:named|docker|data)\s+){0,4}\bvolumes\b"
    rf"(?:\s+(?:named\s+|called\s+)?(?P<row>(?:(?!{_NO_NAME})[A-Za-z][\w.-]*(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*))+"
    rf"(?!{_NO_NAME})[A-Za-z][\w.-]*)(?![\w:/]|\s+(?:mounted\s+)?(?:at|to|on|in)\s+[/~.]))?(?!\s+\S+:|\s+[\w.-]+\s+(?:mounted\s+)?(?:at|to|on|in|into)\s+/)",
    re.IGNORECASE,
)


def _volumes(scan: Scan) -> list[str]:
    """Volumes whose place was not said: their names, empty where they have none."""
    many = _MANY.search(scan.text)
    if many is not None and (many["n"] or many["row"]):
        scan.text = f"{scan.text[: many.start()]} {scan.text[many.end() :]}"
        named = [name for name in re.split(r"[\s,&]+", many["row"] or "") if name and name.lower() != "and"]
        number = {"three": 3, "3": 3, "four": 4, "4": 4}.get((many["n"] or "").lower(), 2)
        return named + [""] * (number - len(named))
    kept = [match.get("name", "") for match in scan.take(_KEPT)]
    return kept or [match.get("path", "") for match in scan.take(_DATA)][:1]


_DATA = (
    r"(?<![,\s])[,\s]*(?:\b(?:with|and|but|keep(?:ing)?|persist(?:ing)?|stor(?:e|ing)|its|the|all)\s+){0,6}"
    r"(?<!volume )(?<!volumes )(?<!named )(?<!called )(?<![\w./-])data\s+(?:(?:is|kept|stored|dir|"
    r"directory|folder)\s+)*(?:in|at|under|on)\s+(?P<path>[./~][^\s,;]*)|"
    r"(?<![,\s])[,\s]*(?:\b(?:and|but|with)\s+){0,6}\b(?:(?:keep|persist|sav)(?:e|ing)?\s+(?:(?:its|the|all)\s+)?data\b|"
    r"persistent\s+(?:storage|data)|persistence\b)"
)
"""Data that is to stay: in a folder of this machine, or in a volume that nobody named."""


_PROGRAM_FILE = re.compile(r"\w\.(?:py|m?js|ts|sh|rb|php|pl|jar|go)$", re.IGNORECASE)
_BEFORE_A_NAME = frozenset(
    {"container", "instance", "server", "database", "db", "cache", "service", "queue", "proxy", "image"}
)


def _strange(left: list[str], scan: Scan, wish: Wish, found: Wanted) -> Question | None:
    """A question about the one word left where it can't be the container's name: a name stands first, behind the image
    or behind "container"; what stands behind another word says something that was not understood.
    """
    program = next((word for word in left if _PROGRAM_FILE.search(word) and word not in scan.quoted()), None)
    if program is not None and found.image is not None and "command" not in found.fields:
        runs = {"py": "python", "js": "node", "mjs": "node", "sh": "sh", "rb": "ruby", "php": "php", "pl": "perl"}
        runner = runs.get(program.rpartition(".")[2].lower())
        line = f"{runner} {program}" if runner else program
        return Question(
            f"Is {program} what {found.image} should run? Say it as its command.",
            (f"run {found.image} with command `{line}`",),
        )
    if len(left) != 1 or "container" in found.fields or left[0] in scan.quoted() or found.image is None:
        return None
    text = wish.scan().text
    place = re.search(rf"(?<![\w.-]){re.escape(left[0])}(?![\w-])", text)
    if place is None:
        return None
    before = re.sub(
        r"(?:\s+|^)(?:an?|the|my|our|new|another)(?=\s+$|$)", " ", text[: place.start()], flags=re.IGNORECASE
    )
    last = before.split()[-1].lower() if before.split() else ""
    if not last or last in _BEFORE_A_NAME or last == left[0].lower():
        return None
    of_image = {base(found.image), found.image, *found.image.rsplit(":", 1)[1:], "postgresql", "mongodb"}
    if last in of_image or re.fullmatch(r"v?\d[\w.-]*", last) or IMAGE.fullmatch(last):
        return None
    phrase = " ".join([*before.split()[-1:], *text[place.start() :].split()[:1]]).strip(".,;")
    return Question(
        f"I do not understand “{phrase}” for {found.image}. Is it the container's name?",
        (*((f"run {found.image} as {left[0]}",) if re.fullmatch(NAME, left[0]) else ()), f"run {found.image}"),
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
    account: Account | None = None,
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
        there = {one.name for one in await present("container", context)}
        taken = next((word for word in left if word in there), None)
        if taken is not None:
            return Question(f"{taken} is a container that is there already. What has {image} to do with it?")
        return _unclear(left, image)
    name = found.fields.get("container")
    if not isinstance(name, str):
        name = await _free_name(re.sub(r"[^\w.-]", "-", base(image)), context, outline)
        found.fields["container"] = name
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        return Question(f"“{name}” can't be a container's name (letters, digits, _ . - only). How should it be called?")
    question = (
        _kept(found, kept, image, name, outline)
        or _secret(found, account or Account(), image, outline, unsaid=unsaid)
        or _ports(found, image, outline)
        or _health(found, image, outline)
    )
    if question is not None:
        return question
    full = at_hub(image)
    if full != image and not any(
        image in one.names or f"{image}:latest" in one.names for one in await present("image", context)
    ):
        outline.assume(f"{image} is {full} on Docker Hub")
        image = found.image = full
    await _steps(found, image, name, context, outline)
    return None


def _kept(found: Wanted, volumes: Sequence[str], image: str, container: str, outline: Outline) -> Question | None:
    """A volume goes where the image keeps its data; which that is is asked where it is not known."""
    if not volumes:
        return None
    name, place = volumes[0] or f"{container}-data", data_folder(image)
    if place is None or len(volumes) > 1:
        several = len(volumes) > 1
        which = " ".join(
            ["the volumes" if several else "the volume", *filter(None, [" and ".join(filter(None, volumes))])]
        )
        known = f" It keeps its data in {place}." if place is not None else ""
        places = [place or "/data", "/logs", "/backup", "/more"]
        each = [f"volume {one or f'{container}-{n}'} at {places[min(n, 4) - 1]}" for n, one in enumerate(volumes, 1)]
        return Question(
            f"Where in {image} should {which} be?{known}", (f"run {image} as {container} with {' and '.join(each)}",)
        )
    mounted = found.fields.setdefault("volumes", [])
    assert isinstance(mounted, list)
    mounted.append(f"{name}:{place}")
    what = name if name.startswith(("/", ".", "~")) else f"the volume {name}"
    outline.assume(f"{what} is at {place} (say: with volume {name} at /…)")
    return None


def _unclear(left: list[str], image: str) -> Question:
    words = " ".join(left[:6])
    return Question(
        f"I do not understand “{words}” in this. Please say it another way.",
        (f"run a container from image {image} named web, publish 8080 to 80, with a volume data at /data",),
        unread=words,
    )


def _secret(found: Wanted, account: Account, image: str, outline: Outline, *, unsaid: bool = False) -> Question | None:
    password, variable = account.password or account.root, password_variable(image)
    plain_of, secret_of, assumed = accounts.variables(account, base(image))
    if plain_of or secret_of:
        merged = found.fields.setdefault("environment", {})
        assert isinstance(merged, dict)
        merged.update(plain_of)
        hidden = found.fields.setdefault("secret_environment", {})
        assert isinstance(hidden, dict)
        hidden.update(secret_of)
        if assumed is not None:
            outline.assume(assumed)
        if password is not None:
            return None
        variable = accounts.password_of(base(image), user=account.user is not None) or variable
        unsaid = unsaid or (account.user is not None and base(image) != "grafana")
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
        r"(?:,|\band|\bbut)?\s*(?:do\s+not|don't|without|not)\s+start(?:ing|ed)?(?:\s+it)?(?:\s+(?:yet|for\s+now|now|right\s+away))?",
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
