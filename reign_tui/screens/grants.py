"""What runs unasked for a time, and taking it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Static

from reign_tui.screens.base import Dialog
from reign_tui.text import counted, moment, one_line
from reign_tui.widgets.line_view import Line
from reign_tui.widgets.pane import Pane
from reign_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from reign_agents.session import Session
    from reign_agents.store.records import GrantRecord


class GrantsScreen(Dialog[None], inherit_bindings=False):
    """The grants that hold now. ``x`` revokes the selected one, ``X`` all; both hold from that moment on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Dialog.BINDINGS,
        Binding("x", "revoke", "Revoke the selected one", show=False, id="grants.revoke"),
        Binding("X", "revoke_all", "Revoke all", show=False, id="grants.revoke_all"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def compose(self) -> ComposeResult:
        with Pane() as pane:
            pane.heading = "Grants"
            yield Static(id="about", markup=False)
            yield RowList(id="grants")
            yield Static("x revokes the selected one, X all. Esc closes.", classes="quiet", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(self._list)

    def _list(self) -> None:
        grants = self._session.grants(active=True)
        about = f"{counted(len(grants), 'grant')} in force" if grants else "Nothing is granted: changes are asked."
        self.query_one("#about", Static).update(Content(about))
        rows = self.query_one(RowList)
        rows.show_rows([(grant.grant, _row(grant)) for grant in grants])
        rows.focus()

    def action_revoke(self) -> None:
        selected = self.query_one(RowList).selected
        if selected is not None:
            self.run_worker(self._revoke(selected))

    def action_revoke_all(self) -> None:
        self.run_worker(self._revoke(None))

    async def _revoke(self, grant: str | None) -> None:
        await self._session.revoke(grant)
        self._list()


def _row(grant: GrantRecord) -> Line:
    from reign_agents.safety.grants import Scope

    until = moment(grant.expires).astimezone().strftime("%H:%M")
    used = "not used yet" if not grant.uses else f"used {counted(grant.uses, 'time')}"
    return (
        (f"{grant.grant:5} ", "key"),
        (f"until {until}  ", ""),
        (f"{one_line(Scope.from_json(grant.scope).words(), 160)}  ", "title"),
        (f"by {one_line(grant.by)}, {used}", "muted"),
    )
