"""Entities by class of phrasing: tickets, places in a cluster, identifiers, quoted commands, amounts, names."""

from __future__ import annotations

from typing import Any

import pytest

from reign_agents.understanding import understand
from reign_agents.understanding.verbs import deeds, spellings

TICKETS: list[tuple[str, dict[str, Any]]] = [
    (
        'open an issue in post/mail "Bounces at night" with label urgent',
        {"title": "Bounces at night", "label": "urgent"},
    ),
    ('rename issue #4 of post/mail to "Slow queue"', {"title": "Slow queue", "issue": 4}),
    ("stick urgent on issue 9 in post/mail", {"label": "urgent", "issue": 9}),
    ("open a PR in post/mail: fix/spam → main", {"branch": "fix/spam", "base": "main", "repo": "post/mail"}),
    ("change the base of PR 7 in post/mail to release/2", {"base": "release/2", "pr": 7}),
    ("make release/2 the base of PR 7", {"base": "release/2"}),
    ("new branch spike/a based on release/2 in post/mail", {"base": "release/2"}),
    (
        "dispatch ship.yml of post/mail@next with env=eu",
        {"repo": "post/mail", "branch": "next", "workflow": "ship.yml"},
    ),
    ("revert 12ab9fe on stable in post/mail", {"branch": "stable", "commit": "12ab9fe"}),
]
PLACES: list[tuple[str, dict[str, Any]]] = [
    ("restart the deployment sender in streams", {"name": "sender", "namespace": "streams"}),
    ("list the pods in jobs on context dr", {"namespace": "jobs", "context": "dr"}),
    ("scale deployment sender (maps) to 3", {"namespace": "maps", "replicas": 3}),
    ("move the cronjob bills (finance, context eu-2) to 0 4 * * *", {"namespace": "finance", "context": "eu-2"}),
    ("roll back release mail (helm, ops) to revision 2", {"namespace": "ops", "release": "mail", "revision": 2}),
    ("Autoscaler / sender / post / min 2 / max 9", {"name": "sender", "namespace": "post", "min": 2, "max": 9}),
    ("deployment sender, env uat, 2 replicas", {"namespace": "uat"}),
    ("sender-5d8f7c9b4-ztk8w 0/1 CrashLoopBackOff in namespace post", {"name": "sender-5d8f7c9b4-ztk8w"}),
]
IDENTIFIERS: list[tuple[str, dict[str, Any]]] = [
    ("docker inspect 4f1c9ab07e2d", {"id": "4f1c9ab07e2d"}),
    ("destroy instance i-09fe12ab34cd with terraform on AWS", {"id": "i-09fe12ab34cd", "provider": "aws"}),
    ("terraform state show aws_instance.gate in live/eu", {"id": "aws_instance.gate"}),
    ("show the docker image with id sha256:77af4d6b9913", {"id": "sha256:77af4d6b9913"}),
]
COMMANDS: list[tuple[str, dict[str, Any]]] = [
    ('exec "df -h /data" in container mail', {"command": "df -h /data", "name": "mail"}),
    ('cronjob bench in post with post/bench:2, command "bench --quick"', {"command": "bench --quick"}),
    ("cron for root on gate-1: 5 0 * * 0 /usr/bin/rotate --all", {"command": "/usr/bin/rotate --all", "user": "root"}),
    ('build mail:2 from "/home/lena/My Projects/mail"', {"path": "/home/lena/My Projects/mail"}),
]
AMOUNTS: list[tuple[str, dict[str, Any]]] = [
    ("make the pvc spool in post 2Ti big", {"storage": "2Ti", "namespace": "post"}),
    ("autoscale sender, no fewer than 3, no more than 30", {"min": 3, "max": 30}),
    ("set up autoscaling on sender, min=6 max=30", {"min": 6, "max": 30}),
    ("give container mail 512 megs and half a core", {"memory": "512 megs", "cpu": "half a core"}),
    ("kubectl expose deployment mail --port 80 --target-port 9200", {"ports": ["80:9200"]}),
    ("Bind for 0.0.0.0:8080 failed: port is already allocated (docker)", {"ports": ["8080"]}),
    ("install package docker-ce version 5:26.1.4 on gate-1", {"version": "5:26.1.4"}),
]
NAMES: list[tuple[str, dict[str, Any]]] = [
    ("rename the container web_old, it should be called web-new", {"name": "web_old"}),
    ("docker network create vlan30", {"network": "vlan30"}),
    ("remove the containers a1 + b2", {"names": ["a1", "b2"]}),
    ("log in as ci-bot and push post/mail:3 to quay.io", {"user": "ci-bot", "registry": "quay.io"}),
    ("install grafana/tempo as tempo in tracing with tempo.retention=48h", {"values": {"tempo.retention": "48h"}}),
    (
        "run registry.post.io:5000/team/app:1.2@sha256:9f86d081884c7d65 as app",
        {"image": "registry.post.io:5000/team/app:1.2@sha256:9f86d081884c7d65", "name": "app"},
    ),
    ('"docker run -d --name x redis:7"', {"name": "x", "image": "redis:7"}),
]
ALL = TICKETS + PLACES + IDENTIFIERS + COMMANDS + AMOUNTS + NAMES


@pytest.mark.parametrize(("text", "wanted"), ALL, ids=[text for text, _ in ALL])
def test_entities_of_the_phrasing(text: str, wanted: dict[str, Any]) -> None:
    said = understand(text).entities
    assert {key: said.get(key) for key in wanted} == wanted


@pytest.mark.parametrize(
    "text",
    [
        "(((" * 3000,
        "error: " * 1700,
        "'" * 10_000,
        "a," * 5000,
        "docker run " * 900,
        "1:" * 5000,
        "日本" * 5000,
        "/ " * 5000,
    ],
    ids=lambda text: text[:6],
)
def test_ten_thousand_characters_are_answered(text: str) -> None:
    read = understand(text)
    assert 0 <= read.confidence <= 1
    assert read.text == text


def test_one_table_of_verbs_serves_both() -> None:
    table = {form: verb for verb in reversed([*spellings()]) for form in verb.forms}
    assert (table["spin up"].name, table["spin up"].intent, table["spin up"].deed) == ("create", "create_infra", "run")
    assert deeds()["how many"] == "show"
    assert "how many" not in table
    assert deeds()["purge"] == deeds()["delete"] == "remove"
