"""The budget's dialog and the session's amount in the top line."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from reign_agents.models.budget import BudgetQuestion
from reign_agents.store.spending import NOTHING, Spent
from reign_tui.screens.budget import BudgetScreen
from reign_tui.spending import amount, family, header_words, notes, tokens
from tests.screen.conftest import Stage

QUESTION = BudgetQuestion(
    "session", "openai/gpt-6.2-sol", Decimal("0.05"), Decimal("0.0123"), Decimal("0.0992"), Decimal("0.15")
)


async def asked(stage: Stage) -> asyncio.Task[bool]:
    """The dialog is open; the task ends with the answer."""
    await stage.until(lambda: stage.app.ready)
    task = asyncio.create_task(stage.app.ask_budget(QUESTION))
    await stage.until(lambda: stage.dialog == "BudgetScreen")
    return task


def words(stage: Stage) -> str:
    return "\n".join(str(widget.render()) for widget in stage.app.screen.query("Static"))


@pytest.mark.parametrize(("key", "allowed"), [("y", True), ("escape", False), ("n", False), ("enter", False)])
async def test_only_a_clear_yes_is_one(stage: Stage, key: str, allowed: bool) -> None:
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        answer = await asked(stage)
        text = " ".join(words(stage).split())
        assert "Of this session's budget of $0.0500, $0.0123 is spent" in text
        assert "may cost up to $0.0992 more" in text
        assert "Yes raises it to $0.1500" in text
        await stage.press(key)
        await stage.until(answer.done)
        assert answer.result() is allowed
        assert stage.dialog == "MainScreen"


async def test_what_was_typed_before_it_opened_allows_nothing(make_app: Any, session: Any) -> None:
    stage = Stage(make_app(grace=60.0), session)
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        answer = await asked(stage)
        await stage.press("y", "enter", "y")
        assert not answer.done()
        assert "ignored for 60 s" in words(stage)
        answer.cancel()


async def test_a_paste_allows_nothing(stage: Stage) -> None:
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        answer = await asked(stage)
        screen = stage.app.screen
        assert isinstance(screen, BudgetScreen)
        screen._pressed = [1.0, 1.01]
        screen.action_allow()
        await stage.until(lambda: "looked pasted" in words(stage))
        assert "looked pasted" in words(stage)
        assert not answer.done()
        await stage.press("escape")
        await stage.until(answer.done)


async def test_it_goes_when_nobody_waits_any_more(stage: Stage) -> None:
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        answer = await asked(stage)
        answer.cancel()
        await stage.until(lambda: stage.dialog == "MainScreen")
        answer = await asked(stage)
        stage.app.action_help()
        await stage.until(lambda: stage.dialog == "HelpScreen")
        answer.cancel()
        await stage.pilot.pause()
        await stage.press("escape")
        await stage.until(lambda: stage.dialog == "BudgetScreen")
        await stage.until(lambda: "no longer asked" in words(stage))
        await stage.press("escape")
        assert stage.dialog == "MainScreen"


async def test_the_top_line_shows_it_only_once_something_was_asked(stage: Stage) -> None:
    async with stage.app.run_test(size=(120, 40)) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        header = stage.app.main.header
        assert "$" not in str(header.render())
        header.spent = "claude $0.04"
        assert str(header.render()).rstrip().endswith("ask mode │ claude $0.04 │ 03:12")
        await stage.pilot.resize_terminal(80, 24)
        await stage.pilot.pause()
        assert "claude" not in str(header.render())


SPENT = replace(
    NOTHING, models=("anthropic/claude-opus-5-5",), requests=3, input=900, output=300, cost=41_234_000_000, answers=1
)


@pytest.mark.parametrize(
    ("spent", "said"),
    [
        (None, ""),
        (SPENT, "claude $0.04"),
        (replace(SPENT, estimated=1), "claude $0.04"),
        (replace(SPENT, models=("anthropic/claude-x", "openai/gpt-6.2-sol")), "models $0.04"),
        (replace(SPENT, cost=0, unpriced=3, unpriced_tokens=5230), "claude ? 5.2k tokens"),
        (replace(SPENT, unpriced=1, unpriced_tokens=500), "claude $0.04+?"),
        (replace(SPENT, cost=0, models=("ollama/llama3.2:3b",)), "llama3 $0.00"),
        (replace(SPENT, cost=1), "claude <$0.01"),
    ],
)
def test_words_of_the_top_line(spent: Spent | None, said: str) -> None:
    assert header_words(spent) == said


def test_words_of_a_report() -> None:
    assert amount(SPENT, fine=True) == "$0.0412"
    assert amount(replace(SPENT, estimated=1), fine=True) == "about $0.0412"
    assert [tokens(count) for count in (0, 950, 5230, 12_000, 1_400_000)] == ["0", "950", "5.2k", "12k", "1.4M"]
    assert [family(name) for name in ("openai/o3", "openai/gpt-4.1", "x")] == ["o3", "gpt", "x"]
    assert notes([SPENT]) == []
    told = notes([replace(SPENT, unpriced=1, unpriced_tokens=1234, estimated=2, open=1, open_most=10**11)])
    assert "1,234 tokens" in told[0]
    assert "estimated" in told[1]
    assert "at most $0.1000 more" in told[2]
