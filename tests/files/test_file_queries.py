"""Reading files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reign_executors.call import Call
from reign_executors.errors import Conflict, NotFound
from reign_executors.files.queries import Find, List, MeasureUsage, Read, Stat


@pytest.fixture
def said() -> list[bytes]:
    return []


@pytest.fixture
def call(tmp_path: Path, said: list[bytes]) -> Call:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.txt").write_text("grün\n")
    (tmp_path / ".hidden").write_text("")
    (tmp_path / "sub" / "b.bin").write_bytes(b"\0" * 1000)
    (tmp_path / "link").symlink_to("a.txt")
    return Call(key="r_1/s1", folder=tmp_path, cwd=tmp_path, write=said.append)


async def test_read(call: Call, said: list[bytes]) -> None:
    whole = await Read(path="a.txt").execute(call)
    assert (whole.text, whole.size, whole.truncated, whole.binary) == ("grün\n", 6, False, False)
    assert b"".join(said) == "grün\n".encode()
    cut = await Read(path="link", limit=3).execute(call)
    assert (cut.text, cut.truncated) == ("gr", True)
    end = await Read(path="a.txt", limit=3, tail=True).execute(call)
    assert (end.text, end.truncated) == ("n\n", True)
    binary = await Read(path="sub/b.bin").execute(call)
    assert (binary.text, binary.binary) == (None, True)
    assert b"binary" in said[-1]


async def test_read_refuses_what_is_no_file(call: Call, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path, error in (("sub", Conflict), ("pipe", Conflict), ("none", NotFound)):
        with pytest.raises(error) as raised:
            await Read(path=path).execute(call)
        assert raised.value.way_out


async def test_list(call: Call, said: list[bytes]) -> None:
    found = await List().execute(call)
    assert [(row.name, row.kind) for row in found.entries] == [
        ("a.txt", "file"),
        ("link", "symlink"),
        ("sub", "directory"),
    ]
    assert any(b"link -> a.txt" in line for line in said)
    assert [row.name for row in (await List(hidden=True, limit=2).execute(call)).entries] == [".hidden", "a.txt"]
    assert said[-1] == "… 4 entries in all\n".encode()
    assert [row.name for row in (await List(path="a.txt").execute(call)).entries] == ["a.txt"]


async def test_stat(call: Call, tmp_path: Path) -> None:
    about = await Stat(path="link").execute(call)
    assert (about.entry.kind, about.entry.link, about.leads_to) == ("symlink", "a.txt", str(tmp_path / "a.txt"))
    assert (await Stat(path="a.txt").execute(call)).links == 1
    (tmp_path / "lost").symlink_to("nowhere")
    assert (await Stat(path="lost").execute(call)).leads_to is None


async def test_disk_usage(call: Call, tmp_path: Path) -> None:
    found = await MeasureUsage(top=1).execute(call)
    assert (found.bytes, found.files, found.complete) == (1006, 3, True)
    assert [(Path(entry.path).name, entry.bytes) for entry in found.largest] == [("sub", 1000)]
    assert found.total >= found.free > 0
    assert (await MeasureUsage(path="a.txt").execute(call)).bytes == 6


async def test_find(call: Call, said: list[bytes]) -> None:
    assert [row.name for row in (await Find(name_glob="*b*").execute(call)).matches] == ["sub", "b.bin"]
    assert (await Find(name_glob="*", limit=1).execute(call)).truncated
    assert "more than 1" in said[-1].decode()
    assert [row.name for row in (await Find(path="a.txt", name_glob="a*").execute(call)).matches] == ["a.txt"]


@pytest.mark.parametrize(
    ("operation", "line"),
    [
        (Read(path="a b"), "head -c 262144 'a b'"),
        (Read(path="a", tail=True, limit=5), "tail -c 5 a"),
        (List(hidden=True), "ls -lA ."),
        (Stat(path="a"), "stat a"),
        (MeasureUsage(), "du -sh ."),
        (Find(name_glob="*.log"), "find . -name '*.log'"),
    ],
)
async def test_words_and_target(call: Call, tmp_path: Path, operation: Read, line: str) -> None:
    assert operation.command_line() == line
    target = await operation.target(call)
    assert target.resource.startswith(f"file/{tmp_path}")
    assert (await operation.pinned(target).target(Call(key="r", folder=tmp_path, cwd=Path("/")))) == target
