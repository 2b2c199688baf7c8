from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reign_agents.plan.model import Plan, Step
from reign_agents.session import RunEnd, RunOptions, Session
from reign_agents.settings import EngineSettings
from reign_agents.store.store import Store, StorePaths
from reign_executors.effect import Risk
from reign_executors.operation import JsonObject

ALL = RunOptions(interactive=False, approve=Risk.DESTROY)


class Bench:
    """Runs plans of real operations in a folder of their own, and can look at every byte that is kept of them."""

    def __init__(self, session: Session, home: Path, place: Path) -> None:
        self.session = session
        self.home = home
        self.place = place

    def plan(self, *steps: tuple[str, JsonObject], undo_of: str | None = None) -> Plan:
        made = tuple(Step(f"s{n}", operation, fields, "asked") for n, (operation, fields) in enumerate(steps, 1))
        return Plan("p_test", "hostile", "update", 1.0, made, undo_of=undo_of)

    async def run(self, *steps: tuple[str, JsonObject], options: RunOptions = ALL) -> RunEnd:
        return await self.session.wait(await self.session.start(self.plan(*steps), options))

    async def kept(self) -> bytes:
        """Everything that is on disk of all runs."""
        await self.session.store.close()
        return b"".join(path.read_bytes() for path in sorted(self.home.rglob("*")) if path.is_file())


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    home, place = tmp_path / "home", tmp_path / "place"
    place.mkdir()
    store = Store.open(StorePaths(data=home / "data", state=home / "state"))
    session = Session(store, EngineSettings(cwd=place, user="eve"))
    yield Bench(session, home, place)
    await session.close()
    await store.close()
