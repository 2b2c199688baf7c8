"""Changing a step before it runs: its fields as JSON, or leaving it out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from reign_agents.plan.edit import Drop, Edit, SetFields
from reign_agents.plan.model import Step
from reign_executors.errors import OperationError
from reign_executors.operation import JsonObject
from reign_tui.screens.base import Dialog
from reign_tui.text import json_text, one_line
from reign_tui.widgets.composer import EDITING, Editor
from reign_tui.widgets.pane import Pane

_NOT_HERE = {"composer.send", "composer.newline", "composer.older", "composer.newer", "composer.leave"}


class FieldsEditor(Editor, inherit_bindings=False):
    """The composer's editor, where Enter is a new line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(binding for binding in EDITING if isinstance(binding, Binding) and binding.id not in _NOT_HERE),
        Binding("enter", "newline", "New line", show=False, id="editor.newline"),
        Binding("up", "cursor_up", "Up", show=False, id="editor.up"),
        Binding("down", "cursor_down", "Down", show=False, id="editor.down"),
    ]

    def _keys_of(self, binding_id: str) -> frozenset[str]:
        return frozenset({"enter"}) if binding_id == "composer.newline" else frozenset()


class EditStepScreen(Dialog[Edit | None], inherit_bindings=False):
    """Answers with the edit, or None. ``check`` raises ``OperationError`` when fields do not fit the operation."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *Dialog.BINDINGS,
        Binding("ctrl+s", "save", "Save", show=False, id="edit.save", priority=True),
        Binding("ctrl+x", "drop", "Leave the step out", show=False, id="edit.drop", priority=True),
    ]

    def __init__(self, number: int, step: Step, check: Callable[[str, JsonObject], object]) -> None:
        super().__init__()
        self._number = number
        self._step = step
        self._check = check

    def compose(self) -> ComposeResult:
        with Pane() as pane:
            pane.heading = f"Edit step {self._number}: {self._step.operation}"
            yield Static(one_line(self._step.why), classes="quiet", markup=False)
            editor = FieldsEditor(id="fields")
            editor.text = json_text(self._step.fields, indent=2)
            yield editor
            yield Static("", id="wrong", classes="problem", markup=False)
            yield Static(
                "[ ^S save ]  [ ^X leave this step out ]  [ Esc keep it ]   Effects are asked again.",
                classes="quiet",
                markup=False,
            )

    def on_mount(self) -> None:
        super().on_mount()
        editor = self.query_one(FieldsEditor)
        editor.styles.height = min(editor.document.line_count + 1, 16)
        editor.focus()

    def action_save(self) -> None:
        try:
            fields = json.loads(self.query_one(FieldsEditor).text)
            if not isinstance(fields, dict):
                raise ValueError("fields must be an object: { … }")
            self._check(self._step.operation, fields)
        except json.JSONDecodeError as error:
            self._wrong(f"line {error.lineno}: {error.msg}")
        except (ValueError, OperationError) as error:
            self._wrong(str(error))
        else:
            gone = dict.fromkeys(key for key in self._step.fields if key not in fields)
            self.dismiss(SetFields(self._step.id, {**gone, **fields}))

    def action_drop(self) -> None:
        self.dismiss(Drop(self._step.id))

    def _wrong(self, text: str) -> None:
        self.query_one("#wrong", Static).update(text)
