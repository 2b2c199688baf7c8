"""Runs that are cut off: by a signal, by a time limit, by another process, by kill -9."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

Reign = Callable[..., Any]
SLEEP = ("run", "run the command sleep 300", "--approve", "destroy")
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(reign: Reign, folder: Path) -> Iterator[Start]:
    """``start("run", …)`` starts a command line in a process of its own, in the same home and folder."""
    started: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "reign_tui", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def until(process: subprocess.Popen[str], kind: str) -> dict[str, Any]:
    """Read events until one of that type."""
    assert process.stdout is not None
    for line in process.stdout:
        event: dict[str, Any] = json.loads(line)
        if event["type"] == kind:
            return event
    raise AssertionError(f"no {kind}")


def rest(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    """The events that are left, once it has ended."""
    out, _ = process.communicate(timeout=60)
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_cancels_and_is_journalled(number: signal.Signals, code: int, start: Start, reign: Reign) -> None:
    process = start(*SLEEP, "--json")
    until(process, "step.started")
    process.send_signal(number)
    events = rest(process)
    assert process.returncode == code
    assert events[-1]["data"] == {**events[-1]["data"], "outcome": "cancelled", "exit": code}
    (step,) = reign("show", "last", "--json").rows[0]["steps"]
    assert step["outcome"] == "cancelled"
    assert reign("history", "--json").rows[0]["outcome"] == "cancelled"


def test_a_time_limit(reign: Reign) -> None:
    said = reign(*SLEEP, "--json", "--timeout", "0.5")
    assert said.code == said.end["exit"] == 124
    assert "time limit" in said.end["answer"]


def test_another_process_cancels(start: Start, reign: Reign) -> None:
    process = start(*SLEEP, "--json")
    run = until(process, "step.started")["run"]
    assert reign("cancel", run).out == f"run {run} cancelled\n"
    assert rest(process)[-1]["data"]["outcome"] == "cancelled"
    assert process.returncode == 130


def test_another_process_attaches(start: Start, reign: Reign) -> None:
    process = start(*SLEEP, "--json")
    run = until(process, "step.started")["run"]
    watching, words = start("attach", run, "--json"), start("attach", run)
    until(watching, "step.started")
    process.send_signal(signal.SIGINT)
    assert rest(watching)[-1]["type"] == "run.finished"
    assert watching.returncode == 130
    _, err = words.communicate(timeout=60)
    assert f"run {run} cancelled (exit 130)" in err
    assert words.returncode == 130


def test_what_kill_leaves_is_offered_and_resumed(start: Start, reign: Reign, folder: Path) -> None:
    plan = {
        "steps": [
            {"id": "s1", "operation": "file.write", "fields": {"path": str(folder / "a"), "content": "a"}},
            {"id": "s2", "operation": "shell.command", "fields": {"command": "sleep 300"}, "needs": ["s1"]},
            {"id": "s3", "operation": "file.write", "fields": {"path": str(folder / "b"), "content": "b"}},
        ]
    }
    plan["steps"][2]["needs"] = ["s1"]
    (folder / "plan.json").write_text(json.dumps(plan))
    process = start("run", "--plan", "plan.json", "--approve", "destroy", "--json")
    event = until(process, "step.started")
    while event["step"] != "s2":
        event = until(process, "step.started")
    process.kill()
    process.communicate()
    (folder / "a").write_text("not written again")
    (row,) = reign("history", "--json").rows
    assert row["ended"] is None
    run = row["run"]
    for command in ("attach", "cancel"):
        said = reign(command, run)
        assert said.code == 3
        assert f"reign-tui resume {run}" in said.err
    said = reign("resume", run, "--json", "--approve", "destroy", "--timeout", "5")
    assert said.rows[0]["data"]["resumed"] is True
    assert said.code in (3, 124)
    assert (folder / "a").read_text() == "not written again"
    assert (folder / "b").read_text() == "b"


def test_a_run_that_is_driven_is_not_resumed(start: Start, reign: Reign) -> None:
    process = start(*SLEEP, "--json")
    run = until(process, "step.started")["run"]
    said = reign("resume", run)
    assert said.code == 1
    assert f"run {run} is driven by process {process.pid}" in said.err
    assert f"reign-tui attach {run}" in said.err


def test_a_reader_that_goes_away_does_not_stop_the_run(start: Start, reign: Reign, folder: Path) -> None:
    for words in (["--json"], []):
        process = start("run", f"create file notes{len(words)}.txt with content hello", "--approve", "create", *words)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        if not words:
            process.stderr.close()
        assert process.wait(timeout=60) == 0
        assert (folder / f"notes{len(words)}.txt").exists()


def test_lines_after_the_limit_are_in_the_log_only(reign: Reign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reign_tui.headless.OUTPUT_LINES", 5)
    said = reign("run", "run the command seq 1 20", "--approve", "destroy")
    assert said.code == 0
    assert "s1  | 5\n" in said.err
    assert "s1  | 6\n" not in said.err
    assert "… more in " in said.err
    assert reign("logs", "last").out.splitlines()[-1] == "20"


def test_output_of_tools_is_harmless_text(reign: Reign, folder: Path) -> None:
    (folder / "nasty").write_bytes(b"\x1b]0;title\x07red \x1b[31mred\x1b[0m \xff [bold]x[/bold]\n50%\r100%\nend")
    said = reign("run", "run the command cat nasty", "--approve", "destroy")
    assert said.code == 0
    assert "\x1b" not in said.err + said.out
    assert "[bold]x[/bold]" in said.err
    text = reign("logs", "last").out
    assert text.splitlines()[-2:] == ["100%", "end"]
    assert "\x1b" not in text
