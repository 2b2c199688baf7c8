"""What all changes of a release share: what is noted before, outputs, verify, probe and capture."""

from __future__ import annotations

import contextlib
import json
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.effect import Action, Choice, Effect, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import Conflict
from reign_executors.helm import storage
from reign_executors.helm.manifest import Veil, documents, release_resource, secret_items
from reign_executors.helm.place import OfRelease, Place
from reign_executors.helm.storage import Release, Revision
from reign_executors.kubernetes.objects import secret_values
from reign_executors.operation import INTERRUPT, CancelLadder, Change, JsonObject, Outputs, Repeat
from reign_executors.process import status

NOTE = "helm-before.json"
SHORTEST_LEARNT = 6
"""Characters of a value that is hidden everywhere from then on."""
SPARE = 60.0
"""Seconds beyond helm's own time limit until the step's limit cuts in."""


class ReleaseOutputs(Outputs):
    """The release as it is now: ``revision`` (0: there is none), ``status`` as helm says it, ``chart`` with its
    version, ``app_version``. ``digest`` is of manifest and values together; ``changed`` False when nothing was to do;
    ``left`` are resources that stay behind."""

    release: str
    namespace: str
    revision: int
    status: str
    chart: str = ""
    app_version: str | None = None
    digest: str = ""
    changed: bool = True
    left: tuple[str, ...] = ()

    @classmethod
    def of(cls, release: Release, **more: Any) -> ReleaseOutputs:
        return cls(
            release=release.name,
            namespace=release.namespace,
            revision=release.revision,
            status=release.status,
            chart=release.chart_name,
            app_version=release.app_version,
            digest=release.digest(),
            **more,
        )


def tag(call: Call) -> str:
    """The description that a revision made by this step has: what it is found by after a crash."""
    return f"reign {call.key}"


def note_before(call: Call, known: list[Revision]) -> None:
    """Write down, before helm starts, which revision is the newest; a step that is resumed keeps its first note."""
    path = call.folder / NOTE
    if call.resumed and path.exists():
        return
    call.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    written = path.with_suffix(".new")
    newest = known[0] if known else None
    written.write_text(
        json.dumps({"revision": 0 if newest is None else newest.number, "uid": "" if newest is None else newest.uid}),
        "ascii",
    )
    written.replace(path)


def noted(call: Call) -> dict[str, Any] | None:
    """What :func:`note_before` wrote; None when this step never came that far."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        found = json.loads((call.folder / NOTE).read_text("ascii"))
        return found if isinstance(found, dict) else None
    return None


def veil_of(*releases: Release | None, values: tuple[Mapping[str, Any], ...] = (), call: Call) -> Veil:
    """Hides what the values of these releases and of the fields say is secret, and the run's own secrets. What is
    found is told to the run, so that it is hidden in whatever helm writes, too."""
    found: list[tuple[str, str]] = []
    for release in releases:
        if release is not None:
            found += secret_items(release.config)
            found += secret_items((release.chart or {}).get("values") or {})
            for content in documents(release.manifest):
                found += secret_values(content)
    for one in values:
        found += secret_items(one)
    call.learn({f"{name}_{number}" if number else name: text for number, (name, text) in enumerate(_worth(found))})
    return Veil([*call.secrets.values(), *(text for _, text in found)])


def _worth(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each value once; short ones would hide half of every log."""
    known = {text: name for name, text in reversed(found) if len(text) >= SHORTEST_LEARNT}
    return [(name, text) for text, name in known.items()]


class ReleaseChange(OfRelease, Change):
    """A change of one release by the helm program.

    ``only_revision`` (set by undo): refuse when the release is no longer at this revision, because others changed it.
    """

    returns: ClassVar[type[Outputs]] = ReleaseOutputs
    timeout: ClassVar[float] = 300.0
    cancel: ClassVar[CancelLadder] = INTERRUPT
    repeat: ClassVar[Repeat] = Repeat.KEYED
    undo_promise: ClassVar[UndoPromise] = UndoPromise.REVERT
    shown: ClassVar[Action] = Action.UPDATE  # what is shown of a change that is stopped by a problem

    timeout_seconds: int = Field(default=300, ge=1, le=86_400, description="helm's limit for each thing it waits for")
    wait: bool = Field(default=False, description="wait until everything is ready")
    only_revision: int | None = Field(default=None, ge=1, description="only while the release is at this revision")

    def time_limit(self) -> float:
        return self.timeout_seconds + SPARE

    def waiting_words(self) -> list[str]:
        return [*(["--wait"] if self.wait else []), "--timeout", f"{self.timeout_seconds}s"]

    async def live(self, call: Call, at: Place) -> Release | None:
        """The newest revision; None when there is no such release, or an earlier step removes it."""
        if release_resource(at.namespace, self.release) in call.gone:
            return None
        return await storage.newest(call, at.context, at.namespace, self.release)

    def promised(self, call: Call, at: Place) -> bool:
        """Whether an earlier step makes or changes this release."""
        resource = release_resource(at.namespace, self.release)
        return resource in call.promised or call.will_touch(resource)

    def not_yet(self, call: Call, at: Place) -> Effect | None:
        """The honest answer when an earlier step of the plan makes or changes the release first."""
        if self.promised(call, at):
            return Effect.unknown("an earlier step changes this release first", undo=self.undo_promise)
        return None

    def stopped(self, at: Place, *problems: Problem, notes: Iterable[str] = ()) -> Effect:
        """The effect of a step that can't run before its problems are settled."""
        resource = release_resource(at.namespace, self.release)
        change = ResourceChange(action=self.shown, resource=resource, note="what exactly is told once it can run")
        return Effect(
            changes=(change,),
            notes=tuple(notes),
            problems=problems,
            undo=self.undo_promise,
            undo_why="how well it can be undone is told once it can run",
        )

    async def moved(self, call: Call, at: Place, live: Release | None) -> Problem | None:
        """That others changed the release since, for an operation that undoes. A later revision that runs the same
        (an undo of what came after) is no change."""
        if self.only_revision is None or live is None or live.revision == self.only_revision:
            return None
        left = await storage.at(call, at.context, at.namespace, self.release, self.only_revision)
        if left is not None and live.status == "deployed" and live.runs_as(left):
            return None
        return Problem(
            text=f"release {self.release} is at revision {live.revision} now, not at {self.only_revision}: "
            "somebody changed it since",
            choices=(Choice(key="anyway", label="do it all the same", fields={"only_revision": None}),),
        )

    async def refuse_moved(self, call: Call, at: Place, live: Release | None) -> None:
        problem = await self.moved(call, at, live)
        if problem is not None:
            raise Conflict(problem.text, "look at its history, then say which revision you want")

    @abstractmethod
    async def made(self, call: Call, at: Place, known: list[Revision]) -> Release | None:
        """The revision that this very step made, among those there are; None when there is none."""

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        assert isinstance(outputs, ReleaseOutputs)
        at = self.place(call)
        known = await storage.revisions(call, at.context, at.namespace, self.release)
        if not known:
            return Verification(ok=False, detail=f"there is no release {self.release} in {at.namespace}")
        newest = known[0]
        if newest.number != outputs.revision:
            return Verification(ok=False, detail=f"revision {newest.number} is there, not {outputs.revision}")
        if newest.status != "deployed":
            return Verification(ok=False, detail=f"revision {newest.number} is {newest.status}, not deployed")
        return Verification(
            ok=True, detail=f"release {self.release} is deployed in {at.namespace}, revision {newest.number}"
        )

    async def probe(self, call: Call) -> Probe:
        at = self.place(call)
        running = status(call.folder)
        if running.state == "running":
            return Probe(state="not_done", detail=f"helm still runs as process {running.pid}: resume attaches to it")
        known = await storage.revisions(call, at.context, at.namespace, self.release)
        made = await self.made(call, at, known)
        if made is not None and made.status in ("deployed", "superseded"):
            return Probe(
                state="done",
                detail=f"revision {made.revision} of {self.release} is {made.status}",
                outputs=ReleaseOutputs.of(made).model_dump(mode="json"),
            )
        before = noted(call)
        newest = known[0] if known else None
        if before is None or running.state == "never_started":
            return Probe(state="not_done", detail="helm was never started")
        if newest is None and not before["revision"]:
            return Probe(state="not_done", detail=f"there is no release {self.release} in {at.namespace}")
        same = newest is not None and newest.number == before["revision"] and newest.uid == before["uid"]
        if newest is not None and same and newest.status not in storage.PENDING:
            return Probe(state="not_done", detail=f"release {self.release} is at revision {newest.number} as before")
        if newest is None:
            return Probe(state="in_doubt", detail=f"release {self.release} was there before and is gone")
        return Probe(
            state="in_doubt",
            detail=f"revision {newest.number} of {self.release} is {newest.status}: helm began it and did not finish",
        )

    async def capture(self, call: Call) -> JsonObject:
        at = self.place(call)
        live = await storage.newest(call, at.context, at.namespace, self.release)
        about: JsonObject = {"context": at.context, "namespace": at.namespace, "release": self.release}
        if live is None:
            return {**about, "revision": 0, "digest": "", "status": "absent"}
        return {**about, "revision": live.revision, "digest": live.digest(), "status": live.status}
