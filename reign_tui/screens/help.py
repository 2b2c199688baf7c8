"""All keys that are bound, by where they count."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from reign_tui.screens.base import ReignScreen
from reign_tui.widgets.line_view import Line, LineView
from reign_tui.widgets.pane import Pane
from reign_tui.widgets.status_bar import Hint, StatusBar

_GLYPHS = {
    "question_mark": "?", "slash": "/", "left_square_bracket": "[", "right_square_bracket": "]", "escape": "Esc",
    "enter": "Enter", "up": "↑", "down": "↓", "left": "←", "right": "→", "pageup": "PgUp", "pagedown": "PgDn",
    "space": "Space", "backspace": "Backspace", "delete": "Del", "home": "Home", "end": "End", "tab": "Tab",
}  # fmt: skip
_SECTIONS = {
    "app": "Everywhere", "focus": "Everywhere", "main": "Main screen", "plan": "In the plan", "log": "In the logs",
    "view": "In details and logs", "chat": "In the chat", "composer": "While writing", "editor": "While writing",
    "rows": "In lists", "input": "In one-line inputs", "find": "While finding", "approval": "Approval",
    "dialog": "Dialogs",
    "choice": "Choices", "edit": "Editing a step", "quit": "Leaving", "unfinished": "Unfinished runs",
    "history": "History", "replay": "Replay", "back": "On top of the main screen",
}  # fmt: skip


def key_name(key: str) -> str:
    """A key the way people read it: ``^P``, ``Alt+1``, ``PgUp``."""
    *modifiers, name = key.split("+")
    shown = _GLYPHS.get(name, name.upper() if modifiers or (name.startswith("f") and len(name) > 1) else name)
    if modifiers == ["ctrl"]:
        return f"^{shown}"
    return "+".join([*(m.capitalize() for m in modifiers), shown])


def all_bindings() -> list[Binding]:
    """Every binding of the app, its screens and its widgets; each has an id."""
    from reign_tui.app import ReignApp
    from reign_tui.screens.approval import ApprovalScreen
    from reign_tui.screens.base import Dialog
    from reign_tui.screens.budget import BudgetScreen
    from reign_tui.screens.choice import ChoiceScreen
    from reign_tui.screens.edit_step import EditStepScreen
    from reign_tui.screens.full_log import FullLogScreen
    from reign_tui.screens.history import HistoryScreen
    from reign_tui.screens.looks import LooksScreen
    from reign_tui.screens.main import MainScreen
    from reign_tui.screens.quit import QuitScreen
    from reign_tui.screens.replay import ReplayScreen
    from reign_tui.screens.unfinished import UnfinishedScreen
    from reign_tui.widgets.chat import Chat
    from reign_tui.widgets.composer import Editor
    from reign_tui.widgets.find_bar import FindBar
    from reign_tui.widgets.line_input import LineInput
    from reign_tui.widgets.line_view import LineView
    from reign_tui.widgets.log_pane import LogPane
    from reign_tui.widgets.plan_tree import PlanTree
    from reign_tui.widgets.row_list import RowList

    owners: list[Any] = [
        ReignApp, MainScreen, PlanTree, LogPane, LineView, Chat, Editor, RowList, LineInput, FindBar, Dialog,
        ApprovalScreen, BudgetScreen, ChoiceScreen, EditStepScreen, QuitScreen, UnfinishedScreen, HistoryScreen,
        ReplayScreen, FullLogScreen, LooksScreen,
    ]  # fmt: skip
    found: dict[str, Binding] = {}
    for owner in owners:
        for binding in owner.BINDINGS:
            assert isinstance(binding, Binding)
            assert binding.id is not None
            found.setdefault(binding.id, binding)
    return list(found.values())


class HelpScreen(ReignScreen, inherit_bindings=False):
    """The list of keys; those a keymap changed are shown as they are now."""

    CSS_PATH: ClassVar = "../styles/run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *ReignScreen.BINDINGS,
        Binding("escape,q,question_mark", "app.pop_screen", "Back", show=False, id="back.help"),
    ]

    def __init__(self, before: Screen[Any]) -> None:
        super().__init__()
        self._before = before

    def compose(self) -> ComposeResult:
        with Pane() as pane:
            pane.heading = "Keys"
            pane.standing = "ids are for [keymap] in config.toml"
            yield LineView(id="keys-list")
        yield StatusBar()

    def on_mount(self) -> None:
        self.fit(self.app.size)
        self.query_one(LineView).set_lines(self.lines())
        self.query_one(LineView).focus()
        self.show_hints()

    def lines(self) -> list[Line]:
        keymap = self.app.keys
        sections: dict[str, list[Binding]] = {}
        for binding in all_bindings():
            assert binding.id is not None
            sections.setdefault(_SECTIONS.get(binding.id.partition(".")[0], "Other"), []).append(binding)
        lines: list[Line] = []
        for title, bindings in sections.items():
            lines += [((f" {title}", "title"),)]
            for binding in bindings:
                keys = keymap.get(binding.id or "", binding.key)
                shown = "  ".join(key_name(key.strip()) for key in keys.split(","))
                lines.append(
                    ((f"   {shown:<22}", "key"), (f"{binding.description:<42}", ""), (binding.id or "", "muted"))
                )
            lines.append((("", ""),))
        return lines

    def hints(self) -> tuple[Hint, ...]:
        return (("↑↓", "scroll"), ("Esc", "back"))
