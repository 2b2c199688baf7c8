"""The terraform (or tofu) program: where it is, its command lines, its variables, and running it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from reign_executors.call import Call, discard
from reign_executors.errors import ToolMissing
from reign_executors.operation import CancelLadder
from reign_executors.process import Finished, program, run
from reign_executors.process.programs import way_to_get

PROGRAMS = ("terraform", "tofu")
LADDER: CancelLadder = ((signal.SIGINT, 120.0), (signal.SIGTERM, 20.0), (signal.SIGKILL, 2.0))
"""Terraform ends what it is doing after an interrupt, writes its state and gives back its lock; a second signal makes
it stop at once and lose track, so the first one gets time."""
SHORT = 120.0
"""Seconds for a command that only looks."""
KEEP = 256 * 1024 * 1024
"""Bytes of stdout that are kept: plans and schemas as JSON are large."""


def variables_of(call: Call, workspace: str | None = None) -> dict[str, str]:
    """The child's variables: never asking, no news from the vendor, the workspace named.

    ``TF_CLI_ARGS*``, ``TF_LOG`` and ``TF_REATTACH_PROVIDERS`` are taken out by the process runner;
    ``TF_CLI_CONFIG_FILE`` (mirrors, credentials) and ``TF_VAR_*`` stay, the former only when that file is there.
    """
    found = dict(os.environ if call.environment is None else call.environment)
    config = found.get("TF_CLI_CONFIG_FILE")
    if config is not None and not Path(config).is_file():
        del found["TF_CLI_CONFIG_FILE"]
    found |= {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1"}
    found.pop("TF_WORKSPACE", None)
    if workspace is not None:
        found["TF_WORKSPACE"] = workspace
    return found


def terraform_program(call: Call) -> Path:
    """The absolute path of terraform, else of tofu; ``ToolMissing`` when neither is there."""
    variables = variables_of(call)
    for name in PROGRAMS:
        try:
            return program(name, variables)
        except ToolMissing:
            continue
    raise ToolMissing(
        "neither terraform nor tofu is on PATH",
        f"{way_to_get('terraform')} (or OpenTofu: https://opentofu.org/docs/intro/install/)",
        detail=f"PATH={variables.get('PATH', '')}",
    )


def line(found: Path, verb: str, *args: str, **options: object) -> list[str]:
    """The command line of ``verb`` (``state pull``): options as python-terraform spells them (``lock=False`` →
    ``-lock=false``, a list → one option each). It only spells: it would run programs with all of our variables."""
    from python_terraform import Terraform  # type: ignore[import-untyped]

    speller = Terraform.__new__(Terraform)  # its constructor would read the state of whatever folder we are in
    speller.terraform_bin_path = str(found)
    return [str(word) for word in speller.generate_cmd_string(verb, *args, **options)]


async def look(
    argv: list[str],
    call: Call,
    folder: Path,
    workspace: str | None = None,
    *,
    stdin: bytes | None = None,
    timeout: float = SHORT,
    on_line: Callable[[bytes], None] | None = None,
) -> Finished:
    """Run a command that only reads; nothing of it goes to the step's output but what ``on_line`` puts there."""
    return await run(
        argv,
        call=replace(call, write=discard),
        cwd=folder,
        environment=variables_of(call, workspace),
        stdin=stdin,
        timeout=timeout,
        cancel=LADDER,
        keep=KEEP,
        on_line=on_line,
    )
