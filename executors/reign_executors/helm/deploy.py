"""``helm.install`` and ``helm.upgrade``: a chart becomes a revision of a release."""

from __future__ import annotations

import asyncio
import json
import shlex
from abc import abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Literal

from pydantic import Field, JsonValue

from reign_executors.call import Call
from reign_executors.effect import Action, Choice, Effect, Finding, Problem, ResourceChange, UndoPromise
from reign_executors.errors import Conflict, NotFound, OperationError, PermissionMissing, ToolMissing
from reign_executors.helm import charts, storage
from reign_executors.helm.change import ReleaseChange, ReleaseOutputs, note_before, tag, veil_of
from reign_executors.helm.charts import ChartAt
from reign_executors.helm.dangers import findings, removal_findings
from reign_executors.helm.failures import HelmFailed, NotReady
from reign_executors.helm.hooks import hook_changes, leftovers
from reign_executors.helm.manifest import Rendered, Veil, changed_objects, diff, objects, release_resource
from reign_executors.helm.place import Place, ReleaseName, Word
from reign_executors.helm.program import Version, changes, history_limit, reads, version
from reign_executors.helm.storage import Release
from reign_executors.helm.trouble import why_not_ready
from reign_executors.helm.values import file_places, merged, stdin_of
from reign_executors.kubernetes.kinds import NAMESPACE
from reign_executors.operation import Change, JsonObject, Repeat

LOOKED_AT = 60
"""Objects of a release that are looked for one by one in a preview; more of them are taken to be there."""


@dataclass(slots=True)
class _Scene:
    """What is gathered while a preview looks."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    identity: dict[str, str] = field(default_factory=dict)


class Deploy(ReleaseChange):
    """What installing and upgrading share. Values travel over helm's standard input: neither its command line nor a
    file ever holds them."""

    repeat: ClassVar[Repeat] = Repeat.KEYED
    secret_fields: ClassVar[frozenset[str]] = frozenset({"secret_values"})

    version: Word | None = Field(default=None, description="version of the chart (or a range), where it is fetched")
    create_namespace: bool = Field(default=False, description="make the namespace when it is not there")
    values: dict[str, JsonValue] = Field(default_factory=dict, description="values over those of the chart")
    secret_values: dict[str, JsonValue] = Field(default_factory=dict, description="values that are never shown")
    values_files: tuple[Word, ...] = Field(default=(), description="YAML files of values, later ones win")
    atomic: bool = Field(default=False, description="wait, and go back by itself when it fails")
    if_pending: Literal["ask", "clear"] = Field(default="ask", description="a release left in the middle: clear it up")

    @property
    @abstractmethod
    def chart_word(self) -> str | None:
        """The chart as given; None: the one that helm stored with the release."""

    @abstractmethod
    def upgrades(self, live: Release | None) -> bool:
        """Whether this is an upgrade of the release as it is now, not an installation."""

    @abstractmethod
    def in_the_way(self, call: Call, at: Place, live: Release | None) -> list[Problem]:
        """What of the release as it is now stands in the way."""

    @property
    def keeps_values(self) -> bool:
        return False

    def time_limit(self) -> float:
        return super().time_limit() + (self.timeout_seconds if self.atomic else 0)

    async def made(self, call: Call, at: Place, known: list[storage.Revision]) -> Release | None:
        for one in known[:3]:
            release = await storage.read(call, at.context, at.namespace, self.release, one)
            if release.description == tag(call):
                return release
        return None

    def chart_at(self, call: Call, live: Release | None) -> AbstractContextManager[ChartAt]:
        return charts.chosen(self.chart_word, call.cwd, live, self.release)

    def given_values(self) -> dict[str, JsonValue]:
        return merged(self.values, self.secret_values)

    def words(self, call: Call, at: Place, chart: ChartAt, helm: Version, *, upgrade: bool) -> list[str]:
        """Helm's command line but for the values."""
        found = ["upgrade" if upgrade else "install", self.release, chart.word, *at.words, *self.waiting_words()]
        if self.version is not None and chart.kind == "repository":
            found += ["--version", self.version]
        if self.atomic:
            found.append(helm.atomic)
        if upgrade:
            found += ["--history-max", str(history_limit(call))]
            if self.keeps_values:
                found.append(helm.keep_values)
        elif self.create_namespace:
            found.append("--create-namespace")
        for path in file_places(self.values_files, call.cwd):
            found += ["--values", str(path)]
        return found + (["--values", "-"] if self.given_values() else [])

    async def rendered(self, call: Call, at: Place, chart: ChartAt, *, upgrade: bool, notes: list[str]) -> Release:
        """The revision as helm would make it, with the cluster's help; nothing changes."""
        helm = await version(call)
        words = self.words(call, at, chart, helm, upgrade=upgrade)
        stdin = stdin_of(self.given_values())
        dry = [word for word in words if word not in ("--wait", "--create-namespace", helm.atomic)]
        try:
            finished = await reads(call, [*dry, helm.dry_run, "-o", "json"], stdin=stdin)
        except NotFound as error:
            if "knows no kind" not in error.cause:
                raise
            notes.append(f"{error.cause}: unless the chart brings it, this fails")
            base = await storage.newest(call, at.context, at.namespace, self.release) if upgrade else None
            return await self._rendered_alone(call, at, chart, base=base)
        return storage.of_json(json.loads(finished.stdout))

    async def _new(self, call: Call, at: Place, chart: ChartAt, live: Release | None, scene: _Scene) -> Release:
        """The revision as it would be. Of a release that hangs in the middle helm renders nothing, so that its chart
        is rendered alone."""
        if live is None or not live.pending:
            return await self.rendered(call, at, chart, upgrade=self.upgrades(live), notes=scene.notes)
        base = await self._base(call, at, live)
        return await self._rendered_alone(call, at, chart, base=base)

    async def _rendered_alone(self, call: Call, at: Place, chart: ChartAt, *, base: Release | None) -> Release:
        """Rendered without asking the cluster: for a chart that brings its own kinds, a release that hangs."""
        given = self.given_values()
        config = merged(base.config, given) if base is not None and (self.keeps_values or not given) else given
        files = [word for path in file_places(self.values_files, call.cwd) for word in ("--values", str(path))]
        fixed = ["--version", self.version] if self.version is not None and chart.kind == "repository" else []
        told = ["template", self.release, chart.word, "--namespace", at.namespace, "--no-hooks", *fixed, *files]
        told += ["--is-upgrade"] if base is not None else []
        told += ["--values", "-"] if config else []
        finished = await reads(call, told, stdin=stdin_of(config))
        about = charts.metadata(chart)
        return Release(
            self.release, at.namespace, 0, "rendered", manifest=finished.stdout.decode("utf-8", "replace"),
            config=config, chart={"metadata": about} if about else None,
        )  # fmt: skip

    async def preview(self, call: Call) -> Effect:
        at = self.place(call)
        later = self.not_yet(call, at)
        if later is not None:
            return later
        await version(call)
        scene = _Scene()
        live = await self.live(call, at)
        moved = await self.moved(call, at, live)
        in_the_way = [*([] if moved is None else [moved]), *self.in_the_way(call, at, live)]
        scene.problems += in_the_way
        await self._namespace(call, at, scene)
        if self._promised_files(call):
            unknown = Effect.unknown("an earlier step writes the chart or its values", undo=self.undo_promise)
            return unknown.model_copy(update={"problems": tuple(scene.problems)})
        try:
            files = file_places(self.values_files, call.cwd)
            with self.chart_at(call, live) as chart:
                scene.identity["chart"] = charts.digest(chart) or ""
                new = None
                if not in_the_way:
                    new = await self._new(call, at, chart, live, scene)
        except (ToolMissing, PermissionMissing):
            raise
        except OperationError as error:
            return self.stopped(at, *scene.problems, Problem(text=str(error)), notes=scene.notes)
        if new is None:
            return self.stopped(at, *scene.problems, notes=scene.notes)
        scene.identity["chart"] = scene.identity["chart"] or charts.fetched_digest(new.chart)
        for path in files:
            scene.identity[f"file/{path}"] = charts.digest(ChartAt("package", str(path), path)) or ""
        resource = release_resource(at.namespace, self.release)
        scene.identity[resource] = "absent" if live is None else f"{live.revision} {live.status} {live.uid}"
        return await self._effect(call, at, live, new, scene)

    def _promised_files(self, call: Call) -> bool:
        """Whether an earlier step writes the chart's folder or a file of values."""
        paths = [*self.values_files, *([self.chart_word] if self.chart_word and "://" not in self.chart_word else [])]
        places = [str((call.cwd / path).absolute()) for path in paths]
        written = {
            path
            for kind, _, path in (one.partition("/") for one in (*call.promised, *call.touched))
            if kind in ("file", "directory")
        }
        return any(path in written or any(one.startswith(path + "/") for one in written) for path in places)

    async def _namespace(self, call: Call, at: Place, scene: _Scene) -> None:
        """A problem when the namespace is not there and nobody makes it."""
        if f"namespace/{at.namespace}" in call.promised:
            return
        try:
            found = await at.cluster.get(NAMESPACE, None, at.namespace)
        except PermissionMissing:
            return
        gone = f"namespace/{at.namespace}" in call.gone
        if found is not None and not gone:
            if (found.get("status") or {}).get("phase") == "Terminating":
                scene.problems.append(
                    Problem(text=f"the namespace {at.namespace} is being removed: wait until it is gone")
                )
            return
        if self.create_namespace:
            scene.notes.append(f"the namespace {at.namespace} is made; undo leaves it")
            scene.identity[f"namespace/{at.namespace}"] = "absent"
            return
        choice = Choice(key="create", label=f"create namespace {at.namespace}", fields={"create_namespace": True})
        scene.problems.append(Problem(text=f"there is no namespace {at.namespace}", choices=(choice,)))

    async def _effect(self, call: Call, at: Place, live: Release | None, new: Release, scene: _Scene) -> Effect:
        veil = veil_of(live, new, values=(self.values, {"secret": self.secret_values}), call=call)
        base = await self._base(call, at, live)
        old = {} if base is None else objects(base.manifest, at.namespace)
        now = objects(new.manifest, at.namespace)
        found, notes = changed_objects(old, now, veil)
        scene.notes += notes
        found += await self._missing(at, old, now, veil)
        hooks, hook_notes = hook_changes(new, at.namespace, upgrade=base is not None)
        scene.notes += hook_notes
        if scene.identity.get(f"namespace/{at.namespace}") == "absent":
            found.insert(0, ResourceChange(action=Action.CREATE, resource=f"namespace/{at.namespace}"))
        if base is not None and not found:
            scene.notes.append("nothing of what runs changes; the release gets a new revision")
        found.append(self._release_change(at, live, new, veil))
        if live is not None and live.pending:
            scene.notes.append(f"revision {live.revision} is {live.status}: it is cleared up first")
        if not self.wait and not self.atomic:
            scene.notes.append("helm does not wait until it is ready")
        promise, why = self._promise(at, base, new, scene)
        return Effect(
            changes=tuple(found + hooks),
            notes=tuple(dict.fromkeys(scene.notes)),
            problems=tuple(scene.problems),
            findings=_findings(now, old, new, at),
            identity=scene.identity,
            undo=promise,
            undo_why=why,
        )

    async def _base(self, call: Call, at: Place, live: Release | None) -> Release | None:
        """The revision that helm compares with: the one deployed, or the newest; of a release that hangs in the
        middle the one it is rolled back to first (None: nothing good remains of it)."""
        if live is None or live.status == "uninstalled":
            return None
        if live.status == "deployed":
            return live
        known = await storage.revisions(call, at.context, at.namespace, self.release)
        good = ("deployed", "superseded") if live.pending else ("deployed",)
        found = next((one for one in known if one.status in good), None)
        if found is None:
            return None if live.pending else live
        return await storage.read(call, at.context, at.namespace, self.release, found)

    async def _missing(
        self, at: Place, old: dict[str, Rendered], new: dict[str, Rendered], veil: Veil
    ) -> list[ResourceChange]:
        """Objects that stay as they are in the release but are gone from the cluster: they are made again."""
        same = [one for resource, one in new.items() if resource in old and old[resource].content == one.content]
        if len(same) > LOOKED_AT:
            return []

        async def gone(one: Rendered) -> bool:
            try:
                kind = await at.cluster.type(str(one.content.get("apiVersion")), one.kind)
                where = (one.namespace or at.namespace) if kind.namespaced else None
                return await at.cluster.get(kind, where, one.name) is None
            except (PermissionMissing, NotFound):
                return False

        there = await asyncio.gather(*map(gone, same))
        return [
            ResourceChange(
                action=Action.CREATE, resource=one.resource, diff=diff(None, one.content, one.resource, veil) or None,
                note="it belongs to the release but is gone",
            )
            for one, missing in zip(same, there, strict=True)
            if missing
        ]  # fmt: skip

    def _release_change(self, at: Place, live: Release | None, new: Release, veil: Veil) -> ResourceChange:
        resource = release_resource(at.namespace, self.release)
        if live is None:
            text = diff(None, new.config, "values", veil) if new.config else None
            return ResourceChange(
                action=Action.CREATE, resource=resource, diff=text or None, note=f"chart {new.chart_name}"
            )
        chart = live.chart_name if live.chart_name == new.chart_name else f"{live.chart_name} → {new.chart_name}"
        text = diff(live.config, new.config, "values", veil)
        return ResourceChange(
            action=Action.UPDATE,
            resource=resource,
            diff=text or None,
            note=f"revision {live.revision} → {live.revision + 1}, chart {chart}",
        )

    def _promise(self, at: Place, base: Release | None, new: Release, scene: _Scene) -> tuple[UndoPromise, str | None]:
        if base is not None:
            return UndoPromise.REVERT, f"undo rolls back to revision {base.revision}; the history keeps both"
        left = leftovers(new, at.namespace)
        if f"namespace/{at.namespace}" in scene.identity:
            left.append(f"namespace/{at.namespace}")
        if left:
            return UndoPromise.REVERT, f"undo uninstalls it; this stays: {', '.join(left[:6])}"
        return UndoPromise.EXACT, None

    async def execute(self, call: Call) -> ReleaseOutputs:
        at = self.place(call)
        helm = await version(call)
        known = await storage.revisions(call, at.context, at.namespace, self.release)
        done = await self.made(call, at, known)
        if done is not None and done.status == "deployed":
            call.say(f"revision {done.revision} of {self.release} was made by this very step: nothing to do")
            return ReleaseOutputs.of(done)
        live = await storage.read(call, at.context, at.namespace, self.release, known[0]) if known else None
        upgrade = self.upgrades(live)
        if not call.resumed:
            await self.refuse_moved(call, at, live)
            hanging = live is not None and live.pending
            live = await self._cleared(call, at, live, known)
            upgrade = self.upgrades(live) and not (hanging and live is None)
        if not upgrade and live is not None and not call.resumed:
            raise Conflict(
                f"there is a release {self.release} in {at.namespace} already ({live.chart_name}, {live.status})",
                "upgrade it, or take another name",
            )
        with self.chart_at(call, live) as chart:
            note_before(call, known)
            words = [*self.words(call, at, chart, helm, upgrade=upgrade), "--description", tag(call)]
            try:
                await changes(
                    call, words, stdin=stdin_of(self.given_values()), timeout=self.time_limit() - 10,
                    doing=f"helm {words[0]} {self.release}",
                )  # fmt: skip
            except (NotReady, HelmFailed) as error:
                raise await self._with_reasons(call, at, error) from error
        made = await storage.newest(call, at.context, at.namespace, self.release)
        if made is None:
            raise HelmFailed(f"helm ended well, but there is no release {self.release}", "look with helm list --all")
        return ReleaseOutputs.of(made)

    async def _cleared(
        self, call: Call, at: Place, live: Release | None, known: list[storage.Revision]
    ) -> Release | None:
        """The release as it is once a revision that hangs in the middle is out of the way."""
        if live is None or not live.pending:
            return live
        if self.if_pending == "ask":
            raise Conflict(
                f"release {self.release} is {live.status} (revision {live.revision}): another helm works on it, or "
                "died in the middle",
                "wait for it, or choose to clear it up first",
            )
        good = next((one for one in known if one.status in ("deployed", "superseded")), None)
        apart = replace(call, folder=call.folder / "clear")
        if good is not None:
            words = ["rollback", self.release, str(good.number), *at.words, "--timeout", f"{self.timeout_seconds}s"]
        else:
            words = ["uninstall", self.release, *at.words, "--timeout", f"{self.timeout_seconds}s"]
        await changes(apart, words, timeout=self.time_limit(), doing=f"clearing up release {self.release}")
        return await storage.newest(call, at.context, at.namespace, self.release)

    async def _with_reasons(self, call: Call, at: Place, error: OperationError) -> OperationError:
        """The failure with what the cluster says of the pods that are not ready."""
        try:
            live = await storage.newest(call, at.context, at.namespace, self.release)
            why = [] if live is None else await why_not_ready(at, objects(live.manifest, at.namespace))
        except OperationError:
            return error
        if not why:
            return error
        for line in why:
            call.say(line)
        return type(error)(f"{error.cause}: {'; '.join(why)[:600]}", error.way_out, detail=error.detail)

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        from reign_executors.helm.rollback import Rollback
        from reign_executors.helm.uninstall import Uninstall

        revision = outputs.get("revision")
        about = {name: before.get(name) for name in ("release", "namespace", "context")}
        only = revision if isinstance(revision, int) and revision > 0 else None
        if not before.get("revision") or before.get("status") == "uninstalled":
            return Uninstall.model_validate({**about, "only_revision": only, "wait": True})
        return Rollback.model_validate(
            {**about, "revision": before["revision"], "only_revision": only, "wait": self.wait or self.atomic}
        )

    def command_line(self) -> str:
        first = "upgrade" if self.name == "helm.upgrade" else "install"
        parts = [f"helm {first} {self.release} {shlex.quote(self.chart_word or '(its own chart)')}{self.where_words()}"]
        parts += [f"--version {shlex.quote(self.version)}"] if self.version else []
        parts += ["--create-namespace"] if self.create_namespace else []
        parts += [f"-f {shlex.quote(path)}" for path in self.values_files]
        shown = Veil().one(self.values)
        parts += [f"--set {shlex.quote(text)}" for text in _assignments(shown)][:20]
        parts += ["--set …"] if self.secret_values else []
        parts += [f"--{name}" for name in ("atomic", "wait") if getattr(self, name)]
        return " ".join(parts)


def _assignments(values: Any, prefix: str = "") -> list[str]:
    """``image.tag=2`` for each value, as helm's --set takes them."""
    if isinstance(values, dict):
        return [text for key, inner in values.items() for text in _assignments(inner, f"{prefix}.{key}".lstrip("."))]
    if isinstance(values, list):
        return [f"{prefix}={json.dumps(values)}"]
    return [f"{prefix}={'null' if values is None else json.dumps(values) if isinstance(values, bool) else values}"]


def _findings(new: dict[str, Rendered], old: dict[str, Rendered], release: Release, at: Place) -> tuple[Finding, ...]:
    """What a rule must know of the objects that are made, changed or removed, and of the hooks that run."""
    touched = [
        one.content for resource, one in new.items() if resource not in old or old[resource].content != one.content
    ]
    gone = [one.content for resource, one in old.items() if resource not in new and not one.kept]
    return (*findings(touched, release.hooks), *removal_findings(gone, at.namespace))


class Install(Deploy):
    """Install a chart as a new release."""

    name: ClassVar[str] = "helm.install"
    summary: ClassVar[str] = "Install a Helm chart as a release in a namespace of a cluster"
    undo_promise: ClassVar[UndoPromise] = UndoPromise.EXACT
    shown: ClassVar[Action] = Action.CREATE

    chart: Word = Field(description="folder, packaged .tgz, repository/name or oci:// address")
    if_exists: Literal["ask", "upgrade"] = Field(default="ask", description="a release of that name: upgrade it")

    @property
    def chart_word(self) -> str:
        return self.chart

    def upgrades(self, live: Release | None) -> bool:
        return live is not None and self.if_exists == "upgrade"

    def in_the_way(self, call: Call, at: Place, live: Release | None) -> list[Problem]:
        if live is None:
            return []
        if live.pending and self.if_pending == "ask":
            return [_pending(self, live)]
        if live.status == "pending-install" and live.revision == 1:
            return []
        if self.if_exists == "upgrade" and live.status != "uninstalled":
            return []
        other = _other_name(self.release)
        rename = Choice(key="rename", label=f"call it {other}", fields={"release": other})
        upgrade = Choice(key="upgrade", label=f"upgrade it from {live.chart_name}", fields={"if_exists": "upgrade"})
        gone = live.status == "uninstalled"
        text = (
            f"the history of a removed release {self.release} is kept in {at.namespace}"
            if gone
            else f"there is a release {self.release} in {at.namespace} already: {live.chart_name}, revision "
            f"{live.revision}, {live.status}"
        )
        return [Problem(text=text, choices=(rename,) if gone else (upgrade, rename))]


class Upgrade(Deploy):
    """Give a release another chart, version or values."""

    name: ClassVar[str] = "helm.upgrade"
    summary: ClassVar[str] = "Upgrade a Helm release: another chart, version or values (or install it when absent)"
    undo_promise: ClassVar[UndoPromise] = UndoPromise.REVERT

    chart: Word | None = Field(
        default=None, description="folder, .tgz, repository/name or oci://; the one it was made from"
    )
    install: bool = Field(default=False, description="install it when there is no such release")
    reuse_values: bool = Field(default=False, description="keep the values given before, and put these over them")

    @property
    def chart_word(self) -> str | None:
        return self.chart

    @property
    def keeps_values(self) -> bool:
        return self.reuse_values

    def upgrades(self, live: Release | None) -> bool:
        return live is not None or not self.install

    def in_the_way(self, call: Call, at: Place, live: Release | None) -> list[Problem]:
        if live is None and not self.install:
            choice = Choice(key="install", label="install it", fields={"install": True})
            text = f"there is no release {self.release} in {at.namespace}"
            return [Problem(text=text, choices=(choice,) if self.chart else ())]
        if live is not None and live.pending and self.if_pending == "ask":
            return [_pending(self, live)]
        if live is not None and live.status == "uninstalled":
            return [Problem(text=f"release {self.release} was removed, only its history is kept")]
        return []


def _pending(operation: Deploy, live: Release) -> Problem:
    first = "remove what it made" if live.status == "pending-install" and live.revision == 1 else "roll it back"
    return Problem(
        text=f"release {operation.release} is {live.status} (revision {live.revision}): another helm works on it, or "
        "died in the middle",
        choices=(Choice(key="clear", label=f"{first} first, when nobody works on it", fields={"if_pending": "clear"}),),
    )


def _other_name(name: str) -> ReleaseName:
    stem, dash, number = name.rpartition("-")
    return f"{stem}-{int(number) + 1}" if dash and number.isdigit() else f"{name[:51]}-2"
