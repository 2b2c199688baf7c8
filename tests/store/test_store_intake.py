"""A step's output on its way to the disk, and read back."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from itertools import pairwise
from pathlib import Path

import pytest

from reign_agents.store import intake
from reign_agents.store.intake import Lines, StepLog, read_lines, tail
from reign_executors.redaction import Redactor


class FakeStream:
    """Holds back an unfinished line; replaces one word."""

    def __init__(self) -> None:
        self.held = b""

    def feed(self, data: bytes, /) -> bytes:
        whole, newline, self.held = (self.held + data).rpartition(b"\n")
        return (whole + newline).replace(b"hunter2", b"*")

    def flush(self) -> bytes:
        rest, self.held = self.held, b""
        return rest.replace(b"hunter2", b"*")


class FakeRedactor:
    def stream(self) -> FakeStream:
        return FakeStream()


Told = list[tuple[int, int]]


def together(told: Told) -> int:
    """The bytes told of, which must follow each other without gaps."""
    for (offset, count), (following, _) in pairwise(told):
        assert offset + count == following
    return sum(count for _, count in told)


def test_everything_arrives_redacted_in_order(tmp_path: Path) -> None:
    told: Told = []
    log = StepLog(tmp_path / "steps" / "s1" / "output.log", FakeRedactor(), lambda o, b: told.append((o, b)))
    log.write(b"password hun")
    log.write(b"ter2\nand ")
    log.write(b"")
    log.write(b"more")
    log.close()
    log.close()
    log.write(b"too late")
    assert log.path.read_bytes() == b"password *\nand more"
    assert log.bytes == together(told) == 19
    assert stat.S_IMODE(log.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(log.path.parent.stat().st_mode) == 0o700
    assert log.error is None


def test_the_real_redactor_fits(tmp_path: Path) -> None:
    log = StepLog(tmp_path / "log", Redactor())
    log.write(b"\x1b[31mplain\x1b[0m words \xff\n")
    log.close()
    assert b"words" in log.path.read_bytes()


def test_a_second_attempt_appends(tmp_path: Path) -> None:
    told: Told = []
    for text in (b"first\n", b"second\n"):
        log = StepLog(tmp_path / "log", None, lambda o, b: told.append((o, b)))
        log.write(text)
        log.close()
    assert (tmp_path / "log").read_bytes() == b"first\nsecond\n"
    assert log.bytes == 13
    assert told == [(0, 6), (6, 7)]


def test_no_output_makes_no_file(tmp_path: Path) -> None:
    log = StepLog(tmp_path / "log")
    log.close()
    assert not log.path.exists()
    assert log.bytes == 0


def test_many_threads_write_whole_pieces(tmp_path: Path) -> None:
    log = StepLog(tmp_path / "log")

    def write(mark: int) -> None:
        for number in range(2000):
            log.write(b"%d %d\n" % (mark, number))

    threads = [threading.Thread(target=write, args=(mark,)) for mark in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    log.close()
    lines = log.path.read_text().splitlines()
    assert len(lines) == 8000
    for mark in range(4):
        assert [line for line in lines if line.startswith(f"{mark} ")] == [f"{mark} {n}" for n in range(2000)]


def test_a_flood_waits_instead_of_filling_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "WAITING", 10_000)
    monkeypatch.setattr(intake, "AT_ONCE", 4_000)
    log = StepLog(tmp_path / "log", FakeRedactor())
    most = 0
    for _ in range(500):
        log.write(b"x" * 999 + b"\n")
        most = max(most, log._waiting)
    log.write(b"y" * 50_000)
    log.close()
    assert most <= 11_000
    assert log.path.stat().st_size == log.bytes == 550_000


async def test_the_loop_is_told_without_being_flooded(tmp_path: Path) -> None:
    told: Told = []
    where: set[threading.Thread] = set()

    def tell(offset: int, count: int) -> None:
        told.append((offset, count))
        where.add(threading.current_thread())

    log = StepLog(tmp_path / "log", None, tell)
    for _ in range(5_000):
        log.write(b"x" * 100)
    while together(told) < 500_000:  # also without a close the last bytes are told
        await asyncio.sleep(0.01)
    log.write(b"end")
    await asyncio.to_thread(log.close)
    assert together(told) == 500_003
    assert len(told) < 100
    assert where == {threading.main_thread()}


def test_a_closed_loop_is_not_missed(tmp_path: Path) -> None:
    async def begin() -> StepLog:
        return StepLog(tmp_path / "log", None, lambda _offset, _bytes: None)

    log = asyncio.run(begin())
    log.write(b"after the loop\n")
    log.close()
    assert log.path.read_bytes() == b"after the loop\n"


def test_a_disk_that_is_full_loses_output_not_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write

    def full(handle: int, data: bytes) -> int:
        if os.fstat(handle).st_size >= 8:
            raise OSError(28, "No space left on device")
        return write(handle, data[:4])

    monkeypatch.setattr(os, "write", full)
    log = StepLog(tmp_path / "log")
    log.write(b"0123456789abcdef")
    log.write(b"more")
    log.close()
    assert log.error is not None
    assert log.error.kind == "store_full"
    assert log.bytes == 8
    assert log.path.read_bytes() == b"01234567"


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = StepLog(tmp_path / "file" / "log")
    log.write(b"x")
    log.close()
    assert log.error is not None
    assert "not kept" in log.error.cause


def test_a_redactor_that_breaks_does_not_let_anything_through(tmp_path: Path) -> None:
    class Broken(FakeStream):
        def feed(self, data: bytes, /) -> bytes:
            raise ValueError("odd")

    class BrokenRedactor:
        def stream(self) -> Broken:
            return Broken()

    log = StepLog(tmp_path / "log", BrokenRedactor())
    log.write(b"hunter2")
    log.close()
    log.write(b"hunter2")
    assert log.path.read_bytes() == b""
    assert log.error is not None
    assert "odd" in log.error.cause


# reading back ---------------------------------------------------------------------------------------------------


def test_tail_gives_the_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert tail(path, 5) == Lines((), 0, 0)
    path.touch()
    assert tail(path, 5) == Lines((), 0, 0)
    path.write_bytes(b"one\r\ntwo\nthree")
    assert tail(path, 2) == Lines(("two", "three"), 5, 14)
    assert tail(path, 9).lines == ("one", "two", "three")
    assert tail(path, 0) == Lines((), 14, 14)
    path.write_bytes(b"one\ntwo\n\n")
    assert tail(path, 2) == Lines(("two", ""), 4, 9)
    path.write_bytes(b"".join(b"line %d\n" % number for number in range(200_000)))
    assert tail(path, 3).lines == ("line 199997", "line 199998", "line 199999")
    assert len(tail(path, 50_000).lines) == 50_000
    assert tail(path, 50_000).lines[0] == "line 150000"


def test_endless_lines_come_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "log"
    size = intake.LONGEST_LINE
    path.write_bytes(b"x" * (10 * size))
    end = tail(path, 2)
    assert [len(line) for line in end.lines] == [size, size]
    assert end.end == 10 * size
    first = read_lines(path, 0, 3)
    assert (len(first.lines), first.end) == (3, 3 * size)


def test_lines_are_read_from_an_offset(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert read_lines(path, 7, 5) == Lines((), 7, 7)
    path.write_bytes("a\nbé\n".encode() + b"\xff\nlast")
    assert read_lines(path, 0, 2) == Lines(("a", "bé"), 0, 6)
    assert read_lines(path, 6, 9) == Lines(("\ufffd", "last"), 6, 12)
    assert read_lines(path, 12, 9) == Lines((), 12, 12)
