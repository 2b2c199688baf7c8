"""``git.restore``: the inverse of every local change of a repository."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field

from reign_executors.call import Blobs, Call
from reign_executors.effect import Action, Choice, Effect, Problem, ResourceChange, UndoPromise
from reign_executors.errors import Conflict, NotFound
from reign_executors.git.base import GitChange, bound, head_resource, moving, ref_resource
from reign_executors.git.repository import HEADS, REMOTES, Head, Repository, short
from reign_executors.git.state import Scope, differences, opened, scope_of, take
from reign_executors.operation import JsonObject


class Restore(GitChange):
    """Put refs, HEAD, what is staged and the repository's config back as a change found them.

    ``before``: that change's pre-image; ``left``: what it left. What others changed since is never overwritten. A
    commit that was pushed meanwhile is asked about (``if_pushed``): ``move`` takes it back here only, ``revert`` makes
    a commit that undoes it.
    """

    name: ClassVar[str] = "git.restore"
    summary: ClassVar[str] = "Put a repository back as it was before a change (made by undo, not for planning)."

    before: JsonObject
    left: JsonObject = Field(default_factory=dict)
    if_pushed: Literal["ask", "move", "revert"] = "ask"

    def about(self) -> str:
        return ", ".join(name.removeprefix("refs/") for name in self._refs(self.before)) or next(
            iter(self.before), "head"
        )

    def command_line(self) -> str:
        refs = self._refs(self.before)
        moves = [f"git update-ref {name} {short(sha) if sha else '-d'}" for name, sha in refs.items()]
        return "; ".join(moves) or ("git switch -" if "head" in self.before else "")

    @staticmethod
    def _refs(state: JsonObject) -> dict[str, str | None]:
        found = state.get("refs")
        return {str(name): str(sha) if sha else None for name, sha in found.items()} if isinstance(found, dict) else {}

    async def scope(self, repository: Repository, call: Call) -> Scope:
        return scope_of(self.before)

    async def _now(self, repository: Repository) -> JsonObject:
        return await take(repository, scope_of(self.before), None)

    async def _back(self, repository: Repository) -> list[str]:
        """The parts that are not as they were."""
        return list(differences(self.before, await self._now(repository)))

    async def _theirs(self, repository: Repository) -> list[str]:
        """The parts that are neither as they were nor as we left them: others changed them."""
        now = await self._now(repository)
        since = set(differences(self.left, now)) if self.left else set()
        return [name for name in differences(self.before, now) if name in since]

    async def look(self, repository: Repository, call: Call) -> Effect:
        parts = await self._back(repository)
        if not parts:
            return Effect.nothing("everything is as it was before already")
        head = await repository.head()
        effect = await self._changes(repository, parts, head)
        problems: list[Problem] = []
        if not moving(call, repository.root):
            theirs = await self._theirs(repository)
            if theirs:
                named = ", ".join(name.removeprefix("refs/heads/").removeprefix("refs/") for name in theirs)
                problems.append(
                    Problem(text=f"{named} in {repository.root} was changed by others since; nothing is overwritten")
                )
            elif self.if_pushed == "ask" and (pushed := await self._pushed(repository)):
                problems.append(
                    Problem(
                        text=f"the commit is on {', '.join(pushed)} by now",
                        choices=(
                            Choice(key="revert", label="make a commit that undoes it", fields={"if_pushed": "revert"}),
                            Choice(key="move", label="take it back here only", fields={"if_pushed": "move"}),
                        ),
                    )
                )
        if repository.begun():
            problems.append(Problem(text=f"a {repository.begun()} was begun in {repository.root} and is not finished"))
        return effect.model_copy(update={"problems": tuple(problems)})

    async def _changes(self, repository: Repository, parts: list[str], head: Head) -> Effect:
        root, now = repository.root, await self._now(repository)
        here, was = self._refs(now), self._refs(self.before)
        changes: list[ResourceChange] = []
        identity = bound(root, head, await repository.listing() if "index" in self.before else None)
        for name in parts:
            if name in was:
                old, new = here.get(name), was[name]
                action = Action.CREATE if old is None else Action.DELETE if new is None else Action.UPDATE
                note = (
                    "its commits stay in the reflog for a while"
                    if action is Action.DELETE and name.startswith(HEADS)
                    else None
                )
                changes.append(
                    ResourceChange(
                        action=action, resource=ref_resource(root, name), diff=f"{short(old)} → {short(new)}", note=note
                    )
                )
                identity[ref_resource(root, name)] = old or "none"
            elif name == "head":
                shown = " → ".join(str(state.get("head")).removeprefix(HEADS) for state in (now, self.before))
                changes.append(ResourceChange(action=Action.UPDATE, resource=head_resource(root), diff=shown))
            elif name == "index":
                changes.append(
                    ResourceChange(
                        action=Action.UPDATE, resource=f"index/{root}", diff="what was staged is staged again"
                    )
                )
            else:
                changes.append(ResourceChange(action=Action.UPDATE, resource=f"config/{root}", diff="as it was before"))
        return Effect(changes=tuple(changes), identity=identity, undo=UndoPromise.EXACT)

    async def _pushed(self, repository: Repository) -> list[str]:
        """Tracking branches of the same name that hold what would be taken back, and were not led back already."""
        left = self._refs(self.left)
        found: list[str] = []
        for name, was in self._refs(self.before).items():
            sha = left.get(name)
            if not name.startswith(HEADS) or sha is None or sha == was:
                continue
            if was is not None and (await repository.git.try_read("merge-base", "--is-ancestor", sha, was)).ok:
                continue  # it moves forward
            holding = await repository.git.read("for-each-ref", "--format=%(refname)", "--contains", sha, REMOTES)
            tree = None if was is None else await repository.git.line("rev-parse", f"{was}^{{tree}}")
            same_name = [one for one in holding.split() if one.split("/", 3)[3:] == [name.removeprefix(HEADS)]]
            for tracking in same_name:
                same = tree is not None and await repository.git.line("rev-parse", f"{tracking}^{{tree}}") == tree
                found += [] if same else [tracking.removeprefix(REMOTES)]
        return found

    async def act(self, repository: Repository, call: Call) -> None:
        theirs = await self._theirs(repository)
        if theirs:
            raise Conflict(
                f"{', '.join(theirs)} was changed by others since", "nothing is overwritten; look at git log"
            )
        if self.if_pushed == "ask" and (pushed := await self._pushed(repository)):
            raise Conflict(f"the commit is on {', '.join(pushed)} by now", "choose revert or move")
        if self.if_pushed == "revert" and await self._pushed(repository):
            return await self._revert(repository)
        if "tree" in self.before:
            await self._files_back(repository)
        await self._refs_back(repository)
        await self._index_back(repository, call.blobs)
        self._config_back(repository, call.blobs)
        return None

    async def _files_back(self, repository: Repository) -> None:
        was, now = str(self.before.get("head")), str((await self._now(repository)).get("head"))
        if was != now:
            words = [was.removeprefix(HEADS)] if was.startswith(HEADS) else ["--detach", was]
            await repository.git.change("switch", "switch", "--no-guess", *words, doing=f"switch back to {words[-1]}")
        target = str(self.before.get("sha") or "")
        if target and target != (await repository.head()).sha:
            await repository.git.change("reset", "reset", "--keep", target, doing=f"go back to {short(target)}")

    async def _refs_back(self, repository: Repository) -> None:
        here, lines = self._refs(await self._now(repository)), []
        for name, sha in self._refs(self.before).items():
            old = here.get(name)
            if old == sha:
                continue
            zeros = "0" * len(old or sha or "")
            lines.append(f"delete {name} {old}" if sha is None else f"update {name} {sha} {old or zeros}")
        if lines:
            await repository.git.change(
                "refs",
                "update-ref",
                "-m",
                "reign: undo",
                "--stdin",
                stdin="\n".join([*lines, ""]).encode(),
                doing="put refs back",
            )
        head = self.before.get("head")
        if isinstance(head, str) and head.startswith(HEADS) and head != (await self._now(repository)).get("head"):
            await repository.git.change(
                "head", "symbolic-ref", "-m", "reign: undo", "HEAD", head, doing="put HEAD back"
            )

    async def _index_back(self, repository: Repository, blobs: Blobs) -> None:
        kept = self.before.get("index")
        if isinstance(kept, dict):
            await put_index_back(repository, opened(kept, blobs))

    def _config_back(self, repository: Repository, blobs: Blobs) -> None:
        kept = self.before.get("config")
        if not isinstance(kept, dict):
            return
        path = repository.common_dir / "config"
        text = opened(kept, blobs).encode("utf-8", "surrogateescape")
        if path.read_bytes() != text:
            replace_file(path, text)

    async def _revert(self, repository: Repository) -> None:
        left, was = self._refs(self.left), self._refs(self.before)
        for name, sha in left.items():
            if sha is None or was.get(name) is None:
                raise NotFound("there is no commit before it to revert to", "take it back here only (if_pushed: move)")
            finished = await repository.git.try_change("revert", "revert", "--no-edit", f"{was[name]}..{sha}")
            if not finished.ok:
                await repository.git.try_change("abort", "revert", "--abort")
                raise repository.git.error(finished, "revert what was pushed")

    async def settled(self, repository: Repository, before: JsonObject, call: Call) -> None:
        """Nothing: what is already back is right, and a second try does the rest."""

    async def holds(self, repository: Repository, before: JsonObject | None) -> tuple[bool, str]:
        parts = await self._back(repository)
        if not parts:
            return True, f"{self.about()} in {repository.root} as before"
        if self.if_pushed == "revert" and before is not None:
            name, sha = next(iter(self._refs(self.before).items()))
            head = await repository.ref(name)
            trees = [await repository.git.line("rev-parse", f"{one}^{{tree}}") for one in (head, sha)]
            if trees[0] == trees[1]:
                return True, "a commit undoes what was pushed"
        return False, f"{', '.join(parts)} not as before"


async def put_index_back(repository: Repository, listing: str, name: str = "index") -> None:
    """Make the index hold exactly ``listing`` again; the files themselves are not touched."""
    now = await repository.listing()
    if now == listing:
        return
    wanted, here = _entries(listing), _entries(now)
    lines = [f"0 {'0' * 40}\t{path}" for path in here if path not in wanted or wanted[path] != here[path]]
    for path, entries in wanted.items():
        if here.get(path) != entries:
            lines += [f"{mode} {sha} {stage}\t{path}" for _, mode, sha, stage in entries]
    data = "".join(f"{line}\0" for line in lines).encode("utf-8", "surrogateescape")
    await repository.git.change(name, "update-index", "-z", "--index-info", stdin=data, doing="put the index back")
    for letter, option in (("h", "--assume-unchanged"), ("S", "--skip-worktree")):
        flagged = [path for path, entries in wanted.items() if entries[0][0] == letter and here.get(path) != entries]
        if flagged:
            given = "".join(f"{path}\0" for path in flagged).encode("utf-8", "surrogateescape")
            await repository.git.change(
                f"{name}-{letter}", "update-index", option, "-z", "--stdin", stdin=given, doing="flag files again"
            )
    await repository.git.try_change(f"{name}-refresh", "update-index", "-q", "--refresh")


def _entries(listing: str) -> dict[str, list[tuple[str, str, str, str]]]:
    found: dict[str, list[tuple[str, str, str, str]]] = {}
    for line in listing.split("\0"):
        about, tab, path = line.partition("\t")
        if tab:
            letter, mode, sha, stage = about.split(" ")
            found.setdefault(path, []).append((letter, mode, sha, stage))
    return found


def replace_file(path: Path, data: bytes) -> None:
    """Put ``data`` in place of a file's content, whole or not at all, with the file's own rights."""
    mode = path.stat().st_mode & 0o777
    new = path.with_name(f"{path.name}.reign-new")
    handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
