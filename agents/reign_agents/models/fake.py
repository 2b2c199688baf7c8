"""A model that says what a test wants, behind the same base as the real ones."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence

from reign_agents.models.conversation import Conversation, Delta, LanguageModel, Tool
from reign_agents.models.failure import ModelFailed, unreadable

Turn = Sequence[Delta | Exception]


class FakeModel(LanguageModel):
    """``turns`` are its answers in order, each a list of deltas; an exception in one is raised at that place.

    A function gets the conversation and gives the turn. Without turns left it repeats the last one. ``asked`` are the
    conversations it saw, with the tools it was offered.
    """

    def __init__(self, *turns: Turn | Callable[[Conversation], Turn], name: str = "fake/model") -> None:
        self.name = name
        self._turns = turns
        self.asked: list[tuple[Conversation, tuple[Tool, ...]]] = []
        self.closed = 0

    async def pieces(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        turn = self._turns[min(len(self.asked), len(self._turns) - 1)]
        self.asked.append((conversation, tuple(tools)))
        try:
            for one in turn(conversation) if callable(turn) else turn:
                if isinstance(one, Exception):
                    raise one
                yield one
        finally:
            self.closed += 1

    def failure(self, error: Exception) -> ModelFailed:
        return unreadable(self.name, str(error))
