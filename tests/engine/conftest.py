from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from reign_agents.engine.hub import Subscription
from reign_agents.events import Event
from reign_agents.plan.model import Plan, Step
from reign_agents.session import Session
from reign_agents.settings import EngineSettings
from reign_agents.store.store import Store, StorePaths
from tests.engine.fake_world import FakeWorld, world_registry


@pytest.fixture(autouse=True)
def world() -> type[FakeWorld]:
    FakeWorld.reset()
    return FakeWorld


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state"))
    yield opened
    await opened.close()


@pytest.fixture
def make_session(store: Store, tmp_path: Path) -> Callable[..., Session]:
    def make(**settings: Any) -> Session:
        return Session(store, EngineSettings(cwd=tmp_path, user="ana", **settings), registry=world_registry())

    return make


@pytest.fixture
async def session(make_session: Callable[..., Session]) -> AsyncIterator[Session]:
    one = make_session()
    yield one
    await one.close()


def make_plan(*steps: Step, **more: Any) -> Plan:
    return Plan("p_test", "do the thing", "create_infra", 1.0, steps, **more)


def put(name: str, key: str, value: str = "1", *needs: str, **fields: Any) -> Step:
    return Step(name, "world.put", {"key": key, "value": value, **fields}, "asked", needs=needs)


async def until(events: Subscription, kind: str, seen: list[Event] | None = None) -> Event:
    """The next event of that type; fails the test when it does not come."""
    async with asyncio.timeout(20):
        async for event in events:
            if seen is not None:
                seen.append(event)
            if event.type.value == kind:
                return event
    raise AssertionError(f"no {kind}")
