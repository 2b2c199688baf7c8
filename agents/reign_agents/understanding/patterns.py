"""Regular expressions that are compiled when a text first gives reason to: start-up stays short."""

from __future__ import annotations

import re


class Pattern:
    """A case-blind expression that is tried only on texts that hold one of ``hints`` (lower case; none: always)."""

    __slots__ = ("_compiled", "hints", "source")

    def __init__(self, source: str, *hints: str) -> None:
        self.source, self.hints = source, hints
        self._compiled: re.Pattern[str] | None = None

    def search(self, text: str, low: str) -> re.Match[str] | None:
        """The first match in ``text``, whose lower-case form is ``low``."""
        if self.hints and not any(hint in low for hint in self.hints):
            return None
        if self._compiled is None:
            self._compiled = re.compile(self.source, re.IGNORECASE)
        return self._compiled.search(text)


class Lazy:
    """An expression that is compiled when it is first asked: much of what a text could hold most texts do not."""

    __slots__ = ("_compiled", "_flags", "_source")

    def __init__(self, source: str, flags: int = 0) -> None:
        self._source, self._flags = source, flags
        self._compiled: re.Pattern[str] | None = None

    def _ready(self) -> re.Pattern[str]:
        if self._compiled is None:
            self._compiled = re.compile(self._source, self._flags)
        return self._compiled

    def match(self, text: str) -> re.Match[str] | None:
        return self._ready().match(text)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        return self._ready().fullmatch(text)

    def search(self, text: str) -> re.Match[str] | None:
        return self._ready().search(text)
