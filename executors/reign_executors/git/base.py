"""What all git operations share: the repository's folder, the pinned target, names of resources, the order of verbs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field

from reign_executors.call import Call
from reign_executors.effect import Choice, Effect, Probe, Problem, Verification
from reign_executors.errors import Conflict, NotFound, OperationError
from reign_executors.files.places import absolute
from reign_executors.git.access import forget_access
from reign_executors.git.program import still_running
from reign_executors.git.repository import Head, Repository, checked_name, checked_revision, digest, top_of
from reign_executors.git.state import Scope, comparable, leave_note, note_of, take
from reign_executors.host import machine_identity
from reign_executors.operation import Change, JsonObject, Operation, Outputs, Query, Repeat
from reign_executors.process.direct import unbroken
from reign_executors.target import Target

RefName = Annotated[str, AfterValidator(checked_name)]
Revision = Annotated[str, AfterValidator(checked_revision)]
Folder = Annotated[str | None, Field(description="folder of the repository; none = the session's folder")]


class Done(Outputs):
    """What a change of a repository leaves.

    ``repo`` its top folder; ``branch`` and ``sha`` where HEAD is afterwards (``sha`` of a tag or branch that was made);
    ``ref`` the full name of what was made or moved; ``changed`` False: it was so already; ``left``: the state in the
    change's scope, to tell whether others changed it since.
    """

    repo: str
    branch: str | None = None
    sha: str | None = None
    ref: str | None = None
    changed: bool = True
    left: JsonObject = Field(default_factory=dict)


class GitOperation(Operation):
    """An operation on one repository of this machine. Resources are named ``branch/<top folder>/<name>``, so that
    what earlier steps do to files and refs of the repository is seen."""

    repo: Folder = None

    def folder(self, call: Call) -> Path:
        """The absolute folder that was named, links resolved."""
        return absolute(self.repo or ".", call.cwd).resolve()

    def about(self) -> str:
        """The resource for people, without the folder: ``branch/main``."""
        return "repository"

    async def opened(self, call: Call) -> Repository:
        return await Repository.open(call, self.folder(call))

    def promised(self, call: Call) -> Path | None:
        """The top folder of a repository that an earlier step makes; None when none does."""
        folder = self.folder(call)
        for near in (folder, *folder.parents):
            if f"repository/{near}" in call.promised:
                return near
        return None

    async def target(self, call: Call) -> Target:
        folder = self.folder(call)
        root = self.promised(call) or (await self.opened(call)).root
        return Target(
            tool="git",
            context=str(root),
            resource=self.about(),
            identity={"machine": machine_identity(), "folder": str(folder)},
        )

    def pinned(self, target: Target) -> Self:
        return self.model_copy(update={"repo": target.identity.get("folder", target.context)})

    def locks(self) -> frozenset[str]:
        return frozenset({f"git:{top_of(absolute(self.repo or '.', Path.cwd()).resolve())}"})


class GitQuery(GitOperation, Query):
    """A read of a repository."""

    def locks(self) -> frozenset[str]:
        return frozenset()


def problem(error: OperationError, *choices: Choice) -> Problem:
    """An error found by looking ahead, with its way out in the text."""
    return Problem(text=str(error), choices=choices)


def troubled(action_effect: Effect, error: OperationError, *choices: Choice) -> Effect:
    return action_effect.model_copy(update={"problems": (*action_effect.problems, problem(error, *choices))})


def ref_resource(root: Path, ref: str) -> str:
    """``branch//srv/app/main``, ``tag//srv/app/v1``, ``remote-branch//srv/app/origin/main``."""
    for prefix, kind in (("refs/heads/", "branch"), ("refs/tags/", "tag"), ("refs/remotes/", "tracking")):
        if ref.startswith(prefix):
            return f"{kind}/{root}/{ref.removeprefix(prefix)}"
    return f"ref/{root}/{ref}"


def head_resource(root: Path, branch: str | None = None) -> str:
    """What HEAD is: where commits go from now on."""
    return f"head/{root}/{branch}" if branch else f"head/{root}"


def expected_branch(call: Call, root: Path, head: Head | None) -> str | None:
    """The branch HEAD will be on once the steps before have run; None when it can't be told."""
    begin = head_resource(root) + "/"
    named = {name.removeprefix(begin) for name in call.touched | call.promised if name.startswith(begin)}
    if named:
        return named.pop() if len(named) == 1 else None
    return head.branch if head is not None else None


def moving(call: Call, root: Path) -> bool:
    """Whether an earlier step of the plan changes anything in the repository."""
    return call.will_touch(head_resource(root))


class GitChange(GitOperation, Change):
    """A change within one repository: subclasses say its scope, look ahead, do it and tell whether it holds."""

    returns: ClassVar[type[Outputs]] = Done
    timeout: ClassVar[float] = 300.0
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT
    commits: ClassVar[bool] = False  # makes commits: its undo asks when they were pushed meanwhile

    @abstractmethod
    async def scope(self, repository: Repository, call: Call) -> Scope:
        """What it touches; what ``capture`` takes and an undo puts back."""

    @abstractmethod
    async def look(self, repository: Repository, call: Call) -> Effect:
        """What would change. Errors that are raised become problems."""

    @abstractmethod
    async def act(self, repository: Repository, call: Call) -> None:
        """Do it."""

    @abstractmethod
    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        """Whether the postcondition holds now, and what was seen. ``before``: the state when it began, if known."""

    def foreseen(self, root: Path, call: Call) -> Effect:
        """The effect in a repository that an earlier step makes."""
        return Effect.unknown("an earlier step makes this repository")

    async def settled(self, repository: Repository, before: JsonObject, call: Call) -> None:
        """Put back what was half done when ``act`` failed or was cancelled. ``before["begun"]``: what somebody else had
        begun before (a merge …), which stays."""

    async def already(self, repository: Repository) -> bool:
        """Whether nothing needs to be done."""
        return (await self.holds(repository, None))[0]

    def made(self, head: Head) -> tuple[str | None, str | None]:
        """(ref, revision) for the outputs: what was made or moved."""
        return (f"refs/heads/{head.branch}" if head.branch else None, "HEAD")

    async def preview(self, call: Call) -> Effect:
        root = self.promised(call)
        if root is not None and not (root / ".git").exists():
            return self.foreseen(root, call)
        repository = await self.opened(call)
        try:
            return await self.look(repository, call)
        except (NotFound, Conflict) as error:
            return Effect(problems=(problem(error),), known=False, why_unknown=error.cause)

    async def execute(self, call: Call) -> Outputs:
        repository = await self.opened(call)
        if await self.already(repository):
            return await self.outputs(repository, call, changed=False)
        before = await take(repository, await self.scope(repository, call), call.blobs)
        leave_note(call, before)
        begun = repository.begun()
        try:
            await self.act(repository, call)
        except BaseException:
            await unbroken(self.settled(repository, {**before, "begun": begun}, call))
            raise
        return await self.outputs(repository, call)

    async def outputs(self, repository: Repository, call: Call, *, changed: bool = True) -> Outputs:
        head = await repository.head()
        ref, revision = self.made(head)
        return Done(
            repo=str(repository.root),
            branch=head.branch,
            sha=None if revision is None else await repository.sha(revision),
            ref=ref,
            changed=changed,
            left=comparable(await take(repository, await self.scope(repository, call), None)) if changed else {},
        )

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        ok, detail = await self.holds(await self.opened(call), note_of(call))
        return Verification(ok=ok, detail=detail)

    async def probe(self, call: Call) -> Probe:
        running = still_running(call)
        if running is not None:
            return Probe(state="not_done", detail=f"git still runs as process {running}: resume attaches to it")
        forget_access(call)
        repository = await self.opened(call)
        before = note_of(call)
        ok, detail = await self.holds(repository, before)
        now = comparable(await take(repository, await self.scope(repository, call), None))
        if before is None or now == before:
            return Probe(state="not_done", detail="nothing changed in the repository" if before else "it never began")
        if ok:
            outputs = await self.outputs(repository, call)
            return Probe(state="done", detail=detail, outputs=outputs.model_dump(mode="json"))
        return Probe(state="in_doubt", detail=f"{detail}, and the repository is not as it was before either")

    async def capture(self, call: Call) -> JsonObject:
        repository = await self.opened(call)
        return await take(repository, await self.scope(repository, call), call.blobs)

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        from reign_executors.git.restore import Restore

        if outputs.get("changed") is False or not outputs.get("left"):
            return None
        asks: Literal["ask", "move"] = "ask" if self.commits else "move"
        return Restore(repo=str(outputs["repo"]), before=before, left=dict(outputs["left"]), if_pushed=asks)


def bound(root: Path, head: Head, listing: str | None = None) -> dict[str, str]:
    """The identity of what was looked at: where HEAD is, and what is staged."""
    identity = {head_resource(root): f"{head.branch or 'detached'}@{head.sha or 'unborn'}"}
    if listing is not None:
        identity[f"index/{root}"] = digest(listing)
    return identity
