"""Shell commands: understanding them (:mod:`.analysis`), running them (:mod:`.operations`, loaded when first used)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reign_executors.shell.operations import OPERATIONS

__all__ = ["OPERATIONS"]


def __getattr__(name: str) -> object:
    if name != "OPERATIONS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from reign_executors.shell.operations import OPERATIONS

    return OPERATIONS
