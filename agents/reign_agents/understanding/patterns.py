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
