"""What was only planned without a screen is known to whoever goes on with the session, in another process too."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reign_agents.session import NothingToUndo, Session
from reign_agents.settings import EngineSettings
from reign_agents.store.journal import PLANNED_KEPT
from reign_agents.store.store import Store, StorePaths
from reign_tui.paths import find_paths
from tests.cli.conftest import Reign

Opened = Callable[[], Store]
PLAN = "create file notes.txt with content hello"


@pytest.fixture
def opened(reign_home: Path) -> Opened:
    return lambda: Store.open(StorePaths(data=find_paths().data, state=find_paths().state))


def planned(said: str) -> dict[str, object]:
    plan = json.loads(said)
    (step,) = plan["steps"]
    fields = step["fields"]
    assert isinstance(fields, dict)
    return fields


def test_a_plan_is_corrected_then_run(reign: Reign, folder: Path, opened: Opened) -> None:
    assert planned(reign("plan", "--json", PLAN).out)["path"].endswith("notes.txt")  # type: ignore[attr-defined]
    said = reign("plan", "--continue", "--json", "no, call it other.txt")
    if said.code == 0:
        assert str(planned(said.out)["path"]).endswith("other.txt")
    assert reign("history", "--json").rows == []
    assert not list(folder.glob("*.txt"))
    ran = reign("run", "--continue", "--approve", "create", "--json", "do it")
    assert ran.code == 0, ran.err
    assert len(list(folder.glob("*.txt"))) == 1
    with opened() as store:
        assert len(store.sessions()) == 1


async def test_what_was_only_planned_cannot_be_undone(opened: Opened, folder: Path) -> None:
    with opened() as store:
        session = Session(store, EngineSettings(cwd=folder))
        plan = await session.plan(PLAN)
        with pytest.raises(NothingToUndo, match="was only planned"):
            await session.undo(plan.id)
        await session.close()


def test_a_question_is_answered_by_the_next_process(reign: Reign, opened: Opened) -> None:
    first = reign("plan", "--json", "create file notes.txt")
    with opened() as store:
        (session,) = store.sessions()
        said = [(one.who, one.text) for one in store.messages(session.session)]
    assert said[0] == ("person", "create file notes.txt")
    assert said[1][0] == "reign"
    if first.code == 4:
        assert said[1][1] == json.loads(first.out)["question"]


def test_secrets_of_a_plan_are_not_kept(reign: Reign, opened: Opened) -> None:
    reign("plan", "create file notes.txt with content password=hunter2-hunter2")
    with opened() as store:
        (session,) = store.sessions()
        (record,) = store.planned(session.session)
        assert record.outcome == "planned"
        assert "hunter2" not in record.request
        assert store.plan(record.run) is not None
    data = b"".join(path.read_bytes() for path in find_paths().data.rglob("*") if path.is_file())
    assert b"hunter2" not in data


async def test_only_the_newest_are_kept(opened: Opened) -> None:
    from dataclasses import replace

    from reign_agents.plan.model import Plan, Step

    plan = Plan("p_0", "x", "monitor", 1.0, (Step("s1", "file.list", {"path": "."}, ""),))
    with opened() as store:
        for number in range(PLANNED_KEPT + 5):
            await store.keep_planned("s_1", "x", replace(plan, id=f"p_{number:08x}"), "planned")
        assert store.plan(f"p_{0:08x}") is None
        assert store.plan(f"p_{PLANNED_KEPT + 4:08x}") is not None
        newest = store.planned("s_1", limit=1)[0]
        assert (newest.run, newest.steps.waiting, newest.ended is not None) == (f"p_{PLANNED_KEPT + 4:08x}", 1, True)
        await store.keep_planned("s_1", "once more", replace(plan, id=newest.run), "planned")
        assert [one.request for one in store.planned("s_1") if one.run == newest.run] == ["once more"]
        assert store.planned("s_2") == []
