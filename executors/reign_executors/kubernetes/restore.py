"""``kubernetes.restore_fields``: the inverse of every change that leaves its objects there.

Only the fields that were changed go back to what they were. What others changed since stays; where they changed the
very same fields, it refuses. What the change had created is removed again, unless others changed it meanwhile.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from pydantic import JsonValue

from reign_executors.call import Call
from reign_executors.effect import Action, Choice, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import Conflict
from reign_executors.kubernetes.base import KubernetesChange, Ref, look, resource_name
from reign_executors.kubernetes.changing import write
from reign_executors.kubernetes.client import Cluster, Json
from reign_executors.kubernetes.delete import Removed, remove, until_gone
from reign_executors.kubernetes.foresight import everything_in, made_by_itself
from reign_executors.kubernetes.kept import Fields, Kept, Touched, kept_of
from reign_executors.kubernetes.kinds import NAMESPACE
from reign_executors.kubernetes.objects import (
    ABSENT,
    STEP,
    comparable,
    difference,
    listing,
    meta,
    path_text,
    put_at,
    stamp,
    uid_of,
    value_at,
)
from reign_executors.operation import Change, JsonObject, Outputs, Repeat

GONE_LIMIT = 120.0


@dataclass(frozen=True, slots=True)
class Way:
    """What is to be done with one object: ``wanted`` is how it should be (None: removed); ``live`` None: it is gone.
    ``theirs`` says what others changed since."""

    kept: Kept
    ref: Ref
    live: Json | None
    wanted: Json | None
    theirs: str = ""

    @property
    def needed(self) -> bool:
        return self.live is not None and (self.wanted is None or self.wanted != self.live)


class RestoreFields(KubernetesChange):
    """Put changed fields back as they were, and remove what was created."""

    name: ClassVar[str] = "kubernetes.restore_fields"
    summary: ClassVar[str] = "Put changed fields back as they were before (made by undo, not for planning)"
    returns: ClassVar[type[Outputs]] = Removed
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT

    objects: list[Kept]
    if_changed: Literal["ask", "overwrite", "keep"] = "ask"

    def touched(self) -> Iterable[str]:
        return [resource_name(one.kind, one.object, one.namespace or "") for one in self.objects]

    async def resource(self, call: Call) -> str:
        return (await self.objects[0].ref(self.cluster(call))).resource

    async def _ways(self, call: Call) -> list[Way]:
        here = self.cluster(call)
        refs = [await one.ref(here) for one in self.objects]
        own = frozenset(ref.resource for one, ref in zip(self.objects, refs, strict=True) if one.kept is None)
        return [await self._way(call, here, one, ref, own) for one, ref in zip(self.objects, refs, strict=True)]

    async def _way(self, call: Call, here: Cluster, one: Kept, ref: Ref, own: frozenset[str]) -> Way:
        live = None if ref.resource in call.gone else await look(here, ref)
        if live is not None and "deletionTimestamp" in meta(live) and one.kept is None:
            live = None
        if live is not None and uid_of(live) != one.uid:
            return Way(one, ref, live, None, "it is another object now")
        if live is None:
            return Way(one, ref, None, None, "" if one.kept is None else "it is gone")
        if one.kept is None:
            theirs = ""
            if one.stamp is not None and stamp(live) != one.stamp:
                theirs = f"it was changed since{_by_whom(live)}"
            elif ref.kind.kind == NAMESPACE.kind:
                theirs = await self._others_inside(call, here, ref, own)
            return Way(one, ref, live, None, theirs)
        fields = Fields.kept(call.blobs, one.kept)
        wanted, theirs_too = copy.deepcopy(live), []
        shown = comparable(live)
        for path, before, after in fields.changed:
            now = value_at(shown, path)
            if now == before or (now is ABSENT and before is ABSENT):
                continue
            if now != after:
                theirs_too.append(path_text(path))
                if self.if_changed != "overwrite":
                    continue
            put_at(wanted, path, before)
        annotations = dict((wanted["metadata"].get("annotations")) or {})
        if fields.step is None:
            annotations.pop(STEP, None)
        else:
            annotations[STEP] = fields.step
        wanted["metadata"].pop("annotations", None)
        if annotations:
            wanted["metadata"]["annotations"] = annotations
        if meta(wanted).get("labels") == {}:
            del wanted["metadata"]["labels"]
        words = f"others changed {', '.join(theirs_too)} since{_by_whom(live)}" if theirs_too else ""
        return Way(one, ref, live, wanted, words)

    async def _others_inside(self, call: Call, here: Cluster, ref: Ref, own: frozenset[str]) -> str:
        """What others have put into a namespace that would go with it."""
        left = []
        for kind, item in await everything_in(here, ref.name):
            resource = kind.resource(ref.name, str(meta(item)["name"]))
            going = "deletionTimestamp" in meta(item) or made_by_itself(kind, item)
            if not going and resource not in own and resource not in call.gone:
                left.append(resource)
        return f"there is more in it now: {', '.join(sorted(left)[:5])}" if left else ""

    async def preview(self, call: Call) -> Effect:
        changes, problems, notes = [], [], []
        identity = {}
        removes = False
        for way in await self._ways(call):
            resource = way.ref.resource
            self.saw(resource, way.live)
            if way.theirs and self.if_changed == "ask" and not call.will_touch(resource):
                problems.append(self._problem(way))
                continue
            if way.live is None or (way.theirs and (self.if_changed == "keep" or uid_of(way.live) != way.kept.uid)):
                notes.append(f"{resource}: {way.theirs or 'it is gone already'}")
                continue
            identity[resource] = stamp(way.live)
            if way.wanted is None:
                removes = True
                changes.append(
                    ResourceChange(
                        action=Action.DELETE, resource=resource, diff=listing(way.live, "-"), note="made by it"
                    )
                )
                continue
            diff = difference(way.live, way.wanted)
            if diff:
                changes.append(ResourceChange(action=Action.UPDATE, resource=resource, diff=diff))
            else:
                notes.append(f"{resource} is as it was before already")
        undo, why = UndoPromise.EXACT, None
        if removes:
            undo, why = UndoPromise.NONE, "it is the way back from a creation: run that again to have it again"
        return Effect(
            changes=tuple(changes),
            notes=tuple(notes),
            problems=tuple(problems),
            identity=identity,
            undo=undo,
            undo_why=why,
        )

    def _problem(self, way: Way) -> Problem:
        if way.live is None or uid_of(way.live) != way.kept.uid:
            leave = Choice(key="keep", label="leave it as it is now", fields={"if_changed": "keep"})
            return Problem(text=f"{way.ref.resource}: {way.theirs}", choices=(leave,))
        lose = "put it back all the same; what they did is lost"
        return Problem(
            text=f"{way.ref.resource}: {way.theirs}",
            choices=(
                Choice(key="overwrite", label=lose, fields={"if_changed": "overwrite"}),
                Choice(key="keep", label="leave that as it is now", fields={"if_changed": "keep"}),
            ),
        )

    async def execute(self, call: Call) -> Removed:
        here, done, waiting = self.cluster(call), [], []
        ways = await self._ways(call)
        for way in ways:
            if way.theirs and self.if_changed == "ask":
                raise Conflict(f"{way.ref.resource}: {way.theirs}", "choose overwrite or keep")
        for way in ways:
            skip = way.theirs and (self.if_changed == "keep" or (way.live and uid_of(way.live) != way.kept.uid))
            if way.live is None or (skip and way.wanted is None):
                continue
            self.insist(way.ref.resource, way.live)
            if way.wanted is None:
                await remove(here, way.ref, uid_of(way.live))
                call.say(f"{way.ref.resource}: removed")
                waiting.append(way)
                done.append(Touched(resource=way.ref.resource, uid=uid_of(way.live), action="delete"))
            elif way.needed:
                now = await write(here, way.ref, way.live, way.wanted)
                call.say(f"{way.ref.resource}: {difference(way.live, now)}")
                done.append(Touched(resource=way.ref.resource, uid=uid_of(now), action="update"))
        self._seen.clear()
        limit = time.monotonic() + GONE_LIMIT
        stuck = [await until_gone(here, way.ref, uid_of(way.live or {}), limit) for way in waiting]
        return Removed(objects=done, waiting=[one for one in stuck if one is not None])

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Removed)
        if outputs.waiting:
            return Verification(ok=False, detail="; ".join(outputs.waiting))
        for way in await self._ways(call):
            if way.needed and not way.theirs and (way.wanted is None or difference(way.live or {}, way.wanted)):
                return Verification(ok=False, detail=f"{way.ref.resource} is not as it was before")
        return Verification(ok=True, detail="as before")

    async def probe(self, call: Call) -> Probe:
        ways = await self._ways(call)
        left = [way.ref.resource for way in ways if way.needed and not way.theirs]
        if not left:
            outputs = Removed(
                objects=[Touched(resource=way.ref.resource, uid=str(way.kept.uid), action="update") for way in ways]
            )
            return Probe(state="done", detail="as before", outputs=outputs.model_dump(mode="json"))
        if len(left) == len(ways):
            return Probe(state="not_done", detail=f"not as before: {', '.join(left[:5])}")
        return Probe(state="in_doubt", detail=f"only a part is as before; not {', '.join(left[:5])}")

    async def capture(self, call: Call) -> JsonObject:
        kept: list[JsonValue] = []
        for way in await self._ways(call):
            self.saw(way.ref.resource, way.live)
            if way.live is not None and way.wanted is not None:
                fields = Fields.between(way.live, way.wanted).keep(call.blobs)
                kept.append(kept_of(way.ref, uid=uid_of(way.live), kept=fields).model_dump(mode="json"))
        return {"objects": kept}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if not before.get("objects"):
            return None
        return RestoreFields.model_validate({"context": self.context, "objects": before["objects"]})


def _by_whom(live: Json) -> str:
    """The last who wrote the object, other than Reign and status writers: `` by kubectl-edit at …``."""
    entries = [
        entry
        for entry in meta(live).get("managedFields") or ()
        if entry.get("manager") != "reign" and entry.get("subresource") != "status"
    ]
    last = max(entries, key=lambda entry: str(entry.get("time") or ""), default=None)
    return "" if last is None else f" (last written by {last.get('manager')} at {last.get('time')})"
