"""What a model looked at and found, with what came back: the evidence."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from reign_tui.run_view import RunView
from reign_tui.screens.base import ReignScreen
from reign_tui.text import counted, one_line, paragraphs
from reign_tui.thinking import Look
from reign_tui.widgets.line_view import Line, LineView
from reign_tui.widgets.pane import Pane
from reign_tui.widgets.status_bar import Hint, StatusBar


class LooksScreen(ReignScreen, inherit_bindings=False):
    """The looks of one request, in order, below what was concluded from them."""

    CSS_PATH: ClassVar = "../styles/run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *ReignScreen.BINDINGS,
        Binding("escape,q", "app.pop_screen", "Back", show=False, id="back.looks"),
        Binding("y", "copy", "Copy", show=False, id="back.looks_copy"),
    ]

    def __init__(self, run: RunView) -> None:
        super().__init__()
        self._run = run

    def compose(self) -> ComposeResult:
        with Pane() as pane:
            pane.heading = f"Looked at  {one_line(self._run.request)}"
            pane.standing = counted(len(self._run.thinking.looks), "look")
            yield LineView(id="looks")
        yield StatusBar()

    def on_mount(self) -> None:
        self.fit(self.app.size)
        self.query_one(LineView).focus()
        self.show_hints()

    def on_resize(self) -> None:
        view = self.query_one(LineView)
        view.set_lines(described(self._run, max(self.app.size.width - 4, 20)))

    def action_copy(self) -> None:
        view = self.query_one(LineView)
        self.app.copy("\n".join(view.text_of(index).rstrip() for index in range(len(view.lines))))

    def hints(self) -> tuple[Hint, ...]:
        return (("↑↓", "scroll"), ("y", "copy"), ("Esc", "back"))


def described(run: RunView, width: int) -> list[Line]:
    """Findings with what they cite, then each look with what came back, in lines of at most ``width`` columns."""
    lines: list[Line] = []
    for finding in run.thinking.findings:
        text = f"{one_line(str(finding.get('planner')))} concludes: {one_line(str(finding.get('text')))}"
        lines += [((" " + line, "title"),) for line in paragraphs(text, width - 2)]
        for cited in finding.get("evidence") or ():
            if isinstance(cited, dict):
                text = f"measured by {cited.get('query')}: {one_line(str(cited.get('excerpt')))}"
                lines += [(("   " + line, ""),) for line in paragraphs(text, width - 4)]
        lines.append((("", ""),))
    for look in run.thinking.looks.values():
        lines += _look(look, width)
    return lines


def _look(look: Look, width: int) -> list[Line]:
    first, *more = paragraphs(one_line(look.asked), width - 6) or [""]
    lines: list[Line] = [((f" {look.number:<4}", "key"), (first, "title"))]
    lines += [(("     " + line, "title"),) for line in more]
    if look.result is None:
        return [*lines, (("     not back yet", "muted"),), (("", ""),)]
    lines += [(("     " + line, ""),) for line in paragraphs(look.result, width - 6)]
    unseen = look.characters - len(look.result)
    if look.path is not None:
        lines.append(((f"     all of it: {one_line(look.path)}", "muted"),))
    elif unseen > 0:
        lines.append(((f"     {counted(unseen, 'more character')} not kept", "muted"),))
    return [*lines, (("", ""),)]
