"""Requests about terraform folders → steps or questions."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.planning.terraform_lines import in_words
from reign_agents.settings import EngineSettings
from reign_executors.errors import ToolMissing
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry


@pytest.fixture
def context(tmp_path: Path) -> PlanningContext:
    """``infra`` needs nothing from outside; ``net`` a provider and a value for ``region``; ``old`` holds no *.tf."""
    for name in ("infra", "net", "old"):
        (tmp_path / name).mkdir()
    (tmp_path / "infra" / "main.tf").write_text('resource "terraform_data" "a" {}\n')
    (tmp_path / "net" / "main.tf").write_text('variable "region" {}\nresource "local_file" "a" {}\n')

    async def look(operation: str, fields: Mapping[str, Any]) -> JsonObject:
        assert operation == "terraform.workspaces"
        if fields["folder"] == "./net":
            raise ToolMissing("not there")
        return {"workspaces": ["default", "staging"], "chosen": "default"}

    return PlanningContext(EngineSettings(cwd=tmp_path), default_registry(), look)


async def steps(text: str, context: PlanningContext) -> list[str]:
    draft = await OfflinePlanner().draft(text, context)
    if draft.question is not None:
        return [f"? {draft.question}"]
    found = []
    for step in draft.steps:
        context.registry.build(step.operation, step.fields)
        needs = f" < {','.join(step.needs)}" if step.needs else ""
        found.append(f"{step.operation} {json.dumps(step.fields, sort_keys=True)}{needs}")
    return found


INFRA = '{"folder": "./infra"}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("terraform plan in ./infra", [f"terraform.plan {INFRA}"]),
        ("apply ./infra", [f"terraform.apply {INFRA}"]),
        ("please run terraform apply in ./infra", [f"terraform.apply {INFRA}"]),
        ("provision ./infra", [f"terraform.apply {INFRA}"]),
        ("destroy the stack in ./infra", [f"terraform.destroy {INFRA}"]),
        ("tear down ./infra with terraform", [f"terraform.destroy {INFRA}"]),
        ("terraform init ./infra", [f"terraform.init {INFRA}"]),
        ("validate the terraform in ./infra", [f"terraform.validate {INFRA}"]),
        ("is the terraform in ./infra valid?", [f"terraform.validate {INFRA}"]),
        ("format ./infra", [f"terraform.fmt {INFRA}"]),
        ("check the format of the terraform in ./infra", [f"terraform.fmt_check {INFRA}"]),
        ("show outputs of ./infra", [f"terraform.output {INFRA}"]),
        ("list the terraform state of ./infra", [f"terraform.state_list {INFRA}"]),
        ("what is in the terraform state of ./infra?", [f"terraform.state_list {INFRA}"]),
        ("what would terraform change in ./infra", [f"terraform.plan {INFRA}"]),
        ("list the workspaces of ./infra", [f"terraform.workspaces {INFRA}"]),
        ("terraform version", ["terraform.version {}"]),
        ("terraform plan -destroy ./infra", ['terraform.plan {"destroy": true, "folder": "./infra"}']),
        (
            "show terraform_data.a in the terraform state of ./infra",
            ['terraform.show {"address": "terraform_data.a", "folder": "./infra"}'],
        ),
        (
            "apply ./infra with region=eu-west-1 in workspace staging",
            ['terraform.apply {"folder": "./infra", "variables": {"region": "eu-west-1"}, "workspace": "staging"}'],
        ),
        (
            "terraform -chdir=infra apply -auto-approve -var 'name=a b' -target=terraform_data.a",
            ['terraform.apply {"folder": "infra", "targets": ["terraform_data.a"], "variables": {"name": "a b"}}'],
        ),
        (
            "apply ./infra replacing terraform_data.a with db_password=hunter22",
            [
                (
                    'terraform.apply {"folder": "./infra", "replace": ["terraform_data.a"], '
                    '"secret_variables": {"db_password": "hunter22"}}'
                )
            ],
        ),
        (
            "plan ./infra with values of prod.tfvars",
            ['terraform.plan {"folder": "./infra", "var_files": ["prod.tfvars"]}'],
        ),
        (
            "apply ./net with region=us",
            [
                'terraform.init {"folder": "./net"}',
                'terraform.apply {"folder": "./net", "variables": {"region": "us"}} < s1',
            ],
        ),
        (
            "terraform init ./net and then terraform apply ./net with region=us",
            [
                'terraform.init {"folder": "./net"}',
                'terraform.apply {"folder": "./net", "variables": {"region": "us"}} < s1',
            ],
        ),
        (
            "create workspace blue in ./infra and then apply ./infra in workspace blue",
            [
                'terraform.workspace_new {"folder": "./infra", "new": "blue"}',
                'terraform.apply {"folder": "./infra", "workspace": "blue"} < s1',
            ],
        ),
        ("remove workspace blue of ./infra", ['terraform.workspace_delete {"folder": "./infra", "new": "blue"}']),
        ("apply ./infra and then destroy it", [f"terraform.apply {INFRA}", f"terraform.destroy {INFRA} < s1"]),
        ("delete the folder ./infra", ['file.remove {"path": "./infra", "recursive": true}']),
        ("list the terraform state", ["? Which terraform folder? There are ./infra, ./net."]),
        ("apply ./net", ["? What is the value of the variable region of ./net?"]),
        (
            "apply ./infra in workspace nowhere",
            ["? There is no workspace nowhere in ./infra (there are: default, staging)."],
        ),
        ("terraform plan in ./old", ["? There are no terraform files in ./old. Which folder?"]),
        ("create a workspace in ./infra", ["? Which workspace should I create?"]),
    ],
)
async def test_requests(text: str, expected: list[str], context: PlanningContext) -> None:
    assert await steps(text, context) == expected


@pytest.mark.parametrize(
    "text", ["terraform apply in prod", "terraform destroy prod", "apply the terraform in the prod folder"]
)
async def test_a_folder_that_is_not_there_is_never_replaced_by_the_only_one(
    text: str, context: PlanningContext, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "net")
    assert await steps(text, context) == ["? There is no folder prod here. There are ./infra."]


@pytest.mark.parametrize("text", ["terraform apply", "apply the terraform changes now", "terraform apply again"])
async def test_the_only_folder_is_taken_when_none_is_named(text: str, context: PlanningContext, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "net")
    assert (await steps(text, context))[-1].startswith("terraform.apply")


async def test_the_only_folder_is_taken_and_said(context: PlanningContext, tmp_path: Path) -> None:
    (tmp_path / "net" / "main.tf").unlink()
    draft = await OfflinePlanner().draft("list the terraform state", context)
    assert draft.steps[0].fields == {"folder": "./infra"}
    assert "the terraform files are in ./infra" in draft.assumptions


async def test_a_reply_completes_the_question(context: PlanningContext) -> None:
    planner = OfflinePlanner()
    asked = await planner.draft("apply ./net", context)
    assert asked.question is not None
    draft = await planner.draft("eu", context)
    assert draft.steps[-1].fields == {"folder": "./net", "variables": {"region": "eu"}}


async def test_a_value_that_is_there_is_not_asked_for(context: PlanningContext, tmp_path: Path) -> None:
    (tmp_path / "net" / "terraform.tfvars").write_text('region = "eu"\n')
    assert (await steps("apply ./net", context))[-1] == 'terraform.apply {"folder": "./net"} < s1'


async def test_a_folder_named_by_a_word_and_one_below_it(context: PlanningContext, tmp_path: Path) -> None:
    assert await steps("apply the terraform in infra", context) == ['terraform.apply {"folder": "infra"}']
    (tmp_path / "old" / "live").mkdir()
    (tmp_path / "old" / "live" / "main.tf").touch()
    assert await steps("apply ./old", context) == ['terraform.apply {"folder": "./old/live"}']


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("terraform fmt -recursive", "format terraform recursively"),
        ("tofu plan -var-file=a.tfvars", "plan terraform with values of a.tfvars"),
        ("terraform workspace new blue", "create workspace blue of terraform"),
        ("terraform state show a_b.c", "show a_b.c in the state of terraform"),
        ("terraform init -upgrade", "init terraform with upgrade"),
        ("terraform apply -lock=false", None),
        ("apply it", None),
    ],
)
def test_command_lines_in_words(line: str, words: str | None) -> None:
    assert in_words(line) == words
