"""What only reads is held by the kernel; without a sandbox more is refused."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
from pathlib import Path

import pytest

from reign_executors.call import Call
from reign_executors.errors import OperationError
from reign_executors.process import sandbox
from reign_executors.process.sandbox import Protection, View, protection
from reign_executors.shell import analysis, operations
from reign_executors.shell.held import doubt, view_of
from reign_executors.shell.operations import CommandFailed, NotReadOnly, ShellRead
from tests.conftest import skip_or_fail


@pytest.fixture
def call(tmp_path: Path) -> Call:
    folder = tmp_path / "step"
    folder.mkdir()
    return Call(key="r_1/s1", folder=folder, cwd=tmp_path)


@pytest.fixture
def held() -> Protection:
    found = protection()
    if found.path is None:
        skip_or_fail("sandbox", found.said())
    return found


@pytest.fixture
def none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "protection", lambda: Protection(None, why="it is not there", way_out="get it"))


@pytest.fixture
def misjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command is taken for one that only reads, as far as its words go."""
    real = analysis.analyse

    def harmless(text: str, *, cwd: str | None = None) -> analysis.Analysis:
        return analysis.Analysis(text=text, commands=real(text, cwd=cwd).commands)

    monkeypatch.setattr(analysis, "analyse", harmless)


@pytest.mark.usefixtures("held", "misjudged")
@pytest.mark.parametrize("command", ["touch new", "echo x > old", "rm old", "ls | tee new", "touch /tmp/reign-new"])
async def test_what_was_misjudged_changes_nothing(command: str, call: Call) -> None:
    old = call.cwd / "old"
    old.write_text("as it was")
    with pytest.raises(NotReadOnly, match="kept this command from writing"):
        await ShellRead(command=command).execute(call)
    assert old.read_text() == "as it was"
    assert not (call.cwd / "new").exists()
    assert not Path("/tmp/reign-new").exists()


@pytest.mark.usefixtures("misjudged")
async def test_root_can_not_take_the_protection_away(held: Protection, call: Call) -> None:
    if held.as_user:
        pytest.skip("not root")
    command = f"blkid >/dev/null; df / >/dev/null; /bin/moun[t] -o remount,rw / ; touch {call.cwd}/new"
    with pytest.raises(NotReadOnly):
        await ShellRead(command=command).execute(call)
    assert not (call.cwd / "new").exists()


@pytest.mark.usefixtures("misjudged")
async def test_no_network_for_what_needs_files_alone(held: Protection, call: Call) -> None:
    if not held.network:
        skip_or_fail("sandbox", "no network namespaces here")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        reach = f"echo hi > /dev/tcp/127.0.0.1/{port}"
        inside = sandbox.reading(held, View(machine=False), ["/bin/bash", "-c", reach])
        outside = sandbox.reading(held, View(), ["/bin/bash", "-c", reach])
        for argv, code in ((inside, 1), (outside, 0)):
            child = await asyncio.create_subprocess_exec(*argv, stderr=asyncio.subprocess.DEVNULL)
            assert await child.wait() == code
    said = (await ShellRead(command="cat /etc/hostname").execute(call)).protection
    assert "read-only, no network" in said


@pytest.mark.usefixtures("held")
async def test_reads_tell_the_truth(call: Call) -> None:
    (call.cwd / "a").write_text("x")
    outputs = await ShellRead(command="ls; cat", stdin="given").execute(call)
    assert outputs.stdout == "a\nstep\ngiven"
    listed = await ShellRead(command=f"ps -o pid= -p {os.getpid()}").execute(call)
    assert listed.stdout.strip() == str(os.getpid())
    assert "processes and sockets as they are" in listed.protection
    mounts = await ShellRead(command="cat /proc/self/mounts").execute(call)
    assert "not held" in mounts.protection
    with pytest.raises(CommandFailed):
        await ShellRead(command="cat missing").execute(call)


@pytest.mark.usefixtures("held")
async def test_cancelling_ends_all_of_it(call: Call) -> None:
    pipe = call.cwd / "pipe"
    os.mkfifo(pipe)
    task = asyncio.create_task(ShellRead(command="cat pipe; true").execute(call))
    handle = await asyncio.to_thread(os.open, pipe, os.O_WRONLY)  # until it is opened for reading inside
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(BrokenPipeError):
        os.write(handle, b"x")
    os.close(handle)


@pytest.mark.usefixtures("none")
async def test_without_a_sandbox_only_the_systems_own_programs(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = await ShellRead(command="ls").execute(call)
    assert outputs.protection == "no sandbox on this machine: it is not there; get it"
    strange = call.cwd / "ls"
    strange.write_text("#!/bin/sh\ntouch ran\n")
    strange.chmod(0o755)
    path = f"{call.cwd}:{os.environ['PATH']}"
    with pytest.raises(NotReadOnly, match="not one of the system's own") as refused:
        await ShellRead(command="ls", environment={"PATH": path}).execute(call)
    assert "asks first" in refused.value.way_out
    assert not (call.cwd / "ran").exists()


async def test_a_sandbox_that_can_not_be_set_up_runs_nothing(
    held: Protection, call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = [str(held.path), "--ro-bind", "/no/such/place", "/", "true"]
    monkeypatch.setattr(operations, "reading", lambda *_: broken)
    with pytest.raises(OperationError, match="nothing was run"):
        await ShellRead(command="ls").execute(call)


def test_what_a_command_has_to_see() -> None:
    def view(command: str, folder: str = "/srv") -> View | None:
        return view_of(analysis.analyse(command, cwd=folder), Path(folder))

    files, machine = View(machine=False), View()
    assert view("ls -l | grep x > /dev/null") == files
    assert view("docker ps") == machine
    assert view("cat $x") == machine
    assert view("cat /run/x") == machine
    assert view("ls", "/proc") == machine
    assert view("df -h") == View(devices=True)
    assert view("ls /dev") == View(devices=True)
    assert view("sudo cat x") is None
    assert view("mount") is None
    assert view("cat /proc/mounts") is None


def test_a_long_here_document_needs_a_place_to_be_kept(held: Protection) -> None:
    text = "x" * 100_000
    for view in (View(machine=False), View(), View(devices=True)):
        argv = sandbox.reading(held, view, ["/bin/bash", "-c", f"cat <<E\n{text}\nE\n"])
        assert subprocess.check_output(argv) == f"{text}\n".encode()


def test_doubts() -> None:
    finding = analysis.Finding(rule="notice.x", level="notice", text="hm")
    assert doubt(analysis.Analysis(text="", findings=(finding,)), {}) == "hm"
    unknown = analysis.Command(argv=("…",), start=0, end=1)
    assert "only running it" in str(doubt(analysis.Analysis(text="", commands=(unknown,)), {}))
    builtin = analysis.Command(argv=("no-such-program",), start=0, end=1)
    assert doubt(analysis.Analysis(text="", commands=(builtin,)), {}) is None


def test_what_the_machine_can_do_is_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "install bubblewrap" in protection().said()
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1\n")
    fake.chmod(0o755)
    assert "No permissions" in protection().said()
    offline_fails = tmp_path / "more" / "bwrap"
    offline_fails.parent.mkdir()
    offline_fails.write_text('#!/bin/sh\ncase "$*" in *unshare-net*) exit 3;; esac\n')
    offline_fails.chmod(0o755)
    monkeypatch.setenv("PATH", str(offline_fails.parent))
    found = protection()
    assert (found.path, found.network) == (offline_fails, False)
    assert "network" not in found.said()
    assert "no other processes" in View(machine=False).said(found)
    assert "nobody" in View(devices=True).said(Protection(fake, as_user=True))


async def test_a_sandbox_is_set_up_again_when_a_mount_ended_meanwhile(
    held: Protection, call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    unlucky = tmp_path / "bin" / "bwrap"
    unlucky.parent.mkdir()
    tries = tmp_path / "tries"
    unlucky.write_text(
        f'#!/bin/sh\necho x >> {tries}\n[ $(($(wc -l < {tries}) % 4)) = 0 ] && exec {held.path} "$@"\n'
        "echo 'bwrap: Unable to apply mount flags: remount \"/newroot/mnt\": Invalid argument' >&2\nexit 1\n"
    )
    unlucky.chmod(0o755)
    monkeypatch.setenv("PATH", f"{unlucky.parent}{os.pathsep}{os.environ['PATH']}")
    assert protection() == Protection(unlucky, network=held.network, as_user=held.as_user)
    outputs = await ShellRead(command="cat", stdin="typed").execute(call)
    assert outputs.stdout == "typed"
    monkeypatch.setattr(operations, "TRIES", 3)
    with pytest.raises(OperationError, match="could not be set up"):
        await ShellRead(command="cat", stdin="typed").execute(call)


@pytest.mark.usefixtures("held")
async def test_what_sounds_like_the_sandbox_is_the_commands_own_fault(call: Call) -> None:
    with pytest.raises(CommandFailed, match="exit code 1"):
        await ShellRead(command="echo 'bwrap: not mine' >&2; echo ran; false").execute(call)
