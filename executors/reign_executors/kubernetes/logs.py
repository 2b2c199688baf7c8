"""``kubernetes.logs`` and ``kubernetes.events``: what pods printed, what happened to objects."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.errors import NotFound, OperationError
from reign_executors.kubernetes.base import KindName, KubernetesQuery, ObjectName, Ref, look, need, reference
from reign_executors.kubernetes.client import Cluster, Json
from reign_executors.kubernetes.execute import container_of
from reign_executors.kubernetes.failures import Invalid, unreachable
from reign_executors.kubernetes.kinds import EVENT, POD
from reign_executors.kubernetes.objects import meta, uid_of
from reign_executors.kubernetes.settling import event_time, newest_pods, pod_trouble, selector_text
from reign_executors.operation import Outputs

KEPT = 64 * 1024
MOST_PODS = 20
_NO_LOG = b"unable to retrieve container logs for "
"""How the kubelet answers, as if it were the log, when the container is removed."""
LONGEST_COMPLAINT = 300


class Log(Outputs):
    """``text`` is the end of it, at most 64 KiB; all of it went to the step's output."""

    pods: list[str]
    container: str
    text: str
    bytes: int


class Logs(KubernetesQuery):
    """What pods printed."""

    name: ClassVar[str] = "kubernetes.logs"
    summary: ClassVar[str] = "Show what a pod (or all pods of a workload) printed, and follow it for a while"
    returns: ClassVar[type[Outputs]] = Log

    kind: KindName = "pod"
    object: ObjectName
    container: str | None = Field(None, description="which container; none = the pod's default")
    previous: bool = Field(False, description="of the container that ran before the last restart")
    tail: int | None = Field(None, ge=0, description="only the last so many lines of each pod")
    since: float | None = Field(None, gt=0, description="only since so many seconds ago")
    follow: float = Field(0, ge=0, description="stay for so many seconds and show what comes")

    def time_limit(self) -> float:
        return self.timeout + self.follow

    def command_line(self) -> str:
        words = [f"kubectl logs{self.flags()} {self.kind}/{self.object}"]
        words += [f"-c {self.container}"] if self.container else []
        words += ["--previous"] if self.previous else []
        words += [f"--tail={self.tail}"] if self.tail is not None else []
        words += [f"--since={self.since:g}s"] if self.since is not None else []
        return " ".join([*words, *(["-f"] if self.follow else [])])

    async def resource(self, call: Call) -> str:
        return (await self._ref(call)).resource

    async def _ref(self, call: Call) -> Ref:
        return await reference(self.cluster(call), self.kind, self.object, self.space(call))

    async def _pods(self, here: Cluster, ref: Ref) -> list[Json]:
        live = await need(here, ref)
        if ref.kind is POD:
            return [live]
        spec = live.get("spec") or {}
        if ref.kind.kind == "Service":
            selector = selector_text(spec.get("selector") or {})
            pods = await here.list(POD, ref.namespace, labelSelector=selector) if selector else []
        else:
            pods = await newest_pods(here, live)
        if not pods:
            raise NotFound(f"{ref.resource} has no pods", "kubectl describe says why; is it scaled to 0?")
        return sorted(pods, key=lambda pod: str(meta(pod)["name"]))[:MOST_PODS]

    async def execute(self, call: Call) -> Log:
        here, ref = self.cluster(call), await self._ref(call)
        pods = await self._pods(here, ref)
        end, count, guard = bytearray(), 0, threading.Lock()

        def taker(prefix: bytes) -> Callable[[bytes], None]:
            def take(piece: bytes) -> None:
                nonlocal count
                if prefix:
                    piece = b"".join(prefix + line for line in piece.splitlines(keepends=True))
                with guard:
                    call.write(piece)
                    count += len(piece)
                    end.extend(piece)
                    del end[:-KEPT]

            return take

        container = container_of(pods[0], self.container)
        query = {
            "container": container,
            "previous": "true" if self.previous else None,
            "tailLines": self.tail,
            "sinceSeconds": None if self.since is None else max(1, round(self.since)),
            "follow": "true" if self.follow else None,
        }
        several = len(pods) > 1
        streams = []
        for pod in pods:
            name = str(meta(pod)["name"])
            prefix = f"[{name}] ".encode() if several else b""
            path = POD.path(ref.namespace, name, "log")
            streams.append(follow(here, path, query, taker(prefix), self.follow or None))
        results = await asyncio.gather(*streams, return_exceptions=True)
        errors = [one for one in results if isinstance(one, BaseException)]
        if errors and len(errors) == len(pods):
            raise self._said(errors[0], pods[0])
        for error in errors:
            call.say(str(error))
        names = [str(meta(pod)["name"]) for pod in pods]
        if count < LONGEST_COMPLAINT and end.startswith(_NO_LOG):
            raise NotFound(
                "the container's log is not there any more: the node has removed the container",
                "look at the events, or at the log of the container that runs now",
            )
        return Log(pods=names, container=container, text=end.decode("utf-8", "replace"), bytes=count)

    def _said(self, error: BaseException, pod: Json) -> BaseException:
        """The server's words for a container that has no log, made plain."""
        if isinstance(error, Invalid) and "waiting to start" in error.cause:
            trouble = pod_trouble(pod)
            why = trouble.detail if trouble is not None else error.detail
            return OperationError(f"there is no log yet: {why}", "look at its events: kubectl describe pod")
        if self.previous and isinstance(error, OperationError) and "previous terminated" in str(error):
            return NotFound("its container was not restarted: there is no previous log", "leave previous out")
        return error


async def follow(
    here: Cluster, path: str, query: dict[str, Any], take: Callable[[bytes], None], limit: float | None
) -> bool:
    """Hand an answer's lines to ``take`` as they come, in a thread of its own; False when ``limit`` seconds ran out."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    opened: list[Any] = []
    closed = threading.Event()

    def read() -> None:
        from urllib3.exceptions import HTTPError

        error: BaseException | None = None
        try:
            response = here.open("GET", path, query=query, accept="*/*", read_limit=None if limit else 60.0)
            opened.append(response)
            rest = b""
            try:
                while not closed.is_set() and (piece := response.read1(65536)):
                    whole, newline, rest = (rest + piece).rpartition(b"\n")
                    if newline:
                        take(whole + newline)
                if rest:
                    take(rest)
            except (HTTPError, OSError, AttributeError, ValueError) as broken:
                if not closed.is_set():
                    raise unreachable(broken, here.where, sent=True) from broken
            finally:
                response.close()
        except BaseException as raised:  # handed to the waiting task, whatever it is
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is gone: nobody waits any more
            loop.call_soon_threadsafe(_settle, done, error)

    threading.Thread(target=read, name="reign-kubernetes-log", daemon=True).start()
    try:
        async with asyncio.timeout(limit):
            await asyncio.shield(done)
    except TimeoutError:
        _close(closed, opened)
        return False
    except asyncio.CancelledError:
        _close(closed, opened)
        raise
    return True


def _close(closed: threading.Event, opened: list[Any]) -> None:
    closed.set()
    for response in opened:
        with contextlib.suppress(OSError, AttributeError):
            response.connection.sock.shutdown(2)


def _settle(done: asyncio.Future[None], error: BaseException | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(None)
    else:
        done.set_exception(error)


class Event(Outputs):
    """``time`` RFC 3339; ``about`` is ``pod/web-1``; ``type`` Normal or Warning."""

    time: str
    type: str
    reason: str
    about: str
    message: str
    count: int
    namespace: str | None


class EventList(Outputs):
    """Oldest first."""

    events: list[Event]


class Events(KubernetesQuery):
    """What happened lately."""

    name: ClassVar[str] = "kubernetes.events"
    summary: ClassVar[str] = "Show what happened lately in a namespace, or to one object and what it owns"
    returns: ClassVar[type[Outputs]] = EventList

    kind: str | None = Field(None, description="kind of the object")
    object: str | None = Field(None, description="name of the object")
    all_namespaces: bool = False
    warnings: bool = Field(False, description="only warnings")
    most: int = Field(100, ge=1, le=1000, description="at most so many, the newest")

    def command_line(self) -> str:
        what = f" --for={self.kind or 'pod'}/{self.object}" if self.object else ""
        types = " --types=Warning" if self.warnings else ""
        return f"kubectl events{' -A' if self.all_namespaces else ''}{what}{types}{self.flags()}"

    async def resource(self, call: Call) -> str:
        return "event" if self.all_namespaces else f"{self.space(call)}/event/*"

    async def execute(self, call: Call) -> EventList:
        from reign_executors.kubernetes.foresight import dependents

        here = self.cluster(call)
        space = None if self.all_namespaces else self.space(call)
        selector = "type=Warning" if self.warnings else None
        uids: set[str] | None = None
        if self.object is not None:
            ref = await reference(here, self.kind or "pod", self.object, self.space(call))
            live = await look(here, ref)
            space = ref.namespace
            if live is not None:
                uids = {uid_of(live), *(uid_of(item) for _, item in await dependents(here, ref, live))}
            else:
                selector = ",".join(part for part in (selector, f"involvedObject.name={self.object}") if part)
        elif self.kind is not None:
            kind = await here.kind(self.kind)
            selector = ",".join(part for part in (selector, f"involvedObject.kind={kind.kind}") if part)
        items = await here.list(EVENT, space, fieldSelector=selector)
        if uids is not None:
            items = [item for item in items if (item.get("involvedObject") or {}).get("uid") in uids]
        items = sorted(items, key=event_time)[-self.most :]
        events = [_event(item) for item in items]
        for one in events:
            often = f" (x{one.count})" if one.count > 1 else ""
            place = f"{one.namespace}/" if self.all_namespaces and one.namespace else ""
            call.say(f"{one.time}  {one.type:<7}  {one.reason:<20}  {place}{one.about}  {one.message}{often}")
        if not events:
            call.say("no events (the cluster forgets them after an hour)")
        return EventList(events=events)


def _event(item: Json) -> Event:
    about = item.get("involvedObject") or {}
    series = item.get("series") or {}
    return Event(
        time=event_time(item),
        type=str(item.get("type") or "Normal"),
        reason=str(item.get("reason") or ""),
        about=f"{str(about.get('kind') or '').lower()}/{about.get('name')}",
        message=str(item.get("message") or "").strip(),
        count=int(series.get("count") or item.get("count") or 1),
        namespace=meta(item).get("namespace"),
    )
