"""Resources that only one step may touch at a time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from reign_agents.store.errors import LockHeld
from reign_agents.store.store import Store, StorePaths
from tests.store.conftest import Child
from tests.store.test_store_processes import line


async def test_tasks_of_one_process_take_turns_in_order(store: Store) -> None:
    order: list[int] = []
    inside = 0

    async def touch(number: int) -> None:
        nonlocal inside
        async with await store.lock(frozenset({"b", "a"} if number % 2 else {"a"}), f"r_1/s{number}") as locks:
            assert locks.resources == (("a", "b") if number % 2 else ("a",))
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            order.append(number)
            inside -= 1

    await asyncio.gather(*(touch(number) for number in range(30)))
    assert order == list(range(30))
    assert list(store.paths.locks.iterdir()) == []


async def test_opposite_orders_do_not_wait_in_a_circle(store: Store) -> None:
    async def touch(*resources: str) -> None:
        for _ in range(20):
            async with await store.lock(frozenset(resources), "r_1/s1"):
                await asyncio.sleep(0)

    await asyncio.gather(touch("x", "y"), touch("y", "x"), touch("y", "z"), touch("z", "x"))


async def test_whoever_waits_too_long_learns_who_holds_it(store: Store) -> None:
    async with await store.lock(frozenset({"docker:default/container/web"}), "r_1/s1"):
        async with await store.lock(frozenset({"elsewhere"}), "r_1/s2"):
            pass
        with pytest.raises(LockHeld) as held:
            await store.lock(frozenset({"docker:default/container/web", "a"}), "r_2/s1", timeout=0.05)
        assert "r_1/s1 (process " in held.value.holder
        assert held.value.resource == "docker:default/container/web"
        async with await store.lock(frozenset({"a"}), "r_3/s1", timeout=0.05):
            pass  # what had been taken on the way was let go
    async with await store.lock(frozenset({"docker:default/container/web"}), "r_2/s1", timeout=0.05) as locks:
        await locks.release()
    async with await store.lock(frozenset(), "r_2/s1") as none:
        assert none.resources == ()


async def test_a_cancelled_wait_lets_go(store: Store) -> None:
    async with await store.lock(frozenset({"b"}), "r_1/s1"):
        waiting = asyncio.create_task(store.lock(frozenset({"a", "b"}), "r_1/s2"))
        await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with await store.lock(frozenset({"a"}), "r_1/s3", timeout=1):
            pass


async def test_another_process_is_waited_for_and_named(store: Store, child: Child) -> None:
    holder = child("hold_locks", "web,db")
    assert line(holder) == ["open"]
    assert line(holder)[0] == "locked"
    with pytest.raises(LockHeld) as held:
        await store.lock(frozenset({"web"}), "r_1/s1", timeout=0.12)
    assert f"r_7/s1 (process {holder.pid} of " in held.value.holder
    waiting = asyncio.create_task(store.lock(frozenset({"db", "web"}), "r_1/s1", timeout=30))
    await asyncio.sleep(0.12)
    assert not waiting.done()
    holder.kill()
    async with await waiting:
        pass


def test_processes_exclude_each_other(store: Store, paths: StorePaths, child: Child, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    for process in [child("count_up", str(counter)) for _ in range(3)]:
        said, _ = process.communicate(timeout=100)
        assert process.returncode == 0, said
    assert counter.read_text() == "150"
