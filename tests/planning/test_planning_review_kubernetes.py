"""Cluster requests that choose among many: a word nobody reads is asked about, and nothing else goes with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.planning.test_planning_probe_kubernetes import planned, said


@pytest.mark.parametrize(
    "text",
    [
        "stop all deployments of qa in namespace crm",
        'stop all deployments of "qa" in namespace crm',
        "delete all deployments that have no replicas",
        "delete all deployments with zero replicas",
        "stop all deployments with memory limits",
        "restart all deployments with new image",
        "delete all deployments without service",
        "delete all deployments and services",
        "restart all deployments with app=web",
        "stop all deployments using > 1Gi memory",
        "scale all deployments with 3 replicas to 0",
        "restart all deployments @prod",
        "delete all deployments in crm 日本",
        "delete all pods --field-selector=status.phase=Failed",
        "restart all deployments where image is old",
        "scale all qa deployments to 0",
        "delete all build jobs",
        "set LOG=debug on all deployments of qa",
        "set LOG=debug on all deployments without limits",
        "set the memory limit of all deployments with 3 replicas to 1Gi",
        "scale all deployments with label tier=web or app=db to 0",
        "delete all pods with label app=web or app=db",
        "delete all pods with label app=web older than 2 days",
        "delete pods labelled app=web but not env=prod",
    ],
)
async def test_words_that_choose_and_are_not_read_are_asked_about(text: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert draft.question


ALL = ["deployment/web", "deployment/api", "deployment/cart"]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("restart all deployments in crm", [f"rollout_restart {one}" for one in ALL]),
        ("please restart all the deployments now", [f"rollout_restart {one}" for one in ALL]),
        ("restart all of the deployments in namespace crm", [f"rollout_restart {one}" for one in ALL]),
        ("restart all deployments -n crm", [f"rollout_restart {one}" for one in ALL]),
        ("restart every deployment in the crm namespace, one after another", [f"rollout_restart {one}" for one in ALL]),
        ("scale all deployments to 3 replicas", [f"scale {one} replicas=3" for one in ALL]),
        ("scale down all deployments to zero in crm", [f"scale {one} replicas=0" for one in ALL]),
        ("stop all deployments in namespace crm", [f"scale {one} replicas=0" for one in ALL]),
        ("set LOG=debug on all deployments", [f"set_env {one} env={{'LOG': 'debug'}}" for one in ALL]),
        ("set the memory limit of all deployments to 1Gi", [f"set_resources {one} memory=1Gi" for one in ALL]),
        ("delete all jobs that have completed", ["delete job/migrate"]),
        ("delete all pods that are evicted", ["delete pod/web-7d9f8b6c5-hjklm"]),
        ("delete all pods with status Evicted in crm", ["delete pod/web-7d9f8b6c5-hjklm"]),
        ("restart all deployments labelled tier=web", [f"rollout_restart {one}" for one in ALL]),
        ("restart all deployments having label tier=web", [f"rollout_restart {one}" for one in ALL]),
        ("restart all deployments with selector tier=web", [f"rollout_restart {one}" for one in ALL]),
        ("restart all deployments where tier=web", [f"rollout_restart {one}" for one in ALL]),
        ("delete all pods with label app=web and env=dev", ["delete pod selector=app=web,env=dev"]),
        ("delete all pods with label app=web,env!=prod", ["delete pod selector=app=web,env!=prod"]),
        ("delete pods -l app=web -n crm", ["delete pod selector=app=web"]),
    ],
)
async def test_what_is_read_whole_is_planned(text: str, steps: list[str], tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert [one.replace(" cpu=None", "") for one in said(draft)] == [*steps], draft.question


@pytest.mark.parametrize(
    ("text", "selector"),
    [
        ("scale all deployments with label tier=web,env!=prod to 0", "tier=web,env!=prod"),
        ("restart all deployments with labels tier=web and env=dev", "tier=web,env=dev"),
        ("restart all deployments -l 'tier in (web,api)'", "tier in (web,api)"),
    ],
)
def test_a_selector_is_read_whole(text: str, selector: str) -> None:
    from reign_agents.planning.wish import Wish
    from reign_agents.specialists.kubernetes.said import selector_of

    assert selector_of(Wish.of(text)) == selector


@pytest.mark.parametrize(
    "text",
    [
        "delete deployment cart and its service",
        "create secret db with password hunter2",
        "kubectl config set-credentials bob --token=hunter2",
        "kubectl config set users.bob.token hunter2 --password hunter2",
    ],
)
async def test_what_is_missing_or_secret_is_said_and_not_repeated(text: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert draft.question is not None
    assert "hunter2" not in " ".join([draft.question, *draft.suggestions])


@pytest.mark.parametrize("value", ["token=abc123", "PASS=k3ks"])
async def test_a_secret_of_pairs_is_made(value: str, tmp_path: Path) -> None:
    (step,) = (await planned(f"create secret db with {value} in namespace shop", tmp_path)).steps
    key, _, text = value.partition("=")
    assert f'"{key}": "{text}"' in str(step.fields["manifest"])


@pytest.mark.parametrize("text", ["restart the node app", "stop the node server", "kill node process", "stop node.js"])
async def test_a_node_program_is_no_node(text: str, tmp_path: Path) -> None:
    assert "Nodes are machines" not in ((await planned(text, tmp_path)).question or "")


@pytest.mark.parametrize("end", ['"api"', "`api`", "'api'"])
async def test_a_quoted_exception_is_one(end: str, tmp_path: Path) -> None:
    assert said(await planned(f"restart all deployments except {end}", tmp_path)) == [
        "rollout_restart deployment/web",
        "rollout_restart deployment/cart",
    ]


@pytest.mark.parametrize("kind", ["loadbalancer", "a LoadBalancer", "nodeport"])
async def test_a_type_of_service_is_no_name(kind: str, tmp_path: Path) -> None:
    (step,) = (await planned(f"expose api on port 80 as {kind}", tmp_path)).steps
    assert (step.operation, step.fields["object"]) == ("kubernetes.expose", "api")
