"""How far an investigation may go, and what it may look at."""

from __future__ import annotations

from dataclasses import dataclass

UNSEEN = frozenset({"network.http", "network.check_port", "shell.read", "terraform.plan"})
"""Queries that no model runs: they reach any address, run any reading command, or start programs of others."""

RESERVED = frozenset({"submit_plan", "report_finding", "ask_person", "describe_operations"})


@dataclass(frozen=True, slots=True)
class Limits:
    """``seconds`` and ``tokens`` (all that was sent and got) are of the whole investigation; ``result`` and ``results``
    are characters of one query's answer and of all; ``faults`` are wrong plans it may mend.
    """

    turns: int = 16
    queries: int = 12
    result: int = 12_000
    results: int = 120_000
    seconds: float = 180.0
    tokens: int = 400_000
    faults: int = 2
    steps: int = 50
    breaks: int = 1
