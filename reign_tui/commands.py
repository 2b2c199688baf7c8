"""The palette: commands that make sense right now, each with what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

from reign_tui.text import cut, one_line

if TYPE_CHECKING:
    from reign_tui.app import ReignApp

_PANES = (
    ("Chat", "write a request"),
    ("Plan", "the plan"),
    ("Logs", "the logs"),
    ("State", "what Reign changed"),
    ("History", "past runs"),
)
Command = tuple[str, str, Callable[[], Any]]


class ReignCommands(Provider):
    """What can be done here and now, most pressing first."""

    def commands(self) -> list[Command]:
        """The runs' own only when the engine is up."""
        app: ReignApp = self.app  # type: ignore[assignment]
        return [*(self._of_runs(app) if app.ready else []), *self._of_the_app(app)]

    def _of_runs(self, app: ReignApp) -> Iterator[Command]:
        from reign_tui.run_view import State

        conductor, desk = app.conductor, app.conductor.desk
        run, view = desk.current, conductor.step

        def act(what: str) -> Callable[[], None]:
            return partial(conductor.act, what)

        if desk.needs_person:
            yield "Answer what needs you", "a · the oldest approval or choice", act("approve")
        yield "Grants", "what runs unasked for a time; x takes it back", act("grants")
        if (thinks := conductor.thinks) is not None:
            yield f"Stop {thinks.thinking.asked}", "Esc · ends its request at once", act("interrupt")
        if conductor.looked is not None:
            yield "What a model looked at", "v · each look, with what came back", act("looks")
        if run is not None and run.live:
            yield f"Stop run {run.id}", "^C · cancels what runs, the gentle way first", app.action_stop
            paused = "Let the run go on" if run.paused else "Pause the run"
            yield paused, "p · what runs goes on, nothing new starts", act("pause")
        if view is not None and run is not None:
            name = f"step {view.number} ({view.step.operation})"
            if run.live and view.outcome is None:
                yield f"Cancel {name}", "x", act("cancel_step")
                yield f"Edit {name}", "e · change its fields or leave it out", act("edit_step")
            if not run.live and view.state is State.DONE:
                yield f"Undo {name} alone", "U · asked first", act("undo_step")
            yield (
                f"Show all of {name}",
                "Enter · call, target, effect, outputs",
                partial(conductor.open_step, view.step.id),
            )
            if view.log is not None:
                yield f"Full log of {name}", "o", act("full_log")
        if run is not None and not run.live and run.steps:
            yield f"Undo run {run.id}", f"u · {cut(one_line(run.request), 50)}", act("undo_run")
        if len(desk.runs) > 1:
            yield "The run before", "[", act("turn_back")
            yield "The run after", "]", act("turn_on")
        if desk.runs:
            yield "New conversation", "what was said before is not meant any more", act("begin_anew")
        if run is not None:
            yield "Copy the plan", "y · as text, by OSC 52", act("copy")

    def _of_the_app(self, app: ReignApp) -> Iterator[Command]:
        for number, (name, about) in enumerate(_PANES, 1):
            yield f"Go to {name}", f"{number} or Alt+{number} · {about}", partial(self._tab, app, number)
        yield "Search past runs", "the history on a screen of its own, replay", app.open_history
        for theme in sorted(name for name in app.available_themes if not name.startswith(("textual", "ansi"))):
            if theme.startswith("reign-") and theme != app.theme:
                yield f"Theme {theme}", "colours only; states are always words", partial(setattr, app, "theme", theme)
        yield "Help", "F1 · all keys", app.action_help
        yield "Leave Reign", "^Q · asks when work is under way", app.action_leave

    @staticmethod
    def _tab(app: ReignApp, number: int) -> None:
        app.call_later(app.main.open_tab, number)

    async def discover(self) -> Hits:
        for name, about, do in self.commands():
            yield DiscoveryHit(name, do, help=about)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, about, do in self.commands():
            score = matcher.match(f"{name} {about}")
            if score > 0:
                yield Hit(score, matcher.highlight(name), do, help=about)
