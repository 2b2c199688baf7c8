"""How far an investigation may go, and what it may look at."""

from __future__ import annotations

from dataclasses import dataclass

UNSEEN = frozenset({"network.http", "network.check_port", "shell.read", "terraform.plan"})
"""Queries that no model runs: they reach any address, run any reading command, or start programs of others."""

RESERVED = frozenset({"submit_plan", "report_finding", "ask_person", "describe_operations", "read_more"})
LEAST_CONTEXT = 24_000
"""Tokens: instructions and tools alone take about two thirds of it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``seconds`` and ``tokens`` (all that was sent and got) are of the whole investigation; ``result`` and ``results``
    are characters of one query's answer and of all; ``faults`` are wrong plans it may mend.

    ``context`` are the tokens that one request and its answer may have together, by :func:`estimate`: old turns of the
    session are summed up, then old looks left out, to stay below. ``answer`` are the tokens of one answer,
    ``calls`` its calls of tools that are heard.
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
    context: int = 64_000
    answer: int = 4096
    calls: int = 32


def estimate(characters: int) -> int:
    """Tokens of so many characters, rather too many than too few: JSON and English have three to four to a token."""
    return -(-characters // 3)


def characters(tokens: int) -> int:
    """How many characters surely fit into so many tokens, by the same measure."""
    return tokens * 3
