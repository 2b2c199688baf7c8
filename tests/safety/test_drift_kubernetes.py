"""Approvals on a real cluster: each ingredient moves by itself between the question and its answer."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from yaml import safe_dump, safe_load

from reign_agents.plan.model import Plan
from reign_agents.session import Session
from reign_executors.kubernetes.client import close_clusters
from tests.conftest import Cluster
from tests.safety.conftest import answered_after, reviewed, steps, voided


class Others:
    """What somebody else does in the namespace, with the official client."""

    def __init__(self, client: Any, namespace: str) -> None:
        from kubernetes.client import AppsV1Api, CoreV1Api

        self.core: Any = CoreV1Api(client)
        self.apps: Any = AppsV1Api(client)
        self.namespace = namespace

    def config(self, **data: str) -> str:
        """The uid of a new ConfigMap ``web``."""
        made = self.core.create_namespaced_config_map(
            self.namespace, {"metadata": {"name": "web"}, "data": data or {"colour": "red"}}
        )
        return str(made.metadata.uid)

    def patch(self, change: dict[str, Any], manager: str = "somebody") -> None:
        self.core.patch_namespaced_config_map("web", self.namespace, change, field_manager=manager)

    def remove(self) -> None:
        self.core.delete_namespaced_config_map("web", self.namespace)

    def data(self) -> dict[str, str]:
        return dict(self.core.read_namespaced_config_map("web", self.namespace).data)

    def version(self) -> str:
        return str(self.core.read_namespaced_config_map("web", self.namespace).metadata.resource_version)

    def there(self) -> bool:
        found = self.core.list_namespaced_config_map(self.namespace, field_selector="metadata.name=web")
        return bool(found.items)

    def deployment(self, replicas: int = 0) -> None:
        labels = {"app": "web"}
        containers = [{"name": "main", "image": "reign-test/none:1"}]
        spec = {
            "replicas": replicas,
            "paused": True,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        }
        self.apps.create_namespaced_deployment(self.namespace, {"metadata": {"name": "web"}, "spec": spec})

    def scale(self, replicas: int) -> None:
        self.apps.patch_namespaced_deployment_scale("web", self.namespace, {"spec": {"replicas": replicas}})

    def replicas(self) -> int:
        return int(self.apps.read_namespaced_deployment("web", self.namespace).spec.replicas)


@pytest.fixture
async def others(cluster: Cluster, kube_namespace: str) -> AsyncIterator[Others]:
    with cluster.client() as client:
        yield Others(client, kube_namespace)
    close_clusters()


@pytest.fixture
def own_kubeconfig(kubeconfig: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the kubeconfig that a test may change."""
    copied = tmp_path / "kubeconfig"
    copied.write_text(kubeconfig.read_text())
    monkeypatch.setenv("KUBECONFIG", str(copied))
    return copied


def relabel(namespace: str, context: str | None) -> Plan:
    about = {"kind": "configmap", "object": "web", "namespace": namespace, "context": context}
    return steps(("kubernetes.label", {**about, "labels": {"team": "shop"}}))


def applied(namespace: str, context: str, colour: str = "blue") -> Plan:
    manifest = safe_dump(
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"colour": colour}}
    )
    about = {"namespace": namespace, "context": context}
    return steps(("kubernetes.apply", {**about, "manifest": manifest, "force": True}))


def deleted(namespace: str, context: str) -> Plan:
    about = {"kind": "configmap", "object": "web", "namespace": namespace, "context": context}
    return steps(("kubernetes.delete", about))


def scaled(namespace: str, context: str, replicas: int = 2) -> Plan:
    about = {"kind": "deployment", "object": "web", "namespace": namespace, "context": context, "wait": 0}
    return steps(("kubernetes.scale", {**about, "replicas": replicas}))


async def test_another_object_of_the_same_name(session: Session, others: Others, kube_context: str) -> None:
    before = others.config()

    def move() -> None:
        others.remove()
        assert others.config() != before

    said = await voided(session, deleted(others.namespace, kube_context), move)
    assert f"{others.namespace}/configmap/web is no longer the object that was shown" in said
    assert others.there()


async def test_somebody_changes_the_same_field(session: Session, others: Others, kube_context: str) -> None:
    others.config(colour="red")
    move = {"data": {"colour": "green"}}
    said = await voided(session, applied(others.namespace, kube_context), lambda: others.patch(move))
    assert f"the change of {others.namespace}/configmap/web is not the one shown" in said
    assert others.data() == {"colour": "green"}


async def test_somebody_adds_to_what_would_be_deleted(session: Session, others: Others, kube_context: str) -> None:
    others.config()
    move = {"data": {"dear": "data"}}
    said = await voided(session, deleted(others.namespace, kube_context), lambda: others.patch(move))
    assert "configmap/web is no longer the object that was shown" in said
    assert others.data()["dear"] == "data"


async def test_somebody_scales_it(session: Session, others: Others, kube_context: str) -> None:
    others.deployment()
    said = await voided(session, scaled(others.namespace, kube_context), lambda: others.scale(1))
    assert "deployment/web is no" in said
    assert others.replicas() == 1


async def test_somebody_deletes_it(session: Session, others: Others, kube_context: str) -> None:
    others.config()
    plan = relabel(others.namespace, kube_context)
    before = await session.check_plan(plan)
    end = await answered_after(session, plan, others.remove)
    assert end.exit == 1, end
    assert f"there is no configmap web in the namespace {others.namespace}" in str(end.answer)
    end = await reviewed(session, before)
    assert end.exit == 3, end
    assert f"in the way: there is no configmap web in the namespace {others.namespace}" in str(end.answer)
    assert not others.there()


def use_context(path: Path, context: str) -> None:
    """What ``kubectl config use-context`` does."""
    content = safe_load(path.read_text())
    content["current-context"] = context
    path.write_text(safe_dump(content))


@pytest.mark.parametrize("how", ["app", "hash"])
async def test_another_current_context_changes_nothing(
    session: Session, others: Others, own_kubeconfig: Path, kube_context_2: str, kube_context: str, how: str
) -> None:
    """A plan that names no context stays on the one that was current when it was shown."""
    others.config()
    plan = relabel(others.namespace, None)
    if how == "app":
        end = await answered_after(session, plan, lambda: use_context(own_kubeconfig, kube_context_2))
    else:
        plan = await session.check_plan(plan)
        assert plan.steps[0].fields["context"] == kube_context
        use_context(own_kubeconfig, kube_context_2)
        end = await reviewed(session, plan)
    assert end.exit == 0, end
    found = others.core.read_namespaced_config_map("web", others.namespace)
    assert found.metadata.labels == {"team": "shop"}


@pytest.mark.parametrize("how", ["app", "hash"])
async def test_the_context_leads_to_another_server(
    session: Session, others: Others, own_kubeconfig: Path, kube_context: str, kube_context_2: str, how: str
) -> None:
    others.config()
    plan = relabel(others.namespace, kube_context)

    def move() -> None:
        content = safe_load(own_kubeconfig.read_text())
        servers = {entry["name"]: entry["cluster"] for entry in content["clusters"]}
        used = {entry["name"]: entry["context"]["cluster"] for entry in content["contexts"]}
        servers[used[kube_context]].update(copy.deepcopy(servers[used[kube_context_2]]))
        own_kubeconfig.write_text(safe_dump(content))

    if how == "app":
        end = await answered_after(session, plan, move)
    else:
        plan = await session.check_plan(plan)
        move()
        end = await reviewed(session, plan)
    assert end.exit == 3, end
    assert "another system than the one that was planned" in str(end.answer)
    assert others.core.read_namespaced_config_map("web", others.namespace).metadata.labels is None


@pytest.mark.parametrize("how", ["app", "hash"])
async def test_what_controllers_write_voids_nothing(
    session: Session, others: Others, kube_context: str, how: str
) -> None:
    others.deployment()
    plan = scaled(others.namespace, kube_context, 1)

    def move() -> None:
        condition = {"type": "Progressing", "status": "Unknown", "reason": "Slow", "message": "drifting"}
        others.apps.patch_namespaced_deployment_status(
            "web", others.namespace, {"status": {"conditions": [condition], "observedGeneration": 77}}
        )
        others.apps.patch_namespaced_deployment(
            "web", others.namespace, {"metadata": {"annotations": {"deployment.kubernetes.io/revision": "9"}}}
        )

    if how == "app":
        end = await answered_after(session, plan, move)
    else:
        plan = await session.check_plan(plan)
        move()
        end = await reviewed(session, plan)
    assert end.exit == 0, end
    assert others.replicas() == 1


async def test_a_new_version_with_the_same_content_voids_nothing(
    session: Session, others: Others, kube_context: str
) -> None:
    """Somebody changes it and back: managed fields and the resource's version move, nothing else."""
    others.config(colour="red")
    before = others.version()

    def move() -> None:
        others.patch({"data": {"colour": "green"}})
        others.patch({"data": {"colour": "red"}}, "another")
        assert others.version() != before

    end = await answered_after(session, deleted(others.namespace, kube_context), move)
    assert end.exit == 0, end
    assert not others.there()
