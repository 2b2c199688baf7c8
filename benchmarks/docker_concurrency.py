"""100 concurrent docker.run against the bare Docker SDK at the same concurrency, alternating, in one run.

    DOCKER_HOST=unix:///… python benchmarks/docker_concurrency.py IMAGE [--count 100] [--rounds 3] [--only whole]

Two figures, each the ratio of medians of wall-clock seconds:

execute   create and start of every container; budget 1.1
whole     preview, capture, execute and verify, against the SDK making the same calls; budget 1.2

The image must be on the engine and hold ``sleep``. Everything made is labelled and removed again.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from docker import APIClient
from docker.errors import NotFound

from reign_executors.call import Call
from reign_executors.docker.client import size_pool
from reign_executors.docker.run import ContainerMade, Run
from reign_executors.docker.settling import POLL, SETTLE

LABEL = "dev.reign.benchmark"
COMMAND = ["sleep", "600"]
FIGURES = (("execute", False, 1.1), ("whole", True, 1.2))


def bare(client: APIClient, image: str, name: str, *, whole: bool) -> None:
    """What Reign asks of the engine, by the SDK alone."""
    if whole:
        with suppress(NotFound):
            client.inspect_container(name)
        untyped: Any = client
        untyped.inspect_image(image)
        with suppress(NotFound):
            client.inspect_container(name)
    made = client.create_container(
        image, COMMAND, name=name, labels={LABEL: "1"}, host_config=client.create_host_config()
    )
    client.start(made["Id"])
    if whole:
        begun = time.monotonic()
        while not client.inspect_container(made["Id"])["State"]["Running"] or time.monotonic() - begun < SETTLE:
            time.sleep(POLL)


def bare_round(client: APIClient, pool: ThreadPoolExecutor, image: str, names: list[str], *, whole: bool) -> float:
    begun = time.perf_counter()
    list(pool.map(lambda name: bare(client, image, name, whole=whole), names))
    return time.perf_counter() - begun


async def life(image: str, name: str, folder: Path, *, whole: bool) -> None:
    """One docker.run as the engine of Reign drives it, without the engine."""
    run = Run(image=image, container=name, command=COMMAND, labels={LABEL: "1"})
    call = Call(key=f"bench/{name}", folder=folder)
    if whole:
        effect = await run.preview(call)
        assert not effect.problems, effect.problems
        await run.capture(call)
    outputs = await run.execute(call)
    assert isinstance(outputs, ContainerMade)
    if whole:
        verified = await run.verify(call, outputs)
        assert verified.ok, verified.detail


async def reign_round(image: str, names: list[str], folder: Path, *, whole: bool) -> float:
    begun = time.perf_counter()
    await asyncio.gather(*(life(image, name, folder, whole=whole) for name in names))
    return time.perf_counter() - begun


def sweep(client: APIClient, pool: ThreadPoolExecutor) -> None:
    rows = client.containers(all=True, filters={"label": LABEL})
    list(pool.map(lambda row: client.remove_container(row["Id"], force=True), rows))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("image")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=[figure[0] for figure in FIGURES])
    options = parser.parse_args()
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    client = APIClient(base_url=host, version="auto", timeout=120, max_pool_size=options.count + 8)
    pool = ThreadPoolExecutor(options.count)
    size_pool(options.count)

    def names() -> list[str]:
        tag = uuid.uuid4().hex[:8]
        return [f"reign-bench-{tag}-{number}" for number in range(options.count)]

    figures = [figure for figure in FIGURES if options.only in (None, figure[0])]
    worst = 0
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        here = Path(folder)
        sides: dict[str, Callable[[bool], float]] = {
            "sdk": lambda whole: bare_round(client, pool, options.image, names(), whole=whole),
            "reign": lambda whole: runner.run(reign_round(options.image, names(), here, whole=whole)),
        }
        try:
            for warm in sides.values():  # both connected
                warm(False)
                sweep(client, pool)
            for title, whole, budget in figures:
                seconds: dict[str, list[float]] = {"sdk": [], "reign": []}
                for number in range(options.rounds):
                    for side in ("sdk", "reign") if number % 2 == 0 else ("reign", "sdk"):
                        seconds[side].append(sides[side](whole))
                        sweep(client, pool)
                sdk, reign = (statistics.median(seconds[side]) for side in ("sdk", "reign"))
                ratio = reign / sdk
                worst = max(worst, int(ratio > budget))
                print(
                    f"{title}: {options.count} at once, SDK {sdk:.2f} s, Reign {reign:.2f} s, ratio {ratio:.3f} "
                    f"(budget {budget}; rounds SDK {_list(seconds['sdk'])}, Reign {_list(seconds['reign'])})"
                )
        finally:
            sweep(client, pool)
            pool.shutdown()
            client.close()
    return worst


def _list(seconds: list[float]) -> str:
    return " ".join(f"{one:.2f}" for one in seconds)


if __name__ == "__main__":
    sys.exit(main())
