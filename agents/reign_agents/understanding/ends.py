"""The two ends of a git wish: the branch that is meant, and the base it comes from or goes to."""

from __future__ import annotations

from itertools import pairwise

from .found import NEVER, Context, put
from .patterns import Lazy
from .shapes import FOLDERS
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found

_REQUESTS = frozenset({"pr", "pull request", "pull-request", "mr", "merge request"})
_REPO = Lazy(r"[\w.-]+/[\w.-]+")
_HOMES = frozenset({"of", "for", "in"})


def git_ends(tokens: list[Token], found: Found, context: Context) -> None:
    """Of requests to a repository's home or its pipelines alone."""
    _trunk(tokens, found)
    asks_pull = any(t.low in _REQUESTS for t in tokens)
    numbered = any(t.kind in {"number", "hash"} for t in tokens)
    for i, token in enumerate(tokens[:-1]):
        j = i + 1
        if tokens[j].low in {"branch", "the", "our"} and j + 1 < len(tokens):
            j += 1
            if tokens[j].low == "branch" and j + 1 < len(tokens):
                j += 1
        value = tokens[j]
        named = j > i + 1 and tokens[j - 1].low == "branch"
        if token.low == "branch" and not named and j == i + 1 and _ref(value) and _only_ref(tokens, j):
            _put(found, "branch", value)
        elif not _ref(value) or value.used:
            continue
        elif token.low == "into" and (context.verb == "merge" or asks_pull):
            _put(found, "base", value)
        elif asks_pull and token.low == "from" and not numbered:
            _put(found, "branch", value)
        elif (
            asks_pull
            and not numbered
            and token.low in {"to", "onto", "against", "towards"}
            and (context.verb in {"open", "create", "make", None} or "branch" in found)
        ):
            _put(found, "base", value)
        elif (
            token.low in {"off", "from", "based on", "on top of"}
            and ("branch" in found or any(t.low == "branch" for t in tokens[:i]))
            and context.verb in {"create", "open", "add", "make", "start", "cut", None}
        ):
            if not _REPO.fullmatch(value.value) or value.low.startswith(("release/", "feature/", "hotfix/")):
                _put(found, "base", value)
        elif (token.low in {"on", "from", "off"} and _in_repo(tokens, j)) or (named and token.low == "on"):
            _put(found, "branch", value)
    if not any(t.kind == "file" or t.low == "workflow" for t in tokens):
        return
    for token, value in pairwise(tokens):
        free = value.kind == "slashed" and not value.used and "repo" not in found
        if token.low in _HOMES and free and value.value.split("/")[0] not in FOLDERS and _REPO.fullmatch(value.value):
            put(found, "repo", value.value)
            value.used = True


_TRUNKS = frozenset(
    {"main", "master", "trunk", "develop", "next", "nightly", "stable", "beta", "edge", "canary", "staging", "dev"}
)


def _trunk(tokens: list[Token], found: Found) -> None:
    """A usual branch beside its word: "the main branch", "branch next", "ref main"."""
    if "branch" in found:
        return
    for token, follow in pairwise(tokens):
        ahead = follow.low == "branch" and token.low in _TRUNKS
        behind = token.low in {"branch", "ref"} and follow.low in _TRUNKS
        if (ahead and not token.used) or (behind and not follow.used):
            _put(found, "branch", token if ahead else follow)
            return


def _in_repo(tokens: list[Token], j: int) -> bool:
    """Whether a repository follows what may be its branch: "on stable in acme/site"."""
    return (
        j + 2 < len(tokens)
        and tokens[j + 1].low in {"in", "of", "@"}
        and tokens[j + 2].kind == "slashed"
        and tokens[j].kind in {"name", "word"}
    )


def _ref(token: Token) -> bool:
    if (
        token.used
        or (token.low in NEVER and token.text != "A")
        or token.kind in {"punct", "flag", "url", "path", "hash", "number"}
    ):
        return False
    if token.kind == "word":
        return token.noun is None or token.low in {"release", "main", "master", "develop", "dev", "stable", "trunk"}
    return token.kind in {"name", "slashed", "quoted", "version"}


def _only_ref(tokens: list[Token], j: int) -> bool:
    """Whether the value behind "branch" is an ordinary word or slashed that ends there."""
    follow = tokens[j + 1] if j + 1 < len(tokens) else None
    plain = follow is None or follow.kind == "punct" or follow.low in NEVER
    return plain and (tokens[j].kind == "slashed" or tokens[j].kind == "word")


def _put(found: Found, key: str, value: Token) -> None:
    found.setdefault(key, value.value)
    value.used = True
