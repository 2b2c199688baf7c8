"""The names of what a wish is about."""

from __future__ import annotations

import itertools

from .amounts import number
from .found import NAMING, NEVER, Context, could_name, list_from, list_until, looks_named, put, put_name
from .lexicon import lexicon
from .patterns import Lazy
from .roles import BEFORE, NAMED_KINDS, OWN_KEY
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found


def names(tokens: list[Token], found: Found, context: Context) -> None:
    lexicon()
    key = "release" if "helm" in context.domains else "name"
    if (
        (context.verb in {"run", "create", "install", "deploy", "add", "backup"} or key == "release")
        and key not in found
        and "name" not in found
    ):
        for i, token in enumerate(tokens[:-1]):
            if (
                i
                and token.low == "as"
                and (could_name(tokens, i + 1) or (key == "release" and _plain_word(tokens[i + 1])))
                and not (i + 2 < len(tokens) and tokens[i + 2].noun)
            ):
                put_name(found, key, [tokens[i + 1]])
    for i, token in enumerate(tokens):
        if token.low in NAMING and token.kind == "word" and i + 1 < len(tokens) and context.verb != "rename":
            j = i + 1
            while j < len(tokens) - 1 and (
                tokens[j].low in {"it", "them", "the", "is", "as", "this", "that"} or tokens[j].text in {":", "="}
            ):
                j += 1
            value = tokens[j]
            if value.kind in {"punct", "flag"} or (token.low in {"name", "names"} and value.kind == "word"):
                continue
            if value.kind in {"name", "quoted", "word", "slashed", "tagged", "version", "file", "milli"} and not (
                value.kind == "word"
                and value.low in {"in", "on", "after", "for", "by", "the", "a", "and", "to", "with", "from"}
            ):
                put_name(found, key, [value, *list_from(tokens, j)[1:]])
                _own(tokens, i, value, found)
                if key == "release" and context.intent == "create_infra":
                    found.setdefault("name", value.value)
    if (
        context.domains & {"bash"}
        and not context.domains & {"docker", "kubernetes"}
        and key == "name"
        and (
            context.verb in {"install", "uninstall"}
            or (context.verb == "update" and (context.speaks_of("package") or any(t.kind == "version" for t in tokens)))
        )
    ):
        _packages(tokens, found, key)
    if context.verb == "useradd" or (
        context.domains == {"bash"} and context.speaks_of("userdel", "useradd", "adduser")
    ):
        for token, follow in itertools.pairwise(tokens):
            if (token.verb is not None and token.verb.name == "useradd") or token.low in {
                "userdel",
                "useradd",
                "adduser",
            }:
                candidates = [t for t in tokens[tokens.index(follow) :] if t.nameable and not t.used]
                if candidates:
                    put(found, "user", candidates[0].value)
                    break
    _machine_names(tokens, found, context, key)
    if (key in found and key == "name") or "names" in found:
        pass
    else:
        _names_beside_nouns(tokens, found, key, context.intent == "create_infra")
    if key not in found and "names" not in found and "name" not in found:
        _names_beside_verb(tokens, found, context, key)
    if (
        context.intent != "unknown"
        and key not in found
        and "names" not in found
        and not any(k in found for k in ("name", "image", "release", "pr", "issue", "repo"))
    ):
        _any_name(tokens, found, context, key)


def _plain_word(token: Token) -> bool:
    return token.kind == "word" and not token.used and token.low not in NEVER and token.low.isalnum()


_POD = Lazy(r"[a-z][a-z0-9-]*-[0-9a-f]{8,10}-[a-z0-9]{5}")


def _machine_names(tokens: list[Token], found: Found, context: Context, key: str) -> None:
    """Names by their place in a machine's line: a pod's with its hash, a unit's, a Jenkins job's before its build."""
    if key in found or "name" in found:
        return
    for i, token in enumerate(tokens):
        pod = context.domains & {"kubernetes", "helm"} and _POD.fullmatch(token.text)
        unit = (
            "bash" in context.domains
            and i > 0
            and tokens[i - 1].low in {"of", "status", "restart", "stop", "start", "enable", "disable", "reload"}
            and any(t.low in {"systemctl", "service"} for t in tokens[max(0, i - 4) : i])
            and token.kind in {"word", "name"}
            and (token.tool == "bash" or token.nameable)
        )
        job = (
            "cicd" in context.domains
            and i + 2 < len(tokens)
            and i > 0
            and tokens[i - 1].low in {"jenkins", "gitlab", "job"}
            and tokens[i + 1].low == "build"
            and tokens[i + 2].kind in {"number", "hash"}
            and token.kind in {"word", "name"}
        )
        if pod or unit or job:
            put_name(found, "name", [token])
            return


def _own(tokens: list[Token], i: int, value: Token, found: Found) -> None:
    """A phrase like "a volume named data" names a volume: its own key has it, too."""
    for j in range(i - 1, max(-1, i - 4), -1):
        own = BEFORE.get(tokens[j].low)
        if own in OWN_KEY:
            found.setdefault(own, value.value)
            return


def _named_plainly(tokens: list[Token], j: int) -> bool:
    """Whether an ordinary word behind a noun is its name: "create a configmap flags with …"."""
    if j + 1 >= len(tokens):
        return False
    word = tokens[j]
    valued = tokens[j + 1].kind in {"amount", "pair"} or tokens[j + 1].low in {"ns", "namespace"}
    if valued and word.kind == "word" and word.noun is None and word.low not in NEVER:
        return True
    told = j > 1 and tokens[j - 2].verb is not None
    plain = (
        word.kind == "word"
        and (word.verb is None or told)
        and word.noun is None
        and word.low.isalpha()
        and word.low not in NEVER
    )
    return plain and tokens[j + 1].low in {"with", "in", "from", "on"}


def _names_beside_nouns(tokens: list[Token], found: Found, key: str, created: bool) -> None:
    for i, token in enumerate(tokens):
        if token.noun is None or token.noun.name not in NAMED_KINDS or token.kind not in {"word", "name"}:
            continue
        if token.verb is not None and i == 0:
            continue
        if token.noun.name in {"replica", "node", "pod", "worker"} and i and number(tokens[i - 1]) is not None:
            continue
        values: list[Token] = []
        j = i + 1
        if j < len(tokens) and tokens[j].text == ":":
            j += 1
        if j < len(tokens) and could_name(tokens, j) and tokens[j].low not in lexicon().environments:
            values = list_from(tokens, j)
            ahead = i >= 2 and could_name(tokens, i - 1) and tokens[i - 2].low in {"the", "my", "our", "your", "this"}
            if ahead and not looks_named(values[0]):
                values = list_until(tokens, i)
            if i and tokens[i - 1].low in {"to", "for", "behind"} and token.noun.name == "service":
                found.setdefault("service", values[0].value)
        elif created and _named_plainly(tokens, j):
            tokens[j].kind, tokens[j].stop = "name", False
            values = [tokens[j]]
        elif (
            i
            and could_name(tokens, i - 1)
            and not (tokens[i - 1].low in lexicon().environments and tokens[i - 1].kind != "quoted")
            and (tokens[i - 1].low not in lexicon().images or i < 2 or tokens[i - 2].low not in {"a", "an"})
        ):
            values = list_until(tokens, i)
        elif token.noun.name in {"service", "host_service"} and _daemon(tokens, i - 1):
            values = [tokens[i - 1]]
        if values:
            put_name(found, key if token.noun.name not in {"volume", "network", "secret"} else "name", values)
            own = BEFORE.get(token.low) or (token.noun.name if token.noun.name in OWN_KEY else None)
            if own in OWN_KEY:
                found.setdefault(own, values[0].value)


def _daemon(tokens: list[Token], i: int) -> bool:
    """Whether a tool's own word is a host service's name: "the sshd service"."""
    if i < 1 or tokens[i - 1].low not in {"the", "my", "our"}:
        return False
    token = tokens[i]
    return token.kind == "word" and token.tool in {"bash", "docker"} and token.low not in {"systemd", "swarm", "linux"}


def _packages(tokens: list[Token], found: Found, key: str) -> None:
    """Packages behind "install": tools' own names count, and shell lists them without commas."""
    for i, token in enumerate(tokens):
        if (
            token.verb is None
            or token.verb.name not in {"install", "uninstall", "delete", "update", "add"}
            or token.kind != "word"
        ):
            continue
        values: list[Token] = []
        for follow in tokens[i + 1 :]:
            if follow.kind in {"name", "quoted", "file"} or (
                follow.kind == "word"
                and (follow.tool or follow.low in lexicon().images)
                and follow.low
                not in {
                    "linux",
                    "apt",
                    "shell",
                    "ubuntu-box",
                    "snap",
                    "brew",
                    "yum",
                    "dnf",
                    "packages",
                    "kernel",
                    "daemon",
                    "cron job",
                    "crontab",
                    "folder",
                    "directory",
                }
            ):
                values.append(follow)
            elif (
                follow.kind == "flag"
                or follow.low in {"and", "&", "the", "latest", "package", "packages", "a", "newest", "both", "plus"}
                or follow.text == ","
            ):
                continue
            else:
                break
        if values:
            put_name(found, key, values)
        return


def _names_beside_verb(tokens: list[Token], found: Found, context: Context, key: str) -> None:
    for i, token in enumerate(tokens):
        if token.verb is None or token.kind != "word":
            continue
        j = i + 1
        while (
            j < len(tokens)
            and tokens[j].low
            in {
                "the",
                "a",
                "my",
                "our",
                "all",
                "just",
                "only",
                "down",
                "up",
                "on",
                "off",
                "out",
                "of",
                "for",
                "to",
                "back",
                "from",
            }
            and j - i < 4
        ):
            if tokens[j].low in {"on", "of", "for", "to", "from"} and context.intent not in {
                "monitor",
                "debug",
                "update",
                "scale",
            }:
                break
            j += 1
        if j < len(tokens) and could_name(tokens, j) and tokens[j].low not in lexicon().environments:
            if not looks_named(tokens[j]) and tokens[j].kind != "quoted":
                better = [
                    n
                    for n in range(len(tokens))
                    if n != j
                    and could_name(tokens, n)
                    and looks_named(tokens[n])
                    and tokens[n].low not in lexicon().environments
                ]
                if better and context.intent != "create_infra":
                    j = better[0]
            values = list_from(tokens, j)
            makes = token.verb.intent in {"create_infra", "deploy"} and len(values) == 1
            if makes and found.get("image", "").split(":")[0] == values[0].low:
                continue
            put_name(found, key, values)
            return


def _any_name(tokens: list[Token], found: Found, context: Context, key: str) -> None:
    lex = lexicon()
    best: Token | None = None
    for i, token in enumerate(tokens):
        if not could_name(tokens, i) or token.kind == "quoted" or token.low in lex.environments:
            continue
        looks = looks_named(token)
        follow = tokens[i + 1] if i + 1 < len(tokens) else None
        before = tokens[i - 1].low if i else ""
        if before == "the" and i > 1 and tokens[i - 2].low == "of":
            before = "of"
        subject = follow is not None and follow.low in {
            "is",
            "isn't",
            "isnt",
            "keeps",
            "won't",
            "wont",
            "can't",
            "cant",
            "doesn't",
            "has",
            "from",
            "crashes",
            "fails",
            "to",
            "are",
            "went",
            "returns",
            "throws",
            "keep",
            "not",
            "logs",
            "pods",
            "pod",
            "status",
            "down",
            "gets",
            "(",
        }
        subject = subject or (i == 0 and before == "" and follow is not None and follow.low in {"in", "on"})
        if looks or subject or before in {"for", "of", "with", "is", "on", "from", "about", "are", ":"}:
            if best is None:
                best = token
            elif looks and subject:
                best = token
                break
    if best is not None:
        put_name(found, key, list_from(tokens, tokens.index(best)))
