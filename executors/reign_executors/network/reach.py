"""One try to reach a TCP port, and what is to be learnt from it."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from time import monotonic
from typing import Literal, TypeVar

from reign_executors.errors import ConnectionLost, InvalidFields, NotFound, OperationError, TimedOut
from reign_executors.host import host_name, machine_identity
from reign_executors.target import Target

Expect = Literal["connect", "data", "http", "auto"]
T = TypeVar("T")

TRY_SECONDS = 5.0
"""How long one try may take."""
QUIET_SECONDS = 0.4
"""How long a connection must stay open without a word before ``auto`` takes it as answered."""
PAUSE_SECONDS = 0.25
"""Between two tries."""
GREETING_LIMIT = 512


class Refused(OperationError):
    """Nothing listens there, or what listens has nobody behind it."""

    kind = "refused"


@dataclass(frozen=True)
class Answer:
    """What a port did: ``how`` is ``connect``, ``open`` (stayed open, silent), ``data`` or ``http``; ``text`` is the
    start of what it said."""

    how: str
    text: str = ""


def network_target(what: str) -> Target:
    """This machine's view of the network, with ``what`` as the resource."""
    return Target(tool="network", context=host_name(), resource=what, identity={"machine": machine_identity()})


def checked_host(host: str) -> str:
    """A host name or address without brackets; ``InvalidFields`` for what can be neither."""
    bare = host.strip().removeprefix("[").removesuffix("]")
    if not re.fullmatch(r"[A-Za-z0-9_.:%-]{1,255}", bare):
        raise InvalidFields(f"{host!r} is no host name or address", "name a host such as localhost or 192.0.2.7")
    return bare


def typed(error: OSError, where: str) -> OperationError:
    """``error`` of a connection in plain words."""
    if isinstance(error, socket.gaierror):
        return NotFound(f"the name in {where} can't be resolved", "check the name and the DNS", detail=str(error))
    if isinstance(error, ssl.SSLError):
        return ConnectionLost(
            f"{where}: TLS failed: {error.reason or error}", "check the certificate", detail=str(error)
        )
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return TimedOut(f"{where} does not answer", "check the address and the firewall", detail=str(error))
    if isinstance(error, ConnectionRefusedError):
        return Refused(f"{where} refuses: nothing listens there", "start the service, or check the port")
    if isinstance(error, ConnectionResetError | BrokenPipeError):
        return Refused(f"{where} resets the connection", "the service may still be starting, or nobody is behind it")
    if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return NotFound(f"no way leads to {where}", "check the network", detail=str(error))
    return ConnectionLost(f"{where}: {error.strerror or error}", detail=str(error))


async def keep_trying(attempt: Callable[[], Awaitable[T]], wait: float, say: Callable[[str], None]) -> tuple[T, int]:
    """What ``attempt`` returns, and after how many tries; its last error when ``wait`` seconds are over."""
    end, tries, last = monotonic() + wait, 0, ""
    while True:
        tries += 1
        try:
            return await attempt(), tries
        except InvalidFields:
            raise
        except OperationError as error:
            if monotonic() + PAUSE_SECONDS > end:
                raise
            if error.cause != last:
                say(f"{error.cause}; trying again for {max(0.0, end - monotonic()):.0f} s")
                last = error.cause
        await asyncio.sleep(PAUSE_SECONDS)


async def reach(host: str, port: int, expect: Expect) -> Answer:
    """One try. ``Refused``, ``TimedOut``, ``NotFound`` (DNS, no route) when it does not answer as expected.

    A container engine's proxy takes connections even when nobody listens inside, and closes them at once. So ``auto``
    waits a moment: closed without a word means that nobody is there; a greeting, an HTTP answer or an open
    connection mean that somebody is.
    """
    where = f"{host}:{port}"
    try:
        async with asyncio.timeout(TRY_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                return await _listen(reader, writer, host, where, expect)
            finally:
                writer.close()
                with contextlib.suppress(OSError):
                    await writer.wait_closed()
    except OSError as error:  # TimeoutError too
        raise typed(error, where) from error


async def _listen(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str, where: str, expect: Expect
) -> Answer:
    if expect == "connect":
        return Answer("connect")
    if expect != "http":
        try:
            async with asyncio.timeout(QUIET_SECONDS if expect == "auto" else TRY_SECONDS):
                said = await reader.read(GREETING_LIMIT)
        except TimeoutError:
            if expect == "data":
                raise
        else:
            return _heard(said, where)
    name = f"[{host}]" if ":" in host else host
    request = f"HEAD / HTTP/1.0\r\nHost: {name}\r\nUser-Agent: reign\r\nConnection: close\r\n\r\n"
    writer.write(request.encode("ascii"))
    await writer.drain()
    if expect == "http":
        answer = _heard(await reader.read(GREETING_LIMIT), where)
        if answer.how != "http":
            raise Refused(f"{where} does not speak HTTP", "check the port", detail=answer.text)
        return answer
    try:
        async with asyncio.timeout(QUIET_SECONDS):
            said = await reader.read(GREETING_LIMIT)
    except TimeoutError:
        return Answer("open")
    # it waited for us to speak and hung up on words it does not know: somebody is there
    return _heard(said, where) if said else Answer("open")


def _heard(said: bytes, where: str) -> Answer:
    if not said:
        raise Refused(
            f"{where} takes the connection and closes it at once: nobody is behind it",
            "look at the service's logs: it may still be starting, or listen on another port or only on 127.0.0.1",
        )
    text = said.decode("utf-8", "replace")
    return Answer("http" if text.startswith("HTTP/") else "data", text)
