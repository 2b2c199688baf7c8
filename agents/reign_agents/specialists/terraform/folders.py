"""Which folder a wish means, and what is missing there before terraform can plan: looked up, never guessed."""

from __future__ import annotations

import os
import re
from collections import deque
from pathlib import Path

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.specialists.terraform.said import Said
from reign_executors.errors import OperationError
from reign_executors.home import expanded

_SKIPPED = frozenset({".terraform", ".git", "node_modules", ".venv", "vendor"})
_DEEP = 3
_FOUND = 20
_LOOKED_AT = 400
"""Folders that are looked into at most: somebody may stand in / or in a home."""


def configurations(folder: Path) -> list[Path]:
    """Folders with terraform files, the given one and below, the nearest first; modules below another one left out."""
    from reign_executors.terraform.configuration import has_configuration

    found: list[Path] = []
    waiting = deque([(folder, 0)])
    for _ in range(_LOOKED_AT):
        if not waiting or len(found) >= _FOUND:
            break
        here, depth = waiting.popleft()
        if has_configuration(here):
            found.append(here)
            continue
        if depth < _DEEP:
            waiting.extend((below, depth + 1) for below in _folders(here))
    return found


def _folders(here: Path) -> list[Path]:
    """What can be looked into, no links; nothing where it can't be listed."""
    try:
        with os.scandir(here) as entries:
            there = [
                entry.name
                for entry in entries
                if entry.name not in _SKIPPED and not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            ]
    except OSError:
        return []
    return [here / name for name in sorted(there)[:_LOOKED_AT]]


async def folder_of(wish: Wish, said: Said, context: PlanningContext, outline: Outline) -> str | Question:
    """The folder that is meant: named, or the only one there is."""
    from reign_executors.terraform.configuration import has_configuration

    cwd = context.settings.cwd
    written = [
        str(Path(str(step.fields["path"])).parent)
        for step in outline.before
        if step.operation.startswith("file.") and str(step.fields.get("path", "")).endswith(".tf")
    ]
    named = said.folder or said.bare(cwd)
    if named is None and wish.it is not None and wish.it.kind == "stack":
        return wish.it.name
    if named is not None:
        path = (cwd / expanded(named)).resolve()
        if has_configuration(path) or not path.is_dir() or any((cwd / one).resolve() == path for one in written):
            return named
        below = configurations(path)
        if len(below) == 1:
            outline.assume(f"the terraform files of {named} are in {_shown(below[0], cwd)}")
            return _shown(below[0], cwd)
        return _which(wish, f"There are no terraform files in {named} itself.", below, cwd, named)
    if written:
        return written[-1]
    for step in reversed(outline.before):
        if step.operation.startswith("terraform.") and "folder" in step.fields:
            return str(step.fields["folder"])
    found = configurations(cwd)
    other = said.elsewhere()
    if other is not None and found and not (cwd / other).exists():
        return _which(wish, f"There is no folder {other} here.", found, cwd, other)
    if len(found) == 1:
        shown = _shown(found[0], cwd)
        if shown != ".":
            outline.assume(f"the terraform files are in {shown}")
        return shown
    return _which(wish, "Which terraform folder?", found, cwd, None)


def _which(wish: Wish, text: str, found: list[Path], cwd: Path, named: str | None) -> Question:
    request = wish.text.rstrip(" .?!")
    if not found:
        return Question(
            f"There are no terraform files {f'in {named}' if named else 'here'}. Which folder?",
            ("terraform plan in ./infra",),
            completes=None if named else "{request} in ./{reply}",
        )
    names = [_shown(one, cwd) for one in found[:6]]
    asked = [re.sub(re.escape(named), name, request) if named else f"{request} in {name}" for name in names]
    return Question(f"{text} There are {', '.join(names)}.", tuple(asked))


def _shown(path: Path, cwd: Path) -> str:
    try:
        below = path.resolve().relative_to(cwd.resolve())
    except ValueError:
        return str(path)
    return "." if str(below) == "." else f"./{below}"


def _defined(folder: Path, files: list[str]) -> set[str]:
    """Names of variables that get a value without being asked for."""
    found = {name.removeprefix("TF_VAR_") for name in os.environ if name.startswith("TF_VAR_")}
    given = [folder / name for name in files]
    automatic = [
        path
        for pattern in ("terraform.tfvars", "terraform.tfvars.json", "*.auto.tfvars", "*.auto.tfvars.json")
        for path in folder.glob(pattern)
    ]
    for path in (*automatic, *given):
        try:
            text = path.read_text("utf-8", "replace")
        except OSError:
            continue
        found |= set(re.findall(r'^\s*"?([A-Za-z_][\w-]*)"?\s*[=:]', text, re.MULTILINE))
    return found


def missing_value(wish: Wish, folder: str, said: Said, context: PlanningContext) -> Question | None:
    from reign_executors.terraform.configuration import has_configuration, read_configuration

    path = (context.settings.cwd / expanded(folder)).resolve()
    if not has_configuration(path):
        return None
    known = {*said.variables, *_defined(path, said.files)}
    names = [name for name in read_configuration(path).required if name not in known]
    if not names:
        return None
    request = wish.text.rstrip(" .?!")
    others = f" ({', '.join(names[1:])} after that)" if len(names) > 1 else ""
    return Question(
        f"What is the value of the variable {names[0]} of {folder}?{others}",
        (f"{request} with {names[0]}=…",),
        completes=f"{{request}} with {names[0]}={{reply}}",
    )


def init_first(folder: str, context: PlanningContext, outline: Outline) -> tuple[str, ...]:
    """An init before what needs it, when that folder never had one; the steps to wait for."""
    from reign_executors.terraform.configuration import has_configuration, read_configuration

    path = (context.settings.cwd / expanded(folder)).resolve()
    planned = [
        step
        for step in (*outline.before, *outline.steps)
        if step.operation == "terraform.init"
        and (context.settings.cwd / str(step.fields.get("folder", "."))).resolve() == path
    ]
    if planned or not has_configuration(path) or (path / (os.environ.get("TF_DATA_DIR") or ".terraform")).is_dir():
        return ()
    configuration = read_configuration(path)
    if not (configuration.to_install or configuration.modules or configuration.backend_said):
        return ()
    outline.assume(f"{folder} was never initialised, so that comes first")
    return (outline.add("terraform.init", {"folder": folder}, f"initialise {folder}"),)


async def no_such_workspace(
    wish: Wish, folder: str, said: Said, context: PlanningContext, outline: Outline
) -> Question | None:
    """A question when the workspace that is named does not exist: a slip must not make one."""
    made = any(
        step.operation == "terraform.workspace_new" and step.fields.get("new") == said.workspace
        for step in outline.before
    )
    if said.workspace in (None, "default") or made or outline.steps:
        return None
    try:
        known = await context.look("terraform.workspaces", {"folder": folder})
    except OperationError:
        return None  # the preview says what is wrong there
    names = known.get("workspaces")
    if not isinstance(names, list) or said.workspace in names:
        return None
    request = wish.text.rstrip(" .?!")
    listed = ", ".join(str(name) for name in names)
    return Question(
        f"There is no workspace {said.workspace} in {folder} (there are: {listed}).",
        (f"create workspace {said.workspace} in {folder} and then {request}",),
    )


def declared_variables(folder: str, context: PlanningContext) -> list[str]:
    """The names of the variables that the configuration declares, the longest first."""
    path = (context.settings.cwd / expanded(folder)).resolve()
    found: set[str] = set()
    for file in sorted(path.glob("*.tf"))[:200]:
        try:
            found |= set(
                re.findall(
                    r'^\s*variable\s+"?([A-Za-z_][\w-]*)"?\s*\{', file.read_text("utf-8", "replace"), re.MULTILINE
                )
            )
        except OSError:
            continue
    return sorted(found, key=len, reverse=True)


async def workspaces_of(folder: str, context: PlanningContext) -> list[str]:
    """The workspaces there are; none where they can't be listed."""
    try:
        names = (await context.look("terraform.workspaces", {"folder": folder})).get("workspaces")
    except OperationError:
        return []
    return [str(name) for name in names] if isinstance(names, list | tuple) else []


async def addresses_of(folder: str, workspace: str | None, context: PlanningContext) -> list[str]:
    """What stands in the state; what the configuration has, where there is no state to be read."""
    from reign_executors.terraform.configuration import has_configuration, read_configuration

    where: dict[str, JsonValue] = {"folder": folder}
    if workspace is not None:
        where["workspace"] = workspace
    try:
        listed = (await context.look("terraform.state_list", where)).get("addresses")
    except OperationError:
        listed = None
    if isinstance(listed, list | tuple) and listed:
        return [str(one) for one in listed]
    path = (context.settings.cwd / expanded(folder)).resolve()
    if not has_configuration(path):
        return []
    configuration = read_configuration(path)
    return [*sorted(configuration.resources), *(f"module.{name}" for name in sorted(configuration.modules))]


def declares(folder: str, context: PlanningContext) -> bool:
    """Whether a folder has anything for terraform."""
    from reign_executors.terraform.configuration import has_configuration

    return has_configuration((context.settings.cwd / expanded(folder)).resolve())


_STATES = ("terraform.tfstate", "terraform.tfstate.d", ".terraform")


def state_there(folder: str, context: PlanningContext) -> Question | None:
    """The question where a folder is to go that has a state: what terraform made goes on without anybody knowing it.

    Folders below it are looked into, too. The one answer that lets it go is the request that says so.
    """
    try:
        path = (context.settings.cwd / expanded(folder)).resolve()
        holds = _with_state(path)
        place = folder if holds in (None, path) else _shown(holds or path, context.settings.cwd)
    except (OSError, ValueError, RuntimeError):
        return None
    if holds is None:
        return None
    text = f"{place} holds what terraform knows of what it made. Destroy that, or remove the folder and forget it?"
    names = [f'"{one}"' if " " in one else one for one in (place, folder)]
    return Question(text, (f"destroy the stack in {names[0]}", f"remove folder {names[1]} {WITH_STATE}"))


WITH_STATE = "with its state files"
"""What a request to remove a folder ends in that means its state as well."""


def _with_state(folder: Path) -> Path | None:
    """The folder, or the nearest one below it, that has a state of terraform's; None where none has."""
    waiting = deque([(folder, 0)])
    for _ in range(_LOOKED_AT):
        if not waiting:
            break
        here, depth = waiting.popleft()
        if here.is_dir() and any((here / name).exists() for name in _STATES):
            return here
        if depth < _DEEP:
            waiting.extend((below, depth + 1) for below in _folders(here))
    return None
