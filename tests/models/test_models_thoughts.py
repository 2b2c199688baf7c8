"""Models that think before they answer: their thoughts go back unread with the turn; OpenAI's newer API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import stamina

from reign_agents.investigation.fitting import fitted
from reign_agents.investigation.limits import Limits
from reign_agents.investigation.loop import Investigation
from reign_agents.models.anthropic_model import AnthropicModel
from reign_agents.models.cached import AnswerCache, CachedModel
from reign_agents.models.conversation import (
    Carried,
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
from reign_agents.models.failure import ModelFailed
from reign_agents.models.openai_model import OpenAIModel
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.with_model import ModelPlanner
from reign_agents.settings import EngineSettings
from reign_executors.operation import JsonObject
from reign_executors.redaction import Redactor
from reign_executors.registry import default_registry
from tests.models import rude as server
from tests.models.conftest import Aimock
from tests.models.rude import rude

LOOK = Tool("look", "Look", {"type": "object", "properties": {"all": {"type": "boolean"}}})
THOUGHT = {"type": "thinking", "thinking": "", "signature": "c2VhbGVk"}
SEALED = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "c2VhbGVk"}
LIST = {"kind": "pod"}


@pytest.fixture(autouse=True)
def _no_back_off() -> None:
    stamina.set_testing(True, attempts=1)


@pytest.fixture
def context(tmp_path: Path) -> PlanningContext:
    async def look(operation: str, fields: Mapping[str, Any]) -> JsonObject:
        return {"pods": ["api-1"]}

    return PlanningContext(EngineSettings(cwd=tmp_path), default_registry(), look)


def claude(url: str) -> LanguageModel:
    return AnthropicModel("claude-opus-5-5", "sk-test", url)


def gpt(url: str, *, responses: bool | None = True) -> LanguageModel:
    return OpenAIModel("gpt-6.2-sol", "sk-test", f"{url}/v1", responses=responses)


async def asked(model: LanguageModel, *messages: Message, **more: Any) -> list[Delta]:
    conversation = Conversation("You are a test.", messages or (Message("user", "hello"),), max_tokens=64, **more)
    return [piece async for piece in model.stream(conversation, (LOOK,))]


CLAUDE_LOOKS = server.anthropic(
    THOUGHT,
    {"type": "text", "text": "I look."},
    {"type": "tool_use", "id": "t1", "name": "kubernetes__list", "input": LIST},
    stop="tool_use",
)
GPT_LOOKS = server.responses(
    SEALED, {"type": "function_call", "call_id": "t1", "name": "kubernetes__list", "arguments": '{"kind": "pod"}'}
)


async def test_claudes_thoughts_go_back_with_the_turn_as_they_came(context: PlanningContext) -> None:
    async with rude(CLAUDE_LOOKS, server.text("anthropic", "api-1 runs")) as here:
        found = await Investigation(claude(here.url), context).run("what hums?")
    assert found.answer == "api-1 runs"
    _, turn, answered = here.bodies[1]["messages"]
    assert [block["type"] for block in turn["content"]] == ["thinking", "text", "tool_use"]
    assert turn["content"][0] == THOUGHT
    assert turn["content"][2]["input"] == LIST
    assert answered["content"][0]["tool_use_id"] == "t1"


async def test_gpts_thoughts_go_back_with_the_turn_as_they_came(context: PlanningContext) -> None:
    async with rude(GPT_LOOKS, server.responses({"type": "message", "text": "api-1 runs"})) as here:
        found = await Investigation(gpt(here.url), context).run("what hums?")
    assert found.answer == "api-1 runs"
    first, second = here.bodies
    assert (first["store"], first["include"]) == (False, ["reasoning.encrypted_content"])
    assert first["tools"][0]["type"] == "function"
    _, thought, call, answered = second["input"]
    assert thought["encrypted_content"] == SEALED["encrypted_content"]
    assert (call["type"], call["call_id"], call["name"]) == ("function_call", "t1", "kubernetes__list")
    assert (answered["type"], answered["call_id"]) == ("function_call_output", "t1")
    assert here.asked[0][0].startswith("POST /v1/responses ")
    assert found.usage == Usage(10, 40, 8, 2)


async def test_a_turn_whose_calls_were_renamed_goes_back_without_thoughts() -> None:
    twice = {"type": "tool_use", "id": "t1", "name": "look", "input": {}}
    async with rude(server.anthropic(THOUGHT, twice, twice, stop="tool_use"), server.text("anthropic", "x")) as here:
        pieces = await asked(claude(here.url))
        calls = tuple(piece for piece in pieces if isinstance(piece, ToolCall))
        carried = next(piece.blocks for piece in pieces if isinstance(piece, Carried))
        turn = Message("assistant", "", calls, carried=carried)
        await asked(claude(here.url), Message("user", "hi"), turn, *(Message("tool", "x", answers=c.id) for c in calls))
    blocks = here.bodies[1]["messages"][1]["content"]
    assert [(block["type"], block["id"]) for block in blocks] == [("tool_use", "t1"), ("tool_use", "t1_2")]


async def test_calls_that_cannot_be_read_carry_nothing() -> None:
    broken = {"type": "tool_use", "id": "t1", "name": "look", "input": {}, "json": '{"all": tr'}
    async with rude(server.anthropic(THOUGHT, broken, stop="max_tokens")) as here:
        pieces = await asked(claude(here.url))
    assert not any(isinstance(piece, Carried) for piece in pieces)


def test_a_past_that_changes_takes_the_thoughts_with_it() -> None:
    call = ToolCall("t1", "look", {})
    messages = (
        Message("user", "hi"),
        Message("assistant", "I look.", (call,), carried=({"type": "thinking", "signature": "x" * 500},)),
        Message("tool", "y" * 5000, answers="t1"),
        Message("assistant", "More.", (ToolCall("t2", "look", {}),), carried=({"type": "thinking"},)),
        Message("tool", "z", answers="t2"),
    )
    shorter = fitted(messages, 500, 1)
    assert not any(message.carried for message in shorter)
    assert len(shorter[2].text) < 1000


async def test_kept_answers_keep_their_thoughts(tmp_path: Path) -> None:
    async with rude(CLAUDE_LOOKS) as here:
        first = CachedModel(claude(here.url), AnswerCache(tmp_path / "a"), Redactor())
        before = [piece for piece in await asked(first) if isinstance(piece, Carried)]
        again = CachedModel(claude(here.url), AnswerCache(tmp_path / "a"), Redactor())
        after = [piece for piece in await asked(again) if isinstance(piece, Carried)]
    assert before == after != []
    assert len(here.asked) == 1


# cut off while it thinks, or in the middle of a plan


PLAN = '{"steps": [{"id": "s1", "operation": "file.write", "fields": {"path": "a.txt", "content": "1"}, "why": "x"}]}'
CUT_PLAN = {"type": "tool_use", "id": "t1", "name": "submit_plan", "input": {}, "json": PLAN[:60]}


@pytest.mark.parametrize(
    ("make", "cut", "whole", "field"),
    [
        (claude, server.anthropic(THOUGHT, stop="max_tokens"), server.text("anthropic", "well"), "max_tokens"),
        (
            claude,
            server.anthropic(THOUGHT, CUT_PLAN, stop="max_tokens"),
            server.text("anthropic", "well"),
            "max_tokens",
        ),
        (
            gpt,
            server.responses(SEALED, end="incomplete", why="max_output_tokens"),
            server.responses({"type": "message", "text": "well"}),
            "max_output_tokens",
        ),
    ],
)
async def test_an_answer_that_was_cut_off_before_it_said_anything_gets_more_room(
    context: PlanningContext, make: Callable[[str], LanguageModel], cut: bytes, whole: bytes, field: str
) -> None:
    async with rude(cut, whole) as here:
        found = await Investigation(make(here.url), context, Limits(answer=1000)).run("hum")
    assert found.answer == "well"
    assert [body[field] for body in here.bodies] == [1000, 4000]
    assert len(here.bodies[1].get("messages") or here.bodies[1]["input"]) == 1


async def test_an_answer_that_is_always_cut_off_ends(context: PlanningContext) -> None:
    said: list[str] = []
    async with rude(server.anthropic(THOUGHT, stop="max_tokens")) as here:
        planner = ModelPlanner(["anthropic/x"], lambda _name: claude(here.url), prefer="model", say=said.append)
        draft = await planner.draft("hum", context)
    assert draft.planner == "offline"
    assert len(here.asked) == 2
    assert any("anthropic/x did not plan this" in line and "(" in line for line in said)


async def test_who_refuses_gives_way_to_the_next(context: PlanningContext) -> None:
    said: list[str] = []
    no = server.anthropic({"type": "text", "text": "I can't help with that."}, stop="refusal")
    async with rude(no) as here, rude(server.responses({"type": "message", "text": "well"})) as there:
        make: dict[str, LanguageModel] = {"anthropic/x": claude(here.url), "openai/y": gpt(there.url)}
        planner = ModelPlanner(list(make), make.__getitem__, prefer="model", say=said.append)
        draft = await planner.draft("hum", context)
    assert (draft.planner, draft.answer) == ("openai/y", "well")
    assert any("refused to answer: I can't help with that." in line for line in said)


# the Responses API


@pytest.mark.parametrize(
    ("wire", "reason", "text"),
    [
        (server.responses({"type": "message", "text": "hi"}), "end", "hi"),
        (server.responses({"type": "refusal", "text": "no"}), "refused", "no"),
        (server.responses({"type": "message", "text": "h"}, end="incomplete", why="max_output_tokens"), "length", "h"),
        (server.responses({"type": "message", "text": "h"}, end="incomplete", why="content_filter"), "refused", "h"),
        (server.responses({"type": "message", "text": "h"}, end="incomplete", why="steered"), "length", "h"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
async def test_how_an_answer_of_it_ends(wire: bytes, reason: str, text: str) -> None:
    async with rude(wire) as here:
        pieces = await asked(gpt(here.url))
    assert pieces[-1] == Stop(reason)  # type: ignore[arg-type]
    assert TextDelta(text) in pieces


async def test_what_goes_wrong_in_it_is_told() -> None:
    async with rude(server.responses(end="failed")) as here:
        with pytest.raises(ModelFailed, match=r"gpt-6\.2-sol: it broke") as caught:
            await asked(gpt(here.url))
        assert caught.value.again
    async with rude(
        server.events("openai", {"type": "error", "code": "x", "message": "too odd", "param": None})
    ) as here:
        with pytest.raises(ModelFailed, match="too odd"):
            await asked(gpt(here.url))
    cut = server.responses({"type": "message", "text": "half"}).split(b"data: ")
    async with rude(b"data: ".join(cut[:2])) as here:
        with pytest.raises(ModelFailed, match="broke off"):
            await asked(gpt(here.url))


async def test_a_server_that_wants_the_newer_api_gets_it() -> None:
    message = (
        "Function tools with reasoning_effort are not supported for gpt-6.2-sol in /v1/chat/completions. "
        "To use function tools, use /v1/responses or set reasoning_effort to 'none'."
    )
    no = server.answer(400, {"error": {"message": message, "type": "invalid_request_error"}})
    async with rude(no, server.responses({"type": "message", "text": "hi"})) as here:
        model = gpt(here.url, responses=None)
        assert TextDelta("hi") in await asked(model)
        assert TextDelta("hi") in await asked(model)
    paths = [first.split()[1] for first, _, _ in here.asked]
    assert paths == ["/v1/chat/completions", "/v1/responses", "/v1/responses"]


async def test_a_model_without_thoughts_is_asked_for_none() -> None:
    no = server.answer(400, {"error": {"message": "Encrypted content is not supported with this model."}})
    async with rude(no, server.responses({"type": "message", "text": "hi"})) as here:
        assert TextDelta("hi") in await asked(gpt(here.url))
    assert ["include" in body for body in here.bodies] == [True, False]


async def test_temperature_and_the_vendors_cache_are_told() -> None:
    async with rude(server.responses({"type": "message", "text": "hi"})) as here:
        model = OpenAIModel("gpt-x", "sk-test", f"{here.url}/v1", vendor_cache=True, responses=True)
        await asked(model, temperature=0.5)
    assert here.bodies[0]["temperature"] == 0.5
    assert here.bodies[0]["prompt_cache_key"].startswith("reign-")
    assert here.bodies[0]["instructions"] == "You are a test."


async def test_turns_of_other_planners_are_told_in_it_too() -> None:
    turns = (
        Message("user", "look"),
        Message("assistant", "I look.", (ToolCall("c1", "look", {"all": True}),)),
        Message("tool", "three", answers="c1"),
    )
    async with rude(server.responses({"type": "message", "text": "hi"})) as here:
        await asked(gpt(here.url), *turns)
    kinds = [item.get("type") or item["role"] for item in here.bodies[0]["input"]]
    assert kinds == ["user", "assistant", "function_call", "function_call_output"]


async def test_it_over_a_server_that_speaks_it(aimock: Aimock) -> None:
    model = OpenAIModel("gpt-test", "sk-test", f"{aimock.url}/v1", responses=True)
    pieces = await asked(model, Message("user", "long"))
    assert "".join(p.text for p in pieces if isinstance(p, TextDelta)).startswith("One answer that comes")
    assert pieces[-1] == Stop("end")
    pieces = await asked(model, Message("user", "call"))
    (call,) = [piece for piece in pieces if isinstance(piece, ToolCall)]
    assert (call.name, call.arguments) == ("docker__list_containers", {"all": True})
    assert pieces[-1] == Stop("tools")
    with pytest.raises(ModelFailed, match=r"the connection to 127\.0\.0\.1 ended|broke off"):
        await asked(model, Message("user", "broken"))
