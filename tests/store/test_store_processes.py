"""Several processes at once, and processes that are killed in the middle."""

from __future__ import annotations

import sqlite3
import subprocess

import pytest

from reign_agents.events import EventType
from reign_agents.store.errors import LeaseHeld
from reign_agents.store.store import Store, StorePaths
from tests.store.conftest import Child
from tests.store.store_samples import begun, event, record


def line(process: subprocess.Popen[str]) -> list[str]:
    assert process.stdout is not None
    return process.stdout.readline().split()


async def test_four_processes_write_and_nothing_is_lost(paths: StorePaths, child: Child) -> None:
    with Store.open(paths) as store:
        shared = store.next_run_id()
        await store.start_run(record(shared), event(shared, EventType.RUN_STARTED))
        writers = [child("write", "20") for _ in range(4)]
        said = [writer.communicate(timeout=100)[0].split() for writer in writers]
        runs = [run for words in said for run in words if run.startswith("r_")]
        assert len(runs) == len(set(runs)) == 80
        assert {run.run for run in store.history(limit=200)} == {shared, *runs}
        for run in runs:
            assert [one.seq for one in store.events(run)] == [1, 2, 3, 4, 5]
        common = list(store.events(shared))
        assert [one.seq for one in common] == list(range(1, 242))
        marks = [one.data["by"] for one in common[1:]]
        assert len(set(marks)) == 80
        for words in said:
            numbers = [int(run[2:]) for run in words if run.startswith("r_")]
            assert numbers == sorted(numbers)


def test_processes_share_a_days_budget_and_never_pass_it(paths: StorePaths, child: Child) -> None:
    spenders = [child("spend", "1250") for _ in range(3)]
    said = [word for spender in spenders for word in spender.communicate(timeout=100)[0].split()]
    assert (said.count("reserved"), said.count("passed")) == (12, 18)
    with Store.open(paths) as store:
        assert store.spending.spent("day", "") == 1200


@pytest.mark.parametrize("where", ["intent", "outcome", "all"])
@pytest.mark.parametrize("lines", [1, 3, 40])
def test_what_was_acknowledged_outlives_kill_9(paths: StorePaths, child: Child, where: str, lines: int) -> None:
    process = child("until_killed", where)
    assert line(process) == ["open"]
    run = line(process)[1]
    stop = {"intent": 1, "outcome": 2, "all": lines}[where]
    said = [line(process) for _ in range(stop)]
    process.kill()
    rest = process.communicate()[0]
    assert process.returncode == -9
    said += [words.split() for words in rest.splitlines(keepends=True) if words.endswith("\n")]
    with Store.open(paths) as store:
        assert store.warnings == ()
        seqs = [one.seq for one in store.events(run)]
        assert seqs == list(range(1, len(seqs) + 1))
        steps = {step.id: step for step in store.steps(run)}
        ledger = {entry.step: entry for entry in store.ledger(run)}
        for what, number, seq, *reference in said:
            assert int(seq) in seqs
            entry = ledger[f"s{number}"]
            assert entry.before is not None
            if what == "intent":
                assert steps[f"s{number}"].attempts == 1
                assert entry.before == {"content": reference[0]}
                assert store.blobs.get(reference[0]) == f"before {run} {number}".encode()
            else:
                assert steps[f"s{number}"].outcome == "done"
                assert entry.certain
        (left,) = store.unfinished()
        assert left.run == run
        open_ones = [step for step in steps.values() if step.attempts and step.ended is None]
        assert len(open_ones) <= 1
        assert left.outcome == ("in_doubt" if open_ones else "stopped")
        assert [step.outcome for step in open_ones] == ["in_doubt"] * len(open_ones)
        assert [ledger[step.id].certain for step in open_ones] == [False] * len(open_ones)
        check = sqlite3.connect(paths.database)
        assert check.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        check.close()


async def test_a_lease_dies_with_its_process(paths: StorePaths, child: Child) -> None:
    with Store.open(paths) as store:
        run = await begun(store)
        assert [r.run for r in store.unfinished()] == [run]
        holder = child("hold_lease", run)
        assert line(holder) == ["open"]
        assert line(holder)[0] == "leased"
        assert store.is_driven(run)
        assert store.unfinished() == []
        with pytest.raises(LeaseHeld) as held:
            store.lease(run)
        assert f"process {holder.pid} of " in held.value.holder
        assert f"attach {run}" in held.value.way_out
        second = child("hold_lease", run)
        assert line(second) == ["open"]
        assert line(second)[:2] == ["held", "process"]
        holder.kill()
        holder.wait()
        assert not store.is_driven(run)
        lease = store.lease(run)
        with pytest.raises(LeaseHeld):
            store.lease(run)
        lease.release()
        lease.release()
        with store.lease(run):
            assert store.is_driven(run)
        assert not store.is_driven(run)
