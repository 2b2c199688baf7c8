"""Commands and scripts on this machine."""

from __future__ import annotations

from reign_executors.shell.analysis import analyse

from reign_agents.plan.model import Step
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.wish import Wish


def command_step(name: str, command: str) -> Step:
    """The step that runs a command: a plain read when the analyser proves it is one."""
    operation = "shell.read" if analyse(command).read_only else "shell.command"
    return Step(name, operation, {"command": command}, "you asked for this command", (), "shell")


async def _command(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    command = next(iter(wish.quoted()), None)
    if command is None:
        return Question("Which command should I run?", ("run command `uname -a`", "!uname -a"))
    step = command_step("", command)
    outline.add(step.operation, step.fields, step.why)
    return None


async def _script(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    path = next(iter(wish.paths()), None)
    if path is None:
        return Question("Which script should I run?", ("run script ./deploy.sh",))
    outline.add("shell.script", {"path": path}, f"run the script {path}")
    return None


RECIPES = (
    Recipe(
        "shell.command",
        frozenset({"run", "exec"}),
        frozenset(),
        _command,
        "run command `uname -a`",
        fits=lambda wish: bool(wish.quoted()) and not wish.word("image") and not wish.has("in", "inside", "container"),
        rank=1,
    ),
    Recipe(
        "shell.script",
        frozenset({"run", "exec"}),
        frozenset({"script", "file"}),
        _script,
        "run script ./deploy.sh",
        fits=lambda wish: any(path.endswith((".sh", ".bash")) for path in wish.paths()) or wish.has("script"),
        rank=1,
    ),
)
