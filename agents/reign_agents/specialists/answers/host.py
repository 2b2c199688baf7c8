"""What is said of files, commands and ports of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reign_agents.specialists.answers.words import Say, in_bytes, rows, shortened, words
from reign_executors.operation import JsonObject


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


def _page(out: Mapping[str, Any], fields: JsonObject) -> str:
    first = f"{out.get('url') or fields.get('url')} answers {out.get('status')} {out.get('reason') or ''}".rstrip()
    return f"{first} in {float(out.get('seconds') or 0):.2f} s, {in_bytes(out.get('bytes'))}."


def _command(out: Mapping[str, Any], _fields: JsonObject) -> str:
    return shortened(str(out.get("stdout") or out.get("stderr") or ""), "Done; it printed nothing.")


def _wrote(_out: Mapping[str, Any], fields: JsonObject) -> str:
    size = len(str(fields.get("content") or "").encode())
    return f"wrote {fields.get('path')} ({size} byte{'' if size == 1 else 's'})"


def _restored(fields: JsonObject) -> str:
    before = fields.get("before")
    path = before.get("path") if isinstance(before, dict) else None
    return str(path or fields.get("moved_from") or fields.get("moved_to") or "the file")


SAY: dict[str, Say] = {
    "shell.read": _command,
    "shell.command": _command,
    "shell.script": _command,
    "file.read": lambda out, _f: (
        "It is a binary file." if out.get("binary") else shortened(str(out.get("text") or ""), "(empty)")
    ),
    "file.list": rows("entries", _row, "The directory is empty."),
    "file.find": rows("matches", lambda row: str(row.get("path")), "No file fits."),
    "file.stat": _stat,
    "file.disk_usage": _usage,
    "network.listening": rows(
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
}

DONE: dict[str, Say] = {
    "file.write": _wrote,
    "file.append": words("added a line to {path}"),
    "file.copy": words("copied {source} to {destination}"),
    "file.move": words("moved {source} to {destination}"),
    "file.make_directory": words("made the directory {path}"),
    "file.remove": words("removed {path}"),
    "file.set_mode": words("{path} has mode {mode}"),
    "file.link": words("{path} points to {to}"),
    "file.restore": lambda _out, fields: f"{_restored(fields)} is as it was",
}
