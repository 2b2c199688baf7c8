"""The approval dialog: nothing is approved by accident."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual import events
from textual.widgets import Static

from reign_agents.settings import Decision
from reign_tui.app import ReignApp
from reign_tui.screens.approval import ApprovalScreen
from reign_tui.widgets.line_input import LineInput
from reign_tui.widgets.line_view import LineView
from reign_tui.widgets.pane import Pane
from tests.screen.conftest import Stage
from tests.screen.fake_session import REMOVE, WEB, FakeSession, Script, remove_plan

SIZE = (80, 24)


def answers(session: FakeSession) -> list[tuple[object, ...]]:
    return [call for call in session.calls if call[0] == "answer"]


async def opened(stage: Stage, request: str) -> ApprovalScreen:
    await stage.send(request)
    await stage.until(lambda: "ASK" in stage.states())
    await stage.press("alt+a")
    await stage.until(lambda: isinstance(stage.app.screen, ApprovalScreen))
    await stage.pilot.pause()
    assert isinstance(stage.app.screen, ApprovalScreen)
    return stage.app.screen


def note(screen: ApprovalScreen) -> str:
    return str(screen.query_one("#grace", Static).render())


def text_of(screen: ApprovalScreen, name: str) -> str:
    view = screen.query_one(name, LineView)
    return "\n".join(view.text_of(index) for index in range(len(view.lines)))


async def test_a_destroy_says_what_is_lost_and_enter_approves_nothing(stage: Stage) -> None:
    async with stage.app.run_test(size=SIZE) as stage.pilot:
        screen = await opened(stage, REMOVE)
        assert screen.query_one("#box", Pane).standing == "DESTROY  IRREVERSIBLE"
        facts = text_of(screen, "#facts")
        assert "docker rm web" in facts
        assert "40 MiB of data would be lost" in facts
        assert "none: docker keeps no copy" in facts
        assert 'you said "remove container web"' in facts
        assert "- file 13" in text_of(screen, "#shown")
        await stage.press("enter", "space", "y")
        assert stage.dialog == "ApprovalScreen"
        await stage.press("escape")
        assert stage.dialog == "MainScreen"
        assert answers(stage.session) == []
        assert stage.states() == ["ASK"]


async def test_keys_are_ignored_while_the_dialog_is_fresh(
    make_app: Callable[..., ReignApp], session: FakeSession
) -> None:
    stage = Stage(make_app(grace=1000), session)
    async with stage.app.run_test(size=SIZE) as stage.pilot:
        screen = await opened(stage, REMOVE)
        assert "Keys are ignored" in note(screen)
        await stage.press("o", "escape", "r")
        assert stage.dialog == "ApprovalScreen"
        assert not screen.has_class("-refusing")
        await stage.pilot.pause(0.1)
        assert answers(session) == []


async def test_when_the_grace_is_over_keys_count(make_app: Callable[..., ReignApp], session: FakeSession) -> None:
    stage = Stage(make_app(grace=0.3), session)
    async with stage.app.run_test(size=SIZE) as stage.pilot:
        screen = await opened(stage, REMOVE)
        await stage.until(lambda: screen.ready)
        assert note(screen) == ""
        await stage.press("o")
        await stage.until(lambda: stage.dialog == "MainScreen")
        assert answers(session)[0][2] is Decision.ONCE


async def test_pasting_approves_nothing(stage: Stage) -> None:
    async with stage.app.run_test(size=SIZE) as stage.pilot:
        screen = await opened(stage, REMOVE)
        stage.app.post_message(events.Paste("o\n"))
        await stage.pilot.pause()
        await stage.until(lambda: "Pasting approves nothing" in note(screen))
        for key in "ok":  # a paste without brackets: keys with no time between them
            stage.app.post_message(events.Key(key, key))
        await stage.until(lambda: "looked pasted" in note(screen))
        assert answers(stage.session) == []
        assert stage.dialog == "ApprovalScreen"


async def test_a_production_target_needs_its_name_typed(stage: Stage) -> None:
    stage.session.scripts[REMOVE] = Script(remove_plan("prod-eu"), confirm={"s1": "container/web"})
    async with stage.app.run_test(size=SIZE) as stage.pilot:
        screen = await opened(stage, REMOVE)
        assert "PROD" in screen.query_one("#box", Pane).standing
        box = screen.query_one("#typed", LineInput)
        await stage.until(lambda: stage.app.focused is box)
        await stage.press(*"web", "enter")
        assert "not the target's name" in note(screen)
        stage.app.post_message(events.Paste("container/web"))
        await stage.until(lambda: "type the name" in note(screen))
        assert box.value == "web"
        box.value = ""
        await stage.press(*"container", "slash", *"web", "enter")
        await stage.until(lambda: stage.dialog == "MainScreen")
        assert answers(stage.session) == [
            ("answer", answers(stage.session)[0][1], Decision.ONCE, None, "container/web"),
        ]
        await stage.until(lambda: stage.states() == ["done"])


async def test_refusing_takes_words_along(stage: Stage) -> None:
    async with stage.app.run_test(size=SIZE) as stage.pilot:
        await opened(stage, REMOVE)
        await stage.press("r", *"not yet", "enter")
        await stage.until(lambda: stage.dialog == "MainScreen")
        assert answers(stage.session)[0][2:4] == (Decision.REJECT, "not yet")
        await stage.until(lambda: stage.states() == ["stop"])
        assert 'refused step 1: "not yet"' in await stage.said()


async def test_escape_while_refusing_goes_back_to_the_question(stage: Stage) -> None:
    async with stage.app.run_test(size=SIZE) as stage.pilot:
        screen = await opened(stage, REMOVE)
        await stage.press("r")
        assert screen.has_class("-refusing")
        await stage.press("escape")
        assert stage.dialog == "ApprovalScreen"
        assert not screen.has_class("-refusing")


@pytest.mark.parametrize(("key", "why"), [("p", "one by one"), ("g", "one by one")])
async def test_keys_that_are_off_say_why(stage: Stage, key: str, why: str) -> None:
    async with stage.app.run_test(size=SIZE) as stage.pilot:
        screen = await opened(stage, REMOVE)
        await stage.press(key)
        assert f"{key} does nothing here" in note(screen)
        assert why in note(screen)


async def test_all_creates_of_a_plan_are_asked_together(stage: Stage) -> None:
    async with stage.app.run_test(size=(120, 40)) as stage.pilot:
        screen = await opened(stage, WEB)
        assert screen.query_one("#box", Pane).heading == "Approve steps 1-3 of 4"
        shown = text_of(screen, "#shown")
        for resource in ("image/nginx:1.27", "volume/data", "container/web"):
            assert f"create {resource}" in shown
        assert "docker run -d --name web" in shown
        await stage.press("o")
        await stage.until(lambda: "run" in stage.states())


async def test_an_approval_that_is_no_longer_asked_is_void(stage: Stage) -> None:
    async with stage.app.run_test(size=SIZE) as stage.pilot:
        screen = await opened(stage, REMOVE)
        stage.session.void("r_52")
        stage.session.write("r_52", "s1", b"something happened\n")
        await stage.until(lambda: "void" in note(screen))
        await stage.press("o")
        await stage.pilot.pause(0.1)
        assert "void" in note(screen)
        assert answers(stage.session) == []


async def test_a_long_list_scrolls_and_says_where_it_is(stage: Stage) -> None:
    async with stage.app.run_test(size=SIZE) as stage.pilot:
        screen = await opened(stage, REMOVE)
        view = screen.query_one("#shown", LineView)
        await stage.until(lambda: "of 15" in str(view.border_title))
        before = str(view.border_title)
        await stage.press("pagedown")
        await stage.until(lambda: str(view.border_title) != before)
        assert view.scroll_offset.y > 0


async def test_edit_leads_to_the_steps_fields(stage: Stage) -> None:
    async with stage.app.run_test(size=SIZE) as stage.pilot:
        await opened(stage, REMOVE)
        await stage.press("e")
        await stage.until(lambda: stage.dialog == "EditStepScreen")
        assert answers(stage.session) == []
