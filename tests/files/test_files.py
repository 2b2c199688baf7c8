"""What the shared contract does not ask of ``file.*``: what a preview finds in the way, rights, room, links, disks."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import stat
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reign_executors.call import Call, MemoryBlobs
from reign_executors.effect import Action, Effect, Risk, UndoPromise
from reign_executors.errors import Conflict, InvalidFields, NotFound, OperationError, PermissionMissing
from reign_executors.files import places, putting
from reign_executors.files.change import NOTE, Changed, FileChange
from reign_executors.files.difference import difference
from reign_executors.files.folder import Link, MakeDirectory, SetMode, mode_after
from reign_executors.files.places import typed
from reign_executors.files.remove import Remove
from reign_executors.files.restore import Restore
from reign_executors.files.tree import Copy, Move
from reign_executors.files.write import Append, Write
from reign_executors.operation import Change
from reign_executors.registry import Registry

REGISTRY = Registry({"file": "reign_executors.files"})
ROOT = os.geteuid() == 0
OTHER_DISK = Path("/dev/shm")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


@pytest.fixture
def call(tmp_path: Path, place: Path) -> Call:
    (tmp_path / "run").mkdir()
    return Call(key="r_1/s1", folder=tmp_path / "run", cwd=place)


def only(effect: Effect) -> str:
    """The text of the one problem."""
    assert len(effect.problems) == 1, effect.problems
    return effect.problems[0].text


def keys(effect: Effect) -> list[str]:
    return [choice.key for problem in effect.problems for choice in problem.choices]


async def settled(operation: Change, choice: str, call: Call) -> Change:
    """The operation after a person took that choice."""
    effect = await operation.preview(call)
    taken = next(c for problem in effect.problems for c in problem.choices if c.key == choice)
    made = REGISTRY.build(operation.name, {**operation.to_fields(), **taken.fields})
    assert isinstance(made, Change)
    return made


@pytest.fixture
def nobody() -> Iterator[Path]:
    """A folder of root's that anybody may look into; the test runs as the user nobody."""
    if not ROOT:
        pytest.skip("only root can become somebody else")
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "mine.txt").write_text("root's\n")
    (folder / "secret.txt").write_text("root's\n")
    (folder / "secret.txt").chmod(0o600)
    (folder / "shared").mkdir()
    (folder / "shared").chmod(0o1777)
    (folder / "shared" / "root.txt").write_text("root's\n")
    (folder / "shared" / "open.txt").write_text("root's\n")
    (folder / "shared" / "open.txt").chmod(0o666)
    (folder / "runs").mkdir()
    (folder / "runs").chmod(0o777)
    os.setegid(65534)
    os.seteuid(65534)
    yield folder
    os.seteuid(0)
    os.setegid(0)
    shutil.rmtree(folder)


# what a preview finds


async def test_missing_folder_is_asked_about(call: Call, place: Path) -> None:
    operation = Write(path="a/b/c.txt", content="x")
    effect = await operation.preview(call)
    assert only(effect) == f"the folder {place}/a/b does not exist"
    effect = await (await settled(operation, "parents", call)).preview(call)
    assert not effect.problems
    assert [c.resource for c in effect.changes] == [
        f"directory/{place}/a",
        f"directory/{place}/a/b",
        f"file/{place}/a/b/c.txt",
    ]
    assert effect.risk is Risk.CREATE


async def test_what_earlier_steps_make_counts(call: Call, place: Path) -> None:
    promised = Call(
        key="r/s", folder=call.folder, cwd=place, promised=frozenset({f"directory/{place}/a", f"file/{place}/f"})
    )
    assert not (await Write(path="a/c.txt", content="x").preview(promised)).problems
    for operation in (
        Write(path="f", content="x"), Append(path="f", content="x"), SetMode(path="f", mode="600"), Remove(path="f"),
        Copy(source="f", destination="g"), Move(source="f", destination="g"), MakeDirectory(path="a"),
    ):  # fmt: skip
        effect = await operation.preview(promised)
        assert not effect.problems, (operation, effect.problems)
    (place / "old").mkdir()
    gone = Call(key="r/s", folder=call.folder, cwd=place, gone=frozenset({f"directory/{place}/old"}))
    assert "does not exist" in only(await Remove(path="old").preview(gone))
    assert "does not exist" in only(await Write(path="old/x", content="").preview(gone))


async def test_existing_file_is_replaced_or_another_is_written(call: Call, place: Path) -> None:
    (place / "a.txt").write_text("old\n")
    operation = Write(path="a.txt", content="new\n")
    effect = await operation.preview(call)
    assert keys(effect) == ["replace", "other"]
    assert "exists: file of 4 bytes" in only(effect)
    assert "-old\n+new" in (effect.changes[0].diff or "")
    replacing = await (await settled(operation, "replace", call)).preview(call)
    assert not replacing.problems
    assert replacing.risk is Risk.CHANGE
    assert (await (await settled(operation, "other", call)).preview(call)).changes[0].resource.endswith("/a-2.txt")
    assert (await Write(path="a.txt", content="old\n").preview(call)).risk is Risk.READ
    assert not (await Write(path="a.txt", content="old\n").execute(call)).changed


async def test_directories_and_special_files_are_not_written(call: Call, place: Path) -> None:
    (place / "d").mkdir()
    os.mkfifo(place / "pipe")
    assert keys(await Write(path="d", content="x").preview(call)) == ["other"]
    assert "is a fifo" in only(await Append(path="pipe", content="x").preview(call))
    assert "is a fifo" in only(await MakeDirectory(path="pipe").preview(call))
    (place / "f").write_text("")
    assert "not a folder" in only(await Write(path="f/x", content="").preview(call))


async def test_beyond_the_limit_the_undo_is_none_and_says_so(call: Call, place: Path) -> None:
    (place / "big").write_bytes(b"x" * 2000)
    (place / "src").write_text("y")
    small = Call(key="r/s", folder=call.folder, cwd=place, blobs=MemoryBlobs(limit=1000))
    for operation in (
        Write(path="big", content="y", if_exists="replace"),
        Remove(path="big"),
        Copy(source="src", destination="big", if_exists="replace"),
        Link(path="big", to="src", if_exists="replace"),
    ):
        effect = await operation.preview(small)
        assert effect.undo is UndoPromise.NONE, operation
        assert "2.0 KiB are more than the 1000 bytes" in (effect.undo_why or "")
        assert effect.data_bytes == 2000
        assert effect.risk is Risk.DESTROY
        before = await operation.capture(small)
        assert operation.undo(before, {}) is None


async def test_no_room(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reign_executors.files.scene.free_bytes", lambda _folder: 3)
    assert "not enough room" in only(await Write(path="x", content="four").preview(call))


async def test_who_has_it_open(call: Call, place: Path) -> None:
    with (place / "log").open("a") as log:
        log.write("x\n")
        log.flush()
        effect = await Remove(path="log").preview(call)
    assert any(f"(pid {os.getpid()}) has {place}/log open for writing" in note for note in effect.notes)


async def test_symlinks_are_said(call: Call, place: Path) -> None:
    (place / "real.txt").write_text("x\n")
    (place / "link").symlink_to("real.txt")
    effect = await Write(path="link", content="y\n", if_exists="replace").preview(call)
    assert effect.changes[0].resource == f"file/{place}/real.txt"
    assert "the link stays" in effect.notes[0]
    assert "the mode of" in (await SetMode(path="link", mode="600").preview(call)).notes[0]
    assert "only the link goes" in (await Remove(path="link").preview(call)).notes[0]
    await Remove(path="link").execute(call)
    assert (place / "real.txt").exists()
    assert "lead nowhere" in (await Link(path="l2", to="nothing").preview(call)).notes[0]


async def test_nothing_there_names_what_is_near(call: Call, place: Path) -> None:
    (place / "config.yaml").write_text("")
    assert "there is config.yaml" in only(await Remove(path="config.yml").preview(call))
    for operation in (
        Copy(source="no", destination="x"),
        Move(source="no", destination="x"),
        SetMode(path="no", mode="600"),
    ):
        assert "does not exist" in only(await operation.preview(call))


async def test_removing_a_folder_says_how_much(call: Call, place: Path) -> None:
    (place / "t" / "sub").mkdir(parents=True)
    (place / "t" / "a").write_text("12345")
    (place / "t" / "sub" / "b").write_text("123")
    operation = Remove(path="t")
    assert "2 files, 2 folders, 8 bytes" in only(await operation.preview(call))
    effect = await (await settled(operation, "recursive", call)).preview(call)
    assert effect.data_bytes == 8
    assert effect.changes[0].action is Action.DELETE
    assert f"- {place}/t/sub/b" in (effect.changes[0].diff or "")


async def test_identity_moves_with_the_object(call: Call, place: Path) -> None:
    (place / "t").mkdir()
    (place / "t" / "a").write_text("1")
    first = await Remove(path="t", recursive=True).preview(call)
    (place / "t" / "a").write_text("22")
    second = await Remove(path="t", recursive=True).preview(call)
    assert first.identity != second.identity
    about = (place / "t" / "a").stat()
    effect = await Remove(path="t/a").preview(call)
    assert effect.identity == {
        str(place / "t" / "a"): f"{about.st_dev}:{about.st_ino}:{about.st_mtime_ns}:{about.st_size}"
    }


async def test_copy_and_move_places(call: Call, place: Path) -> None:
    (place / "d").mkdir()
    (place / "e").mkdir()
    (place / "a").write_text("x")
    assert "inside" in only(await Copy(source="d", destination="d/x", recursive=True).preview(call))
    assert "the same" in only(await Move(source="a", destination="a").preview(call))
    assert "recursive" in keys(await Copy(source="d", destination="new").preview(call))
    operation = Move(source="d", destination="e")
    assert keys(await operation.preview(call)) == ["into", "replace", "other"]
    moved = await (await settled(operation, "into", call)).execute(call)
    assert isinstance(moved, Changed)
    assert moved.path == str(place / "e" / "d")
    assert (await Copy(source="a", destination="new/", parents=True).execute(call)).path == str(place / "new" / "a")
    assert (await Copy(source="a", destination="e").execute(call)).path == str(place / "e" / "a")
    effect = await Copy(source="a", destination="e").preview(call)
    assert effect.risk is Risk.READ
    with pytest.raises(InvalidFields):
        await Move(source="e", destination="e/x").execute(call)


# catastrophes


@pytest.mark.parametrize(
    "operation",
    [
        Remove(path="/", recursive=True), Remove(path="/etc", recursive=True), Remove(path="/etc/passwd"),
        Remove(path="~", recursive=True), Move(source="/usr", destination="/tmp/usr"), SetMode(path="/", mode="777"),
        SetMode(path="/etc", mode="777", recursive=True), Write(path="/etc/sudoers", content="x", if_exists="replace"),
        Append(path="/etc/passwd", content="x"),
        Copy(source="/etc/hosts", destination="/etc/shadow", if_exists="replace"),
        Move(source="/etc/hosts", destination="/etc/group", if_exists="replace"),
        Link(path="/etc/passwd", to="/tmp/x", if_exists="replace"), MakeDirectory(path="/etc", mode="777"),
    ],
)  # fmt: skip
async def test_catastrophes_are_found_and_refused(
    call: Call, operation: FileChange, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_given: object) -> int:
        raise AssertionError("it was not refused")

    monkeypatch.setattr(type(operation), "apply", never)
    effect = await operation.preview(call)
    assert [finding.level for finding in effect.findings] == ["catastrophic"]
    with pytest.raises(PermissionMissing, match="never done"):
        await operation.execute(call)


async def test_a_link_does_not_hide_what_it_leads_to(call: Call, place: Path) -> None:
    (place / "l").symlink_to("/")
    for operation in (
        Remove(path="l/etc", recursive=True),
        SetMode(path="l/etc", mode="777"),
        Append(path="l/etc/passwd", content="x"),
    ):
        assert (await operation.preview(call)).findings
    assert not (await Remove(path="l").preview(call)).findings


# rights


async def test_no_right_to_write_names_user_and_owner(nobody: Path) -> None:
    call = Call(key="r/s", folder=nobody / "runs", cwd=nobody)
    text = only(await Write(path="new", content="x").preview(call))
    assert "user nobody may not write in" in text
    assert "owner root" in text
    assert "owner root" in only(await Write(path="mine.txt", content="x", if_exists="replace").preview(call))
    for operation in (
        Remove(path="mine.txt"),
        Move(source="mine.txt", destination="shared/x"),
        MakeDirectory(path="d"),
    ):
        assert "may not" in only(await operation.preview(call))
        with pytest.raises(PermissionMissing) as raised:
            await operation.execute(call)
        assert raised.value.way_out
    assert "may not read" in only(await Copy(source="secret.txt", destination="shared/x").preview(call))
    assert "only its owner root" in only(await SetMode(path="mine.txt", mode="777").preview(call))
    assert "sticky" in only(await Remove(path="shared/root.txt").preview(call))


async def test_a_file_of_another_is_written_in_place(nobody: Path) -> None:
    call = Call(key="r/s", folder=nobody / "runs", cwd=nobody)
    operation = Write(path="shared/open.txt", content="longer than before\n", if_exists="replace")
    before = (nobody / "shared" / "open.txt").stat()
    effect = await operation.preview(call)
    assert "written in place" in effect.notes[0]
    outputs = await operation.execute(call)
    after = (nobody / "shared" / "open.txt").stat()
    assert (after.st_ino, after.st_uid) == (before.st_ino, 0)
    assert (await operation.verify(call, outputs)).ok


# putting


def test_a_failed_write_leaves_the_old(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "a").write_text("old")

    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        putting.write_bytes(place / "a", b"new", "k")
    assert [path.name for path in place.iterdir()] == ["a"]
    assert (place / "a").read_text() == "old"


def test_what_a_crash_left_is_cleared(place: Path) -> None:
    putting.staging(place / "a", "k").write_text("half")
    putting.write_bytes(place / "a", b"new", "k", mode=0o640)
    assert [path.name for path in place.iterdir()] == ["a"]
    assert stat.S_IMODE((place / "a").stat().st_mode) == 0o640


def test_a_write_keeps_mode_owner_and_attributes(place: Path) -> None:
    (place / "a").write_text("old")
    (place / "a").chmod(0o4751)
    try:
        os.setxattr(place / "a", "user.note", b"kept")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    putting.write_bytes(place / "a", b"new", "k")
    assert os.getxattr(place / "a", "user.note") == b"kept"
    assert stat.S_IMODE((place / "a").stat().st_mode) == 0o4751


def test_swap_in_puts_the_old_folder_back_when_it_fails(place: Path) -> None:
    (place / "old").mkdir()
    (place / "old" / "x").write_text("x")
    with pytest.raises(FileNotFoundError):
        putting.swap_in(place / "nothing", place / "old", "k")
    assert (place / "old" / "x").exists()


async def test_a_cancelled_copy_leaves_nothing(call: Call, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (place / "t").mkdir()
    for number in range(20):
        (place / "t" / str(number)).write_text("x")
    begun, go_on = threading.Event(), threading.Event()

    def slowly(_path: Path) -> dict[str, str]:
        begun.set()
        go_on.wait(30)
        return {}

    monkeypatch.setattr("reign_executors.files.putting.xattrs_of", slowly)
    operation = Copy(source="t", destination="u", recursive=True)
    task = asyncio.create_task(operation.execute(call))
    await asyncio.to_thread(begun.wait, 30)
    task.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [path.name for path in place.iterdir()] == ["t"]
    assert (await operation.probe(call)).state == "not_done"


@pytest.mark.skipif(not OTHER_DISK.is_dir(), reason="no second file system")
async def test_move_to_another_disk_and_back(call: Call, place: Path) -> None:
    folder = Path(tempfile.mkdtemp(dir=OTHER_DISK))
    try:
        (place / "t" / "sub").mkdir(parents=True)
        (place / "t" / "sub" / "a").write_text("x")
        (place / "t" / "l").symlink_to("sub//a")
        os.mkfifo(place / "t" / "pipe")
        os.utime(place / "t" / "sub", ns=(1, 1_500_000_000_000_000_001))
        operation = Move(source="t", destination=f"{folder}/t")
        with socket.socket(socket.AF_UNIX) as one:
            os.chdir(place)
            one.bind("t/socket")
            assert "can't move to another disk" in only(await operation.preview(call))
        (place / "t" / "socket").unlink()
        (place / "t" / "pipe").unlink()
        assert any("another disk" in note for note in (await operation.preview(call)).notes)
        before = await operation.capture(call)
        outputs = await operation.execute(call)
        assert (folder / "t" / "sub").stat().st_mtime_ns == 1_500_000_000_000_000_001
        inverse = operation.undo(before, outputs.model_dump(mode="json"))
        assert inverse is not None
        await inverse.execute(call)
        assert await operation.capture(call) == before
        assert list(folder.iterdir()) == []
    finally:
        shutil.rmtree(folder)


# probing


async def test_half_an_append_is_in_doubt(call: Call, place: Path) -> None:
    (place / "log").write_text("a\n")
    operation = Append(path="log", content="line\n")
    await operation.execute(call)
    (place / "log").write_text("a\nli")
    assert (await operation.probe(call)).state == "in_doubt"
    (place / "log").write_text("a\n")
    assert (await operation.probe(call)).state == "not_done"
    made = Append(path="new/log", content="x", parents=True)
    assert (await made.execute(call)).path == str(place / "new" / "log")


async def test_half_a_removal_is_in_doubt(call: Call, place: Path) -> None:
    (place / "t").mkdir()
    (place / "t" / "a").write_text("x")
    (place / "t" / "b").write_text("x")
    operation = Remove(path="t", recursive=True)
    await operation.execute(call)
    assert (call.folder / NOTE).exists()
    (place / "t").mkdir()
    (place / "t" / "b").write_text("x")
    assert (await operation.probe(call)).state == "in_doubt"


# undoing


async def test_undo_asks_before_it_overwrites_and_can_keep(call: Call, place: Path) -> None:
    (place / "a").write_text("old\n")
    (place / "b").write_text("b\n")
    operation = Move(source="b", destination="a", if_exists="replace")
    before = await operation.capture(call)
    outputs = await operation.execute(call)
    (place / "a").write_text("theirs\n")
    inverse = operation.undo(before, outputs.model_dump(mode="json"))
    assert isinstance(inverse, Restore)
    effect = await inverse.preview(call)
    assert "changed by others since" in effect.problems[0].text
    kept = await settled(inverse, "keep", call)
    assert not (await kept.preview(call)).problems
    overwriting = await settled(inverse, "overwrite", call)
    assert (await overwriting.preview(call)).risk is Risk.DESTROY
    done = await overwriting.execute(call)
    assert (await overwriting.verify(call, done)).ok
    assert (place / "a").read_text() == "old\n"
    assert (place / "b").read_text() == "theirs\n"


async def test_keep_leaves_theirs(call: Call, place: Path) -> None:
    (place / "a").write_text("old\n")
    operation = Write(path="a", content="ours\n", if_exists="replace")
    before = await operation.capture(call)
    outputs = await operation.execute(call)
    (place / "a").write_text("theirs\n")
    inverse = operation.undo(before, outputs.model_dump(mode="json"))
    assert inverse is not None
    assert "-theirs\n+old" in ((await inverse.preview(call)).changes[0].diff or "")
    keeping = await settled(inverse, "keep", call)
    assert (await keeping.preview(call)).risk is Risk.READ
    done = await keeping.execute(call)
    assert (await keeping.verify(call, done)).ok
    assert (place / "a").read_text() == "theirs\n"
    assert keeping.undo({"roots": []}, done.model_dump()) is None


async def test_undo_whose_blobs_are_gone_says_so(call: Call, place: Path) -> None:
    (place / "a").write_text("old\n")
    operation = Remove(path="a")
    before = await operation.capture(call)
    outputs = await operation.execute(call)
    inverse = operation.undo(before, outputs.model_dump(mode="json"))
    assert inverse is not None
    empty = Call(key="r/u", folder=call.folder, cwd=place)
    assert "is gone, so it can't be put back" in only(await inverse.preview(empty))
    with pytest.raises(NotFound, match="is gone"):
        await inverse.execute(empty)


async def test_many_entries_are_kept_as_one_blob(call: Call, place: Path) -> None:
    (place / "t").mkdir()
    for number in range(400):
        (place / "t" / f"f{number}").write_text(str(number))
    operation = Remove(path="t", recursive=True)
    before = await operation.capture(call)
    assert "manifest" in before
    assert "entries" not in before
    outputs = await operation.execute(call)
    inverse = operation.undo(before, outputs.model_dump(mode="json"))
    assert inverse is not None
    empty = Call(key="r/u", folder=call.folder, cwd=place)
    assert "is gone" in only(await inverse.preview(empty))
    await inverse.execute(call)
    assert await operation.capture(call) == before


async def test_sockets_do_not_come_back_and_that_is_said(
    call: Call, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "t").mkdir()
    monkeypatch.chdir(place / "t")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind("s")
        effect = await Remove(path="t", recursive=True).preview(call)
    assert effect.undo is UndoPromise.RECREATE
    assert "sockets" in (effect.undo_why or "")


async def test_parent_times_stay_where_others_worked(call: Call, place: Path) -> None:
    operation = Write(path="a", content="x")
    before = await operation.capture(call)
    outputs = await operation.execute(call)
    (place / "theirs").write_text("")
    inverse = operation.undo(before, outputs.model_dump(mode="json"))
    assert inverse is not None
    os.utime(place, ns=(1, 1_600_000_000_000_000_001))
    await inverse.execute(call)
    assert place.stat().st_mtime_ns > 1_600_000_000_000_000_001


# small parts


@pytest.mark.parametrize(
    ("text", "now", "directory", "then"),
    [
        ("644", 0o777, False, 0o644), ("1777", 0, True, 0o1777), ("+x", 0o644, False, 0o755),
        ("u+x", 0o644, False, 0o744),
        ("go-rwx", 0o755, False, 0o700), ("a=r", 0o777, False, 0o444), ("u=rw,go=", 0o777, False, 0o600),
        ("g+X", 0o600, False, 0o600), ("g+X", 0o700, False, 0o710), ("a+X", 0o600, True, 0o711),
        ("u+s", 0o755, False, 0o4755),
        ("+t", 0o777, True, 0o1777), ("g+s", 0o755, True, 0o2755),
    ],
)  # fmt: skip
def test_modes(text: str, now: int, directory: bool, then: int) -> None:
    assert mode_after(text, now, directory=directory) == then


@pytest.mark.parametrize(
    "fields", [{"path": "a", "mode": "u+q"}, {"path": "", "mode": "600"}, {"path": "a\0b", "mode": "1"}]
)
def test_nonsense_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidFields):
        REGISTRY.build("file.set_mode", fields)


def test_modes_may_be_numbers() -> None:
    made = REGISTRY.build("file.write", {"path": "a", "content": "", "mode": 644})
    assert isinstance(made, Write)
    assert made.mode == "644"


def test_diffs() -> None:
    assert difference(b"\0", b"text", "f") == "binary: 1 byte → 4 bytes"
    assert difference(b"a\n", b"a", "f").endswith("-a\n+a\n\\ no newline at the end")
    assert difference(b"", b"x\n" * 1000, "f").endswith("more lines")
    assert difference(b"x" * 300_000, b"", "f").startswith("long text")


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        (2, "not_found"), (13, "permission"), (30, "permission"), (28, "no_space"), (122, "no_space"), (21, "conflict"),
        (20, "conflict"), (39, "conflict"), (16, "conflict"), (36, "invalid_fields"), (5, "failed"),
    ],
)  # fmt: skip
def test_os_errors_become_ours(number: int, kind: str) -> None:
    error: OperationError = typed(OSError(number, os.strerror(number), "/etc/hosts"), "write /etc/hosts")
    assert error.kind == kind
    assert error.cause.startswith("could not write /etc/hosts")


def test_paths(place: Path) -> None:
    (place / "a" / "b").mkdir(parents=True)
    (place / "l").symlink_to("a/b")
    assert places.absolute("l/../x", place) == place / "a" / "x"
    assert places.absolute("l/..", place) == place / "a"
    assert places.absolute("~/x", place) == Path.home() / "x"
    assert places.absolute("./x//y/", place) == place / "x" / "y"
    assert places.real_name(place / "l") == place / "l"
    assert places.size(1536) == "1.5 KiB"
    assert places.size(3 * 1024**4) == "3.0 TiB"
    assert places.user_name(54321) == "54321"
    with pytest.raises(InvalidFields):
        places.absolute("", place)


async def test_unpinnable_names_stay(call: Call, place: Path) -> None:
    operation = Copy(source="a → b", destination="c")
    assert operation.pinned(await operation.target(call)) is operation


async def test_conflicts_found_late(call: Call, place: Path) -> None:
    (place / "d").mkdir()
    (place / "f").write_text("")
    for operation in (
        Copy(source="f", destination="x/y"),
        Link(path="d", to="f", if_exists="replace"),
        MakeDirectory(path="f"),
    ):
        with pytest.raises((Conflict, NotFound)):
            await operation.execute(call)


async def test_links_and_folders_that_hold_already(call: Call, place: Path) -> None:
    (place / "l").symlink_to("x")
    (place / "d").mkdir(mode=0o755)
    assert (await Link(path="l", to="x").preview(call)).risk is Risk.READ
    assert keys(await Link(path="l", to="y").preview(call)) == ["replace", "other"]
    assert keys(await Link(path="d", to="y").preview(call)) == ["other"]
    assert (await MakeDirectory(path="d").preview(call)).risk is Risk.READ
    effect = await MakeDirectory(path="d", mode="700").preview(call)
    assert effect.changes[0].diff == "mode 0755 → 0700"
    assert (await SetMode(path="d", mode="755").preview(call)).risk is Risk.READ
    operation = MakeDirectory(path="d", mode="700")
    before = await operation.capture(call)
    outputs = await operation.execute(call)
    inverse = operation.undo(before, outputs.model_dump(mode="json"))
    assert inverse is not None
    await inverse.execute(call)
    assert stat.S_IMODE((place / "d").stat().st_mode) == 0o755
