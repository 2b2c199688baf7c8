"""A budget for models would be passed: may it? The safe answer is no."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from reign_tui.screens.base import Dialog
from reign_tui.text import one_line, plain
from reign_tui.widgets.pane import Pane

if TYPE_CHECKING:
    from reign_agents.models.budget import BudgetQuestion

BURST = 0.05  # seconds within which several keys are no answer but a paste


class BudgetScreen(Dialog[bool | None], inherit_bindings=False):
    """Answers True only for a ``y`` by itself, after ``grace`` seconds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Dialog.BINDINGS,
        Binding("y", "allow", "Pass the budget", show=False, id="budget.allow"),
        Binding("n,enter", "leave", "Plan offline", show=False, id="budget.refuse"),
    ]

    def __init__(self, question: BudgetQuestion, grace: float) -> None:
        super().__init__()
        self._question = question
        self._grace = grace
        self._ready = grace <= 0
        self._pressed: list[float] = []

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
        if not self._ready:
            self._note(f"Keys are ignored for {self._grace:g} s after this opens")
            self.set_timer(self._grace, self._begin)

    def _begin(self) -> None:
        self._ready = True
        self._note("")

    def _note(self, text: str) -> None:
        self.query_one("#grace", Static).update(text)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            if not self._ready:
                event.stop()
                event.prevent_default()
                return
            self._pressed = [*self._pressed[-3:], event.time]
        await super().on_event(event)

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._note("Pasting allows nothing: press the key")

    def action_allow(self) -> None:
        pressed = self._pressed[-1] if self._pressed else 0.0
        self.set_timer(BURST, lambda: self._allow(pressed))

    def _allow(self, pressed: float) -> None:
        if sum(1 for time in self._pressed if abs(time - pressed) < BURST) > 1:
            self._note("That looked pasted: nothing was allowed")
        elif self.is_active:
            self.dismiss(True)

    def withdraw(self) -> None:
        """It is no longer asked: the planning was stopped."""
        if self.is_active:
            self.dismiss(None)
        elif self.is_attached:
            self._note("This is no longer asked. Esc closes")
