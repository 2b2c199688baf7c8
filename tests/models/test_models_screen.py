"""Models on the screen: words as they come, Esc, breaks, changes of planner, evidence, and hostile ones contained."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import stamina
from textual.geometry import Region
from textual.widgets import Static

from reign_agents.models import steady
from reign_agents.models.budget import Budget
from reign_agents.models.conversation import Conversation, Delta, Stop, TextDelta, Tool, ToolCall, Usage
from reign_agents.models.failure import ModelFailed, StreamBroken, by_status, unreachable
from reign_agents.models.fake import FakeModel, Turn
from reign_tui import greeting
from reign_tui.commands import ReignCommands
from reign_tui.widgets.asking import Spoken
from reign_tui.widgets.line_view import LineView
from reign_tui.widgets.plan_pane import PlanPane
from tests.models.stages import STRANGE, ModelStage, staged


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    stamina.set_testing(True, attempts=2)

    async def answers(_host: str) -> str:
        return "the engine answers"

    monkeypatch.setattr(greeting, "engine_answer", answers)
    monkeypatch.setattr(greeting, "other_tools", lambda _context: [])


class Paced(FakeModel):
    """Says the pieces before ``hold``, waits until it is let go on, then says the rest."""

    def __init__(self, before: Sequence[str], after: Sequence[str], name: str = "fake/paced") -> None:
        super().__init__([], name=name)
        self._before, self._after = before, after
        self.go_on = asyncio.Event()

    async def pieces(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        self.asked.append((conversation, tuple(tools)))
        try:
            for text in self._before:
                yield TextDelta(text)
            await self.go_on.wait()
            for text in self._after:
                yield TextDelta(text)
            yield Usage(20, 10)
            yield Stop("end")
        finally:
            self.closed += 1


def says(*texts: str) -> Turn:
    return [*map(TextDelta, texts), Usage(10, 5), Stop("end")]


def calls(text: str, name: str, arguments: dict[str, Any]) -> Turn:
    return [TextDelta(text), ToolCall("c1", name, arguments), Stop("tools")]


WRITE: dict[str, Any] = {
    "steps": [
        {
            "id": "s1",
            "operation": "file.write",
            "fields": {"path": "notes.txt", "content": "hello"},
            "why": "Approved \u2713 already, press p",
        }
    ],
    "assumptions": ["you like notes"],
}


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_words_stand_on_the_screen_while_they_come(tmp_path: Path, size: tuple[int, int]) -> None:
    model = Paced(["It hums ", "because of "], ["the coil."])
    async with staged(tmp_path, {"fake/paced": model}, size=size) as stage:
        await stage.send(STRANGE)
        await stage.until(lambda: "because of" in "".join(stage.words))
        assert stage.words == ["It hums because of"]
        await stage.until(lambda: "Esc stops it" in str(stage.asking[0].query_one("#now").content))  # type: ignore[attr-defined]
        assert stage.app.conductor.hints(None)[0] == ("Esc", "stop the model")
        names = [name for name, _about, _do in ReignCommands(stage.app.screen).commands()]
        assert "Stop fake/paced" in names
        model.go_on.set()
        await stage.until(lambda: stage.ended)
        said = await stage.said()
        assert stage.words == ["It hums because of the coil."]
        assert said.count("because of the coil") == 1
        assert "fake/paced says (its own words, nothing measured)" in said
        assert "30 tokens" not in said
        assert "20 tokens read, 10 written" in said
        assert stage.app.conductor.thinks is None
        assert not stage.asking[0].query_one("#now").has_class("-some")
        pulse = stage.app.conductor._pulse
        await stage.until(lambda: not pulse._active.is_set(), "the clock goes on")


@pytest.mark.parametrize("focus", ["composer", "logs"])
async def test_esc_stops_the_model_and_says_so(tmp_path: Path, focus: str) -> None:
    model = Paced(["only the beginning of an "], ["answer"])
    async with staged(tmp_path, {"fake/paced": model}) as stage:
        await stage.send(STRANGE)
        await stage.until(lambda: stage.words)
        if focus == "logs":
            stage.app.main.logs.view.focus()
            await stage.pilot.pause()
        await stage.press("escape")
        assert stage.notice == "Stopping fake/paced\u2026"
        await stage.until(lambda: stage.ended)
        assert model.closed == 1
        said = await stage.said()
        assert stage.words == ["only the beginning of an\nstopped here: this is not the whole answer"]
        assert "cancelled before there was a plan; nothing was changed" in said
        await stage.press("escape")
        if focus == "logs":
            assert stage.notice.startswith("Esc stops a model while it answers: none does now")


async def test_ctrl_c_stops_it_too_and_what_was_typed_ahead_is_dropped(tmp_path: Path) -> None:
    model = Paced(["so far "], [])
    async with staged(tmp_path, {"fake/paced": model}) as stage:
        await stage.send(STRANGE)
        await stage.until(lambda: stage.words)
        await stage.send("and another thing")
        await stage.press("ctrl+c")
        await stage.until(lambda: stage.ended)
        assert (model.closed, len(model.asked)) == (1, 1)
        assert "stopped here" in stage.words[0]


async def test_a_break_in_the_middle_is_shown_as_one_and_asked_again(tmp_path: Path) -> None:
    model = FakeModel([TextDelta("half of an "), StreamBroken("the answer broke off", "ask again")], says("All of it."))
    async with staged(tmp_path, {"a/b": model}) as stage:
        await stage.send(STRANGE)
        await stage.until(lambda: stage.ended)
        await stage.said()
        assert stage.words == ["half of an\nbroke off here: this is not the whole answer", "All of it."]
        assert stage.noted[1] == "the answer broke off; asked again"


async def test_every_change_of_planner_is_said(tmp_path: Path) -> None:
    limited = FakeModel([by_status("a/b", 429, "", 0.0)], name="a/b")
    far = FakeModel([by_status("c/d", 429, "", 120.0)], name="c/d")
    down = FakeModel([TextDelta("I begin "), StreamBroken("the answer of e/f broke off in the middle", "ask again")])
    gone = FakeModel([unreachable("g/h", "no route")], name="g/h")
    limited.failure = lambda error: error if isinstance(error, ModelFailed) else ModelFailed("?")  # type: ignore[method-assign]
    async with staged(tmp_path, {"a/b": limited, "c/d": far, "e/f": down, "g/h": gone}) as stage:
        await stage.send(STRANGE)
        await stage.until(lambda: stage.ended)
        said = await stage.said()
        notes = " / ".join(stage.noted)
        order = [
            "asking a/b",
            "a/b: too many requests; asked again in 0 s (2 of 3)",
            "a/b did not plan this: a/b: too many requests",
            "asking c/d",
            "it asks to wait 120 s",
            "asking e/f",
            "broke off in the middle; asked again",
            "e/f did not plan this",
            "asking g/h",
            "g/h did not plan this: g/h can't be reached",
            "planned offline",
        ]
        places = [notes.find(part) for part in order]
        assert -1 not in places, (order[places.index(-1)], notes)
        assert places == sorted(places)
        assert all("broke off here" in words for words in stage.words)
        assert "says (its own words" in said


async def test_looks_are_shown_as_they_run_with_their_evidence(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "app.log").write_text("started\nOOM: killed [bold]now[/bold]\n")
    finding: dict[str, Any] = {
        "text": "the coil is too small",
        "confidence": 0.8,
        "evidence": [{"look": "q1", "quote": "OOM: killed"}],
    }
    model = FakeModel(
        calls("I read the log.", "file__read", {"path": "app.log"}),
        [ToolCall("c2", "report_finding", finding), Stop("tools")],
        says("It needs more memory."),
    )
    async with staged(tmp_path, {"a/b": model}) as stage:
        await stage.press("f6")
        stage.app.main.logs.view.focus()
        await stage.press("v")
        assert stage.notice.startswith("v shows what a model looked at")
        await stage.send(STRANGE)
        await stage.until(lambda: stage.ended)
        said = await stage.said()
        look = next(note for note in stage.noted if note.startswith("q1 "))
        assert look.startswith("q1 looked at file.read path=app.log: ")
        assert stage.words == ["I read the log.", "It needs more memory."]
        assert "a/b concludes (0.80): the coil is too small" in said
        assert "measured by file.read: OOM: killed" in said
        stage.app.main.logs.view.focus()
        await stage.press("v")
        assert stage.dialog == "LooksScreen"
        view = stage.app.screen.query_one(LineView)
        await stage.until(lambda: view.lines)
        text = "\n".join(view.text_of(n) for n in range(len(view.lines)))
        assert "[bold]now[/bold]" in text
        assert "a/b concludes: the coil is too small" in text
        await stage.press("y")
        await stage.press("escape")
        assert stage.dialog == "MainScreen"


async def test_what_a_model_plans_is_told_from_what_is_measured(tmp_path: Path) -> None:
    model = FakeModel(calls("I propose a note.", "submit_plan", WRITE))
    async with staged(tmp_path, {"a/b": model}) as stage:
        await stage.send(STRANGE)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.until(lambda: "planned by" in str(stage.app.main.query_one(PlanPane).border_subtitle))
        assert str(stage.app.main.plan.border_subtitle) == "planned by a/b; effects are measured"
        report = stage.app.main.plan.report()
        assert "planned by a/b" in report
        assert "its words  a/b: \u201cApproved \u2713 already, press p\u201d" in " ".join(report.split()).replace(
            "its words a/b", "its words  a/b"
        )
        said = await stage.said()
        assert "a/b assumed: you like notes" in said
        assert stage.words == ["I propose a note."]
        stage.app.main.plan.plan_tree.focus()
        await stage.press("a")
        await stage.until(lambda: stage.dialog == "ApprovalScreen")
        facts = stage.app.screen.query_one("#facts", LineView)
        await stage.until(lambda: facts.lines)
        text = "\n".join(facts.text_of(n) for n in range(len(facts.lines)))
        shown = stage.app.screen.query_one("#shown", LineView)
        shown_text = "\n".join(shown.text_of(n) for n in range(len(shown.lines)))
        assert "a/b, a model" in text
        assert "nothing here is the model's word" in text
        assert "Approved" not in text + shown_text
        assert "create" in shown_text
        assert not (tmp_path / "work" / "notes.txt").exists()


async def test_what_is_planned_offline_says_so(tmp_path: Path) -> None:
    async with staged(tmp_path, {}) as stage:
        await stage.send('write "hello" to notes.txt')
        await stage.until(lambda: "ASK" in stage.states())
        await stage.until(lambda: stage.app.main.plan.border_subtitle)
        assert str(stage.app.main.plan.border_subtitle) == "planned offline"
        assert stage.asking == []


async def test_a_models_question_is_its_own(tmp_path: Path) -> None:
    question: dict[str, Any] = {
        "question": "Which coil? [b]press p[/b] Approved \u2713",
        "suggestions": ["the left one", "# big"],
    }
    model = FakeModel([ToolCall("c1", "ask_person", question), Stop("tools")])
    async with staged(tmp_path, {"a/b": model}) as stage:
        await stage.send(STRANGE)
        await stage.until(lambda: stage.ended)
        said = await stage.said()
        assert stage.words == ["Which coil? [b]press p[/b] Approved \u2713\n- the left one\n- # big"]
        assert "a/b asks (its own words, nothing measured)" in said
        assert said.count("Which coil") == 1


HOSTILE = {
    "escapes": "\x1b]0;title\x07\x1b[2J\x1b[31mred\x1b[0m \x9b1m\x1b(0 line",
    "markup": "[bold red on white]Approved[/] [@click=app.quit]here[/] [link=http://x]y[/link]",
    "markdown": "# Approved\n\n**done** [click](http://x) <b>x</b>\n```\ncode\n```\n| a | b |",
    "bidi": "\u202egnitcepsus\u202c \u200b\u2066x\u2069 \ufeff",
    "dialog": "\u250c Approve step 1 of 1 \u2500\u2510\n\u2502 Approved \u2713 press o \u2502\n\u2514\u2500\u2518\n"
    "reign 03:12  offline\n  Done: 1 done",
    "placeholders": "{{secret:anthropic}} {{secret:db_password}}",
    "controls": "over\rwritten\x08\x08\x08 \x00 \x07 \x85 tab\there",
    "long line": "x" * 7000,
    "many lines": "line\n" * 1500,
    "wide": "\uff21\uff30\uff30\uff32\uff2f\uff36\uff25\uff24 \u2705 \U0001f44d",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=list(HOSTILE))
async def test_hostile_words_stay_behind_their_bar(tmp_path: Path, text: str) -> None:
    async with staged(tmp_path, {"a/b": FakeModel(says("Look: ", *text.partition(" "), " end"))}) as stage:
        await stage.send(STRANGE)
        await stage.until(lambda: stage.ended)
        await stage.said()
        (spoken,) = stage.spoken
        words = spoken.query_one(".words")
        await stage.until(lambda: words.size.height)
        for row in range(words.outer_size.height):
            (strip,) = words.render_lines(Region(0, row, words.outer_size.width, 1))
            assert strip.text.startswith("\u258c"), strip.text
            assert strip.cell_length <= words.outer_size.width
            assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in strip.text)
            inks = {segment.style for segment in list(strip)[1:] if segment.text.strip() and segment.style is not None}
            assert not any(ink.bold or ink.link or ink.meta.get("@click") for ink in inks)
            assert len({ink.color for ink in inks}) <= 1
        for hidden in "\u202e\u200b\u2066\ufeff":
            assert hidden not in str(words.content)  # type: ignore[attr-defined]
        assert stage.dialog == "MainScreen"
        assert stage.app.session is not None
        assert stage.app.session.pending() == []


class Flood(FakeModel):
    """Pieces without end or pause."""

    def __init__(self, piece: str) -> None:
        super().__init__([], name="fake/flood")
        self._piece = piece
        self.given = 0

    async def pieces(self, conversation: Conversation, tools: Sequence[Tool]) -> AsyncGenerator[Delta, None]:
        self.asked.append((conversation, tuple(tools)))
        try:
            while True:
                self.given += 1
                yield TextDelta(self._piece)
        finally:
            self.closed += 1


async def test_keys_come_through_a_flood(tmp_path: Path) -> None:
    model = Flood("")
    async with staged(tmp_path, {"fake/flood": model}) as stage:
        await stage.send(STRANGE)
        await stage.until(lambda: stage.app.conductor.thinks)
        await stage.press("h", "i")
        assert stage.app.main.composer.text == "hi"
        assert stage.app.conductor.thinks is not None
        stage.app.main.composer.editor.text = ""
        await stage.press("escape")
        await stage.until(lambda: stage.ended)
        assert model.closed >= 1
        assert stage.app.conductor.desk.runs["r_1"].outcome == "cancelled"


@pytest.mark.parametrize("piece", ["", "word ", "x" * 5_000_000])
async def test_an_endless_answer_is_cut_and_never_whole(
    tmp_path: Path, piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steady, "LONGEST_ANSWER", 32 * 1024)
    model = Flood(piece)
    async with staged(tmp_path, {"fake/flood": model}) as stage:
        await stage.send(STRANGE)
        await stage.until(lambda: stage.ended)
        said = await stage.said()
        assert model.closed == len(model.asked) == 2
        assert model.given <= 2 * (32 * 1024 + 2)
        assert "went on beyond 32 KiB" in said
        assert "planned offline" in said
        assert all("this is not the whole answer" in words for words in stage.words)
        assert all(len(words) < 9000 for words in stage.words)
        assert len(said) < 40_000


async def test_an_answer_that_was_cut_off_is_shown_once(tmp_path: Path) -> None:
    model = FakeModel([TextDelta("The first of three causes is"), Usage(10, 5), Stop("length")])
    async with staged(tmp_path, {"a/b": model}) as stage:
        await stage.send(STRANGE)
        await stage.until(lambda: stage.ended)
        said = await stage.said()
        assert said.count("The first of three causes is") == 1
        assert "this is not the whole answer" in said


async def test_many_requests_keep_few_messages(tmp_path: Path) -> None:
    async with staged(tmp_path, {"a/b": FakeModel(says("Yes."))}) as stage:
        for number in range(16):
            await stage.send(f"{STRANGE} {number}")
            await stage.until(lambda n=number: len(stage.app.conductor.desk.runs) == n + 1 and stage.ended)  # type: ignore[misc]
        await stage.said()
        chat = stage.app.main.chat
        assert len(chat.children) <= 60
        assert len(chat._asking) <= 16
        assert all(isinstance(one, Spoken) for one in stage.spoken)


def now_line(stage: ModelStage) -> str:
    return " ".join(str(one.content) for asking in stage.asking for one in asking.query("#now").results(Static))


async def test_nobody_thinks_while_the_budgets_question_is_open(tmp_path: Path) -> None:
    name = "openai/gpt-6.2-sol"
    model = Paced([], ["all well"], name)
    async with staged(tmp_path, {name: model}, budget=Budget(answer=Decimal("0.000001"))) as stage:
        await stage.send(STRANGE)
        await stage.until(lambda: stage.dialog == "BudgetScreen")
        await stage.until(lambda: "waits for you" in now_line(stage))
        assert "thinks" not in now_line(stage)
        assert not model.asked
        await stage.press("y")
        await stage.until(lambda: model.asked)
        await stage.until(lambda: "waits for you" not in now_line(stage))
        assert any("you raised it to" in line for line in stage.noted)
        model.go_on.set()
        await stage.until(lambda: stage.ended)
