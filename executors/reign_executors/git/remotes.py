"""Remotes: add one, fetch, pull, push, and take a push back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Finding, Probe, Problem, ResourceChange, UndoPromise, Verification
from reign_executors.errors import Conflict, NotFound
from reign_executors.git.access import NETWORK_LIMIT, Token, entered
from reign_executors.git.base import (
    Done,
    GitChange,
    RefName,
    bound,
    expected_branch,
    moving,
    problem,
    ref_resource,
)
from reign_executors.git.failures import DetachedHead, GitFailed, NotFastForward
from reign_executors.git.history import MovesFiles
from reign_executors.git.program import Git
from reign_executors.git.repository import (
    HEADS,
    TAGS,
    Head,
    Repository,
    checked_name,
    digest,
    short,
    shown_url,
    words_for,
)
from reign_executors.git.restore import replace_file
from reign_executors.git.scratch import diff_of, secrets_in
from reign_executors.git.state import Scope, comparable, leave_note, note_of, opened, take
from reign_executors.operation import Change, JsonObject, Outputs
from reign_executors.redaction import Redactor

COMMITS = 50
"""Commits that are listed before a push."""


def _remote(name: str) -> str:
    if "/" in name or name.startswith("-"):
        raise ValueError(f"{name!r} is no name of a remote")
    return checked_name(name)


def checked_url(url: str) -> str:
    """A repository's address: never an option, never a program (``ext::``)."""
    url = url.strip()
    if not url or url.startswith("-") or any(ord(sign) < 32 for sign in url):
        raise ValueError("that is no address of a repository")
    if "::" in url.split("/")[0]:
        raise ValueError(f"an address that names a program ({url.partition('::')[0]}::) is refused")
    return url


RemoteName = Annotated[str, AfterValidator(_remote)]
Address = Annotated[str, AfterValidator(checked_url), Field(description="address or folder of a repository")]


async def listed(git: Git, remote: str, *patterns: str) -> dict[str, str]:
    """What the remote has: full ref → sha. Typed errors when it can't be asked."""
    text = await git.read("ls-remote", "--", remote, *patterns, doing=f"ask {remote}")
    found = (line.split("\t", 1) for line in text.splitlines() if "\t" in line)
    return {name: sha for sha, name in found if not name.endswith("^{}") and name.startswith("refs/")}


class AddRemote(GitChange):
    """Name another repository."""

    name: ClassVar[str] = "git.add_remote"
    summary: ClassVar[str] = "Add a remote (a name for another repository) to a git repository"

    remote: RemoteName = "origin"
    url: Address

    def about(self) -> str:
        return f"remote/{self.remote}"

    def command_line(self) -> str:
        return words_for("remote add", self.remote, shown_url(self.url)).replace("'remote add'", "remote add")

    async def scope(self, repository: Repository, call: Call) -> Scope:
        return Scope(config=True)

    def foreseen(self, root: Path, call: Call) -> Effect:
        resource = f"remote/{root}/{self.remote}"
        return Effect(
            changes=(ResourceChange(action=Action.CREATE, resource=resource, diff=f"+ {shown_url(self.url)}"),)
        )

    async def look(self, repository: Repository, call: Call) -> Effect:
        if self.remote in await repository.remotes():
            if await self.already(repository):
                return Effect.nothing(f"{self.remote} is there already")
            there = shown_url(await repository.url(self.remote))
            return Effect(
                problems=(Problem(text=f"remote {self.remote} is there already, for {there}: take another name"),)
            )
        effect = self.foreseen(repository.root, call)
        note = ("the address holds a credential; it is written into the repository's config in clear",)
        return effect.model_copy(update={"notes": note if shown_url(self.url) != self.url else ()})

    async def act(self, repository: Repository, call: Call) -> None:
        if self.remote in await repository.remotes():
            raise Conflict(f"remote {self.remote} is there already", "take another name")
        await repository.git.change(
            "remote", "remote", "add", "--", self.remote, self.url, doing=f"add remote {self.remote}"
        )

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        found = repository.git.config.get(f"remote.{self.remote}.url") or await repository.git.line(
            "config", "--get", f"remote.{self.remote}.url"
        )
        return found == self.url, f"{self.remote} is {shown_url(found) if found else 'not there'}"


class Fetch(GitChange):
    """Bring commits of a remote here, without touching own branches."""

    name: ClassVar[str] = "git.fetch"
    summary: ClassVar[str] = "Fetch commits, branches and tags of a remote; own branches and files stay"
    timeout: ClassVar[float] = NETWORK_LIMIT + 60
    secret_fields: ClassVar[frozenset[str]] = frozenset({"token"})

    remote: RemoteName = "origin"
    token: Token = None

    def about(self) -> str:
        return f"remote/{self.remote}"

    def command_line(self) -> str:
        return words_for("fetch", self.remote)

    async def _there(self, repository: Repository, call: Call) -> dict[str, str]:
        """What fetching would make of own refs: tracking branches and tags that are not here → sha."""
        with entered(repository.git, call, await repository.url(self.remote), self.token) as git:
            there = await listed(git, self.remote)
        wanted = {}
        for ref, sha in there.items():
            if ref.startswith(HEADS):
                wanted[f"refs/remotes/{self.remote}/{ref.removeprefix(HEADS)}"] = sha
            elif ref.startswith(TAGS) and await repository.ref(ref) is None:
                wanted[ref] = sha
        return wanted

    async def scope(self, repository: Repository, call: Call) -> Scope:
        note = note_of(call)
        refs = None if note is None else note.get("refs")
        return Scope(refs=tuple(refs if isinstance(refs, dict) else await self._there(repository, call)))

    async def look(self, repository: Repository, call: Call) -> Effect:
        root, changes, identity = repository.root, [], {}
        for ref, sha in sorted((await self._there(repository, call)).items()):
            old = await repository.ref(ref)
            if old != sha:
                action = Action.CREATE if old is None else Action.UPDATE
                diff = f"{short(old)} → {short(sha)}"
                changes.append(ResourceChange(action=action, resource=ref_resource(root, ref), diff=diff))
                identity[ref_resource(root, ref)] = sha
        if not changes:
            return Effect.nothing(f"everything of {self.remote} is here already")
        return Effect(changes=tuple(changes), identity=identity)

    async def already(self, repository: Repository) -> bool:
        return False

    async def act(self, repository: Repository, call: Call) -> None:
        with entered(repository.git, call, await repository.url(self.remote), self.token) as git:
            spec = f"+refs/heads/*:refs/remotes/{self.remote}/*"
            words = ("fetch", "--no-prune", "--tags", "--progress", "--", self.remote, spec)
            await git.change("fetch", *words, timeout=NETWORK_LIMIT, doing=f"fetch from {self.remote}")

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        left = [
            ref
            for ref, sha in (await self._there(repository, repository.git.call)).items()
            if await repository.ref(ref) != sha
        ]
        return not left, f"not here: {', '.join(left[:5])}" if left else f"all of {self.remote} is here"


class Pull(MovesFiles):
    """Fetch a branch and move the own one forward to it; never merges, never rebases."""

    name: ClassVar[str] = "git.pull"
    summary: ClassVar[str] = "Bring the branch that is checked out up to its remote (fast-forward only)"
    timeout: ClassVar[float] = NETWORK_LIMIT + 60
    secret_fields: ClassVar[frozenset[str]] = frozenset({"token"})

    remote: RemoteName = "origin"
    branch: RefName | None = Field(None, description="the remote's branch; none = of the same name")
    token: Token = None

    def about(self) -> str:
        return f"remote/{self.remote}"

    def command_line(self) -> str:
        return words_for("pull", "--ff-only", self.remote, self.branch)

    def _theirs(self, head: Head) -> str:
        return self.branch or head.branch or ""

    def _tracking(self, head: Head) -> str:
        return f"refs/remotes/{self.remote}/{self._theirs(head)}"

    async def scope(self, repository: Repository, call: Call) -> Scope:
        scope, head = await super().scope(repository, call), await repository.head()
        return Scope(refs=(*scope.refs, self._tracking(head)), head=True, index=True, tree=True)

    async def _there(self, repository: Repository, call: Call, head: Head) -> str:
        """The sha of the remote's branch."""
        name = self._theirs(head)
        with entered(repository.git, call, await repository.url(self.remote), self.token) as git:
            there = await listed(git, self.remote)
        found = there.get(HEADS + name)
        if found is None:
            names = [ref.removeprefix(HEADS) for ref in there if ref.startswith(HEADS)]
            near = repository.near(name, names) or names[:3]
            raise NotFound(
                f"{self.remote} has no branch {name}", f"it has {', '.join(near)}" if near else "it is empty"
            )
        return found

    async def look(self, repository: Repository, call: Call) -> Effect:
        root, head = repository.root, await repository.head()
        if moving(call, root):
            return self.later(repository, call, head)
        head = await self.on_branch(repository, "pull")
        assert head.sha is not None
        theirs = await self._there(repository, call, head)
        tracking = await repository.ref(self._tracking(head))
        here = await repository.sha(theirs)
        notes: tuple[str, ...] = ()
        changes = []
        if here is not None and (await repository.git.try_read("merge-base", "--is-ancestor", theirs, head.sha)).ok:
            if tracking == theirs:
                return Effect.nothing(f"{head.branch} has everything of {self.remote} already")
        elif here is not None:
            if not (await repository.git.try_read("merge-base", "--is-ancestor", head.sha, theirs)).ok:
                raise self._diverged(head)
            await self.clean_enough(repository, head.sha, theirs, "pull")
            diff = await diff_of(repository.git, head.sha, theirs)
            changes.append((f"{HEADS}{head.branch}", diff))
        else:
            if (
                tracking is None
                or not (await repository.git.try_read("merge-base", "--is-ancestor", head.sha, tracking)).ok
            ):
                notes = (f"{head.branch} may have commits of its own; then nothing is pulled and it is said",)
            changes.append(
                (f"{HEADS}{head.branch}", f"{short(head.sha)} → {short(theirs)}, commits that are not here yet")
            )
        if tracking != theirs:
            changes.append((self._tracking(head), f"{short(tracking)} → {short(theirs)}"))
        identity = {**bound(root, head, await repository.listing()), f"there/{root}/{self.remote}": theirs}
        made = Action.CREATE if tracking is None else Action.UPDATE
        return Effect(
            changes=tuple(
                ResourceChange(
                    action=Action.UPDATE if ref.startswith(HEADS) else made, resource=ref_resource(root, ref), diff=diff
                )
                for ref, diff in changes
            ),
            notes=notes,
            identity=identity,
        )

    def _diverged(self, head: Head) -> NotFastForward:
        where = f"{self.remote}/{self._theirs(head)}"
        return NotFastForward(
            f"{head.branch} and {where} both have commits the other has not",
            f"fetch, then merge {where}",
        )

    async def act(self, repository: Repository, call: Call) -> None:
        head = await self.on_branch(repository, "pull")
        spec = f"+{HEADS}{self._theirs(head)}:{self._tracking(head)}"
        await self._there(repository, call, head)
        with entered(repository.git, call, await repository.url(self.remote), self.token) as git:
            words = ("fetch", "--no-prune", "--no-tags", "--progress", "--", self.remote, spec)
            await git.change("fetch", *words, timeout=NETWORK_LIMIT, doing=f"fetch from {self.remote}")
        theirs = await repository.need(self._tracking(head))
        if not (await repository.git.try_read("merge-base", "--is-ancestor", str(head.sha), theirs)).ok:
            if (await repository.git.try_read("merge-base", "--is-ancestor", theirs, str(head.sha))).ok:
                return
            raise self._diverged(head)
        await self.clean_enough(repository, head.sha, theirs, "pull")
        await repository.git.change(
            "merge", "merge", "--ff-only", "--no-edit", theirs, doing=f"pull {self._theirs(head)}"
        )

    async def settled(self, repository: Repository, before: JsonObject, call: Call) -> None:
        """When the own branch did not move, the tracking branch goes back too."""
        refs = before.get("refs")
        head = await repository.head()
        if not isinstance(refs, dict) or head.sha != before.get("sha"):
            return
        tracking, was = self._tracking(head), refs.get(self._tracking(head))
        now = await repository.ref(tracking)
        if now is not None and now != was:
            words = (tracking, str(was), now) if was else ("-d", tracking, now)
            await repository.git.try_change("settle", "update-ref", *words)

    async def already(self, repository: Repository) -> bool:
        return False

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        head = await repository.head()
        tracking = await repository.ref(self._tracking(head)) if head.branch else None
        if tracking is None or head.sha is None:
            return False, f"nothing of {self.remote} is here"
        found = await repository.git.try_read("merge-base", "--is-ancestor", tracking, head.sha)
        return found.ok, f"{head} {'has' if found.ok else 'has not'} everything of {self.remote}"


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
