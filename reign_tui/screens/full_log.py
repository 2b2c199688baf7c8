"""A step's whole log, from its file."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from reign_tui.screens.base import ReignScreen
from reign_tui.widgets.file_view import FileView
from reign_tui.widgets.find_bar import FindBar
from reign_tui.widgets.pane import Pane
from reign_tui.widgets.status_bar import Hint, StatusBar


class FullLogScreen(ReignScreen, inherit_bindings=False):
    """Every line that was written, redacted as it is on disk."""

    CSS_PATH: ClassVar = "../styles/run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *ReignScreen.BINDINGS,
        Binding("escape,q", "app.pop_screen", "Back", show=False, id="back.log"),
        Binding("slash", "find", "Find", show=False, id="back.log_find"),
        Binding("n", "next(1)", "Find the next", show=False, id="back.log_next"),
        Binding("N", "next(-1)", "Find the one before", show=False, id="back.log_before"),
    ]

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._needle = ""

    def compose(self) -> ComposeResult:
        with Pane() as pane:
            pane.heading = f"Log  {self._path}"
            yield FileView(self._path)
        yield FindBar(id="find")
        yield StatusBar()

    def on_mount(self) -> None:
        self.fit(self.app.size)
        self.query_one(FileView).focus()
        self.show_hints()

    def action_find(self) -> None:
        self.query_one(FindBar).open()

    def on_find_bar_wanted(self, event: FindBar.Wanted) -> None:
        self._needle = event.needle
        view = self.query_one(FileView)
        view.focus()
        if view.find(event.needle) is None:
            self.say(f"{event.needle} is not in this log")

    def on_find_bar_closed(self) -> None:
        self.query_one(FileView).focus()

    def action_next(self, by: int) -> None:
        view = self.query_one(FileView)
        at = view.found if view.found is not None else view.scroll_offset.y
        view.find(self._needle, start=at + by, backwards=by < 0)

    def hints(self) -> tuple[Hint, ...]:
        return (("↑↓", "scroll"), ("/", "find"), ("n N", "next, before"), ("Esc", "back"))
