"""What is done inside a container that only its name tells: "run nginx -t in web", "delete /tmp/cache in web", "copy …
out of web". Where no container has the name, the words mean something else and the other recipes have them.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.literal import PROGRAMS
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.scan import MASK, Scan
from reign_agents.planning.wish import Wish
from reign_agents.specialists.docker.containers import copy_into, quoted
from reign_agents.specialists.docker.found import present
from reign_agents.understanding.lexicon import lexicon
from reign_executors.errors import OperationError

_PLAIN = (
    r"(?!(?:the|a|an|it|its|there|this|that|background|network|folder|directory|container|pod)\b)[A-Za-z0-9][\w.-]*\w"
)
_NAME = rf"(?:{MASK}|{_PLAIN})"
_OTHER = re.compile(
    r"\b(?:pods?|deployments?|statefulsets?|namespaces?|kubernetes|k8s|cluster|helm|release|terraform|branch|workspace|"
    r"network|volumes?|images?|logs?)\b",
    re.IGNORECASE,
)
_WHERE = re.compile(
    r"\b(?:in|inside|within|from|of|out\s+of|into|on|to)\s+(?:of\s+)?(?:the\s+|my\s+)?(?:(?P<said>container)\s+)?"
    rf"(?P<name>{_NAME})(?:\s+(?P<kind>container))?(?=\s*(?:$|[,;.!?](?:\s|$)|\s(?:at|to|into|under|as)\s))",
    re.IGNORECASE,
)
_COLON = re.compile(rf"(?<!\S)(?P<name>{_NAME}):(?P<path>/[^\s,;]*)")
_PATH = r"(?<!\S)/[^\s,;]*"
_OTHER_PATH = r"(?<!\S)(?:\.{1,2}(?:/[^\s,;]*|(?=\s+\w))|[~$][^\s,;]*|[^\s,;/]+/[^\s,;]*)(?=[\s,;]|$)"
"""A path that depends on where it is read: relative, of a home or a variable."""
_PLAIN_PATH = re.compile(r"(?:/[\w.*@+%:=~-]+)+")
_VAGUE = r"\b(?!and\b|the\b|file\b|folder\b|dir\w*\b|please\b|-\w+)\w\w+"
_LINES = {
    "remove": "rm -r -- {}",
    "touch": "touch -- {}",
    "show": "cat -- {}",
    "list": "ls -la -- {}",
    "mkdir": "mkdir -p -- {}",
}
_COPIES = frozenset({"copy", "write", "pull", "show", "move", "append"})


@dataclass(frozen=True, slots=True)
class _Place:
    """A container by the name that stands for it, and where in the words: ``begin`` and ``end``."""

    name: str
    begin: int
    end: int
    said: bool


def _places(scan: Scan) -> list[_Place]:
    text = scan.text
    colons = [
        _Place(scan.restored(found["name"]), found.start(), found.start("path"), True)
        for found in _COLON.finditer(text)
    ]
    spoken = [
        _Place(
            scan.restored(found["name"]),
            found.start(),
            found.end(),
            bool(found["said"] or found["kind"]) or "inside" in found[0],
        )
        for found in _WHERE.finditer(text)
    ]
    return [*colons, *reversed(spoken)]


async def _container(wish: Wish, context: PlanningContext) -> _Place | None:
    """The container of exactly this name that the words are about; none where it may as well be a folder here."""
    found = _places(wish.scan())
    if not found:
        return None
    try:
        there = {one.name for one in await present("container", context)}
    except OperationError as error:
        if error.kind != "tool_missing":
            raise
        return None
    for place in found:
        if place.name in there and (place.said or not (context.settings.cwd / place.name).exists()):
            return place
    return None


async def _otherwise(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """What the other recipes make of it."""
    from reign_agents.specialists import RECIPES as ALL

    recipe = max((one for one in ALL if one not in RECIPES), key=lambda one: one.score(wish))
    if recipe.score(wish) == 0:
        return Question("I do not understand this request.", unread="")
    outline.agent = recipe.name.partition(".")[0]
    return await recipe.build(wish, context, outline)


async def _run(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    place = await _container(wish, context)
    scan = wish.scan()
    if place is None:
        return await _otherwise(wish, context, outline)
    said = f"{scan.text[: place.begin]} {scan.text[place.end :]}"
    said = re.sub(r"^\W*(?:the\s+)?(?:(?:shell\s+)?command|cmd)\b|[\s,.;!]+$", " ", said, flags=re.IGNORECASE).strip()
    if re.search(r"\b(?:save|write|store|put|pipe|send|dump)\b.*/|[^\s]*>\s*/", said):
        return _out(place.name, said)
    whole = re.fullmatch(MASK, said)
    command = scan.restored(said) if whole else quoted(scan, said)
    return _exec(place.name, command, outline)


def _exec(name: str, command: str, outline: Outline) -> Question | None:
    fields: dict[str, JsonValue] = {"container": name, "command": ["sh", "-c", command]}
    outline.add("docker.exec", fields, f"run it inside {name}")
    return None


async def _file(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    place = await _container(wish, context)
    if place is None:
        return await _otherwise(wish, context, outline)
    scan = wish.scan()
    words = f"{scan.text[: place.begin]} {scan.text[place.end :]}"
    paths = [re.sub(r"(?<=\w)[.!?]+$", "", path) for path in re.findall(_PATH, words)]
    odd = re.search(_OTHER_PATH, words) is not None or not all(_PLAIN_PATH.fullmatch(path) for path in paths)
    vague = wish.verb == "remove" and re.search(_VAGUE, re.sub(_PATH, " ", words))
    if odd or (wish.verb == "remove" and not vague and any(_too_high(path) for path in paths)):
        return Question(
            f"Which path inside {place.name} is meant? Say it whole, from / on, and below the top, or as a command:",
            (f"run `ls -la /tmp` in container {place.name}",),
        )
    verb = "mkdir" if wish.verb in ("create", "mkdir") and "directory" in wish.kinds else wish.verb
    verb = "touch" if verb in ("create", "write") else verb
    line = _LINES.get(verb or "")
    if line is None or not paths or vague or wish.has("containing", "saying", "with content") or scan.quoted():
        return Question(
            f"What exactly should be done inside {place.name}? As a command there:",
            (
                f"run `ls -la {paths[0] if paths else '/'}` in container {place.name}",
                *(
                    (f"run `find {paths[0]} -mindepth 1 -delete` in container {place.name}",)
                    if vague and paths and wish.has("all", "everything", "contents", "content")
                    else ()
                ),
            ),
        )
    return _exec(
        place.name, line.format(" ".join(shlex.quote(path) if "*" not in path else path for path in paths)), outline
    )


def _too_high(path: str) -> bool:
    """Whether a path names a folder at the top, ends in ``/``, or goes upwards."""
    parts = path.split("/")[1:]
    return len(parts) < 2 or not parts[-1] or any(part in ("", ".", "..") for part in parts) or "*" in parts[0]


async def _copy(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    place = await _container(wish, context)
    if place is None:
        return await _otherwise(wish, context, outline)
    scan = wish.scan()
    words = scan.text
    lead = words[place.begin : place.end]
    colon = _COLON.search(words)
    if colon is not None:
        inner = colon["path"]
        rest = f"{words[: colon.start()]} {words[colon.end() :]}"
        out = not re.search(r"\b(?:to|into|in|inside|on|onto)\s+$", words[: colon.start()], re.IGNORECASE)
        others = _locals(rest)
        if out:
            return _out(place.name, inner, others[0] if others else ".")
        return await _into(place.name, others, inner, words, context, outline)
    rest = f"{words[: place.begin]} {words[place.end :]}"
    if re.match(r"(?:from|out\s+of|of)\b", lead, re.IGNORECASE):
        paths = _locals(rest)
        return _out(place.name, paths[0] if paths else "/PATH", paths[1] if len(paths) > 1 else ".")
    inner_said = re.search(r"\b(?:at|to|into|under|as|in)\s+(?P<path>/\S*)", rest, re.IGNORECASE)
    if inner_said is None:
        return Question(
            f"To which folder of {place.name} should it go?",
            (f"copy {(_locals(rest) or ['./file'])[0]} into container {place.name} at /tmp",),
        )
    others = _locals(f"{rest[: inner_said.start()]} {rest[inner_said.end() :]}")
    return await _into(place.name, others, inner_said["path"], words, context, outline)


def _locals(words: str) -> list[str]:
    """Paths and file names among the words, in order."""
    found = re.findall(r"(?<!\S)(?:[.~]{0,2}/[^\s,;]*|[\w-][\w./-]*\.[\w-]+|[\w-]+/[\w./-]+)(?=[\s,;]|$)", words)
    return [path.rstrip(".,") for path in found]


def _out(name: str, inner: str, target: str = ".") -> Question:
    return Question(
        f"Taking files out of a container ({name}) comes later. Its own command would be:",
        (f"!docker cp {shlex.quote(f'{name}:{inner}')} {shlex.quote(target)}",)
        if inner.startswith("/")
        else (f"!docker exec {name} {inner}",),
    )


async def _into(
    name: str, sources: Sequence[str], inner: str, words: str, context: PlanningContext, outline: Outline
) -> Question | None:
    if not sources:
        return Question(
            f"Which file should I copy into {name}?", (f"copy ./app.conf into container {name} at {inner}",)
        )
    source, inner = sources[0], inner.rstrip(".,;")
    inner = inner.rstrip("/") or "/"
    last = inner.rpartition("/")[2]
    renamed = "." in last and last != source.rpartition("/")[2]
    if renamed or re.search(r"\bmove\b", words, re.IGNORECASE):
        return Question(
            f"A file keeps its name when I copy it into a container: {source} can't become {inner}. Its own command:",
            (f"!docker cp {shlex.quote(source)} {shlex.quote(f'{name}:{inner}')}",),
        )
    return await copy_into(Wish.of(f"copy {source} into container {name} at {inner}"), context, outline)


def _begins_a_command(wish: Wish) -> bool:
    """Whether the words before the container's name are a command line: a program, or a word with options."""
    scan = wish.scan()
    found = _WHERE.search(scan.text)
    if found is None or _of_others(scan.text):
        return False
    words = scan.text[: found.start()].split()
    if not words:
        return False
    known = words[0].partition(":")[0].lower() in lexicon().images
    options = any(word.startswith("-") or "/" in word for word in words[1:])
    quoted = any(re.search(MASK, word) for word in words)
    plain = words[0].lower() in PROGRAMS | {
        "psql",
        "mysql",
        "mongosh",
        "redis-cli",
        "nginx",
        "pg_dump",
        "mysqldump",
        "cat",
    }
    return quoted or options or (plain and not known)


def _of_a_file(wish: Wish) -> bool:
    text = wish.scan().text
    meant = re.search(_PATH, text) or re.search(r"(?<!\S)(?:\.{1,2}/|[~$])[^\s,;]*", text)
    return bool(meant) and bool(_places(wish.scan())) and not _of_others(text)


def _of_others(text: str) -> bool:
    """Whether the words (paths apart) name another kind of thing."""
    return _OTHER.search(re.sub(r"\S*/\S*", " ", text)) is not None


def _copies(wish: Wish) -> bool:
    text = wish.scan().text
    if wish.verb == "show" and not re.search(r"\bout\s+of\b", text, re.IGNORECASE):
        return False
    if wish.verb == "write" and re.search(MASK, text):
        return False
    places = [
        one
        for one in _places(wish.scan())
        if one.said or not re.match(r"(?:to|on)\b", text[one.begin :], re.IGNORECASE)
    ]
    plain = wish.verb not in ("move", "append") or any(one.said for one in places)
    return bool(places) and plain and bool(_locals(text) or _COLON.search(text)) and not _of_others(text)


RECIPES = (
    Recipe("inside.run", frozenset({"run", "exec"}), frozenset(), _run, "run nginx -t in web", _begins_a_command, 13),
    Recipe(
        "inside.file",
        frozenset(_LINES) | {"create", "write"},
        frozenset(),
        _file,
        "delete /tmp/cache inside web",
        _of_a_file,
        10,
    ),
    Recipe("inside.copy", _COPIES, frozenset(), _copy, "copy app.conf into web at /etc/app", _copies, 11),
)
"""What is done inside a container."""
