"""``file.copy`` and ``file.move``: files and whole folders."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from reign_executors.call import Call
from reign_executors.effect import Action
from reign_executors.errors import Conflict, InvalidFields, NotFound
from reign_executors.files.change import ARROW, FileChange, PathField
from reign_executors.files.difference import TEXT_LIMIT, difference
from reign_executors.files.image import Preimage, Root, Survey, file_digest, survey, walk
from reign_executors.files.places import (
    Stop,
    absolute,
    host_target,
    kind,
    link_text,
    lstat,
    may,
    no_right_in,
    real,
    real_name,
    user_name,
)
from reign_executors.files.putting import clear, copy_tree, move_tree, settle_tree, staging, swap_in
from reign_executors.files.scene import ABSENT, Scene, other_name
from reign_executors.files.write import make_parents, top_root
from reign_executors.operation import Change, JsonObject
from reign_executors.target import Target


def same_tree(one: Path, other: Path) -> bool:
    """Whether two paths hold the same names, kinds, bytes and links (modes, owners and times aside)."""
    ours, theirs = ([(p.relative_to(top), p, found) for p, found in walk(top)] for top in (one, other))
    if len(ours) != len(theirs) or not ours:
        return False
    for (name, path, found), (their_name, their_path, their) in zip(ours, theirs, strict=True):
        what = kind(found)
        if name != their_name or what != kind(their):
            return False
        if what == "file" and (found.st_size != their.st_size or file_digest(path) != file_digest(their_path)):
            return False
        if what == "symlink" and link_text(path) != link_text(their_path):
            return False
    return True


class _FromTo(FileChange):
    """From one path to another. ``destination`` is the new name itself; when it ends with ``/``, or a file goes to a
    folder that exists, it is the folder to put it in."""

    path_fields: ClassVar[tuple[str, ...]] = ("source", "destination")

    source: PathField
    destination: PathField
    if_exists: Literal["ask", "replace"] = "ask"
    parents: bool = False

    def source_path(self, call: Call) -> Path:
        return real_name(absolute(self.source, call.cwd))

    def places(self, call: Call) -> tuple[Path, ...]:
        source, destination = absolute(self.source, call.cwd), absolute(self.destination, call.cwd)
        found = lstat(source)
        plain_into_folder = found is not None and kind(found) != "directory" and destination.is_dir()
        if self.destination.endswith("/") or plain_into_folder:
            destination /= source.name
        return source, destination

    def main(self, call: Call) -> Path:
        return real_name(self.places(call)[-1])

    async def target(self, call: Call) -> Target:
        # the folder named with "/" is pinned as it stands; the entry in it follows from that every time
        pinned = (absolute(self.source, call.cwd), absolute(self.destination, call.cwd))
        return host_target("file/" + ARROW.join(str(path) for path in pinned))

    def _look_at_both(self, scene: Scene, stop: Stop) -> tuple[str, Survey | None]:
        """The kinds of source and what it holds; adds what is in the way at the destination."""
        source, path = self.source_path(scene.call), self.main(scene.call)
        what = scene.kind(source)
        if what == ABSENT:
            scene.absent(source)
            return what, None
        if source == path:
            scene.problem(f"{source} and the destination are the same")
            return what, None
        if path.is_relative_to(source):
            scene.problem(f"{path} is inside {source} itself")
            return what, None
        counted = None
        if not what.startswith("promised"):
            counted = survey(source, stop)
            scene.bind(source, counted if what == "directory" else None)
            if counted.unreadable:
                scene.problem(f"user {user_name(os.geteuid())} may not read {counted.unreadable[0]}")
            elif what == "device" and isinstance(self, Copy):
                scene.problem(f"{source} is a device: what it holds can't be copied")
            elif what == "file" and not may(source, os.R_OK):
                scene.problem(f"user {user_name(os.geteuid())} may not read {source} ({scene.described(source)})")
        self._look_at_destination(scene, path, source, what, stop)
        return what, counted

    def _look_at_destination(self, scene: Scene, path: Path, source: Path, what: str, stop: Stop) -> None:
        there = scene.kind(path)
        if there == ABSENT:
            scene.bind(path)
            if scene.parent(path, make=self.parents, choice={"parents": True}):
                scene.change(Action.CREATE, path, directory="directory" in what, note=self._from(scene, source))
            return
        if there.startswith("promised"):
            scene.change(Action.REPLACE, path, directory="directory" in there, note="made by an earlier step")
            return
        lost = survey(path, stop)
        scene.bind(path, lost if there == "directory" else None)
        if (why := no_right_in(path.parent, path.lstat())) is not None:
            scene.problem(f"can't replace {path}: {why}")
        if there == "directory" or "directory" in what:
            scene.forbid("replacing the", path)
        if self.if_exists == "ask":
            into = ()
            if there == "directory":
                label = f"put it into {path}/"
                into = (("into", label, {"destination": str(path / source.name)}),)  # type: ignore[assignment]
            scene.problem(
                f"{path} exists: {lost if there == 'directory' else scene.described(path)}",
                *into,
                ("replace", "replace it", {"if_exists": "replace"}),
                ("other", f"call it {(other := other_name(path)).name}", {"destination": str(other)}),
            )
        diff = None
        if there == what == "file" and max(path.lstat().st_size, source.lstat().st_size) <= TEXT_LIMIT:
            diff = difference(path.read_bytes(), source.read_bytes(), str(path)) if may(source, os.R_OK) else None
        scene.keepable(lost.bytes, lost.special, lost.complete)
        note = str(lost) if there == "directory" else None
        scene.change(Action.REPLACE, path, directory=there == "directory", diff=diff, data_bytes=lost.bytes, note=note)
        if there == "file":
            scene.in_use(path)

    def _from(self, scene: Scene, source: Path) -> str:
        return f"from {source} ({scene.described(source)})"

    def check_place(self, source: Path, path: Path) -> None:
        """What ``look`` found before must still be so when it is done."""
        if lstat(source) is None:
            raise NotFound(f"{source} does not exist", "check the path")
        if path.is_relative_to(source):
            raise InvalidFields(f"{path} is {source} itself or inside it", "choose another destination")
        if lstat(path) is not None and self.if_exists == "ask":
            raise Conflict(f"{path} exists already", "choose replace, or another name")


class Copy(_FromTo):
    """Copy a file or (``recursive``) a folder: modes, owners as far as allowed, times and links are kept."""

    name: ClassVar[str] = "file.copy"
    summary: ClassVar[str] = "Copy a file, or a folder with everything in it."

    recursive: bool = False

    def source_path(self, call: Call) -> Path:
        named = absolute(self.source, call.cwd)
        return real_name(named) if self.recursive else real(named)

    def roots(self, call: Call) -> tuple[Root, ...]:
        return (top_root(self.main(call)),)

    def look(self, scene: Scene, stop: Stop) -> None:
        if self.already(scene.call):
            scene.notes.append("the copy is there already, equal to the source")
            return
        what, counted = self._look_at_both(scene, stop)
        if "directory" in what and not self.recursive:
            scene.problem(
                f"{self.source} is a directory{'' if counted is None else f': {counted}'}",
                ("recursive", "copy it with everything in it", {"recursive": True}),
            )
        if counted is not None:
            scene.room(self.main(scene.call), counted.bytes)

    def refuse(self, scene: Scene) -> None:
        path = self.main(scene.call)
        scene.forbid("replacing the", path, real(path), writing=True)

    def already(self, call: Call) -> bool:
        source, path = self.source_path(call), self.main(call)
        return lstat(source) is not None and lstat(path) is not None and same_tree(source, path)

    def apply(self, call: Call, stop: Stop) -> int:
        source, path = self.source_path(call), self.main(call)
        self.check_place(source, path)
        if source.is_dir() and not source.is_symlink() and not self.recursive:
            raise Conflict(f"{source} is a directory", "say recursive to copy all that is in it")
        if self.parents:
            make_parents(path)
        prepared, written = staging(path, call.key), [0]
        clear(prepared)

        def tell(count: int) -> None:
            written[0] += count

        try:
            copy_tree(source, prepared, stop, tell)
            settle_tree(prepared)
            swap_in(prepared, path, call.key)
        except BaseException:
            clear(prepared)
            raise
        return written[0]

    def holds(self, call: Call, path: Path) -> tuple[bool, str]:
        source = self.source_path(call)
        if lstat(path) is None:
            return False, f"{path} does not exist"
        same = same_tree(source, path)
        return same, f"{path} {'is equal to' if same else 'differs from'} {source}"

    def command_line(self) -> str:
        return f"cp {'-a' if self.recursive else '-p'} {shlex.quote(self.source)} {shlex.quote(self.destination)}"


class Move(_FromTo):
    """Move or rename a file or folder; between disks it is copied, then removed."""

    name: ClassVar[str] = "file.move"
    summary: ClassVar[str] = "Move or rename a file or folder."

    def roots(self, call: Call) -> tuple[Root, ...]:
        return Root(path=str(self.source_path(call)), how="stat"), top_root(self.main(call))

    def left_roots(self, roots: tuple[Root, ...]) -> tuple[Root, ...]:
        return tuple(Root(path=root.path, how="stat") for root in roots)  # a renamed disk image is not read through

    def look(self, scene: Scene, stop: Stop) -> None:
        source, path = self.source_path(scene.call), self.main(scene.call)
        what, counted = self._look_at_both(scene, stop)
        if what == ABSENT:
            return
        scene.change(Action.UPDATE, source, directory="directory" in what, note=f"goes to {path}")
        found = lstat(source)
        if found is None:
            return
        if (why := no_right_in(source.parent, found)) is not None:
            scene.problem(f"can't take {source} away: {why}")
        near = next(above for above in path.parents if lstat(above) is not None)
        if counted is not None and near.stat().st_dev != found.st_dev:
            scene.room(path, counted.bytes)
            scene.notes.append("to another disk: it is copied, then removed here")
            if counted.special:
                scene.problem(f"{source} holds sockets or devices, which can't move to another disk")
        if what == "file":
            scene.in_use(source)

    def refuse(self, scene: Scene) -> None:
        source, path = self.source_path(scene.call), self.main(scene.call)
        scene.forbid("moving away the", source)
        scene.forbid("replacing the", path, writing=True)

    def already(self, call: Call) -> bool:
        return False

    def apply(self, call: Call, stop: Stop) -> int:
        source, path = self.source_path(call), self.main(call)
        self.check_place(source, path)
        size = source.lstat().st_size
        if self.parents:
            make_parents(path)
        move_tree(source, path, call.key, stop)
        return size

    def holds(self, call: Call, path: Path) -> tuple[bool, str]:
        source = self.source_path(call)
        if lstat(source) is not None:
            return False, f"{source} is still there"
        there = lstat(path) is not None
        return there, f"{path} is there, {source} is gone" if there else f"neither {source} nor {path} is there"

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        from reign_executors.files.restore import Restore

        inverse = super().undo(before, outputs)
        if not isinstance(inverse, Restore) or not outputs.get("path"):
            return None
        source = Preimage.model_validate(before).roots[0].path
        return inverse.model_copy(update={"moved_from": source, "moved_to": str(outputs["path"])})

    def command_line(self) -> str:
        return f"mv {shlex.quote(self.source)} {shlex.quote(self.destination)}"
