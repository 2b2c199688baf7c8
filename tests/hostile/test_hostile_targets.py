from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reign_agents.plan.edit import SetFields, edited
from reign_agents.store.errors import LeaseHeld
from reign_executors.errors import OperationError
from reign_executors.target import Target
from tests.hostile.conftest import ALL


@pytest.mark.parametrize("operation", ["file.write", "shell.command"])
async def test_a_saved_plan_for_another_system_is_not_run_on_this_one(bench: Any, operation: str) -> None:
    fields = {"path": "a", "content": "x"} if operation == "file.write" else {"command": "touch a"}
    plan = bench.plan((operation, fields))
    elsewhere = Target(tool="host", context="elsewhere", resource="file//a", identity={"machine": "0"})
    pinned = plan.with_steps(replace(step, target=elsewhere) for step in plan.steps)
    end = await bench.session.wait(await bench.session.start(pinned, ALL))
    assert end.exit == 3
    assert "another system than the one that was planned" in str(end.answer)
    assert list(bench.place.iterdir()) == []


async def test_an_undo_stays_on_the_system_its_run_was_on(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = await bench.run(("file.write", {"path": "a", "content": "x"}))
    monkeypatch.setattr("reign_executors.files.places.machine_identity", lambda: "another")
    end = await bench.session.wait(await bench.session.undo(first.run, None, ALL))
    assert end.exit == 3
    assert "another system than the one that was planned" in str(end.answer)
    assert (bench.place / "a").read_text() == "x"


async def test_a_run_that_is_under_way_is_not_undone(bench: Any) -> None:
    first = await bench.run(("file.write", {"path": "a", "content": "x"}))
    with bench.session.store.lease(first.run), pytest.raises(LeaseHeld):
        await bench.session.undo(first.run, None, ALL)
    assert (bench.place / "a").exists()
    run = await bench.session.start(bench.plan(("shell.command", {"command": "sleep 5"})), ALL)
    for _ in range(3):
        with pytest.raises(OperationError):
            await bench.session.undo(run, None, ALL)
    await bench.session.cancel(run)


def test_who_edits_a_step_chooses_its_target_anew(bench: Any) -> None:
    elsewhere = Target(tool="host", context="elsewhere", resource="file//a", identity={"machine": "0"})
    plan = bench.plan(("shell.command", {"command": "true"}))
    pinned = plan.with_steps(replace(step, target=elsewhere) for step in plan.steps)
    assert edited(pinned, [SetFields("s1", {"command": "false"})]).steps[0].target is None
