"""What servers do that they should not, over HTTP with the vendors' SDKs: each time with a cause and a next step."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import stamina

from reign_agents.models.choice import language_model
from reign_agents.models.conversation import (
    Conversation,
    Delta,
    LanguageModel,
    Message,
    Stop,
    TextDelta,
    Tool,
    ToolCall,
)
from reign_agents.models.failure import ModelFailed, NoKey, StreamBroken
from tests.models import rude as server
from tests.models.rude import rude

LOOK = Tool("look", "Look", {"type": "object", "properties": {"all": {"type": "boolean"}}})
VENDORS = ("anthropic", "openai", "ollama")


@pytest.fixture(autouse=True)
def _no_back_off(monkeypatch: pytest.MonkeyPatch) -> None:
    stamina.set_testing(True, attempts=2)
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


def model_at(vendor: str, url: str, key: str | None = "sk-test-key", *allowed: str) -> LanguageModel:
    address = f"{url}/v1" if vendor == "openai" else url
    return language_model(f"{vendor}/test", lambda _vendor: key, {vendor: address}, allowed)


async def asked(model: LanguageModel, *tools: Tool) -> list[Delta]:
    conversation = Conversation("You are a test.", (Message("user", "hello"),), max_tokens=64, temperature=None)
    return [piece async for piece in model.stream(conversation, tools or (LOOK,))]


async def failed(model: LanguageModel) -> ModelFailed:
    with pytest.raises(ModelFailed) as caught:
        await asked(model)
    assert caught.value.way_out, caught.value
    assert model.name in caught.value.cause
    return caught.value


# keys and addresses


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_key_goes_nowhere_unencrypted_unless_that_is_allowed(vendor: str) -> None:
    with pytest.raises(ModelFailed, match=r"would travel unencrypted to http://models\.lan") as caught:
        model_at(vendor, "http://models.lan:8000")
    assert 'plain_http = ["models.lan"]' in caught.value.way_out
    assert model_at(vendor, "http://models.lan:8000", "sk-test-key", "Models.LAN").name == f"{vendor}/test"
    assert model_at(vendor, "https://models.lan:8000").name == f"{vendor}/test"
    assert model_at(vendor, "http://127.0.0.1:8000").name == f"{vendor}/test"


def test_ollama_far_away_without_a_key_is_asked() -> None:
    assert model_at("ollama", "http://gpu.lan:11434", None).name == "ollama/test"


def test_an_address_of_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://models.lan/v1")
    with pytest.raises(ModelFailed, match="unencrypted"):
        language_model("openai/test", lambda _vendor: "sk-test-key")


@pytest.mark.parametrize("vendor", VENDORS)
async def test_nobody_is_led_to_another_server(vendor: str) -> None:
    async with rude(server.text(vendor, "I have your key")) as thief, rude(b"") as here:
        here.answers = [server.answer(307, "", location=f"{thief.url}/v1/messages")]
        failure = await failed(model_at(vendor, here.url))
    assert "leads elsewhere (307)" in failure.cause
    assert "base_urls" in failure.way_out
    assert thief.asked == []


@pytest.mark.parametrize("vendor", VENDORS)
async def test_no_proxy_stands_between_this_machine_and_itself(vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async with rude(server.answer(502, "")) as proxy, rude(server.text(vendor, "hi")) as here:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        pieces = await asked(model_at(vendor, here.url))
        assert TextDelta("hi") in pieces
        assert proxy.asked == []


# no connection


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@pytest.mark.parametrize("vendor", VENDORS)
async def test_nothing_answers_there(vendor: str) -> None:
    failure = await failed(model_at(vendor, f"http://127.0.0.1:{_free_port()}"))
    assert "can't be reached: nothing answers at http://127.0.0.1" in failure.cause
    assert "start the server" in failure.way_out
    assert "--offline" in failure.way_out


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "http://127.0.0.1:{port}", ":{port}"])
async def test_ollamas_address_may_be_a_host_alone(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = _free_port()
    monkeypatch.setenv("OLLAMA_HOST", host.format(port=port))
    failure = await failed(language_model("ollama/test", lambda _vendor: None))
    assert f":{port}" in failure.cause
    assert "11434" not in failure.cause


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_name_that_cannot_be_resolved(vendor: str) -> None:
    failure = await failed(model_at(vendor, "https://no-such-host.invalid"))
    assert "can't be reached: the name no-such-host.invalid can't be resolved" in failure.cause
    assert "DNS" in failure.way_out


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_proxy_that_is_not_there_is_named(vendor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = _free_port()
    monkeypatch.setenv("HTTPS_PROXY", f"http://name:word@127.0.0.1:{port}")
    failure = await failed(model_at(vendor, "https://models.invalid"))
    assert f"through the proxy 127.0.0.1:{port}" in failure.cause
    assert "HTTPS_PROXY" in failure.way_out
    assert "word" not in str(failure)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("proxy", ["socks5://127.0.0.1:1", "gopher://127.0.0.1:1"])
async def test_a_proxy_of_a_kind_that_is_not_known(vendor: str, proxy: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", proxy)
    monkeypatch.delitem(sys.modules, "ollama", raising=False)  # it looks at proxies when it is imported
    failure = await failed(model_at(vendor, "https://models.invalid"))
    assert "can't be reached: " in failure.cause
    assert "HTTPS_PROXY" in failure.way_out


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_server_without_tls(vendor: str) -> None:
    async with rude(server.answer(400, "speak plainly")) as here:
        failure = await failed(model_at(vendor, here.url.replace("http://", "https://")))
    assert "does not speak TLS" in failure.cause


# refusals


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize(
    ("status", "message", "cause", "way_out"),
    [
        (401, "invalid x-api-key", "the key was refused (401): invalid x-api-key", "credentials set"),
        (403, "this key has expired", "the key was refused (403): this key has expired", "credentials set"),
        (404, "model: test was retired", "there is no such model", ""),
        (400, "Your credit balance is too low", "the account has nothing left to spend", "fill it up"),
        (429, "You exceeded your current quota (insufficient_quota)", "nothing left to spend", "fill it up"),
        (402, "billing", "nothing left to spend", "fill it up"),
        (400, "`temperature` is deprecated for this model.", "is deprecated", "leave the setting temperature out"),
        (400, "prompt is too long: 1 > 0", "prompt is too long", "model_limits, context"),
        (413, "request too large", "too large", "model_limits, context"),
        (400, "max_tokens: 9 > 8, which is the maximum", "max_tokens", "the setting max_tokens"),
        (400, "test does not support tools", "does not support tools", "choose another"),
        (529, "overloaded", "too much to do (529)", "try later"),
        (418, "I am a teapot", "refused (418): I am a teapot", "reign-tui config"),
    ],
)
async def test_a_refusal_names_cause_and_next_step(
    vendor: str, status: int, message: str, cause: str, way_out: str
) -> None:
    body = {"error": message} if vendor == "ollama" else {"type": "error", "error": {"type": "x", "message": message}}
    async with rude(server.answer(status, body)) as here:
        failure = await failed(model_at(vendor, here.url))
    assert cause in failure.cause
    assert way_out in failure.way_out
    assert isinstance(failure, NoKey) == (status in (401, 403))
    assert len(here.asked) == (2 if status == 529 else 1)


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("status", [401, 400, 500])
async def test_a_key_that_is_echoed_is_not_shown(vendor: str, status: int) -> None:
    key = "no-pattern-knows-this"
    body = {"error": f"bad key {key}"} if vendor == "ollama" else {"error": {"message": f"bad key {key}"}}
    async with rude(server.answer(status, body)) as here:
        failure = await failed(model_at(vendor, here.url, key))
    assert key not in f"{failure} {failure.detail}"


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_page_instead_of_an_answer(vendor: str) -> None:
    page = b"<html><title>Sign in to the hotel's network</title></html>"
    async with rude(server.answer(404, page, content_type="text/html")) as here:
        failure = await failed(model_at(vendor, here.url))
    assert here.url in failure.cause
    async with rude(server.answer(200, page, content_type="text/html")) as here:
        failure = await failed(model_at(vendor, here.url))
    assert failure.way_out


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_date_to_wait_for(vendor: str) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=3600), usegmt=True)
    async with rude(server.answer(429, {"error": {"message": "slow down"}}, retry_after=date)) as here:
        failure = await failed(model_at(vendor, here.url))
    assert failure.wait is not None
    assert 3500 < failure.wait <= 3600
    assert len(here.asked) == 1
    past = format_datetime(datetime.now(UTC) - timedelta(seconds=3600), usegmt=True)
    async with rude(server.answer(429, {}, retry_after=past), server.text(vendor, "hi")) as here:
        assert TextDelta("hi") in await asked(model_at(vendor, here.url))


# answers


@pytest.mark.parametrize("vendor", VENDORS)
async def test_an_answer_that_is_empty(vendor: str) -> None:
    async with rude(server.events(vendor)) as here:
        with pytest.raises(ModelFailed):
            await asked(model_at(vendor, here.url))


@pytest.mark.parametrize("vendor", VENDORS)
async def test_a_connection_that_ends_before_the_end(vendor: str) -> None:
    cut = server.text(vendor, "half of it").rstrip(b"\n")[:-40]
    if vendor == "openai":
        cut = server.openai({"content": "half of it"}, stop=None, usage=False)
    async with rude(cut) as here:
        with pytest.raises(StreamBroken, match="broke off"):
            await asked(model_at(vendor, here.url))


@pytest.mark.parametrize("vendor", VENDORS)
async def test_five_megabytes_are_cut_off(vendor: str) -> None:
    async with rude(server.text(vendor, "x" * (5 << 20))) as here:
        with pytest.raises(StreamBroken):
            await asked(model_at(vendor, here.url))


@pytest.mark.parametrize(
    ("vendor", "wire", "reason"),
    [
        ("anthropic", server.anthropic({"type": "text", "text": "no"}, stop="refusal"), "refused"),
        ("anthropic", server.anthropic({"type": "text", "text": "long"}, stop="max_tokens"), "length"),
        (
            "anthropic",
            server.anthropic({"type": "text", "text": "long"}, stop="model_context_window_exceeded"),
            "length",
        ),
        ("anthropic", server.anthropic({"type": "text", "text": "well"}, stop="tired"), "end"),
        ("anthropic", server.anthropic({"type": "text", "text": "well"}, stop="pause_turn"), "length"),
        ("openai", server.openai({"content": "no"}, stop="content_filter"), "refused"),
        ("openai", server.openai({"refusal": "I can't help with that"}), "refused"),
        ("openai", server.openai({"content": "long"}, stop="length"), "length"),
        ("openai", server.openai({"content": "well"}, stop="tired"), "end"),
        ("ollama", server.ollama({"content": "long"}, done="length"), "length"),
        ("ollama", server.ollama({"content": "well"}, done="tired"), "end"),
    ],
    ids=lambda value: "" if isinstance(value, bytes) else str(value),
)
async def test_why_an_answer_ended(vendor: str, wire: bytes, reason: str) -> None:
    async with rude(wire) as here:
        pieces = await asked(model_at(vendor, here.url))
    assert pieces[-1] == Stop(reason)  # type: ignore[arg-type]
    assert any(isinstance(piece, TextDelta) for piece in pieces)


@pytest.mark.parametrize("vendor", VENDORS)
async def test_calls_side_by_side_and_ids_twice(vendor: str) -> None:
    wire = server.tool(vendor, ("same", "look", {"all": True}), ("same", "look", {"all": False}), ("", "look", {}))
    async with rude(wire) as here:
        pieces = await asked(model_at(vendor, here.url))
    calls = [piece for piece in pieces if isinstance(piece, ToolCall)]
    assert [call.arguments for call in calls] == [{"all": True}, {"all": False}, {}]
    assert len({call.id for call in calls}) == 3
    assert all(call.id for call in calls)


@pytest.mark.parametrize("vendor", ["anthropic", "openai"])
@pytest.mark.parametrize(
    "arguments", ['{"all": tru', "[1, 2]", '"text"', "null", "{" * 5000, '{"all": NaN}', "\\ud800"]
)
async def test_arguments_that_are_no_object(vendor: str, arguments: str) -> None:
    if vendor == "anthropic":
        block = {"type": "tool_use", "id": "c1", "name": "look", "input": {}, "json": arguments}
        wire = server.anthropic(block, stop="tool_use")
    else:
        function = {"name": "look", "arguments": arguments}
        wire = server.openai({"tool_calls": [{"index": 0, "id": "c1", "function": function}]}, stop="tool_calls")
    async with rude(wire) as here:
        pieces = await asked(model_at(vendor, here.url))
    (call,) = [piece for piece in pieces if isinstance(piece, ToolCall)]
    assert call.fault
    assert call.arguments == {}


async def test_an_error_in_the_middle_of_a_stream() -> None:
    overloaded = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    async with rude(server.events("anthropic", overloaded), server.text("anthropic", "hi")) as here:
        assert TextDelta("hi") in await asked(model_at("anthropic", here.url))
    async with rude(server.events("openai", {"error": {"message": "the server had an error", "code": "x"}})) as here:
        failure = await failed(model_at("openai", here.url))
    assert "the server had an error" in failure.cause
    async with rude(server.events("ollama", {"error": "model runner has crashed"})) as here:
        failure = await failed(model_at("ollama", here.url))
    assert "model runner has crashed" in failure.cause


@pytest.mark.parametrize("vendor", VENDORS)
async def test_cancelling_closes_the_connection(vendor: str) -> None:
    begun = asyncio.Event()
    async with rude(server.text(vendor, "words")[:-60]) as here:
        here.hold = asyncio.Event()

        async def ask() -> None:
            async for _ in model_at(vendor, here.url).stream(Conversation("s", (Message("user", "hi"),))):
                begun.set()

        task = asyncio.create_task(ask())
        async with asyncio.timeout(30):
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await here.left.wait()


# servers that only nearly speak a vendor's protocol


async def test_a_server_that_gives_all_calls_the_same_place() -> None:
    def part(name: str, arguments: str | None, **more: object) -> dict[str, object]:
        return {
            "tool_calls": [{"index": 0, "type": "function", "function": {"name": name, "arguments": arguments}, **more}]
        }

    wire = server.openai(
        part("look", '{"all": true}', id="a"), part("look", '{"all": false}', id="b"), part("", None), stop="stop"
    )
    async with rude(wire) as here:
        pieces = await asked(model_at("openai", here.url))
    calls = [piece for piece in pieces if isinstance(piece, ToolCall)]
    assert [(call.id, call.arguments, call.fault) for call in calls] == [
        ("a", {"all": True}, None),
        ("b", {"all": False}, None),
    ]


async def test_a_server_that_leaves_out_what_it_does_not_know() -> None:
    bare = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "x"}
    pieces: list[dict[str, object]] = [
        {**bare, "choices": None},
        {**bare, "choices": [{"index": 0, "delta": None, "finish_reason": None}]},
        {**bare, "choices": [{"index": 0, "delta": {"reasoning_content": "hm"}, "finish_reason": None}]},
        {**bare, "choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "a"}]}, "finish_reason": None}]},
        {**bare, "choices": [{"index": 0, "delta": {"content": "hi"}, "finish_reason": "stop"}]},
        {**bare, "choices": [], "usage": {"prompt_tokens": None, "completion_tokens": 3, "total_tokens": None}},
    ]
    async with rude(server.events("openai", *pieces, "[DONE]")) as here:
        found = await asked(model_at("openai", here.url))
    assert TextDelta("hi") in found
    assert found[-1] == Stop("end")


async def test_a_server_like_anthropics_that_counts_nothing() -> None:
    message: Any = server.BEGIN["message"]
    begin = {**server.BEGIN, "message": {**message, "usage": None}}
    wire = server.events(
        "anthropic",
        begin,
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": None},
        {"type": "message_stop"},
    )
    async with rude(wire) as here:
        assert TextDelta("hi") in await asked(model_at("anthropic", here.url))


async def test_ollamas_thoughts_are_not_its_answer() -> None:
    async with rude(server.ollama({"thinking": "hm"}, {"thinking": "well"}, {"content": "hi"})) as here:
        pieces = await asked(model_at("ollama", here.url))
    assert [piece for piece in pieces if isinstance(piece, TextDelta)] == [TextDelta("hi")]


async def test_a_kit_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ollama", None)
    with pytest.raises(ModelFailed, match="ollama/test can't be asked: the package ollama is not installed"):
        await asked(model_at("ollama", "http://127.0.0.1:1"))
