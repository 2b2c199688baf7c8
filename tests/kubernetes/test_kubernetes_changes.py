"""Changes on a real cluster: what is shown before, what is there afterwards, what the way back leaves alone."""

from __future__ import annotations

import asyncio
import base64
from pathlib import Path
from typing import Any

import pytest

from reign_executors.effect import Action, Risk, UndoPromise
from reign_executors.errors import Conflict, InvalidFields, NotFound, OperationError, TargetMoved
from reign_executors.kubernetes.failures import Invalid, OwnedByOthers
from tests.kubernetes.conftest import Bench

CONFIG = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {colour: red}\n"


async def test_undo_leaves_what_others_changed_elsewhere(bench: Bench) -> None:
    await bench.config(colour="blue", size="1")
    life = await bench.life(bench.make("apply", manifest=CONFIG, force=True))
    assert life.effect.changes[0].diff == "~ data.colour: blue → red"
    await bench.patch("configmap", "web", {"data": {"size": "2"}, "metadata": {"labels": {"mine": "1"}}})
    await life.undone()
    now = await bench.there("configmap", "web")
    assert now["data"] == {"colour": "blue", "size": "2"}
    assert now["metadata"]["labels"] == {"mine": "1"}
    assert "reign.dev/step" not in now["metadata"].get("annotations", {})


async def test_one_key_of_a_secret_is_set_and_never_shown(bench: Bench) -> None:
    manifest = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {user: ana, pass: old}\n"
    await bench.done("apply", manifest=manifest)
    life = await bench.life(
        bench.make("set_data", kind="Secrets", object="db", secret_data={"pass": "hunter2-x", "user": None})
    )
    assert "hunter2" not in str(life.effect) + life.change.command_line()
    now = await bench.there("secret", "db")
    assert {key: base64.b64decode(held) for key, held in now["data"].items()} == {"pass": b"hunter2-x"}
    await life.undone()
    assert sorted((await bench.there("secret", "db"))["data"]) == ["pass", "user"]
    await bench.patch("secret", "db", {"immutable": True})
    effect = await bench.effect("set_data", kind="secret", object="db", secret_data={"pass": "x"})
    assert "immutable" in effect.problems[0].text
    for wrong in ({}, {"kind": "configmap", "secret_data": {"a": "b"}}):
        with pytest.raises(InvalidFields):
            bench.make("set_data", object="db", **wrong)


async def test_undo_refuses_the_field_that_others_changed(bench: Bench) -> None:
    await bench.config(colour="blue", size="1")
    manifest = CONFIG.replace("red}", "red, size: '9'}")
    life = await bench.life(bench.make("apply", manifest=manifest, force=True))
    await bench.patch("configmap", "web", {"data": {"colour": "theirs"}})
    back = life.way_back()
    effect = await back.preview(bench.step())
    assert "data.colour" in effect.problems[0].text
    assert "somebody" in effect.problems[0].text
    with pytest.raises(Conflict):
        await back.execute(bench.step())
    choices = {choice.key: choice.fields for choice in effect.problems[0].choices}
    kept = back.model_copy(update=choices["keep"])
    await bench.life(kept)
    assert (await bench.there("configmap", "web"))["data"] == {"colour": "theirs", "size": "1"}
    await bench.life(back.model_copy(update=choices["overwrite"]))
    assert (await bench.there("configmap", "web"))["data"] == {"colour": "blue", "size": "1"}


async def test_conflicts_with_other_managers_are_named(bench: Bench) -> None:
    await bench.config(colour="blue")
    effect = await bench.effect("apply", manifest=CONFIG)
    (problem,) = effect.problems
    assert "somebody has set data.colour" in problem.text
    assert effect.changes[0].diff == "~ data.colour: blue → red"
    assert problem.choices[0].fields == {"force": True}
    with pytest.raises(OwnedByOthers) as raised:
        await bench.done("apply", manifest=CONFIG)
    assert raised.value.owners == {"somebody": ("data.colour",)}
    assert (await bench.there("configmap", "web"))["data"] == {"colour": "blue"}


async def test_what_reign_set_itself_is_no_conflict(bench: Bench) -> None:
    await bench.deployment()
    await bench.done("scale", object="web", replicas=3, wait=0)
    manifest = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 1\n"
        "  selector: {matchLabels: {app: web}}\n  template: {metadata: {labels: {app: web}},"
        " spec: {containers: [{name: main, image: 'reign-test/none:1'}]}}\n"
    )
    effect = await bench.effect("apply", manifest=manifest, wait=0)
    assert not effect.problems
    assert effect.changes[0].diff == "~ spec.replicas: 3 → 1"


async def test_applying_twice_changes_nothing(bench: Bench) -> None:
    change = bench.make("apply", manifest=CONFIG)
    await bench.life(change)
    version = (await bench.there("configmap", "web"))["metadata"]["resourceVersion"]
    effect = await change.preview(bench.step())
    assert effect.risk is Risk.READ
    assert "nothing to change" in effect.notes[0]
    outputs = await change.execute(bench.step())
    assert (outputs.created, outputs.changed) == (0, 0)
    assert (await bench.there("configmap", "web"))["metadata"]["resourceVersion"] == version


async def test_a_half_applied_manifest_is_in_doubt(bench: Bench) -> None:
    two = CONFIG + "---\n" + CONFIG.replace("name: web", "name: other")
    change, call = bench.make("apply", manifest=two), bench.step()
    await bench.make("apply", manifest=CONFIG).execute(call)
    found = await change.probe(call)
    assert (found.state, "configmap/web" in found.detail) == ("in_doubt", True)
    assert (await change.probe(bench.step())).state == "not_done"


async def test_a_namespace_of_an_earlier_step(bench: Bench) -> None:
    home = f"{bench.namespace}-later"
    call = bench.step(promised=frozenset({f"namespace/{home}"}))
    change = bench.make("apply", manifest=CONFIG, namespace=home)
    effect = await change.preview(call)
    assert not effect.problems
    assert effect.changes[0].resource == f"{home}/configmap/web"
    assert "made by an earlier step" in (effect.changes[0].note or "")
    assert effect.changes[0].action is Action.CREATE
    absent = await change.preview(bench.step())
    assert f"there is no namespace {home}" in absent.problems[0].text


async def test_a_manifest_with_its_own_namespace_and_kind(bench: Bench) -> None:
    home, group = f"{bench.namespace}-own", f"{bench.namespace}.example.com"
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"shops.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": "shops", "singular": "shop", "kind": "Shop"},
            "versions": [
                {
                    "name": "v1",
                    "served": True,
                    "storage": True,
                    "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
                }
            ],
        },
    }
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": home}}
    shop = {"apiVersion": f"{group}/v1", "kind": "Shop", "metadata": {"name": "one"}, "spec": {"size": 1}}
    manifest = "\n---\n".join(str(item) for item in (shop, definition, space))
    life = await bench.life(bench.make("apply", manifest=manifest, namespace=home))
    assert life.verified.ok, life.verified.detail
    assert [c.resource for c in life.effect.changes][-1] == f"{home}/shop.{group}/one"
    assert (await bench.done("get", kind="shop", object="one", namespace=home)).object["spec"] == {"size": 1}
    with pytest.raises(NotFound, match="no kind 'shopp'"):
        await bench.done("list", kind="shopp")
    await life.undone()
    assert await bench.get("crd", f"shops.{group}") is None


async def test_a_change_in_between_voids_what_was_seen(bench: Bench) -> None:
    await bench.deployment()
    change, call = bench.make("scale", object="web", replicas=2, wait=0), bench.step()
    first = await change.preview(call)
    await bench.patch("deployment", "web", {"metadata": {"labels": {"other": "1"}}})
    assert (await bench.make("scale", object="web", replicas=2).preview(call)).identity != first.identity
    with pytest.raises(TargetMoved, match="its content is not what it was"):
        await change.execute(call)
    assert (await bench.there("deployment", "web"))["spec"]["replicas"] == 0


async def test_status_writes_void_nothing(bench: Bench) -> None:
    await bench.deployment()
    change, call = bench.make("scale", object="web", replicas=1, wait=0), bench.step()
    first = await change.preview(call)
    live = await bench.there("deployment", "web")
    live["status"]["conditions"] = [{"type": "Odd", "status": "True"}]
    await bench.here.call("PUT", f"/apis/apps/v1/namespaces/{bench.namespace}/deployments/web/status", body=live)
    assert (await change.preview(call)).identity == first.identity
    await change.execute(call)


async def test_another_object_of_that_name_is_not_touched(bench: Bench) -> None:
    await bench.config(colour="blue")
    change = bench.make("delete", kind="configmap", object="web")
    call = bench.step()
    await change.preview(call)
    await bench.here.call("DELETE", f"/api/v1/namespaces/{bench.namespace}/configmaps/web")
    await bench.config(colour="theirs")
    with pytest.raises(TargetMoved, match="another object"):
        await change.execute(call)
    assert (await bench.there("configmap", "web"))["data"] == {"colour": "theirs"}


async def test_a_secret_is_hidden_everywhere(bench: Bench) -> None:
    secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: pa55word-one}\n"
    first = await bench.life(bench.make("apply", manifest=secret))
    second = await bench.life(bench.make("apply", manifest=secret.replace("one", "two")))
    assert second.effect.changes[0].diff == "~ data.password: (hidden) → another value (hidden)"
    got = await bench.done("get", kind="secret", object="db")
    assert got.object["data"] == {"password": "(hidden)"}
    shown = f"{bench.text}{first.effect}{second.effect}{first.before}{second.before}{second.outputs}{got}"
    for word in ("pa55word-one", "pa55word-two"):
        assert word not in shown
        assert base64.b64encode(word.encode()).decode() not in shown
    assert {"pa55word-one", "pa55word-two"} <= bench.learned
    await second.undone()
    data = (await bench.there("secret", "db"))["data"]
    assert base64.b64decode(data["password"]) == b"pa55word-one"


async def test_a_file_with_secrets_is_bound_to_its_content(bench: Bench) -> None:
    path = Path(bench.call.cwd) / "secret.yaml"
    path.write_text("apiVersion: v1\nkind: Secret\nmetadata: {name: db}\nstringData: {password: one}\n")
    change = bench.make("apply", path="secret.yaml")
    first = await change.preview(bench.step())
    await asyncio.to_thread(path.write_text, path.read_text().replace("one", "two"))
    second = await change.preview(bench.step())
    assert first.changes == second.changes
    assert first.identity != second.identity


async def test_what_goes_with_a_deployment(bench: Bench) -> None:
    await bench.deployment(replicas=2, schedulerName="nobody")

    async def pods() -> bool:
        return bool((await bench.done("list", kind="pod")).count == 2)

    await bench.until(pods, "two pods")
    life = await bench.life(bench.make("delete", kind="deployment", object="web"))
    (change,) = life.effect.changes
    assert "1 replicaset" in (change.note or "")
    assert "2 pods" in (change.note or "")
    assert life.effect.undo is UndoPromise.RECREATE
    assert "other pods" in (life.effect.undo_why or "")
    assert life.verified.ok
    again = await life.undone()
    assert (await bench.there("deployment", "web"))["spec"]["replicas"] == 2
    # and the way back from that
    await again.undone()
    assert await bench.get("deployment", "web") is None


async def test_orphans_stay(bench: Bench) -> None:
    await bench.deployment()

    async def sets() -> bool:
        return bool((await bench.done("list", kind="rs")).count == 1)

    await bench.until(sets, "a replica set")
    life = await bench.life(bench.make("delete", kind="deploy", object="web", cascade="orphan"))
    assert "what it owns stays" in (life.effect.changes[0].note or "")
    assert (await bench.done("list", kind="rs")).count == 1


async def test_data_of_claims(bench: Bench) -> None:
    for policy, name in (("Delete", "lost"), ("Retain", "kept")):
        volume = f"{bench.namespace}-{name}"
        await bench.post(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolume",
                "metadata": {"name": volume},
                "spec": {
                    "capacity": {"storage": "1Gi"},
                    "accessModes": ["ReadWriteOnce"],
                    "persistentVolumeReclaimPolicy": policy,
                    "storageClassName": "",
                    "hostPath": {"path": f"/nowhere/{volume}"},
                    "claimRef": {"namespace": bench.namespace, "name": name},
                },
            }
        )
        await bench.post(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": name},
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": "",
                    "volumeName": volume,
                    "resources": {"requests": {"storage": "1Gi"}},
                },
            }
        )
    try:

        async def bound() -> bool:
            rows = (await bench.done("list", kind="pvc")).objects
            return all(row.status == "Bound" for row in rows)

        await bench.until(bound, "both claims are bound")
        effect = await bench.effect("delete", kind="pvc", object="lost")
        assert effect.data_bytes == 2**30
        assert effect.risk is Risk.DESTROY
        assert "does not come back" in (effect.undo_why or "")
        effect = await bench.effect("delete", kind="pvc", object="kept")
        assert effect.changes[0].data_bytes is None
        assert "Retain" in (effect.changes[0].note or "")
        whole = await bench.effect("delete", kind="namespace", object=bench.namespace)
        assert whole.data_bytes == 2**30
    finally:
        for name in ("lost", "kept"):
            await bench.here.call("DELETE", f"/api/v1/persistentvolumes/{bench.namespace}-{name}")


async def test_a_namespace_with_all_that_is_in_it(bench: Bench) -> None:
    home = f"{bench.namespace}-full"
    await bench.done("create_namespace", object=home)
    await bench.done("apply", manifest=CONFIG, namespace=home)
    deployment = {"object": "web", "image": "reign-test/none:1", "replicas": 0, "port": 80, "namespace": home}
    await bench.done("create_deployment", **deployment)
    life = await bench.life(bench.make("delete", kind="namespace", object=home))
    assert {change.resource for change in life.effect.changes} == {
        f"namespace/{home}",
        f"{home}/configmap/web",
        f"{home}/deployment/web",
        f"{home}/service/web",
    }
    assert life.verified.ok, life.verified.detail
    await life.undone()
    assert (await bench.done("get", kind="configmap", object="web", namespace=home)).object["data"]["colour"] == "red"
    assert (await bench.done("get", object="web", namespace=home)).object["spec"]["replicas"] == 0
    await bench.done("delete", kind="namespace", object=home, wait=0)


async def test_finalizers_are_said_and_waited_for(bench: Bench) -> None:
    metadata = {"name": "web", "finalizers": ["example.com/wait"]}
    await bench.post({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    life = await bench.life(bench.make("delete", kind="configmap", object="web", wait=0.3))
    assert "example.com/wait" in " ".join(life.effect.notes)
    assert not life.verified.ok
    assert "waits for the finalizers example.com/wait" in life.verified.detail
    blocked = await bench.effect("apply", manifest=CONFIG)
    assert "is being deleted" in " ".join(problem.text for problem in blocked.problems)
    await bench.patch("configmap", "web", {"metadata": {"finalizers": None}})


async def test_all_of_a_kind(bench: Bench) -> None:
    for name in ("one", "two"):
        await bench.post({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}})
    life = await bench.life(bench.make("delete", kind="secret", everything=True))
    assert len(life.effect.changes) == 2
    assert life.verified.ok
    nothing = await bench.effect("delete", kind="secret", selector="app=nothing")
    assert nothing.risk is Risk.READ
    with pytest.raises(InvalidFields):
        bench.make("delete", kind="secret")


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        ({"kind": "namespace", "object": "kube-system", "namespace": None}, "catastrophic"),
        ({"kind": "namespace", "everything": True, "namespace": None}, "catastrophic"),
        ({"kind": "service", "object": "kubernetes", "namespace": "default"}, "catastrophic"),
        ({"kind": "configmap", "everything": True, "namespace": "kube-system"}, "catastrophic"),
    ],
)
async def test_what_the_cluster_needs_is_never_deleted(bench: Bench, fields: dict[str, Any], level: str) -> None:
    effect = await bench.effect("delete", **fields)
    assert level in {finding.level for finding in effect.findings}


async def test_new_dangers_of_a_manifest_are_found(bench: Bench) -> None:
    life = await bench.life(bench.make("create_deployment", object="web", image="reign-test/none:1", replicas=0))
    assert not life.effect.findings
    spec = "spec: {hostNetwork: true, containers: [{name: web, image: 'reign-test/none:1'}]}"
    manifest = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  replicas: 0\n"
        "  selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    " + spec
    )
    effect = await bench.effect("apply", manifest=manifest)
    assert [finding.rule for finding in effect.findings] == ["container.host-namespace"]


async def test_deployments_that_are_there_already(bench: Bench) -> None:
    await bench.deployment()
    make: dict[str, Any] = {"object": "web", "image": "reign-test/other:1", "replicas": 0}
    effect = await bench.effect("create_deployment", **make, force=True)
    assert [choice.key for choice in effect.problems[0].choices] == ["update", "rename"]
    updated = await bench.effect("create_deployment", **make, force=True, if_exists="update")
    assert not updated.problems
    wrong = await bench.effect("create_deployment", object="web", image="x", labels={"bad key": "x"})
    assert wrong.problems
    with pytest.raises(InvalidFields):
        bench.make("create_deployment", object="Not A Name", image="x")


async def test_a_service_for_what_is_there_and_what_is_not(bench: Bench) -> None:
    await bench.deployment()
    with pytest.raises(InvalidFields, match="names no port"):
        await bench.effect("expose", object="web")
    with pytest.raises(NotFound, match="no deployment wob") as raised:
        await bench.effect("expose", object="wob", port=80)
    assert "web" in raised.value.way_out
    later = bench.step(promised=frozenset({f"{bench.namespace}/deployment/new"}))
    effect = await bench.effect("expose", later, object="new", port=80, service="front")
    assert effect.changes[0].resource == f"{bench.namespace}/service/front"


async def test_containers_must_be_told_apart(bench: Bench) -> None:
    containers = [{"name": name, "image": "reign-test/none:1"} for name in ("a", "b")]
    await bench.deployment(containers=containers)
    effect = await bench.effect("set_image", object="web", image="x:2")
    assert [choice.fields for choice in effect.problems[0].choices] == [{"container": "a"}, {"container": "b"}]
    with pytest.raises(OperationError, match="has no container c"):
        await bench.done("set_env", object="web", env={"A": "1"}, container="c")
    life = await bench.life(bench.make("set_image", object="web", image="x:2", container="b"))
    assert life.effect.changes[0].diff == ("~ spec.template.spec.containers[b].image: reign-test/none:1 → x:2")
    await life.undone()


async def test_limits_are_set_beside_those_that_stay(bench: Bench) -> None:
    resources = {"limits": {"memory": "64Mi", "cpu": "1"}}
    await bench.deployment(containers=[{"name": "a", "image": "reign-test/none:1", "resources": resources}])
    life = await bench.life(bench.make("set_resources", object="web", memory="128Mi", request_memory="32Mi"))
    assert "limits.memory: 64Mi → 128Mi" in str(life.effect.changes[0].diff)
    assert "cpu" not in str(life.effect.changes[0].diff).replace("requests.cpu", "")
    await life.undone()
    with pytest.raises(OperationError, match="give memory"):
        bench.make("set_resources", object="web")
    with pytest.raises(OperationError, match="less than or equal to memory limit"):
        await bench.effect("set_resources", object="web", request_memory="1Gi")


async def test_what_does_not_fit_a_kind(bench: Bench) -> None:
    await bench.config()
    for name, fields in (
        ("scale", {"replicas": 1}),
        ("set_image", {"image": "x"}),
        ("rollout_restart", {}),
        ("rollout_undo", {}),
        ("cordon", {}),
    ):
        effect = await bench.effect(name, kind="configmap", object="web", **fields)
        assert "configmap" in effect.problems[0].text, name
        with pytest.raises(OperationError):
            await bench.done(name, kind="configmap", object="web", **fields)


async def test_steps_that_follow_in_a_plan(bench: Bench) -> None:
    resource = f"{bench.namespace}/deployment/web"
    later, gone = bench.step(promised=frozenset({resource})), bench.step(gone=frozenset({resource}))
    for name, fields in (("scale", {"replicas": 2}), ("set_image", {"image": "x:1"}), ("set_env", {"env": {"A": "1"}})):
        effect = await bench.effect(name, later, object="web", **fields)
        assert (effect.changes[0].note, effect.problems) == ("made by an earlier step", ())
        assert (await bench.effect(name, gone, object="web", **fields)).problems
    assert not (await bench.effect("delete", later, kind="deployment", object="web")).problems
    assert (await bench.effect("delete", gone, kind="deployment", object="web")).risk is Risk.READ
    assert not (await bench.effect("exec", later, kind="deployment", object="web", command="ls")).problems


async def test_a_wrong_field_is_named(bench: Bench) -> None:
    manifest = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 70000}]}\n"
    effect = await bench.effect("apply", manifest=manifest)
    assert "spec.ports[0].port" in effect.problems[0].text
    with pytest.raises(Invalid) as raised:
        await bench.done("apply", manifest=manifest)
    assert raised.value.fields[0][0] == "spec.ports[0].port"
    unknown = await bench.effect("apply", manifest=CONFIG.replace("\ndata:", "\ndta:"))
    assert "dta" in unknown.problems[0].text
    twice = await bench.effect("apply", manifest=CONFIG + "---\n" + CONFIG)
    assert "more than once" in " ".join(problem.text for problem in twice.problems)


async def test_an_owner_counts_as_the_systems_own(bench: Bench) -> None:
    """What others put into a namespace that Reign made keeps it from being removed."""
    home = f"{bench.namespace}-kept"
    life = await bench.life(bench.make("create_namespace", object=home))
    await bench.done("apply", manifest=CONFIG, namespace=home)
    effect = await life.way_back().preview(bench.step())
    assert f"there is more in it now: {home}/configmap/web" in effect.problems[0].text
    removed = bench.step(gone=frozenset({f"{home}/configmap/web"}))
    assert not (await life.way_back().preview(removed)).problems
    await bench.done("delete", kind="namespace", object=home, wait=0)
