"""Rules on manifests and deletions: plain maps, no cluster."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from reign_executors.kubernetes.dangers import bulk_findings, deletion_findings, manifest_findings, stop_findings
from reign_executors.kubernetes.kinds import Kind, known_kind


def kind(word: str) -> Kind:
    found = known_kind(word)
    assert found is not None
    return found


def pod(**spec: Any) -> dict[str, Any]:
    return {"kind": "Pod", "metadata": {"name": "web"}, "spec": {"containers": [{"name": "main"}], **spec}}


def host_path(path: str, *, read_only: bool = False) -> dict[str, Any]:
    mounts = [{"name": "it", "mountPath": "/in", "readOnly": read_only}]
    return pod(
        containers=[{"name": "main", "volumeMounts": mounts}], volumes=[{"name": "it", "hostPath": {"path": path}}]
    )


def binding(kind_: str, role: str, subject: str) -> dict[str, Any]:
    subjects = [{"kind": "Group", "name": subject}]
    return {"kind": kind_, "metadata": {"name": "b"}, "roleRef": {"name": role}, "subjects": subjects}


PRIVILEGED = [{"name": "main", "securityContext": {"privileged": True}}]


@pytest.mark.parametrize(
    ("manifest", "rule", "level"),
    [
        (pod(containers=PRIVILEGED), "container.privileged", "notice"),
        (pod(hostNetwork=True), "container.host-namespace", "notice"),
        (pod(hostPID=True), "container.host-namespace", "notice"),
        (pod(hostPID=True, containers=PRIVILEGED), "container.host-namespaces", "catastrophic"),
        (
            pod(hostPID=True, containers=[{"name": "m", "command": ["nsenter", "-t1"]}]),
            "container.host-namespaces",
            "catastrophic",
        ),
        (host_path("/"), "container.host-root", "catastrophic"),
        (host_path("//"), "container.host-root", "catastrophic"),
        (host_path("/", read_only=True), "container.host-root", "notice"),
        (host_path("/etc"), "container.host-root", "catastrophic"),
        (host_path("/var/run/docker.sock"), "container.docker-socket", "notice"),
        (
            pod(containers=[{"name": "m", "securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}]),
            "container.capabilities",
            "notice",
        ),
        (binding("ClusterRoleBinding", "cluster-admin", "system:anonymous"), "cluster.admin-for-all", "catastrophic"),
        (
            binding("ClusterRoleBinding", "cluster-admin", "system:unauthenticated"),
            "cluster.admin-for-all",
            "catastrophic",
        ),
        (binding("RoleBinding", "admin", "system:authenticated"), "cluster.admin-for-all", "notice"),
        (binding("ClusterRoleBinding", "cluster-admin", "ana"), "cluster.admin", "notice"),
        (
            {"kind": "ClusterRole", "metadata": {"name": "r"}, "rules": [{"verbs": ["*"], "resources": ["*"]}]},
            "cluster.admin",
            "notice",
        ),
        (
            {"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "kube-system"}},
            "cluster.kube-system",
            "notice",
        ),
    ],
)
def test_what_a_manifest_reaches(manifest: dict[str, Any], rule: str, level: str) -> None:
    found = {(finding.rule, finding.level) for finding in manifest_findings(manifest)}
    assert (rule, level) in found


@pytest.mark.parametrize(
    "manifest",
    [
        pod(),
        host_path("/srv/data"),
        binding("RoleBinding", "view", "system:authenticated"),
        {"kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "hostPath: {path: /}"}},
        {},
        {"kind": "Pod", "spec": None},
        {"kind": "Deployment", "spec": {"template": {"spec": {"containers": None, "volumes": "x"}}}},
    ],
)
def test_what_is_harmless(manifest: dict[str, Any]) -> None:
    assert manifest_findings(manifest) == ()


def test_templates_and_lists_are_looked_into() -> None:
    spec = pod(containers=PRIVILEGED)["spec"]
    deployment = {"kind": "Deployment", "metadata": {"name": "d"}, "spec": {"template": {"spec": spec}}}
    job = {"spec": {"template": {"spec": spec}}}
    cron = {"kind": "CronJob", "metadata": {"name": "c"}, "spec": {"jobTemplate": job}}
    found = manifest_findings({"kind": "List", "items": [deployment, cron, "no object"]})
    assert [finding.text.split(" is privileged")[0] for finding in found] == [
        "container main of deployment/d",
        "container main of cronjob/c",
    ]


@pytest.mark.parametrize(
    ("word", "namespace", "name", "levels"),
    [
        ("namespace", None, "kube-system", {"catastrophic"}),
        ("namespace", None, "default", {"catastrophic"}),
        ("namespace", None, "shop", set()),
        ("deployment", "kube-system", "coredns", {"catastrophic"}),
        ("pod", "kube-system", "coredns-1", {"notice"}),
        ("service", "default", "kubernetes", {"catastrophic"}),
        ("service", "shop", "kubernetes", set()),
        ("clusterrole", None, "system:node", {"catastrophic"}),
        ("clusterrolebinding", None, "cluster-admin", {"catastrophic"}),
        ("priorityclass", None, "system-node-critical", {"catastrophic"}),
        ("clusterrole", None, "mine", set()),
    ],
)
def test_what_is_never_deleted(word: str, namespace: str | None, name: str, levels: set[str]) -> None:
    assert {finding.level for finding in deletion_findings(kind(word), namespace, name)} == levels


def test_many_at_once() -> None:
    assert bulk_findings(kind("namespace"), None, everything=True)[0].level == "catastrophic"
    assert bulk_findings(kind("node"), None, everything=True)[0].rule == "cluster.all-nodes"
    assert bulk_findings(kind("pod"), "kube-system", everything=False)[0].level == "catastrophic"
    assert bulk_findings(kind("pod"), "shop", everything=True) == ()
    assert stop_findings(kind("deployment"), "kube-system", "coredns")[0].level == "catastrophic"
    assert stop_findings(kind("deployment"), "shop", "web") == ()


def test_the_rules_are_light() -> None:
    code = "import sys, reign_executors.kubernetes.dangers; print('kubernetes' in sys.modules, 'docker' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
