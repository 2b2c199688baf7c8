"""The one contract that every registered ``Change`` keeps, whatever tool it is for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from reign_executors.effect import Risk, UndoPromise
from reign_executors.errors import OperationError
from reign_executors.operation import Change, Repeat
from reign_executors.registry import Registry, default_registry
from tests.contract.scenario import Scenario, all_scenarios

SCENARIOS = all_scenarios()


def changes(registry: Registry) -> set[str]:
    return {name for name in registry.names() if issubclass(registry.find(name), Change)}


def missing_scenarios(registry: Registry) -> set[str]:
    """Registered changes that this suite would not run."""
    return changes(registry) - {scenario.operation for scenario in SCENARIOS}


@pytest.fixture(params=SCENARIOS, ids=lambda scenario: f"{scenario.operation}-{scenario.__name__}")
async def scenario(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Scenario]:
    chosen: type[Scenario] = request.param
    if chosen.needs is not None:
        request.getfixturevalue(f"{chosen.needs}_host")
    made = chosen(tmp_path, {name: request.getfixturevalue(name) for name in chosen.fixtures})
    made.place.mkdir()
    try:
        await made.prepare()
        yield made
    finally:
        await made.cleanup()


def test_every_registered_change_has_a_scenario() -> None:
    assert missing_scenarios(default_registry()) == set()


def test_every_scenario_is_of_a_registered_change() -> None:
    assert {scenario.operation for scenario in SCENARIOS} <= changes(default_registry())


def test_a_change_without_a_scenario_is_found() -> None:
    from reign_executors.files.write import Write

    class Unknown(Write):
        name = "file.unknown"

    registry = Registry({})
    registry.add(Unknown)
    assert missing_scenarios(registry) == {"file.unknown"}


async def test_what_only_looks_changes_nothing(scenario: Scenario) -> None:
    """Preview, capture, target, words and fields, all in one world: it is the same afterwards."""
    before = await scenario.snapshot()
    for looks in (
        is_the_registered_operation,
        preview_says_what_would_change,
        capture_is_repeatable_and_is_json,
        fields_round_trip,
        target_locks_and_words_are_there,
    ):
        await looks(scenario)
        assert await scenario.snapshot() == before, looks.__name__


async def is_the_registered_operation(scenario: Scenario) -> None:
    assert type(scenario.build()) is default_registry().find(scenario.operation)


async def preview_says_what_would_change(scenario: Scenario) -> None:
    operation = scenario.build()
    effect = await operation.preview(scenario.call())
    again = await operation.preview(scenario.call())
    assert not effect.problems
    assert {finding.level for finding in effect.findings} <= ({"notice"} if effect.known else {"notice", "unclear"})
    assert effect.risk > Risk.READ
    assert not effect.known or effect.changes
    assert effect.undo is scenario.undo
    assert effect.undo in (UndoPromise.EXACT, UndoPromise.REVERT) or effect.undo_why
    assert effect.normalised() == again.normalised()


async def capture_is_repeatable_and_is_json(scenario: Scenario) -> None:
    operation = scenario.build()
    first = await operation.capture(scenario.call())
    assert await operation.capture(scenario.call()) == first
    assert json.loads(json.dumps(first)) == first


async def fields_round_trip(scenario: Scenario) -> None:
    operation = scenario.build()
    fields = json.loads(json.dumps(operation.to_fields()))
    assert default_registry().build(operation.name, fields) == operation
    json.dumps(default_registry().schema(operation.name))


async def target_locks_and_words_are_there(scenario: Scenario) -> None:
    operation, call = scenario.build(), scenario.call()
    target = await operation.target(call)
    assert target.tool
    assert target.context
    assert target.resource
    pinned = operation.pinned(target)
    assert await pinned.target(call) == target
    assert pinned.pinned(target) == pinned
    assert bool(pinned.locks()) is scenario.locks
    assert bool(operation.command_line()) is scenario.has_command
    assert operation.summary
    assert operation.time_limit() > 0
    assert isinstance(pinned, Change)
    assert (await pinned.preview(call)).normalised() == (await operation.preview(call)).normalised()


async def test_execute_verify_probe_and_once_more(scenario: Scenario) -> None:
    """What an execution says and leaves, what a probe says before and after it, and that a second one is safe."""
    operation, call = scenario.build(), scenario.call()
    before = await scenario.snapshot()
    assert (await operation.probe(call)).state == scenario.probe_before
    outputs = await operation.execute(call)
    verified = await operation.verify(call, outputs)
    assert verified.ok, verified.detail
    after = await scenario.snapshot()
    assert after != before
    assert type(outputs).model_validate_json(outputs.model_dump_json()) == outputs
    assert isinstance(outputs, operation.returns)
    probe = await operation.probe(call)
    assert probe.state == scenario.probe_after, probe.detail
    if operation.repeat is Repeat.OPAQUE:
        # it is never repeated by the engine; it must be able to tell that it happened
        assert probe.state in ("done", "in_doubt")
        return
    try:
        again = await operation.execute(call)
    except OperationError:
        again = outputs
    assert (await operation.verify(call, again)).ok
    assert await scenario.snapshot() == after
    assert (await operation.verify(call, outputs)).ok


async def test_undo_brings_the_captured_state_back(scenario: Scenario) -> None:
    operation, call = scenario.build(), scenario.call()
    before, captured = await scenario.snapshot(), await operation.capture(call)
    outputs = await operation.execute(call)
    inverse = operation.undo(captured, json.loads(outputs.model_dump_json()))
    if scenario.undo is UndoPromise.NONE:
        assert inverse is None
        return
    assert inverse is not None
    undoing = scenario.call()
    effect = await inverse.preview(undoing)
    assert not effect.problems
    assert effect.risk > Risk.READ
    undone = await inverse.execute(undoing)
    verified = await inverse.verify(undoing, undone)
    assert verified.ok, verified.detail
    if scenario.undo is UndoPromise.EXACT:
        assert await operation.capture(scenario.call()) == captured
        assert await scenario.snapshot() == before


async def test_undo_refuses_what_others_changed_since(scenario: Scenario) -> None:
    if not scenario.meddles or scenario.undo is UndoPromise.NONE:
        return  # nothing is left that others could change, or nothing is undone
    operation, call = scenario.build(), scenario.call()
    captured = await operation.capture(call)
    outputs = await operation.execute(call)
    after = await scenario.snapshot()
    await scenario.meddle(outputs)
    theirs = await scenario.snapshot()
    assert theirs != after, "the scenario's meddle() changes nothing"
    inverse = operation.undo(captured, json.loads(outputs.model_dump_json()))
    assert inverse is not None
    effect = await inverse.preview(scenario.call())
    if effect.problems:
        with pytest.raises(OperationError):
            await inverse.execute(scenario.call())
    else:
        assert effect.risk is Risk.READ  # what was made is gone: nothing is left to undo
        await inverse.execute(scenario.call())
    assert await scenario.snapshot() == theirs


async def test_undo_works_from_what_probe_says(scenario: Scenario) -> None:
    """A process died between the effect and its outcome: the outputs are those of the probe."""
    operation, call = scenario.build(), scenario.call()
    captured = await operation.capture(call)
    await operation.execute(call)
    probe = await operation.probe(call)
    inverse = operation.undo(captured, json.loads(json.dumps(probe.outputs or {})))
    if scenario.undo is UndoPromise.NONE:
        assert inverse is None
        return
    assert inverse is not None
    undoing = scenario.call()
    assert not (await inverse.preview(undoing)).problems
    undone = await inverse.execute(undoing)
    assert (await inverse.verify(undoing, undone)).ok
    if scenario.undo is UndoPromise.EXACT:
        assert await operation.capture(scenario.call()) == captured


async def test_cancelled_at_once_probe_tells_the_truth(scenario: Scenario) -> None:
    operation, call = scenario.build(), scenario.call()
    before, captured = await scenario.snapshot(), await operation.capture(call)
    task = asyncio.create_task(operation.execute(call))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    probe = await operation.probe(call)
    if probe.state == "not_done":
        assert await operation.capture(scenario.call()) == captured
    elif probe.state == "done":
        assert await scenario.snapshot() != before


async def test_errors_are_typed_and_change_nothing(scenario: Scenario) -> None:
    operation, expected = await scenario.failing()
    assert operation.name == scenario.operation
    before = await scenario.snapshot()
    with pytest.raises(expected) as raised:
        await operation.execute(scenario.call())
    assert raised.value.cause
    assert raised.value.way_out
    assert set(raised.value.to_json()) == {"kind", "cause", "way_out", "detail"}
    assert await scenario.snapshot() == before
