"""``terraform.*``: every change of terraform, on configurations that need no provider from outside."""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import ClassVar

from reign_executors.effect import UndoPromise
from reign_executors.errors import InvalidFields, NotFound, OperationError
from reign_executors.operation import Change, Operation, Outputs
from reign_executors.terraform.apply import Apply, Destroy
from reign_executors.terraform.failures import InvalidConfiguration, VariableMissing
from reign_executors.terraform.formatting import Format
from reign_executors.terraform.init import Init
from reign_executors.terraform.program import variables_of
from reign_executors.terraform.restore import Restore
from reign_executors.terraform.workspaces import WorkspaceDelete, WorkspaceNew
from tests.contract.scenario import Scenario

MAIN = """
variable "size" {
  default = 1
}
variable "name" {}
resource "terraform_data" "web" {
  input = "web-${var.size}"
}
resource "terraform_data" "db" {
  input            = { name = var.name }
  triggers_replace = [var.name]
}
output "web" {
  value = terraform_data.web.output
}
"""


@cache
def _folders() -> Path:
    place = Path(tempfile.mkdtemp(prefix="reign-test-terraform-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    return place


class TerraformScenario(Scenario):
    """A folder ``infra`` with two resources."""

    fixtures: ClassVar[tuple[str, ...]] = ("terraform_program",)

    @property
    def infra(self) -> Path:
        return self.place / "infra"

    async def prepare(self) -> None:
        self.infra.mkdir()
        (self.infra / "main.tf").write_text(MAIN)
        (self.infra / "names.auto.tfvars").write_text('name = "orders"\n')
        await self.arrange()

    async def arrange(self) -> None:
        """What this scenario needs beyond that."""

    def once(self, made: Callable[[], None]) -> None:
        """Let ``made`` work in the folder, for the first of this class; the others begin with a copy of what it left.
        Nothing in there names the folder.
        """
        kept = _folders() / type(self).__name__
        if kept.exists():
            shutil.copytree(kept, self.infra, dirs_exist_ok=True, symlinks=True)
            return
        made()
        shutil.copytree(self.infra, kept, symlinks=True)

    def applied(self) -> None:
        self.terraform("apply", "-auto-approve", "-input=false")

    def terraform(self, *words: str) -> str:
        """What somebody else does with the same program."""
        program = self.given["terraform_program"]
        done = subprocess.run(
            [program, *words],
            cwd=self.infra,
            env=variables_of(self.call()),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    async def snapshot(self) -> object:
        """Every file's bytes, of the states only what is in them: each write gives a new serial."""
        found: dict[str, object] = {}
        for path in sorted(self.infra.rglob("*")):
            name = str(path.relative_to(self.infra))
            if path.is_dir() or name.endswith(".backup"):
                continue
            if name.endswith(".tfstate") and ".terraform/" not in name:
                state = json.loads(path.read_bytes())
                found[name] = (state["outputs"], state["resources"])
            else:
                found[name] = path.read_bytes()
        return found

    async def meddle(self, outputs: Outputs) -> None:
        self.terraform("apply", "-auto-approve", "-input=false", "-var=size=9")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        (self.infra / "names.auto.tfvars").unlink()
        return type(self.build()).model_validate({"folder": "infra"}), VariableMissing


class ApplyFirst(TerraformScenario):
    operation: ClassVar[str] = "terraform.apply"
    undo: ClassVar[UndoPromise] = UndoPromise.REVERT

    def build(self) -> Change:
        return Apply(folder="infra")


class ApplyChange(TerraformScenario):
    """One resource is changed, one replaced, one is new; the old values come back from the state."""

    operation: ClassVar[str] = "terraform.apply"
    undo: ClassVar[UndoPromise] = UndoPromise.RECREATE

    async def arrange(self) -> None:
        self.once(self.applied)
        (self.infra / "more.tf").write_text('resource "terraform_data" "more" {\n  input = "more"\n}\n')

    def build(self) -> Change:
        return Apply(folder="infra", variables={"size": 2}, secret_variables={"name": "billing"})

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        (self.infra / "broken.tf").write_text('resource "terraform_data" {\n}\n')
        return self.build(), InvalidConfiguration


class DestroyAll(TerraformScenario):
    operation: ClassVar[str] = "terraform.destroy"
    undo: ClassVar[UndoPromise] = UndoPromise.RECREATE

    async def arrange(self) -> None:
        self.once(self.applied)

    def build(self) -> Change:
        return Destroy(folder="infra")


class DestroyInWorkspace(TerraformScenario):
    """Another workspace than the chosen one, named by a field; one of two resources is meant."""

    operation: ClassVar[str] = "terraform.destroy"
    undo: ClassVar[UndoPromise] = UndoPromise.RECREATE

    async def arrange(self) -> None:
        self.once(self.staged)

    def staged(self) -> None:
        self.terraform("workspace", "new", "staging")
        self.applied()
        self.terraform("workspace", "select", "default")

    def build(self) -> Change:
        return Destroy(folder="infra", workspace="staging", targets=("terraform_data.db",))

    async def meddle(self, outputs: Outputs) -> None:
        self.terraform("workspace", "select", "staging")
        await super().meddle(outputs)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Destroy(folder="infra", workspace="nowhere"), NotFound


class RestoreApplied(TerraformScenario):
    """What the undo of a first apply runs; its own undo makes the resources again."""

    operation: ClassVar[str] = "terraform.restore"
    undo: ClassVar[UndoPromise] = UndoPromise.RECREATE
    has_command: ClassVar[bool] = False

    async def arrange(self) -> None:
        applying, call = Apply(folder="infra"), self.call()
        before = await applying.capture(call)
        outputs = await applying.execute(call)
        inverse = applying.undo(before, outputs.model_dump(mode="json"))
        assert isinstance(inverse, Restore)
        self.inverse = inverse

    def build(self) -> Change:
        return self.inverse

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        self.terraform("apply", "-auto-approve", "-input=false", "-var=size=3")
        return self.inverse, OperationError


class InitModule(TerraformScenario):
    operation: ClassVar[str] = "terraform.init"

    async def arrange(self) -> None:
        (self.infra / "part").mkdir()
        (self.infra / "part" / "main.tf").write_text('resource "terraform_data" "inner" {}\n')
        (self.infra / "module.tf").write_text(
            'terraform {\n  backend "local" {}\n}\nmodule "part" {\n  source = "./part"\n}\n'
        )

    def build(self) -> Change:
        return Init(folder="infra")

    async def meddle(self, outputs: Outputs) -> None:
        (self.infra / ".terraform" / "theirs").write_text("not yours\n")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Init(folder="nowhere"), NotFound


class FormatFiles(TerraformScenario):
    operation: ClassVar[str] = "terraform.fmt"

    async def arrange(self) -> None:
        (self.infra / "names.auto.tfvars").write_text('name   = "orders"\n')
        (self.infra / "below").mkdir()
        (self.infra / "below" / "main.tf").write_text('output "x" {\nvalue=1\n}\n')

    def build(self) -> Change:
        return Format(folder="infra", recursive=True)

    async def meddle(self, outputs: Outputs) -> None:
        (self.infra / "names.auto.tfvars").write_text('name = "theirs"\n')

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        (self.infra / "main.tf").write_text("resource {{{\n")
        return Format(folder="infra"), OperationError


class MakeWorkspace(TerraformScenario):
    operation: ClassVar[str] = "terraform.workspace_new"

    def build(self) -> Change:
        return WorkspaceNew(folder="infra", new="staging")

    async def snapshot(self) -> object:
        folders = self.infra / "terraform.tfstate.d"
        chosen = self.infra / ".terraform" / "environment"
        return sorted(folders.iterdir()) if folders.is_dir() else [], chosen.exists()

    async def meddle(self, outputs: Outputs) -> None:
        self.terraform("workspace", "select", "staging")
        self.terraform("apply", "-auto-approve", "-input=false")
        self.terraform("workspace", "select", "default")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return WorkspaceNew(folder="infra", new="default"), InvalidFields


class RemoveWorkspace(MakeWorkspace):
    operation: ClassVar[str] = "terraform.workspace_delete"
    meddles: ClassVar[bool] = False

    async def arrange(self) -> None:
        self.once(self.two_workspaces)

    def two_workspaces(self) -> None:
        self.terraform("workspace", "new", "staging")
        self.terraform("workspace", "select", "default")

    def build(self) -> Change:
        return WorkspaceDelete(folder="infra", new="staging")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return WorkspaceDelete(folder="infra", new="default"), InvalidFields
