"""The tabs of a narrow screen: which pane fills it."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

NAMES = ("Chat", "Plan", "Logs", "State", "History")


class Tabs(Widget):
    """``1 Chat   [2 Plan 3/8]   3 Logs 214 …``; brackets mark the open one, so colour isn't needed."""

    DEFAULT_CSS = """
    Tabs { height: 1; width: 1fr; padding: 0 1; color: $muted; }
    """

    active = reactive(1)
    notes: reactive[dict[int, str]] = reactive(dict)
    alarm = reactive("")

    class Chosen(Message):
        """A tab was clicked; ``number`` from 1."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def _labels(self) -> list[str]:
        labels = []
        for number, name in enumerate(NAMES, 1):
            note = self.notes.get(number, "")
            text = f"{number} {name} {note}".rstrip()
            labels.append(f"[{text}]" if number == self.active else f" {text} ")
        return labels

    def render(self) -> Content:
        parts: list[tuple[str, str]] = []
        for number, label in enumerate(self._labels(), 1):
            parts += [(label, "bold $text" if number == self.active else ""), (" ", "")]
        gap = self.size.width - sum(len(text) for text, _ in parts) - len(self.alarm)
        if self.alarm and gap >= 0:
            parts += [(" " * gap, ""), (self.alarm, "bold $text-warning")]
        return Content.assemble(*parts)

    def on_click(self, event: events.Click) -> None:
        begin = 1
        for number, label in enumerate(self._labels(), 1):
            if begin <= event.x < begin + len(label):
                self.post_message(self.Chosen(number))
            begin += len(label) + 1
