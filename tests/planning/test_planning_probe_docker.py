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


def ran(draft: Draft) -> dict[str, Any]:
    """The fields of the one container that is run or made."""
    (step,) = [step for step in draft.steps if step.operation in ("docker.run", "docker.create")]
    return dict(step.fields)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("run nginx on 8080 but only on localhost", {"container": "nginx", "ports": ["127.0.0.1:8080:80"]}),
        ("run nginx on port 8080, not public", {"ports": ["127.0.0.1:8080:80"]}),
        ("run nginx on localhost:8080", {"image": "nginx", "ports": ["127.0.0.1:8080:80"]}),
        ("run nginx bound to 127.0.0.1 on port 8080", {"ports": ["127.0.0.1:8080:80"]}),
        ("run shop/api:2.0 but don't publish any port", {"container": "api-2", "ports": None}),
        ("run shop/api:2.0 privileged", {"privileged": True, "container": "api-2"}),
        ("run nginx unprivileged", {"privileged": None, "container": "nginx"}),
        ("run nginx 1.27 alpine as gate on port 80", {"image": "nginx:1.27-alpine", "container": "gate"}),
        ("run nginx that restarts on failure 3 times at most", {"restart": "on-failure:3"}),
        ("run nginx, restart unless stopped", {"restart": "unless-stopped"}),
        ("run bb:1 sleep 3600 as nap", {"command": "sleep 3600", "container": "nap"}),
        ('run bb:1 sh -c "sleep 5" named nap', {"command": "sh -c 'sleep 5'", "container": "nap"}),
        ("run bb:1 but do not start it yet", {"container": "bb"}),
        ("run a container called network from bb:1", {"container": "network", "network": None}),
        ("run bb:1 named b2 in network back with alias foo", {"aliases": ["foo"], "network": "back"}),
        ("run redis with persistence", {"volumes": ["redis-data:/data"]}),
        ("run redis 7 with a volume and no password", {"container": "redis", "volumes": ["redis-data:/data"]}),
        ("run coredns:1.11 on 53/udp and 8080", {"ports": ["53:53/udp", "8080:8080"]}),
        (
            "run bb:1 with the docker socket mounted read only",
            {"volumes": ["/var/run/docker.sock:/var/run/docker.sock:ro"]},
        ),
        (
            "run postgres 16 password x with volumes a at /var/lib/postgresql/data and b at /backup",
            {"volumes": ["a:/var/lib/postgresql/data", "b:/backup"]},
        ),
        ("run postgres 16 password x with data in /srv/pg", {"volumes": ["/srv/pg:/var/lib/postgresql/data"]}),
        ("run grafana on 3000", {"image": "grafana/grafana", "container": "grafana", "ports": ["3000:3000"]}),
    ],
)
async def test_what_a_container_is_run_with(text: str, fields: dict[str, Any], tmp_path: Path) -> None:
    held = ran(await planned(text, tmp_path))
    assert {key: held.get(key) for key in fields} == fields


@pytest.mark.parametrize(
    ("text", "plain", "secret"),
    [
        (
            "run postgres:16 user app password pw db shop",
            {"POSTGRES_USER": "app", "POSTGRES_DB": "shop"},
            ["POSTGRES_PASSWORD"],
        ),
        (
            "start mysql 8 called orders, root password pw, database shop",
            {"MYSQL_DATABASE": "shop"},
            ["MYSQL_ROOT_PASSWORD"],
        ),
        (
            "run mariadb 11 user app password pw db stock",
            {"MARIADB_USER": "app", "MARIADB_DATABASE": "stock", "MARIADB_RANDOM_ROOT_PASSWORD": "yes"},
            ["MARIADB_PASSWORD"],
        ),
        (
            "run mongo 7 with auth user root pass pw",
            {"MONGO_INITDB_ROOT_USERNAME": "root"},
            ["MONGO_INITDB_ROOT_PASSWORD"],
        ),
        ("run grafana with admin password pw", None, ["GF_SECURITY_ADMIN_PASSWORD"]),
    ],
)
async def test_accounts_are_given_by_the_image_s_variables(
    text: str, plain: dict[str, str] | None, secret: list[str], tmp_path: Path
) -> None:
    held = ran(await planned(text, tmp_path))
    assert (held.get("environment"), held.get("user")) == (plain, None)
    assert list(held["secret_environment"]) == secret


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("run postgres 16 with two volumes", "Where in postgres:16 should the volumes be?"),
        ("run postgres 16 with volumes pgdata and pglogs", "the volumes pgdata and pglogs be?"),
        ("run bb:1 as a, b and c", "one container of bb:1 at a time"),
        ("run bb:1 with gpu", "can't be given GPUs"),
        ("run bb:1 linked to pg", "can't be given links"),
        ("run bb:1 with env file ./prod.env", "can't be given a file of variables"),
        ("run bb:1 exposing 7000-7005", "a range of ports"),
        ("run wordpress with mysql", "I do not understand “with mysql”"),
        ("run traefik with the dashboard", "Is it the container's name?"),
        ("run a throwaway busybox that pings pg", "pg is a container that is there already"),
        ("run postgres 16 password from file ./pw.txt", "a password out of a file"),
    ],
)
async def test_no_word_about_a_new_container_is_dropped(text: str, said: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert said in str(draft.question)


async def test_a_network_made_before_is_the_one_it_runs_in(tmp_path: Path) -> None:
    assert ran(await planned("create a network mid and run redis in it", tmp_path))["network"] == "mid"


@pytest.mark.parametrize(
    ("text", "container", "command"),
    [
        ("run ls -la /data in front", "front", "ls -la /data"),
        ("run nginx -t in front", "front", "nginx -t"),
        ("run psql -c 'select 1' in pg", "pg", "psql -c 'select 1'"),
        ('run "ls / | wc -l" in front', "front", "ls / | wc -l"),
        ("run psql -c 'select 1' in container pg", "pg", "psql -c 'select 1'"),
        ("touch /tmp/flag in front", "front", "touch -- /tmp/flag"),
        ("delete /tmp/cache inside front", "front", "rm -r -- /tmp/cache"),
        ("remove /var/log/app.log from api", "api", "rm -r -- /var/log/app.log"),
        ("create a file /tmp/x in container front", "front", "touch -- /tmp/x"),
        ("show /etc/hosts in front", "front", "cat -- /etc/hosts"),
        ("list files in /var in front", "front", "ls -la -- /var"),
    ],
)
async def test_what_is_done_inside_a_container_is_done_there(
    text: str, container: str, command: str, tmp_path: Path
) -> None:
    draft = await planned(text, tmp_path)
    assert [(step.operation, step.fields) for step in draft.steps] == [
        ("docker.exec", {"container": container, "command": ["sh", "-c", command]})
    ]


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("copy ./a.conf into front:/etc/nginx/a.conf", "/etc/nginx"),
        ("copy a.conf to front:/etc/nginx/", "/etc/nginx"),
        ("put /tmp/a.conf in front under /srv", "/srv"),
    ],
)
async def test_a_file_goes_into_the_container_that_is_named(text: str, folder: str, tmp_path: Path) -> None:
    (step,) = (await planned(text, tmp_path)).steps
    assert (step.operation, step.fields["container"], step.fields["folder"]) == ("docker.copy_into", "front", folder)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("copy /etc/hosts from front to /tmp/hosts", "!docker cp front:/etc/hosts /tmp/hosts"),
        ("copy front:/etc/hosts to /tmp", "!docker cp front:/etc/hosts /tmp"),
        ("get /var/log/app.log out of api", "!docker cp api:/var/log/app.log ."),
        ("copy a.conf into front at /etc/nginx/b.conf", "!docker cp a.conf front:/etc/nginx/b.conf"),
        ("delete all files in /tmp inside front", "run `find /tmp -mindepth 1 -delete` in container front"),
    ],
)
async def test_what_cannot_be_done_with_a_container_s_files_is_said(text: str, said: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert said in draft.suggestions


@pytest.mark.parametrize("text", ["delete a.txt in front", "copy a.txt to front", "move a.txt to front"])
async def test_a_folder_of_that_name_is_no_container(text: str, tmp_path: Path) -> None:
    (tmp_path / "front").mkdir()
    (tmp_path / "front" / "a.txt").touch()
    assert all(step.operation.startswith("file.") for step in (await planned(text, tmp_path)).steps)


@pytest.mark.parametrize(
    ("text", "operations"),
    [
        ("stop and remove front and api", ["stop", "stop", "remove_container", "remove_container"]),
        ("pull registry.local:5000/team/app:v3", ["pull"]),
        ("pull nginx 1.27 and redis 7", ["pull", "pull"]),
        ("disconnect job-1 from edge", ["disconnect_network"]),
        ("delete all shop/api images", ["remove_image", "remove_image"]),
        ("delete all shop/api images except 2.0", ["remove_image"]),
        ("who uses volume pgdata", ["list_containers"]),
        ("I need a redis on port 6380", ["pull", "run", "wait_healthy", "check_port"]),
    ],
)
async def test_no_more_and_no_less_than_was_said(text: str, operations: list[str], tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert [step.operation.partition(".")[2] for step in draft.steps] == operations


@pytest.mark.parametrize(
    ("text", "said", "offered"),
    [
        ("empty the volume pgdata", "I don't empty a volume", "remove volume pgdata and create volume pgdata"),
        ("remove network edge and everything in it", "Should they go, too?", "remove network edge"),
        ("open port 5432 on the pg container", "pg keeps its ports", "as pg on port 5432, replace the existing one"),
        ("upgrade front to nginx:1.28", "front keeps its image", "run nginx:1.28 as front, replace"),
        ("set MODE=prod on api", "api keeps its variables", "inspect container api"),
        ("mount volume spare into front at /data", "front keeps its mounts", "inspect container front"),
    ],
)
async def test_what_no_operation_does_is_said_with_what_comes_nearest(
    text: str, said: str, offered: str, tmp_path: Path
) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert said in str(draft.question)
    assert any(offered in one for one in draft.suggestions)


@pytest.mark.parametrize("text", ["should I restart job-1?", "is it safe to delete volume web-data"])
async def test_a_question_whether_to_do_something_does_not_do_it(text: str, tmp_path: Path) -> None:
    assert (await planned(text, tmp_path)).mood == "ask"
