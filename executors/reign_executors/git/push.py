"""Push: what goes out is shown first; nothing is ever forced."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Finding, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import NotFound
from reign_executors.git.access import NETWORK_LIMIT, Token, entered, forget_access
from reign_executors.git.base import (
    Done,
    GitChange,
    RefName,
    expected_branch,
    problem,
    ref_resource,
)
from reign_executors.git.failures import DetachedHead, GitFailed, NotFastForward
from reign_executors.git.program import still_running
from reign_executors.git.remotes import RemoteName, listed
from reign_executors.git.repository import (
    HEADS,
    TAGS,
    Repository,
    digest,
    short,
    shown_url,
    words_for,
)
from reign_executors.git.scratch import secrets_in
from reign_executors.git.state import Scope, comparable, leave_note, note_of, take
from reign_executors.operation import Change, JsonObject, Outputs
from reign_executors.redaction import Redactor

COMMITS = 50
"""Commits that are listed before a push."""


class Pushed(Done):
    """``refs``: full ref of the remote → (sha before, or null; sha now). ``url`` without credentials."""

    refs: dict[str, tuple[str | None, str | None]] = Field(default_factory=dict)
    url: str = ""


class Push(GitChange):
    """Send a branch and tags to a remote; never by force."""

    name: ClassVar[str] = "git.push"
    summary: ClassVar[str] = "Push a branch (or tags) of a git repository to a remote; never forces"
    returns: ClassVar[type[Outputs]] = Pushed
    timeout: ClassVar[float] = NETWORK_LIMIT + 60
    secret_fields: ClassVar[frozenset[str]] = frozenset({"token"})
    undo_promise: ClassVar[UndoPromise] = UndoPromise.REVERT

    remote: RemoteName = "origin"
    branch: RefName | None = Field(None, description="none = the one that is checked out; not with tags only")
    tags: tuple[RefName, ...] = Field((), description="tags to push; without a branch only these")
    set_upstream: bool = Field(False, description="remember the remote's branch for this one")
    token: Token = None

    def about(self) -> str:
        return f"remote/{self.remote}"

    def command_line(self) -> str:
        return words_for("push", "-u" if self.set_upstream else None, self.remote, self.branch, *self.tags)

    def _tags_only(self) -> bool:
        return bool(self.tags) and self.branch is None

    async def _local(self, repository: Repository) -> dict[str, str | None]:
        """Full ref → what it is here."""
        found: dict[str, str | None] = {}
        if not self._tags_only():
            branch = self.branch or (await repository.head()).branch
            if branch is None:
                raise DetachedHead("HEAD is on no branch, so there is none to push", "name the branch to push")
            found[HEADS + branch] = await repository.ref(HEADS + branch)
        for tag in self.tags:
            found[TAGS + tag] = await repository.ref(TAGS + tag)
        return found

    async def _there(self, repository: Repository, call: Call) -> dict[str, str]:
        url = await repository.url(self.remote, push=True)
        with entered(repository.git, call, url, self.token) as git:
            return await listed(git, self.remote)

    def _tracking(self, ref: str) -> str:
        return f"refs/remotes/{self.remote}/{ref.removeprefix(HEADS)}"

    async def scope(self, repository: Repository, call: Call) -> Scope:
        local = await self._local(repository)
        return Scope(
            refs=tuple(self._tracking(ref) for ref in local if ref.startswith(HEADS)), config=self.set_upstream
        )

    def _resource(self, root: Path, ref: str) -> str:
        return f"remote-{ref_resource(root, ref)}"

    def foreseen(self, root: Path, call: Call) -> Effect:
        branch = self.branch or expected_branch(call, root, None)
        if branch is None and not self._tags_only():
            return Effect.unknown("an earlier step decides which branch this is")
        refs = [] if self._tags_only() else [f"{HEADS}{branch}"]
        refs += [TAGS + tag for tag in self.tags]
        changes = tuple(ResourceChange(action=Action.CREATE, resource=self._resource(root, ref)) for ref in refs)
        return Effect.unknown("the remote is named by an earlier step", undo=UndoPromise.REVERT).model_copy(
            update={"changes": changes}
        )

    async def look(self, repository: Repository, call: Call) -> Effect:
        root, git = repository.root, repository.git
        awaited = f"remote/{root}/{self.remote}" in call.promised
        if awaited and self.remote not in await repository.remotes():
            return self.foreseen(root, call)
        there, local = await self._there(repository, call), await self._local(repository)
        url = await repository.url(self.remote, push=True)
        changes: list[ResourceChange] = []
        problems: list[Problem] = []
        findings: tuple[Finding, ...] = ()
        notes = [f"to {shown_url(url)}"]
        identity = {f"there/{root}/{self.remote}": digest(shown_url(url))}
        promise = UndoPromise.EXACT
        for ref, sha in local.items():
            resource, own = self._resource(root, ref), ref_resource(root, ref)
            word = ref.split("/", 2)[2]
            later = call.will_touch(own)
            old = there.get(ref)
            if sha is None and not later:
                raise NotFound(
                    f"there is no {own.partition('/')[0]} {word} here", "git branch and git tag show what is"
                )
            identity[own], identity[f"there/{root}/{ref}"] = sha or "made by an earlier step", old or "none"
            action = Action.CREATE if old is None else Action.UPDATE
            if old is not None:
                promise = UndoPromise.REVERT
            if later:
                changes.append(
                    ResourceChange(action=action, resource=resource, note="seen once the steps before it have run")
                )
                continue
            assert sha is not None
            if old == sha:
                continue
            if old is not None and ref.startswith(TAGS):
                problems.append(
                    Problem(text=f"{self.remote} has another tag {word}, at {short(old)}: take another name")
                )
            elif old is not None and not await self._forward(repository, old, sha):
                error = NotFastForward(
                    f"{self.remote} has commits on {word} that are not here", "pull first, then push"
                )
                problems.append(problem(error))
            else:
                begin = (
                    [f"^{old}"]
                    if old
                    else [f"^{one}" for one in dict.fromkeys(there.values()) if await repository.sha(one)]
                )
                commits = await repository.commits(sha, *begin, limit=COMMITS)
                count = await repository.count(sha, *begin)
                lines = [f"+ {line}" for line in commits] + (
                    [f"… {count - COMMITS} more commits"] if count > COMMITS else []
                )
                changes.append(
                    ResourceChange(
                        action=action,
                        resource=resource,
                        diff=Redactor(call.secrets).text("\n".join(lines)) or None,
                        note=f"{count} commits",
                    )
                )
                findings = (*findings, *await secrets_in(git, old or await self._base(repository, sha, there), sha))
                if old is not None and await self._branched(repository, old, sha):
                    notes.append("undo takes all of it back by one commit that is pushed")
        if not changes and not problems:
            return Effect.nothing(f"{self.remote} has all of it already")
        hooks = await repository.hooks("pre-push")
        if hooks:
            notes.append(f"a hook of this repository runs: {', '.join(hooks)}")
        why = None
        if not there and promise is UndoPromise.EXACT:
            why = "the remote is empty: it may refuse to let its first branch be deleted again"
            notes.append(why)
        return Effect(
            changes=tuple(changes),
            problems=tuple(problems),
            findings=findings,
            notes=tuple(notes),
            identity=identity,
            undo=promise,
            undo_why=why,
        )

    async def _base(self, repository: Repository, sha: str, there: Mapping[str, str]) -> str | None:
        """A commit the remote has already, nearest to ``sha``: only what it does not know is looked at."""
        known = [one for one in dict.fromkeys(there.values()) if await repository.sha(one)]
        return await repository.git.line("merge-base", sha, *known) if known else None

    async def _branched(self, repository: Repository, old: str, sha: str) -> bool:
        return await repository.count(f"{old}..{sha}") > 0

    async def _forward(self, repository: Repository, old: str, sha: str) -> bool:
        """Whether the remote only moves forward: its commit is here and an ancestor of ours."""
        if await repository.sha(old) is None:
            return False
        return (await repository.git.try_read("merge-base", "--is-ancestor", old, sha)).ok

    async def _remote_state(self, repository: Repository, call: Call) -> dict[str, Any]:
        there = await self._there(repository, call)
        return {ref: there.get(ref) for ref in await self._local(repository)}

    async def capture(self, call: Call) -> JsonObject:
        repository = await self.opened(call)
        state = await take(repository, await self.scope(repository, call), call.blobs)
        return {**state, "remote": await self._remote_state(repository, call)}

    async def execute(self, call: Call) -> Outputs:
        repository = await self.opened(call)
        local = await self._local(repository)
        there = await self._there(repository, call)
        missing = [ref for ref, sha in local.items() if sha is None]
        if missing:
            raise NotFound(
                f"there is no {missing[0].removeprefix('refs/')} here", "git branch and git tag show what is"
            )
        sent = {ref: sha for ref, sha in local.items() if there.get(ref) != sha}
        leave_note(call, {"refs": {}, "remote": {ref: there.get(ref) for ref in local}, "sha": None})
        for ref, sha in sent.items():
            old = there.get(ref)
            if old is not None and (ref.startswith(TAGS) or not await self._forward(repository, old, str(sha))):
                word = ref.split("/", 2)[2]
                raise NotFastForward(f"{self.remote} has another {word} than what is here", "pull first, then push")
        if sent or self.set_upstream:
            await self._send(repository, call, sent or local, there)
        return await self._pushed(repository, call, there, changed=bool(sent))

    async def _send(
        self, repository: Repository, call: Call, sent: Mapping[str, str | None], there: Mapping[str, str]
    ) -> None:
        leases = [f"--force-with-lease={ref}:{there.get(ref, '')}" for ref in sent]
        words = ["push", "--porcelain", "--progress", *leases, *(["--atomic"] if len(sent) > 1 else [])]
        words += ["--set-upstream"] if self.set_upstream else []
        words += ["--", self.remote, *(f"{ref}:{ref}" for ref in sent)]
        url = await repository.url(self.remote, push=True)
        with entered(repository.git, call, url, self.token) as git:
            await git.change("push", *words, timeout=NETWORK_LIMIT, doing=f"push to {self.remote}")

    async def _pushed(
        self, repository: Repository, call: Call, before: Mapping[str, Any], *, changed: bool = True
    ) -> Pushed:
        local, head = await self._local(repository), await repository.head()
        return Pushed(
            repo=str(repository.root),
            branch=head.branch,
            sha=next(iter(local.values()), None),
            ref=next(iter(local), None),
            changed=changed,
            left=comparable(await take(repository, await self.scope(repository, call), None)),
            refs={ref: (before.get(ref), sha) for ref, sha in local.items() if before.get(ref) != sha},
            url=shown_url(await repository.url(self.remote, push=True)),
        )

    async def act(self, repository: Repository, call: Call) -> None:
        raise GitFailed("a push is sent by execute", "run it")

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        there = await self._there(repository, repository.git.call)
        left = [ref for ref, sha in (await self._local(repository)).items() if sha is None or there.get(ref) != sha]
        names = ", ".join(ref.removeprefix("refs/") for ref in left)
        return not left, f"not on {self.remote}: {names}" if left else f"{self.remote} has it"

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        ok, detail = await self.holds(await self.opened(call), None)
        return Verification(ok=ok, detail=detail)

    async def probe(self, call: Call) -> Probe:
        note = note_of(call)
        before = note.get("remote") if note else None
        if not isinstance(before, dict):
            return Probe(state="not_done", detail="it never began")
        running = still_running(call)
        if running is not None:
            return Probe(state="not_done", detail=f"git still runs as process {running}: resume attaches to it")
        forget_access(call)
        repository = await self.opened(call)
        now = await self._remote_state(repository, call)
        if now == before:
            return Probe(state="not_done", detail=f"{self.remote} is as it was")
        ok, detail = await self.holds(repository, None)
        if not ok:
            return Probe(state="in_doubt", detail=f"{detail}, and {self.remote} is not as it was before either")
        outputs = await self._pushed(repository, call, before)
        return Probe(state="done", detail=detail, outputs=json.loads(outputs.model_dump_json()))

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        from reign_executors.git.retract import Retract

        refs = outputs.get("refs") or {}
        if not refs:
            return None
        return Retract(
            repo=str(outputs["repo"]),
            remote=self.remote,
            token=self.token,
            refs={ref: tuple(pair) for ref, pair in dict(refs).items()},
            before={key: value for key, value in before.items() if key != "remote"},
            left=dict(outputs.get("left") or {}),
        )
