"""Keeps the composer's suggestions: builds them once the engine is up, feeds them what was asked and what is there.

All of it happens in the background; a key press only reads. Whatever fails here leaves fewer suggestions, nothing else:
it is written into a report once, which the doctor names.
"""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Coroutine, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from reign_tui.cli.report import write_report

if TYPE_CHECKING:
    from textual.app import App

    from reign_agents.session import Session
    from reign_agents.suggestions.engine import Suggestions
    from reign_agents.suggestions.gathering import Gatherer
    from reign_agents.suggestions.offer import Offer
    from reign_tui.widgets.offering import Offering


class Suggesting:
    """One for the app's life. ``editor`` is where a person writes."""

    def __init__(self, app: App[Any], session: Session, editor: Offering) -> None:
        self._app = app
        self._session = session
        self._editor = editor
        self.engine: Suggestions | None = None
        self._gatherer: Gatherer | None = None
        self._early: list[str] = []
        self._failed: set[str] = set()

    def begin(self) -> None:
        """Start building; returns at once."""
        self._in_background(self._begun())

    def asked(self, text: str) -> None:
        """A request was sent: it can be suggested from now on, unless it holds a secret."""
        self.question(())
        if self.engine is None:
            self._early.append(text)
            return
        try:
            if self._hidden(text) == text:
                self.engine.past.add(text)
        except Exception as error:
            self.failed(error)

    def question(self, answers: Sequence[str]) -> None:
        """A person was asked something and can answer with these requests; none: nothing is asked any more."""
        if self.engine is not None:
            self.engine.answers = tuple(answers)

    def ended(self, request: str, outcome: str, operations: Iterable[str]) -> None:
        """A run with these operations has ended: it is known how it went; what it worked on is looked at again."""
        if self.engine is not None:
            self.engine.past.ended(request, outcome)
        families = {operation.partition(".")[0] for operation in operations}
        if self._gatherer is not None and families:
            self._in_background(self._gatherer.gather(families))

    def offers(self, text: str) -> Sequence[Offer]:
        """What is offered for a text; where a folder must be listed first, offered again when it is."""
        assert self.engine is not None
        try:
            folder = self.engine.folder_wanted(text)
            if folder is not None:
                self._in_background(self._listed(folder, text))
            return self.engine.suggest(text)
        except Exception as error:  # whoever writes must be able to go on
            self.failed(error)
            return ()

    def failed(self, error: Exception) -> None:
        """Write a report, once for each place where it fails."""
        frames = traceback.extract_tb(error.__traceback__)
        place = f"{type(error).__name__} {frames[-1].filename}:{frames[-1].lineno}" if frames else repr(error)
        if place not in self._failed:
            self._failed.add(place)
            self._app.run_worker(asyncio.to_thread(write_report, error, "suggestions"), group="reports")

    def _hidden(self, text: str) -> str:
        from reign_agents.engine.secrets import pasted

        return str(self._session.hidden({"text": pasted(text).shown})["text"])

    async def _begun(self) -> None:
        engine, gatherer = await asyncio.to_thread(self._built)
        self.engine, self._gatherer = engine, gatherer
        for text in self._early:
            self.asked(text)
        self._early.clear()
        self._editor.suggest = self.offers
        await gatherer.gather(await asyncio.to_thread(gatherer.near))

    def _built(self) -> tuple[Suggestions, Gatherer]:
        from reign_agents.specialists import RECIPES
        from reign_agents.suggestions.engine import Suggestions
        from reign_agents.suggestions.gathering import Gatherer
        from reign_agents.suggestions.grammar import Grammar
        from reign_agents.suggestions.patterns import patterns

        settings, store = self._session.settings, self._session.store
        grammar = Grammar(patterns(recipe.example for recipe in RECIPES))
        engine = Suggestions(grammar, settings.cwd, self._hidden)
        engine.past.load(store.requests())
        engine.suggest("warm up")
        return engine, Gatherer(engine.names, settings, store.paths.state)

    async def _listed(self, folder: str, text: str) -> None:
        assert self.engine is not None
        await asyncio.to_thread(self.engine.paths.list, folder)
        if self._editor.text == text and self._editor.chosen is None and self._editor.has_focus:
            self._editor.offer()

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        self._app.run_worker(self._guarded(work), name="suggestions", group="suggestions", exit_on_error=False)

    async def _guarded(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            self.failed(error)
