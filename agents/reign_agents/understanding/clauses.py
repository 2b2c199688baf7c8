"""Splitting a sentence into wishes: where one verb's business ends and the next begins."""

from __future__ import annotations

from .lexicon import Noun, Verb
from .tokens import Token

_JOINERS = frozenset({"and", "then", "&", "afterwards", "next", "finally", "but", "plus", "also", "or"})
_SKIP = frozenset(
    {
        "please",
        "also",
        "then",
        "just",
        "now",
        "finally",
        "immediately",
        "kindly",
        "next",
        "quickly",
        "safely",
        "gracefully",
        "i",
        "we",
        "to",
        "you",
        "can",
        "could",
        "would",
        "should",
        "need",
        "want",
        "like",
        "must",
        "have",
        "'d",
        "let's",
        "lets",
        "pls",
        "plz",
        "go",
        "ahead",
        "automatically",
        "afterwards",
        "only",
        "once",
        "and",
        "help",
        "me",
        "i'd",
        "forcibly",
        "gradually",
    }
)
_BEFORE = frozenset(
    {
        "after",
        "before",
        "once",
        "when",
        "if",
        "unless",
        "until",
        "while",
        "because",
        "since",
        "so",
        "as",
        "where",
        "that",
        "which",
        "whenever",
    }
)
_NOUNISH = frozenset(
    [
        "schedule",
        "build",
        "run",
        "release",
        "label",
        "list",
        "plan",
        "test",
        "backup",
        "restore",
        "update",
        "issue",
        "branch",
        "fork",
        "tag",
        "log",
        "check",
        "port",
        "mount",
        "image",
        "start",
        "stop",
        "status",
        "report",
        "scale",
        "deploy",
        "rollout",
        "snapshot",
        "upgrade",
        "rollback",
        "comment",
        "lock",
        "export",
        "import",
        "dump",
        "archive",
        "request",
        "show",
        "set",
        "limit",
        "watch",
        "ping",
        "view",
        "process",
        "monitor",
        "copy",
        "use",
        "select",
        "look",
        "patch",
        "drain",
        "diff",
        "count",
        "scan",
        "audit",
        "find",
        "read",
        "end",
        "file",
        "open",
        "close",
        "link",
        "join",
        "point",
        "order",
        "change",
        "transform",
        "output",
        "clean",
        "clear",
        "reserve",
        "wait",
        "hold",
        "balance",
        "fix",
        "mark",
        "reset",
        "flush",
        "taint",
        "pull",
        "push",
        "commit",
        "merge",
    ]
)
_DETERMINERS = frozenset(
    {
        "the",
        "a",
        "an",
        "my",
        "our",
        "your",
        "all",
        "its",
        "it",
        "them",
        "this",
        "that",
        "these",
        "those",
        "every",
        "any",
        "some",
        "both",
        "each",
        "to",
        "new",
    }
)


class Span:
    """Tokens ``first`` to ``last`` (not included) are one wish; ``head`` is its verb's token.

    ``aside`` says that the clause only gives time or reason ("before we migrate", "because it fails").
    """

    __slots__ = ("aside", "head", "object", "tokens", "verb")

    def __init__(
        self,
        tokens: list[Token],
        head: Token | None,
        verb: Verb | None,
        object: Noun | None,  # noqa: A002 - the grammar's word
        aside: str | None = None,
    ) -> None:
        self.tokens, self.head, self.verb, self.object, self.aside = tokens, head, verb, object, aside

    @property
    def start(self) -> int:
        return self.tokens[0].start if self.tokens else 0

    @property
    def end(self) -> int:
        return self.tokens[-1].end if self.tokens else 0


def split(tokens: list[Token]) -> list[Span]:
    """The wishes of a request in the order written. Text without any verb is one wish without a verb."""
    cuts = [0]
    for i, token in enumerate(tokens):
        if i > cuts[-1] and _begins(tokens, i):
            cuts.append(i)
        elif token.kind == "punct" and token.text == ";" and i + 1 < len(tokens):
            cuts.append(i + 1)
    spans: list[Span] = []
    for first, last in zip(cuts, [*cuts[1:], len(tokens)], strict=True):
        part = _trimmed(tokens[first:last])
        if part:
            spans.append(_span(part))
    return _merge_verbless(spans)


def _trimmed(part: list[Token]) -> list[Token]:
    while part and (
        (part[-1].text in {",", ";", ".", "!", "?", "…"} and part[-1].kind != "path")
        or part[-1].low in {"and", "then", "but", "or"}
    ):
        part = part[:-1]
    while part and (
        (part[0].text in {",", ";", ".", "!", "?"} and part[0].kind != "path")
        or part[0].low in {"and", "then", "but", "&", "|"}
    ):
        part = part[1:]
    return part


def _begins(tokens: list[Token], i: int) -> bool:
    """Whether a new wish begins at token ``i``."""
    token, before = tokens[i], tokens[i - 1]
    if before.text in {".", "?", "!"} and before.kind != "path":
        return before.end < token.start
    if before.text in {"&", "|", ";"}:
        return token.verb is not None or token.tool is not None
    joined = before.low in _JOINERS or before.text == ","
    if token.low in _BEFORE and token.low not in {"that", "so", "as", "which", "where", "since"}:
        return i > 0 and _verb_after(tokens, i + 1) is not None
    if not joined:
        return False
    if before.low == "or" and not (token.verb and token.verb.intent in {"destroy", "create_infra"}):
        return False
    at = _verb_after(tokens, i)
    return at is not None


def _verb_after(tokens: list[Token], i: int) -> int | None:
    """Index of the verb that begins at ``i`` (small words skipped), or None."""
    steps = 0
    while i < len(tokens) and steps < 5 and tokens[i].low in _SKIP:
        i += 1
        steps += 1
    if i >= len(tokens):
        return None
    token = tokens[i]
    if token.kind != "word" or token.verb is None or token.low == "read":
        return None
    if token.low.split(" ")[0] not in _NOUNISH:
        return i
    if i + 1 >= len(tokens):
        return i if steps else None
    follow = tokens[i + 1]
    if follow.low in _DETERMINERS or follow.kind in {
        "name",
        "image",
        "path",
        "file",
        "quoted",
        "slashed",
        "tagged",
        "hash",
        "url",
    }:
        return i
    return i if follow.noun is not None and not (token.noun and follow.low.endswith("s") and False) else None


def _span(part: list[Token]) -> Span:
    aside = part[0].low if part[0].low in _BEFORE else None
    head = find_head(part)
    noun = None
    begin = part.index(head) + 1 if head else 0
    for token in part[begin:]:
        if token.noun is not None:
            noun = token.noun
            break
    if noun is None:
        noun = next((t.noun for t in part if t.noun is not None and t is not head), None)
    return Span(part, head, head.verb if head else None, noun, aside)


def find_head(part: list[Token]) -> Token | None:
    """The token of the verb that governs: the first one that stands where verbs stand."""
    fallback: Token | None = None
    for i, token in enumerate(part):
        if token.verb is None or token.kind != "word":
            continue
        first = token.low.split(" ")[0]
        before = part[i - 1] if i else None
        nounish = first in _NOUNISH or token.noun is not None
        if (
            before is not None
            and (before.low in _DETERMINERS - {"to"} or before.kind in {"name", "tagged"} or before.tool == "cicd")
            and nounish
        ):
            fallback = fallback or token
            continue
        if before is not None and before.low in {"in", "of", "for", "on", "with", "from", "by"} and nounish:
            fallback = fallback or token
            continue
        if token.low in {
            "give",
            "get",
            "need",
            "want",
            "wants",
            "needs",
            "use",
            "have",
            "make",
            "know",
            "up",
            "bring",
            "set",
            "put",
            "see",
        } and any(
            t.verb and t.low not in {"get", "give", "want", "need", "up"} and t.kind == "word" and t.noun is None
            for t in part[i + 1 : i + 5]
        ):
            fallback = fallback or token
            continue
        if (
            token.text.endswith("ed")
            and before is not None
            and before.low in {"the", "all", "any", "is", "are", "was", "got", "were", "my"}
        ):
            fallback = fallback or token
            continue
        return token
    return fallback


def _merge_verbless(spans: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in spans:
        if (
            kept
            and span.verb is None
            and not any(t.noun or t.tool or t.kind not in {"word", "punct"} for t in span.tokens)
        ):
            continue
        kept.append(span)
    return kept
