"""Changes of what runs: scale, image, variables, restart, an older revision."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar

from pydantic import Field, field_validator

from reign_executors.call import Call
from reign_executors.effect import (
    Action,
    Choice,
    Effect,
    Finding,
    Probe,
    Problem,
    ResourceChange,
    UndoPromise,
    Verification,
)
from reign_executors.errors import NotFound
from reign_executors.kubernetes.base import Name, Ref, look, need
from reign_executors.kubernetes.changing import InTheWay, ObjectChange, write
from reign_executors.kubernetes.client import Cluster, Json
from reign_executors.kubernetes.dangers import stop_findings
from reign_executors.kubernetes.kept import Changed, changed, kept_of
from reign_executors.kubernetes.kinds import CONTROLLER_REVISION, POD_TEMPLATES, REPLICA_SET, ROLLED_OUT
from reign_executors.kubernetes.objects import STEP, meta, stamp, uid_of
from reign_executors.kubernetes.settling import owned_by, revision, rollout, selector_text
from reign_executors.operation import Change, JsonObject, Repeat

RESTARTED = "kubectl.kubernetes.io/restartedAt"
FORMER = "deployment.kubernetes.io/revision-history"


class WorkloadChange(ObjectChange):
    """A change of a workload that its controller then rolls out."""

    wait: float = Field(90.0, ge=0, le=3600, description="seconds to wait for the rollout; 0 = do not wait")

    def time_limit(self) -> float:
        return self.timeout + self.wait

    async def settled(self, call: Call, here: Cluster, ref: Ref) -> Verification:
        if self.wait == 0 or ref.kind.kind not in (*ROLLED_OUT, "ReplicaSet", "ReplicationController"):
            return Verification(ok=True, detail=f"{ref.resource} is as wanted (its rollout is not waited for)")
        seen = await rollout(here, ref, call, self.wait)
        return Verification(ok=seen.ok, detail=seen.detail)

    def check(self, ref: Ref) -> None:
        if ref.kind.kind not in POD_TEMPLATES:
            raise InTheWay(Problem(text=f"a {ref.kind.singular} has no pod template to change"))
        if ref.kind.kind == "Job":
            raise InTheWay(Problem(text="the pods of a job can't be changed: delete it and make another"))


class Scale(WorkloadChange):
    """Set how many pods a workload has."""

    name: ClassVar[str] = "kubernetes.scale"
    summary: ClassVar[str] = "Set the number of replicas of a deployment, statefulset or replicaset"

    replicas: int = Field(ge=0, description="how many pods at the end")

    def command_line(self) -> str:
        return f"kubectl scale {self.kind}/{self.object} --replicas={self.replicas}{self.flags()}"

    def check(self, ref: Ref) -> None:
        if not ref.kind.scalable:
            raise InTheWay(Problem(text=f"a {ref.kind.singular} can't be scaled"))

    def action(self, live: Json) -> Action:
        return Action.SCALE

    def doing(self) -> str:
        return f"~ spec.replicas: {self.replicas}"

    def wanted(self, live: Json) -> None:
        live.setdefault("spec", {})["replicas"] = self.replicas

    def dangers(self, ref: Ref, live: Json) -> tuple[Finding, ...]:
        return stop_findings(ref.kind, ref.namespace, ref.name) if self.replicas == 0 else ()

    def notes(self, live: Json, after: Json) -> tuple[str, ...]:
        before = int((live.get("spec") or {}).get("replicas", 1))
        notes = []
        if self.replicas == 0 and before:
            notes.append("nothing of it runs any more then")
        if any(entry.get("subresource") == "scale" for entry in meta(live).get("managedFields") or ()):
            notes.append("its replicas were set through the scale subresource: an autoscaler may set them back")
        return tuple(notes)

    async def _effect(self, here: Cluster, ref: Ref, live: Json, wanted: Json) -> Effect:
        before = int((live.get("spec") or {}).get("replicas", 1))
        effect = await super()._effect(here, ref, live, wanted)
        if effect.changes or before == self.replicas:
            return effect
        # an autoscaler holds the field, so that it is left out of comparisons: it changes all the same
        change = ResourceChange(
            action=Action.SCALE, resource=ref.resource, diff=f"~ spec.replicas: {before} → {self.replicas}"
        )
        findings = self.dangers(ref, live)
        identity = {ref.resource: stamp(live)}
        return Effect(
            changes=(change,),
            notes=self.notes(live, wanted),
            findings=findings,
            identity=identity,
            undo=UndoPromise.NONE,
            undo_why="an autoscaler sets its replicas: there is no number to go back to",
        )

    async def holds(self, here: Cluster, ref: Ref, live: Json) -> bool:
        return int((live.get("spec") or {}).get("replicas", 1)) == self.replicas


def containers_of(live: Json, *, init: bool = False) -> list[Json]:
    """The containers of a pod template (or of a pod)."""
    spec = live.get("spec") or {}
    pod = spec if live.get("kind") == "Pod" else (spec.get("template") or {}).get("spec") or {}
    found: list[Json] = list(pod.get("containers") or ())
    return [*found, *(pod.get("initContainers") or ())] if init else found


def the_container(live: Json, name: str | None, *, init: bool = False) -> Json:
    """The container of that name, or the only one; :class:`InTheWay` naming them otherwise."""
    found = containers_of(live, init=init)
    names = [str(one.get("name")) for one in found]
    title = meta(live).get("name")
    if name is None:
        main = containers_of(live)
        if len(main) == 1:
            return main[0]
        choices = tuple(Choice(key=f"use-{one}", label=f"container {one}", fields={"container": one}) for one in names)
        raise InTheWay(Problem(text=f"{title} has several containers: {', '.join(names)}", choices=choices))
    for one in found:
        if one.get("name") == name:
            return one
    choices = tuple(Choice(key=f"use-{one}", label=f"container {one}", fields={"container": one}) for one in names)
    raise InTheWay(Problem(text=f"{title} has no container {name}: it has {', '.join(names)}", choices=choices))


class SetImage(WorkloadChange):
    """Give a workload's container another image."""

    name: ClassVar[str] = "kubernetes.set_image"
    summary: ClassVar[str] = "Give a container of a deployment, statefulset or daemonset another image"

    image: Name = Field(description="the new image with its tag")
    container: str | None = Field(None, description="which container; none = the only one")

    def command_line(self) -> str:
        container = self.container or "'*'"
        return f"kubectl set image {self.kind}/{self.object} {container}={self.image}{self.flags()}"

    def doing(self) -> str:
        return f"~ image: {self.image}"

    def wanted(self, live: Json) -> None:
        the_container(live, self.container, init=True)["image"] = self.image

    def notes(self, live: Json, after: Json) -> tuple[str, ...]:
        return ("its pods are replaced one after another",)


_VARIABLE = re.compile(r"[-._a-zA-Z][-._a-zA-Z0-9]*")


class SetEnv(WorkloadChange):
    """Set or remove variables of a workload's container."""

    name: ClassVar[str] = "kubernetes.set_env"
    summary: ClassVar[str] = "Set environment variables of a workload's container (null removes one)"

    env: dict[str, str | None] = Field(min_length=1, description="name → value; null removes the variable")
    container: str | None = Field(None, description="which container; none = the only one")

    @field_validator("env")
    @classmethod
    def _names(cls, value: dict[str, str | None]) -> dict[str, str | None]:
        for name in value:
            if not _VARIABLE.fullmatch(name):
                raise ValueError(f"{name!r} can't be the name of a variable")
        return value

    def command_line(self) -> str:
        from reign_executors.docker.redacting import shown

        words = [f"{key}-" if value is None else f"{key}={shown(key, value)}" for key, value in self.env.items()]
        return f"kubectl set env {self.kind}/{self.object} {' '.join(words)}{self.flags()}"

    def doing(self) -> str:
        return f"~ env: {', '.join(self.env)}"

    def wanted(self, live: Json) -> None:
        container = the_container(live, self.container)
        variables = [one for one in container.get("env") or () if self.env.get(one.get("name"), "") is not None]
        for name, value in self.env.items():
            if value is None:
                continue
            entry = next((one for one in variables if one.get("name") == name), None)
            if entry is None:
                variables.append({"name": name, "value": value})
            else:
                entry.pop("valueFrom", None)
                entry["value"] = value
        if variables:
            container["env"] = variables
        else:
            container.pop("env", None)

    def notes(self, live: Json, after: Json) -> tuple[str, ...]:
        return ("its pods are replaced one after another",)


class RolloutRestart(WorkloadChange):
    """Replace all pods of a workload, one after another, with the same settings."""

    name: ClassVar[str] = "kubernetes.rollout_restart"
    summary: ClassVar[str] = "Replace all pods of a deployment, statefulset or daemonset, one after another"
    repeat: ClassVar[Repeat] = Repeat.KEYED
    undo_promise: ClassVar[UndoPromise] = UndoPromise.NONE

    def command_line(self) -> str:
        return f"kubectl rollout restart {self.kind}/{self.object}{self.flags()}"

    def check(self, ref: Ref) -> None:
        if ref.kind.kind not in ROLLED_OUT:
            raise InTheWay(Problem(text=f"a {ref.kind.singular} has no rollout that could be restarted"))

    def action(self, live: Json) -> Action:
        return Action.RESTART

    def doing(self) -> str:
        return "~ pods: all replaced, one after another"

    def wanted(self, live: Json) -> None:
        """Nothing by itself: the step's key is needed (see :meth:`execute`)."""

    def _marked(self, live: Json, key: str) -> Json:
        marked = copy.deepcopy(live)
        annotations = marked["spec"]["template"].setdefault("metadata", {}).setdefault("annotations", {})
        annotations[RESTARTED] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        annotations[STEP] = key
        return marked

    @staticmethod
    def _key(live: Json) -> str:
        template = ((live.get("spec") or {}).get("template") or {}).get("metadata") or {}
        return str((template.get("annotations") or {}).get(STEP) or "")

    async def _effect(self, here: Cluster, ref: Ref, live: Json, wanted: Json) -> Effect:
        why = "a restart leaves the same settings; what the old pods held in memory can't be brought back"
        replicas = (live.get("spec") or {}).get("replicas")
        change = ResourceChange(action=Action.RESTART, resource=ref.resource, diff=self.doing())
        paused = (live.get("spec") or {}).get("paused") is True
        notes = ("it has 0 replicas: there is nothing to replace",) if replicas == 0 else ()
        if paused:
            return Effect(problems=(Problem(text=f"{ref.resource} is paused: resume its rollout first"),))
        identity = {ref.resource: stamp(live)}
        return Effect(changes=(change,), notes=notes, identity=identity, undo=UndoPromise.NONE, undo_why=why)

    async def execute(self, call: Call) -> Changed:
        here, ref = self.cluster(call), await self.ref(call)
        self.check(ref)
        live = await need(here, ref)
        if self._key(live) == call.key:
            return changed(ref, live, changed=False)
        self.insist(ref.resource, live)
        done = await write(here, ref, live, self._marked(live, call.key))
        self._seen.pop(ref.resource, None)
        return changed(ref, done)

    async def holds(self, here: Cluster, ref: Ref, live: Json) -> bool:
        return True

    async def probe(self, call: Call) -> Probe:
        here, ref = self.cluster(call), await self.ref(call)
        live = await look(here, ref)
        if live is None:
            return Probe(state="in_doubt", detail=f"there is no {ref.resource} any more")
        if self._key(live) == call.key:
            outputs = changed(ref, live).model_dump(mode="json")
            return Probe(state="done", detail=f"{ref.resource} carries this step's mark", outputs=outputs)
        return Probe(state="not_done", detail=f"{ref.resource} does not carry this step's mark")

    async def capture(self, call: Call) -> JsonObject:
        here, ref = self.cluster(call), await self.ref(call)
        live = await look(here, ref)
        self.saw(ref.resource, live)
        return {"objects": [] if live is None else [kept_of(ref, uid=uid_of(live)).model_dump(mode="json")]}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        return None


class RolledBack(Changed):
    """``to_revision``: the revision whose pod template it has again."""

    to_revision: int


class RolloutUndo(WorkloadChange):
    """Give a workload the pod template of an earlier revision."""

    name: ClassVar[str] = "kubernetes.rollout_undo"
    summary: ClassVar[str] = "Roll a deployment, statefulset or daemonset back to an earlier revision"

    to_revision: int | None = Field(None, ge=1, description="the revision; none = the one before the current")

    def command_line(self) -> str:
        to = f" --to-revision={self.to_revision}" if self.to_revision else ""
        return f"kubectl rollout undo {self.kind}/{self.object}{to}{self.flags()}"

    def check(self, ref: Ref) -> None:
        if ref.kind.kind not in ROLLED_OUT:
            raise InTheWay(Problem(text=f"a {ref.kind.singular} has no revisions"))

    def doing(self) -> str:
        return f"~ pod template: as in revision {self.to_revision or 'before'}"

    _template: dict[str, Any] | None = None

    def wanted(self, live: Json) -> None:
        if self._template is None:
            return
        live["spec"]["template"] = copy.deepcopy(self._template)

    async def _find(self, call: Call, here: Cluster, ref: Ref) -> None:
        """Choose the revision whose template it gets; kept in ``_template``. Without a choice, the revision before the
        one that is there when it is first looked at: asked again after the change, it is the same."""
        live = await look(here, ref)
        if live is None or self._template is not None:
            return
        found = await revisions(here, ref, live)
        if not found:
            return
        if self.to_revision is not None:
            chosen = [one.template for one in found if self.to_revision in (one.number, *one.former)]
            if not chosen:
                known = ", ".join(str(one.number) for one in found)
                raise NotFound(f"{ref.resource} has no revision {self.to_revision}", f"it has {known}")
            self._template = chosen[0]
        elif len(found) > 1:
            self._template = found[-2].template
        else:
            raise InTheWay(Problem(text=f"{ref.resource} has no earlier revision"))

    async def preview(self, call: Call) -> Effect:
        here, ref = self.cluster(call), await self.ref(call)
        try:
            self.check(ref)
            if ref.resource not in call.gone:
                await self._find(call, here, ref)
        except InTheWay as error:
            return Effect(problems=(error.problem,))
        return await super().preview(call)

    async def capture(self, call: Call) -> JsonObject:
        await self._find(call, self.cluster(call), await self.ref(call))
        return await super().capture(call)

    async def execute(self, call: Call) -> Changed:
        ref = await self.ref(call)
        self.check(ref)
        await self._find(call, self.cluster(call), ref)
        return await super().execute(call)

    async def probe(self, call: Call) -> Probe:
        ref = await self.ref(call)
        if self.to_revision is None and self._template is None:
            return Probe(state="in_doubt", detail=f"whether {ref.resource} was rolled back can't be told any more")
        await self._find(call, self.cluster(call), ref)
        return await super().probe(call)


@dataclass(frozen=True, slots=True)
class PastTemplate:
    """One revision: its number, the numbers it had before it was rolled back to, its pod template, why it was made."""

    number: int
    template: Json
    cause: str
    former: tuple[int, ...] = ()


async def revisions(here: Cluster, ref: Ref, live: Json) -> list[PastTemplate]:
    """The revisions of a workload, the oldest first."""
    found: list[PastTemplate] = []
    selector = selector_text((live.get("spec") or {}).get("selector"))
    if ref.kind.kind == "Deployment":
        for one in await here.list(REPLICA_SET, ref.namespace, labelSelector=selector):
            if owned_by(one, uid_of(live)):
                template = one["spec"]["template"]
                (template.get("metadata") or {}).get("labels", {}).pop("pod-template-hash", None)
                history = str((meta(one).get("annotations") or {}).get(FORMER) or "")
                former = tuple(int(word) for word in history.split(",") if word.isdigit())
                found.append(PastTemplate(revision(one), template, _cause(one), former))
    else:
        for one in await here.list(CONTROLLER_REVISION, ref.namespace, labelSelector=selector):
            if owned_by(one, uid_of(live)):
                template = dict(((one.get("data") or {}).get("spec") or {}).get("template") or {})
                template.pop("$patch", None)
                found.append(PastTemplate(int(one.get("revision") or 0), template, _cause(one)))
    return sorted(found, key=lambda one: one.number)


def _cause(item: Json) -> str:
    return str((meta(item).get("annotations") or {}).get("kubernetes.io/change-cause") or "")
