"""What was asked for, in words: a few lines rather than a dump; for changes, one sentence of what is now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reign_agents.engine.results import Results
from reign_agents.plan.model import Plan, Step
from reign_agents.specialists import terraform_words
from reign_executors.operation import JsonObject

LINES = 20
WIDTH = 300
"""Characters of a line that are shown."""
Say = Callable[[Mapping[str, Any], JsonObject], str | None]
"""Outputs and fields of one step → what to say of it; None: nothing."""


def in_bytes(count: float | None) -> str:
    """``1536`` → ``1.5 KiB``."""
    if count is None:
        return "?"
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(size) < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TiB"


def _rows(key: str, line: Callable[[dict[str, Any]], str], nothing: str) -> Say:
    def say(out: Mapping[str, Any], _fields: JsonObject) -> str:
        rows = out.get(key) or ()
        if not rows:
            return nothing
        more = [f"… and {len(rows) - LINES + 1} more"] if len(rows) > LINES else []
        return "\n".join([*(line(row) for row in rows[: LINES - len(more)]), *more])

    return say


def shortened(text: str, nothing: str = "") -> str:
    """At most :data:`LINES` lines of a text, saying how many are left out."""
    lines = [line if len(line) <= WIDTH else f"{line[:WIDTH]}…" for line in text.rstrip("\n").split("\n")]
    if len(lines) <= LINES:
        return "\n".join(lines) or nothing
    kept = lines[: LINES - 1]
    return "\n".join([*kept, f"… and {len(lines) - len(kept)} more lines (the step's log has them all)"])


def _named_text(key: str, nothing: str) -> Say:
    return lambda out, _fields: shortened(str(out.get(key) or ""), nothing)


def _container(row: dict[str, Any]) -> str:
    ports = row.get("ports") or []
    shown = ", ".join(map(str, ports)) if isinstance(ports, list | tuple) else str(ports)
    health = f" ({row['health']})" if row.get("health") else ""
    return f"{row.get('name')}  {row.get('image')}  {row.get('status')}{health}" + (f"  {shown}" if shown else "")


def _row(row: dict[str, Any]) -> str:
    directory = row.get("kind") == "directory"
    return f"{row.get('name')}{'/' if directory else ''}" + ("" if directory else f"  {in_bytes(row.get('size'))}")


def _stat(out: Mapping[str, Any], fields: JsonObject) -> str:
    return (
        f"{fields.get('path')} is a {out.get('kind')} of {in_bytes(out.get('size'))}, mode {out.get('mode')}, "
        f"of {out.get('owner')}:{out.get('group')}, changed {out.get('modified')}."
    )


def _usage(out: Mapping[str, Any], _fields: JsonObject) -> str:
    largest = [f"  {in_bytes(row.get('bytes'))}  {row.get('path')}" for row in (out.get("largest") or ())[:8]]
    whole = "" if out.get("complete", True) else " (not everything could be read)"
    free = f" {in_bytes(out['free'])} of {in_bytes(out.get('total'))} are free there." if out.get("free") else ""
    first = f"{out.get('path')} takes {in_bytes(out.get('bytes'))} in {out.get('files')} files{whole}.{free}"
    return "\n".join([first, *largest])


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


def _page(out: Mapping[str, Any], fields: JsonObject) -> str:
    first = f"{out.get('url') or fields.get('url')} answers {out.get('status')} {out.get('reason') or ''}".rstrip()
    return f"{first} in {float(out.get('seconds') or 0):.2f} s, {in_bytes(out.get('bytes'))}."


def _command(out: Mapping[str, Any], _fields: JsonObject) -> str:
    return shortened(str(out.get("stdout") or out.get("stderr") or ""), "Done; it printed nothing.")


SAY: dict[str, Say] = {
    "docker.list_containers": _rows("containers", _container, "There are no containers."),
    "docker.list_images": _rows(
        "images",
        lambda row: f"{', '.join(row.get('tags') or ['<no tag>'])}  {in_bytes(row.get('size'))}",
        "There are no images.",
    ),
    "docker.list_volumes": _rows("volumes", lambda row: str(row.get("name")), "There are no volumes."),
    "docker.list_networks": _rows(
        "networks", lambda row: f"{row.get('name')}  {row.get('driver')}", "There are no networks."
    ),
    "docker.logs": _named_text("text", "The log is empty."),
    "docker.stats": _stats,
    "docker.health": _health,
    "docker.inspect": _inspected,
    "docker.top": _processes,
    "docker.disk_usage": _docker_disk,
    "docker.info": _engine,
    "docker.exec": _named_text("text", "Done; it printed nothing."),
    "shell.read": _command,
    "shell.command": _command,
    "shell.script": _command,
    "file.read": lambda out, _f: (
        "It is a binary file." if out.get("binary") else shortened(str(out.get("text") or ""), "(empty)")
    ),
    "file.list": _rows("entries", _row, "The directory is empty."),
    "file.find": _rows("matches", lambda row: str(row.get("path")), "No file fits."),
    "file.stat": _stat,
    "file.disk_usage": _usage,
    "network.listening": _rows(
        "listeners",
        lambda row: (
            f"{row.get('address')}:{row.get('port')}  {row.get('process') or '?'} (pid {row.get('pid') or '?'})"
        ),
        "Nothing listens there.",
    ),
    "network.check_port": lambda out, f: (
        f"{f.get('host', '127.0.0.1')}:{f.get('port')} answers ({out.get('how') or 'connects'})."
    ),
    "network.http": _page,
    "network.free_port": lambda out, _f: f"Port {out.get('port')} is free.",
    **terraform_words.SAY,
}
"""Query (or command) → its answer."""


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


def _wrote(_out: Mapping[str, Any], fields: JsonObject) -> str:
    size = len(str(fields.get("content") or "").encode())
    return f"wrote {fields.get('path')} ({size} byte{'' if size == 1 else 's'})"


def _removed(out: Mapping[str, Any], fields: JsonObject) -> str:
    volumes = fields.get("named_volumes")
    more = (
        f" and its volume{'s' if len(volumes) > 1 else ''} {', '.join(map(str, volumes))}"
        if isinstance(volumes, list) and volumes
        else ""
    )
    return f"container {fields.get('container')}{more} removed"


def _words(template: str) -> Say:
    return lambda _out, fields: template.format_map({**fields})


DONE: dict[str, Say] = {
    "docker.run": _made,
    "docker.create": _words("container {container} is made, not started"),
    "docker.recreate_container": _words("container {container} is back"),
    "docker.remove_container": _removed,
    "docker.stop": _words("{container} is stopped"),
    "docker.start": _words("{container} runs"),
    "docker.restart": _words("{container} was restarted"),
    "docker.pause": _words("{container} is paused"),
    "docker.unpause": _words("{container} goes on"),
    "docker.rename": _words("{container} is now called {to}"),
    "docker.update": _words("{container} has new settings"),
    "docker.pull": _words("image {image} is here"),
    "docker.build": _words("image {image} is built from {folder}"),
    "docker.tag": _words("{image} is also tagged {tag}"),
    "docker.remove_image": _words("image {image} removed"),
    "docker.create_volume": _words("volume {volume} is there"),
    "docker.remove_volume": _words("volume {volume} removed"),
    "docker.create_network": _words("network {network} is there"),
    "docker.remove_network": _words("network {network} removed"),
    "docker.connect_network": _words("{container} is in network {network}"),
    "docker.disconnect_network": _words("{container} is out of network {network}"),
    "docker.copy_into": _words("{source} is in {container} at {folder}"),
    "file.write": _wrote,
    "file.append": _words("added a line to {path}"),
    "file.copy": _words("copied {source} to {destination}"),
    "file.move": _words("moved {source} to {destination}"),
    "file.make_directory": _words("made the directory {path}"),
    "file.remove": _words("removed {path}"),
    "file.set_mode": _words("{path} has mode {mode}"),
    "file.link": _words("{path} points to {to}"),
    "file.restore": lambda _out, fields: f"{_restored(fields)} is as it was",
    **terraform_words.DONE,
}
"""Change → what is now."""

_PREPARES = frozenset({"docker.pull", "docker.create_volume", "docker.create_network"})
_PROVES = frozenset({"docker.wait_healthy", "network.check_port"})


def _restored(fields: JsonObject) -> str:
    before = fields.get("before")
    path = before.get("path") if isinstance(before, dict) else None
    return str(path or fields.get("moved_from") or fields.get("moved_to") or "the file")


def answer(plan: Plan, results: Results) -> str | None:
    """The words for a run's results, at most :data:`LINES` lines; None when nothing ended well."""
    done = [(step, outputs) for step in plan.steps if (outputs := results.get(step.id, (step, None))[1]) is not None]
    runs = any(step.operation in ("docker.run", "docker.create") for step, _ in done)
    sentences: list[str] = []
    told: list[str] = []
    for step, outputs in done:
        if runs and (step.operation in _PREPARES or _proves(step, plan)):
            continue
        said, changed = _said(step, outputs)
        if said:
            (sentences if changed else told).append(said)
    changes = "; ".join(dict.fromkeys(sentences))
    parts = [f"{changes}.", *told] if changes else told
    return shortened("\n".join(parts)) or None


def _proves(step: Step, plan: Plan) -> bool:
    """Whether a step only proves what a step before it did: its result goes without saying."""
    return step.operation in _PROVES and bool(step.needs) and len(plan.steps) > 1


def _said(step: Step, outputs: JsonObject) -> tuple[str | None, bool]:
    say, done = SAY.get(step.operation), DONE.get(step.operation)
    if done is not None:
        try:
            return done(outputs, step.fields), True
        except KeyError:
            return None, True
    if say is not None:
        return say(outputs, step.fields), False
    return shortened(str(outputs.get("detail") or outputs.get("text") or "")) or None, False
