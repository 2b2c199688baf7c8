"""What git says when it can't, as typed errors with a way out."""

from __future__ import annotations

import re
from pathlib import Path

from reign_executors.errors import (
    Cancelled,
    Conflict,
    NoSpace,
    NotFound,
    OperationError,
    PermissionMissing,
)
from reign_executors.process import Finished


class GitFailed(OperationError):
    """Git ended with an error that has no name of its own here; ``detail`` has its words."""

    kind = "git_failed"


class NotARepository(NotFound):
    """There is no git repository in that folder or above it."""

    kind = "not_a_repository"


class DubiousOwnership(PermissionMissing):
    """The repository belongs to another user, so git refuses to work in it."""

    kind = "dubious_ownership"


class NoIdentity(OperationError):
    """Git does not know who commits."""

    kind = "no_identity"


class AuthenticationFailed(PermissionMissing):
    """The remote wants other credentials, or none were there."""

    kind = "authentication"


class Unreachable(OperationError):
    """The remote's host does not answer."""

    kind = "unreachable"


class NotFastForward(Conflict):
    """The other side has commits that are not here."""

    kind = "not_fast_forward"


class Unfinished(Conflict):
    """A merge, rebase, revert or cherry-pick was begun and is not finished."""

    kind = "unfinished"


class DetachedHead(Conflict):
    """HEAD is on a commit, not on a branch."""

    kind = "detached_head"


class IndexLocked(Conflict):
    """Another git process works here, or one died and left its lock."""

    kind = "index_locked"


class HookRefused(OperationError):
    """A hook of the repository or of the remote said no; ``detail`` has its words."""

    kind = "hook_refused"


class MergeConflict(Conflict):
    """Both sides changed the same places; ``files`` names them."""

    kind = "merge_conflict"

    def __init__(self, cause: str, way_out: str, *, detail: str = "", files: tuple[str, ...] = ()) -> None:
        super().__init__(cause, way_out, detail=detail)
        self.files = files


class LocalChanges(Conflict):
    """Changes that are not committed would be overwritten."""

    kind = "local_changes"


IDENTITY_WAY = 'git config --global user.name "Your Name"; git config --global user.email you@example.org'

_AUTH = re.compile(
    r"Authentication failed|could not read (?:Username|Password)|The requested URL returned error: 40[13]"
    r"|Permission denied \((?:publickey|password)|HTTP Basic: Access denied|terminal prompts disabled"
    r"|Invalid username or (?:password|token)",
    re.IGNORECASE,
)
_HOST = re.compile(
    r"Could not resolve host(?:name)?|Failed to connect to|Connection refused|Connection timed out|No route to host"
    r"|Network is unreachable|Connection reset by peer|Operation timed out|Could not connect to server"
    r"|Host key verification failed|SSL certificate problem",
    re.IGNORECASE,
)
_GONE = re.compile(
    r"repository '[^']*' not found|does not appear to be a git repository|repository '[^']*' does not exist"
    r"|The requested URL returned error: 404",
    re.IGNORECASE,
)


def failure(finished: Finished, doing: str, folder: Path, words: str | None = None) -> OperationError:
    """The typed error for a git that ended badly. ``doing``: ``push to origin``; ``words``: its output, redacted."""
    said = finished.last_words(40) if words is None else words
    if finished.signal is not None:
        return Cancelled(f"git was ended by signal {finished.signal} while it tried to {doing}", "run it again")
    for look in (_of_place, _of_remote, _of_work):
        found = look(said, doing, folder)
        if found is not None:
            return found
    reason = next((line for line in said.splitlines() if line.startswith(("fatal:", "error:"))), "")
    reason = reason.partition(":")[2].strip() or f"exit code {finished.exit_code}"
    return GitFailed(f"git could not {doing}: {reason}", "read its words and mend that", detail=said)


def _of_place(said: str, doing: str, folder: Path) -> OperationError | None:
    if "dubious ownership" in said:
        return DubiousOwnership(
            f"the repository {folder} belongs to another user, so git refuses to work in it",
            f"if you trust it: git config --global --add safe.directory {folder}",
            detail=said,
        )
    if re.search(r"not a git repository", said, re.IGNORECASE) and "Could not read from remote" not in said:
        return not_a_repository(folder, said)
    lock = re.search(r"Unable to create '([^']+\.lock)': File exists", said) or re.search(
        r"cannot lock ref '([^']+)'.*File exists", said
    )
    if lock is not None:
        return index_locked(Path(lock[1]), folder, said)
    if re.search(r"Please tell me who you are|unable to auto-detect email|empty ident name|user\.useConfigOnly", said):
        return NoIdentity("git does not know who commits: no user.name and user.email", IDENTITY_WAY, detail=said)
    if re.search(r"No space left on device|Disk quota exceeded", said):
        return NoSpace("the disk is full", "free some space and try again", detail=said)
    denied = re.search(r"insufficient permission for adding an object|: Permission denied\s*$", said, re.MULTILINE)
    if denied is not None and _AUTH.search(said) is None:
        return PermissionMissing(
            f"this user may not write in {folder}", "look at the owner and rights of its .git folder", detail=said
        )
    return None


def _of_remote(said: str, doing: str, folder: Path) -> OperationError | None:
    if _AUTH.search(said):
        return AuthenticationFailed(
            f"the remote refused the credentials (or none were given) when git tried to {doing}",
            "give a token, set up a credential helper (git config --global credential.helper …) or an SSH key",
            detail=said,
        )
    if _HOST.search(said):
        return Unreachable(
            f"the remote's host can't be reached, so git could not {doing}",
            "look at the address (git remote -v), the network and the proxy",
            detail=said,
        )
    if re.search(r"hook declined|pre-receive hook|update hook", said):
        return HookRefused(
            f"a hook or rule of the remote refused to {doing}", "its words say why; mend that", detail=said
        )
    if re.search(r"\[rejected\]|non-fast-forward|fetch first|stale info|Not possible to fast-forward", said):
        return NotFastForward(
            f"can't {doing}: the other side has commits that are not here", "pull first, then try again", detail=said
        )
    if re.search(r"\[remote rejected\]", said):
        return HookRefused(f"the remote refused to {doing}", "its words say why", detail=said)
    if _GONE.search(said):
        return NotFound(
            f"there is no repository at that address, so git could not {doing}",
            "look at the address (git remote -v); some servers say so as well when a token may not see it",
            detail=said,
        )
    return None


def _of_work(said: str, doing: str, folder: Path) -> OperationError | None:
    if re.search(
        r"would be overwritten by|Please commit your changes or stash|not uptodate|contains modifications", said
    ):
        files = tuple(line.strip() for line in said.splitlines() if line.startswith("\t"))
        named = f": {', '.join(files[:5])}" if files else ""
        return LocalChanges(
            f"can't {doing}: changes that are not committed would be overwritten{named}",
            "commit them first, or put them aside (git stash)",
            detail=said,
        )
    if re.search(r"MERGE_HEAD exists|not concluded your merge|unmerged files|is already in progress", said):
        return Unfinished(
            f"can't {doing}: a merge (or revert) was begun here and is not finished",
            "finish it (git commit) or drop it (git merge --abort)",
            detail=said,
        )
    if "CONFLICT" in said:
        files = tuple(dict.fromkeys(re.findall(r"Merge conflict in (.+)", said)))
        return merge_conflict(doing, files, said)
    if "did not match any file" in said or "unknown revision" in said or "bad revision" in said:
        return NotFound(
            f"can't {doing}: git knows no such file or revision",
            "git status and git log show what is there",
            detail=said,
        )
    return None


def merge_conflict(doing: str, files: tuple[str, ...], detail: str = "") -> MergeConflict:
    named = ", ".join(files[:8]) + (f" and {len(files) - 8} more" if len(files) > 8 else "")
    return MergeConflict(
        f"can't {doing}: both sides changed {named or 'the same places'}",
        "merge by hand in an editor, or change one side first; nothing was left behind",
        detail=detail,
        files=files,
    )


def not_a_repository(folder: Path, detail: str = "") -> NotARepository:
    return NotARepository(
        f"{folder} is not in a git repository",
        "name the repository's folder, or make one there: git init",
        detail=detail,
    )


def index_locked(lock: Path, folder: Path, detail: str = "") -> IndexLocked:
    """Names the git process that works in the repository, where there is one."""
    holders = _git_processes(folder)
    if holders:
        return IndexLocked(
            f"another git works in {folder}: process {', '.join(map(str, holders))}",
            "wait for it to end, then try again",
            detail=detail,
        )
    return IndexLocked(
        f"{lock} is there, but no git process was found that holds it: one may have died",
        f"when nothing works here (an editor, a container), remove it: rm {lock}",
        detail=detail,
    )


def _git_processes(folder: Path) -> list[int]:
    import psutil

    found: list[int] = []
    for process in psutil.process_iter(["pid", "name", "cwd"]):
        cwd = process.info.get("cwd")
        if (process.info.get("name") or "").startswith("git") and cwd and Path(cwd).is_relative_to(folder):
            found.append(int(process.info["pid"]))
    return found
