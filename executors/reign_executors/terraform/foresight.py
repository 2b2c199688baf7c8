"""A plan as terraform shows it in JSON, turned into an effect: what is created, changed, replaced, lost."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from reign_executors.effect import Action, Finding, ResourceChange, UndoPromise
from reign_executors.terraform.difference import difference, marked
from reign_executors.terraform.place import Place
from reign_executors.terraform.stores import holds_data

_WORDS = {
    ("create",): "create",
    ("update",): "update",
    ("delete",): "delete",
    ("delete", "create"): "replace",
    ("create", "delete"): "replace",
    ("forget",): "forget",
    ("create", "forget"): "replace-forget",
    ("read",): "read",
    ("no-op",): "no-op",
}
_ACTIONS = {
    "create": Action.CREATE,
    "update": Action.UPDATE,
    "delete": Action.DELETE,
    "replace": Action.REPLACE,
    "forget": Action.UPDATE,
    "replace-forget": Action.UPDATE,
}
MOST = 2000
"""Resource changes beyond which the rest is only counted."""


@dataclass(slots=True)
class Foreseen:
    """``changes`` and ``findings`` for an effect; ``notes`` for people; ``actions`` address → word (``create``,
    ``update``, ``replace``, ``delete``, ``forget``, ``import``, ``move``); ``counts`` of them."""

    changes: list[ResourceChange] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    actions: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for word in self.actions.values():
            found[word] = found.get(word, 0) + 1
        return found

    @property
    def sentence(self) -> str:
        """``2 to create, 1 to replace``; "no changes" when there are none."""
        order = ("create", "import", "update", "move", "replace", "replace-forget", "forget", "delete")
        said = [f"{self.counts[word]} to {word}" for word in order if self.counts.get(word)]
        if not said and self.changes:
            return "only outputs change"
        return ", ".join(said) or "no changes"


def foreseen(plan: dict[str, Any], place: Place, secrets: Collection[str] = ()) -> Foreseen:
    """Read ``terraform show -json`` of a plan. ``secrets``: texts that are hidden wherever they stand."""
    result = Foreseen()
    secrets = sensitive_texts(plan) | frozenset(secrets)
    for one in plan.get("resource_changes") or ():
        if one.get("mode") == "managed":
            _resource(one, place, secrets, result)
    _outputs(plan.get("output_changes") or {}, place, secrets, result)
    _drift(plan.get("resource_drift") or (), result)
    if len(result.changes) > MOST:
        result.notes.append(f"{len(result.changes)} resources change; the first {MOST} are listed")
    for check in plan.get("checks") or ():
        if check.get("status") == "fail":
            result.notes.append(f"a check fails already: {(check.get('address') or {}).get('to_display', '?')}")
    return result


def sensitive_texts(plan: dict[str, Any]) -> frozenset[str]:
    """Every text that a plan marks as sensitive anywhere: providers show the same value again where it is unmarked."""
    found: set[str] = set()
    for one in (*(plan.get("resource_changes") or ()), *(plan.get("resource_drift") or ())):
        change = one.get("change") or {}
        for side in ("before", "after"):
            found |= marked(change.get(side), change.get(f"{side}_sensitive"))
    for change in (plan.get("output_changes") or {}).values():
        for side in ("before", "after"):
            found |= marked(change.get(side), change.get(f"{side}_sensitive"))
    declared = ((plan.get("configuration") or {}).get("root_module") or {}).get("variables") or {}
    for name, about in (plan.get("variables") or {}).items():
        if (declared.get(name) or {}).get("sensitive"):
            found |= marked(about.get("value"), True)
    return frozenset(found)


def _resource(one: dict[str, Any], place: Place, secrets: Collection[str], result: Foreseen) -> None:
    change = one.get("change") or {}
    word = _WORDS.get(tuple(change.get("actions") or ()), "update")
    address, kind = str(one["address"]), str(one.get("type", ""))
    deposed = one.get("deposed")
    notes: list[str] = []
    if one.get("previous_address"):
        notes.append(f"moved from {one['previous_address']}: the real thing stays")
    if change.get("importing") is not None:
        notes.append(f"taken into the state: it exists already (id {change['importing'].get('id', '?')})")
    if word in ("no-op", "read"):
        if not notes:
            return
        word = "import" if change.get("importing") is not None else "move"
    action = _ACTIONS.get(word, Action.UPDATE)
    if change.get("importing") is not None and action is Action.CREATE:
        action = Action.UPDATE
    if word == "replace":
        first = (change.get("actions") or ["delete"])[0]
        notes.append(
            f"creates {address} anew, then destroys the old one"
            if first == "create"
            else f"destroys {address}, then creates it anew"
        )
    if word in ("forget", "replace-forget"):
        notes.append("no longer managed: the real thing stays where it is")
    why = _WHY.get(str(one.get("action_reason", "")))
    if why:
        notes.append(why)
    name = f"{address} (deposed {deposed})" if deposed else address
    if action in (Action.DELETE, Action.REPLACE) and holds_data(kind):
        notes.append("all data in it is lost")
        result.findings.append(
            Finding(rule="terraform.data-store", level="notice", text=f"{name} holds data: it is lost with it")
        )
    result.actions[name] = word
    text = None if word == "delete" else difference(change, secrets)
    result.changes.append(
        ResourceChange(action=action, resource=place.resource(name), diff=text, note="; ".join(notes) or None)
    )


_WHY = {
    "replace_because_tainted": "it is tainted: its creation did not end well",
    "replace_because_cannot_update": "it can't be changed in place",
    "replace_by_request": "replacement was asked for",
    "replace_by_triggers": "something it watches changes",
    "delete_because_no_resource_config": "it is no longer in the configuration",
    "delete_because_no_module": "its module is no longer in the configuration",
    "delete_because_wrong_repetition": "count or for_each changed",
    "delete_because_count_index": "count is smaller now",
    "delete_because_each_key": "its key is no longer in for_each",
    "delete_because_no_move_target": "the place it should move to is not in the configuration",
}


def _outputs(changes: dict[str, Any], place: Place, secrets: Collection[str], result: Foreseen) -> None:
    """All outputs together are one change: of the state only."""
    lines, created = [], True
    for name, change in sorted(changes.items()):
        word = _WORDS.get(tuple(change.get("actions") or ()), "update")
        if word in ("no-op", "read"):
            continue
        created = created and word == "create"
        text = difference(change, secrets) or "~ value"
        lines += [f"{line[:1]} {name}{line[1:].removeprefix(' value')}" for line in text.splitlines()]
    if lines:
        result.changes.append(
            ResourceChange(
                action=Action.CREATE if created else Action.UPDATE,
                resource=place.resource("outputs"),
                diff="\n".join(lines),
                note="only values in the state change",
            )
        )


def _drift(changes: Collection[dict[str, Any]], result: Foreseen) -> None:
    for one in changes:
        if one.get("mode") != "managed" or one.get("previous_address"):
            continue
        actions = (one.get("change") or {}).get("actions")
        what = "is gone" if actions == ["delete"] else "was changed"
        result.notes.append(f"{one['address']} {what} outside of terraform since the last apply")


def undo_of(found: Foreseen, *, empty_before: bool, destroying: bool = False) -> tuple[UndoPromise, str | None]:
    """How well what a plan does can be undone, and why not better. ``destroying``: by a destroy, so that the
    configuration still says what was there."""
    if destroying:
        return UndoPromise.RECREATE, "created anew from the configuration as it is now: new ids, without the data"
    words = set(found.actions.values())
    if empty_before or words <= {"create"}:
        return UndoPromise.REVERT, "what it creates is destroyed again, by a plan that is shown first"
    others = [address for address, word in found.actions.items() if word not in ("create", "import", "move")]
    stuck = sorted(address for address in others if not addressable(address))
    if others and len(stuck) == len(others) and "create" not in words:
        return UndoPromise.NONE, "Reign can't know their old configuration" + _left(stuck)
    if words & {"delete", "replace", "replace-forget"}:
        why = "what it destroys is created anew from what was kept: new ids, without the data"
        return UndoPromise.RECREATE, why + _left(stuck)
    return (
        UndoPromise.REVERT,
        "the old values come back by a new plan, shown first; the configuration itself stays as it is" + _left(stuck),
    )


def _left(stuck: list[str]) -> str:
    if not stuck:
        return ""
    names = ", ".join(stuck[:5]) + (" …" if len(stuck) > 5 else "")
    return f"; not by itself: {names} (put their old configuration back and apply it)"


def addressable(address: str) -> bool:
    """Whether a resource instance can be given other values than its configuration's: in the root module, and the
    only instance of its block."""
    return not address.startswith("module.") and "[" not in address and " " not in address
