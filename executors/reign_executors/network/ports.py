"""``network.check_port``, ``network.listening`` and ``network.free_port``."""

from __future__ import annotations

import asyncio
import os
import shlex
import socket
from time import monotonic
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from reign_executors.call import Call
from reign_executors.errors import Conflict
from reign_executors.network.reach import Answer, Expect, checked_host, keep_trying, network_target, reach
from reign_executors.operation import Outputs, Query
from reign_executors.target import Target


class PortAnswer(Outputs):
    """``how`` it answered: ``connect`` | ``open`` (stays open, silent) | ``data`` | ``http``; ``text`` the first of
    what it said; ``seconds`` until it did, after ``tries``."""

    host: str
    port: int
    how: str
    text: str
    seconds: float
    tries: int


class CheckPort(Query):
    """Whether a TCP port answers, trying until ``wait`` seconds are over.

    ``expect``: ``connect`` (it accepts), ``data`` (it speaks first), ``http`` (it answers HTTP), ``auto`` (somebody is
    really behind it: an engine's proxy with nobody inside does not count).
    """

    name: ClassVar[str] = "network.check_port"
    summary: ClassVar[str] = "Check that a TCP port answers."
    returns: ClassVar[type[Outputs]] = PortAnswer

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    wait: float = Field(default=10.0, ge=0, le=3600)
    expect: Expect = "auto"

    def time_limit(self) -> float:
        return self.wait + 15.0

    async def target(self, call: Call) -> Target:
        return network_target(f"port/{self.host}:{self.port}")

    async def execute(self, call: Call) -> PortAnswer:
        host, start = checked_host(self.host), monotonic()

        async def attempt() -> Answer:
            return await reach(host, self.port, self.expect)

        answer, tries = await keep_trying(attempt, self.wait, call.say)
        seconds = round(monotonic() - start, 3)
        words = {"connect": "accepts", "open": "answers (stays open)", "data": "answers", "http": "answers HTTP"}
        first = answer.text.splitlines()[0] if answer.text.strip() else ""
        call.say(f"{self.host}:{self.port} {words[answer.how]} after {seconds} s{': ' + first if first else ''}")
        return PortAnswer(
            host=self.host, port=self.port, how=answer.how, text=answer.text, seconds=seconds, tries=tries
        )

    def command_line(self) -> str:
        return f"nc -z {shlex.quote(self.host)} {self.port}"


class Listener(BaseModel):
    """One listening TCP socket; ``pid`` and ``process`` are None when this user may not know."""

    model_config = ConfigDict(frozen=True)

    address: str
    port: int
    pid: int | None
    process: str | None


class Listeners(Outputs):
    listeners: tuple[Listener, ...]


class Listening(Query):
    """Which TCP ports are listened on, and by whom; of one ``port`` only when it is given."""

    name: ClassVar[str] = "network.listening"
    summary: ClassVar[str] = "Show which ports are listened on, and by which process."
    returns: ClassVar[type[Outputs]] = Listeners

    port: int | None = Field(default=None, ge=1, le=65535)

    async def target(self, call: Call) -> Target:
        return network_target("ports" if self.port is None else f"port/{self.port}")

    async def execute(self, call: Call) -> Listeners:
        found = await asyncio.to_thread(self._look)
        for one in found:
            who = f"{one.process or 'a process'} (pid {one.pid})" if one.pid else "a process of another user"
            call.say(f"{one.address}:{one.port}  {who}")
        if not found:
            call.say("nothing listens" + ("" if self.port is None else f" on port {self.port}"))
        return Listeners(listeners=found)

    def _look(self) -> tuple[Listener, ...]:
        import psutil

        found: dict[tuple[int, str, int | None], Listener] = {}
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.laddr:
                continue
            address, port = str(connection.laddr.ip), int(connection.laddr.port)
            if self.port in (None, port):
                process = _process_name(connection.pid)
                one = Listener(address=address, port=port, pid=connection.pid, process=process)
                found[port, address, connection.pid] = one
        return tuple(sorted(found.values(), key=lambda one: (one.port, one.address, one.pid or 0)))

    def command_line(self) -> str:
        return "ss -ltnp" if self.port is None else f"ss -ltnp sport = :{self.port}"


def _process_name(pid: int | None) -> str | None:
    import psutil

    if pid is None:
        return None
    try:
        return str(psutil.Process(pid).name())
    except psutil.Error:
        return None


class Port(Outputs):
    port: int


class FreePort(Query):
    """A TCP port that nobody listens on now: ``near`` or the next one above it, or any."""

    name: ClassVar[str] = "network.free_port"
    summary: ClassVar[str] = "Find a free TCP port."
    returns: ClassVar[type[Outputs]] = Port

    near: int | None = Field(default=None, ge=1, le=65535)
    host: str = "0.0.0.0"  # noqa: S104 - asked about, never served

    async def target(self, call: Call) -> Target:
        return network_target("ports")

    async def execute(self, call: Call) -> Port:
        port = self._any() if self.near is None else self._from(self.near)
        call.say(f"port {port} is free")
        return Port(port=port)

    def _any(self) -> int:
        with socket.socket() as probe:
            probe.bind((self.host, 0))
            return int(probe.getsockname()[1])

    def _from(self, first: int) -> int:
        for port in range(first, min(first + 1000, 65536)):
            if port < 1024 and os.geteuid() != 0:
                continue
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((self.host, port))
                except OSError:
                    continue
                return port
        raise Conflict(f"no port from {first} on is free", "name another one")
