"""Terraform as operators ask for it: what is chosen, spared, hung on a condition, and what has no operation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_executors.operation import JsonObject
from reign_executors.registry import default_registry

MAIN = """
variable "region" { default = "eu-central-1" }
variable "count_of" { default = 1 }
resource "terraform_data" "a" {}
resource "local_file" "cfg" {}
module "vpc" { source = "../vpc" }
output "vpc_id" { value = 1 }
"""
STATE = ["local_file.cfg", "terraform_data.a", "terraform_data.many[0]", "module.vpc.aws_vpc.main"]


async def looked(operation: str, _fields: Mapping[str, Any]) -> JsonObject:
    answers: dict[str, JsonObject] = {
        "terraform.workspaces": {"workspaces": ["default", "staging", "prod"]},
        "terraform.state_list": {"addresses": [*STATE]},
        "kubernetes.list": {"objects": []},
        "helm.list": {"releases": []},
    }
    return answers.get(operation, {operation.partition(".")[2].removeprefix("list_"): []})


async def planned(text: str, cwd: Path) -> Draft:
    (cwd / "infra").mkdir(exist_ok=True)
    (cwd / "infra" / "main.tf").write_text(MAIN, "utf-8")
    (cwd / "infra" / "prod.tfvars").write_text('region = "us-west-2"\n', "utf-8")
    context = PlanningContext(EngineSettings(cwd=cwd), default_registry(), looked, recent=(), plan_of=lambda _run: None)
    return await OfflinePlanner().draft(text, context)


def steps_of(draft: Draft) -> list[tuple[str, dict[str, Any]]]:
    return [
        (step.operation.partition(".")[2], {key: value for key, value in step.fields.items() if key != "folder"})
        for step in draft.steps
        if step.operation != "terraform.init"
    ]


VPC = {"targets": ["module.vpc"]}
A = {"targets": ["terraform_data.a"]}
REST = {"targets": ["local_file.cfg", "terraform_data.a", "terraform_data.many[0]"]}


@pytest.mark.parametrize(
    ("text", "operation", "fields"),
    [
        ("destroy module.vpc in infra", "destroy", VPC),
        ("destroy the vpc module in infra", "destroy", VPC),
        ("destroy module vpc in infra", "destroy", VPC),
        ("destroy terraform_data.many[0] in infra", "destroy", {"targets": ["terraform_data.many[0]"]}),
        (
            "destroy terraform_data.a and module.vpc in infra",
            "destroy",
            {"targets": ["terraform_data.a", "module.vpc"]},
        ),
        ("delete resource terraform_data.a from infra", "destroy", A),
        ("destroy the local file in infra", "destroy", {"targets": ["local_file.cfg"]}),
        ("apply infra for module.vpc", "apply", VPC),
        ("apply terraform_data.a in infra", "apply", A),
        ("apply -target=module.vpc in infra", "apply", VPC),
        ("plan infra for module.vpc and terraform_data.a", "plan", {"targets": ["module.vpc", "terraform_data.a"]}),
        ("replace terraform_data.a in infra", "apply", {**A, "replace": ["terraform_data.a"]}),
        ("recreate terraform_data.a in infra", "apply", {**A, "replace": ["terraform_data.a"]}),
    ],
)
async def test_what_is_named_is_all_that_is_touched(
    text: str, operation: str, fields: dict[str, Any], tmp_path: Path
) -> None:
    assert steps_of(await planned(text, tmp_path)) == [(operation, fields)]


@pytest.mark.parametrize(
    "text",
    [
        "destroy everything but the vpc module in infra",
        "destroy everything in infra except module.vpc",
        "destroy infra, keep the vpc",
        "destroy infra but keep module.vpc",
    ],
)
async def test_what_is_spared_is_not_destroyed(text: str, tmp_path: Path) -> None:
    assert steps_of(await planned(text, tmp_path)) == [("destroy", REST)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("apply infra but not the module.vpc", "can't leave out"),
        ("apply infra without terraform_data.a", "can't leave out"),
        ("apply infra except the vpc", "can't leave out"),
        ("destroy everything in infra except the lake", "nothing called “lake”"),
        ("destroy bucket logs in infra", "“bucket logs”"),
        ("destroy the database in infra", "“database”"),
        ("apply infra with 3 nodes", "“3 nodes”"),
        ("apply infra when the vpc is up", "can't wait for “when the vpc is up”"),
        ("destroy infra unless prod is up", "can't wait for “unless prod is up”"),
        ("apply infra only if the plan is clean", "can't wait for"),
        ("apply the saved plan tfplan in infra", "Plans kept in files"),
        ("cd infra && terraform plan -out=tfplan", "Plans kept in files"),
        ("delete the state of infra", "state comes later"),
        ("remove terraform_data.a from infra's state but don't destroy it", "state comes later"),
        ("forget local_file.cfg in infra", "state comes later"),
        ("move terraform_data.a to terraform_data.b in infra's state", "Moving resources"),
        ("rename terraform_data.a to terraform_data.b in the infra state", "Moving resources"),
        ("back up the infra state", "Copying a state"),
        ("import i-0abc123 as aws_instance.web in infra", "Importing"),
        ("taint terraform_data.a in infra", "mark for the next apply"),
        ("force unlock infra", "Breaking a state's lock"),
        ("switch infra to workspace staging", "I switch no workspace"),
        ("refresh the state of infra without changing anything", "refresh by itself"),
        ("delete the prod workspace of infra but keep its resources", "goes with its state"),
        ("apply infra with parallelism 2", "How many at once"),
    ],
)
async def test_what_can_not_be_done_as_said_is_no_plan(text: str, said: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert said in str(draft.question)


async def test_of_two_folders_none_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "main.tf").write_text("", "utf-8")
    for text in ("apply net and infra", "destroy infra and net with terraform"):
        draft = await planned(text, tmp_path)
        assert draft.steps == ()
        assert "in turn" in str(draft.question)


async def test_its_own_command_is_offered(tmp_path: Path) -> None:
    draft = await planned("terraform state rm 'terraform_data.many[0]' in infra", tmp_path)
    assert draft.suggestions[0] == "!terraform -chdir=infra state rm 'terraform_data.many[0]'"


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("destroy infra in staging", [("destroy", {"workspace": "staging"})]),
        ("apply infra to prod", [("apply", {"workspace": "prod"})]),
        ("destroy the staging workspace's resources in infra", [("destroy", {"workspace": "staging"})]),
        ("apply infra with count_of 3", [("apply", {"variables": {"count_of": 3}})]),
        ("apply infra with variable region set to eu-west-1", [("apply", {"variables": {"region": "eu-west-1"}})]),
        ('apply infra with tags={team="web"}', [("apply", {"variables": {"tags": {"team": "web"}}})]),
        ('apply infra with -var \'zones=["a","b"]\'', [("apply", {"variables": {"zones": ["a", "b"]}})]),
        ("apply infra/prod.tfvars", [("apply", {"var_files": ["prod.tfvars"]})]),
        ("apply infra dry run", [("plan", {})]),
        ("don't apply infra, only plan", [("plan", {})]),
        ("don't destroy infra, only show what would go", [("plan", {"destroy": True})]),
        ("is there drift in infra", [("plan", {})]),
        ("did someone change infra by hand", [("plan", {})]),
        ("validate infra, then plan, then apply", [("validate", {}), ("plan", {}), ("apply", {})]),
        ("init and apply infra", [("apply", {})]),
        ("plan infra", [("plan", {})]),
        ("validate infra", [("validate", {})]),
        ("outputs of infra", [("output", {})]),
        ("terraform output -raw vpc_id in infra", [("output", {"output": "vpc_id"})]),
        ("which workspace is infra in", [("workspaces", {})]),
        ("terraform aply infra", [("apply", {})]),
        ("terrafrom plan infra", [("plan", {})]),
        ("tf destory infra", [("destroy", {})]),
    ],
)
async def test_ordinary_words(text: str, steps: list[tuple[str, dict[str, Any]]], tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert draft.question is None
    assert steps_of(draft) == steps


@pytest.mark.parametrize("text", ["remove infra/main.tf", "delete file infra/main.tf"])
async def test_a_file_of_the_configuration_is_no_stack(text: str, tmp_path: Path) -> None:
    draft = await planned(text, tmp_path)
    assert not any(step.operation == "terraform.destroy" for step in draft.steps)


@pytest.mark.parametrize("text", ["nuke infra", "clean up infra"])
async def test_a_folder_with_a_state_is_no_mere_folder(text: str, tmp_path: Path) -> None:
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / "terraform.tfstate").write_text("{}", "utf-8")
    draft = await planned(text, tmp_path)
    assert draft.steps == ()
    assert "holds what terraform knows" in str(draft.question)


async def test_the_folder_goes_where_a_folder_is_meant(tmp_path: Path) -> None:
    draft = await planned("remove the folder infra", tmp_path)
    assert [step.operation for step in draft.steps] == ["file.remove"]
