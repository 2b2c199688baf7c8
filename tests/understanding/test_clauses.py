"""One clause for each wish, with its own verb, thing and values."""

from __future__ import annotations

from reign_agents.understanding import understand


def test_three_wishes() -> None:
    clauses = understand("build it, push it and scale api to 3").clauses
    assert [c.verb for c in clauses] == ["build", "push", "scale"]
    assert clauses[2].entities["replicas"] == 3
    assert clauses[2].entities["name"] == "api"


def test_values_with_and_are_one_wish() -> None:
    clauses = understand("expose ports 80 and 443 of the container web").clauses
    assert len(clauses) == 1


def test_verbs_and_things_are_in_the_usual_spelling() -> None:
    (clause,) = understand("rm the contaner called web").clauses
    assert (clause.verb, clause.object) == ("delete", "container")


def test_offsets_are_into_the_whole_text() -> None:
    text = "  pull redis:7, then run it on 6379"
    for clause in understand(text).clauses:
        assert text[clause.start : clause.end] == clause.text


def test_each_clause_has_its_own_intent() -> None:
    clauses = understand("create namespace post and deploy mail 2.0 into it").clauses
    assert [c.intent for c in clauses] == ["create_infra", "deploy"]


def test_a_follow_up_keeps_its_clause_though_it_is_unknown_alone() -> None:
    read = understand("scale it to five")
    assert read.intent == "unknown"
    assert read.clauses[0].verb == "scale"
    assert read.clauses[0].object is None


def test_names_of_two_clauses_are_gathered() -> None:
    names = understand("scale deployment front to 5 and deployment back to 3").entities
    assert names["replicas"] == 5
