"""Requests made before: those that begin with what is written, and those that hold its words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

MOST = 10_000
"""Requests remembered, the newest."""
LONGEST = 300
"""Characters; longer requests are pasted, not typed again."""
LOOKED_AT = 200
"""Requests that hold one word and are looked at for the others, newest first."""
MOST_WORDS = 6
"""Words that are looked for; who writes more has a request in mind, not a memory."""
_HIDDEN = "{{secret:"
_TELLING = frozenset({"done", "failed", "in_doubt"})
_NAME = re.compile(r"[^\s,;\"'`]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, how often it was made, and when last (a number, higher for later).

    ``ended`` is how often it came to an end that says something, ``worked`` how often that was a good one.
    """

    text: str
    times: int
    last: int
    ended: int = 0
    worked: int = 0

    @property
    def experience(self) -> str:
        """What is known of it, in words."""
        if self.ended:
            return f"worked {self.worked} of {self.ended} {'time' if self.ended == 1 else 'times'}"
        return "asked before" if self.times == 1 else f"asked {self.times} times"


class Past:
    """All requests, and once more as one text of lower-case lines, newest last: it is searched from its end."""

    def __init__(self) -> None:
        self._asked: dict[str, Asked] = {}
        self._by_low: dict[str, str] = {}
        self._lines = "\n"
        self._recent: dict[str, int] = {}
        self._clock = 0

    def __len__(self) -> int:
        return len(self._asked)

    @property
    def recent(self) -> Mapping[str, int]:
        """Words of requests with a number, higher for later."""
        return self._recent

    def load(self, requests: Iterable[tuple[str, str]]) -> None:
        """Requests of earlier times with their runs' outcomes, oldest first."""
        for text, outcome in requests:
            if self._note(text):
                self.ended(text, outcome)
        self._settle()

    def ended(self, text: str, outcome: str) -> None:
        """A run of a request has ended: being stopped or cancelled says nothing of it."""
        known = self._asked.get(text)
        if known is not None and outcome in _TELLING:
            worked = known.worked + (1 if outcome == "done" else 0)
            self._asked[text] = replace(known, ended=known.ended + 1, worked=worked)

    def add(self, text: str) -> None:
        """A request made now."""
        if not self._note(text):
            return
        if len(self._asked) > MOST:
            self._settle()
        else:
            self._lines += text.lower() + "\n"

    def _settle(self) -> None:
        """Keep the newest, each on one line."""
        newest = sorted(self._asked.values(), key=lambda one: one.last)[-MOST:]
        self._asked = {one.text: one for one in newest}
        self._by_low = {one.text.lower(): one.text for one in newest}
        self._lines = "\n".join(("", *self._by_low, ""))

    def _note(self, text: str) -> bool:
        """Remember one; not one of several lines, nor one that holds a secret or what can't be shown."""
        if not text.strip() or len(text) > LONGEST or not text.isprintable() or _HIDDEN in text:
            return False
        self._clock += 1
        known = self._asked.get(text)
        self._asked[text] = (
            replace(known, times=known.times + 1, last=self._clock) if known else Asked(text, 1, self._clock)
        )
        self._by_low[text.lower()] = text
        for word in _NAME.findall(text):
            self._recent[word] = self._clock
        return True

    def begun(self, written: str, most: int) -> list[Asked]:
        """Requests that begin with ``written`` and go on, best first: made often and lately."""
        found = [one for one in self._holding("\n" + written.lower()) if len(one.text) > len(written)]
        return sorted(found, key=self._worth, reverse=True)[:most]

    def _worth(self, one: Asked) -> float:
        """Late and often is good, and what never worked is not."""
        failed = 0.5 if one.ended and not one.worked else 1.0
        return (one.last + self._clock * (min(one.times, 5) - 1) / 20) * failed

    def holding(self, written: str, most: int) -> list[Asked]:
        """The newest requests that hold every word of ``written``."""
        low = written.lower()
        words = sorted(low.split(), key=len, reverse=True)
        if not words or len(words) > MOST_WORDS:
            return []
        found: list[Asked] = []
        for one in self._holding(words[0]):
            text = one.text.lower()
            if text != low and all(word in text for word in words[1:]):
                found.append(one)
                if len(found) >= most:
                    break
        return found

    def _holding(self, part: str) -> Iterator[Asked]:
        """The newest requests whose line holds ``part``, each once, at most :data:`LOOKED_AT`."""
        seen: set[str] = set()
        end = len(self._lines)
        while len(seen) < LOOKED_AT:
            at = self._lines.rfind(part, 0, end)
            if at < 0:
                return
            start = self._lines.rfind("\n", 0, at + 1)
            line = self._lines[start + 1 : self._lines.find("\n", start + 1)]
            end = start + 1
            text = self._by_low.get(line)
            if text is not None and text not in seen:
                seen.add(text)
                yield self._asked[text]
