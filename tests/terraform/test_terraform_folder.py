"""Init, fmt and what only reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reign_executors.effect import Action, UndoPromise
from reign_executors.errors import InvalidFields, NotFound, OperationError
from reign_executors.terraform.configuration import read_configuration
from reign_executors.terraform.difference import difference
from reign_executors.terraform.failures import NotInitialised, error_of, plain_diagnostics
from reign_executors.terraform.init import locked
from reign_executors.terraform.stores import holds_data
from tests.terraform.conftest import Stack

LOCAL = """
resource "local_file" "note" {
  filename = "note.txt"
  content  = "hello"
}
"""


async def test_init_fetches_a_provider_and_its_undo_takes_all_away(stack: Stack, terraform_config: Path) -> None:
    stack.write("local.tf", LOCAL)
    operation, call = stack.build("init"), stack.call()
    effect = await operation.preview(call)
    assert {change.action for change in effect.changes} == {Action.CREATE}
    assert "provider hashicorp/local" in str(effect.changes[0].diff)
    assert any("programs are fetched" in note for note in effect.notes)
    assert effect.undo is UndoPromise.EXACT
    before = await operation.capture(call)
    outputs = await operation.execute(call)
    assert "hashicorp/local" in outputs.providers
    assert (await operation.verify(call, outputs)).ok
    assert (await operation.probe(call)).state == "done"
    again = await operation.preview(stack.call())
    assert not again.changes
    upgrade = await stack.build("init", upgrade=True).preview(stack.call())
    assert upgrade.undo is UndoPromise.REVERT
    inverse = operation.undo(before, outputs.model_dump(mode="json"))
    assert inverse is not None
    undoing = stack.call()
    assert not (await inverse.preview(undoing)).problems
    await inverse.execute(undoing)
    assert sorted(path.name for path in stack.folder.iterdir()) == ["local.tf", "main.tf"]


async def test_a_real_provider_is_applied_changed_and_led_back_in_its_own_folder(
    stack: Stack, terraform_config: Path
) -> None:
    """Relative paths of the provider stay relative to the real folder, though the way back is planned elsewhere."""
    stack.write("local.tf", LOCAL)
    await stack.build("init").execute(stack.call())
    await stack.applied()
    note = stack.folder / "note.txt"
    assert note.read_text() == "hello"
    stack.write("local.tf", LOCAL.replace("hello", "goodbye"))
    operation, call = stack.build("apply"), stack.call()
    await operation.preview(call)
    before = await operation.capture(call)
    outputs = await operation.execute(call)
    assert note.read_text() == "goodbye"
    inverse = operation.undo(before, outputs.model_dump(mode="json"))
    undoing = stack.call()
    assert not (await inverse.preview(undoing)).problems
    undone = await inverse.execute(undoing)
    assert (await inverse.verify(undoing, undone)).ok
    assert note.read_text() == "hello"
    note.unlink()
    drifted = await stack.build("apply").preview(stack.call())
    assert any("outside of terraform" in one for one in drifted.notes) or drifted.changes


async def test_a_provider_that_no_mirror_has(stack: Stack, terraform_config: Path) -> None:
    stack.write("gone.tf", 'resource "nosuch_thing" "x" {}\n')
    with pytest.raises(OperationError) as raised:
        await stack.build("init").execute(stack.call())
    assert raised.value.kind in ("not_found", "connection_lost")
    assert "hashicorp/nosuch" in raised.value.cause
    assert not (stack.folder / ".terraform.lock.hcl").exists()


async def test_backend_settings_reach_init_in_a_private_file(stack: Stack) -> None:
    stack.write("backend.tf", 'terraform {\n  backend "local" {}\n}\n')
    operation, call = stack.build("init", backend_config={"path": "kept/here.tfstate"}), stack.call()
    assert "kept" not in operation.command_line()
    effect = await operation.preview(call)
    assert "backend local" in str(effect.changes[0].diff)
    outputs = await operation.execute(call)
    assert outputs.backend == "local"
    assert not list(call.folder.glob("*.tfbackend"))
    await stack.applied()
    assert (stack.folder / "kept" / "here.tfstate").is_file()
    stack.write("backend.tf", 'terraform {\n  backend "local" {\n    path = "other.tfstate"\n  }\n}\n')
    with pytest.raises(NotInitialised):
        await stack.build("init").execute(stack.call())


async def test_fmt_shows_and_rewrites(stack: Stack) -> None:
    stack.write("ugly.tf", 'output "x" {\nvalue=1\n}\n')
    stack.write("below/ugly.tf", 'output "y" {\nvalue=2\n}\n')
    check = await stack.build("fmt_check", recursive=True).execute(stack.call())
    assert [Path(name).name for name in check.files] == ["ugly.tf", "ugly.tf"]
    operation, call = stack.build("fmt"), stack.call()
    effect = await operation.preview(call)
    assert [change.resource for change in effect.changes] == [f"file/{stack.folder}/ugly.tf"]
    assert "+  value = 1" in str(effect.changes[0].diff)
    outputs = await operation.execute(call)
    assert outputs.files == (str(stack.folder / "ugly.tf"),)
    assert "value = 1" in (stack.folder / "ugly.tf").read_text()
    assert not (await stack.build("fmt").preview(stack.call())).changes
    assert (await stack.build("fmt").execute(stack.call())).changed is False
    assert (await stack.build("fmt_check").execute(stack.call())).formatted


async def test_validate_names_line_and_code(stack: Stack) -> None:
    good = await stack.build("validate").execute(stack.call())
    assert (good.valid, good.errors) == (True, 0)
    stack.write("bad.tf", 'resource "terraform_data" "x" {\n  nonsense = 1\n}\n')
    bad = await stack.build("validate").execute(stack.call())
    assert not bad.valid
    assert bad.problems[0].startswith("bad.tf:2")
    assert "nonsense = 1" in bad.problems[0]


async def test_validate_before_init(stack: Stack) -> None:
    stack.write("local.tf", LOCAL)
    with pytest.raises(NotInitialised):
        await stack.build("validate").execute(stack.call())


async def test_queries_of_an_applied_stack(stack: Stack) -> None:
    empty = await stack.build("state_list").execute(stack.call())
    assert empty.addresses == ()
    await stack.applied()
    listed = await stack.build("state_list").execute(stack.call())
    assert listed.addresses == ("terraform_data.db", "terraform_data.web")
    outputs = await stack.build("output").execute(stack.call())
    assert (outputs.values, outputs.sensitive) == ({"web": "web-1"}, ("token",))
    one = await stack.build("output", output="web").execute(stack.call())
    assert one.values == {"web": "web-1"}
    with pytest.raises(NotFound, match="nothing"):
        await stack.build("output", output="nothing").execute(stack.call())
    shown = await stack.build("show", address="terraform_data.web").execute(stack.call())
    assert shown.resources["terraform_data.web"]["input"] == "web-1"
    with pytest.raises(NotFound):
        await stack.build("show", address="terraform_data.none").execute(stack.call())
    plan = await stack.build("plan", destroy=True).execute(stack.call())
    assert (plan.sentence, plan.risk) == ("2 to delete", "destroy")
    nothing = await stack.build("plan").execute(stack.call())
    assert (nothing.sentence, nothing.risk) == ("no changes", "read")
    version = await stack.build("version").execute(stack.call())
    assert version.version[0].isdigit()


@pytest.mark.parametrize(
    ("folder", "says"),
    [
        ("nowhere", "there is no folder"),
        ("infra/main.tf", "is a file"),
        ("empty", "did you mean"),
        ("runs", "holds *.tf"),
    ],
)
async def test_a_folder_without_configuration(stack: Stack, folder: str, says: str) -> None:
    (stack.top / "empty" / "deep").mkdir(parents=True)
    (stack.top / "empty" / "deep" / "main.tf").touch()
    (stack.top / "runs").mkdir()
    with pytest.raises(OperationError) as raised:
        await stack.build("validate", folder=folder).execute(stack.call())
    assert says in str(raised.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"folder": ""},
        {"workspace": "a b"},
        {"variables": {"1x": 1}},
        {"targets": ["-lock=false"]},
        {"replace": ["a;b"]},
    ],
)
def test_fields_that_can_not_be(stack: Stack, fields: dict[str, object]) -> None:
    with pytest.raises(InvalidFields):
        stack.build("apply", **fields)


async def test_values_from_files_and_a_file_that_is_missing(stack: Stack) -> None:
    stack.write("big.tfvars", "size = 8\n")
    outputs = await stack.applied(var_files=["big.tfvars"])
    assert outputs.values["web"] == "web-8"
    effect = await stack.build("apply", var_files=["none.tfvars"]).preview(stack.call())
    assert "none.tfvars" in effect.problems[0].text
    with pytest.raises(InvalidFields):
        stack.build("destroy", replace=["terraform_data.web"]).wanted(stack.call(), destroy=True)
    words = stack.build("apply", variables={"size": 2, "list": [1]}, targets=["a.b"], replace=["c.d"]).command_line()
    assert words == "terraform -chdir=infra apply -var=size=2 -var='list=[1]' -target=a.b -replace=c.d"


def test_configuration_is_read_without_running_it(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text(
        """
        # backend "s3" {}
        terraform {
          required_providers {
            aws = { source = "hashicorp/aws", version = "~> 5.0" }
            null = "3.0"
          }
          backend "s3" {
            bucket = "state" // not the key
          }
        }
        /* variable "hidden" {} */
        variable "region" {}
        variable "zone" { default = "a" }
        module "net" { source = "./net" }
        resource "google_x" "y" {
          provider = google-beta.eu
        }
        data "external" "run" { program = ["x"] }
        provider "vault" {}
        """
    )
    (tmp_path / "more.tf.json").write_text(
        json.dumps(
            {
                "resource": {"random_id": {"x": {}}},
                "variable": {"name": {}, "other": {"default": 1}},
                "module": {"db": {"source": "./db"}},
                "terraform": {"required_providers": {"helm": {"source": "hashicorp/helm", "version": "2"}}},
            }
        )
    )
    (tmp_path / "broken.tf.json").write_text("{")
    (tmp_path / "list.tf.json").write_text("[]")
    found = read_configuration(tmp_path)
    assert (found.backend, found.backend_said) == ("s3", True)
    assert found.required == ("region", "name")
    assert found.modules == {"db": "./db", "net": "./net"}
    assert found.providers["aws"] == ("hashicorp/aws", "~> 5.0")
    assert found.providers["null"] == ("hashicorp/null", "3.0")
    assert {"google-beta", "external", "vault", "random", "helm"} <= set(found.providers)
    assert found.external
    assert found.resources == {"google_x.y", "random_id.x"}
    (tmp_path / ".terraform.lock.hcl").write_text(
        'provider "registry.terraform.io/hashicorp/aws" {\n  version = "5.1.0"\n  hashes = []\n}\n'
    )
    assert locked(tmp_path) == {"hashicorp/aws": "5.1.0"}


@pytest.mark.parametrize(
    ("kind", "holds"),
    [
        ("aws_db_instance", True),
        ("aws_s3_bucket", True),
        ("google_bigtable_table", True),
        ("made_up_volume", True),
        ("aws_instance", False),
        ("aws_s3_bucket_policy", False),
        ("terraform_data", False),
    ],
)
def test_what_holds_data(kind: str, holds: bool) -> None:
    assert holds_data(kind) is holds


@pytest.mark.parametrize(
    ("change", "lines"),
    [
        ({"before": {"a": 1, "b": [1]}, "after": {"a": 2, "b": [1]}}, "~ a: 1 → 2"),
        ({"before": None, "after": {"tags": {"x": "y"}, "none": None}}, '+ tags.x: "y"'),
        ({"before": {"a": "x"}, "after": {"a": None}}, '- a: "x"'),
        ({"before": {"p": "s"}, "after": {"p": "t"}, "after_sensitive": {"p": True}}, "~ p: <sensitive>"),
        ({"before": {"p": "s"}, "after": {}, "before_sensitive": {"p": True}}, "- p: <sensitive>"),
        (
            {"before": {"l": ["a", "b"]}, "after": {"l": ["a", "c"]}, "after_sensitive": {"l": [False, True]}},
            "~ l.1: <sensitive>",
        ),
        ({"before": {"a": 1}, "after": {}, "after_unknown": {"a": True}}, "~ a: 1 → (known after apply)"),
        ({"before": {"a": {"b": 1}}, "after": {"a": [1]}}, '~ a: {"b": 1} → [1]'),
        ({"before": {}, "after": {}}, None),
    ],
)
def test_differences(change: dict[str, object], lines: str | None) -> None:
    assert difference(change) == lines


def test_long_differences_are_bounded() -> None:
    many = difference({"before": None, "after": {f"k{n:03}": "x" * 500 for n in range(100)}})
    assert many is not None
    assert many.endswith("… 40 more")
    assert max(len(line) for line in many.splitlines()) < 200
    assert difference({"before": None, "after": {"a": "my-secret"}}, ["my-secret"]) == "+ a: <sensitive>"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Error: Error acquiring the state lock\n\nLock Info:\n  ID:  abc\n  Who:  ana@host\n", "state_locked"),
        ("Error: Failed to install provider\n\nError while installing hashicorp/aws: dial tcp", "connection_lost"),
        ("Error: Instance cannot be destroyed\n\nResource aws_x.y has lifecycle.prevent_destroy set", "conflict"),
        ("Error: error configuring provider\n\nno valid credential sources found", "permission"),
        ("Error: creating\n\nAccessDenied: not allowed to do that", "permission"),
        ("Error: Error loading state: dial tcp 10.0.0.1: connection refused", "connection_lost"),
        ("Error: Workspace already exists", "not_found"),
        ("Error: Failed to write\n\nthe state lineage differs", "target_moved"),
        ("Error: something else", "terraform_failed"),
        ("nothing of the kind", "terraform_failed"),
        (
            "│ Error: Unsupported argument\n│ \n│   on main.tf line 3, in resource:\n│    3: x = 1",
            "invalid_configuration",
        ),
    ],
)
def test_words_become_typed_errors(text: str, kind: str) -> None:
    error = error_of(plain_diagnostics(text), None, "plan x", Path("/x"))
    assert (error.kind, bool(error.cause), bool(error.way_out)) == (kind, True, True)
