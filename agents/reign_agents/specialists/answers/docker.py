"""What is said of Docker's results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reign_agents.specialists.answers.words import Say, in_bytes, rows, shortened, text_of, words
from reign_executors.operation import JsonObject


def _container(row: dict[str, Any]) -> str:
    ports = row.get("ports") or []
    shown = ", ".join(map(str, ports)) if isinstance(ports, list | tuple) else str(ports)
    health = f" ({row['health']})" if row.get("health") else ""
    return f"{row.get('name')}  {row.get('image')}  {row.get('status')}{health}" + (f"  {shown}" if shown else "")


def _stats(out: Mapping[str, Any], _fields: JsonObject) -> str:
    return (
        f"{out.get('container')} uses {float(out.get('cpu') or 0):.1f} % of a CPU and {in_bytes(out.get('memory'))} of "
        f"{in_bytes(out.get('memory_limit'))} memory; {out.get('processes')} processes; network "
        f"{in_bytes(out.get('network_received'))} in, {in_bytes(out.get('network_sent'))} out."
    )


def _health(out: Mapping[str, Any], fields: JsonObject) -> str:
    name = out.get("container") or fields.get("container")
    status, health = out.get("status"), out.get("health")
    if status != "running":
        code = f" (exit {out.get('exit')})" if out.get("exit") is not None else ""
        lines = shortened(str(out.get("lines") or ""))
        return f"{name} does not run: it is {status}{code}." + (f"\n{lines}" if lines else "")
    said = f"and is {health}" if health else "and has no health check"
    restarts = f", restarted {out['restarts']} times" if out.get("restarts") else ""
    return f"{name} runs {said}{restarts}."


def _inspected(out: Mapping[str, Any], fields: JsonObject) -> str:
    known: Mapping[str, Any] = out.get("object") or {}
    state, config = known.get("State") or {}, known.get("Config") or {}
    ports = (known.get("NetworkSettings") or {}).get("Ports") or {}
    published = [
        f"{binding.get('HostIp') or '*'}:{binding.get('HostPort')} → {inner}"
        for inner, bindings in ports.items()
        for binding in bindings or ()
    ]
    mounts = [f"{m.get('Name') or m.get('Source')} at {m.get('Destination')}" for m in known.get("Mounts") or ()]
    lines = [
        f"{out.get('kind')} {fields.get('container')}",
        f"  image: {config.get('Image')}" if config.get("Image") else "",
        f"  status: {state.get('Status')}" if state.get("Status") else "",
        f"  ports: {', '.join(published)}" if published else "",
        f"  mounts: {', '.join(mounts[:6])}" if mounts else "",
        f"  networks: {', '.join((known.get('NetworkSettings') or {}).get('Networks') or ())}"
        if (known.get("NetworkSettings") or {}).get("Networks")
        else "",
    ]
    return "\n".join(line for line in lines if line)


def _processes(out: Mapping[str, Any], _fields: JsonObject) -> str:
    rows = ["  ".join(map(str, row)) for row in (out.get("titles") or [], *(out.get("processes") or ()))]
    return shortened("\n".join(rows), "There are no processes.")


def _docker_disk(out: Mapping[str, Any], _fields: JsonObject) -> str:
    kinds = ("images", "containers", "volumes", "build_cache")
    return "\n".join(f"{kind.replace('_', ' ')}: {in_bytes(out.get(kind))}" for kind in kinds)


def _engine(out: Mapping[str, Any], _fields: JsonObject) -> str:
    return (
        f"Docker {out.get('version')} on {out.get('name')} ({out.get('system')}), storage {out.get('storage')}: "
        f"{out.get('containers')} containers, {out.get('running')} running, {out.get('images')} images."
    )


def _made(out: Mapping[str, Any], fields: JsonObject) -> str:
    name = fields.get("container") or out.get("name")
    text = f"{name} runs {fields.get('image')}"
    ports = fields.get("ports")
    urls = [_url(str(pair)) for pair in ports] if isinstance(ports, list) else []
    if urls:
        text += f" on {', '.join(urls)}"
    volumes = fields.get("volumes")
    sources = [str(mount).split(":")[0] for mount in volumes] if isinstance(volumes, list) else []
    named = [source for source in sources if not source.startswith("/")]
    folders = [source for source in sources if source.startswith("/")]
    if named:
        text += f", data in volume{'s' if len(named) > 1 else ''} {', '.join(named)}"
    if folders:
        text += f", with {', '.join(folders)} mounted"
    return text


def _url(pair: str) -> str:
    parts = pair.split("/")[0].split(":")
    outer = parts[-2] if len(parts) > 1 else parts[0]
    scheme = "https" if parts[-1] in ("443", "8443") else "http"
    known = {"5432", "3306", "6379", "27017", "5672", "11211", "53", "22"}
    return f"port {outer}" if parts[-1] in known or pair.endswith("/udp") else f"{scheme}://localhost:{outer}"


def _removed(out: Mapping[str, Any], fields: JsonObject) -> str:
    volumes = fields.get("named_volumes")
    more = (
        f" and its volume{'s' if len(volumes) > 1 else ''} {', '.join(map(str, volumes))}"
        if isinstance(volumes, list) and volumes
        else ""
    )
    return f"container {fields.get('container')}{more} removed"


SAY: dict[str, Say] = {
    "docker.list_containers": rows("containers", _container, "There are no containers."),
    "docker.list_images": rows(
        "images",
        lambda row: f"{', '.join(row.get('tags') or ['<no tag>'])}  {in_bytes(row.get('size'))}",
        "There are no images.",
    ),
    "docker.list_volumes": rows("volumes", lambda row: str(row.get("name")), "There are no volumes."),
    "docker.list_networks": rows(
        "networks", lambda row: f"{row.get('name')}  {row.get('driver')}", "There are no networks."
    ),
    "docker.logs": text_of("text", "The log is empty."),
    "docker.stats": _stats,
    "docker.health": _health,
    "docker.inspect": _inspected,
    "docker.top": _processes,
    "docker.disk_usage": _docker_disk,
    "docker.info": _engine,
    "docker.exec": text_of("text", "Done; it printed nothing."),
}

DONE: dict[str, Say] = {
    "docker.run": _made,
    "docker.create": words("container {container} is made, not started"),
    "docker.recreate_container": words("container {container} is back"),
    "docker.remove_container": _removed,
    "docker.stop": words("{container} is stopped"),
    "docker.start": words("{container} runs"),
    "docker.restart": words("{container} was restarted"),
    "docker.pause": words("{container} is paused"),
    "docker.unpause": words("{container} goes on"),
    "docker.rename": words("{container} is now called {to}"),
    "docker.update": words("{container} has new settings"),
    "docker.pull": words("image {image} is here"),
    "docker.build": words("image {image} is built from {folder}"),
    "docker.push": lambda out, fields: (
        f"{fields.get('image')} is in its registry" + ("" if out.get("changed", True) else " already")
    ),
    "docker.tag": words("{image} is also tagged {tag}"),
    "docker.remove_image": words("image {image} removed"),
    "docker.create_volume": words("volume {volume} is there"),
    "docker.remove_volume": words("volume {volume} removed"),
    "docker.create_network": words("network {network} is there"),
    "docker.remove_network": words("network {network} removed"),
    "docker.connect_network": words("{container} is in network {network}"),
    "docker.disconnect_network": words("{container} is out of network {network}"),
    "docker.copy_into": words("{source} is in {container} at {folder}"),
}
