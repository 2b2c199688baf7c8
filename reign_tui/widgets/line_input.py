"""One line to write in, without Ctrl-A and Ctrl-B; where it counts, what is pasted is refused."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class LineInput(Input, inherit_bindings=False):
    """An input of one line. With ``typed_only`` nothing can be pasted into it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Enter", show=False, id="input.enter"),
        Binding("left", "cursor_left", "Left", show=False, id="input.left"),
        Binding("right", "cursor_right", "Right", show=False, id="input.right"),
        Binding("home", "home", "Start", show=False, id="input.start"),
        Binding("end,ctrl+e", "end", "End", show=False, id="input.end"),
        Binding("backspace", "delete_left", "Delete left", show=False, id="input.backspace"),
        Binding("delete,ctrl+d", "delete_right", "Delete right", show=False, id="input.delete"),
        Binding("ctrl+w", "delete_left_word", "Delete word", show=False, id="input.delete_word"),
        Binding("ctrl+u", "delete_left_all", "Delete to start", show=False, id="input.delete_start"),
        Binding("ctrl+k", "delete_right_all", "Delete to end", show=False, id="input.delete_end"),
    ]
    DEFAULT_CSS = """
    LineInput {
        height: 1;
        border: none;
        padding: 0;
        background: transparent;
        &:focus { border: none; background: transparent; }
    }
    """

    class Submitted(Message):
        """Enter was pressed."""

        def __init__(self, box: LineInput, value: str) -> None:
            super().__init__()
            self.box = box
            self.value = value

        @property
        def control(self) -> LineInput:
            return self.box

    class PasteRefused(Message):
        """Something was pasted where only typing counts."""

    def __init__(self, *, typed_only: bool = False, placeholder: str = "", id: str | None = None) -> None:
        super().__init__(id=id, placeholder=placeholder, compact=True)
        self.cursor_blink = False
        self._typed_only = typed_only

    async def action_submit(self) -> None:
        self.post_message(self.Submitted(self, self.value))

    def _on_paste(self, event: events.Paste) -> None:
        """Refuse what must be typed; else the input's own handler, which is called next, puts it in."""
        if self._typed_only:
            event.stop()
            event.prevent_default()
            self.post_message(self.PasteRefused())
