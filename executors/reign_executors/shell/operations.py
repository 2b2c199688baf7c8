"""Commands and scripts on this machine: read-only ones as a query, all others as changes that nobody can undo."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shlex
import signal
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import Field, model_validator

from reign_executors.call import Call
from reign_executors.effect import Effect, Probe, Problem, UndoPromise, Verification
from reign_executors.errors import InvalidFields, NotFound, OperationError, PermissionMissing, ToolMissing
from reign_executors.home import expanded
from reign_executors.host import host_name, machine_identity
from reign_executors.operation import TERMINATE, Change, JsonObject, Operation, Outputs, Query
from reign_executors.process import Finished, program, run, run_supervised, status
from reign_executors.process.environment import is_dangerous
from reign_executors.process.limits import Limits, limited
from reign_executors.process.programs import fingerprint
from reign_executors.process.sandbox import ALLOW, COMPLAINT, TRIES, offline, protection, reading
from reign_executors.process.supervised import SCRIPT
from reign_executors.redaction import Redactor
from reign_executors.shell.held import doubt, view_of
from reign_executors.target import Target

if TYPE_CHECKING:
    from reign_executors.shell.analysis import Analysis

SHELL = "/bin/bash"
KEEP = 256 * 1024
"""Bytes of stdout that go into the outputs; the step's log has all."""
USUAL_LIMIT = 300.0
"""Seconds: a longer time limit is said before approval."""
SPARE = 60.0
"""Seconds beyond a command's own limit in which the supervisor ends it, before the step's limit cuts in."""
UNDO_WHY = "nobody can know how to take back what a shell command did"
ASK = "run it as shell.command, which asks first"
NO_NETWORK = "this machine can't keep a command from the network"
READ_ONLY = b"Read-only file system"
MOST_PROGRAMS = 64
"""Programs of one command whose files are looked at."""
SHELLS = frozenset({"sh", "bash", "dash", "ksh", "zsh"})
"""Interpreters whose scripts are parsed."""


_OVER = {
    int(signal.SIGXCPU): "its processor time was used up",
    int(signal.SIGXFSZ): "a file grew beyond the limit",
}
"""Signals by which the kernel ends what goes beyond a limit."""


class CommandFailed(OperationError):
    """The command ran and ended with an exit code other than 0; ``detail`` has its last words."""

    kind = "command_failed"


class NotReadOnly(OperationError):
    """The command is not proven to be read-only, so it may not run unasked."""

    kind = "not_read_only"


class CommandOutputs(Outputs):
    """``exit_code`` 0 … 255; ``stdout`` its first 256 KiB and ``stderr`` its last 64 KiB as text, redacted;
    ``protection`` what held a command that only reads, in words."""

    exit_code: int
    stdout: str
    stderr: str
    truncated: bool = False
    protection: str = ""


def _analysis(text: str, cwd: Path) -> Analysis:
    from reign_executors.shell.analysis import analyse

    return analyse(text, cwd=str(cwd))


def _programs(analysis: Analysis, folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Which files the programs of a command are (inode, size, time): another one in the place of one voids an approval.

    What only running it would tell (``$x``, a program an earlier command makes) is not among them.
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys(
        (SHELL, *(command.argv[0] for command in analysis.commands[:MOST_PROGRAMS] if command.argv))
    ):
        if "…" in name or not name:
            continue
        try:
            path = folder / expanded(name) if os.sep in name else program(name, variables)
            found[f"program/{path}"] = fingerprint(path)
        except (OperationError, OSError, ValueError, RuntimeError):
            continue  # a builtin, a function, or nothing yet
    return found


def _not_set_up(finished: Finished) -> bool:
    """Whether all there is to see is one complaint of bubblewrap itself."""
    complaint = finished.stderr.startswith(COMPLAINT) and finished.stderr.rstrip().count(b"\n") == 0
    return finished.exit_code == 1 and complaint and not finished.stdout


def _outputs(finished: Finished, call: Call) -> CommandOutputs:
    """The outputs of a command; ``CommandFailed`` when its exit code isn't 0."""
    redactor = Redactor(call.secrets)
    if not finished.ok:
        how = f"signal {finished.signal}" if finished.signal is not None else f"exit code {finished.exit_code}"
        over = _OVER.get(finished.signal or finished.exit_code - 128)
        if over is not None:
            how = f"{how}: {over}"
        raise CommandFailed(
            f"the command ended with {how}", "read its last words", detail=redactor.text(finished.last_words())
        )
    return CommandOutputs(
        exit_code=finished.exit_code,
        stdout=redactor.text(finished.stdout.decode("utf-8", "replace")),
        stderr=redactor.text(finished.stderr.decode("utf-8", "replace")),
        truncated=finished.truncated,
    )


class _OnHost(Operation):
    """What every command on this machine has."""

    returns: ClassVar[type[Outputs]] = CommandOutputs

    cwd: str | None = Field(default=None, description="folder to run in; relative to the session's")
    environment: dict[str, str] | None = Field(default=None, description="variables beyond the session's own")

    @abstractmethod
    def what(self) -> str:
        """The program's name, for people."""

    def folder(self, call: Call) -> Path:
        """The absolute folder it runs in."""
        return call.cwd if self.cwd is None else call.cwd / expanded(self.cwd)

    def variables(self, call: Call) -> dict[str, str]:
        """The child's variables before scrubbing."""
        inherited = os.environ if call.environment is None else call.environment
        return {**inherited, **(self.environment or {})}

    async def target(self, call: Call) -> Target:
        return Target(
            tool="host",
            context=host_name(),
            resource=f"command/{self.what()}",
            identity={"machine": machine_identity(), "cwd": os.path.realpath(self.folder(call))},
        )


class _Line(_OnHost):
    """A command line for bash."""

    command: str = Field(min_length=1, description="one line or several, for bash")
    timeout_seconds: float = Field(default=30.0, gt=0, le=86_400, description="time limit; at most 300 unless asked")
    stdin: str | None = Field(default=None, description="text it reads from standard input")

    def what(self) -> str:
        commands = _analysis(self.command, Path()).commands
        first = commands[0].argv[0] if commands and commands[0].argv else self.command.split(maxsplit=1)[0]
        return Path(first).name[:60] or "bash"

    def time_limit(self) -> float:
        return self.timeout_seconds + SPARE

    def command_line(self) -> str:
        return self.command

    def given(self) -> bytes | None:
        """What it reads from standard input."""
        return None if self.stdin is None else self.stdin.encode("utf-8", "surrogateescape")


class ShellRead(_Line, Query):
    """Run a command that the analyser proves to change nothing."""

    name: ClassVar[str] = "shell.read"
    summary: ClassVar[str] = "Run a shell command that only reads (proven before it runs)"

    async def execute(self, call: Call) -> CommandOutputs:
        """``NotReadOnly`` also when the kernel kept it from writing, or nothing would and its programs are unknown."""
        folder = self.folder(call)
        analysis = _analysis(self.command, folder)
        if not analysis.read_only:
            raise NotReadOnly("this command may change something", ASK)
        held = await asyncio.to_thread(protection)
        view = None if held.path is None else view_of(analysis, folder)
        argv = [SHELL, "-c", self.command]
        if view is None:
            said = held.said() if held.path is None else "not held: it would not work, or not tell the truth, inside"
            why = doubt(analysis, self.variables(call))
            if why is not None:
                raise NotReadOnly(f"no sandbox holds this command, and {why}", ASK, detail=said)
            return _outputs(await self._read(argv, call), call).model_copy(update={"protection": said})
        for _ in range(TRIES):
            finished = await self._read(reading(held, view, argv), call)
            if not _not_set_up(finished):
                break
        if not finished.ok:
            words = Redactor(call.secrets).text(finished.last_words())
            if _not_set_up(finished):
                raise OperationError("the sandbox could not be set up: nothing was run", ASK, detail=words)
            if READ_ONLY in finished.stderr:
                raise NotReadOnly("the sandbox kept this command from writing", ASK, detail=words)
        return _outputs(finished, call).model_copy(update={"protection": view.said(held)})

    async def _read(self, argv: list[str], call: Call) -> Finished:
        return await run(
            argv,
            call=call,
            cwd=self.folder(call),
            environment=self.variables(call),
            stdin=self.given(),
            timeout=self.timeout_seconds,
            cancel=TERMINATE,
            keep=KEEP,
        )


class _Changing(_OnHost, Change):
    """What commands and scripts share: opaque, told by their exit code, never undone."""

    undo_promise: ClassVar[UndoPromise] = UndoPromise.NONE

    network: bool = Field(default=True, description="false: it runs without any network, or not at all")
    memory_mib: int | None = Field(default=None, ge=1, description="at most so much memory a process, in MiB")
    cpu_seconds: int | None = Field(default=None, ge=1, description="at most so much processor time a process")
    processes: int | None = Field(default=None, ge=1, description="at most so many processes of this user")
    file_mib: int | None = Field(default=None, ge=1, description="no file may grow beyond it, in MiB")

    def limits(self) -> Limits:
        """What the kernel holds it to."""
        mib = 1024 * 1024
        return Limits(
            memory=None if self.memory_mib is None else self.memory_mib * mib,
            cpu=self.cpu_seconds,
            processes=self.processes,
            file=None if self.file_mib is None else self.file_mib * mib,
        )

    async def held(self, argv: list[str | Path], call: Call) -> list[str | Path]:
        """``argv`` as it is run: within its limits, and without a network where none was declared. ``ToolMissing`` when
        that can't be held.
        """
        if self.network and self.limits() == Limits():
            return argv
        first = program(os.fspath(argv[0]), self.variables(call))
        words = [str(first), *(os.fspath(word) for word in argv[1:])]
        if not self.network:
            found = await asyncio.to_thread(protection)
            if not found.network:
                raise ToolMissing(NO_NETWORK, found.way_out or ALLOW, detail=found.said())
            words = offline(found, words)
        return [*limited(self.limits(), words)]

    def protected(self) -> tuple[tuple[str, ...], tuple[Problem, ...]]:
        """Notes on what holds the command, and what stands against running it."""
        bounds = tuple(filter(None, (self.limits().said(),)))
        if self.network:
            return ("not sandboxed: it acts with your rights", *bounds), ()
        found = protection()
        if not found.network:
            return (), (Problem(text=f"{NO_NETWORK}: {found.said()}"),)
        return ("held by bubblewrap: no network; files as your rights allow", *bounds), ()

    def effect_of(self, effect: Effect, problems: tuple[Problem, ...], identity: dict[str, str], call: Call) -> Effect:
        """``effect`` with what holds for every command: no undo, where it runs, what it will not be handed."""
        held, unheld = self.protected()
        notes = [*effect.notes, *held]
        problems = (*problems, *unheld)
        refused = sorted(name for name in self.environment or {} if is_dangerous(name))
        if refused:
            notes.append(f"not handed to it, because it changes what programs do: {', '.join(refused)}")
        if self.time_limit() - SPARE > USUAL_LIMIT:
            notes.append(f"it may run for {self.time_limit() - SPARE:g} s, longer than usual")
        if not self.folder(call).is_dir() and str(self.folder(call)) not in _places(call.promised):
            problems = (*problems, Problem(text=f"there is no folder {self.folder(call)} to run it in"))
        changes = bool(effect.changes) or not effect.known
        return effect.model_copy(
            update={
                "undo": UndoPromise.NONE if changes else effect.undo,
                "undo_why": UNDO_WHY if changes else effect.undo_why,
                "notes": tuple(notes),
                "problems": (*effect.problems, *problems),
                "identity": {**effect.identity, **identity},
            }
        )

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, CommandOutputs)
        return Verification(ok=outputs.exit_code == 0, detail=f"exit code {outputs.exit_code}")

    async def probe(self, call: Call) -> Probe:
        """What the supervisor of this step saw.

        ``not_done`` also when the command still runs or failed: executing it again with ``call.resumed`` attaches to
        that very run and never starts a second one.
        """
        found = status(call.folder)
        if found.state == "never_started":
            return Probe(state="not_done", detail=found.error or "the command was never started")
        if found.state == "running":
            return Probe(state="not_done", detail=f"it is still running as process {found.pid}: resume attaches")
        if found.finished is None:
            alive = f"process {found.pid} is still running" if found.program_alive else "it no longer runs"
            return Probe(state="in_doubt", detail=f"the command was started, its end was not seen; {alive}")
        if found.finished.ok and not found.timed_out and not found.cancelled:
            outputs = _outputs(found.finished, call)
            return Probe(state="done", detail="it ended with exit code 0", outputs=outputs.model_dump(mode="json"))
        why = "its time limit" if found.timed_out else "cancelling it" if found.cancelled else "itself"
        return Probe(
            state="not_done",
            detail=f"it was ended by {why} with exit code {found.finished.exit_code}; what it did until then stays",
        )

    async def capture(self, call: Call) -> JsonObject:
        return {}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        return None


class ShellCommand(_Line, _Changing):
    """Run a command line with bash."""

    name: ClassVar[str] = "shell.command"
    summary: ClassVar[str] = "Run a shell command on this machine"

    async def preview(self, call: Call) -> Effect:
        analysis = _analysis(self.command, self.folder(call))
        return self.effect_of(analysis.effect(), (), _programs(analysis, self.folder(call), self.variables(call)), call)

    async def execute(self, call: Call) -> CommandOutputs:
        finished = await run_supervised(
            await self.held([SHELL, "-c", self.command], call),
            call=call,
            cwd=self.folder(call),
            environment=self.variables(call),
            stdin=self.given(),
            timeout=self.timeout_seconds,
            cancel=self.cancel,
            keep=KEEP,
            secrets=call.secrets,
        )
        return _outputs(finished, call)


class ShellScript(_Changing):
    """Run a script: its text, or a file of this machine."""

    name: ClassVar[str] = "shell.script"
    summary: ClassVar[str] = "Run a shell script on this machine, given as text or as a file"

    script: str | None = Field(default=None, description="the script's text; or give path")
    path: str | None = Field(default=None, description="a script file; relative to cwd")
    interpreter: str = Field(default="bash", min_length=1, description="program that runs it")
    args: tuple[str, ...] = Field(default=(), description="arguments for the script")
    timeout_seconds: float = Field(default=60.0, gt=0, le=86_400, description="time limit; at most 300 unless asked")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.script is None) == (self.path is None):
            raise ValueError("give either script (text) or path (file)")
        return self

    def what(self) -> str:
        return Path(self.path).name if self.path is not None else Path(self.interpreter).name

    def time_limit(self) -> float:
        return self.timeout_seconds + SPARE

    def command_line(self) -> str:
        return shlex.join([self.interpreter, self.path or "/dev/stdin", *self.args])

    def file(self, call: Call) -> Path | None:
        """The script's absolute path; None when its text was given."""
        return None if self.path is None else self.folder(call) / expanded(self.path)

    def text(self, call: Call) -> str:
        """What would run. ``NotFound``, ``PermissionMissing``, ``InvalidFields`` (it is no text)."""
        if self.script is not None:
            return self.script
        path = self.file(call)
        assert path is not None
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise NotFound(f"there is no script {path}", "name a script that exists") from None
        except IsADirectoryError:
            raise InvalidFields(f"{path} is a folder", "name a script in it") from None
        except PermissionError:
            raise PermissionMissing(f"this user may not read {path}", "look at its permissions") from None
        if b"\0" in data:
            raise InvalidFields(f"{path} is a program, not a script", "run it as a command")
        return data.decode("utf-8", "surrogateescape")

    async def preview(self, call: Call) -> Effect:
        path = self.file(call)
        if path is not None and not path.exists() and str(path) in _places(call.promised):
            return self.effect_of(Effect.unknown("an earlier step writes this script"), (), {}, call)
        try:
            text = self.text(call)
            interpreter = program(self.interpreter, self.variables(call))
        except (NotFound, InvalidFields) as error:
            return self.effect_of(Effect.unknown(error.cause), (Problem(text=str(error)),), {}, call)
        digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()
        identity = {"script": digest, f"program/{interpreter}": fingerprint(interpreter)}
        if Path(self.interpreter).name not in SHELLS:
            effect = Effect.unknown(f"what a script for {self.interpreter} does can't be read from its text")
            return self.effect_of(effect, (), identity, call)
        effect = _analysis(text, self.folder(call)).effect()
        wrong = await self._syntax(text, call)
        problems = () if wrong is None else (Problem(text=f"the script has a syntax error: {wrong}"),)
        return self.effect_of(effect, problems, identity, call)

    async def _syntax(self, text: str, call: Call) -> str | None:
        """What the interpreter says against the script, without running it."""
        silent = Call(key=call.key, folder=call.folder, cwd=call.cwd, environment=call.environment)
        finished = await run(
            [self.interpreter, "-n"],
            call=silent,
            cwd="/",
            environment=self.variables(call),
            stdin=text.encode("utf-8", "surrogateescape"),
            timeout=10.0,
            cancel=TERMINATE,
        )
        return None if finished.ok else finished.last_words(3)

    async def execute(self, call: Call) -> CommandOutputs:
        path = self.file(call)
        if path is not None and not path.exists():
            raise NotFound(f"there is no script {path}", "name a script that exists")
        finished = await run_supervised(
            await self.held([self.interpreter, SCRIPT if path is None else path, *self.args], call),
            call=call,
            cwd=self.folder(call),
            environment=self.variables(call),
            timeout=self.timeout_seconds,
            cancel=self.cancel,
            keep=KEEP,
            secrets=call.secrets,
            script=None if self.script is None else self.script.encode("utf-8", "surrogateescape"),
        )
        return _outputs(finished, call)


def _places(resources: frozenset[str]) -> frozenset[str]:
    """The paths among resources such as ``file//etc/hosts``."""
    return frozenset(path for kind, _, path in (one.partition("/") for one in resources) if kind in ("file", "folder"))


OPERATIONS: tuple[type[Operation], ...] = (ShellRead, ShellCommand, ShellScript)
