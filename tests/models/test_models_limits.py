"""What is really sent stays under the limit of the context, with every vendor, whatever was looked at before; and an
investigation comes to its end, whatever a model does.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import stamina

from reign_agents.investigation.limits import Limits
from reign_agents.investigation.loop import Investigation
from reign_agents.models.anthropic_model import AnthropicModel
from reign_agents.models.conversation import LanguageModel
from reign_agents.models.failure import ModelFailed
from reign_agents.models.ollama_model import OllamaModel
from reign_agents.models.openai_model import OpenAIModel
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.with_model import ModelPlanner
from reign_agents.settings import EngineSettings
from reign_agents.store.records import Message, RunRecord
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry
from tests.models import rude as server
from tests.models.rude import rude

CONTEXT = 30_000
KINDS = ("anthropic", "openai", "responses", "ollama")
LIST = {"kind": "pod"}


@pytest.fixture(autouse=True)
def _no_back_off() -> None:
    stamina.set_testing(True, attempts=1)


def model_of(kind: str, url: str) -> LanguageModel:
    if kind == "anthropic":
        return AnthropicModel("x", "sk-test", url)
    if kind == "ollama":
        return OllamaModel("x", None, url)
    return OpenAIModel("x", "sk-test", f"{url}/v1", responses=kind == "responses")


def looks(kind: str, number: int) -> bytes:
    """One more look, with thoughts where the vendor has them."""
    call = ("c" + str(number), "kubernetes__list", {**LIST, "namespace": f"n{number}"})
    if kind == "anthropic":
        thought = {"type": "thinking", "thinking": "hm " * 400, "signature": "c2VhbGVk" * 40}
        block = {"type": "tool_use", "id": call[0], "name": call[1], "input": call[2]}
        return server.anthropic(thought, block, stop="tool_use")
    if kind == "responses":
        sealed = {"type": "reasoning", "summary": [], "encrypted_content": "c2VhbGVk" * 150}
        called = {"type": "function_call", "call_id": call[0], "name": call[1], "arguments": json.dumps(call[2])}
        return server.responses(sealed, called)
    return server.tool(kind, call)


def says(kind: str, words: str) -> bytes:
    return server.responses({"type": "message", "text": words}) if kind == "responses" else server.text(kind, words)


def context_in(folder: Path, found: JsonObject, **more: Any) -> PlanningContext:
    async def look(operation: str, fields: Mapping[str, Any]) -> JsonObject:
        return found

    return PlanningContext(EngineSettings(cwd=folder), default_registry(), look, folder=folder / "looks", **more)


def long_session() -> dict[str, Any]:
    """Two hundred turns, each of them long."""
    records = tuple(
        RunRecord(f"r_{n}", f"p_{n}", f"{n} " + "why " * 300, "debug", None, "a", "s", f"2026-11-21T10:{n:04d}Z")
        for n in range(200)
    )
    time = "2026-11-21T10:0000Z"
    said = [Message(n, "s", time, "reign", "because " * 300, f"r_{n}") for n in range(200)]
    return {"recent": records, "said": lambda: said}


def sizes(bodies: list[Any]) -> list[int]:
    """Tokens of each request, four characters to a token: what vendors count, about."""
    return [len(json.dumps(body, ensure_ascii=False)) // 4 for body in bodies]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_limit_of_the_context_holds(kind: str, tmp_path: Path) -> None:
    found: JsonObject = {"rows": [f"{n} error: no route to host {chr(120) * 160}" for n in range(2000)]}
    answers = [looks(kind, number) for number in range(8)]
    async with rude(*answers, says(kind, "well")) as here:
        limits = Limits(context=CONTEXT, answer=2000)
        context = context_in(tmp_path, found, **long_session())
        outcome = await Investigation(model_of(kind, here.url), context, limits).run("what hums?")
    assert outcome.answer == "well"
    assert len(here.bodies) == 9
    assert max(sizes(here.bodies)) <= CONTEXT - 2000
    assert sizes(here.bodies)[-1] > CONTEXT // 3
    if kind == "ollama":
        assert {body["options"]["num_ctx"] for body in here.bodies} <= {16_384, CONTEXT}
    last = json.dumps(here.bodies[-1])
    assert "what hums?" in last
    assert "left out to save room" in last


@pytest.mark.parametrize("kind", KINDS)
async def test_a_model_that_only_looks_comes_to_an_end(kind: str, tmp_path: Path) -> None:
    async with rude(looks(kind, 1)) as here:
        with pytest.raises(ModelFailed, match="no end within 4 turns"):
            await Investigation(model_of(kind, here.url), context_in(tmp_path, {}), Limits(turns=4)).run("hum")
    assert len(here.bodies) == 4


@pytest.mark.parametrize("kind", KINDS)
async def test_a_hundred_calls_at_once_are_not_all_heard(kind: str, tmp_path: Path) -> None:
    calls = [(f"c{n}", "kubernetes__list", LIST) for n in range(100)]
    if kind == "responses":
        items = [
            {"type": "function_call", "call_id": one, "name": name, "arguments": json.dumps(given)}
            for one, name, given in calls
        ]
        wire = server.responses(*items)
    else:
        wire = server.tool(kind, *calls)
    seen = 0

    async def look(operation: str, fields: Mapping[str, Any]) -> JsonObject:
        nonlocal seen
        seen += 1
        return {}

    context = PlanningContext(EngineSettings(cwd=tmp_path), default_registry(), look)
    async with rude(wire, says(kind, "well")) as here:
        outcome = await Investigation(model_of(kind, here.url), context).run("hum")
    assert outcome.answer == "well"
    assert seen == Limits().queries
    assert "too many calls at once" in json.dumps(here.bodies[1])


@pytest.mark.parametrize("kind", KINDS)
async def test_cancelling_in_the_middle_of_a_look(kind: str, tmp_path: Path) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def look(operation: str, fields: Mapping[str, Any]) -> JsonObject:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return {}

    context = PlanningContext(EngineSettings(cwd=tmp_path), default_registry(), look)
    async with rude(looks(kind, 1)) as here:
        task = asyncio.create_task(Investigation(model_of(kind, here.url), context).run("hum"))
        async with asyncio.timeout(60):
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert ended.is_set()
        assert len(here.bodies) == 1


@pytest.mark.parametrize("kind", KINDS)
async def test_an_empty_answer_gives_way(kind: str, tmp_path: Path) -> None:
    said: list[str] = []
    async with rude(says(kind, "  \n")) as here:
        model = model_of(kind, here.url)
        planner = ModelPlanner([model.name], lambda _name: model, prefer="model", say=said.append)
        draft = await planner.draft("please hum", context_in(tmp_path, {}))
    assert draft.planner == "offline"
    assert any(f"{model.name} did not plan this: {model.name} answered nothing" in line for line in said), said


async def test_white_space_between_calls_is_not_sent_back(tmp_path: Path) -> None:
    blank = {"type": "text", "text": "\n\n"}
    call = {"type": "tool_use", "id": "t1", "name": "kubernetes__list", "input": LIST}
    thought = {"type": "thinking", "thinking": "", "signature": "c2VhbGVk"}
    for blocks in ((blank, call), (thought, blank, call)):
        async with rude(server.anthropic(*blocks, stop="tool_use"), server.text("anthropic", "well")) as here:
            await Investigation(model_of("anthropic", here.url), context_in(tmp_path, {})).run("hum")
        content = here.bodies[1]["messages"][1]["content"]
        assert [block["type"] for block in content] == [block["type"] for block in blocks if block is not blank]
