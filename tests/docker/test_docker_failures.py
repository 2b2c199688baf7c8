"""Engines that are not there, refuse, go away, are full: typed errors with the way out."""

from __future__ import annotations

import asyncio
import http.server
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reign_executors.docker import status
from reign_executors.docker.client import Engine, engine, size_pool
from reign_executors.docker.contexts import Endpoint
from reign_executors.docker.failures import no_daemon, not_pulled, refused, translated
from reign_executors.errors import (
    Conflict,
    ConnectionLost,
    InvalidFields,
    NoSpace,
    NotFound,
    OperationError,
    PermissionMissing,
    TimedOut,
    ToolMissing,
)

HERE = Endpoint("default", "unix:///var/run/docker.sock", "the default socket")


def at(bench: Any, url: str) -> Any:
    """A call whose shell has DOCKER_HOST set to ``url``."""
    return replace(bench.call, environment={"DOCKER_HOST": url, "HOME": str(bench.call.folder)})


class Door:
    """A Unix socket in front of the real engine, which can be shut while calls go through it."""

    def __init__(self, path: Path, engine_socket: str) -> None:
        self.url = f"unix://{path}"
        self._engine = engine_socket
        self._open: list[socket.socket] = []
        self.delay_after: bytes | None = None
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(64)
        self._path = path
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            inner = socket.socket(socket.AF_UNIX)
            inner.connect(self._engine)
            self._open += [client, inner]
            threading.Thread(target=self._pass, args=(client, inner, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(inner, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket, asking: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if asking and self.delay_after is not None and self.delay_after in data:
                    sink.sendall(data)
                    self.shut()
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def shut(self) -> None:
        self._server.close()
        self._path.unlink(missing_ok=True)
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@pytest.fixture
def door(docker_host: str, tmp_path: Path) -> Iterator[Door]:
    if not docker_host.startswith("unix://"):
        pytest.skip("the engine is not on a Unix socket")
    opened = Door(tmp_path / "d.sock", docker_host.removeprefix("unix://"))
    yield opened
    opened.shut()


@pytest.mark.docker
async def test_no_daemon(bench: Any, tmp_path: Path) -> None:
    for url in (f"unix://{tmp_path}/none.sock", "tcp://127.0.0.1:1"):
        with pytest.raises(ToolMissing) as caught:
            await bench.make("docker.list_containers").target(at(bench, url))
        assert url in caught.value.cause
        assert "DOCKER_HOST" in caught.value.cause + caught.value.way_out
        seen = await status(environment={"DOCKER_HOST": url})
        assert not seen.ok
        assert isinstance(seen.problem, ToolMissing)
        assert seen.rights is None
    dead = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(dead))
    with pytest.raises(ToolMissing, match="no Docker Engine is running"):
        await bench.make("docker.info").execute(at(bench, f"unix://{dead}"))
    with pytest.raises(ToolMissing, match="no Docker Engine answers"):
        await bench.make("docker.info").execute(at(bench, "tcp://no-such-host.invalid:2375"))


@pytest.mark.docker
def test_no_rights_to_the_socket(docker_host: str, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody without rights")
    folder = Path("/tmp") / f"reign-rights-{os.getpid()}"
    folder.mkdir(mode=0o755)
    closed = folder / "closed.sock"
    server = socket.socket(socket.AF_UNIX)
    try:
        server.bind(str(closed))
        closed.chmod(0o600)
        server.listen()
        script = (
            "import asyncio, os\n"
            "import docker, requests, urllib3, reign_executors.docker as d\n"
            "import docker.errors, docker.tls, docker.types\n"
            "os.setgid(65534); os.setuid(65534)\n"
            "s = asyncio.run(d.status())\n"
            "print(s.rights, type(s.problem).__name__, s.problem)\n"
        )
        answer = subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "DOCKER_HOST": f"unix://{closed}", "HOME": "/", "DOCKER_CONFIG": str(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        server.close()
        shutil.rmtree(folder)
    assert answer.stdout.startswith("False ToolMissing"), answer.stderr
    assert "sudo usermod -aG docker $USER" in answer.stdout
    assert "group docker" in answer.stdout


@pytest.mark.docker
async def test_the_daemon_goes_away_while_a_log_is_followed(
    bench: Any, started: Any, docker_scope: Any, door: Door
) -> None:
    started(command=["sh", "-c", "echo here; sleep 600"])
    logs = bench.make("docker.logs", container=docker_scope.name("web"), follow=60)
    task = asyncio.create_task(logs.execute(at(bench, door.url)))
    while "here" not in bench.text:
        await asyncio.sleep(0.02)
    door.shut()
    with pytest.raises(ConnectionLost) as caught:
        await task
    assert "systemctl status docker" in caught.value.way_out


@pytest.mark.docker
@pytest.mark.parametrize("where", [b"/containers/create", b"/start"])
async def test_the_daemon_goes_away_while_a_container_is_made(
    bench: Any, busybox_image: str, docker_scope: Any, door: Door, where: bytes
) -> None:
    run = bench.make("docker.run", image=busybox_image, container=docker_scope.name("web"), command="sleep 600")
    call = at(bench, door.url)
    assert not (await run.preview(call)).problems
    door.delay_after = where
    with pytest.raises(ConnectionLost):
        await run.execute(call)
    for _attempt in range(50):
        found = await run.probe(bench.call)
        if found.state == "done" or (where != b"/start" and "not started" in found.detail):
            break
        await asyncio.sleep(0.1)
    resumed = replace(bench.call, resumed=True)
    made = await run.execute(resumed)
    assert (await run.verify(resumed, made)).ok, "the very container of this step goes on"
    if where == b"/start":
        assert "was created, not started, and could not be removed" in bench.text


@pytest.mark.docker
async def test_no_registry_in_reach(bench: Any) -> None:
    pull = bench.make("docker.pull", image="127.0.0.1:1/none:1")
    effect = await pull.preview(bench.call)
    assert not effect.problems
    assert "the registry 127.0.0.1:1 is asked for" in effect.notes[0]
    assert (await pull.probe(bench.call)).state == "not_done"
    with pytest.raises(NotFound, match=r"its registry 127\.0\.0\.1:1 can't be reached") as caught:
        await pull.execute(bench.call)
    assert "docker pull 127.0.0.1:1/none:1" in caught.value.way_out
    assert "docker load" in caught.value.way_out


class _Registry(http.server.BaseHTTPRequestHandler):
    status = 404

    def do_GET(self) -> None:
        if self.path.rstrip("/") == "/v2":
            self.send_response(200)
            self.end_headers()
            return
        self.send_response(self.status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        code = {404: "MANIFEST_UNKNOWN", 401: "UNAUTHORIZED", 403: "DENIED"}[self.status]
        self.wfile.write(f'{{"errors":[{{"code":"{code}","message":"{code.lower()}"}}]}}'.encode())

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def registry() -> Iterator[Callable[[int], str]]:
    servers: list[http.server.ThreadingHTTPServer] = []

    def serve(status_code: int) -> str:
        handler = type("Handler", (_Registry,), {"status": status_code})
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"127.0.0.1:{server.server_port}"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.mark.docker
@pytest.mark.parametrize(("code", "kind"), [(404, NotFound), (401, PermissionMissing), (403, PermissionMissing)])
async def test_a_registry_that_has_it_not_or_denies(
    bench: Any, registry: Callable[[int], str], code: int, kind: type[OperationError]
) -> None:
    host = registry(code)
    with pytest.raises(kind) as caught:
        await bench.done("docker.pull", image=f"{host}/shop:9")
    assert host in caught.value.cause
    assert caught.value.way_out


@pytest.mark.docker
async def test_slow_engines_run_out_of_time(bench: Any, docker_host: str, started: Any, docker_scope: Any) -> None:
    identity = started()
    here = engine(None)
    with pytest.raises(TimedOut, match="did not answer"):
        await here.call(lambda client: client.wait(identity), limit=0.2)
    docker_scope.client.api.kill(identity)


@pytest.mark.docker
async def test_contexts_of_the_docker_cli(bench: Any, docker_host: str, tmp_path: Path) -> None:
    import hashlib
    import json

    folder = tmp_path / "cli"
    meta = folder / "contexts" / "meta" / hashlib.sha256(b"lab").hexdigest()
    meta.mkdir(parents=True)
    (meta / "meta.json").write_text(json.dumps({"Name": "lab", "Endpoints": {"docker": {"Host": docker_host}}}))
    (folder / "config.json").write_text('{"currentContext": "lab"}')
    call = replace(bench.call, environment={"DOCKER_CONFIG": str(folder)})
    target = await bench.make("docker.stop", container="web").target(call)
    assert (target.context, target.resource, target.identity["endpoint"]) == ("lab", "container/web", docker_host)
    pinned = bench.make("docker.stop", container="web").pinned(target)
    assert pinned.context == "lab"
    moved = replace(call, environment={"DOCKER_CONFIG": str(folder), "DOCKER_HOST": "unix:///nowhere.sock"})
    assert await pinned.target(moved) == target
    by_name = replace(call, environment={"DOCKER_CONFIG": str(folder), "DOCKER_CONTEXT": "lab"})
    assert (await bench.make("docker.info").target(by_name)).context == "lab"
    (folder / "config.json").write_text("broken")
    seen = await status("gone", {"DOCKER_CONFIG": str(folder)})
    assert isinstance(seen.problem, ToolMissing)
    assert "default, lab" in seen.problem.way_out
    (meta / "meta.json").write_text("{}")
    assert "can't be read" in str((await status("lab", {"DOCKER_CONFIG": str(folder)})).problem)


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        (500, "write /x: no space left on device", NoSpace),
        (500, "driver failed: Bind for 0.0.0.0:8080 failed: port is already allocated", Conflict),
        (500, "listen tcp4 0.0.0.0:80: bind: address already in use", Conflict),
        (409, 'Conflict. The container name "/web" is already in use by container "abc".', Conflict),
        (409, "something else", Conflict),
        (404, "No such container: x", NotFound),
        (400, "client version 1.99 is too new. Maximum supported API version is 1.41", ToolMissing),
        (400, "invalid reference format", InvalidFields),
        (403, "not by you", PermissionMissing),
        (500, "boom", OperationError),
    ],
)
def test_refusals(code: int, text: str, kind: type[OperationError]) -> None:
    error = refused(code, text, HERE)
    assert type(error) is kind
    assert error.detail
    if kind is Conflict and "8080" in text:
        assert "8080" in error.cause


def test_pull_refusals() -> None:
    assert isinstance(not_pulled("a:1", "no space left on device", HERE), NoSpace)
    assert type(not_pulled("a:1", "something odd", HERE)) is OperationError
    assert "docker login docker.io" in not_pulled("a:1", "pull access denied for a", HERE).way_out


def test_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda *_args, **_more: None)
    error = no_daemon(HERE)
    assert "not installed" in error.cause
    assert "apt-get install docker.io" in error.way_out


def test_other_exceptions_are_no_failures_of_docker() -> None:
    from docker.errors import DockerException, InvalidVersion
    from requests.exceptions import ConnectTimeout, ReadTimeout

    assert translated(KeyError("x"), HERE) is None
    assert translated(FileNotFoundError("context/file"), HERE) is None
    assert isinstance(translated(InvalidVersion("old"), HERE), ToolMissing)
    assert isinstance(translated(ConnectTimeout("x"), HERE), ToolMissing)
    assert isinstance(translated(ReadTimeout("x"), HERE), TimedOut)
    assert type(translated(DockerException("odd"), HERE)) is OperationError
    same = NotFound("x")
    assert translated(same, HERE) is same


async def test_mistakes_of_ours_stay_what_they_are() -> None:
    here = Engine(HERE)
    here._client = object()  # type: ignore[assignment]
    with pytest.raises(AttributeError):
        await here.call(lambda client: client.no_such_method())  # type: ignore[attr-defined]
    here._client = None
    here.close()


async def test_certificates_that_are_missing_are_named(tmp_path: Path) -> None:
    seen = await status(
        environment={"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    )
    assert isinstance(seen.problem, ToolMissing)
    assert str(tmp_path) in seen.problem.way_out


async def test_a_cancelled_call_gives_its_late_result_back() -> None:
    here = Engine(HERE)
    here._client = object()  # type: ignore[assignment]
    begun, release, late = threading.Event(), threading.Event(), []

    def work(_client: object) -> str:
        begun.set()
        release.wait(10)
        return "made"

    task = asyncio.create_task(here.call(work, late=lambda _client, made: late.append(made)))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    await asyncio.sleep(0)
    release.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert late == ["made"]
    here._client = None


@pytest.mark.docker
async def test_measuring_that_takes_too_long_is_given_up(bench: Any, docker_scope: Any) -> None:
    here = engine(None)
    assert await here.usage(limit=0.0001) is None
    assert await here.usage() is not None
    many = await asyncio.gather(*(here.usage() for _ in range(10)))
    assert all(one is not None for one in many)


def test_the_pool_may_be_sized() -> None:
    size_pool(2)
    size_pool()


def test_importing_the_operations_does_not_import_the_sdk() -> None:
    code = (
        "import sys, reign_executors.docker\n"
        "assert len(reign_executors.docker.OPERATIONS) > 30\n"
        "bad = {'docker', 'requests', 'urllib3', 'psutil'} & set(sys.modules)\n"
        "assert not bad, bad"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
