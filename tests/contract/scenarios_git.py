"""``git.*`` on real repositories; the remote is a bare one beside, over ``file://``."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import ClassVar

from reign_executors.effect import UndoPromise
from reign_executors.errors import Conflict, NotFound, OperationError
from reign_executors.git.commit import Add, Commit, NothingToCommit
from reign_executors.git.failures import LocalChanges, MergeConflict, NotARepository, NotFastForward
from reign_executors.git.history import Merge, Revert, Switch
from reign_executors.git.push import Push
from reign_executors.git.refs import Branch, DeleteBranch, DeleteTag, Tag
from reign_executors.git.remotes import AddRemote, Fetch, Pull
from reign_executors.git.removal import RemoveRepository
from reign_executors.git.restore import Restore
from reign_executors.git.retract import Retract
from reign_executors.git.setup import Clone, Init
from reign_executors.operation import Change, Operation, Outputs
from tests.contract.scenario import Scenario

WHO = {
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "ana@example.org",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@example.org",
}


def git(folder: Path, *words: str) -> str:
    """Run git as somebody else would; what it wrote."""
    done = subprocess.run(
        ["git", *words], cwd=folder, env={**os.environ, **WHO}, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def files_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file but git's own: mode and bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        if ".git" not in path.relative_to(folder).parts:
            found[str(path.relative_to(folder))] = (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
    return found


def refs_of(private: Path) -> dict[str, str]:
    """Every ref with what it holds, read as git keeps them: single files over ``packed-refs``."""
    packed = private / "packed-refs"
    lines = packed.read_text().splitlines() if packed.exists() else []
    found = {name: sha for sha, _, name in (line.partition(" ") for line in lines) if sha[0] not in "#^"}
    loose = (path for path in (private / "refs").rglob("*") if path.is_file())
    return found | {str(path.relative_to(private)): path.read_text().strip() for path in loose}


_LISTINGS: dict[bytes, str] = {}


def listing_of(folder: Path) -> str:
    """What is staged; the same bytes of an index are listed once."""
    index = folder / ".git/index"
    kept = index.read_bytes() if index.exists() else b""
    if kept not in _LISTINGS:
        _LISTINGS[kept] = git(folder, "ls-files", "--stage", "-v")
    return _LISTINGS[kept]


def repository_state(folder: Path) -> object:
    """All of a repository that matters: refs, HEAD, config, what is staged, files."""
    if not (folder / ".git").exists() and not (folder / "HEAD").exists():
        return ("no repository", files_of(folder) if folder.is_dir() else None)
    private = folder / ".git" if (folder / ".git").exists() else folder
    bare = private == folder
    return (
        refs_of(private),
        (private / "HEAD").read_text(),
        (private / "config").read_text(),
        "" if bare else listing_of(folder),
        {} if bare else files_of(folder),
    )


@cache
def template() -> Path:
    """``app`` and its remote ``bare.git`` as every scenario begins with them, made once."""
    place = Path(tempfile.mkdtemp(prefix="reign-test-git-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    app = place / "app"
    git(place, "init", "-q", "-b", "trunk", "--bare", "bare.git")
    git(place, "init", "-q", "-b", "main", "app")
    git(app, "config", "user.name", "Ana")
    git(app, "config", "user.email", "ana@example.org")
    (app / "docs").mkdir()
    (app / "app.py").write_text("print('one')\n")
    (app / "docs/read.md").write_text("read me\n")
    git(app, "add", ".")
    git(app, "commit", "-q", "-m", "First")
    git(app, "remote", "add", "origin", (place / "bare.git").as_uri())
    git(app, "push", "-q", "origin", "main")
    (app / "app.py").write_text("print('two')\n")
    git(app, "commit", "-q", "-a", "-m", "Second")
    return place


class GitScenario(Scenario):
    """A repository ``app`` on main with two commits and something not committed; ``origin`` has the first commit."""

    fixtures: ClassVar[tuple[str, ...]] = ("git_program",)

    @property
    def app(self) -> Path:
        return self.place / "app"

    @property
    def bare(self) -> Path:
        return self.place / "bare.git"

    def write(self, name: str, text: str) -> None:
        path = self.app / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def commit(self, message: str, *names: str) -> str:
        git(self.app, "add", "-A", "--", *(names or (".",)))
        git(self.app, "commit", "-q", "-m", message)
        return git(self.app, "rev-parse", "HEAD")

    async def prepare(self) -> None:
        made = template()
        shutil.copytree(made, self.place, dirs_exist_ok=True, symlinks=True)
        config = self.app / ".git/config"
        config.write_text(config.read_text().replace(str(made), str(self.place)))
        await self.arrange()

    async def arrange(self) -> None:
        """What this scenario needs beyond that."""

    async def snapshot(self) -> object:
        places = sorted(path for path in self.place.iterdir() if path.is_dir())
        return {path.name: repository_state(path) for path in places}

    async def meddle(self, outputs: Outputs) -> None:
        """Somebody commits on top."""
        self.write("by others.txt", "theirs\n")
        self.commit("Theirs", "by others.txt")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return self.build().model_copy(update={"repo": str(self.folder)}), NotARepository


class InitNewFolder(GitScenario):
    operation: ClassVar[str] = "git.init"

    def build(self) -> Change:
        return Init(repo="new/deep")

    async def snapshot(self) -> object:
        return {str(path): path.is_dir() for path in sorted(self.place.iterdir())}, repository_state(
            self.place / "new/deep"
        )

    async def meddle(self, outputs: Outputs) -> None:
        new = self.place / "new/deep"
        (new / "theirs.txt").write_text("theirs\n")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Init(repo="app/app.py"), Conflict


class InitThere(InitNewFolder):
    """A folder with files keeps them."""

    operation: ClassVar[str] = "git.init"

    async def arrange(self) -> None:
        (self.place / "new/deep").mkdir(parents=True)
        (self.place / "new/deep/mine.txt").write_text("mine\n")


class CloneIt(GitScenario):
    operation: ClassVar[str] = "git.clone"

    async def arrange(self) -> None:
        git(self.app, "push", "-q", "origin", "main:trunk")

    def build(self) -> Change:
        return Clone(url=self.bare.as_uri(), into="copy")

    async def meddle(self, outputs: Outputs) -> None:
        (self.place / "copy/theirs.txt").write_text("theirs\n")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Clone(url=(self.place / "nothing.git").as_uri(), into="copy"), NotFound


class RemoveAgain(CloneIt):
    operation: ClassVar[str] = "git.remove_repository"
    undo: ClassVar[UndoPromise] = UndoPromise.NONE

    async def arrange(self) -> None:
        await super().arrange()
        clone = Clone(url=self.bare.as_uri(), into="copy")
        call = self.call()
        before = await clone.capture(call)
        self.inverse = clone.undo(before, (await clone.execute(call)).model_dump())

    def build(self) -> Change:
        assert isinstance(self.inverse, RemoveRepository)
        return self.inverse

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        (self.place / "copy/theirs.txt").write_text("theirs\n")
        return self.build(), Conflict


class AddPaths(GitScenario):
    operation: ClassVar[str] = "git.add"

    async def arrange(self) -> None:
        self.write("app.py", "print('three')\n")
        self.write("new file.txt", "new\n")

    def build(self) -> Change:
        return Add(repo="app", paths=("app.py", "new file.txt"))

    async def meddle(self, outputs: Outputs) -> None:
        self.write("app.py", "print('theirs')\n")
        git(self.app, "add", "app.py")


class CommitAll(GitScenario):
    operation: ClassVar[str] = "git.commit"

    async def arrange(self) -> None:
        self.write("app.py", "print('three')\n")
        self.write("new.txt", "new\n")
        (self.app / "docs/read.md").unlink()

    def build(self) -> Change:
        return Commit(repo="app", message="Third\n\nWith a body.", all=True)


class CommitPathsOnly(GitScenario):
    """Something else is staged: it stays so."""

    operation: ClassVar[str] = "git.commit"

    async def arrange(self) -> None:
        self.write("app.py", "print('three')\n")
        self.write("staged.txt", "staged\n")
        git(self.app, "add", "staged.txt")

    def build(self) -> Change:
        return Commit(repo="app", message="Only app", paths=("app.py",))

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Commit(repo="app", message="x", paths=("nothing.py",)), NotFound


class CommitFirst(GitScenario):
    """The very first commit of a branch: undo leaves no commit again."""

    operation: ClassVar[str] = "git.commit"

    async def arrange(self) -> None:
        git(self.app, "switch", "-q", "--orphan", "empty")
        self.write("first.txt", "first\n")

    def build(self) -> Change:
        return Commit(repo="app", message="First of all", all=True)

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        git(self.app, "switch", "-q", "main")
        (self.app / "first.txt").unlink()
        return self.build(), NothingToCommit


class RestoreCommit(CommitAll):
    operation: ClassVar[str] = "git.restore"

    async def arrange(self) -> None:
        await super().arrange()
        done, call = super().build(), self.call()
        before = await done.capture(call)
        self.inverse = done.undo(before, (await done.execute(call)).model_dump())

    def build(self) -> Change:
        assert isinstance(self.inverse, Restore)
        return self.inverse

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        git(self.app, "commit", "-q", "--allow-empty", "-m", "Theirs")
        return self.build(), Conflict


class MakeBranch(GitScenario):
    operation: ClassVar[str] = "git.branch"

    def build(self) -> Change:
        return Branch(repo="app", branch="feature/x", at="HEAD~1")

    async def meddle(self, outputs: Outputs) -> None:
        git(self.app, "branch", "-f", "feature/x", "main")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Branch(repo="app", branch="x", at="nothing"), NotFound


class MakeTag(GitScenario):
    operation: ClassVar[str] = "git.tag"

    def build(self) -> Change:
        return Tag(repo="app", tag="v1.0")

    async def meddle(self, outputs: Outputs) -> None:
        git(self.app, "tag", "-f", "v1.0", "HEAD~1")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        git(self.app, "tag", "v1.0", "HEAD~1")
        return self.build(), Conflict


class MakeAnnotatedTag(MakeTag):
    operation: ClassVar[str] = "git.tag"

    def build(self) -> Change:
        return Tag(repo="app", tag="v1.0", message="Version one")


class DropBranch(GitScenario):
    """It has a commit that no other has, and an upstream in the config."""

    operation: ClassVar[str] = "git.delete_branch"

    async def arrange(self) -> None:
        git(self.app, "switch", "-q", "-c", "old")
        self.write("old.txt", "old\n")
        self.commit("On old", "old.txt")
        git(self.app, "push", "-q", "-u", "origin", "old")
        self.write("old.txt", "older\n")
        self.commit("More on old", "old.txt")
        git(self.app, "switch", "-q", "main")

    def build(self) -> Change:
        return DeleteBranch(repo="app", branch="old")

    async def meddle(self, outputs: Outputs) -> None:
        git(self.app, "branch", "old", "main")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return DeleteBranch(repo="app", branch="main"), Conflict


class DropTag(GitScenario):
    operation: ClassVar[str] = "git.delete_tag"

    async def arrange(self) -> None:
        git(self.app, "tag", "-a", "-m", "One", "v1")

    def build(self) -> Change:
        return DeleteTag(repo="app", tag="v1")

    async def meddle(self, outputs: Outputs) -> None:
        git(self.app, "tag", "v1", "HEAD~1")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return DeleteTag(repo="app", tag="v2"), NotFound


class SwitchTo(GitScenario):
    """What is not committed goes along."""

    operation: ClassVar[str] = "git.switch"

    async def arrange(self) -> None:
        git(self.app, "branch", "other", "HEAD~1")
        self.write("docs/read.md", "changed\n")
        self.write("loose.txt", "loose\n")

    def build(self) -> Change:
        return Switch(repo="app", branch="other")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        self.write("app.py", "print('mine')\n")
        return self.build(), LocalChanges


class SwitchToNew(SwitchTo):
    operation: ClassVar[str] = "git.switch"

    def build(self) -> Change:
        return Switch(repo="app", branch="new", create=True, at="HEAD~1")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Switch(repo="app", branch="other", create=True), Conflict


class SwitchToRemote(SwitchTo):
    """Only the remote has it: a branch that follows it is made."""

    operation: ClassVar[str] = "git.switch"

    async def arrange(self) -> None:
        git(self.app, "push", "-q", "origin", "main~1:refs/heads/theirs")

    def build(self) -> Change:
        return Switch(repo="app", branch="theirs")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Switch(repo="app", branch="nothing"), NotFound


class MergeForward(GitScenario):
    operation: ClassVar[str] = "git.merge"

    async def arrange(self) -> None:
        git(self.app, "switch", "-q", "-c", "feature")
        self.write("feature.txt", "feature\n")
        self.commit("Feature", "feature.txt")
        git(self.app, "switch", "-q", "main")
        self.write("loose.txt", "loose\n")

    def build(self) -> Change:
        return Merge(repo="app", branch="feature")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        self.write("feature.txt", "mine\n")
        return self.build(), LocalChanges


class MergeBoth(MergeForward):
    operation: ClassVar[str] = "git.merge"

    async def arrange(self) -> None:
        await super().arrange()
        self.write("main.txt", "main\n")
        self.commit("Main", "main.txt")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        self.write("feature.txt", "ours\n")
        self.commit("Ours", "feature.txt")
        return self.build(), MergeConflict


class RevertLast(GitScenario):
    operation: ClassVar[str] = "git.revert"

    def build(self) -> Change:
        return Revert(repo="app")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        self.write("app.py", "print('again')\n")
        self.commit("Again", "app.py")
        return Revert(repo="app", commit="HEAD~1"), MergeConflict


class RevertRange(RevertLast):
    operation: ClassVar[str] = "git.revert"

    async def arrange(self) -> None:
        self.write("app.py", "print('three')\n")
        self.commit("Third")

    def build(self) -> Change:
        return Revert(repo="app", commit="HEAD~2..HEAD")


class NameRemote(GitScenario):
    operation: ClassVar[str] = "git.add_remote"

    def build(self) -> Change:
        return AddRemote(repo="app", remote="backup", url=self.bare.as_uri())

    async def meddle(self, outputs: Outputs) -> None:
        git(self.app, "config", "remote.backup.url", "https://example.org/theirs.git")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return AddRemote(repo="app", remote="origin", url="https://example.org/other.git"), Conflict


class Remote(GitScenario):
    """Somebody pushed a commit and a tag to the remote, from elsewhere."""

    async def arrange(self) -> None:
        git(self.app, "reset", "-q", "--hard", "HEAD~1")
        git(self.place, "clone", "-q", "-b", "main", self.bare.as_uri(), "other")
        other = self.place / "other"
        (other / "theirs.txt").write_text("theirs\n")
        git(other, "add", ".")
        git(other, "commit", "-q", "-m", "From elsewhere")
        git(other, "tag", "v9")
        git(other, "push", "-q", "origin", "main", "v9")


class FetchIt(Remote):
    operation: ClassVar[str] = "git.fetch"

    def build(self) -> Change:
        return Fetch(repo="app")

    async def meddle(self, outputs: Outputs) -> None:
        git(self.app, "update-ref", "refs/remotes/origin/main", "HEAD~0")
        git(self.app, "tag", "-f", "v9", "HEAD")
        self.write("x.txt", "x\n")
        git(self.app, "update-ref", "refs/remotes/origin/main", self.commit("Mine", "x.txt"))

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Fetch(repo="app", remote="nobody"), NotFound


class PullIt(Remote):
    operation: ClassVar[str] = "git.pull"

    def build(self) -> Change:
        return Pull(repo="app")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        self.write("mine.txt", "mine\n")
        self.commit("Mine", "mine.txt")
        return self.build(), NotFastForward


class PushNew(GitScenario):
    """A branch the remote has not, and a tag."""

    operation: ClassVar[str] = "git.push"

    async def arrange(self) -> None:
        git(self.app, "tag", "v1")
        git(self.app, "switch", "-q", "-c", "feature")
        self.write("feature.txt", "feature\n")
        self.commit("Feature", "feature.txt")

    def build(self) -> Change:
        return Push(repo="app", branch="feature", tags=("v1",), set_upstream=True)

    async def meddle(self, outputs: Outputs) -> None:
        git(self.app, "push", "-q", "-f", "origin", "HEAD~1:refs/heads/feature")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        return Push(repo="app", branch="nothing"), NotFound


class PushForward(PushNew):
    """A branch the remote has: taken back by a commit, never by force."""

    operation: ClassVar[str] = "git.push"
    undo: ClassVar[UndoPromise] = UndoPromise.REVERT

    def build(self) -> Change:
        return Push(repo="app", branch="main")

    async def meddle(self, outputs: Outputs) -> None:
        git(self.app, "push", "-q", "origin", "feature:main")

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        git(self.app, "push", "-q", "origin", "feature:main")
        return self.build(), NotFastForward


class TakeBack(PushForward):
    operation: ClassVar[str] = "git.retract"
    undo: ClassVar[UndoPromise] = UndoPromise.NONE

    async def arrange(self) -> None:
        await super().arrange()
        push, call = super().build(), self.call()
        before = await push.capture(call)
        self.inverse = push.undo(before, (await push.execute(call)).model_dump())

    def build(self) -> Change:
        assert isinstance(self.inverse, Retract)
        return self.inverse

    async def failing(self) -> tuple[Operation, type[OperationError]]:
        git(self.app, "push", "-q", "origin", "feature:main")
        return self.build(), Conflict
