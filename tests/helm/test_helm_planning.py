"""What requests about charts and releases become, with releases that are made up and charts that are real files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.helm_lines import in_words
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_agents.specialists.answers import DONE, SAY
from reign_executors.errors import PermissionMissing
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry
from tests.helm.charts_made import write_chart

RELEASES: list[JsonObject] = [
    {"release": "web", "namespace": "shop", "revision": 3, "status": "deployed", "chart": "web-0.1.0"},
    {"release": "api", "namespace": "shop", "revision": 1, "status": "deployed", "chart": "api-1.0.0"},
    {"release": "api", "namespace": "test", "revision": 1, "status": "deployed", "chart": "api-1.0.0"},
    {"release": "prom", "namespace": "monitoring", "revision": 1, "status": "deployed", "chart": "prometheus-25.1.0"},
]
WEB = '"release": "web", "namespace": "shop"'
REUSE = '"reuse_values": true'

PLANS = f"""\
install chart ./charts/web as web2 in namespace shop with replicas=3
  helm.install {{"release": "web2", "chart": "./charts/web", "namespace": "shop", "values": {{"replicaCount": 3}}}}
install ./charts/web
  helm.install {{"release": "web", "chart": "./charts/web"}}
install chart web
  helm.install {{"release": "web", "chart": "./charts/web"}}
install bitnami/nginx as front in namespace shop with image.tag=1.27 and service.port=80
  helm.install {{"release": "front", "chart": "bitnami/nginx", "namespace": "shop", \
"values": {{"image": {{"tag": "1.27"}}, "service": {{"port": 80}}}}}}
helm install front oci://registry.example/charts/front version 1.2.3 -n shop
  helm.install {{"release": "front", "chart": "oci://registry.example/charts/front", "namespace": "shop", \
"version": "1.2.3"}}
install chart ./charts/web as shop-web in namespace new, create the namespace and wait
  helm.install {{"release": "shop-web", "chart": "./charts/web", "namespace": "new", "create_namespace": true, \
"wait": true}}
deploy chart ./charts/web to namespace shop
  helm.install {{"release": "web", "chart": "./charts/web", "namespace": "shop"}}
upgrade release web to 0.2.0
  helm.upgrade {{{WEB}, "chart": "./charts/web"}}
upgrade web
  helm.upgrade {{{WEB}}}
upgrade web with ./chart and image.tag=3
  helm.upgrade {{{WEB}, "chart": "./chart", "values": {{"image": {{"tag": 3}}}}, {REUSE}}}
upgrade release web with values.yaml atomically
  helm.upgrade {{{WEB}, "values_files": ["values.yaml"], {REUSE}, "atomic": true}}
set image.tag=2 on release web
  helm.upgrade {{{WEB}, "values": {{"image": {{"tag": 2}}}}, {REUSE}}}
rollback web
  helm.rollback {{{WEB}}}
rollback release web to revision 2
  helm.rollback {{{WEB}, "revision": 2}}
roll back release web
  helm.rollback {{{WEB}}}
uninstall web from shop
  helm.uninstall {{{WEB}}}
uninstall release prom from monitoring
  helm.uninstall {{"release": "prom", "namespace": "monitoring"}}
delete release web
  helm.uninstall {{{WEB}}}
list helm releases
  helm.list {{"all_namespaces": true}}
list releases in namespace shop
  helm.list {{"namespace": "shop"}}
history of release web
  helm.history {{{WEB}}}
status of release web
  helm.status {{{WEB}}}
is release web healthy?
  helm.status {{{WEB}}}
show the values of release web
  helm.get_values {{{WEB}}}
show values for release api in test
  helm.get_values {{"release": "api", "namespace": "test"}}
lint chart ./x
  helm.lint {{"chart": "./x"}}
lint the chart web
  helm.lint {{"chart": "./charts/web"}}
render the chart ./x with colour=red
  helm.template {{"chart": "./x", "values": {{"colour": "red"}}}}
template chart ./x
  helm.template {{"chart": "./x"}}
show chart ./charts/web
  helm.show_chart {{"chart": "./charts/web"}}
create chart charts/billing
  helm.create_chart {{"path": "charts/billing", "parents": true}}
create a helm chart called billing
  helm.create_chart {{"path": "billing"}}
what would change if I upgrade web with ./chart
  helm.diff {{{WEB}, "chart": "./chart"}}
what would change if I upgrade release web to 0.2.0
  helm.diff {{{WEB}, "chart": "./charts/web"}}
install chart ./charts/web as web9 in shop, then show status of it
  helm.install {{"release": "web9", "chart": "./charts/web", "namespace": "shop"}}
  helm.status {{"release": "web9", "namespace": "shop"}}
helm upgrade --install web ./charts/web -n shop --set replicaCount=2,name="a b" -f values.yaml --wait
  helm.upgrade {{{WEB}, "chart": "./charts/web", "values": {{"replicaCount": 2, "name": "a b"}}, \
"values_files": ["values.yaml"], "install": true, "wait": true}}
helm list -A
  helm.list {{"all_namespaces": true}}
helm rollback web 2 -n shop
  helm.rollback {{{WEB}, "revision": 2}}
helm get values web --namespace=shop
  helm.get_values {{{WEB}}}
helm template web ./charts/web
  helm.template {{"chart": "./charts/web", "release": "web"}}
"""

QUESTIONS = """\
upgrade release web to 1.2 | Where is version 1.2 of the chart web? | upgrade release web with ./charts/web
rollback nothere | There is no release “nothere” | rollback deployment nothere
rollback release wbe | web in shop | rollback release web in namespace shop
uninstall api | in 2 namespaces: shop, test | uninstall release api in namespace test
uninstall web from test | It is in shop | uninstall release web in namespace shop
status of release api | in 2 namespaces | status of release api in namespace shop
install chart ./nowhere | There is no chart ./nowhere here | install chart ./charts/web
install chart nothing | Where is the chart nothing? | install chart ./charts/web
lint chart ./nowhere | There is no chart | lint chart ./charts/web
upgrade release web with ./charts/web version 3 | is version 0.2.0, not 3 | set image.tag=3 on release web
set colour on release web | Which value | set image.tag=2 on release web
"""


def planned(text: str) -> list[tuple[str, list[tuple[str, JsonObject]]]]:
    """The table: request and its steps."""
    rows: list[tuple[str, list[tuple[str, JsonObject]]]] = []
    for line in text.splitlines():
        if line.startswith("  "):
            operation, _, fields = line.strip().partition(" ")
            rows[-1][1].append((operation, json.loads(fields)))
        else:
            rows.append((line, []))
    return rows


async def look(operation: str, fields: Mapping[str, Any]) -> JsonObject:
    if operation != "helm.list":
        return {"objects": [], "containers": [], "volumes": [], "networks": [], "images": []}
    every = fields.get("all_namespaces")
    return {"releases": [row for row in RELEASES if every or row["namespace"] == fields.get("namespace")]}


@pytest.fixture
def context(tmp_path: Path) -> PlanningContext:
    write_chart(tmp_path / "charts" / "web", version="0.2.0", values="replicaCount: 1\n")
    write_chart(tmp_path / "chart")
    write_chart(tmp_path / "x")
    return PlanningContext(EngineSettings(cwd=tmp_path), default_registry(), look)


async def draft(text: str, context: PlanningContext) -> Draft:
    return await OfflinePlanner().draft(text, context)


@pytest.mark.parametrize(("text", "steps"), planned(PLANS), ids=lambda value: value if isinstance(value, str) else "")
async def test_requests_become_steps(text: str, steps: list[tuple[str, JsonObject]], context: PlanningContext) -> None:
    found = await draft(text, context)
    assert found.question is None, found.question
    assert [(step.operation, step.fields) for step in found.steps] == steps
    for step in found.steps:
        default_registry().build(step.operation, step.fields)


@pytest.mark.parametrize("line", QUESTIONS.splitlines())
async def test_what_is_not_clear_is_asked(line: str, context: PlanningContext) -> None:
    text, part, offer = (piece.strip() for piece in line.split(" | "))
    found = await draft(text, context)
    assert found.question is not None
    assert part in found.question
    assert offer in found.suggestions
    assert not found.steps


async def test_a_bare_answer_settles_the_question(context: PlanningContext) -> None:
    planner = OfflinePlanner()
    await planner.draft("uninstall api", context)
    found = await planner.draft("test", context)
    assert [(step.operation, step.fields) for step in found.steps] == [
        ("helm.uninstall", {"release": "api", "namespace": "test"})
    ]


async def test_a_namespace_that_was_chosen_settles_it_too(context: PlanningContext) -> None:
    chosen = replace(context, settings=replace(context.settings, namespace="test"))
    found = await draft("uninstall api", chosen)
    assert found.steps[0].fields == {"release": "api", "namespace": "test"}


async def test_who_may_not_look_everywhere_looks_in_one_namespace(context: PlanningContext) -> None:
    async def narrow(operation: str, fields: Mapping[str, Any]) -> JsonObject:
        if fields.get("all_namespaces"):
            raise PermissionMissing("user ana may not list secrets in the cluster", "ask for it")
        return await look(operation, fields)

    found = await draft("uninstall web from shop", replace(context, look=narrow))
    assert found.steps[0].fields == {"release": "web", "namespace": "shop"}


@pytest.mark.parametrize(
    "text",
    ["install nginx", "set memory of container web to 512m", "upgrade the nginx container", "run nginx on port 8080"],
)
async def test_other_things_are_left_to_others(text: str, context: PlanningContext) -> None:
    found = await draft(text, context)
    assert not any(step.operation.startswith("helm.") for step in found.steps)


@pytest.mark.parametrize(
    "line",
    [
        "helm upgrade web ./charts/web --post-renderer x",
        "helm install web ./charts/web --set 'a={1,2}'",
        "helm install web ./charts/web && helm list",
        "helm uninstall 'web",
        "helm install web ./c -n",
        "helm plugin install x",
        "kubectl get pods",
        "helm charts are fun",
    ],
)
def test_lines_that_no_operation_can_keep_stay_lines(line: str) -> None:
    assert in_words(line) is None


@pytest.mark.parametrize(
    ("operation", "out", "fields", "words"),
    [
        ("helm.list", {"releases": []}, {}, "There are no releases."),
        ("helm.list", {"releases": RELEASES}, {}, "shop  web  revision 3  deployed  web-0.1.0"),
        ("helm.list", {"releases": RELEASES * 9}, {}, "… and 17 more"),
        (
            "helm.status",
            {"release": "web", "namespace": "shop", "status": "deployed", "revision": 3, "resources": ["a"]},
            {},
            "1 object, all as they should be.",
        ),
        ("helm.status", {"release": "web", "waiting": ["shop/configmap/x is gone"]}, {}, "shop/configmap/x is gone"),
        ("helm.history", {"revisions": [{"revision": 1, "status": "deployed"}]}, {}, "1  deployed"),
        ("helm.get_values", {"release": "web", "text": ""}, {}, "web was given no values."),
        ("helm.get_values", {"release": "web", "text": "a: 1\n"}, {}, "a: 1"),
        ("helm.diff", {"release": "web", "same": True, "text": ""}, {}, "Nothing would change in web."),
        ("helm.diff", {"release": "web", "updated": 2, "text": "update x"}, {}, "In web: 2 updated.\nupdate x"),
        ("helm.lint", {"messages": [{"level": "warning", "file": "a", "text": "b"}]}, {"chart": "x"}, "warning: a b"),
        ("helm.template", {"text": ""}, {}, "It renders to nothing."),
        ("helm.show_chart", {"name": "web", "version": "1", "dependencies": ["db 1"]}, {}, "depends on db 1"),
    ],
)
def test_answers_in_words(operation: str, out: JsonObject, fields: JsonObject, words: str) -> None:
    assert words in str(SAY[operation](out, fields))


def test_changes_in_words() -> None:
    out: JsonObject = {"release": "web", "namespace": "shop", "revision": 4, "chart": "web-0.2.0"}
    said = {name: say(out, {"path": "charts/x"}) for name, say in DONE.items() if name.startswith("helm.")}
    assert said["helm.upgrade"] == "release web is at revision 4 (web-0.2.0)"
    assert said["helm.create_chart"] == "made the chart charts/x"
    assert all(said.values())
