"""What all changes of files share: the order of verbs around a small blocking core."""

from __future__ import annotations

import contextlib
import json
from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field

from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Probe, Verification
from reign_executors.errors import Cancelled, PermissionMissing
from reign_executors.files.image import Preimage, Root, keep, state
from reign_executors.files.places import Stop, Stopped, absolute, host_target, in_thread, lstat, resource, typed
from reign_executors.files.scene import Scene
from reign_executors.operation import Change, JsonObject, Operation, Outputs, Repeat
from reign_executors.target import Target

T = TypeVar("T")

NOTE = "file-before.json"
ARROW = " → "


def _checked_path(text: str) -> str:
    if not text.strip() or "\0" in text:
        raise ValueError("a path is empty or holds a zero byte")
    return text


def _octal(given: object) -> object:
    return str(given) if isinstance(given, int) and not isinstance(given, bool) else given


PathField = Annotated[str, AfterValidator(_checked_path)]
Octal = Annotated[str, BeforeValidator(_octal), Field(pattern=r"^[0-7]{3,4}$")]
"""Permission bits as people write them: ``644``, ``0755``, ``1777``."""


class Changed(Outputs):
    """``path`` is where it happened, ``changed`` False when the goal held already, ``bytes`` how many were written.

    ``left``: digest of each touched root as we left it (to tell whether others changed it since); ``parents``: mtime
    (ns) of each parent folder before and after, so that an undo can put it back when nobody worked there since.
    """

    path: str
    changed: bool = True
    bytes: int = 0
    left: dict[str, str] = Field(default_factory=dict)
    parents: dict[str, tuple[int, int]] = Field(default_factory=dict)


class Note(BaseModel):
    """What is written into the step's folder just before the change, for ``probe`` after a crash."""

    path: str
    roots: tuple[Root, ...]
    states: dict[str, str]
    size: int = 0


def note_of(call: Call) -> Note | None:
    """The note of this step's last start; None when it never came that far."""
    with contextlib.suppress(FileNotFoundError):
        return Note.model_validate(json.loads((call.folder / NOTE).read_bytes()))
    return None


def leave_note(call: Call, note: Note) -> None:
    """Write ``note`` whole or not at all: a kill in the middle leaves the one before, or none."""
    written = call.folder / f"{NOTE}.new"
    written.write_text(json.dumps(note.model_dump()), "ascii")
    written.replace(call.folder / NOTE)


def states(roots: tuple[Root, ...], stop: Stop | None = None) -> dict[str, str]:
    return {root.path: state(root, stop) for root in roots}


def mtimes(roots: tuple[Root, ...]) -> dict[str, int]:
    """Times of the folders that hold the roots."""
    folders = {Path(root.path).parent for root in roots if root.how in ("content", "stat")}
    return {str(folder): found.st_mtime_ns for folder in folders if (found := lstat(folder)) is not None}


class FileOperation(Operation):
    """Paths pinned to this machine. ``path_fields`` names the fields that hold paths, the main one last."""

    path_fields: ClassVar[tuple[str, ...]] = ("path",)

    def places(self, call: Call) -> tuple[Path, ...]:
        """The path fields, absolute."""
        return tuple(absolute(str(getattr(self, name)), call.cwd) for name in self.path_fields)

    async def target(self, call: Call) -> Target:
        return host_target("file/" + ARROW.join(str(path) for path in self.places(call)))

    def pinned(self, target: Target) -> Operation:
        paths = target.resource.removeprefix("file/").split(ARROW)
        if len(paths) != len(self.path_fields):
            return self
        given = {name: getattr(self, name) for name in self.path_fields}
        fields = {
            name: path + ("/" if given[name].endswith("/") and path != "/" else "")
            for name, path in zip(self.path_fields, paths, strict=True)
        }
        return self if fields == given else type(self).model_validate({**self.model_dump(exclude_unset=True), **fields})

    def locks(self) -> frozenset[str]:
        return frozenset(resource(absolute(str(getattr(self, name)), Path.cwd())) for name in self.path_fields)


class FileChange(FileOperation, Change):
    """A change of files: subclasses say what they touch, look, do it and tell whether it holds; all blocking."""

    returns: ClassVar[type[Outputs]] = Changed
    timeout: ClassVar[float] = 600.0
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    forbidden: ClassVar[Action] = Action.REPLACE  # what is shown of a change that is never done

    @abstractmethod
    def roots(self, call: Call) -> tuple[Root, ...]:
        """What it touches, as it is now: what ``capture`` keeps and an undo puts back."""

    @abstractmethod
    def look(self, scene: Scene, stop: Stop) -> None:
        """Fill ``scene`` with what would change."""

    @abstractmethod
    def apply(self, call: Call, stop: Stop) -> int:
        """Do it; returns how many bytes were written."""

    @abstractmethod
    def holds(self, call: Call, path: Path) -> tuple[bool, str]:
        """Whether the postcondition holds now at ``path`` (the main path when it ran), and what was seen."""

    def left_roots(self, roots: tuple[Root, ...]) -> tuple[Root, ...]:
        """How closely each root is looked at afterwards, to tell whether others changed it since."""
        return roots

    def main(self, call: Call) -> Path:
        """The path that the outputs name."""
        return self.places(call)[-1]

    def already(self, call: Call) -> bool:
        """Whether nothing needs to be done."""
        return self.holds(call, self.main(call))[0]

    def doing(self) -> str:
        """``write notes.txt``, for errors."""
        return f"{self.name.partition('.')[2].replace('_', ' ')} {getattr(self, self.path_fields[-1])}"

    async def preview(self, call: Call) -> Effect:
        def work(stop: Stop) -> Effect:
            scene = Scene(call)
            self.refuse(scene)
            if scene.findings:
                main = self.main(call)
                scene.change(self.forbidden, main, directory=main.is_dir(), note="never done")
                return scene.effect()
            try:
                self.look(scene, stop)
            except PermissionError as error:
                scene.problem(typed(error, f"look at {error.filename}").cause)
            return scene.effect()

        return await self._in_thread(work)

    async def execute(self, call: Call) -> Changed:
        return await self._in_thread(lambda stop: self._execute(call, stop))

    def _execute(self, call: Call, stop: Stop) -> Changed:
        scene = Scene(call)
        self.refuse(scene)
        if scene.findings:
            raise PermissionMissing(scene.findings[0].text, "this is refused in every mode")
        main, roots = self.main(call), self.roots(call)
        if self.already(call):
            return Changed(path=str(main), changed=False)
        before = mtimes(roots)
        note = Note(path=str(main), roots=roots, states=states(roots, stop), size=self.size_before(main))
        leave_note(call, note)
        written = self.apply(call, stop)
        after = mtimes(roots)
        call.say(f"{self.doing()}: done")
        return Changed(
            path=str(main),
            bytes=written,
            left=states(self.left_roots(roots)),
            parents={path: (time, after[path]) for path, time in before.items() if path in after},
        )

    def refuse(self, scene: Scene) -> None:
        """Put a catastrophic finding into ``scene`` when this must never be done."""

    @staticmethod
    def size_before(path: Path) -> int:
        found = lstat(path)
        return 0 if found is None else found.st_size

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        path = Path(outputs.path) if isinstance(outputs, Changed) else self.main(call)
        ok, detail = await self._in_thread(lambda _stop: self.holds(call, path))
        return Verification(ok=ok, detail=detail)

    async def probe(self, call: Call) -> Probe:
        return await self._in_thread(lambda stop: self._probe(call, stop))

    def _probe(self, call: Call, stop: Stop) -> Probe:
        note = note_of(call)
        main = self.main(call) if note is None else Path(note.path)
        ok, detail = self.holds(call, main)
        if ok:
            left = {} if note is None else states(self.left_roots(note.roots), stop)
            return Probe(
                state="done", detail=detail, outputs=Changed(path=str(main), left=left).model_dump(mode="json")
            )
        if note is None or states(note.roots, stop) == note.states:
            return Probe(state="not_done", detail=detail)
        return Probe(state="in_doubt", detail=f"{detail}, and it is not as it was before either")

    async def capture(self, call: Call) -> JsonObject:
        return await self._in_thread(lambda stop: keep(self.roots(call), call.blobs, stop).to_json(call.blobs))

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        from reign_executors.files.restore import Restore

        if outputs.get("changed") is False or not Preimage.model_validate(before).kept:
            return None
        return Restore(before=before, left=dict(outputs.get("left") or {}), parents=dict(outputs.get("parents") or {}))

    async def _in_thread(self, work: Callable[[Stop], T]) -> T:
        try:
            return await in_thread(work)
        except Stopped as stopped:
            raise Cancelled(f"{self.doing()} was stopped on the way", "what was begun has been cleared up") from stopped
        except OSError as error:
            raise typed(error, self.doing()) from error
