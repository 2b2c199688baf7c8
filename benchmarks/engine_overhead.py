"""What the engine costs a step: a plan of steps that do nothing, journalled, against the bare commits.

Prints, measured in one run:
- milliseconds a step above two bare SQLite commits (intent and outcome, FULL sync) — budget ≤ 1 ms;
- a plan of 1,000 steps with real (file) work against the same work done bare — budget ≤ 1.5 ×.

    python benchmarks/engine_overhead.py [--steps 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from reign_agents.plan.model import Plan, Step
from reign_agents.session import Session
from reign_agents.settings import EngineSettings, RunOptions
from reign_agents.store.store import Store, StorePaths
from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Probe, ResourceChange, Risk, Verification
from reign_executors.operation import Change, JsonObject, Operation, Outputs
from reign_executors.registry import Registry
from reign_executors.target import Target


class Nothing(Change):
    """A change that costs nothing, so that what is left is the engine."""

    name: ClassVar[str] = "nothing.do"
    summary: ClassVar[str] = "do nothing"
    number: int

    async def target(self, call: Call) -> Target:
        return Target(tool="nothing", context="here", resource=f"nothing/{self.number}")

    async def preview(self, call: Call) -> Effect:
        return Effect(changes=(ResourceChange(action=Action.CREATE, resource=f"nothing/{self.number}"),))

    async def execute(self, call: Call) -> Outputs:
        return Outputs()

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        return Verification(ok=True, detail="nothing is there")

    async def probe(self, call: Call) -> Probe:
        return Probe(state="done", detail="nothing")

    async def capture(self, call: Call) -> JsonObject:
        return {}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        return None


class Work(Nothing):
    """A change that does a small bounded piece of work, as a tool would."""

    name: ClassVar[str] = "nothing.work"

    async def execute(self, call: Call) -> Outputs:
        await work()
        return Outputs()


WORK_SECONDS = 0.02
AT_ONCE = 8


async def work() -> None:
    await asyncio.sleep(WORK_SECONDS)


def bare_commits(folder: Path, steps: int) -> float:
    """Seconds for two FULL commits a step, one row each, in WAL mode."""
    database = sqlite3.connect(folder / "bare.db", isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.execute("CREATE TABLE rows (step TEXT, data TEXT)")
    started = time.perf_counter()
    for number in range(steps * 2):
        database.execute("BEGIN IMMEDIATE")
        database.execute("INSERT INTO rows VALUES (?, ?)", (f"s{number}", "{}" * 50))
        database.execute("COMMIT")
    seconds = time.perf_counter() - started
    database.close()
    return seconds


async def bare_work(steps: int) -> float:
    """Seconds for the same work with the same concurrency and no engine."""
    room = asyncio.Semaphore(AT_ONCE)

    async def one() -> None:
        async with room:
            await work()

    started = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(steps)))
    return time.perf_counter() - started


async def engine(folder: Path, steps: int, operation: type[Operation], *, chain: bool) -> float:
    """Seconds from the first step's start to the run's end, without planning and previews."""
    registry = Registry()
    registry.add(Nothing, Work)
    store = Store.open(StorePaths(data=folder / "data", state=folder / "state"))
    session = Session(store, EngineSettings(cwd=folder, concurrency={"nothing": AT_ONCE}), registry=registry)
    plan = Plan(
        "p_bench",
        "benchmark",
        "create_infra",
        1.0,
        tuple(
            Step(f"s{n}", operation.name, {"number": n}, "", needs=(f"s{n - 1}",) if chain and n else ())
            for n in range(steps)
        ),
    )
    events = session.subscribe()
    run = await session.start(plan, RunOptions(interactive=False, approve=Risk.DESTROY))
    started = 0.0
    async for event in events:
        if event.type == "plan.ready":
            started = time.perf_counter()
        if event.type == "run.finished":
            break
    seconds = time.perf_counter() - started
    end = await session.wait(run)
    assert end.exit == 0, end
    await session.close()
    await store.close()
    return seconds


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    overheads, ratios = [], []
    for _ in range(given.rounds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            commits = bare_commits(folder, given.steps)
            chained = await engine(folder, given.steps, Nothing, chain=True)
        overheads.append((chained - commits) / given.steps * 1000)
        with tempfile.TemporaryDirectory() as name:
            bare = await bare_work(given.steps)
            worked = await engine(Path(name), given.steps, Work, chain=False)
        ratios.append(worked / bare)
    print(f"{given.steps} steps, {given.rounds} rounds, medians")
    print(f"overhead a step above two bare commits: {statistics.median(overheads):.2f} ms  (budget 1 ms)")
    print(f"plan against the bare work at the same concurrency: {statistics.median(ratios):.2f} x  (budget 1.5 x)")


if __name__ == "__main__":
    asyncio.run(main())
