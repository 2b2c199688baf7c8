"""What a chart runs around a change (hooks), and what helm leaves behind when a release goes."""

from __future__ import annotations

from typing import Any

from reign_executors.effect import Action, ResourceChange
from reign_executors.helm.manifest import documents, objects, resource_of
from reign_executors.helm.storage import Release

Json = dict[str, Any]

_UPGRADE = {"pre-upgrade", "post-upgrade"}
_INSTALL = {"pre-install", "post-install"}
REMOVAL = {"pre-delete", "post-delete"}
ROLLBACK = {"pre-rollback", "post-rollback"}


def hooks_at(release: Release, events: set[str]) -> list[tuple[Json, str]]:
    """The hooks of a release that run at these events: each with the events in words."""
    found = []
    for hook in release.hooks:
        at = [str(event) for event in hook.get("events") or () if str(event) in events]
        if at:
            found.append((hook, " and ".join(at)))
    return found


def _resources(hook: Json, namespace: str) -> list[str]:
    return [resource_of(content, namespace) for content in documents(str(hook.get("manifest") or ""))]


def hook_changes(
    release: Release, namespace: str, *, upgrade: bool, events: set[str] | None = None
) -> tuple[list[ResourceChange], list[str]]:
    """What the hooks make, and that they run programs whose effect no preview can know."""
    changes: list[ResourceChange] = []
    notes: list[str] = []
    wanted = events if events is not None else _UPGRADE if upgrade else _INSTALL
    for hook, when in hooks_at(release, wanted):
        changes += [
            ResourceChange(action=Action.CREATE, resource=resource, note=f"hook {when}")
            for resource in _resources(hook, namespace)
        ]
        if str(hook.get("kind")) in ("Job", "Pod"):
            notes.append(
                f"the hook {hook.get('name')} ({when}) runs a program: what it does is not part of this preview"
            )
    return changes, notes


def leftovers(release: Release, namespace: str) -> list[str]:
    """Resources of a release that stay in the cluster after it was uninstalled."""
    found = [resource for resource, one in objects(release.manifest, namespace).items() if one.kept]
    for one in objects(release.manifest, namespace).values():
        if one.kind == "StatefulSet":
            claims = (one.content.get("spec") or {}).get("volumeClaimTemplates") or ()
            names = [str((claim.get("metadata") or {}).get("name")) for claim in claims if isinstance(claim, dict)]
            found += [f"{namespace}/persistentvolumeclaim/{name}-{one.name}-…" for name in names]
    for hook in release.hooks:
        events = {str(event) for event in hook.get("events") or ()}
        policies = {str(policy) for policy in hook.get("delete_policies") or ()}
        if events & (_INSTALL | _UPGRADE | ROLLBACK) and "hook-succeeded" not in policies:
            found += _resources(hook, namespace)
    crds = [file for file in (release.chart or {}).get("files") or () if str(file.get("name")).startswith("crds/")]
    found += [f"customresourcedefinition/… (crds/{str(file['name']).partition('/')[2]})" for file in crds]
    return list(dict.fromkeys(found))
