"""Looking before a change: gathers what would happen at each path into one effect."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import JsonValue

from reign_executors.call import Call
from reign_executors.effect import Action, Choice, Effect, Finding, Problem, ResourceChange, UndoPromise
from reign_executors.files import protected
from reign_executors.files.image import Survey
from reign_executors.files.places import (
    free_bytes,
    holders,
    identity,
    kind,
    link_text,
    lstat,
    missing_parents,
    no_right_in,
    real_name,
    resource,
    size,
    user_name,
)

PROMISED = "promised"
ABSENT = "absent"
ROOM_WORTH_SAYING = 8 * 1024 * 1024


@dataclass
class Scene:
    """What a preview has found so far; :meth:`effect` closes it."""

    call: Call
    changes: list[ResourceChange] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    identity: dict[str, str] = field(default_factory=dict)
    undo: UndoPromise = UndoPromise.EXACT
    undo_why: str | None = None

    def kind(self, path: Path) -> str:
        """``absent``, ``promised``, ``promised directory`` or what is really there (``file``, ``symlink`` …)."""
        if resource(path) in self.call.promised:
            return PROMISED
        if resource(path, directory=True) in self.call.promised:
            return "promised directory"
        for above in (path, *path.parents):
            if {resource(above), resource(above, directory=True)} & self.call.gone:
                return ABSENT
        found = lstat(path)
        return ABSENT if found is None else kind(found)

    def bind(self, path: Path, survey: Survey | None = None) -> None:
        """Bind the effect to the very object at ``path`` (and all below it, when it was surveyed)."""
        self.identity[str(path)] = identity(lstat(path))
        if survey is not None:
            self.identity[f"{path}/**"] = survey.marks

    def change(
        self, action: Action, path: Path, *, directory: bool = False, diff: str | None = None,
        data_bytes: int | None = None, note: str | None = None,
    ) -> None:  # fmt: skip
        self.changes.append(
            ResourceChange(
                action=action,
                resource=resource(path, directory=directory),
                diff=diff,
                data_bytes=data_bytes,
                note=note,
            )
        )

    def problem(self, text: str, *choices: tuple[str, str, Mapping[str, JsonValue]]) -> None:
        """Something in the way; each choice is (key, label, fields)."""
        made = tuple(Choice(key=key, label=label, fields=dict(fields)) for key, label, fields in choices)
        self.problems.append(Problem(text=text, choices=made))

    def weaken(self, promise: UndoPromise, why: str) -> None:
        """Lower the promise of undo; it never rises again."""
        order = list(UndoPromise)
        if order.index(promise) > order.index(self.undo):
            self.undo, self.undo_why = promise, why

    def keepable(self, amount: int, special: int = 0, complete: bool = True) -> bool:
        """Whether ``amount`` bytes can be kept for the undo; says so in the effect when not."""
        limit = self.call.blobs.limit
        if not complete:
            self.weaken(UndoPromise.NONE, "not everything there can be read or counted, so it can't be kept")
        elif amount > limit:
            self.weaken(UndoPromise.NONE, f"{size(amount)} are more than the {size(limit)} that are kept for an undo")
        elif special:
            self.weaken(UndoPromise.RECREATE, "sockets and devices in it do not come back")
        return self.undo is not UndoPromise.NONE

    def forbid(self, doing: str, *paths: Path, writing: bool = False) -> None:
        """A catastrophic finding when one of ``paths``, or what it really is, must never be touched so."""
        for path in {str(path): path for given in paths for path in (given, real_name(given))}.values():
            found = protected.why_guarded(str(path)) if writing else protected.why_protected(str(path))
            if found is not None:
                rule, why = found
                if any(why in finding.text for finding in self.findings):
                    return
                self.findings.append(
                    Finding(rule=rule, level="catastrophic", text=f"{doing} {why.removeprefix('the ')} is never done")
                )
                return

    def parent(self, path: Path, *, make: bool, choice: Mapping[str, JsonValue] | None) -> bool:
        """Whether the folder of ``path`` is (or will be) there; missing ones become changes when ``make``."""
        missing: list[Path] = []
        for above in path.parents:
            what = self.kind(above)
            if what == ABSENT:
                missing.append(above)
                continue
            if what not in ("directory", "promised directory") and not (what == "symlink" and above.is_dir()):
                self.problem(f"{above} is a {what}, not a folder")
                return False
            if what in ("directory", "symlink"):
                why = no_right_in(above)
                if why is not None:
                    self.problem(f"can't write {path}: {why}")
                    return False
            break
        missing.reverse()
        if missing and not make:
            made = () if choice is None else (("parents", f"make {missing[-1]} too", choice),)
            self.problem(f"the folder {missing[-1]} does not exist", *made)
            return False
        for folder in missing:
            self.change(Action.CREATE, folder, directory=True)
        return True

    def room(self, path: Path, needed: int) -> None:
        """A problem when the disk can't take ``needed`` bytes; a note when that is much."""
        free = free_bytes(path.parent)
        if needed > free:
            self.problem(
                f"not enough room: {size(needed)} are needed, {size(free)} are free on the disk of {path.parent}"
            )
        elif needed > ROOM_WORTH_SAYING:
            self.notes.append(f"takes {size(needed)} of {size(free)} free")

    def described(self, path: Path) -> str:
        """``file of 17 bytes, owner root, mode 0644``."""
        found = lstat(path)
        if found is None:
            return "made by an earlier step"
        what = kind(found)
        amount = f" of {size(found.st_size)}" if what == "file" else ""
        pointing = f" to {link_text(path)}" if what == "symlink" else ""
        return f"{what}{amount}{pointing}, owner {user_name(found.st_uid)}, mode {found.st_mode & 0o7777:04o}"

    def in_use(self, path: Path) -> None:
        """A note naming the processes that have the file open for writing."""
        for who in holders(path):
            self.notes.append(f"{who} has {path} open for writing")

    def absent(self, path: Path) -> None:
        """The problem that ``path`` is not there, with the names nearest to it."""
        near: list[str] = []
        if not missing_parents(path) and path.parent.is_dir() and os.access(path.parent, os.R_OK):
            names = [entry.name for entry in os.scandir(path.parent)]
            near = difflib.get_close_matches(path.name, names, n=3, cutoff=0.7)
        hint = f"; there is {', '.join(near)}" if near else ""
        self.problem(f"{path} does not exist{hint}")

    def effect(self) -> Effect:
        return Effect(
            changes=tuple(self.changes),
            notes=tuple(self.notes),
            problems=tuple(self.problems),
            findings=tuple(self.findings),
            identity=self.identity,
            undo=self.undo,
            undo_why=self.undo_why,
        )


def other_name(path: Path) -> Path:
    """A free name like ``path``: ``notes-2.txt``; ``/root-2`` for ``/`` itself, which has no name."""
    path = path if path.name else path / "root"
    number = 2
    while lstat(candidate := path.with_name(f"{path.stem}-{number}{path.suffix}")) is not None:
        number += 1
    return candidate
