"""``file.restore``: the inverse of every other change of files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from reign_executors.call import Blobs, Call
from reign_executors.effect import Action
from reign_executors.errors import Conflict, NotFound
from reign_executors.files.change import FileChange
from reign_executors.files.difference import TEXT_LIMIT, difference
from reign_executors.files.image import Entry, Preimage, Root, keep, state, survey
from reign_executors.files.places import Stop, host_target, kind, lstat, no_right_in, resource, size
from reign_executors.files.putting import move_tree, put_back, settle
from reign_executors.files.scene import Scene
from reign_executors.files.write import make_parents
from reign_executors.operation import Change, JsonObject
from reign_executors.target import Target


class Restore(FileChange):
    """Put back what a change found: bytes, modes, owners, times, or nothing where nothing was.

    ``before`` is that change's pre-image, ``left`` the digests of what it left, ``parents`` the folders' times before
    and after it. ``moved_from``/``moved_to``: the thing was moved and goes back first. What others changed since is
    asked about (``if_changed``): ``overwrite`` loses their work, ``keep`` leaves it and restores the rest.
    """

    name: ClassVar[str] = "file.restore"
    summary: ClassVar[str] = "Put files back as they were before a change (made by undo, not for planning)."
    path_fields: ClassVar[tuple[str, ...]] = ()

    before: JsonObject
    left: dict[str, str] = Field(default_factory=dict)
    parents: dict[str, tuple[int, int]] = Field(default_factory=dict)
    moved_from: str | None = None
    moved_to: str | None = None
    if_changed: Literal["ask", "overwrite", "keep"] = "ask"

    def image(self, blobs: Blobs) -> Preimage:
        try:
            return Preimage.model_validate(self.before).opened(blobs)
        except KeyError as error:
            raise NotFound("what was kept for this undo is gone", "restore it from a backup") from error

    def _roots(self) -> tuple[Root, ...]:
        return Preimage.model_validate(self.before).roots

    def main(self, call: Call) -> Path:
        return Path(self._roots()[0].path)

    def roots(self, call: Call) -> tuple[Root, ...]:
        if self.moved_to is None:
            return self._roots()
        # what only moves is not read; what it may replace is
        return tuple(
            Root(path=root.path, how="stat" if self._takes_from(root) else "content") for root in self._roots()
        )

    def left_roots(self, roots: tuple[Root, ...]) -> tuple[Root, ...]:
        return roots if self.moved_to is None else tuple(Root(path=root.path, how="stat") for root in roots)

    def _takes_from(self, root: Root) -> bool:
        return self.moved_to is not None and Path(self.moved_to).is_relative_to(root.path)

    def _returns_to(self, root: Root) -> bool:
        return self.moved_from is not None and Path(self.moved_from).is_relative_to(root.path)

    async def target(self, call: Call) -> Target:
        return host_target(resource(self.main(call)))

    def locks(self) -> frozenset[str]:
        return frozenset(resource(Path(root.path)) for root in self._roots())

    def doing(self) -> str:
        return f"restore {self._roots()[0].path}"

    def command_line(self) -> str:
        return ""

    def _changed_by_others(self, root: Root, stop: Stop | None) -> bool:
        left = self.left.get(root.path)
        if left is None or left == "absent":
            return lstat(Path(root.path)) is not None
        how = left.partition(":")[0]
        return state(Root.model_validate({"path": root.path, "how": how}), stop) != left

    def _is_back(self, root: Root, image: Preimage, stop: Stop | None) -> bool:
        was, found = image.of(root), lstat(Path(root.path))
        if found is None or kind(found) != was[0].kind:
            return found is None and was[0].kind == "absent"
        if root.how == "content" and was[0].kind == "file" and was[0].size != found.st_size:
            return False
        wanted = Preimage(roots=(root,), entries=tuple(was))
        return keep((root,), None, stop).comparable() == wanted.comparable()

    def _to_restore(self, image: Preimage, stop: Stop | None) -> list[Root]:
        """The roots that are not as they were and that may be touched."""
        result = []
        for root in image.roots:
            if self._is_back(root, image, stop):
                continue
            if self.if_changed == "keep" and self._changed_by_others(root, stop):
                continue
            result.append(root)
        return result

    def look(self, scene: Scene, stop: Stop) -> None:
        image = self._readable_image(scene)
        if image is None:
            return
        for root in self._to_restore(image, stop):
            path = Path(root.path)
            awaited = scene.call.will_touch(resource(path))
            if self.if_changed == "ask" and not awaited and self._changed_by_others(root, stop):
                what = scene.described(path) if lstat(path) is not None else "it is gone"
                label = "put the old state back all the same; what they did is lost"
                if self._takes_from(root):
                    label = "move back what is there now all the same"
                scene.problem(
                    f"{path} was changed by others since ({what})",
                    ("overwrite", label, {"if_changed": "overwrite"}),
                    ("keep", "leave it as it is now", {"if_changed": "keep"}),
                )
            entries = image.of(root)
            self._look_at_root(scene, root, entries, stop)
            lost = [
                entry.path for entry in entries if entry.blob is not None and not self._has(scene.call.blobs, entry)
            ]
            if lost:
                scene.problem(f"what was kept of {lost[0]} is gone, so it can't be put back")
        if not scene.changes and not scene.problems:
            scene.notes.append("everything is as it was before already")

    def _readable_image(self, scene: Scene) -> Preimage | None:
        try:
            return self.image(scene.call.blobs)
        except NotFound as gone:
            scene.problem(gone.cause)
            return None

    @staticmethod
    def _has(blobs: Blobs, entry: Entry) -> bool:
        try:
            return entry.blob is not None and bool(blobs.get(entry.blob) or entry.size == 0)
        except KeyError:
            return False

    def _look_at_root(self, scene: Scene, root: Root, entries: list[Entry], stop: Stop) -> None:
        path, was, found = Path(root.path), entries[0], lstat(Path(root.path))
        counted = survey(path, stop) if root.how == "content" else None
        scene.bind(path, counted if found is not None and kind(found) == "directory" else None)
        awaited = scene.call.will_touch(resource(path))
        if awaited:
            scene.notes.append(f"{path}: whether others changed it is looked at once the steps before this one ran")
        ours = root.path in self.left and (awaited or not self._changed_by_others(root, stop))
        if (why := no_right_in(path.parent, found)) is not None:
            scene.problem(f"can't restore {path}: {why}")
        directory = was.kind == "directory" or (found is not None and kind(found) == "directory")
        moving = self._takes_from(root)
        if counted is not None and not moving:
            scene.keepable(counted.bytes, counted.special, counted.complete)
        if root.how in ("mode", "modes"):
            now = "" if found is None else f"{found.st_mode & 0o7777:04o} → "
            scene.change(Action.UPDATE, path, directory=directory, diff=f"mode {now}{was.mode:04o}")
        elif was.kind == "absent":
            lost = None if ours or counted is None or moving else counted.bytes
            action = Action.UPDATE if moving else Action.DELETE
            note = f"goes back to {self.moved_from}" if moving else str(counted)
            scene.change(action, path, directory=directory, data_bytes=lost, note=note)
        elif found is None:
            back = f"comes back from {self.moved_to}" if self._returns_to(root) else None
            scene.change(Action.CREATE, path, directory=directory, note=back or size(sum(e.size for e in entries)))
        else:
            diff = self._diff(scene.call.blobs, path, was)
            lost = None if ours or counted is None else counted.bytes
            scene.change(
                Action.UPDATE if ours else Action.REPLACE, path, directory=directory, diff=diff, data_bytes=lost
            )

    def _diff(self, blobs: Blobs, path: Path, was: Entry) -> str | None:
        found = lstat(path)
        if was.blob is None or found is None or kind(found) != "file" or max(found.st_size, was.size) > TEXT_LIMIT:
            return None
        if not self._has(blobs, was):
            return None
        return difference(path.read_bytes(), blobs.get(was.blob), str(path))

    def already(self, call: Call) -> bool:
        return not self._to_restore(self.image(call.blobs), None)

    def apply(self, call: Call, stop: Stop) -> int:
        image = self.image(call.blobs)
        roots = self._to_restore(image, stop)
        if self.if_changed == "ask":
            for root in roots:
                if self._changed_by_others(root, stop):
                    raise Conflict(f"{root.path} was changed by others since", "choose overwrite or keep")
        written = 0
        stamps = {folder: found.st_mtime_ns for folder in self.parents if (found := lstat(Path(folder))) is not None}
        if self.moved_from is not None and self.moved_to is not None and any(r.how == "stat" for r in roots):
            make_parents(Path(self.moved_from))
            move_tree(Path(self.moved_to), Path(self.moved_from), call.key, stop)
        for root in roots:
            entries = image.of(root)
            if root.how == "content":
                self._put(entries, call, stop)
                written += sum(entry.size for entry in entries)
            elif root.how == "stat":
                self._finish_parents(entries)
            else:
                for entry in reversed(entries):
                    self._set_mode(entry)
        for root in roots:
            if lstat(Path(root.path).parent) is not None:
                settle(Path(root.path).parent)
        for folder, (before, after) in self.parents.items():
            # only where nobody but us worked in the folder since: then it has the time that we left it with
            if stamps.get(folder) == after and lstat(Path(folder)) is not None:
                os.utime(folder, ns=(before, before))
        return written

    @staticmethod
    def _put(entries: list[Entry], call: Call, stop: Stop) -> None:
        try:
            put_back(entries, call.blobs, call.key, stop)
        except KeyError as error:
            raise NotFound(f"what was kept of {entries[0].path} is gone", "restore it from a backup") from error

    def _finish_parents(self, entries: list[Entry]) -> None:
        """Modes and times of the folders between a root and what was moved back into it."""
        above = {str(folder) for folder in Path(self.moved_from or "/").parents}
        for entry in reversed(entries):
            if entry.path in above and entry.mtime_ns is not None:
                Path(entry.path).chmod(entry.mode)
                os.utime(entry.path, ns=(entry.mtime_ns, entry.mtime_ns))

    @staticmethod
    def _set_mode(entry: Entry) -> None:
        path = Path(entry.path)
        found = lstat(path)
        if found is not None and kind(found) == entry.kind != "symlink":
            path.chmod(entry.mode)

    def holds(self, call: Call, path: Path) -> tuple[bool, str]:
        image = self.image(call.blobs)
        for root in image.roots:
            if self._is_back(root, image, None):
                continue
            theirs_kept = self.if_changed == "keep" and self._changed_by_others(root, None)
            theirs_moved = self.if_changed == "overwrite" and root.how == "stat" and lstat(Path(root.path)) is not None
            if not theirs_kept and not theirs_moved:
                return False, f"{root.path} is not as it was"
        return True, f"{', '.join(root.path for root in image.roots)} as before"

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        inverse = super().undo(before, outputs)
        if not isinstance(inverse, Restore) or self.moved_to is None:
            return inverse
        return inverse.model_copy(update={"moved_from": self.moved_to, "moved_to": self.moved_from})
