"""git.init and git.clone, and the inverse of both."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pydantic import Field

from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Probe, Problem, ResourceChange, Verification
from reign_executors.errors import Cancelled, Conflict, InvalidFields, PermissionMissing
from reign_executors.files.places import absolute
from reign_executors.git.access import NETWORK_LIMIT, Token, entered, forget_access, without_credentials
from reign_executors.git.base import Done, RefName, head_resource
from reign_executors.git.program import Git, still_running
from reign_executors.git.remotes import Address, listed
from reign_executors.git.repository import HEADS, Repository, digest, shown_url, words_for
from reign_executors.host import machine_identity
from reign_executors.operation import Change, JsonObject, Outputs, Repeat
from reign_executors.process import program
from reign_executors.process.direct import unbroken
from reign_executors.target import Target

NOTE = "git-place.json"


def _first_missing(path: Path) -> Path:
    """The highest folder that does not exist on the way to ``path`` (``path`` itself when its parent is there)."""
    missing = path
    while not missing.parent.exists():
        missing = missing.parent
    return missing


def listing_of(path: Path, limit: int = 20) -> list[str]:
    """Names in a folder, sorted; empty when it is none."""
    return sorted(entry.name for entry in os.scandir(path))[:limit] if path.is_dir() else []


class Made(Done):
    """``made``: the highest folder that did not exist before (None: all did); ``seal``: what the repository held."""

    made: str | None = None
    seal: str = ""


async def sealed(call: Call, root: Path) -> str:
    """A digest of what somebody could have done in a repository: refs, HEAD, config, changed and new files."""
    repository = await Repository.open(call, root)
    refs = await repository.refs()
    head = await repository.head()
    config = (repository.common_dir / "config").read_bytes()
    status = ""
    if not repository.bare:
        status = await repository.git.read("status", "--porcelain=v1", "-z", "--untracked-files=all", "--ignored")
    return digest(f"{sorted(refs.items())}\n{head}\n{config.hex()}\n{status}")


class _Place(Change):
    """A repository that is made in a folder."""

    returns: ClassVar[type[Outputs]] = Made
    repeat: ClassVar[Repeat] = Repeat.CONVERGENT

    def place(self, call: Call) -> Path:
        """The absolute folder of the repository."""
        raise AssertionError

    def _machine(self, call: Call) -> dict[str, str]:
        return {"machine": machine_identity(), "folder": str(self.place(call))}

    async def target(self, call: Call) -> Target:
        program("git", call.environment)
        place = self.place(call)
        return Target(tool="git", context=str(place), resource="repository", identity=self._machine(call))

    def _made(self, root: Path, *branches: str) -> tuple[ResourceChange, ...]:
        found = [ResourceChange(action=Action.CREATE, resource=f"repository/{root}")]
        if not root.exists():
            found.append(ResourceChange(action=Action.CREATE, resource=f"directory/{root}"))
        found += [ResourceChange(action=Action.CREATE, resource=head_resource(root, branch)) for branch in branches]
        return tuple(found)

    async def _is_there(self, call: Call) -> bool:
        place = self.place(call)
        return (place / ".git").exists() or (place / "HEAD").is_file()

    def _note(self, call: Call, made: Path | None) -> None:
        call.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = {"made": None if made is None else str(made), "there": listing_of(self.place(call), 1 << 20)}
        (call.folder / NOTE).write_text(json.dumps(about), "utf-8")

    def _noted(self, call: Call) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads((call.folder / NOTE).read_text("utf-8"))
        except FileNotFoundError:
            return None
        return found

    async def _outputs(self, call: Call, made: Path | None, *, changed: bool = True) -> Made:
        repository = await Repository.open(call, self.place(call))
        head = await repository.head()
        return Made(
            repo=str(repository.root),
            branch=head.branch,
            sha=head.sha,
            changed=changed,
            made=None if made is None else str(made),
            seal=await sealed(call, repository.root) if changed else "",
        )

    async def capture(self, call: Call) -> JsonObject:
        place = self.place(call)
        return {"place": str(place), "there": place.is_dir(), "repository": await self._is_there(call)}

    async def probe(self, call: Call) -> Probe:
        running = still_running(call)
        if running is not None:
            return Probe(state="not_done", detail=f"git still runs as process {running}: resume attaches to it")
        forget_access(call)
        note, place = self._noted(call), self.place(call)
        if note is None:
            return Probe(state="not_done", detail="it never began")
        if await self.complete(call):
            outputs = await self._outputs(call, Path(note["made"]) if note["made"] else None)
            return Probe(state="done", detail=f"{place} is there", outputs=json.loads(outputs.model_dump_json()))
        if not place.exists() or listing_of(place, 1 << 20) == note["there"]:
            return Probe(state="not_done", detail=f"there is no repository in {place}")
        return Probe(state="in_doubt", detail=f"{place} holds a repository that is not whole")

    async def complete(self, call: Call) -> bool:
        """Whether the repository is there and whole: git takes it for one, and has written its config."""
        if not await self._is_there(call):
            return False
        place = self.place(call)
        git = Git(call, place)
        found = await git.line("rev-parse", "--absolute-git-dir")
        return (
            found in (str(place), str(place / ".git")) and await git.line("config", "--local", "core.bare") is not None
        )

    async def clear(self, call: Call) -> None:
        """Remove what this very step began to make."""
        note, place = self._noted(call), self.place(call)
        if note is None or not place.is_dir():
            return
        there = set(note["there"])
        await asyncio.to_thread(remove, [place / name for name in listing_of(place, 1 << 20) if name not in there])
        remove_empty(place, Path(note["made"]) if note["made"] else None)

    def undo(self, before: JsonObject, outputs: Mapping[str, Any]) -> Change | None:
        if outputs.get("changed") is False or before.get("repository") or not outputs.get("seal"):
            return None
        from reign_executors.git.removal import RemoveRepository

        return RemoveRepository(repo=str(outputs["repo"]), made=outputs.get("made"), seal=str(outputs["seal"]))


def remove(paths: list[Path]) -> None:
    """Remove files and whole folders."""
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def remove_empty(place: Path, made: Path | None) -> None:
    """Remove ``place`` and the folders above it up to ``made``, as far as they are empty."""
    if made is None:
        return
    for folder in (place, *place.parents):
        if not folder.is_relative_to(made):
            return
        try:
            folder.rmdir()
        except OSError:
            return


class Init(_Place):
    """Make an empty repository."""

    name: ClassVar[str] = "git.init"
    summary: ClassVar[str] = "Make an empty git repository in a folder (the folder too, where it is missing)"

    repo: str | None = Field(None, description="folder; none = the session's folder")
    branch: RefName = Field("main", description="name of the first branch")
    bare: bool = Field(False, description="without files of its own, to push to")

    def place(self, call: Call) -> Path:
        return absolute(self.repo or ".", call.cwd).resolve()

    def pinned(self, target: Target) -> Init:
        return self.model_copy(update={"repo": target.context})

    def locks(self) -> frozenset[str]:
        return frozenset({f"git:{absolute(self.repo or '.', Path.cwd()).resolve()}"})

    def command_line(self) -> str:
        return words_for("init", "-b", self.branch, "--bare" if self.bare else None, self.repo)

    async def preview(self, call: Call) -> Effect:
        place = self.place(call)
        if await self._is_there(call):
            return Effect.nothing(f"{place} is a repository already")
        if place.exists() and not place.is_dir():
            return Effect(problems=(Problem(text=f"{place} is a file: name a folder"),))
        if self.bare and listing_of(place):
            return Effect(
                problems=(Problem(text=f"{place} is not empty: a bare repository wants a folder of its own"),)
            )
        near = next(folder for folder in (place, *place.parents) if folder.exists())
        if not os.access(near, os.W_OK | os.X_OK):
            return Effect(changes=self._made(place), problems=(Problem(text=f"this user may not write in {near}"),))
        notes = []
        outer = next((folder for folder in place.parents if (folder / ".git").exists()), None)
        if outer is not None:
            notes.append(f"it would lie inside of the repository {outer}, which then leaves it out")
        return Effect(
            changes=self._made(place, self.branch), notes=tuple(notes), identity={f"repository/{place}": "none"}
        )

    async def execute(self, call: Call) -> Made:
        place = self.place(call)
        if await self._is_there(call):
            return await self._outputs(call, None, changed=False)
        if place.exists() and not place.is_dir():
            raise Conflict(f"{place} is a file", "name a folder")
        if self.bare and listing_of(place):
            raise Conflict(f"{place} is not empty", "name a folder of its own for a bare repository")
        made = None if place.is_dir() else _first_missing(place)
        self._note(call, made)
        try:
            place.mkdir(parents=True, exist_ok=True)
            words = ("init", "-q", "-b", self.branch, *(["--bare"] if self.bare else []), "--", str(place))
            await Git(call, place).change("init", *words, doing=f"make a repository in {place}")
        except PermissionError as error:
            raise PermissionMissing(
                f"this user may not write in {place.parent}", "look at its rights", detail=str(error)
            ) from error
        except BaseException:
            await unbroken(self.clear(call))
            raise
        return await self._outputs(call, made)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        repository = await Repository.open(call, self.place(call))
        return Verification(ok=repository.root == self.place(call), detail=f"a repository in {repository.root}")


class Clone(_Place):
    """Copy a repository here."""

    name: ClassVar[str] = "git.clone"
    summary: ClassVar[str] = "Clone a git repository into a folder"
    timeout: ClassVar[float] = NETWORK_LIMIT + 60
    secret_fields: ClassVar[frozenset[str]] = frozenset({"token"})

    url: Address
    into: str | None = Field(None, description="folder; none = the repository's name, in the session's folder")
    branch: RefName | None = Field(None, description="branch or tag to check out")
    depth: int | None = Field(None, ge=1, description="only that many commits")
    token: Token = None

    def _from(self, call: Call) -> str:
        """The address, folders absolute, without credentials."""
        if "://" in self.url:
            return without_credentials(self.url)
        head, colon, _ = self.url.partition(":")
        return self.url if colon and "/" not in head else str(absolute(self.url, call.cwd))

    def place(self, call: Call) -> Path:
        if self.into is not None:
            return absolute(self.into, call.cwd).resolve()
        name = self.url.rstrip("/").removesuffix("/.git").removesuffix(".git").replace(":", "/").rpartition("/")[2]
        if not name or name in (".", ".."):
            raise InvalidFields("the address names no repository", "say into which folder")
        return (call.cwd / name).resolve()

    def pinned(self, target: Target) -> Clone:
        return self.model_copy(update={"into": target.context})

    def locks(self) -> frozenset[str]:
        return frozenset({f"git:{absolute(self.into or '.', Path.cwd()).resolve()}"})

    def command_line(self) -> str:
        words = ["git", "clone", *(["-b", self.branch] if self.branch else []), shown_url(self.url)]
        return shlex.join(
            [*words, *(["--depth", str(self.depth)] if self.depth else []), *([self.into] if self.into else [])]
        )

    async def preview(self, call: Call) -> Effect:
        place = self.place(call)
        if await self._is_there(call):
            if await self.complete(call):
                return Effect.nothing(f"{place} is a clone of it already")
            return Effect(problems=(Problem(text=f"{place} is another repository already: name another folder"),))
        if place.exists() and (not place.is_dir() or listing_of(place)):
            return Effect(problems=(Problem(text=f"{place} is there and not empty: name another folder"),))
        near = next(folder for folder in (place, *place.parents) if folder.exists())
        if not os.access(near, os.W_OK | os.X_OK):
            return Effect(changes=self._made(place), problems=(Problem(text=f"this user may not write in {near}"),))
        where = self._from(call)
        if "://" not in where and f"repository/{where}" in call.promised:
            return Effect(changes=self._made(place), notes=("an earlier step makes what is cloned",))
        with entered(Git(call, near), call, self.url, self.token) as git:
            there = await listed(git, where)
        if self.branch and not {f"refs/heads/{self.branch}", f"refs/tags/{self.branch}"} & set(there):
            names = [ref.split("/", 2)[2] for ref in there]
            near_names = Repository.near(self.branch, names)
            way = f"did you mean {', '.join(near_names)}?" if near_names else "look at its branches"
            return Effect(
                changes=self._made(place), problems=(Problem(text=f"it has no branch or tag {self.branch} ({way})"),)
            )
        branches = sum(ref.startswith(HEADS) for ref in there)
        notes = [f"{branches} branches and {len(there) - branches} tags; how large it is, git can't say before"]
        if without_credentials(self.url) != self.url:
            notes.append("the credential in the address is used now and not kept in the clone's config")
        return Effect(
            changes=self._made(place),
            notes=tuple(notes),
            identity={f"repository/{place}": "none", f"there/{place}": digest(json.dumps(sorted(there.items())))},
        )

    async def complete(self, call: Call) -> bool:
        place = self.place(call)
        if not (place / ".git").is_dir() or list((place / ".git").glob("objects/pack/tmp_*")):
            return False
        git = await Git(call, place).with_config()
        if git.config.get("remote.origin.url") != self._from(call):
            return False
        head = await git.line("rev-parse", "-q", "--verify", "HEAD")
        if head is None:
            return not (place / ".git" / "packed-refs").exists()
        return (await git.try_read("diff", "--quiet", "--no-ext-diff", "--diff-filter=D", "HEAD")).ok

    async def execute(self, call: Call) -> Made:
        place = self.place(call)
        if await self._is_there(call) and await self.complete(call):
            return await self._outputs(call, None, changed=False)
        if place.exists() and (not place.is_dir() or listing_of(place)):
            raise Conflict(f"{place} is there and not empty", "name another folder (into)")
        made = None if place.is_dir() else _first_missing(place)
        where = self._from(call)
        self._note(call, made)
        words = ["clone", "--progress", "--no-local" if "://" not in where else "--no-hardlinks", "--origin", "origin"]
        words += ["--branch", self.branch] if self.branch else []
        words += ["--depth", str(self.depth)] if self.depth else []
        near = next(folder for folder in (place, *place.parents) if folder.is_dir())
        try:
            with entered(Git(call, near), call, self.url, self.token) as git:
                doing = f"clone {shown_url(self.url)}"
                await git.change("clone", *words, "--", where, str(place), timeout=NETWORK_LIMIT, doing=doing)
        except BaseException as error:
            await unbroken(self.clear(call))
            if isinstance(error, Cancelled):
                raise Cancelled(error.cause, "what was begun has been removed") from error
            raise
        return await self._outputs(call, made)

    async def verify(self, call: Call, outputs: Outputs) -> Verification:
        repository = await Repository.open(call, self.place(call))
        head = await repository.head()
        return Verification(ok=await self.complete(call), detail=f"{repository.root}: {head}")
