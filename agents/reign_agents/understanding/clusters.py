"""Where in a cluster: a context by its word, a namespace in brackets or behind "in" though it is an ordinary word."""

from __future__ import annotations

from .found import KINDLESS, NEVER, Context
from .lexicon import lexicon
from .patterns import Lazy
from .roles import NAMED_KINDS
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found

_TAKES = frozenset(["delete", "uninstall", "destroy", "backup", "copy", "export", "show", "stop", "list"])
_WITHIN = frozenset(["in", "into", "inside", "within"])
NO_PLACE = frozenset(
    """
    progress place total general advance detail details parallel background foreground yaml json full order case charge
    use time half future past line order sync turn short particular cluster clusters namespace namespaces kubernetes k8s
    helm docker terraform pod pods container containers pending error errors crashloop crashloopbackoff state status
    logs log hours minutes seconds days weeks chart charts repo repository manifest manifests production file files
    folder directory values background mode bytes memory disk minikube kind bash shell ready running front
    deployment deployments service services node nodes replicaset statefulset image images version versions configmap
    secret ingress release releases cron crontab table flight dry-run addition
    """.split()  # noqa: SIM905 - a long list of words
)
_AFTER = KINDLESS | NEVER | {"as", "using", "please", "pls", "asap", "keeps", "stays", "stay", "is", "use", "has"}
_WORD = Lazy(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def clusters(tokens: list[Token], found: Found, context: Context) -> None:
    for i, token in enumerate(tokens[:-1]):
        owned = i > 1 and tokens[i - 1].nameable and tokens[i - 2].low in KINDLESS | {"the", "use", "using"}
        if token.low in {"context", "kubecontext", "kube-context", "ctx"} and "context" not in found and not owned:
            j = i + 1
            while j < len(tokens) - 1 and (tokens[j].text in {":", "="} or tokens[j].low in {"to", "is", "called"}):
                j += 1
            value = tokens[j]
            if _free(value) and value.low not in NEVER and value.kind not in {"punct", "flag", "number"}:
                found["context"] = value.value
                value.used = True
    if not context.domains & {"kubernetes", "helm"} or "namespace" in found:
        return
    if any(t.low in {"namespace", "ns", "-n", "--namespace"} for t in tokens):
        return
    segments(tokens, found)
    if "namespace" in found or _said_aside(tokens, found, context):
        return
    for i, token in enumerate(tokens[:-1]):
        value = tokens[i + 1]
        if token.low in {"env", "environment"} and value.low in lexicon().environments and not value.used:
            found.setdefault("namespace", value.value)
            value.used = True
        follow = tokens[i + 2] if i + 2 < len(tokens) else None
        opened = "(" in {t.text for t in tokens[max(0, i - 5) : i + 1]}
        bracketed = token.text in {"(", ","} and opened and follow is not None and follow.text in {")", ","}
        behind = (
            token.low in _WITHIN or (token.low == "from" and (context.verb in _TAKES or context.intent == "destroy"))
        ) and (
            follow is None
            or follow.kind in {"punct", "flag", "quoted", "pair", "amount", "file", "path"}
            or follow.low in _AFTER
            or (follow.noun is None and not follow.nameable)
        )
        if token.low == "from" and context.intent == "scale":
            continue
        held = token.low == "of" and i > 1 and tokens[i - 2].low in {"release", "releases"} and tokens[i - 1].nameable
        if (bracketed or behind or held) and _place(value, bracketed):
            found["namespace"] = value.value
            value.used = True
            return


_STATE = Lazy(r"(?:[A-Z][a-z]+){2,}")
_LIMITS = frozenset({"quota", "networkpolicy", "limitrange", "rolebinding"})
_UNDER = frozenset(
    {"control", "load", "pressure", "way", "test", "attack", "stress", "maintenance", "review", "it", "budget"}
)
_REGISTRIES = frozenset(
    {"ecr", "gcr", "acr", "ghcr", "dockerhub", "registry", "harbor", "quay", "hub", "nexus", "slack"}
)


def _said_aside(tokens: list[Token], found: Found, context: Context) -> bool:
    """A namespace without its word: "under jobs", "pod a, shop", "configmap c of shop", "quota for shop", "to shop"."""
    deploys = context.intent == "deploy" and "bash" not in context.domains
    limited = any(t.noun is not None and t.noun.name in _LIMITS for t in tokens)
    for i in range(1, len(tokens)):
        value, before = tokens[i], tokens[i - 1]
        if value.used or value.kind not in {"word", "name"} or not _WORD.fullmatch(value.low):
            continue
        follow = tokens[i + 1] if i + 1 < len(tokens) else None
        ends = follow is None or follow.kind in {"punct", "flag", "quoted", "pair"} or follow.low in _AFTER
        held = i > 2 and (noun := tokens[i - 3].noun) is not None and noun.name in NAMED_KINDS
        middle = tokens[i - 2]
        owned = held and middle.kind == "name" and noun is not None and tokens[i - 3].low == noun.name
        plain = _place(value, bracketed=False)
        under = before.low == "under" and value.low not in _UNDER and value.low not in NEVER and ends
        listed = (
            owned and before.text == "," and ends and value.kind == "name" and (follow is None or follow.text != "&")
        )
        listed = listed and not (follow is not None and follow.low in {"and", "or", "&"})
        of = owned and before.low == "of" and plain and value.kind == "name"
        whose = limited and before.low == "for" and plain and ends and value.kind == "name"
        target = deploys and before.low in {"to", "onto"} and plain and ends and value.kind == "name"
        target = target and value.low not in _REGISTRIES
        if under or listed or of or whose or (target and bool(found.keys() | context.low & _GIVEN)):
            found["namespace"] = value.value
            value.used = True
            return True
    owner = next((t for t in tokens if t.kind == "name" and t.low.endswith("'s") and t.low.startswith("kube-")), None)
    if owner is not None:
        found["namespace"] = owner.value
        owner.used = True
    return owner is not None


_GIVEN = frozenset({"as", "version", "image", "chart", "release", "manifests", "helm"})


def segments(tokens: list[Token], found: Found) -> None:
    """Words alone between strokes: "Autoscaler / pipernet / live / min 7" names the thing, then the place."""
    strokes = [i for i, t in enumerate(tokens) if t.text == "/" and t.kind == "punct"]
    if len(strokes) < 2:
        return
    alone = [
        tokens[a + 1]
        for a, b in zip(strokes, [*strokes[1:], len(tokens)], strict=True)
        if b == a + 2 and _free(tokens[a + 1]) and tokens[a + 1].kind in {"word", "name"}
    ]
    before = tokens[: strokes[0]]
    named = any(t.nameable or t.used for t in before)
    for token in alone:
        if not named:
            found.setdefault("name", token.value)
            named = token.used = True
        elif "namespace" not in found:
            found["namespace"] = token.value
            token.used = True


def _free(token: Token) -> bool:
    return not token.used and token.kind in {"word", "name", "quoted", "slashed", "tagged", "image", "file", "version"}


def _place(token: Token, bracketed: bool) -> bool:
    if token.used or token.kind not in {"word", "name"} or not _WORD.fullmatch(token.low):
        return False
    if token.low in NO_PLACE or token.low in NEVER or _STATE.fullmatch(token.text) or token.low.startswith("pending-"):
        return False
    lex = lexicon()
    if token.low in lex.environments or token.low in lex.images:
        return not bracketed and token.low in lex.environments
    ordinary = token.low in lex.words and token.verb is None and token.noun is None and token.low not in _TEAMS
    return not ordinary


_TEAMS = frozenset(
    [
        "infra",
        "cache",
        "bus",
        "live",
        "edge",
        "core",
        "ops",
        "dev",
        "maps",
        "data",
        "web",
        "platform",
        "tools",
        "apps",
        "sales",
        "support",
        "search",
    ]
)
