"""Sessions on real systems, and what becomes of an approval when something moves before it is used."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from reign_agents.engine.ending import RunEnd
from reign_agents.engine.hub import Subscription
from reign_agents.plan.model import Plan, Step
from reign_agents.session import Session
from reign_agents.settings import Decision, EngineSettings, RunOptions
from reign_agents.store.store import Store, StorePaths

Move = Callable[[], Any]
"""What somebody else does meanwhile; awaited when it can be."""


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[Session]:
    work = tmp_path / "work"
    work.mkdir()
    store = Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state"))
    one = Session(store, EngineSettings(cwd=work, user="ana"))
    yield one
    await one.close()
    await store.close()


def steps(*given: tuple[str, dict[str, Any]]) -> Plan:
    made = tuple(Step(f"s{n}", name, fields, "asked") for n, (name, fields) in enumerate(given, 1))
    return Plan("p_test", "do it", "update", 1.0, made)


async def until_asked(events: Subscription) -> None:
    async with asyncio.timeout(60):
        async for event in events:
            if event.type.value == "approval.requested":
                return
            assert event.type.value != "run.finished", event.data
    raise AssertionError("nothing was asked")


async def _done(move: Move) -> None:
    found = move()
    if inspect.isawaitable(found):
        await found


async def moves(session: Session, plan: Plan, move: Move) -> str:
    """Approve what a plan asks, but only after ``move``; what is then said to have moved."""
    events = session.subscribe()
    run = await session.start(plan)
    await until_asked(events)
    first = session.pending()[0]
    await _done(move)
    await session.answer(first.id, Decision.ONCE, first.hash)
    await until_asked(events)
    again = session.pending()[0]
    assert again.moved
    await session.cancel(run)
    end = await session.wait(run)
    assert end.exit == 130
    events.close()
    return again.moved


async def answered_after(session: Session, plan: Plan, move: Move) -> RunEnd:
    """How a plan ends whose question is answered after ``move``, when nothing is asked again."""
    events = session.subscribe()
    run = await session.start(plan)
    await until_asked(events)
    events.close()
    first = session.pending()[0]
    await _done(move)
    await session.answer(first.id, Decision.ONCE, first.hash)
    async with asyncio.timeout(60):
        return await session.wait(run)


async def reviewed(session: Session, plan: Plan) -> RunEnd:
    """How a plan ends that was reviewed elsewhere and brought with its hash, as ``--approve-hash`` does."""
    options = RunOptions(interactive=False, approve_hash=plan.hash)
    return await session.wait(await session.start(plan, options))


async def voided(session: Session, plan: Plan, move: Move) -> str:
    """What is said when a step moves under an approval: the words of a question asked again in the app, which must also
    be those with which the same plan, reviewed before the move, ends with exit code 3 where nobody can be asked.
    """
    before = await session.check_plan(plan)
    said = await moves(session, plan, move)
    end = await reviewed(session, before)
    assert end.exit == 3, end
    assert "is no longer the one reviewed, nothing was run" in str(end.answer)
    for line in said.splitlines():
        assert line in str(end.answer)
    return said
