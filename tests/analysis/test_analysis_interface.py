"""What ``analyse`` answers beside the verdict: commands, writes, findings with their place, the effect."""

from __future__ import annotations

import subprocess
import sys

import pytest

from reign_agents.safety import judge_effect
from reign_agents.safety.check import judge_command
from reign_executors.effect import Action, Effect, Finding, Problem, ResourceChange, Risk
from reign_executors.shell.analysis import analyse
from reign_executors.shell.analysis.grammar import disagreement, warm


def test_every_command_is_found_with_its_wrappers() -> None:
    found = analyse("sudo timeout 5 ls /x | ssh web1 'grep a b' && echo $(date)").commands
    assert [c.argv for c in found] == [
        ("sudo", "timeout", "5", "ls", "/x"),
        ("timeout", "5", "ls", "/x"),
        ("ls", "/x"),
        ("ssh", "web1", "grep a b"),
        ("grep", "a", "b"),
        ("date",),
        ("echo", "…"),
    ]
    assert found[2].wrappers == ("sudo", "timeout")
    assert found[4].wrappers == ("ssh",)


def test_writes_name_the_paths() -> None:
    analysis = analyse("cd /srv && echo a > x.txt; cp a ~/b; tee -a /var/c < d", cwd="/home/u")
    assert {"/srv/x.txt", "~/b", "/var/c"} <= set(analysis.writes)
    assert not analysis.read_only
    assert analysis.understood


def test_findings_point_at_the_text() -> None:
    text = "ls; rm -rf /etc; pwd"
    finding = next(f for f in analyse(text).findings if f.level == "catastrophic")
    assert finding.rule == "delete.system"
    assert text[finding.start : finding.end] == "rm -rf /etc"


def test_redirections_are_told() -> None:
    command = analyse("grep x < in > out 2>/dev/null").commands[0]
    assert [(r.operator, r.target) for r in command.redirections] == [("<", "in"), (">", "out"), (">", "/dev/null")]


def test_where_it_starts_matters() -> None:
    assert judge_effect(analyse("rm -rf *", cwd="/etc").effect())[0] == "deny"
    assert judge_effect(analyse("rm -rf *", cwd="/srv/app").effect())[0] == "ask"
    assert judge_effect(analyse("rm -rf *").effect())[0] == "ask"


def test_the_effect_of_a_read_is_nothing() -> None:
    effect = analyse("kubectl get pods").effect()
    assert effect.known
    assert effect.risk is Risk.READ
    assert effect.changes == ()


def test_what_is_not_understood_counts_as_unknown() -> None:
    analysis = analyse("frobnicate --all")
    assert not analysis.understood
    assert analysis.effect().risk is Risk.DESTROY
    assert "frobnicate" in (analysis.effect().why_unknown or "")


@pytest.mark.parametrize(
    ("effect", "is_query", "verdict"),
    [
        (Effect.nothing(), False, "allow"),
        (Effect.unknown("not reachable"), False, "ask"),
        (Effect.unknown("not reachable"), True, "allow"),
        (Effect(changes=(ResourceChange(action=Action.CREATE, resource="file/x"),)), False, "ask"),
        (Effect(findings=(Finding(rule="delete.root", level="catastrophic", text="gone"),)), True, "deny"),
        (Effect(findings=(Finding(rule="credential.shown", level="unclear", text="shown"),)), True, "ask"),
        (Effect(findings=(Finding(rule="x", level="notice", text="by the way"),)), False, "allow"),
        (Effect(problems=(Problem(text="the name is taken"),)), False, "ask"),
    ],
)
def test_one_rule_for_all_effects(effect: Effect, is_query: bool, verdict: str) -> None:
    assert judge_effect(effect, is_query=is_query)[0] == verdict


def test_long_texts_are_asked_for() -> None:
    assert judge_command("ls\n" * 30_000).verdict == "ask"
    assert judge_command("rm -rf /\n" + "ls\n" * 30_000).verdict == "deny"


def test_characters_kept_for_ourselves_are_asked_for() -> None:
    assert judge_command("ls \ue000").verdict == "ask"
    assert judge_command("ls \x00").verdict == "ask"


def test_the_second_reading_agrees_or_says_why() -> None:
    warm()
    assert disagreement("ls 'a' | wc", {0, 9}) is None
    assert disagreement("ls 'a' | wc", {0}) is not None
    assert disagreement("ls 'a", {0}) is not None
    assert disagreement("echo '" + "x" * 5000 + "'", {0}) is not None


def test_the_analyser_loads_lightly() -> None:
    code = (
        "import sys; import reign_agents.safety.check; "
        "print([m for m in ('tree_sitter', 'textual', 'rich', 'docker', 'asyncio') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
