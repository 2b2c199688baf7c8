"""``git.remove_repository``: the inverse of init and clone."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import Conflict, NotFound
from reign_executors.git.program import Git
from reign_executors.git.repository import Repository
from reign_executors.git.setup import NOTE, listing_of, remove, remove_empty, sealed
from reign_executors.host import machine_identity
from reign_executors.operation import Change, JsonObject, Outputs, Repeat
from reign_executors.process.direct import unbroken
from reign_executors.target import Target


class Removed(Outputs):
    """``path``: the repository that is gone; ``changed`` False: it was gone already."""

    path: str
    changed: bool = True


class RemoveRepository(Change):
    """Remove a repository that was made by ``git.init`` or ``git.clone`` and that nobody has worked in since."""

    name: ClassVar[str] = "git.remove_repository"
    summary: ClassVar[str] = "Remove a repository nobody worked in since it was made (made by undo, not for planning)."
    returns: ClassVar[type[Outputs]] = Removed
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    undo_promise: ClassVar[UndoPromise] = UndoPromise.NONE
    timeout: ClassVar[float] = 300.0

    repo: str
    made: str | None = None
    seal: str

    def _root(self) -> Path:
        return Path(self.repo)

    async def target(self, call: Call) -> Target:
        identity = {"machine": machine_identity(), "folder": self.repo}
        return Target(tool="git", context=self.repo, resource="repository", identity=identity)

    def locks(self) -> frozenset[str]:
        return frozenset({f"git:{self.repo}"})

    def command_line(self) -> str:
        return shlex.join(["rm", "-r", str(self._top()[0])])

    def _top(self) -> list[Path]:
        """What is removed: the folder when it was made for the repository (or is bare, or a clone), else ``.git``."""
        root = self._root()
        if not (root / ".git").exists():
            return [root / name for name in listing_of(root, 1 << 20)] if self.made is None else [root]
        return [root / ".git"]

    async def _touched(self, call: Call) -> str | None:
        """What others did in it since; None when nothing."""
        root = self._root()
        if await sealed(call, root) != self.seal:
            repository = await Repository.open(call, root)
            return f"{root} was worked in since ({await repository.head()}); it is not removed"
        return None

    async def _files(self, call: Call) -> list[Path]:
        """Files that git checked out and that go with it."""
        root = self._root()
        if not (root / ".git").exists():
            return []
        raw = await Git(call, root).read("ls-files", "-z")
        return [root / name for name in raw.split("\0") if name]

    async def preview(self, call: Call) -> Effect:
        root = self._root()
        if not root.exists() or not ((root / ".git").exists() or (root / "HEAD").exists()):
            return Effect.nothing(f"{root} is no repository any more")
        size = await asyncio.to_thread(_size, root / ".git" if (root / ".git").is_dir() else root)
        changes = (ResourceChange(action=Action.DELETE, resource=f"repository/{root}", note=f"{size} bytes of it"),)
        awaited = call.will_touch(f"repository/{root}")
        touched = None if awaited else await self._touched(call)
        problems = () if touched is None else (Problem(text=touched),)
        why = "clone or make it again"
        identity = {f"repository/{root}": await sealed(call, root)}
        return Effect(changes=changes, problems=problems, identity=identity, undo=UndoPromise.NONE, undo_why=why)

    async def execute(self, call: Call) -> Removed:
        root = self._root()
        if not root.exists() or not ((root / ".git").exists() or (root / "HEAD").exists()):
            return Removed(path=self.repo, changed=False)
        touched = await self._touched(call)
        if touched is not None:
            raise Conflict(touched, "look at what is in it; remove it by hand when it may go")
        (call.folder / NOTE).write_text("{}", "utf-8")
        files = await self._files(call)
        paths = self._top()
        await unbroken(asyncio.to_thread(self._gone, files, paths))
        return Removed(path=self.repo)

    def _gone(self, files: list[Path], paths: list[Path]) -> None:
        for path in files:
            path.unlink(missing_ok=True)
        for folder in sorted({parent for path in files for parent in path.parents}, key=lambda one: -len(one.parts)):
            if folder != self._root() and folder.is_relative_to(self._root()):
                try:
                    folder.rmdir()
                except OSError:
                    continue
        remove(paths)
        remove_empty(self._root(), Path(self.made) if self.made else None)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        root = self._root()
        gone = not (root / ".git").exists() and not (root / "HEAD").exists()
        return Verification(ok=gone, detail=f"{root} is {'gone' if gone else 'still a repository'}")

    async def probe(self, call: Call) -> Probe:
        found = await self.verify(call, Outputs())
        if found.ok and (call.folder / NOTE).exists():
            return Probe(state="done", detail=found.detail, outputs={"path": self.repo, "changed": True})
        began = (call.folder / NOTE).exists() and await self._half(call)
        return Probe(state="in_doubt" if began else "not_done", detail=found.detail)

    async def _half(self, call: Call) -> bool:
        try:
            return await sealed(call, self._root()) != self.seal
        except NotFound:
            return True

    async def capture(self, call: Call) -> JsonObject:
        root = self._root()
        there = (root / ".git").exists() or (root / "HEAD").exists()
        return {"repository": await sealed(call, root) if there else None}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        """What was removed can be made or cloned again; that is a new decision."""
        return None


def _size(folder: Path) -> int:
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(where) / name).lstat().st_size
            except OSError:
                continue
    return total
