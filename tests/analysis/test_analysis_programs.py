"""Every program's own examples hold, and the data says nothing twice or to no effect."""

from __future__ import annotations

import tomllib
from collections import Counter

import pytest

from reign_agents.safety.check import judge_command
from reign_executors.shell.analysis import knowledge
from reign_executors.shell.analysis.handlers import load
from reign_executors.shell.analysis.invocation import HANDLERS


@pytest.mark.parametrize(("where", "command", "verdict"), knowledge.examples())
def test_example(where: str, command: str, verdict: str) -> None:
    judged = judge_command(command)
    assert judged.verdict == verdict, (where, command, judged)


def test_every_program_builds_and_names_a_handler_that_exists() -> None:
    load()
    for name in sorted(knowledge.names()):
        spec = knowledge.program(name)
        assert spec is not None
        assert not spec.handler or spec.handler in HANDLERS, (name, spec.handler)


def test_no_program_is_described_in_two_families() -> None:
    where: Counter[str] = Counter()
    for path in sorted(knowledge.FOLDER.glob("*.toml")):
        names = {n for t in tomllib.loads(path.read_text("utf-8"))["program"] for n in t["names"].split()}
        where.update(names)
    assert [n for n, count in where.items() if count > 1] == []


def test_data_with_an_unknown_key_or_effect_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown keys"):
        knowledge.build("x", {"efect": "reads"})
    with pytest.raises(ValueError, match="unknown effect"):
        knowledge.build("x", {"effect": "harmless"})
    with pytest.raises(ValueError, match="unknown effect"):
        knowledge.build("x", {"effect": "reads", "flags": {"harmless": "-x"}})


@pytest.mark.parametrize(
    ("name", "base"), [("python3.11", "python"), ("gcc-12", "gcc"), ("perl5.36", "perl"), ("ls", "ls")]
)
def test_versioned_names(name: str, base: str) -> None:
    assert knowledge.base_name(name) == base
