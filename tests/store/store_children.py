"""What the store's tests run in processes of their own: ``store_children.py WHAT DATA STATE [ARGUMENT]``."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from reign_agents.events import EventType, Outcome
from reign_agents.store.errors import LeaseHeld
from reign_agents.store.spending import Asking, Limit
from reign_agents.store.store import Store, StorePaths
from tests.store.store_samples import begun, event, intent, outcome, record


def say(*words: object) -> None:
    print(*words, flush=True)


async def write(store: Store, argument: str) -> None:
    """``argument`` runs of its own, and as many events in the run they all share (``r_1``)."""
    for number in range(int(argument)):
        run = store.next_run_id()
        await store.start_run(record(run), event(run, EventType.RUN_STARTED))
        for _ in range(3):
            await store.append(event(run), event("r_1", by=f"{os.getpid()}-{number}"))
        await store.finish_run(run, Outcome.DONE, 0, None, event(run, EventType.RUN_FINISHED))
        say(run)


async def until_killed(store: Store, argument: str) -> None:
    """Writes for ever, and says what was acknowledged right after it was. ``argument``: where to hang, or ``all``."""
    run = await begun(store)
    lease = store.lease(run)
    say("run", run)
    for number in range(1, 100_000):
        reference = store.blobs.put(f"before {run} {number}".encode())
        (told,) = await store.intent(intent(run, f"s{number}", before={"content": reference}), event(run))
        say("intent", number, told.seq, reference)
        if argument == "intent":
            time.sleep(60)
        (told,) = await store.outcome(outcome(run, f"s{number}"), event(run))
        say("outcome", number, told.seq)
        await store.append(event(run))
        if argument == "outcome":
            time.sleep(60)
    lease.release()


async def hold_lease(store: Store, argument: str) -> None:
    try:
        store.lease(argument)
    except LeaseHeld as held:
        say("held", held.holder)
        return
    say("leased", os.getpid())
    await asyncio.sleep(60)


async def hold_locks(store: Store, argument: str) -> None:
    async with await store.lock(frozenset(argument.split(",")), "r_7/s1"):
        say("locked", os.getpid())
        await asyncio.sleep(60)


async def count_up(store: Store, argument: str) -> None:
    """Adds one to a number in a file 50 times, each under the lock."""
    path = Path(argument)
    for _ in range(50):
        async with await store.lock(frozenset({"counter", "other"}), f"r_1/{os.getpid()}"):
            number = int(path.read_text())
            await asyncio.sleep(0)
            path.write_text(str(number + 1))


async def spend(store: Store, argument: str) -> None:
    """Asks ten times for 100 of a day's budget of ``argument``, and says what it got."""
    for _ in range(10):
        found = await store.spending.reserve(Asking("openai/x", "s_1", "p_1", most=100), [Limit("day", int(argument))])
        say("reserved" if isinstance(found, int) else "passed")


async def unprivileged(store: Store, argument: str) -> None:
    """Whatever is possible in a home that can't be written."""
    say("durable", store.durable)
    say("warning", *store.warnings)
    run = await begun(store)
    await store.intent(intent(run), event(run))
    await store.outcome(outcome(run), event(run))
    say("shown", store.show(run) is not None, [r.run for r in store.history()])
    say("log", store.log_path(argument, "s1"), store.log_path(run, "s1"))
    for entry in store.ledger(argument):
        assert entry.before is not None
        say("before", store.blobs.get(str(entry.before["content"])).decode())


WORK: dict[str, Callable[[Store, str], Awaitable[None]]] = {
    "write": write,
    "until_killed": until_killed,
    "hold_lease": hold_lease,
    "hold_locks": hold_locks,
    "count_up": count_up,
    "spend": spend,
    "unprivileged": unprivileged,
}


async def main(what: str, data: str, state: str, argument: str = "") -> None:
    if what == "unprivileged":
        import concurrent.futures.thread  # noqa: F401 - afterwards Python's own folder may be out of reach

        if os.geteuid() == 0:
            os.setgid(65534)
            os.setuid(65534)
        os.umask(0)
    store = Store.open(StorePaths(Path(data), Path(state)))
    say("open")
    await WORK[what](store, argument)
    await store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
