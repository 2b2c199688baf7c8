"""Requests about containers as people type them at work: all but one, only if, on that port, whatever is unhealthy."""

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

_ROWS: tuple[tuple[str, str, str, str | None, str, list[str]], ...] = (
    ("front", "running", "nginx:1.27", "healthy", "edge", ["web-data"]),
    ("api", "running", "shop/api:2.0", None, "back", []),
    ("pg", "running", "postgres:16", None, "back", ["pgdata"]),
    ("cache", "running", "redis:7", "unhealthy", "back", []),
    ("job-1", "exited", "bb:1", None, "edge", ["jobdata"]),
    ("job-2", "exited", "bb:1", None, "edge", []),
)
CONTAINERS: Any = [
    {
        "name": name, "names": [name], "id": name * 4, "image": image, "status": status, "health": health, "since": "",
        "ports": ["0.0.0.0:8080->80/tcp"] if name == "front" else [], "networks": [network], "volumes": volumes,
        "created": 1_000_000_000 + number, "labels": {},
    }
    for number, (name, status, image, health, network, volumes) in enumerate(_ROWS)
]  # fmt: skip
IMAGES = [["bb:1"], ["nginx:1.27"], ["shop/api:1.0"], ["shop/api:2.0"], ["redis:7"]]
THERE: dict[str, JsonObject] = {
    "docker.list_containers": {"containers": CONTAINERS},
    "docker.list_volumes": {"volumes": [{"name": name} for name in ("pgdata", "web-data", "jobdata", "spare")]},
    "docker.list_networks": {"networks": [{"name": name} for name in ("bridge", "edge", "back")]},
    "docker.list_images": {"images": [{"tags": list(tags)} for tags in IMAGES]},
    "helm.list": {"releases": []},
    "kubernetes.contexts": {"contexts": []},
    "kubernetes.list": {"objects": []},
}


async def looked(operation: str, _fields: Mapping[str, Any]) -> JsonObject:
    return THERE[operation]


async def planned(text: str, cwd: Path) -> Draft:
    context = PlanningContext(EngineSettings(cwd=cwd), default_registry(), looked, recent=(), plan_of=lambda _run: None)
    return await OfflinePlanner().draft(text, context)


def done(draft: Draft) -> list[str]:
    """``docker.stop front`` for each step."""
    return [
        f"{step.operation.removeprefix('docker.')} {step.fields.get('container', '')}".strip() for step in draft.steps
    ]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("stop everything except pg", ["stop front", "stop api", "stop cache"]),
        ("stop all containers but not pg and front", ["stop api", "stop cache"]),
        ("stop everything but leave pg running", ["stop front", "stop api", "stop cache"]),
        ("stop all containers except the databases", ["stop front", "stop api", "stop cache"]),
        ("pause all running containers except for the database", ["pause front", "pause api", "pause cache"]),
        ("stop front but not api", ["stop front"]),
        ("stop front, don't touch pg", ["stop front"]),
        ("restart all unhealthy containers", ["restart cache"]),
        ("restart what is unhealthy", ["restart cache"]),
        ("restart the containers in network back", ["restart api", "restart pg", "restart cache"]),
        ("restart everything in network edge", ["restart front"]),
        ("stop every container but the ones in network back", ["stop front"]),
        ("remove every stopped container using image bb:1", ["remove_container job-1", "remove_container job-2"]),
        ("stop all the redis containers", ["stop cache"]),
        ("stop containers using volume web-data", ["stop front"]),
        ("start all containers named job-*", ["start job-1", "start job-2"]),
        ("remove all containers whose name starts with job-", ["remove_container job-1", "remove_container job-2"]),
        ("stop the container on port 8080", ["stop front"]),
        ("stop whatever runs on port 8080", ["stop front"]),
        ("remove the newest container", ["remove_container job-2"]),
        ("remove job-1 but keep its volume", ["remove_container job-1"]),
        ("delete job-1, job-2 but not front", ["remove_container job-1", "remove_container job-2"]),
        ("restart front and tell me when it is up", ["restart front", "health front"]),
    ],
)
async def test_the_containers_that_are_meant(text: str, steps: list[str], tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert done(draft) == steps
    assert not any(step.fields.get("volumes") for step in draft.steps)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("restart front only if it is unhealthy", "front is running (healthy)"),
        ("restart front only if it is healthy", "front is running (healthy): so it is as you said"),
        ("remove job-1 only if it is stopped", "Shall I remove it?"),
        ("restart api when pg is up", "can't make that depend on “when pg is up”"),
        ("stop api as soon as the backup is done", "can't make that depend on"),
        ("stop everything except nosuch", "no container “nosuch” to leave as it is"),
        ("kill whatever is on port 3000", "no running containers on port 3000"),
        ("remove all exited containers except job-1", "remove job-2 and leave job-1"),
        ("stop api, wait 10 seconds and start it again", "No step of mine only waits"),
        ("stop front at 3am", "not “at 3am”"),
        ("delete everything in docker", "What should I remove?"),
    ],
)
async def test_what_cannot_be_chosen_is_said(text: str, said: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert said in str(draft.question)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("stop front with a timeout of 30 seconds", 30),
        ("stop front gracefully, wait 2 minutes", 120),
        ("restart front with a 5 second timeout", 5),
        ("stop front", None),
    ],
)
async def test_a_container_gets_the_time_to_end_that_was_said(text: str, seconds: int | None, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert [step.fields.get("seconds") for step in draft.steps] == [seconds]


async def test_volumes_go_with_a_container_where_an_option_says_so(tmp_path: Path) -> None:
    draft = await planned("remove job-1 --volumes", tmp_path)
    assert [step.fields.get("named_volumes") for step in draft.steps] == [["jobdata"]]


async def test_only_those_that_are_unhealthy_are_listed(tmp_path: Path) -> None:
    draft = await planned("which containers are unhealthy", tmp_path)
    assert [step.fields.get("filters") for step in draft.steps] == [{"health": "unhealthy"}]
