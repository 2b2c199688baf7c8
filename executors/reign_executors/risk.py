"""How much harm a step can do. Apart from the effect's models, so that settings need not load those."""

from __future__ import annotations

from enum import IntEnum


class Risk(IntEnum):
    """How much harm a step can do, lowest first; the names are those shown to people and written in JSON."""

    READ = 0
    CREATE = 1
    CHANGE = 2
    DESTROY = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Risk:
        """The risk named by one of ``read create change destroy``; ``KeyError`` otherwise."""
        return cls[word.upper()]
