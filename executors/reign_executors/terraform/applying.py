"""Applying a saved plan that was shown, and telling afterwards what became of it."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pydantic import BaseModel, Field, JsonValue

from reign_executors.call import Call, discard
from reign_executors.effect import Effect, Probe
from reign_executors.errors import OperationError, TargetMoved
from reign_executors.operation import Outputs
from reign_executors.process import run_supervised, status
from reign_executors.process.folder import OUTPUT
from reign_executors.terraform.failures import NotInitialised, error_of
from reign_executors.terraform.place import Place, lock_left
from reign_executors.terraform.planning import Planned, digest_of_effect, private, sha_of
from reign_executors.terraform.program import LADDER, line, variables_of
from reign_executors.terraform.progress import Progress
from reign_executors.terraform.state import read_state

PLAN = "reign.tfplan"
SEALED = "reign.tfplan.sealed"
NOTE = "terraform-shown.json"
MANY = 200
"""Plans of this process that may wait for an answer at once; older ones are planned again."""
_keys: dict[str, bytes] = {}
"""Step's folder → key of the plan that waits there."""
LOCK_SECONDS = 10


class Applied(Outputs):
    """``changed`` False when nothing had to be done. ``added``, ``updated``, ``destroyed`` count resources;
    ``actions`` address → what was done; ``values`` the root module's outputs that are not sensitive;
    ``lineage``/``serial`` of the state as it was left."""

    folder: str
    workspace: str
    changed: bool = True
    added: int = 0
    updated: int = 0
    destroyed: int = 0
    actions: dict[str, str] = Field(default_factory=dict)
    values: dict[str, JsonValue] = Field(default_factory=dict)
    lineage: str = ""
    serial: int = 0


class Shown(BaseModel):
    """What the last preview left in the step's folder: ``sha`` of the plan file beside it, ``effect`` that was shown
    and ``approved`` its digest, lineage and serial of the state it was made for, what it does by address."""

    sha: str
    approved: str
    effect: Effect
    lineage: str
    serial: int
    changes: bool
    actions: dict[str, str] = Field(default_factory=dict)


def plan_file(call: Call) -> Path:
    """Where a step's plan is kept; at planning each preview has a name of its own (they share a folder)."""
    return call.folder / (f"{uuid.uuid4().hex}.tfplan" if call.planning else PLAN)


def leave_shown(call: Call, planned: Planned, effect: Effect) -> None:
    """Remember what was shown, for the execution of this very step."""
    shown = Shown(
        sha=planned.sha,
        approved=digest_of_effect(effect.normalised()),
        effect=effect,
        lineage=planned.lineage,
        serial=planned.serial,
        changes=planned.changes,
        actions=planned.found.actions,
    )
    written = call.folder / f"{NOTE}.new"
    written.touch(0o600)
    written.write_text(shown.model_dump_json())
    written.replace(call.folder / NOTE)


def shown_of(call: Call) -> Shown | None:
    with suppress(FileNotFoundError, ValueError):
        return Shown.model_validate_json((call.folder / NOTE).read_bytes())
    return None


def seal(call: Call) -> None:
    """Keep the plan so that only this process can read it: a plan holds secrets in clear, and nobody may ever approve
    it. Another process plans again and compares."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    file = plan_file(call)
    key, nonce = os.urandom(32), os.urandom(12)
    private(call.folder / SEALED, nonce + AESGCM(key).encrypt(nonce, file.read_bytes(), None))
    _keys[str(call.folder)] = key
    while len(_keys) > MANY:
        del _keys[next(iter(_keys))]
    file.unlink()


def forget_plan(call: Call) -> None:
    """Nothing of a plan stays when it is not needed any more."""
    plan_file(call).unlink(missing_ok=True)
    (call.folder / SEALED).unlink(missing_ok=True)
    _keys.pop(str(call.folder), None)


def saved_plan(call: Call) -> Path | None:
    """The very plan that the last preview of this step made, unsealed into its file (0600); None when there is none
    (or it was touched)."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    shown, key, file = shown_of(call), _keys.get(str(call.folder)), plan_file(call)
    if shown is None or key is None or not (call.folder / SEALED).is_file():
        return None
    sealed = (call.folder / SEALED).read_bytes()
    with suppress(InvalidTag, ValueError):
        private(file, AESGCM(key).decrypt(sealed[:12], sealed[12:], None))
        (call.folder / SEALED).unlink()
        if sha_of(file) == shown.sha:
            return file
    forget_plan(call)
    return None


def must_be_shown(call: Call, effect: Effect) -> None:
    """Raise ``TargetMoved`` when this step showed something else than ``effect`` before."""
    shown = shown_of(call)
    if shown is not None and shown.approved != digest_of_effect(effect.normalised()):
        raise TargetMoved(
            "what would change is no longer what was shown", "look at the plan again, then approve it anew"
        )


async def apply_plan(place: Place, call: Call, file: Path, doing: str) -> Progress:
    """Apply exactly the plan in ``file``, supervised, and remove it afterwards, whatever happened.

    Terraform itself refuses a plan whose state has another lineage or serial by now, under its lock (``TargetMoved``).
    """
    progress = Progress(call)
    try:
        finished = await run_supervised(
            line(place.program, "apply", str(file), json=True, input=False, lock_timeout=f"{LOCK_SECONDS}s"),
            call=replace(call, write=discard),
            cwd=place.folder,
            environment=variables_of(call, place.workspace),
            timeout=None,
            cancel=LADDER,
            on_line=progress.take,
            secrets=call.secrets,
        )
    finally:
        file.unlink(missing_ok=True)
    if not finished.ok:
        raise _with_way_back(error_of(progress.diagnostics, finished, doing, place.folder), progress, place)
    return progress


def _with_way_back(error: OperationError, progress: Progress, place: Place) -> OperationError:
    """What was done until then stands: it is said, with what to do about it."""
    words = []
    if progress.done:
        names = ", ".join(f"{action} {address}" for address, action in list(progress.done.items())[:8])
        words.append(f"done until then, and kept in the state: {names}")
    if (place.folder / "errored.tfstate").exists():
        words.append(
            f"the state could not be saved: {place.folder}/errored.tfstate holds it; "
            "terraform state push errored.tfstate puts it back"
        )
    if words:
        error.way_out = "; ".join([error.way_out, *words]) if error.way_out else "; ".join(words)
    return error


async def outputs_of(
    place: Place, call: Call, progress: Progress, actions: Mapping[str, str], *, changed: bool = True
) -> Applied:
    """The typed outputs after an apply."""
    state = await read_state(place, call)
    values = {
        name: about.get("value")
        for name, about in progress.outputs.items()
        if isinstance(about, dict) and not about.get("sensitive") and "value" in about
    }
    return Applied(
        folder=str(place.folder),
        workspace=place.workspace,
        changed=changed,
        added=progress.summary.get("add", 0),
        updated=progress.summary.get("change", 0),
        destroyed=progress.summary.get("remove", 0),
        actions=dict(actions),
        values=values,
        lineage=state.lineage,
        serial=state.serial,
    )


async def probed(place: Place, call: Call) -> Probe:
    """After a crash in the middle: what the supervisor saw, and what the state says."""
    found = status(call.folder)
    if found.state == "running":
        return Probe(state="not_done", detail=f"terraform still runs as process {found.pid}: resume attaches")
    forget_plan(call)
    if found.state == "never_started":
        return Probe(state="not_done", detail=found.error or "terraform was never told to apply")
    shown = shown_of(call)
    progress = Progress(replace(call, write=discard))
    with suppress(FileNotFoundError), (call.folder / OUTPUT).open("rb") as log:
        for one in log:
            progress.take(one.rstrip(b"\n"))
    if found.finished is not None and found.finished.ok and not found.cancelled and not found.timed_out:
        actions = {} if shown is None else shown.actions
        outputs = await outputs_of(place, call, progress, actions)
        return Probe(state="done", detail="terraform applied the plan", outputs=outputs.model_dump(mode="json"))
    return await _unfinished(place, call, progress, shown, alive=found.program_alive, seen=found.finished is not None)


async def _unfinished(
    place: Place, call: Call, progress: Progress, shown: Shown | None, *, alive: bool, seen: bool
) -> Probe:
    words = []
    lock = lock_left(place)
    errored = (place.folder / "errored.tfstate").exists()
    if errored:
        words.append(f"the state could not be saved: terraform state push {place.folder}/errored.tfstate")
    if lock is not None and not alive:
        since = lock.get("Created", "?").partition(".")[0]
        words.append(
            f"the state's lock was left behind by {lock.get('Who', '?')} ({since}): "
            f"terraform force-unlock {lock.get('ID', 'ID')}"
        )
    try:
        state = await read_state(place, call)
    except NotInitialised as error:
        return Probe(state="in_doubt", detail="; ".join([error.cause, *words]))
    moved = shown is None or (state.lineage, state.serial) != (shown.lineage, shown.serial)
    if alive:
        words.insert(0, "terraform still runs, but nobody watches it any more")
    elif not moved and seen and not progress.done and not errored:
        return Probe(state="not_done", detail="; ".join(["the state is as it was before", *words]))
    elif progress.done:
        names = ", ".join(list(progress.done)[:8])
        words.insert(0, f"a part of it was done: {names} (state is now at serial {state.serial})")
    elif moved:
        words.insert(0, f"the state moved to serial {state.serial}, but the end was not seen")
    else:
        words.insert(0, "terraform was stopped on its way; the state is as before, what it began may exist")
    words.append("look at what a new plan says before going on")
    return Probe(state="in_doubt", detail="; ".join(words))
