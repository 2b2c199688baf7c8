"""Ordinary English that no list of the trade knows: such a word is nobody's name unless the text says that it is."""

from __future__ import annotations

import re

from .found import NAMING
from .patterns import Lazy
from .roles import NAMED_KINDS
from .tokens import Token

_HELD: list[frozenset[str]] = []
_MEASURED = Lazy(
    r"\d+(?:s|st|nd|rd|th|am|pm|h|hrs?|d|w|ms|k|xx|x)|p\d{1,3}|[45]\d\ds|[45]xx|sev-?\d|b4|2nite|2moro|gr8|l8r|v\d"
    r"|(?:db\.|cache\.)?[a-z]+\d[a-z]*\.(?:\w*large|micro|small|medium|nano|metal)",
    re.IGNORECASE,
)
_TICKET = Lazy(r"(?:[A-Z]{2,8}-?\d{2,}(?:-\d+)?|[A-Z]{2,8}-\d+|[A-Z]{2}\d{3,5})")
_STATE = Lazy(r"(?:[A-Z][a-z]+){2,}(?:IP)?|[A-Z][a-z]+I[PD]|OOMKilled|[A-Z]{2,}[a-z]*")
_VARIABLE = Lazy(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
_ATTRIBUTE = Lazy(
    r"(?:min|max|desired|target|instance|machine|disk|backup|deletion|prevent|required|default|for|asg|force|enable|allow"
    r"|retention|mem|cpu|memory|depends)_[a-z0-9_]+"
)


def plain_words() -> frozenset[str]:
    """The words of ``plain.txt``, read when the first request with a possible name is understood."""
    if not _HELD:
        with open(__file__[: -len("py")] + "txt", encoding="utf-8") as file:  # noqa: PTH123 - see lexicon
            _HELD.append(frozenset(file.read().split()))
    return _HELD[0]


def settle(tokens: list[Token]) -> None:
    """Ordinary words, tickets and states that could be taken for names become words; plainly named ones stay names."""
    shouted: bool | None = None
    for i, token in enumerate(tokens):
        if token.kind != "name" or (i and tokens[i - 1].low in NAMING):
            continue
        text = token.text
        if token.low in plain_words() or (_MEASURED.fullmatch(text) and not _labelled(tokens, i)):
            token.kind, token.stop = "word", True
            continue
        if text.islower() and "_" not in text:
            continue
        beside = i > 0 and (noun := tokens[i - 1].noun) is not None and noun.name in NAMED_KINDS
        if beside or (i and tokens[i - 1].low in {"on", "onto", "at", "host", "of", "ssh", "label"}):
            continue
        if shouted is None:
            shouted = sum(t.text.isupper() for t in tokens if t.word) * 2 > sum(t.word for t in tokens)
        odd = _TICKET.fullmatch(text) or _VARIABLE.fullmatch(text) or _ATTRIBUTE.fullmatch(text)
        if odd or (not shouted and _STATE.fullmatch(text)):
            token.kind, token.stop = "word", True


def _labelled(tokens: list[Token], i: int) -> bool:
    return any(t.low.startswith("label") for t in tokens[max(0, i - 2) : i + 2])
