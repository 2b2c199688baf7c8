"""Causes by rules, over results as the reads give them."""

from __future__ import annotations

from typing import Any

import pytest

from reign_agents.plan.model import Plan, Step
from reign_agents.specialists.findings import findings, in_words


def found(*reads: tuple[str, dict[str, Any]], intent: str = "debug") -> tuple[dict[str, Any], ...]:
    steps = tuple(Step(f"s{n}", name, {"object": "checkout"}, "") for n, (name, _) in enumerate(reads, 1))
    results: Any = {step.id: (step, out) for step, (_, out) in zip(steps, reads, strict=True)}
    return findings(Plan("p", "why?", intent, 1.0, steps), results)


CRASH = "pod checkout-1 crashes again and again: container app ended with exit 137, OOMKilled: it needs more memory"


def test_a_cause_with_its_evidence() -> None:
    first, told = found(
        ("kubernetes.describe", {"trouble": CRASH, "text": "x"}),
        ("kubernetes.logs", {"text": "starting\nready"}),
    )
    assert told["text"] == f"checkout: {CRASH}"
    assert "more memory than its limit" in first["text"]
    assert first["evidence"] == [{"query": "kubernetes.describe", "excerpt": CRASH}]
    assert first["confidence"] == 0.9
    assert in_words([first]).endswith("(confidence 0.9)")


def test_more_evidence_is_surer_and_is_cut() -> None:
    long = "x" * 900 + " OOMKilled " + "y" * 900
    events = [{"reason": "OOMKilling", "message": long, "count": 3}]
    first = found(("kubernetes.describe", {"trouble": CRASH}), ("kubernetes.events", {"events": events}))[0]
    assert first["confidence"] == 0.94
    assert len(first["evidence"][1]["excerpt"]) < 310
    assert "OOMKilled" in first["evidence"][1]["excerpt"]


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("Back-off pulling image: ImagePullBackOff", "can't be pulled"),
        ('secret "db" not found', "secret"),
        ("0/1 nodes are available: 1 Insufficient cpu.", "no node"),
        ("Liveness probe failed: HTTP 500", "liveness"),
        ("dial tcp 10.0.0.3:5432: connect: connection refused", "does not answer"),
        ("listen tcp :80: bind: address already in use", "port"),
        ("FATAL: password authentication failed for user", "credentials"),
        ("write /data/x: no space left on device", "full"),
        ("standard_init_linux.go: exec format error", "processor"),
        ("dial tcp: lookup db on 10.0.0.10:53: no such host", "name"),
    ],
)
def test_known_causes(line: str, word: str) -> None:
    assert word in found(("kubernetes.logs", {"text": f"fine\n{line}\n"}))[0]["text"]


def test_what_no_rule_knows_is_told_as_the_tool_says_it() -> None:
    one = found(("kubernetes.describe", {"trouble": "pod checkout-1 is sulking", "text": ""}))
    assert [item["text"] for item in one] == ["checkout: pod checkout-1 is sulking"]


def test_nothing_is_found_where_nothing_is_wrong_or_asked() -> None:
    assert found(("kubernetes.describe", {"trouble": None, "text": "all is well"})) == ()
    assert found(("kubernetes.describe", {"trouble": CRASH}), intent="monitor") == ()
