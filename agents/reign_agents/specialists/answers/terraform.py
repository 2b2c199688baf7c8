"""What terraform's operations answer, in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from reign_executors.operation import JsonObject

Say = Callable[[Mapping[str, Any], JsonObject], str | None]


def _where(fields: JsonObject) -> str:
    folder, workspace = str(fields.get("folder", ".")), fields.get("workspace")
    return f"{folder} (workspace {workspace})" if workspace not in (None, "default") else folder


def _plan(out: Mapping[str, Any], fields: JsonObject) -> str:
    signs = {"create": "+", "delete": "-", "replace": "-/+", "forget": "x", "import": "<"}
    lines = [f"{signs.get(word, '~')} {address}  ({word})" for address, word in (out.get("actions") or {}).items()]
    doing = "A destroy of" if fields.get("destroy") else "An apply of"
    return "\n".join([f"{doing} {_where(fields)}: {out.get('sentence')}.", *lines, *(out.get("notes") or ())])


def _values(out: Mapping[str, Any], fields: JsonObject) -> str:
    values = out.get("values") or {}
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    lines += [f"{name} = <sensitive>" for name in out.get("sensitive") or ()]
    return "\n".join(lines) or f"{_where(fields)} has no outputs."


def _valid(out: Mapping[str, Any], fields: JsonObject) -> str:
    problems = "\n".join(out.get("problems") or ())
    if out.get("valid"):
        return "\n".join(filter(None, (f"The configuration in {_where(fields)} is valid.", problems)))
    count = out.get("errors")
    return f"Not valid: {count} error{'' if count == 1 else 's'}.\n{problems}"


def _shown(out: Mapping[str, Any], fields: JsonObject) -> str:
    lines: list[str] = []
    for address, values in (out.get("resources") or {}).items():
        lines.append(address)
        lines += [f"  {name} = {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "\n".join(lines) or f"Nothing is in the state of {_where(fields)}."


def _layout(out: Mapping[str, Any], fields: JsonObject) -> str:
    files = out.get("files") or {}
    return "\n".join([f"Not formatted: {len(files)}.", *files]) if files else f"{_where(fields)} is formatted."


def _workspaces(out: Mapping[str, Any], _fields: JsonObject) -> str:
    chosen = out.get("chosen")
    return "\n".join(f"{'*' if name == chosen else ' '} {name}" for name in out.get("workspaces") or ())


SAY: dict[str, Say] = {
    "terraform.plan": _plan,
    "terraform.output": _values,
    "terraform.validate": _valid,
    "terraform.show": _shown,
    "terraform.fmt_check": _layout,
    "terraform.workspaces": _workspaces,
    "terraform.state_list": lambda out, fields: (
        "\n".join(out.get("addresses") or ()) or f"Nothing is in the state of {_where(fields)}."
    ),
    "terraform.version": lambda out, _fields: f"{out.get('program')} {out.get('version')}",
}
"""Query → its answer."""


def _counts(out: Mapping[str, Any]) -> str:
    words = (("added", "added"), ("updated", "changed"), ("destroyed", "destroyed"))
    return ", ".join(f"{out[key]} {word}" for key, word in words if out.get(key))


def _initialised(out: Mapping[str, Any], fields: JsonObject) -> str:
    providers = ", ".join(f"{name} {version}" for name, version in (out.get("providers") or {}).items())
    return f"{_where(fields)} is initialised" + (f" with {providers}" if providers else "")


def _applied(out: Mapping[str, Any], fields: JsonObject) -> str:
    if out.get("changed") is False:
        return f"{_where(fields)} needed no change"
    values = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in (out.get("values") or {}).items()]
    said = f"{_where(fields)} is applied: {_counts(out) or 'only outputs changed'}"
    return f"{said} ({', '.join(values[:4])})" if values else said


DONE: dict[str, Say] = {
    "terraform.apply": _applied,
    "terraform.destroy": lambda out, fields: (
        f"what terraform made in {_where(fields)} is gone: {_counts(out)}"
        if out.get("changed", True)
        else f"nothing was there in {_where(fields)}"
    ),
    "terraform.restore": lambda out, fields: f"{_where(fields)} is led back: {_counts(out) or 'no change was needed'}",
    "terraform.init": _initialised,
    "terraform.fmt": lambda out, fields: (
        f"formatted {', '.join(out['files'])}" if out.get("files") else f"{_where(fields)} was formatted already"
    ),
    "terraform.workspace_new": lambda _out, fields: f"workspace {fields.get('new')} is there",
    "terraform.workspace_delete": lambda _out, fields: f"workspace {fields.get('new')} is gone",
}
"""Change → what is now."""
