"""The words that requests are made of, loaded once from ``verbs.json``, ``lexicon.json`` and ``words.txt``."""

from __future__ import annotations

import json
from functools import cache

from .verbs import phrases, spellings

_HERE = __file__[: -len("lexicon.py")]


class Verb:
    """A verb's usual spelling and the intent it has when nothing else is known."""

    __slots__ = ("intent", "name")

    def __init__(self, name: str, intent: str) -> None:
        self.name, self.intent = name, intent


class Noun:
    """A kind of thing, and the domain it points to ("" when any tool may own it)."""

    __slots__ = ("domain", "name")

    def __init__(self, name: str, domain: str) -> None:
        self.name, self.domain = name, domain


class Lexicon:
    """Look-ups by lower-case word; phrases are looked up as words joined by one space."""

    def __init__(self) -> None:
        raw = json.loads(_text("lexicon.json"))
        self.verbs: dict[str, Verb] = {}
        for written in spellings():
            verb = Verb(written.name, written.intent)
            for form in written.forms:
                self.verbs.setdefault(form, verb)
        self.nouns: dict[str, Noun] = {}
        for domain, group in raw["objects"].items():
            for name, forms in group.items():
                noun = Noun(name, domain)
                for form in phrases(forms):
                    self.nouns.setdefault(form, noun)
        self.tools: dict[str, str] = {}
        for domain, forms in raw["tools"].items():
            self.tools.update(dict.fromkeys(phrases(forms), domain))
        self.images = frozenset(raw["images"].split())
        self.environments = frozenset(raw["environments"].split())
        self.providers: dict[str, str] = {}
        for pair in raw["providers"].split():
            form, _, name = pair.partition(":")
            self.providers[form.replace("_", " ")] = name
        self.weak_names = frozenset(raw["weak_names"].split())
        self.commands: dict[str, dict[str, str]] = {
            program: {sub: intent for intent, subs in group.items() for sub in subs.split()}
            for program, group in raw["commands"].items()
        }
        for program, aliases in raw["command_aliases"].items():
            for alias in aliases.split():
                self.commands[alias] = self.commands[program]
        self.elsewhere = frozenset(_text("elsewhere.txt").split())
        self.words = frozenset(_text("words.txt").split()) - self.weak_names
        self.phrases: dict[str, int] = {}
        for phrase in (*self.verbs, *self.nouns, *self.tools, *self.providers):
            if " " in phrase:
                first, *others = phrase.split(" ")
                self.phrases[first] = max(self.phrases.get(first, 0), len(others))
        self._nearby: dict[str, list[str]] | None = None
        self._forms: dict[str, Verb | None] = {}

    def verb(self, word: str) -> Verb | None:
        """The verb that ``word`` is a form of ("scaling", "stopped", "deploys")."""
        try:
            return self._forms[word]
        except KeyError:
            found = self._find_verb(word)
            if len(self._forms) < 20_000:
                self._forms[word] = found
            return found

    def _find_verb(self, word: str) -> Verb | None:
        head, space, rest = word.partition(" ")
        for stem in _stems(head):
            if found := self.verbs.get(stem + space + rest):
                return found
        return None

    def noun(self, word: str) -> Noun | None:
        """The noun that ``word`` is, plural or not."""
        if found := self.nouns.get(word):
            return found
        if word.endswith("'s"):
            return self.nouns.get(word[:-2])
        if word.endswith("s") and len(word) > 2:
            return self.nouns.get(word[:-1]) or (self.nouns.get(word[:-2]) if word.endswith("es") else None)
        return None

    def known(self, word: str) -> bool:
        """Whether ``word`` is an ordinary word: neither a name nor a slip of the fingers."""
        return (
            word in self.words
            or word in self.nouns
            or word in self.tools
            or word in self.images
            or word in self.environments
            or word in self.weak_names
            or word in self.providers
            or self.noun(word) is not None
            or self.verb(word) is not None
        )

    def mend(self, word: str, shortest: int = 5) -> str:
        """``word`` with one slip undone when exactly one word of the trade is that near, else as it was."""
        if word in _SLIPS:
            return _SLIPS[word]
        if len(word) < shortest or len(word) > 16 or not word.isascii() or not word.isalpha() or self.known(word):
            return word
        if self._nearby is None:
            self._nearby = {}
            trade = {
                w for w in (*self.verbs, *self.nouns, *self.tools, *self.images, *self.environments) if " " not in w
            }
            trade |= {(v.removesuffix("e")) + "ing" for v in self.verbs if len(v) > 4 and v.isalpha()}
            trade |= {w + "s" for w in self.nouns if " " not in w and not w.endswith("s")}
            trade |= frozenset(_MENDED.split())
            for candidate in sorted(trade):
                if len(candidate) >= 4 and candidate.isalpha():
                    self._nearby.setdefault(candidate[0], []).append(candidate)
        near = [c for c in self._nearby.get(word[0], ()) if -2 < len(c) - len(word) < 2 and _one_slip(word, c)]
        if len(word) < 5:
            near = [c for c in near if c in self.verbs]
        return near[0] if near else word


_MENDED = """replicas namespace called named memory running crashing failing version please something anything wrong
ready should would could there their which where because before after again still every everything nothing instead
another without broken latest minutes hours today tomorrow thanks production staging currently really somehow through
problem happened working pending restarting available between password variable environment folder directory"""
"""Words beside the trade's own whose slips are undone."""
_SLIPS = {
    slip: word
    for word, slips in {
        "the": "teh hte thw",
        "and": "adn nad",
        "that": "taht",
        "what": "waht",
        "with": "wiht",
        "for": "fro",
        "just": "jsut",
        "you": "yuo",
        "have": "ahve",
        "run": "rnu",
        "list": "lsit",
        "show": "shwo",
        "stop": "stpo",
        "scale": "scal",
        "logs": "logz",
        "from": "frm",
        "give": "giev",
        "make": "mkae",
        "need": "nede",
        "whats": "wats wots whts",
        "pods": "pdos podz",
    }.items()
    for slip in slips.split()
}
"""Slips in words too short to be told from names by their letters."""


def _text(name: str) -> str:
    with open(_HERE + name, encoding="utf-8") as file:  # noqa: PTH123 - pathlib would cost more than the reading
        return file.read()


def _stems(word: str) -> list[str]:
    stems = [word]
    for ending in ("ing", "ed", "es", "s", "d"):
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            stem = word[: -len(ending)]
            stems.append(stem)
            if ending in {"ing", "ed"}:
                stems.append(stem + "e")
                if len(stem) > 3 and stem[-1] == stem[-2]:
                    stems.append(stem[:-1])
                if stem.endswith("i"):
                    stems.append(stem[:-1] + "y")
            if ending == "es" and stem.endswith("i"):
                stems.append(stem[:-1] + "y")
    return stems


def _one_slip(a: str, b: str) -> bool:
    """Whether one letter added, dropped, changed or swapped with its neighbour turns ``a`` into ``b``."""
    if a == b:
        return False
    i = 0
    shortest = min(len(a), len(b))
    while i < shortest and a[i] == b[i]:
        i += 1
    if len(a) == len(b):
        if a[i + 1 :] == b[i + 1 :]:
            return True
        return a[i : i + 2] == b[i : i + 2][::-1] and a[i + 2 :] == b[i + 2 :]
    if len(a) < len(b):
        return a[i:] == b[i + 1 :]
    return a[i + 1 :] == b[i:]


@cache
def lexicon() -> Lexicon:
    """The one lexicon of this process."""
    return Lexicon()
