"""``kubernetes.apply``: objects as a manifest says, by server-side apply with the field manager ``reign``."""

from __future__ import annotations

import asyncio
import copy
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

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
from reign_executors.errors import NotFound, OperationError
from reign_executors.home import expanded
from reign_executors.kubernetes.base import KubernetesChange, Ref, look, resource_name
from reign_executors.kubernetes.changing import new_findings
from reign_executors.kubernetes.client import APPLY, FIELD_MANAGER, Cluster, Json
from reign_executors.kubernetes.dangers import manifest_findings
from reign_executors.kubernetes.failures import Invalid, OwnedByOthers, Refused
from reign_executors.kubernetes.kept import Fields, Touched, kept_of
from reign_executors.kubernetes.kinds import NAMESPACE, ROLLED_OUT, Kind, known_type
from reign_executors.kubernetes.manifests import doubled, parse, read
from reign_executors.kubernetes.objects import (
    STEP,
    difference,
    has_secrets,
    listing,
    meta,
    secret_values,
    stamp,
    step_of,
    uid_of,
)
from reign_executors.kubernetes.settling import rollout
from reign_executors.operation import Change, JsonObject, Outputs, Repeat

PROMISED = "it can't be checked by the cluster yet: {why}"


class Applied(Outputs):
    """``objects`` in the order they were applied; ``created`` and ``changed`` count them."""

    objects: list[Touched]
    created: int
    changed: int


@dataclass(frozen=True, slots=True)
class Item:
    """One object of the manifest with its place. ``kind`` is a guess (``known`` False) where the cluster does not know
    it yet."""

    ref: Ref
    manifest: Json
    known: bool = True


@dataclass(frozen=True, slots=True)
class Seen:
    """One object as it is (None: absent) and as it would be (None: the cluster can't say yet)."""

    item: Item
    live: Json | None
    after: Json | None
    problem: Problem | None = None
    why_unchecked: str = ""

    @property
    def diff(self) -> str:
        return "" if self.live is None or self.after is None else difference(self.live, self.after)

    @property
    def action(self) -> str:
        if self.live is None:
            return "create"
        return "update" if self.diff else "none"


class Applying(KubernetesChange):
    """What every operation that applies objects shares; a subclass gives the manifest."""

    returns: ClassVar[type[Outputs]] = Applied
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT

    force: bool = Field(False, description="take over fields that others manage")
    wait: float = Field(90.0, ge=0, le=3600, description="seconds to wait for rollouts; 0 = do not wait")

    def time_limit(self) -> float:
        return self.timeout + self.wait

    @abstractmethod
    def manifests(self, call: Call) -> list[Json]:
        """The objects, namespaces first."""

    def fingerprints(self, call: Call) -> dict[str, str]:
        """What else binds an approval where the differences shown do not say everything (hidden values)."""
        return {}

    async def items(self, call: Call) -> list[Item]:
        here, space = self.cluster(call), self.space(call)
        manifests = self.manifests(call)
        for manifest in manifests:
            call.learn(dict(secret_values(manifest)))
        defined = {
            (str(spec.get("group")), str((spec.get("names") or {}).get("kind"))): spec
            for spec in (m.get("spec") or {} for m in manifests if m["kind"] == "CustomResourceDefinition")
        }
        found = []
        for manifest in manifests:
            api_version, word = str(manifest["apiVersion"]), str(manifest["kind"])
            known = True
            try:
                kind = await here.type(api_version, word)
            except NotFound:
                group, _, version = api_version.rpartition("/")
                spec = defined.get((group, word))
                if spec is None and not any(name.startswith("customresourcedefinition/") for name in call.promised):
                    raise
                names, known = (spec or {}).get("names") or {}, False
                plural = str(names.get("plural") or f"{word.lower()}s")
                kind = Kind(word, group, version, plural, (spec or {}).get("scope", "Namespaced") == "Namespaced")
            namespace = str(manifest["metadata"].get("namespace") or space) if kind.namespaced else None
            found.append(Item(Ref(kind, namespace, str(manifest["metadata"]["name"])), manifest, known))
        return found

    async def resource(self, call: Call) -> str:
        items = await self.items(call)
        if len(items) == 1:
            return items[0].ref.resource
        space = self.space(call)
        return f"{space}/manifest/{items[0].ref.name} and {len(items) - 1} more"

    def touched(self) -> Iterable[str]:
        return self._resources(Call("locks", Path()))

    def _resources(self, call: Call) -> list[str]:
        space, found = self.space(call), []
        for manifest in self.manifests(call):
            kind = known_type(manifest["apiVersion"], manifest["kind"])
            word = kind.word if kind else f"{manifest['kind'].lower()}.{manifest['apiVersion'].rpartition('/')[0]}"
            namespace = str(manifest["metadata"].get("namespace") or space)
            found.append(resource_name(word, str(manifest["metadata"]["name"]), namespace))
        return found

    def _body(self, item: Item, key: str | None, uid: str | None) -> Json:
        body = copy.deepcopy(item.manifest)
        metadata = body["metadata"]
        if item.ref.namespace is not None:
            metadata["namespace"] = item.ref.namespace
        if uid:
            metadata["uid"] = uid
        if key is not None:
            metadata["annotations"] = {**(metadata.get("annotations") or {}), STEP: key}
        return body

    async def _apply(self, here: Cluster, item: Item, key: str | None, uid: str | None, *, dry: bool) -> Json:
        async def send(*, force: bool) -> Json:
            query = {"fieldManager": FIELD_MANAGER, "force": str(force).lower(), "dryRun": "All" if dry else None}
            done: Json = await here.call(
                "PATCH", item.ref.path(), query=query, body=self._body(item, key, uid), content=APPLY
            )
            return done

        try:
            return await send(force=self.force)
        except OwnedByOthers as error:
            if set(error.owners) != {FIELD_MANAGER}:
                raise
            return await send(force=True)  # set by another operation of Reign: nobody else holds them

    async def _see(self, call: Call, here: Cluster, item: Item, others: frozenset[str]) -> Seen:
        """Look at one object and ask the server what would become of it. ``others``: what is made before it."""
        ref = item.ref
        if not item.known:
            return Seen(item, None, None, why_unchecked=f"{ref.kind.kind} is defined by an earlier step")
        live = None if ref.resource in call.gone else await look(here, ref)
        self.saw(ref.resource, live)
        home = f"namespace/{ref.namespace}"
        if live is None and ref.resource in call.promised:
            return Seen(item, None, None, why_unchecked="it is made by an earlier step")
        if live is None and ref.namespace is not None and await self._homeless(call, here, home, others):
            return Seen(item, None, None, why_unchecked=f"the namespace {ref.namespace} is made by an earlier step")
        uid = uid_of(live) if live else None
        try:
            try:
                after, owned = await self._apply(here, item, None, uid, dry=True), None
            except OwnedByOthers as error:
                forced = self.model_copy(update={"force": True})
                after, owned = await forced._apply(here, item, None, uid, dry=True), error
        except (Invalid, Refused, NotFound) as error:
            return Seen(item, live, None, await self._refused(here, ref, error))
        if owned is None:
            return Seen(item, live, after)
        take = Choice(key="force", label="take those fields over", fields={"force": True})
        return Seen(item, live, after, Problem(text=f"{ref.resource}: {owned.cause}", choices=(take,)))

    async def _homeless(self, call: Call, here: Cluster, home: str, others: frozenset[str]) -> bool:
        """Whether the namespace is yet to be made, by an earlier step or by this manifest."""
        if home in others:
            return True
        return home in call.promised and await here.get(NAMESPACE, None, home.partition("/")[2]) is None

    async def _refused(self, here: Cluster, ref: Ref, error: OperationError) -> Problem:
        if ref.namespace is not None and isinstance(error, NotFound):
            home = await here.get(NAMESPACE, None, ref.namespace)
            if home is None:
                return Problem(text=f"there is no namespace {ref.namespace} for {ref.resource}: create it first")
        return Problem(text=f"{ref.resource}: {error}")

    async def look_at_all(self, call: Call) -> list[Seen]:
        here, items = self.cluster(call), await self.items(call)
        made = frozenset(item.ref.resource for item in items if item.ref.kind is NAMESPACE)
        absent = {name for name in made if await here.get(NAMESPACE, None, name.partition("/")[2]) is None}
        tasks = [asyncio.ensure_future(self._see(call, here, item, frozenset(absent))) for item in items]
        try:
            return list(await asyncio.gather(*tasks))
        except BaseException:
            for task in tasks:
                task.cancel()
            raise

    async def preview(self, call: Call) -> Effect:
        seen = await self.look_at_all(call)
        twice = doubled((one.item.ref.resource, one.item.manifest) for one in seen)
        problems = [one.problem for one in seen if one.problem is not None]
        problems += [Problem(text=f"{name} is in the manifest more than once") for name in twice]
        changes: list[ResourceChange] = []
        notes: list[str] = []
        findings: list[Finding] = []
        for one in seen:
            ref = one.item.ref
            if one.live is None:
                body = {**one.item.manifest, "metadata": {**one.item.manifest["metadata"]}}
                if ref.namespace is not None:
                    body["metadata"]["namespace"] = ref.namespace
                note = PROMISED.format(why=one.why_unchecked) if one.why_unchecked else None
                awaited = ref.resource in call.promised
                action = Action.UPDATE if awaited else Action.CREATE
                changes.append(ResourceChange(action=action, resource=ref.resource, diff=listing(body), note=note))
                findings += manifest_findings(body)
            elif one.diff and one.after is not None:
                changes.append(ResourceChange(action=Action.UPDATE, resource=ref.resource, diff=one.diff))
                findings += new_findings(one.live, one.after)
            if one.live is not None and "deletionTimestamp" in meta(one.live):
                problems.append(Problem(text=f"{ref.resource} is being deleted: wait until it is gone"))
        same = [one.item.ref.resource for one in seen if one.live is not None and one.problem is None and not one.diff]
        if same:
            notes.append(f"{', '.join(same[:5])}{' …' if len(same) > 5 else ''}: nothing to change")
        identity = {one.item.ref.resource: stamp(one.live) for one in seen if one.live is not None}
        identity.update(self.fingerprints(call) if any(has_secrets(one.item.manifest) for one in seen) else {})
        return Effect(
            changes=tuple(changes),
            notes=tuple(notes),
            problems=tuple(problems),
            findings=tuple(findings),
            identity=identity,
            undo=self.undo_promise,
        )

    async def execute(self, call: Call) -> Applied:
        here, done = self.cluster(call), []
        for item in await self.items(call):
            ref = item.ref
            if not item.known:
                item = await self._known_by_now(here, item)
                ref = item.ref
            live = await look(here, ref)
            if not (live is not None and step_of(live) == call.key):
                self.insist(ref.resource, live)
            diff = ""
            if live is not None:
                dry = await self._apply(here, item, None, uid_of(live), dry=True)
                diff = difference(live, dry)
                if not diff:
                    # a second execution of the step that made it says so again
                    action = "create" if step_of(live) == call.key and _created_by_reign(live) else "none"
                    left = stamp(live) if action == "create" else None
                    done.append(
                        Touched(resource=ref.resource, uid=uid_of(live), changed=False, action=action, stamp=left)
                    )
                    call.say(f"{ref.resource}: nothing to change")
                    continue
            now = await self._apply(here, item, call.key, uid_of(live) if live else None, dry=False)
            action = "create" if live is None else "update"
            call.say(f"{ref.resource}: {'created' if live is None else diff}")
            left = stamp(now) if live is None else None
            done.append(Touched(resource=ref.resource, uid=uid_of(now), action=action, stamp=left))
            self._seen.pop(ref.resource, None)
        return _counted(done)

    async def _known_by_now(self, here: Cluster, item: Item) -> Item:
        """The kind that a definition made a moment ago; the server needs some time to serve it."""
        for attempt in range(40):
            try:
                kind = await here.type(str(item.manifest["apiVersion"]), str(item.manifest["kind"]))
            except NotFound:
                if attempt == 39:
                    raise
                await asyncio.sleep(0.25)
                continue
            return Item(Ref(kind, item.ref.namespace if kind.namespaced else None, item.ref.name), item.manifest)
        raise AssertionError("the loop ends by a return or an error")

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        here = self.cluster(call)
        said = []
        for item in await self.items(call):
            live = await look(here, item.ref)
            if live is None:
                return Verification(ok=False, detail=f"{item.ref.resource} is not there")
            if not await self._holds(here, item, live):
                return Verification(ok=False, detail=f"{item.ref.resource} is not as wanted: others changed it")
            if item.ref.kind.kind in ROLLED_OUT and self.wait:
                seen = await rollout(here, item.ref, call, self.wait)
                if not seen.ok:
                    return Verification(ok=False, detail=seen.detail)
                said.append(seen.detail)
            else:
                said.append(f"{item.ref.resource} is as wanted")
        return Verification(ok=True, detail="; ".join(said))

    async def _holds(self, here: Cluster, item: Item, live: Json) -> bool:
        try:
            return not difference(live, await self._apply(here, item, None, uid_of(live), dry=True))
        except OwnedByOthers:
            return False

    async def probe(self, call: Call) -> Probe:
        here, done, mine = self.cluster(call), [], []
        holding = True
        for item in await self.items(call):
            live = await look(here, item.ref) if item.known else None
            if live is None:
                holding = False
                continue
            marked = step_of(live) == call.key
            if marked:
                mine.append(item.ref.resource)
            holding = holding and await self._holds(here, item, live)
            created = marked and _created_by_reign(live)
            action = "create" if created else "update" if marked else "none"
            left = stamp(live) if created else None
            done.append(
                Touched(resource=item.ref.resource, uid=uid_of(live), changed=marked, action=action, stamp=left)
            )
        if holding:
            return Probe(state="done", detail="all is as wanted", outputs=_counted(done).model_dump(mode="json"))
        if not mine:
            return Probe(state="not_done", detail="nothing carries this step's mark")
        return Probe(state="in_doubt", detail=f"only a part was applied: {', '.join(mine)}")

    async def capture(self, call: Call) -> JsonObject:
        kept = []
        for one in await self.look_at_all(call):
            if one.live is None or one.after is None:
                kept.append(kept_of(one.item.ref))
            elif one.diff:
                fields = Fields.between(one.live, one.after).keep(call.blobs)
                kept.append(kept_of(one.item.ref, uid=uid_of(one.live), kept=fields))
        return {"objects": [one.model_dump(mode="json") for one in kept]}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        return way_back(self.context, before, outputs)


def way_back(context: str | None, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
    """The inverse of an apply: fields as they were, and what it created is removed again (the last one first)."""
    from reign_executors.kubernetes.restore import RestoreFields

    made = {row["resource"]: row for row in outputs.get("objects") or () if row.get("action") == "create"}
    objects: list[dict[str, Any]] = []
    kept: Any = before.get("objects") or []
    for row in kept:
        if row.get("uid"):
            objects.append(row)
            continue
        kind = known_type(row["api_version"], row["kind"]) or Kind(
            row["kind"], row["api_version"].rpartition("/")[0], "", "", row.get("namespace") is not None
        )
        output = made.get(kind.resource(row.get("namespace"), row["object"]))
        if output is not None:
            objects.append({**row, "uid": output["uid"], "stamp": output.get("stamp")})
    if not objects:
        return None
    return RestoreFields.model_validate({"context": context, "objects": objects[::-1]})


def _created_by_reign(live: Json) -> bool:
    """Whether the first who ever wrote it was this field manager."""
    created = str(meta(live).get("creationTimestamp") or "")
    return any(
        entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply" and entry.get("time") == created
        for entry in meta(live).get("managedFields") or ()
    )


def _counted(done: list[Touched]) -> Applied:
    return Applied(
        objects=done,
        created=sum(one.action == "create" for one in done),
        changed=sum(one.action == "update" for one in done),
    )


class Apply(Applying):
    """Make objects as a manifest says."""

    name: ClassVar[str] = "kubernetes.apply"
    summary: ClassVar[str] = "Apply a manifest (text, file or folder; many objects) by server-side apply"

    manifest: str | None = Field(None, description="YAML or JSON text of one or many objects")
    path: str | None = Field(None, description="file or folder with manifests, instead of the text")

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.manifest) == bool(self.path):
            raise ValueError("give either manifest (text) or path (a file or folder)")
        return self

    def _path(self, call: Call) -> Path:
        path = expanded(str(self.path))
        return path if path.is_absolute() else call.cwd / path

    def manifests(self, call: Call) -> list[Json]:
        return read(self._path(call)) if self.path else parse(str(self.manifest))

    def fingerprints(self, call: Call) -> dict[str, str]:
        from reign_executors.kubernetes.manifests import files
        from reign_executors.process import fingerprint

        return {f"file/{file}": fingerprint(file) for file in files(self._path(call))} if self.path else {}

    def touched(self) -> Iterable[str]:
        try:
            return super().touched()
        except OperationError:
            return ()  # the file can't be read from here: the step's own verbs say so

    def command_line(self) -> str:
        force = " --force-conflicts" if self.force else ""
        return f"kubectl apply --server-side --field-manager=reign{force} -f {self.path or '-'}{self.flags()}"


__all__ = ["Applied", "Apply", "Applying", "UndoPromise", "way_back"]
