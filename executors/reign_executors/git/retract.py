"""``git.retract``: the inverse of a push."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Probe, Problem, ResourceChange, UndoPromise
from reign_executors.errors import Conflict
from reign_executors.git.access import NETWORK_LIMIT, entered, forget_access
from reign_executors.git.program import still_running
from reign_executors.git.push import Push, Pushed
from reign_executors.git.repository import (
    HEADS,
    Repository,
    digest,
    short,
    shown_url,
    words_for,
)
from reign_executors.git.restore import replace_file
from reign_executors.git.scratch import diff_of
from reign_executors.git.state import Scope, comparable, leave_note, note_of, opened, take
from reign_executors.operation import Change, JsonObject, Outputs


class Retract(Push):
    """Take a push back: what was new on the remote is deleted there, what moved gets a commit that undoes it."""

    name: ClassVar[str] = "git.retract"
    summary: ClassVar[str] = "Take a push back without force (made by undo, not for planning)."

    refs: dict[str, tuple[str | None, str | None]]
    before: JsonObject = Field(default_factory=dict)
    left: JsonObject = Field(default_factory=dict)

    def about(self) -> str:
        return f"remote/{self.remote}"

    def command_line(self) -> str:
        words = [
            f":{ref}" if old is None else f"<a commit that undoes it>:{ref}" for ref, (old, _) in self.refs.items()
        ]
        return words_for("push", self.remote, *words)

    async def _local(self, repository: Repository) -> dict[str, str | None]:
        return {ref: new for ref, (_, new) in self.refs.items()}

    async def scope(self, repository: Repository, call: Call) -> Scope:
        refs = self.before.get("refs")
        return Scope(refs=tuple(refs) if isinstance(refs, dict) else (), config="config" in self.before)

    async def _open(self, repository: Repository, there: Mapping[str, str]) -> dict[str, str]:
        """Refs that are still where the push left them → sha."""
        return {ref: str(new) for ref, (_, new) in self.refs.items() if there.get(ref) == new and new is not None}

    async def _undone(self, repository: Repository, call: Call, there: Mapping[str, str]) -> list[str]:
        """Refs that are neither where we left them nor as before: somebody went on from there."""
        found = []
        for ref, (old, new) in self.refs.items():
            now = there.get(ref)
            if now not in (old, new) and not await self._same_tree(repository, call, now, old):
                found.append(ref)
        return found

    async def _same_tree(self, repository: Repository, call: Call, now: str | None, old: str | None) -> bool:
        if now is None or old is None or await repository.sha(now) is None:
            return False
        trees = [await repository.git.line("rev-parse", f"{one}^{{tree}}") for one in (now, old)]
        return trees[0] == trees[1]

    async def look(self, repository: Repository, call: Call) -> Effect:
        root, there = repository.root, await self._there(repository, call)
        theirs = await self._undone(repository, call, there)
        if theirs:
            named = ", ".join(ref.removeprefix("refs/") for ref in theirs)
            return Effect(
                changes=tuple(
                    ResourceChange(action=Action.UPDATE, resource=self._resource(root, ref)) for ref in theirs
                ),
                problems=(
                    Problem(text=f"{named} on {self.remote} was changed by others since; nothing is taken back"),
                ),
            )
        changes, identity = [], {}
        for ref, sha in (await self._open(repository, there)).items():
            old = self.refs[ref][0]
            identity[f"there/{root}/{ref}"] = sha
            action = Action.DELETE if old is None else Action.UPDATE
            note = None if old is None else f"one commit that brings the files of {short(old)} back"
            diff = f"- {short(sha)}" if old is None else await diff_of(repository.git, sha, old)
            changes.append(ResourceChange(action=action, resource=self._resource(root, ref), diff=diff, note=note))
        if not changes:
            return Effect.nothing(f"nothing of it is on {self.remote} any more")
        return Effect(
            changes=tuple(changes),
            identity=identity,
            undo=UndoPromise.NONE,
            undo_why="pushing it again is a new decision",
            notes=(f"on {self.remote}",),
        )

    async def capture(self, call: Call) -> JsonObject:
        repository = await self.opened(call)
        state = await take(repository, await self.scope(repository, call), call.blobs)
        return {**state, "remote": await self._remote_state(repository, call)}

    async def execute(self, call: Call) -> Outputs:
        repository = await self.opened(call)
        there = await self._there(repository, call)
        theirs = await self._undone(repository, call, there)
        if theirs:
            raise Conflict(
                f"{', '.join(theirs)} on {self.remote} was changed by others since", "look at what they did first"
            )
        leave_note(call, {"refs": {}, "remote": {ref: there.get(ref) for ref in self.refs}, "sha": None})
        open_refs = await self._open(repository, there)
        specs, leases = [], []
        for ref, sha in open_refs.items():
            old = self.refs[ref][0]
            specs.append(f":{ref}" if old is None else f"{await self._reverting(repository, ref, sha, old)}:{ref}")
            leases.append(f"--force-with-lease={ref}:{sha}")
        if specs:
            url = await repository.url(self.remote, push=True)
            words = ["push", "--porcelain", *leases, "--", self.remote, *specs]
            with entered(repository.git, call, url, self.token) as git:
                await git.change("push", *words, timeout=NETWORK_LIMIT, doing=f"take the push to {self.remote} back")
        self._config_back(repository, call)
        await self._tracking_back(repository)
        now = await self._there(repository, call)
        head = await repository.head()
        return Pushed(
            repo=str(repository.root),
            branch=head.branch,
            sha=head.sha,
            changed=bool(specs),
            left=comparable(await take(repository, await self.scope(repository, call), None)),
            refs={ref: (sha, now.get(ref)) for ref, sha in open_refs.items()},
            url=shown_url(await repository.url(self.remote, push=True)),
        )

    async def _reverting(self, repository: Repository, ref: str, sha: str, old: str) -> str:
        """A commit on top of ``sha`` with the files of ``old``."""
        subject = (await repository.git.read("log", "-1", "--format=%s", sha)).strip()
        count = await repository.count(f"{old}..{sha}")
        what = f'Revert "{subject}"' if count == 1 else f"Revert {count} commits up to {short(sha)}"
        message = f"{what}\n\nThis takes {ref.removeprefix(HEADS)} back to the files of {old}.\n"
        made = await repository.git.change(
            "commit",
            "commit-tree",
            f"{old}^{{tree}}",
            "-p",
            sha,
            "-F",
            "-",
            stdin=message.encode(),
            doing="make the commit",
        )
        return made.strip()

    def _config_back(self, repository: Repository, call: Call) -> None:
        kept, left = self.before.get("config"), self.left.get("config")
        path = repository.common_dir / "config"
        now = digest(path.read_bytes().decode("utf-8", "surrogateescape"))
        if isinstance(kept, dict) and now == left and now != kept["digest"]:
            replace_file(path, opened(kept, call.blobs).encode("utf-8", "surrogateescape"))

    async def _tracking_back(self, repository: Repository) -> None:
        """Own tracking branches of what is deleted on the remote go too (git does that itself where it pushes)."""
        refs = self.before.get("refs")
        for ref, was in dict(refs if isinstance(refs, dict) else {}).items():
            if (
                was is None
                and all(old is None for old, _ in self.refs.values())
                and await repository.ref(ref) is not None
            ):
                await repository.git.change("tracking", "update-ref", "-d", ref, doing=f"forget {ref}")

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        there = await self._there(repository, repository.git.call)
        call = repository.git.call
        for ref, (old, _) in self.refs.items():
            now = there.get(ref)
            if now != old and not await self._same_tree(repository, call, now, old):
                return False, f"{ref} on {self.remote} is at {short(now)}"
        return True, f"{self.remote} is back"

    async def probe(self, call: Call) -> Probe:
        note = note_of(call)
        repository = await self.opened(call)
        if note is None:
            return Probe(state="not_done", detail="it never began")
        running = still_running(call)
        if running is not None:
            return Probe(state="not_done", detail=f"git still runs as process {running}: resume attaches to it")
        forget_access(call)
        now = await self._remote_state(repository, call)
        if now == note.get("remote"):
            return Probe(state="not_done", detail=f"{self.remote} is as it was")
        ok, detail = await self.holds(repository, None)
        if not ok:
            return Probe(state="in_doubt", detail=detail)
        head = await repository.head()
        outputs = Pushed(
            repo=str(repository.root),
            branch=head.branch,
            sha=head.sha,
            refs={r: (new, now[r]) for r, (_, new) in self.refs.items()},
        )
        return Probe(state="done", detail=detail, outputs=json.loads(outputs.model_dump_json()))

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        """Pushing it again is a new decision."""
        return None
