"""``kubernetes.*`` on a real cluster, each in a namespace of its own; config maps and deployments without pods."""

from __future__ import annotations

import asyncio
import copy
from typing import Any, ClassVar

from reign_executors.effect import UndoPromise
from reign_executors.errors import NotFound, OperationError
from reign_executors.kubernetes.apply import Apply
from reign_executors.kubernetes.client import FIELD_MANAGER, MERGE, Cluster, Json, close_clusters, cluster
from reign_executors.kubernetes.creating import CreateDeployment, CreateNamespace, Expose
from reign_executors.kubernetes.data import SetData
from reign_executors.kubernetes.delete import Delete, Recreate, again
from reign_executors.kubernetes.execute import Exec
from reign_executors.kubernetes.failures import Invalid
from reign_executors.kubernetes.kept import Fields, Kept, keep_object
from reign_executors.kubernetes.kinds import known_kind
from reign_executors.kubernetes.labels import Annotate, Cordon, Label, Uncordon
from reign_executors.kubernetes.objects import comparable, uid_of
from reign_executors.kubernetes.resources import SetResources
from reign_executors.kubernetes.restore import RestoreFields
from reign_executors.kubernetes.workloads import RolloutRestart, RolloutUndo, Scale, SetEnv, SetImage
from reign_executors.operation import Change, Operation, Outputs
from tests.contract.scenario import Scenario

WATCHED = ("configmap", "secret", "service", "deployment")
CONFIG: Json = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "web", "labels": {"tier": "front"}},
    "data": {"colour": "blue", "size": "1"},
}
DEPLOYMENT: Json = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "labels": {"app": "web"}},
    "spec": {
        "replicas": 0,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                # pods that nobody places: they cost nothing
                "schedulerName": "nobody",
                "containers": [
                    {"name": "main", "image": "reign-test/none:1", "env": [{"name": "MODE", "value": "slow"}]}
                ],
            },
        },
    },
}


class KubernetesScenario(Scenario):
    """A namespace with the objects of ``there``."""

    fixtures: ClassVar[tuple[str, ...]] = ("kube_context", "kube_namespace")
    there: ClassVar[tuple[Json, ...]] = ()

    @property
    def context(self) -> str:
        return str(self.given["kube_context"])

    @property
    def namespace(self) -> str:
        return str(self.given["kube_namespace"])

    @property
    def about(self) -> dict[str, Any]:
        return {"context": self.context, "namespace": self.namespace}

    @property
    def here(self) -> Cluster:
        return cluster(self.context)

    async def prepare(self) -> None:
        for item in self.there:
            await self.make(item)

    async def make(self, item: Json) -> Json:
        kind = await self.here.type(item["apiVersion"], item["kind"])
        space = self.namespace if kind.namespaced else None
        made: Json = await self.here.call("POST", kind.path(space), query={"fieldManager": "somebody"}, body=item)
        return made

    async def patch(self, word: str, name: str, change: Json, manager: str = "somebody") -> Json:
        """As somebody else changes it."""
        kind = known_kind(word)
        assert kind is not None
        path = kind.path(self.namespace if kind.namespaced else None, name)
        done: Json = await self.here.call("PATCH", path, query={"fieldManager": manager}, body=change, content=MERGE)
        return done

    async def snapshot(self) -> object:
        found = {}
        for word in WATCHED:
            kind = known_kind(word)
            assert kind is not None
            for item in await self.here.list(kind, self.namespace):
                if item["metadata"]["name"] != "kube-root-ca.crt":
                    annotations = item["metadata"].get("annotations")
                    step = (annotations or {}).get("reign.dev/step")
                    found[f"{word}/{item['metadata']['name']}"] = (uid_of(item), comparable(item), step)
        return found

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        fields = {**self.build().to_fields(), "object": "nobody"}
        return type(self.build()).model_validate(fields), NotFound

    async def meddle(self, outputs: Outputs) -> None:
        await self.patch("configmap", "web", {"data": {"colour": "theirs"}})

    async def cleanup(self) -> None:
        await asyncio.to_thread(close_clusters)


class ApplyNew(KubernetesScenario):
    operation: ClassVar[str] = "kubernetes.apply"

    def build(self) -> Change:
        manifest = """
apiVersion: v1
kind: ConfigMap
metadata: {name: web}
data: {colour: red}
---
apiVersion: v1
kind: Secret
metadata: {name: web}
stringData: {password: not-shown}
"""
        return Apply(**self.about, manifest=manifest)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        wrong = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 99999}]}"
        return Apply(**self.about, manifest=wrong), Invalid


class ApplyChanged(ApplyNew):
    there: ClassVar[tuple[Json, ...]] = (CONFIG, DEPLOYMENT)

    def build(self) -> Change:
        changed = copy.deepcopy(DEPLOYMENT)
        changed["metadata"]["labels"]["team"] = "shop"
        changed["spec"]["template"]["spec"]["containers"][0]["image"] = "reign-test/none:2"
        path = self.place / "all.yaml"
        lines = [str(CONFIG | {"data": {"colour": "red", "new": "yes"}}), str(changed)]
        path.write_text("\n---\n".join(lines))
        return Apply(**self.about, path="all.yaml", force=True)


class NewNamespace(KubernetesScenario):
    operation: ClassVar[str] = "kubernetes.create_namespace"

    @property
    def other(self) -> str:
        return f"{self.namespace}-new"

    def build(self) -> Change:
        return CreateNamespace(context=self.context, object=self.other, labels={"dev.reign.test": self.namespace})

    async def snapshot(self) -> object:
        kind = known_kind("namespace")
        assert kind is not None
        found = await self.here.list(kind, None, labelSelector=f"dev.reign.test={self.namespace}")
        return [(uid_of(one), comparable(one)) for one in found if "deletionTimestamp" not in one["metadata"]]

    async def meddle(self, outputs: Outputs) -> None:
        """Somebody else puts something into it, and labels it."""
        kind = known_kind("configmap")
        assert kind is not None
        await self.here.call("POST", kind.path(self.other), body=CONFIG)
        await self.patch("namespace", self.other, {"metadata": {"labels": {"mine": "now"}}})

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return CreateNamespace(context=self.context, object=self.other, labels={"not ok": "x"}), Invalid

    async def cleanup(self) -> None:
        kind = known_kind("namespace")
        assert kind is not None
        for one in await self.here.list(kind, None, labelSelector=f"dev.reign.test={self.namespace}"):
            if one["metadata"]["name"] == self.other and "deletionTimestamp" not in one["metadata"]:
                await self.here.call("DELETE", kind.path(None, self.other))
        await super().cleanup()


class NewDeployment(KubernetesScenario):
    operation: ClassVar[str] = "kubernetes.create_deployment"

    def build(self) -> Change:
        return CreateDeployment(**self.about, object="web", image="reign-test/none:1", replicas=0, port="80:8080")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return CreateDeployment(**self.about, object="web", image="x", labels={"no good": "y"}), Invalid

    async def meddle(self, outputs: Outputs) -> None:
        await self.patch("deployment", "web", {"metadata": {"labels": {"mine": "now"}}})


class ScaleUp(KubernetesScenario):
    operation: ClassVar[str] = "kubernetes.scale"
    there: ClassVar[tuple[Json, ...]] = (DEPLOYMENT,)

    def build(self) -> Change:
        return Scale(**self.about, object="web", replicas=2, wait=0)

    async def meddle(self, outputs: Outputs) -> None:
        await self.patch("deployment", "web", {"spec": {"replicas": 1}})


class OtherImage(KubernetesScenario):
    operation: ClassVar[str] = "kubernetes.set_image"
    there: ClassVar[tuple[Json, ...]] = (DEPLOYMENT,)

    def build(self) -> Change:
        return SetImage(**self.about, object="web", image="reign-test/none:2")

    async def meddle(self, outputs: Outputs) -> None:
        containers = [{"name": "main", "image": "reign-test/none:3"}]
        await self.patch("deployment", "web", {"spec": {"template": {"spec": {"containers": containers}}}})


class OtherVariables(OtherImage):
    operation: ClassVar[str] = "kubernetes.set_env"

    def build(self) -> Change:
        return SetEnv(**self.about, object="web", env={"MODE": None, "LEVEL": "debug"})

    async def meddle(self, outputs: Outputs) -> None:
        containers = [{"name": "main", "image": "reign-test/none:1", "env": [{"name": "LEVEL", "value": "warn"}]}]
        await self.patch("deployment", "web", {"spec": {"template": {"spec": {"containers": containers}}}})


class OtherLimits(OtherImage):
    operation: ClassVar[str] = "kubernetes.set_resources"

    def build(self) -> Change:
        return SetResources(**self.about, object="web", memory="256Mi", request_cpu="100m")

    async def meddle(self, outputs: Outputs) -> None:
        limits = {"limits": {"memory": "64Mi"}}
        containers = [{"name": "main", "image": "reign-test/none:1", "resources": limits}]
        await self.patch("deployment", "web", {"spec": {"template": {"spec": {"containers": containers}}}})


class Restarted(OtherImage):
    operation: ClassVar[str] = "kubernetes.rollout_restart"
    undo: ClassVar[UndoPromise] = UndoPromise.NONE
    meddles: ClassVar[bool] = False

    def build(self) -> Change:
        return RolloutRestart(**self.about, object="web")


class RolledBack(OtherImage):
    operation: ClassVar[str] = "kubernetes.rollout_undo"

    async def prepare(self) -> None:
        await super().prepare()
        await self._until(1)
        containers = [{"name": "main", "image": "reign-test/none:2"}]
        await self.patch("deployment", "web", {"spec": {"template": {"spec": {"containers": containers}}}})
        await self._until(2)

    async def _until(self, revisions: int) -> None:
        """The controller keeps every template as a replica set, a moment after it was written."""
        kind = known_kind("replicaset")
        assert kind is not None
        for _attempt in range(200):
            if len(await self.here.list(kind, self.namespace)) == revisions:
                return
            await asyncio.sleep(0.05)
        raise AssertionError("the deployment's controller does not answer")

    def build(self) -> Change:
        return RolloutUndo(**self.about, object="web", to_revision=1)

    async def meddle(self, outputs: Outputs) -> None:
        containers = [{"name": "main", "image": "reign-test/none:3"}]
        await self.patch("deployment", "web", {"spec": {"template": {"spec": {"containers": containers}}}})


class Labelled(KubernetesScenario):
    operation: ClassVar[str] = "kubernetes.label"
    there: ClassVar[tuple[Json, ...]] = (CONFIG,)

    def build(self) -> Change:
        return Label(**self.about, kind="configmap", object="web", labels={"tier": "back", "team": "shop"})

    async def meddle(self, outputs: Outputs) -> None:
        await self.patch("configmap", "web", {"metadata": {"labels": {"tier": "theirs"}}})


class Annotated(Labelled):
    operation: ClassVar[str] = "kubernetes.annotate"

    def build(self) -> Change:
        return Annotate(**self.about, kind="cm", object="web", annotations={"example.com/owner": "ana"})

    async def meddle(self, outputs: Outputs) -> None:
        await self.patch("configmap", "web", {"metadata": {"annotations": {"example.com/owner": "bo"}}})


class OneKey(KubernetesScenario):
    operation: ClassVar[str] = "kubernetes.set_data"
    there: ClassVar[tuple[Json, ...]] = (CONFIG,)

    def build(self) -> Change:
        return SetData(**self.about, kind="configmap", object="web", data={"colour": "red", "new": "1", "size": None})

    async def meddle(self, outputs: Outputs) -> None:
        await self.patch("configmap", "web", {"data": {"colour": "theirs"}})


class Exposed(KubernetesScenario):
    operation: ClassVar[str] = "kubernetes.expose"
    there: ClassVar[tuple[Json, ...]] = (DEPLOYMENT,)

    def build(self) -> Change:
        return Expose(**self.about, object="web", port=80, target_port=8080)

    async def meddle(self, outputs: Outputs) -> None:
        await self.patch("service", "web", {"metadata": {"labels": {"mine": "now"}}})


class Deleted(KubernetesScenario):
    operation: ClassVar[str] = "kubernetes.delete"
    undo: ClassVar[UndoPromise] = UndoPromise.RECREATE
    there: ClassVar[tuple[Json, ...]] = (CONFIG,)

    def build(self) -> Change:
        return Delete(**self.about, kind="configmap", object="web")

    async def meddle(self, outputs: Outputs) -> None:
        await self.make(CONFIG | {"data": {"colour": "theirs"}})


class DeletedBySelector(Deleted):
    there: ClassVar[tuple[Json, ...]] = (CONFIG, DEPLOYMENT)

    def build(self) -> Change:
        return Delete(**self.about, kind="deployments", selector="app=web")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Delete(**self.about, kind="nothings", selector="app=web"), NotFound

    async def meddle(self, outputs: Outputs) -> None:
        await self.make(DEPLOYMENT)


class MadeAnew(KubernetesScenario):
    operation: ClassVar[str] = "kubernetes.recreate"

    def build(self) -> Change:
        item = again(CONFIG)
        kept = Kept(
            api_version="v1",
            kind="ConfigMap",
            namespace=self.namespace,
            object="web",
            uid="of-the-old-one",
            kept=keep_object(self.blobs, item),
        )
        return Recreate(**self.about, objects=[kept])

    has_command: ClassVar[bool] = False

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        from reign_executors.errors import Conflict

        await self.make(CONFIG)
        return self.build(), Conflict


class PutBack(KubernetesScenario):
    operation: ClassVar[str] = "kubernetes.restore_fields"
    there: ClassVar[tuple[Json, ...]] = (CONFIG,)
    has_command: ClassVar[bool] = False

    async def prepare(self) -> None:
        made = await self.make(CONFIG)
        now = await self.patch("configmap", "web", {"data": {"colour": "green", "more": "yes"}}, FIELD_MANAGER)
        self.kept = Kept(
            api_version="v1",
            kind="ConfigMap",
            namespace=self.namespace,
            object="web",
            uid=uid_of(made),
            kept=Fields.between(made, now).keep(self.blobs),
        )

    def build(self) -> Change:
        return RestoreFields(**self.about, objects=[self.kept])

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        from reign_executors.errors import Conflict

        await self.meddle(Outputs())
        return self.build(), Conflict


class InPod(KubernetesScenario):
    """A pod that runs; what the command writes there is looked at by another command."""

    operation: ClassVar[str] = "kubernetes.exec"
    fixtures: ClassVar[tuple[str, ...]] = ("kube_context", "kube_namespace", "kube_image")
    undo: ClassVar[UndoPromise] = UndoPromise.NONE
    probe_before: ClassVar[str] = "in_doubt"
    probe_after: ClassVar[str] = "in_doubt"
    meddles: ClassVar[bool] = False
    locks: ClassVar[bool] = False

    async def prepare(self) -> None:
        spec = {
            "containers": [{"name": "main", "image": self.given["kube_image"], "command": ["sleep", "3600"]}],
            "terminationGracePeriodSeconds": 0,
        }
        await self.make({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": spec})
        kind = known_kind("pod")
        assert kind is not None
        for _attempt in range(600):
            found = await self.here.get(kind, self.namespace, "web")
            assert found is not None
            if any(one.get("ready") for one in found["status"].get("containerStatuses") or ()):
                return
            await asyncio.sleep(0.1)
        raise AssertionError("the pod does not run")

    def build(self) -> Change:
        return Exec(**self.about, object="web", command=["sh", "-c", "echo written; echo x > /tmp/written"])

    async def snapshot(self) -> object:
        return (await Exec(**self.about, object="web", command="ls /tmp").execute(self.call())).text


class NodeScenario(KubernetesScenario):
    """A node that is nothing but an object, on the cluster without real ones."""

    fixtures: ClassVar[tuple[str, ...]] = ("kube_context_2", "kube_namespace")
    closed: ClassVar[bool] = False

    @property
    def context(self) -> str:
        return str(self.given["kube_context_2"])

    @property
    def node(self) -> str:
        return f"{self.namespace}-node"

    async def prepare(self) -> None:
        spec = {"unschedulable": True} if self.closed else {}
        await self.make({"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.node}, "spec": spec})
        for _ in range(300):  # the cluster's own controller annotates a new node
            if (await self._node())["metadata"].get("annotations"):
                break
            await asyncio.sleep(0.02)

    async def snapshot(self) -> object:
        found = await self._node()
        return (uid_of(found), found["spec"].get("unschedulable"), found["metadata"].get("labels"))

    async def _node(self) -> Json:
        kind = known_kind("node")
        assert kind is not None
        found = await self.here.get(kind, None, self.node)
        assert found is not None
        return found

    async def meddle(self, outputs: Outputs) -> None:
        """Another node has its name."""
        kind = known_kind("node")
        assert kind is not None
        await self.here.call("DELETE", kind.path(None, self.node))
        await self.make({"apiVersion": "v1", "kind": "Node", "metadata": {"name": self.node, "labels": {"new": "1"}}})

    async def cleanup(self) -> None:
        kind = known_kind("node")
        assert kind is not None
        await self.here.call("DELETE", kind.path(None, self.node))
        await super().cleanup()


class Closed(NodeScenario):
    operation: ClassVar[str] = "kubernetes.cordon"

    def build(self) -> Change:
        return Cordon(context=self.context, object=self.node)


class Opened(NodeScenario):
    operation: ClassVar[str] = "kubernetes.uncordon"
    closed: ClassVar[bool] = True

    def build(self) -> Change:
        return Uncordon(context=self.context, object=self.node)
