"""Three vendors over HTTP with their own SDKs: each answer's tokens and cost, from caches and broken off, too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import stamina

from reign_agents.models.anthropic_model import AnthropicModel
from reign_agents.models.billing import Bill, billed
from reign_agents.models.budget import Budget, BudgetStop
from reign_agents.models.conversation import Conversation, Delta, LanguageModel, Message, Stop
from reign_agents.models.failure import ModelFailed, StreamBroken
from reign_agents.models.metered import Meter, MeteredModel
from reign_agents.models.ollama_model import OllamaModel
from reign_agents.models.openai_model import OpenAIModel
from reign_agents.models.prices import Price, Prices, dollars, price_of
from reign_agents.store.spending import Spent
from reign_agents.store.store import Store, StorePaths
from tests.models.conftest import Aimock

RATE = {"input": 2, "output": 10, "cache_read": 0.1, "cache_write": 2.5}
OWN: dict[str, Price] = {name: price_of(RATE) for name in ("anthropic/claude-test", "openai/gpt-test")}


@pytest.fixture(autouse=True)
def _no_back_off() -> None:
    stamina.set_testing(True, attempts=2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state")) as opened:
        yield opened


def said(text: str) -> Conversation:
    return Conversation("You are a test.", (Message("user", text),), max_tokens=64)


def metered(model: LanguageModel, store: Store, budget: Budget | None = None) -> MeteredModel:
    return MeteredModel(model, Meter(store, Prices(OWN), budget or Budget()))


async def heard(model: LanguageModel, text: str) -> list[Delta]:
    with billed(Bill("s_1", "p_1")):
        return [piece async for piece in model.stream(said(text))]


def total(store: Store) -> Spent:
    found = store.spending.total()
    assert found is not None
    assert found.open == 0
    return found


# against aimock -----------------------------------------------------------------------------------------------------


async def test_a_whole_answer(model: LanguageModel, vendor: str, store: Store) -> None:
    pieces = await heard(metered(model, store), "counted")
    assert pieces[-1] == Stop("end")
    found = total(store)
    assert (found.requests, found.broke_off, found.unpriced) == (1, 0, 0)
    if vendor == "ollama":  # this server tells Ollama's tokens as none
        assert (found.cost, found.estimated) == (0, 1)
    else:
        assert (found.input, found.output, found.estimated) == (30, 5, 0)
        assert dollars(found.cost) == Decimal("0.00011")


async def test_an_answer_that_breaks_off(model: LanguageModel, vendor: str, store: Store) -> None:
    with pytest.raises(StreamBroken):
        await heard(metered(model, store), "broken")
    found = total(store)
    assert (found.requests, found.broke_off, found.estimated) == (1, 1, 1)
    assert found.input > 0
    assert found.output > 0
    assert (found.cost > 0) is (vendor != "ollama")


async def test_an_answer_that_is_stopped(model: LanguageModel, store: Store) -> None:
    begun = asyncio.Event()

    async def ask() -> None:
        with billed(Bill("s_1", "p_1")):
            async for _piece in metered(model, store).stream(said("slow")):
                begun.set()

    task = asyncio.create_task(ask())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (total(store).requests, total(store).broke_off) == (1, 1)


async def test_a_refusal_costs_nothing_and_the_answer_after_it_once(
    model: LanguageModel, store: Store, aimock: Aimock
) -> None:
    aimock.fail_next(429)
    await heard(metered(model, store), "counted")
    assert len(aimock.sent()) == 2
    assert total(store).requests == 1
    aimock.fail_next(401)
    with pytest.raises(ModelFailed):
        await heard(metered(model, store), "counted")
    assert total(store).requests == 1


async def test_beyond_the_budget_nothing_is_sent(
    model: LanguageModel, vendor: str, store: Store, aimock: Aimock
) -> None:
    metering = metered(model, store, Budget(session=Decimal("0.0001")))
    if vendor == "ollama":
        await heard(metering, "counted")
        return
    with pytest.raises(BudgetStop):
        await heard(metering, "counted")
    assert aimock.sent() == []
    assert store.spending.total() is None


# with caches: what the vendors' own servers say ---------------------------------------------------------------------

USED = (1200, 300, 4000, 800)
"""Tokens read, written, from the cache, into the cache."""


def _events(*events: dict[str, Any]) -> bytes:
    return "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events).encode()


def _anthropic(*, whole: bool) -> bytes:
    usage = {"input_tokens": 1200, "output_tokens": 1, "cache_read_input_tokens": 4000}
    usage["cache_creation_input_tokens"] = 800
    message = {"id": "m", "type": "message", "role": "assistant", "model": "claude-test", "content": []}
    start = {
        "type": "message_start",
        "message": {**message, "stop_reason": None, "stop_sequence": None, "usage": usage},
    }
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
    words = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hello " * 20}}
    if not whole:
        return _events(start, block, words)
    delta = {"stop_reason": "end_turn", "stop_sequence": None}
    end = {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 300}}
    return _events(start, block, words, {"type": "content_block_stop", "index": 0}, end, {"type": "message_stop"})


def _openai(*, whole: bool) -> bytes:
    def chunk(choices: list[Any], usage: object = None) -> str:
        shape = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "gpt-test", "choices": choices}
        return f"data: {json.dumps({**shape, 'usage': usage})}\n\n"

    words = chunk([{"index": 0, "delta": {"role": "assistant", "content": "hello " * 20}, "finish_reason": None}])
    if not whole:
        return words.encode()
    details = {"cached_tokens": 4000, "cache_write_tokens": 800}
    usage = {"prompt_tokens": 6000, "completion_tokens": 300, "total_tokens": 6300, "prompt_tokens_details": details}
    end = chunk([{"index": 0, "delta": {}, "finish_reason": "stop"}])
    return (words + end + chunk([], usage) + "data: [DONE]\n\n").encode()


def _ollama(*, whole: bool) -> bytes:
    shape = {"model": "llama-test", "created_at": "2026-01-01T00:00:00Z"}
    words = {**shape, "message": {"role": "assistant", "content": "hello " * 20}, "done": False}
    end = {**shape, "message": {"role": "assistant", "content": ""}, "done": True, "done_reason": "stop"}
    lines = [words, {**end, "prompt_eval_count": 6000, "eval_count": 300}] if whole else [words]
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


class _Vendors(BaseHTTPRequestHandler):
    """Answers each vendor's path with its tokens; to ``half`` only with a beginning."""

    def do_POST(self) -> None:
        asked = self.rfile.read(int(self.headers["content-length"])).decode()
        speak = next(make for path, make in _PATHS.items() if self.path.endswith(path))
        body = speak(whole='"half"' not in asked)
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson" if speak is _ollama else "text/event-stream")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


_PATHS: dict[str, Callable[..., bytes]] = {
    "/v1/messages": _anthropic,
    "/v1/chat/completions": _openai,
    "/api/chat": _ollama,
}


@pytest.fixture
async def told(vendor: str) -> AsyncGenerator[LanguageModel, None]:
    """A vendor's model whose server tells all kinds of tokens."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Vendors)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    models: dict[str, Callable[[], LanguageModel]] = {
        "anthropic": lambda: AnthropicModel("claude-test", "sk-test", url),
        "openai": lambda: OpenAIModel("gpt-test", "sk-test", f"{url}/v1"),
        "ollama": lambda: OllamaModel("llama-test", None, url),
    }
    yield models[vendor]()
    await asyncio.to_thread(server.shutdown)
    thread.join()
    server.server_close()


async def test_tokens_from_and_into_the_cache_have_their_own_price(
    told: LanguageModel, vendor: str, store: Store
) -> None:
    assert (await heard(metered(told, store), "whole"))[-1] == Stop("end")
    found = total(store)
    kinds = (found.input, found.output, found.cached, found.stored)
    assert found.estimated == 0
    if vendor == "ollama":
        assert kinds == (6000, 300, 0, 0)
        assert found.cost == 0
    else:
        assert kinds == USED
        assert dollars(found.cost) == Decimal("0.0078")


async def test_what_a_broken_answer_cost(told: LanguageModel, vendor: str, store: Store) -> None:
    with pytest.raises(StreamBroken):
        await heard(metered(told, store), "half")
    found = total(store)
    assert (found.broke_off, found.estimated) == (1, 1)
    assert found.output == 34  # of 120 bytes
    if vendor == "anthropic":  # tells what it read before it answers
        assert (found.input, found.cached, found.stored) == (1200, 4000, 800)
        assert dollars(found.cost) == Decimal("0.0048") + 34 * Decimal("0.00001")
