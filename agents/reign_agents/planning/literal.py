"""Requests typed as command lines: ``!ls``, ``$ uname -a``, ``docker run -d nginx``, ``df -h``.

A docker line that says the same as a request becomes that request, so that it is previewed and can be undone; any
other line is a shell command as it stands.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from reign_agents.planning import git_lines, helm_lines, kubernetes_lines
from reign_agents.planning.machine import look_at_machine, quoted_path
from reign_agents.planning.terraform_lines import in_words

_LITERAL = re.compile(r"^\s*(?:!(?!\s*\[[a-z ]+\]\s)|\$\s)\s*(?P<command>\S.*)$", re.DOTALL)
_NAMED = re.compile(
    r"^\s*(?:please\s+)?(?:run|execute|exec)\s+(?:the\s+|this\s+|a\s+)?(?:shell\s+|bash\s+)?(?:command|cmd)?\s*:?\s*"
    r"(?P<quote>[`\"'])(?P<command>(?:(?!(?P=quote)).)+)(?P=quote)\s*[.!]*\s*$"
    r"|^\s*(?:please\s+)?(?:run|execute|exec)\s+(?:the\s+|this\s+)?(?:shell\s+|bash\s+)?(?:command|cmd)\s*:?\s+"
    r"(?P<bare>[^\s`\"'].*)$",
    re.IGNORECASE | re.DOTALL,
)
_OPERATORS = re.compile(r"[|&;<>`$(){}\n\\]")
_PROGRAMS_WORDS = """
ls df du uname whoami pwd uptime free ps id hostname date env ip ss netstat lsof grep egrep awk sed wc sort uniq
curl wget ssh scp rsync tar gzip gunzip zip unzip systemctl journalctl apt apt-get dnf yum pip npm make bash sh
python python3 node go cargo kill killall pkill chown stat head tail less diff which dig nslookup ping
traceroute openssl crontab useradd usermod sudo mount umount echo printf xargs tee dmesg lsblk sysctl true false
test
"""
PROGRAMS = frozenset(_PROGRAMS_WORDS.split())
"""Programs that are no words a request would begin with, or only before an option."""
_ENGLISH_WORDS = """
make test echo kill sort mount find tail head date node go which tee free stat which curl
"""
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_ALONE_WORDS = """
ls df du uname whoami pwd uptime free ps id hostname date env lsblk lsof ss netstat dmesg
"""
_ALONE = frozenset(_ALONE_WORDS.split())
_PROSE = re.compile(
    r"\b(?:the|please|my|for me|named|called|containing|is|are|was|were|has|have|did|of the|what|why|as an?|with)\b|"
    r"\bin\s+\.{0,2}/",
    re.IGNORECASE,
)

_SAYING = frozenset({"echo", "printf", "grep", "egrep", "awk", "sed"})
"""Programs that take words as they come."""
_JOINING = re.compile(r"(?<!\S)(?:and|then|into|between|onto|to|up(?!\s*$))(?!\S)", re.IGNORECASE)
"""Words that join what people say and stand in no command line."""
_IN_FOLDER = re.compile(
    r"(?P<command>(?P<program>npm|make|go|cargo|pip|python3?)\s[^|;&<>`$]*?\S)\s+in\s+(?:the\s+)?"
    r"(?P<noun>(?:folder|directory)\s+)?(?P<folder>[\w./~-]*\w/?)(?P<after>\s+(?:folder|directory))?"
)
"""A program's line, and the folder it is to run in."""
_OF_FOLDERS = frozenset({"npm", "make", "go", "cargo"})
"""Programs that work on the folder they run in; any other one may be meant for a container of that name."""

_DOCKER = re.compile(
    r"docker\s+(?:run|create|ps|container|image|volume|network|system|compose|exec|logs|rm|rmi|stop|start|cp|login|push|"
    r"save|load|commit|kill|swarm|stack|service|context|buildx?|search|history|prune|wait|port|diff|export|import|"
    r"attach|update)\b(?!:)"
)
_NO_IMAGE = frozenset({"of", "for", "on", "in", "from", "with", "the", "a", "is", "was", "fails", "failed", "as"})
"""What stands behind ``docker run`` where it is spoken of: "docker run of app:3 works here"."""
_VALUED_WORDS = """
-p --publish -v --volume -e --env --name --restart --network --net -m --memory --cpus -u --user -w --workdir -h
--hostname -l --label --entrypoint --network-alias
"""
_VALUED = frozenset(_VALUED_WORDS.split())
_PLAIN_WORDS = (
    """-d --detach -i -t -it -ti -dit -itd -di -dt --interactive --tty --rm --init --read-only --privileged"""
)
_PLAIN = frozenset(_PLAIN_WORDS.split())

_REWRITES: tuple[tuple[str, str], ...] = (
    (r"docker (?:ps|container ls|container list)(?: (?:-a|--all|-aq?))", "list all containers"),
    (r"docker (?:ps|container ls|container list)", "list running containers"),
    (r"docker (?:images|image ls|image list)(?: -a)?", "list images"),
    (r"docker (?P<kind>volume|network) (?:ls|list)", "list {kind}s"),
    (r"docker (?P<kind>volume|network) create (?P<names>[\w.-]+)", 'create {kind} "{names}"'),
    (r"docker (?P<kind>volume|network) rm (?P<names>[\w. -]+)", "remove {kind} {names}"),
    (
        r"docker (?:container )?(?P<verb>stop|start|restart|pause|unpause) (?P<names>[\w. -]+)",
        "{verb} container {names}",
    ),
    (r"docker (?:container )?rm(?: (?:-f|--force))? (?P<names>\w[\w. -]*)", "remove container {names}"),
    (
        r"docker (?:container )?rm (?:-v|-fv|-vf|-f -v|-v -f) (?P<names>\w[\w. -]*)",
        "remove container {names} with its volumes",
    ),
    (r"docker (?:rmi|image rm) (?P<names>\w[\w.:/ -]*)", "remove image {names}"),
    (r"docker (?:image )?pull (?P<names>\S+)", "pull image {names}"),
    (r"docker (?:image )?push (?P<names>[^\s-]\S*)", "push image {names}"),
    (r"docker (?:image )?tag (?P<old>\S+) (?P<new>\S+)", "tag image {old} as {new}"),
    (r"docker (?:container )?logs (?P<names>[\w.-]+)", "show logs of container {names}"),
    (
        r"docker (?:container )?logs (?:--tail|-n)[ =](?P<n>\d+) (?P<names>[\w.-]+)",
        "show the last {n} log lines of container {names}",
    ),
    (
        r"docker (?:container )?logs (?P<names>[\w.-]+) (?:--tail|-n)[ =](?P<n>\d+)",
        "show the last {n} log lines of container {names}",
    ),
    (r"docker (?:container )?logs (?:-f|--follow) (?P<names>[\w.-]+)", "follow the logs of container {names}"),
    (r"docker (?:container )?inspect (?P<names>[\w.-]+)", "inspect container {names}"),
    (r"docker stats (?P<names>[\w.-]+)", "show stats of container {names}"),
    (r"docker top (?P<names>[\w.-]+)", "show the processes of container {names}"),
    (r"docker (?:container )?rename (?P<old>[\w.-]+) (?P<new>[\w.-]+)", "rename container {old} to {new}"),
    (
        r"docker network (?P<verb>connect|disconnect) (?P<net>[\w.-]+) (?P<names>[\w.-]+)",
        "{verb} container {names} to network {net}",
    ),
    (
        r"docker (?:container )?exec(?: -it?| -ti?)* (?P<names>[\w.-]+) (?P<command>[^\"]+)",
        'run "{command}" in container {names}',
    ),
    (r"docker build (?:-t|--tag)[ =](?P<image>\S+) (?P<folder>[\w./~-]+)", "build image {image} from {folder}"),
    (r"docker (?:info|version)", "show docker info"),
    (r"docker system df", "show docker disk usage"),
    (r"echo (?P<text>\"[^\"$`]*\"|'[^']*'|[\w .-]+?) ?> ?(?P<path>[\w./~-]+)", "write {text} to {path}"),
    (r"echo (?P<text>\"[^\"$`]*\"|'[^']*'|[\w .-]+?) ?>> ?(?P<path>[\w./~-]+)", "append {text} to {path}"),
    (r"chmod \+x (?P<path>[\w./~-]+)", "make {path} executable"),
)
_COMPILED = tuple((re.compile(rf"^\s*{pattern}\s*$", re.DOTALL), request) for pattern, request in _REWRITES)


@dataclass(frozen=True, slots=True)
class Literal:
    """A command line: ``command`` for the shell, or the ``request`` that says the same."""

    command: str | None = None
    request: str | None = None
    assumption: str | None = None


def literal(text: str) -> Literal | None:
    """What a text typed as a command line is; None when it is ordinary words."""
    marked = _LITERAL.match(text)
    if marked is not None:
        command = marked["command"].strip()
        return (
            Literal(request=request_of(command), command=None)
            if text.strip()[0] == "$" and request_of(command)
            else Literal(command)
        )
    named = _NAMED.match(text)
    if named is not None:
        return Literal((named["command"] or named["bare"]).strip().strip("`"))
    line = text.strip()
    look = look_at_machine(line)
    if look is not None:
        return Literal(look, assumption=f"this machine is asked: {look}")
    request = request_of(line)
    if request is not None:
        return None if request == line else Literal(request=request)
    plain = in_words(line) or git_lines.in_words(line) or helm_lines.in_words(line) or kubernetes_lines.in_words(line)
    if plain is not None:
        return Literal(request=plain)
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", line)
    placed = _IN_FOLDER.fullmatch(line)
    if placed is not None and _is_shell(placed["command"]):
        folder = placed["folder"]
        if not (placed["noun"] or placed["after"] or "/" in folder or placed["program"] in _OF_FOLDERS):
            return None
        return Literal(f"cd {quoted_path(folder)} && {placed['command']}", assumption=f"it runs in the folder {folder}")
    if _is_shell(line) or (_DOCKER.match(line) and not _PROSE.search(bare)):
        return Literal(line, assumption="it is taken as a shell command as it stands")
    return None


def request_of(line: str) -> str | None:
    """The request that says what a command line says; None when there is none that says exactly that."""
    for pattern, request in _COMPILED:
        match = pattern.match(line)
        if match is not None:
            values = {key: value.strip() for key, value in match.groupdict().items() if value}
            if "text" in values and values["text"][0] not in "\"'":
                values["text"] = f'"{values["text"]}"'
            if "names" in values and "command" not in values and " -" in f" {values['names']}":
                return None
            if values.get("verb") == "disconnect":
                request = request.replace(" to network", " from network")
            return request.format(**values)
    return _docker_run(line)


def _docker_run(line: str) -> str | None:
    """``docker run`` with options the recipes know, as a request; None for any other line."""
    match = re.match(r"^\s*docker\s+(?:container\s+)?(?P<verb>run|create)\s+(?P<rest>.+)$", line, re.DOTALL)
    if match is None or _OPERATORS.search(re.sub(r"'[^']*'", "", match["rest"])):
        return None
    try:
        words = shlex.split(match["rest"])
    except ValueError:
        return None
    options: list[str] = []
    while words and words[0].startswith("-"):
        option = words.pop(0)
        name, equals, _ = option.partition("=")
        short = re.fullmatch(r"(-[pvemuwhl])(.+)", option)
        if option in _PLAIN:
            options.append(option)
        elif name in _VALUED and equals:
            options.append(f"{name} {_quoted(option.partition('=')[2])}")
        elif option in _VALUED and words:
            options.append(f"{option} {_quoted(words.pop(0))}")
        elif short is not None and option not in _PLAIN:
            options.append(f"{short[1]} {_quoted(short[2])}")
        else:
            return None
    if not words or words[0].lower() in _NO_IMAGE:
        return None
    image, *command = words
    said = f" with the command {_quoted(shlex.join(command), always=True)}" if command else ""
    unstarted = " without starting it" if match["verb"] == "create" else ""
    return f"{'create' if unstarted else 'run'} a container {' '.join(options)} from image {image}{said}{unstarted}"


def _quoted(text: str, *, always: bool = False) -> str:
    if not always and re.fullmatch(r"[\w./:@=%+~-]+", text):
        return text
    key, equals, value = text.partition("=")
    if equals and re.fullmatch(r"[A-Za-z_]\w*", key) and not always:
        return f"{key}={_quoted(value, always=True)}"
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _is_shell(line: str) -> bool:
    """Whether ordinary words can be ruled out: a program, then options or the shell's own signs."""
    first = re.match(r"(?:sudo\s+)?([\w.-]+)", line)
    if first is None or first.group(1) not in PROGRAMS:
        return False
    rest = line[first.end() :]
    if not rest.strip():
        return line in _ALONE
    if re.match(r"\s*(?:[,:;]\s|(?:of|as|from|and|for)\s)", rest):
        return False
    bare = re.sub(r"\"[^\"]*\"|'[^']*'", "", rest)
    if first.group(1) not in _SAYING and _JOINING.search(bare):
        return False
    if re.search(r"(?<!\S)-{1,2}\w|[|<>]|&&|;|\$\(", bare):
        return not _PROSE.search(bare)
    return first.group(1) not in _ENGLISH and not _PROSE.search(bare) and "?" not in bare
