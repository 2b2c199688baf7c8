"""Plans, what they show, and that exactly the shown one is applied."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
from pathlib import Path

import pytest

from reign_executors.effect import Action, Effect, Risk, UndoPromise
from reign_executors.errors import Conflict, NotFound, OperationError, TargetMoved, ToolMissing
from reign_executors.process import status
from reign_executors.terraform.applying import NOTE, PLAN, SEALED
from reign_executors.terraform.failures import (
    InvalidConfiguration,
    NotInitialised,
    StateLocked,
    TerraformFailed,
    VariableMissing,
)
from tests.terraform.conftest import Stack


def by_name(effect: Effect) -> dict[str, Action]:
    return {change.resource: change.action for change in effect.changes}


async def test_a_first_apply_only_creates(stack: Stack) -> None:
    effect = await stack.build("apply").preview(stack.call())
    assert effect.risk is Risk.CREATE
    assert by_name(effect) == {
        "infra/terraform_data.web": Action.CREATE,
        "infra/terraform_data.db": Action.CREATE,
        "infra/outputs": Action.CREATE,
    }
    assert effect.undo is UndoPromise.REVERT
    assert effect.identity["lineage"] == "none"
    assert "2 to create" in effect.notes


async def test_what_changes_is_shown_and_replaced_is_destroyed(stack: Stack) -> None:
    await stack.applied()
    effect = await stack.build("apply", variables={"size": 2}).preview(stack.call())
    changes = {change.resource: change for change in effect.changes}
    assert changes["infra/terraform_data.db"].action is Action.REPLACE
    assert "~ triggers_replace: [1] → [2]  # forces replacement" in str(changes["infra/terraform_data.db"].diff)
    assert '~ input: "web-1" → "web-2"' in str(changes["infra/terraform_data.web"].diff)
    assert effect.risk is Risk.DESTROY
    assert effect.undo is UndoPromise.RECREATE
    assert effect.identity["serial"] != "0"


async def test_sensitive_values_appear_nowhere(stack: Stack) -> None:
    outputs = await stack.applied()
    call = stack.call()
    effect = await stack.build("apply", secret_variables={"token": "swordfish-9"}).preview(call)
    shown = effect.model_dump_json() + stack.said.decode() + outputs.model_dump_json()
    for file in call.folder.iterdir():
        shown += file.read_text("utf-8", "replace")
    assert "hunter-two" not in shown
    assert "swordfish" not in shown
    assert outputs.values == {"web": "web-1"}
    assert stat.S_IMODE((call.folder / SEALED).stat().st_mode) == 0o600
    assert not (call.folder / PLAN).exists()
    operation = stack.build("apply", secret_variables={"token": "swordfish-9"})
    assert "swordfish" not in operation.command_line()
    shown_state = await stack.build("show").execute(stack.call())
    assert "hunter-two" not in shown_state.model_dump_json()


async def test_the_very_plan_that_was_shown_is_applied_and_gone_afterwards(stack: Stack) -> None:
    operation, call = stack.build("apply"), stack.call()
    await operation.preview(call)
    stack.write("main.tf", (stack.folder / "main.tf").read_text().replace("web-$", "other-$"))
    outputs = await operation.execute(call)
    assert outputs.values["web"] == "web-1"  # the plan that was shown, not the file as it is now
    assert not list(call.folder.glob("*tfplan*"))
    assert outputs.added == 2
    text = stack.said.decode()
    assert "terraform_data.web: Creation complete" in text
    assert "@level" not in text


async def test_a_state_that_moved_is_refused_under_its_lock(stack: Stack) -> None:
    await stack.applied()
    operation, call = stack.build("apply", variables={"size": 2}), stack.call()
    await operation.preview(call)
    stack.terraform("apply", "-auto-approve", "-input=false", "-var=size=3")
    with pytest.raises(TargetMoved) as raised:
        await operation.execute(call)
    assert "moved" in raised.value.cause
    assert not (call.folder / PLAN).exists()
    assert (await operation.probe(call)).state in ("not_done", "in_doubt")


async def test_without_its_plan_file_only_the_same_effect_is_applied(stack: Stack) -> None:
    operation, call = stack.build("apply"), stack.call()
    await operation.preview(call)
    (call.folder / SEALED).unlink()
    stack.write("more.tf", 'resource "terraform_data" "more" {}\n')
    with pytest.raises(TargetMoved):
        await operation.execute(call)
    assert not (stack.folder / "terraform.tfstate").exists()
    assert not (call.folder / PLAN).exists()
    (stack.folder / "more.tf").unlink()
    assert (await operation.execute(call)).added == 2


async def test_a_plan_file_that_was_touched_is_not_applied(stack: Stack) -> None:
    operation, call = stack.build("apply"), stack.call()
    await operation.preview(call)
    (call.folder / SEALED).write_bytes(b"not the plan that was shown")
    assert (await operation.execute(call)).added == 2


async def test_planning_leaves_nothing_behind(stack: Stack) -> None:
    call = stack.call(planning=True)
    await asyncio.gather(stack.build("apply").preview(call), stack.build("destroy").preview(call))
    await stack.build("plan").execute(call)
    assert list(call.folder.iterdir()) == []
    assert sorted(path.name for path in stack.folder.iterdir()) == ["main.tf"]


async def test_nothing_to_do_is_no_change(stack: Stack) -> None:
    await stack.applied()
    operation, call = stack.build("apply"), stack.call()
    effect = await operation.preview(call)
    assert effect.risk is Risk.READ
    assert not effect.changes
    outputs = await operation.execute(call)
    assert outputs.changed is False
    assert operation.undo({}, outputs.model_dump(mode="json")) is None


async def test_destroy_then_back_again(stack: Stack) -> None:
    await stack.applied()
    operation, call = stack.build("destroy"), stack.call()
    effect = await operation.preview(call)
    assert {action for name, action in by_name(effect).items() if name != "infra/outputs"} == {Action.DELETE}
    before = await operation.capture(call)
    outputs = await operation.execute(call)
    assert outputs.destroyed == 2
    assert (await operation.verify(call, outputs)).ok
    inverse = operation.undo(before, outputs.model_dump(mode="json"))
    undoing = stack.call()
    back = await inverse.preview(undoing)
    assert back.risk is Risk.CREATE
    undone = await inverse.execute(undoing)
    assert (await inverse.verify(undoing, undone)).ok
    assert undone.values["web"] == "web-1"


async def test_undo_leads_a_mixed_change_back_from_the_state(stack: Stack) -> None:
    """Changed, replaced, created and taken out of the configuration: all in one apply, all back by two plans."""
    stack.write("old.tf", 'resource "terraform_data" "old" {\n  input = "a $${literal}"\n}\n')
    await stack.applied()
    (stack.folder / "old.tf").unlink()
    stack.write("new.tf", 'resource "terraform_data" "new" {}\n')
    operation, call = stack.build("apply", variables={"size": 5}), stack.call()
    effect = await operation.preview(call)
    assert by_name(effect)["infra/terraform_data.old"] is Action.DELETE
    before = await operation.capture(call)
    outputs = await operation.execute(call)
    inverse = operation.undo(before, outputs.model_dump(mode="json"))
    undoing = stack.call()
    back = by_name(await inverse.preview(undoing))
    assert back["infra/terraform_data.new"] is Action.DELETE
    assert back["infra/terraform_data.old"] is Action.CREATE
    undone = await inverse.execute(undoing)
    assert (await inverse.verify(undoing, undone)).ok
    assert (await inverse.probe(undoing)).state == "done"
    shown = (await stack.build("show").execute(stack.call())).resources
    assert shown["terraform_data.old"]["input"] == "a ${literal}"
    assert shown["terraform_data.web"]["input"] == "web-1"
    assert "terraform_data.new" not in shown
    assert not list(undoing.folder.glob("**/*.tfplan"))
    assert not (undoing.folder / "scratch").exists()
    again = inverse.undo(await inverse.capture(call), undone.model_dump(mode="json"))
    assert again is not None


async def test_what_can_not_be_led_back_is_said_before(stack: Stack) -> None:
    stack.write("many.tf", 'resource "terraform_data" "many" {\n  count = 2\n  input = "x${var.size}"\n}\n')
    await stack.applied(targets=["terraform_data.many"])
    operation = stack.build("apply", targets=["terraform_data.many"], variables={"size": 2})
    effect = await operation.preview(stack.call())
    assert effect.undo is UndoPromise.NONE
    assert "terraform_data.many[0]" in str(effect.undo_why)
    mixed = await stack.build("apply", variables={"size": 2}).preview(stack.call())
    assert mixed.undo is UndoPromise.REVERT
    assert "terraform_data.many[0]" in str(mixed.undo_why)


async def test_undo_after_others_changed_asks(stack: Stack) -> None:
    operation, call = stack.build("apply"), stack.call()
    before = await operation.capture(call)
    outputs = await operation.execute(call)
    stack.terraform("apply", "-auto-approve", "-input=false", "-var=size=2")
    inverse = operation.undo(before, outputs.model_dump(mode="json"))
    effect = await inverse.preview(stack.call())
    assert "changed by others" in effect.problems[0].text
    assert effect.problems[0].choices[0].fields == {"if_changed": "go_on"}
    with pytest.raises(Conflict):
        await inverse.execute(stack.call())
    forced = inverse.model_copy(update={"if_changed": "go_on"})
    assert (await forced.execute(stack.call())).destroyed == 2


async def test_undo_in_another_state_is_refused(stack: Stack) -> None:
    await stack.applied()
    operation, call = stack.build("apply", variables={"size": 2}), stack.call()
    before = await operation.capture(call)
    outputs = await operation.execute(call)
    (stack.folder / "terraform.tfstate").unlink()
    stack.terraform("apply", "-auto-approve", "-input=false")
    effect = await operation.undo(before, outputs.model_dump(mode="json")).preview(stack.call())
    assert "another state" in effect.problems[0].text


async def test_cancelled_in_the_middle_gives_the_lock_back(stack: Stack) -> None:
    go = stack.top / "started"
    stack.write(
        "slow.tf",
        'resource "terraform_data" "slow" {\n  depends_on = [terraform_data.web]\n'
        f'  provisioner "local-exec" {{\n    command = "touch {go}; sleep 60"\n  }}\n}}\n',
    )
    operation, call = stack.build("apply"), stack.call()
    await operation.preview(call)
    task = asyncio.create_task(operation.execute(call))
    while not go.exists():
        await asyncio.sleep(0.02)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert not (stack.folder / ".terraform.tfstate.lock.info").exists()
    assert not (call.folder / PLAN).exists()
    probe = await operation.probe(call)
    assert probe.state == "in_doubt"
    assert "terraform_data.web" in probe.detail
    assert "tainted" in str([change.note for change in (await operation.preview(stack.call())).changes])


async def test_killed_in_the_middle_names_the_lock_that_is_left(stack: Stack) -> None:
    go = stack.top / "started"
    stack.write(
        "slow.tf",
        'resource "terraform_data" "slow" {\n  provisioner "local-exec" {\n'
        f'    command = "touch {go}; exec sleep 60"\n  }}\n}}\n',
    )
    operation, call = stack.build("apply"), stack.call()
    await operation.preview(call)
    task = asyncio.create_task(operation.execute(call))
    while not go.exists():
        await asyncio.sleep(0.02)
    running = await operation.probe(call)
    assert (running.state, "resume attaches" in running.detail) == ("not_done", True)
    resumed = stack.call(folder=call.folder, resumed=True)
    assert (await operation.preview(resumed)).changes  # what was shown, while it still runs
    pid = status(call.folder).pid
    assert pid is not None
    os.killpg(pid, signal.SIGKILL)
    with pytest.raises(OperationError):
        await task
    probe = await operation.probe(call)
    assert probe.state == "in_doubt"
    assert "terraform force-unlock" in probe.detail


async def test_a_resumed_apply_attaches_to_the_running_one(stack: Stack) -> None:
    go, on = stack.top / "started", stack.top / "on"
    stack.write(
        "slow.tf",
        'resource "terraform_data" "slow" {\n  provisioner "local-exec" {\n'
        f'    command = "touch {go}; while [ ! -e {on} ]; do sleep 0.05; done"\n  }}\n}}\n',
    )
    operation, call = stack.build("apply"), stack.call()
    await operation.preview(call)
    first = asyncio.create_task(operation.execute(call))
    while not go.exists():
        await asyncio.sleep(0.02)
    second = asyncio.create_task(operation.execute(stack.call(folder=call.folder, resumed=True)))
    await asyncio.sleep(0)
    on.touch()
    outputs = await asyncio.gather(first, second)
    assert [one.added for one in outputs] == [3, 3]
    assert outputs[1].actions == outputs[0].actions


async def test_a_locked_state_names_its_holder(stack: Stack) -> None:
    await stack.applied()
    go, on = stack.top / "started", stack.top / "on"
    stack.write(
        "slow.tf",
        'resource "terraform_data" "slow" {\n  provisioner "local-exec" {\n'
        f'    command = "touch {go}; while [ ! -e {on} ]; do sleep 0.05; done"\n  }}\n}}\n',
    )
    theirs = asyncio.create_task(stack.build("apply").execute(stack.call()))
    while not go.exists():
        await asyncio.sleep(0.02)
    import reign_executors.terraform.applying as applying

    operation, call = stack.build("apply", variables={"size": 7}, targets=["terraform_data.web"]), stack.call()
    effect = await operation.preview(call)
    assert any("locked at the moment" in note for note in effect.notes)
    kept, applying.LOCK_SECONDS = applying.LOCK_SECONDS, 0
    try:
        with pytest.raises(StateLocked) as raised:
            await operation.execute(call)
    finally:
        applying.LOCK_SECONDS = kept
        on.touch()
        await theirs
    assert "@" in raised.value.holder
    assert raised.value.lock in raised.value.way_out


async def test_what_failed_half_way_says_what_stands(stack: Stack) -> None:
    stack.write(
        "bad.tf",
        'resource "terraform_data" "bad" {\n  depends_on = [terraform_data.web]\n'
        '  provisioner "local-exec" {\n    command = "echo no luck >&2; exit 3"\n  }\n}\n',
    )
    operation, call = stack.build("apply"), stack.call()
    await operation.preview(call)
    with pytest.raises(TerraformFailed) as raised:
        await operation.execute(call)
    assert "terraform_data.bad" in raised.value.cause
    assert "create terraform_data.web" in raised.value.way_out
    assert "no luck" in raised.value.detail
    assert (await operation.probe(call)).state == "in_doubt"


async def test_a_state_that_could_not_be_saved_stops_everything(stack: Stack) -> None:
    stack.write("errored.tfstate", "{}")
    effect = await stack.build("apply").preview(stack.call())
    assert "terraform state push errored.tfstate" in effect.problems[0].text
    with pytest.raises(Conflict):
        await stack.build("apply").execute(stack.call())


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ('variable "region" {}\nvariable "zone" {}\n', VariableMissing, "region, zone"),
        ('resource "terraform_data" "x" {\n  nonsense = 1\n}\n', InvalidConfiguration, "extra.tf:2"),
        ('output "x" {\n', InvalidConfiguration, "extra.tf:1"),
        ('resource "local_file" "x" {\n  filename = "x"\n}\n', NotInitialised, "infra is not initialised"),
        ('module "m" {\n  source = "./m"\n}\n', NotInitialised, "infra is not initialised"),
        ('terraform {\n  backend "local" {}\n}\n', NotInitialised, "infra is not initialised"),
    ],
)
async def test_errors_are_typed(stack: Stack, text: str, error: type[OperationError], says: str) -> None:
    stack.write("extra.tf", text)
    operation = stack.build("apply")
    effect = await operation.preview(stack.call())
    assert says in effect.problems[0].text
    with pytest.raises(error) as raised:
        await operation.execute(stack.call())
    assert raised.value.way_out
    assert raised.value.detail


async def test_no_program_says_how_to_get_it(stack: Stack) -> None:
    empty = stack.call(environment={"PATH": str(stack.top)})
    with pytest.raises(ToolMissing, match="neither terraform nor tofu") as raised:
        await stack.build("apply").target(empty)
    assert "https://" in raised.value.way_out


async def test_tofu_is_taken_where_terraform_is_not(stack: Stack) -> None:
    (stack.top / "bin").mkdir()
    (stack.top / "bin" / "tofu").symlink_to(stack.program)
    call = stack.call(environment={"PATH": str(stack.top / "bin")})
    shown = await stack.build("version").execute(call)
    assert shown.program == str(stack.top / "bin" / "tofu")


async def test_a_workspace_is_never_made_by_looking(stack: Stack) -> None:
    effect = await stack.build("apply", workspace="staging").preview(stack.call())
    assert "there is no workspace staging" in effect.problems[0].text
    assert not (stack.folder / "terraform.tfstate.d").exists()
    for query in ("output", "state_list", "show"):
        with pytest.raises(NotFound):
            await stack.build(query, workspace="staging").execute(stack.call())
    assert not (stack.folder / "terraform.tfstate.d").exists()


async def test_workspaces_stand_apart_and_none_is_chosen(stack: Stack) -> None:
    made, call = stack.build("workspace_new", new="staging"), stack.call()
    outputs = await made.execute(call)
    assert (await made.verify(call, outputs)).ok
    applied = await stack.applied(workspace="staging")
    assert (applied.workspace, applied.added) == ("staging", 2)
    assert not (stack.folder / "terraform.tfstate").exists()
    listed = await stack.build("workspaces").execute(stack.call())
    assert (listed.workspaces, listed.chosen) == (("default", "staging"), "default")
    target = await stack.build("apply", workspace="staging").target(stack.call())
    assert target.context == "staging"
    gone = await stack.build("workspace_delete", new="staging").preview(stack.call())
    assert "still has 2 resources" in gone.problems[0].text
    effect = await stack.build("destroy", workspace="staging").preview(stack.call())
    assert "infra@staging/terraform_data.web" in by_name(effect)


async def test_the_chosen_workspace_is_pinned(stack: Stack) -> None:
    operation = stack.build("apply")
    call = stack.call(environment={**os.environ, "TF_WORKSPACE": "blue"})
    pinned = operation.pinned(await operation.target(call))
    assert (pinned.folder, pinned.workspace) == (str(stack.folder), "blue")
    assert (await pinned.target(stack.call())).context == "blue"


async def test_dangerous_variables_do_not_reach_it(stack: Stack) -> None:
    environment = {
        **os.environ,
        "TF_CLI_ARGS_apply": "-var=size=66",
        "TF_CLI_ARGS_plan": "-var=size=66",
        "TF_VAR_size": "4",
        "TF_CLI_CONFIG_FILE": "/nowhere/at/all",
    }
    operation, call = stack.build("apply"), stack.call(environment=environment)
    await operation.preview(call)
    assert (await operation.execute(call)).values["web"] == "web-4"


async def test_what_an_earlier_step_writes_is_not_known_yet(stack: Stack) -> None:
    written = frozenset({f"file/{stack.folder}/main.tf"})
    effect = await stack.build("apply").preview(stack.call(touched=written, promised=written))
    assert (effect.known, effect.undo) == (False, UndoPromise.REVERT)
    assert "main.tf is written" in str(effect.why_unknown)
    stack.write("backend.tf", 'terraform {\n  backend "local" {}\n}\n')
    data = frozenset({f"directory/{stack.folder}/.terraform"})
    later = await stack.build("apply").preview(stack.call(touched=data))
    assert later.why_unknown == "known once terraform init has run"
    assert not later.problems
    made = frozenset({"infra@new/workspace.new"})
    assert not (await stack.build("apply", workspace="new").preview(stack.call(promised=made))).problems


async def test_drift_and_data_stores_are_told(stack: Stack) -> None:
    from reign_executors.terraform.foresight import foreseen
    from reign_executors.terraform.place import place_of

    change = {"actions": ["delete"], "before": {"id": "x", "name": "orders"}, "after": None, "after_unknown": {}}
    moved = {"actions": ["no-op"], "before": {}, "after": {}}
    plan = {
        "resource_changes": [
            {"address": "aws_db_instance.db", "mode": "managed", "type": "aws_db_instance", "change": change},
            {
                "address": "aws_instance.new",
                "previous_address": "aws_instance.old",
                "mode": "managed",
                "type": "aws_instance",
                "change": moved,
            },
            {
                "address": "aws_instance.found",
                "mode": "managed",
                "type": "aws_instance",
                "change": {**moved, "importing": {"id": "i-1"}},
            },
            {"address": "aws_x.gone", "mode": "managed", "type": "aws_x", "change": {"actions": ["forget"]}},
            {"address": "data.x.y", "mode": "data", "type": "x", "change": {"actions": ["read"]}},
            {"address": "aws_y.a", "mode": "managed", "type": "aws_y", "deposed": "ab12", "change": change},
        ],
        "resource_drift": [
            {"address": "aws_instance.web", "mode": "managed", "change": {"actions": ["delete"]}},
            {"address": "aws_instance.two", "mode": "managed", "change": {"actions": ["update"]}},
        ],
        "checks": [{"status": "fail", "address": {"to_display": "check.alive"}}],
    }
    found = foreseen(plan, place_of("infra", None, stack.call()))
    assert found.findings[0].rule == "terraform.data-store"
    assert "all data in it is lost" in str(found.changes[0].note)
    assert found.actions == {
        "aws_db_instance.db": "delete",
        "aws_instance.new": "move",
        "aws_instance.found": "import",
        "aws_x.gone": "forget",
        "aws_y.a (deposed ab12)": "delete",
    }
    assert found.sentence == "1 to import, 1 to move, 1 to forget, 2 to delete"
    assert any("aws_instance.web is gone outside of terraform" in note for note in found.notes)
    assert any("check.alive" in note for note in found.notes)


def test_the_note_holds_no_plan(stack: Stack) -> None:
    call = stack.call()
    asyncio.run(stack.build("apply").preview(call))
    kept = json.loads((call.folder / NOTE).read_text())
    assert "hunter-two" not in json.dumps(kept)
    assert stat.S_IMODE(Path(call.folder / NOTE).stat().st_mode) == 0o600
