"""Planning, running, looking back and undoing without a screen, on real files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Reign = Callable[..., Any]
MAKE = "create file notes.txt with content hello"


def test_a_plan_shows_effects_and_runs_nothing(reign: Reign, folder: Path) -> None:
    said = reign("plan", MAKE, "--json")
    assert said.code == 0
    (plan,) = said.rows
    assert plan.keys() >= {"v", "kind", "plan", "hash", "request", "intent", "confidence", "planner", "question"}
    assert (plan["v"], plan["kind"], plan["risk"], plan["verdict"]) == (1, "plan", "create", "ask")
    (step,) = plan["steps"]
    assert step.keys() >= {"id", "operation", "fields", "needs", "target", "why", "verdict", "effect", "undo", "hash"}
    assert step["effect"]["changes"][0]["action"] == "create"
    assert list(folder.iterdir()) == []
    assert reign("history").out == "no runs yet\n"


def test_a_plan_for_people(reign: Reign, folder: Path) -> None:
    said = reign("plan", MAKE)
    assert said.code == 0
    assert "create   file.write" in said.out
    assert "undo exact" in said.out
    assert "+hello" in said.out


def test_without_approval_nothing_is_changed(reign: Reign, folder: Path) -> None:
    said = reign("run", MAKE, "--json")
    assert said.code == said.end["exit"] == 3
    assert said.end["outcome"] == "stopped"
    assert "approval.requested" in said.types
    assert "--approve create" in said.end["answer"]
    assert list(folder.iterdir()) == []


def test_a_run_in_json(reign: Reign, folder: Path) -> None:
    said = reign("run", MAKE, "--json", "--approve", "create")
    assert said.code == 0
    assert (folder / "notes.txt").read_text().strip() == "hello"
    assert said.types[:2] == ["run.started", "plan.ready"]
    assert set(said.types) <= {
        *("run.started", "plan.ready", "step.started", "output.appended", "approval.requested", "approval.answered"),
        *("step.finished", "finding", "question", "run.finished"),
    }
    assert all(row.keys() == {"v", "seq", "time", "run", "step", "type", "data"} for row in said.rows)
    numbers = [row["seq"] for row in said.rows if row["seq"]]
    assert numbers == list(range(1, len(numbers) + 1))
    (finished,) = (row["data"] for row in said.rows if row["type"] == "step.finished")
    assert finished.keys() >= {"outcome", "attempt", "seconds", "outputs", "error"}
    assert (finished["outcome"], finished["verified"]) == ("done", True)
    assert said.end.keys() == {"outcome", "exit", "answer"}
    assert said.err == ""


def test_a_run_for_people(reign: Reign, folder: Path) -> None:
    said = reign("run", MAKE, "--approve", "create")
    assert said.code == 0
    assert "s1  started  file.write\n" in said.err
    assert "s1  done, verified  file.write" in said.err
    assert said.err.splitlines()[-1] == "run r_1 done (exit 0); reign-tui undo r_1 leads back"


def test_an_answer_goes_to_stdout(reign: Reign, folder: Path) -> None:
    (folder / "one.txt").touch()
    said = reign("run", "list the files here")
    assert said.code == 0
    assert said.out.startswith("one.txt")
    assert "run r_1 done (exit 0)\n" in said.err


@pytest.mark.parametrize("form", ["-", "@request.txt", "several words"])
def test_where_the_request_comes_from(form: str, reign: Reign, folder: Path) -> None:
    (folder / "request.txt").write_text(f"{MAKE}\n")
    words = MAKE.split() if form == "several words" else [form]
    said = reign("plan", *words, "--json", given=MAKE)
    assert said.rows[0]["request"] == MAKE


def test_what_is_not_understood(reign: Reign) -> None:
    said = reign("run", "frobnicate the gizmo", "--json")
    assert said.code == said.end["exit"] == 4
    assert said.types == ["run.started", "question", "run.finished"]
    assert said.rows[1]["data"]["suggestions"]
    words = reign("run", "frobnicate the gizmo")
    assert words.code == 4
    assert "do not understand" in words.err
    assert "  - " in words.err
    plan = reign("plan", "frobnicate the gizmo", "--json")
    assert plan.code == 4
    assert plan.rows[0]["question"]
    assert "do not understand" in plan.err
    assert reign("history").out == "no runs yet\n"


def test_how_do_i_is_planned_and_never_run(reign: Reign, folder: Path) -> None:
    said = reign("run", "how do I create a file notes.txt with content hello?", "--approve", "destroy", "--json")
    assert said.code == said.end["exit"] == 3
    assert "plan.ready" in said.types
    assert "step.started" not in said.types
    assert list(folder.iterdir()) == []


def test_read_only_denies_every_change(reign: Reign, folder: Path) -> None:
    said = reign("run", MAKE, "--read-only", "--approve", "destroy", "--json")
    assert said.code == said.end["exit"] == 5
    assert list(folder.iterdir()) == []
    plan = reign("--read-only", "plan", MAKE)
    assert plan.code == 5
    assert "read-only mode" in plan.err


def test_a_missing_daemon_is_named(reign: Reign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    for words in (("run", "create volume data", "--json"), ("plan", "create volume data")):
        said = reign(*words)
        assert said.code == 6
        assert f"{tmp_path}/none.sock" in said.out + said.err
        assert "systemctl start docker" in said.out + said.err


def test_a_saved_plan_and_its_hash(reign: Reign, folder: Path) -> None:
    (folder / "other").mkdir()
    plan = reign("plan", "create file other/a.txt with content x", "--json")
    (folder / "plan.json").write_text(plan.out)
    said = reign("run", "--plan", "plan.json", "--approve-hash", plan.rows[0]["hash"], "--json")
    assert said.code == 0
    assert (folder / "other" / "a.txt").exists()
    (folder / "other" / "a.txt").write_text("somebody else was here")
    again = reign("run", "--plan", "-", "--approve-hash", plan.rows[0]["hash"], "--json", given=plan.out)
    assert again.code in (3, 4)
    assert (folder / "other" / "a.txt").read_text() == "somebody else was here"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no json", "is no JSON"),
        ("[]", "holds no plan with steps"),
        ('{"kind": "run", "steps": [1]}', "holds no plan with steps"),
        ('{"steps": []}', "holds no plan with steps"),
        ('{"v": 2, "steps": [{"id": "s1"}]}', "is of version 2"),
        ('{"steps": [{"id": "s1"}]}', "holds a plan with a fault"),
        ('{"steps": [7]}', "holds a plan with a fault"),
        (
            '{"steps": [{"id": "s1", "operation": "file.write", "effect": {"changes": [{}]}}]}',
            "holds a plan with a fault",
        ),
    ],
)
def test_a_file_that_is_no_plan(text: str, said: str, reign: Reign, folder: Path) -> None:
    (folder / "plan.json").write_text(text)
    answer = reign("run", "--plan", "plan.json", "--json")
    assert answer.code == 2
    assert said in answer.err


@pytest.mark.parametrize(
    "step",
    [
        {"id": "s1", "operation": "moon.land"},
        {"id": "s1", "operation": "file.write", "fields": {"colour": "red"}},
        {"id": "s1", "operation": "file.write", "fields": {"path": "a", "content": "x"}, "needs": ["s1"]},
    ],
)
def test_a_plan_that_does_not_hold_together(step: dict[str, Any], reign: Reign, folder: Path) -> None:
    (folder / "plan.json").write_text(json.dumps({"steps": [step]}))
    answer = reign("run", "--plan", "plan.json", "--json", "--approve", "destroy")
    assert answer.code == answer.end["exit"]
    assert answer.code in (1, 2)
    assert answer.end["answer"]
    assert "unexpected" not in answer.err


def test_undo_and_undo_again(reign: Reign, folder: Path) -> None:
    made = reign("run", MAKE, "--json", "--approve", "create")
    asked = reign("undo", made.run, "--json")
    assert asked.code == asked.end["exit"] == 3
    assert (folder / "notes.txt").exists()
    undone = reign("undo", "last", "--json", "--approve", "destroy")
    assert undone.code == 0
    assert not (folder / "notes.txt").exists()
    again = reign("undo", made.run, "--json", "--approve", "destroy")
    assert again.code == 0
    assert again.types == ["run.finished"]
    assert "nothing to undo" in again.end["answer"]
    last = reign("undo", "last")
    assert last.code == 0
    assert "nothing to undo" in last.err


def test_undo_of_one_step(reign: Reign, folder: Path) -> None:
    plan = {
        "steps": [
            {"id": "s1", "operation": "file.write", "fields": {"path": str(folder / "a"), "content": "a"}},
            {"id": "s2", "operation": "file.write", "fields": {"path": str(folder / "b"), "content": "b"}},
        ]
    }
    (folder / "plan.json").write_text(json.dumps(plan))
    made = reign("run", "--plan", "plan.json", "--json", "--approve", "create")
    assert made.code == 0
    assert reign("undo", made.run, "--step", "9").code == 2
    assert reign("undo", made.run, "--step", "2", "--approve", "destroy", "--json").code == 0
    assert (folder / "a").exists()
    assert not (folder / "b").exists()


def test_what_others_changed_is_not_overwritten(reign: Reign, folder: Path) -> None:
    made = reign("run", MAKE, "--json", "--approve", "create")
    (folder / "notes.txt").write_text("changed by hand")
    undone = reign("undo", made.run, "--json", "--approve", "destroy")
    assert undone.code in (3, 4)
    assert (folder / "notes.txt").read_text() == "changed by hand"


def test_history_and_show(reign: Reign, folder: Path) -> None:
    reign("run", MAKE, "--approve", "create")
    reign("run", "list the files here")
    rows = reign("history", "--json").rows
    assert [row["run"] for row in rows] == ["r_2", "r_1"]
    keys = {"v", "run", "plan", "request", "intent", "risk", "user", "started", "ended", "outcome", "steps", "undo"}
    assert all(row.keys() >= keys for row in rows)
    assert rows[1]["steps"].items() >= {"done": 1, "failed": 0, "skipped": 0, "waiting": 0}.items()
    assert [row["run"] for row in reign("history", "--json", "--limit", "1").rows] == ["r_2"]
    assert [row["run"] for row in reign("history", "--json", "--search", "notes").rows] == ["r_1"]
    assert reign("history", "--search", "zebra").out == "no runs with these words\n"
    table = reign("history").out.splitlines()
    assert table[0].split() == ["RUN", "STARTED", "OUTCOME", "RISK", "UNDO", "STEPS", "REQUEST"]
    assert table[2].endswith(MAKE)
    for name in ("r_1", "1"):
        (shown,) = reign("show", name, "--json").rows
        assert shown.keys() >= {"v", "run", "plan", "steps"}
        (step,) = shown["steps"]
        keys = {
            "id",
            "outcome",
            "attempts",
            "started",
            "ended",
            "outputs",
            "verified",
            "approval",
            "log",
            "undo",
            "error",
        }
        assert step.keys() >= keys
        assert step["approval"].keys() >= {"by", "how", "hash", "time"}
    words = reign("show", "r_1").out
    assert "s1  done, verified\n" in words
    assert "approved by" in words


@pytest.mark.parametrize("command", ["show", "logs", "attach", "cancel", "resume", "undo", "replay"])
def test_a_run_that_is_not_there(command: str, reign: Reign) -> None:
    said = reign(command, "r_99")
    assert said.code == 2
    assert "there is no run 'r_99'" in said.err
    assert "reign-tui history" in said.err


def test_there_is_no_last_run_yet(reign: Reign) -> None:
    assert "there are no runs yet" in reign("show", "last").err
    assert reign("run", "list the files here", "--continue").code == 2


def test_logs(reign: Reign, folder: Path) -> None:
    reign("run", MAKE, "--approve", "create")
    assert "notes.txt" in reign("logs", "last").out
    assert reign("logs", "last", "s1").out == reign("logs", "last", "1").out
    (row, *_) = reign("logs", "last", "--json").rows
    assert row.keys() == {"v", "run", "step", "line", "text"}
    assert reign("logs", "last", "s9").code == 2


def test_replay_tells_what_the_run_told(reign: Reign, folder: Path) -> None:
    made = reign("run", MAKE, "--json", "--approve", "create")
    journalled = [row for row in made.rows if row["seq"]]
    assert reign("replay", "last", "--json").rows == journalled
    assert reign("replay", "last", "--json", "--speed", "1000").rows == journalled
    assert "s1  done, verified  file.write" in reign("replay", "last").err


def test_what_ended_is_left_alone(reign: Reign, folder: Path) -> None:
    made = reign("run", MAKE, "--json", "--approve", "create")
    assert reign("attach", "last", "--json").rows == [row for row in made.rows if row["seq"]]
    assert reign("cancel", "last").out == "run r_1 had ended already: done\n"
    said = reign("resume", "last", "--json")
    assert said.code == 0
    assert said.types == ["run.finished"]
    assert "nothing to resume" in said.end["answer"]


def test_attach_gives_the_exit_code_of_the_run(reign: Reign) -> None:
    reign("run", MAKE)
    assert reign("attach", "last").code == 3


def test_continue_knows_what_that_is(reign: Reign, folder: Path) -> None:
    reign("run", MAKE, "--approve", "create")
    said = reign("run", "undo that", "--continue", "--approve", "destroy", "--json")
    assert said.code == 0
    assert not (folder / "notes.txt").exists()
    assert len(reign("history", "--continue", "--json").rows) == 2


def test_cwd(reign: Reign, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    assert reign("--cwd", str(place), "run", MAKE, "--approve", "create").code == 0
    assert (place / "notes.txt").exists()


def test_warnings_about_settings_are_said(reign: Reign, reign_home: Path) -> None:
    file = reign_home / "config" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text("theme = \n")
    said = reign("history")
    assert said.code == 0
    assert said.err.startswith(f"warning: {file}, line 1: ")
