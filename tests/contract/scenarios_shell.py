"""``shell.*``: commands and scripts with bash, in a folder of their own."""

from __future__ import annotations

from typing import ClassVar

from reign_executors.effect import UndoPromise
from reign_executors.errors import NotFound, OperationError
from reign_executors.operation import Change, Operation
from reign_executors.shell.operations import CommandFailed, ShellCommand, ShellScript
from tests.contract.scenario import Scenario
from tests.contract.scenarios_file import tree


class Command(Scenario):
    operation: ClassVar[str] = "shell.command"
    undo: ClassVar[UndoPromise] = UndoPromise.NONE
    locks: ClassVar[bool] = False

    async def prepare(self) -> None:
        (self.place / "notes.txt").write_text("one\n")

    async def snapshot(self) -> object:
        return tree(self.place)

    def build(self) -> Change:
        return ShellCommand(command="cp notes.txt twin.txt && echo two >> twin.txt")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return ShellCommand(command="cat nothing.txt > /dev/null"), CommandFailed


class CommandWithInput(Command):
    operation: ClassVar[str] = "shell.command"

    async def prepare(self) -> None:
        await super().prepare()
        (self.place / "sub").mkdir()

    def build(self) -> Change:
        return ShellCommand(
            command='cat > "$NAME.txt"', cwd="sub", environment={"NAME": "typed"}, stdin="what was typed\n"
        )

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return ShellCommand(command="sleep 60", timeout_seconds=0.2), OperationError


class ScriptOfText(Command):
    operation: ClassVar[str] = "shell.script"

    def build(self) -> Change:
        return ShellScript(script='for n in "$@"; do\n  touch "$n.txt"\ndone\n', args=("a", "b"))

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return ShellScript(script="exit 3\n"), CommandFailed


class ScriptOfFile(Command):
    operation: ClassVar[str] = "shell.script"

    async def prepare(self) -> None:
        await super().prepare()
        (self.place / "make.sh").write_text("mkdir -p made\ncp notes.txt made/\n")

    def build(self) -> Change:
        return ShellScript(path="make.sh")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return ShellScript(path="nothing.sh"), NotFound
