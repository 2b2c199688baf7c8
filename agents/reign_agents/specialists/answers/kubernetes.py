"""What is said of a cluster's results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reign_agents.specialists.answers.words import Say, rows, shortened, text_of, words
from reign_executors.operation import JsonObject


def _row(row: dict[str, Any]) -> str:
    where = f"{row['namespace']}/" if row.get("namespace") else ""
    ready = f"  {row['ready']}" if row.get("ready") else ""
    details = "  ".join(f"{name} {value}" for name, value in (row.get("details") or {}).items() if value)
    return f"{where}{row.get('name')}{ready}  {row.get('status')}" + (f"  {details}" if details else "")


def _listed(out: Mapping[str, Any], fields: JsonObject) -> str:
    kind = str(out.get("kind") or fields.get("kind") or "object").lower()
    where = "in any namespace" if fields.get("all_namespaces") else f"in {fields.get('namespace') or 'this namespace'}"
    return rows("objects", _row, f"There is no {kind} {where}.")(out, fields) or ""


def _described(out: Mapping[str, Any], _fields: JsonObject) -> str:
    """What matters of an object; its settings stand in the step's log."""
    lines = str(out.get("text") or "").splitlines()
    trouble = out.get("trouble")
    said = f"Not well: {trouble}" if trouble else "Nothing is seen that keeps it from being well."
    worth = [line for line in lines[1:] if line.startswith(("condition ", "owns: "))]
    events = [line for line in lines[1:] if line.startswith("event ")][-6:]
    return shortened("\n".join([*lines[:1], said, *worth, *events]))


def _event(row: dict[str, Any]) -> str:
    times = f" ({row['count']} times)" if int(row.get("count") or 1) > 1 else ""
    return f"{row.get('time')}  {row.get('type')}  {row.get('reason')}  {row.get('about')}: {row.get('message')}{times}"


def _cluster(out: Mapping[str, Any], _fields: JsonObject) -> str:
    nodes = ", ".join(f"{node.get('name')} {node.get('status')}" for node in out.get("nodes") or ())
    return (
        f"{out.get('context')}: Kubernetes {out.get('version')} at {out.get('server')}, namespace "
        f"{out.get('namespace')}, as {out.get('user')}." + (f" Nodes: {nodes}." if nodes else "")
    )


def _rollout(out: Mapping[str, Any], _fields: JsonObject) -> str:
    counts = f"{out.get('ready')} of {out.get('wanted')} ready, {out.get('updated')} of {out.get('wanted')} updated"
    done = "is complete" if out.get("complete") else "is not complete"
    return f"The rollout of {out.get('resource')} {done}: {counts}." + (
        f" {out['reason']}" if out.get("reason") else ""
    )


def _revision(row: dict[str, Any]) -> str:
    return "  ".join(str(value) for value in row.values() if value not in (None, "", [], {}))


def _used(row: dict[str, Any]) -> str:
    return "  ".join(f"{name} {value}" for name, value in row.items() if value is not None)


def _context(row: dict[str, Any]) -> str:
    return "  ".join(str(value) for value in row.values() if isinstance(value, str) and value)


def _applied(out: Mapping[str, Any], _fields: JsonObject) -> str:
    touched = [
        f"{one.get('resource')} {_ACTIONS.get(str(one.get('action')), str(one.get('action')))}"
        for one in out.get("objects") or ()
    ]
    return ", ".join(touched[:6]) + (f" and {len(touched) - 6} more" if len(touched) > 6 else "") or "nothing to change"


_ACTIONS = {"create": "created", "update": "changed", "delete": "removed", "none": "is so already", "": "is so already"}


def _deployed(out: Mapping[str, Any], fields: JsonObject) -> str:
    count = fields.get("replicas", 1)
    return f"{fields.get('object')} runs {fields.get('image')}" + (f", {count} times" if count != 1 else "")


def _removed(out: Mapping[str, Any], fields: JsonObject) -> str:
    names = [str(one.get("resource")) for one in out.get("objects") or ()]
    shown = ", ".join(names[:6]) + (f" and {len(names) - 6} more" if len(names) > 6 else "")
    return f"{shown or fields.get('object')} removed"


def _restored(out: Mapping[str, Any], _fields: JsonObject) -> str:
    names = [str(one.get("resource")) for one in out.get("objects") or ()]
    return f"{', '.join(names[:6]) or 'it'} is as it was"


SAY: dict[str, Say] = {
    "kubernetes.list": _listed,
    "kubernetes.get": lambda out, _f: f"{out.get('resource')} is there (uid {out.get('uid')}).",
    "kubernetes.describe": _described,
    "kubernetes.logs": text_of("text", "The log is empty."),
    "kubernetes.events": rows("events", _event, "Nothing happened lately."),
    "kubernetes.contexts": rows("contexts", _context, "There are no contexts."),
    "kubernetes.cluster_info": _cluster,
    "kubernetes.rollout_status": _rollout,
    "kubernetes.rollout_history": rows("revisions", _revision, "There are no revisions."),
    "kubernetes.can_i": lambda out, _f: "Yes." if out.get("allowed") else f"No. {out.get('reason') or ''}".rstrip(),
    "kubernetes.top": rows("rows", _used, "Nothing is measured there."),
    "kubernetes.exec": text_of("text", "Done; it printed nothing."),
}

DONE: dict[str, Say] = {
    "kubernetes.apply": _applied,
    "kubernetes.create_namespace": words("namespace {object} is there"),
    "kubernetes.create_deployment": _deployed,
    "kubernetes.expose": words("{object} has a service"),
    "kubernetes.scale": words("{object} runs {replicas} times"),
    "kubernetes.set_image": words("{object} runs {image}"),
    "kubernetes.set_env": words("{object} has new variables"),
    "kubernetes.set_data": words("{object} has new values"),
    "kubernetes.set_resources": words("{object} has new limits"),
    "kubernetes.rollout_restart": words("the pods of {object} were replaced"),
    "kubernetes.rollout_undo": words("{object} is rolled back"),
    "kubernetes.delete": _removed,
    "kubernetes.label": words("{object} is labelled"),
    "kubernetes.annotate": words("{object} is annotated"),
    "kubernetes.cordon": words("no new pods come to {object}"),
    "kubernetes.uncordon": words("{object} takes pods again"),
    "kubernetes.restore_fields": _restored,
    "kubernetes.recreate": _restored,
}
