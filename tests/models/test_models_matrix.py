"""Three vendors over HTTP with their own SDKs: streams, tools, 429, 500, nonsense, broken streams, cancel, fallback,
time limits.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path

import pytest
import stamina

from reign_agents.investigation.limits import Limits
from reign_agents.investigation.loop import Investigation
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
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.with_model import ModelPlanner
from reign_agents.settings import EngineSettings
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry
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


@dataclass(frozen=True)
class Situation:
    """``asked`` of a server made ready by ``ready``: what came (``text``, ``calls``, ``stop``), or how it failed, after
    how many ``requests`` (None: that is the kit's affair).
    """

    asked: str = "long"
    ready: Callable[[Aimock], None] = lambda _server: None
    text: str = ""
    calls: tuple[tuple[str, object], ...] = ()
    stop: Stop | None = None
    fails: type[ModelFailed] | None = None
    because: str = ""
    requests: int | None = 1
    wait: bool = False


WHOLE = "One answer that comes in several pieces, in order."
SITUATIONS = {
    "stream": Situation(text=WHOLE, stop=Stop("end")),
    "tools": Situation("call", calls=((TOOL.name, {"all": True}),), stop=Stop("tools")),
    "429 once": Situation(ready=lambda server: server.fail_next(429), text=WHOLE, stop=Stop("end"), requests=2),
    "429 with Retry-After": Situation(
        ready=lambda server: server.chaos(rateLimitRate=1),
        fails=ModelFailed,
        because="too many requests",
        wait=True,
        requests=2,
    ),
    "500 once": Situation(ready=lambda server: server.fail_next(500), text=WHOLE, stop=Stop("end"), requests=2),
    "500 always": Situation(
        ready=lambda server: server.chaos(dropRate=1), fails=ModelFailed, because="server failed", requests=2
    ),
    "refused key": Situation(ready=lambda server: server.fail_next(401), fails=NoKey, because="credentials set"),
    "no such model": Situation("nobody ever wrote a fixture for this", fails=ModelFailed, because="no such model"),
    "malformed JSON": Situation(
        ready=lambda server: server.chaos(malformedRate=1), fails=ModelFailed, because="answer", requests=None
    ),
    "broken stream": Situation("broken", text="This answer", fails=StreamBroken, because="broke off"),
}


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
async def test_what_comes_of_an_answer(situation: Situation, model: LanguageModel, aimock: Aimock) -> None:
    """Three vendors in every situation of one answer; those of a conversation follow below."""
    situation.ready(aimock)
    pieces: list[Delta] = []
    if situation.fails is None:
        await gathered(model, said(situation.asked), [TOOL], into=pieces)
        assert text_of(pieces) == situation.text
        assert pieces[-1] == situation.stop
        assert any(isinstance(piece, Usage) for piece in pieces)
        assert len([piece for piece in pieces if isinstance(piece, TextDelta)]) != 1
        called = [(piece.name, piece.arguments) for piece in pieces if isinstance(piece, ToolCall)]
        assert tuple(called) == situation.calls
    else:
        with pytest.raises(situation.fails, match=situation.because) as caught:
            await gathered(model, said(situation.asked), [TOOL], into=pieces)
        assert model.name.partition("/")[0] in str(caught.value)
        assert text_of(pieces).startswith(situation.text)
        assert bool(text_of(pieces)) == bool(situation.text)
        assert not any(isinstance(piece, Stop) for piece in pieces)
        assert (caught.value.wait is not None) == situation.wait
    assert situation.requests in (None, len(aimock.sent()))


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


@pytest.fixture
def context(tmp_path: Path) -> PlanningContext:
    async def look(operation: str, fields: object) -> JsonObject:
        return {}

    return PlanningContext(EngineSettings(cwd=tmp_path), default_registry(), look)


async def test_the_next_in_the_chain_answers(
    vendor: str, make_model: Callable[[str], LanguageModel], aimock: Aimock, context: PlanningContext
) -> None:
    stamina.set_testing(True, attempts=1)
    other = {"anthropic": "openai", "openai": "ollama", "ollama": "anthropic"}[vendor]
    heard: list[str] = []
    planner = ModelPlanner(
        [f"{vendor}/x", f"{other}/y"], lambda name: make_model(name.partition("/")[0]), say=heard.append
    )
    aimock.fail_next(500)
    draft = await planner.draft("the long flux compensator hums", context)
    assert (draft.planner, draft.answer) == (f"{other}/y", WHOLE)
    assert any(line.startswith(f"{vendor}/x did not plan this") for line in heard)
    aimock.chaos(dropRate=1)
    alone = await planner.draft("the long flux compensator hums", context)
    assert (alone.planner, heard[-1]) == ("offline", "planned offline")


async def test_a_slow_answer_ends_with_the_time(model: LanguageModel, context: PlanningContext) -> None:
    with pytest.raises(ModelFailed, match=r"no end within 0\.5 seconds"):
        await Investigation(model, context, Limits(seconds=0.5)).run("slow")


async def test_nobody_there(vendor: str, free_port: object) -> None:
    from reign_agents.models.ollama_model import OllamaModel
    from reign_agents.models.openai_model import OpenAIModel

    assert callable(free_port)
    address = f"http://127.0.0.1:{free_port()}"
    model = OllamaModel("x", None, address) if vendor == "ollama" else OpenAIModel("x", "k", f"{address}/v1")
    with pytest.raises(ModelFailed, match="can't be reached"):
        await gathered(model, said("long"))
