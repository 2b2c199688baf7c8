"""What understanding a request yields: the shapes that the planner and ``classify`` share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TYPE_CHECKING = False  # typing itself is 8 ms of start-up that only a type checker needs
if TYPE_CHECKING:
    from typing import Any, Literal

    from pydantic import JsonValue

    Mood = Literal["do", "ask"]
    Found = dict[str, Any]
    """Entity key → value while a clause is read."""

INTENTS: tuple[str, ...] = (
    "create_infra",
    "deploy",
    "scale",
    "monitor",
    "destroy",
    "update",
    "backup",
    "debug",
    "unknown",
)
DOMAINS: tuple[str, ...] = ("docker", "kubernetes", "helm", "terraform", "github", "cicd", "bash", "validation")


@dataclass(frozen=True, slots=True)
class Clause:
    """One wish of a sentence.

    ``verb`` and ``object`` are in the lexicon's spelling ("rm" is ``delete``, "svc" is ``service``); None when the
    clause names none. ``start`` and ``end`` are offsets into the whole text, ``text[start:end]`` is the clause.
    """

    text: str
    verb: str | None
    object: str | None
    intent: str
    entities: Mapping[str, JsonValue]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Understanding:
    """A request as LABELS.md describes one: ``intent`` of the whole, what it names, and how sure that is (0–1)."""

    text: str
    intent: str
    mood: Mood
    confidence: float
    domains: tuple[str, ...] = ()
    entities: dict[str, JsonValue] = field(default_factory=dict)
    clauses: tuple[Clause, ...] = ()

    def to_json(self) -> dict[str, JsonValue]:
        """The line that ``classify`` prints."""
        return {
            "text": self.text,
            "intent": self.intent,
            "mood": self.mood,
            "confidence": self.confidence,
            "domains": list(self.domains),
            "entities": dict(self.entities),
        }
