"""What is said of releases and charts, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reign_executors.operation import JsonObject

Say = Callable[[Mapping[str, Any], JsonObject], str | None]
LINES = 20


def _lines(lines: list[str]) -> str:
    more = [f"… and {len(lines) - LINES + 1} more"] if len(lines) > LINES else []
    return "\n".join([*lines[: LINES - len(more)], *more])


def _releases(out: Mapping[str, Any], _fields: JsonObject) -> str:
    rows = out.get("releases") or ()
    return _lines(
        [
            f"{row.get('namespace')}  {row.get('release')}  revision {row.get('revision')}  {row.get('status')}  "
            f"{row.get('chart')}"
            for row in rows
        ]
    ) or "There are no releases."  # fmt: skip


def _status(out: Mapping[str, Any], _fields: JsonObject) -> str:
    waiting = list(out.get("waiting") or ())
    count = len(out.get("resources") or ())
    first = (
        f"{out.get('release')} in {out.get('namespace')} is {out.get('status')}: revision {out.get('revision')}, chart "
        f"{out.get('chart')}, {count} object{'' if count == 1 else 's'}"
    )
    return _lines([f"{first}, all as they should be."] if not waiting else [f"{first}.", *waiting])


def _history(out: Mapping[str, Any], _fields: JsonObject) -> str:
    return _lines(
        [
            f"{row.get('revision')}  {row.get('status')}  {row.get('chart')}  {row.get('description')}"
            for row in out.get("revisions") or ()
        ]
    )


def _values(out: Mapping[str, Any], _fields: JsonObject) -> str:
    return _lines(str(out.get("text") or "").splitlines()) or f"{out.get('release')} was given no values."


def _difference(out: Mapping[str, Any], _fields: JsonObject) -> str:
    name = out.get("release")
    if out.get("same") and not out.get("text"):
        return f"Nothing would change in {name}."
    counts = [f"{out.get(key)} {key}" for key in ("created", "updated", "deleted") if out.get(key)]
    said = f"In {name}: {', '.join(counts) or 'no object would change, only its values'}."
    return _lines([said, *str(out.get("text") or "").splitlines()])


def _linted(out: Mapping[str, Any], fields: JsonObject) -> str:
    worth = [row for row in out.get("messages") or () if row.get("level") != "info"]
    found = [f"{row.get('level')}: {row.get('file') or ''} {row.get('text')}" for row in worth]
    return _lines([f"{fields.get('chart')} is in order.", *found])


def _chart(out: Mapping[str, Any], _fields: JsonObject) -> str:
    app = f" (app {out.get('app_version')})" if out.get("app_version") else ""
    needs = list(out.get("dependencies") or ())
    return _lines(
        [
            f"{out.get('name')} {out.get('version')}{app}: {out.get('description') or 'no description'}",
            *([f"depends on {', '.join(needs)}"] if needs else []),
            *str(out.get("values") or "").splitlines(),
        ]
    )


SAY: dict[str, Say] = {
    "helm.list": _releases,
    "helm.status": _status,
    "helm.history": _history,
    "helm.get_values": _values,
    "helm.template": lambda out, _f: _lines(str(out.get("text") or "").splitlines()) or "It renders to nothing.",
    "helm.lint": _linted,
    "helm.show_chart": _chart,
    "helm.diff": _difference,
}
"""Query → its answer."""


def _release(words: str) -> Say:
    return lambda out, fields: words.format_map(
        {**fields, **out, "release": out.get("release") or fields.get("release"), "revision": out.get("revision")}
    )


DONE: dict[str, Say] = {
    "helm.install": _release("release {release} is installed in {namespace} ({chart})"),
    "helm.upgrade": _release("release {release} is at revision {revision} ({chart})"),
    "helm.rollback": _release("release {release} is rolled back, revision {revision} now"),
    "helm.uninstall": _release("release {release} is gone from {namespace}"),
    "helm.restore_release": _release("release {release} is back in {namespace}, revision {revision}"),
    "helm.create_chart": lambda _out, fields: f"made the chart {fields.get('path')}",
}
"""Change → what is now."""
