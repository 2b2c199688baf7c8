"""Three vendors over HTTP with their own SDKs: streams, tools, 429, 500, nonsense, broken streams, cancel."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing

import pytest
import stamina

from reign_agents.models.conversation import (
    Conversation,
    Delta,
    LanguageModel,
    Message,
    Stop,
    TextDelta,
    Tool,
    ToolCall,
    Usage,
)
from reign_agents.models.failure import ModelFailed, NoKey, StreamBroken
from tests.models.conftest import Aimock

TOOL = Tool(
    "docker__list_containers",
    "List containers",
    {"type": "object", "properties": {"all": {"anyOf": [{"type": "boolean"}, {"type": "null"}]}}},
)


@pytest.fixture(autouse=True)
def _no_back_off() -> None:
    stamina.set_testing(True, attempts=2)


def said(text: str) -> Conversation:
    return Conversation("You are a test.", (Message("user", text),), max_tokens=64)


async def gathered(
    model: LanguageModel, conversation: Conversation, tools: Sequence[Tool] = (), into: list[Delta] | None = None
) -> list[Delta]:
    pieces: list[Delta] = [] if into is None else into
    async for piece in model.stream(conversation, tools):
        pieces.append(piece)  # noqa: PERF401 - what came before an error is looked at
    return pieces


def text_of(pieces: Sequence[Delta]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, TextDelta))


async def test_an_answer_comes_in_pieces_and_ends(model: LanguageModel) -> None:
    pieces = await gathered(model, said("long"))
    assert text_of(pieces) == "One answer that comes in several pieces, in order."
    assert sum(isinstance(piece, TextDelta) for piece in pieces) > 1
    assert pieces[-1] == Stop("end")
    assert any(isinstance(piece, Usage) for piece in pieces)


async def test_a_tool_is_called_with_its_arguments(model: LanguageModel) -> None:
    pieces = await gathered(model, said("call"), [TOOL])
    (call,) = [piece for piece in pieces if isinstance(piece, ToolCall)]
    assert (call.name, call.arguments, call.fault) == ("docker__list_containers", {"all": True}, None)
    assert pieces[-1] == Stop("tools")


async def test_what_a_tool_answered_reaches_the_model(model: LanguageModel, aimock: Aimock) -> None:
    call = ToolCall("c1", TOOL.name, {"all": True})
    turns = (
        Message("user", "look"),
        Message("assistant", "I look.", (call,)),
        Message("tool", "three containers", answers="c1"),
        Message("user", "long"),
    )
    await gathered(model, Conversation("You are a test.", turns), [TOOL])
    sent = json.dumps(aimock.sent()[0])
    assert "three containers" in sent
    assert "You are a test." in sent


async def test_too_many_requests_are_asked_again(model: LanguageModel, aimock: Aimock) -> None:
    aimock.fail_next(429)
    pieces = await gathered(model, said("long"))
    assert pieces[-1] == Stop("end")
    assert len(aimock.sent()) == 2


async def test_retry_after_is_read(model: LanguageModel, aimock: Aimock) -> None:
    aimock.chaos(rateLimitRate=1)
    with pytest.raises(ModelFailed, match="too many requests") as caught:
        await gathered(model, said("long"))
    assert caught.value.wait is not None
    assert len(aimock.sent()) <= 2


async def test_a_server_that_fails_is_named(model: LanguageModel, aimock: Aimock) -> None:
    aimock.chaos(dropRate=1)
    with pytest.raises(ModelFailed, match=model.name):
        await gathered(model, said("long"))


async def test_a_refused_key_is_not_tried_again(model: LanguageModel, aimock: Aimock) -> None:
    aimock.fail_next(401)
    with pytest.raises(NoKey, match="credentials set"):
        await gathered(model, said("long"))


async def test_nonsense_is_no_answer(model: LanguageModel, aimock: Aimock) -> None:
    aimock.chaos(malformedRate=1)
    pieces: list[Delta] = []
    with pytest.raises(ModelFailed):
        await gathered(model, said("long"), into=pieces)
    assert not pieces


async def test_a_broken_stream_is_neither_lost_nor_whole(model: LanguageModel) -> None:
    pieces: list[Delta] = []
    with pytest.raises(StreamBroken, match="broke off"):
        await gathered(model, said("broken"), into=pieces)
    assert "This answer".startswith(text_of(pieces)[:11])
    assert text_of(pieces)
    assert not any(isinstance(piece, Stop) for piece in pieces)


async def test_leaving_ends_the_request(model: LanguageModel) -> None:
    stream = model.stream(said("slow"))
    async with aclosing(stream) as pieces:  # type: ignore[type-var]
        async for piece in pieces:
            assert isinstance(piece, TextDelta)
            break
    assert await anext(stream, None) is None


async def test_cancelling_ends_the_request(model: LanguageModel) -> None:
    begun = asyncio.Event()

    async def ask() -> None:
        async for _ in model.stream(said("slow")):
            begun.set()

    task = asyncio.create_task(ask())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nobody_there(vendor: str, free_port: object) -> None:
    from reign_agents.models.ollama_model import OllamaModel
    from reign_agents.models.openai_model import OpenAIModel

    assert callable(free_port)
    address = f"http://127.0.0.1:{free_port()}"
    model = OllamaModel("x", None, address) if vendor == "ollama" else OpenAIModel("x", "k", f"{address}/v1")
    with pytest.raises(ModelFailed, match="can't be reached"):
        await gathered(model, said("long"))
