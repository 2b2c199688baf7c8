"""Command lines of docker, kubectl and helm: their arguments by place; and the command that something is to run."""

from __future__ import annotations

import re

from .found import NEVER, Context, put, put_image
from .lexicon import lexicon
from .patterns import Lazy
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found

_VALUED = frozenset(
    [
        "-p",
        "--publish",
        "-e",
        "--env",
        "--env-file",
        "-v",
        "--volume",
        "--mount",
        "--name",
        "--network",
        "--net",
        "-m",
        "--memory",
        "--cpus",
        "-u",
        "--user",
        "-w",
        "--workdir",
        "--restart",
        "-h",
        "--hostname",
        "-l",
        "--label",
        "--entrypoint",
        "--add-host",
        "--shm-size",
        "--platform",
        "--pull",
        "--link",
        "--dns",
        "--cap-add",
        "--device",
        "--ulimit",
        "--tmpfs",
        "--gpus",
        "--log-driver",
        "-o",
        "--output",
        "--tail",
        "--since",
        "--sort-by",
        "-n",
        "--namespace",
        "-c",
        "--container",
        "--context",
        "--timeout",
        "--grace-period",
        "--history-max",
        "--version",
        "--set",
        "--values",
        "--min",
        "--max",
        "--cpu-percent",
        "--replicas",
        "--scale",
        "--selector",
        "--kubeconfig",
        "--kube-context",
        "--signal",
        "-s",
        "--time",
        "--log-opt",
        "--ip",
        "--pid",
        "--memory-swap",
        "--cpu-shares",
    ]
)
"""Options that take the word behind them."""
_ON_CONTAINERS = frozenset(["rm", "stop", "start", "restart", "kill", "pause", "unpause", "inspect", "rmi"])
_GROUPS = frozenset(["container", "containers", "volume", "network", "image", "service", "stack", "secret", "config"])
_ON_OBJECTS = frozenset(["delete", "describe", "scale", "autoscale", "get"])
_PROGRAMS = frozenset(
    [
        "sh",
        "bash",
        "ash",
        "echo",
        "ls",
        "cat",
        "sleep",
        "python",
        "python3",
        "node",
        "npm",
        "env",
        "date",
        "whoami",
        "uname",
        "curl",
        "wget",
        "ping",
        "tail",
        "head",
        "printenv",
        "id",
        "ps",
        "df",
        "du",
        "nc",
        "httpd",
        "redis-cli",
        "psql",
        "mysql",
        "mongosh",
        "java",
        "go",
        "ruby",
        "perl",
        "php",
        "gunicorn",
        "uvicorn",
        "celery",
        "rails",
        "bundle",
        "true",
        "tar",
        "pg_dump",
        "make",
        "pytest",
        "nslookup",
        "dig",
        "find",
        "grep",
        "touch",
        "hostname",
        "nginx",
        "-g",
        "top",
        "free",
        "uptime",
        "seq",
        "yes",
    ]
)
_ENDS = frozenset(
    [
        "every",
        "at",
        "in",
        "on",
        "as",
        "with",
        "out",
        "from",
        "named",
        "called",
        "and",
        "then",
        "for",
        "daily",
        "nightly",
        "hourly",
        "weekly",
        "inside",
        "using",
        "via",
        "please",
    ]
)
_RUNS = frozenset(
    {"calls", "calling", "execstart", "exec", "running", "runs", "executing", "executes", "run", "execute", "schedule"}
)


def command_lines(tokens: list[Token], text: str, found: Found, context: Context) -> None:
    """Arguments that a tool's own command line gives by their place; ``text`` is the clause's own."""
    for i, token in enumerate(tokens):
        if token.kind != "word":
            continue
        first = token.low.split(" ")[0]
        if first in {"docker", "docker-compose", "podman"}:
            _docker(tokens, i, text, found)
        elif first in {"kubectl", "oc"}:
            _kubectl(tokens, i, text, found)
        elif first == "helm":
            _helm(tokens, i, found)
    _runs(tokens, text, found, context)


def _words(tokens: list[Token], i: int) -> list[tuple[str, int]]:
    """The words behind the tool at ``i`` without options and their values, up to the end of the line."""
    words = [(word, i) for word in tokens[i].text.lower().split(" ")[1:]]
    j = i + 1
    while j < len(tokens):
        token = tokens[j]
        if token.kind == "flag":
            j += 1
            if j < len(tokens) and tokens[j].text == "=":
                j += 2
            elif token.text in _VALUED and not (token.text == "-n" and tokens[i].low == "docker"):
                j += 1
            continue
        if (token.kind == "punct" and token.text != "-") or token.text[0] in "&|":
            break
        if token.kind == "word" and " " in token.text:
            words += [(word, j) for word in token.text.lower().split(" ")]
        else:
            words.append((token.low if token.kind == "word" else token.value, j))
        j += 1
    return words


def _targets(tokens: list[Token], words: list[tuple[str, int]]) -> list[Token]:
    """The names among ``words``: all of them where the line ends with names, else the plain names in front."""
    targets: list[Token] = []
    for word, j in words:
        token = tokens[j]
        if token.used and token.kind not in {"name", "quoted"}:
            break
        if (
            token.kind not in {"name", "quoted", "word", "tagged", "hash", "version"}
            or " " in word
            or _prose(tokens, j)
        ):
            if token.kind == "slashed":
                return []
            targets = [t for t in targets if t.nameable]
            break
        if token.noun is not None and not targets and len(words) > 1:
            return []
        targets.append(token)
    return targets


def _prose(tokens: list[Token], j: int) -> bool:
    """Whether the word belongs to a sentence; a thing may well be called "a" or "back"."""
    token = tokens[j]
    if token.low == "a":
        return not any(t.word and len(t.text) == 1 for t in tokens[j + 1 : j + 2])
    return token.low in NEVER and not (token.low == "back" and j + 1 == len(tokens))


def _several(found: Found, key: str, targets: list[Token]) -> None:
    if not targets:
        return
    found[key] = targets[0].value
    if len(targets) > 1:
        found["names"] = [target.value for target in targets]
    for target in targets:
        target.used = True


def _docker(tokens: list[Token], i: int, text: str, found: Found) -> None:
    for j, token in enumerate(tokens[i:], i):
        if token.kind == "pair" and re.fullmatch(r"[\w.-]+=\d{1,6}", token.value):
            before = tokens[j - 1]
            if before.text == "=":
                before = tokens[j - 2]
            if before.text == "--scale" or any(t.low == "scale" for t in tokens[i:j]):
                name, _, count = token.value.partition("=")
                found.setdefault("name", name)
                found.setdefault("replicas", int(count))
                token.used = True
    words = _words(tokens, i)
    while words and (words[0][0] in _GROUPS or words[0][0] == "compose"):
        words = words[1:]
    if not words:
        return
    verb, words = words[0][0], words[1:]
    if verb == "update" and "name" not in found and (targets := _targets(tokens, words[-1:])):
        _several(found, "name", targets)
    elif verb == "create" and len(words) == 1 and tokens[words[0][1] - 2].low in {"network", "volume"}:
        thing = tokens[words[0][1] - 2].low
        if tokens[words[0][1]].kind in {"name", "word", "quoted"}:
            found.setdefault(thing, tokens[words[0][1]].value)
            found.setdefault("name", tokens[words[0][1]].value)
    elif verb in {"run", "exec", "create"} and words:
        _docker_run(tokens, verb, words, text, found)
    elif verb == "rmi":
        images = [tokens[j] for _, j in words if tokens[j].kind in {"name", "tagged", "image", "slashed"}]
        for image in images:
            put_image(found, image.value)
            image.used = True
    elif verb in _ON_CONTAINERS and words:
        _several(found, "name", _targets(tokens, words))


def _docker_run(tokens: list[Token], verb: str, words: list[tuple[str, int]], text: str, found: Found) -> None:
    subject = tokens[words[0][1]]
    if subject.low in NEVER or " " in subject.text or subject.noun is not None:
        return
    if len(words) < 2 or subject.kind not in {"name", "word", "tagged", "image", "slashed", "quoted"}:
        return
    at = words[1][1]
    if not _is_program(tokens, at) and not (verb == "exec" and tokens[at].low not in NEVER):
        return
    if verb == "exec":
        found["name"] = subject.value
    else:
        put_image(found, subject.value)
    subject.used = True
    _put_command(tokens, at, len(tokens), text, found)


def _is_program(tokens: list[Token], at: int) -> bool:
    token = tokens[at]
    if token.kind == "path":
        return True
    follow = tokens[at + 1] if at + 1 < len(tokens) else None
    if token.value in _PROGRAMS:
        return follow is None or not (follow.kind == "version" and token.value != "sleep")
    return follow is not None and follow.kind == "flag" and token.kind == "name" and len(follow.text) == 2


def _put_command(tokens: list[Token], first: int, last: int, text: str, found: Found) -> None:
    offset = tokens[0].start
    said = text[tokens[first].start - offset : tokens[last - 1].end - offset].strip()
    if first + 1 == last:
        said = tokens[first].value
    if said:
        found.setdefault("command", said)
        for token in tokens[first:last]:
            token.used = True


def _kubectl(tokens: list[Token], i: int, text: str, found: Found) -> None:
    words = _words(tokens, i)
    if not words:
        return
    verb, words = words[0][0], words[1:]
    if verb == "exec" and words:
        subject = tokens[words[0][1]]
        if subject.nameable or subject.kind == "word":
            found.setdefault("name", subject.value)
            subject.used = True
        dashes = next((j for j in range(i, len(tokens) - 1) if tokens[j].text in {"--", "-"}), None)
        if dashes is not None:
            first = dashes + 1
            while first < len(tokens) - 1 and tokens[first].text in {"-", "--"}:
                first += 1
            _put_command(tokens, first, len(tokens), text, found)
    elif verb in _ON_OBJECTS and len(words) > 1 and "/" not in words[0][0] and _is_kind(tokens, words):
        targets = _targets(tokens, words[1:])
        if len(targets) > 1 or "name" not in found:
            _several(found, "name", targets)


def _is_kind(tokens: list[Token], words: list[tuple[str, int]]) -> bool:
    return tokens[words[0][1]].noun is not None or words[0][0] in {
        "deploy",
        "po",
        "svc",
        "sts",
        "ds",
        "cm",
        "no",
        "ing",
    }


def _helm(tokens: list[Token], i: int, found: Found) -> None:
    words = _words(tokens, i)
    if len(words) < 2:
        return
    verb, words = words[0][0], words[1:]
    if verb == "rollback":
        release = tokens[words[0][1]]
        if release.noun is not None or words[0][0] in NEVER or release.kind not in {"name", "word", "quoted"}:
            return
        found["release"] = release.value
        release.used = True
        if len(words) > 1 and words[1][0].isdigit():
            put(found, "revision", words[1][0])
            tokens[words[1][1]].used = True
    elif verb in {"uninstall", "delete"}:
        _several(found, "release", _targets(tokens, words))
    elif verb in {"history", "status", "test", "upgrade", "install", "get"} and "release" not in found:
        at = words[1:2] if verb == "get" else words[:1]
        named = tokens[at[0][1]] if at else None
        if named is None or named.kind not in {"name", "word", "quoted"} or named.low in NEVER:
            return
        if named.noun is None and " " not in named.text and (verb in {"history", "status", "get"} or named.nameable):
            found["release"] = named.value
            named.used = True


def _runs(tokens: list[Token], text: str, found: Found, context: Context) -> None:
    """The command in a sentence: "running sleep 3600", "that runs /opt/bin/rotate.sh every night"."""
    if "command" in found or not context.domains & {"docker", "kubernetes", "bash"}:
        return
    for i, token in enumerate(tokens[:-1]):
        if token.low not in _RUNS:
            continue
        at = i + 1
        if tokens[at].low in {"the", "command"} and at + 2 < len(tokens):
            at += 1 + (tokens[at].low == "the" and tokens[at + 1].low == "command")
        path = tokens[at].kind == "path"
        plain = token.low in {"run", "execute"} and not (i and tokens[i - 1].low in {"to", "will", "should"})
        if tokens[at].kind == "quoted" and tokens[at].value.split(" ")[0] in _PROGRAMS:
            _put_command(tokens, at, at + 1, text, found)
            return
        image = context.domains != {"bash"} and tokens[at].low in lexicon().images
        if plain and not path and (image or tokens[at].value not in _PROGRAMS):
            continue
        if (token.low == "schedule" and not path) or not _is_program(tokens, at):
            continue
        last = at + 1
        while last < len(tokens) and tokens[last].low not in _ENDS and tokens[last].text not in {",", ";", "?", "!"}:
            last += 1
        while last > at + 1 and tokens[last - 1].text in {".", ":"}:
            last -= 1
        if last == at + 1 and not path and not plain and not (token.low == "exec" and tokens[at].value in _PROGRAMS):
            continue
        if path:
            held = tokens[at].used
            _keep_path(tokens[at], found)
            tokens[at].used = held
        _put_command(tokens, at, last, text, found)
        return


def _keep_path(token: Token, found: Found) -> None:
    """A command that is a file is also known as that file."""
    if re.search(r"\.\w{1,5}$", token.value):
        found.setdefault("file", token.value)
    found.setdefault("path", token.value)


def quoted_commands(tokens: list[Token], text: str, found: Found, context: Context) -> None:
    """A command in quotes, and what stands behind a cron expression."""
    if not context.domains & {"docker", "kubernetes", "bash", "cicd"}:
        return
    for i, token in enumerate(tokens):
        if token.kind in {"quoted", "path"} and not token.used and _is_line(token, tokens[i - 1] if i else None):
            _put_command(tokens, i, i + 1, text, found)
            return
    if not any("cron" in t.low for t in tokens):
        return
    for i, token in enumerate(tokens):
        back = i
        while back and tokens[back - 1].text in {"=>", "=", ">", ":", "→", "run", "runs"}:
            back -= 1
        timed = back >= 5 and all(_CRON.fullmatch(t.text) for t in tokens[back - 3 : back])
        if token.kind == "path" and not token.used and timed:
            last = i + 1
            while last < len(tokens) and (tokens[last].kind == "flag" or tokens[last].low not in _ENDS):
                last += 1
            _put_command(tokens, i, last, text, found)
            return


_FOLDERISH = frozenset({"from", "in", "folder", "directory", "path", "to", "into", "at", "under"})
_CRON = Lazy(r"[\d*/,:-]+")


def _is_line(token: Token, before: Token | None) -> bool:
    if token.text[:1] not in {'"', "'", "`", "“", "‘"}:
        return False
    first = token.value.split(" ")[0]
    if " " not in token.value:
        if before is not None and before.low in {"command", "cmd"}:
            return True
        named = first in _PROGRAMS or first.startswith(("/", "./"))
        return named and before is not None and before.low in _RUNS | {"exec", "command", "execute", "runs"}
    if first.startswith(("/", "./", "~/")) and (before is None or before.low not in _FOLDERISH):
        return not re.search(r"/[^ ]*[A-Z][^ ]* [A-Z]", token.value)
    if (before is not None and before.low in {"command", "cmd"}) or re.match(r"[a-z][\w.-]* --?[a-z]", token.value):
        return True
    lex = lexicon()
    return first in _PROGRAMS or first in lex.commands[""] or (first in lex.commands and first.islower())
