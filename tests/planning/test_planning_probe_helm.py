"""Helm as operators ask for it: values in prose, several releases, negations, conditions, and what has no operation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry

VALUES = """
replicaCount: 2
image: {repository: nginx, tag: "1.4"}
service: {type: ClusterIP, port: 80}
ingress: {enabled: false}
"""
RELEASES: Any = [
    {"release": name, "namespace": space, "chart": "shop-0.1.0", "revision": revision, "status": status}
    for name, space, revision, status in (
        ("shop", "web", 3, "deployed"),
        ("api", "web", 2, "deployed"),
        ("history", "web", 2, "deployed"),
        ("pg", "data", 2, "deployed"),
        ("broken", "data", 1, "failed"),
    )
]


async def looked(operation: str, fields: Mapping[str, Any]) -> JsonObject:
    import yaml

    if operation == "helm.list":
        space = fields.get("namespace", "default")
        return {"releases": [one for one in RELEASES if fields.get("all_namespaces") or one["namespace"] == space]}
    if operation == "helm.get_values":
        return {"values": yaml.safe_load(VALUES)}
    return (
        {"objects": []} if operation == "kubernetes.list" else {operation.partition(".")[2].removeprefix("list_"): []}
    )


async def planned(text: str, cwd: Path) -> Draft:
    for name in ("shop", "ledger"):
        (cwd / "charts" / name).mkdir(parents=True, exist_ok=True)
        (cwd / "charts" / name / "Chart.yaml").write_text(f"name: {name}\nversion: 0.2.0\n", "utf-8")
        (cwd / "charts" / name / "values.yaml").write_text(VALUES, "utf-8")
    context = PlanningContext(EngineSettings(cwd=cwd), default_registry(), looked, recent=(), plan_of=lambda _run: None)
    return await OfflinePlanner().draft(text, context)


SHOP = {"release": "shop", "namespace": "web"}
NEW = {"release": "shop2", "chart": "./charts/shop", "namespace": "web"}


@pytest.mark.parametrize(
    ("text", "operation", "fields"),
    [
        ("install charts/shop as shop2 in web, don't create the namespace", "install", NEW),
        ("install shop2 from charts/shop in web without waiting", "install", NEW),
        (
            "install charts/shop as shop2 in web with secretKey=x",
            "install",
            {**NEW, "secret_values": {"secretKey": "x"}},
        ),
        (
            "install charts/shop as shop2 in web with 3 replicas, image tag 2.1 and service port 9090",
            "install",
            {**NEW, "values": {"replicaCount": 3, "image": {"tag": "2.1"}, "service": {"port": 9090}}},
        ),
        (
            "install charts/shop as shop2 in web and wait at most 10 minutes",
            "install",
            {**NEW, "wait": True, "timeout_seconds": 600},
        ),
        ("upgrade shop, don't wait", "upgrade", SHOP),
        ("upgrade shop to charts/shop, no atomic", "upgrade", {**SHOP, "chart": "./charts/shop"}),
        ("upgrade shop and if it fails roll back", "upgrade", {**SHOP, "atomic": True}),
        ("upgrade shop and wait max 5 minutes", "upgrade", {**SHOP, "wait": True, "timeout_seconds": 300}),
        (
            "set replicaCount of shop to 4",
            "upgrade",
            {**SHOP, "values": {"replicaCount": 4}, "reuse_values": True},
        ),
        (
            "bump the image tag of the shop release to 1.9.3",
            "upgrade",
            {**SHOP, "values": {"image": {"tag": "1.9.3"}}, "reuse_values": True},
        ),
        (
            "turn on ingress for release shop",
            "upgrade",
            {**SHOP, "values": {"ingress": {"enabled": True}}, "reuse_values": True},
        ),
        ("rollback shop but don't wait", "rollback", SHOP),
        ("values of shop at revision 1", "get_values", {**SHOP, "revision": 1}),
        ("diff shop revision 2 against the current", "diff", {**SHOP, "revision": 2}),
        ("what changed between revision 1 and 3 of shop", "diff", {**SHOP, "revision": 1}),
        (
            "what would an upgrade of shop to charts/shop with replicaCount 5 change",
            "diff",
            {**SHOP, "chart": "./charts/shop", "values": {"replicaCount": 5}, "reuse_values": True},
        ),
        ("uninstall release history in web", "uninstall", {"release": "history", "namespace": "web"}),
    ],
)
async def test_what_is_said_is_planned(text: str, operation: str, fields: dict[str, Any], tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.question is None
    assert [(step.operation, dict(step.fields)) for step in draft.steps] == [(f"helm.{operation}", fields)]


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("uninstall shop and api from web", ["shop", "api"]),
        ("helm uninstall shop history -n web", ["shop", "history"]),
        ("uninstall everything in web except history", ["shop", "api"]),
        ("uninstall everything in data but keep pg", ["broken"]),
        ("uninstall all releases in data", ["pg", "broken"]),
        ("uninstall the failed releases", ["broken"]),
        ("uninstall shop but not api", ["shop"]),
    ],
)
async def test_only_the_releases_that_are_meant_go(text: str, gone: list[str], tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert [(step.operation, step.fields["release"]) for step in draft.steps] == [
        ("helm.uninstall", one) for one in gone
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("uninstall shop only if it is failed", "can't wait for “only if it is failed”"),
        ("uninstall shop if nobody uses it", "can't wait for"),
        ("upgrade shop with image.tag=1.9 unless it is failed", "can't wait for"),
        ("uninstall all releases", "Name the namespace"),
        ("uninstall shop --dry-run", "dry run until it is approved"),
        ("remove the helm release shop but keep its history", "takes the history with it"),
        ("helm uninstall shop --keep-history -n web", "takes the history with it"),
        ("package charts/shop as version 1.2.0 into dist", "Packing charts"),
        ("pull chart bitnami/redis version 19.0.1 and unpack it into vendor", "Fetching a chart"),
        ("update the dependencies of charts/shop", "dependencies come later"),
        ("add the helm repo https://charts.example.org as internal", "repositories come later"),
        ("run the tests of release shop", "own tests come later"),
        ("rename release shop to store", "can't be renamed"),
        ("move release shop from web to data", "can't be moved"),
        ("scale release shop to 5", "no number of its own"),
        ("restart release shop", "its deployments do"),
        ("install charts/shop 3 times", "a name of its own"),
        ("upgrade shop to the latest chart", "Where is the newest chart shop?"),
        ("render charts/shop with replicaCount 2 to out.yaml", "keeping it in a file"),
    ],
)
async def test_what_can_not_be_done_as_said_is_no_plan(text: str, said: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert said in str(draft.question)


@pytest.mark.parametrize(
    ("text", "operation", "fields"),
    [
        ("roll back api in web", "rollback", {"release": "api", "namespace": "web"}),
        ("roll back api in web to revision 1", "rollback", {"release": "api", "namespace": "web", "revision": 1}),
        ("status of pg in data", "status", {"release": "pg", "namespace": "data"}),
    ],
)
async def test_a_release_without_the_word(text: str, operation: str, fields: dict[str, Any], tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert [(step.operation, dict(step.fields)) for step in draft.steps] == [(f"helm.{operation}", fields)]


@pytest.mark.parametrize("text", ["delete shop", "restart shop", "roll back deployment shop"])
async def test_a_release_is_not_taken_for_something_else(text: str, tmp_path: Path) -> None:
    assert (await planned(text, tmp_path)).steps == ()
