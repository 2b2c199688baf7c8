"""``network.http``: one page, asked for with GET or HEAD."""

from __future__ import annotations

import asyncio
import http.client
import re
import shlex
import ssl
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from time import monotonic
from typing import Any, ClassVar, Literal
from urllib.parse import urljoin, urlsplit

from pydantic import Field, model_validator

from reign_executors.call import Call
from reign_executors.errors import ConnectionLost, InvalidFields
from reign_executors.network.reach import TRY_SECONDS, Refused, checked_host, keep_trying, network_target, typed
from reign_executors.operation import Outputs, Query
from reign_executors.target import Target

FIRST_BYTES = 64 * 1024
SHOWN = 2000


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(16, thread_name_prefix="reign-http")


def _first_bytes(answer: http.client.HTTPResponse) -> bytes:
    """Up to one byte more than is shown; a body that never ends is left after a while."""
    body, end = b"", monotonic() + TRY_SECONDS
    while len(body) <= FIRST_BYTES and monotonic() < end:
        chunk = answer.read1(FIRST_BYTES + 1 - len(body))
        if not chunk:
            break
        body += chunk
    return body


class Unexpected(ConnectionLost):
    """It answered, but not with the status that was expected."""

    kind = "unexpected_status"


class Page(Outputs):
    """``status``, the headers (lower case), and ``text``: the first 64 KiB of the body. ``bytes`` is how many were
    read, ``location`` where a redirect points (never followed)."""

    url: str
    status: int
    reason: str
    headers: dict[str, str]
    text: str
    bytes: int
    truncated: bool
    location: str | None
    seconds: float
    tries: int


class Http(Query):
    """Ask a web server with GET or HEAD, trying until ``wait`` seconds are over. Redirects are shown, not followed.

    Give ``url``, or ``host``/``port``/``path``. ``status`` is the expected status; without it any below 500 is fine.
    """

    name: ClassVar[str] = "network.http"
    summary: ClassVar[str] = "Ask a web page or health check (GET or HEAD) and show its status and first bytes."
    returns: ClassVar[type[Outputs]] = Page

    url: str | None = None
    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=1, le=65535)
    path: str = "/"
    method: Literal["GET", "HEAD"] = "GET"
    status: int | None = Field(default=None, ge=100, le=599)
    wait: float = Field(default=10.0, ge=0, le=3600)

    @model_validator(mode="after")
    def _somewhere(self) -> Http:
        if self.url is None and self.port is None:
            raise ValueError("give a url, or a host and port")
        return self

    def time_limit(self) -> float:
        return self.wait + 15.0

    def address(self) -> str:
        """The whole URL."""
        if self.url is not None:
            return self.url if "://" in self.url else f"http://{self.url}"
        name = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{name}:{self.port}/{self.path.lstrip('/')}"

    async def target(self, call: Call) -> Target:
        parts = urlsplit(self.address())
        return network_target(f"http/{parts.hostname}:{parts.port or (443 if parts.scheme == 'https' else 80)}")

    async def execute(self, call: Call) -> Page:
        start = monotonic()
        page, tries = await keep_trying(
            lambda: asyncio.get_running_loop().run_in_executor(_pool(), self._ask), self.wait, call.say
        )
        page = page.model_copy(update={"seconds": round(monotonic() - start, 3), "tries": tries})
        call.say(f"{page.status} {page.reason}  {page.url}" + (f" → {page.location}" if page.location else ""))
        if page.text:
            call.say(page.text[:SHOWN])
        return page

    def _ask(self) -> Page:
        url = self.address()
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise InvalidFields(f"{url} is no address: {error}", "write it as http://host:port/path") from error
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidFields(f"{url} is no web address", "write it as http://host:port/path")
        host = checked_host(parts.hostname)
        path = re.sub(r"[\x00-\x20\x7f]", lambda found: f"%{ord(found[0]):02X}", parts.path or "/")
        path += f"?{parts.query}" if parts.query else ""
        connection: http.client.HTTPConnection
        if parts.scheme == "https":
            connection = http.client.HTTPSConnection(
                host, port, timeout=TRY_SECONDS, context=ssl.create_default_context()
            )
        else:
            connection = http.client.HTTPConnection(host, port, timeout=TRY_SECONDS)
        where = f"{parts.hostname}:{connection.port}"
        try:
            connection.request(self.method, path, headers={"User-Agent": "reign", "Accept": "*/*"})
            answer = connection.getresponse()
            body = _first_bytes(answer)
            headers = {name.lower(): value for name, value in answer.getheaders()}
        except http.client.RemoteDisconnected as error:
            raise Refused(
                f"{where} takes the connection and closes it without an answer",
                "the service may still be starting, or nobody is behind it",
            ) from error
        except http.client.HTTPException as error:
            raise Refused(f"{where} does not speak HTTP", "check the port", detail=repr(error)) from error
        except OSError as error:
            raise typed(error, where) from error
        finally:
            connection.close()
        return self._judged(url, answer.status, answer.reason, headers, body)

    def _judged(self, url: str, status: int, reason: str, headers: dict[str, str], body: bytes) -> Page:
        text = body[:FIRST_BYTES].decode("utf-8", "replace")
        fields: dict[str, Any] = {"url": url, "status": status, "reason": reason, "headers": headers}
        if (status != self.status) if self.status is not None else status >= 500:
            wanted = "" if self.status is None else f", not {self.status}"
            raise Unexpected(
                f"{url} answers {status} {reason}{wanted}", "look at the service's logs", detail=text[:SHOWN]
            )
        location = urljoin(url, headers["location"]) if "location" in headers else None
        return Page(
            **fields,
            text=text,
            bytes=min(len(body), FIRST_BYTES),
            truncated=len(body) > FIRST_BYTES,
            location=location,
            seconds=0.0,
            tries=1,
        )

    def command_line(self) -> str:
        return f"curl {'-I ' if self.method == 'HEAD' else '-i '}{shlex.quote(self.address())}"
