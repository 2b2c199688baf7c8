from __future__ import annotations

import asyncio
import errno
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reign_executors.call import Call
from reign_executors.errors import NoSpace, NotFound, OperationError, PermissionMissing, TimedOut, ToolMissing
from reign_executors.operation import CancelLadder
from reign_executors.process import Finished, fingerprint, program, run, run_supervised, scrubbed, status
from reign_executors.process.group import members, start_time

QUICK: CancelLadder = ((signal.SIGTERM, 0.3), (signal.SIGKILL, 2.0))
Runner = Callable[..., object]
BOTH = pytest.mark.parametrize("runner", [run, run_supervised])
STUBBORN = "trap '' TERM; sh -c 'trap \"\" TERM; sleep 300 & sleep 301' & echo $$; sleep 302; sleep 303"


class Said:
    """A call whose output is kept."""

    def __init__(self, folder: Path, **more: object) -> None:
        self.parts: list[bytes] = []
        self.call = Call(key="r_1/s1", folder=folder, cwd=folder, write=self.parts.append, **more)  # type: ignore[arg-type]

    @property
    def text(self) -> bytes:
        return b"".join(self.parts)


@pytest.fixture
def said(tmp_path: Path) -> Said:
    return Said(tmp_path)


async def finish(runner: Runner, said: Said, script: str, **more: object) -> Finished:
    options = {"timeout": 60.0, "cancel": QUICK, **more}
    found = await runner(["bash", "-c", script], call=said.call, **options)  # type: ignore[misc]
    assert isinstance(found, Finished)
    return found


@BOTH
async def test_both_streams_and_the_exit_code(runner: Runner, said: Said) -> None:
    lines: list[bytes] = []
    found = await finish(runner, said, "echo out; echo err >&2; pwd; exit 3", on_line=lines.append)
    assert (found.exit_code, found.signal, found.ok) == (3, None, False)
    assert found.stdout == f"out\n{said.call.folder}\n".encode()
    assert found.stderr == b"err\n"
    assert sorted(lines) == sorted([b"out", b"err", str(said.call.folder).encode()])
    assert sorted(said.text.splitlines()) == sorted(lines)
    assert found.last_words() == "err"


@BOTH
async def test_bytes_that_are_no_text_and_a_signal(runner: Runner, said: Said) -> None:
    found = await finish(runner, said, r"printf '\xff\xfe\x00\n\x80'; kill -USR1 $$")
    assert found.stdout == b"\xff\xfe\x00\n\x80"
    assert said.text == found.stdout
    assert (found.exit_code, found.signal) == (128 + signal.SIGUSR1, signal.SIGUSR1)


@BOTH
async def test_ten_megabytes_without_a_newline(runner: Runner, said: Said) -> None:
    script = "import sys; [sys.stdout.write('x' * 1048576) for _ in range(10)]"
    found = await runner([sys.executable, "-c", script], call=said.call, timeout=60, cancel=QUICK, keep=1000)  # type: ignore[misc]
    assert isinstance(found, Finished)
    assert found.truncated
    assert found.stdout == b"x" * 1000
    assert said.text == b"x" * 10 * 1048576
    assert max(map(len, said.parts)) <= 256 * 1024


@BOTH
async def test_progress_bars_move(runner: Runner, said: Said) -> None:
    lines: list[bytes] = []
    await finish(runner, said, r"printf '10%%\r50%%\r100%%\r\ndone\n'", on_line=lines.append)
    assert lines == [b"10%", b"50%", b"100%", b"done"]


@BOTH
async def test_stdin_large_and_unread(runner: Runner, said: Said) -> None:
    data = b"0123456789abcde\n" * 65536
    found = await finish(runner, said, "wc -c", stdin=data)
    assert found.stdout.strip() == str(len(data)).encode()
    assert (await finish(runner, said, "exit 0", stdin=data)).ok
    assert (await finish(runner, said, "cat", stdin=b"")).stdout == b""
    assert (await finish(runner, said, "cat")).stdout == b""


@BOTH
async def test_variables_are_scrubbed(runner: Runner, said: Said) -> None:
    variables = {"PATH": os.environ["PATH"], "LD_PRELOAD": "/x.so", "BASH_ENV": "/x", "KUBECONFIG": "/k", "A": "ä"}
    found = await finish(runner, said, "env", environment=variables)
    shown = found.stdout.decode().splitlines()
    assert "KUBECONFIG=/k" in shown
    assert "A=ä" in shown
    assert not any(line.startswith(("LD_", "BASH_ENV")) for line in shown)


@BOTH
async def test_the_time_limit_ends_the_whole_group(runner: Runner, said: Said) -> None:
    with pytest.raises(TimedOut):
        await finish(runner, said, STUBBORN, timeout=0.6)
    assert members(int(said.text.split()[0])) == {}


@BOTH
async def test_cancelling_ends_the_whole_group(runner: Runner, said: Said) -> None:
    task = asyncio.create_task(finish(runner, said, STUBBORN))
    while not said.text.endswith(b"\n"):
        await asyncio.sleep(0.01)
    leader = int(said.text)
    while len(members(leader)) < 4:
        await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert members(leader) == {}


@BOTH
async def test_whoever_left_the_session_is_ended_too(runner: Runner, said: Said) -> None:
    script = "setsid sh -c 'trap \"\" TERM; echo $$; sleep 300; sleep 300' & wait"
    task = asyncio.create_task(finish(runner, said, script))
    while not said.text.endswith(b"\n"):
        await asyncio.sleep(0.01)
    escaped = int(said.text)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert start_time(escaped) is None


@BOTH
async def test_the_ladder_asks_first(runner: Runner, said: Said) -> None:
    script = "trap 'echo bye; exit 7' INT; echo up; while :; do sleep 0.05; done"
    task = asyncio.create_task(finish(runner, said, script, cancel=((signal.SIGINT, 20.0), (signal.SIGKILL, 1.0))))
    while b"up" not in said.text:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert b"bye" in said.text


@BOTH
async def test_a_grandchild_holding_the_pipe_does_not_hang_us(runner: Runner, said: Said) -> None:
    found = await finish(runner, said, "sleep 300 & echo $!; echo done")
    pid = int(found.stdout.split()[0])
    assert found.ok
    assert start_time(pid) is not None
    os.kill(pid, signal.SIGKILL)


async def test_what_is_left_in_the_background_outlives_its_first_output(said: Said) -> None:
    found = await finish(run_supervised, said, "(sleep 1; echo late; echo alive > later; sleep 300) & echo $!")
    later = said.call.folder / "later"
    while not later.exists():
        await asyncio.sleep(0.02)
    os.killpg(os.getpgid(int(found.stdout)), signal.SIGKILL)


@BOTH
async def test_what_can_not_be_started(runner: Runner, said: Said, tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="no-such-program"):
        await runner(["no-such-program"], call=said.call, timeout=1, cancel=QUICK)  # type: ignore[misc]
    with pytest.raises(NotFound):
        await finish(runner, said, "true", cwd="nowhere")
    broken = tmp_path / "broken"
    broken.write_text("#!/no/such/interpreter\n")
    broken.chmod(0o755)
    with pytest.raises(ToolMissing):
        await runner([broken], call=said.call, timeout=1, cancel=QUICK)  # type: ignore[misc]
    broken.write_bytes(b"\x7fELF nonsense")
    with pytest.raises((ToolMissing, PermissionMissing)):
        await runner([broken], call=said.call, timeout=1, cancel=QUICK)  # type: ignore[misc]
    with pytest.raises(OperationError, match="too long"):
        await finish(runner, said, "true " + "x" * 200_000)
    with pytest.raises(OperationError, match="NUL"):
        await finish(runner, said, "a\0b")
    if runner is run_supervised:
        assert status(tmp_path).state == "never_started"


async def test_a_full_disk_while_output_is_kept(tmp_path: Path) -> None:
    def full(_data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    call = Call(key="r/s", folder=tmp_path, cwd=tmp_path, write=full)
    with pytest.raises(NoSpace):
        await run(["bash", "-c", "echo; sleep 300"], call=call, timeout=60, cancel=QUICK)


async def test_what_takes_the_output_may_break(tmp_path: Path) -> None:
    def broken(_line: bytes) -> None:
        raise ValueError("no JSON")

    call = Call(key="r/s", folder=tmp_path, cwd=tmp_path)
    with pytest.raises(ValueError, match="no JSON"):
        await run(["bash", "-c", "echo; sleep 300"], call=call, timeout=60, cancel=QUICK, on_line=broken)


async def test_without_pidfd_a_thread_waits(said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "pidfd_open")
    assert (await finish(run, said, "exit 4")).exit_code == 4


async def test_many_at_once(said: Said) -> None:
    found = await asyncio.gather(*(finish(run, said, f"echo {number}") for number in range(30)))
    assert [int(one.stdout) for one in found] == list(range(30))


def test_programs_by_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "tool"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    variables = {"PATH": f":.:relative:{tmp_path}"}
    monkeypatch.chdir(tmp_path)
    assert program("tool", variables) == tool
    before = fingerprint(tool)
    assert program("tool", variables) == tool
    tool.write_text("#!/bin/sh\necho other\n")
    assert fingerprint(tool) != before
    assert program("tool", variables) == tool
    tool.chmod(0o644)
    assert program(str(program("sh"))) == program("sh")
    tool.unlink()
    with pytest.raises(ToolMissing) as missing:
        program("tool", variables)
    assert "PATH" in missing.value.way_out
    with pytest.raises(ToolMissing, match="not an absolute path"):
        program("./tool", variables)
    with pytest.raises(ToolMissing, match="not a program"):
        program(str(tmp_path), variables)
    with pytest.raises(ToolMissing) as missing:
        program("kubectl", {"PATH": str(tmp_path)})
    assert "kubernetes.io" in missing.value.way_out


KEPT = """PATH HOME KUBECONFIG AWS_PROFILE AWS_SECRET_ACCESS_KEY SSH_AUTH_SOCK HTTPS_PROXY no_proxy LANG LC_ALL TERM TZ
DOCKER_HOST GIT_AUTHOR_NAME GITHUB_TOKEN TF_VAR_region XDG_CONFIG_HOME"""
GONE = """KUBECTL_EXTERNAL_DIFF TF_CLI_ARGS TF_CLI_ARGS_apply LD_PRELOAD DYLD_INSERT_LIBRARIES BASH_ENV ENV PYTHONPATH
PYTHONSTARTUP PERL5OPT RUBYOPT NODE_OPTIONS GIT_SSH_COMMAND GIT_EXTERNAL_DIFF GIT_ASKPASS GIT_EDITOR GIT_PAGER PAGER
EDITOR VISUAL LESSOPEN SHELLOPTS PS4 IFS PROMPT_COMMAND BASH_FUNC_ls%% GIT_CONFIG_KEY_0 GIT_CONFIG_COUNT
JAVA_TOOL_OPTIONS"""


def test_scrubbing() -> None:
    left = scrubbed(dict.fromkeys(f"{KEPT} {GONE}".split(), "x") | {"old_function": "() { :; }; echo"})
    assert sorted(left) == sorted(KEPT.split())
