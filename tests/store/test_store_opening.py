"""Homes of every kind: new, wide open, newer, damaged, foreign, on a network, read-only, full."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reign_agents.events import Outcome
from reign_agents.store import database, opening
from reign_agents.store.errors import StoreBusy, StoreError, StoreNewer, StoreOnNetwork
from reign_agents.store.migrations import APPLICATION_ID, MIGRATIONS
from reign_agents.store.places import file_name, make_folder, network_file_system, open_private
from reign_agents.store.store import Store, StorePaths
from tests.store.conftest import Child
from tests.store.store_samples import begun, event, intent, outcome


@pytest.fixture(params=[0, 0o077, 0o277])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("umask")
async def test_only_the_owner_can_read_anything(paths: StorePaths) -> None:
    with Store.open(paths) as store:
        run = await begun(store)
        store.blobs.put(b"secret")
        store.step_folder(run, "s1")
        with store.lease(run):
            async with await store.lock(frozenset({"web"}), "r_1/s1"):
                found = [path.stat().st_mode for path in (paths.data.parent, *paths.data.parent.rglob("*"))]
    assert {stat.S_IMODE(mode) for mode in found if stat.S_ISDIR(mode)} == {0o700}
    files = [stat.S_IMODE(mode) for mode in found if stat.S_ISREG(mode)]
    assert set(files) == {0o600}
    assert len(files) == 9  # database with -wal and -shm, two locks, key, blob, lease, a resource's lock


def test_a_wide_open_home_is_closed(paths: StorePaths) -> None:
    for folder in (paths.data, paths.state):
        folder.mkdir(parents=True)
        folder.chmod(0o755)
    paths.data.parent.chmod(0o755)
    paths.database.touch()
    paths.database.chmod(0o644)
    with Store.open(paths) as store:
        assert store.durable
        assert stat.S_IMODE(paths.data.stat().st_mode) == 0o700
        assert stat.S_IMODE(paths.database.stat().st_mode) == 0o600
    assert stat.S_IMODE(paths.data.parent.stat().st_mode) == 0o755


def test_opening_again_warns_of_nothing(paths: StorePaths) -> None:
    for _ in range(2):
        with Store.open(paths) as store:
            assert store.durable
            assert store.warnings == ()
            assert store.paths == paths


def test_a_newer_database_is_refused_and_left_alone(paths: StorePaths) -> None:
    Store.open(paths).close_now()
    db = sqlite3.connect(paths.database)
    db.execute("PRAGMA journal_mode = DELETE")
    db.execute("PRAGMA user_version = 99")
    db.commit()
    db.close()
    before = paths.database.read_bytes()
    with pytest.raises(StoreNewer) as newer:
        Store.open(paths)
    assert newer.value.version == 99
    assert newer.value.path == paths.database
    assert "99" in newer.value.cause
    assert f"up to {MIGRATIONS[-1].number}" in newer.value.cause
    assert paths.database.read_bytes() == before
    assert "damaged" not in " ".join(path.name for path in paths.data.iterdir())


async def filled(paths: StorePaths) -> str:
    with Store.open(paths) as store:
        run = await begun(store)
        reference = store.blobs.put(b"what was there")
        await store.intent(intent(run, before={"content": reference}), event(run))
        await store.outcome(outcome(run), event(run))
        await store.finish_run(run, Outcome.DONE, 0, None)
        store.step_folder(run, "s1")
        store.log_path(run, "s1").write_text("its output\n")
    return run


@pytest.mark.parametrize("how", ["garbage", "header", "middle", "truncated", "foreign"])
async def test_a_damaged_database_is_kept_aside_and_said(paths: StorePaths, how: str) -> None:
    await filled(paths)
    whole = paths.database.read_bytes()
    match how:
        case "garbage":
            paths.database.write_bytes(b"this was never a database, or is none any more")
        case "header":
            paths.database.write_bytes(b"\0" * 100 + whole[100:])
        case "middle":
            paths.database.write_bytes(whole[:4096] + b"\xff" * 16384 + whole[20480:])
        case "truncated":
            paths.database.write_bytes(whole[: len(whole) // 2])
        case "foreign":
            paths.database.unlink()
            other = sqlite3.connect(paths.database)
            other.execute("CREATE TABLE notes (text TEXT)")
            other.close()
    if how == "garbage":
        paths.database.with_name("reign.db-wal").write_bytes(b"beside")
        paths.database.with_name("reign.db-shm").write_bytes(b"beside, too")
    damaged = paths.database.read_bytes()
    with Store.open(paths) as store:
        (warning,) = store.warnings
        assert store.durable
        kept = [path for path in paths.data.iterdir() if path.name.startswith("reign.db.damaged-")]
        (database,) = [path for path in kept if path.name[-1] == "Z"]
        assert str(database) in warning
        assert database.read_bytes() == damaged
        assert (paths.data / f"{database.name}-blobs").is_dir()
        if how == "garbage":
            assert (paths.data / f"{database.name}-wal").read_bytes() == b"beside"
            assert (paths.data / f"{database.name}-shm").read_bytes() == b"beside, too"
        assert store.history() == []
        # r_1 is the name of real things out there: it is not given a second time
        assert store.next_run_id() == "r_2"
        await begun(store)
    with Store.open(paths) as again:
        assert again.warnings == ()
        assert len(again.history()) == 1


async def test_damage_found_while_running_is_said_and_set_aside_by_the_next_start(
    paths: StorePaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "CHECK_WHOLE", 0)
    with Store.open(paths) as store:
        run = await begun(store)
        await store.append(*(event(run, text="x" * 3000) for _ in range(300)))
    content = paths.database.read_bytes()
    cut = len(content) // 2 // 4096 * 4096
    paths.database.write_bytes(content[:cut] + b"\xff" * (len(content) - cut))
    with Store.open(paths) as store:
        assert store.warnings == ()
        with pytest.raises(StoreError, match="damaged"):
            list(store.events(run))
        with pytest.raises(StoreError, match="damaged") as error:
            await store.append(event(run, text="y"))
        assert "start Reign again" in error.value.way_out
    with Store.open(paths) as store:
        assert "was damaged" in store.warnings[0]
        assert store.history() == []
    with Store.open(paths) as store:
        assert store.warnings == ()


def test_two_damaged_ones_in_the_same_second_are_both_kept(paths: StorePaths) -> None:
    for _ in range(3):
        make_folder(paths.data)
        paths.database.write_bytes(b"garbage")
        Store.open(paths).close_now()
    kept = [path for path in paths.data.iterdir() if ".damaged-" in path.name and not path.name.endswith("blobs")]
    assert len(kept) == 3


MOUNTS = """\
22 1 254:0 / / rw - ext4 /dev/vda rw
30 22 0:40 / /home rw shared:1 - nfs4 server:/home rw
31 30 254:1 / /home/local rw - xfs /dev/vdb rw
32 22 0:41 / /mnt/with\\040space rw - fuse.sshfs host:/ rw
33 22 0:42 / /over rw - ext4 /dev/vdc rw
34 33 0:43 / /over rw - cifs //server/share rw
35 broken
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/x", None),
        ("/home/ana/.local/share", "nfs4"),
        ("/home/local/ana", None),
        ("/homes/ana", None),
        ("/mnt/with space/x", "fuse.sshfs"),
        ("/over/x", "cifs"),
    ],
)
def test_network_file_systems_are_told_by_the_nearest_mount(path: str, kind: str | None) -> None:
    assert network_file_system(Path(path), MOUNTS) == kind


def test_this_machine_is_asked_for_its_mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert network_file_system(tmp_path) is None
    monkeypatch.setattr("sys.platform", "darwin")
    assert network_file_system(tmp_path) is None


def test_a_home_on_a_network_is_refused_with_the_way_out(paths: StorePaths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "network_file_system", lambda folder: "nfs4" if folder == paths.state else None)
    with pytest.raises(StoreOnNetwork) as refused:
        Store.open(paths)
    assert "REIGN_HOME" in refused.value.way_out
    assert refused.value.file_system == "nfs4"
    assert not paths.data.exists()


async def test_a_locked_database_is_waited_for_then_said(paths: StorePaths, monkeypatch: pytest.MonkeyPatch) -> None:
    run = await filled(paths)
    other = sqlite3.connect(paths.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(database.connect, "__kwdefaults__", {"busy_seconds": 0.1, "read_only": False})
    with pytest.raises(StoreBusy, match="keeps the database locked"):
        Store.open(paths)
    other.execute("ROLLBACK")
    with Store.open(paths) as store:
        other.execute("BEGIN IMMEDIATE")
        assert [r.run for r in store.history()] == [run]  # reading goes on
        with pytest.raises(StoreBusy) as busy:
            await store.append(event(run))
        assert run in busy.value.cause
        other.execute("COMMIT")
        await store.append(event(run))
    other.close()


# nothing can be written -----------------------------------------------------------------------------------------


def lines_of(process: subprocess.Popen[str]) -> dict[str, str]:
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that other users can get through to (pytest's own are this user's alone)."""
    folder = Path(tempfile.mkdtemp(prefix="reign-test-"))
    folder.chmod(0o755)
    yield folder
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700)
    shutil.rmtree(folder)


async def test_a_read_only_home_works_without_memory_and_says_so(open_folder: Path, child: Child) -> None:
    paths = StorePaths(open_folder / "home" / "data", open_folder / "home" / "state")
    run = await filled(paths)
    home = paths.data.parent
    for path in (home, *home.rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    told = lines_of(child("unprivileged", run, at=paths))
    assert told["durable"] == "False"
    assert "without memory" in told["warning"]
    assert "REIGN_HOME" in told["warning"]
    assert "earlier runs can be read" in told["warning"]
    assert told["shown"].startswith("True ['r_")
    assert f"'{run}']" in told["shown"]
    log, own = told["log"].split()
    assert log == str(paths.runs / run / "steps" / "s1" / "output.log")
    assert not own.startswith(str(home))
    assert not Path(own).parent.exists()  # gone with its process
    assert told["before"] == "what was there"
    assert {path: path.read_bytes() for path in home.rglob("*") if path.is_file()} == before


def test_a_home_that_cannot_be_made_works_without_memory(paths: StorePaths) -> None:
    paths.data.parent.parent.mkdir(exist_ok=True)
    paths.data.parent.write_text("a file where the folder should be")
    with Store.open(paths) as store:
        assert not store.durable
        assert "without memory" in store.warnings[0]
        assert store.next_run_id().startswith("r_")
        assert store.next_run_id() != store.next_run_id()


async def test_everything_works_without_memory(paths: StorePaths) -> None:
    make_folder(paths.data.parent)
    paths.data.write_text("")
    with Store.open(paths) as store:
        run = await begun(store)
        with store.lease(run):
            assert store.is_driven(run)
            reference = store.blobs.put(b"before")
            await store.intent(intent(run, before={"content": reference}), event(run))
            await store.outcome(outcome(run), event(run))
        async with await store.lock(frozenset({"web"}), "r_1/s1"):
            pass
        assert store.blobs.get(reference) == b"before"
        assert store.recall("nginx")[0].run == run
        assert [entry.step for entry in store.ledger(run)] == ["s1"]
        folder = store.run_folder(run)
        assert folder.is_dir()
        with pytest.raises(StoreError, match="attempt 2 of"):
            await store.outcome(outcome(run, attempt=2))
        assert len(list(store.events(run))) == 4
    assert not folder.exists()


async def test_a_newer_database_in_a_read_only_home_is_refused_too(paths: StorePaths) -> None:
    await filled(paths)
    db = sqlite3.connect(paths.database)
    db.execute("PRAGMA user_version = 99")
    db.commit()
    db.close()
    assert APPLICATION_ID
    state = paths.state
    broken = StorePaths(paths.data, state / "runs" / "r_1" / "steps" / "s1" / "output.log")
    with pytest.raises(StoreNewer):
        Store.open(broken)


async def test_a_run_driven_elsewhere_is_respected_without_memory(paths: StorePaths) -> None:
    run = await filled(paths)
    with Store.open(paths) as real, real.lease(run):
        passing = Store.open(StorePaths(paths.data, paths.state))
        passing.close_now()
        file = paths.data.parent / "file"
        file.touch()
        opened = opening._in_memory(paths, "nothing can be written")
        with Store(opened) as store:
            assert [r.run for r in store.history()] == [run]
            assert store.is_driven(run)
            with pytest.raises(StoreError, match=f"run {run} is driven by"):
                store.lease(run)
            assert store.plan(run) == real.plan(run)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of one megabyte."""
    point = tmp_path / "small"
    point.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(point)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("mounting a small disk needs root")
    yield point
    subprocess.run(["umount", "-l", str(point)], check=True)


def fill(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"\0" * size)
            except OSError:
                continue


async def test_a_full_home_works_without_memory_and_says_so(small_disk: Path) -> None:
    paths = StorePaths(small_disk / "data", small_disk / "state")
    run = await filled(paths)
    fill(small_disk)
    with Store.open(paths) as store:
        assert not store.durable
        assert "No space left" in store.warnings[0]
        assert [r.run for r in store.history()] == [run]
        (entry,) = store.ledger(run)
        assert entry.before is not None
        assert store.blobs.get(str(entry.before["content"])) == b"what was there"
    (small_disk / "filler").unlink()
    with Store.open(paths) as store:
        assert store.durable
        assert store.warnings == ()


async def test_a_disk_that_fills_up_stops_effects_and_says_what_is_not_remembered(small_disk: Path) -> None:
    paths = StorePaths(small_disk / "data", small_disk / "state")
    with Store.open(paths) as store:
        run = await begun(store)
        await store.intent(intent(run), event(run))
        fill(small_disk)
        with pytest.raises(StoreError) as error:
            await asyncio.gather(*(store.append(event(run, text="x" * 20_000)) for _ in range(200)))
        assert error.value.kind == "store_full"
        assert f"what happened in {run}" in error.value.cause
        with pytest.raises(StoreError, match="must not run"):
            await store.intent(intent(run, "s2", fields={"big": "x" * 200_000}))
        with pytest.raises(StoreError, match="can't be kept"):
            store.blobs.put(b"x" * 100_000)
        assert store.history()[0].run == run  # reading goes on
        (small_disk / "filler").unlink()
        await store.intent(intent(run, "s2"))
        await store.outcome(outcome(run), event(run))
        assert {step.id: step.outcome for step in store.steps(run)}["s1"] == "done"


def test_no_place_at_all_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", nowhere)
    with pytest.raises(StoreError, match="nothing can be written anywhere"):
        opening._temporary_folder()


# places ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("r_52", "r_52"),
        ("undo-s1", "undo-s1"),
        ("..", "%2E."),
        (".", "%2E"),
        ("", "%00"),
        ("a/b", "a%2Fb"),
        ("../../etc", "%2E.%2F..%2Fetc"),
        ("ü", "%C3%BC"),
    ],
)
def test_any_name_is_one_part_of_a_path(name: str, safe: str) -> None:
    assert file_name(name) == safe


def test_long_names_stay_short_and_different() -> None:
    assert len(file_name("x" * 500)) < 120
    assert file_name("x" * 500) != file_name("x" * 501)


def test_files_and_folders_of_others_keep_their_mode(tmp_path: Path) -> None:
    wide = tmp_path / "wide"
    wide.mkdir()
    wide.chmod(0o755)
    make_folder(wide / "a" / "b")
    assert stat.S_IMODE(wide.stat().st_mode) == 0o755
    (wide / "file").touch()
    with pytest.raises(NotADirectoryError):
        make_folder(wide / "file")
    os.close(open_private(wide / "file", os.O_RDWR))
    assert stat.S_IMODE((wide / "file").stat().st_mode) == 0o600
