"""Start-up to the first usable frame: Reign against a bare Textual app with the same kinds of widgets.

    python benchmarks/startup.py [ROUNDS]

Both run as processes of their own in a pseudo-terminal of 120×40, taking turns. What counts is the time from the start
of the process until a key that was pressed is on the screen. Prints the ratio of the medians; the budget is 1.35.
"""

from __future__ import annotations

import os
import pty
import select
import statistics
import struct
import sys
import tempfile
import time
from fcntl import ioctl
from pathlib import Path
from termios import ECHO, TCSANOW, TIOCSWINSZ, tcgetattr, tcsetattr

BUDGET = 1.35
MARK = "ß".encode()  # in no text and no control sequence
PRESS_EVERY = 0.02
BARE = """
from textual.app import App
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Footer, Header, Log, Static, TextArea, Tree

class Bare(App):
    CSS = "Horizontal > * { width: 1fr; } TextArea { height: 5; }"
    def compose(self):
        yield Header()
        with Horizontal():
            with Vertical():
                with VerticalScroll():
                    yield Static("chat")
                yield TextArea()
            with Vertical():
                yield Tree("plan")
                yield Static("detail")
                yield Log()
        yield Footer()
    def on_mount(self):
        self.query_one(TextArea).focus()

Bare().run()
"""


def first_usable(arguments: list[str], home: str) -> float:
    """Seconds until a key pressed in the program started with ``arguments`` is answered on its screen."""
    begin = time.perf_counter()
    pid, master = pty.fork()
    if pid == 0:
        os.environ.update(REIGN_HOME=home, TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none")
        os.execv(arguments[0], arguments)
    ioctl(master, TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    modes = tcgetattr(master)
    modes[3] &= ~ECHO  # the terminal's own echo is no answer
    tcsetattr(master, TCSANOW, modes)
    deadline = begin + 60
    drawn, pressed = False, 0
    try:
        while time.perf_counter() < deadline:
            ready = select.select([master], [], [], PRESS_EVERY)[0]
            seen = os.read(master, 65536) if ready else b""
            drawn = drawn or b"\x1b[?1049h" in seen
            if pressed and MARK in seen:
                return time.perf_counter() - begin
            if drawn and time.perf_counter() - begin > pressed * PRESS_EVERY:
                os.write(master, MARK)  # again and again: what comes before the program listens is lost
                pressed = int((time.perf_counter() - begin) / PRESS_EVERY) + 1
        raise TimeoutError(f"{arguments} answered no key for 60 s")
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        os.close(master)


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 9
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE)
        programs = {
            "bare": [sys.executable, str(bare)],
            "reign": [sys.executable, "-m", "reign_tui"],
        }
        times: dict[str, list[float]] = {name: [] for name in programs}
        for turn in range(rounds + 1):
            for name, arguments in programs.items():
                seconds = first_usable(arguments, str(Path(folder) / "home"))
                if turn:  # the first turn only warms the caches
                    times[name].append(seconds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratio = medians["reign"] / medians["bare"]
    print(f"bare Textual app  {medians['bare'] * 1000:7.0f} ms   (best {min(times['bare']) * 1000:.0f})")
    print(f"reign             {medians['reign'] * 1000:7.0f} ms   (best {min(times['reign']) * 1000:.0f})")
    print(f"ratio             {ratio:7.2f}      budget {BUDGET}")
    return 0 if ratio <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
