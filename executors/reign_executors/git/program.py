"""Running git: one place where a repository that nobody trusts can't make it run anything.

What a repository's own config would execute (fsmonitor, ssh command, external diffs, signing programs, credential
helpers, merge drivers, filters of reads) is overridden; what the person configured for herself (global, system) stays.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from reign_executors.call import Call, discard
from reign_executors.errors import OperationError
from reign_executors.git.failures import failure
from reign_executors.operation import TERMINATE
from reign_executors.process import Finished, run, run_supervised, status
from reign_executors.redaction import Redactor

READ_LIMIT = 60.0
"""Seconds for one git that only reads."""
KEEP = 16 << 20
"""Bytes of output taken from one git that only reads."""

_KEPT = frozenset(
    [
        "GIT_AUTHOR_NAME",
        "GIT_AUTHOR_EMAIL",
        "GIT_AUTHOR_DATE",
        "GIT_COMMITTER_NAME",
        "GIT_COMMITTER_EMAIL",
        "GIT_COMMITTER_DATE",
        "GIT_SSL_CAINFO",
        "GIT_SSL_CAPATH",
        "GIT_SSL_CERT",
        "GIT_SSL_KEY",
        "GIT_CEILING_DIRECTORIES",
        "GIT_CONFIG_NOSYSTEM",
        "GIT_DISCOVERY_ACROSS_FILESYSTEM",
        "GIT_ALLOW_PROTOCOL",
        "GIT_HTTP_LOW_SPEED_LIMIT",
        "GIT_HTTP_LOW_SPEED_TIME",
    ]
)
"""Variables of git that say who commits or how a host is trusted; every other ``GIT_*`` is taken away."""

ALWAYS: tuple[tuple[str, str], ...] = (
    ("core.fsmonitor", "false"),
    ("protocol.ext.allow", "never"),
    ("core.pager", "cat"),
    ("core.editor", "true"),
    ("sequence.editor", "true"),
    ("core.askPass", ""),
    ("core.quotePath", "false"),
    ("color.ui", "never"),
    ("log.showSignature", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("submodule.recurse", "false"),
    ("fetch.recurseSubmodules", "false"),
    ("push.recurseSubmodules", "no"),
    ("push.followTags", "false"),
    ("merge.autoStash", "false"),
    ("rerere.enabled", "false"),
    ("advice.detachedHead", "false"),
)
_NEUTRAL: tuple[tuple[str, str], ...] = (
    (r"core\.sshcommand", "ssh -o BatchMode=yes"),
    (r"gpg\.program|gpg\.openpgp\.program", "gpg"),
    (r"gpg\.x509\.program", "gpgsm"),
    (r"gpg\.ssh\.program", "ssh-keygen"),
    (r"gpg\.ssh\.defaultkeycommand", ""),
    (r"diff\.external|diff\..+\.(?:command|textconv)", ""),
    (r"merge\..+\.driver", "false"),
    (r"remote\..+\.uploadpack", "git-upload-pack"),
    (r"remote\..+\.receivepack", "git-receive-pack"),
    (r"remote\..+\.vcs", ""),
    (r"core\.gitproxy", "none"),
    (r"core\.alternaterefscommand|uploadpack\.packobjectshook", "true"),
    (r"credential\.(?:.+\.)?helper", ""),
)
"""Keys (lower case) that name a program → what stands there instead when only the repository's own config has one."""
_FILTER = re.compile(r"filter\.(.+)\.(clean|smudge|process)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Config:
    """What the git config of a folder says. ``entries``: (scope, key, value) in git's own order."""

    entries: tuple[tuple[str, str, str], ...] = ()

    def get(self, key: str) -> str | None:
        """The value that counts; None when it is not set."""
        return next((value for _, name, value in reversed(self.entries) if name == _lower(key)), None)

    def all(self, key: str) -> list[str]:
        return [value for _, name, value in self.entries if name == _lower(key)]

    def local(self) -> list[tuple[str, str]]:
        """What the repository itself says: nobody but its author may have looked at that."""
        return [(key, value) for scope, key, value in self.entries if scope in ("local", "worktree")]

    def filters(self) -> tuple[str, ...]:
        """Names of the filters that the repository's own config runs on file contents."""
        found = (_FILTER.fullmatch(key) for key, value in self.local() if value)
        return tuple(dict.fromkeys(match[1] for match in found if match is not None))

    def overrides(self, *, filters: bool) -> list[tuple[str, str]]:
        """Pairs for ``-c`` that put something harmless over programs named by the repository's own config."""
        given: list[tuple[str, str]] = []
        for key in dict.fromkeys(key for key, _ in self.local()):
            neutral = next((value for pattern, value in _NEUTRAL if re.fullmatch(pattern, key, re.IGNORECASE)), None)
            if neutral is None:
                continue
            own = [value for scope, name, value in self.entries if name == key and scope in ("global", "system")]
            if key.endswith("helper"):
                given += [(key, ""), *((key, value) for value in own)]
            else:
                given.append((key, own[-1] if own else neutral))
        if not filters:
            for name in self.filters():
                given += [(f"filter.{name}.{part}", "") for part in ("clean", "smudge", "process")]
                given.append((f"filter.{name}.required", "false"))
        return given

    def overridden(self) -> tuple[str, ...]:
        """The keys of the repository's own config that are not used, for a note."""
        return tuple(dict.fromkeys(key for key, _ in self.overrides(filters=True)))


def variables(call: Call) -> dict[str, str]:
    """The child's variables: no prompts, no ``GIT_*`` but who commits, messages in English."""
    inherited = os.environ if call.environment is None else call.environment
    kept = {name: value for name, value in inherited.items() if not name.startswith("GIT_") or name in _KEPT}
    kept |= {"GIT_TERMINAL_PROMPT": "0", "GCM_INTERACTIVE": "never", "LC_ALL": "C", "LANGUAGE": "C"}
    return kept


@dataclass(frozen=True, slots=True)
class Git:
    """Git in one folder, for one call of one verb.

    ``options`` stand before every subcommand (``--git-dir …``, ``-c …``); ``secrets`` are values hidden in all it says;
    ``seen`` what :meth:`line` answered since the last change.
    """

    call: Call
    folder: Path
    config: Config = Config()
    options: tuple[str, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    seen: dict[tuple[object, ...], str | None] = field(default_factory=dict, repr=False, compare=False)

    def _argv(self, words: Sequence[str], *, filters: bool) -> list[str]:
        pairs = [*ALWAYS, *self.config.overrides(filters=filters)]
        if self.config.get("core.sshcommand") is None:
            pairs.append(("core.sshCommand", "ssh -o BatchMode=yes"))
        given = [part for key, value in pairs for part in ("-c", f"{key}={value}")]
        return ["git", "--no-pager", *given, *self.options, *words]

    async def try_read(self, *words: str, stdin: bytes | None = None, filters: bool = False) -> Finished:
        """Run a git that only reads, whatever its exit code; silent, takes no locks."""
        silent = replace(self.call, write=discard)
        return await run(
            self._argv(words, filters=filters),
            call=silent,
            cwd=self.folder,
            environment={**variables(self.call), "GIT_OPTIONAL_LOCKS": "0"},
            stdin=stdin,
            timeout=READ_LIMIT,
            cancel=TERMINATE,
            keep=KEEP,
        )

    async def read(self, *words: str, doing: str = "", stdin: bytes | None = None, filters: bool = False) -> str:
        """What a git that only reads wrote; a typed error when it failed."""
        finished = await self.try_read(*words, stdin=stdin, filters=filters)
        if not finished.ok:
            raise self.error(finished, doing or f"run {words[0]}")
        return finished.stdout.decode("utf-8", "surrogateescape")

    async def line(self, *words: str) -> str | None:
        """The one line a git that only reads wrote; None when it failed or wrote nothing. Asked once until a change."""
        key = (self.folder, self.options, words)
        if key not in self.seen:
            finished = await self.try_read(*words)
            said = finished.stdout.decode("utf-8", "surrogateescape").strip() if finished.ok else ""
            self.seen[key] = said or None
        return self.seen[key]

    async def try_change(
        self, name: str, *words: str, stdin: bytes | None = None, timeout: float | None = None
    ) -> Finished:
        """Run a git that changes something, supervised; ``name`` is its folder below the step's own."""
        try:
            return await run_supervised(
                self._argv(words, filters=True),
                call=replace(self.call, folder=self.call.folder / f"git-{name}"),
                cwd=self.folder,
                environment=variables(self.call),
                stdin=stdin,
                timeout=timeout,
                cancel=TERMINATE,
                secrets={**self.call.secrets, **self.secrets},
            )
        finally:
            self.seen.clear()

    async def change(
        self, name: str, *words: str, doing: str, stdin: bytes | None = None, timeout: float | None = None
    ) -> str:
        """Like :meth:`try_change`; a typed error when it failed."""
        finished = await self.try_change(name, *words, stdin=stdin, timeout=timeout)
        if not finished.ok:
            raise self.error(finished, doing)
        return finished.stdout.decode("utf-8", "surrogateescape")

    def error(self, finished: Finished, doing: str) -> OperationError:
        said = "\n".join(part.decode("utf-8", "replace").strip() for part in (finished.stdout[-4000:], finished.stderr))
        return failure(finished, doing, self.folder, Redactor({**self.call.secrets, **self.secrets}).text(said.strip()))

    async def with_config(self) -> Git:
        """The same with the folder's config read, so that its programs are overridden."""
        finished = await self.try_read("config", "--list", "--show-scope", "-z")
        if not finished.ok:
            return self
        words = finished.stdout.decode("utf-8", "surrogateescape").split("\0")
        entries = []
        for scope, pair in zip(words[0::2], words[1::2], strict=False):
            key, _, value = pair.partition("\n")
            if scope != "command":
                entries.append((scope, _lower(key), value))
        return replace(self, config=Config(tuple(entries)))


def _lower(key: str) -> str:
    """A config key as git compares it: section and name in lower case, the part between as it is."""
    section, dot, rest = key.partition(".")
    middle, last_dot, name = rest.rpartition(".")
    return f"{section.lower()}{dot}{middle}{last_dot}{name.lower()}"


def still_running(call: Call) -> int | None:
    """The process of a supervised git of this step that still runs; None when there is none."""
    for folder in sorted(call.folder.glob("git-*")):
        if folder.is_dir():
            found = status(folder)
            if found.state == "running" or found.program_alive:
                return found.pid or found.supervisor or 0
    return None
