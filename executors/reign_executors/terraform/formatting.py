"""``terraform.fmt``: the usual layout for configuration files."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from reign_executors.call import Call, discard
from reign_executors.effect import Action, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import OperationError, ToolMissing
from reign_executors.files.image import Root
from reign_executors.files.places import identity, lstat
from reign_executors.operation import Outputs, Repeat
from reign_executors.process import run_supervised, status
from reign_executors.terraform.failures import error_of, plain_diagnostics
from reign_executors.terraform.place import Place, must_hold_configuration, written_before
from reign_executors.terraform.program import LADDER, look, variables_of
from reign_executors.terraform.touching import TouchesFiles, left_behind

NOTE = "fmt-files.json"
_HEAD = re.compile(r"^(.*)\n(?=--- old/\1$)", re.MULTILINE)


class Formatted(Outputs):
    """``files`` that were rewritten (absolute), ``left`` their digests, for an undo."""

    folder: str
    changed: bool = True
    files: tuple[str, ...] = ()
    left: dict[str, str] = Field(default_factory=dict)


async def differences(place: Place, call: Call, *, recursive: bool) -> dict[Path, str]:
    """Files that are not laid out as ``fmt`` would, each with a unified diff to how it would be."""
    argv = place.line(
        "fmt",
        "-no-color",
        check=True,
        diff=True,
        recursive=recursive or None,
    )
    finished = await look(argv, call, place.folder)
    said = finished.stdout.decode("utf-8", "replace")
    if finished.exit_code not in (0, 3):
        words = finished.stderr.decode("utf-8", "replace")
        raise error_of(plain_diagnostics(words), finished, f"format {place.folder}", place.folder)
    heads = list(_HEAD.finditer(said))
    if not heads:
        return {}
    ends = [*(head.start() for head in heads[1:]), len(said)]
    return {place.folder / head[1]: said[head.end() : end].rstrip("\n") for head, end in zip(heads, ends, strict=True)}


class Format(TouchesFiles):
    """Rewrite configuration files in the usual layout; what they say stays the same."""

    name: ClassVar[str] = "terraform.fmt"
    summary: ClassVar[str] = "Format terraform files"
    returns: ClassVar[type[Outputs]] = Formatted
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT

    recursive: bool = Field(default=False, description="folders below as well")

    async def roots(self, place: Place, call: Call) -> tuple[Root, ...]:
        return tuple(Root(path=str(file)) for file in await differences(place, call, recursive=self.recursive))

    async def preview(self, call: Call) -> Effect:
        place = self.place(call)
        written = written_before(place, call)
        if written is not None:
            return Effect.unknown(f"known once {written} is written", undo=UndoPromise.EXACT)
        try:
            must_hold_configuration(place)
            found = await differences(place, call, recursive=self.recursive)
        except ToolMissing:
            raise
        except OperationError as error:
            return Effect(known=False, why_unknown=error.cause, problems=(Problem(text=str(error)),))
        if not found:
            return Effect.nothing(f"the files in {place.folder} are laid out well already")
        return Effect(
            changes=tuple(
                ResourceChange(action=Action.UPDATE, resource=f"file/{file}", diff=diff) for file, diff in found.items()
            ),
            identity={f"file/{file}": identity(lstat(file)) for file in found},
        )

    async def execute(self, call: Call) -> Formatted:
        place = self.checked(call)
        roots = await self.roots(place, call)
        if not roots:
            return Formatted(folder=str(place.folder), changed=False)
        _remember(call, roots)
        finished = await run_supervised(
            place.line(
                "fmt",
                "-no-color",
                recursive=self.recursive or None,
            ),
            call=replace(call, resumed=False, write=discard),
            cwd=place.folder,
            environment=variables_of(call),
            timeout=self.timeout,
            cancel=LADDER,
        )
        if not finished.ok:
            words = finished.stderr.decode("utf-8", "replace")
            raise error_of(plain_diagnostics(words), finished, f"format {place.folder}", place.folder)
        for root in roots:
            call.say(f"formatted {root.path}")
        return Formatted(
            folder=str(place.folder), files=tuple(root.path for root in roots), left=await left_behind(roots)
        )

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        found = await differences(self.place(call), call, recursive=self.recursive)
        if found:
            return Verification(ok=False, detail=f"not as fmt would have it: {', '.join(map(str, found))}")
        return Verification(ok=True, detail="all files are laid out as fmt would have them")

    async def probe(self, call: Call) -> Probe:
        place = self.place(call)
        if status(call.folder).state == "never_started":
            return Probe(state="not_done", detail="fmt was never started")
        if await differences(place, call, recursive=self.recursive):
            return Probe(state="not_done", detail="some files are not formatted (yet)")
        roots = _remembered(call)
        outputs = Formatted(
            folder=str(place.folder), files=tuple(root.path for root in roots), left=await left_behind(roots)
        )
        return Probe(state="done", detail="all files are formatted", outputs=outputs.model_dump(mode="json"))

    def command_line(self) -> str:
        return self.spelled("fmt", *(["-recursive"] if self.recursive else []))


def _remember(call: Call, roots: tuple[Root, ...]) -> None:
    """Keep which files are rewritten, for a probe after a crash."""
    call.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (call.folder / NOTE).write_text(json.dumps([root.path for root in roots]))


def _remembered(call: Call) -> tuple[Root, ...]:
    with suppress(FileNotFoundError, ValueError):
        return tuple(Root(path=path) for path in json.loads((call.folder / NOTE).read_bytes()))
    return ()
