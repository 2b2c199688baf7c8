"""One retry policy, limits, names; nothing of a vendor's is imported before it is asked."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
import stamina

from reign_agents.models.anthropic_model import AnthropicModel
from reign_agents.models.arguments import Arriving
from reign_agents.models.choice import language_model
from reign_agents.models.conversation import (
    QUIET,
    Conversation,
    Delta,
    Message,
    Stop,
    TextDelta,
    Thinks,
    Tool,
    ToolCall,
    Usage,
)
from reign_agents.models.failure import ModelFailed, NoKey, StreamBroken, by_status, unreachable, waiting
from reign_agents.models.fake import FakeModel
from reign_agents.models.fitting import fit_model
from reign_agents.models.ollama_model import OllamaModel
from reign_agents.models.openai_model import OpenAIModel
from reign_agents.models.steady import LONGEST_ANSWER, again

HELLO = Conversation("s", (Message("user", "hello"),))


@pytest.fixture(autouse=True)
def _no_back_off() -> None:
    stamina.set_testing(True, attempts=3)


async def gathered(model: FakeModel) -> list[Delta]:
    return [piece async for piece in model.stream(HELLO)]


def test_waiting_is_what_the_vendor_asked_for() -> None:
    assert again(by_status("a/b", 429, "", 7.0)) == 7.0
    assert again(by_status("a/b", 429, "", 3600.0)) is False
    assert again(by_status("a/b", 503, "", None)) is True
    assert again(by_status("a/b", 401, "", None)) is False
    assert again(by_status("a/b", 400, "", None)) is False
    assert again(StreamBroken("x")) is False
    assert again(KeyError("x")) is False


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2020 07:28:00 GMT"}, 0.0),
        ({"retry-after": "tomorrow"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "inf"}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read_or_left(headers: dict[str, str], seconds: float | None) -> None:
    assert waiting(headers) == seconds


async def test_asked_again_only_before_the_first_piece() -> None:
    model = FakeModel([unreachable("fake/model", "")], [TextDelta("hi"), Stop("end")])
    assert await gathered(model) == [TextDelta("hi"), Stop("end")]
    broken = FakeModel([TextDelta("hi"), unreachable("fake/model", "")])
    with pytest.raises(ModelFailed):
        await gathered(broken)
    assert len(broken.asked) == 1


async def test_an_end_without_a_stop_is_broken() -> None:
    with pytest.raises(StreamBroken, match="broke off"):
        await gathered(FakeModel([TextDelta("hi"), Usage()]))
    with pytest.raises(StreamBroken, match="answered nothing"):
        await gathered(FakeModel([]))


async def test_five_megabytes_are_cut_off() -> None:
    model = FakeModel([TextDelta("x" * 1024)] * 5000)
    taken: list[int] = []

    async def take() -> None:
        async for piece in model.stream(HELLO):
            taken.append(len(piece.text) if isinstance(piece, TextDelta) else 0)  # noqa: PERF401 - the sum before an error

    with pytest.raises(StreamBroken, match="went on beyond"):
        await take()
    assert sum(taken) <= LONGEST_ANSWER
    assert model.closed == 1


async def test_an_unknown_error_of_a_kit_is_told_in_words() -> None:
    with pytest.raises(ModelFailed, match="can't be read"):
        await gathered(FakeModel([KeyError("choices")]))


def test_arguments_in_pieces() -> None:
    arriving = Arriving("1", "x")
    for part in ('{"a"', ": 1}"):
        arriving.add(part)
    assert arriving.whole().arguments == {"a": 1}
    for text in ("{", "[1]", "[" * 100_000):
        broken = Arriving("1", "x", [text])
        assert broken.whole().fault
    with pytest.raises(StreamBroken):
        arriving.add("x" * 300_000)


def test_names_of_models() -> None:
    assert fit_model("ollama/llama3:8b") == "ollama/llama3:8b"
    for wrong in ("claude", "nobody/x", "openai/", "openai/\x1b[31m"):
        with pytest.raises(ModelFailed, match="must be anthropic/MODEL"):
            language_model(wrong, lambda _vendor: "k")
    with pytest.raises(NoKey, match="credentials set openai"):
        language_model("openai/gpt", lambda _vendor: None)
    for name in ("anthropic/a", "openai/b", "ollama/c"):
        assert language_model(name, lambda _vendor: "k").name == name


def test_no_kit_is_imported_before_it_is_asked() -> None:
    code = (
        "import sys, reign_agents.session, reign_agents.models.choice as c;"
        "[c.language_model(n, lambda v: 'k') for n in ('anthropic/a', 'openai/b', 'ollama/c')];"
        "bad = {'anthropic', 'openai', 'ollama', 'stamina', 'httpx', 'httpx2'} & set(sys.modules);"
        "sys.exit(f'imported {bad}' if bad else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


async def test_half_characters_are_replaced_and_make_no_arguments() -> None:
    """They can be in JSON, but in no file, no event and no further request."""
    odd: list[dict[str, Any]] = [{"a": "\ud83d"}, {"a": [float("nan")]}, {"\udc00": 1}]
    model = FakeModel([TextDelta("a\ud83d"), *(ToolCall("c", "x\ud800", one) for one in odd), Stop("tools")])
    pieces = await gathered(model)
    assert pieces[0] == TextDelta("a\ufffd")
    calls = [piece for piece in pieces if isinstance(piece, ToolCall)]
    assert [(call.name, call.arguments) for call in calls] == [("x\ufffd", {})] * 3
    assert all("no JSON" in str(call.fault) for call in calls)


class Slow(FakeModel):
    """Thinks; then says a word, or nothing more."""

    ends = True

    async def pieces(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        for _ in range(6):
            yield Thinks()
        if not self.ends:
            await asyncio.Event().wait()
        yield TextDelta("hi")
        yield Stop("end")


async def test_that_a_model_thinks_is_no_piece_of_its_answer() -> None:
    assert await gathered(Slow()) == [TextDelta("hi"), Stop("end")]


async def test_a_model_that_thinks_no_more_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    stamina.set_testing(True, attempts=1)
    monkeypatch.setattr(Slow, "ends", False)
    monkeypatch.setattr(Slow, "silence", 0.02)
    with pytest.raises(ModelFailed, match=r"said nothing for 0\.02 seconds"):
        await gathered(Slow())


def test_models_that_think_unheard_may_be_silent_for_longer() -> None:
    assert AnthropicModel.silence == OpenAIModel.silence == QUIET > OllamaModel.silence
