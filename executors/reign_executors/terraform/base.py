"""What all operations on a terraform folder share: their fields, their target, the kept image of the state before."""

from __future__ import annotations

import re
import shlex
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, JsonValue

from reign_executors.call import Call
from reign_executors.errors import InvalidFields
from reign_executors.home import expanded
from reign_executors.operation import CancelLadder, JsonObject, Operation
from reign_executors.target import Target
from reign_executors.terraform.place import Place, must_hold_configuration, place_of
from reign_executors.terraform.planning import Wanted
from reign_executors.terraform.program import LADDER

_NAME = re.compile(r"[A-Za-z_][\w-]*\Z")
_WORKSPACE = re.compile(r"[A-Za-z0-9_.~-]+\Z")
_ADDRESS = re.compile(r'[A-Za-z_][\w.\-\[\]"/: @]*\Z')


def _folder(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError("a folder is empty or holds a zero byte")
    return text


def _workspace(text: str | None) -> str | None:
    if text is not None and not _WORKSPACE.match(text):
        raise ValueError(f"{text!r} can't be a workspace: letters, digits, - _ . ~ only")
    return text


def _names(values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for name in values:
        if not _NAME.match(name):
            raise ValueError(f"{name!r} can't be a variable's name")
    return values


def _addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    for address in values:
        if not _ADDRESS.match(address):
            raise ValueError(f"{address!r} is no resource address (aws_instance.web, module.db)")
    return values


FolderField = Annotated[
    str, AfterValidator(_folder), Field(description="folder with the *.tf files; relative to the session's")
]
WorkspaceField = Annotated[
    str | None, AfterValidator(_workspace), Field(description="terraform workspace; the one chosen there by default")
]
Variables = Annotated[dict[str, JsonValue], AfterValidator(_names)]
Addresses = Annotated[tuple[str, ...], AfterValidator(_addresses)]


class InFolder(Operation):
    """Works in one folder and workspace; pinned, both are written out."""

    cancel: ClassVar[CancelLadder] = LADDER

    folder: FolderField = "."
    workspace: WorkspaceField = None

    def place(self, call: Call) -> Place:
        return place_of(self.folder, self.workspace, call)

    def checked(self, call: Call) -> Place:
        """The place, with a configuration in it (else ``NotFound`` or ``InvalidFields``)."""
        place = self.place(call)
        must_hold_configuration(place)
        return place

    async def target(self, call: Call) -> Target:
        return self.place(call).target()

    def pinned(self, target: Target) -> Operation:
        folder = target.identity.get("folder", self.folder)
        if (self.folder, self.workspace) == (folder, target.context):
            return self
        fields = {**self.model_dump(exclude_unset=True), "folder": folder, "workspace": target.context}
        return type(self).model_validate(fields)

    def locks(self) -> frozenset[str]:
        return frozenset({f"terraform:{expanded(self.folder).absolute()}"})

    def spelled(self, verb: str, *words: str) -> str:
        """``terraform -chdir=./infra plan …``, as a person would type it."""
        head = [] if self.workspace in (None, "default") else [f"TF_WORKSPACE={shlex.quote(str(self.workspace))}"]
        where = [] if self.folder in (".", "./") else [f"-chdir={shlex.quote(self.folder)}"]
        return " ".join([*head, "terraform", *where, verb, *words])


class WithVariables(InFolder):
    """What a plan takes beside the folder."""

    secret_fields: ClassVar[frozenset[str]] = frozenset({"secret_variables"})

    variables: Variables = Field(default={}, description="values of input variables")
    secret_variables: Variables = Field(default={}, description="values of input variables that are secret")
    var_files: tuple[str, ...] = Field(default=(), description=".tfvars files beyond the automatic ones")
    targets: Addresses = Field(default=(), description="only these resource addresses, with what they depend on")
    replace: Addresses = Field(default=(), description="addresses to create anew even if nothing changed")

    def wanted(self, call: Call, *, destroy: bool = False) -> Wanted:
        place = self.place(call)
        if destroy and self.replace:
            raise InvalidFields("what is destroyed can't be replaced as well", "leave replace out")
        return Wanted(
            destroy=destroy,
            targets=self.targets,
            replace=self.replace,
            var_files=tuple(place.folder / expanded(file) for file in self.var_files),
            variables={**self.variables, **self.secret_variables},
            secret=frozenset(self.secret_variables),
        )

    def words(self) -> list[str]:
        """The options a person would type; values of secret variables stand for themselves nowhere."""
        said = [f"-var-file={shlex.quote(file)}" for file in self.var_files]
        said += [f"-var={shlex.quote(f'{name}={_typed(value)}')}" for name, value in self.variables.items()]
        said += [f"-var={name}=…" for name in self.secret_variables]
        said += [f"-target={shlex.quote(address)}" for address in self.targets]
        return said + [f"-replace={shlex.quote(address)}" for address in self.replace]


def _typed(value: JsonValue) -> str:
    import json

    return value if isinstance(value, str) else json.dumps(value)


def kept_fields(operation: WithVariables) -> JsonObject:
    """Targets, files and names of variables as an undo needs them (no values)."""
    return {"targets": list(operation.targets), "var_files": list(operation.var_files)}
