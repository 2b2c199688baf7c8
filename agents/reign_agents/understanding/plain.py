"""Ordinary English that no list of the trade knows: such a word is nobody's name unless the text says that it is."""

from __future__ import annotations

from .found import NAMING
from .tokens import Token

_HELD: list[frozenset[str]] = []


def plain_words() -> frozenset[str]:
    """The words of ``plain.txt``, read when the first request with a possible name is understood."""
    if not _HELD:
        with open(__file__[: -len("py")] + "txt", encoding="utf-8") as file:  # noqa: PTH123 - see lexicon
            _HELD.append(frozenset(file.read().split()))
    return _HELD[0]


def settle(tokens: list[Token]) -> None:
    """Ordinary words that could be taken for names become words; quoted and plainly named ones stay names."""
    plain = plain_words()
    for i, token in enumerate(tokens):
        if token.kind == "name" and token.low in plain and not (i and tokens[i - 1].low in NAMING):
            token.kind, token.stop = "word", True
