"""Branches and tags: made and deleted."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Finding, Problem, ResourceChange
from reign_executors.errors import Conflict, NotFound
from reign_executors.git.base import GitChange, RefName, Revision, head_resource, moving, ref_resource
from reign_executors.git.commit import IDENTITY, identity_known
from reign_executors.git.failures import IDENTITY_WAY, NoIdentity
from reign_executors.git.repository import HEADS, TAGS, Head, Repository, short, words_for
from reign_executors.git.state import Scope
from reign_executors.operation import JsonObject
from reign_executors.redaction import Redactor


class _NewRef(GitChange):
    """A ref that is made at a revision."""

    at: Revision = Field("HEAD", description="commit, branch or tag it begins at")

    def ref(self) -> str:
        """Its full name."""
        raise AssertionError

    def word(self) -> str:
        """``branch x``, for people."""
        return self.ref().removeprefix("refs/").replace("heads/", "branch ", 1).replace("tags/", "tag ", 1)

    def about(self) -> str:
        return self.word().replace(" ", "/", 1)

    async def scope(self, repository: Repository, call: Call) -> Scope:
        return Scope(refs=(self.ref(),))

    def made(self, head: Head) -> tuple[str | None, str | None]:
        return self.ref(), self.ref()

    def foreseen(self, root: Path, call: Call) -> Effect:
        return Effect(changes=(ResourceChange(action=Action.CREATE, resource=ref_resource(root, self.ref())),))

    async def _start(self, repository: Repository, call: Call) -> str | None:
        """The commit it begins at; None when an earlier step makes that."""
        for prefix in (HEADS, TAGS):
            if ref_resource(repository.root, prefix + self.at) in call.promised:
                return None
        if self.at == "HEAD" and moving(call, repository.root):
            return await repository.sha("HEAD")
        if self.at == "HEAD" and await repository.sha("HEAD") is None:
            raise NotFound(f"{repository.root} has no commit yet", "commit something first")
        return await repository.need(self.at)

    async def look(self, repository: Repository, call: Call) -> Effect:
        root, ref = repository.root, self.ref()
        start = await self._start(repository, call)
        resource = ref_resource(root, ref)
        found = await repository.ref(ref)
        if found is not None and resource not in call.gone:
            if await self.already(repository):
                return Effect.nothing(f"{self.word()} is there already, at {short(await repository.sha(ref))}")
            return Effect(problems=(Problem(text=str(await self._taken(repository))),))
        key = head_resource(root) if self.at == "HEAD" else f"at/{root}/{self.at}"
        note = f"at {short(start)}: {(await repository.commits('-1', start, limit=1))[0]}" if start else None
        effect = self.foreseen(root, call)
        change = effect.changes[0].model_copy(update={"note": note})
        return effect.model_copy(update={"changes": (change,), "identity": {key: start or "made by an earlier step"}})

    async def _taken(self, repository: Repository) -> Conflict:
        where = short(await repository.sha(self.ref()))
        return Conflict(f"{self.word()} is there already, at {where}", "take another name, or delete it first")

    async def _free(self, repository: Repository) -> None:
        if await repository.ref(self.ref()) is not None:
            raise await self._taken(repository)

    async def already(self, repository: Repository) -> bool:
        found = await repository.sha(self.ref())
        return found is not None and found == await repository.sha(self.at)

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        found = await repository.sha(self.ref())
        return found is not None, f"{self.word()} is at {short(found)}" if found else f"there is no {self.word()}"


class Branch(_NewRef):
    """Make a branch, without switching to it."""

    name: ClassVar[str] = "git.branch"
    summary: ClassVar[str] = "Create a branch in a git repository (without switching to it)"

    branch: RefName

    def ref(self) -> str:
        return HEADS + self.branch

    def command_line(self) -> str:
        return words_for("branch", self.branch, self.at if self.at != "HEAD" else None)

    async def act(self, repository: Repository, call: Call) -> None:
        await self._free(repository)
        start = await repository.need(self.at)
        await repository.git.change("branch", "branch", "--no-track", self.branch, start, doing=f"make {self.word()}")


class Tag(_NewRef):
    """Make a tag; with a message an annotated one."""

    name: ClassVar[str] = "git.tag"
    summary: ClassVar[str] = "Tag a commit of a git repository; with a message the tag is annotated"

    tag: RefName
    message: str | None = Field(None, min_length=1, description="makes it an annotated tag")

    def ref(self) -> str:
        return TAGS + self.tag

    def command_line(self) -> str:
        noted = ("-a", "-m", self.message) if self.message else ()
        return words_for("tag", *noted, self.tag, self.at if self.at != "HEAD" else None)

    async def look(self, repository: Repository, call: Call) -> Effect:
        effect = await super().look(repository, call)
        if self.message is None or not effect.changes:
            return effect
        findings: tuple[Finding, ...] = ()
        if Redactor(call.secrets).text(self.message) != self.message:
            findings = (Finding(rule="git.secret", level="notice", text="the message looks like it holds a secret"),)
        problems = () if await identity_known(repository) else (Problem(text=f"{IDENTITY} ({IDENTITY_WAY})"),)
        return effect.model_copy(update={"findings": findings, "problems": problems})

    async def act(self, repository: Repository, call: Call) -> None:
        await self._free(repository)
        if self.message is not None and not await identity_known(repository):
            raise NoIdentity(IDENTITY, IDENTITY_WAY)
        start = await repository.need(self.at)
        if self.message is None:
            words, text = ["tag", "--no-sign", self.tag, start], None
        else:
            words, text = ["tag", "-a", "--cleanup=whitespace", "-F", "-", self.tag, start], self.message.encode()
        await repository.git.change("tag", *words, stdin=text, doing=f"make {self.word()}")

    async def already(self, repository: Repository) -> bool:
        return self.message is None and await super().already(repository)


class _GoneRef(GitChange):
    """A ref that is deleted."""

    def ref(self) -> str:
        """Its full name."""
        raise AssertionError

    def short_name(self) -> str:
        return self.ref().split("/", 2)[2]

    def word(self) -> str:
        return ("branch " if self.ref().startswith(HEADS) else "tag ") + self.short_name()

    def about(self) -> str:
        return self.word().replace(" ", "/", 1)

    def made(self, head: Head) -> tuple[str | None, str | None]:
        return self.ref(), None

    async def _find(self, repository: Repository) -> str:
        """What it points at; ``NotFound`` naming near ones."""
        found = await repository.ref(self.ref())
        if found is None:
            kind = self.word().split(" ")[0]
            prefix = HEADS if kind == "branch" else TAGS
            names = [name.removeprefix(prefix) for name in await repository.refs(prefix)]
            near = repository.near(self.short_name(), names)
            way = f"did you mean {', '.join(near)}?" if near else f"git {kind} --list shows them"
            raise NotFound(f"there is no {self.word()} in {repository.root}", way)
        return found

    async def _lost(self, repository: Repository) -> tuple[list[str], int]:
        """Commits that no other branch or tag has, and how many bytes they hold."""
        ref = self.ref()
        words = [ref, "--not", f"--exclude={ref}", "--glob=refs/*", f"--exclude={ref}", "--all"]
        head = await repository.head()
        if head.branch is None and head.sha:
            words.append(head.sha)
        commits = await repository.commits(*words)
        if not commits:
            return [], 0
        size = await repository.git.line("rev-list", "--disk-usage", "--objects", *words)
        return commits, int(size or 0) or 1

    async def look(self, repository: Repository, call: Call) -> Effect:
        root, ref = repository.root, self.ref()
        resource = ref_resource(root, ref)
        if resource in call.promised:
            return Effect(changes=(ResourceChange(action=Action.DELETE, resource=resource),))
        found = await self._find(repository)
        notes = [f"it is at {short(await repository.sha(ref))}; undo makes it again there"]
        commits, size = await self._lost(repository)
        diff = None
        if commits:
            diff = "\n".join(f"- {line}" for line in commits)
            notes.append(f"{len(commits)} commits are on no other branch or tag: without it nothing leads to them")
        problems = tuple(Problem(text=text) for text in await self._hindrances(repository))
        return Effect(
            changes=(ResourceChange(action=Action.DELETE, resource=resource, diff=diff, data_bytes=size or None),),
            notes=tuple(notes),
            problems=problems,
            identity={resource: found},
        )

    async def _hindrances(self, repository: Repository) -> list[str]:
        return []

    async def already(self, repository: Repository) -> bool:
        return False

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        found = await repository.ref(self.ref())
        return found is None, f"{self.word()} is gone" if found is None else f"{self.word()} is at {short(found)}"


class DeleteBranch(_GoneRef):
    """Delete a local branch."""

    name: ClassVar[str] = "git.delete_branch"
    summary: ClassVar[str] = "Delete a local branch of a git repository"

    branch: RefName

    def ref(self) -> str:
        return HEADS + self.branch

    def command_line(self) -> str:
        return words_for("branch", "-D", self.branch)

    async def scope(self, repository: Repository, call: Call) -> Scope:
        return Scope(refs=(self.ref(),), config=True)

    async def _hindrances(self, repository: Repository) -> list[str]:
        if (await repository.head()).branch == self.branch:
            return [f"{self.branch} is checked out in {repository.root}: switch to another branch first"]
        return []

    async def act(self, repository: Repository, call: Call) -> None:
        for text in await self._hindrances(repository):
            raise Conflict(text, "git switch main")
        await self._find(repository)
        words = ("branch", "-D", "--", self.branch)
        await repository.git.change("branch", *words, doing=f"delete {self.word()}")


class DeleteTag(_GoneRef):
    """Delete a local tag."""

    name: ClassVar[str] = "git.delete_tag"
    summary: ClassVar[str] = "Delete a local tag of a git repository"

    tag: RefName

    def ref(self) -> str:
        return TAGS + self.tag

    def command_line(self) -> str:
        return words_for("tag", "-d", self.tag)

    async def scope(self, repository: Repository, call: Call) -> Scope:
        return Scope(refs=(self.ref(),))

    async def act(self, repository: Repository, call: Call) -> None:
        await self._find(repository)
        await repository.git.change("tag", "tag", "-d", "--", self.tag, doing=f"delete {self.word()}")
