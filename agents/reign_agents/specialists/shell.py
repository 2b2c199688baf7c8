"""Commands and scripts on this machine."""

from __future__ import annotations

import os
import re
import shlex

from pydantic import JsonValue

from reign_agents.plan.model import Step
from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.wish import Wish
from reign_executors.process.sandbox import protection
from reign_executors.shell.analysis import analyse
from reign_executors.shell.held import doubt

_SCRIPT = re.compile(r"(?<!\S)(?:\.{0,2}/)?[\w./-]+\.(?:sh|bash)(?![\w/])|(?<!\S)\.{1,2}/[\w./-]+(?!\S)")


def command_step(name: str, command: str) -> Step:
    """The step that runs a command: a plain read when the analyser proves it is one, and something holds it to that or
    only the system's own programs run. Whatever else would be refused unasked, so it is planned to be asked.
    """
    analysis = analyse(command)
    unheld = analysis.read_only and doubt(analysis, os.environ) is not None and protection().path is None
    operation = "shell.read" if analysis.read_only and not unheld else "shell.command"
    return Step(name, operation, {"command": command}, "you asked for this command", (), "shell")


async def _command(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    quoted = scan.quoted()
    if len(quoted) > 1:
        return Question("Which of the commands should I run?", tuple(f"run `{text}`" for text in quoted[:5]))
    bare = re.match(
        r"\s*(?:the\s+|this\s+|a\s+)?(?:shell\s+|bash\s+)?(?:command|cmd)\b\s*:?\s*(?P<value>\S.*)$",
        wish.rest,
        re.DOTALL | re.IGNORECASE,
    )
    command = quoted[0] if quoted else bare["value"] if bare else None
    if command is None:
        return Question(
            "Which command should I run?",
            ("run command `uname -a`", "!uname -a"),
            completes="run the command {quoted}",
        )
    step = command_step("", command)
    outline.add(step.operation, step.fields, step.why)
    return None


async def _script(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    path = scan.first(rf"(?P<value>{_SCRIPT.pattern})") or scan.first(r"\bscript\s+(?P<value>[\w./\ue000-\uf8ff-]+)")
    if path is None:
        return Question("Which script should I run?", ("run script ./deploy.sh",), completes="run script {reply}")
    scan.take(
        r"^\s*(?:the\s+|my\s+)?(?:shell\s+|bash\s+)?script\b|"
        r"\bwith(?:\s+the)?(?:\s+arg(?:ument)?s?)?\b|\barg(?:ument)?s\b|\bplease\b|\busing\s+bash\b"
    )
    try:
        args: list[JsonValue] = [*shlex.split(scan.restored(scan.text.strip()))]
    except ValueError:
        return Question("I can't tell where the arguments end: a quote is not closed.", (f"run script {path}",))
    outline.add("shell.script", {"path": path, "args": args}, f"run the script {path}")
    return None


def _is_command(wish: Wish) -> bool:
    text = wish.scan()
    inside = re.search(r"\b(?:in|inside)\s+(?:the\s+)?(?:container\s+)?[\w.-]+\s*$", text.text)
    lone = not re.sub(
        r"[\ue000-\uf8ff]|\b(?:the|this|command|cmd|shell|please|here|on|my|machine|host|locally)\b|[\s.:!]",
        "",
        text.text.lower(),
    )
    leading = re.match(r"\s*(?:the\s+|this\s+|a\s+)?(?:shell\s+|bash\s+)?(?:command|cmd)\b", text.text, re.IGNORECASE)
    return leading is not None or (bool(text.quoted()) and lone and not inside)


RECIPES = (
    Recipe(
        "shell.command",
        frozenset({"run", "exec"}),
        frozenset(),
        _command,
        "run command `uname -a`",
        fits=_is_command,
        rank=3,
    ),
    Recipe(
        "shell.script",
        frozenset({"run", "exec", "start"}),
        frozenset(),
        _script,
        "run script ./deploy.sh",
        fits=lambda wish: "script" in wish.kinds or bool(re.match(rf"\s*(?:the\s+)?(?:{_SCRIPT.pattern})", wish.rest)),
        rank=4,
    ),
)
