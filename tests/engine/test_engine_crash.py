"""The process that drives a run is killed with -9 at every moment; another one goes on."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reign_agents.plan.model import Plan, Step
from reign_agents.session import Session
from reign_agents.settings import EngineSettings, RunOptions
from reign_agents.store.errors import LeaseHeld
from reign_agents.store.store import Store, StorePaths
from reign_executors.effect import Risk

ALL = RunOptions(interactive=False, approve=Risk.DESTROY)

DRIVER = """
import asyncio, sys
from pathlib import Path
from reign_agents.plan.model import Plan, Step
from reign_agents.session import Session
from reign_agents.settings import EngineSettings, RunOptions
from reign_agents.store.store import Store, StorePaths
from reign_executors.effect import Risk

home, wanted, step = Path(sys.argv[1]), sys.argv[2], sys.argv[3]

async def main():
    store = Store.open(StorePaths(data=home / "data", state=home / "state"))
    session = Session(store, EngineSettings(cwd=home))
    events = session.subscribe()
    plan = Plan("p_1", "crash", "update", 1.0, (
        Step("a", "file.write", {"path": "a.txt", "content": "a"}, ""),
        Step("b", "shell.command", {"command": "echo once >> b.txt; sleep 1.5; echo twice >> b.txt"}, "", ("a",)),
        Step("c", "file.write", {"path": "c.txt", "content": "c"}, "", ("b",)),
    ))
    run = await session.start(plan, RunOptions(interactive=False, approve=Risk.DESTROY))
    async for event in events:
        if event.type.value == wanted and (event.step or "-") == step:
            print(run, flush=True)
            await asyncio.sleep(60)

asyncio.run(main())
"""


def killed_at(home: Path, kind: str, step: str, later: float) -> str:
    """Drives a run in a process of its own, kills it with -9 at that event and waits ``later`` s; the run's id."""
    child = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(home), kind, step], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert child.stdout is not None
        run = child.stdout.readline().strip()
        assert run, "the driver said nothing"
        time.sleep(0.3 if later else 0.0)
    finally:
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        if child.stdout is not None:
            child.stdout.close()
    time.sleep(later)
    return run


@pytest.mark.parametrize(
    ("kind", "step", "later"),
    [
        ("plan.ready", "-", 0.0),
        ("step.started", "a", 0.0),
        ("step.finished", "a", 0.0),
        ("step.started", "b", 0.1),
        ("step.started", "b", 3.0),
        ("step.finished", "b", 0.0),
    ],
)
async def test_a_killed_run_goes_on_and_nothing_runs_twice(tmp_path: Path, kind: str, step: str, later: float) -> None:
    run = await asyncio.to_thread(killed_at, tmp_path, kind, step, later)
    store = Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state"))
    session = Session(store, EngineSettings(cwd=tmp_path))
    try:
        assert [record.run for record in store.unfinished()] == [run]
        before = {one.id: one.attempts for one in store.steps(run) if one.outcome == "done"}
        await session.resume(run, ALL)
        end = await session.wait(run)
        assert end.exit == 0, end
        assert (tmp_path / "a.txt").read_text() == "a"
        assert (tmp_path / "b.txt").read_text() == "once\ntwice\n"
        assert (tmp_path / "c.txt").read_text() == "c"
        after_resume = {one.id: one for one in store.steps(run)}
        assert all(one.outcome == "done" for one in after_resume.values())
        assert all(after_resume[name].attempts == attempts for name, attempts in before.items())
        assert store.unfinished() == []
    finally:
        await session.close()
        await store.close()


async def test_a_run_under_way_elsewhere_is_not_driven_twice(tmp_path: Path) -> None:
    store = Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state"))
    first = Session(store, EngineSettings(cwd=tmp_path))
    second = Session(store, EngineSettings(cwd=tmp_path))
    plan = Plan("p_1", "wait", "update", 1.0, (Step("a", "shell.command", {"command": "sleep 2"}, ""),))
    events = first.subscribe()
    run = await first.start(plan, ALL)
    async for event in events:
        if event.type.value == "step.started":
            break
    with pytest.raises(LeaseHeld, match="is driven by process"):
        await second.resume(run, ALL)
    assert (await first.wait(run)).exit == 0
    await first.close()
    await second.close()
    await store.close()
