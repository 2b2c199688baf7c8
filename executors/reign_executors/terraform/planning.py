"""Making a plan with terraform and reading it. Nothing is changed: the state isn't even locked."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reign_executors.call import Call
from reign_executors.errors import NotFound
from reign_executors.operation import JsonObject
from reign_executors.redaction.names import unlike_a_word
from reign_executors.terraform.difference import marked
from reign_executors.terraform.failures import error_of
from reign_executors.terraform.foresight import Foreseen, foreseen, sensitive_texts
from reign_executors.terraform.place import Place
from reign_executors.terraform.program import look
from reign_executors.terraform.progress import Progress
from reign_executors.terraform.state import parsed, read_state

LONGEST = 1800.0
"""Seconds a plan may take: it asks the provider about every resource."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is planned: ``destroy`` all of it; ``targets`` and ``replace`` are addresses, ``var_files`` absolute paths,
    ``variables`` values by name (handed over in a file, never in the command line)."""

    destroy: bool = False
    targets: tuple[str, ...] = ()
    replace: tuple[str, ...] = ()
    var_files: tuple[Path, ...] = ()
    variables: JsonObject = field(default_factory=dict)
    secret: frozenset[str] = frozenset()

    @property
    def hidden(self) -> tuple[str, ...]:
        """Texts that are never shown: the values of secret variables."""
        values = [self.variables[name] for name in self.secret if name in self.variables]
        return tuple(text for value in values for text in marked(value, True))


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan that was made: ``file`` (0600), ``found`` what it does, ``lineage`` and ``serial`` of the state it is
    for, ``changes`` whether applying it would do anything, ``sha`` of the file."""

    file: Path
    found: Foreseen
    lineage: str
    serial: int
    changes: bool
    sha: str
    document: dict[str, Any] = field(repr=False, default_factory=dict)


async def make_plan(
    place: Place,
    call: Call,
    wanted: Wanted,
    file: Path,
    *,
    folder: Path | None = None,
    timeout: float = LONGEST,
) -> Planned:
    """Plan in ``place`` and keep the plan in ``file`` (0600; the caller removes it). Readable lines go to the call.

    ``folder``: another folder to read the configuration from (a scratch copy). Typed errors of
    :mod:`~reign_executors.terraform.failures`; nothing is left behind then.
    """
    await place.exists(call)
    for needed in wanted.var_files:
        if not needed.is_file():
            raise NotFound(f"there is no file {needed} with variables", "name a .tfvars file that exists")
    call.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    values = file.with_name(f"{file.name}.tfvars.json")
    progress = Progress(call)
    try:
        private(file, b"")
        given = [str(one) for one in wanted.var_files]
        if wanted.variables:
            private(values, json.dumps(wanted.variables).encode())
            given.append(str(values))
        argv = place.line(
            "plan",
            json=True,
            input=False,
            lock=False,
            detailed_exitcode=True,
            out=str(file),
            var_file=given,
            target=list(wanted.targets),
            replace=list(wanted.replace),
            destroy=True if wanted.destroy else None,
        )
        if folder is not None:
            argv.insert(1, f"-chdir={folder}")
        finished = await look(argv, call, place.folder, place.workspace, timeout=timeout, on_line=progress.take)
        if finished.exit_code not in (0, 2):
            doing = f"{'plan the destruction of' if wanted.destroy else 'plan'} {place.said}"
            raise error_of(progress.diagnostics, finished, doing, place.folder)
        document = json.loads((await _shown(place, call, file, folder)).decode("utf-8", "replace"))
        lineage, serial = await _state_of(place, call, file)
    except BaseException:
        file.unlink(missing_ok=True)
        raise
    finally:
        values.unlink(missing_ok=True)
    file.chmod(0o600)
    kept = [text for text in sorted(sensitive_texts(document)) if unlike_a_word(text)]
    call.learn({f"terraform_{number}": text for number, text in enumerate(kept, 1)})
    found = foreseen(document, place, wanted.hidden)
    return Planned(file, found, lineage, serial, finished.exit_code == 2, sha_of(file), document)


async def _shown(place: Place, call: Call, file: Path, folder: Path | None) -> bytes:
    where = place if folder is None else replace(place, folder=folder)
    return (await where.asked(call, "show", str(file), json=True)).stdout


async def _state_of(place: Place, call: Call, file: Path) -> tuple[str, int]:
    """Lineage and serial of the state a plan was made for: they stand in the plan itself, unless it is encrypted."""
    with suppress(zipfile.BadZipFile, KeyError):
        with zipfile.ZipFile(file) as packed:
            state = parsed(packed.read("tfstate"))
        return state.lineage, state.serial
    state = await read_state(place, call)
    return state.lineage, state.serial


def private(file: Path, data: bytes) -> None:
    """Write a file that only this user may read, whatever was there."""
    file.unlink(missing_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as opened:
        opened.write(data)


def sha_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def digest_of_effect(normalised: JsonObject) -> str:
    return hashlib.sha256(json.dumps(normalised, sort_keys=True).encode()).hexdigest()
