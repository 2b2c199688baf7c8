"""docker.exec and docker.copy: reaching into a container."""

from __future__ import annotations

import asyncio
import hashlib
import io
import posixpath
import shlex
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any, ClassVar

from pydantic import Field, field_validator

from reign_executors.call import Call
from reign_executors.docker.base import INFERRED, ContainerName, DockerChange, described, look, missing, need
from reign_executors.docker.client import Engine, Json
from reign_executors.docker.names import in_words, short
from reign_executors.docker.redacting import shown
from reign_executors.docker.spec import words
from reign_executors.effect import Action, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import NotFound, OperationError
from reign_executors.home import expanded
from reign_executors.operation import Change, JsonObject, Outputs, Repeat

KEPT = 64 * 1024


class Executed(Outputs):
    """``text`` is the end of what it printed, at most 64 KiB; all of it went to the step's output."""

    id: str
    exit: int
    text: str


class Exec(DockerChange):
    """Run a command inside a running container."""

    name: ClassVar[str] = "docker.exec"
    summary: ClassVar[str] = "Run a command inside a running container"
    returns: ClassVar[type[Outputs]] = Executed
    repeat: ClassVar[Repeat] = Repeat.OPAQUE
    undo_promise: ClassVar[UndoPromise] = UndoPromise.NONE
    secret_fields: ClassVar[frozenset[str]] = frozenset({"secret_environment"})

    container: ContainerName
    command: list[str] | str = Field(
        description="program and arguments; a text is split into words, not run by a shell"
    )
    user: str | None = None
    workdir: str | None = None
    environment: dict[str, str] = Field(default={})
    secret_environment: dict[str, str] = Field(default={}, description="variables whose values are secret")
    seconds: float = Field(60.0, gt=0, description="at most this long")

    @field_validator("command")
    @classmethod
    def _not_empty(cls, value: list[str] | str) -> list[str] | str:
        if not words(value):
            raise ValueError("must name a program")
        return value

    def resource(self) -> str:
        return f"container/{self.container}"

    def touched(self) -> Iterable[str]:
        return ()  # several commands may run in one container

    def time_limit(self) -> float:
        return self.seconds

    def command_line(self) -> str:
        options = [word for name, value in self.environment.items() for word in ("-e", f"{name}={shown(name, value)}")]
        options += [word for name in self.secret_environment for word in ("-e", name)]
        return shlex.join(["docker", "exec", *options, self.container, *(words(self.command) or ())])

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        why = "what a command does inside a container can't be known before"
        info = await look(here, "container", self.container) if self.resource() not in call.gone else None
        if info is None:
            unknown = Effect.unknown(why)
            if self.resource() in call.promised and self.resource() not in call.gone:
                return unknown
            problem = await missing(here, "container", self.container, "container")
            return unknown.model_copy(update={"problems": (problem,)})
        self.saw(self.resource(), info["Id"])
        problems: tuple[Problem, ...] = ()
        if not info["State"]["Running"] or info["State"]["Paused"]:
            problems = (Problem(text=f"{described(info)} does not run: nothing can be run in it"),)
        return Effect(
            known=False,
            why_unknown=why,
            problems=problems,
            identity={self.resource(): str(info["Id"])},
            undo=UndoPromise.NONE,
            undo_why=why,
        )

    async def execute(self, call: Call) -> Executed:
        here = self.engine(call)
        info = await need(here, "container", self.container)
        self.insist(self.resource(), info["Id"])
        environment = {**self.environment, **self.secret_environment}
        made: Json = await here.call(
            lambda client: client.exec_create(
                info["Id"],
                words(self.command) or [],
                user=self.user or "",
                workdir=self.workdir,
                environment=environment or None,
            )
        )
        end = bytearray()

        def take(piece: bytes) -> None:
            call.write(piece)
            end.extend(piece)
            del end[:-KEPT]

        try:
            await here.stream(lambda client: client.exec_start(made["Id"], stream=True), take)
        except asyncio.CancelledError:
            call.say("cancelled: docker can't end a command in a container, it may go on there")
            raise
        after: Json = await here.call(lambda client: client.exec_inspect(made["Id"]))
        code = after.get("ExitCode")
        text = end.decode("utf-8", "replace")
        if code is None:
            raise OperationError(
                f"the command in {self.container} lost its connection and may still run",
                f"docker top {self.container} shows what runs in it",
                detail=text,
            )
        return Executed(id=info["Id"], exit=int(code), text=text)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Executed)
        detail = f"the command ended with exit {outputs.exit}"
        if outputs.exit == 127 or outputs.exit == 126:
            detail += ": its program was not found or can't be run in the container"
        return Verification(ok=outputs.exit == 0, detail=detail)

    async def probe(self, call: Call) -> Probe:
        return Probe(state="in_doubt", detail="docker does not tell whether a command ran in a container")

    async def capture(self, call: Call) -> JsonObject:
        info = await look(self.engine(call), "container", self.container)
        self.saw(self.resource(), info["Id"] if info else None)
        return {"container": info["Id"] if info else None}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        return None


class Copied(Outputs):
    """``bytes`` of the content that was copied."""

    id: str
    bytes: int


def _packed(source: Path) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        tar.add(source, arcname=source.name)
    return packed.getvalue()


class _Pieces(io.RawIOBase):
    """The pieces of a response as a file that is read once."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


def _listed(packed: IO[bytes]) -> dict[str, tuple[str, int, str]]:
    """Path → kind, mode and what is in it (a digest, or where a link points) of everything in a tar."""
    found = {}
    with tarfile.open(fileobj=packed, mode="r|") as tar:
        for entry in tar:
            inside = ""
            if entry.isfile():
                digest = hashlib.sha256()
                content = tar.extractfile(entry)
                assert content is not None
                while piece := content.read(65536):
                    digest.update(piece)
                inside = digest.hexdigest()
            elif entry.issym():
                inside = entry.linkname
            kind = "d" if entry.isdir() else "f" if entry.isfile() else "l" if entry.issym() else "other"
            found[entry.name.rstrip("/")] = (kind, 0 if entry.issym() else entry.mode & 0o7777, inside)
    return found


class CopyInto(DockerChange):
    """Copy a file or folder of this machine into a container."""

    name: ClassVar[str] = "docker.copy_into"
    summary: ClassVar[str] = "Copy a file or folder of this machine into a folder of a container"
    returns: ClassVar[type[Outputs]] = Copied
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    undo_promise: ClassVar[UndoPromise] = UndoPromise.NONE

    container: ContainerName
    source: str = Field(description="path on this machine")
    folder: str = Field(description="folder in the container, which must be there", pattern="^/")

    def resource(self) -> str:
        return f"container/{self.container}"

    def command_line(self) -> str:
        return f"docker cp {shlex.quote(self.source)} {self.container}:{shlex.quote(self.folder)}"

    def _source(self, call: Call) -> Path:
        return call.cwd / expanded(self.source)

    def _inside(self) -> str:
        return posixpath.join(self.folder, Path(self.source).name)

    async def _stat(self, here: Engine, container: str, path: str) -> Json | None:
        """Name, size, mode of a path in a container; None when it is not there."""

        def stat(client: Any) -> Json | None:
            stream, facts = client.get_archive(container, path)
            stream.close()
            return facts  # type: ignore[no-any-return]

        try:
            return await here.call(stat)
        except NotFound:
            return None

    async def preview(self, call: Call) -> Effect:
        here = self.engine(call)
        source = self._source(call)
        if not source.exists():
            return Effect(problems=(Problem(text=f"there is no {source} on this machine"),))
        info = await look(here, "container", self.container) if self.resource() not in call.gone else None
        why = "what is overwritten in the container is not kept"
        if info is None:
            if self.resource() in call.promised and self.resource() not in call.gone:
                change = ResourceChange(action=Action.UPDATE, resource=self.resource(), diff=f"+ {self._inside()}")
                return Effect(changes=(change,), undo=UndoPromise.NONE, undo_why=why)
            return Effect(problems=(await missing(here, "container", self.container, "container"),))
        self.saw(self.resource(), info["Id"])
        identity = {self.resource(): str(info["Id"])}
        if await self._stat(here, info["Id"], self.folder) is None:
            return Effect(problems=(Problem(text=f"there is no folder {self.folder} in it"),), identity=identity)
        old = await self._stat(here, info["Id"], self._inside())
        change = ResourceChange(
            action=Action.UPDATE,
            resource=self.resource(),
            diff=f"{'~' if old else '+'} {self._inside()}",
            data_bytes=int(old["size"]) or None if old else None,
            note=f"{in_words(int(old['size']))} there now are overwritten" if old else None,
        )
        return Effect(changes=(change,), notes=(INFERRED,), identity=identity, undo=UndoPromise.NONE, undo_why=why)

    async def execute(self, call: Call) -> Copied:
        here = self.engine(call)
        info = await need(here, "container", self.container)
        self.insist(self.resource(), info["Id"])
        source = self._source(call)
        if not source.exists():
            raise NotFound(f"there is no {source} on this machine")
        data = await asyncio.to_thread(_packed, source)
        await here.call(lambda client: client.put_archive(info["Id"], self.folder, data))
        return Copied(id=info["Id"], bytes=len(data))

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Copied)
        wrong = await self._differs(self.engine(call), outputs.id, call)
        where = f"{self._inside()} in {self.container} ({short(outputs.id)})"
        return Verification(ok=wrong is None, detail=wrong or f"{where} is as {self._source(call)}")

    async def _differs(self, here: Engine, container: str, call: Call) -> str | None:
        """What in the container is not as it is on this machine; None when all is there. More may be there."""
        source = self._source(call)
        if not source.exists():
            return f"there is no {source} on this machine any more"
        data = await asyncio.to_thread(_packed, source)

        def compare(client: Any) -> str | None:
            pieces, _facts = client.get_archive(container, self._inside())
            there = _listed(io.BufferedReader(_Pieces(pieces)))
            differing = [name for name, facts in _listed(io.BytesIO(data)).items() if there.get(name) != facts]
            if not differing:
                return None
            more = f" and {len(differing) - 1} more" if len(differing) > 1 else ""
            return f"{posixpath.join(self.folder, differing[0])}{more} in {self.container} is not as in {source}"

        try:
            return await here.call(compare)
        except NotFound:
            return f"{self._inside()} is not in {self.container}"

    async def probe(self, call: Call) -> Probe:
        here = self.engine(call)
        info = await look(here, "container", self.container)
        wrong = "its container is gone" if info is None else await self._differs(here, info["Id"], call)
        if info is None or wrong is not None:
            return Probe(state="not_done", detail=f"{wrong}; copying once more does no harm")
        size = len(await asyncio.to_thread(_packed, self._source(call)))
        outputs = Copied(id=info["Id"], bytes=size).model_dump(mode="json")
        return Probe(state="done", detail=f"{self._inside()} is in {self.container}", outputs=outputs)

    async def capture(self, call: Call) -> JsonObject:
        info = await look(self.engine(call), "container", self.container)
        self.saw(self.resource(), info["Id"] if info else None)
        return {"container": info["Id"] if info else None}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        return None
