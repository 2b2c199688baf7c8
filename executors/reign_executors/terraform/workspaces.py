"""``terraform.workspace_new`` and ``terraform.workspace_delete``: workspaces come and go, the chosen one stays."""

from __future__ import annotations

import shutil
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from reign_executors.call import Call, discard
from reign_executors.effect import Action, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import Conflict, InvalidFields, NotFound, OperationError, ToolMissing
from reign_executors.operation import Change, JsonObject, Outputs, Repeat
from reign_executors.process import run_supervised
from reign_executors.target import Target
from reign_executors.terraform.base import InFolder, _workspace
from reign_executors.terraform.failures import error_of, plain_diagnostics
from reign_executors.terraform.place import DEFAULT, Place, must_hold_configuration, written_before
from reign_executors.terraform.program import LADDER, variables_of
from reign_executors.terraform.state import read_state


class WorkspaceChanged(Outputs):
    """``workspace`` that was made or removed; ``changed`` False when it was so already."""

    folder: str
    workspace: str
    changed: bool = True


def _named(text: str) -> str:
    found = _workspace(text)
    assert found is not None
    return found


class _OfWorkspaces(InFolder, Change):
    returns: ClassVar[type[Outputs]] = WorkspaceChanged
    timeout: ClassVar[float] = 120.0
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    verb: ClassVar[str]
    there_after: ClassVar[bool]

    new: Annotated[str, AfterValidator(_named)] = Field(description="the workspace that is made or removed")

    def place(self, call: Call) -> Place:
        return replace(super().place(call), workspace=self.new)

    def pinned(self, target: Target) -> InFolder:
        folder = target.identity.get("folder", self.folder)
        return self if folder == self.folder else self.model_copy(update={"folder": folder})

    def resource(self, place: Place) -> str:
        return place.resource(f"workspace.{self.new}")

    @abstractmethod
    async def refuse(self, place: Place, call: Call) -> None:
        """Raise when it may not be done."""

    async def preview(self, call: Call) -> Effect:
        place = self.place(call)
        written = written_before(place, call)
        try:
            if written is None:
                must_hold_configuration(place)
                await self.refuse(place, call)
                if (self.new in await place.workspaces(call)) is self.there_after:
                    said = "is there already" if self.there_after else "is not there"
                    return Effect.nothing(f"the workspace {self.new} {said}")
        except ToolMissing:
            raise
        except OperationError as error:
            return Effect(known=False, why_unknown=error.cause, problems=(Problem(text=str(error)),))
        action = Action.CREATE if self.there_after else Action.DELETE
        return Effect(
            changes=(ResourceChange(action=action, resource=self.resource(place), note="with a state of its own"),),
            notes=("the workspace that is chosen in the folder stays the same",),
            identity={"backend": "" if written else place.configuration().backend, "program": str(place.program)},
        )

    async def execute(self, call: Call) -> WorkspaceChanged:
        place = self.checked(call)
        await self.refuse(place, call)
        if (self.new in await place.workspaces(call)) is self.there_after:
            return WorkspaceChanged(folder=str(place.folder), workspace=self.new, changed=False)
        with _apart(place, call) as data:
            environment = {**variables_of(call), "TF_DATA_DIR": str(data)}
            finished = await run_supervised(
                place.line(f"workspace {self.verb}", self.new),
                call=replace(call, resumed=False, write=discard),
                cwd=place.folder,
                environment=environment,
                timeout=self.timeout,
                cancel=LADDER,
            )
        if not finished.ok:
            said = finished.stderr.decode("utf-8", "replace")
            raise error_of(plain_diagnostics(said), finished, f"{self.verb} workspace {self.new}", place.folder)
        call.say(f"workspace {self.new}: {'made' if self.there_after else 'removed'}")
        return WorkspaceChanged(folder=str(place.folder), workspace=self.new)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        there = self.new in await self.place(call).workspaces(call)
        return Verification(ok=there is self.there_after, detail=f"{self.new} is {'' if there else 'not '}there")

    async def probe(self, call: Call) -> Probe:
        place = self.place(call)
        there = self.new in await place.workspaces(call)
        detail = f"the workspace {self.new} is {'' if there else 'not '}there"
        if there is not self.there_after:
            return Probe(state="not_done", detail=detail)
        outputs = WorkspaceChanged(folder=str(place.folder), workspace=self.new)
        return Probe(state="done", detail=detail, outputs=outputs.model_dump(mode="json"))

    async def capture(self, call: Call) -> JsonObject:
        return {"there": self.new in await self.checked(call).workspaces(call)}

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if outputs.get("changed") is False or before.get("there") is self.there_after:
            return None
        inverse = WorkspaceDelete if self.there_after else WorkspaceNew
        return inverse(folder=self.folder, new=self.new)

    def command_line(self) -> str:
        return self.spelled(f"workspace {self.verb}", self.new)


class WorkspaceNew(_OfWorkspaces):
    """Make a workspace: the same configuration with a state of its own. The chosen one stays chosen."""

    name: ClassVar[str] = "terraform.workspace_new"
    summary: ClassVar[str] = "Create a terraform workspace (without switching to it)"
    verb: ClassVar[str] = "new"
    there_after: ClassVar[bool] = True

    async def refuse(self, place: Place, call: Call) -> None:
        if self.new == DEFAULT:
            raise InvalidFields("the workspace default is always there", "choose another name")


class WorkspaceDelete(_OfWorkspaces):
    """Remove an empty workspace; one that holds resources is refused."""

    name: ClassVar[str] = "terraform.workspace_delete"
    summary: ClassVar[str] = "Remove an empty terraform workspace"
    undo_promise: ClassVar[UndoPromise] = UndoPromise.EXACT
    verb: ClassVar[str] = "delete"
    there_after: ClassVar[bool] = False

    async def refuse(self, place: Place, call: Call) -> None:
        if self.new == DEFAULT:
            raise InvalidFields("the workspace default can't be removed", "name another one")
        chosen = place.data / "environment"
        if chosen.is_file() and chosen.read_text("utf-8", "replace").strip() == self.new:
            raise Conflict(f"{self.new} is the chosen workspace of {place.folder}", "choose another one there first")
        if self.new not in await place.workspaces(call):
            if call.planning:
                raise NotFound(f"there is no workspace {self.new}", "see the workspaces: list the workspaces")
            return
        state = await read_state(place, call)
        if state.addresses:
            raise Conflict(
                f"the workspace {self.new} still has {len(state.addresses)} resources, such as "
                f"{next(iter(state.addresses))}",
                f"destroy them first: terraform destroy in workspace {self.new}",
            )


@contextmanager
def _apart(place: Place, call: Call) -> Iterator[Path]:
    """A data folder of our own with links to all of the real one but the choice of workspace: making a workspace
    chooses it, and that choice must not reach the person's folder."""
    data = call.folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(mode=0o700, parents=True)
    try:
        if place.data.is_dir():
            for entry in place.data.iterdir():
                if entry.name != "environment":
                    (data / entry.name).symlink_to(entry)
        yield data
    finally:
        shutil.rmtree(data, ignore_errors=True)
