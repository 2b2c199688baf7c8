"""What only reads: validate, plan, output, state, show, workspaces, layout, version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field, JsonValue

from reign_executors.call import Call
from reign_executors.errors import InvalidFields, NotFound
from reign_executors.operation import Outputs, Query
from reign_executors.redaction.names import unlike_a_word
from reign_executors.terraform.applying import plan_file
from reign_executors.terraform.base import InFolder, WithVariables
from reign_executors.terraform.difference import HIDDEN, marked
from reign_executors.terraform.failures import error_of, plain_diagnostics, words_of
from reign_executors.terraform.formatting import differences
from reign_executors.terraform.place import chosen_workspace
from reign_executors.terraform.planning import make_plan
from reign_executors.terraform.program import look, terraform_program
from reign_executors.terraform.state import read_state


class Validity(Outputs):
    """``problems``: each with its file, line and lines of code."""

    valid: bool
    errors: int
    warnings: int
    problems: tuple[str, ...] = ()


class Validate(InFolder, Query):
    """Check that a configuration holds together, without asking any provider."""

    name: ClassVar[str] = "terraform.validate"
    summary: ClassVar[str] = "Validate a terraform configuration"
    returns: ClassVar[type[Outputs]] = Validity

    async def execute(self, call: Call) -> Validity:
        place = self.checked(call)
        finished = await look(place.line("validate", json=True), call, place.folder, None)
        try:
            said = json.loads(finished.stdout)
        except ValueError:
            words = finished.stderr.decode("utf-8", "replace")
            raise error_of(plain_diagnostics(words), finished, f"validate {place.folder}", place.folder) from None
        diagnostics = said.get("diagnostics") or []
        for one in diagnostics:
            error = error_of([one], finished, f"validate {place.folder}", place.folder)
            if error.kind == "not_initialised":
                raise error
            call.say(words_of(one))
        call.say("valid" if said["valid"] else f"not valid: {said['error_count']} errors")
        return Validity(
            valid=bool(said["valid"]),
            errors=int(said["error_count"]),
            warnings=int(said["warning_count"]),
            problems=tuple(words_of(one) for one in diagnostics),
        )

    def command_line(self) -> str:
        return self.spelled("validate")


class PlanShown(Outputs):
    """``sentence`` in words (``2 to create, 1 to replace``); ``actions`` address → what would happen; ``changes`` its
    lines, sensitive values hidden; ``risk`` as a step would have it."""

    sentence: str
    actions: dict[str, str] = Field(default_factory=dict)
    changes: tuple[dict[str, JsonValue], ...] = ()
    notes: tuple[str, ...] = ()
    risk: str = "read"


class Plan(WithVariables, Query):
    """What an apply (or a destroy) would do now; nothing is changed, not even locked."""

    name: ClassVar[str] = "terraform.plan"
    summary: ClassVar[str] = "Show what terraform would change"
    returns: ClassVar[type[Outputs]] = PlanShown
    timeout: ClassVar[float] = 1860.0

    destroy: bool = Field(default=False, description="what a destroy would do")

    async def execute(self, call: Call) -> PlanShown:
        place = self.checked(call)
        planned = await make_plan(place, call, self.wanted(call, destroy=self.destroy), plan_file(call))
        planned.file.unlink(missing_ok=True)
        found = planned.found
        call.say(found.sentence)
        risk = max((change.risk for change in found.changes), default=None)
        return PlanShown(
            sentence=found.sentence,
            actions=found.actions,
            changes=tuple(change.model_dump(mode="json") for change in found.changes),
            notes=tuple(found.notes),
            risk="read" if risk is None else risk.word,
        )

    def command_line(self) -> str:
        return self.spelled("plan", *(["-destroy"] if self.destroy else []), *self.words())


class OutputValues(Outputs):
    """``values`` by name; of a sensitive one only its name, in ``sensitive``."""

    values: dict[str, JsonValue] = Field(default_factory=dict)
    sensitive: tuple[str, ...] = ()


class Output(InFolder, Query):
    """The outputs of the root module as the state has them."""

    name: ClassVar[str] = "terraform.output"
    summary: ClassVar[str] = "Show terraform outputs (sensitive ones stay hidden)"
    returns: ClassVar[type[Outputs]] = OutputValues

    output: str | None = Field(default=None, description="only this one")

    async def execute(self, call: Call) -> OutputValues:
        place = self.checked(call)
        await place.exists(call)
        said: dict[str, dict[str, Any]] = json.loads((await place.asked(call, "output", json=True)).stdout or b"{}")
        if self.output is not None:
            if self.output not in said:
                known = f"there are: {', '.join(sorted(said))}" if said else "there are none yet: apply it first"
                raise NotFound(f"there is no output {self.output}", known)
            said = {self.output: said[self.output]}
        hidden = tuple(sorted(name for name, about in said.items() if about.get("sensitive")))
        values = {name: about.get("value") for name, about in said.items() if not about.get("sensitive")}
        texts = {name: said[name].get("value") for name in hidden}
        call.learn({name: text for name, text in texts.items() if isinstance(text, str) and unlike_a_word(text)})
        for name, value in values.items():
            call.say(f"{name} = {json.dumps(value, ensure_ascii=False)}")
        for name in hidden:
            call.say(f"{name} = {HIDDEN}")
        return OutputValues(values=values, sensitive=hidden)

    def command_line(self) -> str:
        return self.spelled("output", *([self.output] if self.output else []))


class StateListed(Outputs):
    addresses: tuple[str, ...] = ()
    lineage: str = ""
    serial: int = 0


class StateList(InFolder, Query):
    """The resources in the state."""

    name: ClassVar[str] = "terraform.state_list"
    summary: ClassVar[str] = "List the resources in a terraform state"
    returns: ClassVar[type[Outputs]] = StateListed

    async def execute(self, call: Call) -> StateListed:
        place = self.checked(call)
        await place.exists(call)
        state = await read_state(place, call)
        for address in state.addresses:
            call.say(address)
        if not state.addresses:
            call.say("nothing is in the state")
        return StateListed(addresses=tuple(state.addresses), lineage=state.lineage, serial=state.serial)

    def command_line(self) -> str:
        return self.spelled("state list")


class ResourceShown(Outputs):
    """``resources`` address → attributes, sensitive ones as ``<sensitive>``."""

    resources: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)


class Show(InFolder, Query):
    """What the state says about one resource, or about all."""

    name: ClassVar[str] = "terraform.show"
    summary: ClassVar[str] = "Show resources of a terraform state with their attributes"
    returns: ClassVar[type[Outputs]] = ResourceShown

    address: str | None = Field(default=None, description="only this resource: aws_instance.web")

    async def execute(self, call: Call) -> ResourceShown:
        place = self.checked(call)
        await place.exists(call)
        said = json.loads((await place.asked(call, "show", json=True)).stdout)
        every = list(_resources((said.get("values") or {}).get("root_module") or {}))
        texts = {text for one in every for text in marked(one.get("values"), one.get("sensitive_values"))}
        found: dict[str, dict[str, JsonValue]] = {
            one["address"]: _hidden(one.get("values") or {}, one.get("sensitive_values") or {}, texts)
            for one in every
            if self.address in (None, one["address"])
        }
        if self.address is not None and not found:
            raise NotFound(f"{self.address} is not in the state", f"see what is: {self.spelled('state list')}")
        for address, values in found.items():
            call.say(address)
            for name, value in values.items():
                call.say(f"  {name} = {json.dumps(value, ensure_ascii=False)}")
        return ResourceShown(resources=found)

    def command_line(self) -> str:
        return self.spelled("state show", self.address) if self.address else self.spelled("show")


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The resources of a module and of the modules in it."""
    yield from module.get("resources") or ()
    for inner in module.get("child_modules") or ():
        yield from _resources(inner)


def _hidden(values: Any, sensitive: Any, texts: set[str]) -> Any:
    """``values`` with every marked one replaced, and every other that repeats one."""
    if sensitive is True or (isinstance(values, str) and any(text in values for text in texts)):
        return HIDDEN
    if isinstance(values, dict):
        marks = sensitive if isinstance(sensitive, dict) else {}
        return {name: _hidden(value, marks.get(name), texts) for name, value in values.items()}
    if isinstance(values, list):
        listed = [*(sensitive if isinstance(sensitive, list) else []), *([None] * len(values))]
        return [_hidden(value, mark, texts) for value, mark in zip(values, listed, strict=False)]
    return values


class WorkspacesListed(Outputs):
    workspaces: tuple[str, ...]
    chosen: str


class Workspaces(InFolder, Query):
    """Which workspaces there are, and which one is chosen."""

    name: ClassVar[str] = "terraform.workspaces"
    summary: ClassVar[str] = "List terraform workspaces"
    returns: ClassVar[type[Outputs]] = WorkspacesListed

    async def execute(self, call: Call) -> WorkspacesListed:
        place = self.checked(call)
        names = await place.workspaces(call)
        chosen = chosen_workspace(place.folder, call)
        for name in names:
            call.say(f"{'*' if name == chosen else ' '} {name}")
        return WorkspacesListed(workspaces=tuple(names), chosen=chosen)

    def command_line(self) -> str:
        return self.spelled("workspace list")


class Layout(Outputs):
    """``files`` that fmt would rewrite, with a diff each."""

    formatted: bool
    files: dict[str, str] = Field(default_factory=dict)


class FormatCheck(InFolder, Query):
    """Whether files are laid out as fmt would have them."""

    name: ClassVar[str] = "terraform.fmt_check"
    summary: ClassVar[str] = "Check the format of terraform files"
    returns: ClassVar[type[Outputs]] = Layout

    recursive: bool = Field(default=False, description="folders below as well")

    async def execute(self, call: Call) -> Layout:
        found = await differences(self.checked(call), call, recursive=self.recursive)
        for file, diff in found.items():
            call.say(f"{file}\n{diff}")
        if not found:
            call.say("all files are laid out as fmt would have them")
        return Layout(formatted=not found, files={str(file): diff for file, diff in found.items()})

    def command_line(self) -> str:
        return self.spelled("fmt", "-check", "-diff", *(["-recursive"] if self.recursive else []))


class VersionShown(Outputs):
    program: str
    version: str
    providers: dict[str, str] = Field(default_factory=dict)


class Version(InFolder, Query):
    """Which terraform it is, and the providers this folder has chosen."""

    name: ClassVar[str] = "terraform.version"
    summary: ClassVar[str] = "Show the version of terraform and of a folder's providers"
    returns: ClassVar[type[Outputs]] = VersionShown

    async def execute(self, call: Call) -> VersionShown:
        found = terraform_program(call)
        place = self.place(call)
        where = place.folder if place.folder.is_dir() else Path("/")
        finished = await look(place.line("version", json=True), call, where)
        try:
            said = json.loads(finished.stdout)
        except ValueError:
            raise InvalidFields(f"{found} does not say its version", "is it terraform?") from None
        version = str(said.get("terraform_version", ""))
        call.say(f"{found} {version}")
        return VersionShown(program=str(found), version=version, providers=said.get("provider_selections") or {})

    def command_line(self) -> str:
        return self.spelled("version")
