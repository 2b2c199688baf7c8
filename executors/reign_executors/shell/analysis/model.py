"""What is known about a shell command after it was understood: commands, writes, findings."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from reign_executors.effect import Action, Effect, Finding, ResourceChange, UndoPromise


@dataclass(frozen=True, slots=True)
class Redirection:
    """One redirection: ``operator`` as written (``>``, ``>>``, ``<`` …) and the path or descriptor, if known."""

    operator: str
    target: str


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command that could run.

    ``argv``: the words as far as they are known; ``…`` stands for a part that only running would tell, and unquoted
    globs are written as they are. ``wrappers``: what it runs under, outermost first (``sudo``, ``ssh host``).
    ``start``/``end``: character offsets into the analysed text (of the outermost text part it came from).
    """

    argv: tuple[str, ...]
    start: int
    end: int
    wrappers: tuple[str, ...] = ()
    redirections: tuple[Redirection, ...] = ()


@dataclass(frozen=True)
class Analysis:
    """The answer of :func:`analyse`. ``writes`` are paths written, created or deleted."""

    text: str
    commands: tuple[Command, ...] = ()
    writes: tuple[str, ...] = ()
    changes: tuple[ResourceChange, ...] = ()
    findings: tuple[Finding, ...] = ()
    understood: bool = True

    @property
    def read_only(self) -> bool:
        """Nothing would change and nothing was left open."""
        return not self.changes and all(f.level == "notice" for f in self.findings)

    @cached_property
    def _effect(self) -> Effect:
        if self.understood:
            known, why = True, None
        else:
            known = False
            why = next((f.text for f in self.findings if f.level == "unclear"), "the command was not understood")
        return Effect(
            known=known,
            why_unknown=why,
            changes=self.changes,
            findings=self.findings,
            undo=UndoPromise.EXACT if self.read_only else UndoPromise.NONE,
            undo_why=None if self.read_only else "a shell command has no undo",
        )

    def effect(self) -> Effect:
        """The same as every preview's answer; nothing can be undone."""
        return self._effect


__all__ = ["Action", "Analysis", "Command", "Finding", "Redirection"]
