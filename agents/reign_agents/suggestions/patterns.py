"""Requests as patterns: what stands in ``patterns.txt``, and the examples that recipes carry."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from reign_agents.understanding.lexicon import lexicon
from reign_agents.understanding.roles import AFTER
from reign_agents.understanding.tokens import Token, tokenize

FREE = frozenset({"new", "number", "pair", "text"})
"""Kinds of places where only the person knows what stands there."""

_PIECE = re.compile(r"<(?:(?P<kind>[a-z]+):)?(?P<value>[^>]+)>|\{(?P<words>[^}]+)\}|(?P<part>\|)|(?P<word>[^\s<{|]+)")
_ARTICLES = frozenset({"a", "an", "the", "my", "our", "your", "this"})


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a pattern: ``low`` as tokens have it; ``noun`` and ``verb`` in the lexicon's spelling, or ""."""

    shown: str
    low: str
    noun: str = ""
    verb: str = ""
    article: bool = False

    def is_said(self, token: Token) -> bool:
        """Whether a typed token says the same."""
        if self.low == token.low:
            return True
        return bool(self.noun) and token.noun is not None and token.noun.name == self.noun


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a value. ``kind`` is a kind of thing, ``image``, ``path``, ``amount``, or one of :data:`FREE`."""

    kind: str
    example: str


Item = Word | Slot
Items = tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """``head`` and the parts that may be added; ``rank`` is its place among all, best first."""

    head: Items
    parts: tuple[Items, ...]
    rank: int

    def request(self, *parts: int) -> str:
        """The request that it is with the examples as values and these of its parts."""
        return " ".join(said(items) for items in (self.head, *(self.parts[n] for n in parts)))


def said(items: Items) -> str:
    """Items as a person writes them, examples as values."""
    words = [item.example if isinstance(item, Slot) else item.shown for item in items]
    return " ".join(words).replace(" ?", "?")


def parsed(line: str, rank: int) -> Iterator[Pattern]:
    """The patterns of one line, its alternatives multiplied."""
    choices: list[tuple[str, list[str]]] = []
    for piece in _PIECE.finditer(line):
        if piece["words"] is not None:
            choices.append(("word", [word.replace("_", " ") for word in piece["words"].split()]))
        elif piece["value"] is not None:
            choices.append((f"slot {piece['kind'] or ''}", [piece["value"]]))
        else:
            choices.append(("part" if piece["part"] else "word", [piece.group()]))
    heads = list(itertools.takewhile(lambda choice: choice[0] != "part", choices))
    parts = [
        list(_items(some))
        for divides, group in itertools.groupby(choices[len(heads) :], key=lambda choice: choice[0] == "part")
        if not divides
        for some in [list(group)]
    ]
    every_part = tuple(items for some in parts for items in some)
    for head in _items(heads):
        yield Pattern(head, every_part, rank)


def _items(choices: list[tuple[str, list[str]]]) -> Iterator[Items]:
    """The sequences that the alternatives allow."""
    for chosen in itertools.product(*(words for _, words in choices)):
        items: list[Item] = []
        for what, together in itertools.groupby(
            zip((what for what, _ in choices), chosen, strict=True), key=lambda pair: pair[0] == "word"
        ):
            if what:
                items += _words(" ".join(word for _, word in together))
            else:
                items += [Slot(kind.removeprefix("slot ") or _kind_before(items), value) for kind, value in together]
        yield tuple(items)


def _words(text: str) -> list[Item]:
    return [
        Word(
            token.text,
            token.low,
            token.noun.name if token.noun else "",
            token.verb.name if token.verb else "",
            token.low in _ARTICLES,
        )
        for token in tokenize(text)
    ]


def _kind_before(items: list[Item]) -> str:
    """The kind of thing that the word before a name says."""
    before = items[-1] if items else None
    return (before.noun or AFTER.get(before.low, "new")) if isinstance(before, Word) else "new"


def of_example(request: str, rank: int) -> Pattern:
    """An example request as a pattern: what is no word of the lexicon is a value."""
    items: list[Item] = []
    for token in tokenize(request):
        if token.kind == "punct" and token.text != "?":
            continue
        if token.kind == "punct" or (token.kind == "word" and (token.stop or token.noun)):
            items += _words(token.text)
        else:
            items.append(Slot(_slot_kind(token, items), token.text))
    return Pattern(tuple(items), (), rank)


def _slot_kind(token: Token, before: list[Item]) -> str:
    shapes = {
        "number": "number",
        "amount": "amount",
        "pair": "pair",
        "quoted": "text",
        "path": "path",
        "file": "path",
        "tagged": "image",
        "image": "image",
    }
    found = shapes.get(token.kind)
    return _kind_before(before) if found is None else found


@cache
def _listed() -> tuple[Pattern, ...]:
    lines = Path(__file__).with_name("patterns.txt").read_text("utf-8").splitlines()
    kept = [line for line in lines if line.strip() and not line.startswith("#")]
    return tuple(pattern for rank, line in enumerate(kept) for pattern in parsed(line, rank))


def patterns(examples: Iterable[str] = ()) -> tuple[Pattern, ...]:
    """All patterns: those listed, then the examples that say something new."""
    lexicon()
    found = list(_listed())
    known = {_shape(pattern) for pattern in found}
    for request in examples:
        pattern = of_example(request, len(found))
        if pattern.head and _shape(pattern) not in known:
            found.append(pattern)
    return tuple(found)


def _shape(pattern: Pattern) -> tuple[str, ...]:
    return tuple("…" if isinstance(item, Slot) else item.low for item in pattern.head)
