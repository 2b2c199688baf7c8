"""How docker writes images, ports, mounts and amounts, taken apart without asking an engine."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from reign_executors.home import expanded

HUB = "docker.io"
IMAGE_ID = re.compile(r"(sha256:)?[0-9a-f]{12,64}")
CONTAINER_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
_AMOUNT = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[kmgt]?)(?P<binary>i?)b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3, "t": 1024**4}


def image_name(image: str) -> str:
    """The name as people say it, always with a tag (``nginx`` → ``nginx:latest``); digests and ids stay."""
    image = image.strip()
    if image.startswith("sha256:"):
        return image
    for prefix in ("index.docker.io/", "docker.io/"):
        if image.startswith(prefix):
            image = image.removeprefix(prefix).removeprefix("library/")
    if "@" in image or ":" in image.rpartition("/")[2]:
        return image
    return f"{image}:latest"


def repository_and_tag(image: str) -> tuple[str, str]:
    """``("host:5000/app", "2")`` of ``host:5000/app:2``; the tag of a digest is the digest."""
    name = image_name(image)
    if "@" in name:
        repository, _, digest = name.partition("@")
        return repository, digest
    repository, _, tag = name.rpartition(":")
    return repository, tag


def registry_of(image: str) -> str:
    """The registry an image would be pulled from: ``docker.io`` unless its first part is a host."""
    first, slash, _ = image.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return first
    return HUB


@dataclass(frozen=True, slots=True)
class Publication:
    """One published port; ``host_port`` None lets the engine choose."""

    container_port: int
    protocol: str = "tcp"
    host_port: int | None = None
    host_ip: str = ""

    @property
    def key(self) -> str:
        return f"{self.container_port}/{self.protocol}"

    def with_host_port(self, port: int) -> str:
        """The text of this publication on another host port."""
        ip = f"[{self.host_ip}]" if ":" in self.host_ip else self.host_ip
        suffix = "" if self.protocol == "tcp" else f"/{self.protocol}"
        return f"{ip + ':' if ip else ''}{port}:{self.container_port}{suffix}"

    def __str__(self) -> str:
        if self.host_port is None:
            return self.key if self.protocol != "tcp" else str(self.container_port)
        return self.with_host_port(self.host_port)


_PORT = re.compile(
    r"(?:(?:(?P<ip>\[[0-9a-fA-F:]+\]|[0-9.]+|localhost):)?(?P<host>\d+(?:-\d+)?)?:)?"
    r"(?P<container>\d+(?:-\d+)?)(?:/(?P<protocol>tcp|udp|sctp))?"
)


def publications(text: str) -> tuple[Publication, ...]:
    """What ``-p`` takes: ``8080:80``, ``127.0.0.1:53:53/udp``, ``80``, ranges of equal length.

    ``ValueError`` says what is wrong with it.
    """
    match = _PORT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a port: write host:container, such as 8080:80 or 127.0.0.1:53:53/udp")
    container = _range(match["container"], text)
    host = _range(match["host"], text) if match["host"] else None
    if host is not None and len(host) != len(container):
        raise ValueError(f"{text!r}: the two port ranges differ in length")
    ip = (match["ip"] or "").strip("[]")
    return tuple(
        Publication(
            port,
            match["protocol"] or "tcp",
            None if host is None else host[index],
            "127.0.0.1" if ip == "localhost" else ip,
        )
        for index, port in enumerate(container)
    )


def _range(text: str, whole: str) -> range:
    first, _, last = text.partition("-")
    numbers = range(int(first), int(last or first) + 1)
    if not numbers or numbers[0] < 1 or numbers[-1] > 65535:
        raise ValueError(f"{whole!r}: ports go from 1 to 65535")
    return numbers


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount: ``kind`` volume (named), bind (a path of the host) or anonymous."""

    kind: Literal["volume", "bind", "anonymous"]
    source: str
    destination: str
    options: str = ""

    @property
    def read_only(self) -> bool:
        return "ro" in self.options.split(",")

    def bind(self) -> str:
        """The form the engine's API takes in ``HostConfig.Binds``."""
        return ":".join(part for part in (self.source, self.destination, self.options) if part)


def mount(text: str, cwd: Path | None = None) -> Mount:
    """What ``-v`` takes: ``data:/data``, ``/host:/in:ro``, ``./here:/in``, ``/anonymous``; ``ValueError`` otherwise."""
    parts = text.strip().split(":")
    if len(parts) > 3 or not all(parts):
        raise ValueError(f"{text!r} is not a mount: write volume:/path, /host/path:/path or add :ro")
    if len(parts) == 1:
        source, destination, options = "", parts[0], ""
    else:
        source, destination, options = parts[0], parts[1], parts[2] if len(parts) == 3 else ""
    if not destination.startswith("/"):
        raise ValueError(f"{text!r}: the path in the container must begin with /")
    if not source:
        return Mount("anonymous", "", destination, options)
    if source[0] in "/.~":
        path = expanded(source)
        return Mount("bind", str(path if path.is_absolute() else (cwd or Path.cwd()) / path), destination, options)
    if not CONTAINER_NAME.fullmatch(source):
        raise ValueError(f"{text!r}: {source!r} is neither a volume's name nor a path")
    return Mount("volume", source, destination, options)


def amount(text: str) -> int:
    """Bytes of ``512m``, ``1.5g``, ``16Mi`` or ``1048576``; ``ValueError`` otherwise."""
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not an amount of memory: write 512m, 2g or a number of bytes")
    return int(float(match["number"]) * _UNITS[match["unit"].lower()])


def in_words(count: int) -> str:
    """Bytes for people: ``0 B``, ``1.5 MiB``."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{int(size)} B" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def short(identity: str) -> str:
    """The first twelve characters of an id, as docker shows it."""
    return identity.removeprefix("sha256:")[:12]
