"""Requests made before: those that begin with what is written, and those that hold its words."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

MOST = 10_000
"""Requests remembered, the newest."""
LONGEST = 300
"""Characters; longer requests are pasted, not typed again."""
DENSE = 500
"""So many requests with the same beginning: then the newest are looked at first."""
_HIDDEN = "{{secret:"
_NAME = re.compile(r"[^\s,;\"'`]+")

Fits = Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, how often it was made, and when last (a number, higher for later)."""

    text: str
    times: int
    last: int


class Past:
    """All requests; looking up costs at most a pass over them."""

    def __init__(self) -> None:
        self._asked: dict[str, Asked] = {}
        self._newest: list[tuple[str, str]] = []
        self._sorted: list[tuple[str, str]] = []
        self._recent: dict[str, int] = {}
        self._clock = 0

    def __len__(self) -> int:
        return len(self._asked)

    @property
    def recent(self) -> Mapping[str, int]:
        """Words of requests with a number, higher for later."""
        return self._recent

    def load(self, requests: Iterable[str]) -> None:
        """Requests of earlier times, oldest first."""
        for text in requests:
            self._note(text)
        self._newest = [(text.lower(), text) for text in sorted(self._asked, key=lambda text: self._asked[text].last)]
        self._sorted = sorted(self._newest)

    def add(self, text: str) -> None:
        """A request made now."""
        known = text in self._asked
        if not self._note(text):
            return
        entry = (text.lower(), text)
        if known:
            self._newest.remove(entry)
        else:
            insort(self._sorted, entry)
        self._newest.append(entry)
        if len(self._newest) > MOST:
            oldest = self._newest.pop(0)
            del self._asked[oldest[1]]
            del self._sorted[bisect_left(self._sorted, oldest)]

    def _note(self, text: str) -> bool:
        """Remember one; not one of several lines, nor one that holds a secret or what can't be shown."""
        if not text.strip() or len(text) > LONGEST or not text.isprintable() or _HIDDEN in text:
            return False
        self._clock += 1
        known = self._asked.get(text)
        self._asked[text] = Asked(text, known.times + 1 if known else 1, self._clock)
        for word in _NAME.findall(text):
            self._recent[word] = self._clock
        return True

    def begun(self, written: str, most: int) -> list[Asked]:
        """Requests that begin with ``written`` and go on, best first: made often and lately."""
        low = written.lower()
        first = bisect_left(self._sorted, (low, ""))
        end = bisect_left(self._sorted, (low + "\U0010ffff", ""))
        if end - first > DENSE:
            found = self._newest_with(lambda text: text.startswith(low), most * 4)
        else:
            found = [text for _, text in self._sorted[first:end]]
        longer = (self._asked[text] for text in found if len(text) > len(written))
        return sorted(longer, key=lambda one: -(one.last + self._clock * (min(one.times, 5) - 1) / 20))[:most]

    def holding(self, written: str, most: int) -> list[Asked]:
        """The newest requests that hold every word of ``written``."""
        words = written.lower().split()
        if not words:
            return []
        found = self._newest_with(lambda text: all(word in text for word in words), most)
        return [self._asked[text] for text in found if text.lower() != written.lower()]

    def _newest_with(self, fits: Fits, most: int) -> list[str]:
        found: list[str] = []
        for low, text in reversed(self._newest):
            if fits(low):
                found.append(text)
                if len(found) >= most:
                    break
        return found
