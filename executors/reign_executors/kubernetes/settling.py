"""Whether a rollout is complete, or the reason why it is not: with the words of the event that says so."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import Any

from reign_executors.call import Call
from reign_executors.errors import OperationError
from reign_executors.kubernetes.base import Ref, look
from reign_executors.kubernetes.client import Cluster, Json
from reign_executors.kubernetes.kinds import EVENT, POD, REPLICA_SET
from reign_executors.kubernetes.objects import meta, uid_of

POLL = 0.25
LONGEST_POLL = 1.5
STEADY = 1.5
"""Seconds that a rollout must stay complete: a program that crashes at its start is ready for a moment."""
UNSCHEDULABLE_GRACE = 8.0
"""Seconds that a pod may wait for a node (an autoscaler may bring one) before that is called the reason."""

_NEVER = frozenset(
    {
        *("ImagePullBackOff", "InvalidImageName", "ImageInspectError", "ErrImageNeverPull", "CrashLoopBackOff"),
        *("CreateContainerConfigError", "CreateContainerError", "RunContainerError"),
    }
)
"""Reasons of a waiting container that do not go away by waiting a little longer."""
_PENDING = frozenset({"ErrImagePull", "ContainerCreating", "PodInitializing"})


@dataclass(frozen=True, slots=True)
class Settled:
    """``ok``: complete. ``failed``: it can't become so as it is. Neither: still under way."""

    ok: bool
    detail: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """What an object says of its own rollout. ``wanted``, ``updated``, ``ready`` count pods."""

    complete: bool
    wanted: int
    updated: int
    ready: int
    reason: str = ""
    failed: bool = False

    def words(self) -> str:
        return f"{self.ready} of {self.wanted} ready, {self.updated} of {self.wanted} updated"


def progress(item: Json) -> Progress:
    """The state of the rollout of a Deployment, StatefulSet, DaemonSet or ReplicaSet, as its controller writes it."""
    kind, spec, status = item.get("kind"), item.get("spec") or {}, item.get("status") or {}
    seen = int(status.get("observedGeneration") or 0) >= int(meta(item).get("generation") or 0)
    if kind == "DaemonSet":
        wanted = int(status.get("desiredNumberScheduled") or 0)
        updated, ready = int(status.get("updatedNumberScheduled") or 0), int(status.get("numberAvailable") or 0)
        return Progress(seen and updated >= wanted and ready >= wanted, wanted, updated, ready)
    wanted = int(spec.get("replicas", 1))
    if kind == "StatefulSet":
        updated, ready = int(status.get("updatedReplicas") or 0), int(status.get("readyReplicas") or 0)
        strategy = spec.get("updateStrategy") or {}
        partition = int((strategy.get("rollingUpdate") or {}).get("partition") or 0)
        if wanted == 0:
            updated = 0
        enough = updated >= wanted - partition or strategy.get("type") == "OnDelete"
        there = int(status.get("replicas") or 0)
        return Progress(seen and enough and ready >= wanted and there <= wanted, wanted, updated, ready)
    if kind in ("ReplicaSet", "ReplicationController"):
        ready, there = int(status.get("readyReplicas") or 0), int(status.get("replicas") or 0)
        return Progress(seen and ready >= wanted and there == wanted, wanted, there, ready)
    return _deployment(seen, wanted, status)


def _deployment(seen: bool, wanted: int, status: Json) -> Progress:
    updated, ready = int(status.get("updatedReplicas") or 0), int(status.get("availableReplicas") or 0)
    there = int(status.get("replicas") or 0)
    reason, failed = "", False
    for condition in status.get("conditions") or ():
        if condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded" and seen:
            reason, failed = str(condition.get("message") or "its progress deadline is over"), True
        if condition.get("type") == "ReplicaFailure" and condition.get("status") == "True" and seen:
            reason, failed = str(condition.get("message") or "pods can't be created"), True
    complete = seen and updated == wanted and there == wanted and ready >= wanted
    return Progress(complete, wanted, updated, ready, reason, failed and not complete)


async def rollout(here: Cluster, ref: Ref, call: Call, limit: float) -> Settled:
    """Follow a rollout until it is complete, can't become so, or ``limit`` seconds are over."""
    started, pause, said = time.monotonic(), POLL, ""
    complete: float | None = None
    while True:
        live = await look(here, ref)
        if live is None:
            return Settled(False, f"{ref.resource} is gone", failed=True)
        now = progress(live)
        if now.complete:
            complete = complete or time.monotonic()
            if now.wanted == 0 or time.monotonic() - complete >= STEADY:
                return Settled(True, f"{ref.resource}: {now.words()}")
            await asyncio.sleep(min(POLL, STEADY))
            continue
        complete = None
        words = now.words()
        if words != said:
            call.say(f"{ref.resource}: {words}")
            said = words
        waited = time.monotonic() - started
        reason = Settled(False, now.reason, failed=True) if now.failed else await why_not(here, live, waited)
        if reason is not None and reason.failed:
            return Settled(False, f"{ref.resource}: {words}: {reason.detail}", failed=True)
        if waited > limit:
            why = f": {reason.detail}" if reason is not None else ""
            return Settled(False, f"{ref.resource} is not complete after {limit:.0f} s ({words}){why}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.3, LONGEST_POLL)


async def newest_pods(here: Cluster, item: Json) -> list[Json]:
    """The pods of the newest revision of a workload; all of its pods where that can't be told."""
    selector = selector_text((item.get("spec") or {}).get("selector"))
    if not selector:
        return []
    namespace = meta(item).get("namespace")
    pods = await here.list(POD, namespace, labelSelector=selector)
    status = item.get("status") or {}
    if item.get("kind") == "Deployment":
        sets = [
            one
            for one in await here.list(REPLICA_SET, namespace, labelSelector=selector)
            if owned_by(one, uid_of(item))
        ]
        newest = max(sets, key=revision, default=None)
        return [] if newest is None else [pod for pod in pods if owned_by(pod, uid_of(newest))]
    mine = [pod for pod in pods if owned_by(pod, uid_of(item))]
    revision_hash = status.get("updateRevision")
    labelled = [p for p in mine if (meta(p).get("labels") or {}).get("controller-revision-hash") == revision_hash]
    return labelled if revision_hash else mine


def revision(item: Json) -> int:
    text = str((meta(item).get("annotations") or {}).get("deployment.kubernetes.io/revision") or "0")
    return int(text) if text.isdigit() else 0


def owned_by(item: Json, uid: str) -> bool:
    return any(owner.get("uid") == uid for owner in meta(item).get("ownerReferences") or ())


def selector_text(selector: Any) -> str:
    """A label selector as the API takes it in a query; a plain map (of a Service) too."""
    if not isinstance(selector, dict):
        return ""
    if "matchLabels" not in selector and "matchExpressions" not in selector:
        return ",".join(f"{key}={value}" for key, value in selector.items())
    parts = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for rule in selector.get("matchExpressions") or ():
        key, values = rule["key"], ",".join(rule.get("values") or ())
        parts.append(
            {
                "In": f"{key} in ({values})",
                "NotIn": f"{key} notin ({values})",
                "Exists": key,
                "DoesNotExist": f"!{key}",
            }[rule["operator"]]
        )
    return ",".join(parts)


async def why_not(here: Cluster, item: Json, waited: float) -> Settled | None:
    """What keeps the pods of the newest revision from being ready; None when nothing can be seen."""
    hint: Settled | None = None
    for pod in await newest_pods(here, item):
        found = pod_trouble(pod, waited)
        if found is None:
            continue
        event = await last_warning(here, pod)
        detail = f"{found.detail} ({event})" if event and event not in found.detail else found.detail
        if found.failed:
            return Settled(False, detail, failed=True)
        hint = hint or Settled(False, detail)
    return hint


def pod_trouble(pod: Json, waited: float = 1e9) -> Settled | None:
    """Why a pod is not ready: the image, a crash, no node. ``waited``: seconds that it was given so far."""
    name, status = str(meta(pod).get("name")), pod.get("status") or {}
    for entry in (*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())):
        waiting = (entry.get("state") or {}).get("waiting") or {}
        reason, message = str(waiting.get("reason") or ""), str(waiting.get("message") or "")
        if reason == "CrashLoopBackOff":
            return Settled(False, f"pod {name} crashes again and again: {_last_end(entry)}", failed=True)
        if reason in _NEVER:
            return Settled(False, f"pod {name}: {reason}: {message or entry.get('image')}", failed=True)
        if reason in _PENDING:
            return Settled(False, f"pod {name}: {reason}{f': {message}' if message else ''}")
        ended = (entry.get("state") or {}).get("terminated")
        if ended and int(ended.get("exitCode") or 0) != 0:
            return Settled(False, f"pod {name}: container {entry.get('name')} ended with exit {ended.get('exitCode')}")
    for condition in status.get("conditions") or ():
        if condition.get("type") == "PodScheduled" and condition.get("status") == "False":
            text = f"pod {name} finds no node: {condition.get('message') or condition.get('reason')}"
            return Settled(False, text, failed=waited > UNSCHEDULABLE_GRACE)
    if status.get("phase") == "Failed":
        return Settled(False, f"pod {name} failed: {status.get('message') or status.get('reason') or ''}", failed=True)
    ready = any(c.get("type") == "Ready" and c.get("status") == "True" for c in status.get("conditions") or ())
    return None if ready else Settled(False, f"pod {name} is {status.get('phase') or 'pending'} and not ready yet")


def _last_end(entry: Json) -> str:
    ended = (entry.get("lastState") or {}).get("terminated") or {}
    code = ended.get("exitCode")
    reason = str(ended.get("reason") or "")
    words = f"container {entry.get('name')} ended with exit {code}" if code is not None else "its container ends"
    if reason and reason != "Error":
        words += f", {reason}"
    if reason == "OOMKilled":
        words += ": it needs more memory than its limit"
    return f"{words}, restarted {entry.get('restartCount', 0)} times"


async def last_warning(here: Cluster, item: Json) -> str:
    """The newest warning event about an object; empty when there is none or events may not be read."""
    selector = f"involvedObject.uid={uid_of(item)},type=Warning"
    try:
        events = await here.list(EVENT, meta(item).get("namespace"), fieldSelector=selector)
    except OperationError:
        return ""
    newest = max(events, key=event_time, default=None)
    return "" if newest is None else f"{newest.get('reason')}: {str(newest.get('message') or '').strip()}"


def event_time(event: Json) -> str:
    series = (event.get("series") or {}).get("lastObservedTime")
    return str(
        series or event.get("lastTimestamp") or event.get("eventTime") or meta(event).get("creationTimestamp") or ""
    )
