"""Questions to a cluster that are no listing: may I, what is used, is it ready."""

from __future__ import annotations

import re

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.kubernetes.said import WORKLOADS, about_cluster, said
from reign_executors.kubernetes.kinds import known_kind

_ALLOWED = re.compile(
    r"\b(?:am\s+i\s+(?:allowed|permitted|authori[sz]ed|able)\s+to|do\s+i\s+have\s+(?:the\s+)?(?:rights?|permissions?|access)"
    r"\s+to|may\s+i|have\s+i\s+(?:got\s+)?(?:the\s+)?(?:rights?|permissions?)\s+to|can\s+i)\s+(?P<verb>[a-z]+)",
    re.IGNORECASE,
)
_SURELY = re.compile(r"\b(?:allowed|permitted|authori[sz]ed|rights?|permissions?|may\s+i)\b", re.IGNORECASE)
_VERBS = {
    "remove": "delete", "drop": "delete", "make": "create", "deploy": "create", "run": "create", "apply": "patch",
    "update": "patch", "change": "patch", "edit": "patch", "scale": "patch", "restart": "patch", "see": "list",
    "show": "list", "view": "list", "read": "get", "exec": "create", "watch": "watch",
}  # fmt: skip
_KNOWN = frozenset({"get", "list", "create", "patch", "delete", "update", "watch", *_VERBS})
_USED = re.compile(
    r"\b(?:top|usage|metrics|utili[sz]ation|consum\w+|resource\s+use|"
    r"(?:how\s+much|what|which)\b.*\b(?:cpu|memory|ram|resources)\b.*\buse)|"
    r"\b(?:cpu|memory|ram)\s+(?:and\s+(?:cpu|memory|ram)\s+)?(?:usage|use|of)\b",
    re.IGNORECASE,
)
_READY = re.compile(
    r"\b(?:healthy|ready|up|done|finished|complete[d]?|available|live|rolled\s+out|settled)\b", re.IGNORECASE
)


def asks_permission(wish: Wish) -> bool:
    """Whether the words ask what this user may do on a cluster: "am I allowed to delete pods"."""
    found = _ALLOWED.search(wish.text)
    if found is None or found["verb"].lower() not in _KNOWN:
        return False
    words = said(wish)
    plural = words.kind is not None and not words.names
    return (about_cluster(wish) or words.namespace is not None) and (bool(_SURELY.search(wish.text)) or plural)


async def can_i(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words, found = said(wish), _ALLOWED.search(wish.text)
    asked = found["verb"].lower() if found is not None else "get"
    fields: dict[str, JsonValue] = {
        "verb": _VERBS.get(asked, asked),
        "kind": words.kind or _kind_said(wish) or "deployment",
        "object": words.name if words.kind is not None else None,
        "namespace": words.namespace,
        "all_namespaces": words.everywhere or None,
    }
    outline.add("kubernetes.can_i", fields, f"whether this user may {asked} {fields['kind']}s")
    return None


def _kind_said(wish: Wish) -> str | None:
    for word in re.findall(r"[a-z]+", wish.lower):
        kind = known_kind(word)
        if kind is not None and kind.singular != "namespace":
            return kind.singular
    return None


def measured(wish: Wish) -> bool:
    """Whether the words ask for what is used now."""
    return bool(_USED.search(wish.text)) and not wish.has("limit", "limits", "disk", "logs", "log")


async def top(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    words = said(wish)
    kind = "node" if words.kind == "node" or re.search(r"\bnodes?\b", wish.lower) else "pod"
    fields: dict[str, JsonValue] = {"kind": kind}
    if kind == "pod":
        fields |= {"namespace": words.namespace, "all_namespaces": words.everywhere or None}
    outline.add("kubernetes.top", fields, f"what the {kind}s use now")
    return None


def asks_ready(wish: Wish) -> bool:
    """Whether the words ask whether (or when) a workload is ready: "tell me when it is healthy"."""
    words = said(wish)
    kind = words.kind or (wish.it.kind if wish.it is not None else WORKLOADS[0] if words.names else None)
    asked = re.search(r"\b(?:is|are|when|once|whether|if|until|till|wait|as\s+soon\s+as)\b", wish.lower)
    waits = re.match(r"\W*(?:please\s+)?wait\s+for\s+(?:it|them|that|the\s+rollout)\b", wish.lower)
    return kind in WORKLOADS and asked is not None and bool(waits or _READY.search(wish.text))
