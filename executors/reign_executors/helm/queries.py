"""What only looks: releases, their history and values, charts rendered, checked and compared."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, JsonValue

from reign_executors.call import Call
from reign_executors.errors import InvalidFields, NotFound, OperationError
from reign_executors.files.places import host_target
from reign_executors.helm import charts, storage
from reign_executors.helm.change import veil_of
from reign_executors.helm.charts import ChartAt
from reign_executors.helm.deploy import Upgrade
from reign_executors.helm.failures import ChartInvalid, failure
from reign_executors.helm.manifest import Veil, changed_objects, diff, objects, secret_values, yaml_text
from reign_executors.helm.place import InCluster, NamespaceName, OfRelease, Place, ReleaseName, Word
from reign_executors.helm.program import PROGRAM, reads, variables, version
from reign_executors.helm.storage import Release
from reign_executors.helm.values import file_places, merged, stdin_of
from reign_executors.kubernetes.kinds import ROLLED_OUT
from reign_executors.kubernetes.settling import progress
from reign_executors.operation import TERMINATE, Operation, Outputs, Query
from reign_executors.process import run
from reign_executors.target import Target

_IN_TEMPLATE = re.compile(
    r"(?:template: |(?:parse|execution) error at \()(?P<file>[^\s:]+):(?P<line>\d+)(?::\d+)?\)?: (?P<why>.*)"
)
TEXT = 512 * 1024
"""Characters of rendered text that go into outputs."""


def _shortened(text: str) -> str:
    return text if len(text) <= TEXT else f"{text[:TEXT]}\n… {len(text) - TEXT} more characters"


async def _needed(call: Call, at: Place, name: str) -> Release:
    """The newest revision; ``NotFound`` naming where else a release of this name is, or what there is."""
    found = await storage.newest(call, at.context, at.namespace, name)
    if found is not None:
        return found
    rows = await _listed(call, at, everywhere=True)
    elsewhere = sorted(str(row["namespace"]) for row in rows if row["name"] == name)
    here = sorted(str(row["name"]) for row in rows if row["namespace"] == at.namespace)
    way = f"it is in {', '.join(elsewhere)}" if elsewhere else f"there is {', '.join(here[:8])}" if here else ""
    raise NotFound(f"there is no release {name} in {at.namespace}", way or "helm.list shows which there are")


async def _listed(call: Call, at: Place, *, everywhere: bool) -> list[dict[str, Any]]:
    where = ["--kube-context", at.context, *(["-A"] if everywhere else ["--namespace", at.namespace])]
    state = ["--all"] if (await version(call)).major < 4 else []
    finished = await reads(call, ["list", *where, *state, "--max", "0", "-o", "json"])
    rows: list[dict[str, Any]] = json.loads(finished.stdout or b"[]") or []
    return rows


class ReleaseRow(Outputs):
    """One release in a list; ``updated`` as helm writes it."""

    release: str
    namespace: str
    revision: int
    status: str
    chart: str
    app_version: str | None = None
    updated: str | None = None


class Releases(Outputs):
    """``releases`` by namespace and name."""

    releases: tuple[ReleaseRow, ...]


class ListReleases(InCluster, Query):
    """Which releases there are, in one namespace or in all; also failed and half-made ones."""

    name: ClassVar[str] = "helm.list"
    summary: ClassVar[str] = "List Helm releases of a namespace, or of all namespaces"
    returns: ClassVar[type[Outputs]] = Releases

    all_namespaces: bool = False

    async def target(self, call: Call) -> Target:
        at = self.place(call)
        where = "releases" if self.all_namespaces else f"{at.namespace}/releases"
        return Target(tool="helm", context=at.context, resource=where, identity=await at.cluster.identity())

    def pinned(self, target: Target) -> Operation:
        namespace, slash, _ = target.resource.partition("/")
        update = {"context": target.context, **({"namespace": namespace} if slash else {})}
        return self.model_copy(update=update)

    async def execute(self, call: Call) -> Releases:
        rows = await _listed(call, self.place(call), everywhere=self.all_namespaces)
        found = [
            ReleaseRow(
                release=str(row["name"]),
                namespace=str(row["namespace"]),
                revision=int(row["revision"]),
                status=str(row["status"]),
                chart=str(row.get("chart") or ""),
                app_version=row.get("app_version") or None,
                updated=row.get("updated"),
            )
            for row in rows
        ]
        found.sort(key=lambda row: (row.namespace, row.release))
        for row in found:
            call.say(f"{row.namespace}  {row.release}  revision {row.revision}  {row.status}  {row.chart}")
        return Releases(releases=tuple(found))

    def command_line(self) -> str:
        return f"helm list --all{' -A' if self.all_namespaces else ''}{self.where_words()}"


class ReleaseStatus(Outputs):
    """``resources`` are what the release made; ``waiting`` says in words which of them are not there or not ready."""

    release: str
    namespace: str
    revision: int
    status: str
    description: str
    chart: str
    app_version: str | None
    updated: str | None
    resources: tuple[str, ...]
    waiting: tuple[str, ...]
    notes: str


class Status(OfRelease, Query):
    """How a release is: revision, status, what it made and whether that is there and ready."""

    name: ClassVar[str] = "helm.status"
    summary: ClassVar[str] = "Show how a Helm release is: revision, status, its objects and which are not ready"
    returns: ClassVar[type[Outputs]] = ReleaseStatus

    async def execute(self, call: Call) -> ReleaseStatus:
        at = self.place(call)
        live = await _needed(call, at, self.release)
        made = objects(live.manifest, at.namespace)
        veil = veil_of(live, call=call)
        waiting = []
        for one in made.values():
            said = await _not_ready(at, one.content, one.namespace)
            if said:
                waiting.append(f"{one.resource} {said}")
        call.say(f"{self.release} revision {live.revision} is {live.status} ({live.chart_name})")
        for line in waiting:
            call.say(line)
        return ReleaseStatus(
            release=live.name,
            namespace=at.namespace,
            revision=live.revision,
            status=live.status,
            description=live.description,
            chart=live.chart_name,
            app_version=live.app_version,
            updated=live.updated,
            resources=tuple(made),
            waiting=tuple(waiting),
            notes=_shortened(veil.text(live.notes)),
        )

    def command_line(self) -> str:
        return f"helm status {self.release}{self.where_words()}"


async def _not_ready(at: Place, content: Mapping[str, Any], namespace: str | None) -> str | None:
    """Why an object of a release is not as it should be, in words; None when it is, or can't be looked at."""
    try:
        kind = await at.cluster.type(str(content.get("apiVersion")), str(content.get("kind")))
        name = str((content.get("metadata") or {}).get("name"))
        live = await at.cluster.get(kind, (namespace or at.namespace) if kind.namespaced else None, name)
    except OperationError:
        return None
    if live is None:
        return "is gone"
    if kind.kind not in ROLLED_OUT:
        return None
    how = progress({"kind": kind.kind, **live})
    return None if how.complete else how.reason or how.words()


class HistoryRow(Outputs):
    """One revision, newest first in a history."""

    revision: int
    status: str
    chart: str
    app_version: str | None = None
    description: str
    updated: str | None = None


class ReleaseHistory(Outputs):
    """``revisions`` newest first."""

    release: str
    namespace: str
    revisions: tuple[HistoryRow, ...]


class History(OfRelease, Query):
    """The revisions of a release, newest first."""

    name: ClassVar[str] = "helm.history"
    summary: ClassVar[str] = "Show the revisions of a Helm release, newest first"
    returns: ClassVar[type[Outputs]] = ReleaseHistory

    async def execute(self, call: Call) -> ReleaseHistory:
        at = self.place(call)
        try:
            finished = await reads(call, ["history", self.release, *at.words, "--max", "256", "-o", "json"])
        except NotFound:
            await _needed(call, at, self.release)
            raise
        rows = [
            HistoryRow(
                revision=int(row["revision"]),
                status=str(row["status"]),
                chart=str(row.get("chart") or ""),
                app_version=row.get("app_version") or None,
                description=str(row.get("description") or ""),
                updated=row.get("updated"),
            )
            for row in json.loads(finished.stdout)
        ]
        rows.sort(key=lambda row: row.revision, reverse=True)
        for row in rows:
            call.say(f"{row.revision}  {row.status}  {row.chart}  {row.description}")
        return ReleaseHistory(release=self.release, namespace=at.namespace, revisions=tuple(rows))

    def command_line(self) -> str:
        return f"helm history {self.release}{self.where_words()}"


class ReleaseValues(Outputs):
    """``values`` with whatever looks secret hidden; ``text`` the same as YAML."""

    release: str
    namespace: str
    revision: int
    values: dict[str, JsonValue]
    text: str


class GetValues(OfRelease, Query):
    """The values a release was given, or with ``everything`` all that it runs with. Secrets are hidden."""

    name: ClassVar[str] = "helm.get_values"
    summary: ClassVar[str] = "Show the values of a Helm release (secrets hidden)"
    returns: ClassVar[type[Outputs]] = ReleaseValues

    everything: bool = Field(default=False, description="with the chart's own defaults")
    revision: int | None = Field(default=None, ge=1)

    async def execute(self, call: Call) -> ReleaseValues:
        at = self.place(call)
        live = await _needed(call, at, self.release)
        if self.revision is not None and self.revision != live.revision:
            found = await storage.at(call, at.context, at.namespace, self.release, self.revision)
            if found is None:
                raise NotFound(
                    f"release {self.release} has no revision {self.revision}", "helm.history shows which it has"
                )
            live = found
        values: dict[str, Any] = live.config
        if self.everything:
            words = ["get", "values", self.release, *at.words, "--all", "-o", "json", "--revision", str(live.revision)]
            values = json.loads((await reads(call, words)).stdout or b"{}") or {}
        shown = Veil([*call.secrets.values(), *secret_values(values)]).one(values)
        text = yaml_text(shown) if shown else ""
        call.say(text or "no values were given")
        return ReleaseValues(
            release=self.release, namespace=at.namespace, revision=live.revision, values=shown, text=text
        )

    def command_line(self) -> str:
        more = (" --all" if self.everything else "") + (f" --revision {self.revision}" if self.revision else "")
        return f"helm get values {self.release}{more}{self.where_words()}"


class _OfChart(Query):
    """What looks at a chart, on this machine or fetched; no cluster is asked."""

    timeout: ClassVar[float] = 180.0

    chart: Word = Field(description="folder, packaged .tgz, repository/name or oci:// address")
    version: Word | None = Field(default=None, description="version of the chart, where it is fetched")

    def chart_at(self, call: Call) -> ChartAt:
        return charts.locate(self.chart, call.cwd)

    def version_words(self, at: ChartAt) -> list[str]:
        return ["--version", self.version] if self.version is not None and at.kind == "repository" else []

    async def target(self, call: Call) -> Target:
        return host_target(f"chart/{self.chart_at(call).word}")


class _WithValues(_OfChart):
    """What looks at a chart together with values."""

    values: dict[str, JsonValue] = Field(default_factory=dict)
    secret_values: dict[str, JsonValue] = Field(default_factory=dict)
    values_files: tuple[Word, ...] = ()

    secret_fields: ClassVar[frozenset[str]] = frozenset({"secret_values"})

    def given(self) -> dict[str, JsonValue]:
        return merged(self.values, self.secret_values)

    def value_words(self, call: Call) -> list[str]:
        words = [word for path in file_places(self.values_files, call.cwd) for word in ("--values", str(path))]
        return words + (["--values", "-"] if self.given() else [])

    def veil(self, call: Call) -> Veil:
        import yaml

        found = [*call.secrets.values(), *secret_values(self.values), *secret_values({"secret": self.secret_values})]
        for path in file_places(self.values_files, call.cwd):
            try:
                found += secret_values(yaml.safe_load(path.read_text("utf-8")))
            except (yaml.YAMLError, UnicodeDecodeError):
                continue
        return Veil(found)


class RenderedChart(Outputs):
    """``text`` is the rendered YAML with secrets hidden; ``resources`` the objects' names in it."""

    text: str
    resources: tuple[str, ...]


class Template(_WithValues):
    """A chart rendered on this machine, secrets hidden."""

    name: ClassVar[str] = "helm.template"
    summary: ClassVar[str] = "Render a Helm chart's templates without a cluster (secrets hidden)"
    returns: ClassVar[type[Outputs]] = RenderedChart

    release: ReleaseName = "release-name"
    namespace: NamespaceName = "default"

    async def execute(self, call: Call) -> RenderedChart:
        at = self.chart_at(call)
        words = ["template", self.release, at.word, "--namespace", self.namespace, *self.version_words(at)]
        finished = await reads(call, [*words, *self.value_words(call)], stdin=stdin_of(self.given()))
        made = objects(finished.stdout.decode("utf-8", "replace"), self.namespace)
        veil = self.veil(call)
        text = "---\n".join(yaml_text(veil.one(one.content)) for one in made.values())
        call.say(text)
        return RenderedChart(text=_shortened(text), resources=tuple(made))

    def command_line(self) -> str:
        return f"helm template {self.release} {self.chart} -n {self.namespace}"


class LintMessage(Outputs):
    """``level`` is info, warning or error; ``file`` and ``line`` where helm names them."""

    level: str
    text: str
    file: str | None = None
    line: int | None = None


class Linted(Outputs):
    """``ok`` without errors (warnings are fine)."""

    ok: bool
    messages: tuple[LintMessage, ...]


class LintFailed(ChartInvalid):
    """The chart has errors; the cause names the first, ``detail`` all of them."""

    kind = "lint_failed"


class Lint(_WithValues):
    """A chart checked by helm; errors fail it, with file and line."""

    name: ClassVar[str] = "helm.lint"
    summary: ClassVar[str] = "Check a Helm chart for errors, with file and line"
    returns: ClassVar[type[Outputs]] = Linted

    strict: bool = Field(default=False, description="warnings count as errors")

    async def execute(self, call: Call) -> Linted:
        at = self.chart_at(call)
        if at.path is None:
            raise InvalidFields(f"{self.chart} is not on this machine", "lint a chart's folder or its .tgz")
        await version(call)
        words = ["lint", at.word, *self.value_words(call), *(["--strict"] if self.strict else [])]
        finished = await run(
            [PROGRAM, *words], call=call, environment=variables(call), stdin=stdin_of(self.given()), timeout=120.0,
            cancel=TERMINATE,
        )  # fmt: skip
        text = finished.stdout.decode("utf-8", "replace") + finished.stderr.decode("utf-8", "replace")
        messages = lint_messages(text)
        if finished.ok:
            return Linted(ok=True, messages=messages)
        errors = [one for one in messages if one.level == "error" or (self.strict and one.level == "warning")]
        if not errors:
            raise failure(finished, "helm lint")
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        raise LintFailed(
            f"{_where(errors[0], at.path)}{errors[0].text}{more}",
            "correct it, then lint again",
            detail="\n".join(f"{one.level}: {_where(one, at.path)}{one.text}" for one in errors),
        )

    def command_line(self) -> str:
        return f"helm lint {self.chart}{' --strict' if self.strict else ''}"


def _where(message: LintMessage, chart: Path) -> str:
    if message.file is None:
        return ""
    name = message.file if message.file.startswith(f"{chart.name}/") else f"{chart.name}/{message.file}"
    return f"{name} line {message.line}: " if message.line is not None else f"{name}: "


def lint_messages(text: str) -> tuple[LintMessage, ...]:
    """Helm's lint as messages; lines that go on belong to the message before."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        started = re.match(r"\[(INFO|WARNING|ERROR)\] (.*)", line)
        if started is not None:
            found.append((started[1].lower(), started[2]))
        elif found and line.startswith((" ", "\t")):
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}")
    return tuple(_message(level, said) for level, said in found)


def _message(level: str, said: str) -> LintMessage:
    inner = re.search(
        r"(?:template: |(?:parse|execution) error at \()(?P<file>[^\s:]+):(?P<line>\d+)(?::\d+)?\)?: (?P<why>.*)", said
    )
    if inner is not None:
        return LintMessage(level=level, text=inner["why"], file=inner["file"], line=int(inner["line"]))
    file, colon, rest = said.partition(": ")
    named = bool(colon) and bool(re.fullmatch(r"[\w./-]+", file))
    line = re.search(r"\bline (\d+)", rest)
    return LintMessage(
        level=level,
        text=rest if named and rest else said,
        file=file.rstrip("/") if named and rest and "." in file else None,
        line=int(line[1]) if named and line is not None else None,
    )


class ChartShown(Outputs):
    """``name``, ``version``, ``app_version`` and ``description`` of a chart, ``dependencies`` it names, its default
    ``values`` as YAML (secrets hidden)."""

    name: str
    version: str
    app_version: str | None
    description: str
    dependencies: tuple[str, ...]
    values: str


class ShowChart(_OfChart):
    """What a chart is and which values it takes."""

    name: ClassVar[str] = "helm.show_chart"
    summary: ClassVar[str] = "Show a Helm chart: version, description, dependencies, default values"
    returns: ClassVar[type[Outputs]] = ChartShown

    async def execute(self, call: Call) -> ChartShown:
        import yaml

        at = self.chart_at(call)
        about = await reads(call, ["show", "chart", at.word, *self.version_words(at)])
        told = await reads(call, ["show", "values", at.word, *self.version_words(at)])
        known = yaml.safe_load(about.stdout) or {}
        values = yaml.safe_load(told.stdout) or {}
        shown = yaml_text(Veil(secret_values(values)).one(values)) if values else ""
        call.say(f"{known.get('name')} {known.get('version')}: {known.get('description') or ''}")
        return ChartShown(
            name=str(known.get("name")),
            version=str(known.get("version")),
            app_version=None if known.get("appVersion") is None else str(known["appVersion"]),
            description=str(known.get("description") or ""),
            dependencies=tuple(f"{one.get('name')} {one.get('version')}" for one in known.get("dependencies") or ()),
            values=_shortened(shown),
        )

    def command_line(self) -> str:
        return f"helm show all {self.chart}"


class Difference(Outputs):
    """``text`` is a diff of every object that would change, secrets hidden; the counts are of objects."""

    release: str
    namespace: str
    same: bool
    created: int
    updated: int
    deleted: int
    text: str


class Diff(OfRelease, Query):
    """What an upgrade would change, against the live release: rendered with the cluster's help, nothing changes."""

    name: ClassVar[str] = "helm.diff"
    summary: ClassVar[str] = "Show what upgrading a Helm release would change (or another revision would)"
    returns: ClassVar[type[Outputs]] = Difference
    timeout: ClassVar[float] = 180.0
    secret_fields: ClassVar[frozenset[str]] = frozenset({"secret_values"})

    chart: Word | None = Field(default=None, description="the chart to compare with; the release's own")
    version: Word | None = None
    values: dict[str, JsonValue] = Field(default_factory=dict)
    secret_values: dict[str, JsonValue] = Field(default_factory=dict)
    values_files: tuple[Word, ...] = ()
    reuse_values: bool = False
    revision: int | None = Field(default=None, ge=1, description="compare with this earlier revision instead")

    async def execute(self, call: Call) -> Difference:
        at = self.place(call)
        live = await _needed(call, at, self.release)
        new = await self._other(call, at, live)
        veil = veil_of(live, new, values=(self.values, {"secret": self.secret_values}), call=call)
        found, notes = changed_objects(objects(live.manifest, at.namespace), objects(new.manifest, at.namespace), veil)
        lines = [diff(live.config, new.config, "values", veil)] if live.config != new.config else []
        for change in found:
            note = f" ({change.note})" if change.note else ""
            lines.append(f"{change.action.value} {change.resource}{note}\n{change.diff or ''}".rstrip())
        text = _shortened("\n\n".join([*lines, *notes]))
        counts = {name: sum(1 for one in found if one.action.value == name) for name in ("create", "update", "delete")}
        call.say(text or f"{self.release} is as the chart and the values make it")
        return Difference(
            release=self.release,
            namespace=at.namespace,
            same=not found,
            created=counts["create"],
            updated=counts["update"],
            deleted=counts["delete"],
            text=text,
        )

    async def _other(self, call: Call, at: Place, live: Release) -> Release:
        if self.revision is not None:
            found = await storage.at(call, at.context, at.namespace, self.release, self.revision)
            if found is None:
                raise NotFound(
                    f"release {self.release} has no revision {self.revision}", "helm.history shows which it has"
                )
            return found
        names = ("release", "chart", "version", "values", "secret_values", "values_files", "reuse_values")
        change = Upgrade.model_validate(
            {**{name: getattr(self, name) for name in names}, "namespace": at.namespace, "context": at.context}
        )
        with change.chart_at(call, live) as chart:
            return await change.rendered(call, at, chart, upgrade=True, notes=[])

    def command_line(self) -> str:
        return f"helm diff upgrade {self.release} {self.chart or '(its own chart)'}{self.where_words()}"
