"""git.add and git.commit."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Finding, Problem, ResourceChange
from reign_executors.errors import Conflict, NotFound
from reign_executors.git.base import (
    Done,
    GitChange,
    bound,
    expected_branch,
    head_resource,
    moving,
    ref_resource,
)
from reign_executors.git.failures import IDENTITY_WAY, HookRefused, NoIdentity
from reign_executors.git.repository import Head, Repository, digest, short
from reign_executors.git.restore import put_index_back
from reign_executors.git.scratch import scratch
from reign_executors.git.state import Scope, opened
from reign_executors.home import expanded
from reign_executors.operation import JsonObject, Repeat
from reign_executors.redaction import Redactor, plain

COMMIT_HOOKS = ("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit")
IDENTITY = "git does not know who commits: no user.name and user.email"


class NothingToCommit(Conflict):
    """Everything is committed already."""

    kind = "nothing_to_commit"


def _path(text: str) -> str:
    if not text or "\0" in text:
        raise ValueError("a path is empty or holds a zero byte")
    return text


Paths = Annotated[tuple[Annotated[str, AfterValidator(_path)], ...], Field(description="files or folders, from repo")]


class _Staging(GitChange):
    """What add and commit share: which files are meant, and the tree they would make."""

    paths: Paths = ()
    all: bool = Field(False, description="everything that changed, new files too")

    def _literal(self) -> list[str]:
        return [f":(literal){path}" for path in self.paths]

    def _top(self, repository: Repository, call: Call) -> Path:
        folder = self.folder(call)
        return folder if folder.is_relative_to(repository.root) and ".git" not in folder.parts else repository.root

    def _check_paths(self, repository: Repository, call: Call) -> None:
        top = self._top(repository, call)
        for path in self.paths:
            whole = top / expanded(path)
            if not whole.parent.resolve().joinpath(whole.name).is_relative_to(repository.root):
                raise NotFound(f"{path} is not in the repository {repository.root}", "name a file of this repository")

    async def _tree(self, repository: Repository, call: Call, base: str | None) -> tuple[str, str, tuple[Finding, ...]]:
        """(tree, diff to HEAD, findings) of what would be staged onto ``base`` (None: onto what is staged now)."""
        self._check_paths(repository, call)
        head = await repository.sha("HEAD")
        async with scratch(repository, call) as look:
            await look.index_from(base)
            if self.all or self.paths:
                await look.add(*self._literal(), top=self._top(repository, call), doing=f"stage {self._what()}")
            tree = await look.tree()
            return tree, await look.diff(head, tree), await look.findings(head, tree)

    def _what(self) -> str:
        return "everything" if self.all else ", ".join(self.paths) or "what is staged"

    async def _stage(self, repository: Repository, call: Call) -> None:
        git = repository.git
        top = self._top(repository, call)
        words = ["--", *self._literal()] if self.paths else ["--", ":/"]
        from dataclasses import replace

        await replace(git, folder=top).change("add", "add", "-A", *words, doing=f"stage {self._what()}")

    def _notes(self, repository: Repository) -> list[str]:
        notes = []
        filters = repository.git.config.filters()
        if filters:
            notes.append(f"this repository's own config runs filters on the files: {', '.join(filters)}")
        ignored = repository.git.config.overridden()
        if ignored:
            notes.append(f"not used, because the repository's own config names programs there: {', '.join(ignored)}")
        return notes


class Add(_Staging):
    """Stage files for the next commit."""

    name: ClassVar[str] = "git.add"
    summary: ClassVar[str] = "Stage files of a git repository for the next commit"

    @model_validator(mode="after")
    def _something(self) -> Self:
        if bool(self.paths) == self.all:
            raise ValueError("name paths, or say all")
        return self

    def about(self) -> str:
        return "index"

    def command_line(self) -> str:
        import shlex

        return "git add -A" if self.all else shlex.join(["git", "add", "-A", "--", *self.paths])

    async def scope(self, repository: Repository, call: Call) -> Scope:
        return Scope(index=True)

    def foreseen(self, root: Path, call: Call) -> Effect:
        return Effect(changes=(ResourceChange(action=Action.UPDATE, resource=f"index/{root}"),))

    async def look(self, repository: Repository, call: Call) -> Effect:
        root, head = repository.root, await repository.head()
        if moving(call, root):
            return self.foreseen(root, call)
        tree, diff, findings = await self._tree(repository, call, None)
        async with scratch(repository, call) as now:
            await now.index_from(None)
            if await now.tree() == tree:
                return Effect.nothing("nothing new to stage")
        return Effect(
            changes=(ResourceChange(action=Action.UPDATE, resource=f"index/{root}", diff=diff),),
            findings=findings,
            notes=tuple(self._notes(repository)),
            identity={**bound(root, head, await repository.listing()), f"files/{root}": tree},
        )

    async def already(self, repository: Repository) -> bool:
        return False

    async def act(self, repository: Repository, call: Call) -> None:
        self._check_paths(repository, call)
        await self._stage(repository, call)

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        words = [
            "diff",
            "--name-only",
            "--no-ext-diff",
            "--ignore-submodules",
            "-z",
            "--",
            *(self._literal() or [":/"]),
        ]
        left = [path for path in (await repository.git.read(*words)).split("\0") if path]
        return not left, f"not staged: {', '.join(left[:5])}" if left else "all of it is staged"


class Commit(_Staging):
    """Record changes as a commit on the branch that HEAD is on."""

    name: ClassVar[str] = "git.commit"
    repeat: ClassVar[Repeat] = Repeat.OPAQUE
    commits: ClassVar[bool] = True
    summary: ClassVar[str] = "Commit changes of a git repository (named paths, everything, or what is staged)"

    message: str = Field(min_length=1, description="subject line, an empty line, then the rest")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.paths and self.all:
            raise ValueError("name paths or say all, not both")
        if not self.message.strip() or "\0" in self.message:
            raise ValueError("a commit needs a message")
        return self

    def about(self) -> str:
        return "commit"

    def command_line(self) -> str:
        import shlex

        end = ["--", *self.paths] if self.paths else []
        line = shlex.join(["git", "commit", "-m", self.message, *end])
        return f"git add -A && {line}" if self.all else f"{shlex.join(['git', 'add', *end])} && {line}" if end else line

    async def scope(self, repository: Repository, call: Call) -> Scope:
        head = await repository.head()
        refs = (f"refs/heads/{head.branch}",) if head.branch else ()
        return Scope(refs=refs, head=True, index=True)

    def foreseen(self, root: Path, call: Call) -> Effect:
        branch = expected_branch(call, root, None)
        if branch is None:
            return Effect.unknown("an earlier step decides which branch this is on")
        return self._on(root, branch, None, call, exists=False)

    def _on(self, root: Path, branch: str, diff: str | None, call: Call, *, exists: bool) -> Effect:
        resource = ref_resource(root, f"refs/heads/{branch}")
        action = Action.UPDATE if exists or resource in call.promised else Action.CREATE
        note = "the files are seen once the steps before it have run" if diff is None else None
        return Effect(changes=(ResourceChange(action=action, resource=resource, diff=diff, note=note),))

    async def look(self, repository: Repository, call: Call) -> Effect:
        root, head = repository.root, await repository.head()
        if repository.bare:
            return Effect(problems=(Problem(text=f"{root} is bare: it has no files to commit"),))
        branch = expected_branch(call, root, head)
        if moving(call, root):
            if branch is None:
                return Effect.unknown("an earlier step decides which branch this is on")
            exists = await repository.ref(f"refs/heads/{branch}") is not None
            return self._on(root, branch, None, call, exists=exists).model_copy(
                update={"identity": bound(root, head, await repository.listing())}
            )
        if self.paths:
            repository.refuse_begun("commit single files")
        base = (head.sha or "") if self.paths else None
        tree, diff, findings = await self._tree(repository, call, base)
        if tree == await self._head_tree(repository, head):
            return Effect.nothing("nothing to commit: everything is committed already")
        where = head.branch or f"detached HEAD ({short(head.sha)})"
        effect = self._on(root, where, diff, call, exists=head.sha is not None)
        notes = self._notes(repository)
        hooks = await repository.hooks(*COMMIT_HOOKS)
        if hooks:
            notes.append(f"hooks of this repository run: {', '.join(hooks)}")
        left = await self._left_out(repository, call, tree)
        if left:
            notes.append(
                f"stays uncommitted: {', '.join(left[:10])}" + (f" and {len(left) - 10} more" if len(left) > 10 else "")
            )
        if head.branch is None:
            notes.append("HEAD is on no branch: a commit here is lost from sight once you switch; make a branch first")
        problems = () if await identity_known(repository) else (Problem(text=f"{IDENTITY} ({IDENTITY_WAY})"),)
        secret = Redactor(call.secrets).text(self.message) != self.message
        if secret:
            findings = (
                *findings,
                Finding(rule="git.secret", level="notice", text="the message looks like it holds a secret"),
            )
        listing = await repository.listing()
        return effect.model_copy(
            update={
                "notes": tuple(notes),
                "findings": findings,
                "problems": problems,
                "identity": {
                    **bound(root, head, listing),
                    f"files/{root}": tree,
                    f"hooks/{root}": digest("\n".join(hooks)),
                },
            }
        )

    async def _head_tree(self, repository: Repository, head: Head) -> str | None:
        if head.sha is None:
            return (await repository.git.read("hash-object", "-t", "tree", "--stdin", stdin=b"")).strip()
        return await repository.git.line("rev-parse", f"{head.sha}^{{tree}}")

    async def _left_out(self, repository: Repository, call: Call, tree: str) -> list[str]:
        """Changed and new files that this commit does not take."""
        if self.all:
            return []
        raw = await repository.git.read("status", "--porcelain=v1", "-z", "--no-renames", "--untracked-files=normal")
        entries = [(entry[:2], entry[3:]) for entry in raw.split("\0") if entry]
        meant = [str((self._top(repository, call) / path).relative_to(repository.root)) for path in self.paths]

        def taken(path: str) -> bool:
            return any(path == one or path.startswith(one.rstrip("/") + "/") or one == "." for one in meant)

        if self.paths:
            return [plain(path) for _, path in entries if not taken(path)]
        return [plain(path) for letters, path in entries if letters[1] != " "]

    async def already(self, repository: Repository) -> bool:
        return False

    async def act(self, repository: Repository, call: Call) -> None:
        if not await identity_known(repository):
            raise NoIdentity(IDENTITY, IDENTITY_WAY)
        if self.paths:
            repository.refuse_begun("commit single files")
        self._check_paths(repository, call)
        if self.paths or self.all:
            await self._stage(repository, call)
        head = await repository.sha("HEAD")
        words = ["--only", "--", *self._literal()] if self.paths else []
        git = repository.git
        if (
            not self.paths
            and not await repository.dirty(staged_only=True)
            and head is not None
            and not repository.begun()
        ):
            raise NothingToCommit("there is nothing to commit", "change a file first, or name the files to commit")
        from dataclasses import replace

        where = replace(git, folder=self._top(repository, call))
        finished = await where.try_change(
            "commit",
            "commit",
            "--cleanup=whitespace",
            "-F",
            "-",
            *words,
            stdin=self.message.encode("utf-8", "surrogateescape"),
        )
        if finished.ok:
            return
        said = finished.last_words()
        if "nothing to commit" in said or "nothing added to commit" in said or "no changes added" in said:
            raise NothingToCommit(
                "there is nothing to commit", "change a file first, or name the files to commit", detail=said
            )
        error = git.error(finished, "commit")
        hooks = await repository.hooks("pre-commit", "prepare-commit-msg", "commit-msg")
        if hooks and error.kind == "git_failed":
            raise HookRefused(
                f"a hook refused the commit ({', '.join(hooks)})", "its words say why; mend that", detail=error.detail
            )
        raise error

    async def settled(self, repository: Repository, before: JsonObject, call: Call) -> None:
        """When no commit was made, what was staged before is staged again."""
        index = before.get("index")
        if isinstance(index, dict) and (await repository.head()).sha == before.get("sha"):
            await put_index_back(repository, opened(index, call.blobs), "settle")

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        if before is None:
            return False, "it never began"
        raw = await repository.git.try_read("log", "-1", "--format=%H%n%P%n%B", "HEAD")
        if not raw.ok:
            return False, "there is no commit yet"
        sha, parents, message = raw.stdout.decode("utf-8", "replace").split("\n", 2)
        parent = before.get("sha")
        if (parents.partition(" ")[0] or None) != parent:
            return False, f"HEAD is {short(sha)}, which does not follow {short(str(parent) if parent else None)}"
        hooked = bool(await repository.hooks("prepare-commit-msg", "commit-msg"))
        if message.split() != self.message.split() and not hooked:
            return False, f"HEAD is {short(sha)}, with another message"
        return True, f"{short(sha)} follows {short(str(parent) if parent else None)}"


async def identity_known(repository: Repository) -> bool:
    """Whether git knows who commits."""
    return (await repository.git.try_read("var", "GIT_COMMITTER_IDENT")).ok and (
        await repository.git.try_read("var", "GIT_AUTHOR_IDENT")
    ).ok


__all__ = ["Add", "Commit", "Done", "NothingToCommit", "head_resource", "identity_known"]
