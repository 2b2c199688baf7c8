"""What is typed while Reign starts stands in the input, and nothing of it is sent."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from textual import events

from reign_tui import app as app_module
from reign_tui.typed_early import MOST, TypedEarly
from tests.screen.conftest import Stage


def key(name: str, character: str | None = None) -> events.Key:
    return events.Key(name, character)


def typed(early: TypedEarly, text: str) -> None:
    for letter in text:
        assert early.takes(key("space" if letter == " " else letter, letter))


def test_keys_are_kept_until_the_input_is_there() -> None:
    early = TypedEarly()
    typed(early, "helloo")
    assert early.takes(key("backspace"))
    assert early.takes(key("enter", "\r"))
    typed(early, " x")
    assert early.takes(events.Paste("a\x1bb\nc"))
    assert not early.takes(key("ctrl+c", "\x03"))
    assert not early.takes(key("f1"))
    assert not early.takes(events.Resize.from_dimensions((80, 24), None))
    assert early.end() == "hello xab\nc"
    assert not early.takes(key("a", "a"))


def test_no_more_than_somebody_types() -> None:
    early = TypedEarly()
    early.takes(events.Paste("x" * (MOST + 5)))
    assert len(early.end()) == MOST


async def test_they_stand_in_the_input(stage: Stage) -> None:
    stage.app._typed_early.takes(events.Paste("restart web"))
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        assert stage.app.main.composer.text == "restart web"
        await stage.press("!")
        assert stage.app.main.composer.text == "restart web!"
        assert not [call for call in stage.session.calls if call[0] == "ask"]


async def test_an_enter_before_the_first_frame_sends_nothing(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    begin = stage.app.begin

    def typing() -> None:
        stage.app._typed_early.takes(events.Paste("rn"))
        begin()
        for one in (key("backspace"), key("m", "m"), key("enter", "\r")):
            stage.app.post_message(one)

    monkeypatch.setattr(stage.app, "begin", typing)
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        assert stage.app.main.composer.text == "rm"
        await stage.press("x")
        assert stage.app.main.composer.text == "rmx"
        assert not [call for call in stage.session.calls if call[0] == "ask"]


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """The engine's modules are there when this is set."""
    loaded = threading.Event()
    monkeypatch.setattr(app_module, "_load_engine", lambda: loaded.wait(60))
    yield loaded
    loaded.set()


async def test_the_screen_is_painted_while_the_engine_loads(stage: Stage, slow: threading.Event) -> None:
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        stage.app.main.composer.editor.insert("restart web")
        await stage.until(lambda: "restart web" in painted(stage))
        assert not stage.app.ready
        slow.set()
        await stage.until(lambda: stage.app.ready)


async def test_the_pane_with_the_input_is_marked_from_the_start(stage: Stage) -> None:
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        await stage.until(lambda: "» Chat" in painted(stage))


async def test_keys_that_need_the_engine_wait_or_say_so(stage: Stage, slow: threading.Event) -> None:
    async with stage.app.run_test(size=(120, 40)) as stage.pilot:
        await stage.until(lambda: stage.app._typed_early.over)
        await stage._keys("alt+a")
        assert "still starting" in painted(stage)
        await stage._keys("alt+v", "alt+5", "x", "u", "o", "y", "left_square_bracket", "alt+4", "f1", "escape")
        await stage._keys("ctrl+p")
        await stage.until(lambda: stage.dialog == "CommandPalette")
        await stage.until(lambda: "Leave Reign" in painted(stage))
        await stage._keys("escape")
        await stage.until(lambda: stage.dialog == "MainScreen")
        await stage._keys("alt+1", "h", "i", "enter")
        assert not stage.app.ready
        slow.set()
        await stage.until(lambda: [call for call in stage.session.calls if call[0] == "ask"])


def painted(stage: Stage) -> str:
    return "\n".join(strip.text for strip in stage.app.screen._compositor.render_strips())
