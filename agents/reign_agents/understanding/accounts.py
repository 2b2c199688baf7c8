"""Users of a host and registries: who acts, and where images are kept."""

from __future__ import annotations

import re

from .found import NEVER, Context
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found

_KNOWN = frozenset(
    [
        "root",
        "postgres",
        "ops",
        "deploy",
        "admin",
        "ubuntu",
        "jenkins",
        "backup",
        "www-data",
        "ec2-user",
        "mysql",
        "nobody",
        "git",
        "ansible",
    ]
)
_PLACE = re.compile(r"(?:[a-z0-9][\w-]*\.)+[a-z]{2,}(?::\d{2,5})?|(?:localhost|[a-z][\w-]*):\d{4,5}", re.IGNORECASE)
_WELL_KNOWN = re.compile(r"(?:ghcr|docker|quay|gcr)\.io$|(?:registry|harbor)\.")
_SENDING = frozenset(["push", "upload", "publish", "send", "mirror", "log", "login"])


def users(tokens: list[Token], found: Found, context: Context) -> None:
    """The account: "host user deploybot", "as user ops", "as postgres", "cron entry for root"."""
    on_host = "bash" in context.domains
    for i, token in enumerate(tokens[:-1]):
        if not on_host and not (token.low == "as" and "user" in {t.low for t in tokens[i + 1 : i + 3]}):
            continue
        following = tokens[i + 1]
        if token.low in {"user", "host user", "system user", "account"} and token.word:
            j = i + 1
            while j < len(tokens) - 1 and tokens[j].low in {"called", "named", "=", ":", "account"}:
                j += 1
            value = tokens[j]
            if _account(value) and value.low not in _NOUNS:
                _put_user(tokens, i, value, found)
                return
        elif token.low == "as" or token.low.endswith(" as"):
            j = i + 1 + (following.low in {"the", "user"} and i + 2 < len(tokens))
            if tokens[j].low == "user" and j + 1 < len(tokens):
                j += 1
            value = tokens[j]
            names_it = j > i + 1 or value.low in _KNOWN or context.verb not in _NAMING
            if _account(value) and names_it and not (j + 1 < len(tokens) and tokens[j + 1].noun):
                _put_user(tokens, j, value, found)
                return
        elif token.low == "for" and following.low in _KNOWN and any(t.low.startswith("cron") for t in tokens):
            _put_user(tokens, i, following, found)
            return
        elif token.low.endswith(("'s", "’s")) and token.low[:-2] in _KNOWN and "cron" in following.low:
            found.setdefault("user", token.low[:-2])
            token.used = True
            return


_NOUNS = frozenset({"accounts", "with", "list", "group", "groups", "data"})
_NAMING = frozenset({"create", "install", "deploy", "add", "save", "backup", "copy", "tag", "export", "download", None})


def _account(token: Token) -> bool:
    return (
        not token.used
        and token.kind in {"name", "word", "quoted", "number"}
        and token.low not in NEVER
        and bool(re.fullmatch(r"[A-Za-z_][\w-]*|\d{3,6}", token.value))
        and (token.kind != "word" or token.low in _KNOWN)
    )


def _put_user(tokens: list[Token], i: int, value: Token, found: Found) -> None:
    found.setdefault("user", value.value)
    value.used = True
    for token in tokens[max(0, i - 1) : i + 1]:
        if token.low in {"host", "user", "host user"}:
            token.used = True


def registries(tokens: list[Token], found: Found, context: Context) -> None:
    """The place that images are sent to: "push mail:2 to ghcr.io", "log in to the registry at harbor.acme.io"."""
    if not context.domains & {"docker", "helm", "cicd"}:
        return
    low = {t.low.split(" ")[0] for t in tokens}
    pushes = bool(low & _SENDING) or context.verb in {"push", "publish", "upload", "login"}
    for i, token in enumerate(tokens):
        if token.used or not i or token.kind not in {"name", "tagged", "quoted", "word", "file"}:
            continue
        if not _PLACE.fullmatch(token.value):
            continue
        near = {t.low for t in tokens[max(0, i - 3) : i + 2]}
        before = tokens[i - 1].low
        told = ("registry" in near or _WELL_KNOWN.match(token.low)) and before not in {"on", "probe", "check"}
        told = told or (pushes and before in {"to", "into", "at", "in", "on", "login", "from", "log in to", "log in"})
        if told:
            found.setdefault("registry", token.value)
            token.used = True
            return
