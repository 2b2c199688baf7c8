"""Past runs on a screen of their own: search, open, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from reign_tui.screens.base import ReignScreen
from reign_tui.widgets.find_bar import FindBar
from reign_tui.widgets.history_pane import HistoryPane
from reign_tui.widgets.row_list import RowList
from reign_tui.widgets.status_bar import Hint, StatusBar

if TYPE_CHECKING:
    from reign_agents.store.store import Store


class HistoryScreen(ReignScreen, inherit_bindings=False):
    """Newest first; ``/`` searches requests, operations and outcomes of all runs."""

    CSS_PATH: ClassVar = "../styles/run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *ReignScreen.BINDINGS,
        Binding("escape,q", "app.pop_screen", "Back", show=False, id="history.back"),
        Binding("slash", "search", "Search all runs", show=False, id="history.search"),
        Binding("u", "undo", "Undo the selected run", show=False, id="history.undo"),
    ]

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    def compose(self) -> ComposeResult:
        yield HistoryPane(self.app.now, id="history")
        yield FindBar(id="find")
        yield StatusBar()

    def on_mount(self) -> None:
        self.fit(self.app.size)
        self.query_one(HistoryPane).load(self._store)
        self.query_one(RowList).focus()
        self.show_hints()

    def on_screen_resume(self) -> None:
        self.query_one(HistoryPane).load(self._store)

    def action_search(self) -> None:
        self.query_one(FindBar).open()

    def on_find_bar_wanted(self, event: FindBar.Wanted) -> None:
        self.query_one(HistoryPane).load(self._store, event.needle.strip() or None)
        self.query_one(RowList).focus()

    def on_find_bar_closed(self) -> None:
        self.query_one(RowList).focus()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        self.app.open_run(event.key)

    def action_undo(self) -> None:
        run = self.query_one(RowList).selected
        if run is None:
            self.say("u undoes the selected run: there is none")
            return
        self.app.pop_screen()
        self.app.conductor.undo(run)

    def hints(self) -> tuple[Hint, ...]:
        return (("Enter", "open and replay"), ("u", "undo"), ("/", "search all runs"), ("Esc", "back"), ("F1", "help"))
