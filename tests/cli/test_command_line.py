"""The front door: what is wrong with a command line is said in a sentence with the next command."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from reign_tui.__main__ import main
from reign_tui.cli.commands import COMMANDS, LATER
from reign_tui.version import __version__


def call(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run a command line in this process; returns the exit code."""
    monkeypatch.setattr(sys, "argv", ["reign-tui", *words])
    return main()


class Given(io.TextIOWrapper):
    """Stdin with this content."""

    def __init__(self, text: str | bytes) -> None:
        super().__init__(io.BytesIO(text if isinstance(text, bytes) else text.encode()), "utf-8")


def program(*words: str, given: str = "", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "reign_tui", *words],
        input=given,
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
        check=False,
    )


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_version(flag: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(monkeypatch, flag) == 0
    assert capsys.readouterr().out == f"reign-tui {__version__}\n"


def test_version_beside_other_flags(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(monkeypatch, "--offline", "--version") == 0
    assert capsys.readouterr().out == f"reign-tui {__version__}\n"


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("help",)])
def test_help_names_every_command(
    words: Sequence[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, *words) == 0
    out = capsys.readouterr().out
    assert all(f"\n  {name} " in out for name in COMMANDS)
    assert max(map(len, out.splitlines())) <= 100


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, name, "--help") == 0
    out = capsys.readouterr().out
    assert f"reign-tui {name}" in out
    assert "examples:" in out
    assert call(monkeypatch, "help", name) == 0
    assert capsys.readouterr().out == out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["hsitory"], "did you mean history?"),
        (["deploy", "everything"], 'reign-tui plan "deploy …"'),
        (["run"], "run needs a request or --plan FILE"),
        (["run", "list files", "--plan", "x.json"], "one of both"),
        (["run", "--plan", "/nowhere/plan.json"], "No such file or directory"),
        (["run", "list files", "--approve", "everything"], "invalid choice"),
        (["run", "list files", "--timeout", "0"], "must be seconds above 0"),
        (["run", "list files", "--timeout", "nan"], "must be seconds above 0"),
        (["run", "@/nowhere/request.txt"], "can't be read"),
        (["run", "   "], "the request is empty"),
        (["plan"], "required: TEXT"),
        (["plan", "list files", "--cwd", "/nowhere"], "there is no such folder"),
        (["plan", "list files", "--model", "claude"], "must be anthropic/MODEL"),
        (["history", "--limit", "none"], "must be a number from 1"),
        (["history", "--colour"], "unrecognized arguments"),
        (["--colour"], "unrecognized arguments"),
        ([], "needs a terminal"),
    ],
)
def test_wrong_usage(
    words: list[str],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    reign_home: Path,
) -> None:
    monkeypatch.setattr(sys, "stdin", Given(""))
    assert call(monkeypatch, *words) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.startswith("reign-tui: ")
    assert captured.out == ""


@pytest.mark.parametrize("name", sorted(LATER))
def test_what_comes_later_is_said(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call(monkeypatch, name, "list") == 2
    assert f"{name} is not part of this version yet" in capsys.readouterr().err


def test_paths_under_reign_home(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reign_home: Path
) -> None:
    assert call(monkeypatch, "paths", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["v"] == 1
    assert found["config_file"] == str(reign_home / "config" / "config.toml")
    assert not reign_home.exists()
    assert call(monkeypatch, "paths") == 0
    assert f"database      {reign_home / 'data' / 'reign.db'}\n" in capsys.readouterr().out


def test_config_says_where_values_come_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reign_home: Path
) -> None:
    monkeypatch.setenv("REIGN_OFFLINE", "yes")
    assert call(monkeypatch, "--read-only", "config", "--json") == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["settings"]}
    assert rows["read_only"] == {"name": "read_only", "value": True, "source": "flag --read-only"}
    assert rows["offline"]["source"] == "environment REIGN_OFFLINE"
    assert rows["theme"]["source"] == "default"
    assert call(monkeypatch, "config") == 0
    assert "offline         true  (environment REIGN_OFFLINE)\n" in capsys.readouterr().out


def test_classify_answers_line_by_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", Given("run a container named web from image nginx\n\nhow do I delete a pod?\n"))
    assert call(monkeypatch, "classify") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["text"] for row in rows] == ["run a container named web from image nginx", "", "how do I delete a pod?"]
    assert rows[0].keys() == {"text", "intent", "mood", "confidence", "domains", "entities"}
    assert rows[2]["mood"] == "ask"


def test_classify_answers_before_the_next_line_comes() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "reign_tui", "classify"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for text in ("list the containers", "stop web"):
            process.stdin.write(text + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == text
        process.stdin.close()
    assert process.returncode == 0


def test_check_judges_and_runs_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    commands = ["ls -l", f"touch {trace}", "rm -rf /"]
    monkeypatch.setattr(sys, "stdin", Given("".join(json.dumps({"command": text}) + "\n" for text in commands)))
    assert call(monkeypatch, "check") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["command"] for row in rows] == commands
    assert [row["verdict"] for row in rows] == ["allow", "ask", "deny"]
    assert rows[2]["reasons"]
    assert not trace.exists()


@pytest.mark.parametrize(
    "line",
    [b"rm -rf /", b"[1]", b'{"command": 1}', b"\xff\xfe", b"[" * 100_000],
    ids=["text", "list", "number", "bytes", "deep"],
)
def test_check_answers_a_malformed_line_and_goes_on(
    line: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Given(line + b'\n{"command": "ls"}\n'))
    assert call(monkeypatch, "check") == 2
    bad, good = (json.loads(row) for row in capsys.readouterr().out.splitlines())
    assert bad["error"]
    assert bad["verdict"] is None
    assert good["verdict"] == "allow"


def test_a_closed_pipe_is_quiet() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "reign_tui", "classify"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stdin.write(b"list the containers\n" * 100)
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0


def test_an_interrupt_is_quiet() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "reign_tui", "classify"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdin.write(b"list the containers\n")
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.stderr.read() == b""
    assert process.returncode == 130


def test_text_that_is_no_unicode_is_answered() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "reign_tui", b"plan", b"caf\xe9 au lait"],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 4
    assert b"Traceback" not in done.stderr


def test_an_unexpected_error_is_a_sentence_and_a_report(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], reign_home: Path
) -> None:
    def broken(*_: object) -> int:
        raise RuntimeError("the moon is full")

    monkeypatch.setattr("reign_tui.cli.paths.run", broken)
    assert call(monkeypatch, "paths") == 1
    err = capsys.readouterr().err
    assert "something unexpected went wrong: RuntimeError: the moon is full" in err
    assert "Traceback" not in err
    (report,) = (reign_home / "state" / "reports").iterdir()
    assert str(report) in err
    assert "Traceback" in report.read_text()
    assert report.stat().st_mode & 0o777 == 0o600


def test_a_report_that_can_not_be_kept_at_home_goes_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("REIGN_HOME", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def broken(*_: object) -> int:
        raise RuntimeError("the moon is full")

    monkeypatch.setattr("reign_tui.cli.paths.run", broken)
    assert call(monkeypatch, "paths") == 1
    assert f"the full report is in {tmp_path}/reign-" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "next_command"),
    [
        (("classify", "scale", "web", "to 3"), "echo 'scale web to 3' | reign-tui classify"),
        (("check", "rm -rf /"), """echo '{"command": "rm -rf /"}' | reign-tui check"""),
    ],
)
def test_words_for_what_reads_stdin_are_shown_their_place(
    words: tuple[str, ...],
    next_command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert call(monkeypatch, *words) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert next_command in said.err


@pytest.mark.parametrize("command", ["classify", "check"])
def test_who_starts_them_on_a_terminal_is_told_what_they_wait_for(command: str) -> None:
    main_end, terminal = os.openpty()
    running = subprocess.Popen(
        [sys.executable, "-m", "reign_tui", command], stdin=terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    os.write(main_end, b"\x04")
    _, said = running.communicate(timeout=60)
    os.close(main_end)
    os.close(terminal)
    assert b"a line each; Ctrl-D ends" in said
    assert running.returncode == 0
