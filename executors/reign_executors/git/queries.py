"""Looking at a repository: status, log, diff, branches, tags, remotes, show."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, Field

from reign_executors.call import Call
from reign_executors.git.base import GitQuery, Revision
from reign_executors.git.repository import HEADS, REMOTES, SHORT, Repository, shown_url, url_secrets, words_for
from reign_executors.git.scratch import diff_of, stat_of
from reign_executors.operation import Outputs
from reign_executors.redaction import Redactor, plain

TEXT_LIMIT = 256 * 1024
"""Characters of a difference that go into the outputs; the step's log has no more either."""


def _said(call: Call, text: str) -> str:
    """``text`` of git as it may be shown: no escape sequences, no secrets, bounded."""
    clean = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Redactor(call.secrets).text(plain(clean))[:TEXT_LIMIT]


class StatusOutputs(Outputs):
    """``branch`` None: detached; ``sha`` None: no commit yet; ``ahead``/``behind`` None: no upstream.

    Paths by what is the case with them; ``unfinished``: merge, rebase, revert … that was begun.
    """

    repo: str
    branch: str | None
    sha: str | None
    upstream: str | None = None
    ahead: int | None = None
    behind: int | None = None
    staged: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    untracked: tuple[str, ...] = ()
    conflicts: tuple[str, ...] = ()
    unfinished: str | None = None
    clean: bool = True


class Status(GitQuery):
    """What is changed, staged, new, and how far the branch is from its upstream."""

    name: ClassVar[str] = "git.status"
    summary: ClassVar[str] = "Show a git repository's branch, changed, staged and new files"
    returns: ClassVar[type[Outputs]] = StatusOutputs

    def command_line(self) -> str:
        return "git status"

    async def execute(self, call: Call) -> StatusOutputs:
        repository = await self.opened(call)
        head = await repository.head()
        about: dict[str, str] = {}
        found: dict[str, list[str]] = {"staged": [], "changed": [], "untracked": [], "conflicts": []}
        if not repository.bare:
            raw = await repository.git.read("status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal")
            _sort(raw, about, found)
        ahead, _, behind = about.get("branch.ab", "").partition(" ")
        begun = repository.begun()
        outputs = StatusOutputs(
            repo=str(repository.root),
            branch=head.branch,
            sha=head.sha,
            upstream=about.get("branch.upstream"),
            ahead=int(ahead) if ahead else None,
            behind=-int(behind) if behind else None,
            unfinished=begun,
            clean=not any(found.values()) and begun is None,
            **{key: tuple(plain(path) for path in paths) for key, paths in found.items()},
        )
        for line in _status_lines(outputs, str(head)):
            call.say(line)
        return outputs


def _sort(raw: str, about: dict[str, str], found: dict[str, list[str]]) -> None:
    """Sort the entries of ``git status --porcelain=v2 -z``."""
    entries = iter(raw.split("\0"))
    for entry in entries:
        if entry.startswith("# "):
            key, _, value = entry[2:].partition(" ")
            about[key] = value
        elif entry.startswith(("1 ", "2 ")):
            fields = entry.split(" ", 8 if entry[0] == "1" else 9)
            path = fields[-1]
            if entry[0] == "2":
                next(entries, None)  # the name it had
            if fields[1][0] != ".":
                found["staged"].append(path)
            if fields[1][1] != ".":
                found["changed"].append(path)
        elif entry.startswith("u "):
            found["conflicts"].append(entry.split(" ", 10)[-1])
        elif entry.startswith("? "):
            found["untracked"].append(entry[2:])


def _status_lines(found: StatusOutputs, head: str) -> list[str]:
    lines = [f"on {head}" + (f", {found.unfinished} not finished" if found.unfinished else "")]
    if found.upstream:
        lines.append(f"{found.upstream}: {found.ahead or 0} ahead, {found.behind or 0} behind")
    for word in ("conflicts", "staged", "changed", "untracked"):
        lines += [f"{word}: {path}" for path in getattr(found, word)]
    return lines if not found.clean else [*lines, "nothing to commit"]


class CommitLine(BaseModel):
    """One commit; ``time`` RFC 3339."""

    sha: str
    short: str
    parents: tuple[str, ...]
    author: str
    email: str
    time: str
    subject: str
    refs: str = ""


class LogOutputs(Outputs):
    """``commits`` newest first; ``more``: there are older ones in the range."""

    repo: str
    commits: tuple[CommitLine, ...]
    more: bool = False


_FORMAT = "--format=%H%x1f%h%x1f%P%x1f%an%x1f%ae%x1f%cI%x1f%s%x1f%D%x1e"


async def commits_of(repository: Repository, call: Call, *words: str) -> list[CommitLine]:
    raw = await repository.git.read("log", f"--abbrev={SHORT}", "--no-show-signature", _FORMAT, *words)
    found = []
    for record in raw.split("\x1e"):
        fields = record.lstrip("\n").split("\x1f")
        if len(fields) == 8:
            sha, short, parents, author, email, time, subject, refs = (_said(call, field) for field in fields)
            found.append(
                CommitLine(
                    sha=sha, short=short, parents=tuple(parents.split()), author=author, email=email, time=time,
                    subject=subject, refs=refs,
                )
            )  # fmt: skip
    return found


class Log(GitQuery):
    """The last commits."""

    name: ClassVar[str] = "git.log"
    summary: ClassVar[str] = "Show the last commits of a git repository, of a branch, a range or some files"
    returns: ClassVar[type[Outputs]] = LogOutputs

    limit: int = Field(20, ge=1, le=1000)
    revision: Revision = Field("HEAD", description="branch, tag, commit or range (v1.0..main)")
    paths: tuple[str, ...] = ()

    def command_line(self) -> str:
        return words_for(
            "log", f"-{self.limit}", "--oneline", self.revision, *(["--", *self.paths] if self.paths else [])
        )

    async def execute(self, call: Call) -> LogOutputs:
        repository = await self.opened(call)
        for end in self.revision.replace("...", "..").split(".."):
            if end and not (self.revision == "HEAD" and await repository.sha("HEAD") is None):
                await repository.need(end.lstrip("^"))
        if self.revision == "HEAD" and await repository.sha("HEAD") is None:
            call.say("no commit yet")
            return LogOutputs(repo=str(repository.root), commits=())
        found = await commits_of(repository, call, f"-{self.limit + 1}", self.revision, "--", *self.paths)
        for one in found[: self.limit]:
            call.say(
                f"{one.short} {one.time[:16].replace('T', ' ')} {one.author}: {one.subject}"
                + (f" ({one.refs})" if one.refs else "")
            )
        return LogOutputs(repo=str(repository.root), commits=tuple(found[: self.limit]), more=len(found) > self.limit)


class FileStat(BaseModel):
    """``added``/``removed`` lines; None for a binary file."""

    path: str
    added: int | None
    removed: int | None


class DiffOutputs(Outputs):
    """``diff``: at most 256 KiB, redacted; ``files`` has all."""

    repo: str
    files: tuple[FileStat, ...]
    diff: str
    truncated: bool = False


class Diff(GitQuery):
    """What is different: files not committed, or two revisions."""

    name: ClassVar[str] = "git.diff"
    summary: ClassVar[str] = "Show differences: what is not committed (or staged), or between two revisions"
    returns: ClassVar[type[Outputs]] = DiffOutputs

    since: Revision | None = Field(None, description="from this revision; none = from the last commit")
    to: Revision | None = Field(None, description="up to this revision; none = the files as they are")
    staged: bool = Field(False, description="only what is staged")
    paths: tuple[str, ...] = ()

    def command_line(self) -> str:
        staged = "--cached" if self.staged else None
        return words_for("diff", staged, self.since or "HEAD", self.to, *(["--", *self.paths] if self.paths else []))

    async def execute(self, call: Call) -> DiffOutputs:
        repository = await self.opened(call)
        ends = [await repository.need(one) for one in (self.since, self.to) if one]
        if not self.since:
            head = await repository.sha("HEAD")
            ends.insert(
                0, head or (await repository.git.read("hash-object", "-t", "tree", "--stdin", stdin=b"")).strip()
            )
        words = [*(["--cached"] if self.staged else []), *ends, "--", *self.paths]
        safe = ("--no-ext-diff", "--no-textconv", "--no-renames")
        stat = await repository.git.read("diff", "--numstat", "-z", *safe, *words)
        files = []
        for entry in stat.split("\0"):
            added, tab, rest = entry.partition("\t")
            removed, _, path = rest.partition("\t")
            if tab:
                counts = (None, None) if added == "-" else (int(added), int(removed))
                files.append(FileStat(path=plain(path), added=counts[0], removed=counts[1]))
        text = await repository.git.read("diff", "-p", *safe, *words)
        shown = _said(call, text)
        for line in shown.splitlines() or ["no difference"]:
            call.say(line)
        return DiffOutputs(
            repo=str(repository.root), files=tuple(files), diff=shown, truncated=len(shown) >= TEXT_LIMIT
        )


class BranchLine(BaseModel):
    """``upstream`` None: none is set; ``ahead``/``behind`` of it."""

    name: str
    sha: str
    subject: str
    current: bool = False
    remote: bool = False
    upstream: str | None = None
    ahead: int | None = None
    behind: int | None = None


class BranchesOutputs(Outputs):
    repo: str
    current: str | None
    branches: tuple[BranchLine, ...]


class Branches(GitQuery):
    """Branches, the current one marked."""

    name: ClassVar[str] = "git.branches"
    summary: ClassVar[str] = "List the branches of a git repository (remote: those of remotes too)"
    returns: ClassVar[type[Outputs]] = BranchesOutputs

    remote: bool = False

    def command_line(self) -> str:
        return "git branch -vv" + (" --all" if self.remote else "")

    async def execute(self, call: Call) -> BranchesOutputs:
        repository = await self.opened(call)
        prefixes = (HEADS, REMOTES) if self.remote else (HEADS,)
        form = "%(refname)%1f%(objectname)%1f%(upstream:short)%1f%(upstream:track,nobracket)%1f%(contents:subject)"
        raw = await repository.git.read("for-each-ref", f"--format={form}", *prefixes)
        head = await repository.head()
        found = []
        for line in raw.splitlines():
            ref, sha, upstream, track, subject = line.split("\x1f", 4)
            if ref.endswith("/HEAD") and ref.startswith(REMOTES):
                continue
            name = ref.removeprefix(HEADS).removeprefix(REMOTES)
            counts = dict(part.split(" ", 1) for part in track.split(", ") if " " in part)
            found.append(
                BranchLine(
                    name=name,
                    sha=sha,
                    subject=_said(call, subject),
                    current=ref == f"{HEADS}{head.branch}",
                    remote=ref.startswith(REMOTES),
                    upstream=upstream or None,
                    ahead=int(counts.get("ahead", 0)) if upstream else None,
                    behind=int(counts.get("behind", 0)) if upstream else None,
                )
            )
        for one in found:
            call.say(f"{'*' if one.current else ' '} {one.name} {one.sha[:SHORT]} {one.subject}")
        return BranchesOutputs(repo=str(repository.root), current=head.branch, branches=tuple(found))


class TagLine(BaseModel):
    """``sha``: the commit it leads to; ``message`` None: lightweight."""

    name: str
    sha: str
    message: str | None = None


class TagsOutputs(Outputs):
    repo: str
    tags: tuple[TagLine, ...]


class Tags(GitQuery):
    """Tags, newest first."""

    name: ClassVar[str] = "git.tags"
    summary: ClassVar[str] = "List the tags of a git repository, newest first"
    returns: ClassVar[type[Outputs]] = TagsOutputs

    def command_line(self) -> str:
        return "git tag --sort=-creatordate"

    async def execute(self, call: Call) -> TagsOutputs:
        repository = await self.opened(call)
        form = "%(refname:strip=2)%1f%(objecttype)%1f%(objectname)%1f%(*objectname)%1f%(contents:subject)"
        raw = await repository.git.read("for-each-ref", "--sort=-creatordate", f"--format={form}", "refs/tags/")
        found = []
        for line in raw.splitlines():
            name, kind, sha, peeled, subject = line.split("\x1f", 4)
            message = _said(call, subject) if kind == "tag" else None
            found.append(TagLine(name=name, sha=peeled or sha, message=message))
        for one in found:
            call.say(f"{one.name} {one.sha[:SHORT]}" + (f" {one.message}" if one.message else ""))
        return TagsOutputs(repo=str(repository.root), tags=tuple(found))


class RemoteLine(BaseModel):
    """Addresses without credentials."""

    name: str
    fetch: str
    push: str


class RemotesOutputs(Outputs):
    repo: str
    remotes: tuple[RemoteLine, ...]


class Remotes(GitQuery):
    """Remotes with their addresses."""

    name: ClassVar[str] = "git.remotes"
    summary: ClassVar[str] = "List the remotes of a git repository (credentials in addresses hidden)"
    returns: ClassVar[type[Outputs]] = RemotesOutputs

    def command_line(self) -> str:
        return "git remote -v"

    async def execute(self, call: Call) -> RemotesOutputs:
        repository = await self.opened(call)
        found = []
        for name in await repository.remotes():
            fetch, push = await repository.url(name), await repository.url(name, push=True)
            call.learn({**url_secrets(fetch), **url_secrets(push)})
            found.append(RemoteLine(name=name, fetch=shown_url(fetch), push=shown_url(push)))
        for one in found:
            call.say(f"{one.name} {one.fetch}" + (f" (push: {one.push})" if one.push != one.fetch else ""))
        return RemotesOutputs(repo=str(repository.root), remotes=tuple(found))


class ShowOutputs(Outputs):
    """One commit; ``message`` whole; ``diff`` to its first parent, bounded and redacted."""

    repo: str
    commit: CommitLine
    message: str
    files: tuple[FileStat, ...]
    diff: str


class Show(GitQuery):
    """One commit with its differences."""

    name: ClassVar[str] = "git.show"
    summary: ClassVar[str] = "Show one commit (or what a tag or branch leads to) with its message and differences"
    returns: ClassVar[type[Outputs]] = ShowOutputs

    revision: Revision = "HEAD"

    def command_line(self) -> str:
        return words_for("show", self.revision)

    async def execute(self, call: Call) -> ShowOutputs:
        repository = await self.opened(call)
        sha = await repository.need(self.revision)
        (commit,) = await commits_of(repository, call, "-1", sha)
        message = _said(call, await repository.git.read("log", "-1", "--format=%B", sha)).strip()
        parent = commit.parents[0] if commit.parents else None
        stat = await stat_of(repository.git, parent, sha)
        files = tuple(FileStat(path=plain(path), added=added, removed=removed) for path, added, removed in stat)
        diff = await diff_of(repository.git, parent, sha)
        call.say(f"commit {commit.sha} {commit.author} <{commit.email}> {commit.time}")
        for line in ("", *message.splitlines(), "", *diff.splitlines()):
            call.say(line)
        return ShowOutputs(repo=str(repository.root), commit=commit, message=message, files=files, diff=diff)
