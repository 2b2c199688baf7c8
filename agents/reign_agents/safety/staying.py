"""Contexts whose affairs stay on this machine: no vendor's model is asked about them, shown them or told of them.

A context is one of Docker, of Kubernetes (and Helm), or a Terraform workspace. Patterns are those of shells
(``prod*``); case does not count.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import JsonValue

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import PlanningContext
from reign_agents.settings import EngineSettings
from reign_executors.errors import OperationError

_FAMILIES = {"docker": "docker", "kubernetes": "kubernetes", "helm": "kubernetes"}
_WORD = re.compile(r"[\w.@:/-]+")


def stays(names: Iterable[str], patterns: Sequence[str]) -> str | None:
    """The first of the names that fits a pattern."""
    for name in names:
        if any(fnmatchcase(name.lower(), pattern.lower()) for pattern in patterns):
            return name
    return None


def contexts_of(operation: str, fields: Mapping[str, JsonValue], settings: EngineSettings) -> list[str]:
    """The names of where an operation acts: what its fields, the settings or the tool's own configuration say."""
    named = [str(fields[key]) for key in ("context", "workspace") if fields.get(key)]
    family = operation.partition(".")[0]
    if fields.get("context") or (family == "terraform" and fields.get("workspace")):
        return named
    if family == "terraform":
        return [*named, *_workspace(settings.cwd / str(fields.get("folder") or "."))]
    return [*named, *_chosen(_FAMILIES.get(family, ""), settings)]


def _workspace(folder: Path) -> list[str]:
    """The workspace that Terraform's next command in ``folder`` would act on; none where it is the default one."""
    said = os.environ.get("TF_WORKSPACE")
    if said:
        return [said]
    try:
        return [(folder / ".terraform" / "environment").read_text("utf-8").strip()]
    except (OSError, UnicodeDecodeError):
        return []


def _chosen(family: str, settings: EngineSettings) -> list[str]:
    """The context that a family's operations act on where none is named; Docker's address, too, where that is set."""
    if family == "docker":
        from reign_executors.docker.contexts import current_context as docker_now

        host = os.environ.get("DOCKER_HOST", "")
        return [settings.docker_context] if settings.docker_context else [docker_now(), *([host] if host else [])]
    if family == "kubernetes":
        from reign_executors.kubernetes.contexts import current_context as cluster_now

        if settings.kube_context:
            return [settings.kube_context]
        try:
            now = cluster_now()
        except OperationError:
            return []
        return [now] if now else []
    return []


def kept_here(text: str, steps: Sequence[Step], context: PlanningContext) -> str | None:
    """What keeps a request on this machine: a name in it, where its ``steps`` act, or, where it is not known what it is
    about, the contexts that are chosen now. None: it may be asked anywhere. Blocks on files.
    """
    settings = context.settings
    patterns = settings.local_contexts
    if not patterns:
        return None
    names = [word.strip(".:/@-") for word in _WORD.findall(text)]
    names += [part for word in names for part in word.split("/") if part != word]
    about = [*steps, *_pointed(context)]
    for step in about:
        names += contexts_of(step.operation, step.fields, settings)
        if step.target is not None:
            names.append(step.target.context)
    if not about:
        names += [*_chosen("docker", settings), *_chosen("kubernetes", settings), *_workspace(settings.cwd)]
    return stays((name for name in names if name), patterns)


def _pointed(context: PlanningContext) -> list[Step]:
    """The step that the person points at on the screen."""
    if context.selected is None:
        return []
    run, name = context.selected
    plan = context.plan_of(run)
    return [] if plan is None else [step for step in plan.steps if step.id == name]


def may_be_told(context: PlanningContext) -> PlanningContext:
    """``context`` without the turns of the session that act on such contexts, or of which nobody can tell."""
    if not context.settings.local_contexts:
        return context
    free = {record.run for record in context.recent if _free(context.plan_of(record.run), context.settings)}
    said = context.said
    return replace(
        context,
        recent=tuple(record for record in context.recent if record.run in free),
        said=lambda: [one for one in said() if one.run in free],
        selected=context.selected if context.selected is not None and context.selected[0] in free else None,
    )


def _free(plan: Plan | None, settings: EngineSettings) -> bool:
    """Whether it is known where a plan acts, and that this may be told."""
    if plan is None or not plan.steps:
        return False
    names = [name for step in plan.steps for name in contexts_of(step.operation, step.fields, settings)]
    names += [step.target.context for step in plan.steps if step.target is not None]
    names += _WORD.findall(plan.request)
    return stays(names, settings.local_contexts) is None
