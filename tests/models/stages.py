"""The real app over the real engine, with the models that a test gives it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.widgets import Static

from reign_agents.models.budget import Budget
from reign_agents.models.conversation import LanguageModel
from reign_agents.models.metered import Meter, MeteredModel
from reign_agents.models.prices import Prices
from reign_agents.planning.with_model import ModelPlanner
from reign_agents.session import Session
from reign_agents.settings import EngineSettings
from reign_agents.store.store import Store, StorePaths
from reign_tui.app import ReignApp
from reign_tui.config import AppConfig
from reign_tui.widgets.asking import Asking, Spoken
from tests.screen.conftest import Stage

STRANGE = "please hum the song of the flux compensator"


class ModelStage(Stage):
    """A stage whose planner asks models first."""

    async def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Wait until something holds; on a slow machine, too."""
        async with asyncio.timeout(120):
            while not holds():
                await self.pilot.pause(0.02)

    @property
    def spoken(self) -> list[Spoken]:
        return list(self.app.main.chat.query(Spoken))

    @property
    def words(self) -> list[str]:
        """What models said, one text an answer, with how it ended below it."""
        found = []
        for spoken in self.spoken:
            texts = [str(part.content) for part in spoken.query(Static)]
            found.append("\n".join(text for text in texts[1:] if text))
        return found

    @property
    def noted(self) -> list[str]:
        """The notes of all requests, in order."""
        return [str(one.content) for asking in self.asking for one in asking.query(".noted").results(Static)]

    @property
    def asking(self) -> list[Asking]:
        return list(self.app.main.chat.query(Asking))

    @property
    def ended(self) -> bool:
        """Whether every request came to its end."""
        runs = self.app.conductor.desk.runs
        return bool(runs) and not any(run.live for run in runs.values())


@asynccontextmanager
async def staged(
    tmp_path: Path,
    models: Mapping[str, LanguageModel],
    *,
    size: tuple[int, int] = (120, 40),
    budget: Budget | None = None,
    **more: Any,
) -> AsyncIterator[ModelStage]:
    """The app, ready; ``models`` by name are the chain, held by a ``budget`` where there is one."""
    work = tmp_path / "work"
    work.mkdir(exist_ok=True)
    with Store.open(StorePaths(data=tmp_path / "data", state=tmp_path / "state")) as store:

        def session() -> Session:
            make: Callable[[str], LanguageModel] = models.__getitem__
            if budget is not None:
                meter = Meter(store, Prices({}), budget, ask=stage.app.ask_budget)
                make = lambda name: MeteredModel(models[name], meter)  # noqa: E731
            planner = ModelPlanner(tuple(models), make, prefer="model")
            return Session(store, EngineSettings(cwd=work, **more), planner=planner)

        stage = ModelStage(ReignApp(session, AppConfig(), grace=0.0), None)  # type: ignore[arg-type]
        async with stage.app.run_test(size=size) as stage.pilot:
            await stage.until(lambda: stage.app.ready)
            yield stage
