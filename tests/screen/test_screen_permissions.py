"""Standing permissions on the screen: the grant key, several questions at once, the panel of grants."""

from __future__ import annotations

from typing import Any

from reign_agents.settings import Decision
from reign_agents.store.records import GrantRecord
from reign_tui.screens.approval import ApprovalScreen
from reign_tui.widgets.row_list import RowList
from tests.screen.conftest import Stage
from tests.screen.fake_session import REMOVE, WEB
from tests.screen.test_screen_approval import SIZE, answers, note, opened, text_of


async def test_g_allows_for_an_hour_and_shows_what(stage: Stage) -> None:
    async with stage.app.run_test(size=(120, 40)) as stage.pilot:
        screen = await opened(stage, WEB)
        assert "g allows, for an hour and no more" in text_of(screen, "#facts")
        await stage.press("v")
        assert "v does nothing here" in note(screen)
        await stage.press("g")
        await stage.until(lambda: "run" in stage.states())
        assert answers(stage.session)[0][2] is Decision.GRANT
        assert "for a time" in await stage.said()


async def test_several_questions_are_listed_oldest_first(stage: Stage) -> None:
    async with stage.app.run_test(size=(120, 40)) as stage.pilot:
        for count, text in enumerate((WEB, REMOVE), 1):
            await stage.send(text)
            await stage.until(lambda: len(stage.session.pending()) == count)  # noqa: B023 - awaited here
        await stage.press("escape", "alt+a")
        await stage.until(lambda: stage.dialog == "PendingScreen")
        rows = stage.app.screen.query_one(RowList)
        assert "docker.pull" in rows.text_of(0)
        assert "docker agent: it changes something" in rows.text_of(1)
        await stage.press("down", "enter")
        await stage.until(lambda: stage.dialog == "ApprovalScreen")
        screen = stage.app.screen
        assert isinstance(screen, ApprovalScreen)
        await stage.until(lambda: "docker.remove" in text_of(screen, "#facts"))
        assert "1 more question waits" in text_of(screen, "#facts")


async def test_grants_are_listed_and_taken_back(stage: Stage) -> None:
    scope: dict[str, Any] = {
        "operation": "docker.restart",
        "tool": "docker",
        "context": "default",
        "identity": {},
        "changes": [["container/web", "restart"]],
        "risk": "change",
        "findings": [],
        "undo": "exact",
        "fields": None,
    }
    times = ("2026-03-01T03:00:00.000Z", "2026-03-01T04:00:00.000Z")
    for name in ("g_1", "g_2"):
        record = GrantRecord(name, "docker.restart", scope, "change", "ana", "r_1", "a_1_1", *times)
        stage.session.granted.append(record)
    async with stage.app.run_test(size=SIZE) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        stage.app.conductor.act("grants")
        await stage.until(lambda: stage.dialog == "GrantsScreen")
        await stage.until(lambda: any(list_.lines for list_ in stage.app.screen.query(RowList)))
        rows = stage.app.screen.query_one(RowList)
        assert "docker.restart on docker default: restart container/web" in rows.text_of(0)
        await stage.press("x")
        await stage.until(lambda: len(rows.lines) == 1)
        assert ("revoke", "g_1") in stage.session.calls
        await stage.press("X")
        await stage.until(lambda: not rows.lines)
        assert ("revoke", None) in stage.session.calls
        await stage.press("escape")
        assert stage.dialog == "MainScreen"
