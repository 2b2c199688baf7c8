from __future__ import annotations

import json
import os
from typing import Any

import pytest

from reign_agents.plan.graph import PlanError
from reign_agents.plan.model import Plan
from tests.hostile.conftest import ALL


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        ("s1", "is not of the form"),
        ("s1.outputs", "is not of the form"),
        ("s1.stdout", "is not of the form"),
        ("s1.outputs.nothere", "returns no 'nothere'"),
        ("s9.outputs.stdout", "needs s9"),
        ("", "which is not in the plan"),
    ],
)
async def test_a_reference_to_nowhere_is_refused_before_anything_runs(
    bench: Any, reference: str, complaint: str
) -> None:
    plan = bench.plan(("shell.command", {"command": "touch ran"}), ("shell.command", {"command": {"$from": reference}}))
    with pytest.raises(PlanError, match=complaint):
        await bench.session.start(plan)
    assert not (bench.place / "ran").exists()


async def test_a_saved_undo_plan_is_an_undo(bench: Any) -> None:
    first = await bench.run(("file.write", {"path": "a.txt", "content": "one\n"}))
    saved = await bench.session.plan(f"undo {first.run}")
    assert saved.undo_of == first.run
    again = Plan.from_json(json.loads(json.dumps(saved.to_json())))
    end = await bench.session.wait(await bench.session.start(again, ALL))
    assert end.exit == 0
    assert not (bench.place / "a.txt").exists()
    assert [entry.undone_by for entry in bench.session.store.ledger(first.run)] == [end.run]


async def test_a_plan_that_only_claims_to_be_an_undo_is_none(bench: Any) -> None:
    first = await bench.run(("file.write", {"path": "a.txt", "content": "one\n"}))
    for claimed in (first.run, "r_999"):
        plan = bench.plan(("shell.command", {"command": "true"}), undo_of=claimed)
        end = await bench.session.wait(await bench.session.start(plan, ALL))
        record = bench.session.store.run(end.run)
        assert record is not None
        assert record.undo_of is None
    assert [entry.undone_by for entry in bench.session.store.ledger(first.run)] == [None]


async def test_names_that_are_no_utf8_survive_removal_and_undo(bench: Any) -> None:
    folder = bench.place / "odd"
    folder.mkdir()
    odd = os.fsencode(folder) + b"/b\xff\xfe.txt"
    with open(odd, "wb") as file:  # noqa: PTH123 - Path has no bytes
        file.write(b"kept")
    end = await bench.run(("file.remove", {"path": "odd", "recursive": True}))
    assert (end.exit, folder.exists()) == (0, False)
    undone = await bench.session.wait(await bench.session.undo(end.run, None, ALL))
    assert undone.exit == 0
    with open(odd, "rb") as file:  # noqa: PTH123
        assert file.read() == b"kept"


async def test_a_path_with_a_lone_surrogate_is_an_answer_not_a_crash(bench: Any) -> None:
    end = await bench.run(("file.write", {"path": "bad\ud800x", "content": "x"}))
    assert end.exit != 0
    assert list(bench.place.iterdir()) == []


async def test_a_file_whose_own_name_is_no_utf8_is_removed_and_comes_back(bench: Any) -> None:
    odd = os.fsencode(bench.place) + b"/b\xff.txt"
    with open(odd, "wb") as file:  # noqa: PTH123
        file.write(b"kept")
    end = await bench.run(("file.remove", {"path": os.fsdecode(odd)}))
    assert (end.exit, list(bench.place.iterdir())) == (0, [])
    undone = await bench.session.wait(await bench.session.undo(end.run, None, ALL))
    assert undone.exit == 0
    with open(odd, "rb") as file:  # noqa: PTH123
        assert file.read() == b"kept"


async def test_many_odd_names_come_back_too(bench: Any) -> None:
    folder = os.fsencode(bench.place / "many")
    os.mkdir(folder)  # noqa: PTH102
    for number in range(600):
        with open(folder + b"/\xff%d" % number, "wb") as file:  # noqa: PTH123
            file.write(b"%d" % number)
    end = await bench.run(("file.remove", {"path": "many", "recursive": True}))
    assert (end.exit, list(bench.place.iterdir())) == (0, [])
    undone = await bench.session.wait(await bench.session.undo(end.run, None, ALL))
    assert (undone.exit, len(os.listdir(folder))) == (0, 600)  # noqa: PTH208
