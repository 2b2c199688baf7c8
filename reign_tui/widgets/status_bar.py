"""The bottom line: the handful of keys that do something here, or a sentence about what just happened."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from reign_tui.text import cut, one_line

Hint = tuple[str, str]
"""(key as people read it, what it does)."""


class StatusBar(Widget):
    """``hints`` from most to least important: what does not fit is left out. A ``notice`` stands until the next key."""

    DEFAULT_CSS = """
    StatusBar { height: 1; width: 1fr; padding: 0 1; background: $panel; color: $foreground; }
    """

    hints: reactive[tuple[Hint, ...]] = reactive(())
    notice = reactive("")

    def render(self) -> Content:
        width = self.size.width
        if self.notice:
            return Content.assemble((cut(one_line(self.notice), width), "bold"))
        parts: list[tuple[str, str]] = []
        used = 0
        last = self.hints[-1:]  # help is always there
        reserve = sum(len(key) + len(label) + 1 for key, label in last)
        for key, label in (*self.hints[:-1],):
            need = len(key) + len(label) + 1 + (3 if parts else 0)
            if used + need + 3 + reserve > width:
                break
            parts += [("   " if parts else "", ""), (key, "bold $accent"), (f" {label}", "")]
            used += need
        for key, label in last:
            parts += [("   " if parts else "", ""), (key, "bold $accent"), (f" {label}", "")]
        return Content.assemble(*parts)
