"""Leaving while work is under way: stop it, or stay."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from reign_tui.screens.base import Dialog
from reign_tui.text import counted, one_line
from reign_tui.widgets.pane import Pane


class QuitScreen(Dialog[bool | None], inherit_bindings=False):
    """Answers True to stop all and leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Dialog.BINDINGS,
        Binding("s", "stop", "Stop the work and leave", show=False, id="quit.stop"),
        Binding("y", "leave", "Stay", show=False, id="quit.stay"),
    ]

    def __init__(self, requests: list[str]) -> None:
        super().__init__()
        self._requests = requests

    def compose(self) -> ComposeResult:
        with Pane() as pane:
            pane.heading = "Work is under way"
            yield Static(f"{counted(len(self._requests), 'run')} would be stopped:", markup=False)
            for request in self._requests[:8]:
                yield Static(f"  · {one_line(request, 90)}", markup=False)
            yield Static(
                "\nWhat runs is cancelled the gentle way first; what is done stays and is in the history.\n"
                "Going on without this screen (detach) is not there yet.",
                classes="quiet",
                markup=False,
            )
            yield Static("[ s stop it and leave ]   [ Esc stay ]", classes="keys", markup=False)

    def action_stop(self) -> None:
        self.dismiss(True)
