"""The real app over HTTP with each vendor's SDK: words come one by one, and Esc really ends the request."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import stamina

from reign_agents.models.anthropic_model import AnthropicModel
from reign_agents.models.conversation import LanguageModel
from reign_agents.models.ollama_model import OllamaModel
from reign_agents.models.openai_model import OpenAIModel
from tests.models.conftest import Aimock
from tests.models.stages import staged

SLOW = "please hum something slow"
BROKEN = "please hum something broken"


@pytest.fixture(autouse=True)
def _quick(vendor: str) -> None:
    stamina.set_testing(True, attempts=2)
    importlib.import_module(vendor)


class Relay:
    """A way to the server that knows who hung up first."""

    def __init__(self, url: str) -> None:
        self._to = urlsplit(url)
        self.hung_up = asyncio.Event()
        self.url = ""
        self._ended = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(self._to.hostname, self._to.port)
        back = asyncio.create_task(self._answer(there_reader, writer))
        self._tasks.add(back)
        await self._copy(reader, there_writer)
        if not self._ended:
            self.hung_up.set()
        back.cancel()
        there_writer.close()
        writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._copy(reader, writer)
        self._ended = reader.at_eof()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except ConnectionError:
            return


@asynccontextmanager
async def relayed(url: str) -> AsyncIterator[Relay]:
    relay = Relay(url)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    relay.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield relay
    finally:
        server.close()


def model_at(vendor: str, url: str) -> LanguageModel:
    if vendor == "anthropic":
        return AnthropicModel("claude-test", "sk-test", url)
    if vendor == "openai":
        return OpenAIModel("gpt-test", "sk-test", f"{url}/v1")
    return OllamaModel("llama-test", None, url)


async def test_esc_ends_the_http_request(tmp_path: Path, vendor: str, aimock: Aimock) -> None:
    async with relayed(aimock.url) as relay:
        model = model_at(vendor, relay.url)
        async with staged(tmp_path, {model.name: model}) as stage:
            await stage.send(SLOW)
            await stage.until(lambda: stage.words and "slow slow" in stage.words[0])
            assert not relay.hung_up.is_set()
            await stage.press("escape")
            async with asyncio.timeout(120):
                await relay.hung_up.wait()
            await stage.until(lambda: stage.ended)
            said = await stage.said()
            assert "stopped here: this is not the whole answer" in stage.words[0]
            assert "cancelled before there was a plan; nothing was changed" in said


async def test_a_stream_that_breaks_falls_back_and_says_so(
    tmp_path: Path, vendor: str, aimock: Aimock, make_model: Callable[[str], LanguageModel]
) -> None:
    model = make_model(vendor)
    async with staged(tmp_path, {model.name: model}) as stage:
        await stage.send(BROKEN)
        await stage.until(lambda: stage.ended)
        said = await stage.said()
        assert stage.words
        assert all("broke off here" in words and words.startswith("This answer") for words in stage.words)
        assert "broke off in the middle; asked again" in said
        assert "planned offline" in said


async def test_a_wait_for_too_many_requests_is_said(
    tmp_path: Path, vendor: str, aimock: Aimock, make_model: Callable[[str], LanguageModel]
) -> None:
    model = make_model(vendor)
    async with staged(tmp_path, {model.name: model}) as stage:
        aimock.fail_next(429)
        await stage.send("please hum something long")
        await stage.until(lambda: stage.ended)
        await stage.said()
        assert any(f"{model.name}: too many requests; asked again in" in note for note in stage.noted)
        assert stage.words == ["One answer that comes in several pieces, in order."]
