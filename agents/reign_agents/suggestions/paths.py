"""Names of files while a path is written. Folders are listed in the background, once for a while."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from reign_agents.suggestions.names import writable

MOST = 1000
"""Entries of a folder that are kept."""
FOLDERS = 50
"""Folders remembered."""
FRESH = 10.0
"""Seconds after which a folder is listed again when it is wanted."""


@dataclass(frozen=True, slots=True)
class _Listed:
    entries: tuple[str, ...]
    at: float


class Paths:
    """What lies in the folders that paths were written into. ``cwd`` is where relative paths begin."""

    def __init__(self, cwd: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._cwd = cwd
        self._now = now
        self._known: dict[str, _Listed] = {}

    def wanted(self, begun: str) -> str | None:
        """The folder that must be listed before ``begun`` can be completed; None where it is known."""
        folder = self._folder(begun)
        known = self._known.get(folder)
        return folder if known is None or self._now() - known.at > FRESH else None

    def list(self, folder: str) -> None:
        """List a folder. Blocking: called in a thread. One that can't be read has nothing to offer."""
        found: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if writable(entry.name):
                        found.append(entry.name + ("/" if entry.is_dir() else ""))
                    if len(found) >= MOST:
                        break
        except (OSError, ValueError):  # ValueError: no path at all (NUL)
            pass
        while len(self._known) >= FOLDERS:
            del self._known[next(iter(self._known))]
        self._known.pop(folder, None)
        self._known[folder] = _Listed(tuple(sorted(found)), self._now())

    def like(self, begun: str, most: int) -> Sequence[str]:
        """Paths that begin with ``begun``, written the same way; hidden files only after a dot."""
        known = self._known.get(self._folder(begun))
        if known is None:
            return ()
        kept, _, last = begun.rpartition("/")
        prefix = f"{kept}/" if "/" in begun else ""
        found = [
            prefix + name
            for name in known.entries
            if name.startswith(last) and (last.startswith(".") or not name.startswith("."))
        ]
        return found[:most]

    def _folder(self, begun: str) -> str:
        kept, slash, _ = begun.rpartition("/")
        inside = Path(kept + slash) if slash else Path()
        with suppress(RuntimeError):  # no user has that name: then a folder may
            inside = inside.expanduser()
        return str(self._cwd / inside)
