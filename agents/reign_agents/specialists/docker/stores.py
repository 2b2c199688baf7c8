"""Images, volumes and networks."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Build, Outline, Question
from reign_agents.planning.scan import VALUE, Scan
from reign_agents.planning.wish import Wish, names
from reign_agents.planning.words import NUMBERS
from reign_agents.specialists.docker.found import present, resolved
from reign_agents.specialists.docker.values import IMAGE, NAME
from reign_agents.understanding.lexicon import lexicon
from reign_executors.home import expanded

_NOISE_WORDS = """
docker force forcefully everything image images volume volumes network networks tagged tag file files latest
version
"""
_NOISE = frozenset(_NOISE_WORDS.split())


def listing(operation: str, why: str) -> Build:
    async def build(_wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
        outline.add(operation, {}, why)
        return None

    return build


def _number_alone(wanted: list[str], wish: Wish) -> bool:
    """Whether nothing but a number is left to be a name: "three volumes"."""
    if len(wanted) != 1 or not (wanted[0].lower() in NUMBERS or wanted[0].isdigit()):
        return False
    return re.search(rf"\b{wanted[0]}\s+(?:\w+\s+)?(?:volumes|networks)\b", wish.rest, re.IGNORECASE) is not None


_ROW = re.compile(
    r"\b(?:volumes|networks)\s+(?:called\s+|named\s+)?"
    r"(?P<row>[\w.-]+(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*)[\w.-]+)+)[\s.!]*$",
    re.IGNORECASE,
)


_NAMED = re.compile(r"\b(?:named|called|call\s+it|name\s+it|name\s+is)\s+(?P<rest>\S.*)$", re.IGNORECASE)


_BEHIND = re.compile(r"\b(?:volume|network)\s+(?P<name>[\w.-]+)", re.IGNORECASE)


def _called(wanted: list[str], wish: Wish) -> list[str]:
    """The names of what is to be made: those that follow one another, or the one it is called by. Words that stand
    about in the sentence are no names: "a network that only the batch jobs share, name it batch".
    """
    row_of_names = _ROW.search(wish.rest)
    if row_of_names is not None:
        return [name for name in re.split(r"[\s,&]+", row_of_names["row"].rstrip(".")) if name.lower() != "and"]
    if len(wanted) < 2:
        return wanted
    spoken = _NAMED.search(wish.rest)
    within = spoken["rest"] if spoken is not None else wish.rest
    there = [name for name in wanted if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-])", within)]
    row = r"[\s,;&\"'`]+(?:and[\s\"'`]+)?(?:volume\s+|network\s+)?".join(map(re.escape, there))
    if there and re.search(row, within):
        return there
    behind = _BEHIND.search(wish.rest)
    return [behind["name"]] if behind is not None and behind["name"] in wanted else []


async def create_volume(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    wanted = names(wish.scan(), _NOISE)
    if _number_alone(wanted, wish):
        return Question(f"What should the {wanted[0]} volumes be called?", ("create volumes data and cache",))
    wanted = _called(wanted, wish)
    if not wanted:
        return Question("What should the volume be called?", ("create volume data",), completes="{request} {quoted}")
    for name in wanted:
        outline.add("docker.create_volume", {"volume": name}, f"create the volume {name}")
    return None


async def create_network(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    subnet = scan.first(r"(?:with\s+)?(?:the\s+|a\s+)?(?:subnet\s+)?(?P<value>\d+(?:\.\d+){3}/\d+)")
    driver = scan.first(r"\b(?:with\s+)?(?:the\s+)?driver\s+(?P<value>[a-z]+)")
    internal = scan.has(r"(?<![\w-])internal(?![\w-])")
    attachable = scan.has(r"(?<![\w-])attachable(?![\w-])")
    wanted = names(scan, _NOISE | {"subnet", "bridge"})
    if _number_alone(wanted, wish):
        return Question(f"What should the {wanted[0]} networks be called?", ("create networks front and back",))
    wanted = _called(wanted, wish)
    if not wanted:
        return Question(
            "What should the network be called?", ("create network backend",), completes="{request} {quoted}"
        )
    for name in wanted:
        fields: dict[str, JsonValue] = {
            "network": name,
            "subnet": subnet,
            "driver": driver,
            "internal": internal or None,
            "attachable": attachable or None,
        }
        outline.add("docker.create_network", fields, f"create the network {name}")
    return None


async def emptied(wish: Wish, context: PlanningContext, _outline: Outline) -> Question | None:
    """What a volume holds goes only with the volume: said, since that is more than was asked for."""
    scan = Scan(re.sub(r"^\W*(?:please\s+)?[a-z]+\b", " ", wish.text, flags=re.IGNORECASE))
    wanted = [name for name in names(scan, _NOISE) if name not in ("empty", "clear")]
    name = wanted[0] if wanted else "data"
    return Question(
        f"I don't empty a volume: what is in {name} goes only with it. It can be removed and made anew, empty:",
        (f"remove volume {name} and create volume {name}",),
    )


_WITH_ALL = re.compile(
    r"\b(?:and|with|including|plus)\s+(?:everything|whatever|anything|(?:all\s+)?(?:its|the|all)\s+containers)\b.*$",
    re.IGNORECASE,
)
_BUT = re.compile(
    r"(?<![,\s])[,\s]*\b(?:except(?:\s+for)?|excluding|besides|but(?:\s+not)?|(?:but\s+)?keep|not)\s+(?P<rest>\S.*)$",
    re.IGNORECASE,
)


async def _all_tags(
    wanted: list[str], spared: list[str], context: PlanningContext, outline: Outline
) -> Question | None:
    """Every tag of these images' names, but those to be kept."""
    tags = [tag for one in await present("image", context) for tag in one.names if ":" in tag]
    chosen = [tag for name in wanted for tag in tags if tag == name or tag.rpartition(":")[0] == name]
    kept = [tag for tag in chosen if tag in spared or tag.rpartition(":")[2] in spared]
    gone_now = [tag for tag in dict.fromkeys(chosen) if tag not in kept]
    if not gone_now or (spared and not kept):
        listed = ", ".join(tags[:8]) or "none"
        return Question(f"Which images of {' and '.join(wanted)} should I remove? There are: {listed}.")
    for tag in gone_now:
        outline.add("docker.remove_image", {"image": tag}, f"remove the image {tag}")
    return None


def gone(kind: str) -> Build:
    """Removal of images, volumes or networks that exist."""

    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        scan = wish.scan()
        unused = scan.has(r"\b(?:all\s+)?(?:the\s+)?(?:unused|dangling|orphaned)\b")
        every = scan.has(r"\b(?:all|every)\b")
        if kind == "network" and scan.has(_WITH_ALL.pattern):
            return await _with_containers(names(scan, _NOISE), context)
        spared: list[str] = []
        if kind == "image" and every and (but := _BUT.search(scan.text)) is not None:
            scan.text, rest = scan.text[: but.start()], but["rest"]
            spared = [word for word in re.split(r"[\s,]+", scan.restored(rest)) if word]
        aged = scan.has(r"\bolder\s+than\b.*|\bfrom\s+before\b.*|\bnot\s+used\b.*")
        wanted = names(scan, _NOISE)
        if (unused or every or aged) and not wanted:
            rows = await present(kind, context)
            listed = ", ".join(one.name for one in rows[:8])
            return Question(
                f"Which {kind}s should I remove? There are: {listed or 'none'}.",
                tuple(f"remove {kind} {one.name}" for one in rows[:5]),
            )
        if kind == "image" and every and not unused:
            return await _all_tags(wanted, spared, context, outline)
        found = await resolved(wanted, kind, wish, context, outline, "remove")
        if isinstance(found, Question):
            return found
        for one, asked in zip(found, wanted or [one.name for one in found], strict=False):
            name = asked if asked in one.names else one.name
            outline.add(f"docker.remove_{kind}", {kind: name}, f"remove the {kind} {name}")
        return None

    return build


async def _with_containers(wanted: list[str], context: PlanningContext) -> Question:
    """What goes when a network goes with all that is in it: named first, since that is a great deal."""
    network = wanted[0] if wanted else "it"
    inside = [one.name for one in await present("container", context) if network in (one.row.get("networks") or ())]
    if not inside:
        return Question(f"No container is in {network}.", (f"remove network {network}",))
    steps = [*(f"remove container {name}" for name in inside), f"remove network {network}"]
    return Question(f"In {network} there are: {', '.join(inside)}. Should they go, too?", (" and ".join(steps),))


def _images(wish: Wish) -> list[str]:
    text = re.sub(
        r"\b([a-z][\w-]*)\s+(?:version\s+)?(\d+(?:\.\d+)*)\b",
        lambda m: f"{m[1]}:{m[2]}" if m[1] in lexicon().images else m[0],
        wish.scan().text,
    )
    scan = wish.scan()
    scan.text = text
    scan.take(r"\bfrom\s+(?:docker\s?hub|the\s+registry|the\s+internet)\b")
    return names(scan, _NOISE)


async def pull(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    always = wish.has("newest", "again", "fresh", "always", "latest version")
    wanted = [name for name in _images(wish) if name not in ("newest", "fresh", "always")]
    wanted = wanted if all(IMAGE.fullmatch(name) for name in wanted) else _called(wanted, wish)
    if not wanted:
        return Question("Which image should I pull?", ("pull image nginx:1.27",), completes="{request} {quoted}")
    for image in wanted:
        if not re.fullmatch(r"[\w./:@-]+", image):
            return Question(f"“{image}” is no image's name. Which image should I pull?", ("pull image nginx:1.27",))
        outline.add("docker.pull", {"image": image, "always": always or None}, f"bring {image} here")
    return None


def _named_by(folder: Path) -> str | None:
    """A folder's name as an image's, where it has a Dockerfile to build."""
    try:
        folder = expanded(folder).resolve()
        if not any((folder / name).is_file() for name in ("Dockerfile", "Containerfile")):
            return None
    except (OSError, RuntimeError, ValueError):
        return None
    return re.sub(r"[^a-z0-9._-]+|^[^a-z0-9]+", "", folder.name.lower()) or None


async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    no_cache = scan.has(r"\bwithout\s+(?:any\s+|the\s+)?cach(?:e|ing)\b|--no-cache|\bno\s+cache\b")
    pull_base = scan.has(r"--pull\b")
    dockerfile = scan.first(
        r"(?:with|using|from|-f|--file)\s+(?:the\s+)?(?P<value>(?:[\w./-]*/)?(?:Dockerfile|"
        r"Containerfile)[\w.-]*|[\w./-]+\.[Dd]ockerfile)"
    )
    args = {
        m["key"]: m["value"]
        for m in scan.take(
            r"(?:--build-arg[= ]|(?:with\s+)?(?:build\s+)?arg(?:ument)?\s+)?(?P<key>[A-Z_][A-Z0-9_]*)=(?P<"
            rf"value>{VALUE})"
        )
    }
    image = scan.first(
        r"(?:-t|--tag|tagged(?:\s+as|\s+with)?|tag(?:\s+it)?(?:\s+as|\s+with)?|named|called|name\s+it|"
        rf"call\s+it)\s+(?:as\s+)?(?P<value>{VALUE})"
    ) or scan.first(rf"\bas\s+(?:the\s+)?(?:image\s+)?(?P<value>{VALUE})")
    image = (
        image
        or scan.first(rf"(?:\bimage\s+)?(?P<value>{IMAGE.pattern})")
        or scan.first(rf"\bimage\s+(?!from\b|of\b|in\b|out\b|with\b)(?P<value>{NAME})")
    )
    folder = scan.first(
        r"\b(?:from|in|out\s+of|of|at|using|with)\s+(?:the\s+)?(?:dockerfile\s+(?:in|from|"
        rf"at)\s+)?(?:folder\s+|directory\s+|dir\s+|context\s+|path\s+)?(?P<value>{VALUE})"
    )
    left = names(scan, _NOISE | {"dockerfile", "current", "docker", "build", "new", "here"})
    if folder is None or folder.lower() in ("here", "this", "current", "dockerfile"):
        folder = left.pop(0) if left else "."
        if folder == ".":
            outline.assume("it is built from the current folder (say: from ./folder)")
    if image is None and not left and (name := _named_by(context.settings.cwd / folder)) is not None:
        image = f"{name}:latest"
        outline.assume(f"the image is called {image}, as its folder (say: tagged …)")
    if image is None:
        return Question(
            "What should the image be tagged?",
            ("build image shop:1.0 from ./shop",),
            completes="{request} tagged {quoted}",
        )
    if left:
        words = " ".join(left[:6])
        return Question(
            f"I do not understand “{words}” in this. Please say it another way.",
            ("build image shop:1.0 from ./shop",),
            unread=words,
        )
    fields: dict[str, JsonValue] = {
        "folder": folder,
        "image": image,
        "dockerfile": dockerfile,
        "args": dict(args),
        "no_cache": no_cache or None,
        "pull": pull_base or None,
    }
    outline.add("docker.build", fields, f"build {image} from {folder}")
    return None


async def tag(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    new = scan.first(rf"\b(?:as|to|with)\s+(?:the\s+)?(?:tag\s+)?(?P<value>{VALUE})")
    wanted = names(scan, _NOISE)
    if new is None and len(wanted) == 2:
        new = wanted.pop()
    if new is None or len(wanted) > 1:
        return Question("Which image, and which new tag?", ("tag image shop:1.0 as shop:stable",))
    found = await resolved(wanted, "image", wish, context, outline, "tag")
    if isinstance(found, Question):
        return found
    image = next((name for name in wanted if name in found[0].names), found[0].name)
    outline.add("docker.tag", {"image": image, "tag": new}, f"{image} is also {new}")
    return None


def linked(operation: str, verb: str) -> Build:
    """A container put into a network, or taken out of one."""

    async def plan(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        scan = wish.scan()
        alias = scan.first(rf"(?:\b(?:with|as|and|under|using|the|an)\s+)*\balias\s+(?P<value>{NAME})")
        network = scan.first(
            rf"\b(?:to|from|into|with|in|of)?\s*(?:the\s+)?network\s+(?:named\s+)?(?P<value>{NAME})"
        ) or scan.first(rf"\b(?:to|from|into|with)\s+(?:the\s+)?(?P<value>{NAME})(?:\s+network)?\b")
        if wish.it is not None and wish.it.kind == "network" and network in (None, "it", "that"):
            network = wish.it.name
        if network is None:
            return Question(
                "Which network?", (f"{verb} container web {'to' if verb == 'connect' else 'from'} network backend",)
            )
        scan.take(r"\b(?:on|in|into|to|from)\s+(?:it|that)\b")
        nets = await resolved([network], "network", wish, context, outline, verb)
        if isinstance(nets, Question):
            return nets
        found = await resolved(names(scan, _NOISE), "container", wish, context, outline, verb)
        if isinstance(found, Question):
            return found
        for one in found:
            outline.add(
                operation,
                {
                    "network": nets[0].name,
                    "container": one.name,
                    "aliases": [alias] if alias and verb == "connect" else None,
                },
                f"{verb} {one.name} and {nets[0].name}",
            )
        return None

    return plan
