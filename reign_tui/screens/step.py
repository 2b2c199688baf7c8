"""One step, whole."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from reign_tui.run_view import RunView
from reign_tui.screens.base import ReignScreen
from reign_tui.widgets.pane import Pane
from reign_tui.widgets.status_bar import Hint, StatusBar
from reign_tui.widgets.step_detail import StepDetail


class StepScreen(ReignScreen, inherit_bindings=False):
    """Call, target, effect with its whole diff, outputs, fields, hash."""

    CSS_PATH: ClassVar = "../styles/run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *ReignScreen.BINDINGS,
        Binding("escape,q,enter", "app.pop_screen", "Back", show=False, id="back.step"),
        Binding("y", "copy", "Copy", show=False, id="back.step_copy"),
    ]

    def __init__(self, run: RunView, step: str) -> None:
        super().__init__()
        self._run = run
        self._step = step

    def compose(self) -> ComposeResult:
        view = self._run.steps[self._step]
        with Pane() as pane:
            pane.heading = f"Step {view.number} of {len(self._run.steps)}: {view.step.operation}"
            pane.standing = view.state.value
            yield StepDetail(full=True)
        yield StatusBar()

    def on_mount(self) -> None:
        self.fit(self.app.size)
        detail = self.query_one(StepDetail)
        detail.show_step(self._run, self._step)
        detail.focus()
        self.show_hints()

    def action_copy(self) -> None:
        detail = self.query_one(StepDetail)
        self.app.copy("\n".join(detail.text_of(index).rstrip() for index in range(len(detail.lines))))

    def hints(self) -> tuple[Hint, ...]:
        return (("↑↓", "scroll"), ("y", "copy"), ("Esc", "back"))
