"""Reading a real cluster: lists, descriptions, logs, events, rollouts with pods that run and pods that don't."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from reign_executors.errors import InvalidFields, NotFound, OperationError, ToolMissing
from reign_executors.kubernetes import settling
from reign_executors.operation import Query
from reign_executors.registry import default_registry
from tests.kubernetes.conftest import Bench

TALK = "echo started; while true; do echo tick; sleep 0.2; done"


async def talking(bench: Bench, image: str, name: str = "talk", command: str = TALK, **spec: Any) -> None:
    """A pod that runs."""
    container = {"name": "main", "image": image, "command": ["sh", "-c", command]}
    whole = {"containers": [container], "terminationGracePeriodSeconds": 0, **spec}
    metadata = {"name": name, "labels": {"app": "talk"}}
    await bench.post({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": whole})

    async def begun() -> bool:
        statuses = (await bench.there("pod", name))["status"].get("containerStatuses") or ()
        return any("running" in one["state"] or one.get("restartCount") for one in statuses)

    await bench.until(begun, "the pod runs")


def test_queries_are_queries() -> None:
    registry = default_registry()
    for word in ("get", "list", "describe", "logs", "events", "contexts", "cluster_info", "can_i", "top"):
        assert issubclass(registry.find(f"kubernetes.{word}"), Query)


async def test_lists_of_many_kinds(bench: Bench) -> None:
    await bench.config(colour="blue")
    await bench.deployment()
    rows = (await bench.done("list", kind="configmaps")).objects
    assert {row.name for row in rows} == {"kube-root-ca.crt", "web"}
    assert next(row for row in rows if row.name == "web").details == {"keys": "colour"}
    deployments = await bench.done("list", kind="deploy", selector="app=web")
    assert (deployments.count, deployments.objects[0].ready) == (1, "0/0")
    assert (await bench.done("list", kind="deploy", selector="app=other")).count == 0
    assert "no deployments in the namespace" in bench.text
    every = await bench.done("list", kind="configmap", all_namespaces=True)
    assert f"{bench.namespace}/web" in bench.text
    assert every.count > 2
    namespaces = await bench.done("list", kind="ns")
    assert "kube-system" in {row.name for row in namespaces.objects}
    nodes = await bench.done("list", kind="node")
    assert all(row.namespace is None for row in nodes.objects)
    await bench.done("expose", object="web", port=80)
    service = (await bench.done("list", kind="svc")).objects[0]
    assert (service.status, service.details["ports"]) == ("ClusterIP", "80/TCP")
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    await bench.post({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c"}, "spec": claim})
    assert (await bench.done("list", kind="pvc")).objects[0].details["size"] == "1Gi"
    scaled = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    bounds = {"scaleTargetRef": scaled, "maxReplicas": 3}
    await bench.post(
        {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": bounds}
    )
    assert (await bench.done("list", kind="hpa")).objects[0].details == {"bounds": "1-3"}
    template = {
        "spec": {"restartPolicy": "Never", "schedulerName": "nobody", "containers": [{"name": "a", "image": "x"}]}
    }
    await bench.post(
        {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"template": template}}
    )
    assert (await bench.done("list", kind="job")).objects[0].ready == "0/1"


async def test_pages_of_a_long_list(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    from reign_executors.kubernetes import client

    for number in range(5):
        await bench.config(f"c{number}")
    monkeypatch.setattr(client, "PAGE", 2)
    assert (await bench.done("list", kind="configmap")).count == 6


async def test_which_cluster_this_is(bench: Bench, kube_context_2: str) -> None:
    info = await bench.done("cluster_info")
    assert (info.context, info.namespace) == (bench.context, bench.namespace)
    assert info.version.startswith("v1.")
    assert info.nodes
    found = await bench.done("contexts")
    assert {bench.context, kube_context_2} <= {row.name for row in found.contexts}
    assert found.current == bench.context


async def test_use_of_cpu_and_memory(bench: Bench) -> None:
    kinds = {kind.group for kind in await bench.here.kinds()}
    if "metrics.k8s.io" in kinds:
        assert (await bench.done("top", kind="node")).kind == "node"
    else:
        with pytest.raises(ToolMissing, match="no metrics API") as raised:
            await bench.done("top", kind="pod")
        assert "metrics-server" in raised.value.way_out
    with pytest.raises(OperationError, match="no measurements of configmaps"):
        await bench.done("top", kind="configmap")


async def test_readings_of_a_metrics_server(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The form that metrics-server answers in (metrics.k8s.io/v1beta1)."""
    usage = {"cpu": "1500000n", "memory": "2048Ki"}
    item = {
        "metadata": {"name": "web", "namespace": bench.namespace},
        "containers": [{"usage": usage}, {"usage": usage}],
    }

    async def call(_self: object, method: str, path: str, **rest: object) -> object:
        assert path == f"/apis/metrics.k8s.io/v1beta1/namespaces/{bench.namespace}/pods"
        return {"items": [item]}

    monkeypatch.setattr(type(bench.here), "call", call)
    (row,) = (await bench.done("top", kind="pod")).rows
    assert (row.name, round(row.cpu, 4), row.memory) == ("web", 0.003, 4 * 2**20)


async def test_logs_of_a_pod(bench: Bench, kube_image: str) -> None:
    await talking(bench, kube_image)

    async def ticked() -> bool:
        return "tick" in (await bench.done("logs", object="talk")).text

    await bench.until(ticked, "it said something")
    last = await bench.done("logs", object="talk", tail=1)
    assert last.text == "tick\n"
    assert (last.pods, last.container) == (["talk"], "main")
    followed = await bench.done("logs", object="talk", tail=0, follow=1)
    assert followed.text.count("tick") >= 2
    task = asyncio.create_task(bench.done("logs", object="talk", follow=60))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(NotFound, match="no previous log"):
        await bench.done("logs", object="talk", previous=True)
    with pytest.raises(InvalidFields, match="it has main"):
        await bench.done("logs", object="talk", container="side")
    code = await bench.done("exec", object="talk", command=["sh", "-c", "echo out; echo err >&2; exit 3"])
    assert (code.exit, sorted(code.text.split())) == (3, ["err", "out"])
    missing = bench.make("exec", object="talk", command="no-such-program")
    outputs = await missing.execute(bench.step())
    verified = await missing.verify(bench.step(), outputs)
    assert (outputs.exit, verified.ok) == (127, False)
    assert "not found" in verified.detail


async def test_a_rollout_that_works(bench: Bench, kube_image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "POLL", 0.05)
    make = {"object": "web", "image": kube_image, "command": "sleep 3600", "replicas": 2, "port": "80:8080"}
    life = await bench.life(bench.make("create_deployment", **make))
    assert life.verified.ok, life.verified.detail
    assert "2 of 2 ready" in life.verified.detail
    stand = await bench.done("rollout_status", object="web")
    assert (stand.complete, stand.ready) == (True, 2)
    logs = await bench.done("logs", kind="deployment", object="web")
    assert len(logs.pods) == 2
    assert len((await bench.done("logs", kind="service", object="web")).pods) == 2
    restarted = await bench.life(bench.make("rollout_restart", object="web"))
    assert restarted.verified.ok
    history = await bench.done("rollout_history", object="web")
    assert [row.revision for row in history.revisions] == [1, 2]
    back = await bench.life(bench.make("rollout_undo", object="web"))
    assert back.verified.ok
    with pytest.raises(NotFound, match="has no revision 9"):
        await bench.done("rollout_undo", object="web", to_revision=9)
    ran = await bench.done("exec", kind="deployment", object="web", command="echo here")
    assert ran.text == "here\n"
    text = (await bench.done("describe", object="web")).text
    assert "owns: " in text
    assert "event " in text


async def test_what_keeps_pods_from_being_ready(bench: Bench, kube_image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash, an image that is not there and no node that fits; the three are waited for together."""
    monkeypatch.setattr(settling, "POLL", 0.2)
    monkeypatch.setattr(settling, "UNSCHEDULABLE_GRACE", 0.5)
    await bench.deployment(kube_image, replicas=1)
    place = {"nodeSelector": {"no": "such"}, "containers": [{"name": "a", "image": kube_image}]}
    template = {"metadata": {"labels": {"app": "lonely"}}, "spec": place}
    whole = {"replicas": 1, "selector": {"matchLabels": {"app": "lonely"}}, "template": template}
    lonely = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "lonely"}, "spec": whole}
    crash = bench.make("create_deployment", object="crash", image=kube_image, command="sh -c 'exit 7'", wait=60)
    image = bench.make("set_image", object="web", image="registry.invalid/none:1", wait=60)
    apply = bench.make("apply", manifest=str(lonely), wait=60)
    crashed, imageless, unplaced = await asyncio.gather(*(bench.life(change) for change in (crash, image, apply)))
    assert [one.verified.ok for one in (crashed, imageless, unplaced)] == [False, False, False]
    assert "finds no node" in unplaced.verified.detail
    assert "crashes again and again" in crashed.verified.detail
    assert "exit 7" in crashed.verified.detail
    assert "registry.invalid/none:1" in imageless.verified.detail
    stand = await bench.done("rollout_status", object="web")
    assert not stand.complete
    assert "registry.invalid" in stand.reason
    described = await bench.done("describe", object="web")
    assert "registry.invalid" in (described.trouble or "")
    events = await bench.done("events", kind="deployment", object="web", warnings=True)
    assert any("registry.invalid" in event.message for event in events.events)
    (pod,) = [row.name for row in (await bench.done("list", kind="pod")).objects if "ImagePull" in row.status]
    with pytest.raises(OperationError, match="there is no log yet"):
        await bench.done("logs", object=pod)
    assert "registry.invalid" in str((await bench.done("describe", kind="pod", object=pod)).trouble)
    blocked = await bench.effect("exec", kind="pod", object=pod, command="ls")
    assert "registry.invalid" in blocked.problems[0].text
    previous = [row.name for row in (await bench.done("list", kind="pod", selector="app=crash")).objects]
    with contextlib.suppress(NotFound):  # the node may have removed it already
        assert (await bench.done("logs", object=previous[0], previous=True)).bytes == 0
    back = imageless.way_back()
    await back.execute(bench.step())
    assert (await bench.there("deployment", "web"))["spec"]["template"]["spec"]["containers"][0]["image"] == kube_image


async def test_pods_that_are_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "POLL", 0.05)
    spec = {"hard": {"pods": "0"}}
    await bench.post({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none"}, "spec": spec})

    async def counted() -> Any:
        return (await bench.there("resourcequota", "none")).get("status", {}).get("used")

    await bench.until(counted, "the quota is counted")
    life = await bench.life(bench.make("create_deployment", object="web", image="reign-test/none:1", wait=20))
    assert not life.verified.ok
    assert "exceeded quota" in life.verified.detail


async def test_time_runs_out(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "POLL", 0.05)
    await bench.deployment(schedulerName="nobody")
    life = await bench.life(bench.make("scale", object="web", replicas=1, wait=0.3))
    assert "is not complete after" in life.verified.detail


async def test_daemons_and_stateful_sets(bench: Bench, kube_image: str) -> None:
    template = {
        "metadata": {"labels": {"app": "d"}},
        "spec": {
            "containers": [{"name": "a", "image": kube_image, "command": ["sleep", "3600"]}],
            "terminationGracePeriodSeconds": 0,
        },
    }
    common = {"selector": {"matchLabels": {"app": "d"}}, "template": template}
    kinds = {"daemonset": ("DaemonSet", {}), "statefulset": ("StatefulSet", {"replicas": 1, "serviceName": "d"})}
    for word, (kind, more) in kinds.items():
        whole = {**common, **more}
        item = {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": "d"}, "spec": whole}
        applied = await bench.life(bench.make("apply", manifest=str(item)))
        assert applied.verified.ok, applied.verified.detail
        changed = await bench.life(bench.make("set_env", kind=word, object="d", env={"A": "1"}))
        assert changed.verified.ok, changed.verified.detail
        history = await bench.done("rollout_history", kind=word, object="d")
        assert len(history.revisions) == 2
        back = await bench.life(bench.make("rollout_undo", kind=word, object="d", to_revision=1))
        assert back.verified.ok, back.verified.detail
        effect = await bench.effect("delete", kind=word, object="d")
        assert "pod" in (effect.changes[0].note or "")
