"""The line in which one writes what to find."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from reign_tui.widgets.line_input import LineInput


class FindBar(Horizontal, inherit_bindings=False):
    """``/`` and a line to write in; Enter finds, Escape closes."""

    DEFAULT_CSS = """
    FindBar {
        height: 1;
        padding: 0 1;
        display: none;
        background: $panel;
        &.-open { display: block; }
        & > Static { width: 2; color: $accent; text-style: bold; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False, id="find.close")]

    class Wanted(Message):
        """Find this."""

        def __init__(self, needle: str) -> None:
            super().__init__()
            self.needle = needle

    class Closed(Message):
        """Nothing more to find."""

    def compose(self) -> ComposeResult:
        yield Static("/ ", markup=False)
        yield LineInput(id="needle", placeholder="find in this pane, Enter goes there, n and N go on")

    def open(self) -> None:
        self.add_class("-open")
        box = self.query_one(LineInput)
        box.value = ""
        box.focus()

    def on_line_input_submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        self.remove_class("-open")
        self.post_message(self.Wanted(event.value))

    def action_close(self) -> None:
        self.remove_class("-open")
        self.post_message(self.Closed())
