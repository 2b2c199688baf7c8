"""Dialogs that let something happen: only a key pressed by itself, once there was time to read, is an answer."""

from __future__ import annotations

from collections.abc import Callable

from textual import events

from reign_tui.screens.base import Answer, Dialog

BURST = 0.05
"""Seconds: keys closer than this were pasted, not pressed."""


class Deliberate(Dialog[Answer], inherit_bindings=False):
    """A subclass says when it is ``ready``; until then keys do nothing."""

    def __init__(self) -> None:
        super().__init__()
        self._pressed: list[float] = []

    @property
    def ready(self) -> bool:
        """Whether keys count by now."""
        return True

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key):
            if not self.ready:
                event.stop()
                event.prevent_default()
                return
            self._pressed = [*self._pressed[-3:], event.time]
        await super().on_event(event)

    def by_itself(self, answer: Callable[[], None], pasted: Callable[[], None]) -> None:
        """``answer`` in a moment, unless other keys came with the last one, as in a paste without brackets."""
        pressed = self._pressed[-1] if self._pressed else 0.0

        def decide() -> None:
            several = sum(1 for time in self._pressed if abs(time - pressed) < BURST) > 1
            (pasted if several else answer)()

        self.set_timer(BURST, decide)
