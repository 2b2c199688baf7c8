"""A container's settings as the engine's API takes them: for a new one, and for one made like another that was."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection
from typing import Any

from reign_executors.call import Blobs
from reign_executors.docker.client import Json
from reign_executors.docker.names import short

_NANO = 1_000_000_000


def restart_policy(text: str) -> Json:
    """``no``, ``always``, ``unless-stopped``, ``on-failure`` or ``on-failure:3`` as the API takes it."""
    name, _, count = text.partition(":")
    policy: Json = {"Name": name}
    if count:
        policy["MaximumRetryCount"] = int(count)
    return policy


def restart_text(policy: Json | None) -> str:
    """The reverse of :func:`restart_policy`."""
    name = (policy or {}).get("Name") or "no"
    count = (policy or {}).get("MaximumRetryCount") or 0
    return f"{name}:{count}" if name == "on-failure" and count else str(name)


def nano_cpus(cpus: float) -> int:
    return round(cpus * _NANO)


def words(command: str | list[str] | None) -> list[str] | None:
    """A command as a list; a text is split as a shell would, without expanding anything."""
    return shlex.split(command) if isinstance(command, str) else command


def like(info: Json) -> Json:
    """What it takes to make a container like the inspected one again: no ids of its own, no times, no addresses.

    ``{"name", "id", "image", "running", "paused", "config", "host", "networks", "anonymous"}``
    """
    config = dict(info["Config"])
    if config.get("Hostname") == info["Id"][:12]:
        config.pop("Hostname")
    config.pop("MacAddress", None)
    host = dict(info["HostConfig"])
    host.pop("ContainerIDFile", None)
    host["Binds"] = sorted(bind for bind in host.get("Binds") or () if ":" in bind) or None
    anonymous = _anonymous(info, host)
    targets = {mount.get("Target") for mount in host.get("Mounts") or ()} & set(anonymous)
    if targets:
        host["Mounts"] = [mount for mount in host["Mounts"] if mount.get("Target") not in targets]
    networks = {
        name: _endpoint(joined, info["Id"])
        for name, joined in sorted((info["NetworkSettings"].get("Networks") or {}).items())
    }
    state = info["State"]
    return {
        "name": str(info["Name"]).lstrip("/"),
        "id": info["Id"],
        "image": info["Image"],
        "running": bool(state["Running"]),
        "paused": bool(state["Paused"]),
        "config": config,
        "host": host,
        "networks": networks,
        "anonymous": anonymous,
    }


def _anonymous(info: Json, host: Json) -> dict[str, str]:
    """Path in the container → name, of volumes that nobody gave a name."""
    known = {bind.split(":")[1] for bind in host["Binds"] or ()}
    known |= {mount.get("Target") for mount in host.get("Mounts") or () if mount.get("Source")}
    mounted = (mount for mount in info.get("Mounts") or () if mount.get("Type") == "volume")
    return {m["Destination"]: m["Name"] for m in mounted if m.get("Destination") not in known}


def _endpoint(joined: Json, identity: str) -> Json:
    aliases = sorted(alias for alias in joined.get("Aliases") or () if alias != short(identity))
    kept = {
        "IPAMConfig": joined.get("IPAMConfig"),
        "Links": joined.get("Links"),
        "DriverOpts": joined.get("DriverOpts"),
    }
    return {key: value for key, value in {**kept, "Aliases": aliases or None}.items() if value}


def body(spec: Json, image: str, labels: dict[str, str], there: Collection[str] = ()) -> Json:
    """The request that creates a container like ``spec`` from ``image``, with ``labels`` besides its own.
    ``there`` are its anonymous volumes that still exist: it gets those again, and new ones for the others.

    The engine takes one network at creation; the others are joined before the start.
    """
    config = dict(spec["config"])
    config["Image"] = image
    config["Labels"] = {**(config.get("Labels") or {}), **labels}
    again = {path: name for path, name in spec["anonymous"].items() if name in there}
    config["HostConfig"] = {
        **spec["host"],
        "Binds": [*(spec["host"]["Binds"] or ()), *(f"{name}:{path}" for path, name in sorted(again.items()))] or None,
    }
    config["Volumes"] = {
        **(config.get("Volumes") or {}),
        **{path: {} for path in spec["anonymous"] if path not in again},
    } or None
    first = first_network(spec)
    if first is not None:
        config["NetworkingConfig"] = {"EndpointsConfig": {first: spec["networks"][first]}}
    return config


def first_network(spec: Json) -> str | None:
    """The network a container is created in: the one of its mode, else the first of its networks."""
    networks = spec["networks"]
    mode = spec["host"].get("NetworkMode") or "default"
    mode = "bridge" if mode == "default" else mode
    if mode in networks:
        return str(mode)
    return next(iter(networks), None)


def other_networks(spec: Json) -> list[tuple[str, Json]]:
    first = first_network(spec)
    return [(name, joined) for name, joined in spec["networks"].items() if name != first]


def keep(blobs: Blobs, spec: Json) -> str:
    """Keep a spec (it holds environment values, so it never goes into the journal); returns its reference."""
    return blobs.put(json.dumps(spec, sort_keys=True).encode())


def kept(blobs: Blobs, reference: str) -> Json:
    """The spec kept under ``reference``; ``KeyError`` when it is gone."""
    loaded: Any = json.loads(blobs.get(reference))
    return dict(loaded)
