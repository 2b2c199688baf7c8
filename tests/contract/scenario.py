"""A scenario: one change in a place made for it, so that the shared suite can put it through all six verbs.

To bring a new operation in, write a subclass of :class:`Scenario` in ``tests/contract/scenarios_<family>.py``; the
suite finds it by itself, and fails for every registered ``Change`` that has none.
"""

from __future__ import annotations

import importlib
import uuid
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from reign_executors.call import Call, MemoryBlobs
from reign_executors.effect import UndoPromise
from reign_executors.errors import OperationError
from reign_executors.operation import Change, Operation, Outputs


class Scenario(ABC):
    """One operation in a place of its own.

    ``operation`` is the registered name; ``needs`` what must be there (``docker``) or None; ``undo`` the promise that
    the effect must show here; ``probe_before``/``probe_after`` what ``probe`` says before it ever began and afterwards;
    ``meddles`` is False when nothing is left that others could change (then :meth:`meddle` is not asked for);
    ``locks`` is False when several such steps may run at once; ``fixtures`` are names of pytest fixtures, their values
    are in ``given``.
    """

    operation: ClassVar[str]
    needs: ClassVar[str | None] = None
    undo: ClassVar[UndoPromise] = UndoPromise.EXACT
    probe_before: ClassVar[str] = "not_done"
    meddles: ClassVar[bool] = True
    probe_after: ClassVar[str] = "done"
    has_command: ClassVar[bool] = True
    locks: ClassVar[bool] = True
    fixtures: ClassVar[tuple[str, ...]] = ()

    def __init__(self, folder: Path, given: dict[str, Any]) -> None:
        self.given = given
        self.folder = folder
        self.place = folder / "place"
        self.blobs = MemoryBlobs()
        self._run = f"r_{uuid.uuid4().hex[:8]}"
        self._calls = 0

    def call(self) -> Call:
        """A call with a key and a folder of its own; no other test's key is the same, in whatever process."""
        self._calls += 1
        key = f"{self._run}/s{self._calls}"
        folder = self.folder / "runs" / key.replace("/", "-")
        folder.mkdir(parents=True, exist_ok=True)
        return Call(key=key, folder=folder, blobs=self.blobs, cwd=self.place)

    async def prepare(self) -> None:  # noqa: B027 - most need nothing
        """Arrange the world; the place exists when this is called."""

    @abstractmethod
    def build(self) -> Change:
        """The operation, meant for that place."""

    @abstractmethod
    async def snapshot(self) -> object:
        """All of the world that the operation could touch, comparable."""

    @abstractmethod
    async def failing(self) -> tuple[Operation, type[OperationError]]:
        """The operation (of the same class) in a world where it must fail with that error."""

    async def meddle(self, outputs: Outputs) -> None:
        """Somebody else changes what the operation left behind."""
        raise AssertionError("say meddles = False, or how others change it")

    async def cleanup(self) -> None:  # noqa: B027
        """Remove what was made outside of the folder."""


def all_scenarios() -> list[type[Scenario]]:
    """Every concrete scenario of every ``scenarios_*.py`` beside this file."""
    found: list[type[Scenario]] = []
    for file in sorted(Path(__file__).parent.glob("scenarios_*.py")):
        module = importlib.import_module(f"tests.contract.{file.stem}")
        for value in vars(module).values():
            concrete = isinstance(value, type) and issubclass(value, Scenario) and "operation" in vars(value)
            if concrete and value.__module__ == module.__name__:
                found.append(value)
    return found
