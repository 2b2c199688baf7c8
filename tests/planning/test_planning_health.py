"""Health checks as people ask for them → the fields of docker.run, with the defaults said."""

from __future__ import annotations

from typing import Any

import pytest

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.offline import OfflinePlanner


def asking(url: str) -> str:
    return f"wget -q -O /dev/null {url} || curl -fsS -o /dev/null {url}"


CASES: list[tuple[str, dict[str, Any], list[str]]] = [
    ("run nginx on port 8080 with a health check", {"command": asking("http://127.0.0.1:80/")}, ["8080:80"]),
    (
        "run nginx with health check every 5s on port 8080",
        {"command": asking("http://127.0.0.1:80/"), "interval": 5.0},
        ["8080:80"],
    ),
    (
        "run nginx on 8080 with a health check on /healthz every 10s",
        {"command": asking("http://127.0.0.1:80/healthz"), "interval": 10.0},
        ["8080:80"],
    ),
    ("run x/y:1 with a health check on port 9000", {"command": asking("http://127.0.0.1:9000/")}, []),
    (
        "run x/y:1 with a health check at http://localhost:9000/up",
        {"command": asking("http://127.0.0.1:9000/up")},
        [],
    ),
    ("run redis with a health check", {"command": "redis-cli ping"}, []),
    ("run x/y:1 with health check `true` every 1m", {"command": "true", "interval": 60.0}, []),
]


@pytest.mark.parametrize(("text", "healthcheck", "ports"), CASES, ids=[text for text, _, _ in CASES])
async def test_a_health_check(
    text: str, healthcheck: dict[str, Any], ports: list[str], context: PlanningContext
) -> None:
    draft = await OfflinePlanner().draft(text, context)
    fields: dict[str, Any] = next(step.fields for step in draft.steps if step.operation == "docker.run")
    assert fields["healthcheck"] == healthcheck
    assert fields.get("ports", []) == ports
    said = [line for line in draft.assumptions if line.startswith("healthy means")]
    assert bool(said) is ("`true`" not in text)


async def test_where_nothing_can_be_asked_a_person_is(context: PlanningContext) -> None:
    draft = await OfflinePlanner().draft("run x/y:1 with a health check", context)
    assert "What tells whether y is healthy" in str(draft.question)


async def test_a_name_that_is_taken_is_not_taken_again(context: PlanningContext) -> None:
    draft = await OfflinePlanner().draft("run x/web:1", context)
    fields: dict[str, Any] = next(step.fields for step in draft.steps if step.operation == "docker.run")
    assert fields["container"] == "web-2"
    assert any("there is a container web already" in line for line in draft.assumptions)


async def test_the_sky_is_no_fault_of_ours(context: PlanningContext) -> None:
    assert not (await OfflinePlanner().draft("why is the sky blue?", context)).understood
