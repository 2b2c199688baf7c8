"""A folder with a configuration that needs no provider from outside, and calls into it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from reign_executors.call import Call, MemoryBlobs
from reign_executors.operation import Operation
from reign_executors.registry import default_registry
from reign_executors.terraform.program import variables_of

MAIN = """
variable "size" {
  default = 1
}
variable "token" {
  default   = "hunter-two"
  sensitive = true
}
resource "terraform_data" "web" {
  input = "web-${var.size}"
}
resource "terraform_data" "db" {
  input            = { token = var.token }
  triggers_replace = [var.size]
}
output "web" {
  value = terraform_data.web.output
}
output "token" {
  value     = var.token
  sensitive = true
}
"""


@dataclass
class Stack:
    """``folder`` holds the configuration; ``call()`` gives a call with a folder of its own, ``said`` is its output."""

    top: Path
    program: str
    blobs: MemoryBlobs = field(default_factory=MemoryBlobs)
    said: bytearray = field(default_factory=bytearray)
    calls: int = 0

    @property
    def folder(self) -> Path:
        return self.top / "infra"

    def call(self, **more: Any) -> Call:
        self.calls += 1
        folder = self.top / "runs" / str(self.calls)
        folder.mkdir(parents=True)
        given = {"key": f"r_t/s{self.calls}", "folder": folder, "blobs": self.blobs, "cwd": self.top}
        return Call(**{**given, "write": self.said.extend, **more})

    def build(self, name: str, **fields: Any) -> Any:
        built: Operation = default_registry().build(f"terraform.{name}", {"folder": "infra", **fields})
        return built

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def terraform(self, *words: str) -> str:
        """What somebody else does in that folder."""
        done = subprocess.run(
            [self.program, *words],
            cwd=self.folder,
            env=variables_of(self.call()),
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout

    async def applied(self, **fields: Any) -> Any:
        """The outputs of an apply, previewed and executed as the engine does."""
        operation, call = self.build("apply", **fields), self.call()
        assert not (await operation.preview(call)).problems
        return await operation.execute(call)


MakeStack = Callable[[], Stack]


@pytest.fixture
def stack(tmp_path: Path, terraform_program: str) -> Stack:
    """See :class:`Stack`."""
    made = Stack(tmp_path, terraform_program)
    made.write("main.tf", MAIN)
    return made
