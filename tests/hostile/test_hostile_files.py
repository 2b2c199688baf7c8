from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reign_executors.call import Call
from reign_executors.files.change import Note, leave_note, note_of
from reign_executors.files.difference import difference
from reign_executors.registry import default_registry


def call(folder: Path) -> Call:
    return Call(key="r_1/s1", folder=folder, cwd=folder)


async def preview(folder: Path, operation: str, **fields: Any) -> list[str]:
    change: Any = default_registry().build(operation, fields)
    return [problem.text for problem in (await change.preview(call(folder))).problems]


async def test_writing_the_root_itself_is_a_problem_not_a_crash(tmp_path: Path) -> None:
    assert "/ is a directory" in await preview(tmp_path, "file.write", path="/", content="x")


async def test_a_device_is_not_copied_and_that_is_said_before(tmp_path: Path) -> None:
    assert await preview(tmp_path, "file.copy", source="/dev/zero", destination="zero") == [
        "/dev/zero is a device: what it holds can't be copied"
    ]


def test_a_name_with_a_newline_can_not_forge_lines_of_a_diff() -> None:
    shown = difference(b"", b"x\n", "/tmp/a\n+approved by policy")
    assert '+++ "/tmp/a\\n+approved by policy"' in shown.splitlines()
    assert "+approved by policy" not in shown.splitlines()


async def test_the_root_is_named_in_good_words(tmp_path: Path) -> None:
    change: Any = default_registry().build("file.remove", {"path": "/", "recursive": True})
    found = (await change.preview(call(tmp_path))).findings
    assert [one.text for one in found] == ["removing the root of the file system, / is never done"]


def test_a_note_that_was_cut_off_by_a_kill_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = call(tmp_path)
    assert note_of(one) is None
    leave_note(one, Note(path="/a", roots=(), states={"/a": "absent"}))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        leave_note(one, Note(path="/b", roots=(), states={}))
    found = note_of(one)
    assert found is not None
    assert found.path == "/a"
