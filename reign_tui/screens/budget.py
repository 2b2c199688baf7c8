"""A budget for models would be passed: may it? The safe answer is no."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from reign_tui.screens.deliberate import Deliberate
from reign_tui.text import one_line, plain
from reign_tui.widgets.pane import Pane

if TYPE_CHECKING:
    from reign_agents.models.budget import BudgetQuestion


class BudgetScreen(Deliberate[bool | None], inherit_bindings=False):
    """Answers True only for a ``y`` by itself, after ``grace`` seconds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Deliberate.BINDINGS,
        Binding("y", "allow", "Pass the budget", show=False, id="budget.allow"),
        Binding("n,enter", "leave", "Plan offline", show=False, id="budget.refuse"),
    ]

    def __init__(self, question: BudgetQuestion, grace: float) -> None:
        super().__init__()
        self._question = question
        self._grace = grace
        self._over = grace <= 0

    def compose(self) -> ComposeResult:
        with Pane() as pane:
            pane.heading = f"Go on with {one_line(self._question.model, 60)}?"
            yield Static(plain(self._question.words), markup=False)
            yield Static(f"\n{plain(self._question.means)} No asks no model; Reign plans offline.", markup=False)
            yield Static(
                f"Not to be asked: {plain(self._question.way_out)}. reign-tui cost tells what was spent.",
                classes="quiet",
                markup=False,
            )
            yield Static("[ Esc no, plan offline ]   [ y go on ]", classes="keys", markup=False)
            yield Static(id="grace", classes="quiet", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        if not self.ready:
            self._note(f"Keys are ignored for {self._grace:g} s after this opens")
            self.set_timer(self._grace, self._begin)

    @property
    def ready(self) -> bool:
        return self._over

    def _begin(self) -> None:
        self._over = True
        self._note("")

    def _note(self, text: str) -> None:
        self.query_one("#grace", Static).update(text)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._note("Pasting allows nothing: press the key")

    def action_allow(self) -> None:
        self.by_itself(self._allow, lambda: self._note("That looked pasted: nothing was allowed"))

    def _allow(self) -> None:
        if self.is_active:
            self.dismiss(True)

    def withdraw(self) -> None:
        """It is no longer asked: the planning was stopped."""
        if self.is_active:
            self.dismiss(None)
        elif self.is_attached:
            self._note("This is no longer asked. Esc closes")
