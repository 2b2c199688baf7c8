"""What journalling a step costs: intent and outcome (each with its event) against two bare commits as durable.

``python benchmarks/journal.py [STEPS]``. Both write to the same disk, in turns, so that the ratio holds on a busy
machine. Also: sixteen steps at once, where commits are shared.
"""

from __future__ import annotations

import asyncio
import sqlite3
import statistics
import sys
import tempfile
import time
from pathlib import Path

from reign_agents.events import Event, EventType, Outcome, now
from reign_agents.store.records import Intent, RunRecord, StepOutcome
from reign_agents.store.store import Store, StorePaths
from reign_executors.operation import JsonObject

BUDGET_MS = 1.0
AT_ONCE = 16


def bare_database(path: Path) -> sqlite3.Connection:
    """One table, WAL, every commit on the disk."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute("CREATE TABLE entries (text TEXT)")
    return db


def bare_step(db: sqlite3.Connection) -> None:
    """Two commits of about what an intent and an outcome hold."""
    for _ in range(2):
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO entries VALUES (?)", ("x" * 400,))
        db.execute("COMMIT")


async def step(store: Store, run: str, name: str) -> None:
    """Intent and outcome as the engine journals them."""
    fields: JsonObject = {"image": "nginx:1.27", "name": name, "ports": ["8080:80"]}
    intent = Intent(run, name, 1, "docker.run", fields, "sha256:" + "0" * 64, "exact", {"exists": False}, now())
    await store.intent(intent, Event(run, EventType.STEP_STARTED, {"attempt": 1, "operation": "docker.run"}, name))
    outcome = StepOutcome(run, name, 1, Outcome.DONE, 0.4, {"id": "4c1e" * 16}, True, None, 812, now(), True)
    await store.outcome(outcome, Event(run, EventType.STEP_FINISHED, {"outcome": "done", "attempt": 1}, name))


async def main(steps: int) -> int:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(StorePaths(Path(folder) / "data", Path(folder) / "state"))
        db = bare_database(Path(folder) / "bare.db")
        run = store.next_run_id()
        await store.start_run(RunRecord(run, "p_1", "run nginx", "create_infra", None, "ana", None, now()))
        bare: list[float] = []
        ours: list[float] = []
        for number in range(steps):
            started = time.perf_counter()
            bare_step(db)
            between = time.perf_counter()
            await step(store, run, f"s{number}")
            bare.append((between - started) * 1000)
            ours.append((time.perf_counter() - between) * 1000)
        started = time.perf_counter()
        for first in range(steps, 2 * steps, AT_ONCE):
            await asyncio.gather(*(step(store, run, f"s{number}") for number in range(first, first + AT_ONCE)))
        shared = (time.perf_counter() - started) * 1000 / len(range(steps, 2 * steps, AT_ONCE)) / AT_ONCE
        db.close()
        await store.close()
    low, high = statistics.median(bare), statistics.median(ours)
    print(f"two bare commits {low:.2f} ms, intent and outcome {high:.2f} ms a step (medians of {steps} steps)")
    print(f"ratio: {high / low:.2f}; above the bare commits: {high - low:.2f} ms of a budget of {BUDGET_MS:g} ms")
    print(f"{AT_ONCE} steps at once: {shared:.2f} ms a step, ratio {shared / low:.2f}")
    return 0 if high - low <= BUDGET_MS else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)))
