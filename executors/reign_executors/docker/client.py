"""One client for each engine: blocking calls of docker-py in threads of our own, streams that close at once.

docker-py is imported in :func:`_connect`, in a thread, when the first call is made.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar, cast

from reign_executors.docker.contexts import Endpoint, endpoint
from reign_executors.docker.failures import lost, translated
from reign_executors.errors import OperationError, TimedOut, ToolMissing

if TYPE_CHECKING:
    from docker import APIClient
    from requests import Response

T = TypeVar("T")
Json = dict[str, Any]

THREADS = 32
CONNECTIONS = 128
CONNECT_LIMIT = 10
READ_LIMIT = 120
CALL_LIMIT = 150.0
CLEANUP_LIMIT = 20.0
IDENTITY_AGE = 1.0
USAGE_LIMIT = 5.0

_pool: ThreadPoolExecutor | None = None
_engines: dict[tuple[str, str | None, bool], Engine] = {}
_guard = threading.Lock()


def size_pool(threads: int = THREADS) -> None:
    """How many blocking calls may run at once, all engines together. Calls under way end in the former pool."""
    global _pool
    with _guard:
        former, _pool = _pool, ThreadPoolExecutor(threads, thread_name_prefix="reign-docker")
    if former is not None:
        former.shutdown(wait=False)


def _threads() -> ThreadPoolExecutor:
    if _pool is None:
        size_pool()
    assert _pool is not None
    return _pool


def engine(context: str | None, environment: Mapping[str, str] | None = None) -> Engine:
    """The engine of a context (None: the current one). Makes no connection; raises ``ToolMissing`` for a context
    that does not exist."""
    found = endpoint(context, environment)
    key = (found.url, found.certificates, found.verify)
    with _guard:
        known = _engines.get(key)
        if known is None:
            known = _engines[key] = Engine(found)
        return known


def close_engines() -> None:
    """Close all connections; the next call opens new ones."""
    with _guard:
        engines = list(_engines.values())
        _engines.clear()
    for one in engines:
        one.close()


class Engine:
    """One Docker Engine. Methods raise Reign's typed errors only (see ``failures``)."""

    def __init__(self, where: Endpoint) -> None:
        self.endpoint = where
        self._client: APIClient | None = None
        self._connecting = threading.Lock()
        self._asking = threading.Lock()
        self._identity: tuple[float, Json] | None = None
        self._measuring = threading.Lock()
        self._usage: tuple[float, Json] | None = None

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def client(self) -> APIClient:
        """The docker-py client, connected. Blocking: call it in a thread."""
        if self._client is None:
            with self._connecting:
                if self._client is None:
                    self._client = self._translating(_connect, self.endpoint)
        return self._client

    def _translating(self, work: Callable[..., T], *arguments: Any) -> T:
        try:
            return work(*arguments)
        except OperationError:
            raise
        except Exception as error:
            known = translated(error, self.endpoint)
            if known is None:
                raise
            raise known from error

    def direct(self, work: Callable[[APIClient], T]) -> T:
        """``work`` in this thread, with typed errors. For code that already runs in a thread."""
        return self._translating(work, self.client())

    async def call(
        self,
        work: Callable[[APIClient], T],
        *,
        late: Callable[[APIClient, T], object] | None = None,
        limit: float = CALL_LIMIT,
    ) -> T:
        """``work(client)`` in a thread. When cancelled, a call not yet begun is dropped; one under way is waited for
        and its result handed to ``late``, which undoes it. ``TimedOut`` after ``limit`` seconds."""
        lock = threading.Lock()
        abandoned = finished = False

        def job() -> T | None:
            nonlocal finished
            if abandoned:
                return None
            result = self.direct(work)
            with lock:
                finished = True
                undo = abandoned
            if undo and late is not None:
                undoing = late
                self.direct(lambda client: undoing(client, result))
            return result

        future = asyncio.get_running_loop().run_in_executor(_threads(), job)
        try:
            async with asyncio.timeout(limit):
                return cast("T", await asyncio.shield(future))
        except TimeoutError:
            with lock:
                abandoned = True
            future.add_done_callback(_forget)
            raise TimedOut(
                f"the Docker Engine at {self.endpoint.url} did not answer in {limit:.0f} s",
                "look at its load and its log (journalctl -u docker), then try again",
            ) from None
        except asyncio.CancelledError:
            with lock:
                abandoned = True
                already = finished
            future.add_done_callback(_forget)
            if late is not None:
                if already:
                    result = future.result()
                    assert result is not None
                    undoing, made = late, result
                    await self.finish(lambda client: undoing(client, made))
                else:
                    await asyncio.wait({future}, timeout=CLEANUP_LIMIT)
            raise

    async def finish(self, work: Callable[[APIClient], object]) -> OperationError | None:
        """``work`` to its end though the task is being cancelled, at most ``CLEANUP_LIMIT`` seconds; its error."""
        future = asyncio.get_running_loop().run_in_executor(_threads(), self.direct, work)
        future.add_done_callback(_forget)
        await asyncio.wait({future}, timeout=CLEANUP_LIMIT)
        if not future.done():
            return TimedOut(f"the Docker Engine at {self.endpoint.url} did not answer in {CLEANUP_LIMIT:.0f} s")
        error = future.exception()
        if error is not None and not isinstance(error, OperationError):
            raise error
        return error

    async def stream(
        self,
        source: Callable[[APIClient], Iterable[T]],
        take: Callable[[T], object],
        *,
        limit: float | None = None,
    ) -> bool:
        """Hand every piece of ``source(client)`` to ``take``, both in a thread of its own, until it ends.

        False when ``limit`` seconds ran out first. The connection is closed at once when cancelled or timed out.
        """
        running = _Stream(self, source, take)
        try:
            async with asyncio.timeout(limit):
                await running.wait()
        except TimeoutError:
            running.close()
            return False
        except BaseException:
            running.close()
            raise
        return True

    def _fresh_info(self) -> Json:
        with self._asking:
            if self._identity is not None and time.monotonic() - self._identity[0] < IDENTITY_AGE:
                return self._identity[1]
            info: Json = self.direct(lambda client: client.info())
            self._identity = (time.monotonic(), info)
            return info

    async def info(self) -> Json:
        """``/info``, at most one second old; asked once for many who ask at the same time."""
        kept = self._identity
        if kept is not None and time.monotonic() - kept[0] < IDENTITY_AGE:
            return kept[1]
        return await self.call(lambda _client: self._fresh_info())

    async def identity(self) -> dict[str, str]:
        """What says which engine this really is: ``{"endpoint": "unix:///…", "engine": "ABCD:…"}``."""
        return {"endpoint": self.endpoint.url, "engine": str((await self.info()).get("ID") or "")}

    def _fresh_usage(self) -> Json:
        asked = time.monotonic()
        with self._measuring:
            if self._usage is not None and self._usage[0] >= asked:
                return self._usage[1]
            while True:
                started = time.monotonic()
                try:
                    usage: Json = self.direct(lambda client: client.df())
                except OperationError as error:
                    # 20.10 measures for one caller at a time and sends the others away
                    if "already running" not in f"{error.cause}{error.detail}" or started - asked > USAGE_LIMIT:
                        raise
                    time.sleep(0.05)
                    continue
                self._usage = (started, usage)
                return usage

    async def usage(self, limit: float = USAGE_LIMIT) -> Json | None:
        """``/system/df``: sizes of images, layers, volumes. None when it takes longer than ``limit`` seconds."""
        try:
            return await self.call(lambda _client: self._fresh_usage(), limit=limit)
        except TimedOut:
            return None


class _Stream:
    """A thread that reads one response; ``close`` shuts its socket, so that a read under way ends."""

    def __init__(self, owner: Engine, source: Callable[[Any], Iterable[Any]], take: Callable[[Any], object]) -> None:
        self._owner = owner
        self._source = source
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._done: asyncio.Future[None] = self._loop.create_future()
        self._closed = False
        self._responses: list[Response] = []
        self._thread = threading.Thread(target=self._run, name="reign-docker-stream", daemon=True)
        self._thread.start()

    async def wait(self) -> None:
        await asyncio.shield(self._done)

    def close(self) -> None:
        self._closed = True
        self._done.add_done_callback(_forget)
        for response in list(self._responses):
            _shut(response)

    def _run(self) -> None:
        error: BaseException | None = None
        try:
            self._owner.direct(self._read)
        except BaseException as raised:  # handed to the waiting task, whatever it is
            error = raised
        with suppress(RuntimeError):  # the loop is gone: nobody waits any more
            self._loop.call_soon_threadsafe(self._finish, error)

    def _read(self, client: Any) -> None:
        opened.responses = self._responses
        for piece in self._source(client):
            if self._closed:
                break
            self._take(piece)
        for response in self._responses:
            response.close()

    def _finish(self, error: BaseException | None) -> None:
        if self._done.done():
            return
        if error is None or self._closed:
            self._done.set_result(None)
        else:
            self._done.set_exception(error)


class _Opened(threading.local):
    """The streamed responses that the current thread opened, so that another thread can close them."""

    def __init__(self) -> None:
        self.responses: list[Response] | None = None


opened = _Opened()


def _shut(response: Response) -> None:
    from docker.errors import DockerException
    from docker.types import CancellableStream

    with suppress(OSError, AttributeError, DockerException):  # it ended by itself meanwhile
        CancellableStream(iter(()), response).close()


def _forget(future: asyncio.Future[Any]) -> None:
    """Take the error of a call nobody waits for, so that asyncio does not complain."""
    if not future.cancelled():
        future.exception()


def _connect(where: Endpoint) -> APIClient:
    from docker import APIClient
    from docker.errors import TLSParameterError
    from docker.tls import TLSConfig

    class Client(APIClient):
        """docker-py's client, remembering streamed responses so that they can be closed."""

        def send(self, request: Any, **settings: Any) -> Any:
            response = super().send(request, **settings)
            if settings.get("stream") and opened.responses is not None:
                opened.responses.append(response)
            return response

    tls: TLSConfig | bool = False
    if where.certificates:
        folder = where.certificates
        try:
            tls = TLSConfig(
                client_cert=(f"{folder}/cert.pem", f"{folder}/key.pem"),
                ca_cert=f"{folder}/ca.pem" if where.verify else None,
                verify=where.verify,
            )
        except TLSParameterError as error:
            raise ToolMissing(
                f"the certificates for {where.url} can't be used",
                f"look at ca.pem, cert.pem and key.pem in {folder}",
                detail=str(error),
            ) from error
    client = Client(base_url=where.url, version="auto", timeout=CONNECT_LIMIT, tls=tls, max_pool_size=CONNECTIONS)
    client.timeout = READ_LIMIT
    if where.local:
        client.trust_env = False  # no proxy or netrc applies to a socket of this machine
    return client


def create_container(client: APIClient, body: Json, name: str | None = None) -> Json:
    """Create a container from the engine's own form of request; its ``Id`` and ``Warnings``."""
    untyped: Any = client
    made: Json = untyped.create_container_from_config(body, name)
    return made


def post(client: APIClient, path: str, body: Json) -> Json:
    """POST JSON to a path that docker-py has no (whole) method for; the answer's JSON. Raises docker's ``APIError``."""
    from docker.errors import APIError

    response = client.post(f"{client.base_url}/v{client.api_version}{path}", json=body, timeout=client.timeout)
    answer: Json = response.json()
    if response.status_code >= 400:
        raise APIError(response.reason, response, str(answer.get("message", "")))
    return answer


async def together(*waiting: Coroutine[Any, Any, Any]) -> list[Any]:
    """The results of several calls made at once; the first error ends them all."""
    tasks = [asyncio.ensure_future(one) for one in waiting]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        raise


def gone_away(where: Endpoint, error: OperationError) -> OperationError:
    """In the middle of an operation, a daemon that no longer listens went away: what happened is in doubt."""
    return lost(where, error.detail or error.cause) if isinstance(error, ToolMissing) else error
