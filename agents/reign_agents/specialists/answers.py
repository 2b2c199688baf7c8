"""What was asked for, in words: a few lines rather than a dump."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reign_agents.engine.results import Results
from reign_agents.plan.model import Plan
from reign_executors.operation import JsonObject

LINES = 20
Say = Callable[[dict[str, Any], JsonObject], str]


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


def _rows(rows: list[Any], line: Callable[[dict[str, Any]], str], nothing: str) -> str:
    if not rows:
        return nothing
    shown = [line(row) for row in rows[:LINES]]
    if len(rows) > LINES:
        shown.append(f"… and {len(rows) - LINES} more")
    return "\n".join(shown)


def _text(text: str) -> str:
    lines = text.rstrip("\n").split("\n")
    if len(lines) <= LINES:
        return "\n".join(lines)
    return "\n".join([*lines[:LINES], f"… and {len(lines) - LINES} more lines (the step's log has them all)"])


def _container(row: dict[str, Any]) -> str:
    ports = row.get("ports") or ""
    shown = ", ".join(f"{outer} → {inner}" for inner, outer in ports.items()) if isinstance(ports, dict) else str(ports)
    return f"{row.get('name')}  {row.get('image')}  {row.get('status')}" + (f"  {shown}" if shown else "")


SAY: dict[str, Say] = {
    "docker.list_containers": lambda out, _f: _rows(out.get("containers", []), _container, "There are no containers."),
    "docker.list_images": lambda out, _f: _rows(
        out.get("images", []),
        lambda row: f"{', '.join(row.get('tags') or ['<no tag>'])}  {in_bytes(row.get('bytes'))}",
        "There are no images.",
    ),
    "docker.list_volumes": lambda out, _f: _rows(
        out.get("volumes", []), lambda row: str(row.get("name")), "There are no volumes."
    ),
    "docker.list_networks": lambda out, _f: _rows(
        out.get("networks", []), lambda row: f"{row.get('name')}  {row.get('driver')}", "There are no networks."
    ),
    "shell.read": lambda out, _f: _text(str(out.get("stdout") or "")) or "(no output)",
    "shell.command": lambda out, _f: _text(str(out.get("stdout") or "")) or "Done; the command printed nothing.",
    "file.read": lambda out, _f: "binary file" if out.get("binary") else _text(str(out.get("text") or "")) or "(empty)",
    "file.list": lambda out, _f: _rows(
        out.get("entries", []),
        lambda row: f"{row.get('name')}{'/' if row.get('kind') == 'directory' else ''}  {in_bytes(row.get('size'))}",
        "The directory is empty.",
    ),
    "file.find": lambda out, _f: _rows(out.get("matches", []), str, "No file fits."),
    "network.listening": lambda out, _f: _rows(
        out.get("listeners", []),
        lambda row: f"{row.get('host')}:{row.get('port')}  {row.get('process') or '?'} (pid {row.get('pid') or '?'})",
        "Nothing listens there.",
    ),
}


def answer(plan: Plan, results: Results) -> str | None:
    """The words for a run's results; None where nothing was asked (a plan that only changes things)."""
    words = []
    for step in plan.steps:
        _, outputs = results.get(step.id, (step, None))
        if outputs is None:
            continue
        say = SAY.get(step.operation)
        if say is not None:
            words.append(say(outputs, step.fields))
        elif "detail" in outputs or "text" in outputs:
            words.append(_text(str(outputs.get("detail") or outputs.get("text") or "")))
    text = "\n".join(word for word in words if word)
    return text or None
