"""How the screens look, at both sizes. Pinned to one Python and one Textual: elsewhere the drawing may differ."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal
from importlib.metadata import version
from typing import Any

import pytest
from textual.pilot import Pilot

from reign_agents.events import Event, EventType
from reign_agents.models.budget import BudgetQuestion
from reign_tui.app import ReignApp
from tests.screen.conftest import Stage
from tests.screen.fake_session import REMOVE, WEB, FakeSession, Script, remove_plan

SIZES = [(120, 40), (80, 24)]
Compare = Callable[..., bool]
QUESTION = BudgetQuestion(
    "session", "anthropic/claude-opus-5-5", Decimal(5), Decimal("4.97"), Decimal("0.12"), Decimal(10)
)

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or version("textual") != "8.2.8",
    reason="snapshots are drawn with Python 3.11 and Textual 8.2.8",
)


def scene(stage: Stage, play: Callable[[Stage], Awaitable[None]]) -> Callable[[Pilot[Any]], Awaitable[None]]:
    """What happens before the picture is taken."""

    async def run(pilot: Pilot[Any]) -> None:
        stage.pilot = pilot
        await stage.until(lambda: stage.app.ready)
        await play(stage)
        await stage.app.main.chat.settled()
        await pilot.pause(0.2)

    return run


async def nothing(stage: Stage) -> None:
    await stage.until(lambda: "answers" in str(stage.app.main.plan.query_one("#empty").render()))


async def asking(stage: Stage) -> None:
    await stage.send(WEB)
    await stage.until(lambda: stage.states()[:1] == ["ASK"])


async def running(stage: Stage) -> None:
    await asking(stage)
    await stage.press("alt+a")
    await stage.until(lambda: stage.dialog == "ApprovalScreen")
    await stage.press("p")
    await stage.until(lambda: stage.states() == ["done", "done", "run", "wait"])
    await stage.until(lambda: stage.app.main.logs.count == 5)
    await stage.until(lambda: stage.dialog == "MainScreen")


async def approving(stage: Stage) -> None:
    await stage.send(REMOVE)
    await stage.until(lambda: stage.states() == ["ASK"])
    await stage.press("alt+a")
    await stage.until(lambda: stage.dialog == "ApprovalScreen")


async def approving_in_production(stage: Stage) -> None:
    stage.session.scripts[REMOVE] = Script(remove_plan("prod-eu"), confirm={"s1": "container/web"})
    await approving(stage)


async def history(stage: Stage) -> None:
    await running(stage)
    stage.session.release("r_52", "s3")
    await stage.until(lambda: stage.states() == ["done"] * 4)
    await stage.press("alt+5")
    await stage.until(lambda: stage.app.main.query("#history"))


def told(event: EventType, **data: Any) -> Event:
    return Event("r_52", event, {"planner": "anthropic/claude-sonnet", **data}, time="2026-03-01T03:12:04.000Z")


async def a_model_answers(stage: Stage) -> None:
    noted, said = EventType.PLANNER_NOTED, EventType.PLANNER_SAID
    look = {"look": "q1", "query": "docker.logs", "fields": {"container": "web"}}
    broken = "I shall look at the log of"
    words = "The container [bold]web[/bold] is killed because it needs more than\n16 MiB.\n\nApproved \u2713"
    stage.app.conductor.deliver(
        [
            told(noted, kind="asking", text="asking openai/gpt-small"),
            told(said, answer=1, state="broken", text=broken, characters=30, planner="openai/gpt-small"),
            told(noted, kind="gave_up", text="openai/gpt-small did not plan this: its answer broke off in the middle"),
            told(noted, kind="asking", text="asking anthropic/claude-sonnet"),
            told(noted, kind="looked", text="looked at docker.logs container=web: 12 lines", result="OOM", **look),
            told(said, answer=2, state="writing", text=words, characters=94),
        ]
    )
    await stage.until(lambda: len(stage.app.main.chat.query("Spoken")) == 2)


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
@pytest.mark.parametrize(
    "play",
    [nothing, asking, a_model_answers, running, approving, approving_in_production, history],
    ids=lambda play: play.__name__,
)
def test_screen(
    snap_compare: Compare,
    make_app: Callable[..., ReignApp],
    session: FakeSession,
    play: Callable[[Stage], Awaitable[None]],
    size: tuple[int, int],
) -> None:
    stage = Stage(make_app(), session)
    assert snap_compare(stage.app, terminal_size=size, run_before=scene(stage, play))


def test_help(snap_compare: Compare, make_app: Callable[..., ReignApp], session: FakeSession) -> None:
    async def play(stage: Stage) -> None:
        await stage.press("f1")

    stage = Stage(make_app(), session)
    assert snap_compare(stage.app, terminal_size=SIZES[1], run_before=scene(stage, play))


@pytest.mark.parametrize("size", SIZES, ids=["wide", "narrow"])
def test_budget(
    snap_compare: Compare, make_app: Callable[..., ReignApp], session: FakeSession, size: tuple[int, int]
) -> None:
    async def play(stage: Stage) -> None:
        stage.app.main.header.spent = "claude $4.97"
        asking = asyncio.create_task(stage.app.ask_budget(QUESTION))
        await stage.until(lambda: stage.dialog == "BudgetScreen")
        assert not asking.done()

    stage = Stage(make_app(), session)
    assert snap_compare(stage.app, terminal_size=size, run_before=scene(stage, play))
