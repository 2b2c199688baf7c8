"""Pre-images: kept by content, encrypted, limited, the oldest released first."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from reign_agents.events import Outcome
from reign_agents.store import blobs as module
from reign_agents.store.errors import BlobGone, BlobTooLarge, StoreError, StoreFull
from reign_agents.store.store import Store, StorePaths
from reign_executors.call import Blobs as BlobsProtocol
from tests.store.store_samples import begun, event, intent, outcome


def file_of(paths: StorePaths, reference: str) -> Path:
    name = reference.removeprefix("sha256:")
    return paths.blobs / name[:2] / name


def aged(paths: StorePaths, reference: str, seconds: float = 100_000) -> None:
    path = file_of(paths, reference)
    moment = path.stat().st_mtime - seconds
    os.utime(path, (moment, moment))


def test_the_same_content_has_the_same_reference_and_nobody_can_read_it(store: Store, paths: StorePaths) -> None:
    kept: BlobsProtocol = store.blobs
    reference = kept.put(b"hunter2 hunter2")
    assert kept.put(b"hunter2 hunter2") == reference
    assert reference == "sha256:" + hashlib.sha256(b"hunter2 hunter2").hexdigest()
    assert kept.get(reference) == b"hunter2 hunter2"
    assert b"hunter2" not in file_of(paths, reference).read_bytes()
    assert len(paths.key.read_bytes()) == 32
    assert kept.put(b"") != reference
    assert kept.get(kept.put(b"")) == b""


def test_they_outlive_the_process(paths: StorePaths) -> None:
    with Store.open(paths) as store:
        reference = store.blobs.put(b"x" * 100_000)
    with Store.open(paths) as store:
        assert store.blobs.get(reference) == b"x" * 100_000


def test_too_large_is_refused(paths: StorePaths) -> None:
    with Store.open(paths, capture_limit=10) as store:
        assert store.blobs.limit == 10
        assert store.blobs.of("r_1", "s1").limit == 10
        store.blobs.put(b"x" * 10)
        with pytest.raises(BlobTooLarge, match="11 bytes"):
            store.blobs.put(b"x" * 11)


@pytest.mark.parametrize("how", ["gone", "other key", "no key", "torn", "swapped", "no reference"])
def test_what_cannot_be_had_is_gone(store: Store, paths: StorePaths, how: str) -> None:
    reference = store.blobs.put(b"one")
    other = store.blobs.put(b"two")
    path = file_of(paths, reference)
    match how:
        case "gone":
            path.unlink()
        case "other key":
            paths.key.write_bytes(b"k" * 32)
        case "no key":
            paths.key.unlink()
        case "torn":
            path.write_bytes(path.read_bytes()[:-1])
        case "swapped":
            path.write_bytes(file_of(paths, other).read_bytes())
        case "no reference":
            reference = "../../key"
    store.blobs._keys.clear()
    with pytest.raises(KeyError) as gone:
        store.blobs.get(reference)
    assert isinstance(gone.value, BlobGone)
    assert str(gone.value).startswith((gone.value.cause, "'../"))


def test_a_file_that_another_key_made_is_written_again(store: Store, paths: StorePaths) -> None:
    reference = store.blobs.put(b"one")
    paths.key.unlink()
    store.blobs._keys.clear()
    assert store.blobs.put(b"one") == reference
    assert store.blobs.get(reference) == b"one"


def test_a_key_of_something_else_is_not_overwritten(store: Store, paths: StorePaths) -> None:
    paths.key.write_bytes(b"ssh-ed25519 AAAA")
    with pytest.raises(StoreError, match="is no key of Reign"):
        store.blobs.put(b"one")
    assert paths.key.read_bytes() == b"ssh-ed25519 AAAA"


def test_threads_make_one_key(store: Store) -> None:
    references: list[str] = []
    threads = [
        threading.Thread(target=lambda n=n: references.append(store.blobs.put(f"blob {n % 4}".encode())))
        for n in range(16)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(references)) == 4
    assert {store.blobs.get(reference) for reference in references} == {f"blob {n}".encode() for n in range(4)}


async def changed(store: Store, text: bytes, undo: bool = False, end: bool = True) -> tuple[str, str]:
    """A run that keeps ``text`` before its change; returns run and reference."""
    run = await begun(store)
    reference = store.blobs.of(run, "s1").put(text)
    assert store.blobs.of(run, "s1").get(reference) == text
    await store.intent(intent(run, before={"manifest": reference}), event(run))
    await store.outcome(outcome(run))
    if end:
        await store.finish_run(run, Outcome.DONE, 0, None)
    if undo:
        await store.undone(run, "s1", "r_99")
    return run, reference


async def test_the_oldest_go_first_and_what_needed_them_says_so(paths: StorePaths) -> None:
    with Store.open(paths, blob_total=500) as store:
        first, kept_first = await changed(store, b"1" * 100)
        _, kept_undone = await changed(store, b"2" * 100, undo=True)
        last, kept_last = await changed(store, b"3" * 100)
        for reference in (kept_first, kept_undone, kept_last):
            aged(paths, reference)
        store.blobs.put(b"4" * 100)  # 5 × 140 bytes are too many; what nobody needs goes first
        with pytest.raises(BlobGone):
            store.blobs.get(kept_undone)
        assert store.blobs.get(kept_first) == b"1" * 100
        store.blobs.put(b"5" * 100)  # then the oldest that an undo would need
        with pytest.raises(BlobGone):
            store.blobs.get(kept_first)
        assert store.blobs.get(kept_last) == b"3" * 100
        assert [(entry.undo, entry.before) for entry in store.ledger(first)] == [("none", None)]
        assert [entry.undo for entry in store.ledger(last)] == ["exact"]
        found = store.run(first)
        assert found is not None
        assert found.undo == "none"


async def test_a_run_under_way_keeps_its_pre_images(paths: StorePaths) -> None:
    with Store.open(paths, blob_total=300) as store:
        run, reference = await changed(store, b"1" * 100, end=False)
        aged(paths, reference)
        with store.lease(run):
            store.blobs.put(b"2" * 100)
            with pytest.raises(StoreFull, match="under way"):
                store.blobs.put(b"3" * 100)
            assert store.blobs.get(reference) == b"1" * 100
        store.blobs.put(b"3" * 100)
        with pytest.raises(BlobGone):
            store.blobs.get(reference)


async def test_fresh_ones_are_not_released(paths: StorePaths) -> None:
    with Store.open(paths, blob_total=300) as store:
        await changed(store, b"1" * 100)
        await changed(store, b"2" * 100)
        with pytest.raises(StoreFull):
            store.blobs.put(b"3" * 100)


async def test_a_blob_two_runs_share_is_needed_until_both_are_undone(paths: StorePaths) -> None:
    with Store.open(paths, blob_total=300) as store:
        _, shared = await changed(store, b"1" * 100, undo=True)
        second, again = await changed(store, b"1" * 100)
        assert shared == again
        _, other = await changed(store, b"2" * 100, undo=True)
        for reference in (shared, other):
            aged(paths, reference)
        store.blobs.put(b"3" * 100)
        assert store.blobs.get(shared) == b"1" * 100
        assert [entry.undo for entry in store.ledger(second)] == ["exact"]


async def test_what_no_intent_named_is_swept_after_a_day(paths: StorePaths) -> None:
    with Store.open(paths) as store:
        _, named = await changed(store, b"named")
        orphan = store.blobs.put(b"orphan")
        young = store.blobs.put(b"young")
        aged(paths, orphan)
        aged(paths, named)
    with Store.open(paths) as store:
        store.blobs.put(b"the first of a new process")
        assert store.blobs.get(named) == b"named"
        assert store.blobs.get(young) == b"young"
        with pytest.raises(BlobGone):
            store.blobs.get(orphan)


async def test_an_intent_that_fails_gives_its_blobs_back(store: Store) -> None:
    run = await begun(store)
    await store.intent(intent(run))
    reference = store.blobs.put(b"before")
    with pytest.raises(StoreError):
        await store.intent(intent(run))
    assert [name for name, _ in store.blobs.taken(run, "s1")] == [reference]
    assert store.blobs.taken(run, "s1") == []
    store.blobs.of(run, "s1").put(b"looked at after the end")
    await store.outcome(outcome(run))
    assert store.blobs.taken(run, "s1") == []


def test_a_folder_that_cannot_be_written_is_said(store: Store, paths: StorePaths) -> None:
    paths.blobs.write_text("a file in the way")
    with pytest.raises(StoreError, match="can't be kept"):
        store.blobs.put(b"x")
    with pytest.raises(StoreError, match="can't be read"):
        store.blobs.get("sha256:" + "0" * 64)


def test_writing_whole_leaves_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module.write_whole(tmp_path / "a", b"1")
    module.write_whole(tmp_path / "a", b"2", replace=False)
    assert (tmp_path / "a").read_bytes() == b"1"

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        module.write_whole(tmp_path / "a", b"3")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    assert (tmp_path / "a").read_bytes() == b"1"
