"""All that waits for an answer, oldest first: since when, how risky, which agent asks and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from reign_tui.screens.base import Dialog
from reign_tui.text import counted, cut, moment, one_line
from reign_tui.widgets.line_view import Line
from reign_tui.widgets.pane import Pane
from reign_tui.widgets.row_list import RowList

if TYPE_CHECKING:
    from reign_agents.session import Approval


class PendingScreen(Dialog[str | None], inherit_bindings=False):
    """Answers with the id of the question to look at, or None. Nothing is answered here."""

    BINDINGS: ClassVar[list[BindingType]] = [*Dialog.BINDINGS]

    def __init__(self, approvals: Sequence[Approval]) -> None:
        super().__init__()
        self._approvals = list(approvals)

    def compose(self) -> ComposeResult:
        with Pane() as pane:
            pane.heading = f"{counted(len(self._approvals), 'question')} for you, oldest first"
            yield RowList(id="pending")
            yield Static("Enter looks at the selected one. Esc: they all go on waiting.", classes="quiet", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self.query_one(RowList).show_rows([(approval.id, _row(approval)) for approval in self._approvals])
        self.query_one(RowList).focus()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        self.dismiss(event.key)


def _row(approval: Approval) -> Line:
    since = moment(approval.requested).astimezone().strftime("%H:%M")
    risk = approval.risk.word
    word = risk.upper() if risk == "destroy" else risk
    what = ", ".join(dict.fromkeys(step.operation for step in approval.steps))
    agents = ", ".join(approval.agents)
    return (
        (f"{since}  ", "muted"),
        (f"{word:8}", risk),
        (f"{approval.run} {', '.join(step.id for step in approval.steps)}  ", "key"),
        (f"{cut(one_line(what), 30)}  ", "title"),
        (f"{agents} agent: {one_line(approval.why, 160)}", ""),
    )
