"""Every exception of docker-py, requests and sockets as one of Reign's errors, with the way out: the one place."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator

from reign_executors.docker.contexts import Endpoint
from reign_executors.docker.names import registry_of
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

_UNREACHABLE = re.compile(
    r"no such host|connection refused|i/o timeout|network is unreachable|no route to host|dial tcp|"
    r"TLS handshake|server misbehaving|request canceled while waiting|context deadline exceeded|"
    r"http: server gave HTTP response|x509|proxyconnect|\bEOF$",
    re.IGNORECASE,
)
_DENIED = re.compile(r"pull access denied|unauthorized|authentication required|denied: |no basic auth", re.IGNORECASE)
_UNKNOWN_IMAGE = re.compile(
    r"manifest (for .* not found|unknown)|not found: manifest|repository .* not found", re.IGNORECASE
)
_PORT_TAKEN = re.compile(r"port is already allocated|address already in use|ports are not available", re.IGNORECASE)
_PORT = re.compile(r"(?:[\d.]+|::|\[::\]):(\d+)")
_VERSION = re.compile(r"client version .* is too (new|old)", re.IGNORECASE)
_NO_SPACE = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)


def chain(error: BaseException) -> Iterator[BaseException]:
    """The error and everything it came from, arguments of wrapping libraries included; each once."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = [current.__cause__, current.__context__, getattr(current, "reason", None), *current.args]
        waiting.extend(item for item in inner if isinstance(item, BaseException))


def translated(error: BaseException, endpoint: Endpoint) -> OperationError | None:
    """Reign's error for what docker-py raised; None when it is none of the tool's (a mistake of ours)."""
    from docker.errors import APIError, DockerException, InvalidVersion
    from requests import exceptions as transport
    from urllib3.exceptions import HTTPError

    if isinstance(error, OperationError):
        return error
    links = list(chain(error))
    for link in links:
        if isinstance(link, APIError):
            return refused(link.status_code or 0, str(link.explanation or link), endpoint)
    if not any(isinstance(link, (transport.RequestException, HTTPError, DockerException)) for link in links):
        return None  # a file of this machine, not the engine
    text = str(error)
    for link in links:
        if isinstance(link, FileNotFoundError):
            return no_daemon(endpoint, text)
        if isinstance(link, PermissionError):
            return no_rights(endpoint, text)
        if isinstance(link, ConnectionRefusedError):
            return no_daemon(endpoint, text)
        if isinstance(link, InvalidVersion):
            return too_old(endpoint, text)
    if any(isinstance(link, transport.ConnectTimeout) for link in links):
        return no_daemon(endpoint, text)
    if any(isinstance(link, (transport.Timeout, TimeoutError)) for link in links):
        return TimedOut(
            f"the Docker Engine at {endpoint.url} did not answer in time",
            "look at its load and its log (journalctl -u docker), then try again",
            detail=text,
        )
    if any(type(link).__name__ in ("NameResolutionError", "NewConnectionError", "gaierror") for link in links):
        return no_daemon(endpoint, text)
    if any(isinstance(link, (ConnectionError, transport.ConnectionError, HTTPError)) for link in links) or isinstance(
        error, transport.ChunkedEncodingError
    ):
        return lost(endpoint, text)
    if isinstance(error, DockerException | transport.RequestException):
        return OperationError(f"docker: {text}", detail=text)
    return None


def lost(endpoint: Endpoint, detail: str = "") -> ConnectionLost:
    """The engine went away in the middle of a call."""
    return ConnectionLost(
        f"the Docker Engine at {endpoint.url} went away in the middle",
        "whether it happened is looked up when the run is resumed; is the daemon up? sudo systemctl status docker",
        detail=detail,
    )


def no_daemon(endpoint: Endpoint, detail: str = "") -> ToolMissing:
    """Nothing listens where the engine should be."""
    where = f"{endpoint.url} (from {endpoint.source})"
    if not endpoint.local:
        return ToolMissing(
            f"no Docker Engine answers at {where}",
            f"start it there, or choose another engine: {endpoint.source} says which (docker context ls)",
            detail=detail,
        )
    installed = shutil.which("dockerd") or shutil.which("docker") or shutil.which("dockerd", path="/usr/sbin:/usr/bin")
    if installed is None and endpoint.source == "the default socket":
        return ToolMissing(
            f"Docker is not installed: nothing listens at {where}",
            "install it (Debian, Ubuntu: sudo apt-get install docker.io) or set DOCKER_HOST",
            detail=detail,
        )
    way_out = "start it: sudo systemctl start docker"
    if endpoint.source != "the default socket":
        way_out += f"; or correct {endpoint.source}"
    return ToolMissing(f"no Docker Engine is running at {where}", way_out, detail=detail)


def no_rights(endpoint: Endpoint, detail: str = "") -> ToolMissing:
    """The socket is there, and this user may not use it."""
    return ToolMissing(
        f"this user may not talk to the Docker Engine at {endpoint.url}: only root and the group docker may",
        "sudo usermod -aG docker $USER, then log out and in again",
        detail=detail,
    )


def too_old(endpoint: Endpoint, detail: str = "") -> ToolMissing:
    """Engine and library speak no common version of the API."""
    return ToolMissing(
        f"the Docker Engine at {endpoint.url} and this program speak no common API version",
        "update the engine (19.03 or later is needed), or unset DOCKER_API_VERSION",
        detail=detail,
    )


def refused(status: int, text: str, endpoint: Endpoint) -> OperationError:
    """What the engine said no with: its HTTP status and its own words."""
    plain = text.strip().removeprefix("Error response from daemon: ")
    low = plain.lower()
    if _NO_SPACE.search(plain):
        return NoSpace(
            "the engine's disk is full",
            "see what takes the room: docker system df; then remove what nobody uses: docker system prune",
            detail=plain,
        )
    if _PORT_TAKEN.search(plain):
        port = _PORT.search(plain)
        number = f" {port[1]}" if port else ""
        return Conflict(
            f"the port{number} is already taken on the engine's host",
            "choose another host port, or stop what holds it (docker ps; ss -ltnp)",
            detail=plain,
        )
    if _VERSION.search(plain):
        return too_old(endpoint, plain)
    if "already in use by container" in low:
        return Conflict(
            f"the name is taken: {plain}", "choose another name, or remove the other container", detail=text
        )
    if "pool overlaps" in low:
        return Conflict(
            "another network has addresses of that subnet", "choose another one, or none: the engine does", detail=plain
        )
    if "invalid subnet" in low or "invalid cidr" in low:
        return InvalidFields(f"the engine refuses it: {plain}", "give a subnet such as 172.30.0.0/16", detail=plain)
    if status == 404:
        return NotFound(plain or "docker knows no such thing", "docker ps -a shows what is there", detail=text)
    if status == 409:
        return Conflict(plain, "docker ps -a shows what is there", detail=text)
    if status == 400:
        return InvalidFields(f"the engine refuses it: {plain}", "correct what it names", detail=text)
    if status in (401, 403):
        return PermissionMissing(f"the engine refuses it: {plain}", "docker login, or ask its owner", detail=text)
    return OperationError(
        f"the engine could not do it: {plain}", "its log may say more: journalctl -u docker", detail=text
    )


def not_pulled(image: str, text: str, endpoint: Endpoint) -> OperationError:
    """Why an image did not come from its registry."""
    registry = registry_of(image)
    if _NO_SPACE.search(text):
        return refused(500, text, endpoint)
    if _UNKNOWN_IMAGE.search(text):
        return NotFound(
            f"the registry {registry} has no image {image}", "check its name and tag for a slip", detail=text
        )
    if _DENIED.search(text):
        return PermissionMissing(
            f"the registry {registry} does not give {image} to this user, or has no such image",
            f"check the name, or log in: docker login {registry}",
            detail=text,
        )
    if _UNREACHABLE.search(text):
        return NotFound(
            f"image {image} is not here and its registry {registry} can't be reached",
            f"when there is a network: docker pull {image}; without one: docker load -i FILE made by docker save",
            detail=text,
        )
    return OperationError(f"image {image} could not be pulled from {registry}: {text}", detail=text)


def not_pushed(image: str, text: str) -> OperationError:
    """Why a registry did not take an image."""
    registry = registry_of(image)
    if _DENIED.search(text) or "access to the resource is denied" in text:
        return PermissionMissing(
            f"the registry {registry} does not take {image} from this user",
            f"check the name, or log in: docker login {registry}",
            detail=text,
        )
    if _UNREACHABLE.search(text):
        return OperationError(
            f"{image} could not be pushed: the registry {registry} can't be reached",
            "check the registry's name and the network",
            detail=text,
        )
    return OperationError(
        f"{image} could not be pushed to {registry}: {text}", "look at the registry, then push again", detail=text
    )
