"""One plan over five tools, on real ones: run without a screen, and taken back."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Cluster, DockerScope
from tests.helm.charts_made import SLEEPER, write_chart

Reign = Callable[..., Any]

DOCKERFILE = """\
FROM reign-test/busybox:1
COPY version /version
"""


@pytest.fixture
def snapshot(
    docker_scope: DockerScope, cluster: Cluster, kube_namespace: str, containerd_address: str, folder: Path
) -> Callable[[], dict[str, Any]]:
    """Everything of all four places that the plan could touch."""
    from kubernetes.client import AppsV1Api, CoreV1Api

    def of_node() -> list[str]:
        argv = ["ctr", "--address", containerd_address, "--namespace", "k8s.io", "images", "list", "--quiet"]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.split()

    before = set(of_node())

    def take() -> dict[str, Any]:
        with cluster.client() as client:
            core: Any = CoreV1Api(client)
            apps: Any = AppsV1Api(client)
            held = [
                *(f"secret/{one.metadata.name}" for one in core.list_namespaced_secret(kube_namespace).items),
                *(f"configmap/{one.metadata.name}" for one in core.list_namespaced_config_map(kube_namespace).items),
                *(f"deployment/{one.metadata.name}" for one in apps.list_namespaced_deployment(kube_namespace).items),
            ]
        tags = [tag for row in docker_scope.client.api.images() for tag in row.get("RepoTags") or ()]
        mine = [name for name in of_node() if docker_scope.prefix in name or name not in before]
        files = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        return {
            "engine": sorted(tag for tag in tags if docker_scope.prefix in tag),
            "node": sorted(mine),
            "cluster": sorted(held),
            "files": files,
        }

    return take


def test_five_steps_over_five_tools_and_back(
    reign: Reign,
    folder: Path,
    docker_scope: DockerScope,
    busybox_image: str,
    cluster: Cluster,
    kube_context: str,
    kube_namespace: str,
    containerd_address: str,
    helm_program: str,
    snapshot: Callable[[], dict[str, Any]],
) -> None:
    image = f"{docker_scope.name('web')}:1"
    (folder / "app").mkdir()
    (folder / "app" / "Dockerfile").write_text(DOCKERFILE)
    (folder / "app" / "version").write_text(f"{docker_scope.prefix}\n")
    write_chart(folder / "web", {"sleeper.yaml": SLEEPER})
    place = {"context": kube_context, "namespace": kube_namespace}
    steps = [
        {"id": "s1", "operation": "shell.read", "fields": {"command": "cat app/version"}, "why": "which version"},
        {
            "id": "s2",
            "operation": "docker.build",
            "fields": {"folder": "app", "image": image},
            "needs": ["s1"],
            "why": "build it",
        },
        {
            "id": "s3",
            "operation": "containerd.import_image",
            "fields": {"image": image, "address": containerd_address},
            "needs": ["s2"],
            "why": "bring it to the node",
        },
        {
            "id": "s4",
            "operation": "helm.install",
            "fields": {"release": "web", "chart": "web", "values": {"image": image}, "wait": True, **place},
            "needs": ["s3"],
            "why": "run it",
        },
        {
            "id": "s5",
            "operation": "kubernetes.rollout_status",
            "fields": {"object": "web", **place},
            "needs": ["s4"],
            "why": "does it run?",
        },
    ]
    (folder / "plan.json").write_text(json.dumps({"v": 1, "kind": "plan", "request": "ship web", "steps": steps}))
    before = snapshot()
    said = reign("run", "--plan", "plan.json", "--json", "--approve", "change")
    outcomes = {row["step"]: row["data"] for row in said.rows if row["type"] == "step.finished"}
    assert said.code == 0, (said.end, outcomes)
    assert [outcomes[f"s{number}"]["outcome"] for number in range(1, 6)] == ["done"] * 5
    assert [outcomes[f"s{number}"]["verified"] for number in (2, 3, 4)] == [True] * 3
    between = snapshot()
    assert between["engine"] == [image]
    assert f"docker.io/library/{image}" in between["node"]
    assert "deployment/web" in between["cluster"]
    undone = reign("undo", said.run, "--json", "--approve", "destroy")
    assert undone.code == 0, undone.out
    assert snapshot() == before
