"""What an analysis found: catastrophes, what is unclear, changes, files written and read."""

from __future__ import annotations

from typing import Literal

from reign_executors.effect import Action, Finding, ResourceChange
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.scope import Scope
from reign_executors.shell.analysis.values import (
    ENVIRONMENT,
    NETWORK,
    PRIVATE,
    SECRET,
    UNKNOWN,
    has_glob,
    plain,
    shown,
    unmarked,
)


class Report:
    """What handlers report, gathered. ``start``/``end``: the span of the outermost text that is being run."""

    def __init__(self) -> None:
        self.findings: dict[tuple[str, str], Finding] = {}
        self.changes: dict[tuple[Action, str], ResourceChange] = {}
        self.writes: dict[str, None] = {}
        self.understood = True
        self.text = ""
        self.start = 0
        self.end = 0

    def deny(self, rule: str, text: str) -> None:
        """A catastrophe."""
        self._find(rule, "catastrophic", text)

    def unclear(self, rule: str, text: str) -> None:
        """Something that could not be understood, or must be seen by a person."""
        if not rule.startswith("credential"):
            self.understood = False
        self._find(rule, "unclear", text)

    def notice(self, rule: str, text: str) -> None:
        self._find(rule, "notice", text)

    def _find(self, rule: str, level: Literal["notice", "unclear", "catastrophic"], text: str) -> None:
        if (rule, text) not in self.findings:
            self.findings[rule, text] = Finding.model_construct(
                rule=rule, level=level, text=text, start=self.start, end=self.end
            )

    def change(self, action: Action, resource: str, note: str) -> None:
        """One change of something scoped."""
        resource = shown(resource)
        if (action, resource) not in self.changes:
            self.changes[action, resource] = ResourceChange.model_construct(
                action=action, resource=resource, diff=None, data_bytes=None, note=shown(note)
            )

    def write(self, path: str, scope: Scope, *, note: str = "", action: Action = Action.UPDATE) -> None:
        """A file is written, created or appended to."""
        spot = paths.normal(path, scope.cwd)
        if not spot or paths.harmless_device(plain(spot)):
            return
        if plain(spot).startswith(("/dev/tcp/", "/dev/udp/")):
            self.deny("shell.reverse", f"opens a raw network connection ({shown(path)})")
            return
        danger = paths.overwriting(path, scope.cwd)
        if danger:
            self.deny(*danger)
        where = paths.home_shown(literal_path(path, spot))
        self.writes[where] = None
        self.change(action, f"file/{where}", note or f"writes the file {where}")

    def delete(self, path: str, scope: Scope, *, recursive: bool = True, note: str = "") -> None:
        """A file or folder is deleted (moved away, emptied)."""
        danger = paths.deletion(path, scope.cwd)
        if danger and not recursive and danger[0] in ("delete.home", "delete.system") and not has_glob(path):
            danger = None if paths.whole_directory(path, scope.cwd) else danger  # rm without -r leaves folders alone
        if danger:
            self.deny(*danger)
        where = paths.home_shown(literal_path(path, paths.normal(path, scope.cwd)))
        self.writes[where] = None
        self.change(Action.DELETE, f"file/{where}", note or f"deletes {where}")

    def source(self, start: int, end: int) -> str:
        """The outermost text between two offsets, as written."""
        return self.text[start:end]

    def content(self, path: str, scope: Scope, stdin: str | None) -> str:
        """What reading a file gives: what the text wrote there, marks for credentials, else something unknown."""
        bare = unmarked(path)
        if bare in ("-", "/dev/stdin", "/proc/self/fd/0", "/dev/fd/0"):
            return stdin if stdin is not None else UNKNOWN
        if bare == "/dev/null":
            return ""
        if scope.files:
            known = scope.files.get(paths.normal(path, scope.cwd))
            if known is not None:
                return known
        if bare.startswith(("/dev/tcp/", "/dev/udp/")):
            return NETWORK + UNKNOWN
        kind = paths.credential(path, scope.cwd) if bare else None
        if bare.endswith("/environ"):
            return ENVIRONMENT + UNKNOWN
        return (SECRET if kind == "secret" else PRIVATE if kind == "private" else "") + UNKNOWN


def literal_path(path: str, normalised: str) -> str:
    """The normalised path, home kept recognisable; a relative one where nobody knows where the shell stands."""
    bare = unmarked(path)
    if bare.startswith("/./root"):
        return "~" + bare[7:]
    return normalised.removeprefix(UNKNOWN + "/")
