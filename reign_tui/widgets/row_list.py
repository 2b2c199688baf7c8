"""A list of rows of which one is selected: history, choices, unfinished runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from reign_tui.widgets.line_view import Line, LineView


class RowList(LineView, inherit_bindings=False):
    """Rows with keys; ``▌`` marks the selected one. ``head`` is a line above that can't be selected."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Row above", show=False, id="rows.up"),
        Binding("down,j", "move(1)", "Row below", show=False, id="rows.down"),
        Binding("pageup", "move(-10)", "Ten up", show=False, id="rows.page_up"),
        Binding("pagedown", "move(10)", "Ten down", show=False, id="rows.page_down"),
        Binding("home", "move(-1000000)", "First row", show=False, id="rows.start"),
        Binding("end", "move(1000000)", "Last row", show=False, id="rows.end"),
        Binding("enter", "choose", "Open", show=False, id="rows.open"),
    ]

    class Selected(Message):
        """Another row is selected."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    class Chosen(Message):
        """Enter or a click on a row."""

        def __init__(self, rows: RowList, key: str) -> None:
            super().__init__()
            self.rows = rows
            self.key = key

        @property
        def control(self) -> RowList:
            return self.rows

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[tuple[str, Line]] = []
        self._head: Line | None = None
        self.selected: str | None = None

    def show_rows(self, rows: Sequence[tuple[str, Line]], *, head: Line | None = None) -> None:
        """Rows as (key, line); the selected one stays selected while it is there."""
        self._rows = list(rows)
        self._head = head
        keys = [key for key, _ in rows]
        if self.selected not in keys:
            self.selected = keys[0] if keys else None
        self._draw()

    def _draw(self) -> None:
        lines = [] if self._head is None else [((" ", ""), *self._head)]
        for key, line in self._rows:
            lines.append((("▌" if key == self.selected else " ", "key"), *line))
        self.set_lines(lines)

    def action_move(self, by: int) -> None:
        keys = [key for key, _ in self._rows]
        if not keys:
            return
        at = keys.index(self.selected) if self.selected in keys else 0
        self.select(keys[min(max(at + by, 0), len(keys) - 1)])

    def select(self, key: str) -> None:
        self.selected = key
        self._draw()
        at = [name for name, _ in self._rows].index(key) + (self._head is not None)
        self.show_line(at)
        self.post_message(self.Selected(key))

    def action_choose(self) -> None:
        if self.selected is not None:
            self.post_message(self.Chosen(self, self.selected))

    def on_click(self, event: events.Click) -> None:
        at = event.y + self.scroll_offset.y - (self._head is not None)
        if 0 <= at < len(self._rows):
            self.select(self._rows[at][0])
            if event.chain > 1:
                self.action_choose()

    def base_style(self, index: int) -> Style:
        at = index - (self._head is not None)
        if 0 <= at < len(self._rows) and self._rows[at][0] == self.selected:
            return self.rich_style + self.get_component_rich_style("line--cursor", partial=True)
        return self.rich_style
