"""``file.remove``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import ClassVar

from reign_executors.call import Call
from reign_executors.effect import Action
from reign_executors.errors import Conflict, NotFound
from reign_executors.files.change import FileChange, PathField
from reign_executors.files.difference import TEXT_LIMIT, difference
from reign_executors.files.image import Root, survey
from reign_executors.files.places import Stop, kind, lstat, may, no_right_in, real_name
from reign_executors.files.putting import clear, settle
from reign_executors.files.scene import ABSENT, Scene


class Remove(FileChange):
    """Remove a file, a link (never what it points to) or, with ``recursive``, a folder and everything in it."""

    name: ClassVar[str] = "file.remove"
    summary: ClassVar[str] = "Remove a file, or a folder with everything in it."

    forbidden: ClassVar[Action] = Action.DELETE

    path: PathField
    recursive: bool = False

    def main(self, call: Call) -> Path:
        return real_name(super().main(call))

    def roots(self, call: Call) -> tuple[Root, ...]:
        return (Root(path=str(self.main(call))),)

    def refuse(self, scene: Scene) -> None:
        scene.forbid("removing the", self.places(scene.call)[-1], self.main(scene.call))

    def look(self, scene: Scene, stop: Stop) -> None:
        path = self.main(scene.call)
        what = scene.kind(path)
        if what == ABSENT:
            scene.absent(path)
            return
        if what.startswith("promised"):
            scene.change(Action.DELETE, path, directory="directory" in what, note="made by an earlier step")
            return
        found = path.lstat()
        if (why := no_right_in(path.parent, found)) is not None:
            scene.problem(f"can't remove {path}: {why}")
        counted = survey(path, stop)
        if what == "directory":
            if counted.unreadable:
                scene.problem(f"can't look into {counted.unreadable[0]}, so what would be lost is not known")
            inside = counted.files + counted.folders + counted.links + counted.special - 1
            if inside and not self.recursive:
                choice = ("recursive", "remove everything in it", {"recursive": True})
                scene.problem(f"{path} is a directory that is not empty: {counted}", choice)
        if what == "symlink":
            scene.notes.append(f"only the link goes, not {path.readlink()}")
        if what == "file":
            scene.in_use(path)
        scene.bind(path, counted if what == "directory" else None)
        scene.keepable(counted.bytes, counted.special, counted.complete)
        diff = None
        if what == "file" and found.st_size <= TEXT_LIMIT and may(path, 4):
            diff = difference(path.read_bytes(), b"", str(path))
        elif what == "directory" and counted.samples:
            shown = "\n".join(f"- {name}" for name in counted.samples)
            left = counted.files - len(counted.samples)
            diff = shown + (f"\n… {left} more files" if left > 0 else "")
        scene.change(
            Action.DELETE, path, directory=what == "directory", diff=diff, data_bytes=counted.bytes or None,
            note=str(counted) if what == "directory" else scene.described(path),
        )  # fmt: skip

    def already(self, call: Call) -> bool:
        return False

    def apply(self, call: Call, stop: Stop) -> int:
        path = self.main(call)
        found = lstat(path)
        if found is None:
            raise NotFound(f"{path} does not exist", "there is nothing to remove")
        if kind(found) == "directory" and not self.recursive:
            with_content = next(path.iterdir(), None) is not None
            if with_content:
                raise Conflict(f"{path} is a directory that is not empty", "say recursive to remove all of it")
        clear(path, stop)
        settle(path.parent)
        return 0

    def holds(self, call: Call, path: Path) -> tuple[bool, str]:
        there = lstat(path) is not None
        return not there, f"{path} is {'still there' if there else 'gone'}"

    def command_line(self) -> str:
        return f"rm {'-r ' if self.recursive else ''}{shlex.quote(self.path)}"
