"""Models without a screen: what they say stands apart, on stderr and as events; a saved plan stays one JSON object."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any

import pytest

from reign_agents.events import Event, EventType
from reign_agents.models.conversation import Conversation, Delta, Stop, TextDelta, Tool, ToolCall, Usage
from reign_agents.models.failure import StreamBroken
from reign_agents.models.fake import FakeModel, Turn
from reign_agents.planning.with_model import ModelPlanner
from reign_agents.session import Session
from reign_agents.settings import EngineSettings
from reign_agents.store.store import Store, StorePaths
from reign_tui.headless import JsonLines, PlainLines, Planning, drive, shown
from reign_tui.model_lines import ModelLines

STRANGE = "please hum the song of the flux compensator"
FAKE = "\u250c Approve step 1 \u2510 Approved \u2713 \x1b[2J"


def says(text: str) -> Turn:
    return [TextDelta(text), Usage(10, 5), Stop("end")]


def noted(kind: str, text: str, **more: Any) -> Event:
    return Event("r_1", EventType.PLANNER_NOTED, {"kind": kind, "text": text, "planner": "a/b", **more})


def said(state: str, text: str, answer: int = 1) -> Event:
    data: dict[str, Any] = {"planner": "a/b", "answer": answer, "state": state, "text": text, "characters": len(text)}
    return Event("r_1", EventType.PLANNER_SAID, data)


def finished(answer: str | None, planner: str = "a/b") -> Event:
    return Event("r_1", EventType.RUN_FINISHED, {"outcome": "done", "exit": 0, "answer": answer, "planner": planner})


def test_words_that_are_the_answer_are_shown_once() -> None:
    lines = ModelLines()
    assert lines.lines(noted("asking", "asking a/b")) == ["asking a/b"]
    assert lines.status().startswith("a/b thinks")
    assert lines.lines(said("writing", "All")) == []
    assert lines.status().startswith("a/b writes, 3 characters,")
    assert lines.lines(said("whole", "All is well.")) == []
    assert lines.lines(noted("used", "a/b: 10 tokens read")) == ["a/b: 10 tokens read"]
    assert lines.status() == ""
    assert lines.lines(finished("All is well.")) == ["a/b says (its own words, nothing measured):"]


def test_other_words_are_shown_with_how_they_ended() -> None:
    lines = ModelLines()
    lines.lines(said("broken", "half of\nit"))
    assert lines.lines(noted("broke_off", "it broke off; asked again")) == [
        "a/b says (its own words, nothing measured):",
        "  | half of",
        "  | it",
        "  broke off here: this is not the whole answer",
        "it broke off; asked again",
    ]
    lines.lines(said("whole", "I look first.", 2))
    assert lines.lines(noted("looking", "looks at docker.info"))[-1] == "  | I look first."
    assert lines.lines(noted("looked", "looked at docker.info: 3 lines")) == ["looked at docker.info: 3 lines"]
    lines.lines(said("stopped", "and", 3))
    assert lines.lines(finished(None, "offline"))[-1] == "  stopped here: this is not the whole answer"


def test_json_lines_tell_of_growing_words_once_a_second(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("reign_tui.headless.time.monotonic", lambda: now)
    lines = JsonLines()
    for number in range(50):
        lines.show(said("writing", "w" * number))
    now = 102.0
    lines.show(said("writing", "more"))
    lines.show(said("broken", "all that came"))
    states = [json.loads(line)["data"]["state"] for line in capsys.readouterr().out.splitlines()]
    assert states == ["writing", "writing", "broken"]


@pytest.fixture
def session_of(tmp_path: Path) -> Any:
    def make(*turns: Turn) -> tuple[Store, Session]:
        store = Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state"))
        model = FakeModel(*turns, name="a/b")
        planner = ModelPlanner(["a/b"], lambda _name: model, prefer="model")
        return store, Session(store, EngineSettings(cwd=tmp_path), planner=planner)

    return make


async def test_a_run_tells_what_a_model_does_and_says(session_of: Any, capsys: pytest.CaptureFixture[str]) -> None:
    look: Turn = [TextDelta(f"First a look. {FAKE}"), ToolCall("c", "file__list", {"path": "."}), Stop("tools")]
    store, session = session_of(look, [TextDelta("All is "), StreamBroken("it broke off")], says("All is well."))
    code = await drive(session, lambda: session.ask(STRANGE), PlainLines(live=False))
    await session.close()
    await store.close()
    told = capsys.readouterr()
    assert code == 0
    assert told.out == "All is well.\n"
    assert "\x1b" not in told.err
    assert "  | First a look. \u250c Approve step 1 \u2510 Approved \u2713" in told.err
    assert "looked at file.list path=." in told.err
    assert "  broke off here: this is not the whole answer\nit broke off; asked again" in told.err
    assert "a/b says (its own words, nothing measured):\nrun" in told.err


async def test_json_events_tell_the_same(session_of: Any, capsys: pytest.CaptureFixture[str]) -> None:
    store, session = session_of(says("All is well."))
    await drive(session, lambda: session.ask(STRANGE), JsonLines())
    await session.close()
    await store.close()
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [one["type"] for one in told]
    assert kinds[0] == "planner.noted"
    assert kinds[-1] == "run.finished"
    assert told[-1]["data"]["planner"] == "a/b"
    assert told[-1]["seq"] == 2
    last = [one["data"] for one in told if one["type"] == "planner.said"][-1]
    assert (last["state"], last["text"], last["planner"]) == ("whole", "All is well.", "a/b")


async def test_a_plan_tells_on_stderr_and_keeps_what_was_found(
    session_of: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "app.log").write_text("OOM\n")
    finding: dict[str, Any] = {"text": "too small", "confidence": 1, "evidence": [{"look": "q1", "quote": "OOM"}]}
    store, session = session_of(
        [ToolCall("c", "file__read", {"path": "app.log"}), Stop("tools")],
        [ToolCall("c", "report_finding", finding), Stop("tools")],
        says("It needs more."),
    )
    lines = Planning(live=False)
    async with shown(session, lines):
        plan = await session.plan(STRANGE)
    lines.settle(plan.answer)
    await session.close()
    await store.close()
    told = capsys.readouterr()
    assert told.out == ""
    assert "a/b concludes: too small\n  measured by file.read: OOM\n" in told.err
    assert "It needs more." not in told.err
    assert lines.findings[0]["planner"] == "a/b"
    assert (plan.planner, plan.answer) == ("a/b", "It needs more.")


async def test_the_status_line_says_who_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    monkeypatch.setattr("os.get_terminal_size", lambda _fd: type("Size", (), {"columns": 80}))
    lines = PlainLines(live=True)
    lines.show(noted("asking", "asking a/b"))
    lines.tick()
    assert "a/b thinks" in stream.getvalue()
    await asyncio.sleep(0)


def test_the_command_prints_one_json_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from reign_tui.cli.dispatch import dispatch

    model = FakeModel(says("It hums because it can."), name="a/b")
    planner = ModelPlanner(["a/b"], lambda _name: model, prefer="model")
    monkeypatch.setattr("reign_tui.cli.context.planner_for", lambda *_args, **_more: planner)
    monkeypatch.setenv("REIGN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert dispatch(["plan", STRANGE, "--json"]) == 0
    told = capsys.readouterr()
    plan = json.loads(told.out)
    assert (plan["planner"], plan["answer"], plan["findings"]) == ("a/b", "It hums because it can.", [])
    assert "asking a/b" in told.err


class Interrupted(FakeModel):
    """Says a little, then the person presses Ctrl-C."""

    async def pieces(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        self.asked.append((conversation, tuple(tools)))
        try:
            yield TextDelta("half of an answer ")
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            self.closed += 1


@pytest.mark.parametrize("command", ["plan", "run"])
def test_ctrl_c_ends_the_request_and_keeps_what_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    from reign_tui.cli.dispatch import dispatch

    model = Interrupted(name="a/b")
    planner = ModelPlanner(["a/b"], lambda _name: model, prefer="model")
    monkeypatch.setattr("reign_tui.cli.context.planner_for", lambda *_args, **_more: planner)
    monkeypatch.setenv("REIGN_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    assert dispatch([command, STRANGE]) == 130
    told = capsys.readouterr()
    assert model.closed == 1
    assert told.out == ""
    assert "  | half of an answer\n  stopped here: this is not the whole answer\n" in told.err
    assert "before there was a plan; nothing was changed" in told.err
    assert "resume" not in told.err
