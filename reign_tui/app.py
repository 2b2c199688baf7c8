"""The full-screen app: one main screen, dialogs over it, the engine on the app's own loop."""

from __future__ import annotations

import asyncio
import gc
import importlib
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from reign_tui.doors import Doors
from reign_tui.screens.base import SMALL_HEIGHT, SMALL_WIDTH, Fitting, ReignScreen
from reign_tui.themes import DEFAULT, register_themes
from reign_tui.typed_early import TypedEarly

if TYPE_CHECKING:
    from reign_agents.session import Session
    from reign_tui.bridge import Bridge
    from reign_tui.cli.context import Context
    from reign_tui.conductor import Conductor
    from reign_tui.config import AppConfig
    from reign_tui.screens.main import MainScreen
    from reign_tui.suggesting import Suggesting

SWITCH = 0.0005  # seconds a thread may keep the interpreter: threads that redact output must not slow the keys
AGAIN = 2.0  # seconds in which a second Ctrl-C leaves


def local_now() -> datetime:
    """The time here, with its zone."""
    return datetime.now().astimezone()


class ReignApp(Doors, App[int], inherit_bindings=False):
    """``session_factory`` makes the engine after the first frame; ``app_config`` gives theme and keys.

    ``warnings`` are said in the chat, ``themes`` is the user's folder of themes, ``now`` the clock of the screen,
    ``grace`` the seconds in which a fresh approval dialog ignores keys.
    """

    TITLE = "Reign"
    CSS_PATH = "styles/main.tcss"  # a default screen's own is not read by Textual
    ENABLE_COMMAND_PALETTE = False  # its key would have no id; ours is app.palette
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "stop", "Stop what runs; twice leaves", show=False, id="app.stop", priority=True),
        Binding("ctrl+q", "leave", "Leave", show=False, id="app.leave", priority=True),
        Binding("ctrl+p", "palette", "Commands", show=False, id="app.palette", priority=True),
        Binding("f1", "help", "Help", show=False, id="app.help", priority=True),
    ]

    def __init__(
        self,
        session_factory: Callable[[], Session],
        app_config: AppConfig,
        *,
        warnings: Sequence[str] = (),
        themes: Path | None = None,
        now: Callable[[], datetime] = local_now,
        grace: float = 0.5,
    ) -> None:
        super().__init__()
        self.now = now
        self.grace = grace
        self.session: Session | None = None
        self.warnings = [*warnings]
        self._config = app_config
        self._make_session = session_factory
        self._bridge: Bridge | None = None
        self._conductor: Conductor | None = None
        self.suggesting: Suggesting | None = None
        self._early: list[str] = []
        self._typed_early = TypedEarly()
        self._leaving = False
        self._stopped_at = 0.0
        self.failure: Exception | None = None
        problems = register_themes(self, themes)
        self.warnings += problems
        if app_config.theme in self.available_themes:
            self.theme = app_config.theme
        else:
            self.theme = DEFAULT
            known = ", ".join(sorted(name for name in self.available_themes if name.startswith("reign-")))
            self.warnings.append(f"there is no theme {app_config.theme!r}: {DEFAULT} is used (there are {known})")
        self.set_keymap(dict(app_config.keymap))

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return {"muted": "#808a96"}

    # -- start and end

    def get_default_screen(self) -> Screen[Any]:
        from reign_tui.screens.main import MainScreen

        self._main = MainScreen()
        return self._main

    @property
    def main(self) -> MainScreen:
        return self._main

    @property
    def ready(self) -> bool:
        """Whether the engine is up."""
        return self._conductor is not None

    @property
    def conductor(self) -> Conductor:
        assert self._conductor is not None
        return self._conductor

    def send(self, text: str) -> None:
        """A request; what comes before the engine is up waits for it."""
        if self._conductor is None:
            self._early.append(text)
        else:
            self._conductor.send(text)

    @property
    def keys(self) -> dict[str, str]:
        """Ids of bindings that the settings gave other keys."""
        return dict(self._config.keymap)

    def begin(self) -> None:
        """The main screen is put together: the engine follows as soon as it is painted."""
        self._main.header.time = self.now().strftime("%H:%M")
        early = self._typed_early.text
        if early:
            self._main.composer.editor.insert(early)  # in the first frame
        self.call_after_refresh(self._write_early, early)
        self.call_after_refresh(self.set_timer, 0.05, self._start)

    async def on_event(self, event: events.Event) -> None:
        """Keys that come before there is an input wait for it."""
        if not self._typed_early.takes(event):
            await super().on_event(event)

    def _write_early(self, written: str) -> None:
        text, editor = self._typed_early.end(), self._main.composer.editor
        if text != written:
            editor.text = text
            editor.move_cursor(editor.document.end)
        if text:
            self.say("What you typed meanwhile stands in the input: Enter sends it")

    def _start(self) -> None:
        sys.setswitchinterval(SWITCH)
        self.run_worker(self._started(), name="engine")  # of its own: the screen is painted meanwhile

    async def _started(self) -> None:
        """The first frame is on the screen: now the engine, and everything it needs."""
        await asyncio.to_thread(_load_engine)  # takes a while, and meanwhile one can type
        if self._leaving:
            self.exit(0)
            return
        from reign_tui.bridge import Bridge
        from reign_tui.conductor import Conductor
        from reign_tui.greeting import greet
        from reign_tui.suggesting import Suggesting

        await self._main.plan.furnish()
        self._conductor = Conductor(self, self._main)
        try:
            self.session = self._make_session()
        except Exception as error:
            self.failure = error
            self.exit(1)
            return
        self._bridge = Bridge(self.session, self._conductor.deliver)
        if self._config.suggestions:
            self.suggesting = Suggesting(self, self.session, self._main.composer.editor)
        self._conductor.begin(self.session)
        await self._main.engine_up()
        for text in self._early:
            self._conductor.send(text)
        self.run_worker(greet(self, self.session), name="greeting")
        if self.suggesting is not None:
            self.suggesting.begin()
        self.set_timer(60 - self.now().second, self._minute)
        gc.collect()
        gc.freeze()
        gc.enable()

    def _minute(self) -> None:
        if not self._main.query("Header"):
            return  # the app is closing
        self._main.header.time = self.now().strftime("%H:%M")
        self.set_timer(60 - self.now().second, self._minute)

    async def on_unmount(self) -> None:
        if self.session is not None:
            await self.session.close()
        if self._bridge is not None:
            await self._bridge.close()

    def on_resize(self, event: events.Resize) -> None:
        """All screens take the form that fits; a terminal that is too small says so."""
        from reign_tui.screens.too_small import TooSmallScreen

        for screen in self.screen_stack:
            if isinstance(screen, Fitting) and screen.is_mounted:
                screen.fit(event.size)
        small = event.size.width < SMALL_WIDTH or event.size.height < SMALL_HEIGHT
        if small and not isinstance(self.screen, TooSmallScreen):
            self.push_screen(TooSmallScreen())
        elif not small and isinstance(self.screen, TooSmallScreen):
            self.pop_screen()

    # -- leaving and stopping

    def action_stop(self) -> None:
        """Ctrl-C: cancels what runs; a second time leaves."""
        if time.monotonic() - self._stopped_at < AGAIN:
            self.exit(0)
            return
        self._stopped_at = time.monotonic()
        runs = self._conductor.stop() if self._conductor is not None else []
        self.say(f"Stopping {', '.join(runs)}… ^C again leaves" if runs else "^C again leaves Reign")

    def action_leave(self) -> None:
        """Ctrl-Q: asks when work is under way."""
        if not self.ready:
            self._leaving = True  # a process that ends in the middle of an import ends badly
            self.say("Leaving as soon as the engine has loaded")
            return
        from reign_tui.screens.quit import QuitScreen

        working = self._conductor.desk.working if self._conductor is not None else []
        if not working:
            self.exit(0)
        elif not isinstance(self.screen, QuitScreen):
            self.push_screen(QuitScreen([run.request for run in working]), lambda stop: self.exit(0) if stop else None)

    def say(self, text: str) -> None:
        """A sentence in the bottom line of the screen in front (of the main screen under a dialog)."""
        screen = self.screen if isinstance(self.screen, ReignScreen) else self._main
        screen.say(text)

    def action_help(self) -> None:
        from reign_tui.screens.help import HelpScreen

        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    def action_palette(self) -> None:
        from textual.command import CommandPalette

        from reign_tui.commands import ReignCommands

        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(providers=[ReignCommands], placeholder="What do you want to do?"))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        return ()

    # -- the clipboard

    def copy(self, text: str) -> None:
        """Put text on the clipboard of the terminal the person sits at."""
        from reign_tui.clipboard import TooLarge, osc52
        from reign_tui.text import plain

        try:
            sequence = osc52(plain(text))
        except TooLarge as error:
            self.say(str(error))
            return
        self._clipboard = text
        if self._driver is not None:
            self._driver.write(sequence)
        self.say(f"Copied {len(text.splitlines())} lines")

    def copy_to_clipboard(self, text: str) -> None:
        self.copy(text)


def _load_engine() -> None:
    """Import what the engine and the rest of the screen need."""
    for module in ("reign_agents.session", "reign_tui.conductor", "reign_tui.greeting", "reign_tui.bridge"):
        importlib.import_module(module)


def run_app(context: Context, *, continue_: bool = False) -> int:
    """Run the app on the terminal until the person leaves; the exit code. Called by the command line."""
    from reign_tui.run_app import run_on_terminal

    return run_on_terminal(context, continue_=continue_)
