"""One suggestion, and what becomes of the text when it is taken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Where a suggestion comes from."""

    HISTORY = "history"
    NAME = "name"
    GRAMMAR = "grammar"
    FILE = "file"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Offer:
    """``text`` takes the place of the last ``replaces`` characters of what is written.

    ``note`` says in a few words what it is ("container", "asked 3 times"); ``open``: something has to follow it.
    """

    text: str
    replaces: int
    source: Source
    note: str = ""
    open: bool = False

    def taken(self, written: str) -> str:
        """The whole text once the suggestion is taken; a space after it where more has to follow."""
        kept = written[: len(written) - self.replaces]
        return kept + self.text + (" " if self.open else "")

    def rest(self, written: str) -> str:
        """What it adds behind what is written; empty when it also changes letters before the cursor."""
        begun = written[len(written) - self.replaces :]
        return self.text[len(begun) :] if self.text.startswith(begun) else ""
