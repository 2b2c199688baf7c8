"""One repository as it is now: where it is, what HEAD is, which refs, what is staged, which hooks would run."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from reign_executors.call import Call
from reign_executors.errors import InvalidFields, NotFound
from reign_executors.git.failures import Unfinished, failure, not_a_repository
from reign_executors.git.program import Git

SHORT = 10
"""Digits of a commit's name for people."""
HEADS, TAGS, REMOTES = "refs/heads/", "refs/tags/", "refs/remotes/"
_BEGUN = (
    ("MERGE_HEAD", "merge"),
    ("REVERT_HEAD", "revert"),
    ("CHERRY_PICK_HEAD", "cherry-pick"),
    ("rebase-merge", "rebase"),
    ("rebase-apply", "rebase"),
    ("sequencer", "cherry-pick"),
    ("BISECT_LOG", "bisect"),
)


@dataclass(frozen=True, slots=True)
class Head:
    """``branch`` None: detached; ``sha`` None: no commit yet."""

    branch: str | None
    sha: str | None

    def __str__(self) -> str:
        where = self.branch or "detached HEAD"
        return f"{where} at {short(self.sha)}" if self.sha else f"{where}, no commit yet"


def short(sha: str | None) -> str:
    return "nothing" if sha is None else sha[:SHORT]


def shown_url(url: str) -> str:
    """A remote's address without what lets one in: ``https://***@host/x.git``. ``git@host:x`` stays as it is."""
    if "://" not in url:
        return url
    parts = urlsplit(url)
    if parts.scheme in ("ssh", "git+ssh") and parts.password is None:
        return url
    host = parts.netloc.rpartition("@")
    return url if not host[1] else urlunsplit(parts._replace(netloc=f"***@{host[2]}"))


def url_secrets(url: str) -> dict[str, str]:
    """What of a remote's address must be hidden in all that is shown, by name."""
    if "://" not in url:
        return {}
    parts = urlsplit(url)
    found = {}
    if parts.password:
        found["url_password"] = parts.password
    elif parts.username and parts.scheme in ("http", "https"):
        found["url_token"] = parts.username
    return found


@dataclass(frozen=True, slots=True)
class Repository:
    """``root``: the top of its files (the repository itself when it is bare); ``git``: runs there."""

    git: Git
    root: Path
    git_dir: Path
    common_dir: Path
    bare: bool

    @classmethod
    async def open(cls, call: Call, folder: Path) -> Repository:
        """The repository that ``folder`` is in. ``NotARepository``, ``DubiousOwnership``, ``NotFound``."""
        if not folder.is_dir():
            raise NotFound(f"there is no folder {folder}", "name the repository's folder")
        plain = Git(call, folder)
        asked = await plain.try_read(
            "rev-parse", "--is-bare-repository", "--absolute-git-dir", "--git-common-dir", "--show-toplevel"
        )
        lines = asked.stdout.decode("utf-8", "surrogateescape").splitlines()
        bare = lines[:1] == ["true"]
        if not asked.ok and not (bare and len(lines) >= 3):
            said = asked.last_words()
            raise not_a_repository(folder, said) if "work tree" in said else failure(asked, "look here", folder)
        git_dir = Path(lines[1])
        root = git_dir if bare else Path(lines[3])
        git = await Git(call, root).with_config()
        return cls(git, root, git_dir, (folder / lines[2]).resolve(), bare)

    async def head(self) -> Head:
        branch = await self.git.line("symbolic-ref", "-q", "--short", "HEAD")
        return Head(branch, await self.sha("HEAD"))

    async def sha(self, revision: str) -> str | None:
        """The commit that ``revision`` means; None when there is none."""
        return await self.git.line("rev-parse", "-q", "--verify", "--end-of-options", f"{revision}^{{commit}}")

    async def need(self, revision: str) -> str:
        """Like :meth:`sha`; ``NotFound`` naming near ones."""
        found = await self.sha(revision)
        if found is None:
            near = self.near(revision, await self.names())
            raise NotFound(
                f"there is no branch, tag or commit {revision}",
                f"did you mean {', '.join(near)}?" if near else "git log and git branch show what is there",
            )
        return found

    async def ref(self, name: str) -> str | None:
        """What a full ref (``refs/tags/v1``) points at: a commit, or an annotated tag's own object."""
        return await self.git.line("rev-parse", "-q", "--verify", "--end-of-options", name)

    async def refs(self, *prefixes: str) -> dict[str, str]:
        text = await self.git.read("for-each-ref", "--format=%(refname) %(objectname)", *prefixes)
        return dict(line.split(" ", 1) for line in text.splitlines())

    async def names(self) -> list[str]:
        """The short names of all branches and tags."""
        text = await self.git.read("for-each-ref", "--format=%(refname:short)", HEADS, TAGS, REMOTES)
        return text.split()

    @staticmethod
    def near(name: str, names: Iterable[str]) -> list[str]:
        return get_close_matches(name, list(names), n=3, cutoff=0.5)

    async def listing(self) -> str:
        """What the index holds: ``<tag> <mode> <sha> <stage>``, a tab, the path and a zero byte each."""
        return "" if self.bare else await self.git.read("ls-files", "--stage", "-v", "-z")

    async def dirty(self, *, staged_only: bool = False) -> list[str]:
        """Paths of tracked files whose changes are not committed."""
        words = ["diff", "--name-only", "-z", "--no-ext-diff", "--ignore-submodules", "--cached"]
        head = await self.sha("HEAD") or await self.git.read("hash-object", "-t", "tree", "--stdin", stdin=b"")
        staged = (await self.git.read(*words, head.strip())).split("\0")
        if staged_only:
            return [path for path in staged if path]
        changed = (await self.git.read(*words[:-1])).split("\0")
        return sorted({path for path in (*staged, *changed) if path})

    def begun(self) -> str | None:
        """``merge``, ``revert``, ``rebase`` … when one was begun here and is not finished."""
        return next((word for name, word in _BEGUN if (self.git_dir / name).exists()), None)

    def refuse_begun(self, doing: str) -> None:
        word = self.begun()
        if word is not None:
            raise Unfinished(
                f"can't {doing}: a {word} was begun in {self.root} and is not finished",
                f"finish it or drop it: git {word} --abort" if word != "bisect" else "end it: git bisect reset",
            )

    async def hooks(self, *names: str) -> list[str]:
        """Paths of those hooks that exist and would run."""
        given = await self.git.line("rev-parse", "--git-path", "hooks")
        folder = self.root / (given or ".git/hooks")
        return [str(folder / name) for name in names if os.access(folder / name, os.X_OK) and (folder / name).is_file()]

    async def url(self, remote: str, *, push: bool = False) -> str:
        """A remote's address with whatever it holds. ``NotFound`` naming near ones."""
        found = await self.git.line("remote", "get-url", *(["--push"] if push else []), "--", remote)
        if found is None:
            names = await self.remotes()
            near = self.near(remote, names) or names
            way = f"there are: {', '.join(near)}" if near else f"add it: git remote add {remote} ADDRESS"
            raise NotFound(f"there is no remote {remote}", way)
        return found

    async def remotes(self) -> list[str]:
        return (await self.git.read("remote")).split()

    async def commits(self, *words: str, limit: int = 50) -> list[str]:
        """``<short sha> <subject>`` of what ``git log`` with these words lists."""
        text = await self.git.read("log", f"-{limit}", f"--abbrev={SHORT}", "--format=%h %s", *words)
        return text.splitlines()

    async def count(self, *words: str) -> int:
        return int((await self.git.read("rev-list", "--count", *words)).strip() or 0)


def digest(text: str) -> str:
    """A short fingerprint of something that is only compared."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:32]


_NAME = re.compile(r"(?!.*(?:\.\.|@\{|//|\.lock(?:/|$)|/\.|[ ~^:?*\[\\\x00-\x1f\x7f]))(?![/.-])[^\s]+(?<![/.])$")


def checked_name(name: str) -> str:
    """A branch's or tag's name as git allows it; ``ValueError`` saying so otherwise."""
    if not _NAME.match(name) or name in ("@", "HEAD"):
        raise ValueError(f"{name!r} is no name git allows for a branch or tag (no spaces, no .., ~ ^ : ? * [ \\)")
    return name


def checked_revision(name: str) -> str:
    """A revision (``HEAD~1``, ``v1.2``, a sha): never an option, never empty."""
    if not name or name.startswith("-") or "\0" in name or any(sign.isspace() for sign in name):
        raise ValueError(f"{name!r} is no revision")
    return name


def top_of(folder: Path) -> Path:
    """The nearest folder at or above ``folder`` that holds ``.git``, by the file system alone; else itself."""
    return next((near for near in (folder, *folder.parents) if (near / ".git").exists()), folder)


def words_for(name: str, *values: str | None) -> str:
    """A command line for reading."""
    import shlex

    return shlex.join(["git", name, *(value for value in values if value)])


def need_one(given: Sequence[object], what: str) -> None:
    if sum(value is not None and value is not False for value in given) != 1:
        raise InvalidFields(what)
