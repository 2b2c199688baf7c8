"""Values beside a noun that owns a key, and places behind a preposition."""

from __future__ import annotations

import re

from .amounts import number
from .clusters import NO_PLACE
from .found import FILLERS, KINDLESS, NEVER, Context, is_target, list_from, list_until, names_driver, put
from .lexicon import lexicon
from .roles import AFTER, BEFORE, NAMED_KINDS, NUMBERS, OWN_KEY
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found


def cued(tokens: list[Token], found: Found, context: Context) -> None:
    """Values beside a noun that owns a key: "namespace shop", "the shop namespace"."""
    _listed(tokens, found, context)
    for i, token in enumerate(tokens):
        if token.used or token.kind not in {"word", "name"}:
            continue
        key = AFTER.get(token.low)
        if key is not None:
            _after(tokens, i, key, found, context)
    for i, token in enumerate(tokens):
        key = BEFORE.get(token.low)
        if key is None or i == 0:
            continue
        value = tokens[i - 1]
        if (key in found and key != "host") or value.used or names_driver(tokens, i - 1):
            continue
        if key == "release" and "helm" in context.domains and _product(value):
            value.kind, value.stop = "name", False
        placed = (
            key == "namespace"
            and value.kind == "word"
            and i > 1
            and tokens[i - 2].low in KINDLESS
            and value.low not in NEVER
        )
        if placed and value.low not in FILLERS:
            value.kind, value.stop = "name", False
        hyphened = key == "namespace" and value.kind == "word" and "-" in value.low
        if hyphened or value.kind == "quoted" or value.nameable or (value.kind in {"file", "slashed", "path"}):
            if key == "namespace" and token.low in {"environment", "env"} and value.low not in lexicon().environments:
                continue
            if (
                key == "host"
                and (
                    value.low in lexicon().images
                    or value.low in lexicon().weak_names
                    or not re.search(r"[\d.-]", value.text)
                )
                and value.low not in {"bastion", "jumpbox"}
            ):
                continue
            if key == "image" and value.low in lexicon().environments:
                continue
            if key == "user" and value.low in lexicon().weak_names:
                continue
            if (
                key == "release"
                and "helm" not in context.domains
                and (value.low in lexicon().environments or context.domains & {"github"})
            ):
                continue
            several = key != "namespace" or (i > 1 and tokens[i - 2].low in {"and", "&"})
            values = list_until(tokens, i) if several else [value]
            put(found, key, values[0].value)
            if key == "image" and len(values) > 1:
                found["images"] = [v.value for v in values]
            if len(values) > 1 and key in OWN_KEY:
                found.setdefault("names", [v.value for v in values])
            for v in values:
                v.used = True
            if key in OWN_KEY and is_target(tokens, tokens.index(values[0])):
                found.setdefault("_target", values[0].value)


_LISTED = {
    "namespace": ("namespace", {"kubernetes", "helm"}),
    "ns": ("namespace", {"kubernetes", "helm"}),
    "release": ("release", {"helm"}),
    "workspace": ("workspace", {"terraform"}),
    "ws": ("workspace", {"terraform"}),
}
_STATES = frozenset({"stuck", "gone", "down", "broken", "empty", "full", "done", "ready", "up"})
_MARKS = frozenset({",", ";", "(", ")", ".", ":"})


def _listed(tokens: list[Token], found: Found, context: Context) -> None:
    """Ordinary words that are names because they stand in a list of settings: "chart itzg/minecraft, release blocks,
    namespace fun", "release name certs".
    """
    for i, token in enumerate(tokens):
        if token.low not in _LISTED or token.used:
            continue
        key, domains = _LISTED[token.low]
        told = i + 2 < len(tokens) and tokens[i + 1].low in {"name", "named", "called"}
        at = i + 2 if told else i + 1
        if key in found or not domains & context.domains or at >= len(tokens):
            continue
        value = tokens[at]
        alone = at + 1 == len(tokens) or tokens[at + 1].text in _MARKS
        if not alone or value.kind not in {"word", "name"} or not value.low.isalnum() or value.low in NEVER:
            continue
        first = not i and token.low in {"ns", "ws", "workspace"} and at + 1 < len(tokens)
        led = told or first or (i > 0 and tokens[i - 1].text in _MARKS)
        state = value.low in _STATES or (value.verb is not None and value.low.endswith(("ing", "ed")))
        if led and value.low not in _NO_NAMESPACE | _CLI and (told or (value.noun is None and not state)):
            found[key] = value.value
            value.kind, value.stop, value.used, token.used = "name", False, True, True


def _after(tokens: list[Token], i: int, key: str, found: Found, context: Context) -> None:
    j = i + 1
    while j < len(tokens) and (tokens[j].low in FILLERS or tokens[j].text in {":", "="}) and j - i < 4:
        j += 1
    while j + 1 < len(tokens) and tokens[j].low == "name" and tokens[j + 1].low in {"is", "=", ":"}:
        j += 2
    if j >= len(tokens):
        return
    owned = i > 1 and tokens[i - 1].nameable and tokens[i - 2].low in KINDLESS
    if owned and key == "namespace" and any(t.low == "is" for t in tokens[i + 1 : j]):
        return
    if key == "namespace" and tokens[j].low in _NO_NAMESPACE:
        return
    if key == "namespace" and j == i + 1 and i and _names_place(tokens, i):
        tokens[j].kind, tokens[j].stop = "name", False
    if key == "release" and j == i + 1 and "helm" in context.domains and _product(tokens[j]):
        tokens[j].kind, tokens[j].stop = "name", False
    if key in {"workspace", "context"} and tokens[j].low == "to" and j + 1 < len(tokens):
        j += 1
    value = tokens[j]
    word = tokens[i]
    if key in NUMBERS and value.verb is not None and j + 1 < len(tokens) and tokens[j + 1].kind == "number":
        value = tokens[j := j + 1]
    if value.used:
        return
    if key in NUMBERS:
        n = number(value) if value.kind == "number" else None
        if n is not None and not (
            key in {"run", "build"} and word.verb is not None and i == 0 and j + 1 < len(tokens) and tokens[j + 1].noun
        ):
            found.setdefault(key, n)
            value.used = True
        return
    if key == "version":
        if (
            value.kind in {"version", "number"}
            or (value.kind == "tagged" and re.fullmatch(r"\d:[\w.+~-]+", value.text))
            or (value.kind == "name" and re.search(r"\d", value.text))
            or value.low in {"latest", "stable"}
        ):
            if (
                "image" in found
                and ":" not in found["image"].rsplit("/", 1)[-1]
                and context.verb not in {"create", "publish", "rollback"}
                and "helm" not in context.domains
            ):
                found["image"] = f"{found['image']}:{value.text}"
            else:
                found.setdefault("version", value.value)
            value.used = True
        return
    if key in {"title", "command"}:
        if value.kind == "quoted":
            found.setdefault(key, value.value)
            value.used = True
        return
    if key == "id" and value.kind in {"name", "number"}:
        found.setdefault(key, value.value)
        value.used = True
        return
    if key in {"file", "path"}:
        if key == "path" and j == i + 1 and value.kind == "word" and value.low in _FOLDERS:
            found.setdefault(key, value.value)
            value.used = True
            return
        if (
            value.nameable
            and (j > i + 1 or key == "path" or tokens[i + 1] is value)
            and value.kind != "tagged"
            and value.low not in lexicon().environments
        ):
            found.setdefault(key, value.value)
            value.used = True
        return
    if key == "label" and value.kind in {"name", "quoted", "word"} and word.verb is not None and i == 0:
        return
    if key == "schedule" and value.kind != "quoted":
        return
    if key == "registry" and (value.kind in {"tagged", "slashed"}):
        found["registry"] = value.value
        return
    ends = j + 1 >= len(tokens) or tokens[j + 1].kind in {"punct", "flag"} or tokens[j + 1].low in _ENDS
    told = word.low == "ns" and j == i + 1 and i > 0 and tokens[i - 1].low in KINDLESS
    bare = value.kind == "word" and j <= i + 2 and value.low.isalpha() and (told or value.low not in NEVER) and ends
    if key == "namespace" and value.kind == "word" and "-" in value.low and j == i + 1:
        value.kind, value.stop = "name", False
    lone = key in {"network", "volume", "workspace"} and value.kind == "word" and j == i + 1 and ends
    line = i > 0 and tokens[i - 1].tool is not None
    if lone and not line and value.low not in NEVER and value.low not in _CLI:
        value.kind, value.stop = "name", False
    if bare and not (word.verb is not None and i == 0) and (key in {"namespace", "workspace"} or _free(value, key)):
        value.kind, value.stop = "name", False
    if not (
        value.nameable
        or value.kind == "slashed"
        or (
            value.kind == "word"
            and key in {"branch", "base"}
            and value.low in {"main", "master", "develop", "dev", "trunk"}
        )
        or (key == "namespace" and value.low == "default")
    ):
        if key == "user" and value.low in {"deploy", "admin", "backup", "jenkins", "build"}:
            pass
        elif not (key in {"branch", "base"} and value.kind == "version"):
            return
    if key == "host" and value.low in lexicon().environments and not re.search(r"\d", value.low):
        return
    if word.low == "release" and "github" in context.domains and "helm" not in context.domains:
        found.setdefault("version", value.value)
        found.setdefault("name", value.value)
        value.used = True
        return
    values = list_from(tokens, j)
    put(found, key, value.value)
    if key == "image" and len(values) > 1:
        found["images"] = [v.value for v in values]
    if len(values) > 1 and key in OWN_KEY:
        found.setdefault("names", [v.value for v in values])
    other = key == "namespace" and any(t.noun and t.noun.name in NAMED_KINDS for t in tokens[:i])
    if key in OWN_KEY and is_target(tokens, i) and not other:
        found.setdefault("_target", value.value)
    for v in values:
        v.used = True


def _product(token: Token) -> bool:
    """Whether the word is a program that is known by its own name: "release cert-manager"."""
    known = token.tool is not None or token.low in lexicon().images
    return token.kind == "word" and known and token.noun is None and token.verb is None and token.low not in _TOOLS


_TOOLS = frozenset(
    {"helm", "kubernetes", "k8s", "docker", "terraform", "github", "git", "gitlab", "jenkins", "kubectl"}
)
_NO_NAMESPACE = frozenset(
    """
    yet thx their lacks and at also as now already today pls please level scoped scope is was has had needs should must
    wants quota pods everything entirely whatever instead first next still just right where which who
    """.split()  # noqa: SIM905 - a long list of words
)


def _names_place(tokens: list[Token], i: int) -> bool:
    """Whether the ordinary word behind "namespace" at ``i`` is its name: "in namespace build this morning"."""
    value = tokens[i + 1]
    led = tokens[i - 1].low in KINDLESS or tokens[i - 1].text in {",", "("} or tokens[i].low == "ns"
    if not led or value.kind != "word" or not value.low.isalnum() or value.low in NEVER:
        return False
    return value.noun is None or value.low in _KINDS_AS_NAMES


_KINDS_AS_NAMES = frozenset({"build", "logs", "release", "test", "config", "registry", "events", "status", "jobs"})


_CLI = frozenset({"prune", "ls", "list", "create", "rm", "remove", "inspect", "connect", "disconnect", "please", "pls"})
_ENDS = KINDLESS | {
    "and",
    "can",
    "will",
    "should",
    "must",
    "may",
    "so",
    "could",
    "does",
    "stays",
    "gets",
    "is",
    "are",
    "has",
    "keeps",
    "was",
    "please",
    "pls",
    "then",
    "but",
    "or",
    "before",
    "after",
    "via",
    "using",
    "now",
    "again",
    "plus",
    "have",
    "this",
    "as",
}
_FOLDERS = frozenset(
    [
        "build",
        "dist",
        "src",
        "config",
        "logs",
        "data",
        "tmp",
        "cache",
        "docs",
        "test",
        "tests",
        "scripts",
        "images",
        "deploy",
        "release",
        "backup",
        "backups",
        "projects",
        "charts",
        "manifests",
        "infra",
        "modules",
        "environments",
    ]
)


def _free(value: Token, key: str) -> bool:
    """Whether an ordinary word can stand for a name behind its noun ("branch experiments")."""
    return (
        key in {"branch", "release", "network", "volume", "context", "user"}
        and value.noun is None
        and value.verb is None
    )


def places(tokens: list[Token], found: Found, context: Context) -> None:
    """Where it happens: namespace, branch, base, host, repo behind a preposition."""
    lex = lexicon()
    for i in range(len(tokens) - 1):
        word = tokens[i]
        if word.low not in KINDLESS or word.kind not in {"word", "name"}:
            if (
                word.low in lex.environments
                and i > 0
                and tokens[i].kind in {"word", "name"}
                and not word.used
                and i == len(tokens) - 2
                and tokens[i + 1].kind == "punct"
            ):
                pass
            continue
        j = i + 1
        while j < len(tokens) - 1 and tokens[j].low in {"the", "our", "my", "a", "your"}:
            j += 1
        value = tokens[j]
        if value.used:
            continue
        follow = tokens[j + 1] if j + 1 < len(tokens) else None
        if value.low in {"main", "master", "develop", "trunk", "mainline"} and (
            follow is None or follow.noun is None or follow.low == "branch"
        ):
            key = (
                "base"
                if (
                    word.low in {"into", "from", "off", "against", "onto"}
                    and (
                        "branch" in found
                        or "pr" in context.low
                        or context.verb in {"merge", "rebase", "create", "open"}
                    )
                )
                or context.verb == "open"
                or (word.low == "to" and context.low & {"pr", "pull request"})
                else "branch"
            )
            found.setdefault(key, value.value)
            if key == "base":
                found.setdefault("branch", value.value) if context.verb not in {
                    "merge",
                    "open",
                    "create",
                    "rebase",
                } else None
            value.used = True
            continue
        if value.low in lex.environments and (
            follow is None
            or follow.noun is None
            or follow.noun.name in {"namespace", "environment", "cluster", "env", "version"}
            or follow.low == "cluster"
        ):
            if follow is not None and follow.noun is not None and follow.noun.name in {"workspace", "branch"}:
                continue
            if "terraform" in context.domains and "helm" not in context.domains and context.speaks_of("workspace"):
                found.setdefault("workspace", value.value)
            later = any(
                tokens[k].low in {"to", "into"} and tokens[k + 1].low in lex.environments
                for k in range(j + 1, len(tokens) - 1)
            )
            if later and context.intent == "deploy" and word.low in {"from", "in", "on"}:
                continue
            found.setdefault("namespace", value.value)
            value.used = True
            continue
        if not value.nameable or (follow is not None and follow.noun is not None and follow.noun.name != "namespace"):
            continue
        if (word.low in {"in", "into", "to", "from", "within", "inside"} and value.low.startswith("kube-")) or (
            word.low in {"in", "into", "within", "inside", "across"}
            and context.domains & {"kubernetes", "helm"}
            and value.low not in lex.images
            and value.low not in NO_PLACE
        ):
            found.setdefault("namespace", value.value)
            value.used = True
        elif (
            word.low in {"on", "to", "into", "from", "at", "onto"}
            and not re.fullmatch(r"\d{1,2}(?::\d\d)?[ap]m", value.low)
            and (
                context.domains & {"bash"}
                or re.fullmatch(r"[a-z]+[\w-]*\d+(?:\.[\w.-]+)?|[\w-]+(?:\.[\w-]+){2,}", value.low)
            )
            and not context.domains & {"helm"}
            and (
                re.search(r"\d|\.", value.low)
                or (
                    word.low in {"on", "onto"}
                    and value.kind == "name"
                    and value.low not in lex.images
                    and "kubernetes" not in context.domains
                )
            )
        ):
            found.setdefault("host", value.value)
            value.used = True
        elif (
            word.low in {"into", "onto", "from", "against"}
            and context.domains & {"github"}
            and context.verb in {"merge", "open", "create", "rebase"}
        ):
            found.setdefault("base", value.value)
            value.used = True
        elif word.low == "on" and context.domains & {"github", "cicd"} and value.low in {"develop", "next"}:
            found.setdefault("branch", value.value)
            value.used = True
        elif (
            word.low in {"in", "for", "of", "on"}
            and context.domains & {"github"}
            and not context.domains & {"kubernetes"}
        ):
            found.setdefault("repo", value.value)
            value.used = True
