"""``kubernetes.exec``: a command inside a running pod, over the API server's own connection."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shlex
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar
from urllib.parse import urlencode

from pydantic import Field, field_validator

from reign_executors.call import Call
from reign_executors.docker.spec import words
from reign_executors.effect import Effect, Probe, Problem, UndoPromise, Verification
from reign_executors.errors import InvalidFields, NotFound, OperationError
from reign_executors.kubernetes.base import KindName, KubernetesChange, ObjectName, Ref, look, missing, need, reference
from reign_executors.kubernetes.client import Cluster, Json
from reign_executors.kubernetes.failures import refusal, unreachable
from reign_executors.kubernetes.kinds import POD
from reign_executors.kubernetes.objects import meta, uid_of
from reign_executors.kubernetes.settling import newest_pods, pod_trouble, selector_text
from reign_executors.operation import Change, JsonObject, Outputs, Repeat

KEPT = 64 * 1024
WHY = "what a command does inside a pod can't be known before"


class Executed(Outputs):
    """``text`` is the end of what it printed, at most 64 KiB; all of it went to the step's output."""

    pod: str
    container: str
    exit: int
    text: str


async def pod_of(here: Cluster, ref: Ref, live: Json) -> Json | None:
    """A pod itself, or of a workload the first one that is ready (else any); None when it has none."""
    if ref.kind is POD:
        return live
    if ref.kind.kind == "Service":
        selector = selector_text((live.get("spec") or {}).get("selector") or {})
        pods = await here.list(POD, ref.namespace, labelSelector=selector) if selector else []
    else:
        pods = await newest_pods(here, live)
    pods.sort(key=lambda pod: (pod_trouble(pod) is not None, str(meta(pod).get("name"))))
    return pods[0] if pods else None


def container_of(pod: Json, wanted: str | None) -> str:
    """The container's name: the one wanted, the annotated default, or the first."""
    names = [str(one["name"]) for one in (pod.get("spec") or {}).get("containers") or ()]
    every = names + [str(one["name"]) for one in (pod.get("spec") or {}).get("initContainers") or ()]
    if wanted is None:
        chosen = (meta(pod).get("annotations") or {}).get("kubectl.kubernetes.io/default-container")
        return str(chosen) if chosen in names else names[0]
    if wanted not in every:
        raise InvalidFields(f"pod {meta(pod)['name']} has no container {wanted}", f"it has {', '.join(every)}")
    return wanted


class Exec(KubernetesChange):
    """Run a command inside a pod."""

    name: ClassVar[str] = "kubernetes.exec"
    summary: ClassVar[str] = "Run a command inside a pod (of a workload: in one that is ready)"
    returns: ClassVar[type[Outputs]] = Executed
    repeat: ClassVar[Repeat] = Repeat.OPAQUE
    undo_promise: ClassVar[UndoPromise] = UndoPromise.NONE

    kind: KindName = "pod"
    object: ObjectName
    command: list[str] | str = Field(
        description="program and arguments; a text is split into words, not run by a shell"
    )
    container: str | None = Field(None, description="which container; none = the pod's default")
    seconds: float = Field(60.0, gt=0, description="at most this long")

    @field_validator("command")
    @classmethod
    def _not_empty(cls, value: list[str] | str) -> list[str] | str:
        if not words(value):
            raise ValueError("must name a program")
        return value

    def touched(self) -> Iterable[str]:
        return ()  # several commands may run in one pod

    def time_limit(self) -> float:
        return self.seconds

    def command_line(self) -> str:
        container = f" -c {self.container}" if self.container else ""
        command = shlex.join(words(self.command) or [])
        return f"kubectl exec{self.flags()} {self.kind}/{self.object}{container} -- {command}"

    async def _ref(self, call: Call) -> Ref:
        return await reference(self.cluster(call), self.kind, self.object, self.space(call))

    async def resource(self, call: Call) -> str:
        return (await self._ref(call)).resource

    async def preview(self, call: Call) -> Effect:
        here, ref = self.cluster(call), await self._ref(call)
        unknown = Effect.unknown(WHY)
        live = None if ref.resource in call.gone else await look(here, ref)
        if live is None:
            if ref.resource in call.promised and ref.resource not in call.gone:
                return unknown
            return unknown.model_copy(update={"problems": (await missing(here, ref),)})
        pod = await pod_of(here, ref, live)
        problems: tuple[Problem, ...] = ()
        if pod is None:
            if not call.will_touch(ref.resource):
                problems = (Problem(text=f"{ref.resource} has no pod to run it in"),)
        else:
            trouble = pod_trouble(pod)
            running = (pod.get("status") or {}).get("phase") == "Running"
            if not running:
                problems = (Problem(text=trouble.detail if trouble else f"pod {meta(pod)['name']} does not run"),)
        identity = {ref.resource: uid_of(live)}
        return Effect(
            known=False, why_unknown=WHY, problems=problems, identity=identity, undo=UndoPromise.NONE, undo_why=WHY
        )

    async def execute(self, call: Call) -> Executed:
        here, ref = self.cluster(call), await self._ref(call)
        live = await need(here, ref)
        pod = await pod_of(here, ref, live)
        if pod is None:
            raise NotFound(f"{ref.resource} has no pod to run it in", "scale it up, or look why: kubectl describe")
        name, container = str(meta(pod)["name"]), container_of(pod, self.container)
        end = bytearray()

        def take(piece: bytes) -> None:
            call.write(piece)
            end.extend(piece)
            del end[:-KEPT]

        query = [("container", container), ("stdout", "1"), ("stderr", "1")]
        query += [("command", word) for word in words(self.command) or ()]
        path = f"{POD.path(ref.namespace, name, 'exec')}?{urlencode(query)}"
        running = _Running(here, path, take)
        try:
            code = await running.wait()
        except asyncio.CancelledError:
            running.close()
            call.say("cancelled: Kubernetes can't end a command in a pod, it may go on there")
            raise
        text = end.decode("utf-8", "replace")
        if code is None:
            raise OperationError(
                f"the command in pod {name} lost its connection and may still run",
                f"look there: kubectl exec {name} -- ps",
                detail=text,
            )
        return Executed(pod=name, container=container, exit=code, text=text)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Executed)
        detail = f"the command ended with exit {outputs.exit}"
        if outputs.exit in (126, 127):
            detail += ": its program was not found or can't be run in the container"
        return Verification(ok=outputs.exit == 0, detail=detail)

    async def probe(self, call: Call) -> Probe:
        return Probe(state="in_doubt", detail="Kubernetes does not tell whether a command ran in a pod")

    async def capture(self, call: Call) -> JsonObject:
        ref = await self._ref(call)
        live = await look(self.cluster(call), ref)
        return {"resource": ref.resource, "uid": None if live is None else uid_of(live)}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        return None


class _Running:
    """One command's connection, read by a thread of its own; ``close`` ends the reading."""

    def __init__(self, here: Cluster, path: str, take: Callable[[bytes], object]) -> None:
        self._here, self._path, self._take = here, path, take
        self._socket: Any = None
        self._closed = False
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[int | None] = self._loop.create_future()
        threading.Thread(target=self._run, name="reign-kubernetes-exec", daemon=True).start()

    async def wait(self) -> int | None:
        """The exit code; None when the connection ended without one."""
        return await asyncio.shield(self._done)

    def close(self) -> None:
        self._closed = True
        self._done.cancel()
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.sock.shutdown(2)

    def _run(self) -> None:
        try:
            result: int | BaseException | None = self._read()
        except BaseException as error:  # handed to the waiting task, whatever it is
            result = error
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
            self._loop.call_soon_threadsafe(self._finish, result)

    def _finish(self, result: int | BaseException | None) -> None:
        if self._done.done():
            return
        if isinstance(result, BaseException):
            self._done.set_exception(result)
        else:
            self._done.set_result(result)

    def _read(self) -> int | None:
        from kubernetes.stream.ws_client import create_websocket
        from websocket import WebSocketBadStatusException, WebSocketException

        at = self._here.where
        headers = {key.lower(): value for key, value in self._here.authorised({}).items()}
        url = "ws" + at.server.removeprefix("http") + self._path
        try:
            configuration = self._here.connected().configuration
            self._socket = create_websocket(configuration, url, headers)  # type: ignore[no-untyped-call]
        except WebSocketBadStatusException as error:
            body = error.resp_body if isinstance(error.resp_body, bytes) else b""
            raise refusal(int(error.status_code), body, at, f"exec {self._path.partition('?')[0]}") from error
        except (WebSocketException, OSError) as error:
            raise unreachable(error, at, sent=False) from error
        code: int | None = None
        try:
            while not self._closed:
                data = self._socket.recv()
                if not data:
                    break
                piece = data.encode() if isinstance(data, str) else bytes(data)
                if piece[0] in (1, 2):
                    self._take(piece[1:])
                elif piece[0] == 3:
                    code = exit_code(piece[1:])
                    break
        except (WebSocketException, OSError):
            code = None  # the connection broke: whether the command ended is not known
        finally:
            with contextlib.suppress(WebSocketException, OSError):
                self._socket.close(timeout=1)
        return code


def exit_code(status: bytes) -> int:
    """The exit code in the last message of a command's connection; an ``OperationError`` when it never began."""
    answer = json.loads(status)
    if answer.get("status") == "Success":
        return 0
    for cause in (answer.get("details") or {}).get("causes") or ():
        if cause.get("reason") == "ExitCode":
            return int(cause["message"])
    message = str(answer.get("message") or "it could not be started")
    if "executable file not found" in message or "no such file or directory" in message:
        return 127
    raise OperationError(f"the command could not be run: {message}", "does the container run, and has it that program?")
