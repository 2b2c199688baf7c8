"""Entities of a wish: every value the text states, under the key that its place in the sentence gives it."""

from __future__ import annotations

import re

from .accounts import registries, users
from .amounts import autoscaled, bounds, number, range_to, replicas, schedule, sizes
from .clusters import clusters
from .commands import command_lines, quoted_commands
from .flags import flags
from .found import Context, put
from .hosts import NO_HOST, hosts
from .idents import idents
from .images import images
from .lexicon import lexicon
from .names import names
from .patterns import Lazy
from .places import cued, places
from .plain import settle
from .ports import ports
from .roles import NAMED_KINDS
from .shapes import typed
from .subjects import addresses, subjects
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found


def extract(tokens: list[Token], text: str, context: Context) -> Found:
    """All entities of one clause (``text`` is the clause's own)."""
    found: Found = {}
    of_git = bool(context.domains & {"github", "cicd"})
    if of_git:  # what few requests need is loaded when one does: starting is short
        from .ends import git_ends
        from .tickets import tickets
    settle(tokens)
    flags(tokens, found, context)
    _logged(tokens, found)
    hosts(tokens, found, context)
    idents(tokens, found, context)
    quoted_commands(tokens, text, found, context)
    if of_git:
        tickets(tokens, found, context)
    command_lines(tokens, text, found, context)
    _schedule(tokens, text, found)
    clusters(tokens, found, context)
    users(tokens, found, context)
    if context.intent == "scale" or any(t.kind == "number" or t.low.startswith(("tcp/", "udp/")) for t in tokens):
        from .pairs import changed_counts, port_pairs

        port_pairs(tokens, found, context)
        changed_counts(tokens, found, context)
    registries(tokens, found, context)
    if of_git:
        git_ends(tokens, found, context)
    typed(tokens, found, context)
    addresses(tokens, found, context)
    scaled = autoscaled(tokens)
    if scaled or context.speaks_of("autoscale", "autoscaler", "autoscaling", "hpa", "horizontalpodautoscaler"):
        bounds(tokens, found)
        range_to(tokens, found)
    elif context.intent == "scale" or {"min", "max"} <= context.low:
        bounds(tokens, found)
    sizes(tokens, context.verb, found)
    if "memory" in found and "storage" not in found and _keeps(context):
        found["storage"] = found.pop("memory")
    if not (scaled and "min" in found):
        replicas(tokens, context.verb, context.intent, found)
    images(tokens, found, context)
    cued(tokens, found, context)
    places(tokens, found, context)
    names(tokens, found, context)
    subjects(tokens, found, context)
    ports(tokens, found, context)
    _left_over(tokens, found, context)
    _own_namespace(tokens, found, context)
    _own_thing(tokens, found, context)
    host = found.get("host")
    if host and (host == found.get("registry") or host in found.get("command", "").split()):
        del found["host"]
    return found


_SURE = frozenset({"prod", "production", "staging", "stg", "uat", "preprod", "qa", "prd", "sandbox"})


def _own_namespace(tokens: list[Token], found: Found, context: Context) -> None:
    """A namespace that is itself the thing, that velero keeps, or that an environment's word says anywhere."""
    if "namespace" in found or not context.domains & {"kubernetes", "helm"}:
        return
    nouns = {t.noun.name for t in tokens if t.noun is not None}
    named = found.get("name")
    about = "namespace" in nouns and not (nouns & NAMED_KINDS) - {"environment", "cluster"}
    if named and about and context.intent in {"create_infra", "destroy"} and context.verb != "rename":
        found["namespace"] = named
        return
    if context.speaks_of("velero"):
        for i in range(1, len(tokens)):
            said = tokens[i - 1].low in {"of", "for", "covering", "restore", "up", "back up"}
            if said and tokens[i].kind == "name" and not tokens[i].stop:
                found["namespace"] = tokens[i].value
                return
    for token in tokens:
        if token.low in _SURE and token.text != "QA" and token.kind in {"word", "name"} and not token.used:
            found["namespace"] = token.value
            token.used = True
            return


_MEMORY = ("memory", "ram", "mem", "heap", "lambda", "function", "container", "limit", "limits", "swap")


def _keeps(context: Context) -> bool:
    """Whether an amount without its word is room on a disk: of Terraform's databases and disks, of a partition."""
    if context.low & set(_MEMORY):
        return False
    return "terraform" in context.domains or (
        context.domains == {"bash"} and context.intent == "scale" and context.speaks_of("disk", "partition", "scratch")
    )


def _own_thing(tokens: list[Token], found: Found, context: Context) -> None:
    """What is named as a network, volume or workspace, and nothing else is spoken of, has that key, too."""
    named = found.get("name")
    kinds = {t.noun.name for t in tokens if t.noun is not None} & (NAMED_KINDS | {"workspace"})
    kinds -= {"terraform"}
    if not named or len(kinds) != 1 or context.intent == "debug":
        return
    kind = kinds.pop()
    tool = {"network": "docker", "volume": "docker", "workspace": "terraform"}.get(kind)
    if tool in context.domains:
        found.setdefault(kind, named)


def _left_over(tokens: list[Token], found: Found, context: Context) -> None:
    """What only its shape speaks for: a version, a host, an environment, a port."""
    lex = lexicon()
    target = found.pop("_target", None)
    if target is not None and "name" not in found:
        found["name"] = target
    for i, token in enumerate(tokens):
        if token.used:
            continue
        before = tokens[i - 1].low if i else ""
        if token.kind == "version" and "version" not in found:
            found["version"] = token.text
        elif (
            token.low in lex.environments
            and token.kind in {"name", "word"}
            and "namespace" not in found
            and (
                i + 1 == len(tokens)
                or tokens[i + 1].kind == "punct"
                or tokens[i + 1].low in {"please", "pls", "now", "and", "asap", "plz"}
                or before in {"in", "on", "to", "for", "from", "into", "of"}
                or "times" in {tokens[i + 1].kind, tokens[i - 1].kind if i else ""}
            )
        ):
            if token.low in {"int", "test", "demo", "integration", "perf", "development", "canary"} and before not in {
                "in",
                "on",
                "to",
                "into",
                "from",
            }:
                continue
            found["namespace"] = token.value
        elif (
            token.kind == "number"
            and "ports" not in found
            and context.domains & {"docker", "bash"}
            and 2 <= len(token.text) <= 5
            and before in {"on", "tcp", "udp", "at", ","}
            and int(token.text) < 65536
            and (
                before in {"tcp", "udp"}
                or context.verb in {"create", "run", "add", "open", "allow", "deploy", None, "start"}
            )
        ):
            found["ports"] = [token.text]
    if context.intent == "scale" and not found.keys() & {"replicas", "min", "max", "memory", "storage", "cpu"}:
        left = [
            n
            for i, t in enumerate(tokens)
            if not t.used
            and t.kind == "number"
            and (n := number(t)) is not None
            and not (i and tokens[i - 1].low == "by")
            and not (i + 1 < len(tokens) and tokens[i + 1].low == "more")
        ]
        if len(left) == 1:
            found["replicas"] = left[0]
    for token in tokens:
        if token.kind == "name" and not token.used and _FILE.fullmatch(token.low):
            found.setdefault("file", token.value)
            token.used = True
            if found.get("name") == token.value:
                del found["name"]
    if "host" not in found:
        for token in tokens:
            if (
                token.kind == "name"
                and not NO_HOST.fullmatch(token.low)
                and not _FILE.fullmatch(token.low)
                and re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+", token.low)
                and re.search(r"\.[a-z]{2,}$", token.low)
            ):
                found["host"] = token.value
                break
    if "host" not in found and context.domains == {"bash"} | (context.domains & {"validation"}):
        for token in tokens:
            if (
                token.kind == "name"
                and token.value != found.get("user")
                and not NO_HOST.fullmatch(token.low)
                and re.fullmatch(r"[a-z][a-z-]*-?\d{1,3}[a-z]?(?:\.[\w.-]+)?", token.low)
                and not token.low.startswith(("python", "ubuntu", "node1", "node2", "ipv"))
            ):
                found["host"] = token.value
                break


_FILE = Lazy(
    r"[\w-][\w.-]*\.(?:rdb|db|sqlite3?|bundle|xlsx?|docx?|pdf|dwg|archive|run|bin|apk|exe|msi|pkg|aof|ova|vmdk|patch|diff|pub|kdbx)"
)


def _logged(tokens: list[Token], found: Found) -> None:
    """The host at the head of a system's log line: ``web-7 sshd[991]: …``."""
    if len(tokens) > 3 and tokens[0].nameable and tokens[2].text == "[" and tokens[1].end == tokens[2].start:
        found["host"] = tokens[0].value
        tokens[0].used = True


def _schedule(tokens: list[Token], text: str, found: Found) -> None:
    said = schedule(text)
    if said is None or _named_like_a_time(tokens, said, found):
        return
    found.setdefault("schedule", said)
    offset = tokens[0].start if tokens else 0
    first = text.find(said) + offset
    for token in tokens:
        if first <= token.start < first + len(said):
            token.used = True


def _named_like_a_time(tokens: list[Token], said: str, found: Found) -> bool:
    """Whether a job is called "nightly": "jenkins job nightly build 231", unlike "run the backup job nightly"."""
    for i, token in enumerate(tokens[1:], 1):
        if token.low.split(" ")[0] != said.lower():
            continue
        noun = tokens[i - 1].noun
        if noun is None or noun.name not in {"jenkins_job", "job", "pipeline", "workflow"}:
            return False
        owner = tokens[i - 2].low if i > 1 else "the"
        if noun.name != "jenkins_job" and owner not in {"the", "my", "our", "a", "show", "run", "trigger", "cancel"}:
            return False
        found.setdefault("name", said)
        token.used = True
        if token.low.endswith(" build") and i + 1 < len(tokens) and tokens[i + 1].kind == "number":
            put(found, "build", tokens[i + 1].text)
            tokens[i + 1].used = True
        return True
    return False
