"""``-json`` lines as they come, turned into lines people read."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from reign_executors.call import Call
from reign_executors.terraform.failures import Diagnostic, words_of

_SHOWN_WORDS = """
planned_change resource_drift change_summary apply_start apply_progress apply_complete apply_errored
provision_start provision_progress provision_complete provision_errored refresh_start
"""
_SHOWN = frozenset(_SHOWN_WORDS.split())
_EXPECTED = frozenset({"Resource targeting is in effect", "Applied changes may be incomplete"})
"""Warnings that say nothing to who asked for exactly that."""
_BORING = frozenset({"version", "refresh_complete", "outputs", "ephemeral_op_start", "ephemeral_op_complete"})


@dataclass(slots=True)
class Progress:
    """Takes lines (``take``) and writes readable ones to ``call``; what they add up to is kept.

    ``diagnostics`` errors; ``summary`` counts of the last summary (add, change, remove, import); ``outputs`` as
    terraform tells them at the end (sensitive ones without value); ``done`` address → action of what was completed.
    """

    call: Call
    diagnostics: list[Diagnostic] = field(default_factory=list)
    summary: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)

    def take(self, line: bytes) -> None:
        try:
            said = json.loads(line)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            if line.strip():
                self.call.write(line + b"\n")
            return
        kind = said.get("type")
        if kind == "diagnostic":
            self._diagnostic(said.get("diagnostic") or {})
            return
        if kind == "change_summary":
            changes = said.get("changes") or {}
            self.summary = {name: int(count) for name, count in changes.items() if isinstance(count, int)}
        elif kind == "outputs":
            self.outputs = said.get("outputs") or {}
        elif kind == "apply_complete":
            hook = said.get("hook") or {}
            address = str((hook.get("resource") or {}).get("addr"))
            self.done[address] = str(hook.get("action"))
        if kind in _SHOWN or (kind not in _BORING and said.get("@level") in ("warn", "error")):
            self.call.say(_words(said))

    def _diagnostic(self, diagnostic: Diagnostic) -> None:
        if diagnostic.get("summary") in _EXPECTED:
            return
        level = "Warning" if diagnostic.get("severity") == "warning" else "Error"
        self.call.say(f"{level}: {words_of(diagnostic)}")
        if level == "Error" and diagnostic not in self.diagnostics:
            self.diagnostics.append(diagnostic)


def _words(said: dict[str, Any]) -> str:
    """Its message; a provisioner's own output is what it printed."""
    return re.sub(r"\s+$", "", str(said.get("@message", "")))
