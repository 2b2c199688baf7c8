"""A terminal that is too small says so instead of breaking."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from reign_tui.screens.base import SMALL_HEIGHT, SMALL_WIDTH


class TooSmallScreen(Screen[None], inherit_bindings=False):
    """Goes away by itself when there is room again. Work goes on meanwhile."""

    BINDINGS: ClassVar[list[BindingType]] = []
    DEFAULT_CSS = "TooSmallScreen { align: center middle; } TooSmallScreen Static { width: 100%; text-align: center; }"

    def compose(self) -> ComposeResult:
        yield Static("", id="text", markup=False)

    def on_mount(self) -> None:
        self._tell()

    def on_resize(self) -> None:
        self._tell()

    def _tell(self) -> None:
        size = self.app.size
        self.query_one(Static).update(
            f"Reign needs {SMALL_WIDTH}×{SMALL_HEIGHT}\nhere: {size.width}×{size.height}\nwork goes on · ^C stops"
        )
