"""What understanding a request yields: the shapes that the planner and ``classify`` share."""

from __future__ import annotations

TYPE_CHECKING = False  # typing and dataclasses are a third of the start-up, only a type checker needs them
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final, Literal

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


class _Frozen:
    """An object whose attributes are set once."""

    __slots__ = ()

    def __setattr__(self, name: str, value: object) -> None:
        if hasattr(self, name):
            raise AttributeError(f"{type(self).__name__}.{name} is read-only")
        object.__setattr__(self, name, value)


class Clause(_Frozen):
    """One wish of a sentence.

    ``verb`` and ``object`` are in the lexicon's spelling ("rm" is ``delete``, "svc" is ``service``); None when the
    clause names none. ``start`` and ``end`` are offsets into the whole text, ``text[start:end]`` is the clause.
    """

    __slots__ = ("end", "entities", "intent", "object", "start", "text", "verb")

    def __init__(
        self,
        text: str,
        verb: str | None,
        object: str | None,  # noqa: A002 - the grammar's word
        intent: str,
        entities: Mapping[str, JsonValue],
        start: int,
        end: int,
    ) -> None:
        self.text: Final = text
        self.verb: Final = verb
        self.object: Final = object
        self.intent: Final = intent
        self.entities: Final = entities
        self.start: Final = start
        self.end: Final = end

    def __repr__(self) -> str:
        return f"Clause({self.text!r}, {self.verb!r}, {self.object!r}, {self.intent!r}, {self.entities!r})"


class Understanding(_Frozen):
    """A request as LABELS.md describes one: ``intent`` of the whole, what it names, and how sure that is (0–1)."""

    __slots__ = ("clauses", "confidence", "domains", "entities", "intent", "mood", "text")

    def __init__(
        self,
        text: str,
        intent: str,
        mood: Mood,
        confidence: float,
        domains: tuple[str, ...] = (),
        entities: dict[str, JsonValue] | None = None,
        clauses: tuple[Clause, ...] = (),
    ) -> None:
        self.text: Final = text
        self.intent: Final = intent
        self.mood: Final[Mood] = mood
        self.confidence: Final = confidence
        self.domains: Final = domains
        self.entities: Final[dict[str, JsonValue]] = {} if entities is None else entities
        self.clauses: Final = clauses

    def __repr__(self) -> str:
        return f"Understanding({self.to_json()!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Understanding) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]  # entities are a map

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
