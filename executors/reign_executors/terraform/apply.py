"""``terraform.apply`` and ``terraform.destroy``: exactly the plan that was shown, or nothing."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call, discard
from reign_executors.effect import Effect, Finding, Probe, Problem, UndoPromise, Verification
from reign_executors.errors import OperationError, TimedOut, ToolMissing
from reign_executors.operation import Change, JsonObject, Outputs, Repeat
from reign_executors.process import status
from reign_executors.terraform.applying import (
    Applied,
    apply_plan,
    forget_plan,
    leave_shown,
    must_be_shown,
    outputs_of,
    plan_file,
    probed,
    saved_plan,
    seal,
    shown_of,
)
from reign_executors.terraform.base import WithVariables
from reign_executors.terraform.failures import NotInitialised
from reign_executors.terraform.foresight import Foreseen, foreseen, undo_of
from reign_executors.terraform.image import backend_of, take_image
from reign_executors.terraform.place import (
    Place,
    initialised_before,
    lock_left,
    must_hold_configuration,
    refuse_unfinished,
    written_before,
)
from reign_executors.terraform.planning import Planned, Wanted, make_plan
from reign_executors.terraform.progress import Progress
from reign_executors.terraform.state import read_state

LOOK_AGAIN = 120.0
"""Seconds a verification may plan; beyond that it says that it could not look at everything again."""


class PlannedChange(WithVariables, Change):
    """A change that terraform plans: shown by its preview, applied from that very plan, verified by a new one."""

    returns: ClassVar[type[Outputs]] = Applied
    timeout: ClassVar[float] = 7200.0
    undo_promise: ClassVar[UndoPromise] = UndoPromise.REVERT
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    destroying: ClassVar[bool] = False

    timeout_seconds: float = Field(default=7200.0, gt=0, le=86_400, description="time limit for all of it")

    @abstractmethod
    def doing(self) -> str:
        """``apply``, for sentences."""

    def time_limit(self) -> float:
        return self.timeout_seconds

    async def preview(self, call: Call) -> Effect:
        shown = shown_of(call) if call.resumed and status(call.folder).state == "running" else None
        if shown is not None:
            return shown.effect  # it is being done: a plan made now would show the half that is left
        forget_plan(call)
        place = self.place(call)
        unknown = _not_yet(place, call)
        if unknown is not None:
            return Effect.unknown(unknown, undo=self.undo_promise)
        try:
            must_hold_configuration(place)
            refuse_unfinished(place)
            planned = await self._plan(place, call)
        except NotInitialised as error:
            if initialised_before(place, call):
                return Effect.unknown("known once terraform init has run", undo=self.undo_promise)
            return _in_the_way(error)
        except ToolMissing:
            raise
        except OperationError as error:
            return _in_the_way(error)
        effect = self._effect(place, call, planned)
        if call.planning:
            planned.file.unlink(missing_ok=True)
        else:
            leave_shown(call, planned, effect)
            seal(call)
        return effect

    async def _plan(self, place: Place, call: Call) -> Planned:
        return await make_plan(place, call, self.wanted(call, destroy=self.destroying), plan_file(call))

    def _effect(self, place: Place, call: Call, planned: Planned) -> Effect:
        found = planned.found
        promise, why = undo_of(found, empty_before=not planned.lineage, destroying=self.destroying)
        return effect_of(place, self.wanted(call), [planned], promise, why)

    async def execute(self, call: Call) -> Applied:
        place = self.checked(call)
        if call.resumed and status(call.folder).state == "running":
            return await self._attached(place, call)
        call = replace(call, resumed=False)
        refuse_unfinished(place)
        file = saved_plan(call)
        if file is None:
            planned = await self._plan(place, call)
            effect = self._effect(place, call, planned)
            try:
                must_be_shown(call, effect)
            except OperationError:
                forget_plan(call)
                raise
            leave_shown(call, planned, effect)
            file = planned.file
        shown = shown_of(call)
        assert shown is not None
        if not shown.changes:
            forget_plan(call)
            call.say("nothing to do: it is as the configuration says")
            return await outputs_of(place, call, Progress(call), {}, changed=False)
        progress = await apply_plan(place, call, file, f"{self.doing()} {place.said}")
        return await outputs_of(place, call, progress, shown.actions)

    async def _attached(self, place: Place, call: Call) -> Applied:
        shown = shown_of(call)
        progress = await apply_plan(place, call, plan_file(call), f"{self.doing()} {place.said}")
        return await outputs_of(place, call, progress, {} if shown is None else shown.actions)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, Applied)
        place = self.place(call)
        state = await read_state(place, call)
        if outputs.lineage and state.lineage != outputs.lineage:
            return Verification(ok=False, detail=f"the state is another one now: {state.mark}")
        wrong = _not_so(outputs.actions, state.addresses)
        if wrong:
            return Verification(ok=False, detail="; ".join(wrong[:5]))
        left = await self._still_wanted(place, call)
        if left is None:
            return Verification(ok=True, detail=f"{state.mark}; not planned again: it took too long")
        others = sorted(address for address in left.actions if address not in outputs.actions)
        if others:
            return Verification(ok=False, detail=f"a new plan still wants to change {', '.join(others[:5])}")
        if left.actions:
            names = ", ".join(sorted(left.actions)[:5])
            return Verification(ok=True, detail=f"{state.mark}; {names} never settles: each plan changes it anew")
        return Verification(ok=True, detail=f"{state.mark}; a new plan shows no changes")

    async def _still_wanted(self, place: Place, call: Call) -> Foreseen | None:
        """What a plan says now; None when it took too long."""
        if self.destroying and not self.targets:
            return Foreseen()  # nothing is left to be asked about, which the state said
        wanted = replace(self.wanted(call, destroy=self.destroying), replace=())
        silent = replace(call, write=discard)
        file = call.folder / "again.tfplan"
        try:
            planned = await make_plan(place, silent, wanted, file, timeout=LOOK_AGAIN)
        except TimedOut:
            return None
        finally:
            file.unlink(missing_ok=True)
        return foreseen(planned.document, place)

    async def probe(self, call: Call) -> Probe:
        return await probed(self.place(call), call)

    async def capture(self, call: Call) -> JsonObject:
        return await take_image(self.checked(call), call, self.wanted(call))

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        from reign_executors.terraform.restore import Restore

        if outputs.get("changed") is False:
            return None
        left = {name: outputs[name] for name in ("lineage", "serial") if outputs.get(name)}
        return Restore(folder=self.folder, workspace=self.workspace, before=before, left=left)


def _not_yet(place: Place, call: Call) -> str | None:
    """Why nothing can be known before an earlier step ran; None when it can."""
    written = written_before(place, call)
    if written is not None:
        return f"known once {written} is written"
    if place.resource(f"workspace.{place.workspace}") in call.promised:
        return f"known once the workspace {place.workspace} is there"
    return None


def _in_the_way(error: OperationError) -> Effect:
    return Effect(known=False, why_unknown=error.cause, problems=(Problem(text=str(error)),), undo=UndoPromise.NONE)


def _not_so(actions: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """What was done, but does not show in the state."""
    wrong = []
    for address, word in actions.items():
        if " " in address:
            continue
        if word in ("delete", "forget") and address in there:
            wrong.append(f"{address} is still in the state")
        elif word in ("create", "update", "replace", "import") and address not in there:
            wrong.append(f"{address} is not in the state")
    return wrong


def effect_of(place: Place, wanted: Wanted, plans: list[Planned], promise: UndoPromise, why: str | None) -> Effect:
    """The effect of applying ``plans`` one after the other; its identity binds it to state, configuration, program."""
    first = plans[0]
    changes = tuple(change for planned in plans for change in planned.found.changes)
    findings: tuple[Finding, ...] = tuple(one for planned in plans for one in planned.found.findings)
    notes = ["; then ".join(planned.found.sentence for planned in plans)] if changes else []
    notes += dict.fromkeys(note for planned in plans for note in planned.found.notes)
    if not changes:
        notes.insert(0, "no changes: everything is as the configuration says")
    if wanted.targets:
        notes.append(f"only {', '.join(wanted.targets)} and what that depends on is looked at")
    lock = lock_left(place)
    if lock is not None:
        notes.append(f"the state is locked at the moment by {lock.get('Who', '?')} ({lock.get('Operation', '?')})")
    if place.configuration().external:
        notes.append("each plan of it runs a program of the configuration (an external data source)")
    return Effect(
        changes=changes,
        findings=findings,
        notes=tuple(notes),
        identity={
            "lineage": first.lineage or "none",
            "serial": str(first.serial),
            "workspace": place.workspace,
            "backend": backend_of(place),
            "configuration": place.digest(wanted.var_files),
            "program": str(place.program),
        },
        undo=promise if changes else UndoPromise.EXACT,
        undo_why=why if changes else None,
    )


class Apply(PlannedChange):
    """Bring real infrastructure to what the configuration says."""

    name: ClassVar[str] = "terraform.apply"
    summary: ClassVar[str] = "Apply a terraform configuration: exactly the plan that was shown"

    def doing(self) -> str:
        return "apply"

    def command_line(self) -> str:
        return self.spelled("apply", *self.words())


class Destroy(PlannedChange):
    """Destroy everything (or the targets) that this configuration made."""

    name: ClassVar[str] = "terraform.destroy"
    summary: ClassVar[str] = "Destroy what a terraform configuration made: exactly the plan that was shown"
    undo_promise: ClassVar[UndoPromise] = UndoPromise.RECREATE
    destroying: ClassVar[bool] = True

    def doing(self) -> str:
        return "destroy"

    def command_line(self) -> str:
        return self.spelled("destroy", *self.words())
