from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reign_agents.plan.edit import Choose, Drop, Move, SetFields, edited
from reign_agents.plan.graph import PlanError, ancestors, dependants, ordered
from reign_agents.plan.model import Plan, Step, Verdict
from reign_agents.plan.references import references, resolve
from reign_executors.effect import Action, Choice, Effect, Problem, ResourceChange, Risk, UndoPromise
from reign_executors.errors import InvalidFields
from reign_executors.target import Target


def step(name: str, *needs: str, **fields: object) -> Step:
    return Step(name, "file.write", dict(fields), "because", needs=needs)  # type: ignore[arg-type]


def plan(*steps: Step) -> Plan:
    return Plan("p_1", "do it", "create_infra", 0.9, steps)


def test_waves_hold_what_can_run_at_the_same_time() -> None:
    waves = ordered([step("a"), step("b"), step("c", "a", "b"), step("d", "a")])
    assert [[s.id for s in wave] for wave in waves] == [["a", "b"], ["c", "d"]]


def test_a_cycle_is_named() -> None:
    with pytest.raises(PlanError) as caught:
        ordered([step("a", "c"), step("b", "a"), step("c", "b")])
    for name in ("a", "b", "c", "→"):
        assert name in str(caught.value)


def test_two_steps_of_one_name_and_missing_needs_are_refused() -> None:
    with pytest.raises(PlanError, match="two steps are called a"):
        ordered([step("a"), step("a")])
    with pytest.raises(PlanError, match="needs z"):
        ordered([step("a", "z")])


def test_taking_a_value_is_a_dependency() -> None:
    steps = [step("b", path={"$from": "a.outputs.path"}), step("a")]
    assert [[s.id for s in wave] for wave in ordered(steps)] == [["a"], ["b"]]
    assert ancestors(steps)["b"] == {"a"}
    assert dependants(steps, "a") == {"b"}


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=30))
def test_every_step_comes_after_all_it_needs(edges: list[tuple[int, int]]) -> None:
    forward = [(low, high) for low, high in ((min(e), max(e)) for e in edges) if low != high]
    steps = [step(str(n), *{str(low) for low, high in forward if high == n}) for n in range(13)]
    seen: set[str] = set()
    for wave in ordered(steps):
        for one in wave:
            assert set(one.needs) <= seen
        seen |= {one.id for one in wave}
    assert len(seen) == 13


def test_references_are_found_and_resolved_anywhere() -> None:
    fields = {"a": {"$from": "s1.outputs.id"}, "b": [{"c": {"$from": "s2.outputs.ports.0"}}], "d": "plain"}
    assert list(references(fields)) == ["s1.outputs.id", "s2.outputs.ports.0"]  # type: ignore[arg-type]
    outputs = {"s1": {"id": "4c1e"}, "s2": {"ports": [8080]}}
    assert resolve(fields, outputs) == {"a": "4c1e", "b": [{"c": 8080}], "d": "plain"}  # type: ignore[arg-type]


@pytest.mark.parametrize("reference", ["s1.id", "s1.outputs", "s9.outputs.id", "s1.outputs.nope", "s1.outputs.id.deep"])
def test_a_reference_that_leads_nowhere_is_an_error_that_names_it(reference: str) -> None:
    with pytest.raises(InvalidFields, match=r"reference"):
        resolve({"a": {"$from": reference}}, {"s1": {"id": "4c1e"}})


def test_dropping_a_step_hands_its_needs_on() -> None:
    changed = edited(plan(step("a"), step("b", "a"), step("c", "b")), [Drop("b")])
    assert [s.id for s in changed.steps] == ["a", "c"]
    assert changed.step("c").needs == ("a",)


def test_a_step_whose_value_is_taken_cannot_be_dropped() -> None:
    with pytest.raises(PlanError, match="takes a value"):
        edited(plan(step("a"), step("b", x={"$from": "a.outputs.id"})), [Drop("a")])


def test_an_edit_voids_the_effect_and_none_takes_a_field_out() -> None:
    before = Step("a", "file.write", {"path": "x", "mode": "0600"}, "", effect=Effect(), verdict=Verdict.ASK)
    after = edited(plan(before), [SetFields("a", {"mode": None, "path": "y"})]).step("a")
    assert (after.fields, after.effect, after.verdict) == ({"path": "y"}, None, None)


def test_a_choice_patches_the_fields() -> None:
    problem = Problem(text="taken", choices=(Choice(key="rename", label="other name", fields={"name": "web-2"}),))
    taken = Step("a", "docker.run", {"name": "web"}, "", effect=Effect(problems=(problem,)))
    assert edited(plan(taken), [Choose("a", "rename")]).step("a").fields == {"name": "web-2"}
    with pytest.raises(PlanError, match="choices: rename"):
        edited(plan(taken), [Choose("a", "burn")])


def test_moving_keeps_dependencies_and_unknown_steps_are_named() -> None:
    moved = edited(plan(step("a"), step("b"), step("c")), [Move("c", "a"), Move("a", None)])
    assert [s.id for s in moved.steps] == ["c", "b", "a"]
    with pytest.raises(PlanError, match="no step z"):
        edited(plan(step("a")), [Drop("z")])


def full_step() -> Step:
    effect = Effect(
        changes=(ResourceChange(action=Action.DELETE, resource="volume/data", diff="- data", data_bytes=10),),
        notes=("gone for good",),
        identity={"volume/data": "2026"},
        undo=UndoPromise.NONE,
        undo_why="no copy",
    )
    target = Target(tool="docker", context="default", resource="volume/data", identity={"engine": "E"})
    return Step("s1", "docker.remove_volume", {"name": "data"}, "asked", (), "docker", effect, target, Verdict.ASK)


def test_the_json_of_a_plan_has_the_shape_of_the_contract_and_comes_back_whole() -> None:
    one = plan(full_step())
    data = one.to_json()
    assert {
        "v",
        "kind",
        "plan",
        "hash",
        "request",
        "intent",
        "confidence",
        "planner",
        "question",
        "risk",
        "verdict",
    } < set(data)
    assert (data["v"], data["kind"], data["risk"], data["verdict"]) == (1, "plan", "destroy", "ask")
    assert Plan.from_json(data) == one


def test_an_unchecked_plan_has_no_risk_yet() -> None:
    assert plan(step("a")).risk is None
    assert plan(step("a")).verdict is None
    assert plan().risk is Risk.READ


def test_the_hash_moves_with_every_ingredient_and_with_nothing_else() -> None:
    base = full_step()
    assert base.effect is not None
    assert base.target is not None
    from dataclasses import replace

    different = [
        replace(base, operation="docker.stop"),
        replace(base, fields={"name": "other"}),
        replace(base, target=base.target.model_copy(update={"identity": {"engine": "F"}})),
        replace(base, effect=base.effect.model_copy(update={"identity": {"volume/data": "2027"}})),
        replace(base, effect=base.effect.model_copy(update={"undo": UndoPromise.EXACT})),
        replace(base, effect=base.effect.model_copy(update={"changes": ()})),
    ]
    assert len({base.hash, *(one.hash for one in different)}) == 1 + len(different)
    same = replace(base, why="else", effect=base.effect.model_copy(update={"notes": ("other words",)}))
    assert same.hash == base.hash


def test_steps_that_depend_on_a_changed_one_follow_its_new_name_and_port() -> None:
    choices = (
        Choice(key="rename", label="other name", fields={"container": "web-2"}),
        Choice(key="port", label="other port", fields={"ports": ["8081:80", "127.0.0.1:53:53/udp"]}),
    )
    effect = Effect(problems=(Problem(text="taken", choices=choices),))
    fields = {"container": "web", "ports": ["8080:80", "127.0.0.1:53:53/udp"]}
    run = Step("a", "docker.run", fields, "", effect=effect)  # type: ignore[arg-type]
    healthy = Step("b", "docker.wait_healthy", {"container": "web"}, "", needs=("a",))
    answers = Step("c", "network.check_port", {"host": "127.0.0.1", "port": 8080}, "", needs=("b",))
    other = Step("d", "docker.stop", {"container": "web"}, "")
    whole = plan(run, healthy, answers, other)
    renamed = edited(whole, [Choose("a", "rename")])
    assert renamed.step("b").fields == {"container": "web-2"}
    assert renamed.step("d").fields == {"container": "web"}
    moved = edited(whole, [Choose("a", "port")])
    assert moved.step("c").fields == {"host": "127.0.0.1", "port": 8081}
    assert moved.step("b").fields == {"container": "web"}
