"""What mends a step that failed, from its error's words: first the terraform faults whose ways out are operations."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reign_agents.plan.model import Plan, Step, digest
from reign_executors.operation import JsonObject


@dataclass(frozen=True, slots=True)
class Failure:
    """A step that failed and what was said: cause, way out, the tool's own words."""

    step: Step
    said: str

    @property
    def place(self) -> JsonObject:
        fields: JsonObject = {"folder": self.step.fields.get("folder", ".")}
        workspace = self.step.fields.get("workspace")
        return {**fields, "workspace": workspace} if workspace is not None else fields

    @property
    def terraform(self) -> str:
        """The program with its folder and workspace, for a command line."""
        workspace = self.step.fields.get("workspace")
        setting = f"TF_WORKSPACE={shlex.quote(str(workspace))} " if workspace else ""
        return f"{setting}terraform -chdir={shlex.quote(str(self.place['folder']))}"


Mend = Callable[[Failure], "Step | None"]
"""The step that comes before the failed one is tried again; None where it does not fit."""


def _init(**more: bool) -> Mend:
    def mend(failure: Failure) -> Step | None:
        folder = failure.place["folder"]
        how = "".join(f", {word}" for word in more)
        return Step("s1", "terraform.init", {"folder": folder, **more}, f"initialise {folder}{how}", (), "terraform")

    return mend


def _workspace(failure: Failure) -> Step | None:
    name = failure.step.fields.get("workspace")
    if name is None:
        return None
    fields: JsonObject = {"folder": failure.place["folder"], "new": name}
    return Step("s1", "terraform.workspace_new", fields, f"the workspace {name} is made", (), "terraform")


def _unlock(failure: Failure) -> Step | None:
    lock = re.search(r"force-unlock (?P<id>[0-9a-f][0-9a-f-]{7,})", failure.said)
    if lock is None:
        return None
    line = f"{failure.terraform} force-unlock -force {lock['id']}"
    why = "the lock is taken away: only when nobody runs terraform there any more"
    return Step("s1", "shell.command", {"command": line}, why, (), "terraform")


_ADDRESS = r"(?:module\.[\w.\[\]\"-]+\.)?[a-z][a-z0-9]*_[a-z0-9_]+\.[\w-]+(?:\[[^\]\s]+\])?"
_NAMED_IN = (
    re.compile(r"creating [\w ()/]*?\((?P<id>[^()\s]+)\):", re.IGNORECASE),
    re.compile(r"with ID \"(?P<id>[^\"\s]+)\" already exists", re.IGNORECASE),
    re.compile(r"already in use by container \"(?P<id>[0-9a-f]{12,})\"", re.IGNORECASE),
    re.compile(
        r"(?:bucket|role|group|key|namespaces?|"
        r"resource)\s+\"(?P<id>[^\"\s]+)\"[^.\n]*already exists",
        re.IGNORECASE,
    ),
)


def _import(failure: Failure) -> Step | None:
    address = re.search(rf"(?:with |\()(?P<address>{_ADDRESS})(?=[,)\s])", failure.said)
    named = next((found["id"] for one in _NAMED_IN if (found := one.search(failure.said))), None)
    if address is None or named is None:
        return None
    line = f"{failure.terraform} import {shlex.quote(address['address'])} {shlex.quote(named)}"
    why = f"{named} that is there already is taken into the state as {address['address']}"
    return Step("s1", "shell.command", {"command": line}, why, (), "terraform")


def _nothing_first(_failure: Failure) -> Step | None:
    return None


@dataclass(frozen=True, slots=True)
class _Rule:
    signs: re.Pattern[str]
    mends: tuple[Mend, ...]
    again: str


def _rule(signs: str, *mends: Mend, again: str = "again: {}") -> _Rule:
    return _Rule(re.compile(signs, re.IGNORECASE), mends, again)


_RULES: tuple[_Rule, ...] = (
    _rule(r"the state is locked|state lock", _nothing_first, _unlock, again="once more, the lock may be gone: {}"),
    _rule(
        r"Backend (?:configuration|initialization).*chang|backend.*reconfigure|"
        r"-reconfigure",
        _init(reconfigure=True),
    ),
    _rule(
        r"lock file.*(?:does not|doesn't|not) (?:match|satisf|contain)|"
        r"locked provider .* does not match|not available in the version that is asked for",
        _init(upgrade=True),
    ),
    _rule(r"is not initialised|terraform init|not_initialised|Required plugins are not installed", _init()),
    _rule(r"workspace .*(?:doesn't|does not) exist", _workspace),
    _rule(r"already ?exists|already in use|AlreadyOwnedByYou", _import),
    _rule(
        r"the state moved since|Saved plan is stale|changed since (?:this|it) was shown",
        _nothing_first,
        again="anew, as things are now: {}",
    ),
)
"""What is said → what comes first, surest signs first. Without one that fits nothing is proposed."""


def mends(plan: Plan, errors: Mapping[str, Mapping[str, Any]], answer: str | None = None) -> tuple[Plan, ...]:
    """Plans that mend a failed run, the mildest first: ``errors`` by step (cause, way_out, detail), ``answer`` what was
    said where no step had begun. The same failure gives plans of the same ids.
    """
    failed = _failure(plan, errors, answer)
    if failed is None or not failed.step.operation.startswith("terraform."):
        return ()
    rule = next((one for one in _RULES if one.signs.search(failed.said)), None)
    found: list[Plan] = []
    for mend in rule.mends if rule is not None else ():
        first = mend(failed)
        if rule is None or (first is None and mend is not _nothing_first):
            continue
        found.append(_proposed(plan, failed.step, first, rule.again))
    return tuple(found)


def _failure(plan: Plan, errors: Mapping[str, Mapping[str, Any]], answer: str | None) -> Failure | None:
    for step in plan.steps:
        error = errors.get(step.id)
        if error is not None and error.get("kind") != "skipped":
            said = [str(error[key]) for key in ("kind", "cause", "way_out", "detail") if error.get(key)]
            return Failure(step, "\n".join(said))
    own = [step for step in plan.steps if step.operation.startswith("terraform.")]
    return Failure(own[0], answer) if own and answer else None


def _proposed(plan: Plan, failed: Step, first: Step | None, again: str) -> Plan:
    """The failed step and those after it once more, after what comes first."""
    at = next(number for number, step in enumerate(plan.steps) if step.id == failed.id)
    rest = [step for step in plan.steps[at:] if first is None or step.operation != first.operation]
    steps = [] if first is None else [first]
    names = {step.id: f"s{number}" for number, step in enumerate(rest, len(steps) + 1)}
    for step in rest:
        needs = tuple(names[need] for need in step.needs if need in names) or tuple(
            one.id for one in steps[:1] if first
        )
        bare = replace(step, effect=None, target=None, verdict=None, reasons=(), command="")
        why = again.format(step.why) if step.id == failed.id else step.why
        steps.append(replace(bare, id=names[step.id], needs=needs, why=why))
    name = digest([[step.operation, step.fields] for step in steps]).partition(":")[2][:8]
    return Plan(f"p_{name}", plan.request, "update", 1.0, tuple(steps))
