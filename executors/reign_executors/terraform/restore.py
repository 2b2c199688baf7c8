"""``terraform.restore``: the inverse of an apply or a destroy, a new plan back to what was kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from reign_executors.call import Call, discard
from reign_executors.effect import Action, Choice, Effect, Probe, Problem, UndoPromise, Verification
from reign_executors.errors import Conflict, OperationError, TargetMoved, ToolMissing
from reign_executors.operation import Change, JsonObject, Outputs, Repeat
from reign_executors.process import status
from reign_executors.terraform.apply import effect_of
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
from reign_executors.terraform.base import InFolder
from reign_executors.terraform.foresight import addressable
from reign_executors.terraform.generating import block_of, schemas_of
from reign_executors.terraform.image import Image, scratch, take_image
from reign_executors.terraform.place import Place, must_hold_configuration, refuse_unfinished
from reign_executors.terraform.planning import Planned, Wanted, make_plan
from reign_executors.terraform.progress import Progress
from reign_executors.terraform.state import State, read_state, values_of

OVERRIDE = "reign_undo_override.tf.json"
BESIDE = "reign_undo.tf.json"


@dataclass(frozen=True, slots=True)
class Way:
    """One plan of the way back: what is ``wanted``, with ``more`` files of configuration; ``kept``: planned from what
    was kept (else from the folder as it is)."""

    wanted: Wanted
    more: dict[str, JsonObject] = field(default_factory=dict)
    kept: bool = False


class Restore(InFolder, Change):
    """Lead a state back to what it was: what was created since is destroyed, what was changed gets its old values,
    what was destroyed is created anew. Each by a plan that is shown first.

    ``before`` is the image taken before the change, ``left`` lineage and serial as it left them. What others changed
    since is asked about (``if_changed``).
    """

    name: ClassVar[str] = "terraform.restore"
    summary: ClassVar[str] = "Lead terraform's resources back to what they were (made by undo, not for planning)"
    returns: ClassVar[type[Outputs]] = Applied
    timeout: ClassVar[float] = 7200.0
    undo_promise: ClassVar[UndoPromise] = UndoPromise.REVERT
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT

    before: JsonObject
    left: JsonObject = Field(default_factory=dict)
    if_changed: Literal["ask", "go_on"] = "ask"

    def image(self) -> Image:
        return Image.model_validate(self.before)

    async def preview(self, call: Call) -> Effect:
        shown = shown_of(call) if call.resumed and status(call.folder).state == "running" else None
        if shown is not None:
            return shown.effect
        forget_plan(call)
        try:
            place = self.place(call)
            must_hold_configuration(place)
            refuse_unfinished(place)
            problem = await self._moved(place, call)
            planned, stuck = await self._planned(place, call)
        except ToolMissing:
            raise
        except OperationError as error:
            return Effect(known=False, why_unknown=error.cause, problems=(Problem(text=str(error)),))
        effect = self._effect(place, planned, stuck)
        if problem is not None and effect.changes:
            effect = effect.model_copy(update={"problems": (problem,)})
        for extra in planned[1:]:
            extra.file.unlink(missing_ok=True)
        if call.planning or effect.problems:
            for one in planned:
                one.file.unlink(missing_ok=True)
        elif planned:
            leave_shown(call, planned[0], effect)
            seal(call)
        return effect

    async def _moved(self, place: Place, call: Call) -> Problem | None:
        """What speaks against it: the state is not the one that the change left."""
        state, image = await read_state(place, call), self.image()
        if image.lineage and state.lineage and state.lineage != image.lineage:
            raise Conflict(
                f"this is another state than the one that was kept: lineage {state.lineage}, not {image.lineage}",
                "go back to that state, or leave it as it is",
            )
        serial = self.left.get("serial")
        if self.if_changed == "go_on" or serial is None:
            return None
        if (state.lineage, state.serial) == (self.left.get("lineage"), serial):
            return None
        choice = Choice(
            key="go_on",
            label="lead it back all the same; what they did to these resources is lost",
            fields={"if_changed": "go_on"},
        )
        return Problem(
            text=f"the state of {place.said} was changed by others since: serial {serial} → {state.serial}",
            choices=(choice,),
        )

    async def _ways(self, place: Place, call: Call) -> tuple[list[Way], list[str], list[str]]:
        """The plans to make, the addresses that were created since, and those that can't be led back."""
        image, now = self.image(), await read_state(place, call)
        before = image.state_before(call.blobs)
        created = [address for address in now.addresses if address not in before.addresses]
        others = [a for a, digest in before.addresses.items() if now.addresses.get(a) != digest]
        ways, stuck = await self._back(place, call, image, before, now, others)
        if created:
            whole = not before.addresses
            targets = () if whole else tuple(created)
            given = image.wanted(call.blobs)
            ways.append(Way(replace(given, destroy=True, targets=targets)))
        return ways, created, stuck

    async def _back(
        self, place: Place, call: Call, image: Image, before: State, now: State, others: list[str]
    ) -> tuple[list[Way], list[str]]:
        """How what was changed or destroyed since comes back."""
        if not others:
            return [], []
        given = image.wanted(call.blobs)
        gone = [address for address in others if address not in now.addresses]
        defined = await self._defined(place, call, image, given, gone)
        plain = [address for address in gone if address in defined]
        rest = [address for address in others if address not in plain]
        stuck = [address for address in rest if not addressable(address)]
        more, led = await self._values(place, call, image, before, now, [a for a in rest if addressable(a)])
        targets = [*plain, *led]
        if not targets:
            return [], stuck
        whole = set(targets) == set(before.addresses) and not now.addresses
        wanted = replace(given, targets=() if whole else tuple(targets))
        return [Way(wanted, more, image.kept)], stuck

    async def _defined(self, place: Place, call: Call, image: Image, given: Wanted, gone: list[str]) -> set[str]:
        """Which of the destroyed the kept configuration still makes."""
        if not gone:
            return set()
        silent = replace(call, write=discard)
        planned = await self._plan(place, silent, Way(given, kept=image.kept), "look.tfplan")
        planned.file.unlink(missing_ok=True)
        return {address for address in gone if planned.found.actions.get(address) == "create"}

    async def _values(
        self, place: Place, call: Call, image: Image, before: State, now: State, addresses: list[str]
    ) -> tuple[dict[str, JsonObject], list[str]]:
        """Configuration files that give these resources the values they had, and which of them these lead back."""
        if not addresses or not image.kept:
            return {}, []
        schemas = await schemas_of(place, call)
        old = await values_of(place, call, before, call.folder)
        new = await values_of(place, call, now, call.folder)
        defined = image.configuration(call.blobs).resources
        files: dict[str, dict[str, Any]] = {}
        led = []
        for address in addresses:
            there = address in defined
            block = block_of(old[address], new.get(address) if there else None, schemas)
            if not block and there:
                continue  # only what the provider computes differs
            kinds = files.setdefault(OVERRIDE if there else BESIDE, {})
            kinds.setdefault(old[address]["type"], {})[old[address]["name"]] = block
            led.append(address)
        return {name: {"resource": kinds} for name, kinds in files.items()}, led

    async def _plan(self, place: Place, call: Call, way: Way, name: str | None = None) -> Planned:
        file = plan_file(call) if name is None else plan_file(call).with_name(f"{plan_file(call).stem}-{name}")
        if not way.kept:
            return await make_plan(place, call, way.wanted, file)
        with scratch(place, call, self.image(), way.more) as folder:
            return await make_plan(place, call, way.wanted, file, folder=folder)

    async def _planned(self, place: Place, call: Call) -> tuple[list[Planned], list[str]]:
        ways, _, stuck = await self._ways(place, call)
        planned: list[Planned] = []
        try:
            for number, way in enumerate(ways):
                name = None if number == 0 else f"{number + 1}.tfplan"
                planned.append(await self._plan(place, call, way, name))
        except BaseException:
            for one in planned:
                one.file.unlink(missing_ok=True)
            raise
        return planned, stuck

    def _effect(self, place: Place, planned: list[Planned], stuck: list[str]) -> Effect:
        if not planned:
            notes = ["everything is as it was before already"] if not stuck else []
            return Effect(notes=(*notes, *_left(stuck)))
        destroyed = any(c.action in (Action.DELETE, Action.REPLACE) for one in planned for c in one.found.changes)
        promise = UndoPromise.RECREATE if destroyed else UndoPromise.REVERT
        why = "what it destroys is created anew: new ids, without the data" if destroyed else "by a plan like this one"
        effect = effect_of(place, Wanted(), planned, promise, why)
        return effect.model_copy(update={"notes": (*effect.notes, *_left(stuck))})

    async def execute(self, call: Call) -> Applied:
        place = self.checked(call)
        if call.resumed and status(call.folder).state == "running":
            progress = await apply_plan(place, call, plan_file(call), f"restore {place.said}")
            shown = shown_of(call)
            return await outputs_of(place, call, progress, {} if shown is None else shown.actions)
        call = replace(call, resumed=False)
        refuse_unfinished(place)
        problem = await self._moved(place, call)
        ways, created, _ = await self._ways(place, call)
        if not ways:
            call.say("nothing to do: everything is as it was before")
            return await outputs_of(place, call, Progress(call), {}, changed=False)
        if problem is not None:
            raise Conflict(problem.text, "choose to lead it back all the same, or leave it")
        actions: dict[str, str] = {}
        progress = Progress(call)
        first = await self._first(place, call, ways)
        for number, way in enumerate(ways):
            file, does = first if number == 0 else await self._next(place, call, way, created)
            part = replace(call, folder=call.folder / f"part{number + 1}") if number else call
            progress = await apply_plan(place, part, file, f"restore {place.said}")
            actions.update(does)
        return await outputs_of(place, call, progress, actions)

    async def _first(self, place: Place, call: Call, ways: list[Way]) -> tuple[Path, dict[str, str]]:
        """The first plan: the very one that was shown, or one that does the same."""
        file, shown = saved_plan(call), shown_of(call)
        if file is not None and shown is not None:
            return file, shown.actions
        planned, stuck = await self._planned(place, call)
        effect = self._effect(place, planned, stuck)
        for extra in planned[1:]:
            extra.file.unlink(missing_ok=True)
        try:
            must_be_shown(call, effect)
        except OperationError:
            forget_plan(call)
            raise
        leave_shown(call, planned[0], effect)
        return planned[0].file, planned[0].found.actions

    async def _next(self, place: Place, call: Call, way: Way, created: list[str]) -> tuple[Path, dict[str, str]]:
        """A later plan, made once the one before it was applied; it may only destroy what was shown to go."""
        planned = await self._plan(place, call, way, "2.tfplan")
        beyond = sorted(
            a for a, word in planned.found.actions.items() if word != "delete" or a.partition(" ")[0] not in created
        )
        if beyond:
            planned.file.unlink(missing_ok=True)
            raise TargetMoved(f"it would also change {', '.join(beyond[:5])}, which was not shown", "look at it again")
        return planned.file, planned.found.actions

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        place = self.place(call)
        now, before = await read_state(place, call), self.image().resources
        extra = sorted(set(now.addresses) - set(before))
        missing = sorted(set(before) - set(now.addresses))
        stuck = [address for address in missing if not addressable(address)]
        if extra:
            return Verification(ok=False, detail=f"still there: {', '.join(extra[:5])}")
        if set(missing) - set(stuck):
            return Verification(ok=False, detail=f"not back: {', '.join(missing[:5])}")
        said = f"{len(now.addresses)} resource{'' if len(now.addresses) == 1 else 's'} as before, {now.mark}"
        return Verification(ok=True, detail="; ".join([said, *_left(stuck)]))

    async def probe(self, call: Call) -> Probe:
        place = self.place(call)
        found = await probed(place, call)
        if found.state != "done":
            return found
        seen = await self.verify(call, Applied.model_validate(found.outputs))
        if seen.ok:
            return found
        return Probe(state="in_doubt", detail=f"a part of the way back was done; {seen.detail}")

    async def capture(self, call: Call) -> JsonObject:
        return await take_image(self.checked(call), call, self.image().wanted(call.blobs))

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if outputs.get("changed") is False:
            return None
        left = {name: outputs[name] for name in ("lineage", "serial") if outputs.get(name)}
        return Restore(folder=self.folder, workspace=self.workspace, before=before, left=left)


def _left(stuck: Iterable[str]) -> list[str]:
    names = list(stuck)
    if not names:
        return []
    return [f"stays as it is, because its old configuration is not known: {', '.join(names[:8])}"]
