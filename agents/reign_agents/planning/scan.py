"""Reading a text piece by piece: what one pattern has taken is gone for the next, what nobody took is left over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

_QUOTED = re.compile(r"`([^`]+)`|\"((?:[^\"\\]|\\.)*)\"|(?<!\w)'([^']*)'(?!\w)|“([^”]*)”|‘([^’]*)’")
_ESCAPES = {"n": "\n", "t": "\t"}
_FIRST = 0xE000
_MOST = 0x1000
_PRIVATE = re.compile("[\ue000-\uf8ff]")
MASK = "[\ue000-\uefff]"
"""A regular expression for one quoted text as it stands in :attr:`Scan.text`."""
VALUE = r"[^\s,;]+"
"""A regular expression for a word or a quoted text as it stands in :attr:`Scan.text`."""
_END = ".,;:!?"


class Scan:
    """A text with its quoted parts masked by one private character each, so that patterns see words only.

    Patterns are written over :attr:`text`; groups come back with the quoted text put in again (escapes of double
    quotes resolved), other values without the punctuation that ends a sentence.
    """

    def __init__(self, text: str) -> None:
        self._quotes: list[str] = []
        self.text = _QUOTED.sub(self._mask, _PRIVATE.sub(" ", text))

    def _mask(self, match: re.Match[str]) -> str:
        if len(self._quotes) >= _MOST:
            return match.group()
        found = next(group for group in match.groups() if group is not None)
        if match.group(2) is not None:
            found = re.sub(r"\\([nt\"\\])", lambda escape: _ESCAPES.get(escape.group(1), escape.group(1)), found)
        self._quotes.append(found)
        return chr(_FIRST + len(self._quotes) - 1)

    def restored(self, text: str) -> str:
        """``text`` with the quoted parts in place of their masks."""
        if re.fullmatch(MASK, text.strip(",;")):
            return self._quotes[ord(text.strip(",;")) - _FIRST]
        end = text if re.fullmatch(r"\.{1,2}/?|.*/\.{1,2}", text) else text.rstrip(_END)
        return re.sub(MASK, lambda mask: self._quotes[ord(mask.group()) - _FIRST], end)

    def take(self, pattern: str) -> list[Mapping[str, str]]:
        """All matches' named groups (those that took part); the matches leave the text."""
        found: list[Mapping[str, str]] = []

        def gone(match: re.Match[str]) -> str:
            found.append({k: self.restored(v) for k, v in match.groupdict().items() if v is not None})
            return " "

        self.text = re.sub(pattern, gone, self.text, flags=re.IGNORECASE)
        return found

    def first(self, pattern: str) -> str | None:
        """The group ``value`` of the first match; only that match leaves the text."""
        match = re.search(pattern, self.text, re.IGNORECASE)
        if match is None:
            return None
        self.text = f"{self.text[: match.start()]} {self.text[match.end() :]}"
        return self.restored(match["value"])

    def has(self, pattern: str) -> bool:
        """Whether the pattern matches what is left; the match leaves the text."""
        return bool(self.take(pattern))

    def protect(self, pattern: str) -> None:
        """Make the group ``name`` of each match stand as if it were quoted."""

        def masked(match: re.Match[str]) -> str:
            if len(self._quotes) >= _MOST:
                return match.group()
            self._quotes.append(match["name"])
            at = match.start("name") - match.start()
            return match.group()[:at] + chr(_FIRST + len(self._quotes) - 1) + match.group()[at + len(match["name"]) :]

        self.text = re.sub(pattern, masked, self.text, flags=re.IGNORECASE)

    def quoted(self) -> list[str]:
        """The quoted texts nobody took, in order."""
        return [self._quotes[ord(mask) - _FIRST] for mask in re.findall(MASK, self.text)]

    def words(self, without: Iterable[str] = ()) -> list[str]:
        """What is left, word by word, but for these (lower-case) words and punctuation; each once."""
        dropped = frozenset(without)
        found: list[str] = []
        for raw in re.split(r"[\s,;]+", self.text):
            word = self.restored(raw)
            quoted = bool(re.search(MASK, raw))
            if (
                word
                and (quoted or (word.lower() not in dropped and re.search(r"[\w*?~./]", word)))
                and word not in found
            ):
                found.append(word)
        return found
