"""The pre-image of an apply: the state and the configuration as they were, kept so that an undo can plan back."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from reign_executors.call import Blobs, Call
from reign_executors.errors import NotFound
from reign_executors.operation import JsonObject
from reign_executors.terraform.configuration import (
    Configuration,
    configuration_files,
    configuration_of,
    digest_of,
    is_configuration,
)
from reign_executors.terraform.place import Place, recorded_backend
from reign_executors.terraform.planning import Wanted
from reign_executors.terraform.state import State, parsed, read_state

CONFIGURATION_LIMIT = 4 * 1024 * 1024
"""Bytes of configuration that are kept; a larger one is only told from another by its digest."""
LEVELS = 4
"""Folders above whose contents a scratch copy reaches by links, for modules at ``../../modules``."""
MANY = 500


class Image(BaseModel):
    """``state`` is a blob's reference (None: there was none), ``inputs`` one of the variables that were given.
    ``files`` path below the folder → blob of its bytes; empty with ``kept`` False when they were too large."""

    model_config = ConfigDict(frozen=True)

    lineage: str
    serial: int
    resources: dict[str, str] = Field(default_factory=dict)
    state: str | None = None
    config: str
    backend: str
    files: dict[str, str] = Field(default_factory=dict)
    kept: bool = True
    inputs: str | None = None
    var_files: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()

    def state_before(self, blobs: Blobs) -> State:
        return State() if self.state is None else parsed(_blob(blobs, self.state))

    def configuration(self, blobs: Blobs) -> Configuration:
        """What the kept files of the root module say."""
        texts = {
            name: _blob(blobs, reference).decode("utf-8", "replace")
            for name, reference in self.files.items()
            if "/" not in name and is_configuration(name)
        }
        return configuration_of(texts)

    def wanted(self, blobs: Blobs) -> Wanted:
        """What was planned with before, without targets."""
        given: dict[str, Any] = {} if self.inputs is None else json.loads(_blob(blobs, self.inputs))
        return Wanted(
            var_files=tuple(Path(file) for file in self.var_files),
            variables=given.get("variables", {}),
            secret=frozenset(given.get("secret", ())),
        )


def _blob(blobs: Blobs, reference: str) -> bytes:
    try:
        return blobs.get(reference)
    except KeyError:
        raise NotFound("what was kept for this undo is gone", "put the state back from a backup of it") from None


async def take_image(place: Place, call: Call, wanted: Wanted) -> JsonObject:
    """The image of ``place`` now, as JSON; bytes go to ``call.blobs``."""
    state = await read_state(place, call)
    files = configuration_files(place.folder)
    kept = sum(file.stat().st_size for file in files) <= CONFIGURATION_LIMIT
    given = {"variables": wanted.variables, "secret": sorted(wanted.secret)}
    image = Image(
        lineage=state.lineage,
        serial=state.serial,
        resources=state.addresses,
        state=call.blobs.put(state.data) if state.data else None,
        config=digest_of([*files, *wanted.var_files], place.folder),
        backend=backend_of(place),
        files={str(file.relative_to(place.folder)): call.blobs.put(file.read_bytes()) for file in files if kept},
        kept=kept,
        inputs=call.blobs.put(json.dumps(given, sort_keys=True).encode()) if wanted.variables else None,
        var_files=tuple(str(file) for file in wanted.var_files),
        targets=wanted.targets,
    )
    return image.model_dump(mode="json", exclude_defaults=True)


def backend_of(place: Place) -> str:
    """Which backend keeps the state: what init wrote down, else what the configuration says."""
    kind, digest = recorded_backend(place)
    if kind:
        return f"{kind}:{digest}"
    configuration = place.configuration()
    return f"{configuration.backend}:{configuration.backend_digest}"


@contextmanager
def scratch(place: Place, call: Call, image: Image, more: Mapping[str, JsonObject] | None = None) -> Iterator[Path]:
    """A folder that looks like ``place`` did, to plan in: the kept configuration as files, all else (state, data
    folder, templates, what stands beside it) as links to the real thing. ``more``: files of JSON
    configuration beside it, by name.

    Only a plan is made there; it is applied in the real folder. Everything in it is removed afterwards.
    """
    top = call.folder / "scratch"
    shutil.rmtree(top, ignore_errors=True)
    top.mkdir(mode=0o700, parents=True)
    try:
        folder = _surroundings(top, place.folder)
        _lay(place.folder, folder, image, call.blobs)
        for name, content in (more or {}).items():
            (folder / name).touch(0o600)
            (folder / name).write_text(json.dumps(content))
        yield folder
    finally:
        shutil.rmtree(top, ignore_errors=True)


def _surroundings(top: Path, folder: Path) -> Path:
    """Folders as above the real one, whose other entries are links to it; the innermost is returned."""
    parts = folder.parts[-LEVELS:] if len(folder.parts) > LEVELS else folder.parts[1:]
    real = Path(*folder.parts[: len(folder.parts) - len(parts)])
    here = top
    for part in parts:
        with os.scandir(real) as listing:
            entries = [entry.name for _, entry in zip(range(MANY), listing, strict=False)]
        for name in entries:
            if name != part:
                (here / name).symlink_to(real / name)
        here, real = here / part, real / part
        here.mkdir()
    return here


def _lay(real: Path, here: Path, image: Image, blobs: Blobs) -> None:
    files = {Path(name) for name in image.files} if image.kept else set()
    folders = {parent for file in files for parent in file.parents}
    live = set() if not image.kept else {file.relative_to(real) for file in configuration_files(real)}

    def below(at: Path) -> None:
        for entry in sorted((real / at).iterdir()):
            name = entry.relative_to(real)
            if name in live:
                continue
            if name in folders:
                (here / name).mkdir()
                below(name)
            else:
                (here / name).symlink_to(entry)

    below(Path())
    for name, reference in image.files.items():
        target = here / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch(0o600)
        target.write_bytes(_blob(blobs, reference))
