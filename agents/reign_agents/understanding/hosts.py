"""Hosts by their place in the sentence: behind "on", "at" or "of", in brackets, at the head or the tail of a wish."""

from __future__ import annotations

from .found import Context
from .lexicon import lexicon
from .patterns import Lazy
from .roles import NAMED_KINDS
from .shapes import REGION
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found

_LOOKS = Lazy(r"(?=.*[-\d])[a-z][a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9-]+)*")
NO_HOST = Lazy(
    r"s3|ec2|b4|in2|md5|raid\d+|sha\d+|[sv]d[a-z]\d?|nvme\w+|xvd\w+|qcow2|jbd2|ext[234]|p\d+|q\d|h2|http2|utf-?8|base64"
    r"|ipv[46]|x86|amd64|arm64|k[38]s|(?:python|java|php|lib|node|ubuntu|debian|linux|openjdk|postgresql)-?[\d.].*"
    r"|(?:module|var|data|vm|net|kernel|local|aws_\w+)\..*|.*\.(?:x?large|\d+xlarge|micro|small|medium|nano|orig|old|go|instance)"
    r"|.*(?:exception|error|timeout|conflict)|.*-(?:based|only|ish|free|like|side|wide|level|prem|call|time)"
)
"""What looks like a host's name and is none."""
_HEX = Lazy(r"[0-9a-f]{7,40}")
_AT = frozenset({"on", "onto", "at", "@", "ssh", "ssh to", "ssh into", "ssh onto"})
_OF = frozenset({"from", "of"})
_SENT = frozenset(
    {"rsync", "scp", "copy", "sync", "send", "ship", "archive", "mirror", "over", "ssh", "log", "back", "move"}
)
_SKIPPED = frozenset({"the", "our", "my", "host", "server", "machine", "box", "node", "vm", "container"})
_CLUSTER = frozenset(
    {"pod", "pods", "deployment", "deploy", "statefulset", "daemonset", "namespace", "ns", "kubectl", "cluster", "hpa"}
    | {
        "replicas",
        "replica",
        "configmap",
        "secret",
        "ingress",
        "pvc",
        "cronjob",
        "rollout",
        "k8s",
        "kubernetes",
        "helm",
    }
    | {"autoscaler", "chart", "release", "context", "nodes", "node", "job", "service", "svc", "sts", "ds"}
)


def hosts(tokens: list[Token], found: Found, context: Context) -> None:
    """``host`` where the place of a word with a host's looks leaves no doubt."""
    if "host" in found:
        return
    clustered = bool(context.domains & {"kubernetes", "helm"})
    if clustered and ("bash" not in context.domains) and context.low & _CLUSTER:
        return
    local = "bash" in context.domains and not clustered
    if not local and (context.intent == "scale" or context.speaks_of("oomkilled", "oom", "limit", "limits")):
        return
    for reach in (_AT, _OF) if local else (_AT,):
        for i in range(1, len(tokens)):
            if not _looks(tokens, i):
                continue
            j = i - 1
            while j and tokens[j].low in _SKIPPED:
                if tokens[j].low == "container":
                    break
                j -= 1
            if tokens[j].text == "@" and not (local or "docker" in context.domains):
                continue
            if tokens[j].low in reach or tokens[j].text in reach:
                _put(found, tokens[i])
                return
    if not local and "docker" not in context.domains:
        return
    last = len(tokens) - 1
    while last > 0 and tokens[last].kind == "punct" and tokens[last].text != ")":
        last -= 1
    for i, token in enumerate(tokens):
        if not _looks(tokens, i):
            continue
        before = tokens[i - 1].text if i else ""
        after = tokens[i + 1].text if i + 1 < len(tokens) else ""
        bracketed = before == "(" and after == ")"
        headed = local and not i and after == ":"
        tail = local and before == "," and i == last
        owning = local and token.low.endswith("'s") and token.low[-3].isdigit()
        sent = local and before.lower() == "to" and bool(context.low & _SENT)
        if bracketed or headed or tail or owning or sent:
            _put(found, token)
            return


def _looks(tokens: list[Token], i: int) -> bool:
    token = tokens[i]
    if token.used or token.kind != "name" or token.stop:
        return False
    low = token.value.lower()
    if (
        not _LOOKS.fullmatch(low)
        or NO_HOST.fullmatch(low)
        or _HEX.fullmatch(low)
        or REGION.fullmatch(low)
        or low in lexicon().environments
    ):
        return False
    if i + 2 < len(tokens) and tokens[i + 1].low in {"and", "or", "&"} and _LOOKS.fullmatch(tokens[i + 2].low):
        return False
    follow = tokens[i + 1].noun if i + 1 < len(tokens) else None
    return follow is None or follow.name == "host" or follow.name not in NAMED_KINDS | {"namespace", "branch", "port"}


def _put(found: Found, token: Token) -> None:
    found["host"] = token.value
    token.used = True
