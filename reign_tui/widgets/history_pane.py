"""Past runs in a pane: Enter opens one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from textual.app import ComposeResult

from reign_tui.text import counted
from reign_tui.widgets.history_list import history_head, history_line
from reign_tui.widgets.pane import Pane
from reign_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from reign_agents.store.store import Store

SHOWN = 200


class HistoryPane(Pane, inherit_bindings=False):
    """The newest runs on top, as many as match."""

    def __init__(self, now: Callable[[], datetime], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self._store: Store | None = None
        self._search: str | None = None

    def compose(self) -> ComposeResult:
        yield RowList(id="runs")

    def on_mount(self) -> None:
        self.heading = "History"

    @property
    def rows(self) -> RowList:
        return self.query_one(RowList)

    @property
    def selected(self) -> str | None:
        return self.rows.selected

    def load(self, store: Store, search: str | None = None) -> None:
        """Read the runs that match ``search`` (None: all)."""
        self._store, self._search = store, search
        records = store.history(limit=SHOWN, search=search or None)
        width = max(self.size.width - 3, 60)
        self.rows.show_rows(
            [(record.run, history_line(record.to_json(), self._now(), width)) for record in records],
            head=history_head(),
        )
        self.heading = f"History  matching {search}" if search else "History"
        self.standing = counted(len(records), "run") + ("" if len(records) < SHOWN else " shown · / finds older ones")
        if not records:
            self.standing = "nothing yet" if not search else "no run matches"

    def on_resize(self) -> None:
        super().on_resize()
        if self._store is not None:
            self.load(self._store, self._search)
