"""What Reign has made or changed here and not led back: the ledger, newest first."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from reign_tui.text import counted, one_line
from reign_tui.widgets.history_list import ago
from reign_tui.widgets.line_view import Line, LineView
from reign_tui.widgets.pane import Pane

if TYPE_CHECKING:
    from reign_agents.store.store import Store

_RUNS = 30


class StatePane(Pane, inherit_bindings=False):
    """One line for every change of the latest runs that still stands."""

    def __init__(self, now: Callable[[], datetime], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now

    def compose(self) -> ComposeResult:
        yield LineView(id="state-lines")

    def on_mount(self) -> None:
        self.heading = "State  what Reign changed and has not undone"

    def load(self, store: Store) -> None:
        """Read the ledger of the latest runs."""
        lines: list[Line] = [((f" {'RUN':<8}{'WHEN':<13}{'OPERATION':<24}{'UNDO':<10}WHAT", "muted"),)]
        for record in store.history(limit=_RUNS):
            row = record.to_json()
            for entry in store.ledger(record.run):
                if entry.undone_by is not None or row.get("undo_of"):
                    continue
                undo = str(getattr(entry.undo, "value", entry.undo))
                what = ", ".join(
                    f"{key} {value}" for key, value in entry.fields.items() if isinstance(value, str | int)
                )
                lines.append(
                    (
                        (f" {record.run:<8}", "title"),
                        (f"{ago(str(row.get('started')), self._now()):<13}", "muted"),
                        (f"{entry.operation:<24}", ""),
                        (f"{'NONE' if undo == 'none' else undo:<10}", "destroy" if undo == "none" else ""),
                        (one_line(what, 200), ""),
                    )
                )
        if len(lines) == 1:
            lines = [((" Nothing stands: Reign has changed nothing here, or all of it was undone.", "muted"),)]
            self.standing = ""
        else:
            self.standing = counted(len(lines) - 1, "change")
        self.query_one(LineView).set_lines(lines)
