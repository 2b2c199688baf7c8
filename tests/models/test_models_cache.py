"""Answers from the cache: when, for how long, how much, and what never gets there."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import stamina

from reign_agents.models.cached import AnswerCache, CachedModel, key_of
from reign_agents.models.conversation import (
    Conversation,
    Delta,
    FromCache,
    LanguageModel,
    Message,
    Stop,
    TextDelta,
    Tool,
    ToolCall,
    Usage,
)
from reign_agents.models.failure import StreamBroken
from reign_agents.models.fake import FakeModel, Turn
from reign_executors.redaction import Redactor
from tests.models.conftest import Aimock

HELLO = Conversation("s", (Message("user", "hello"),))
LOOK = Tool("look", "Look", {"type": "object"})
WHOLE: Turn = [TextDelta("it "), TextDelta("runs"), ToolCall("c1", "look", {"all": True}), Usage(9, 3), Stop("tools")]


@pytest.fixture(autouse=True)
def _no_back_off() -> None:
    stamina.set_testing(True, attempts=1)


def cached(inner: LanguageModel, cache: AnswerCache, redactor: Redactor | None = None) -> CachedModel:
    return CachedModel(inner, cache, redactor or Redactor())


async def gathered(model: LanguageModel, said: Conversation = HELLO, tools: Sequence[Tool] = ()) -> list[Delta]:
    return [piece async for piece in model.stream(said, tools)]


async def test_the_second_answer_is_the_first_and_costs_nothing(tmp_path: Path) -> None:
    inner = FakeModel(WHOLE)
    model = cached(inner, AnswerCache(tmp_path / "answers"))
    assert await gathered(model) == list(WHOLE)
    told, *pieces = await gathered(model)
    assert isinstance(told, FromCache)
    assert pieces == [TextDelta("it runs"), ToolCall("c1", "look", {"all": True}), Stop("tools")]
    assert len(inner.asked) == 1


async def test_another_process_finds_it_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    folder = tmp_path / "cache" / "answers"
    await gathered(cached(FakeModel(WHOLE), AnswerCache(folder)))
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    assert "hello" not in file.read_text()
    other = FakeModel(WHOLE)
    assert isinstance((await gathered(cached(other, AnswerCache(folder))))[0], FromCache)
    assert not other.asked
    file.chmod(0o644)
    assert not isinstance((await gathered(cached(other, AnswerCache(folder))))[0], FromCache)


@pytest.mark.parametrize(
    "other",
    [
        (Conversation("other", HELLO.messages), (), "fake/model"),
        (Conversation("s", (Message("user", "hello!"),)), (), "fake/model"),
        (Conversation("s", HELLO.messages, max_tokens=7), (), "fake/model"),
        (Conversation("s", HELLO.messages, temperature=0.5), (), "fake/model"),
        (HELLO, (LOOK,), "fake/model"),
        (HELLO, (), "fake/other"),
        (HELLO, (), "fake/model at http://elsewhere"),
    ],
)
def test_whatever_makes_an_answer_is_in_the_key(other: tuple[Conversation, Sequence[Tool], str]) -> None:
    said, tools, name = other
    assert key_of("fake/model", HELLO, ()) != key_of(name, said, tools)
    assert key_of(name, said, tools) == key_of(name, said, tools)


@pytest.mark.parametrize(
    "turn",
    [
        [TextDelta("half"), StreamBroken("it broke off")],
        [TextDelta("half")],
        [TextDelta("cut"), Stop("length")],
        [TextDelta("no"), Stop("refused")],
        [ToolCall("c", "look", fault="no JSON"), Stop("tools")],
        [TextDelta("the password is "), TextDelta("password=hunter2hunter2"), Stop("end")],
        [ToolCall("c", "run", {"env": {"DB_PASSWORD": "hunter2hunter2"}}), Stop("tools")],
        [TextDelta("correct-horse"), TextDelta("-battery"), Stop("end")],
        [TextDelta("x" * 200_000)] * 3 + [Stop("end")],
        [Stop("end")],
    ],
)
async def test_what_is_never_kept(tmp_path: Path, turn: Turn) -> None:
    folder = tmp_path / "answers"
    inner = FakeModel(turn)
    model = cached(inner, AnswerCache(folder), Redactor({"db": "correct-horse-battery"}))
    for _ in range(2):
        try:
            await gathered(model)
        except StreamBroken:
            continue
    assert len(inner.asked) == 2
    assert not folder.exists() or not list(folder.iterdir())


async def test_who_leaves_early_leaves_nothing(tmp_path: Path) -> None:
    inner = FakeModel(WHOLE)
    model = cached(inner, AnswerCache(tmp_path))
    stream = model.stream(HELLO)
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    assert inner.closed == 1
    assert not list(tmp_path.iterdir())


async def test_it_ends_with_time_and_keeps_the_newest_within_its_size(tmp_path: Path) -> None:
    now = [1_000_000.0]
    cache = AnswerCache(tmp_path, seconds=60, most=3000, clock=lambda: now[0])
    cache.put("a" * 64, [TextDelta("a")], Stop("end"))
    now[0] += 59
    assert cache.get("a" * 64) is not None
    now[0] += 2
    assert cache.get("a" * 64) is None
    assert not list(tmp_path.iterdir())
    now[0] = time.time() - 100
    cache = AnswerCache(tmp_path, most=3000)
    for number, name in enumerate("bcd"):
        cache.put(name * 64, [TextDelta(name * 1200)], Stop("end"))
        os.utime(tmp_path / f"{name * 64}.json", (now[0] + number, now[0] + number))
    cache.put("e" * 64, [TextDelta("e")], Stop("end"))
    left = {path.name[0] for path in tmp_path.iterdir()}
    assert "d" in left
    assert "b" not in left
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 3000
    tiny = AnswerCache(None)
    for number in range(100):
        tiny.put(f"{number:064d}", [TextDelta("x")], Stop("end"))
    assert tiny.get(f"{0:064d}") is None
    assert tiny.get(f"{99:064d}") is not None


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"v": 1}', '{"v": 2, "time": 1, "pieces": [], "stop": "end"}', "[" * 100_000, "\x00\xff",
     '{"v": 1, "time": 1e12, "pieces": ["x"], "stop": "end"}', '{"v": 1, "time": 1, "pieces": [7], "stop": "end"}',
     '{"v": 1, "time": 1, "pieces": [{"id": 1, "name": 2, "arguments": []}], "stop": "tools"}'],
)  # fmt: skip
def test_a_file_that_is_damaged_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / f"{'a' * 64}.json"
    path.write_text(text)
    path.chmod(0o600)
    assert AnswerCache(tmp_path).get("a" * 64) is None


def test_a_link_is_not_followed_and_a_full_disk_is_no_error(tmp_path: Path) -> None:
    good = tmp_path / "elsewhere.json"
    good.write_text('{"v": 1, "time": 1e9, "pieces": ["x"], "stop": "end"}')
    good.chmod(0o600)
    (tmp_path / f"{'a' * 64}.json").symlink_to(good)
    cache = AnswerCache(tmp_path, seconds=1e12)
    assert cache.get("a" * 64) is None
    blocked = tmp_path / "file"
    blocked.write_text("")
    other = AnswerCache(blocked / "answers")
    other.put("b" * 64, [TextDelta("x")], Stop("end"))
    assert other.get("b" * 64) is not None


async def test_what_led_nowhere_is_asked_anew(tmp_path: Path) -> None:
    inner = FakeModel(WHOLE)
    cache = AnswerCache(tmp_path)
    model = cached(inner, cache)
    await gathered(model)
    again = cached(inner, cache)
    assert isinstance((await gathered(again))[0], FromCache)
    await again.forget()
    assert not list(tmp_path.iterdir())
    assert not isinstance((await gathered(again))[0], FromCache)
    assert len(inner.asked) == 2


async def test_two_at_once_both_get_an_answer(tmp_path: Path) -> None:
    inner = FakeModel(WHOLE)
    model = cached(inner, AnswerCache(tmp_path))
    both = await asyncio.gather(gathered(model), gathered(model))
    assert all(isinstance(pieces[-1], Stop) for pieces in both)
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]
    json.loads(next(tmp_path.iterdir()).read_text())


async def test_no_vendor_hears_the_second_time(model: LanguageModel, aimock: Aimock, tmp_path: Path) -> None:
    asked = Conversation("You are a test.", (Message("user", "long"),), max_tokens=64)
    kept = cached(model, AnswerCache(tmp_path))
    first = await gathered(kept, asked)
    second = await gathered(kept, asked)
    assert len(aimock.sent()) == 1
    text = "".join(piece.text for piece in first if isinstance(piece, TextDelta))
    assert second[1:] == [TextDelta(text), Stop("end")]
