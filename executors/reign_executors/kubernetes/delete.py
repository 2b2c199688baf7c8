"""``kubernetes.delete``: objects removed, with everything that goes with them said before; ``.recreate`` is the way
back."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, JsonValue, model_validator

from reign_executors.call import Call
from reign_executors.effect import (
    Action,
    Effect,
    Finding,
    Probe,
    Problem,
    ResourceChange,
    UndoPromise,
    Verification,
)
from reign_executors.errors import Conflict, NotFound
from reign_executors.kubernetes.base import KindName, KubernetesChange, Ref, look, missing, need, resource_name
from reign_executors.kubernetes.client import FIELD_MANAGER, Cluster, Json
from reign_executors.kubernetes.dangers import bulk_findings, deletion_findings
from reign_executors.kubernetes.failures import Invalid, Moved, Refused
from reign_executors.kubernetes.foresight import counted, data_of, dependents, everything_in, made_by_itself
from reign_executors.kubernetes.kept import Kept, Touched, keep_object, kept_of, read
from reign_executors.kubernetes.kinds import NAMESPACE, PVC, Kind
from reign_executors.kubernetes.objects import (
    STEP,
    canonical,
    cleaned,
    listing,
    meta,
    shown_object,
    stamp,
    step_of,
    uid_of,
)
from reign_executors.operation import Change, JsonObject, Outputs, Repeat

MOST = 500
GONE_POLL = 0.2

NOT_BACK = "it is made anew: another uid"


class Removed(Outputs):
    """What was deleted, and what waits for its finalizers."""

    objects: list[Touched]
    waiting: list[str] = Field(default=[])


class Delete(KubernetesChange):
    """Delete one object, or those that a selector chooses."""

    name: ClassVar[str] = "kubernetes.delete"
    summary: ClassVar[str] = "Delete an object (or all of a kind that a label selector chooses), with what it owns"
    returns: ClassVar[type[Outputs]] = Removed
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    undo_promise: ClassVar[UndoPromise] = UndoPromise.RECREATE

    kind: KindName
    object: str | None = Field(None, description="name of the object")
    selector: str | None = Field(None, description="label selector (app=web), instead of a name")
    everything: bool = Field(False, description="all objects of that kind in the namespace")
    cascade: Literal["background", "foreground", "orphan"] = Field(
        "background", description="what becomes of what it owns: removed (background, foreground) or left (orphan)"
    )
    grace: int | None = Field(None, ge=0, description="seconds that pods get to end by themselves")
    wait: float = Field(60.0, ge=0, le=3600, description="seconds to wait until it is gone; 0 = do not wait")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if sum((bool(self.object), bool(self.selector), self.everything)) != 1:
            raise ValueError("say what: object (a name), selector, or everything: true; one of them")
        return self

    def time_limit(self) -> float:
        return self.timeout + self.wait

    def touched(self) -> Iterable[str]:
        return (resource_name(self.kind, self.object or "*", self.space()),)

    def command_line(self) -> str:
        which = self.object or (f"-l {self.selector}" if self.selector else "--all")
        cascade = "" if self.cascade == "background" else f" --cascade={self.cascade}"
        return f"kubectl delete {self.kind} {which}{cascade}{self.flags()}"

    async def _kind(self, call: Call) -> tuple[Cluster, Kind, str | None]:
        here = self.cluster(call)
        kind = await here.kind(self.kind)
        return here, kind, self.space(call) if kind.namespaced else None

    async def resource(self, call: Call) -> str:
        _, kind, space = await self._kind(call)
        return kind.resource(space, self.object or "*")

    async def _found(self, call: Call) -> list[tuple[Ref, Json]]:
        here, kind, space = await self._kind(call)
        if self.object is not None:
            ref = Ref(kind, space, self.object)
            live = await look(here, ref)
            return [] if live is None else [(ref, live)]
        items = await here.list(kind, space, labelSelector=self.selector)
        return [(Ref(kind, space, str(meta(item)["name"])), item) for item in items]

    async def preview(self, call: Call) -> Effect:
        here, kind, space = await self._kind(call)
        found = await self._found(call)
        self._seen.clear()
        for ref, live in found:
            self.saw(ref.resource, live)
        found = [(ref, live) for ref, live in found if ref.resource not in call.gone]
        if self.object is not None and not found:
            ref = Ref(kind, space, self.object)
            return await self._absent(call, here, ref)
        if not found:
            return Effect.nothing(f"nothing of kind {kind.singular} is chosen by {self.selector or 'that'}")
        if len(found) > MOST:
            return Effect(problems=(Problem(text=f"{len(found)} objects at once, more than {MOST}: choose fewer"),))
        findings: list[Finding] = []
        if self.object is None:
            findings += bulk_findings(kind, space, everything=self.everything)
        changes: list[ResourceChange] = []
        notes: list[str] = []
        size, limit = 0, call.blobs.limit
        for ref, live in found:
            findings += deletion_findings(kind, space, ref.name)
            size = max(size, await self._one(here, ref, live, changes, notes))
        problems: tuple[Problem, ...] = ()
        if not any(finding.level == "catastrophic" for finding in findings):  # else it is denied, whatever the rights
            try:
                await remove(here, found[0][0], uid_of(found[0][1]), self.cascade, dry=True)
            except Refused as error:
                problems = (Problem(text=str(error)),)
        undo, why = UndoPromise.RECREATE, _what_does_not_come_back(found, changes)
        if size > limit:
            undo, why = UndoPromise.NONE, f"it is larger than what may be kept for an undo ({limit} bytes)"
        return Effect(
            changes=tuple(changes),
            notes=tuple(dict.fromkeys(notes)),
            problems=problems,
            findings=tuple({(f.rule, f.text): f for f in findings}.values()),
            identity={ref.resource: stamp(live) for ref, live in found},
            undo=undo,
            undo_why=why,
        )

    async def _absent(self, call: Call, here: Cluster, ref: Ref) -> Effect:
        if ref.resource in call.gone:
            return Effect.nothing(f"{ref.resource} is removed by an earlier step")
        if ref.resource in call.promised:
            change = ResourceChange(action=Action.DELETE, resource=ref.resource, note="made by an earlier step")
            return Effect(changes=(change,), undo=UndoPromise.RECREATE, undo_why=NOT_BACK)
        return Effect(problems=(await missing(here, ref),))

    async def _one(self, here: Cluster, ref: Ref, live: Json, changes: list[ResourceChange], notes: list[str]) -> int:
        """The changes and notes of one object's removal; the bytes of the largest object that an undo would need."""
        finalizers = [*(meta(live).get("finalizers") or ())]
        if ref.kind is NAMESPACE:
            return await self._namespace(here, ref, changes, notes)
        note, data = None, None
        if ref.kind is PVC:
            found = await data_of(here, live)
            data, note = (found.size if found.lost else None), _data_words(found.policy, lost=found.lost)
            finalizers = [one for one in finalizers if one != "kubernetes.io/pvc-protection"]
        owned = await dependents(here, ref, live)
        if owned:
            verb = "what it owns stays" if self.cascade == "orphan" else "with it go"
            note = "; ".join(part for part in (note, f"{verb}: {counted(owned)}") if part)
        diff = listing(live, "-") if len(listing(live)) < 20_000 else None
        changes.append(
            ResourceChange(action=Action.DELETE, resource=ref.resource, diff=diff, data_bytes=data, note=note)
        )
        if self.cascade != "orphan":
            for kind, item in owned:
                if kind is PVC:
                    held = await data_of(here, item)
                    resource = kind.resource(ref.namespace, held.claim)
                    words = _data_words(held.policy, lost=held.lost)
                    size = held.size if held.lost else None
                    changes.append(ResourceChange(action=Action.DELETE, resource=resource, data_bytes=size, note=words))
        if finalizers:
            notes.append(f"{ref.resource} is gone only after its finalizers are done: {', '.join(finalizers)}")
        if ref.kind.kind == "StatefulSet":
            notes.append("the claims of its pods, and so their data, stay")
        return len(canonical(live))

    async def _namespace(self, here: Cluster, ref: Ref, changes: list[ResourceChange], notes: list[str]) -> int:
        inside = await everything_in(here, ref.name)
        own = [(kind, item) for kind, item in inside if not made_by_itself(kind, item)]
        others = [(kind, item) for kind, item in inside if made_by_itself(kind, item) and kind.kind == "Pod"]
        changes.append(ResourceChange(action=Action.DELETE, resource=ref.resource))
        for kind, item in sorted(own, key=lambda row: (row[0].word, str(meta(row[1])["name"]))):
            data, note = None, None
            if kind is PVC or kind.kind == PVC.kind:
                held = await data_of(here, item)
                data, note = (held.size if held.lost else None), _data_words(held.policy, lost=held.lost)
            resource = kind.resource(ref.name, str(meta(item)["name"]))
            changes.append(ResourceChange(action=Action.DELETE, resource=resource, data_bytes=data, note=note))
        if own or others:
            notes.append(f"in it: {counted([*own, *others])}")
        held_up = [f"{k.singular} {meta(i)['name']}" for k, i in own if set(meta(i).get("finalizers") or ()) - _USUAL]
        if held_up:
            notes.append(f"it is gone only after finalizers of {', '.join(held_up[:5])} are done")
        return max((len(canonical(item)) for _, item in own), default=0)

    async def execute(self, call: Call) -> Removed:
        here, kind, space = await self._kind(call)
        found = await self._found(call)
        if self.object is not None and not found:
            ref = Ref(kind, space, self.object)
            self.insist(ref.resource, None)
            await need(here, ref)
        for ref, live in found:
            self._insist_chosen(ref, live)
        done = []
        for ref, live in found:
            await remove(here, ref, uid_of(live), self.cascade, self.grace)
            call.say(f"{ref.resource}: deletion accepted")
            done.append(Touched(resource=ref.resource, uid=uid_of(live), action="delete"))
        self._seen.clear()
        return Removed(objects=done)

    def _insist_chosen(self, ref: Ref, live: Json) -> None:
        if self._seen and ref.resource not in self._seen:
            self._seen[ref.resource] = ""  # it was not chosen when this was looked at
        self.insist(ref.resource, live)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Removed)
        here, kind, space = await self._kind(call)
        if not self.wait:
            return Verification(ok=True, detail="deletion accepted (its end is not waited for)")
        limit = time.monotonic() + self.wait
        for one in outputs.objects:
            ref = Ref(kind, space, one.resource.rpartition("/")[2])
            stuck = await until_gone(here, ref, one.uid, limit)
            if stuck is not None:
                return Verification(ok=False, detail=stuck)
        names = ", ".join(one.resource for one in outputs.objects[:5])
        return Verification(ok=True, detail=f"gone: {names}" if names else "there was nothing to delete")

    async def probe(self, call: Call) -> Probe:
        found = await self._found(call)
        left = [ref.resource for ref, live in found if "deletionTimestamp" not in meta(live)]
        if left:
            return Probe(state="not_done", detail=f"still there: {', '.join(left[:5])}")
        words = "it is being deleted" if found else "it is gone"
        outputs = Removed(
            objects=[Touched(resource=ref.resource, uid=uid_of(live), action="delete") for ref, live in found]
        )
        return Probe(state="done", detail=words, outputs=outputs.model_dump(mode="json"))

    async def capture(self, call: Call) -> JsonObject:
        here = self.cluster(call)
        kept: list[Kept] = []
        for ref, live in await self._found(call):
            self.saw(ref.resource, live)
            kept.append(kept_of(ref, uid=uid_of(live), kept=keep_object(call.blobs, again(live))))
            if ref.kind is NAMESPACE:
                inside = [row for row in await everything_in(here, ref.name) if not made_by_itself(*row)]
                for kind, item in sorted(inside, key=lambda row: (_order(row[0]), str(meta(row[1])["name"]))):
                    inner = Ref(kind, ref.name, str(meta(item)["name"]))
                    kept.append(kept_of(inner, uid=uid_of(item), kept=keep_object(call.blobs, again(item))))
        return {"objects": [one.model_dump(mode="json") for one in kept]}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if not before.get("objects"):
            return None
        return Recreate.model_validate({"context": self.context, "objects": before["objects"]})


_USUAL = frozenset({"kubernetes.io/pvc-protection", "kubernetes.io/pv-protection", "foregroundDeletion"})


def _order(kind: Kind) -> int:
    early = ("ServiceAccount", "Secret", "ConfigMap", "PersistentVolumeClaim", "Role", "RoleBinding", "Service")
    return early.index(kind.kind) if kind.kind in early else len(early)


def _data_words(policy: str, *, lost: bool) -> str:
    if policy == "unbound":
        return "it holds no volume yet"
    if policy == "unknown":
        return "its volume can't be read by this user: its data counts as lost"
    return "its data is deleted (reclaim policy Delete)" if lost else "its volume and data stay (reclaim policy Retain)"


def _what_does_not_come_back(found: list[tuple[Ref, Json]], changes: list[ResourceChange]) -> str:
    kinds = {ref.kind.kind for ref, _ in found}
    words = [NOT_BACK]
    if kinds & {"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Namespace"}:
        words.append("other pods with other names, addresses and logs")
    if any(change.data_bytes for change in changes):
        words.append("the data of its volumes does not come back")
    if "Namespace" in kinds:
        words.append("what is in it is made anew, but for what others make by themselves")
    return "; ".join(words)


async def remove(
    here: Cluster, ref: Ref, uid: str, cascade: str = "background", grace: int | None = None, *, dry: bool = False
) -> None:
    """Delete this very object; ``Moved`` when another one has its name. ``dry``: only ask whether that is allowed."""
    body: Json = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": cascade.capitalize(),
        "preconditions": {"uid": uid},
    }
    if grace is not None:
        body["gracePeriodSeconds"] = grace
    if dry:
        body["dryRun"] = ["All"]
    await here.call("DELETE", ref.path(), body=body)


async def until_gone(here: Cluster, ref: Ref, uid: str, limit: float) -> str | None:
    """Wait until an object is gone (or another has its name); what holds it up when ``limit`` (monotonic) passes."""
    pause = GONE_POLL
    while True:
        live = await look(here, ref)
        if live is None or uid_of(live) != uid:
            return None
        if time.monotonic() > limit:
            return f"{ref.resource} is being deleted and not gone yet{_held_by(live)}"
        await asyncio.sleep(pause)
        pause = min(pause * 1.3, 2.0)


def _held_by(live: Json) -> str:
    finalizers = [*(meta(live).get("finalizers") or ()), *((live.get("spec") or {}).get("finalizers") or ())]
    for condition in (live.get("status") or {}).get("conditions") or ():
        if condition.get("status") == "True" and condition.get("type") in _NAMESPACE_TROUBLE:
            return f": {condition.get('message')}"
    return f": it waits for the finalizers {', '.join(finalizers)}" if finalizers else ""


_NAMESPACE_TROUBLE = frozenset(
    {
        *("NamespaceContentRemaining", "NamespaceFinalizersRemaining", "NamespaceDeletionContentFailure"),
        *("NamespaceDeletionDiscoveryFailure", "NamespaceDeletionGroupVersionParsingFailure"),
    }
)


def again(live: Json) -> Json:
    """The object so that it can be created anew: without what belongs to the old one alone."""
    item = cleaned(live)
    metadata, spec = item["metadata"], item.get("spec")
    metadata.pop("ownerReferences", None)
    metadata.pop("finalizers", None)
    kind = item.get("kind")
    if kind == "Namespace":
        item.pop("spec", None)
        (metadata.get("labels") or {}).pop("kubernetes.io/metadata.name", None)
        if not metadata.get("labels"):
            metadata.pop("labels", None)
    elif kind == "PersistentVolumeClaim" and isinstance(spec, dict):
        spec.pop("volumeName", None)
    elif kind == "PersistentVolume" and isinstance(spec, dict):
        for name in ("uid", "resourceVersion"):
            (spec.get("claimRef") or {}).pop(name, None)
    elif kind == "ServiceAccount":
        item.pop("secrets", None)
    elif kind == "Pod" and isinstance(spec, dict):
        _free_pod(spec)
    elif kind == "Job" and isinstance(spec, dict):
        _free_job(metadata, spec)
    return item


def _free_pod(spec: Json) -> None:
    """Without its node and the token volume that admission puts in again."""
    spec.pop("nodeName", None)
    tokens = {v["name"] for v in spec.get("volumes") or () if str(v.get("name")).startswith("kube-api-access-")}
    spec["volumes"] = [volume for volume in spec.get("volumes") or () if volume["name"] not in tokens]
    for container in (*(spec.get("containers") or ()), *(spec.get("initContainers") or ())):
        mounts = [mount for mount in container.get("volumeMounts") or () if mount["name"] not in tokens]
        container["volumeMounts"] = mounts


def _free_job(metadata: Json, spec: Json) -> None:
    """Without the selector and labels that name the old job's uid."""
    if not spec.get("manualSelector"):
        spec.pop("selector", None)
    for labels in (metadata.get("labels"), ((spec.get("template") or {}).get("metadata") or {}).get("labels")):
        for name in ("controller-uid", "batch.kubernetes.io/controller-uid"):
            if labels:
                labels.pop(name, None)


class Recreate(KubernetesChange):
    """Make deleted objects anew from what was kept of them."""

    name: ClassVar[str] = "kubernetes.recreate"
    summary: ClassVar[str] = "Make deleted objects anew (made by undo, not for planning)"
    returns: ClassVar[type[Outputs]] = Removed
    repeat: ClassVar[Repeat] = Repeat.KEYED

    objects: list[Kept]

    def touched(self) -> Iterable[str]:
        return [resource_name(one.kind, one.object, one.namespace or "") for one in self.objects]

    async def resource(self, call: Call) -> str:
        return (await self.objects[0].ref(self.cluster(call))).resource

    async def preview(self, call: Call) -> Effect:
        here, changes, problems = self.cluster(call), [], []
        undone = True
        for one in self.objects:
            ref = await one.ref(here)
            live = None if ref.resource in call.gone else await look(here, ref)
            self.saw(ref.resource, live)
            item = read(call.blobs, str(one.kept))
            if live is None:
                undone = False
                changes.append(ResourceChange(action=Action.CREATE, resource=ref.resource, diff=listing(item)))
            elif shown_object(again(live)) != shown_object(item) or uid_of(live) == one.uid:
                gone = "deletionTimestamp" in meta(live)
                why = "is still being deleted" if gone else "is there again: somebody else made it"
                problems.append(Problem(text=f"{ref.resource} {why}"))
            else:
                problems.append(Problem(text=f"{ref.resource} is there again: somebody else made it"))
        if not changes and undone and not problems:
            return Effect.nothing("nothing was deleted")
        return Effect(changes=tuple(changes), problems=tuple(problems), undo=UndoPromise.EXACT)

    async def execute(self, call: Call) -> Removed:
        here, done = self.cluster(call), []
        for one in self.objects:
            ref = await one.ref(here)
            live = await look(here, ref)
            if live is not None:
                if step_of(live) != call.key:
                    raise Conflict(f"{ref.resource} is there again", "look at it: somebody else made it")
            else:
                live = await self._create(here, ref, read(call.blobs, str(one.kept)), call.key)
                call.say(f"{ref.resource}: made anew")
            done.append(Touched(resource=ref.resource, uid=uid_of(live), action="create", stamp=stamp(live)))
        return Removed(objects=done)

    async def _create(self, here: Cluster, ref: Ref, item: Json, key: str) -> Json:
        item = copy.deepcopy(item)
        item["metadata"].setdefault("annotations", {})[STEP] = key

        async def post() -> Json:
            for attempt in range(20):
                try:
                    made: Json = await here.call(
                        "POST", ref.kind.path(ref.namespace), query={"fieldManager": FIELD_MANAGER}, body=item
                    )
                except (Conflict, Moved) as error:
                    if attempt == 19 or "being terminated" not in error.cause:
                        raise
                    await asyncio.sleep(0.5)
                    continue
                return made
            raise AssertionError("the loop ends by a return or an error")

        try:
            return await post()
        except Invalid:
            if ref.kind.kind != "Service":
                raise
            for name in ("clusterIP", "clusterIPs", "healthCheckNodePort"):
                item["spec"].pop(name, None)  # the old address belongs to somebody else now
            for port in item["spec"].get("ports") or ():
                port.pop("nodePort", None)
            return await post()

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Removed)
        here = self.cluster(call)
        for one in self.objects:
            ref = await one.ref(here)
            if await look(here, ref) is None:
                return Verification(ok=False, detail=f"{ref.resource} is not there")
        return Verification(ok=True, detail=f"made anew: {', '.join(row.resource for row in outputs.objects[:5])}")

    async def probe(self, call: Call) -> Probe:
        here, done, absent = self.cluster(call), [], []
        for one in self.objects:
            ref = await one.ref(here)
            live = await look(here, ref)
            if live is None or step_of(live) != call.key:
                absent.append(ref.resource)
                continue
            done.append(Touched(resource=ref.resource, uid=uid_of(live), action="create", stamp=stamp(live)))
        if not done:
            return Probe(state="not_done", detail="nothing carries this step's mark")
        if absent:
            return Probe(state="in_doubt", detail=f"only a part was made anew; not {', '.join(absent[:5])}")
        outputs = Removed(objects=done).model_dump(mode="json")
        return Probe(state="done", detail="all is there and carries this step's mark", outputs=outputs)

    async def capture(self, call: Call) -> JsonObject:
        here = self.cluster(call)
        kept: list[JsonValue] = []
        for one in self.objects:
            live = await look(here, await one.ref(here))
            uid = None if live is None else uid_of(live)
            kept.append(one.model_copy(update={"uid": uid, "kept": None}).model_dump(mode="json"))
        return {"objects": kept}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        from reign_executors.kubernetes.apply import way_back

        return way_back(self.context, before, outputs)


__all__ = ["Delete", "NotFound", "Recreate", "Removed", "remove", "until_gone"]
