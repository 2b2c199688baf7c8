"""A bordered pane whose top line says what it shows (left) and how it stands (right), and whether it has the focus."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive

from reign_tui.text import cut


class Pane(Vertical, inherit_bindings=False):
    """``heading`` and ``standing`` are plain text; ``»`` marks the focused pane."""

    DEFAULT_CSS = """
    Pane {
        border: round $border-blurred;
        border-title-color: $muted;
        border-title-style: none;
        padding: 0 1 0 0;
        &.-focused {
            border: round $border;
            border-title-color: $text;
        }
    }
    """

    heading = reactive("", init=False)
    standing = reactive("", init=False)

    def watch_heading(self) -> None:
        self._draw_top()

    def watch_standing(self) -> None:
        self._draw_top()

    def on_resize(self) -> None:
        self._draw_top()

    def on_descendant_focus(self, _event: events.DescendantFocus) -> None:
        self.mark(focused=self.has_focus_within)

    def on_descendant_blur(self, _event: events.DescendantBlur) -> None:
        self.mark(focused=self.has_focus_within)  # what has it now may have told so before

    def mark(self, *, focused: bool) -> None:
        if focused == self.has_class("-focused"):
            return
        self.set_class(focused, "-focused", update=False)
        self.app.stylesheet.update_nodes((self,))  # nothing in a pane looks different for it
        self._draw_top()

    def _draw_top(self) -> None:
        room = self.outer_size.width - 6  # corners, and what Textual leaves beside a title
        if room < 8:
            return
        mark = "» " if self.has_class("-focused") else ""
        right = cut(self.standing, room - 4)
        left = cut(mark + self.heading, max(room - cell_len(right) - 3, 6))
        fill = "─" * max(room - cell_len(left) - cell_len(right) - 2, 1)
        line = "$border" if self.has_class("-focused") else "$border-blurred"
        if not right:
            self.border_title = Content.styled(left, "bold" if mark else "")
            return
        self.border_title = Content.assemble(
            (left, "bold" if mark else ""), " ", (fill, line), " " if right else "", (right, "")
        )
