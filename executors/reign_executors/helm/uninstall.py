"""``helm.uninstall`` and its inverse, ``helm.restore_release``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import Conflict, NotFound, PermissionMissing
from reign_executors.helm import storage
from reign_executors.helm.change import ReleaseChange, ReleaseOutputs, note_before, noted, veil_of
from reign_executors.helm.dangers import findings, removal_findings
from reign_executors.helm.failures import HelmFailed
from reign_executors.helm.hooks import REMOVAL, hook_changes, leftovers
from reign_executors.helm.manifest import Rendered, diff, objects, quantity, release_resource
from reign_executors.helm.place import Place
from reign_executors.helm.program import changes, history_limit, version
from reign_executors.helm.storage import Release, Revision
from reign_executors.kubernetes.kinds import NAMESPACE, PVC, known_kind
from reign_executors.operation import Change, JsonObject, Outputs, Repeat
from reign_executors.process import status

_OURS = ("labels", "annotations", "name", "namespace")


class Uninstall(ReleaseChange):
    """Remove a release with all objects it made. What its chart says to keep stays."""

    name: ClassVar[str] = "helm.uninstall"
    summary: ClassVar[str] = "Uninstall a Helm release: remove the objects it made"
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    undo_promise: ClassVar[UndoPromise] = UndoPromise.RECREATE
    shown: ClassVar[Action] = Action.DELETE

    async def preview(self, call: Call) -> Effect:
        at = self.place(call)
        if self.promised(call, at):
            resource = release_resource(at.namespace, self.release)
            change = ResourceChange(action=Action.DELETE, resource=resource, note="made or changed by an earlier step")
            why = "what an earlier step makes of it is not captured yet"
            return Effect(changes=(change,), undo=UndoPromise.RECREATE, undo_why=why)
        await version(call)
        live = await self.live(call, at)
        if live is None:
            return await self._absent(call, at)
        problem = await self.moved(call, at, live)
        if problem is not None:
            return self.stopped(at, problem)
        return await self._effect(call, at, live)

    async def _absent(self, call: Call, at: Place) -> Effect:
        if self.only_revision is not None:
            return Effect.nothing(f"release {self.release} is gone already")
        return self.stopped(at, Problem(text=f"there is no release {self.release} in {at.namespace}"))

    async def _effect(self, call: Call, at: Place, live: Release) -> Effect:
        veil = veil_of(live, call=call)
        resource = release_resource(at.namespace, self.release)
        found: list[ResourceChange] = []
        notes: list[str] = []
        for one in objects(live.manifest, at.namespace).values():
            if one.kept:
                notes.append(f"{one.resource} stays: its resource policy is keep")
                continue
            found.append(
                ResourceChange(
                    action=Action.DELETE,
                    resource=one.resource,
                    diff=diff(one.content, None, one.resource, veil) or None,
                    data_bytes=await self._data(at, one),
                    note="with the data on it, where its storage class deletes volumes"
                    if one.kind == PVC.kind
                    else None,
                )
            )
        found.append(
            ResourceChange(
                action=Action.DELETE, resource=resource, note=f"chart {live.chart_name}, revision {live.revision}"
            )
        )
        stays = [one for one in leftovers(live, at.namespace) if not any(one in note for note in notes)]
        if stays:
            notes.append(f"this stays in the cluster: {', '.join(stays[:8])}")
        hooks, hook_notes = hook_changes(live, at.namespace, upgrade=False, events=REMOVAL)
        promise, why = await self._promise(call, at)
        going = [one.content for one in objects(live.manifest, at.namespace).values() if not one.kept]
        return Effect(
            changes=tuple(found + hooks),
            notes=tuple(notes + hook_notes),
            findings=(*findings((), live.hooks if hooks else ()), *removal_findings(going, at.namespace)),
            identity={resource: f"{live.revision} {live.status} {live.uid}"},
            undo=promise,
            undo_why=why,
        )

    async def _promise(self, call: Call, at: Place) -> tuple[UndoPromise, str]:
        records = await self._records(call, at)
        if records is None:
            return (
                UndoPromise.NONE,
                f"helm keeps its releases in {storage.driver(call)}: they can't be kept for an undo",
            )
        if len(records) > call.blobs.limit:
            return UndoPromise.NONE, "its history is too large to be kept for an undo"
        return (
            UndoPromise.RECREATE,
            "undo makes the objects anew from the last revision, with its history; data of removed volumes is lost",
        )

    async def _data(self, at: Place, one: Rendered) -> int | None:
        """Bytes of a volume claim as the cluster has it; None for other objects and for claims that are not there."""
        if one.kind != PVC.kind:
            return None
        try:
            claim = await at.cluster.get(PVC, one.namespace or at.namespace, one.name)
        except PermissionMissing:
            claim = one.content
        if claim is None:
            return None
        size = ((claim.get("status") or {}).get("capacity") or {}).get("storage") or (
            ((claim.get("spec") or {}).get("resources") or {}).get("requests") or {}
        ).get("storage")
        return quantity(str(size)) if size is not None else None

    async def _records(self, call: Call, at: Place) -> bytes | None:
        """Helm's own records of all revisions, as they can be put back; None where they can't be read."""
        kind = known_kind(storage.driver(call)) if storage.driver(call) in ("secret", "configmap") else None
        if kind is None:
            return None
        found = await at.cluster.list(kind, at.namespace, labelSelector=f"owner=helm,name={self.release}")
        kept = [
            {
                "apiVersion": "v1",
                "kind": kind.kind,
                "metadata": {name: value for name, value in one["metadata"].items() if name in _OURS},
                "data": one.get("data") or {},
                **({"type": one["type"]} if "type" in one else {}),
            }
            for one in found
        ]
        return json.dumps(sorted(kept, key=lambda one: str(one["metadata"])), sort_keys=True).encode()

    async def capture(self, call: Call) -> JsonObject:
        at = self.place(call)
        about = await super().capture(call)
        records = await self._records(call, at) if about["revision"] else None
        if records is not None and len(records) <= call.blobs.limit:
            about["records"] = call.blobs.put(records)
        return about

    async def execute(self, call: Call) -> ReleaseOutputs:
        at = self.place(call)
        await version(call)
        known = await storage.revisions(call, at.context, at.namespace, self.release)
        if not known:
            if self.only_revision is None and noted(call) is None:
                raise NotFound(
                    f"there is no release {self.release} in {at.namespace}", "helm.list shows which there are"
                )
            call.say(f"release {self.release} is gone already")
            return self._gone(at)
        live = await storage.read(call, at.context, at.namespace, self.release, known[0])
        if not call.resumed:
            await self.refuse_moved(call, at, live)
        note_before(call, known)
        words = ["uninstall", self.release, *at.words, *self.waiting_words()]
        await changes(call, words, timeout=self.time_limit() - 10, doing=f"helm uninstall {self.release}")
        return self._gone(at, chart=live.chart_name, left=tuple(leftovers(live, at.namespace)))

    def _gone(self, at: Place, **more: Any) -> ReleaseOutputs:
        return ReleaseOutputs(release=self.release, namespace=at.namespace, revision=0, status="uninstalled", **more)

    async def made(self, call: Call, at: Place, known: list[Revision]) -> Release | None:
        return None

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        at = self.place(call)
        known = await storage.revisions(call, at.context, at.namespace, self.release)
        if known:
            return Verification(ok=False, detail=f"release {self.release} is still there: {known[0].status}")
        return Verification(ok=True, detail=f"release {self.release} is gone from {at.namespace}")

    async def probe(self, call: Call) -> Probe:
        at = self.place(call)
        known = await storage.revisions(call, at.context, at.namespace, self.release)
        before, running = noted(call), status(call.folder)
        if running.state == "running":
            return Probe(state="not_done", detail=f"helm still runs as process {running.pid}: resume attaches to it")
        if not known and before is not None:
            detail = f"release {self.release} is gone from {at.namespace}"
            return Probe(state="done", detail=detail, outputs=self._gone(at).model_dump(mode="json"))
        if before is None:
            return Probe(state="not_done", detail="helm was never started")
        if known[0].status == "uninstalling":
            return Probe(state="in_doubt", detail=f"release {self.release} is half removed")
        return Probe(state="not_done", detail=f"release {self.release} is still there: {known[0].status}")

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if not before.get("revision") or not before.get("records"):
            return None
        names = ("release", "namespace", "context", "records", "revision")
        return RestoreRelease.model_validate({name: before[name] for name in names})

    def command_line(self) -> str:
        return f"helm uninstall {self.release}{self.where_words()}{' --wait' if self.wait else ''}"


class RestoreRelease(ReleaseChange):
    """Bring an uninstalled release back: helm's records of it are put back, then its last revision is rolled out."""

    name: ClassVar[str] = "helm.restore_release"
    summary: ClassVar[str] = "Bring an uninstalled Helm release back (made by undo, not for planning)."
    shown: ClassVar[Action] = Action.CREATE
    repeat: ClassVar[Repeat] = Repeat.KEYED

    records: str = Field(description="where the captured records are kept")
    revision: int = Field(ge=1, description="the revision that was the newest")

    def _kept(self, call: Call) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = json.loads(call.blobs.get(self.records))
        except KeyError as error:
            raise NotFound("what was kept for this undo is gone", "install the release again from its chart") from error
        return found

    def _wanted(self, call: Call) -> Release:
        """The revision that is brought back."""
        for record in self._kept(call):
            release = storage.decoded(record, record["kind"] == "Secret")
            if release.revision == self.revision:
                return release
        raise NotFound(f"revision {self.revision} was not kept for this undo", "install the release from its chart")

    async def preview(self, call: Call) -> Effect:
        at = self.place(call)
        await version(call)
        wanted = self._wanted(call)
        live = await self.live(call, at)
        resource = release_resource(at.namespace, self.release)
        if live is not None:
            text = (
                f"there is a release {self.release} in {at.namespace} again (revision {live.revision}): others made it"
            )
            return self.stopped(at, Problem(text=text))
        if await at.cluster.get(NAMESPACE, None, at.namespace) is None and (
            f"namespace/{at.namespace}" not in call.promised
        ):
            text = f"the namespace {at.namespace} is gone: create it first"
            return self.stopped(at, Problem(text=text))
        veil = veil_of(wanted, call=call)
        found = [
            ResourceChange(
                action=Action.CREATE, resource=one.resource, diff=diff(None, one.content, one.resource, veil) or None
            )
            for one in objects(wanted.manifest, at.namespace).values()
            if not one.kept
        ]
        found.append(
            ResourceChange(
                action=Action.CREATE,
                resource=resource,
                note=f"chart {wanted.chart_name}, as revision {self.revision} was, with its history",
            )
        )
        left = leftovers(wanted, at.namespace)
        return Effect(
            changes=tuple(found),
            notes=("hooks of its installation do not run again",) if wanted.hooks else (),
            findings=findings(one.content for one in objects(wanted.manifest, at.namespace).values()),
            identity={resource: "absent"},
            undo=UndoPromise.REVERT if left else UndoPromise.EXACT,
            undo_why=f"this stays: {', '.join(left[:6])}" if left else None,
        )

    async def execute(self, call: Call) -> ReleaseOutputs:
        at = self.place(call)
        await version(call)
        wanted = self._wanted(call)
        known = await storage.revisions(call, at.context, at.namespace, self.release)
        done = await self.made(call, at, known)
        if done is not None:
            call.say(f"revision {done.revision} of {self.release} was made by this very step: nothing to do")
            return ReleaseOutputs.of(done)
        if known and noted(call) is None:
            raise Conflict(
                f"there is a release {self.release} in {at.namespace} again: others made it",
                "upgrade it, or uninstall it first",
            )
        note_before(call, [])
        await self._put_back(call, at, {one.number for one in known})
        if wanted.status not in ("deployed", "superseded"):
            call.say(f"revision {self.revision} was {wanted.status} when it was uninstalled")
        words = ["rollback", self.release, str(self.revision), *at.words, *self.waiting_words()]
        words += ["--history-max", str(history_limit(call))]
        await changes(call, words, timeout=self.time_limit() - 10, doing=f"bringing back release {self.release}")
        made = await storage.newest(call, at.context, at.namespace, self.release)
        if made is None:
            raise HelmFailed(f"helm ended well, but there is no release {self.release}", "look with helm list --all")
        return ReleaseOutputs.of(made)

    async def _put_back(self, call: Call, at: Place, there: set[int]) -> None:
        for record in self._kept(call):
            number = int(str(record["metadata"]["name"]).rpartition(".v")[2])
            kind = known_kind(str(record["kind"]))
            assert kind is not None
            if number not in there:
                await at.cluster.call("POST", kind.path(at.namespace), body=record)
        call.say(f"the history of release {self.release} is back")

    async def made(self, call: Call, at: Place, known: list[Revision]) -> Release | None:
        ended = status(call.folder)
        if noted(call) is None or ended.finished is None or not ended.finished.ok:
            return None
        found = next((one for one in known if one.number == self.revision + 1), None)
        if found is None or found.status not in ("deployed", "superseded"):
            return None
        return await storage.read(call, at.context, at.namespace, self.release, found)

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if before.get("revision"):
            return None
        revision = outputs.get("revision")
        only = revision if isinstance(revision, int) and revision > 0 else None
        about = {name: before.get(name) for name in ("release", "namespace", "context")}
        return Uninstall.model_validate({**about, "only_revision": only, "wait": True})

    def command_line(self) -> str:
        return f"helm rollback {self.release} {self.revision}{self.where_words()}"
