"""The kernel holds a command to the limits it was given; the effect says them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reign_executors.call import Call
from reign_executors.process.limits import Limits, limited
from reign_executors.shell.operations import CommandFailed, ShellCommand, ShellScript


def call(tmp_path: Path, key: str = "r_1/s1") -> Call:
    folder = tmp_path / "run"
    folder.mkdir(exist_ok=True)
    return Call(key=key, folder=folder, cwd=tmp_path)


async def test_a_command_may_not_take_more_memory(tmp_path: Path) -> None:
    command = "python3 -c 'b = bytearray(512 * 1024 * 1024); print(len(b))'"
    hog = ShellCommand(command=command, memory_mib=256)
    with pytest.raises(CommandFailed) as failed:
        await hog.execute(call(tmp_path))
    assert "MemoryError" in (failed.value.detail or "")


async def test_a_command_may_not_spend_more_processor_time(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="processor time"):
        await ShellCommand(command="while :; do :; done", cpu_seconds=1).execute(call(tmp_path))


async def test_no_file_grows_beyond_the_limit(tmp_path: Path) -> None:
    script = ShellScript(script="exec dd if=/dev/zero of=big bs=1M count=4 status=none", file_mib=1)
    with pytest.raises(CommandFailed, match=r"grew beyond|exit code"):
        await script.execute(call(tmp_path))
    assert (tmp_path / "big").stat().st_size <= 1024 * 1024


async def test_within_the_limits_all_is_as_without(tmp_path: Path) -> None:
    command = ShellCommand(
        command="echo \"$0 $#\"; echo 'a b'", memory_mib=512, cpu_seconds=20, processes=4096, file_mib=5
    )
    outputs = await command.execute(call(tmp_path))
    assert outputs.stdout == "/bin/bash 0\na b\n"
    notes = (await command.preview(call(tmp_path))).notes
    said = next(note for note in notes if note.startswith("at most"))
    assert "512 MiB of memory" in said
    assert "20 s of processor time" in said
    assert ("root" in said) == (os.geteuid() == 0)


def test_without_limits_nothing_is_put_before() -> None:
    assert limited(Limits(), ["/bin/true", "x"]) == ["/bin/true", "x"]
    assert Limits().said() == ""
