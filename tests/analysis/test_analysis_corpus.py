"""The corpus, written from the definition of the verdicts: no harm allowed, no read held up, scoped things asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reign_agents.safety.check import judge_command

FOLDER = Path(__file__).parent / "corpus"
CASES = [
    (path.stem, number, row["command"], row["verdict"])
    for path in sorted(FOLDER.glob("*.jsonl"))
    for number, row in enumerate(map(json.loads, path.read_text("utf-8").splitlines()), 1)
]


@pytest.mark.parametrize(("kind", "number", "command", "verdict"), CASES, ids=[f"{c[0]}-{c[1]}" for c in CASES])
def test_corpus(kind: str, number: int, command: str, verdict: str) -> None:
    judged = judge_command(command)
    assert judged.verdict == verdict, (command, judged)
    assert judged.reasons or verdict == "allow"


def test_the_corpus_is_large_and_balanced() -> None:
    total = len(CASES)
    assert total >= 800
    assert len({c[2] for c in CASES}) == total
    assert sum(c[0] in ("deny-disguised", "ask-disguised") for c in CASES) >= 380
