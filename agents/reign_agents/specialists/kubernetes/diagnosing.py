"""Why something on a cluster is not well: what it says of itself, its warnings, its last words."""

from __future__ import annotations

import re

from pydantic import JsonValue

from reign_agents.planning.recipe import Outline
from reign_agents.specialists.kubernetes.found import Object
from reign_agents.specialists.kubernetes.said import WORKLOADS

KINDS = (*WORKLOADS, "pod", "job")
"""Kinds whose faults are looked into, in the order they are looked through."""
_CRASHED = re.compile(r"crash|restart|exit|oom|killed|dies|dying|died|137", re.IGNORECASE)


def look_into(one: Object, text: str, outline: Outline) -> None:
    """A few reads of one object; what they mean is said by ``specialists.findings``. ``text`` is the request."""
    outline.add("kubernetes.describe", one.fields(), f"what {one.name} says of itself")
    outline.add("kubernetes.events", {**one.fields(), "warnings": True}, f"the warnings about {one.name}")
    outline.add("kubernetes.get", one.fields(), f"how {one.name} is set")
    if one.kind in WORKLOADS:
        outline.add("kubernetes.rollout_history", one.fields(), f"the revisions of {one.name}")
    if one.kind in KINDS:
        log: dict[str, JsonValue] = {**one.fields(), "tail": 40}
        if _CRASHED.search(text):
            outline.add("kubernetes.logs", {**log, "previous": True}, "its last words before the last restart")
        else:
            outline.add("kubernetes.logs", log, f"the last words of {one.name}")


def look_around(namespace: str | None, kind: str | None, outline: Outline) -> None:
    """What runs in a namespace (None: the context's) and its warnings, where no object was named."""
    outline.add("kubernetes.list", {"kind": kind or "pod", "namespace": namespace}, "what runs there and how it is")
    outline.add("kubernetes.events", {"namespace": namespace, "warnings": True}, "the warnings of late")
