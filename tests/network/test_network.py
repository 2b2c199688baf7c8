"""The network's questions, asked of real sockets on the loopback."""

from __future__ import annotations

import asyncio
import http.server
import os
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from reign_executors.call import Call
from reign_executors.errors import ConnectionLost, InvalidFields, NotFound, OperationError, TimedOut
from reign_executors.network.http import Http, Unexpected
from reign_executors.network.ports import CheckPort, FreePort, Listening
from reign_executors.network.reach import Refused, typed
from reign_executors.registry import default_registry

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], "asyncio.Future[None] | None"]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def call(tmp_path: Path, said: list[str]) -> Call:
    return Call(key="r_1/s1", folder=tmp_path, write=lambda data: said.append(data.decode()))


@asynccontextmanager
async def server(behaviour: str) -> AsyncIterator[int]:
    """A TCP server on the loopback that behaves so; gives its port."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if behaviour == "greets":
            writer.write(b"220 hello\r\n")
        elif behaviour == "resets":
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        elif behaviour == "silent":
            await reader.read()
        elif behaviour == "hangs up on words":
            await reader.read(1)
        elif behaviour == "strange":
            await reader.read(1)
            writer.write(b"-ERR what?\r\n")
        writer.close()

    made = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with made:
        yield made.sockets[0].getsockname()[1]


class Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = {"/broken": 503, "/moved": 302, "/none": 404}.get(self.path.partition("?")[0], 200)
        body = b"x" * 100_000 if self.path == "/long" else f"{self.command} {self.path}\n".encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


@pytest.fixture
def web() -> Iterator[int]:
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Pages)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield made.server_address[1]
    made.shutdown()
    made.server_close()


@pytest.mark.parametrize(
    ("behaviour", "how"),
    [("greets", "data"), ("silent", "open"), ("hangs up on words", "open"), ("strange", "data")],
)
async def test_somebody_answers(call: Call, behaviour: str, how: str) -> None:
    async with server(behaviour) as port:
        answer = await CheckPort(port=port).execute(call)
    assert (answer.how, answer.port, answer.tries) == (how, port, 1)


@pytest.mark.parametrize("behaviour", ["closes", "resets"])
async def test_taken_and_closed_at_once_is_nobody(call: Call, behaviour: str) -> None:
    async with server(behaviour) as port:
        with pytest.raises(Refused) as raised:
            await CheckPort(port=port, wait=0).execute(call)
        assert raised.value.way_out
        assert (await CheckPort(port=port, wait=0, expect="connect").execute(call)).how == "connect"


async def test_http_is_heard(call: Call, web: int, said: list[str]) -> None:
    for expect in ("auto", "http"):
        operation = default_registry().find("network.check_port").model_validate({"port": web, "expect": expect})
        assert isinstance(operation, CheckPort)
        answer = await operation.execute(call)
        assert answer.how == "http"
        assert answer.text.startswith("HTTP/1.0 200")
    assert "answers HTTP" in said[-1]


async def test_what_was_expected_did_not_come(call: Call) -> None:
    async with server("strange") as port:
        with pytest.raises(Refused, match="does not speak HTTP"):
            await CheckPort(port=port, wait=0, expect="http").execute(call)
    async with server("greets") as port:
        assert (await CheckPort(port=port, wait=0, expect="data").execute(call)).how == "data"


async def test_a_silent_service_sends_no_data(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reign_executors.network.reach.TRY_SECONDS", 0.1)
    async with server("silent") as port:
        with pytest.raises(TimedOut):
            await CheckPort(port=port, wait=0, expect="data").execute(call)


async def test_refused_says_so_and_is_tried_again(call: Call, free_port: Callable[[], int], said: list[str]) -> None:
    port = free_port()
    with pytest.raises(Refused, match="nothing listens"):
        await CheckPort(port=port, wait=0.6).execute(call)
    assert "trying again" in said[0]
    assert len(said) == 1


async def test_it_comes_up_while_waiting(call: Call, free_port: Callable[[], int]) -> None:
    port = free_port()
    checking = asyncio.create_task(CheckPort(port=port, wait=60, expect="connect").execute(call))
    await asyncio.sleep(0.3)
    made = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", port)
    async with made:
        answer = await checking
    assert answer.tries > 1


async def test_dns_and_nonsense(call: Call) -> None:
    with pytest.raises(NotFound, match="can't be resolved"):
        await CheckPort(host="no-such-host.invalid", port=1, wait=0).execute(call)
    with pytest.raises(InvalidFields):
        await CheckPort(host="a b; c", port=1).execute(call)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (TimeoutError(), "timed_out"),
        (ConnectionResetError(), "refused"),
        (OSError(113, "No route to host"), "not_found"),
        (OSError(5, "Input/output error"), "connection_lost"),
    ],
)
def test_errors_of_connections(error: OSError, kind: str) -> None:
    assert typed(error, "h:1").kind == kind


async def test_page(call: Call, web: int, said: list[str]) -> None:
    page = await Http(url=f"http://127.0.0.1:{web}/a b?c=d", status=200).execute(call)
    assert (page.status, page.text, page.truncated) == (200, "GET /a%20b?c=d\n", False)
    assert "GET /a%20b" in said[1]
    page = await Http(port=web, path="long").execute(call)
    assert (page.bytes, page.truncated) == (64 * 1024, True)
    page = await Http(url=f"127.0.0.1:{web}", method="HEAD").execute(call)
    assert (page.status, page.text) == (200, "")


async def test_redirects_are_shown_not_followed(call: Call, web: int, said: list[str]) -> None:
    page = await Http(port=web, path="/moved").execute(call)
    assert (page.status, page.location) == (302, f"http://127.0.0.1:{web}/elsewhere")
    assert "→" in said[0]


async def test_another_status_than_expected(call: Call, web: int) -> None:
    assert (await Http(port=web, path="/none").execute(call)).status == 404
    with pytest.raises(Unexpected, match="404 Not Found, not 200"):
        await Http(port=web, path="/none", status=200, wait=0).execute(call)
    with pytest.raises(ConnectionLost, match="503"):
        await Http(port=web, path="/broken", wait=0).execute(call)


@pytest.mark.parametrize("behaviour", ["closes", "strange", "resets"])
async def test_no_web_server(call: Call, behaviour: str) -> None:
    async with server(behaviour) as port:
        with pytest.raises(OperationError) as raised:
            await Http(port=port, wait=0).execute(call)
    assert raised.value.kind == "refused"


@pytest.mark.parametrize("url", ["ftp://host/x", "http://", "http://host:99999/", "http://[::1/"])
async def test_no_web_address(call: Call, url: str) -> None:
    with pytest.raises(InvalidFields):
        await Http(url=url).execute(call)


async def test_tls_with_a_plain_server(call: Call) -> None:
    async with server("strange") as port:
        with pytest.raises(ConnectionLost, match="TLS"):
            await Http(url=f"https://127.0.0.1:{port}/", wait=0).execute(call)


def test_somewhere_must_be_named() -> None:
    with pytest.raises(InvalidFields, match="url"):
        default_registry().build("network.http", {"path": "/"})
    assert Http(host="::1", port=80).address() == "http://[::1]:80/"


async def test_who_listens(call: Call, said: list[str]) -> None:
    async with server("silent") as port:
        found = await Listening(port=port).execute(call)
        assert [(one.port, one.pid) for one in found.listeners] == [(port, os.getpid())]
        everything = await Listening().execute(call)
    assert port in {one.port for one in everything.listeners}
    assert f"pid {os.getpid()}" in said[0]
    assert (await Listening(port=port).execute(call)).listeners == ()
    assert "nothing listens" in said[-1]


async def test_free_port(call: Call) -> None:
    async with server("silent") as port:
        found = await FreePort(near=port, host="127.0.0.1").execute(call)
        assert found.port > port
    assert (await FreePort().execute(call)).port > 0


@pytest.mark.parametrize(
    ("operation", "resource", "line"),
    [
        (CheckPort(port=80), "port/127.0.0.1:80", "nc -z 127.0.0.1 80"),
        (Http(url="https://h/x"), "http/h:443", "curl -i https://h/x"),
        (Http(port=8, method="HEAD"), "http/127.0.0.1:8", "curl -I http://127.0.0.1:8/"),
        (Listening(), "ports", "ss -ltnp"),
        (Listening(port=8), "port/8", "ss -ltnp sport = :8"),
        (FreePort(), "ports", ""),
    ],
)
async def test_target_and_words(
    call: Call, operation: CheckPort | Http | Listening | FreePort, resource: str, line: str
) -> None:
    assert (await operation.target(call)).resource == resource
    assert operation.command_line() == line
    assert operation.time_limit() > 0
