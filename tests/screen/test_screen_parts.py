"""The parts below the widgets: lanes, text, folding, log reading, clipboard, themes, replay, desk."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reign_agents.events import Event, EventType, Outcome
from reign_executors.errors import NotFound
from reign_tui import narration
from reign_tui.app import ReignApp
from reign_tui.bridge import latest
from reign_tui.clipboard import CAP, TooLarge, osc52
from reign_tui.greeting import docker_host, engine_answer
from reign_tui.lanes import MOST_LANES, lanes
from reign_tui.log_tail import LogTail, shown
from reign_tui.player import Player
from reign_tui.run_view import RunView, State
from reign_tui.screens.help import all_bindings, key_name
from reign_tui.text import clock, cut, duration, literal, moment, paragraphs, plain, size
from reign_tui.themes import BrokenTheme, read_theme
from reign_tui.widgets.file_view import index
from reign_tui.widgets.history_list import ago, history_line
from tests.screen.conftest import NOON, Stage
from tests.screen.fake_session import REMOVE, STAMP, WEB, FakeSession, namespace, remove_plan, taken_plan, web_plan


def drawn(*steps: tuple[str, list[str]]) -> list[str]:
    return [f"{row.step or ''}{row.lanes}" for row in lanes(steps)]


def test_lanes_fork_and_join_as_a_diamond() -> None:
    assert drawn(("1", []), ("2", ["1"]), ("3", ["1"]), ("4", ["2"]), ("5", ["3"]), ("6", ["4", "5"])) == [
        "1●", "├─╮", "2● │", "3│ ●", "4● │", "5│ ●", "├─╯", "6●",
    ]  # fmt: skip


def test_lanes_of_steps_that_hang_on_nothing_stand_side_by_side() -> None:
    assert drawn(("1", []), ("2", []), ("3", ["1", "2"])) == ["1●", "2│ ●", "├─╯", "3●"]


def test_three_lanes_from_one_step() -> None:
    rows = drawn(("1", []), ("2", ["1"]), ("3", ["1"]), ("4", ["1"]), ("5", ["2", "3", "4"]))
    assert rows[1] == "├─┬─╮"
    assert rows[-2] == "├─┴─╯"


def test_lanes_are_bounded_and_unknown_needs_left_out() -> None:
    rows = lanes([(str(n), ["gone"]) for n in range(20)] + [("z", [str(n) for n in range(20)])])
    assert max(len(row.lanes) for row in rows) <= 2 * MOST_LANES
    assert [row.step for row in rows if row.step] == [str(n) for n in range(20)] + ["z"]


def test_what_tools_write_is_made_harmless() -> None:
    nasty = "\x1b[31mred\x1b[0m\x1b]52;c;eA==\x07 \x1b]8;;http://x\x1b\\link\x9b31m \u202eabc\x00\tend\r\n"
    assert plain(nasty) == "red link <U+202E>abc␀   end\n"
    assert plain("straße ü 日本") == "straße ü 日本"
    assert shown(b"10%\r50%\r100% done\r") == "100% done"
    assert shown(b"\xff\xfe broken") == "\ufffd\ufffd broken"
    assert len(shown(b"x" * 1_000_000)) == 4096
    assert literal("a_b *c* [d](e)\n<f>") == r"a\_b \*c\* \[d\]\(e\) \<f\>"


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (512, "512 B"), (1434, "1.4 KiB"), (40 * 2**30, "40 GiB"), (2**70, "1048576 PiB")]
)
def test_sizes(count: int, words: str) -> None:
    assert size(count) == words


def test_times() -> None:
    assert [duration(s) for s in (0.04, 12.14, 59.99, 185, 8040)] == ["0.0s", "12.1s", "1m00s", "3m05s", "2h14m"]
    assert [clock(s) for s in (-1, 18, 3723)] == ["00:00", "00:18", "1:02:03"]
    assert moment("2026-03-01T03:12:16Z") == NOON
    assert moment("rubbish").tzinfo is not None
    assert cut("abcdef", 4) == "abc…"
    assert paragraphs("one two three\n\nfour", 8) == ["one two", "three", "", "four"]
    assert ago("2026-03-01T01:00:00Z", NOON) == "01:00:00"
    assert ago("2026-02-26T01:00:00Z", NOON) == "Thu 01:00"
    assert ago("2025-02-26T01:00:00Z", NOON) == "2025-02-26"


def test_a_log_is_read_by_offset_and_only_the_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "log"
    tail = LogTail(path)
    assert tail.read(10) == ([], 0, False)
    path.write_bytes(b"one\ntwo\nthr")
    assert tail.read(10) == ([b"one", b"two"], 0, False)
    with path.open("ab") as file:
        file.write(b"ee\n" + b"x\n" * 100)
    lines, skipped, more = tail.read(5)
    assert (len(lines), skipped, more) == (5, 96, False)
    assert tail.count == 103
    with path.open("ab") as file:
        file.write(b"y" * 50_000)
    assert tail.read(5) == ([], 0, False)
    (last,), _, _ = tail.read(5, ended=True)
    assert len(last) == 8192
    tail.rewind(60_000)
    assert tail.read(2000, ended=True)[0][0] in (b"one", b"two")


def test_the_index_of_a_file_counts_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"line\n" * 1000 + b"last")
    places, count = index(path)
    assert count == 1001
    assert places == [0, 1280, 2560, 3840]
    assert index(tmp_path / "none") == ([0], 0)


def test_progress_is_latest_wins_and_the_rest_keeps_its_order() -> None:
    def event(kind: EventType, step: str, **data: int) -> Event:
        return Event("r", kind, dict(data), step)

    events = [
        event(EventType.STEP_STARTED, "s1"),
        event(EventType.OUTPUT_APPENDED, "s1", offset=0),
        event(EventType.OUTPUT_APPENDED, "s2", offset=0),
        event(EventType.OUTPUT_APPENDED, "s1", offset=9),
        event(EventType.STEP_FINISHED, "s1"),
    ]
    assert latest(events) == [events[0], events[2], events[3], events[4]]
    assert latest(events[:1]) == events[:1]


def folded(*events: Event) -> RunView:
    run = RunView("r_1")
    for event in events:
        run.apply(event)
    return run


def test_events_fold_into_states() -> None:
    plan = web_plan()
    ready = Event("r_1", EventType.PLAN_READY, {"plan": plan.to_json()}, time=STAMP.format(10, 1))
    bare = [{**s.to_json(), "effect": None} for s in plan.steps]
    run = folded(
        Event("r_1", EventType.RUN_STARTED, {"request": WEB}, time=STAMP.format(10, 0)),
        Event("r_1", EventType.PLAN_DRAFTED, {"plan": {**plan.to_json(), "steps": bare}}),  # type: ignore[dict-item]
    )
    assert {view.state for view in run} == {State.CHECK}
    assert not run.checked
    run.apply(Event("r_1", EventType.STEP_PREVIEWED, {"step": plan.steps[0].to_json()}, "s1"))
    assert str(run.steps["s1"].state) == "wait"
    run.apply(ready)
    approval = {"id": "a", "kind": "plan", "steps": [s.to_json() for s in plan.steps[:3]], "hash": "sha256:1"}
    run.apply(Event("r_1", EventType.APPROVAL_REQUESTED, approval))  # type: ignore[arg-type]
    assert run.waits_for_person
    assert run.steps["s3"].state is State.ASK
    answer = {"id": "a", "decision": "plan", "by": "ana", "hash": "sha256:1", "words": None}
    run.apply(Event("r_1", EventType.APPROVAL_ANSWERED, answer))  # type: ignore[arg-type]
    run.apply(Event("r_1", EventType.APPROVAL_ANSWERED, {"id": "other"}))
    assert run.steps["s3"].answered is not None
    run.apply(Event("r_1", EventType.STEP_STARTED, {"attempt": 2}, "s1"))
    run.apply(Event("r_1", EventType.STEP_PROGRESS, {"text": "41 of 63 MB"}, "s1"))
    assert run.steps["s1"].state is State.RUN
    assert run.steps["s1"].progress == "41 of 63 MB"
    run.apply(Event("r_1", EventType.STEP_FINISHED, {"outcome": "in_doubt", "error": "who knows"}, "s1"))
    assert str(run.steps["s1"].state) == "DOUBT"
    assert "who knows" in narration.failed(run.steps["s1"])
    run.apply(Event("r_1", EventType.STEP_FINISHED, {"outcome": "new word"}, "s2"))
    assert run.steps["s2"].state is State.STOPPED
    run.apply(Event("r_1", EventType.STEP_FINISHED, {"outcome": "done"}, "nowhere"))
    end = Event("r_1", EventType.RUN_FINISHED, {"outcome": "failed", "exit": 1}, time=STAMP.format(11, 0))
    run.apply(end)
    assert run.outcome is Outcome.FAILED
    assert run.elapsed(datetime.now(UTC)) == 60
    assert not run.waits_for_person


def test_a_problem_blocks_until_somebody_chooses() -> None:
    run = folded(Event("r_1", EventType.PLAN_READY, {"plan": taken_plan().to_json()}))
    assert [view.state for view in run] == [State.PICK]
    assert run.waits_for_person
    assert "Press **a** to choose" in narration.planned(run)


def test_the_chat_tells_letters_not_markup() -> None:
    run = folded(Event("r_1", EventType.PLAN_READY, {"plan": remove_plan().to_json()}))
    told = narration.planned(run)
    assert "1 DESTROY" in told
    assert "40 MiB of data would be lost" in told
    assert "no way back: step 1" in told
    found = narration.finding({"text": "*137*", "confidence": 0.9, "evidence": [{"query": "q", "excerpt": "[e]"}]})
    assert r"\*137\*" in found
    assert r"\[e\]" in found
    assert narration.problem(NotFound("no [x]", "try `y`")) == "no \\[x\\]\n\ntry \\`y\\`"
    assert narration.answered(run, "not_now", ("s1",), None) == "not now: step 1"


def test_the_clipboard_goes_through_tmux_and_has_a_cap() -> None:
    data = base64.b64encode(b"hi").decode()
    assert osc52("hi", {}) == f"\x1b]52;c;{data}\x07"
    assert osc52("hi", {"TMUX": "/tmp/x"}) == f"\x1bPtmux;\x1b\x1b]52;c;{data}\x07\x1b\\"
    wrapped = osc52("x" * 600, {"TERM": "screen-256color"})
    assert wrapped.count("\x1bP") == wrapped.count("\x1b\\") > 1
    with pytest.raises(TooLarge, match="Too much to copy"):
        osc52("x" * (CAP + 1), {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = 'x'\nprimary = 'nocolour'", "line 2: primary: 'nocolour' is no colour"),
        ("name = 'x'", "primary is missing"),
        ("name = 'x'\nprimary = '#fff'\ndark = 'yes'", "line 3: dark must be"),
        ("name = 'x'\nprimary = '#fff'\nhat = 1", "line 3: there is no setting 'hat'"),
        ("name = 'x'\nprimary = '#fff'\nvariables = 3", "line 3: variables"),
        ("name = ", "line 1"),
    ],
)
def test_a_broken_theme_says_where(tmp_path: Path, text: str, words: str) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(BrokenTheme, match=r"mine\.toml") as caught:
        read_theme(file)
    assert words in str(caught.value)


async def test_a_broken_theme_is_told_and_a_good_one_used(
    make_app: Callable[..., ReignApp], session: FakeSession, tmp_path: Path
) -> None:
    (tmp_path / "bad.toml").write_text("name = 'bad'\nprimary = 3")
    (tmp_path / "mine.toml").write_text("name = 'mine'\nprimary = '#336699'\ndark = true\n")
    (tmp_path / "gone.toml").symlink_to(tmp_path / "nowhere")
    stage = Stage(make_app(themes=tmp_path, theme="mine"), session)
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        assert stage.app.theme == "mine"
        text = await stage.said()
        assert "bad.toml" in text
        assert "it can't be read" in text


@pytest.mark.parametrize("theme", ["reign-light", "reign-contrast", "reign-ansi"])
async def test_every_theme_draws_every_state_in_words(
    make_app: Callable[..., ReignApp], session: FakeSession, theme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if theme == "reign-ansi":
        monkeypatch.setenv("NO_COLOR", "1")
    stage = Stage(make_app(theme=theme), session)
    async with stage.app.run_test(size=(120, 40)) as stage.pilot:
        await stage.send(REMOVE)
        await stage.until(lambda: stage.states() == ["ASK"])
        row = stage.app.main.plan.plan_tree.rows()[1]
        for word in ("ASK", "DESTROY", "NONE", "40 MiB"):
            assert word in row


async def test_an_unknown_theme_is_told(make_app: Callable[..., ReignApp], session: FakeSession) -> None:
    session.store.warnings = ("the database was damaged and kept aside",)
    stage = Stage(make_app(theme="pink", warnings=("config.toml, line 3: no setting",)), session)
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        text = await stage.said()
        assert stage.app.theme == "reign-dark"
        for words in ("no theme 'pink'", "kept aside", "line 3"):
            assert words in text


def test_every_binding_has_an_id_of_its_own_and_none_is_on_ctrl_a_or_ctrl_b() -> None:
    bindings = all_bindings()
    ids = [binding.id for binding in bindings]
    assert len(ids) == len(set(ids))
    for binding in bindings:
        keys = {key.strip() for key in binding.key.split(",")}
        assert not keys & {"ctrl+a", "ctrl+b"}, binding
        assert binding.description
    assert key_name("ctrl+p") == "^P"
    assert key_name("alt+1") == "Alt+1"
    assert key_name("question_mark") == "?"


async def test_no_widget_on_the_screens_brings_a_binding_without_an_id(stage: Stage) -> None:
    async with stage.app.run_test(size=(120, 40)) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        await stage.press("alt+4", "alt+5")
        for node in [stage.app, stage.app.screen, *stage.app.screen.walk_children()]:
            for keys in node._bindings.key_to_bindings.values():
                for binding in keys:
                    assert binding.key not in ("ctrl+a", "ctrl+b"), node
                    assert binding.id, (node, binding)


async def test_keys_can_be_given_to_others(make_app: Callable[..., ReignApp], session: FakeSession) -> None:
    stage = Stage(make_app(keymap={"main.approve": "f4", "composer.send": "ctrl+s"}), session)
    async with stage.app.run_test(size=(120, 40)) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        stage.app.main.composer.editor.text = REMOVE
        await stage.press("ctrl+s")
        await stage.until(lambda: stage.states() == ["ASK"])
        await stage.press("f4")
        await stage.until(lambda: stage.dialog == "ApprovalScreen")


async def test_past_runs_are_found_opened_and_replayed(stage: Stage) -> None:
    from reign_tui.screens.replay import ReplayScreen
    from reign_tui.widgets.log_pane import LogPane
    from reign_tui.widgets.plan_pane import PlanPane

    stage.session.scripts[WEB].hold.clear()
    async with stage.app.run_test(size=(120, 40)) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.press("a", "p")
        await stage.until(lambda: stage.states() == ["done"] * 4)
        stage.app.open_history()
        await stage.until(lambda: stage.dialog == "HistoryScreen")
        await stage.press("slash", *"nothing", "enter")
        from reign_tui.widgets.history_pane import HistoryPane

        pane = stage.app.screen.query_one(HistoryPane)
        await stage.until(lambda: pane.standing == "no run matches")
        await stage.press("u")
        assert "there is none" in stage.notice
        await stage.press("slash", "enter")
        await stage.until(lambda: pane.standing == "1 run")
        await stage.press("enter")
        await stage.until(lambda: isinstance(stage.app.screen, ReplayScreen))
        screen = stage.app.screen
        assert isinstance(screen, ReplayScreen)
        plan = screen.query_one(PlanPane)
        await stage.until(lambda: plan.summary() == "4/4")
        logs = screen.query_one(LogPane)
        await stage.until(lambda: logs.count == 5)
        await stage.press("full_stop")
        assert screen.player.place == 1
        assert plan.summary() == ""
        await stage.press("v", "v")
        assert "max" in stage.notice
        await stage.press("space")
        await stage.until(lambda: screen.player.ended and not screen.player.playing)
        assert plan.summary() == "4/4"
        await stage.press("y", "enter")
        await stage.until(lambda: stage.dialog == "StepScreen")
        await stage.press("escape", "u")
        await stage.until(lambda: ("undo", "r_52", None) in stage.session.calls)
        assert stage.dialog == "MainScreen"


def test_a_replay_keeps_its_pace_and_shortens_long_waits() -> None:
    events = [
        Event("r", EventType.RUN_STARTED, time=STAMP.format(10, 0)),
        Event("r", EventType.PLAN_READY, time=STAMP.format(10, 2)),
        Event("r", EventType.RUN_FINISHED, time=STAMP.format(20, 0)),
    ]
    player = Player(events)
    assert player.advance(0.1) == events[:1]
    assert player.advance(1.0) == []
    assert player.advance(1.0) == events[1:2]
    assert player.advance(2.5) == []
    assert player.advance(1.0) == events[2:]
    player.restart()
    player.faster()
    assert player.speed_word == "10×"
    player.faster()
    assert player.advance(0.0) == events


async def test_runs_that_did_not_end_are_offered(stage: Stage) -> None:
    from tests.screen.fake_session import FakeRecord

    stage.session.store.records["r_9"] = FakeRecord("r_9", web_plan())
    stage.session.store.left = ["r_9"]
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        await stage.until(lambda: stage.dialog == "UnfinishedScreen")
        await stage.press("enter")
        assert stage.dialog == "UnfinishedScreen"
        await stage.press("r")
        await stage.until(lambda: ("resume", "r_9") in stage.session.calls)
        await stage.until(lambda: "ASK" in stage.states())


async def test_unfinished_runs_may_be_left_or_led_back(stage: Stage) -> None:
    from tests.screen.fake_session import FakeRecord

    stage.session.undos["r_9"] = stage.session.undos["r_52"]
    stage.session.store.records["r_9"] = FakeRecord("r_9", web_plan())
    stage.session.store.left = ["r_9"]
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        await stage.until(lambda: stage.dialog == "UnfinishedScreen")
        await stage.press("u")
        await stage.until(lambda: ("undo", "r_9", None) in stage.session.calls)


async def test_a_session_goes_on_with_what_was_said(stage: Stage) -> None:
    stamp = STAMP.format(1, 1)
    stage.session.store.said = [
        namespace(who="person", text="scale it", time=stamp, run=None),
        namespace(who="reign", text="*done*", time=stamp, run="r_1"),
    ]
    async with stage.app.run_test(size=(120, 40)) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        await stage.until(lambda: len(stage.app.main.chat.children) > 2)
        text = await stage.said()
        assert "scale it" in text
        assert "*done*" in text.replace("\\", "")


async def test_an_engine_that_can_not_start_ends_the_app_with_its_reason(tmp_path: Path) -> None:
    from reign_tui.config import AppConfig

    def broken() -> object:
        raise NotFound("the database is from a newer version")

    app = ReignApp(broken, AppConfig())  # type: ignore[arg-type]
    async with app.run_test() as pilot:
        for _ in range(200):
            if app.failure is not None:
                break
            await pilot.pause(0.01)
    assert isinstance(app.failure, NotFound)


async def test_whether_the_engine_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    assert "no engine at" in await engine_answer(f"unix://{tmp_path}/none.sock")
    assert "asked when it is needed" in await engine_answer("tcp://h:1")
    path = str(tmp_path / "d.sock")

    async def ping(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.0 200 OK\r\n\r\nOK")
        await writer.drain()
        writer.close()

    server = await asyncio.start_unix_server(ping, path)
    async with server:
        assert await engine_answer(f"unix://{path}") == "the engine answers"
    assert docker_host("prod") == "context prod"
    monkeypatch.setenv("DOCKER_HOST", "tcp://h:1")
    assert docker_host(None) == "tcp://h:1"


def test_a_row_of_history_says_it_in_words() -> None:
    row = {
        "run": "r_7", "started": STAMP.format(1, 1), "outcome": "in_doubt", "risk": "destroy", "undo": "none",
        "steps": {"done": 1, "failed": 1}, "request": "remove\nweb",
    }  # fmt: skip
    text = "".join(part for part, _ in history_line(row, NOON, 80))  # type: ignore[arg-type]
    for word in ("r_7", "in doubt", "DESTROY", "NONE", "1/2", "remove web"):
        assert word in text


async def test_words_typed_while_the_offer_opens_start_nothing(stage: Stage) -> None:
    from tests.screen.fake_session import FakeRecord

    stage.session.store.records["r_9"] = FakeRecord("r_9", web_plan())
    stage.session.store.left = ["r_9"]
    stage.app.grace = 30.0
    async with stage.app.run_test(size=(80, 24)) as stage.pilot:
        await stage.until(lambda: stage.dialog == "UnfinishedScreen")
        await stage.press("r")
        await stage.press("u")
        assert stage.dialog == "UnfinishedScreen"
        assert not any(call[0] in ("resume", "undo") for call in stage.session.calls)
