"""Commands that declare no network have none, or are not run."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from reign_executors.call import Call
from reign_executors.errors import ToolMissing
from reign_executors.process.sandbox import Protection, protection
from reign_executors.shell import operations
from reign_executors.shell.operations import CommandFailed, ShellCommand, ShellScript
from tests.conftest import skip_or_fail


@pytest.fixture
def call(tmp_path: Path) -> Call:
    folder = tmp_path / "step"
    folder.mkdir()
    return Call(key="r_1/s1", folder=folder, cwd=tmp_path)


@pytest.mark.parametrize("kind", ["command", "script"])
async def test_no_network_where_none_is_declared(kind: str, call: Call) -> None:
    if not protection().network:
        skip_or_fail("sandbox", "no network namespaces here")

    def step(text: str, *, network: bool) -> ShellCommand | ShellScript:
        return (
            ShellCommand(command=text, network=network)
            if kind == "command"
            else ShellScript(script=text, network=network)
        )

    with socket.create_server(("127.0.0.1", 0)) as server:
        reach = f"echo hi > /dev/tcp/127.0.0.1/{server.getsockname()[1]}"
        await step(reach, network=True).execute(call)
        with pytest.raises(CommandFailed):
            await step(reach, network=False).execute(call)
    changed = step("echo changed > here; cat here", network=False)
    assert "no network" in " ".join((await changed.preview(call)).notes)
    assert (await changed.execute(call)).stdout == "changed\n"
    assert (call.cwd / "here").read_text() == "changed\n"


async def test_what_can_not_be_held_is_not_run(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "protection", lambda: Protection(None, why="it is not there", way_out="get it"))
    step = ShellCommand(command="touch ran", network=False)
    assert "can't keep a command from the network" in (await step.preview(call)).problems[0].text
    with pytest.raises(ToolMissing, match="from the network"):
        await step.execute(call)
    assert not (call.cwd / "ran").exists()
    assert not (await ShellCommand(command="touch ran").preview(call)).problems
