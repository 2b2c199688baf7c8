"""One client for each cluster: REST calls over the official client's own connection, in threads of our own.

The ``kubernetes`` package reads the kubeconfig's credentials (tokens, certificates, exec plugins, OIDC) and holds the
connections; it is imported in a thread, when the first call is made. Objects are plain JSON.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, TypeVar
from urllib.parse import urlencode

from reign_executors.call import forget
from reign_executors.errors import NotFound, OperationError, TimedOut
from reign_executors.kubernetes.contexts import Where, where
from reign_executors.kubernetes.failures import Forbidden, Gone, refusal, unreachable
from reign_executors.kubernetes.kinds import NAMESPACE, Kind, known_kind, known_type, words_of
from reign_executors.kubernetes.objects import secret_values

T = TypeVar("T")
Json = dict[str, Any]
Kinds = list[Kind]
Items = list[Json]

THREADS = 32
CONNECT_LIMIT = 10.0
READ_LIMIT = 60.0
CALL_LIMIT = 90.0
PAGE = 500
IDENTITY_AGE = 1.0
DISCOVERY_AGE = 600.0
FIELD_MANAGER = "reign"

learn: ContextVar[Callable[[Mapping[str, str]], None]] = ContextVar("learn", default=forget)
"""Takes the values of Secrets that are read, so that they are hidden wherever they show up again."""

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON_TYPE = "application/json"
_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

_pool: ThreadPoolExecutor | None = None
_clusters: dict[tuple[object, ...], Cluster] = {}
_guard = threading.Lock()


def _threads() -> ThreadPoolExecutor:
    global _pool
    with _guard:
        if _pool is None:
            _pool = ThreadPoolExecutor(THREADS, thread_name_prefix="reign-kubernetes")
        return _pool


def cluster(context: str | None, environment: Mapping[str, str] | None = None) -> Cluster:
    """The cluster of a context (None: the current one). Makes no connection; ``ToolMissing`` for a context that does
    not exist."""
    found = where(context, environment)
    key = (found.context, found.server, found.stamp)
    with _guard:
        known = _clusters.get(key)
        if known is None:
            known = _clusters[key] = Cluster(found)
        return known


def close_clusters() -> None:
    """Close all connections; the next call opens new ones."""
    with _guard:
        clusters = list(_clusters.values())
        _clusters.clear()
    for one in clusters:
        one.close()


class Cluster:
    """One API server as one context's user. Methods raise Reign's typed errors only (see ``failures``)."""

    def __init__(self, at: Where) -> None:
        self.where = at
        self._client: Any = None
        self._connecting = threading.Lock()
        self._asking = threading.Lock()
        self._identity: tuple[float, dict[str, str]] | None = None
        self._types: dict[str, tuple[float, Kinds]] = {}
        self._all_kinds: tuple[float, Kinds] | None = None

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def connected(self) -> Any:
        """The ``ApiClient``. Blocking: call it in a thread."""
        if self._client is None:
            with self._connecting:
                if self._client is None:
                    self._client = _connect(self.where)
        return self._client

    def authorised(self, headers: dict[str, str]) -> dict[str, str]:
        """The headers with the user's credentials. Blocking."""
        settings: Mapping[str, Any] = self.connected().configuration.auth_settings()
        for one in settings.values():
            if one["in"] == "header" and one["value"]:
                headers[one["key"]] = one["value"]
        return headers

    def open(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        content: str = JSON_TYPE,
        accept: str = JSON_TYPE,
        read_limit: float | None = READ_LIMIT,
    ) -> Any:
        """The answer's head, its content still to be read (urllib3). Blocking. Refusals are raised."""
        from urllib3 import Timeout
        from urllib3.exceptions import HTTPError

        client = self.connected()
        words = {name: str(value) for name, value in (query or {}).items() if value is not None}
        url = self.where.server + path + (f"?{urlencode(words)}" if words else "")
        headers = self.authorised({"Accept": accept, "User-Agent": "reign-tui"})
        if body is not None:
            headers["Content-Type"] = content
        changes = method != "GET" and "dryRun" not in words and not (isinstance(body, dict) and "dryRun" in body)
        for attempt in (1, 2):
            try:
                response = client.rest_client.pool_manager.request(
                    method,
                    url,
                    body=None if body is None else json.dumps(body, ensure_ascii=False).encode(),
                    headers=headers,
                    preload_content=False,
                    retries=False,
                    timeout=Timeout(connect=CONNECT_LIMIT, read=read_limit),
                )
            except (HTTPError, OSError) as error:
                # a kept connection that the server closed meanwhile: what only reads is asked once more
                if attempt == 1 and not changes and _stale(error):
                    continue
                raise unreachable(error, self.where, sent=_sent(error)) from error
            break
        if response.status >= 400:
            content_read: bytes = response.data
            raise refusal(response.status, content_read, self.where, f"{method.lower()} {path}")
        return response

    def direct(self, method: str, path: str, **rest: Any) -> Any:
        """The answer as JSON. Blocking."""
        from urllib3.exceptions import HTTPError

        response = self.open(method, path, **rest)
        try:
            raw: bytes = response.data
        except (HTTPError, OSError) as error:
            raise unreachable(error, self.where, sent=True) from error
        return json.loads(raw) if raw else {}

    async def thread(self, work: Callable[[], T], limit: float = CALL_LIMIT) -> T:
        """``work`` in a thread. A cancelled task doesn't wait for it: one call more or less is settled by ``probe``."""
        future = asyncio.get_running_loop().run_in_executor(_threads(), work)
        try:
            async with asyncio.timeout(limit):
                return await asyncio.shield(future)
        except TimeoutError:
            future.add_done_callback(_forget)
            raise TimedOut(
                f"the API server at {self.where.server} did not answer in {limit:.0f} s",
                "look at its load and its log, then try again",
            ) from None
        except asyncio.CancelledError:
            if not future.cancel():
                with suppress(Exception):  # the call under way ends first, so that a probe sees what it did
                    await asyncio.wait({future}, timeout=10)
            future.add_done_callback(_forget)
            raise

    async def call(self, method: str, path: str, **rest: Any) -> Any:
        """One request; the answer as JSON. ``query``, ``body``, ``content`` (type), ``accept``."""
        return await self.thread(lambda: self.direct(method, path, **rest))

    async def get(self, kind: Kind, namespace: str | None, name: str) -> Json | None:
        """One object; None when there is none of that name."""
        try:
            found: Json = await self.call("GET", kind.path(namespace, name))
        except NotFound:
            return None
        learn.get()(dict(secret_values(found)))
        return found

    async def list(self, kind: Kind, namespace: str | None, **query: Any) -> Items:
        """All objects of a kind in a namespace (None: in all). ``labelSelector``, ``fieldSelector``."""
        items: Items = []
        following: str | None = None
        while True:
            try:
                page: Json = await self.call(
                    "GET", kind.path(namespace), query={**query, "limit": PAGE, "continue": following}
                )
            except Gone:
                if following is None:
                    raise
                items, following = [], None  # it took longer than the server keeps the list: from the start
                continue
            for item in page.get("items") or ():
                item.setdefault("kind", kind.kind)
                item.setdefault("apiVersion", kind.api_version)
                items.append(item)
                if kind.kind == "Secret":
                    learn.get()(dict(secret_values(item)))
            following = (page.get("metadata") or {}).get("continue")
            if not following:
                return items

    async def identity(self) -> dict[str, str]:
        """Which cluster this really is: ``{"server": url, "cluster": uid of kube-system}``; the uid is empty where
        this user may not read it."""
        kept = self._identity
        if kept is not None and time.monotonic() - kept[0] < IDENTITY_AGE:
            return dict(kept[1])
        return dict(await self.thread(self._fresh_identity))

    def _fresh_identity(self) -> dict[str, str]:
        with self._asking:
            kept = self._identity
            if kept is not None and time.monotonic() - kept[0] < IDENTITY_AGE:
                return kept[1]
            try:
                uid = str(self.direct("GET", NAMESPACE.path(None, "kube-system"))["metadata"]["uid"])
            except (Forbidden, NotFound):
                uid = ""
            fresh = {"server": self.where.server, "cluster": uid}
            self._identity = (time.monotonic(), fresh)
            return fresh

    async def kind(self, word: str) -> Kind:
        """The kind of that word, asked of the server when it is none that every cluster has."""
        import difflib

        found = known_kind(word)
        if found is not None:
            return found
        kinds = await self.kinds()
        wanted = word.strip().lower()
        for kind in kinds:
            names = {kind.singular, kind.plural, *kind.short}
            if wanted in names or wanted in {f"{name}.{kind.group}" for name in names}:
                return kind
        near = difflib.get_close_matches(wanted, words_of(kinds), n=3, cutoff=0.6)
        raise NotFound(
            f"this cluster has no kind {word!r}",
            f"did you mean {', '.join(near)}?" if near else "kubectl api-resources lists them; is its CRD installed?",
        )

    async def type(self, api_version: str, kind: str) -> Kind:
        """The kind with that apiVersion; ``NotFound`` when the server does not serve it."""
        found = known_type(api_version, kind)
        if found is not None:
            return found
        for one in await self.thread(lambda: self._group_version(api_version)):
            if one.kind == kind:
                return one
        raise NotFound(
            f"this cluster does not know {kind} of {api_version}",
            "install its CRD first (or in an earlier step), or correct apiVersion: kubectl api-resources",
        )

    def _group_version(self, api_version: str) -> Kinds:
        kept = self._types.get(api_version)
        if kept is not None and time.monotonic() - kept[0] < DISCOVERY_AGE:
            return kept[1]
        try:
            answer = self.direct("GET", f"/apis/{api_version}" if "/" in api_version else f"/api/{api_version}")
        except NotFound:
            return []  # asked again next time: a CRD may be on its way
        group, _, version = api_version.rpartition("/")
        rows = answer.get("resources") or ()
        scalable = {row["name"].removesuffix("/scale") for row in rows if row["name"].endswith("/scale")}
        kinds = [
            Kind(
                row["kind"],
                group,
                version,
                row["name"],
                bool(row["namespaced"]),
                tuple(row.get("shortNames") or ()),
                row["name"] in scalable,
            )
            for row in rows
            if "/" not in row["name"]
        ]
        self._types[api_version] = (time.monotonic(), kinds)
        return kinds

    async def kinds(self) -> Kinds:
        """Every kind that the server has, each in its preferred version."""
        return await self.thread(self._discover)

    def _discover(self) -> Kinds:
        kept = self._all_kinds
        if kept is not None and time.monotonic() - kept[0] < 30:
            return kept[1]
        kinds: Kinds = []
        for path in ("/api", "/apis"):
            answer = self.direct("GET", path, accept=f"{_AGGREGATED},{JSON_TYPE}")
            if answer.get("kind") == "APIGroupDiscoveryList":
                kinds += _aggregated(answer)
            else:
                kinds += self._one_by_one(path, answer)
        self._all_kinds = (time.monotonic(), kinds)
        return kinds

    def _one_by_one(self, path: str, answer: Json) -> Kinds:
        if path == "/api":
            versions = list(answer.get("versions") or ())
        else:
            versions = [group["preferredVersion"]["groupVersion"] for group in answer.get("groups") or ()]
        kinds: Kinds = []
        for version in versions:
            with suppress(OperationError):  # an aggregated API that is down hides only its own kinds
                kinds += self._group_version(version)
        return kinds


def _aggregated(answer: Json) -> list[Kind]:
    kinds = []
    for group in answer.get("items") or ():
        name = str((group.get("metadata") or {}).get("name") or "")
        seen: set[str] = set()
        for version in group.get("versions") or ():
            for row in version.get("resources") or ():
                plural = str(row["resource"])
                if plural in seen:
                    continue
                seen.add(plural)
                response = row.get("responseKind") or {}
                parts = {sub.get("subresource") for sub in row.get("subresources") or ()}
                kinds.append(
                    Kind(
                        str(response.get("kind") or plural),
                        name,
                        str(version["version"]),
                        plural,
                        row.get("scope") == "Namespaced",
                        tuple(row.get("shortNames") or ()),
                        "scale" in parts,
                    )
                )
    return kinds


def _stale(error: BaseException) -> bool:
    from reign_executors.kubernetes.failures import chain

    return any(
        isinstance(link, ConnectionResetError | BrokenPipeError) or type(link).__name__ == "RemoteDisconnected"
        for link in chain(error)
    )


def _sent(error: BaseException) -> bool:
    """Whether the request may have reached the server."""
    from reign_executors.kubernetes.failures import chain

    names = {type(link).__name__ for link in chain(error)}
    early = {"NewConnectionError", "ConnectTimeoutError", "NameResolutionError", "ConnectionRefusedError", "SSLError"}
    return not names & early


def _forget(future: asyncio.Future[Any]) -> None:
    """Take the error of a call nobody waits for, so that asyncio does not complain."""
    if not future.cancelled():
        future.exception()


def _connect(at: Where) -> Any:
    from kubernetes import client as library

    from reign_executors.kubernetes.credentials import configured

    configuration = configured(at)
    configuration.connection_pool_maxsize = THREADS
    if not configuration.verify_ssl:
        import urllib3

        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    return library.ApiClient(configuration)
