"""What all screens share: keys with ids, a size that follows the terminal, a line for notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.screen import ModalScreen, Screen

from reign_tui.widgets.status_bar import Hint, StatusBar

if TYPE_CHECKING:
    from reign_tui.app import ReignApp

WIDE = 100  # columns from which panes stand side by side
SMALL_WIDTH, SMALL_HEIGHT = 40, 10

_FOCUS: list[BindingType] = [
    Binding("tab", "app.focus_next", "Next pane", show=False, id="focus.next"),
    Binding("shift+tab", "app.focus_previous", "Pane before", show=False, id="focus.previous"),
]

Answer = TypeVar("Answer")


class Fitting:
    """A screen that is told the terminal's size, in the foreground or not."""

    def fit(self, size: Size) -> None:
        """Take the form that fits ``size``."""
        assert isinstance(self, Screen)
        self.set_class(size.width < WIDE, "-narrow")
        self.set_class(size.height < 30, "-low")


class ReignScreen(Fitting, Screen[None], inherit_bindings=False):
    """A full screen. ``hints`` says which keys the bottom line names."""

    BINDINGS: ClassVar[list[BindingType]] = _FOCUS

    if TYPE_CHECKING:

        @property
        def app(self) -> ReignApp: ...  # type: ignore[override]

    def hints(self) -> tuple[Hint, ...]:
        return (("?/F1", "help"),)

    def show_hints(self) -> None:
        for bar in self.query_children(StatusBar):
            bar.hints = self.hints()

    def say(self, text: str) -> None:
        """A sentence in the bottom line, until the next key."""
        for bar in self.query_children(StatusBar):
            bar.notice = text

    def on_key(self) -> None:
        self.quiet()

    def quiet(self) -> None:
        for bar in self.query_children(StatusBar):
            bar.notice = ""


class Dialog(Fitting, ModalScreen[Answer], inherit_bindings=False):
    """A dialog over the screen. Escape always leads out and changes nothing."""

    CSS_PATH: ClassVar = ["../styles/dialog.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        *_FOCUS,
        Binding("escape", "leave", "Not now", show=False, id="dialog.leave"),
    ]

    if TYPE_CHECKING:

        @property
        def app(self) -> ReignApp: ...  # type: ignore[override]

    def on_mount(self) -> None:
        self.fit(self.app.size)

    def action_leave(self) -> None:
        self.dismiss(None)
