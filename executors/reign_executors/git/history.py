"""What moves the branch that is checked out, with its files: switch, merge, revert."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from reign_executors.call import Call
from reign_executors.effect import Action, Choice, Effect, Problem, ResourceChange
from reign_executors.errors import Conflict, NotFound
from reign_executors.git.base import (
    GitChange,
    RefName,
    Revision,
    bound,
    expected_branch,
    head_resource,
    moving,
    ref_resource,
)
from reign_executors.git.commit import IDENTITY, identity_known
from reign_executors.git.failures import (
    IDENTITY_WAY,
    DetachedHead,
    LocalChanges,
    NoIdentity,
    NotFastForward,
    merge_conflict,
)
from reign_executors.git.repository import HEADS, REMOTES, TAGS, Head, Repository, short, words_for
from reign_executors.git.scratch import diff_of, letters_of, scratch
from reign_executors.git.state import Scope
from reign_executors.operation import JsonObject, Repeat
from reign_executors.redaction import plain


class MovesFiles(GitChange):
    """A change that brings the checked out files to another commit, and keeps what is not committed."""

    async def scope(self, repository: Repository, call: Call) -> Scope:
        head = await repository.head()
        refs = (f"refs/heads/{head.branch}",) if head.branch else ()
        return Scope(refs=refs, head=True, index=True, tree=True)

    async def in_the_way(self, repository: Repository, old: str | None, new: str) -> list[str]:
        """Files not committed (changed or new) that going from ``old`` to ``new`` would overwrite."""
        moved = await letters_of(repository.git, old, new)
        raw = await repository.git.read("ls-files", "--others", "-z")
        others = {path for path in raw.split("\0") if path}
        dirty = set(await repository.dirty())
        return sorted(path for path, letter in moved.items() if path in dirty or (letter == "A" and path in others))

    async def clean_enough(self, repository: Repository, old: str | None, new: str, doing: str) -> None:
        """``LocalChanges`` when something that is not committed stands in the way."""
        staged = await repository.dirty(staged_only=True)
        if staged:
            raise LocalChanges(
                f"can't {doing}: changes are staged and not committed ({', '.join(staged[:5])})", "commit them first"
            )
        found = await self.in_the_way(repository, old, new)
        if found:
            raise LocalChanges(
                f"can't {doing}: changes that are not committed would be overwritten: {', '.join(found[:5])}",
                "commit them first, or put them aside (git stash)",
            )

    async def on_branch(self, repository: Repository, doing: str) -> Head:
        """HEAD, which must be on a branch that has a commit; nothing half done, not bare."""
        if repository.bare:
            raise Conflict(f"can't {doing}: {repository.root} is bare, it has no files", "work in a clone of it")
        repository.refuse_begun(doing)
        head = await repository.head()
        if head.branch is None:
            raise DetachedHead(f"can't {doing}: HEAD is on no branch (at {short(head.sha)})", "git switch to a branch")
        if head.sha is None:
            raise NotFound(f"can't {doing}: {repository.root} has no commit yet", "commit something first")
        return head

    def later(self, repository: Repository, call: Call, head: Head) -> Effect:
        """The effect when earlier steps change the repository first."""
        branch = expected_branch(call, repository.root, head)
        if branch is None:
            return Effect.unknown("an earlier step decides which branch this is on")
        resource = ref_resource(repository.root, HEADS + branch)
        change = ResourceChange(action=Action.UPDATE, resource=resource, note="seen once the steps before it have run")
        return Effect(changes=(change,), identity=bound(repository.root, head, ""))


class Switch(MovesFiles):
    """Check out another branch."""

    name: ClassVar[str] = "git.switch"
    summary: ClassVar[str] = "Switch a git repository to another branch (create makes it first)"

    branch: RefName
    create: bool = Field(False, description="make the branch first")
    at: Revision = Field("HEAD", description="where a branch that is made begins")

    def about(self) -> str:
        return f"branch/{self.branch}"

    def command_line(self) -> str:
        at = self.at if self.create and self.at != "HEAD" else None
        return words_for("switch", "-c" if self.create else None, self.branch, at)

    async def _remote(self, repository: Repository) -> str | None:
        """The tracking branch that a missing local branch would be made from (``origin/x``), when there is just one."""
        found = [name for name in await repository.refs(REMOTES) if name.split("/", 3)[3:] == [self.branch]]
        return found[0].removeprefix(REMOTES) if len(found) == 1 else None

    async def scope(self, repository: Repository, call: Call) -> Scope:
        return Scope(refs=(HEADS + self.branch,), head=True, index=True, config=True, tree=True)

    def foreseen(self, root: Path, call: Call) -> Effect:
        return Effect.unknown("an earlier step makes this repository")

    async def look(self, repository: Repository, call: Call) -> Effect:
        root, head, ref = repository.root, await repository.head(), HEADS + self.branch
        resource = ref_resource(root, ref)
        exists = await repository.ref(ref) is not None or resource in call.promised
        if head.branch == self.branch and not moving(call, root):
            return Effect.nothing(f"{self.branch} is checked out already")
        move = ResourceChange(action=Action.UPDATE, resource=head_resource(root, self.branch))
        if self.create and exists:
            use = Choice(key="use", label="switch to it as it is", fields={"create": False})
            return Effect(
                changes=(move,), problems=(Problem(text=f"branch {self.branch} is there already", choices=(use,)),)
            )
        made = self.create or (not exists and await self._remote(repository) is not None)
        changes = [move]
        if made:
            changes.insert(0, ResourceChange(action=Action.CREATE, resource=resource))
        if not exists and not made:
            near = repository.near(self.branch, [name.removeprefix(HEADS) for name in await repository.refs(HEADS)])
            choices = [Choice(key=f"use-{one}", label=f"switch to {one}", fields={"branch": one}) for one in near]
            choices.append(Choice(key="create", label="make it here", fields={"create": True}))
            problem = Problem(text=f"there is no branch {self.branch}", choices=tuple(choices))
            return Effect(changes=(move,), problems=(problem,))
        identity = bound(root, head, await repository.listing())
        if moving(call, root) or resource in call.promised:
            return Effect(changes=tuple(changes), identity=identity)
        repository.refuse_begun(f"switch to {self.branch}")
        new = await self._to(repository)
        identity[resource] = new or "unborn"
        if new is not None and head.sha is not None:
            found = await self.in_the_way(repository, head.sha, new)
            if found:
                text = f"changes that are not committed would be overwritten: {', '.join(found[:5])}; commit them first"
                return Effect(changes=tuple(changes), problems=(Problem(text=text),))
            count = len(await letters_of(repository.git, head.sha, new))
            changes[-1] = move.model_copy(update={"note": f"{count} files change; what is not committed stays"})
        hooks = await repository.hooks("post-checkout")
        notes = (f"a hook of this repository runs: {', '.join(hooks)}",) if hooks else ()
        return Effect(changes=tuple(changes), identity=identity, notes=notes)

    async def _to(self, repository: Repository) -> str | None:
        """The commit that is checked out then."""
        if self.create:
            return await repository.need(self.at) if self.at != "HEAD" else await repository.sha("HEAD")
        found = await repository.sha(HEADS + self.branch)
        remote = None if found else await self._remote(repository)
        return await repository.sha(REMOTES + remote) if remote else found

    async def act(self, repository: Repository, call: Call) -> None:
        repository.refuse_begun(f"switch to {self.branch}")
        exists = await repository.ref(HEADS + self.branch) is not None
        remote = None if exists or self.create else await self._remote(repository)
        if self.create:
            if exists:
                raise Conflict(f"branch {self.branch} is there already", "switch to it as it is")
            start = (
                [] if await repository.sha("HEAD") is None and self.at == "HEAD" else [await repository.need(self.at)]
            )
            words = ["-c", self.branch, "--no-track", *start] if start else ["-c", self.branch]
        elif remote is not None:
            words = ["-c", self.branch, "--track", remote]
        elif not exists:
            names = [name.removeprefix(HEADS) for name in await repository.refs(HEADS)]
            near = repository.near(self.branch, names)
            way = f"did you mean {', '.join(near)}?" if near else "git branch --list shows them; create makes it"
            raise NotFound(f"there is no branch {self.branch}", way)
        else:
            words = ["--no-guess", self.branch]
        await repository.git.change("switch", "switch", *words, doing=f"switch to {self.branch}")

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        head = await repository.head()
        return head.branch == self.branch, f"HEAD is on {head.branch or 'no branch'}"

    async def already(self, repository: Repository) -> bool:
        return (await self.holds(repository, None))[0]


class Merge(MovesFiles):
    """Merge another branch into the one that is checked out."""

    name: ClassVar[str] = "git.merge"
    commits: ClassVar[bool] = True
    summary: ClassVar[str] = "Merge a branch into the one that is checked out; conflicts are named and nothing is left"

    branch: Revision = Field(description="what is merged: a branch, a tag, a commit")
    ff: Literal["auto", "only", "never"] = Field("auto", description="fast-forward where possible, only, or never")
    message: str | None = Field(None, min_length=1, description="of the merge commit")

    def about(self) -> str:
        return f"merge/{self.branch}"

    def command_line(self) -> str:
        option = {"only": "--ff-only", "never": "--no-ff", "auto": None}[self.ff]
        noted = ("-m", self.message) if self.message else ()
        return words_for("merge", option, *noted, self.branch)

    def _doing(self) -> str:
        return f"merge {self.branch}"

    async def look(self, repository: Repository, call: Call) -> Effect:
        root, head = repository.root, await repository.head()
        if moving(call, root):
            return self.later(repository, call, head)
        head = await self.on_branch(repository, self._doing())
        assert head.sha is not None
        theirs = await repository.need(self.branch)
        if await self.already(repository):
            return Effect.nothing(f"{self.branch} is in {head.branch} already")
        forward = (await repository.git.try_read("merge-base", "--is-ancestor", head.sha, theirs)).ok
        if self.ff == "only" and not forward:
            raise NotFastForward(f"{head.branch} has commits that {self.branch} has not", "merge without ff only")
        notes: list[str] = []
        problems: tuple[Problem, ...] = ()
        commits = await repository.commits(f"{head.sha}..{theirs}", limit=20)
        if forward:
            tree, kind = theirs, "fast-forward" if self.ff != "never" else "merge commit"
        else:
            async with scratch(repository, call) as look:
                merged = await look.merge(head.sha, theirs)
            if merged.conflicts:
                raise merge_conflict(self._doing(), merged.conflicts)
            tree, kind = merged.tree, "merge commit"
        await self.clean_enough(repository, head.sha, theirs, self._doing())
        if kind == "merge commit":
            hooks = await repository.hooks("pre-merge-commit", "prepare-commit-msg", "commit-msg", "post-merge")
            problems = await missing_identity(repository)
        else:
            hooks = await repository.hooks("post-merge")
        if hooks:
            notes.append(f"hooks of this repository run: {', '.join(hooks)}")
        listed = "\n".join(f"+ {line}" for line in commits)
        diff = listed if not forward else f"{listed}\n{await diff_of(repository.git, head.sha, theirs)}"
        resource = ref_resource(root, f"{HEADS}{head.branch}")
        return Effect(
            changes=(
                ResourceChange(action=Action.UPDATE, resource=resource, diff=diff, note=f"{kind} of {self.branch}"),
            ),
            notes=tuple(notes),
            problems=problems,
            identity={
                **bound(root, head, await repository.listing()),
                f"at/{root}/{self.branch}": theirs,
                f"files/{root}": tree,
            },
        )

    async def act(self, repository: Repository, call: Call) -> None:
        head = await self.on_branch(repository, self._doing())
        theirs = await repository.need(self.branch)
        await self.clean_enough(repository, head.sha, theirs, self._doing())
        words = {"only": ["--ff-only"], "never": ["--no-ff"], "auto": ["--ff"]}[self.ff]
        message = self.message or f"Merge {await self._kind(repository)} '{self.branch}'" + (
            "" if head.branch in ("main", "master") else f" into {head.branch}"
        )
        note = call.folder / "merge-message"
        note.write_text(message, "utf-8")
        finished = await repository.git.try_change(
            "merge", "merge", "--no-edit", "--cleanup=whitespace", *words, "-F", str(note.absolute()), theirs
        )
        if finished.ok:
            return
        if not (await identity_known(repository)):
            raise NoIdentity(IDENTITY, IDENTITY_WAY)
        files = await unmerged(repository)
        error = repository.git.error(finished, self._doing())
        raise merge_conflict(self._doing(), files, error.detail) if files else error

    async def _kind(self, repository: Repository) -> str:
        for prefix, word in ((HEADS, "branch"), (TAGS, "tag"), (REMOTES, "remote-tracking branch")):
            if await repository.ref(prefix + self.branch):
                return word
        return "commit"

    async def settled(self, repository: Repository, before: JsonObject, call: Call) -> None:
        """Drop a merge that did not come to its end: the files are as before."""
        if before.get("begun") is None and repository.begun() == "merge":
            await repository.git.try_change("abort", "merge", "--abort")

    async def already(self, repository: Repository) -> bool:
        return (await self.holds(repository, None))[0]

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        theirs = await repository.sha(self.branch)
        if theirs is None or await repository.sha("HEAD") is None:
            return False, f"there is no {self.branch}, or no commit yet"
        found = await repository.git.try_read("merge-base", "--is-ancestor", theirs, "HEAD")
        return found.ok, f"{self.branch} is {'in' if found.ok else 'not in'} {await repository.head()}"


async def unmerged(repository: Repository) -> tuple[str, ...]:
    raw = await repository.git.try_read("diff", "--name-only", "--diff-filter=U", "-z", "--no-ext-diff")
    return tuple(plain(path) for path in raw.stdout.decode("utf-8", "replace").split("\0") if path)


async def missing_identity(repository: Repository) -> tuple[Problem, ...]:
    return () if await identity_known(repository) else (Problem(text=f"{IDENTITY} ({IDENTITY_WAY})"),)


class Revert(MovesFiles):
    """Make commits that undo earlier ones."""

    name: ClassVar[str] = "git.revert"
    repeat: ClassVar[Repeat] = Repeat.OPAQUE
    commits: ClassVar[bool] = True
    summary: ClassVar[str] = "Undo a commit (or a range a..b) of a git repository by new commits"

    commit: Revision = Field("HEAD", description="a commit, or a range: from..to")
    mainline: int | None = Field(None, ge=1, le=8, description="of a merge commit: the parent to go back to")

    def about(self) -> str:
        return f"revert/{self.commit}"

    def command_line(self) -> str:
        main = ("-m", str(self.mainline)) if self.mainline else ()
        return words_for("revert", "--no-edit", *main, self.commit)

    def _doing(self) -> str:
        return f"revert {self.commit}"

    async def _commits(self, repository: Repository, head: Head, base: str | None = None) -> list[str]:
        """What is undone, newest first. ``base``: what HEAD was when it began."""
        given = self.commit
        if base is not None and head.branch is not None:
            then = re.compile(rf"(?:HEAD|@|{re.escape(head.branch)})(?![\w/.-])")
            given = "..".join(then.sub(base, end) if then.match(end) else end for end in given.split(".."))
        if ".." not in given:
            return [await repository.need(given)]
        first, _, last = given.partition("..")
        await repository.need(first)
        await repository.need(last.lstrip(".") or "HEAD")
        found = (await repository.git.read("rev-list", "--max-count=101", given)).split()
        if len(found) > 100:
            raise Conflict(f"{self.commit} names more than 100 commits", "name a shorter range")
        if not found:
            raise NotFound(f"there is no commit in {self.commit}", "git log shows them; the older one stands first")
        return found

    async def look(self, repository: Repository, call: Call) -> Effect:
        root, head = repository.root, await repository.head()
        if moving(call, root):
            return self.later(repository, call, head)
        head = await self.on_branch(repository, self._doing())
        assert head.sha is not None
        commits = await self._commits(repository, head)
        for commit in commits:
            if not (await repository.git.try_read("merge-base", "--is-ancestor", commit, head.sha)).ok:
                raise NotFound(f"{short(commit)} is not in {head.branch}", f"git log {head.branch} shows what is")
            parents = (await repository.git.read("log", "-1", "--format=%P", commit)).split()
            if len(parents) > 1 and self.mainline is None:
                choices = tuple(
                    Choice(key=f"parent-{n}", label=f"go back to {one}", fields={"mainline": n})
                    for n, one in enumerate([(await repository.commits(p, limit=1))[0] for p in parents], 1)
                )
                return Effect(
                    problems=(Problem(text=f"{short(commit)} is a merge: back to which side?", choices=choices),)
                )
        async with scratch(repository, call) as look:
            now = head.sha
            for commit in commits:
                merged = await look.reverted(commit, now, self.mainline)
                if merged.conflicts:
                    raise merge_conflict(f"revert {short(commit)}", merged.conflicts)
                now = await look.commit(merged.tree, now)
            tree = (await look.git.read("rev-parse", f"{now}^{{tree}}")).strip()
            diff = await look.diff(head.sha, tree)
            if not diff:
                return Effect.nothing("what it did is undone already")
            staged = await repository.dirty(staged_only=True)
            moved = await letters_of(look.git, head.sha, tree)
        dirty = sorted({*staged, *(path for path in await repository.dirty() if path in moved)})
        if dirty:
            raise LocalChanges(
                f"can't {self._doing()}: changes are not committed: {', '.join(dirty[:5])}", "commit them first"
            )
        said = "\n".join([f"- {(await repository.commits(commit, limit=1))[0]}" for commit in commits])
        hooks = await repository.hooks("prepare-commit-msg", "commit-msg", "post-commit")
        resource = ref_resource(root, f"{HEADS}{head.branch}")
        return Effect(
            changes=(ResourceChange(action=Action.UPDATE, resource=resource, diff=f"{said}\n{diff}"),),
            notes=(f"hooks of this repository run: {', '.join(hooks)}",) if hooks else (),
            problems=await missing_identity(repository),
            identity={**bound(root, head, await repository.listing()), f"files/{root}": tree},
        )

    async def already(self, repository: Repository) -> bool:
        return False

    async def act(self, repository: Repository, call: Call) -> None:
        head = await self.on_branch(repository, self._doing())
        if not await identity_known(repository):
            raise NoIdentity(IDENTITY, IDENTITY_WAY)
        commits = await self._commits(repository, head)
        main = ["-m", str(self.mainline)] if self.mainline else []
        finished = await repository.git.try_change("revert", "revert", "--no-edit", *main, *commits)
        if finished.ok:
            return
        files = await unmerged(repository)
        error = repository.git.error(finished, self._doing())
        raise merge_conflict(self._doing(), files, error.detail) if files else error

    async def settled(self, repository: Repository, before: JsonObject, call: Call) -> None:
        """Drop a revert that did not come to its end: branch and files are as before."""
        if before.get("begun") is not None:
            return
        if repository.begun() == "revert" or (repository.git_dir / "sequencer").exists():
            await repository.git.try_change("abort", "revert", "--abort")

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        if before is None or not before.get("sha"):
            return False, "it never began"
        base, head = str(before["sha"]), await repository.head()
        if not (await repository.git.try_read("merge-base", "--is-ancestor", base, "HEAD")).ok:
            return False, f"HEAD is {head}, which does not follow {short(base)}"
        bodies = await repository.git.read("log", "--format=%B", f"{base}..HEAD")
        said = set(re.findall(r"This reverts commit\s+([0-9a-f]+)", bodies))
        left = [short(one) for one in await self._commits(repository, head, base) if one not in said]
        return not left, f"not reverted: {', '.join(left)}" if left else f"reverted by {head}"
