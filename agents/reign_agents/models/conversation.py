"""What is said to a language model, and what comes back piece by piece."""

from __future__ import annotations

import asyncio
import importlib
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from reign_executors.operation import JsonObject


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model wants a tool to run. ``fault`` says why its arguments can't be read (they are empty then)."""

    id: str
    name: str
    arguments: JsonObject = field(default_factory=dict)
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. ``calls`` belong to the assistant; ``answers`` names the call that a tool's ``text`` answers.
    ``carried`` is the vendor's own form of the assistant's turn (see :class:`Carried`).
    """

    role: Literal["user", "assistant", "tool"]
    text: str = ""
    calls: tuple[ToolCall, ...] = ()
    answers: str | None = None
    carried: tuple[JsonObject, ...] = ()


@dataclass(frozen=True, slots=True)
class Tool:
    """``parameters`` is a JSON schema of an object; ``name`` has letters, digits, ``_`` and ``-`` only."""

    name: str
    description: str
    parameters: JsonObject


@dataclass(frozen=True, slots=True)
class Conversation:
    """``max_tokens`` bounds one answer; ``temperature`` None leaves it to the vendor.

    The first ``stable`` messages stay the same from request to request: a vendor's cache may keep them. ``context`` are
    the tokens that all of it may have, for servers that must be told (0: their own default).
    """

    system: str
    messages: tuple[Message, ...]
    max_tokens: int = 4096
    temperature: float | None = None
    stable: int = 0
    context: int = 0


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer. ``cached`` were read from the vendor's cache, ``stored`` written to it; neither is counted
    in ``input``.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    stored: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input + other.input,
            self.output + other.output,
            self.cached + other.cached,
            self.stored + other.stored,
        )


@dataclass(frozen=True, slots=True)
class Carried:
    """The whole turn as the vendor wants it back unchanged with what the tools answered: with the model's thoughts,
    which are sealed. Nobody reads them here.
    """

    blocks: tuple[JsonObject, ...]


@dataclass(frozen=True, slots=True)
class FromCache:
    """The answer that follows was given before, ``age`` seconds ago; no vendor was asked and it costs nothing."""

    age: float


@dataclass(frozen=True, slots=True)
class Stop:
    """The answer is whole. ``length``: cut at ``max_tokens``."""

    reason: Literal["end", "tools", "length", "refused"]


@dataclass(frozen=True, slots=True)
class Thinks:
    """Nothing to show, but the vendor is heard: the model thinks. :meth:`LanguageModel.stream` never gives it."""


Delta = TextDelta | ToolCall | Usage | Carried | Thinks | FromCache | Stop


QUIET = 150.0
"""Seconds in which nothing may be heard of a model that thinks before it answers."""


class LanguageModel(ABC):
    """One model of one vendor. ``name`` is ``vendor/model``; ``silence`` the seconds without a piece until an answer
    counts as broken.
    """

    name: str
    package: ClassVar[str | None] = None
    silence: float = 60.0

    async def prepare(self) -> None:
        """Import the vendor's SDK: the seconds that this takes are not the vendor's silence."""
        if self.package is not None:
            await asyncio.to_thread(importlib.import_module, self.package)

    @abstractmethod
    def pieces(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        """One attempt at an answer, as it comes. Raises whatever the vendor's SDK raises. ``Stop`` comes last."""

    @abstractmethod
    def failure(self, error: Exception) -> Exception:
        """What an error of the vendor's SDK means: a :class:`reign_agents.models.failure.ModelFailed`."""

    def stream(self, conversation: Conversation, tools: Sequence[Tool] = ()) -> AsyncIterator[Delta]:
        """The answer, with retries before its first piece; raises ``ModelFailed``. Closing the iterator or cancelling
        the task ends the request at once.
        """
        from reign_agents.models.steady import steady

        return steady(self, conversation, tools)
