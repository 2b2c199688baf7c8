"""Changes of some fields of one object that is there: the verbs they share.

A subclass says what the object should be (``wanted``); the server says by a dry run what would become of it. Written
is a merge patch of the differing fields, with the object's uid and version as preconditions.
"""

from __future__ import annotations

import copy
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

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
from reign_executors.errors import OperationError, TargetMoved
from reign_executors.kubernetes.base import (
    KindName,
    KubernetesChange,
    ObjectName,
    Ref,
    look,
    missing,
    need,
    reference,
    resource_name,
)
from reign_executors.kubernetes.client import FIELD_MANAGER, MERGE, Cluster, Json
from reign_executors.kubernetes.dangers import manifest_findings
from reign_executors.kubernetes.failures import Moved
from reign_executors.kubernetes.kept import Changed, Fields, changed, kept_of
from reign_executors.kubernetes.objects import difference, merge_patch, meta, stamp, uid_of
from reign_executors.operation import Change, JsonObject, Outputs, Repeat

WRITE_ATTEMPTS = 6


class InTheWay(OperationError):
    """What is wanted does not fit the object that is there."""

    kind = "in_the_way"

    def __init__(self, problem: Problem, way_out: str = "look at the object and correct the step") -> None:
        super().__init__(problem.text, way_out)
        self.problem = problem


async def write(here: Cluster, ref: Ref, live: Json, wanted: Json, *, dry: bool = False) -> Json:
    """Patch the fields that differ. Status writes in between don't matter; ``TargetMoved`` when anything else moved."""
    first = stamp(live)
    for _attempt in range(WRITE_ATTEMPTS):
        patch = merge_patch(live, wanted)
        if not patch:
            return live
        patch.setdefault("metadata", {}).update({"uid": uid_of(live), "resourceVersion": meta(live)["resourceVersion"]})
        query = {"fieldManager": FIELD_MANAGER, "dryRun": "All" if dry else None}
        try:
            done: Json = await here.call("PATCH", ref.path(), query=query, body=patch, content=MERGE)
        except Moved:
            fresh = await need(here, ref)
            if stamp(fresh) != first:
                raise TargetMoved(f"{ref.resource} was changed by somebody else just now", "plan again") from None
            wanted = _carried(live, wanted, fresh)
            live = fresh
            continue
        return done
    raise TargetMoved(f"{ref.resource} is changed by others all the time", "look at it and plan again")


def _carried(live: Json, wanted: Json, fresh: Json) -> Json:
    """The same change on a newer version of the object."""

    def apply(onto: Any, patch: Json) -> Any:
        result = dict(onto) if isinstance(onto, dict) else {}
        for key, value in patch.items():
            if value is None:
                result.pop(key, None)
            elif isinstance(value, dict):
                result[key] = apply(result.get(key), value)
            else:
                result[key] = value
        return result

    merged: Json = apply(fresh, merge_patch(live, wanted))
    return merged


def new_findings(before: Json, after: Json) -> tuple[Finding, ...]:
    """What is dangerous afterwards and was not before."""
    known = {(finding.rule, finding.text) for finding in manifest_findings(before)}
    return tuple(finding for finding in manifest_findings(after) if (finding.rule, finding.text) not in known)


class ObjectChange(KubernetesChange):
    """A change of one object that is there, named by kind and name."""

    returns: ClassVar[type[Outputs]] = Changed
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT

    kind: KindName = "deployment"
    object: ObjectName

    def touched(self) -> Iterable[str]:
        return (resource_name(self.kind, self.object, self.space()),)

    async def ref(self, call: Call) -> Ref:
        return await reference(self.cluster(call), self.kind, self.object, self.space(call))

    async def resource(self, call: Call) -> str:
        return (await self.ref(call)).resource

    @abstractmethod
    def wanted(self, live: Json) -> None:
        """Change this copy of the object to what it should be; :class:`InTheWay` when that does not fit it."""

    def action(self, live: Json) -> Action:
        return Action.UPDATE

    def doing(self) -> str:
        """What happens, in a few words, for an object that an earlier step makes."""
        return "~ changed"

    def check(self, ref: Ref) -> None:
        """Raise :class:`InTheWay` for a kind that this makes no sense for."""

    def dangers(self, ref: Ref, live: Json) -> tuple[Finding, ...]:
        return ()

    def notes(self, live: Json, after: Json) -> tuple[str, ...]:
        return ()

    def _wanted(self, live: Json) -> Json:
        copied = copy.deepcopy(live)
        self.wanted(copied)
        return copied

    async def preview(self, call: Call) -> Effect:
        here, ref = self.cluster(call), await self.ref(call)
        resource = ref.resource
        try:
            self.check(ref)
        except InTheWay as error:
            return Effect(problems=(error.problem,))
        if resource in call.gone:
            return Effect(problems=(Problem(text=f"there will be no {ref.kind.singular} {ref.name}"),))
        live = await look(here, ref)
        self.saw(resource, live)
        if live is None:
            if resource in call.promised:
                change = ResourceChange(
                    action=self.action({}), resource=resource, diff=self.doing(), note="made by an earlier step"
                )
                return Effect(changes=(change,), undo=self.undo_promise)
            return Effect(problems=(await missing(here, ref),))
        try:
            wanted = self._wanted(live)
        except InTheWay as error:
            return Effect(problems=(error.problem,), identity={resource: stamp(live)})
        return await self._effect(here, ref, live, wanted)

    async def _effect(self, here: Cluster, ref: Ref, live: Json, wanted: Json) -> Effect:
        after = await write(here, ref, live, wanted, dry=True)
        diff = difference(live, after)
        if not diff:
            return Effect.nothing(f"{ref.resource} is so already")
        findings = (*self.dangers(ref, live), *new_findings(live, after))
        return Effect(
            changes=(ResourceChange(action=self.action(live), resource=ref.resource, diff=diff),),
            notes=self.notes(live, after),
            findings=findings,
            identity={ref.resource: stamp(live)},
            undo=self.undo_promise,
        )

    async def execute(self, call: Call) -> Changed:
        here, ref = self.cluster(call), await self.ref(call)
        self.check(ref)
        live = await need(here, ref)
        self.insist(ref.resource, live)
        wanted = self._wanted(live)
        if wanted == live:
            return changed(ref, live, changed=False)
        done = await write(here, ref, live, wanted)
        self._seen.pop(ref.resource, None)
        moved = meta(done).get("resourceVersion") != meta(live).get("resourceVersion")
        call.say(f"{ref.resource}: {difference(live, done) or 'was so already'}")
        return changed(ref, done, changed=moved)

    async def holds(self, here: Cluster, ref: Ref, live: Json) -> bool:
        """Whether nothing would change any more."""
        try:
            wanted = self._wanted(live)
        except InTheWay:
            return False
        return wanted == live or not difference(live, await write(here, ref, live, wanted, dry=True))

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Changed)
        here, ref = self.cluster(call), await self.ref(call)
        live = await look(here, ref)
        if live is None or uid_of(live) != outputs.uid:
            return Verification(ok=False, detail=f"{ref.resource} is gone, or another one now")
        if not await self.holds(here, ref, live):
            return Verification(ok=False, detail=f"{ref.resource} is not as wanted: others changed it")
        return await self.settled(call, here, ref)

    async def settled(self, call: Call, here: Cluster, ref: Ref) -> Verification:
        """What must become true after the object is as wanted (a rollout)."""
        return Verification(ok=True, detail=f"{ref.resource} is as wanted")

    async def probe(self, call: Call) -> Probe:
        here, ref = self.cluster(call), await self.ref(call)
        live = await look(here, ref)
        if live is None:
            return Probe(state="in_doubt", detail=f"there is no {ref.resource} any more")
        if await self.holds(here, ref, live):
            outputs = changed(ref, live).model_dump(mode="json")
            return Probe(state="done", detail=f"{ref.resource} is as wanted", outputs=outputs)
        return Probe(state="not_done", detail=f"{ref.resource} is not as wanted")

    async def capture(self, call: Call) -> JsonObject:
        here, ref = self.cluster(call), await self.ref(call)
        live = await look(here, ref)
        self.saw(ref.resource, live)
        if live is None:
            return {"objects": []}
        after = await write(here, ref, live, self._wanted(live), dry=True)
        reference_ = Fields.between(live, after).keep(call.blobs)
        return {"objects": [kept_of(ref, uid=uid_of(live), kept=reference_).model_dump(mode="json")]}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        from reign_executors.kubernetes.restore import RestoreFields

        objects = before.get("objects")
        if not objects or self.undo_promise is UndoPromise.NONE:
            return None
        return RestoreFields.model_validate({"context": self.context, "objects": objects})
