"""Approvals of terraform's own plans: each ingredient moves by itself between the question and its answer."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from reign_agents.plan.model import Plan
from reign_agents.session import Session
from tests.safety.conftest import answered_after, reviewed, steps, voided

MAIN = """
variable "size" {
  default = 1
}
resource "terraform_data" "web" {
  input = "web-${var.size}"
}
"""


class Stack:
    """A configuration in the session's folder that was applied once, and what somebody else does there."""

    def __init__(self, folder: Path, program: str) -> None:
        self.folder, self._program = folder, program
        folder.mkdir()
        self.write("main.tf", MAIN)
        self.terraform("init")
        self.terraform("apply", "-auto-approve")
        self.write("terraform.tfvars", "size = 2\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def terraform(self, *words: str) -> None:
        given = {**os.environ, "TF_IN_AUTOMATION": "1"}
        subprocess.run([self._program, *words], cwd=self.folder, env=given, check=True, capture_output=True)

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / "terraform.tfstate").read_text())
        return found

    def rewrite(self, **changes: Any) -> None:
        self.write("terraform.tfstate", json.dumps({**self.state, **changes}))

    @property
    def web(self) -> str:
        """What the one resource holds now."""
        return str(self.state["resources"][0]["instances"][0]["attributes"]["input"]["value"])


@pytest.fixture
def stack(session: Session, terraform_program: str) -> Stack:
    return Stack(session.settings.cwd / "infra", terraform_program)


def apply(**fields: Any) -> Plan:
    return steps(("terraform.apply", {"folder": "infra", **fields}))


async def test_somebody_applied_meanwhile(session: Session, stack: Stack) -> None:
    said = await voided(session, apply(), lambda: stack.terraform("apply", "-auto-approve", "-var=size=3"))
    assert "serial is no longer" in said
    assert stack.web == "web-3"


async def test_the_serial_alone_moved(session: Session, stack: Stack) -> None:
    """Somebody took a lock, refreshed, imported and removed: the state was written, its resources are as before."""
    serial = stack.state["serial"]
    said = await voided(session, apply(), lambda: stack.rewrite(serial=serial + 1))
    assert "serial is no longer" in said
    assert "lineage" not in said
    assert stack.web == "web-1"


async def test_another_state_took_its_place(session: Session, stack: Stack) -> None:
    other = "00000000-0000-0000-0000-000000000000"
    said = await voided(session, apply(), lambda: stack.rewrite(lineage=other))
    assert "lineage is no longer" in said
    assert stack.web == "web-1"


async def test_a_file_of_the_configuration_is_edited(session: Session, stack: Stack) -> None:
    """Even by a word that changes nothing which is planned."""
    said = await voided(session, apply(), lambda: stack.write("main.tf", MAIN + "# for the audit\n"))
    assert "configuration is no longer" in said
    assert stack.web == "web-1"


async def test_a_file_is_added(session: Session, stack: Stack) -> None:
    more = 'resource "terraform_data" "more" {}\n'
    said = await voided(session, apply(), lambda: stack.write("more.tf", more))
    assert "new: create infra/terraform_data.more" in said
    assert stack.web == "web-1"


async def test_a_variable_changes(session: Session, stack: Stack) -> None:
    said = await voided(session, apply(), lambda: stack.write("terraform.tfvars", "size = 5\n"))
    assert "infra/terraform_data.web is not the one shown" in said
    assert stack.web == "web-1"


async def test_a_variable_of_the_environment_changes(
    session: Session, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stack.folder / "terraform.tfvars").unlink()
    monkeypatch.setenv("TF_VAR_size", "2")
    said = await voided(session, apply(), lambda: monkeypatch.setenv("TF_VAR_size", "5"))
    assert "infra/terraform_data.web is not the one shown" in said
    assert stack.web == "web-1"


async def test_another_workspace_is_chosen_elsewhere(session: Session, stack: Stack) -> None:
    """The plan stays in the workspace that was chosen when it was shown."""
    plan = await session.check_plan(apply())
    stack.terraform("workspace", "new", "other")
    end = await reviewed(session, plan)
    assert end.exit == 0, end
    assert stack.web == "web-2"
    assert not (stack.folder / "terraform.tfstate.d" / "other" / "terraform.tfstate").exists()


async def test_another_workspace_is_chosen_while_it_asks(session: Session, stack: Stack) -> None:
    end = await answered_after(session, apply(), lambda: stack.terraform("workspace", "new", "other"))
    assert end.exit == 0, end
    assert stack.web == "web-2"


async def test_a_state_that_is_only_looked_at_voids_nothing(session: Session, stack: Stack) -> None:
    """Somebody plans, lists and touches the file; its time moves, its content does not."""

    def look() -> None:
        stack.terraform("plan", "-lock=false")
        stack.terraform("state", "list")
        (stack.folder / "terraform.tfstate").touch()

    plan = await session.check_plan(apply())
    look()
    end = await reviewed(session, plan)
    assert end.exit == 0, end
    assert stack.web == "web-2"
