from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from reign_executors.call import Call
from reign_executors.effect import Finding, Risk, UndoPromise
from reign_executors.errors import InvalidFields, NotFound, OperationError, TimedOut, ToolMissing
from reign_executors.operation import Change
from reign_executors.process.folder import OUTPUT, supervisor_process
from reign_executors.registry import Registry
from reign_executors.shell import analysis
from reign_executors.shell.operations import (
    CommandFailed,
    CommandOutputs,
    NotReadOnly,
    ShellCommand,
    ShellRead,
    ShellScript,
)


@pytest.fixture
def call(tmp_path: Path) -> Call:
    folder = tmp_path / "step"
    folder.mkdir()
    return Call(key="r_1/s1", folder=folder, cwd=tmp_path)


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(analysis, "analyse", lambda text, **_: analysis.Analysis(text=text))


async def run_to_end(operation: Change, call: Call) -> CommandOutputs:
    outputs = await operation.execute(call)
    assert isinstance(outputs, CommandOutputs)
    assert (await operation.verify(call, outputs)).ok
    return outputs


def test_the_registry_knows_them() -> None:
    registry = Registry()
    assert registry.build("shell.command", {"command": "true"}) == ShellCommand(command="true")
    assert registry.find("shell.read") is ShellRead
    assert registry.schema("shell.script")["parameters"]
    with pytest.raises(InvalidFields, match="either script"):
        registry.build("shell.script", {})
    with pytest.raises(InvalidFields):
        registry.build("shell.command", {"command": "true", "timeout_seconds": 0})
    with pytest.raises(AttributeError):
        _ = __import__("reign_executors.shell", fromlist=["x"]).nothing


async def test_a_command_in_its_folder_with_its_variables(call: Call, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    operation = ShellCommand(
        command='pwd; echo "$A"; cat; echo err >&2', cwd="sub", environment={"A": "b"}, stdin="typed\n"
    )
    outputs = await run_to_end(operation, call)
    assert outputs.stdout == f"{tmp_path}/sub\nb\ntyped\n"
    assert (outputs.stderr, outputs.exit_code, outputs.truncated) == ("err\n", 0, False)
    target = await operation.target(call)
    assert (target.tool, target.identity["cwd"]) == ("host", str((tmp_path / "sub").resolve()))
    assert target.resource.startswith("command/")
    assert operation.command_line() == operation.command
    assert await operation.capture(call) == {}
    assert operation.undo({}, {}) is None
    assert operation.time_limit() > operation.timeout_seconds


async def test_a_failure_says_why(call: Call) -> None:
    with pytest.raises(CommandFailed) as failed:
        await ShellCommand(command="echo password=abc >&2; exit 4").execute(call)
    assert "exit code 4" in failed.value.cause
    assert failed.value.detail == "password={{secret:password}}"
    with pytest.raises(CommandFailed, match="signal 9"):
        await ShellCommand(command="kill -9 $$").execute(call)
    with pytest.raises(TimedOut):
        await ShellCommand(command="sleep 300", timeout_seconds=0.3).execute(call)
    with pytest.raises(NotFound):
        await ShellCommand(command="true", cwd="nowhere").execute(call)


async def test_the_effect_is_the_analysers_and_nothing_is_undone(call: Call) -> None:
    effect = await ShellCommand(command="rm -rf build").preview(call)
    assert effect.risk is Risk.DESTROY
    assert effect.undo is UndoPromise.NONE
    assert effect.undo_why
    noted = await ShellCommand(command="make", environment={"LD_PRELOAD": "x"}, timeout_seconds=600).preview(call)
    assert any("LD_PRELOAD" in note for note in noted.notes)
    assert any("600" in note for note in noted.notes)
    lost = await ShellCommand(command="make", cwd="later").preview(call)
    assert "no folder" in lost.problems[0].text
    promised = Call(
        key=call.key, folder=call.folder, cwd=call.cwd, promised=frozenset({f"folder/{call.cwd / 'later'}"})
    )
    assert not (await ShellCommand(command="make", cwd="later").preview(promised)).problems


@pytest.mark.usefixtures("read_only")
async def test_a_proven_read_runs_directly(call: Call) -> None:
    outputs = await ShellRead(command="echo token=abc; cat", stdin="x").execute(call)
    assert outputs.stdout == "token={{secret:token}}\nx"
    assert not (call.folder / "status.json").exists()
    assert (await ShellCommand(command="true").preview(call)).undo is UndoPromise.EXACT


async def test_what_is_not_proven_is_refused(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    unclear = Finding(rule="unclear.program", level="unclear", text="?")
    monkeypatch.setattr(analysis, "analyse", lambda text, **_: analysis.Analysis(text=text, findings=(unclear,)))
    with pytest.raises(NotReadOnly, match="may change"):
        await ShellRead(command="touch x").execute(call)
    assert not (call.cwd / "x").exists()


async def test_a_script_as_text_never_touches_the_disk(call: Call) -> None:
    script = 'read -r x || true\necho "$1 $2" ' + "# p4ssw0rd-in-script"
    outputs = await run_to_end(ShellScript(script=script, args=("a b", "c")), call)
    assert outputs.stdout == "a b c\n"
    assert not any(b"p4ssw0rd" in path.read_bytes() for path in call.folder.iterdir())
    python = ShellScript(script="import sys; print(sys.argv[1])", interpreter="python3", args=("q",))
    assert (await run_to_end(python, call)).stdout == "q\n"
    effect = await python.preview(call)
    assert not effect.known
    assert effect.identity["script"]


async def test_a_script_file_is_bound_by_its_content(call: Call, tmp_path: Path) -> None:
    path = tmp_path / "deploy.sh"
    path.write_text("echo one\n")
    operation = ShellScript(path="deploy.sh")
    before = await operation.preview(call)
    assert (await run_to_end(operation, call)).stdout == "one\n"
    path.write_text("echo two\n")
    after = await operation.preview(call)
    assert before.identity != after.identity
    assert (await operation.target(call)).resource == "command/deploy.sh"
    assert operation.command_line() == "bash deploy.sh"
    path.write_bytes(b"\0ELF")
    assert "not a script" in (await operation.preview(call)).problems[0].text
    path.unlink()
    assert "no script" in (await operation.preview(call)).problems[0].text
    with pytest.raises(NotFound):
        await operation.execute(call)
    path.mkdir()
    assert "folder" in (await operation.preview(call)).problems[0].text
    later = Call(key=call.key, folder=call.folder, cwd=tmp_path, promised=frozenset({f"file/{tmp_path / 'next.sh'}"}))
    assert (await ShellScript(path="next.sh").preview(later)).why_unknown == "an earlier step writes this script"


async def test_syntax_errors_are_found_before(call: Call) -> None:
    effect = await ShellScript(script="if true; then\necho x\n").preview(call)
    assert "syntax error" in effect.problems[0].text
    assert not (await ShellScript(script="echo $(( 1 + 1 ))").preview(call)).problems
    with pytest.raises(ToolMissing):
        await ShellScript(script="x", interpreter="no-such-shell").preview(call)


async def test_probe_tells_what_the_supervisor_saw(call: Call) -> None:
    good, bad = ShellCommand(command="echo fine"), ShellCommand(command="exit 3")
    assert (await good.probe(call)).state == "not_done"
    await good.execute(call)
    found = await good.probe(call)
    assert found.state == "done"
    assert found.outputs == {"exit_code": 0, "stdout": "fine\n", "stderr": "", "truncated": False, "protection": ""}
    with pytest.raises(CommandFailed):
        await bad.execute(call)
    found = await bad.probe(call)
    assert (found.state, "exit code 3" in found.detail) == ("not_done", True)


async def test_probe_while_it_runs_and_when_it_was_cancelled_or_lost(call: Call) -> None:
    operation = ShellCommand(command="echo up; exec sleep 300 2>/dev/null >&2")
    log = call.folder / OUTPUT
    for kill in (False, True):
        log.unlink(missing_ok=True)
        task = asyncio.create_task(operation.execute(call))
        while not (log.exists() and log.read_bytes()):
            assert not task.done()
            await asyncio.sleep(0.01)
        assert "still running" in (await operation.probe(call)).detail
        if not kill:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert "cancelling" in (await operation.probe(call)).detail
            continue
        supervisor = supervisor_process(call.folder)
        assert supervisor is not None
        os.kill(supervisor, signal.SIGKILL)
        with pytest.raises(OperationError, match="still runs"):
            await task
        found = await operation.probe(call)
        assert (found.state, "still running" in found.detail) == ("in_doubt", True)
        pid = int(found.detail.split("process ")[1].split()[0])
        os.killpg(pid, signal.SIGKILL)


async def test_a_resumed_failure_is_the_same_failure_not_a_second_run(call: Call) -> None:
    operation = ShellCommand(command="echo x >> starts; exit 6")
    with pytest.raises(CommandFailed):
        await operation.execute(call)
    resumed = Call(key=call.key, folder=call.folder, cwd=call.cwd, resumed=True)
    with pytest.raises(CommandFailed, match="exit code 6"):
        await operation.execute(resumed)
    assert (call.cwd / "starts").read_text() == "x\n"


async def test_known_secrets_of_the_call_are_hidden(call: Call) -> None:
    secret = Call(key=call.key, folder=call.folder, cwd=call.cwd, secrets={"mine": "zebra-7"})
    outputs = await ShellCommand(command="echo zebra-7 | tee").execute(secret)
    assert outputs.stdout == "{{secret:mine}}\n"
    assert "zebra" not in repr(secret)
