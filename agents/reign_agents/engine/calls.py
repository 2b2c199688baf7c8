"""Builds the :class:`Call` an operation is handed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reign_agents.settings import EngineSettings
from reign_agents.store.errors import typed
from reign_agents.store.places import make_folder
from reign_executors.call import Blobs, Call, MemoryBlobs, discard, forget
from reign_executors.effect import Effect


@dataclass(frozen=True, slots=True)
class Foreseen:
    """Resources that earlier steps of a plan will have created, removed, or changed in any way."""

    created: frozenset[str] = frozenset()
    removed: frozenset[str] = frozenset()
    touched: frozenset[str] = frozenset()

    def and_then(self, effect: Effect | None) -> Foreseen:
        """The same once a step with that effect is done, its own word on each resource standing."""
        if effect is None or not effect.changes:
            return self
        made, gone = effect.creates(), effect.deletes()
        changed = frozenset(change.resource for change in effect.changes)
        return Foreseen((self.created - gone) | made, (self.removed - made) | gone, self.touched | changed)

    @classmethod
    def joined(cls, parts: Iterable[Foreseen]) -> Foreseen:
        """What all of them foresee together."""
        near = list(parts)
        nothing = frozenset[str]()
        return cls(
            nothing.union(*(part.created for part in near)),
            nothing.union(*(part.removed for part in near)),
            nothing.union(*(part.touched for part in near)),
        )


NOTHING_FORESEEN = Foreseen()


def planning_call(
    settings: EngineSettings,
    folder: Path,
    *,
    blobs: Blobs | None = None,
    learn: Callable[[Mapping[str, str]], None] = forget,
    foreseen: Foreseen = NOTHING_FORESEEN,
) -> Call:
    """For a preview or a query at planning: no output. ``blobs`` is where an undo finds what was kept."""
    return Call(
        key="plan/preview",
        folder=folder,
        blobs=blobs or MemoryBlobs(settings.capture_limit),
        cwd=settings.cwd,
        promised=foreseen.created,
        gone=foreseen.removed,
        touched=foreseen.touched,
        planning=True,
        learn=learn,
    )


class _StepCall(Call):
    """Its folder is made when it is first asked for: most operations need none. Raises :class:`StoreError` then."""

    __slots__ = ()

    @property
    def folder(self) -> Path:
        path: Path = _FOLDER.__get__(self)
        try:
            return make_folder(path)
        except OSError as error:
            raise typed(error, f"the folder {path} can't be made") from error

    @folder.setter
    def folder(self, path: Path) -> None:
        _FOLDER.__set__(self, path)


_FOLDER: Any = Call.__dict__["folder"]


def step_call(
    settings: EngineSettings,
    *,
    key: str,
    folder: Path,
    blobs: Blobs,
    write: Callable[[bytes], None] = discard,
    secrets: Mapping[str, str] | None = None,
    learn: Callable[[Mapping[str, str]], None] = forget,
    resumed: bool = False,
) -> Call:
    """For the verbs of a step that is being executed; ``folder`` is made when it is needed."""
    return _StepCall(
        key=key,
        folder=folder,
        write=write,
        blobs=blobs,
        cwd=settings.cwd,
        secrets={} if secrets is None else secrets,
        learn=learn,
        resumed=resumed,
    )
