"""What is really sent over HTTP: marks for the vendors' caches, settings, room for the conversation."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reign_agents.investigation.tools import tools
from reign_agents.models.conversation import Conversation, LanguageModel, Message, Tool, ToolCall
from reign_agents.models.openai_model import VENDOR, OpenAIModel
from reign_executors.registry import default_registry
from tests.models.conftest import Aimock

LOOK = Tool("look", "Look", {"type": "object", "properties": {"all": {"type": "boolean"}}})
OTHER = Tool("other", "Look elsewhere", {"type": "object", "properties": {}})
TURNS = (
    Message("user", "turn one"),
    Message("user", "turn two"),
    Message("user", "what is selected"),
    Message("user", "the request: look"),
    Message("assistant", "", (ToolCall("c1", "look", {"all": True}),)),
    Message("tool", "it runs", answers="c1"),
    Message("user", "long"),
)
WHOLE = Conversation("Plan.", TURNS, max_tokens=77, temperature=0.25, stable=2, context=64_000)


async def asked(model: LanguageModel, conversation: Conversation, *offered: Tool) -> None:
    async for _ in model.stream(conversation, offered):
        pass


@pytest.fixture
def raw(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Bodies as they leave: the server translates what it keeps."""
    import ollama
    import openai

    bodies: list[dict[str, Any]] = []

    def noting(send: Any) -> Any:
        async def noted(client: object, request: Any, **more: Any) -> Any:
            bodies.append(json.loads(request.content))
            return await send(client, request, **more)

        return noted

    for kit in (openai.AsyncOpenAI(api_key="k"), ollama.AsyncClient()):
        client: Any = next(
            cls for cls in type(kit._client).__mro__ if cls.__module__.startswith("httpx") and "send" in vars(cls)
        )
        monkeypatch.setattr(client, "send", noting(client.send))
    return bodies


def marks(value: object) -> int:
    return json.dumps(value).count('"cache_control"')


async def test_anthropic_is_told_what_stays(
    make_model: Callable[[str], LanguageModel], raw: list[dict[str, Any]]
) -> None:
    await asked(make_model("anthropic"), WHOLE, LOOK, OTHER)
    (body,) = raw
    assert marks(body) == 4
    assert [marks(tool) for tool in body["tools"]] == [0, 1]
    assert marks(body["system"]) == 1
    blocks = [block for message in body["messages"] for block in message["content"]]
    assert [block.get("text") or block["type"] for block in blocks if marks(block)] == ["turn two", "long"]
    assert (body["max_tokens"], body["temperature"]) == (77, 0.25)
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]


async def test_anthropic_without_a_past(make_model: Callable[[str], LanguageModel], raw: list[dict[str, Any]]) -> None:
    await asked(make_model("anthropic"), Conversation("Plan.", TURNS[-1:]), LOOK)
    assert marks(raw[0]) == 3


async def test_openai_is_told_which_prefix_it_is(aimock: Aimock, raw: list[dict[str, Any]]) -> None:
    own = OpenAIModel("gpt-test", "sk-test", f"{aimock.url}/v1", vendor_cache=True)
    await asked(own, WHOLE, LOOK)
    await asked(own, Conversation("Plan.", TURNS[-1:]), LOOK)
    await asked(own, Conversation("Plan otherwise.", TURNS[-1:]), LOOK)
    first, again, other = (body["prompt_cache_key"] for body in raw)
    assert first == again != other
    assert len(first) <= 64
    assert "Plan" not in first
    assert (raw[0]["max_completion_tokens"], raw[0]["temperature"]) == (77, 0.25)


async def test_servers_that_speak_like_openai_hear_nothing_of_it(aimock: Aimock, raw: list[dict[str, Any]]) -> None:
    await asked(OpenAIModel("gpt-test", "sk-test", f"{aimock.url}/v1"), WHOLE, LOOK)
    assert "prompt_cache_key" not in raw[0]


def test_the_vendor_itself_is_known_by_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    import openai

    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert openai.AsyncOpenAI(api_key="k").base_url.host == VENDOR


async def test_ollama_makes_room_for_all_of_it(
    make_model: Callable[[str], LanguageModel], raw: list[dict[str, Any]]
) -> None:
    model = make_model("ollama")
    all_tools = tools(default_registry())
    await asked(model, WHOLE, LOOK)
    await asked(model, WHOLE, *all_tools)
    long = Conversation("Plan.", (Message("user", "x" * 900_000), TURNS[-1]), context=64_000)
    await asked(model, long, LOOK)
    await asked(model, Conversation("Plan.", TURNS[-1:]), LOOK)
    room = [body["options"].get("num_ctx") for body in raw]
    assert room == [8192, 16_384, 64_000, None]
    assert raw[0]["options"]["num_predict"] == 77
    assert len(json.dumps(raw[1])) / 3 < 16_384


async def test_what_stays_is_sent_the_same_from_turn_to_turn(
    vendor: str, make_model: Callable[[str], LanguageModel], raw: list[dict[str, Any]]
) -> None:
    model = make_model(vendor)
    await asked(model, Conversation("Plan.", (*TURNS[:2], TURNS[-1]), stable=2), LOOK)
    await asked(model, WHOLE, LOOK)

    def bare(body: dict[str, Any]) -> str:
        text = json.dumps({key: body[key] for key in ("tools", "system", "messages") if key in body})
        return text.replace(', "cache_control": {"type": "ephemeral"}', "")

    first, second = map(bare, raw)
    shared = first.index("turn two") + len("turn two")
    assert first[:shared] == second[:shared]
