"""Users of a host and registries: who acts, and where images are kept."""

from __future__ import annotations

import re

from .found import NEVER, Context
from .patterns import Lazy
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
_PLACE = Lazy(r"(?:[a-z0-9][\w-]*\.)+[a-z]{2,}(?::\d{2,5})?|(?:localhost|[a-z][\w-]*):\d{4,5}", re.IGNORECASE)
_WELL_KNOWN = Lazy(r"(?:ghcr|docker|quay|[\w.-]*gcr)\.io$|(?:reg|registry|harbor|docker|nexus|quay|hub|cr|images?)\.")
_SENDING = frozenset(["keep", "copies", "copy", "store", "push", "upload", "publish", "send", "mirror", "log", "login"])


def users(tokens: list[Token], found: Found, context: Context) -> None:
    """The account: "host user deploybot", "as user ops", "as postgres", "cron entry for root"."""
    on_host = "bash" in context.domains
    if _members(tokens, found, context):
        return
    owning = on_host and any(t.low in {"chown", "owner", "owned", "ownership", "belong", "belongs"} for t in tokens)
    for i, token in enumerate(tokens[:-1]):
        if owning and token.low in {"to", "by"} and tokens[i + 1].kind in {"name", "word"} and _owner(tokens[i + 1]):
            _put_user(tokens, i, tokens[i + 1], found)
            return
        if not on_host and not _acts(tokens, i, context):
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
            names_it = (
                j > i + 1
                or token.low != "as"
                or i == 0
                or tokens[i - 1].low in {"in", "login", "log in", "log into"}
                or value.low in _KNOWN
                or context.verb not in _NAMING
            )
            named = value.kind == "word" and tokens[j - 1].low == "user" and value.low not in NEVER
            if named and not value.used:
                _put_user(tokens, j, value, found)
                return
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


_BELONGINGS = frozenset({"account", "crontab", "shell", "home", "password", "login", "key", "ssh key", "user", "cron"})
_SHARES = frozenset({"write", "read", "admin", "access", "push", "maintain", "triage", "permission", "rights"})


def _members(tokens: list[Token], found: Found, context: Context) -> bool:
    """Who is assigned, reviews or may write; whose account it is: "assign ada", "ada as reviewer", "ada's crontab"."""
    hub = bool(context.domains & {"github"})
    host = "bash" in context.domains
    if not hub and not host and not any(t.low == "root" for t in tokens):
        return False
    for i, token in enumerate(tokens):
        if token.used or token.kind not in {"name", "word"}:
            continue
        before = tokens[i - 1].low if i else ""
        follow = tokens[i + 1].low if i + 1 < len(tokens) else ""
        second = tokens[i + 2].low if i + 2 < len(tokens) else ""
        free = token.nameable and token.noun is None and token.low not in NEVER
        at = hub and token.text[0] == "@" and len(token.text) > 1
        assigned = (
            hub
            and free
            and (
                before in {"assign", "reassign", "assignee", "reviewer", "invite"}
                or (before == "to" and any(t.low in {"assign", "reassign"} for t in tokens[: i - 1]))
                or (follow == "as" and second in {"reviewer", "collaborator", "maintainer", "assignee", "member"})
                or (before in {"give", "grant"} and follow in _SHARES)
            )
        )
        whose = host and free and token.low.endswith("'s") and follow in _BELONGINGS and before != "host"
        login = host and token.low not in NEVER and before in {"login", "owner", "usr", "useradd", "adduser", "userdel"}
        login = login and bool(re.fullmatch(r"[a-z_][\w-]*", token.low)) and token.noun is None
        login = login and (free or token.low in _KNOWN or before.startswith("user"))
        root = before == "as" and token.low == "root"
        if at or assigned or whose or login or root:
            found.setdefault("user", token.value.removeprefix("@"))
            token.used = True
            return True
    return False


def _acts(tokens: list[Token], i: int, context: Context) -> bool:
    """Whether a word away from a host says who acts: "as user X", "log in as X", "as X, push …", a pull secret's."""
    if tokens[i].low in {"user", "account"}:
        return (
            context.speaks_of("secret", "registry", "login", "log", "sign")
            or bool(context.domains & {"github", "cicd"})
            or tokens[i + 1].kind == "number"
        )
    if tokens[i].low != "as":
        return tokens[i].low.endswith(" as")
    if tokens[i + 1].low in {"user", "the"} or any(
        t.low.split(" ")[0] in {"log", "login", "logged", "sign", "signed", "authenticate"}
        for t in tokens[max(0, i - 3) : i]
    ):
        return True
    return i == 0 and i + 2 < len(tokens) and (tokens[i + 2].text == "," or tokens[i + 2].verb is not None)


def _owner(token: Token) -> bool:
    return not token.used and token.low not in NEVER and bool(re.fullmatch(r"[a-z_][\w-]*", token.low))


_NOUNS = frozenset({"accounts", "with", "list", "group", "groups", "data"})
_NAMING = frozenset({"create", "install", "deploy", "add", "save", "backup", "copy", "tag", "export", "download", None})


def _account(token: Token) -> bool:
    return (
        not token.used
        and token.kind in {"name", "word", "quoted", "number"}
        and token.low not in NEVER
        and bool(re.fullmatch(r"[A-Za-z_][\w-]*|\d{3,6}", token.value))
        and (token.kind != "word" or token.low in _KNOWN or token.low.startswith("_"))
    )


def _put_user(tokens: list[Token], i: int, value: Token, found: Found) -> None:
    found.setdefault("user", value.value)
    value.used = True
    for token in tokens[max(0, i - 1) : i + 1]:
        if token.low in {"host", "user", "host user"}:
            token.used = True


def registries(tokens: list[Token], found: Found, context: Context) -> None:
    """The place that images are sent to: "push mail:2 to ghcr.io", "log in to the registry at harbor.acme.io"."""
    if not context.domains & {"docker", "helm", "cicd"} and not context.speaks_of("registry", "pull secret", "secret"):
        return
    low = {t.low.split(" ")[0] for t in tokens}
    pushes = bool(low & _SENDING) or context.verb in {"push", "publish", "upload", "login"}
    for i, token in enumerate(tokens):
        if (
            token.used
            or token.kind not in {"name", "tagged", "quoted", "word", "file"}
            or ("." not in token.value and ":" not in token.value)
            or ((not i or token.kind == "file") and not _WELL_KNOWN.match(token.low))
        ):
            continue
        if not _PLACE.fullmatch(token.value):
            continue
        if not i:
            found.setdefault("registry", token.value)
            token.used = True
            return
        near = {t.low for t in tokens[max(0, i - 3) : i + 2]}
        before = tokens[i - 1].low
        told = ("registry" in near or _WELL_KNOWN.match(token.low)) and before not in {"on", "probe", "check"}
        told = told or (
            pushes
            and before
            in {"to", "into", "at", "in", "on", "login", "for", ">", "->", "→", "from", "log in to", "log in"}
        )
        if told:
            found.setdefault("registry", token.value)
            token.used = True
            return
