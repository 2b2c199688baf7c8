"""Builds the :class:`Call` an operation is handed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from reign_agents.settings import EngineSettings
from reign_executors.call import Blobs, Call, MemoryBlobs, discard


def planning_call(
    settings: EngineSettings,
    folder: Path,
    *,
    promised: frozenset[str] = frozenset(),
    gone: frozenset[str] = frozenset(),
) -> Call:
    """For a preview at planning: no output, nothing kept."""
    return Call(
        key="plan/preview",
        folder=folder,
        blobs=MemoryBlobs(settings.capture_limit),
        cwd=settings.cwd,
        promised=promised,
        gone=gone,
    )


def step_call(
    settings: EngineSettings,
    *,
    key: str,
    folder: Path,
    blobs: Blobs,
    write: Callable[[bytes], None] = discard,
    resumed: bool = False,
) -> Call:
    """For the verbs of a step that is being executed."""
    return Call(key=key, folder=folder, write=write, blobs=blobs, cwd=settings.cwd, resumed=resumed)
