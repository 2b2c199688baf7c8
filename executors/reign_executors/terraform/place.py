"""Where terraform works: a folder with its configuration, one of its workspaces, the program."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from reign_executors.call import Call
from reign_executors.errors import Conflict, InvalidFields, NotFound
from reign_executors.home import expanded
from reign_executors.process import Finished
from reign_executors.target import Target
from reign_executors.terraform.configuration import (
    VALUES,
    Configuration,
    configuration_files,
    digest_of,
    has_configuration,
    is_configuration,
    read_configuration,
)
from reign_executors.terraform.failures import error_of, plain_diagnostics
from reign_executors.terraform.program import line, look, terraform_program

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Place:
    """``folder`` absolute, links followed; ``workspace`` the one that is meant; ``program`` absolute; ``data`` where
    init puts providers, modules and the backend's settings."""

    folder: Path
    workspace: str
    program: Path
    data: Path

    @property
    def name(self) -> str:
        """``infra``, or ``infra@staging`` in a workspace of its own: how its resources are named to people."""
        at = "" if self.workspace == DEFAULT else f"@{self.workspace}"
        return f"{self.folder.name or '/'}{at}"

    @property
    def said(self) -> str:
        """The folder with the workspace, in a sentence."""
        at = "" if self.workspace == DEFAULT else f" (workspace {self.workspace})"
        return f"{self.folder}{at}"

    def resource(self, address: str) -> str:
        return f"{self.name}/{address}"

    def target(self) -> Target:
        return Target(
            tool="terraform",
            context=self.workspace,
            resource=f"folder/{self.folder}",
            identity={"folder": str(self.folder)},
        )

    def configuration(self) -> Configuration:
        return read_configuration(self.folder)

    def digest(self, more: tuple[Path, ...] = ()) -> str:
        """Of all that a plan is made of."""
        return digest_of([*configuration_files(self.folder), *more], self.folder)

    def line(self, verb: str, *args: str, **options: object) -> list[str]:
        return line(self.program, verb, *args, **options)

    async def asked(self, call: Call, verb: str, *args: str, **options: object) -> Finished:
        """What a short command that only reads answers; the typed error when it fails."""
        finished = await look(self.line(verb, *args, **options), call, self.folder, self.workspace)
        if not finished.ok:
            said = (finished.stderr + b"\n" + finished.stdout[:65536]).decode("utf-8", "replace")
            raise error_of(plain_diagnostics(said), finished, f"{verb} in {self.folder}", self.folder)
        return finished

    async def workspaces(self, call: Call) -> list[str]:
        """The names of all workspaces (asked as the default one, because asking as one makes it)."""
        finished = await look(self.line("workspace list"), call, self.folder, DEFAULT)
        if not finished.ok:
            said = finished.stderr.decode("utf-8", "replace")
            raise error_of(plain_diagnostics(said), finished, "list the workspaces", self.folder)
        said = finished.stdout.decode("utf-8", "replace")
        return re.findall(r"^[* ] (\S+)\s*$", said, re.MULTILINE)

    async def exists(self, call: Call) -> None:
        """Raise ``NotFound`` when the workspace does not exist: terraform would make it while it plans."""
        if self.workspace == DEFAULT:
            return
        known = await self.workspaces(call)
        if self.workspace not in known:
            raise NotFound(
                f"there is no workspace {self.workspace} in {self.folder}",
                f"create it first (create workspace {self.workspace}), or use one of: {', '.join(known)}",
            )


def absolute_folder(folder: str, call: Call) -> Path:
    return Path(os.path.realpath(call.cwd / expanded(folder)))


def data_folder(folder: Path, call: Call) -> Path:
    """Where this folder's init put its things: ``.terraform``, unless the person's TF_DATA_DIR says otherwise."""
    variables = os.environ if call.environment is None else call.environment
    return folder / expanded(variables.get("TF_DATA_DIR") or ".terraform")


def chosen_workspace(folder: Path, call: Call) -> str:
    """The workspace a person in that folder would work in."""
    variables = os.environ if call.environment is None else call.environment
    if variables.get("TF_WORKSPACE"):
        return variables["TF_WORKSPACE"]
    try:
        return (data_folder(folder, call) / "environment").read_text("utf-8").strip() or DEFAULT
    except (OSError, UnicodeDecodeError):
        return DEFAULT


def place_of(folder: str, workspace: str | None, call: Call) -> Place:
    """The place that fields name; ``ToolMissing`` without a program. The folder need not be there (yet)."""
    path = absolute_folder(folder, call)
    return Place(path, workspace or chosen_workspace(path, call), terraform_program(call), data_folder(path, call))


def must_hold_configuration(place: Place) -> None:
    """Raise ``NotFound`` or ``InvalidFields`` when there is nothing for terraform."""
    if not place.folder.exists():
        raise NotFound(f"there is no folder {place.folder}", "name the folder that holds the configuration")
    if not place.folder.is_dir():
        raise InvalidFields(f"{place.folder} is a file", f"name its folder: {place.folder.parent}")
    if not has_configuration(place.folder):
        below = sorted({str(f.parent) for pattern in ("*/*.tf", "*/*/*.tf") for f in place.folder.glob(pattern)})[:5]
        way = f"did you mean {', '.join(below)}?" if below else "name the folder that holds *.tf files"
        raise NotFound(f"there is no terraform configuration in {place.folder}", way)


def written_before(place: Place, call: Call) -> str | None:
    """Which configuration file an earlier step of the plan writes, so that nothing is known yet; None when none."""
    for resource in sorted(call.touched | call.promised):
        _, _, path = resource.partition("/")
        file = Path(path)
        fits = is_configuration(file.name) or file.name.endswith(VALUES)
        if fits and (file.is_relative_to(place.folder) or Path(os.path.realpath(file)).is_relative_to(place.folder)):
            return str(file)
    return None


def initialised_before(place: Place, call: Call) -> bool:
    """Whether an earlier step of the plan initialises this folder."""
    return call.will_touch(f"directory/{place.data}") or f"{place.name}/init" in call.touched


def recorded_backend(place: Place) -> tuple[str, str]:
    """Kind and digest of the backend that init wrote down; empty before that."""
    try:
        kept = json.loads((place.data / "terraform.tfstate").read_bytes())
    except (OSError, ValueError):
        return "", ""
    backend = kept.get("backend") if isinstance(kept, dict) else None
    if not isinstance(backend, dict):
        return "", ""
    return str(backend.get("type", "")), str(backend.get("hash", ""))


def local_state_file(place: Place) -> Path | None:
    """The state's file when the backend is ``local``; None for others."""
    configured: dict[str, object] = {}
    kind, _ = recorded_backend(place)
    if kind not in ("", "local"):
        return None
    if kind == "local":
        kept = json.loads((place.data / "terraform.tfstate").read_bytes())
        configured = kept["backend"].get("config") or {}
    if place.workspace != DEFAULT:
        folder = Path(str(configured.get("workspace_dir") or "terraform.tfstate.d"))
        return place.folder / folder / place.workspace / "terraform.tfstate"
    return place.folder / str(configured.get("path") or "terraform.tfstate")


def lock_left(place: Place) -> dict[str, str] | None:
    """Who holds the lock of a local state (``ID``, ``Who``, ``Operation``, ``Created``); None when nobody does."""
    state = local_state_file(place)
    if state is None:
        return None
    try:
        kept = json.loads(state.with_name(f".{state.name}.lock.info").read_bytes())
    except (OSError, ValueError):
        return None
    return {str(name): str(value) for name, value in kept.items()} if isinstance(kept, dict) else None


def refuse_unfinished(place: Place) -> None:
    """Raise ``Conflict`` when a run before could not write its state: nothing may be planned over that."""
    left = place.folder / "errored.tfstate"
    if left.exists():
        raise Conflict(
            f"a run before this one could not save its state: {left} holds it",
            "put it where it belongs first: terraform state push errored.tfstate, then remove that file",
        )
