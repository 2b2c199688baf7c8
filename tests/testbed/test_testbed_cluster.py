"""The proving ground itself: does what tests lean on hold?"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from kubernetes.client import ApiException, CoreV1Api

from tests.conftest import Cluster


def test_a_namespace_takes_a_pod_that_runs(cluster: Cluster, kube_namespace: str, kube_image: str) -> None:
    from kubernetes.watch import Watch

    with cluster.client() as client:
        api: Any = CoreV1Api(client)
        spec = {"restartPolicy": "Never", "containers": [{"name": "c", "image": kube_image, "command": ["true"]}]}
        api.create_namespaced_pod(kube_namespace, {"metadata": {"name": "once"}, "spec": spec})
        watch: Any = Watch()  # type: ignore[no-untyped-call]
        phases = []
        for event in watch.stream(api.list_namespaced_pod, kube_namespace, timeout_seconds=60):
            phases.append(event["object"].status.phase)
            if phases[-1] in {"Succeeded", "Failed"}:
                watch.stop()
    assert phases[-1] == "Succeeded"


def test_the_second_context_is_another_server(cluster: Cluster, kube_namespace: str, kube_context_2: str) -> None:
    with cluster.client(kube_context_2) as client, pytest.raises(ApiException) as refused:
        CoreV1Api(client).read_namespace(kube_namespace)
    assert refused.value.status == 404


def test_rights_and_expired_credentials_can_be_tried(cluster: Cluster, kubeconfig: Path) -> None:
    if cluster.context != "reign-test":
        pytest.skip("a cluster that a person named has no such users")
    with cluster.client("reign-test-viewer") as client:
        api: Any = CoreV1Api(client)
        api.list_namespaced_pod("default")
        with pytest.raises(ApiException) as refused:
            api.delete_namespaced_pod("nobody", "default")
    assert refused.value.status == 403
    with cluster.client("reign-test-expired") as client, pytest.raises(ApiException) as refused:
        CoreV1Api(client).list_namespaced_pod("default")
    assert refused.value.status == 401


def test_helm_and_terraform_and_git_answer(
    helm_program: str, terraform_program: str, terraform_config: Path, git_program: str
) -> None:
    for argv, said in (
        ([helm_program, "version", "--short"], "v3."),
        ([terraform_program, "version"], "Terraform v1."),
        ([git_program, "--version"], "git version"),
    ):
        answer = subprocess.run(argv, capture_output=True, text=True, check=True)
        assert said in answer.stdout
        assert answer.stderr == ""


def test_terraform_finds_its_provider_without_a_network(
    terraform_program: str, terraform_config: Path, tmp_path: Path
) -> None:
    (tmp_path / "main.tf").write_text(
        'terraform {\n  required_providers {\n    local = { source = "hashicorp/local" }\n  }\n}\n'
        f'resource "local_file" "note" {{\n  filename = "{tmp_path}/note"\n  content = "hello"\n}}\n'
    )
    for command in (["init", "-input=false"], ["apply", "-input=false", "-auto-approve"]):
        subprocess.run([terraform_program, *command], cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "note").read_text() == "hello"


def test_without_a_fixture_no_cluster_is_near() -> None:
    assert not Path(os.environ["KUBECONFIG"]).exists()
    assert not (Path.home() / ".kube" / "config").exists()
