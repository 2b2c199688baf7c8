"""What is offered while a request is written, key by key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual import events

from reign_executors.errors import NotFound
from reign_tui.app import ReignApp
from reign_tui.file_request import read_request
from reign_tui.paths import find_paths
from reign_tui.widgets.offer_list import OfferList
from reign_tui.widgets.plan_tree import PlanTree
from tests.screen.conftest import Stage
from tests.screen.fake_session import FakeGatherer, FakeSession, Script, plan_of, step

WIDE, NARROW = (120, 40), (80, 24)


async def ready(stage: Stage) -> None:
    """Until suggestions are there."""
    await stage.until(lambda: stage.app.ready)
    await stage.until(lambda: stage.app.main.composer.editor.suggest is not None)
    await stage.until(lambda: FakeGatherer.gathered)
    stage.app.main.composer.editor.focus()


def shown(stage: Stage) -> list[str]:
    """The rows of the list, as they are read; none where it is closed."""
    for one in stage.app.main.query(OfferList):
        if one.display:
            return [line.rstrip() for line in str(one.content).split("\n") if line.strip()]
    return []


async def write(stage: Stage, text: str) -> None:
    await stage.press(*("space" if letter == " " else letter for letter in text))


def text(stage: Stage) -> str:
    return stage.app.main.composer.text


async def test_typing_lists_what_can_follow_with_its_keys(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        assert shown(stage) == []
        await write(stage, "restart container w")
        rows = shown(stage)
        assert rows[0].split() == ["Tab", "web", "container"]
        assert rows[1].split() == ["↓", "web-old", "container"]
        hints = dict(stage.app.main.hints())
        assert hints["Tab →"] == "take"
        assert "Tab" not in hints


@pytest.mark.parametrize("key", ["tab", "right"])
async def test_the_first_one_is_written_and_nothing_is_sent(stage: Stage, key: str) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await write(stage, "restart container d")
        assert stage.app.main.composer.editor.suggestion == "[b]"
        await stage.press(key)
        assert text(stage) == "restart container db"
        assert stage.session.calls == []
        await stage.press("ctrl+z")
        assert text(stage) == "restart container d"


async def test_enter_sends_what_is_written_never_what_is_offered(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await write(stage, "restart container w")
        assert shown(stage)
        await stage.press("enter")
        await stage.until(lambda: ("ask", "restart container w") in stage.session.calls)
        assert shown(stage) == []


async def test_down_writes_one_after_the_other_and_up_gives_back_what_was_typed(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await write(stage, "restart container w")
        await stage.press("down")
        assert text(stage) == "restart container web"
        assert shown(stage)[0].startswith("▌")
        await stage.press("down")
        assert text(stage) == "restart container web-old"
        await stage.press("down")
        assert text(stage) == "restart container web-old"
        await stage.press("up", "up")
        assert text(stage) == "restart container w"
        await stage.press("down", "down", "enter")
        await stage.until(lambda: ("ask", "restart container web-old") in stage.session.calls)


async def test_escape_closes_the_list_and_gives_back_what_was_typed(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await write(stage, "restart container w")
        await stage.press("down", "escape")
        assert text(stage) == "restart container w"
        assert shown(stage) == []
        assert stage.app.focused is stage.app.main.composer.editor


async def test_the_key_moves_to_the_next_pane_where_nothing_is_offered(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await stage.press("tab")
        assert stage.app.focused is not stage.app.main.composer.editor
        stage.app.main.composer.editor.focus()
        await write(stage, "restart container w")
        await stage.press("escape", "tab")
        assert stage.app.focused is not stage.app.main.composer.editor
        assert text(stage) == "restart container w"


async def test_leaving_the_input_closes_the_list(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await write(stage, "restart container w")
        stage.app.main.query_one(PlanTree).focus()
        await stage.pilot.pause()
        assert shown(stage) == []


async def test_a_paste_completes_nothing(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await write(stage, "restart ")
        assert shown(stage)
        stage.app.post_message(events.Paste("container w"))
        await stage.pilot.pause()
        assert text(stage) == "restart container w"
        assert shown(stage) == []
        await stage.press("right", "down")
        assert text(stage) == "restart container w"


async def test_only_behind_the_end_something_is_offered(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await write(stage, "restart container w")
        await stage.press("left")
        assert shown(stage) == []
        await write(stage, "x")
        assert shown(stage) == []
        await stage.press("right")
        assert text(stage) == "restart container xw"


async def test_letters_before_the_key_count(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await stage.pilot.press(*"list", "space", *"container", "tab", "enter")
        await stage.until(lambda: ("ask", "list containers") in stage.session.calls)


async def test_what_was_asked_is_offered_and_what_is_secret_is_not(stage: Stage, session: FakeSession) -> None:
    session.store.asked = ["deploy checkout 2.4.1 to prod", "log in with {{secret:password}}"]
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await write(stage, "deploy ch")
        assert any("deploy checkout 2.4.1 to prod" in row for row in shown(stage))
        stage.app.main.composer.editor.text = ""
        await stage.send("reach db with password hunter2x9Z")
        await stage.send("reach the other one")
        await stage.until(lambda: ("ask", "reach the other one") in stage.session.calls)
        stage.app.main.composer.editor.focus()
        await write(stage, "reach")
        assert any("reach the other one" in row for row in shown(stage))
        assert "hunter2x9Z" not in "".join(shown(stage))
        stage.app.main.composer.editor.text = ""
        await write(stage, "log in")
        assert "secret" not in "".join(shown(stage))


async def test_what_answers_a_question_comes_first_until_something_was_sent(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await stage.send("sing a song")  # the answer that is suggested: list containers
        await stage.until(
            lambda: stage.app.suggesting and stage.app.suggesting.engine and stage.app.suggesting.engine.answers
        )
        stage.app.main.composer.editor.focus()
        await write(stage, "li")
        assert shown(stage)[0].split()[1:5] == ["list", "containers", "answers", "the"]
        await stage.press("tab", "enter")
        await stage.until(lambda: ("ask", "list containers") in stage.session.calls)


async def test_a_run_that_ends_has_its_systems_looked_at_again(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        FakeGatherer.gathered.clear()
        plan = plan_of("list containers", step("s1", "docker.list_containers", "containers"))
        stage.session.scripts["list containers"] = Script(plan)
        await stage.send("list containers")
        await stage.until(lambda: frozenset({"docker"}) in FakeGatherer.gathered)
        stage.app.main.composer.editor.focus()
        await write(stage, "list con")
        assert any("worked 1 of 1 time" in row for row in shown(stage))


async def test_files_are_listed_in_the_background_and_then_offered(stage: Stage) -> None:
    folder = stage.session.settings.cwd
    (folder / "deploy").mkdir()
    (folder / "deploy" / "web.yaml").write_text("", "utf-8")
    (folder / "deploy" / "two words.yaml").write_text("", "utf-8")
    (folder / "deploy" / "bad\x1b[31m.yaml").write_text("", "utf-8")
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await write(stage, "apply ./dep")
        await stage.until(lambda: shown(stage))
        assert shown(stage)[0].split() == ["Tab", "./deploy/", "folder"]
        await stage.press("tab")
        await stage.until(lambda: shown(stage) and "web.yaml" in shown(stage)[0])
        assert len(shown(stage)) == 1


async def test_on_a_small_screen_the_list_is_short(stage: Stage) -> None:
    async with stage.app.run_test(size=NARROW) as stage.pilot:
        await ready(stage)
        await write(stage, "l")
        assert len(shown(stage)) == 3
        await stage.press("down", "down", "down", "down")
        assert [row[0] for row in shown(stage)] == [" ", " ", "▌"]


async def test_a_file_holds_the_request(stage: Stage) -> None:
    folder = stage.session.settings.cwd
    (folder / "wish.txt").write_text("list containers\nand volumes\n", "utf-8")
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await write(stage, "@wi")
        await stage.until(lambda: shown(stage))
        await stage.press("tab")
        assert text(stage) == "@wish.txt"
        await stage.press("enter")
        await stage.until(lambda: ("ask", "list containers\nand volumes") in stage.session.calls)


@pytest.mark.parametrize(
    ("content", "why"),
    [(None, "there is no file"), (b" \n", "is empty"), (b"\x00\x01", "is no text"), (b"x" * 2_000_000, "1 MiB")],
)
async def test_a_file_that_is_no_request_comes_back_to_be_mended(stage: Stage, content: bytes | None, why: str) -> None:
    if content is not None:
        (stage.session.settings.cwd / "wish").write_bytes(content)
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        await stage.send("@wish")
        await stage.until(lambda: why in stage.notice)
        assert text(stage) == "@wish"
        assert stage.session.calls == []


@pytest.mark.parametrize("path", ["~nobody-has-this-name/wish", "wi\0sh"])
def test_what_can_be_no_file_is_said_like_one_that_is_not_there(path: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="there is no file"):
        read_request(path, tmp_path)


async def test_the_setting_switches_all_of_it_off(make_app: Callable[..., ReignApp], session: FakeSession) -> None:
    FakeGatherer.gathered.clear()
    stage = Stage(make_app(suggestions=False), session)
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        stage.app.main.composer.editor.focus()
        await write(stage, "restart container w")
        assert shown(stage) == []
        await stage.press("enter")
        await stage.until(lambda: ("ask", "restart container w") in stage.session.calls)
        assert FakeGatherer.gathered == []


async def test_another_key_can_take(make_app: Callable[..., ReignApp], session: FakeSession) -> None:
    stage = Stage(make_app(keymap={"composer.take": "ctrl+space"}), session)
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        await write(stage, "restart container d")
        assert shown(stage)[0].split()[0] == "^Space"
        await stage.press("ctrl+space")
        assert text(stage) == "restart container db"


async def test_what_fails_is_written_down_once_and_typing_goes_on(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, reign_home: Path
) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)
        suggesting = stage.app.suggesting
        assert suggesting is not None
        assert suggesting.engine is not None

        def broken(_text: str) -> list[object]:
            raise RuntimeError("the lexicon is gone")

        monkeypatch.setattr(suggesting.engine, "suggest", broken)
        await write(stage, "restart container w")
        assert text(stage) == "restart container w"
        assert shown(stage) == []
        reports = find_paths().reports

        def written() -> list[Path]:
            return list(reports.glob("suggestions-*.txt"))

        await stage.until(lambda: bool(written()))
        await stage.until(lambda: not [one for one in stage.app.workers if one.group == "reports"])
        assert len(written()) == 1
        assert "the lexicon is gone" in written()[0].read_text()


async def test_a_worker_that_fails_is_written_down(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, reign_home: Path
) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await ready(stage)

        async def broken(_self: object, _families: object) -> None:
            raise LookupError("no such family")

        monkeypatch.setattr(FakeGatherer, "gather", broken)
        suggesting = stage.app.suggesting
        assert suggesting is not None
        suggesting.ended("x", "done", ["docker.run"])
        await stage.until(lambda: list(find_paths().reports.glob("suggestions-*.txt")))
        await write(stage, "abc")
        assert text(stage) == "abc"
