"""Titles and labels of issues and pull requests, and the branches between which a pull request goes."""

from __future__ import annotations

from .found import NEVER, Context, put
from .tokens import Token

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found

_TICKETS = frozenset(
    ["pr", "prs", "pull request", "pull requests", "issue", "issues", "mr", "milestone", "ticket", "bug", "release"]
)
_NO_TITLE = frozenset(
    [
        "label",
        "labels",
        "labelled",
        "labeled",
        "comment",
        "saying",
        "message",
        "branch",
        "reply",
        "body",
        "description",
        "text",
        "command",
        "reason",
        "step",
        "job",
        "workflow",
    ]
)
_LABELS = frozenset(["label", "labels", "labelled", "labeled", "labelling", "labeling", "label:"])
_PUTS = frozenset(["slap", "stick", "put", "add", "set", "apply", "drop", "remove", "throw", "attach"])
_ONTO = frozenset(["on", "to", "onto", "from", "off"])
_ARROWS = frozenset(["→", "->", "=>", "⇒", "-->", ">"])
_LEADS = frozenset([":", "=", "is", "to", "should", "be", "set", "of", "branch", "the"])


def tickets(tokens: list[Token], found: Found, context: Context) -> None:
    """Of requests to a repository's home or its pipelines alone."""
    about = bool(context.low & _TICKETS) or context.verb == "open"
    if about:
        _title(tokens, found)
        _label(tokens, found)
    _ends(tokens, found, about)


def _title(tokens: list[Token], found: Found) -> None:
    for i, token in enumerate(tokens):
        if token.kind != "quoted" or token.used or not token.value:
            continue
        near = {t.low for t in tokens[max(0, i - 3) : i]}
        if near & _NO_TITLE and not near & {"title", "titled", "entitled"}:
            continue
        put(found, "title", token.value)
        token.used = True
        return


def _label(tokens: list[Token], found: Found) -> None:
    for i, token in enumerate(tokens):
        value: Token | None = None
        if token.low in _LABELS and token.kind in {"word", "name"}:
            j = i + 1
            verb = i == 0 or (token.verb is not None and tokens[i - 1].low in {"and", "please", "then", "to", ","})
            if verb and token.low == "label":
                lead = next((k for k in range(j, min(j + 8, len(tokens))) if tokens[k].low in {"as", "with"}), None)
                j = (
                    lead + 1
                    if lead is not None
                    else j
                    if j + 1 >= len(tokens) or tokens[j + 1].kind == "punct"
                    else len(tokens)
                )
            while j < len(tokens) and (
                tokens[j].text in {":", "="} or tokens[j].low in {"it", "as", "with", "the", "is"}
            ):
                j += 1
            value = tokens[j] if j < len(tokens) else None
        elif token.low in _PUTS and i + 3 < len(tokens) and tokens[i + 2].low in _ONTO:
            value = tokens[i + 1] if tokens[i + 3].low in _TICKETS or tokens[i + 3].kind == "hash" else None
        if value is None or value.used or value.low in NEVER or value.kind not in {"word", "name", "quoted", "slashed"}:
            continue
        put(found, "label", value.value)
        value.used = True
        return


def _ends(tokens: list[Token], found: Found, about: bool) -> None:
    """``base`` where it is said outright, and both ends of an arrow."""
    for i, token in enumerate(tokens):
        if token.low == "base" and token.kind in {"word", "name"}:
            j = i + 1
            while j < len(tokens) and (tokens[j].low in _LEADS or tokens[j].kind == "hash"):
                j += 1
            if j < len(tokens) and tokens[j].low in _TICKETS:
                to = next((k for k in range(j, len(tokens)) if tokens[k].low in {"to", "into", "onto"}), len(tokens))
                j = to + 1
            ahead = i > 1 and tokens[i - 1].low == "the" and _ref(tokens[i - 2])
            if ahead and tokens[i - 2].kind in {"name", "slashed"}:
                found["base"] = tokens[i - 2].value
                tokens[i - 2].used = True
            elif j < len(tokens) and _ref(tokens[j]):
                found["base"] = tokens[j].value
                tokens[j].used = token.used = True
        elif (
            token.low == "based" and i + 2 < len(tokens) and tokens[i + 1].low in {"on", "off"} and _ref(tokens[i + 2])
        ):
            found["base"] = tokens[i + 2].value
            tokens[i + 2].used = True
        elif about and token.low in {"onto", "into"} and i + 1 < len(tokens) and _ref(tokens[i + 1]):
            found.setdefault("base", tokens[i + 1].value)
            tokens[i + 1].used = True
        elif about and token.low == "to" and i > 1 and tokens[i - 2].text == "(" and i + 1 < len(tokens):
            if _ref(tokens[i - 1]) and _ref(tokens[i + 1]):
                found["branch"], found["base"] = tokens[i - 1].value, tokens[i + 1].value
                tokens[i - 1].used = tokens[i + 1].used = True
        elif about and token.text in _ARROWS and 0 < i < len(tokens) - 1:
            head, base = tokens[i - 1], tokens[i + 1]
            if base.text == ">" and i + 2 < len(tokens):
                base = tokens[i + 2]
            if token.text == ">" and head.text in {"-", "="} and i > 1:
                head = tokens[i - 2]
            if _ref(head) and _ref(base):
                found["branch"], found["base"] = head.value, base.value
                head.used = base.used = True


def _ref(token: Token) -> bool:
    return (
        not token.used
        and token.low not in NEVER
        and token.kind in {"name", "word", "slashed", "version", "quoted"}
        and token.low not in _TICKETS
    )
