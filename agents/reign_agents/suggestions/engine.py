"""At a key press: from what is written to a short ranked list. Reads only what is in memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reign_agents.suggestions.grammar import Grammar, Next
from reign_agents.suggestions.names import Names
from reign_agents.suggestions.offer import Offer, Source
from reign_agents.suggestions.past import Past
from reign_agents.suggestions.paths import Paths
from reign_agents.suggestions.ranking import Ranked, best
from reign_agents.understanding.lexicon import lexicon

MOST = 6
"""Suggestions given at most."""
LONGEST = 2000
"""Characters; nobody needs completions in a longer text."""
FEW = 2
"""Names of a kind as long as a word could follow as well."""
ENOUGH = 2
"""Letters from which words are looked for that are not expected here."""
_ARTICLES = frozenset({"a", "an", "the", "my", "our", "your", "this"})
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_PATH = re.compile(r"@|\.{1,2}/|/|~/")
_DIRECT = frozenset({"namespace"})
"""Kinds whose name may also stand without the word for the kind: "in shop" for "in namespace shop"."""


@dataclass(frozen=True, slots=True)
class _Written:
    """``whole`` is all of the text, ``done`` its last line up to the word under way, ``begun`` that word."""

    whole: str
    done: str
    begun: str

    @classmethod
    def of(cls, text: str) -> _Written:
        line = text.rpartition("\n")[2]
        at = max(line.rfind(" "), line.rfind("\t")) + 1
        return cls(text, line[:at], line[at:])

    @property
    def quoted(self) -> bool:
        """Whether the word under way stands in quotes that are still open: then it is the person's own."""
        return any((self.done + self.begun).count(sign) % 2 for sign in '"`')


class Suggestions:
    """``hide`` gives a text back without what is secret: what it would change is never suggested.

    ``answers`` are whole requests that answer the question a person was asked last.
    """

    def __init__(self, grammar: Grammar, cwd: Path, hide: Callable[[str], str]) -> None:
        self.past = Past()
        self.names = Names()
        self.paths = Paths(cwd)
        self.answers: Sequence[str] = ()
        self._grammar = grammar
        self._hide = hide

    def suggest(self, text: str, most: int = MOST) -> tuple[Offer, ...]:
        """What can follow ``text`` at its end, best first; nothing for an empty one."""
        if not text.strip() or len(text) > LONGEST:
            return ()
        written = _Written.of(text)
        ranked = [*self._answering(text), *self._asked(written)]
        if not written.quoted:
            nexts = self._grammar.next(written.done)
            ranked += self._files(written, nexts)
            ranked += self._named(written, nexts)
            ranked += self._words(written, nexts)
        return best(ranked, text, most, self._safe)

    def folder_wanted(self, text: str) -> str | None:
        """The folder that must be listed (in a thread, by ``paths.list``) before the path under way is completed."""
        written = _Written.of(text)
        begun = self._path_begun(written)
        return None if begun is None else self.paths.wanted(begun)

    def _safe(self, text: str) -> bool:
        return self._hide(text) == text

    def _answering(self, text: str) -> Iterator[Ranked]:
        for place, answer in enumerate(self.answers[:MOST]):
            if answer.isprintable() and answer.lower().startswith(text.lower()):
                yield Ranked(Offer(answer, len(text), Source.ANSWER, "answers the question"), 99 - place)

    def _asked(self, written: _Written) -> Iterator[Ranked]:
        if len(written.whole.strip()) < ENOUGH:
            return
        cut = len(written.whole)
        for place, one in enumerate(self.past.begun(written.whole, 3)):
            often = 0 if one.ended and not one.worked else min(one.times, 5)
            base = 74 if len(written.whole.strip()) > ENOUGH else 60
            yield Ranked(Offer(one.text, cut, Source.HISTORY, one.experience), base + 3 * often - 4 * place)
        if len(written.whole.strip()) > ENOUGH:
            for place, one in enumerate(self.past.holding(written.whole, 3)):
                yield Ranked(Offer(one.text, cut, Source.HISTORY, one.experience), 26 - place)

    def _files(self, written: _Written, nexts: Iterable[Next]) -> Iterator[Ranked]:
        begun = self._path_begun(written, nexts)
        if begun is None:
            return
        for place, path in enumerate(self.paths.like(begun, MOST)):
            note = "folder" if path.endswith("/") else "file"
            yield Ranked(Offer(path, len(begun), Source.FILE, note), 88 - place)

    def _path_begun(self, written: _Written, nexts: Iterable[Next] | None = None) -> str | None:
        if written.quoted:
            return None
        if _PATH.match(written.begun):
            return written.begun.removeprefix("@")
        expected = self._grammar.next(written.done) if nexts is None else nexts
        return written.begun if any(not one.words and one.slot == "path" for one in expected) else None

    def _named(self, written: _Written, nexts: Iterable[Next]) -> Iterator[Ranked]:
        begun, recent = written.begun, self.past.recent
        kinds = list(dict.fromkeys(kind for one in nexts if (kind := _expected(one))))
        low = begun.lower()
        rivals = any(one.words.lower().startswith(low) for one in nexts if one.words and not _expected(one))
        said = frozenset() if begun else frozenset(written.done.replace(",", " ").split())
        for number, kind in enumerate(kinds):
            found = self.names.like(begun, (kind,), recent, MOST + len(said))
            fresh = [name for name in found if name.text not in said]
            for place, name in enumerate(fresh[: FEW if rivals else MOST]):
                score = (78 if rivals else 92) - 2 * number - place - (0 if name.begins else 10)
                yield Ranked(Offer(name.text, len(begun), Source.NAME, name.kind), score)
            yield from self._known_words(kind, begun)
        if len(begun) >= ENOUGH and written.done.strip():
            others = (kind for kind in sorted(self.names.kinds) if kind not in kinds)
            for place, name in enumerate(self.names.like(begun, others, recent, MOST)):
                yield Ranked(Offer(name.text, len(begun), Source.NAME, name.kind), 44 - place)

    def _known_words(self, kind: str, begun: str) -> Iterator[Ranked]:
        """Values that are known without asking anything: well-known images, environments, units."""
        if kind == "amount" and _DIGITS.fullmatch(begun):
            for place, unit in enumerate(self._grammar.units):
                yield Ranked(Offer(begun + unit, len(begun), Source.GRAMMAR, "amount", open=True), 84 - place)
        if kind == "image":
            words, note = lexicon().images, "well-known image"
        elif kind == "namespace" and not self.names.of(kind):
            words, note = lexicon().environments, "environment"
        else:
            return
        if len(begun) < ENOUGH:
            return
        near = sorted((word for word in words if word.startswith(begun.lower())), key=lambda word: (len(word), word))
        for place, word in enumerate(near[:3]):
            yield Ranked(Offer(word, len(begun), Source.GRAMMAR, note), 66 - place)

    def _words(self, written: _Written, nexts: Iterable[Next]) -> Iterator[Ranked]:
        begun = written.begun.lower()
        after_article = written.done.rstrip().rpartition(" ")[2].lower() in _ARTICLES
        longer = {one.words.rpartition(" ")[0] for one in nexts}
        place = 0
        for one in nexts:
            words = one.words
            if words in longer:
                continue
            article, _, bare = words.partition(" ")
            if bare and article in _ARTICLES and (after_article or not words.lower().startswith(begun)):
                words = bare
            if not words or not words.lower().startswith(begun) or words.lower() == begun:
                continue
            going_on = one.open or one.slot is not None
            there = 8 if one.slot is None or one.slot in self.names.kinds else 0
            yield Ranked(Offer(words, len(begun), Source.GRAMMAR, _like(one), open=going_on), 72 - place + there)
            place += 1
            if place >= 3 * MOST:
                break
        if len(begun) >= ENOUGH and self._grammar.at_start(written.done):
            for spelled in self._grammar.spellings(begun)[:3]:
                yield Ranked(Offer(spelled, len(begun), Source.GRAMMAR, "", open=True), 40)


def _expected(one: Next) -> str | None:
    """The kind of value that may stand here."""
    if not one.words or (one.slot in _DIRECT and one.words == one.slot):
        return one.slot
    return None


def _like(one: Next) -> str:
    """What may follow the words, as an example."""
    rest = one.like.removeprefix(one.words).strip()
    return f"e.g. {rest}" if rest else ""
