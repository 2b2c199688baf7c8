"""Requests of many people → the steps or the question they give, as ``requests.txt`` lists them.

A line ``> …`` is a request; ``? …`` the question it leads to; ``s1 operation {fields} < needs`` a step;
``(ask)`` a question how to do it.
``$CWD`` stands for the folder the request is made in.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.offline import OfflinePlanner

LISTED = Path(__file__).with_name("requests.txt")


def cases() -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for line in LISTED.read_text("utf-8").splitlines():
        if line.startswith("> "):
            found.append((line[2:], []))
        elif line.strip() and not line.startswith("#"):
            found[-1][1].append(line.strip())
    return found


@pytest.mark.parametrize(("request_text", "expected"), cases(), ids=[text[:60] for text, _ in cases()])
async def test_a_request_gives_the_steps_listed(
    request_text: str, expected: list[str], context: PlanningContext
) -> None:
    draft = await OfflinePlanner().draft(request_text, context)
    lines = [f"? {draft.question}"] if draft.question is not None else []
    for step in draft.steps:
        context.registry.build(step.operation, step.fields)
        fields = json.dumps(step.fields, ensure_ascii=False, sort_keys=True)
        needs = f" < {','.join(step.needs)}" if step.needs else ""
        lines.append(f"{step.id} {step.operation} {fields}{needs}".replace(str(context.settings.cwd), "$CWD"))
    if draft.mood == "ask":
        lines.insert(0, "(ask)")
    assert lines == expected


def test_there_are_many_requests() -> None:
    assert len(cases()) >= 300
