"""The installed wheel in a real terminal: typed into, approved, killed, started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.terminal, pytest.mark.timeout(300)]
WAIT = "run the command sleep 120 && touch late.txt"
PATIENCE = 45.0  # seconds until a screen that does not come fails the test
SIGNALLED = 128  # a shell's status of what a signal ended begins above it
# tmux before 3.5 may lose how a program ended, so its shell writes that down.
KEEP_STATUS = '"$@"; echo $? > "$0"'


class Terminal:
    """One program in one tmux window of a tmux server of its own."""

    def __init__(self, tmux: str, program: list[str], folder: Path, columns: int, lines: int) -> None:
        self._tmux = [tmux, "-L", f"reign-test-{uuid.uuid4().hex[:8]}", "-f", os.devnull]
        self._status = folder.parent / f"status-{uuid.uuid4().hex[:8]}"
        size = ["-x", str(columns), "-y", str(lines)]
        kept = ["sh", "-c", KEEP_STATUS, str(self._status), *program]
        self._do("new-session", "-d", *size, "-c", str(folder), *kept)
        self._do("set-option", "remain-on-exit", "on")

    def _do(self, *words: str) -> str:
        # The environment is given because readline, which pytest imports, sets COLUMNS and LINES behind os.environ.
        done = subprocess.run([*self._tmux, *words], check=True, capture_output=True, text=True, env=dict(os.environ))
        return done.stdout

    @property
    def pid(self) -> int:
        """The program's own, not its shell's."""
        shell = self._do("list-panes", "-F", "#{pane_pid}").strip()
        return int(Path(f"/proc/{shell}/task/{shell}/children").read_text())

    @property
    def screen(self) -> str:
        """What a person sees."""
        return self._do("capture-pane", "-p")

    @property
    def ended(self) -> str:
        """Empty while the program runs; else its exit status, or ``signal``."""
        status = self._status.read_text().strip() if self._status.exists() else ""
        return "signal" if status and int(status) > SIGNALLED else status

    def type(self, text: str) -> None:
        self._do("send-keys", "-l", text)

    def press(self, *keys: str) -> None:
        self._do("send-keys", *keys)

    def until(self, condition: Callable[[str], bool], what: str, again: Callable[[], None] | None = None) -> str:
        """Look until the screen fits; ``again`` is done between two looks."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            screen = self.screen
            if condition(screen):
                return screen
            if self.ended:
                break
            if again is not None:
                again()
            time.sleep(0.2)
        raise AssertionError(f"no {what} on the screen:\n{self.screen}")

    def ends(self, again: Callable[[], None] | None = None) -> str:
        """Wait for the program's end; see :attr:`ended`."""
        end = time.monotonic() + PATIENCE
        while not self.ended and time.monotonic() < end:
            if again is not None:
                again()
            time.sleep(0.2)
        return self.ended

    def sees(self, text: str) -> str:
        return self.until(lambda screen: text in screen, repr(text))

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)


Open = Callable[..., Terminal]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def open_app(tmux_program: str, installed: Path, reign_home: Path, work: Path) -> Iterator[Open]:
    """``open_app(80, 24)`` starts the installed program in a terminal of that size."""
    opened: list[Terminal] = []

    def start(columns: int, lines: int) -> Terminal:
        variables = [f"{name}={os.environ[name]}" for name in ("HOME", "REIGN_HOME", "PATH", "DOCKER_CONFIG")]
        program = ["env", *variables, "DOCKER_HOST=unix:///nowhere/docker.sock", str(installed)]
        terminal = Terminal(tmux_program, program, work, columns, lines)
        opened.append(terminal)
        return terminal

    yield start
    for terminal in opened:
        terminal.close()


@pytest.fixture
def headless(installed: Path, reign_home: Path, work: Path) -> Callable[..., list[dict[str, Any]]]:
    """Runs the installed program with ``--json``; returns its lines."""

    def call(*words: str) -> list[dict[str, Any]]:
        done = subprocess.run([installed, *words, "--json"], cwd=work, capture_output=True, text=True, check=False)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return call


def request(terminal: Terminal, text: str) -> None:
    """Type a request, open its approval and approve it once."""
    terminal.type(text)
    terminal.press("Enter")

    def sent() -> None:
        """An Enter pressed while the first screen was put together sends nothing, and the screen says so."""
        if "Enter sends it" in terminal.screen:
            terminal.press("Enter")

    terminal.until(lambda screen: "needs you" in screen, "'needs you'", sent)
    terminal.until(lambda screen: "Approve step" in screen, "approval", lambda: terminal.press("a"))
    # Keys are ignored for half a second after the dialog opened, so that a stray one approves nothing; outside the
    # dialog the same key opens the log, so it must not be pressed once too often.
    time.sleep(0.8)
    terminal.press("o")
    terminal.until(lambda screen: "Approve step" not in screen, "end of the approval")


@pytest.mark.parametrize(("columns", "lines"), [(80, 24), (120, 40)])
def test_type_approve_kill_and_come_back(
    columns: int,
    lines: int,
    open_app: Open,
    headless: Callable[..., list[dict[str, Any]]],
    work: Path,
) -> None:
    terminal = open_app(columns, lines)
    terminal.sees(" > ")
    request(terminal, "create file notes.txt with content hello")
    terminal.sees("1/1 · done")
    assert (work / "notes.txt").read_text().strip() == "hello"

    terminal.press("i")
    terminal.until(lambda screen: "[1 Chat]" in screen or "» Chat" in screen, "chat")
    request(terminal, WAIT)
    terminal.sees("1 running")
    os.kill(terminal.pid, signal.SIGKILL)
    assert terminal.ends() == "signal"

    second, first = headless("history")
    assert (first["request"], first["outcome"]) == ("create file notes.txt with content hello", "done")
    assert second["request"] == WAIT
    assert second["ended"] is None
    (shown,) = headless("show", first["run"])
    assert shown["steps"][0]["outcome"] == "done"
    assert shown["steps"][0]["approval"]["how"] in ("once", "plan")
    assert headless("replay", second["run"])[-1]["type"] == "step.started"

    again = open_app(columns, lines)
    again.sees("did not end")
    assert "resume" in again.sees(second["run"])
    time.sleep(1.5)  # keys that come in the first second after the offer opens do nothing
    again.press("r")
    again.sees("1 running")
    again.press("C-c")
    again.until(lambda screen: "ancel" in screen or "top" in screen, "end of the run")
    assert headless("undo", first["run"], "--approve", "destroy")[-1]["data"]["exit"] == 0
    assert not (work / "notes.txt").exists()


def test_leaving_gives_the_terminal_back(open_app: Open) -> None:
    terminal = open_app(80, 24)
    terminal.sees(" > ")
    terminal.press("C-q")
    assert terminal.ends(lambda: terminal.press("C-q")) == "0"


def test_a_terminal_that_is_too_small_says_so(open_app: Open) -> None:
    terminal = open_app(30, 8)
    terminal.sees("Reign needs 40×10")
