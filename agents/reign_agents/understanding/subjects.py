"""The name of what a wish is about where no noun stands beside it: by its image, by "as", by being all that is left."""

from __future__ import annotations

from .found import NAMING, NEVER, Context, could_name, list_from, looks_named, put_name
from .lexicon import lexicon
from .patterns import Lazy
from .roles import NAMED_KINDS
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found

_ADDRESS = Lazy(
    r"(?:module\.[\w-]+\.)*(?:data\.)?(?:aws|google|azurerm|azuread|hcloud|digitalocean|null|random|tls|helm|kubernetes"
    r"|docker|github|local|cloudflare|vault)_\w+\.[\w\[\]\"-]+|module\.[\w-]+(?:\.[\w\[\]\"-]+)*"
)
_NO_GUISE = NEVER | frozenset(
    """
    soon usual well usually possible planned root agreed discussed always ever follows base far long many much
    one user me described requested code json yaml yml table csv tarball backup text html default expected
    such nodeport clusterip loadbalancer daemon service container containers services deployment deployments pod pods
    release releases dependency normal
    today needed required file admin postgres quick quickly fast my
    """.split()  # noqa: SIM905 - a long list of words
)
_DAEMONS = frozenset(
    """
    sshd crond logrotate named chronyd chrony journald systemd-resolved containerd kubelet systemd-journald
    auditd unattended-upgrades fail2ban firewalld nftables snapd rsyslog ntpd postfix dovecot unbound bind9
    cups samba smbd nfsd
    """.split()  # noqa: SIM905 - a long list of words
)
_PROGRAMS = frozenset(
    """
    terraform kubectl helm docker ansible git node python go java podman curl wget sudo rsync microk8s tmux jq
    htop strace tcpdump iperf3 nmap vim zsh openssl cron
    """.split()  # noqa: SIM905 - a long list of words
)
_PUTS = frozenset({"install", "uninstall", "update", "restart", "start", "stop", "reload", "pull"})
_ACTS = frozenset(
    """
    is isn't isnt keeps won't wont can't cant doesn't doesnt has hasn't should shouldn't needs need wants
    wanted must ought may might gets goes went returns throws logs pods pod status down up to at again please
    pls alive runs dies died : ? , crashes fails crashlooping crashloops restarts exits unhealthy broken
    oomkilled oom deployment service container image back from in on ( replicas replica
    """.split()  # noqa: SIM905 - a long list of words
)
_LIKELY = 3
_NODES = frozenset({"label", "labels", "taint", "cordon", "uncordon", "drain"})


def addresses(tokens: list[Token], found: Found, context: Context) -> None:
    """In Terraform the address of a resource or module is its name."""
    if "terraform" not in context.domains or "name" in found:
        return
    values = [t for t in tokens if t.kind in {"name", "word", "quoted"} and not t.used and _ADDRESS.fullmatch(t.value)]
    if values:
        put_name(found, "name", values if context.intent in {"destroy", "monitor"} else values[:1])


def subjects(tokens: list[Token], found: Found, context: Context) -> None:
    """``name`` (of helm's ``release``) where nothing said it outright."""
    key = "release" if "helm" in context.domains else "name"
    if key in found and context.domains & {"docker", "kubernetes", "helm"}:
        _better(tokens, found, key)
    if key in found or "names" in found:
        return
    placed = bool(found.keys() & {"image", "chart", "path"}) and context.domains & {"docker", "kubernetes", "helm"}
    if placed and (_guise(tokens, found, key) or _of_image(tokens, found, key)):
        return
    if "bash" in context.domains and _daemon(tokens, found, context):
        return
    if "kubernetes" in context.domains and "host" in found and any(t.low in _NODES for t in tokens):
        found["name"] = found["host"]
        return


def left(tokens: list[Token], found: Found, context: Context) -> bool:
    """Take for ``name`` what is left of a wish in which nothing else has one; whether there was such a token."""
    if not context.domains & {"docker", "kubernetes", "helm"} or found.keys() & {"pr", "issue", "run", "host"}:
        return False
    return _left(tokens, found, "release" if "helm" in context.domains else "name")


def _better(tokens: list[Token], found: Found, key: str) -> None:
    """A word that is a name only in a pinch gives way to one that has a name's looks."""
    i = next((i for i, t in enumerate(tokens) if t.value == found[key]), None)
    if i is None or not tokens[i].text.isalpha() or tokens[i].kind == "quoted":
        return
    near = [*tokens[max(0, i - 1) : i], *tokens[i + 1 : i + 2]]
    owned = any(t.noun is not None and t.noun.name in NAMED_KINDS for t in near)
    led = i > 0 and (tokens[i - 1].low in NAMING or tokens[i - 1].verb is not None or tokens[i - 1].low == "as")
    if owned or led or not (tokens[i].low in lexicon().weak_names or tokens[i].text.istitle()):
        return
    listed = found.get("names", [])
    for j, token in enumerate(tokens):
        if _HYPHENED.fullmatch(token.text) and (token.value in listed or could_name(tokens, j)):
            found[key] = token.value
            token.used = True
            if listed:
                found.pop("names")
            return


_HYPHENED = Lazy(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)+")


def _guise(tokens: list[Token], found: Found, key: str) -> bool:
    for i in range(1, len(tokens) - 1):
        value = tokens[i + 1]
        if (
            tokens[i].low != "as"
            or value.used
            or value.low in _NO_GUISE
            or value.kind not in {"word", "name", "quoted"}
        ):
            continue
        follow = tokens[i + 2] if i + 2 < len(tokens) else None
        ends = follow is None or follow.kind in {"punct", "flag", "ports", "number"} or follow.low in NEVER
        if (value.nameable or (ends and value.low.isalpha())) and not (follow is not None and follow.noun is not None):
            put_name(found, key, [value])
            return True
    return False


def _of_image(tokens: list[Token], found: Found, key: str) -> bool:
    """What is called like its own image: "orders should be on acme/orders:2"."""
    image = str(found.get("image", ""))
    base = image.split("@")[0].rsplit("/", 1)[-1].split(":")[0].lower()
    if "/" not in image or not base:
        return False
    for token in tokens:
        if token.low.removesuffix("'s") == base and token.kind in {"word", "name"} and not token.used:
            put_name(found, key, [token])
            return True
    return False


def _daemon(tokens: list[Token], found: Found, context: Context) -> bool:
    if "name" in found or found.keys() & {"command"}:
        return False
    put = (
        context.verb in {"install", "uninstall", "update", "restart", "start", "stop", "reload", "pull"}
        or "version" in found
    )
    for i, token in enumerate(tokens):
        low = token.low.removesuffix("'s")
        if token.kind not in {"word", "name"} or token.used or not (low in _DAEMONS or (put and low in _PROGRAMS)):
            continue
        if i and tokens[i - 1].low in {"with", "by", "via", "through", "using"}:
            continue
        if low in {"cron", "sudo"} and i + 1 < len(tokens) and tokens[i + 1].low in {"job", "entry", "line", "jobs"}:
            continue
        put_name(found, "name", [token])
        return True
    return False


def _left(tokens: list[Token], found: Found, key: str) -> bool:
    """All that is left that could be a name: the likeliest of these tokens."""
    lex = lexicon()
    best: Token | None = None
    height = 0
    for i, token in enumerate(tokens):
        if (
            not could_name(tokens, i)
            or token.kind == "quoted"
            or token.low in lex.environments
            or token.low in lex.images
        ):
            continue
        follow = tokens[i + 1] if i + 1 < len(tokens) else None
        before = tokens[i - 1].low if i else ""
        rank = 1 + 2 * looks_named(token)
        rank += 2 * (follow is None or follow.low in _ACTS)
        rank += 2 * (
            before in {"for", "of", "on", "restart", "scale", "behind", "to", "has", "does", "bring", "take"} or not i
        )
        rank += token.text.islower()
        if rank > height:
            best, height = token, rank
    if best is None or height <= _LIKELY:
        return False
    put_name(found, key, list_from(tokens, tokens.index(best)))
    return True
