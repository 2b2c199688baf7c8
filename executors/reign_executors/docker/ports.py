"""Who holds a port of the engine's host: a container, or a process of this machine."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reign_executors.docker.names import Publication

_TABLES = {"tcp": ("tcp", "tcp6"), "udp": ("udp", "udp6"), "sctp": ()}
_LISTEN = "0A"
_EVERYWHERE = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  compared, never bound


@dataclass(frozen=True, slots=True)
class Holder:
    """What listens on a port. ``container`` is an id, or empty when it is a process of the host."""

    description: str
    container: str = ""


def meets(one: str, other: str) -> bool:
    """Whether two listening addresses exclude each other on the same port."""
    return one == other or one in _EVERYWHERE or other in _EVERYWHERE


Taken = dict[tuple[int, str], list[Any]]


def published(rows: Iterable[dict[str, Any]], without: frozenset[str] = frozenset()) -> Taken:
    """``(port, protocol)`` → ``[(ip, row)]`` of a container listing; ``without`` are ids not to count."""
    taken: Taken = {}
    for row in rows:
        if row["Id"] in without:
            continue
        for port in row.get("Ports") or ():
            if port.get("PublicPort"):
                taken.setdefault((port["PublicPort"], port.get("Type", "tcp")), []).append((port.get("IP", ""), row))
    return taken


def container_holder(publication: Publication, taken: Taken) -> Holder | None:
    """The container that publishes this very port."""
    if publication.host_port is None:
        return None
    for ip, row in taken.get((publication.host_port, publication.protocol), ()):
        if meets(ip, publication.host_ip):
            name = (row.get("Names") or [row["Id"][:12]])[0].lstrip("/")
            return Holder(f"container {name} ({row['Id'][:12]}, image {row.get('Image', '')})", row["Id"])
    return None


def listening(protocol: str) -> set[int] | None:
    """Ports on which something of this machine listens; None where the system does not tell that cheaply."""
    if sys.platform != "linux":
        return None
    ports: set[int] = set()
    for table in _TABLES[protocol]:
        try:
            lines = (Path("/proc/net") / table).read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if protocol == "udp" or columns[3] == _LISTEN:
                ports.add(int(columns[1].rpartition(":")[2], 16))
    return ports


def process_holder(publication: Publication) -> Holder | None:
    """The process of this machine that listens there, with name and pid when this user may see them."""
    if publication.host_port is None:
        return None
    found = listening(publication.protocol)
    if found is not None and publication.host_port not in found:
        return None
    import psutil

    kind = "udp" if publication.protocol == "udp" else "tcp"
    try:
        connections = psutil.net_connections(kind)
    except psutil.AccessDenied:
        return None if found is None else Holder("a process of the host that this user may not see")
    for connection in connections:
        address = connection.laddr
        if not address or address.port != publication.host_port:
            continue
        if kind == "tcp" and connection.status != psutil.CONN_LISTEN:
            continue
        if not meets(address.ip, publication.host_ip):
            continue
        if connection.pid is None:
            return Holder("a process of the host that this user may not see")
        try:
            name = psutil.Process(connection.pid).name()
        except psutil.Error:
            name = "a process"
        return Holder(f"process {name} (pid {connection.pid})")
    return None


def next_free(publication: Publication, taken: Taken, avoid: Iterable[int] = ()) -> int | None:
    """The next host port upwards that neither a container nor this machine uses; None when there is none."""
    here = listening(publication.protocol) or set()
    used = {port for port, protocol in taken if protocol == publication.protocol} | here | set(avoid)
    first = (publication.host_port or 1023) + 1
    return next((port for port in range(first, 65536) if port not in used), None)
