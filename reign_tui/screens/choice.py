"""Something is in the way of a step: the ways round it, one to be chosen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from reign_tui.run_view import StepView
from reign_tui.screens.base import Dialog
from reign_tui.text import one_line
from reign_tui.widgets.line_view import Line
from reign_tui.widgets.pane import Pane
from reign_tui.widgets.row_list import RowList

_NOT_NOW = "not now"


class ChoiceScreen(Dialog[str | None], inherit_bindings=False):
    """Answers with the key of the choice taken, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Dialog.BINDINGS,
        *(Binding(str(n), f"take({n})", f"Choice {n}", show=False, id=f"choice.{n}") for n in range(1, 10)),
    ]

    def __init__(self, view: StepView) -> None:
        super().__init__()
        self._view = view
        effect = view.step.effect
        self._problems = effect.problems if effect is not None else ()
        self._choices = [choice for problem in self._problems for choice in problem.choices][:9]

    def compose(self) -> ComposeResult:
        with Pane() as pane:
            pane.heading = f"Step {self._view.number} can't go on: {self._view.step.operation}"
            for problem in self._problems:
                yield Static(one_line(problem.text), markup=False)
            yield RowList(id="choices")
            yield Static(
                "A number or Enter takes one. Nothing is changed before you approve it.", classes="quiet", markup=False
            )

    def on_mount(self) -> None:
        super().on_mount()
        rows: list[tuple[str, Line]] = [(_NOT_NOW, ((" Esc  ", "key"), ("not now", "")))]
        for number, choice in enumerate(self._choices, 1):
            fields = ", ".join(f"{key} = {one_line(str(value), 30)}" for key, value in choice.fields.items())
            rows.append(
                (choice.key, ((f" {number}    ", "key"), (one_line(choice.label), ""), (f"   {fields}", "muted")))
            )
        self.query_one(RowList).show_rows(rows)
        self.query_one(RowList).focus()

    def action_take(self, number: int) -> None:
        if number <= len(self._choices):
            self.dismiss(self._choices[number - 1].key)

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        self.dismiss(None if event.key == _NOT_NOW else event.key)
