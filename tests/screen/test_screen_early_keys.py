"""What is typed while Reign starts stands in the input, and nothing of it is sent."""

from __future__ import annotations

from textual import events

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
