"""Live log: lines a second taken in, redacted and on disk, while keys are pressed on the real screen.

    python benchmarks/log_intake.py [LINES]

A thread redacts and writes lines of 100 bytes to a step's log file (as the engine does) as fast as it can; the log
pane reads the file; meanwhile a key is pressed every 50 ms and the time until it is on the screen is taken. Prints
lines a second, the 99th percentile of the key presses, and how memory grew between a tenth of the lines and all.
Budgets: 100,000 lines a second without loss, 50 ms, flat memory (at most 1.1 times).
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, cast

import psutil
from textual import events

from reign_executors.redaction import Redactor
from reign_tui.app import ReignApp
from reign_tui.config import AppConfig
from reign_tui.widgets.log_pane import LogPane

LINES, RATE, KEY, MEMORY = 1_000_000, 100_000, 0.050, 1.1
BLOCK = 1000


class QuietSession:
    """An engine that does nothing: only the screen and the log are measured."""

    mode = "ask"

    def __init__(self, folder: Path) -> None:
        from reign_agents.engine.hub import Hub
        from reign_agents.settings import EngineSettings

        self.id = "s"
        self.hub = Hub()
        self.settings = EngineSettings(cwd=folder)
        self.store: Any = self
        self.warnings = ()

    def subscribe(self) -> Any:
        return self.hub.subscribe()

    def messages(self, session: str, limit: int) -> list[Any]:
        return []

    def unfinished(self) -> list[Any]:
        return []

    def pending(self) -> list[Any]:
        return []

    async def close(self) -> None:
        self.hub.close()


def write(path: Path, lines: int, done: threading.Event, seconds: list[float]) -> None:
    """What the engine does with output: redact, append."""
    hide = Redactor()
    line = b"03:12:16 layer 5f70bf18a086: Pushing  41.2 MB / 63.0 MB at 10.0.0.1, request 12345 took 17 ms, ok ......\n"
    block = (line[:99] + b"\n") * BLOCK
    begin = time.perf_counter()
    stream = hide.stream()
    with path.open("ab", buffering=0) as file:
        for _ in range(lines // BLOCK):
            file.write(stream.feed(block))
        file.write(stream.flush())
    seconds.append(time.perf_counter() - begin)
    done.set()


async def measure(lines: int, folder: Path) -> tuple[float, list[float], float, int]:
    path = folder / "log"
    path.touch()
    session = QuietSession(folder)
    app = ReignApp(lambda: cast(Any, session), AppConfig())
    process = psutil.Process(os.getpid())
    keys: list[float] = []
    memory: list[tuple[int, int]] = []
    seconds: list[float] = []
    async with app.run_test(size=(120, 40)) as pilot:
        while not app.ready:
            await pilot.pause(0.05)
        pane, editor = app.main.query_one(LogPane), app.main.composer.editor
        editor.focus()
        done = threading.Event()
        threading.Thread(target=write, args=(path, lines, done, seconds), daemon=True).start()
        while not done.is_set() or pane.count < lines:
            pane.written("s1", 1, "shell.command", path)
            before = editor.text
            begin = time.perf_counter()
            app.post_message(events.Key("x", "x"))
            while editor.text == before:  # noqa: ASYNC110 - the latency is what is measured
                await asyncio.sleep(0.001)
            painted = asyncio.Event()
            editor.call_after_refresh(painted.set)
            await painted.wait()
            keys.append(time.perf_counter() - begin)
            if len(editor.text) > 30:
                editor.text = ""
            memory.append((pane.count, process.memory_info().rss))
            await asyncio.sleep(0.05)
        count = pane.count
    early = next(rss for seen, rss in memory if seen >= lines / 10)
    return lines / seconds[0], keys, memory[-1][1] / early, count


def main() -> int:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    with tempfile.TemporaryDirectory() as folder:
        rate, keys, grown, count = asyncio.run(measure(lines, Path(folder)))
    p99 = sorted(keys)[min(int(len(keys) * 0.99), len(keys) - 1)]
    print(f"lines read          {count:>12,} of {lines:,}")
    print(f"lines a second      {rate:12,.0f}   budget {RATE:,}")
    print(f"key to screen, p99  {p99 * 1000:9.1f} ms   budget {KEY * 1000:.0f}   ({len(keys)} presses)")
    print(f"memory, ratio       {grown:12.2f}   budget {MEMORY}")
    return 0 if rate >= RATE and p99 <= KEY and grown <= MEMORY and count == lines else 1


if __name__ == "__main__":
    sys.exit(main())
