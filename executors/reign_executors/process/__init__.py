"""Running programs: the one place. Names are loaded when first used, because the supervisor lives here too and must
start in a few milliseconds."""

from __future__ import annotations

import importlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from reign_executors.process.direct import run
    from reign_executors.process.environment import scrubbed
    from reign_executors.process.finished import Finished
    from reign_executors.process.folder import SupervisorStatus, status
    from reign_executors.process.programs import fingerprint, program
    from reign_executors.process.supervised import SupervisorLost, attach, run_supervised

__all__ = [
    "Finished",
    "SupervisorLost",
    "SupervisorStatus",
    "attach",
    "fingerprint",
    "program",
    "run",
    "run_supervised",
    "scrubbed",
    "status",
]

_HOMES = {
    "Finished": "finished",
    "SupervisorLost": "supervised",
    "SupervisorStatus": "folder",
    "attach": "supervised",
    "fingerprint": "programs",
    "program": "programs",
    "run": "direct",
    "run_supervised": "supervised",
    "scrubbed": "environment",
    "status": "folder",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
