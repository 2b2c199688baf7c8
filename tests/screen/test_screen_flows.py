"""What a person does on the main screen, key by key."""

from __future__ import annotations

from pathlib import Path

from textual.geometry import Size

from reign_agents.plan.edit import Choose, Drop, SetFields
from reign_agents.settings import Decision
from reign_executors.operation import JsonObject
from reign_tui.widgets.composer import Editor
from reign_tui.widgets.log_pane import LogView
from reign_tui.widgets.plan_tree import PlanTree
from reign_tui.widgets.tabs import Tabs
from tests.screen.conftest import Stage
from tests.screen.fake_session import REMOVE, WEB, Script, create, fake_session, plan_of, step, web_plan

WIDE, NARROW = (120, 40), (80, 24)


async def test_a_request_becomes_a_plan_is_approved_by_key_and_ends(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: stage.states()[:3] == ["ASK", "ASK", "ASK"])
        rows = stage.app.main.plan.plan_tree.rows()
        assert "RISK" in rows[0]
        assert "UNDO" in rows[0]
        assert any("docker.run" in row and "create" in row and "exact" in row for row in rows)
        await stage.until(lambda: isinstance(stage.app.focused, PlanTree))
        await stage.press("a")
        await stage.until(lambda: stage.dialog == "ApprovalScreen")
        await stage.press("p")
        await stage.until(lambda: stage.states() == ["done", "done", "run", "wait"])
        assert stage.session.calls[-1][2] is Decision.PLAN
        stage.session.release("r_52", "s3")
        await stage.until(lambda: stage.states() == ["done"] * 4)
        text = await stage.said()
        assert "approved steps 1-3, this plan" in text
        assert "Done: 4 done" in text


async def test_what_was_done_is_led_back_with_one_key(stage: Stage) -> None:
    stage.session.scripts[WEB] = Script(web_plan())
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.press("a", "p")
        await stage.until(lambda: stage.states() == ["done"] * 4)
        await stage.until(lambda: stage.dialog == "MainScreen")
        await stage.press("u")
        await stage.until(lambda: ("undo", "r_52", None) in stage.session.calls)
        await stage.until(lambda: stage.states() == ["ASK", "wait"])
        for number in (1, 2):
            await stage.press("a")
            await stage.until(lambda: stage.dialog == "ApprovalScreen")
            await stage.press("o")
            await stage.until(lambda n=number: stage.states()[n - 1] == "done")  # type: ignore[misc]
            await stage.until(lambda: stage.dialog == "MainScreen")
        assert stage.app.conductor.desk.current is not None
        assert stage.app.conductor.desk.current.outcome is not None


async def test_reads_need_nobody(stage: Stage) -> None:
    stage.session.scripts["list containers"] = Script(
        plan_of("list containers", step("s1", "docker.list", "containers")), answer="web\tup\npg\tup"
    )
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send("list containers")
        await stage.until(lambda: stage.states() == ["done"])
        assert "pg up" in await stage.said()


async def test_not_understood_says_what_can_be_done(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send("sing a song")
        await stage.until(lambda: len(stage.app.conductor.desk.runs) == 1)
        await stage.until(lambda: not stage.app.conductor.desk.working)
        text = await stage.said()
        assert "I did not understand that" in text
        assert "list containers" in text
        assert text.count("I did not understand that") == 1


async def test_a_failure_is_told_with_its_way_out_and_skips_what_hangs_on_it(stage: Stage) -> None:
    error: JsonObject = {
        "kind": "conflict",
        "cause": "port 8080 is taken by [bold]nginx[/]",
        "way_out": "publish 8081",
        "detail": "",
    }
    stage.session.scripts[WEB] = Script(web_plan(), errors={"s3": error})
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.press("a", "p")
        await stage.until(lambda: stage.states() == ["done", "done", "FAILED", "skip"])
        detail = stage.app.main.plan.detail
        shown = "\n".join(detail.text_of(index) for index in range(len(detail.lines)))
        assert "port 8080 is taken by [bold]nginx[/]" in shown
        assert "publish 8081" in shown
        assert "publish 8081" in await stage.said()


async def test_a_problem_is_settled_by_a_numbered_choice(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send("run a container named web")
        await stage.until(lambda: stage.states() == ["PICK"])
        assert "taken by container" in await stage.said()
        await stage.press("a")
        await stage.until(lambda: stage.dialog == "ChoiceScreen")
        await stage.press("3")
        await stage.until(lambda: ("edit", "r_52", Choose("s1", "rename")) in stage.session.calls)
        await stage.until(lambda: stage.states() == ["ASK"])


async def test_enter_in_the_choices_takes_nothing_unless_a_row_was_chosen(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send("run a container named web")
        await stage.until(lambda: stage.states() == ["PICK"])
        await stage.press("a")
        await stage.until(lambda: stage.dialog == "ChoiceScreen")
        await stage.press("enter")
        await stage.until(lambda: stage.dialog == "MainScreen")
        assert not any(call[0] == "edit" for call in stage.session.calls)


async def test_a_step_is_edited_or_left_out_before_it_runs(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send("run a container named web")
        await stage.until(lambda: stage.states() == ["PICK"])
        await stage.press("e")
        await stage.until(lambda: stage.dialog == "EditStepScreen")
        editor = stage.app.screen.query_one("#fields", Editor)
        editor.text = "{ not json"
        await stage.press("ctrl+s")
        assert "line 1" in str(stage.app.screen.query_one("#wrong").render())
        editor.text = '{"image": "nginx:1.27", "container": "web-3"}'
        await stage.press("ctrl+s")
        wanted = SetFields("s1", {"image": "nginx:1.27", "container": "web-3"})
        await stage.until(lambda: ("edit", "r_52", wanted) in stage.session.calls)
        await stage.until(lambda: stage.dialog == "MainScreen")
        await stage.until(lambda: stage.states() == ["ASK"])
        await stage.press("e")
        await stage.until(lambda: stage.dialog == "EditStepScreen")
        await stage.press("ctrl+x")
        await stage.until(lambda: ("edit", "r_52", Drop("s1")) in stage.session.calls)


async def test_ctrl_c_cancels_what_runs_and_a_second_one_leaves(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.press("a", "p")
        await stage.until(lambda: "run" in stage.states())
        await stage.press("ctrl+c")
        assert ("cancel", "r_52", None) in stage.session.calls
        assert "again leaves" in stage.notice
        await stage.until(lambda: stage.states() == ["done", "done", "cancel", "cancel"])
        await stage.press("ctrl+c")
    assert stage.app.return_value == 0
    assert stage.session.calls[-1] == ("close",)


async def test_ctrl_c_with_nothing_to_stop_only_warns(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.press("ctrl+c")
        assert stage.notice == "^C again leaves Reign"
        assert stage.app.is_running
        await stage.press("x")
        await stage.until(lambda: not stage.notice, "a key that writes ends the notice")


async def test_one_step_is_cancelled_and_only_while_it_can_be(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.press("a", "p")
        await stage.until(lambda: stage.states()[2] == "run")
        stage.app.main.plan.plan_tree.focus()
        await stage.press("x")
        await stage.until(lambda: ("cancel", "r_52", "s3") in stage.session.calls)
        await stage.until(lambda: stage.states() == ["done", "done", "cancel", "skip"])
        await stage.press("x")
        assert "has ended" in stage.notice


async def test_leaving_with_work_under_way_asks(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(REMOVE)
        await stage.until(lambda: stage.states() == ["ASK"])
        await stage.press("ctrl+q")
        assert stage.dialog == "QuitScreen"
        await stage.press("escape")
        assert stage.app.is_running
        await stage.press("ctrl+q", "s")
    assert stage.app.return_value == 0


async def test_requests_typed_ahead_wait_for_what_runs(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.press("a", "p")
        await stage.until(lambda: "run" in stage.states())
        await stage.send("sing a song")
        await stage.pilot.pause()
        assert list(stage.app.conductor.desk.ahead) == ["sing a song"]
        assert ("ask", "sing a song") not in stage.session.calls
        stage.session.release("r_52", "s3")
        await stage.until(lambda: ("ask", "sing a song") in stage.session.calls)
        assert not stage.app.conductor.desk.ahead


async def test_a_request_does_not_wait_for_an_approval_that_is_open(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(REMOVE)
        await stage.until(lambda: stage.states() == ["ASK"])
        await stage.send("sing a song")
        await stage.until(lambda: ("ask", "sing a song") in stage.session.calls)
        await stage.press("escape", "left_square_bracket")
        assert stage.states() == ["ASK"]


async def test_letters_typed_before_enter_are_all_sent(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        stage.app.main.composer.editor.focus()
        await stage.pilot.press(*"ab", "enter", *"cd")
        await stage.until(lambda: ("ask", "ab") in stage.session.calls)
        assert stage.app.main.composer.text == "cd"


async def test_several_lines_and_the_history_of_requests(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.pilot.press(*"one", "ctrl+j", *"two", "enter")
        await stage.until(lambda: ("ask", "one\ntwo") in stage.session.calls)
        await stage.pilot.press(*"three", "enter", *"draft")
        await stage.press("up")
        assert stage.app.main.composer.text == "three"
        await stage.press("up")
        assert stage.app.main.composer.text == "one\ntwo"
        await stage.press("up", "down", "down")
        assert stage.app.main.composer.text == "draft"


async def test_an_approval_does_not_take_the_keyboard_from_somebody_who_writes(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        editor = stage.app.main.composer.editor
        editor.text = "and then"
        stage.app.conductor.send(REMOVE)
        await stage.until(lambda: stage.states() == ["ASK"])
        await stage.pilot.pause(0.1)
        assert stage.app.focused is editor
        await stage.press("alt+a")
        await stage.until(lambda: stage.dialog == "ApprovalScreen")


async def test_the_log_of_steps_streams_and_can_be_found_in(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.press("a", "p")
        view = stage.app.main.logs.query_one(LogView)
        await stage.until(lambda: len(view.lines) == 5)
        assert "s1 docker" in view.text_of(0)
        stage.session.write("r_52", "s3", b"\x1b[31mred\x1b[0m [bold]not markup[/] \x1b]52;c;eA==\x07\nhalf a line")
        await stage.until(lambda: len(view.lines) == 6)
        assert view.text_of(5).endswith("red [bold]not markup[/] ")
        stage.session.release("r_52", "s3")
        await stage.until(lambda: len(view.lines) == 7)
        assert view.text_of(6).endswith("half a line")
        view.focus()
        await stage.press("slash", *"markup", "enter")
        assert view.found == 5
        await stage.press("n")
        assert view.found == 5
        assert stage.app.main.logs.standing.startswith("following · 7 lines")


async def test_the_log_shows_one_step_only_on_demand(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.press("a", "p")
        view = stage.app.main.logs.query_one(LogView)
        await stage.until(lambda: len(view.lines) == 5)
        stage.app.main.plan.plan_tree.select("s3")
        await stage.pilot.pause()
        view.focus()
        await stage.press("s")
        assert [view.text_of(n).split()[1] for n in range(len(view.lines))] == ["s3", "s3"]
        await stage.press("s")
        await stage.until(lambda: len(view.lines) == 5)


async def test_the_full_log_opens_from_its_file(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        stage.app.main.plan.plan_tree.focus()
        await stage.press("o")
        assert "no step has written" in stage.notice
        await stage.press("a", "p")
        await stage.until(lambda: stage.app.main.logs.count == 5)
        stage.app.main.plan.plan_tree.focus()
        await stage.press("o")
        await stage.until(lambda: stage.dialog == "FullLogScreen")
        from reign_tui.widgets.file_view import FileView

        view = stage.app.screen.query_one(FileView)
        await stage.until(lambda: view.count > 0)
        assert "ready for start up" in view.text_of(1)
        await stage.press("slash", *"nginx", "enter", "n", "escape")
        assert stage.dialog == "MainScreen"


async def test_the_size_may_change_in_the_middle_of_a_run(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.press("a", "p")
        await stage.until(lambda: "run" in stage.states())
        await stage.pilot.resize_terminal(*NARROW)
        await stage.until(lambda: stage.app.main.has_class("-narrow"))
        assert stage.app.main.query_one(Tabs).display
        assert stage.app.main.plan.display
        assert not stage.app.main.chat.display
        await stage.press("alt+3")
        assert stage.app.main.logs.display
        assert not stage.app.main.plan.display
        await stage.press("alt+1")
        assert stage.app.main.chat.display
        await stage.pilot.resize_terminal(30, 8)
        await stage.until(lambda: stage.dialog == "TooSmallScreen")
        await stage.pilot.resize_terminal(*WIDE)
        await stage.until(lambda: stage.dialog == "MainScreen")
        assert not stage.app.main.has_class("-narrow")
        stage.session.release("r_52", "s3")
        await stage.until(lambda: stage.states() == ["done"] * 4)


async def test_a_terminal_that_is_too_small_says_so_from_the_start(stage: Stage) -> None:
    async with stage.app.run_test(size=(39, 10)) as stage.pilot:
        await stage.until(lambda: stage.dialog == "TooSmallScreen")
        assert "40×10" in str(stage.app.screen.query_one("#text").render())


async def test_state_and_history_panes(stage: Stage) -> None:
    from tests.screen.fake_session import namespace

    async with stage.app.run_test(size=NARROW) as stage.pilot:
        await stage.send("sing a song")
        stage.session.scripts[WEB] = Script(web_plan())
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.press("a", "p")
        await stage.until(lambda: stage.states() == ["done"] * 4)
        stage.session.store.entries["r_53"] = [
            namespace(
                operation="docker.run", undo="exact", undone_by=None, fields={"name": "web"}, step="s3", run="r_53"
            )
        ]
        stage.app.main.plan.plan_tree.focus()
        await stage.press("4")
        from reign_tui.widgets.history_pane import HistoryPane
        from reign_tui.widgets.state_pane import StatePane

        state = stage.app.main.query_one(StatePane)
        await stage.until(lambda: state.standing == "1 change")
        await stage.press("5")
        history = stage.app.main.query_one(HistoryPane)
        await stage.until(lambda: history.standing.startswith("1 run"))
        await stage.until(lambda: stage.app.focused is history.rows)
        await stage.press("enter")
        await stage.until(lambda: stage.dialog == "ReplayScreen")


async def test_help_lists_every_binding_and_the_palette_what_can_be_done_now(stage: Stage) -> None:
    from reign_tui.screens.help import all_bindings
    from reign_tui.widgets.line_view import LineView

    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.press("f1")
        assert stage.dialog == "HelpScreen"
        view = stage.app.screen.query_one(LineView)
        text = "\n".join(view.text_of(index) for index in range(len(view.lines)))
        for binding in all_bindings():
            assert binding.id is not None
            assert binding.id in text
            assert binding.description in text
        await stage.press("escape")
        await stage.send(REMOVE)
        await stage.until(lambda: stage.states() == ["ASK"])
        await stage.press("ctrl+p")
        await stage.until(lambda: stage.dialog == "CommandPalette")
        await stage.press(*"answer")
        await stage.pilot.pause(0.3)
        await stage.press("enter", "enter")
        await stage.until(lambda: stage.dialog == "ApprovalScreen")


async def test_pausing_says_what_it_means(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        stage.app.main.plan.plan_tree.focus()
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        stage.app.main.plan.plan_tree.focus()
        await stage.press("p")
        assert ("pause", "r_52") in stage.session.calls
        assert "nothing new starts" in stage.notice
        await stage.press("p")
        assert ("proceed", "r_52") in stage.session.calls


async def test_a_step_opens_whole(stage: Stage) -> None:
    from reign_tui.widgets.step_detail import StepDetail

    async with stage.app.run_test(size=NARROW) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.until(lambda: isinstance(stage.app.focused, PlanTree))
        await stage.press("end", "up", "enter")
        await stage.until(lambda: stage.dialog == "StepScreen")
        detail = stage.app.screen.query_one(StepDetail)
        await stage.until(lambda: len(detail.lines) > 5)
        shown = "\n".join(detail.text_of(index) for index in range(len(detail.lines)))
        assert "+ port 8080 -> 80" in shown
        assert "sha256:" in shown
        await stage.press("y", "escape")
        assert stage.dialog == "MainScreen"


async def test_copying_uses_the_terminals_clipboard(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        stage.app.main.plan.plan_tree.focus()
        await stage.press("y")
        assert stage.notice.startswith("Copied")
        assert "docker.run" in stage.app.clipboard
        stage.app.copy("x" * 80_000)
        assert "Too much to copy" in stage.notice


async def test_keys_that_do_nothing_here_say_why(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.until(lambda: stage.app.ready)
        stage.app.main.logs.view.focus()
        await stage.pilot.pause()
        for key, words in {
            "a": "nothing waits",
            "x": "no plan yet",
            "u": "nothing has run",
            "U": "select one of a run that has ended",
            "e": "no plan yet",
            "p": "none is under way",
            "n": "press / first",
            "right_square_bracket": "none yet",
        }.items():
            await stage.press(key)
            assert words in stage.notice, key
        await stage.press("k")
        assert stage.notice == ""


async def test_targets_that_look_like_production_are_marked(tmp_path: Path, stage: Stage) -> None:
    from reign_tui.widgets.header import Header

    stage.session.scripts["x"] = Script(
        plan_of("x", step("s1", "docker.run", "container/web", create("container/web"), context="prod-eu"))
    )
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        await stage.send("x")
        await stage.until(lambda: stage.states() == ["ASK"])
        header = stage.app.main.query_one(Header)
        assert header.prod
        assert header.pending == 1
        assert "PROD" in str(header.render())
        assert "docker prod-eu" in str(header.render())
        assert stage.app.main.size == Size(*WIDE)


def test_the_fake_knows_the_newcomers_requests(tmp_path: Path) -> None:
    assert WEB in fake_session(tmp_path).scripts


async def test_the_mouse_selects_steps_tabs_and_rows(stage: Stage) -> None:
    from reign_tui.widgets.row_list import RowList

    stage.session.scripts[WEB] = Script(web_plan())
    async with stage.app.run_test(size=NARROW) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        await stage.until(lambda: stage.app.main.plan.display)
        tree = stage.app.main.plan.plan_tree
        await stage.pilot.click(tree, offset=(10, 5))
        await stage.until(lambda: tree.selected == "s4")
        await stage.press("a", "p")
        await stage.until(lambda: stage.states() == ["done"] * 4)
        tabs = stage.app.main.query_one(Tabs)
        await stage.pilot.click(tabs, offset=(24, 0))
        await stage.until(lambda: tabs.active == 3)
        await stage.press("alt+5")
        await stage.until(lambda: stage.app.main.query("#runs"))
        rows = stage.app.main.query_one("#runs", RowList)
        await stage.until(lambda: rows.lines)
        await stage.press("home", "pagedown", "end")
        await stage.pilot.click(rows, offset=(5, 1), times=2)
        await stage.until(lambda: stage.dialog == "ReplayScreen")


async def test_lines_can_be_selected_scrolled_and_held(stage: Stage) -> None:
    async with stage.app.run_test(size=WIDE) as stage.pilot:
        stage.session.scripts["x"] = Script(
            plan_of("x", step("s1", "shell.command", "command")),
            writes={"s1": b"".join(b"line %d of many\n" % n for n in range(6000))},
        )
        await stage.send("x")
        view = stage.app.main.logs.view
        await stage.until(lambda: stage.app.main.logs.count == 6000)
        assert len(view.lines) <= 5000
        assert "passed over" in view.text_of(0)
        assert view.following
        view.focus()
        await stage.press("pageup", "up")
        assert not view.following
        assert stage.app.main.logs.standing.startswith("held")
        place = view.scroll_offset.y
        stage.session.write("r_52", "s1", b"one more\n" * 10)
        await stage.until(lambda: stage.app.main.logs.count == 6010)
        assert view.scroll_offset.y == place
        await stage.press("f")
        assert view.following
        await stage.press("right", "left", "home", "end")
        view.text_select_all()
        await stage.pilot.pause()
        selected = stage.app.screen.get_selected_text()
        assert selected is not None
        assert "one more" in selected
        await stage.press("y")
        assert "Copied" in stage.notice or "Too much" in stage.notice
