"""One wish of a request, with the values its words give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import JsonValue

from reign_agents.understanding import Clause

_QUOTED = re.compile(r"`([^`]+)`|\"((?:[^\"\\]|\\.)*)\"|(?<!\w)'([^']*)'(?!\w)|“([^”]*)”")
_PATH = re.compile(r"(?<![\w@:=/.-])(?:~(?:/[\w.@+=-]+)*/?|\.{1,2}(?:/[\w.@+=-]+)*/?|(?:/[\w.@+=-]+)+/?|/)(?![\w:])")
_RELATIVE = re.compile(
    r"(?<![\w@:=/.-])[\w@+=-][\w.@+=-]*(?:/[\w.@+=-]+)+/?|(?<![\w@:=/.-])[\w@+=-][\w@.+=-]*\.[A-Za-z][\w]{0,9}\b"
)
_ESCAPES = {"\\n": "\n", "\\t": "\t", '\\"': '"', "\\\\": "\\"}


_SMALL = """and or with in on at to for from of that which please now again then is are the a an it its by force
forcefully including running stopped too as well if using containing called named"""
SMALL_WORDS = frozenset(_SMALL.split())
"""Words that are never the name of a thing, however they stand."""

_PRONOUN = re.compile(r"(?<!\w)(?:it|its|that|this one|that one|them)(?!\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Thing:
    """What "it" stands for: ``kind`` in the lexicon's spelling (container, file, volume …) and its name or path."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Wish:
    """``verb`` and ``object`` in the lexicon's spelling; ``entities`` by their usual keys; ``text`` as typed.

    ``it`` is what a pronoun in the text stands for, where it names nothing itself.
    """

    text: str
    verb: str | None
    object: str | None
    entities: Mapping[str, JsonValue]
    it: Thing | None = None

    @classmethod
    def of(cls, clause: Clause) -> Wish:
        text = clause.text.strip().rstrip(".!;,")
        verb = clause.verb
        if verb is None and re.match(r"(?:is|are|does|do|has|have)\b", text, re.IGNORECASE):
            verb = "check"
        return cls(text, verb, clause.object, clause.entities)

    def about(self, thing: Thing | None) -> Wish:
        """This wish with "it" meaning ``thing``; unchanged when it has no pronoun or names an object of its own."""
        if (
            thing is None
            or self.object not in (None, thing.kind, "logs", "status")
            or not _PRONOUN.search(self.unquoted())
        ):
            return self
        return replace(self, object=self.object or thing.kind, it=thing)

    def with_more(self, other: Wish) -> Wish:
        """This wish with the words and values of another that belongs to it."""
        return Wish(f"{self.text}, {other.text}", self.verb, self.object, {**other.entities, **self.entities})

    def names_other(self, before: Wish) -> bool:
        """Whether this wish has a main target of its own, other than the one before."""
        name = self.word("name")
        return name is not None and name != before.word("name") and name != self.word("volume")

    @property
    def lower(self) -> str:
        return self.text.lower()

    def has(self, *words: str) -> bool:
        """Whether one of the words (or phrases) stands in the text."""
        return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", self.lower) for word in words)

    def word(self, key: str) -> str | None:
        """The entity of that key as text; the first of a list."""
        value: Any = self.entities.get(key)
        if isinstance(value, list):
            value = value[0] if value else None
        return None if value is None else str(value)

    def words(self, key: str) -> list[str]:
        """The entity of that key as a list of texts."""
        value: Any = self.entities.get(key)
        if value is None:
            return []
        return [str(item) for item in value] if isinstance(value, list) else [str(value)]

    def mapping(self, key: str) -> dict[str, str]:
        value: Any = self.entities.get(key)
        return {str(name): str(inner) for name, inner in value.items()} if isinstance(value, dict) else {}

    def quoted(self) -> list[str]:
        r"""Texts in quotes or backticks, in order; ``\n`` and ``\t`` in double quotes mean what they mean in C."""
        found = []
        for match in _QUOTED.finditer(self.text):
            text = next(group for group in match.groups() if group is not None)
            if match.group(2) is not None:
                text = re.sub(r"\\[nt\"\\]", lambda escape: _ESCAPES[escape.group()], text)
            found.append(text)
        return found

    def after(self, *leads: str) -> str | None:
        """The word or quoted text that follows the first of these leads ("named", "into")."""
        for lead in leads:
            match = re.search(
                rf"(?<!\w){lead}\s+(?:the\s+|a\s+|an\s+)?(?:{_QUOTED.pattern}|(\S+))", self.text, re.IGNORECASE
            )
            if match is not None:
                text = next(group for group in match.groups() if group is not None)
                return text.rstrip(",;")
        return None

    def unquoted(self) -> str:
        """The text with what is quoted blanked out, offsets kept."""
        return _QUOTED.sub(lambda match: " " * len(match.group()), self.text)

    def paths(self, *, quoted: bool = True) -> list[str]:
        """Paths and file names in the order they stand."""
        spans = [(m.start(), m.group()) for pattern in (_PATH, _RELATIVE) for m in pattern.finditer(self.unquoted())]
        if quoted:
            for match in _QUOTED.finditer(self.text):
                text = next(group for group in match.groups() if group is not None)
                if "/" in text or re.fullmatch(r"[\w.-]+\.\w{1,9}", text):
                    spans.append((match.start(), text))
        found: list[str] = []
        for _, text in sorted(spans):
            text = text if text in ("/", ".", "..") else text.rstrip(",;")
            if text not in found:
                found.append(text)
        return found
