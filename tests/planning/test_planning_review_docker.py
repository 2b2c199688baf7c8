"""What spares, chooses and names containers is exact or asked about: never more than was said."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry

_ROWS: tuple[tuple[str, str, str, str, list[str]], ...] = (
    ("data", "running", "bb:1", "edge", ["data"]),
    ("data-db", "running", "postgres:16", "back", ["pgdata"]),
    ("web", "running", "nginx:1.27", "edge", []),
    ("db", "running", "postgres:16", "back", []),
    ("front", "running", "shop/front:1", "edge", []),
    ("api-1", "running", "shop/api:2", "back", []),
    ("myapi-db", "running", "bb:1", "back", []),
    ("mxp-shop", "running", "bb:1", "edge", []),
    ("zz-worker", "running", "bb:1", "back", []),
    ("sleepy", "paused", "bb:1", "back", []),
    ("gone", "dead", "bb:1", "back", []),
    ("fresh", "created", "bb:1", "back", []),
)
CONTAINERS: Any = [
    {
        "name": name, "names": [name], "id": name * 4, "image": image, "status": status, "health": None, "since": "",
        "ports": [], "networks": [network], "volumes": volumes, "created": time.time() - 600 + number, "labels": {},
    }
    for number, (name, status, image, network, volumes) in enumerate(_ROWS)
]  # fmt: skip
RUNNING = [name for name, status, *_ in _ROWS if status in ("running", "paused")]
THERE: dict[str, JsonObject] = {
    "docker.list_containers": {"containers": CONTAINERS},
    "docker.list_volumes": {"volumes": [{"name": "data"}, {"name": "pgdata"}]},
    "docker.list_networks": {"networks": [{"name": "edge"}, {"name": "back"}]},
    "docker.list_images": {"images": [{"tags": ["bb:1"]}]},
    "helm.list": {"releases": []},
    "kubernetes.contexts": {"contexts": []},
    "kubernetes.list": {"objects": []},
}


async def looked(operation: str, _fields: Mapping[str, Any]) -> JsonObject:
    return THERE[operation]


async def planned(text: str, cwd: Path) -> Draft:
    context = PlanningContext(EngineSettings(cwd=cwd), default_registry(), looked, recent=(), plan_of=lambda _run: None)
    return await OfflinePlanner().draft(text, context)


def touched(draft: Draft) -> list[str]:
    return [str(step.fields.get("container", step.operation)) for step in draft.steps]


def besides(*names: str) -> list[str]:
    return [name for name in RUNNING if name not in names]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("stop all containers except data", besides("data")),
        ("stop all containers except data-db", besides("data-db")),
        ("stop all containers except for data and web", besides("data", "web")),
        ("stop everything but data-db", besides("data-db")),
        ("stop everything except the one with volume data", besides("data")),
        ("stop everything but leave web running and db as well", besides("web", "db")),
        ("stop everything, keep web up, and also front", besides("web", "front")),
        ("stop everything but keep web and front alive, and db too", besides("web", "front", "db")),
        ("stop all containers except those in network back", ["data", "web", "front", "mxp-shop"]),
        ("stop all containers but not the ones of image postgres:16", besides("db", "data-db")),
        ("unpause all paused containers", ["sleepy"]),
        ("resume all paused containers", ["sleepy"]),
        ("stop all paused containers", ["sleepy"]),
        ("stop all running and paused containers", RUNNING),
        ("remove all dead containers", ["gone", "fresh"]),
        ("remove all created containers", ["fresh"]),
        ("stop all my containers without removing them", RUNNING),
        ("stop all containers but don't delete them", RUNNING),
        ("remove all api containers", ["api-1"]),
        ("stop all api containers", ["api-1"]),
        ("stop the newest container", ["sleepy"]),
        ("stop all containers not named web", besides("web")),
        ("stop all containers without stopping web", besides("web")),
    ],
)
async def test_those_that_are_meant_and_no_more(text: str, names: list[str], tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert touched(draft) == names, draft.question


@pytest.mark.parametrize(
    "text",
    [
        "remove all containers except data",
        "remove all containers except data-db",
        "stop all containers except those",
        "stop all containers but not them",
        "remove all containers not in network lab",
        "remove all containers except those of image postgress",
        "stop all containers except those in network labb",
        "stop all containers except those with volume nosuch",
        "remove all containers not in network back",
        "remove web older than 2 days",
        "remove container web older than 2 days",
        "stop web created more than 3 hours ago",
        "stop the newest container web",
        "remove the oldest container web",
        "remove the stopped container web",
        "delete the container shop",
        "stop worker",
        "kill worker",
        "remove all containers without stopping them",
        "remove all containers but not running ones",
    ],
)
async def test_what_would_hit_others_is_asked(text: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert draft.question


@pytest.mark.parametrize(
    "text",
    [
        "delete ./data in web",
        "delete ../data in web",
        "delete /data/? in web",
        "delete ${DIR}/cache in web",
        "delete $DIR/cache in web",
        "delete ~/cache in web",
        "delete /data/ in web",
        "delete /data/.. in web",
        "delete /data/../etc/x in web",
        "delete / in web",
        "delete /* in web",
        "delete /etc in web",
        "delete /tmp/a and ./b in web",
        "rm ./data in container web",
    ],
)
async def test_inside_a_container_only_whole_paths_are_removed(text: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert draft.question


async def test_a_whole_path_is_removed_inside(tmp_path: Path) -> None:
    draft = await planned("delete /tmp/cache in web", tmp_path)
    assert [step.fields["command"] for step in draft.steps] == [["sh", "-c", "rm -r -- /tmp/cache"]]


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("run acme/gpu:1", "image", "acme/gpu:1"),
        ("run nginx with env GPU=1", "environment", {"GPU": "1"}),
        ("run nginx with env FILE=/dev/null", "environment", {"FILE": "/dev/null"}),
        ("run nginx with volume /dev/shm:/dev/shm", "volumes", ["/dev/shm:/dev/shm"]),
        ("run nginx as dns", "container", "dns"),
        ("run node:20 npm start", "command", "npm start"),
        ("run node:20 on port 3000", "image", "node:20"),
        ("run nginx with API_KEY=abc", "secret_environment", {"API_KEY": "abc"}),
        ("run node:20 npx serve", "command", "npx serve"),
        ("run python:3 python app.py", "command", "python app.py"),
    ],
)
async def test_names_and_values_are_no_options(text: str, field: str, value: object, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert [step.fields[field] for step in draft.steps if step.operation == "docker.run"] == [value], draft.question


@pytest.mark.parametrize(
    "text",
    [
        "run nginx with gpus",
        "run nginx --gpus=all",
        "run nginx with device /dev/sda:/dev/sda",
        "run nginx with an env file",
        "run nginx for platform linux/arm64",
        "run python:3 app.py",
        "run node:20 server.js",
    ],
)
async def test_what_no_container_is_given_is_still_asked(text: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert draft.question


@pytest.mark.parametrize(
    "text",
    [
        "run redis with secret hunter2",
        "run nginx with token hunter2",
        "run nginx with api key hunter2",
        "run nginx with an api-key of hunter2",
        "run nginx using the access token hunter2",
        "run nginx with token: hunter2",
        "run acme/app:1 --token hunter2",
        "run bb:1 as app with key hunter2",
    ],
)
async def test_a_secret_is_never_a_name_nor_said_again(text: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert draft.question
    assert "hunter2" not in " ".join([draft.question, *draft.suggestions, *draft.assumptions])


@pytest.mark.parametrize(
    "text", ["run nginx ", "stop web except ", "stop web ", "remove image all but ", "run nginx with "]
)
async def test_a_long_row_of_small_words_is_read_at_once(text: str, tmp_path: Path) -> None:
    await planned(text + "and " * 600, tmp_path)
