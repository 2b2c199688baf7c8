"""Objects as plain maps: cleaned, compared, put back, hidden; manifests; kinds; contexts. No cluster."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reign_executors.errors import InvalidFields, NotFound, ToolMissing
from reign_executors.kubernetes import contexts
from reign_executors.kubernetes.creating import ports_of, quantity
from reign_executors.kubernetes.kinds import known_kind
from reign_executors.kubernetes.manifests import parse, read
from reign_executors.kubernetes.objects import (
    ABSENT,
    cleaned,
    comparable,
    difference,
    differences,
    has_secrets,
    merge_patch,
    path_json,
    path_of,
    path_text,
    put_at,
    secret_values,
    shown_object,
    stamp,
    value_at,
)
from reign_executors.kubernetes.queries import age_words, amount_of
from reign_executors.kubernetes.settling import pod_trouble, progress, selector_text

LIVE: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "uid": "u-1",
        "resourceVersion": "7",
        "generation": 3,
        "managedFields": [{"manager": "x"}],
        "annotations": {"deployment.kubernetes.io/revision": "4", "reign.dev/step": "r_1/s1", "mine": "1"},
    },
    "spec": {
        "replicas": 2,
        "template": {"spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:1"}]}},
    },
    "status": {"replicas": 2},
}


def test_cleaned_can_be_applied_again() -> None:
    item = cleaned(LIVE)
    assert "status" not in item
    assert item["metadata"] == {"name": "web", "annotations": {"mine": "1"}}


def test_a_stamp_does_not_move_with_status_and_controllers() -> None:
    later = copy.deepcopy(LIVE)
    later["status"]["replicas"] = 1
    later["metadata"].update(resourceVersion="9", finalizers=["x/y"])
    later["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = "5"
    assert stamp(later) == stamp(LIVE)
    later["spec"]["replicas"] = 3
    assert stamp(later) != stamp(LIVE)
    assert stamp({"kind": "Secret", "metadata": {"uid": "u", "resourceVersion": "3"}, "data": {"a": "b"}}) == "u v3"


def test_replicas_of_an_autoscaler_are_left_out() -> None:
    item = copy.deepcopy(LIVE)
    fields: dict[str, Any] = {"f:spec": {"f:replicas": {}}}
    item["metadata"]["managedFields"] = [
        {"manager": "kube-controller-manager", "subresource": "scale", "fieldsV1": fields}
    ]
    assert "replicas" not in comparable(item)["spec"]


def test_the_difference_is_field_by_field() -> None:
    after = copy.deepcopy(LIVE)
    after["spec"]["replicas"] = 5
    after["spec"]["template"]["spec"]["containers"][1]["image"] = "y:2"
    after["metadata"]["annotations"]["example.com/new"] = "1"
    del after["metadata"]["annotations"]["mine"]
    assert difference(LIVE, after).splitlines() == [
        "+ metadata.annotations[example.com/new]: 1",
        "- metadata.annotations.mine: 1",
        "~ spec.replicas: 2 → 5",
        "~ spec.template.spec.containers[b].image: y:1 → y:2",
    ]
    assert difference(LIVE, copy.deepcopy(LIVE)) == ""


def test_secrets_are_hidden_and_their_change_is_not() -> None:
    secret = {"kind": "Secret", "metadata": {"name": "s"}, "data": {"password": "aHVudGVyMjI="}}
    other = {**secret, "data": {"password": "b3RoZXI=", "user": "YW5h"}}
    text = difference(secret, other)
    assert "another value (hidden)" in text
    assert "+ data.user: (hidden)" in text
    assert not {"aHVudGVyMjI=", "b3RoZXI=", "YW5h"} & set(text.split())
    assert has_secrets(secret)
    assert "aHVudGVyMjI=" not in str(shown_object(secret))
    assert dict(secret_values(secret)) == {"password_base64": "aHVudGVyMjI=", "password": "hunter22"}
    env = [{"name": "DB_PASSWORD", "value": "hunter22"}, {"name": "MODE", "value": "slow"}]
    pod = {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "a", "env": env}]}}
    assert "hunter22" not in str(shown_object(pod))
    assert "slow" in str(shown_object(pod))
    assert dict(secret_values(pod)) == {"DB_PASSWORD": "hunter22"}
    changed = copy.deepcopy(pod)
    changed["spec"]["containers"][0]["env"][0]["value"] = "other-one1"  # type: ignore[index]
    assert difference(pod, changed) == "~ spec.containers[a].env[DB_PASSWORD].value: (hidden) → another value (hidden)"
    last = {"kind": "Secret", "metadata": {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "x"}}}
    assert "last-applied" not in str(shown_object(last))


def test_words_are_not_taken_for_secrets() -> None:
    data = {"POSTGRES_PASSWORD": "cG9zdGdyZXM=", "broken": "%%%"}
    assert dict(secret_values({"kind": "Secret", "data": data})) == {}
    plain = {"kind": "Secret", "stringData": {"token": "abcd1234"}}
    assert dict(secret_values(plain))["token"] == "abcd1234"


_leaf = st.one_of(st.integers(), st.text(max_size=3), st.booleans())
_values = st.recursive(
    _leaf,
    lambda inner: st.one_of(
        st.dictionaries(st.sampled_from("abc"), inner, min_size=1, max_size=3),
        st.lists(st.fixed_dictionaries({"name": st.sampled_from("xyz"), "v": inner}), max_size=3),
    ),
    max_leaves=8,
)
_objects = st.dictionaries(st.sampled_from("abc"), _values, max_size=3)


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(_objects, _objects)
def test_differences_lead_from_one_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    result = copy.deepcopy(before)
    for path, old, new in differences(before, after):
        assert path_of(path_json(path)) == path
        assert path_text(path)
        found = value_at(before, path)
        assert found == old or (found is ABSENT and old is ABSENT)
        put_at(result, path, new)
    assert not list(differences(result, after))


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(_objects, _objects)
def test_a_merge_patch_leads_from_one_to_the_other(before: dict[str, Any], after: dict[str, Any]) -> None:
    def merge(onto: Any, patch: Any) -> Any:
        if not isinstance(patch, dict):
            return patch
        result = dict(onto) if isinstance(onto, dict) else {}
        for key, value in patch.items():
            if value is None:
                result.pop(key, None)
            else:
                result[key] = merge(result.get(key), value)
        return result

    assert merge(before, merge_patch(before, after)) == after


def test_documents_come_in_the_order_they_can_be_made() -> None:
    text = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
---
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: shop, uid: old}, status: {}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: c}}
"""
    items = parse(text)
    assert [item["kind"] for item in items] == ["Namespace", "ConfigMap", "Deployment"]
    assert items[0] == {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [1\nb", "line"),
        ("", "holds no object"),
        ("- 1", "is no object"),
        ("kind: Pod\nmetadata: {name: x}", "apiVersion is missing"),
        ("apiVersion: v1\nkind: Pod\nmetadata: {generateName: x-}", "generateName"),
        ("apiVersion: v1\nkind: Pod", "metadata.name is missing"),
        ("!!python/object/apply:os.system [id]", "line 1"),
    ],
)
def test_what_is_wrong_with_a_manifest_is_said(text: str, said: str) -> None:
    with pytest.raises(InvalidFields, match=said):
        parse(text)


def test_files_and_folders(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}")
    (tmp_path / "a.json").write_text('{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}')
    (tmp_path / "readme.txt").write_text("nothing")
    assert [item["metadata"]["name"] for item in read(tmp_path)] == ["a", "b"]
    with pytest.raises(NotFound):
        read(tmp_path / "none.yaml")
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFound):
        read(tmp_path / "empty")
    (tmp_path / "kustomization.yaml").write_text("resources: []")
    with pytest.raises(InvalidFields, match="kustomize"):
        read(tmp_path)


def test_kinds_have_many_words() -> None:
    for word in ("deploy", "Deployment", "deployments", "deployments.apps", "deployment.v1.apps"):
        found = known_kind(word)
        assert found is not None
        assert found.resource("shop", "web") == "shop/deployment/web"
    space = known_kind("ns")
    assert space is not None
    assert space.resource(None, "shop") == "namespace/shop"
    assert known_kind("nonsense") is None


def kubeconfig(folder: Path, name: str, current: str = "", namespace: str = "") -> Path:
    path = folder / f"{name}.conf"
    space = f", namespace: {namespace}" if namespace else ""
    path.write_text(
        f"apiVersion: v1\nkind: Config\ncurrent-context: {current!r}\n"
        f"clusters: [{{name: {name}, cluster: {{server: 'https://{name}.invalid'}}}}]\n"
        f"contexts: [{{name: {name}, context: {{cluster: {name}, user: {name}{space}}}}}]\n"
        f"users: [{{name: {name}, user: {{}}}}]\n"
    )
    return path


def test_contexts_of_several_files(tmp_path: Path) -> None:
    one, two = kubeconfig(tmp_path, "one"), kubeconfig(tmp_path, "two", current="two", namespace="shop")
    environment = {"KUBECONFIG": f"{one}:{tmp_path}/none:{two}"}
    assert contexts.contexts(environment) == ["one", "two"]
    assert contexts.current_context(environment) == "two"
    found = contexts.where(None, environment)
    assert (found.server, found.namespace, found.user) == ("https://two.invalid", "shop", "two")
    assert contexts.namespace_of("one", environment) == "default"
    assert contexts.namespace_of("nowhere", environment) == "default"
    with pytest.raises(ToolMissing, match="no Kubernetes context 'tow'") as raised:
        contexts.where("tow", environment)
    assert "two" in raised.value.way_out


def test_a_home_without_kubeconfig_and_broken_ones(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="there is no kubeconfig"):
        contexts.where(None, {"HOME": str(tmp_path)})
    (tmp_path / ".kube").mkdir()
    config = tmp_path / ".kube" / "config"
    config.write_text("a: [")
    with pytest.raises(ToolMissing, match="no valid YAML"):
        contexts.where(None, {"HOME": str(tmp_path)})
    config.write_text("contexts: [{name: x, context: {cluster: gone}}]")
    with pytest.raises(ToolMissing, match="no Kubernetes context is chosen"):
        contexts.where(None, {"HOME": str(tmp_path)})
    with pytest.raises(ToolMissing, match="has no server"):
        contexts.where("x", {"HOME": str(tmp_path)})


def test_inside_a_pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("t")
    (tmp_path / "namespace").write_text("shop\n")
    monkeypatch.setattr(contexts, "SERVICE_ACCOUNT", tmp_path)
    environment = {"KUBERNETES_SERVICE_HOST": "fd00::1", "HOME": str(tmp_path)}
    assert contexts.current_context(environment) == "in-cluster"
    found = contexts.where(None, environment)
    assert (found.server, found.namespace) == ("https://[fd00::1]:443", "shop")


def status(**conditions: Any) -> dict[str, Any]:
    return {"kind": "Deployment", "metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": conditions}


def test_progress_of_rollouts() -> None:
    whole = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}
    assert progress(status(**whole)).complete
    assert not progress(status(**{**whole, "observedGeneration": 1})).complete
    assert not progress(status(**{**whole, "replicas": 3})).complete
    late = {"type": "Progressing", "reason": "ProgressDeadlineExceeded", "message": "too late"}
    assert progress(status(**{**whole, "updatedReplicas": 1}, conditions=[late])).failed
    quota = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}
    assert progress(status(observedGeneration=2, conditions=[quota])).reason == "exceeded quota"
    daemons = {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1}
    assert not progress({"kind": "DaemonSet", "status": daemons}).complete
    stateful: dict[str, Any] = {"kind": "StatefulSet", "spec": {"replicas": 3}, "status": {"readyReplicas": 3}}
    stateful["spec"]["updateStrategy"] = {"rollingUpdate": {"partition": 2}}
    stateful["status"] |= {"updatedReplicas": 1, "replicas": 3}
    assert progress(stateful).complete
    assert progress({"kind": "ReplicaSet", "spec": {"replicas": 0}}).complete


def test_why_a_pod_is_not_ready() -> None:
    def pod(**found: Any) -> dict[str, Any]:
        return {"metadata": {"name": "p"}, "status": found}

    ended = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
    crash = {"name": "m", "state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": ended, "restartCount": 4}
    found = pod_trouble(pod(containerStatuses=[crash]))
    assert found is not None
    assert found.failed
    assert "more memory than its limit" in found.detail
    unplaced = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes"}
    early, late = pod_trouble(pod(conditions=[unplaced]), 1), pod_trouble(pod(conditions=[unplaced]), 100)
    assert early is not None
    assert late is not None
    assert (early.failed, late.failed) == (False, True)
    wait = {"name": "m", "state": {"waiting": {"reason": "ContainerCreating"}}}
    assert "ContainerCreating" in str(pod_trouble(pod(containerStatuses=[wait])))
    exited = {"name": "m", "state": {"terminated": {"exitCode": 3}}}
    assert "exit 3" in str(pod_trouble(pod(containerStatuses=[exited])))
    assert "Evicted" in str(pod_trouble(pod(phase="Failed", reason="Evicted")))
    assert pod_trouble(pod(conditions=[{"type": "Ready", "status": "True"}])) is None


def test_selectors_as_text() -> None:
    rules = [
        {"key": "a", "operator": "In", "values": ["1", "2"]},
        {"key": "b", "operator": "NotIn", "values": ["3"]},
        {"key": "c", "operator": "Exists"},
        {"key": "d", "operator": "DoesNotExist"},
    ]
    selector = {"matchLabels": {"app": "web"}, "matchExpressions": rules}
    assert selector_text(selector) == "app=web,a in (1,2),b notin (3),c,!d"
    assert selector_text({"app": "web"}) == "app=web"
    assert selector_text(None) == ""


def test_quantities_ports_and_ages() -> None:
    assert [amount_of(text) for text in ("250m", "2", "16Mi", None)] == [0.25, 2, 16 * 2**20, 0]
    assert [quantity(text) for text in ("512Mi", "250m", "2", "512MiB")] == ["512Mi", "250m", "2", "512Mi"]
    assert [ports_of(text) for text in (80, "80:8080")] == [(80, 80), (80, 8080)]
    for wrong in ("99999", "a", "1:2:3"):
        with pytest.raises(ValueError):
            ports_of(wrong)
    with pytest.raises(ValueError):
        quantity("much")
    assert [age_words(seconds) for seconds in (5, 300, 9000, 200_000)] == ["5s", "5m", "2h", "2d"]
