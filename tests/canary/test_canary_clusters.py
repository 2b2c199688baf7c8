"""Canaries in a cluster's Secret, in a chart's values, in what terraform calls sensitive."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.canary.conftest import Canaries
from tests.helm.charts_made import write_chart

MAIN = """\
variable "db_password" {
  type      = string
  sensitive = true
}
resource "terraform_data" "shop" {
  input = { connection = "postgres://shop:${var.db_password}@db/shop", plain = "yes" }
}
output "connection" {
  value     = terraform_data.shop.output.connection
  sensitive = true
}
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work


def looks_back(canaries: Canaries) -> None:
    for words in (("show", "last"), ("show", "last", "--json"), ("logs", "last"), ("replay", "last", "--json")):
        canaries.reign(*words)
    canaries.reign("audit", "export")


def test_a_day_in_a_cluster(
    canaries: Canaries, place: Path, kube_context: str, kube_namespace: str, helm_program: str
) -> None:
    here: dict[str, object] = {"context": kube_context, "namespace": kube_namespace}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "db"},
        "stringData": {"password": canaries["secret"], "note": f"the key is {canaries['secret note']}"},
    }
    copied = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "copied", "annotations": {"was": f"got {canaries['secret']} from db"}},
        "data": {"url": f"postgres://shop:{canaries['secret']}@db/shop"},
    }
    chart = write_chart(place / "web")
    plan = canaries.plan(
        place,
        ("kubernetes.apply", {**here, "manifest": json.dumps(secret)}),
        ("kubernetes.get", {**here, "kind": "Secret", "object": "db"}),
        ("kubernetes.apply", {**here, "manifest": json.dumps(copied)}),
        ("kubernetes.get", {**here, "kind": "ConfigMap", "object": "copied"}),
        (
            "helm.install",
            {
                **here,
                "release": "web",
                "chart": str(chart),
                "values": {"dbPassword": canaries["helm value"]},
                "secret_values": {"hidden": canaries["secret helm value"]},
            },
        ),
        ("helm.get_values", {**here, "release": "web", "everything": True}),
    )
    canaries.reign("run", "--plan", plan, codes=(3,))
    said = canaries.reign("run", "--plan", plan, "--approve", "destroy", "--json", codes=(0, 1))
    assert said.count('"outcome": "done"') >= 4, said
    looks_back(canaries)
    canaries.reign("undo", "last", "--approve", "destroy", codes=(0, 1, 3))
    looks_back(canaries)
    assert not canaries.found(), "\n".join(canaries.found())


def test_a_day_with_terraform(canaries: Canaries, place: Path, terraform_config: Path) -> None:
    infra = place / "infra"
    infra.mkdir()
    (infra / "main.tf").write_text(MAIN)
    variables = {"secret_variables": {"db_password": canaries["terraform variable"]}}
    plan = canaries.plan(
        place,
        ("terraform.init", {"folder": "infra"}),
        ("terraform.apply", {"folder": "infra", **variables}),
        ("terraform.output", {"folder": "infra"}),
        ("terraform.show", {"folder": "infra"}),
        ("shell.command", {"command": "cat infra/terraform.tfstate"}),
    )
    said = canaries.reign("run", "--plan", plan, "--approve", "destroy", "--json", codes=(0, 1))
    assert said.count('"outcome": "done"') >= 2, said
    assert canaries["terraform variable"] in (infra / "terraform.tfstate").read_text()
    looks_back(canaries)
    canaries.reign("undo", "last", "--approve", "destroy", codes=(0, 1, 3))
    looks_back(canaries)
    assert not canaries.found(), "\n".join(canaries.found())
