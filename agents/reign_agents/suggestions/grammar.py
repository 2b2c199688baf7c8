"""What can follow: the words that go on from what is written so far, and which kind of name stands there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from reign_agents.suggestions.patterns import FREE, Item, Items, Pattern, Slot, Word, said
from reign_agents.understanding.lexicon import lexicon
from reign_agents.understanding.tokens import Token, tokenize

LOOKED_AT = 400
"""Characters before the cursor that are looked at: a key press costs the same however much is written."""
_JOINTS = frozenset({"and", "then", ",", ";", ".", "&"})
_LISTS = frozenset({"and", ",", "&"})


@dataclass(frozen=True, slots=True)
class Next:
    """What can come next: ``words`` to be written (may be empty), then a value of the kind ``slot`` (None: no value).

    ``weight`` is higher the more of what was written led here; ``open``: the request goes on after the words.
    ``like`` is all of it with examples as values: "publish 8080 to 80".
    """

    words: str
    slot: str | None
    weight: int
    open: bool = True
    like: str = ""


class Grammar:
    """Patterns by their first word. Built once; looking up takes well under a millisecond."""

    def __init__(self, patterns: Iterable[Pattern]) -> None:
        self._all = tuple(patterns)
        self._by_word: dict[str, list[Pattern]] = defaultdict(list)
        self._verbs: dict[str, list[Pattern]] = defaultdict(list)
        self.kinds: set[str] = set()
        for pattern in self._all:
            first = pattern.head[0]
            if isinstance(first, Word):
                self._by_word[first.low].append(pattern)
                if first.verb:
                    self._verbs[first.verb].append(pattern)
            for items in (pattern.head, *pattern.parts):
                self.kinds |= {item.noun for item in items if isinstance(item, Word) and item.noun}
        self.units = self._amounts()
        self._latest: tuple[str, tuple[Next, ...]] = ("", ())
        self._begins = self._beginnings()
        self._spellings = self._forms()

    def _beginnings(self) -> tuple[Next, ...]:
        """How a request can begin, in the order of the patterns."""
        found: dict[str, Next] = {}
        for pattern in self._all:
            following = _run(pattern.head, 0, weight=1000 - pattern.rank)
            found.setdefault(following.words, following)
        return tuple(found.values())

    def _amounts(self) -> tuple[str, ...]:
        """The units of the amounts that patterns show, in their order."""
        amounts = (
            item.example.lstrip("0123456789.")
            for pattern in self._all
            for items in (pattern.head, *pattern.parts)
            for item in items
            if isinstance(item, Slot) and item.kind == "amount"
        )
        return tuple(unit for unit in dict.fromkeys(amounts) if unit)

    def _forms(self) -> tuple[str, ...]:
        """Other spellings of the verbs that patterns begin with."""
        own = {pattern.head[0].low for pattern in self._all if isinstance(pattern.head[0], Word)}
        return tuple(
            form
            for form, verb in lexicon().verbs.items()
            if verb.name in self._verbs and form not in own and form.isalpha()
        )

    def next(self, written: str) -> tuple[Next, ...]:
        """What can follow ``written``, which ends where the next word begins; best first."""
        if self._latest[0] != written or not written:
            self._latest = written, self._found(written)
        return self._latest[1]

    def _found(self, written: str) -> tuple[Next, ...]:
        tokens = _tokens(written)
        starts = self._starts(tokens)
        found: list[Next] = []
        for start in starts:
            clause = [t for t in tokens[start:] if not _skipped(t)]
            if not clause:
                found += self._begins
                continue
            for pattern, sure in self._led(clause[0]):
                for one in self._follow(pattern, clause):
                    found.append(replace(one, weight=one.weight + sure - pattern.rank))
        found += self._listed(written, tokens)
        return tuple(sorted(found, key=lambda one: -one.weight))

    def _listed(self, written: str, tokens: Sequence[Token]) -> Iterator[Next]:
        """After "stop web and": another one of the same kind."""
        if len(tokens) < 3 or tokens[-1].low not in _LISTS or not tokens[-2].nameable:
            return
        line = written.rpartition("\n")[2][-LOOKED_AT:]
        before = self._found(line[: tokens[-2].start])
        for kind in dict.fromkeys(one.slot for one in before if not one.words and one.slot not in FREE):
            yield Next("", kind, 0, open=False)

    def spellings(self, begun: str) -> list[str]:
        """Verbs that begin like that and mean one that a request can begin with."""
        return [form for form in self._spellings if form.startswith(begun)]

    def at_start(self, written: str) -> bool:
        """Whether a request, or a further one after "and", begins at the end of ``written``."""
        tokens = _tokens(written)
        return all(t.stop and t.verb is None and t.noun is None for t in tokens) or tokens[-1].low in _JOINTS

    def _led(self, first: Token) -> Iterator[tuple[Pattern, int]]:
        """Patterns that begin with that word, or with another word for the same."""
        for pattern in self._by_word.get(first.low, ()):
            yield pattern, 200
        if first.verb is not None:
            for pattern in self._verbs.get(first.verb.name, ()):
                begins = pattern.head[0]
                names_the_kind = len(pattern.head) > 1 and isinstance(pattern.head[1], Word)
                if names_the_kind and isinstance(begins, Word) and begins.low != first.low:
                    yield pattern, 100

    def _starts(self, tokens: list[Token]) -> list[int]:
        """Where the clause that is being written may begin."""
        found: list[int] = []
        said_something = False
        for at, token in enumerate(tokens):
            leads = token.low in self._by_word or (token.verb is not None and token.verb.name in self._verbs)
            after_joint = at > 0 and tokens[at - 1].low in _JOINTS
            if leads and (not said_something or after_joint):
                found.append(at)
                said_something = True
            said_something = said_something or not token.stop or token.noun is not None
        if not tokens or tokens[-1].low in _JOINTS or (not found and not said_something):
            found.append(len(tokens))
        return found[-4:]

    def _follow(self, pattern: Pattern, clause: Sequence[Token]) -> Iterator[Next]:
        """What the pattern has after the clause; nothing where it does not lead there."""
        reached, left = self._matched(pattern.head[1:], clause[1:])
        if reached < len(pattern.head) - 1:
            if not left:
                yield _run(pattern.head, reached + 1, weight=20 * len(clause))
            return
        unused = list(pattern.parts)
        rest = list(left)
        while rest:
            best: tuple[int, Items, Sequence[Token]] | None = None
            for part in unused:
                reached, left = self._matched(part, rest)
                if reached == len(part) and (best is None or reached > best[0]):
                    best = reached, part, left
            if best is None:
                partly = [(part, self._matched(part, rest)) for part in unused]
                ending = [(part, n) for part, (n, left) in partly if n and not left]
                if ending:
                    for part, n in ending:
                        yield _run(part, n, weight=20 * len(clause) + 10)
                    return
                rest = rest[1:]
            else:
                unused.remove(best[1])
                rest = list(best[2])
        for place, part in enumerate(unused):
            yield _run(part, 0, weight=20 * len(clause) - 5 - place)

    def _matched(self, items: Items, tokens: Sequence[Token]) -> tuple[int, Sequence[Token]]:
        """How many of ``items`` the tokens say one after the other, and the tokens left over."""
        at = 0
        for number, item in enumerate(items):
            if isinstance(item, Word) and item.article:
                if at < len(tokens) and tokens[at].low == item.low:
                    at += 1
                continue
            if at >= len(tokens):
                return _back(items, number), ()
            if not self._fits(item, tokens[at]):
                return _back(items, number), tokens[at:]
            at += 1
        return len(items), tokens[at:]

    def _fits(self, item: Item, token: Token) -> bool:
        if isinstance(item, Word):
            return item.is_said(token)
        if item.kind == "number":
            return token.kind in {"number", "ports"} or token.low.isdigit()
        if item.kind == "amount":
            return token.kind in {"amount", "milli"}
        if item.kind == "pair":
            return token.kind == "pair"
        if token.kind in {"punct", "flag"} or (item.kind == "text" and token.kind in {"name", "tagged", "image"}):
            return False
        return token.noun is None or token.noun.name not in self.kinds or token.kind == "quoted"


def _back(items: Items, number: int) -> int:
    """Before the articles that stand right before a place: they are part of what can follow."""
    while number and isinstance(items[number - 1], Word) and items[number - 1].article:  # type: ignore[union-attr]
        number -= 1
    return number


def _run(items: Items, start: int, *, weight: int) -> Next:
    """The words from ``start`` up to the next value, and that value's kind."""
    words: list[str] = []
    like = said(items[start:])
    for item in items[start:]:
        if isinstance(item, Slot):
            return Next(" ".join(words), item.kind, weight, like=like)
        words.append(item.shown)
    return Next(like, None, weight, open=False, like=like)


def _skipped(token: Token) -> bool:
    return token.low in {"a", "an", "the", "my", "our", "your", "this"} or (
        token.kind == "punct" and token.text in {",", ";", ".", ":"}
    )


def _tokens(written: str) -> list[Token]:
    text = written.rpartition("\n")[2]
    if len(text) > LOOKED_AT:
        text = text[-LOOKED_AT:].partition(" ")[2]
    return tokenize(text)
