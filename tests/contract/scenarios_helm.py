"""``helm.*`` on a real cluster, each in a namespace of its own; the charts are a ConfigMap or two."""

from __future__ import annotations

import asyncio
import os
import subprocess
from typing import Any, ClassVar

from reign_executors.effect import UndoPromise
from reign_executors.errors import Conflict, NotFound, OperationError
from reign_executors.helm.create import CreateChart
from reign_executors.helm.deploy import Install, Upgrade
from reign_executors.helm.failures import ChartInvalid
from reign_executors.helm.rollback import Rollback
from reign_executors.helm.uninstall import RestoreRelease, Uninstall
from reign_executors.kubernetes.client import close_clusters, cluster
from reign_executors.kubernetes.kinds import known_kind
from reign_executors.operation import Change, Operation, Outputs
from tests.contract.scenario import Scenario
from tests.helm.charts_made import write_chart


class HelmScenario(Scenario):
    """A chart ``web`` in the place, and ``made`` revisions of a release ``web`` of it."""

    fixtures: ClassVar[tuple[str, ...]] = ("kube_context", "kube_namespace", "helm_program")
    undo: ClassVar[UndoPromise] = UndoPromise.REVERT
    made: ClassVar[int] = 0

    @property
    def context(self) -> str:
        return str(self.given["kube_context"])

    @property
    def namespace(self) -> str:
        return str(self.given["kube_namespace"])

    @property
    def about(self) -> dict[str, Any]:
        return {"release": "web", "context": self.context, "namespace": self.namespace}

    async def prepare(self) -> None:
        await asyncio.to_thread(write_chart, self.place / "web")
        for number in range(self.made):
            await self.helm("upgrade", "--install", "web", "web", "--set", f"colour=c{number + 1}")

    async def helm(self, *words: str) -> None:
        """Helm as somebody else uses it."""
        argv = [str(self.given["helm_program"]), *words, "--kube-context", self.context, "-n", self.namespace]
        await asyncio.to_thread(
            subprocess.run, argv, cwd=self.place, check=True, capture_output=True, env=dict(os.environ)
        )

    async def snapshot(self) -> object:
        here = cluster(self.context)
        found = {}
        for word in ("configmap", "secret"):
            kind = known_kind(word)
            assert kind is not None
            for item in await here.list(kind, self.namespace):
                about = item["metadata"]
                if about["name"] != "kube-root-ca.crt":
                    content = item.get("data") if word == "configmap" else about.get("labels", {}).get("status")
                    found[f"{word}/{about['name']}"] = content
        return found

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return type(self.build()).model_validate({**self.about, "release": "nobody"}), NotFound

    async def meddle(self, outputs: Outputs) -> None:
        """Somebody else upgrades the release (or installs it again)."""
        await self.helm("upgrade", "--install", "web", "web", "--set", "colour=theirs")

    async def cleanup(self) -> None:
        await asyncio.to_thread(close_clusters)


class InstallNew(HelmScenario):
    operation: ClassVar[str] = "helm.install"
    undo: ClassVar[UndoPromise] = UndoPromise.EXACT

    def build(self) -> Change:
        return Install(chart="web", values={"colour": "green"}, **self.about)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        await self.helm("install", "taken", "web")
        return Install(chart="web", release="taken", context=self.context, namespace=self.namespace), Conflict


class UpgradeValues(HelmScenario):
    operation: ClassVar[str] = "helm.upgrade"
    made: ClassVar[int] = 1

    def build(self) -> Change:
        return Upgrade(chart="web", values={"colour": "green"}, **self.about)


class UpgradeInstalls(HelmScenario):
    operation: ClassVar[str] = "helm.upgrade"
    undo: ClassVar[UndoPromise] = UndoPromise.EXACT

    def build(self) -> Change:
        return Upgrade(chart="web", install=True, **self.about)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        await asyncio.to_thread((self.place / "web" / "templates" / "bad.yaml").write_text, "a: {{ .Values.x.y.z }}\n")
        return self.build(), ChartInvalid


class RollbackOne(HelmScenario):
    operation: ClassVar[str] = "helm.rollback"
    made: ClassVar[int] = 2

    def build(self) -> Change:
        return Rollback(**self.about)


class UninstallOne(HelmScenario):
    operation: ClassVar[str] = "helm.uninstall"
    made: ClassVar[int] = 1
    undo: ClassVar[UndoPromise] = UndoPromise.RECREATE

    def build(self) -> Change:
        return Uninstall(**self.about)


class RestoreReleaseOne(HelmScenario):
    """A release was uninstalled by Reign, and comes back."""

    operation: ClassVar[str] = "helm.restore_release"
    made: ClassVar[int] = 1
    undo: ClassVar[UndoPromise] = UndoPromise.EXACT
    restoring: Change

    async def prepare(self) -> None:
        await super().prepare()
        going, call = Uninstall(**self.about), self.call()
        before = await going.capture(call)
        gone = await going.execute(call)
        back = going.undo(before, gone.model_dump(mode="json"))
        assert isinstance(back, RestoreRelease)
        self.restoring = back

    def build(self) -> Change:
        return self.restoring

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return self.restoring.model_copy(update={"records": "sha256:lost"}), NotFound


class CreateChartNew(Scenario):
    operation: ClassVar[str] = "helm.create_chart"
    fixtures: ClassVar[tuple[str, ...]] = ("helm_program",)

    def build(self) -> Change:
        return CreateChart(path="shop")

    async def snapshot(self) -> object:
        def look() -> object:
            return {
                str(path.relative_to(self.place)): path.read_bytes() if path.is_file() else None
                for path in sorted(self.place.rglob("*"))
            }, self.place.stat().st_mtime_ns

        return await asyncio.to_thread(look)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        await asyncio.to_thread((self.place / "taken").mkdir)
        return CreateChart(path="taken"), Conflict

    async def meddle(self, outputs: Outputs) -> None:
        await asyncio.to_thread((self.place / "shop" / "values.yaml").write_text, "theirs: true\n")
