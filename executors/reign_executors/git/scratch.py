"""A scratch repository beside the real one: what a commit, a merge or a revert would give, with nothing touched.

It borrows the real objects (``objects/info/alternates``) and has an index and objects of its own.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from reign_executors.call import Call
from reign_executors.effect import Finding
from reign_executors.git.program import Git
from reign_executors.git.repository import Repository
from reign_executors.redaction import Redactor, plain

DIFF_LINES = 400
"""Lines of a diff beyond which the rest is only counted."""
FILES = 200
"""Files that are listed by name."""
SECRETS = 20
_COPIED = [
    "core.autocrlf",
    "core.eol",
    "core.safecrlf",
    "core.filemode",
    "core.symlinks",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.excludesfile",
    "core.attributesfile",
    "core.sparsecheckout",
    "merge.renames",
    "merge.directoryrenames",
]
_HUNK = re.compile(r"@@ -\d+(?:,\d+)? \+(\d+)")


@dataclass(frozen=True, slots=True)
class Merged:
    """``tree``: what a merge gives; ``conflicts``: files that both sides changed (then the tree is of no use)."""

    tree: str
    conflicts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scratch:
    """See the module. ``git`` runs with the scratch repository and the real one's files."""

    git: Git
    folder: Path
    repository: Repository

    async def index_from(self, tree: str | None) -> None:
        """Begin with what is staged now (None), with a tree, or with nothing (an empty text)."""
        if tree is None:
            real = self.repository.git_dir / "index"
            if real.exists():
                await asyncio.to_thread(shutil.copy2, real, self.folder / "index")
        elif tree:
            await self.git.read("read-tree", tree)

    async def add(self, *paths: str, top: Path, doing: str) -> None:
        """Stage paths (none: everything) as git would, from the real files. Paths start at the folder ``top``."""
        words = ["add", "-A", "--", *paths] if paths else ["add", "-A", "--", ":/"]
        git = replace(self.git, folder=top)
        await git.read(*words, doing=doing, filters=True)

    async def tree(self) -> str:
        return (await self.git.read("write-tree", doing="look at what would be committed")).strip()

    async def commit(self, tree: str, *parents: str) -> str:
        """A commit of ``tree`` in the scratch repository, for looking only."""
        words = [part for parent in parents for part in ("-p", parent)]
        names = ("-c", "user.name=look", "-c", "user.email=look@localhost", "-c", "commit.gpgSign=false")
        git = replace(self.git, options=(*self.git.options, *names))
        return (await git.read("commit-tree", tree, *words, "-m", "look")).strip()

    async def merge(self, ours: str, theirs: str) -> Merged:
        """What merging two commits gives."""
        asked = await self.git.try_read(
            "merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", ours, theirs
        )
        if asked.exit_code not in (0, 1):
            raise self.git.error(asked, "look at the merge")
        tree, *names = asked.stdout.decode("utf-8", "surrogateescape").split("\0")
        return Merged(tree, tuple(dict.fromkeys(name for name in names if name)) if asked.exit_code else ())

    async def reverted(self, commit: str, onto: str, mainline: int | None) -> Merged:
        """What taking ``commit`` back gives on ``onto`` (both commits): a merge of its parent from itself as base."""
        parent = f"{commit}^{mainline or 1}"
        base = await self.commit(f"{commit}^{{tree}}")
        before = await self.git.line("rev-parse", "-q", "--verify", f"{parent}^{{tree}}")
        if before is None:  # the very first commit: before it there was nothing
            before = (await self.git.read("mktree", stdin=b"")).strip()
        ours = await self.commit(f"{onto}^{{tree}}", base)
        theirs = await self.commit(before, base)
        return await self.merge(ours, theirs)

    async def diff(self, old: str | None, new: str) -> str:
        """Files with their added and removed lines, then the differences, bounded and redacted."""
        return await diff_of(self.git, old, new)

    async def findings(self, old: str | None, new: str) -> tuple[Finding, ...]:
        return await secrets_in(self.git, old, new)


@asynccontextmanager
async def scratch(repository: Repository, call: Call) -> AsyncIterator[Scratch]:
    """A scratch repository for the length of the block; gone afterwards."""
    call.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="git-look-", dir=call.folder))
    try:
        text = await repository.git.line("rev-parse", "--show-object-format")
        bare = folder / "look.git"
        plain_git = Git(call, folder)
        await plain_git.read("init", "-q", "--bare", "--template=", f"--object-format={text or 'sha1'}", str(bare))
        (bare / "objects" / "info").mkdir(parents=True, exist_ok=True)
        (bare / "objects" / "info" / "alternates").write_text(f"{repository.common_dir / 'objects'}\n")
        info = repository.common_dir / "info"
        (bare / "info").mkdir(exist_ok=True)
        for name in ("exclude", "attributes", "sparse-checkout"):
            if (info / name).is_file():
                shutil.copyfile(info / name, bare / "info" / name)
        config = repository.git.config
        given = [part for key in _COPIED if (value := config.get(key)) is not None for part in ("-c", f"{key}={value}")]
        filters = [
            part
            for name in config.filters()
            for end in ("clean", "smudge", "process", "required")
            if (value := config.get(f"filter.{name}.{end}")) is not None
            for part in ("-c", f"filter.{name}.{end}={value}")
        ]
        options = (f"--git-dir={bare}", *given, *filters, "-c", "core.bare=false", "-c", "core.looseCompression=0")
        if not repository.bare:
            options = (f"--work-tree={repository.root}", *options)
        yield Scratch(replace(repository.git, options=options), bare, repository)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


_NO_PROGRAMS = ("--no-ext-diff", "--no-textconv", "--no-color")


async def _empty_tree(git: Git) -> str:
    return (await git.read("hash-object", "-t", "tree", "--stdin", stdin=b"")).strip()


async def stat_of(git: Git, old: str | None, new: str) -> list[tuple[str, int | None, int | None]]:
    """(path, added lines, removed lines) of every file that differs; None for binary ones."""
    raw = await git.read("diff", "--numstat", "-z", "--no-renames", *_NO_PROGRAMS, old or await _empty_tree(git), new)
    found = []
    for entry in raw.split("\0"):
        added, tab, rest = entry.partition("\t")
        removed, _, path = rest.partition("\t")
        if tab:
            found.append((path, None if added == "-" else int(added), None if removed == "-" else int(removed)))
    return found


async def letters_of(git: Git, old: str | None, new: str) -> dict[str, str]:
    """Path → A, M, D, T."""
    raw = await git.read(
        "diff", "--name-status", "-z", "--no-renames", *_NO_PROGRAMS, old or await _empty_tree(git), new
    )
    words = raw.split("\0")
    return dict(zip(words[1::2], words[0::2], strict=False))


async def diff_of(git: Git, old: str | None, new: str) -> str:
    """See :meth:`Scratch.diff`."""
    stat, letters = await stat_of(git, old, new), await letters_of(git, old, new)
    lines = []
    for path, added, removed in stat[:FILES]:
        sign = {"A": "+", "D": "-"}.get(letters.get(path, "M"), "~")
        size = "binary" if added is None else f"+{added} -{removed}"
        lines.append(f"{sign} {plain(path)} ({size})")
    if len(stat) > FILES:
        lines.append(f"… {len(stat) - FILES} more files")
    text = await git.read("diff", "-p", "--no-renames", *_NO_PROGRAMS, old or await _empty_tree(git), new)
    body = Redactor(git.call.secrets).text(plain(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")))
    shown = body.splitlines()
    left = len(shown) - DIFF_LINES
    return "\n".join([*lines, *shown[:DIFF_LINES], *([f"… {left} more lines"] if left > 0 else [])])


async def secrets_in(git: Git, old: str | None, new: str) -> tuple[Finding, ...]:
    """A finding for every added line that looks like it holds a secret (the first twenty), with its file and line."""
    text = await git.read(
        "diff", "-U0", "--no-renames", "--diff-filter=d", *_NO_PROGRAMS, old or await _empty_tree(git), new
    )
    redactor = Redactor(git.call.secrets)
    found: list[Finding] = []
    path, number = "", 0
    for line in text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").split("\n"):
        if line.startswith("+++ "):
            path = line[4:].strip('"').removeprefix("b/").rstrip("\t")
        elif (hunk := _HUNK.match(line)) is not None:
            number = int(hunk[1]) - 1
        elif line.startswith("+"):
            number += 1
            if len(found) < SECRETS and redactor.text(line[1:]) != line[1:]:
                found.append(
                    Finding(
                        rule="git.secret",
                        level="notice",
                        text=f"{plain(path)}:{number} looks like it holds a secret; whoever has the commit has it",
                    )
                )
    return tuple(found)
