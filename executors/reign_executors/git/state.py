"""The part of a repository that a change touches, as JSON: taken before and after it, compared, put back by restore."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reign_executors.call import Blobs, Call
from reign_executors.errors import NotFound
from reign_executors.git.repository import Repository, digest
from reign_executors.operation import JsonObject

NOTE = "git-before.json"


@dataclass(frozen=True, slots=True)
class Scope:
    """What of a repository a change touches: full names of ``refs``; ``head`` where HEAD points; ``index`` what is
    staged; ``config`` the repository's own; ``tree`` the files that git has checked out."""

    refs: tuple[str, ...] = ()
    head: bool = False
    index: bool = False
    config: bool = False
    tree: bool = False


async def take(repository: Repository, scope: Scope, blobs: Blobs | None) -> JsonObject:
    """The state in that scope. With ``blobs``: index and config are kept there; without: only their digests."""
    state: JsonObject = {"refs": {name: await repository.ref(name) for name in scope.refs}}
    if scope.head:
        head = await repository.head()
        state["head"] = f"{'refs/heads/' + head.branch if head.branch else head.sha}"
        state["sha"] = head.sha
    if scope.index:
        state["index"] = _kept(await repository.listing(), blobs)
    if scope.config:
        path = repository.common_dir / "config"
        state["config"] = _kept(path.read_bytes().decode("utf-8", "surrogateescape"), blobs)
    if scope.tree:
        state["tree"] = True
    return state


def _kept(text: str, blobs: Blobs | None) -> JsonObject:
    found: JsonObject = {"digest": digest(text)}
    if blobs is not None:
        found["blob"] = blobs.put(text.encode("utf-8", "surrogateescape"))
    return found


def opened(kept: Mapping[str, Any], blobs: Blobs) -> str:
    """What :func:`take` kept; ``NotFound`` when it is gone."""
    try:
        return blobs.get(str(kept["blob"])).decode("utf-8", "surrogateescape")
    except KeyError:
        raise NotFound("what was kept for this undo is gone", "git reflog shows where things were") from None


def comparable(state: Mapping[str, Any]) -> JsonObject:
    """``state`` without what is only needed to put it back."""
    plain: JsonObject = {}
    for key, value in state.items():
        plain[key] = value["digest"] if key in ("index", "config") and isinstance(value, dict) else value
    return plain


def scope_of(state: Mapping[str, Any]) -> Scope:
    """The scope that a state was taken in."""
    return Scope(tuple(state.get("refs") or ()), "head" in state, "index" in state, "config" in state, "tree" in state)


def differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterable[str]:
    """The parts in which two states of the same scope differ: refs by name, ``head``, ``index``, ``config``."""
    first, second = comparable(one), comparable(other)
    refs, others = dict(one.get("refs") or {}), dict(other.get("refs") or {})
    yield from (name for name in {**refs, **others} if refs.get(name) != others.get(name))
    yield from (key for key in ("head", "index", "config") if first.get(key) != second.get(key))


def leave_note(call: Call, state: JsonObject) -> None:
    """Write the state just before a change into the step's folder, for ``probe`` after a crash."""
    written = call.folder / f"{NOTE}.new"
    written.write_text(json.dumps(comparable(state)), "utf-8")
    written.replace(call.folder / NOTE)


def note_of(call: Call) -> JsonObject | None:
    path: Path = call.folder / NOTE
    try:
        found: JsonObject = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    return found
