"""Request → plan tree on the screen, offline, 10 steps: against the bare planning of the same request.

    python benchmarks/request_to_plan.py [ROUNDS]

The real app runs without a terminal (120×40) over the real engine; a request for ten files is sent again and again.
What counts is the time from Enter until the tree's rows are drawn. The budget is 50 ms at the 95th percentile.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from pathlib import Path

from reign_agents.session import Session
from reign_agents.settings import EngineSettings
from reign_agents.store.places import StorePaths
from reign_agents.store.store import Store
from reign_tui.app import ReignApp
from reign_tui.config import AppConfig

BUDGET = 0.050
REQUEST = " and ".join(f'write "{n}" to file{n}.txt' for n in range(10))


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[min(int(len(values) * part), len(values) - 1)]


async def measure(rounds: int, folder: Path) -> tuple[list[float], list[float], int]:
    work = folder / "work"
    work.mkdir()
    shown: list[float] = []
    planned: list[float] = []
    with Store.open(StorePaths(data=folder / "data", state=folder / "state")) as store:
        app = ReignApp(lambda: Session(store, EngineSettings(cwd=work)), AppConfig(), grace=0)
        async with app.run_test(size=(120, 40)) as pilot:
            while not app.ready:
                await pilot.pause(0.05)
            assert app.session is not None
            desk, tree = app.conductor.desk, app.main.plan.plan_tree
            steps = 0
            for turn in range(rounds + 2):
                begin = time.perf_counter()
                await app.session.plan(REQUEST, preview=False)
                planning = time.perf_counter() - begin
                before = desk.current
                begin = time.perf_counter()
                app.send(REQUEST)
                while desk.current is before or len(tree.lines) <= 10:  # noqa: ASYNC110 - every turn is looked at
                    await asyncio.sleep(0)
                seconds = time.perf_counter() - begin
                assert desk.current is not None
                steps = len(desk.current.steps)
                if turn > 1:
                    shown.append(seconds)
                    planned.append(planning)
                await app.session.cancel(desk.current.id)
                while desk.working:
                    await pilot.pause(0.01)
                await app.main.chat.settled()
                await pilot.pause(0.2)
    return shown, planned, steps


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory() as folder:
        shown, planned, steps = asyncio.run(measure(rounds, Path(folder)))
    p95 = percentile(shown, 0.95)
    print(f"steps in the plan       {steps:7}")
    print(f"bare planning, median   {statistics.median(planned) * 1000:7.1f} ms")
    print(f"on the screen, median   {statistics.median(shown) * 1000:7.1f} ms")
    print(f"on the screen, p95      {p95 * 1000:7.1f} ms   budget {BUDGET * 1000:.0f}")
    print(f"ratio to bare planning  {statistics.median(shown) / statistics.median(planned):7.2f}")
    return 0 if p95 <= BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
