from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reign_executors.call import Call
from reign_executors.errors import Conflict, NoSpace, TimedOut
from reign_executors.operation import TERMINATE, CancelLadder
from reign_executors.process import Finished, SupervisorLost, attach, run, run_supervised, status, supervised
from reign_executors.process.folder import OUTPUT, supervisor_process
from reign_executors.process.group import members, start_time

QUICK: CancelLadder = ((signal.SIGTERM, 0.3), (signal.SIGKILL, 2.0))

PARENT = """
import asyncio, sys
from pathlib import Path
from reign_executors.call import Call
from reign_executors.operation import TERMINATE
from reign_executors.process import run_supervised

call = Call(key="r/s", folder=Path(sys.argv[1]), cwd=Path(sys.argv[1]))
asyncio.run(run_supervised(["bash", "-c", sys.argv[2]], call=call, timeout=float(sys.argv[3]), cancel=TERMINATE))
"""

SLOW_SUPERVISOR = """
import sys, time
sys.path.append({where!r})
from reign_executors.process import supervisor

reap = supervisor.Watch._reap
supervisor.Watch._reap = lambda self, pid: (time.sleep(0.5), reap(self, pid))
supervisor.main()
"""

CHILD = """
import asyncio, sys
from pathlib import Path
from reign_executors.call import Call
from reign_executors.process import attach

out = []
call = Call(key="r/s", folder=Path(sys.argv[1]), write=out.append)
found = asyncio.run(attach(call))
print(found.exit_code, b"".join(out))
"""


def a_call(folder: Path, **more: object) -> tuple[Call, list[bytes]]:
    parts: list[bytes] = []
    return Call(key="r_1/s1", folder=folder, cwd=folder, write=parts.append, **more), parts  # type: ignore[arg-type]


async def started(folder: Path, script: str, timeout: float = 60) -> subprocess.Popen[bytes]:
    """Another process of ours that runs ``script`` supervised, as soon as the script wrote ``up``."""
    hang_up = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored below nohup, and children inherit that
    try:
        argv = [sys.executable, "-c", PARENT, str(folder), script, str(timeout)]
        parent = subprocess.Popen(argv, start_new_session=True)
    finally:
        signal.signal(signal.SIGHUP, hang_up)
    log = folder / OUTPUT
    while not (log.exists() and b"up" in log.read_bytes()):
        assert parent.poll() is None
        await asyncio.sleep(0.02)
    return parent


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
async def test_the_program_outlives_us_and_is_found_again(tmp_path: Path, number: signal.Signals) -> None:
    parent = await started(tmp_path, "echo up; while [ ! -e go ]; do sleep 0.05; done; echo more; echo end >&2; exit 5")
    os.killpg(parent.pid, number)
    parent.wait()
    assert status(tmp_path).state == "running"
    assert status(tmp_path).program_alive
    (tmp_path / "go").touch()
    answer = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", CHILD, str(tmp_path)], capture_output=True, text=True, check=True
    )
    code, _, output = answer.stdout.partition(" ")
    assert code == "5"
    assert sorted(output.strip()[2:-1].split("\\n")) == ["", "end", "more", "up"]
    found = status(tmp_path)
    assert found.state == "finished"
    assert found.finished is not None
    assert (found.finished.stdout, found.finished.stderr) == (b"up\nmore\n", b"end\n")


async def test_the_time_limit_holds_without_us(tmp_path: Path) -> None:
    parent = await started(tmp_path, "trap '' HUP; echo up; sleep 300", timeout=1.5)
    parent.kill()
    parent.wait()
    call, _ = a_call(tmp_path)
    with pytest.raises(TimedOut):
        await attach(call)
    found = status(tmp_path)
    assert found.timed_out
    assert found.pid is not None
    assert members(found.pid) == {}


async def test_resuming_attaches_and_never_starts_twice(tmp_path: Path) -> None:
    parent = await started(tmp_path, "echo up; echo x >> starts; while [ ! -e go ]; do sleep 0.05; done; echo end")
    parent.kill()
    parent.wait()
    call, parts = a_call(tmp_path, resumed=True)
    fresh, _ = a_call(tmp_path)
    with pytest.raises(Conflict):
        await run_supervised(["true"], call=fresh, timeout=1, cancel=QUICK)
    task = asyncio.create_task(
        run_supervised(["bash", "-c", "echo x >> starts"], call=call, timeout=60, cancel=TERMINATE)
    )
    await asyncio.sleep(0.1)
    (tmp_path / "go").touch()
    assert (await task).stdout == b"up\nend\n"
    assert b"".join(parts) == b"up\nend\n"
    again = await run_supervised(["bash", "-c", "echo x >> starts"], call=call, timeout=60, cancel=TERMINATE)
    assert again.stdout == b"up\nend\n"
    assert (tmp_path / "starts").read_text() == "x\n"
    late, rest = a_call(tmp_path)
    await attach(late, offset=3)
    assert rest == [b"end\n"]


async def test_attach_can_cancel(tmp_path: Path) -> None:
    parent = await started(tmp_path, "echo up; sleep 300")
    parent.kill()
    parent.wait()
    call, _ = a_call(tmp_path)
    task = asyncio.create_task(attach(call))
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    found = status(tmp_path)
    assert found.cancelled
    assert found.pid is not None
    assert members(found.pid) == {}


async def test_nothing_was_ever_started(tmp_path: Path) -> None:
    call, _ = a_call(tmp_path)
    assert status(tmp_path).state == "never_started"
    assert await attach(call) is None
    assert await attach(a_call(tmp_path / "nowhere")[0]) is None


async def test_a_killed_supervisor_leaves_a_doubt(tmp_path: Path) -> None:
    call, parts = a_call(tmp_path)
    task = asyncio.create_task(
        run_supervised(["bash", "-c", "echo up; exec sleep 300 >/dev/null 2>&1"], call=call, timeout=60, cancel=QUICK)
    )
    while not parts:
        await asyncio.sleep(0.01)
    supervisor = supervisor_process(tmp_path)
    assert supervisor is not None
    os.kill(supervisor, signal.SIGKILL)
    with pytest.raises(SupervisorLost, match="still runs"):
        await task
    found = status(tmp_path)
    assert (found.state, found.program_alive) == ("vanished", True)
    assert found.pid is not None
    os.killpg(found.pid, signal.SIGKILL)
    while start_time(found.pid) is not None:
        await asyncio.sleep(0.01)
    with pytest.raises(SupervisorLost, match="nothing of it"):
        await attach(call)


async def test_cancelling_ends_the_program_even_when_its_supervisor_is_stuck(tmp_path: Path) -> None:
    call, parts = a_call(tmp_path)
    task = asyncio.create_task(
        run_supervised(["bash", "-c", "echo up; sleep 300"], call=call, timeout=60, cancel=((signal.SIGKILL, 0.1),))
    )
    while not parts:
        await asyncio.sleep(0.01)
    supervisor = supervisor_process(tmp_path)
    assert supervisor is not None
    os.kill(supervisor, signal.SIGSTOP)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    found = status(tmp_path)
    assert found.pid is not None
    assert members(found.pid) == {}


async def test_a_number_used_again_is_another_process(tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text(json.dumps({"state": "running", "pid": os.getpid(), "started": "boot:1"}))
    found = status(tmp_path)
    assert (found.state, found.program_alive) == ("vanished", False)
    kept = {"state": "running", "pid": os.getpid(), "started": start_time(os.getpid())}
    (tmp_path / "status.json").write_text(json.dumps(kept))
    assert status(tmp_path).program_alive
    (tmp_path / "status.json").write_text("{")
    assert status(tmp_path).state == "never_started"
    assert start_time(2**22 + 1) is None


async def test_an_unfinished_specification_starts_nothing(tmp_path: Path) -> None:
    from reign_executors.process.folder import taken
    from reign_executors.process.supervised import _SCRIPT

    with taken(tmp_path) as lock:
        launcher = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SCRIPT), str(tmp_path), str(lock)],
            stdin=subprocess.PIPE,
            pass_fds=(lock,),
        )
    assert status(tmp_path).state == "running"
    launcher.communicate(b"\0\0\0\0\0\0\1\0half")
    while status(tmp_path).state == "running":
        await asyncio.sleep(0.01)
    assert status(tmp_path).state == "never_started"


async def test_secrets_never_reach_the_disk(tmp_path: Path) -> None:
    call, parts = a_call(tmp_path)
    script = "echo value: v4lue-1; cat; echo token=abcdef >&2; printf 'v4lue'; sleep 0.2; echo -1 $PRIVATE"
    found = await run_supervised(
        ["bash", "-c", script],
        call=call,
        stdin=b"v4lue-1 from stdin\n",
        environment={**os.environ, "PRIVATE": "v4lue-1"},
        timeout=60,
        cancel=QUICK,
        secrets={"mine": "v4lue-1"},
        script=b"v4lue-1",
    )
    assert found.stdout == b"value: {{secret:mine}}\n{{secret:mine}} from stdin\n{{secret:mine}} {{secret:mine}}\n"
    assert b"v4lue" not in b"".join(parts)
    for path in tmp_path.iterdir():
        assert b"v4lue-1" not in path.read_bytes(), path
        assert b"abcdef" not in path.read_bytes(), path
        assert path.stat().st_mode & 0o077 == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 256 KiB."""
    place = tmp_path / "small"
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(place)]
    if subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("only root can mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


async def test_a_disk_that_fills_up_loses_output_not_the_end(small_disk: Path) -> None:
    call, _ = a_call(small_disk)
    script = "head -c 1000000 /dev/zero | tr '\\0' x; exit 3"
    with pytest.raises(NoSpace, match="exit code 3"):
        await run_supervised(["bash", "-c", script], call=call, timeout=60, cancel=QUICK)
    found = status(small_disk)
    assert found.lost_bytes > 0
    assert found.finished is not None
    assert found.finished.exit_code == 3


async def test_on_a_full_disk_nothing_is_started(small_disk: Path, tmp_path: Path) -> None:
    words = ["dd", "if=/dev/zero", f"of={small_disk / 'fill'}", "bs=4k"]
    subprocess.run(words, capture_output=True, check=False)
    call, _ = a_call(small_disk)
    with pytest.raises(NoSpace):
        await run_supervised(["touch", str(tmp_path / "ran")], call=call, timeout=60, cancel=QUICK)
    assert not (tmp_path / "ran").exists()


async def test_what_is_written_just_before_the_end_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The supervisor wakes, then the program writes and ends before it is looked at, long after its last output."""
    slow = tmp_path / "slow.py"
    slow.write_text(SLOW_SUPERVISOR.format(where=str(Path(supervised.__file__).parents[2])))
    monkeypatch.setattr(supervised, "_SCRIPT", slow)
    call, _ = a_call(tmp_path)
    script = "sleep 1; kill -CHLD $PPID; sleep 0.2; echo late"
    found = await run_supervised(["bash", "-c", script], call=call, timeout=60, cancel=QUICK)
    assert found.stdout == b"late\n"


async def test_a_script_in_memory(tmp_path: Path) -> None:
    call, _ = a_call(tmp_path)
    script = b'read x; echo "$1 $x"\n' + b"# long\n" * 50_000
    found = await run_supervised(
        ["bash", "/dev/fd/9", "arg"], call=call, stdin=b"line\n", timeout=60, cancel=QUICK, script=script
    )
    assert found.stdout == b"arg line\n"


async def test_the_supervisor_imports_little(tmp_path: Path) -> None:
    call, _ = a_call(tmp_path)
    code = (
        "import sys; sys.path.append(sys.argv[1]); import reign_executors.process.supervisor;"
        "import reign_executors.redaction, reign_executors.process.group;"
        "print([m for m in ('asyncio', 'pydantic', 'subprocess', 'typing', 'pathlib', 'inspect') if m in sys.modules])"
    )
    import reign_executors

    where = str(Path(reign_executors.__file__).parent.parent)
    found: Finished = await run([sys.executable, "-I", "-S", "-c", code, where], call=call, timeout=60, cancel=QUICK)
    assert found.stdout == b"[]\n"
