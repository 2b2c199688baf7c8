"""``helm.rollback``: an earlier revision becomes the newest one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.effect import Action, Choice, Effect, Problem, ResourceChange, UndoPromise
from reign_executors.errors import NotFound
from reign_executors.helm import storage
from reign_executors.helm.change import ReleaseChange, ReleaseOutputs, note_before, noted, veil_of
from reign_executors.helm.dangers import findings, removal_findings
from reign_executors.helm.failures import HelmFailed
from reign_executors.helm.hooks import ROLLBACK, hook_changes
from reign_executors.helm.manifest import changed_objects, diff, objects, release_resource
from reign_executors.helm.place import Place
from reign_executors.helm.program import changes, history_limit, version
from reign_executors.helm.storage import Release, Revision
from reign_executors.operation import Change, JsonObject
from reign_executors.process import status


class Rollback(ReleaseChange):
    """Bring an earlier revision of a release back, as a new revision."""

    name: ClassVar[str] = "helm.rollback"
    summary: ClassVar[str] = "Roll a Helm release back to an earlier revision"

    revision: int | None = Field(default=None, ge=1, description="revision to go back to; the good one before")

    def goal(self, known: list[Revision]) -> Revision | None:
        """The revision to go back to among those that helm keeps (newest first); None when there is none."""
        if self.revision is not None:
            return next((one for one in known if one.number == self.revision), None)
        older = known[1:]
        return next((one for one in older if one.status in ("superseded", "deployed")), None)

    async def preview(self, call: Call) -> Effect:
        at = self.place(call)
        later = self.not_yet(call, at)
        if later is not None:
            return later
        await version(call)
        resource = release_resource(at.namespace, self.release)
        known = [] if resource in call.gone else await storage.revisions(call, at.context, at.namespace, self.release)
        if not known:
            return self.stopped(at, Problem(text=f"there is no release {self.release} in {at.namespace}"))
        live = await storage.read(call, at.context, at.namespace, self.release, known[0])
        moved = await self.moved(call, at, live)
        if moved is not None:
            return self.stopped(at, moved)
        goal = self.goal(known)
        if goal is None:
            return self.stopped(at, self._no_revision(known))
        wanted = await storage.read(call, at.context, at.namespace, self.release, goal)
        return self._effect(call, at, live, wanted)

    def _no_revision(self, known: list[Revision]) -> Problem:
        older = [one for one in known[1:] if one.status in ("superseded", "deployed")]
        choices = tuple(
            Choice(key=f"revision-{one.number}", label=f"revision {one.number}", fields={"revision": one.number})
            for one in older[:4]
        )
        if self.revision is None:
            return Problem(text=f"release {self.release} has no good revision before {known[0].number}")
        said = ", ".join(str(one.number) for one in known)
        return Problem(
            text=f"release {self.release} has no revision {self.revision}: helm keeps {said}", choices=choices
        )

    def _effect(self, call: Call, at: Place, live: Release, wanted: Release) -> Effect:
        veil = veil_of(live, wanted, call=call)
        old, new = objects(live.manifest, at.namespace), objects(wanted.manifest, at.namespace)
        found, notes = changed_objects(old, new, veil)
        hooks, hook_notes = hook_changes(wanted, at.namespace, upgrade=True, events=ROLLBACK)
        resource = release_resource(at.namespace, self.release)
        if not found:
            notes.append(f"revision {wanted.revision} runs the same objects; the release gets a new revision")
        if live.pending:
            notes.append(f"revision {live.revision} is {live.status}: be sure that no other helm works on it")
        chart = live.chart_name if live.chart_name == wanted.chart_name else f"{live.chart_name} → {wanted.chart_name}"
        found.append(
            ResourceChange(
                action=Action.UPDATE,
                resource=resource,
                diff=diff(live.config, wanted.config, "values", veil) or None,
                note=f"revision {live.revision} → {live.revision + 1} as {wanted.revision} was, chart {chart}",
            )
        )
        touched = [one.content for name, one in new.items() if name not in old or old[name].content != one.content]
        gone = [one.content for name, one in old.items() if name not in new and not one.kept]
        return Effect(
            changes=tuple(found + hooks),
            notes=tuple(notes + hook_notes),
            findings=(*findings(touched, wanted.hooks if hooks else ()), *removal_findings(gone, at.namespace)),
            identity={
                resource: f"{live.revision} {live.status} {live.uid}",
                f"{resource}@{wanted.revision}": wanted.uid,
            },
            undo=UndoPromise.REVERT,
            undo_why=f"undo rolls back to revision {live.revision}; the history keeps all of them",
        )

    async def execute(self, call: Call) -> ReleaseOutputs:
        at = self.place(call)
        await version(call)
        known = await storage.revisions(call, at.context, at.namespace, self.release)
        done = await self.made(call, at, known)
        if done is not None:
            call.say(f"revision {done.revision} of {self.release} was made by this very step: nothing to do")
            return ReleaseOutputs.of(done)
        if not known:
            raise NotFound(f"there is no release {self.release} in {at.namespace}", "helm.list shows which there are")
        if not call.resumed:
            live = await storage.read(call, at.context, at.namespace, self.release, known[0])
            await self.refuse_moved(call, at, live)
        goal = self.goal(known)
        if goal is None:
            raise NotFound(self._no_revision(known).text, "helm.history shows which revisions it has")
        note_before(call, known)
        words = ["rollback", self.release, str(goal.number), *at.words, *self.waiting_words()]
        words += ["--history-max", str(history_limit(call))]
        await changes(call, words, timeout=self.time_limit() - 10, doing=f"helm rollback {self.release}")
        made = await storage.newest(call, at.context, at.namespace, self.release)
        if made is None:
            raise HelmFailed(f"helm ended well, but there is no release {self.release}", "look with helm list --all")
        return ReleaseOutputs.of(made)

    async def made(self, call: Call, at: Place, known: list[Revision]) -> Release | None:
        """Helm takes no description for a rollback: ours is the revision after the one noted, when our helm ended
        well."""
        before, ended = noted(call), status(call.folder)
        if before is None or ended.finished is None or not ended.finished.ok:
            return None
        wanted = int(before["revision"]) + 1
        found = next((one for one in known if one.number == wanted), None)
        if found is None or found.status not in ("deployed", "superseded"):
            return None
        release = await storage.read(call, at.context, at.namespace, self.release, found)
        return release if release.description.lower().startswith("rollback to") else None

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        revision = outputs.get("revision")
        if not before.get("revision") or revision == before.get("revision"):
            return None
        about = {name: before.get(name) for name in ("release", "namespace", "context")}
        only = revision if isinstance(revision, int) and revision > 0 else None
        return Rollback.model_validate(
            {**about, "revision": before["revision"], "only_revision": only, "wait": self.wait}
        )

    def command_line(self) -> str:
        number = f" {self.revision}" if self.revision is not None else ""
        return f"helm rollback {self.release}{number}{self.where_words()}{' --wait' if self.wait else ''}"
