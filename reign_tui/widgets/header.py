"""The top line: targets, PROD, mode, what needs a person, what models cost, the time."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from reign_tui.text import cut, one_line


class Header(Widget):
    """One line; everything shown is plain text."""

    DEFAULT_CSS = """
    Header { height: 1; width: 1fr; padding: 0 1; background: $panel; color: $foreground; }
    """

    targets: reactive[tuple[str, ...]] = reactive(())
    prod = reactive(False)
    mode = reactive("ask")
    pending = reactive(0)
    time = reactive("")
    spent = reactive("")

    def render(self) -> Content:
        width = self.size.width
        mode = self.mode if self.mode == "read-only" or width < 100 else f"{self.mode} mode"
        right: list[tuple[str, str]] = []
        if self.pending:
            right += [
                (
                    f"! {self.pending} needs you" if self.pending == 1 else f"! {self.pending} need you",
                    "bold $text-warning",
                ),
                (" │ ", "dim"),
            ]
        right += [(mode, "" if self.mode == "ask" else "bold"), (" │ ", "dim")]
        if self.spent and width >= 100:
            right += [(one_line(self.spent), ""), (" │ ", "dim")]
        right.append((self.time, ""))
        left: list[tuple[str, str]] = [("Reign ", "bold $primary")]
        if self.prod:
            left += [(" PROD ", "bold reverse $text-error"), (" ", "")]
        used = sum(len(text) for text, _ in (*left, *right))
        room = max(width - used - 1, 0)
        left.append((" ", ""))
        left.append((cut(" │ ".join(one_line(target) for target in self.targets), room - 1) if room > 8 else "", ""))
        gap = max(width - sum(len(text) for text, _ in (*left, *right)), 1)
        return Content.assemble(*left, " " * gap, *right)
