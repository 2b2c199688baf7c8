"""``file.write`` and ``file.append``."""

from __future__ import annotations

import hashlib
import os
import shlex
import stat
from pathlib import Path
from typing import ClassVar, Literal

from reign_executors.call import Call
from reign_executors.effect import Action, Probe, UndoPromise
from reign_executors.errors import Conflict
from reign_executors.files.change import Changed, FileChange, Octal, PathField, note_of, states
from reign_executors.files.difference import TEXT_LIMIT, difference
from reign_executors.files.image import Root, file_digest
from reign_executors.files.places import Stop, kind, lstat, may, missing_parents, real, size, user_name
from reign_executors.files.putting import append_bytes, settle, why_not_atomic, write_bytes
from reign_executors.files.scene import ABSENT, Scene, other_name
from reign_executors.operation import Repeat


def make_parents(path: Path) -> None:
    """Make the folders above ``path`` that are missing."""
    for folder in missing_parents(path):
        folder.mkdir()
        settle(folder.parent)


def top_root(path: Path) -> Root:
    """``path``, or the topmost folder that has to be made for it: what an undo removes."""
    missing = missing_parents(path)
    return Root(path=str(missing[0] if missing else path))


def content_diff(path: Path, new: bytes) -> str:
    """From what is in the file to ``new``, without reading a very long file."""
    length = path.stat().st_size
    if length > TEXT_LIMIT:
        return f"long: {size(length)} → {size(len(new))}"
    return difference(path.read_bytes(), new, str(path))


class _Content(FileChange):
    """What writing and appending share."""

    path: PathField
    content: str
    parents: bool = False

    @property
    def data(self) -> bytes:
        return self.content.encode("utf-8", "surrogateescape")

    def main(self, call: Call) -> Path:
        return real(super().main(call))

    def roots(self, call: Call) -> tuple[Root, ...]:
        return (top_root(self.main(call)),)

    def refuse(self, scene: Scene) -> None:
        named = self.places(scene.call)[-1]
        scene.forbid(
            f"{'writing' if self.name == 'file.write' else 'appending to'} the", named, real(named), writing=True
        )

    def _look_at_place(self, scene: Scene) -> str:
        """The kind at the real path; adds what is in the way."""
        named = self.places(scene.call)[-1]
        path = real(named)
        what = scene.kind(path)
        if path != named and scene.kind(named) == "symlink":
            scene.notes.append(f"{named} is a symlink: {path} is written, the link stays")
        if what == ABSENT:
            scene.bind(path)
            scene.parent(path, make=self.parents, choice={"parents": True})
        elif "directory" in what:
            scene.problem(f"{path} is a directory", ("other", "write another file", {"path": str(other_name(path))}))
        elif what == "file":
            scene.bind(path)
            found = path.lstat()
            if not may(path, os.W_OK):
                me, owner = user_name(os.geteuid()), user_name(found.st_uid)
                scene.problem(f"user {me} may not write {path} (owner {owner}, mode {stat.S_IMODE(found.st_mode):04o})")
            scene.in_use(path)
        elif what != "promised":
            scene.problem(f"{path} is a {what}, not a file")
        return what

    @staticmethod
    def _linked(scene: Scene, found: os.stat_result) -> None:
        if found.st_nlink > 1:
            scene.notes.append(f"it has {found.st_nlink} names (hard links): the others keep the old content")
            scene.weaken(UndoPromise.RECREATE, "the content comes back, the hard link to its other names does not")


class Write(_Content):
    """Make a file hold exactly this text. Written beside it and renamed, so nobody ever sees half of it."""

    name: ClassVar[str] = "file.write"
    summary: ClassVar[str] = "Write a text file, whole: create it, or replace what is in it."

    mode: Octal | None = None
    if_exists: Literal["ask", "replace"] = "ask"

    def look(self, scene: Scene, stop: Stop) -> None:
        what = self._look_at_place(scene)
        path, new = self.main(scene.call), self.data
        if what == ABSENT:
            scene.change(Action.CREATE, path, diff=difference(b"", new, str(path)))
            scene.room(path, len(new))
        elif what == "promised":
            scene.change(Action.UPDATE, path, note="made by an earlier step")
        elif what == "file" and not self.already(scene.call):
            found = path.lstat()
            if self.if_exists == "ask":
                scene.problem(
                    f"{path} exists: {scene.described(path)}",
                    ("replace", "replace its content", {"if_exists": "replace"}),
                    ("other", f"write {(other := other_name(path)).name} instead", {"path": str(other)}),
                )
            kept = scene.keepable(found.st_size)
            action = Action.UPDATE if kept else Action.REPLACE
            scene.change(
                action, path, diff=content_diff(path, new), data_bytes=None if kept else found.st_size,
                note=self._mode_note(found),
            )  # fmt: skip
            if (why := why_not_atomic(path, found)) is not None:
                scene.notes.append(f"it is written in place, because {why}: a crash in the middle could leave half")
            else:
                self._linked(scene, found)
            scene.room(path, len(new))
        elif what == "file":
            scene.notes.append(f"{path} holds exactly this already")

    def _mode_note(self, found: os.stat_result) -> str | None:
        now = stat.S_IMODE(found.st_mode)
        return None if self.mode is None or int(self.mode, 8) == now else f"mode {now:04o} → {int(self.mode, 8):04o}"

    def apply(self, call: Call, stop: Stop) -> int:
        path = self.main(call)
        found = lstat(path)
        if found is not None and kind(found) != "file":
            raise Conflict(f"{path} is a {kind(found)}", "name a file")
        if self.if_exists == "ask" and found is not None:
            raise Conflict(f"{path} exists already with other content", "choose replace, or another name")
        if self.parents:
            make_parents(path)
        write_bytes(path, self.data, call.key, mode=None if self.mode is None else int(self.mode, 8))
        return len(self.data)

    def holds(self, call: Call, path: Path) -> tuple[bool, str]:
        found = lstat(path)
        if found is None:
            return False, f"{path} does not exist"
        if kind(found) != "file" or found.st_size != len(self.data):
            return False, f"{path} holds something else ({kind(found)}, {size(found.st_size)})"
        if file_digest(path) != hashlib.sha256(self.data).hexdigest():
            return False, f"{path} holds other content"
        if self.mode is not None and stat.S_IMODE(found.st_mode) != int(self.mode, 8):
            return False, f"{path} has mode {stat.S_IMODE(found.st_mode):04o}, not {int(self.mode, 8):04o}"
        return True, f"{path} holds exactly the {size(len(self.data))}"

    def command_line(self) -> str:
        mode = "" if self.mode is None else f" && chmod {self.mode} {shlex.quote(self.path)}"
        shown = self.content if len(self.content) <= 80 else self.content[:77] + "…"
        return f"printf %s {shlex.quote(shown)} > {shlex.quote(self.path)}{mode}"


class Append(_Content):
    """Add text at a file's end, in place: programs that have it open go on with the same file."""

    name: ClassVar[str] = "file.append"
    summary: ClassVar[str] = "Add text to the end of a file (made when it is not there)."
    repeat: ClassVar[Repeat] = Repeat.OPAQUE

    def look(self, scene: Scene, stop: Stop) -> None:
        what = self._look_at_place(scene)
        path, new = self.main(scene.call), self.data
        if what == ABSENT:
            scene.change(Action.CREATE, path, diff=difference(b"", new, str(path)))
        elif what == "promised":
            scene.change(Action.UPDATE, path, note="made by an earlier step")
        elif what == "file" and new:
            found = path.lstat()
            scene.keepable(found.st_size)
            diff = f"+ {size(len(new))} at the end of {size(found.st_size)}"
            if found.st_size <= TEXT_LIMIT:
                old = path.read_bytes()
                diff = difference(old, old + new, str(path))
                if old and not old.endswith(b"\n"):
                    scene.notes.append("its last line has no newline: the text goes on in that line")
            scene.change(Action.UPDATE, path, diff=diff)
            if found.st_nlink > 1:
                scene.weaken(UndoPromise.RECREATE, "the content comes back, the hard link to its other names does not")
        scene.room(path, len(new))

    def already(self, call: Call) -> bool:
        return not self.content and lstat(self.main(call)) is not None

    def apply(self, call: Call, stop: Stop) -> int:
        path = self.main(call)
        if self.parents:
            make_parents(path)
        if lstat(path) is None:
            write_bytes(path, self.data, call.key)
        else:
            append_bytes(path, self.data)
        return len(self.data)

    def holds(self, call: Call, path: Path) -> tuple[bool, str]:
        found = lstat(path)
        if found is None or kind(found) != "file":
            return False, f"{path} is no file"
        length = len(self.data)
        if found.st_size < length:
            return False, f"{path} is shorter than what was to be appended"
        with path.open("rb") as file:
            file.seek(found.st_size - length)
            same = file.read(length) == self.data
        return same, f"{path} {'ends' if same else 'does not end'} with the {size(length)}"

    def _probe(self, call: Call, stop: Stop) -> Probe:
        note = note_of(call)
        if note is None:
            return Probe(state="not_done", detail="it was never begun")
        path = Path(note.path)
        if states(note.roots, stop) == note.states:
            return Probe(state="not_done", detail=f"{path} is as it was before")
        found = lstat(path)
        ok, detail = self.holds(call, path)
        if ok and found is not None and found.st_size == note.size + len(self.data):
            outputs = Changed(path=note.path, bytes=len(self.data), left=states(note.roots, stop))
            return Probe(state="done", detail=detail, outputs=outputs.model_dump(mode="json"))
        return Probe(state="in_doubt", detail=f"{path} is neither as before nor as intended")

    def command_line(self) -> str:
        shown = self.content if len(self.content) <= 80 else self.content[:77] + "…"
        return f"printf %s {shlex.quote(shown)} >> {shlex.quote(self.path)}"
