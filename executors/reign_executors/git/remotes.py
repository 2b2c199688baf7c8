"""Remotes: add one, fetch, pull, push, and take a push back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field

from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Problem, ResourceChange
from reign_executors.errors import Conflict, NotFound
from reign_executors.git.access import NETWORK_LIMIT, Token, entered
from reign_executors.git.base import (
    GitChange,
    RefName,
    bound,
    moving,
    ref_resource,
)
from reign_executors.git.failures import NotFastForward
from reign_executors.git.history import MovesFiles
from reign_executors.git.program import Git
from reign_executors.git.repository import (
    HEADS,
    TAGS,
    Head,
    Repository,
    checked_name,
    short,
    shown_url,
    words_for,
)
from reign_executors.git.scratch import diff_of
from reign_executors.git.state import Scope, note_of
from reign_executors.operation import JsonObject


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
