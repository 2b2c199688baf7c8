"""Runs that did not end when Reign last ended: go on, lead back, or leave them."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from reign_executors.operation import JsonObject
from reign_tui.screens.base import Dialog
from reign_tui.text import counted, one_line
from reign_tui.widgets.history_list import history_line
from reign_tui.widgets.pane import Pane
from reign_tui.widgets.row_list import RowList


@dataclass(frozen=True, slots=True)
class Wish:
    """What to do with an unfinished run."""

    run: str
    what: Literal["resume", "undo"]


class UnfinishedScreen(Dialog[Wish | None], inherit_bindings=False):
    """Answers with a wish, or None to leave them as they are. Keys that were meant for the prompt do nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Dialog.BINDINGS,
        Binding("r", "wish('resume')", "Resume", show=False, id="unfinished.resume"),
        Binding("u", "wish('undo')", "Undo", show=False, id="unfinished.undo"),
        Binding("l", "leave", "Leave it", show=False, id="unfinished.leave"),
    ]

    def __init__(self, rows: list[JsonObject]) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        with Pane() as pane:
            pane.heading = f"{counted(len(self._rows), 'run')} did not end"
            yield Static("Nothing of them runs now. Steps that are done are never repeated.", markup=False)
            yield RowList(id="unfinished")
            yield Static("", id="request", classes="quiet", markup=False)
            yield Static("[ r resume ]   [ u undo what was done ]   [ l leave it, Esc ]", classes="keys", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._opened = monotonic()
        rows = self.query_one(RowList)
        rows.show_rows([(str(row["run"]), history_line(row, self.app.now(), 70)) for row in self._rows])
        rows.focus()

    def action_wish(self, what: Literal["resume", "undo"]) -> None:
        if monotonic() - self._opened < 2 * self.app.grace:
            self.query_one("#request", Static).update("Typed too soon after this opened: press it again to do it.")
            return
        selected = self.query_one(RowList).selected
        if selected is not None:
            self.dismiss(Wish(selected, what))

    def on_row_list_chosen(self) -> None:
        self.query_one("#request", Static).update("Press r to resume or u to undo: nothing happens by Enter.")

    def on_row_list_selected(self, event: RowList.Selected) -> None:
        row = next((row for row in self._rows if row["run"] == event.key), None)
        self.query_one("#request", Static).update(one_line(str(row["request"])) if row else "")
