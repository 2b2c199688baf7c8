"""Looks in words."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from reign_agents.investigation.looks import LONGEST_ASKED, amount, asked_words


def test_what_was_asked_is_short() -> None:
    fields: dict[str, JsonValue] = {"container": "web", "all": True, "tail": 50, "since": None, "labels": []}
    assert asked_words("docker.logs", fields) == "docker.logs container=web, all=yes, tail=50"
    assert asked_words("docker.info", {}) == "docker.info"
    assert asked_words("x.y", {"a": "line\n  two"}) == "x.y a=line two"
    assert len(asked_words("x.y", {"a": "z" * 300, "b": "z" * 300})) <= LONGEST_ASKED


@pytest.mark.parametrize(
    ("outputs", "told"),
    [
        ({"containers": [1, 2, 3], "truncated": False}, "3 containers"),
        ({"containers": [1]}, "1 container"),
        ({"text": "a\nb\nc"}, "3 lines of text"),
        ({"version": "27.1", "cpus": 4}, "version 27.1, cpus 4"),
        ({}, "nothing"),
        ({"inner": {"a": 1}}, "nothing"),
        ("words", "words"),
        (True, "yes"),
        ("", "nothing"),
    ],
)
def test_how_much_came_back(outputs: JsonValue, told: str) -> None:
    assert amount(outputs) == told
