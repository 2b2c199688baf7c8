"""``file.*``: every change of files, in a folder of its own; snapshots hold bytes, modes, owners and times."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from reign_executors.effect import UndoPromise
from reign_executors.errors import Conflict, InvalidFields, NotFound, OperationError
from reign_executors.files.change import Changed
from reign_executors.files.folder import Link, MakeDirectory, SetMode
from reign_executors.files.remove import Remove
from reign_executors.files.restore import Restore
from reign_executors.files.tree import Copy, Move
from reign_executors.files.write import Append, Write
from reign_executors.operation import Change, Operation, Outputs
from tests.contract.scenario import Scenario


def tree(top: Path) -> dict[str, tuple[object, ...]]:
    """Path → kind and mode, owner, group, mtime in ns, bytes or link text."""
    found: dict[str, tuple[object, ...]] = {}
    for path in [top, *sorted(top.rglob("*"))]:
        about = path.lstat()
        content: object = None
        if path.is_symlink():
            content = os.readlink(path)  # noqa: PTH115
        elif path.is_file():
            content = path.read_bytes()
        found[str(path.relative_to(top))] = (about.st_mode, about.st_uid, about.st_gid, about.st_mtime_ns, content)
    return found


class FileScenario(Scenario):
    async def snapshot(self) -> object:
        return tree(self.place)

    async def prepare(self) -> None:
        """A file, a folder with a file, a link and a folder in it; old times that no clock gives by chance."""
        (self.place / "notes.txt").write_text("one\ntwo\n")
        (self.place / "notes.txt").chmod(0o640)
        (self.place / "tree" / "deep").mkdir(parents=True)
        (self.place / "tree" / "data.bin").write_bytes(bytes(range(256)) * 8)
        (self.place / "tree" / "deep" / "leaf.txt").write_text("leaf\n")
        (self.place / "tree" / "link").symlink_to(".//data.bin")
        if os.geteuid() == 0:
            os.chown(self.place / "notes.txt", 65534, 65534)
        for path in sorted(self.place.rglob("*"), reverse=True):
            os.utime(path, ns=(1_500_000_000_123_456_789, 1_500_000_000_123_456_789), follow_symlinks=False)
        os.utime(self.place, ns=(1_400_000_000_987_654_321, 1_400_000_000_987_654_321))

    async def meddle(self, outputs: Outputs) -> None:
        assert isinstance(outputs, Changed)
        path = Path(outputs.path)
        if path.is_dir():
            (path / "theirs.txt").write_text("not yours\n")
        else:
            path.unlink(missing_ok=True)
            path.write_text("not yours\n")


class WriteNew(FileScenario):
    operation: ClassVar[str] = "file.write"

    def build(self) -> Change:
        return Write(path="made/by/new.txt", content="hello\n", mode="0600", parents=True)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Write(path="notes.txt", content="other\n"), Conflict


class WriteOver(FileScenario):
    operation: ClassVar[str] = "file.write"

    def build(self) -> Change:
        return Write(path="notes.txt", content="one\n2\n", if_exists="replace")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Write(path="nowhere/notes.txt", content=""), NotFound


class WriteThroughLink(FileScenario):
    operation: ClassVar[str] = "file.write"

    def build(self) -> Change:
        return Write(path="tree/link", content="short\n", if_exists="replace")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Write(path="tree", content="", if_exists="replace"), Conflict


class WriteHardLinked(FileScenario):
    """The other name keeps the old content; what comes back is a file of its own."""

    operation: ClassVar[str] = "file.write"
    undo: ClassVar[UndoPromise] = UndoPromise.RECREATE

    async def prepare(self) -> None:
        await super().prepare()
        (self.place / "same.txt").hardlink_to(self.place / "notes.txt")

    def build(self) -> Change:
        return Write(path="notes.txt", content="mine\n", if_exists="replace")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Write(path="notes.txt/below", content=""), Conflict


class AppendToFile(FileScenario):
    operation: ClassVar[str] = "file.append"

    def build(self) -> Change:
        return Append(path="notes.txt", content="three\n")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Append(path="tree", content="x"), Conflict


class CopyFileOver(FileScenario):
    operation: ClassVar[str] = "file.copy"

    def build(self) -> Change:
        return Copy(source="notes.txt", destination="tree/deep/leaf.txt", if_exists="replace")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Copy(source="nothing", destination="there"), NotFound


class CopyTree(FileScenario):
    operation: ClassVar[str] = "file.copy"

    def build(self) -> Change:
        return Copy(source="tree", destination="made/twin", recursive=True, parents=True)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Copy(source="tree", destination="tree/deep/twin", recursive=True), InvalidFields


class CopyTreeOver(FileScenario):
    operation: ClassVar[str] = "file.copy"

    async def prepare(self) -> None:
        await super().prepare()
        (self.place / "old" / "sub").mkdir(parents=True)
        (self.place / "old" / "sub" / "kept.txt").write_text("kept\n")
        os.utime(self.place / "old" / "sub", ns=(5, 1_300_000_000_000_000_001))

    def build(self) -> Change:
        return Copy(source="tree", destination="old", recursive=True, if_exists="replace")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Copy(source="tree", destination="new"), Conflict


class MoveFolder(FileScenario):
    operation: ClassVar[str] = "file.move"

    def build(self) -> Change:
        return Move(source="tree", destination="made/moved", parents=True)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Move(source="nothing", destination="there"), NotFound


class MoveOver(FileScenario):
    operation: ClassVar[str] = "file.move"

    def build(self) -> Change:
        return Move(source="notes.txt", destination="tree/data.bin", if_exists="replace")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Move(source="notes.txt", destination="tree/data.bin"), Conflict


class RemoveFile(FileScenario):
    operation: ClassVar[str] = "file.remove"

    def build(self) -> Change:
        return Remove(path="notes.txt")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Remove(path="nothing"), NotFound


class RemoveTree(FileScenario):
    operation: ClassVar[str] = "file.remove"

    def build(self) -> Change:
        return Remove(path="tree", recursive=True)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Remove(path="tree"), Conflict

    async def meddle(self, outputs: Outputs) -> None:
        (self.place / "tree").mkdir()
        (self.place / "tree" / "theirs.txt").write_text("not yours\n")


class MakeFolders(FileScenario):
    operation: ClassVar[str] = "file.make_directory"

    def build(self) -> Change:
        return MakeDirectory(path="a/b/c", parents=True, mode="0711")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return MakeDirectory(path="notes.txt"), Conflict


class SetModeOfTree(FileScenario):
    operation: ClassVar[str] = "file.set_mode"

    def build(self) -> Change:
        return SetMode(path="tree", mode="go-rwx", recursive=True)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return SetMode(path="nothing", mode="644"), NotFound

    async def meddle(self, outputs: Outputs) -> None:
        (self.place / "tree" / "data.bin").chmod(0o444)


class SetModeOfFile(FileScenario):
    operation: ClassVar[str] = "file.set_mode"

    def build(self) -> Change:
        return SetMode(path="notes.txt", mode="0755")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return SetMode(path="nothing/below", mode="+x"), NotFound

    async def meddle(self, outputs: Outputs) -> None:
        (self.place / "notes.txt").chmod(0o444)


class LinkOver(FileScenario):
    operation: ClassVar[str] = "file.link"

    def build(self) -> Change:
        return Link(path="notes.txt", to="tree//data.bin", if_exists="replace")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Link(path="notes.txt", to="tree"), Conflict


class RestoreRemoved(FileScenario):
    """What an undo of a removal runs; its own undo removes the thing again."""

    operation: ClassVar[str] = "file.restore"
    has_command: ClassVar[bool] = False

    async def prepare(self) -> None:
        await super().prepare()
        removal, call = Remove(path="tree", recursive=True), self.call()
        before = await removal.capture(call)
        outputs = await removal.execute(call)
        inverse = removal.undo(before, outputs.model_dump(mode="json"))
        assert inverse is not None
        self.inverse = inverse

    def build(self) -> Change:
        return self.inverse

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        (self.place / "tree").write_text("not yours\n")
        return self.inverse, Conflict


class RestoreMovedOver(FileScenario):
    """The thing goes back, and what it had replaced comes back; a redo puts it there again."""

    operation: ClassVar[str] = "file.restore"
    has_command: ClassVar[bool] = False

    async def prepare(self) -> None:
        await super().prepare()
        move, call = Move(source="notes.txt", destination="tree/data.bin", if_exists="replace"), self.call()
        before = await move.capture(call)
        outputs = await move.execute(call)
        inverse = move.undo(before, outputs.model_dump(mode="json"))
        assert isinstance(inverse, Restore)
        self.inverse = inverse

    def build(self) -> Change:
        return self.inverse

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        (self.place / "notes.txt").write_text("not yours\n")
        return self.inverse, Conflict

    async def meddle(self, outputs: Outputs) -> None:
        (self.place / "tree" / "data.bin").write_text("not yours\n")


class RestoreMovedIntoMade(FileScenario):
    """The folder that was made for the move goes too; a redo makes it again with its mode and time."""

    operation: ClassVar[str] = "file.restore"
    has_command: ClassVar[bool] = False

    async def prepare(self) -> None:
        await super().prepare()
        move, call = Move(source="tree", destination="made/here/tree", parents=True), self.call()
        before = await move.capture(call)
        outputs = await move.execute(call)
        inverse = move.undo(before, outputs.model_dump(mode="json"))
        assert isinstance(inverse, Restore)
        self.inverse = inverse

    def build(self) -> Change:
        return self.inverse

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        (self.place / "made" / "theirs.txt").write_text("not yours\n")
        return self.inverse, Conflict

    async def meddle(self, outputs: Outputs) -> None:
        (self.place / "made").write_text("not yours\n")


class RestoreMoved(FileScenario):
    operation: ClassVar[str] = "file.restore"
    has_command: ClassVar[bool] = False

    async def prepare(self) -> None:
        await super().prepare()
        move, call = Move(source="tree", destination="elsewhere"), self.call()
        before = await move.capture(call)
        outputs = await move.execute(call)
        inverse = move.undo(before, outputs.model_dump(mode="json"))
        assert isinstance(inverse, Restore)
        self.inverse = inverse

    def build(self) -> Change:
        return self.inverse

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        (self.place / "elsewhere" / "theirs.txt").write_text("not yours\n")
        return self.inverse, Conflict

    async def meddle(self, outputs: Outputs) -> None:
        (self.place / "elsewhere").write_text("not yours\n")
