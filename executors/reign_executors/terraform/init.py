"""``terraform.init``: fetch providers and modules, set up the backend."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import OperationError, ToolMissing
from reign_executors.files.image import Root
from reign_executors.operation import Outputs, Repeat
from reign_executors.process import run_supervised, status
from reign_executors.terraform.configuration import LOCK, Configuration
from reign_executors.terraform.failures import NotInitialised, error_of, plain_diagnostics
from reign_executors.terraform.place import Place, must_hold_configuration, recorded_backend, written_before
from reign_executors.terraform.program import LADDER, variables_of
from reign_executors.terraform.touching import TouchesFiles, left_behind

BACKEND = "backend.tfbackend"


class Initialised(Outputs):
    """``providers`` source → version as locked; ``left``: digests of what init made, for an undo."""

    folder: str
    changed: bool = True
    providers: dict[str, str] = Field(default_factory=dict)
    backend: str = "local"
    left: dict[str, str] = Field(default_factory=dict)


def locked(folder: Path) -> dict[str, str]:
    """Providers and versions of the lock file."""
    try:
        text = (folder / LOCK).read_text("utf-8", "replace")
    except OSError:
        return {}
    found = re.findall(r'provider\s+"([^"]+)"\s*\{[^}]*?version\s*=\s*"([^"]+)"', text)
    return {source.removeprefix("registry.terraform.io/"): version for source, version in found}


def missing(place: Place, configuration: Configuration) -> list[str]:
    """What init would fetch or set up that is not there yet, in words."""
    there = locked(place.folder)
    found = []
    for source, version in sorted(set(configuration.to_install.values())):
        have = next((v for name, v in there.items() if name == source or name.endswith(f"/{source}")), None)
        pattern = source if source.count("/") > 1 else f"*/{source}"
        installed = have is not None and any((place.data / "providers").glob(f"{pattern}/{have}"))
        if not installed:
            wish = f" {version}" if version else ""
            fixed = f" (locked at {have})" if have else ""
            found.append(f"provider {source}{wish}{fixed}")
    try:
        known = {one.get("Key") for one in json.loads((place.data / "modules/modules.json").read_bytes())["Modules"]}
    except (OSError, ValueError, KeyError, TypeError):
        known = set()
    found += [f"module {name} from {source}" for name, source in configuration.modules.items() if name not in known]
    kind, _ = recorded_backend(place)
    wanted = configuration.backend if configuration.backend_said else ""
    if kind != wanted and (wanted or kind not in ("", "local")):
        found.append(f"backend {configuration.backend}" + (f" in place of {kind}" if kind else ""))
    return found


class Init(TouchesFiles):
    """Fetch what the configuration needs and set up its backend; nothing real is touched."""

    name: ClassVar[str] = "terraform.init"
    summary: ClassVar[str] = "Initialise a terraform folder: providers, modules, backend"
    returns: ClassVar[type[Outputs]] = Initialised
    timeout: ClassVar[float] = 900.0
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    secret_fields: ClassVar[frozenset[str]] = frozenset({"backend_config"})

    upgrade: bool = Field(default=False, description="take the newest versions that the constraints allow")
    reconfigure: bool = Field(default=False, description="set the backend up anew; the state is not moved")
    backend_config: dict[str, str] = Field(default={}, description="settings of the backend beyond the configuration")

    async def roots(self, place: Place, call: Call) -> tuple[Root, ...]:
        lock = Root(path=str(place.folder / LOCK))
        if place.data.exists():
            return (lock,)
        return (lock, Root(path=str(place.data)))

    async def preview(self, call: Call) -> Effect:
        place = self.place(call)
        written = written_before(place, call)
        if written is not None and not place.folder.is_dir():
            return self._foreseen(place, Configuration(), [f"what {written} asks for"])
        try:
            must_hold_configuration(place)
        except ToolMissing:
            raise
        except OperationError as error:
            if written is not None:
                return self._foreseen(place, Configuration(), [f"what {written} asks for"])
            return Effect(known=False, why_unknown=error.cause, problems=(Problem(text=str(error)),))
        configuration = place.configuration()
        wanted = missing(place, configuration)
        if written is not None and not wanted:
            wanted = [f"what {written} asks for"]
        if not wanted and not self.upgrade and not self.reconfigure:
            return Effect.nothing(f"{place.folder} is initialised already")
        return self._foreseen(place, configuration, wanted)

    def _foreseen(self, place: Place, configuration: Configuration, wanted: list[str]) -> Effect:
        there, lock = place.data.exists(), place.folder / LOCK
        diff = "\n".join(f"+ {one}" for one in wanted) or None
        changes = [
            ResourceChange(
                action=Action.UPDATE if there else Action.CREATE,
                resource=f"directory/{place.data}",
                diff=diff,
                note=f"backend {configuration.backend}",
            )
        ]
        if any(one.startswith("provider") for one in wanted) or self.upgrade:
            changes.append(
                ResourceChange(
                    action=Action.UPDATE if lock.exists() else Action.CREATE,
                    resource=f"file/{lock}",
                    note="versions and checksums of the providers",
                )
            )
        notes = []
        sources = sorted({source for source, _ in configuration.to_install.values()})
        if any(one.startswith("provider") for one in wanted):
            notes.append(f"programs are fetched and run later: {', '.join(sources)}")
        if self.backend_config:
            notes.append(f"the backend is told {', '.join(sorted(self.backend_config))}")
        return Effect(
            changes=tuple(changes),
            notes=tuple(notes),
            identity={"configuration": place.digest(), "program": str(place.program)},
            undo=UndoPromise.REVERT if there else UndoPromise.EXACT,
            undo_why="the lock file comes back; what was fetched stays in the data folder" if there else None,
        )

    async def execute(self, call: Call) -> Initialised:
        place = self.checked(call)
        configuration = place.configuration()
        roots = await self.roots(place, call)
        before = _stamps(place)
        settings = call.folder / BACKEND
        given = []
        call.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            if self.backend_config:
                settings.unlink(missing_ok=True)
                settings.touch(0o600)
                lines = [f"{name} = {json.dumps(value)}\n" for name, value in self.backend_config.items()]
                settings.write_text("".join(lines))
                given = [str(settings)]
            finished = await run_supervised(
                place.line(
                    "init",
                    "-no-color",
                    input=False,
                    upgrade=True if self.upgrade else None,
                    reconfigure=True if self.reconfigure else None,
                    backend_config=given,
                ),
                call=replace(call, resumed=call.resumed and status(call.folder).state == "running"),
                cwd=place.folder,
                environment=variables_of(call, None),
                timeout=self.timeout - 30.0,
                cancel=LADDER,
                secrets=call.secrets,
            )
        finally:
            settings.unlink(missing_ok=True)
        if not finished.ok:
            said = (finished.stderr + b"\n" + finished.stdout).decode("utf-8", "replace")
            raise _failed(error_of(plain_diagnostics(said), finished, f"initialise {place.folder}", place.folder))
        kind, _ = recorded_backend(place)
        return Initialised(
            folder=str(place.folder),
            changed=_stamps(place) != before,
            providers=locked(place.folder),
            backend=kind or configuration.backend,
            left=await left_behind(roots),
        )

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        place = self.place(call)
        left = missing(place, place.configuration())
        if left:
            return Verification(ok=False, detail=f"still missing: {', '.join(left[:5])}")
        return Verification(ok=True, detail=f"{place.folder} is initialised")

    async def probe(self, call: Call) -> Probe:
        place = self.place(call)
        found = status(call.folder)
        if found.state == "never_started":
            return Probe(state="not_done", detail=found.error or "init was never started")
        if found.state == "running":
            return Probe(state="not_done", detail=f"init still runs as process {found.pid}: resume attaches")
        if found.finished is not None and found.finished.ok:
            roots = tuple(Root(path=str(path)) for path in (place.folder / LOCK, place.data))
            outputs = Initialised(
                folder=str(place.folder), providers=locked(place.folder), left=await left_behind(roots)
            )
            return Probe(state="done", detail="init ended well", outputs=outputs.model_dump(mode="json"))
        if not place.data.exists():
            return Probe(state="not_done", detail="init did not come far enough to leave anything")
        return Probe(state="in_doubt", detail="init was stopped on its way; running it again does no harm")

    def command_line(self) -> str:
        words = ["-upgrade"] if self.upgrade else []
        words += ["-reconfigure"] if self.reconfigure else []
        words += [f"-backend-config={shlex.quote(f'{name}=…')}" for name in self.backend_config]
        return self.spelled("init", *words)


def _failed(error: OperationError) -> OperationError:
    """Init itself can't be helped by an init."""
    if isinstance(error, NotInitialised):
        way = "if the backend really changed: reconfigure it, or move its state with terraform init -migrate-state"
        return NotInitialised(error.cause, way, detail=error.detail)
    return error


def _stamps(place: Place) -> list[tuple[str, int]]:
    """What init may change, by time."""
    files = [
        place.folder / LOCK,
        *place.data.glob("*"),
        *place.data.glob("modules/*"),
        *place.data.glob("providers/*/*/*/*"),
    ]
    found = []
    for file in sorted(files):
        try:
            found.append((str(file), file.stat().st_mtime_ns))
        except OSError:
            continue
    return found
