"""The app over a fake session, with a clock that stands still."""

from __future__ import annotations

import os

os.environ["TEXTUAL_ANIMATIONS"] = "none"
os.environ["TZ"] = "UTC"

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, cast

import pytest
from textual.pilot import Pilot, WaitForScreenTimeout

from reign_agents.suggestions import gathering
from reign_tui import greeting
from reign_tui.app import ReignApp
from reign_tui.config import AppConfig
from tests.screen.fake_session import FakeGatherer, FakeSession, fake_session

if TYPE_CHECKING:
    from reign_agents.session import Session

PATIENCE = 60.0
"""Seconds: far more than anything takes on a busy machine."""
NOON = datetime.fromisoformat("2026-03-01T03:12:16+00:00")


class Stage:
    """An app, its session, and words for what a person does with them."""

    def __init__(self, app: ReignApp, session: FakeSession) -> None:
        self.app = app
        self.session = session
        self.pilot: Pilot[int]

    async def until(self, holds: Callable[[], object], what: str = "") -> None:
        """Wait until something holds; fails when it does not for a long time."""
        end = monotonic() + PATIENCE
        while monotonic() < end:
            if holds():
                return
            await self.pilot.pause(0.01)
        raise AssertionError(what or f"it never came to hold; the plan shows {self.app.main.plan.plan_tree.rows()}")

    async def up(self) -> None:
        """Until the first screen and the engine are there: Enter before sends nothing, other keys may say so."""
        await self.until(lambda: self.app._typed_early.over and self.app.ready, "the engine was never there")

    async def send(self, text: str) -> None:
        """Write a request and press Enter."""
        await self.up()
        editor = self.app.main.composer.editor
        editor.focus()
        editor.text = text
        await self._keys("enter")

    async def press(self, *keys: str) -> None:
        await self.up()
        await self._keys(*keys)
        await self.pilot.pause()

    async def _keys(self, *keys: str) -> None:
        """Press keys. The pilot then waits for an answer of every widget there was, and one that the key took away
        never gives one: by then the keys have arrived, and what they lead to is waited for by ``until``.
        """
        with suppress(WaitForScreenTimeout):
            await self.pilot.press(*keys)

    def states(self) -> list[str]:
        """The words in front of the steps."""
        run = self.app.conductor.desk.current
        return [] if run is None else [view.state.value for view in run]

    async def said(self) -> str:
        """All of the chat, as text."""
        await self.app.main.chat.settled()
        await self.pilot.pause()
        lines = []
        for widget in self.app.main.chat.walk_children():
            content = getattr(widget, "_content", None) or getattr(widget, "content", None)
            if content is not None:
                lines.append(str(content))
        return "\n".join(lines)

    @property
    def notice(self) -> str:
        from reign_tui.widgets.status_bar import StatusBar

        return self.app.screen.query_one(StatusBar).notice

    @property
    def dialog(self) -> str:
        return type(self.app.screen).__name__


@pytest.fixture
def session(tmp_path: Path) -> FakeSession:
    return fake_session(tmp_path)


@pytest.fixture
def make_app(session: FakeSession, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ReignApp]:
    """Build the app; keyword arguments go to the settings, ``themes``, ``grace`` and ``warnings`` to the app."""

    async def answers(_host: str) -> str:
        return "the engine answers"

    monkeypatch.setattr(greeting, "engine_answer", answers)
    monkeypatch.setattr(gathering, "Gatherer", FakeGatherer)
    others = [("Kubernetes prod-eu", "deploy nginx:1.27 as web with 2 replicas"), ("git", "git status")]
    monkeypatch.setattr(greeting, "other_tools", lambda _context: others)

    def build(
        *, grace: float = 0.0, themes: Path | None = None, warnings: tuple[str, ...] = (), **config: object
    ) -> ReignApp:
        return ReignApp(
            lambda: cast("Session", session),
            AppConfig(**config),  # type: ignore[arg-type]
            grace=grace,
            themes=themes,
            warnings=warnings,
            now=lambda: NOON,
        )

    return build


@pytest.fixture
def stage(make_app: Callable[..., ReignApp], session: FakeSession) -> Stage:
    return Stage(make_app(), session)
