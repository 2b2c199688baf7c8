"""A person's own rules: allow, ask or deny by what would be done, never by text.

A rule names globs over the operation, the target, the risk, the paths touched and the structure of commands. Whatever
it does not name may be anything. *deny* and *ask* hold as soon as one part of what would be done fits them; *allow*
only when every part does, nothing about it is unclear, and its risk is at most what the rule says (``change`` where it
says nothing). This module is light: what reads shell commands is imported when a rule first needs it.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal

from reign_executors.risk import Risk

if TYPE_CHECKING:
    from reign_executors.effect import Effect
    from reign_executors.operation import Operation
    from reign_executors.shell.analysis import Analysis, Command
    from reign_executors.target import Target

RuleVerdict = Literal["allow", "ask", "deny"]
VERDICTS: tuple[RuleVerdict, ...] = ("deny", "ask", "allow")
"""Strongest first."""

Globs = tuple[str, ...]
_KNOWN_FOLDERS = frozenset({"/bin", "/usr/bin", "/sbin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"})
_UNKNOWN_PROGRAM = "unclear.program"


@dataclass(frozen=True, slots=True)
class Act:
    """What would be done, as rules see it. A part that is None is not known and fits everything (in examples only).

    ``resources`` are the target's and all changed ones, ``changed`` only the latter; ``paths`` are absolute.
    ``analysis`` is that of the command it runs or stands for, None where there is none; ``runs_command``: it runs it.
    ``unclear`` are names of findings that leave something open.
    """

    operation: str | None = None
    tool: str | None = None
    context: str | None = None
    resources: tuple[str, ...] | None = None
    changed: tuple[str, ...] | None = None
    paths: tuple[str, ...] | None = None
    analysis: Analysis | None = None
    runs_command: bool = True
    risk: Risk | None = None
    unclear: frozenset[str] = frozenset()
    known: bool = True


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of the person's (or a project's) config; ``file`` and ``line`` say where it stands."""

    verdict: RuleVerdict
    file: str
    line: int
    why: str = ""
    operation: Globs = ()
    target: Globs = ()
    tool: Globs = ()
    context: Globs = ()
    resource: Globs = ()
    path: Globs = ()
    program: Globs = ()
    subcommand: Globs = ()
    writes: Globs = ()
    risk_at_least: Risk | None = None
    risk_at_most: Risk | None = None

    @property
    def where(self) -> str:
        return f"{self.file}, line {self.line}"

    def said(self) -> str:
        """The rule as a reason: what it says and where it stands."""
        word = {"allow": "allowed", "ask": "asked for", "deny": "denied"}[self.verdict]
        return f"{word} by the rule in {self.where}{f': {self.why}' if self.why else ''}"

    def fits(self, act: Act) -> bool:
        """Whether the rule holds for what would be done."""
        whole = self.verdict == "allow"
        targets = None
        if act.resources is not None and act.tool is not None and act.context is not None:
            touched = (act.changed or act.resources) if whole else act.resources
            targets = tuple(f"{act.tool}:{act.context}/{resource}" for resource in touched)
        resources = act.resources if not whole or act.resources is None else (act.changed or act.resources)
        return (
            self._risk_fits(act)
            and _holds(self.operation, _one(act.operation), whole)
            and _holds(self.tool, _one(act.tool), whole)
            and _holds(self.context, _one(act.context), whole)
            and _holds(self.target, targets, whole)
            and _holds(self.resource, resources, whole)
            and _path_holds(self.path, act.paths, whole)
            and self._structure_fits(act, whole)
            and not (whole and self._leaves_out(act))
        )

    def _leaves_out(self, act: Act) -> bool:
        """Whether something changes that is no path, although the rule allows by paths alone."""
        by_paths = bool(self.path) or (bool(self.writes) and not (self.program or self.subcommand))
        return by_paths and any(_path_of(resource) is None for resource in act.changed or ())

    def _risk_fits(self, act: Act) -> bool:
        whole = self.verdict == "allow"
        if whole:
            own_program = bool(self.program) and self.risk_at_most is Risk.DESTROY
            left_open = act.unclear - {_UNKNOWN_PROGRAM} if own_program else act.unclear
            if left_open or not (act.known or (own_program and act.unclear)):
                return False
        if act.risk is None:
            return True
        at_most = Risk.CHANGE if whole and self.risk_at_most is None else self.risk_at_most
        if at_most is not None and act.risk > at_most:
            return False
        return self.risk_at_least is None or act.risk >= self.risk_at_least

    def _structure_fits(self, act: Act, whole: bool) -> bool:
        if not (self.program or self.subcommand or self.writes):
            return True
        analysis = act.analysis
        if analysis is None:
            return act.operation is None
        if whole:
            if not act.runs_command:
                return False
            structured = bool(self.program or self.subcommand)
            fitting = [self._command_fits(one) for one in analysis.commands]
            if structured and not any(fitting):
                return False
            if not all(fits or _only_reads(one) for fits, one in zip(fitting, analysis.commands, strict=True)):
                return False
            return not analysis.writes or _path_holds(self.writes, analysis.writes, whole, need=True)
        named = not (self.program or self.subcommand) or any(self._command_fits(one) for one in analysis.commands)
        return named and (not self.writes or _path_holds(self.writes, analysis.writes, whole))

    def _command_fits(self, command: Command) -> bool:
        if not command.argv:
            return False
        whole = self.verdict == "allow"
        word = command.argv[0]
        folder, _, name = word.rpartition("/")
        if whole and (command.wrappers or "…" in " ".join(command.argv) or (folder and folder not in _KNOWN_FOLDERS)):
            return False
        if self.program and not any(fnmatchcase(name, glob) for glob in self.program):
            return False
        if not self.subcommand:
            return True
        operands = _operands(name, command.argv[1:], sure=whole)
        if operands is None:
            return False
        if whole:
            return any(_begins(operands, glob) for glob in self.subcommand)
        plain = [one for one in command.argv[1:] if not one.startswith("-")]
        tails = [plain[at:] for at in range(len(plain))]
        return any(_begins(words, glob) for words in (operands, *tails) for glob in self.subcommand)


def _one(value: str | None) -> tuple[str, ...] | None:
    return None if value is None else (value,)


def _holds(globs: Globs, values: Sequence[str] | None, whole: bool) -> bool:
    """Whether the values fit: one of them, or with ``whole`` every one."""
    if not globs or values is None:
        return True
    fits = [any(fnmatchcase(value, glob) for glob in globs) for value in values]
    return bool(fits) and (all(fits) if whole else any(fits))


def _path_holds(globs: Globs, paths: Sequence[str] | None, whole: bool, *, need: bool = False) -> bool:
    """The same for paths: with ``whole`` where a link leads to must fit, too; otherwise either of both is enough."""
    if not globs:
        return not need
    if paths is None:
        return True
    fits = []
    for path in paths:
        spellings = {path, os.path.realpath(path)} if path.startswith("/") else {path}
        each = [any(fnmatchcase(one, glob) for glob in globs) for one in spellings]
        fits.append(all(each) if whole else any(each))
    return bool(fits) and (all(fits) if whole else any(fits))


def _begins(words: Sequence[str], glob: str) -> bool:
    """Whether the words begin with those of ``glob`` (``push``, ``remote add``)."""
    wanted = glob.split()
    return len(words) >= len(wanted) and all(fnmatchcase(w, g) for w, g in zip(words, wanted, strict=False))


def _operands(program: str, words: Sequence[str], *, sure: bool) -> list[str] | None:
    """The words that are no options and no values of options. None: with ``sure``, when that can't be told."""
    from reign_executors.shell.analysis.knowledge import program as known

    spec = known(program)
    values = frozenset() if spec is None else spec.values
    found: list[str] = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-") and word != "-":
            skip = word in values
            if sure and not found and not skip and "=" not in word and (spec is None or word not in spec.flags):
                return None
        else:
            found.append(word)
    return found


def _only_reads(command: Command) -> bool:
    from reign_executors.shell.analysis import analyse

    if "…" in " ".join(command.argv):
        return False
    return analyse(shlex.join(command.argv)).read_only


# what would be done -------------------------------------------------------------------------------------------------


def act_of(operation: Operation, effect: Effect, target: Target | None, *, structure: bool) -> Act:
    """An operation with its effect and target, as rules see it; ``structure``: look into commands, too."""
    changed = tuple(change.resource for change in effect.changes)
    own = () if target is None else (target.resource,)
    resources = tuple(dict.fromkeys((*own, *changed)))
    analysis = _analysis_of(operation, target) if structure else None
    writes = () if analysis is None else tuple(path for path in analysis.writes if path.startswith("/"))
    paths = dict.fromkeys(path for path in map(_path_of, resources) if path is not None)
    return Act(
        operation=operation.name,
        tool="" if target is None else target.tool,
        context="" if target is None else target.context,
        resources=resources,
        changed=changed,
        paths=(*paths, *(path for path in writes if path not in paths)),
        analysis=analysis,
        runs_command=operation.name.startswith("shell."),
        risk=effect.risk if effect.known or not _reads(operation) else Risk.READ,
        unclear=frozenset(f.rule for f in effect.findings if f.level == "unclear"),
        known=effect.known or _reads(operation),
    )


def act_of_command(text: str, *, tool: str | None = "host", context: str | None = None) -> Act:
    """A shell command as rules see it."""
    from reign_executors.shell.analysis import analyse

    analysis = analyse(text)
    effect = analysis.effect()
    changed = tuple(change.resource for change in effect.changes)
    return Act(
        operation="shell.read" if analysis.read_only else "shell.command",
        tool=tool,
        context=context,
        resources=changed or None,
        changed=changed,
        paths=tuple(dict.fromkeys((*filter(None, map(_path_of, changed)), *analysis.writes))),
        analysis=analysis,
        risk=effect.risk,
        unclear=frozenset(f.rule for f in effect.findings if f.level == "unclear"),
        known=effect.known,
    )


def _reads(operation: Operation) -> bool:
    from reign_executors.operation import Query

    return isinstance(operation, Query)


def _path_of(resource: str) -> str | None:
    path = resource if resource.startswith("/") else resource.partition("/")[2]
    return path if path.startswith("/") else None


def _analysis_of(operation: Operation, target: Target | None) -> Analysis | None:
    """What the operation's command would run; for structured operations, that of the equivalent command line."""
    text = _text_of(operation, target)
    if not text:
        return None
    from reign_executors.shell.analysis import analyse

    folder = None if target is None else target.identity.get("cwd")
    return analyse(text, cwd=folder)


def _text_of(operation: Operation, target: Target | None) -> str:
    script, command = getattr(operation, "script", None), getattr(operation, "command", None)
    if operation.name.startswith("shell."):
        if isinstance(script, str):
            return script
        path = getattr(operation, "path", None)
        if command is None and isinstance(path, str):
            return _read_script(path, target)
    if isinstance(command, str):
        return command
    line = operation.command_line()
    if isinstance(command, list | tuple) and command and all(isinstance(word, str) for word in command):
        return f"{line}\n{shlex.join(command)}"
    return line


def _read_script(path: str, target: Target | None) -> str:
    folder = "/" if target is None else target.identity.get("cwd", "/")
    try:
        with open(os.path.join(folder, os.path.expanduser(path)), "rb") as script:  # noqa: PTH118, PTH111, PTH123
            return script.read(1 << 20).decode("utf-8", "replace")
    except OSError:
        return ""


def strongest(rules: Iterable[Rule], act: Callable[[], Act]) -> Rule | None:
    """The rule that decides: deny before ask before allow, among equals the first."""
    found: dict[RuleVerdict, Rule] = {}
    seen: Act | None = None
    for rule in rules:
        if rule.verdict not in found:
            seen = seen or act()
            if rule.fits(seen):
                found[rule.verdict] = rule
    return next((found[verdict] for verdict in VERDICTS if verdict in found), None)


def needs_structure(rules: Iterable[Rule]) -> bool:
    """Whether any rule looks into commands."""
    return any(rule.program or rule.subcommand or rule.writes or rule.path for rule in rules)
