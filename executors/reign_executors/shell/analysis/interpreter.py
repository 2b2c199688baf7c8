"""Running a shell text in the mind: every command that could run is met once, with what is known of its words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise, product
from math import prod

from reign_executors.shell.analysis import evaluation, expansion, paths
from reign_executors.shell.analysis.guards import fails, guards, leaves, self_calls, succeeds
from reign_executors.shell.analysis.model import Command, Redirection
from reign_executors.shell.analysis.reading import Read, read
from reign_executors.shell.analysis.reporting import Report
from reign_executors.shell.analysis.scope import Scope, Values
from reign_executors.shell.analysis.syntax import (
    AndOr,
    Assignment,
    Case,
    For,
    Function,
    Group,
    If,
    Node,
    Pipeline,
    Redirect,
    Sequence,
    Simple,
    Test,
    While,
    Word,
)
from reign_executors.shell.analysis.values import (
    DECODED,
    ENVIRONMENT,
    MADE,
    MAYBE,
    MOST_TEXT,
    NETWORK,
    SECRET_VARIABLE,
    SELF,
    UNKNOWN,
    is_known,
    limited,
    marks,
    plain,
    shown,
    unmarked,
)
from reign_executors.shell.analysis.variables import (
    _CODE_VARIABLES,
    _PROGRAM_VARIABLES,
    _RUN_NOTHING,
    _SAFE_PATHS,
    _SAFE_PROGRAMS,
    steers,
)

MOST_COMMANDS = 200
MOST_WORK = 1500
MOST_CHARACTERS = 50_000  # of all values made
MOST_WAYS = 24
MOST_NESTING = 12
MOST_TURNS = 8  # of one loop


def _led_astray(folders: list[str]) -> bool:
    """Whether a search path looks anywhere else before it has looked in the system's folders; empty is the current
    folder.
    """
    safe = [number for number, folder in enumerate(folders) if folder in _SAFE_PATHS]
    return folders[0] not in _SAFE_PATHS or any(folder not in _SAFE_PATHS for folder in folders[: safe[-1]])


class TooMuch(Exception):
    """The text would take more work than is given to one analysis."""


class Interpreter(Report):
    """One analysis. Results gather in ``commands``, ``findings``, ``changes`` and ``writes``."""

    def __init__(self, call: Callable[[Interpreter, list[str], Scope, str | None], str]) -> None:
        super().__init__()
        self._call = call
        self.commands: list[Command] = []
        self.names_at: set[int] = set()
        self.nesting = 0  # texts within texts; spans are those of the outermost
        self.wrappers: list[str] = []
        self._calling: list[str] = []
        self._entered: dict[str, tuple[list[str], dict[str, Values]] | None] = {}
        self.returned = False
        self.traps: list[tuple[str, Scope]] = []
        self._input: str | None = None  # what substitutions in the words of a command read
        self._readers: dict[str, tuple[Node, Scope]] = {}
        self._work = 0
        self._characters = 0
        self._descriptors = 1000
        self._redirections: tuple[Redirection, ...] = ()

    # --- texts within texts ------------------------------------------------------------------------------------

    def run_text(self, code: str, scope: Scope, stdin: str | None = None, *, where: str = "a shell") -> str:
        """Shell code given as a value: judged by where it came from, then read and run."""
        if NETWORK in code:
            self.deny("code.from-network", f"code from the network is run at once by {where}")
            code = code.replace(NETWORK, "")
        if DECODED in code:
            self.deny("code.decoded", f"decoded text is run by {where}")
            code = code.replace(DECODED, "")
        bare = unmarked(code).strip()
        if not bare:
            return ""
        code = plain_code(code)
        if MADE in code:
            self.unclear("unclear.code", f"what {where} would run depends on the shell that makes it")
            code = code.replace(MADE, "")
        if not is_known(code):
            if len(bare) == 1:
                self.unclear("unclear.code", f"what {where} would run is not known")
                return UNKNOWN + marks(code)
            self.unclear("unclear.code", f"part of what {where} would run is not known")
        if self.nesting >= MOST_NESTING or len(code) > MOST_TEXT:
            self.unclear("unclear.deep", "commands are nested too deeply to follow")
            return UNKNOWN
        self.nesting += 1
        try:
            return self.run_read(read(code, depth=self.nesting), scope, stdin)
        finally:
            self.nesting -= 1

    def run_read(self, text: Read, scope: Scope, stdin: str | None) -> str:
        if text.problem:
            self.unclear("unclear.syntax", f"the text can't be read as shell: {text.problem}")
        return self.run(text.body, scope, stdin)

    def run_argv(
        self, argv: list[str], scope: Scope, stdin: str | None, *, under: str = "", same_shell: bool = False
    ) -> str:
        """A command given as words by another one (sudo, xargs, find -exec …), which knows no functions."""
        if not argv:
            return UNKNOWN
        if not same_shell and (scope.functions or scope.aliases):
            scope = scope.copy()
            scope.functions, scope.aliases = {}, {}
        if self.nesting >= MOST_NESTING * 2:
            self.unclear("unclear.deep", "commands are nested too deeply to follow")
            return UNKNOWN
        self.nesting += 1
        if under:
            self.wrappers.append(under)
        try:
            return self.call(argv, scope, stdin)
        finally:
            self.nesting -= 1
            if under:
                self.wrappers.pop()

    # --- expansion.Runs ----------------------------------------------------------------------------------------

    def substitute(self, node: Node, scope: Scope) -> str:
        """The output of ``$(…)``."""
        with self._span():
            if isinstance(node, Sequence) and len(node.items) == 1 and isinstance(node.items[0], Simple):
                only = node.items[0]
                if not only.words and not only.assignments and len(only.redirects) == 1:  # $(< file)
                    target = expansion.text_value(only.redirects[0].target, scope, self)
                    if only.redirects[0].operator == "<":
                        return self.content(target, scope, None)
            return self.run(node, scope.copy(), self._input)

    def process(self, node: Node, scope: Scope, kind: str) -> str:
        """``<(…)`` and ``>(…)`` become a file under /dev/fd."""
        self._descriptors += 1
        path = f"/dev/fd/{self._descriptors}"
        with self._span():
            output = self.run(node, scope.copy(), None if kind == "<" else UNKNOWN)
        if kind == "<":
            scope.files[path] = output
        else:
            self._readers[path] = (node, scope.copy())
        return path

    def arrives(self, path: str, content: str) -> None:
        """Something known is written to a path: where a ``>(…)`` reads there, it runs with that."""
        if re.match(r"/etc/cron|/var/spool/cron", path) and is_known(content):
            for line in plain(content).split("\n"):
                entry = re.match(r"\s*(?:@\w+|(?:\S+\s+){5})(?:[a-z_][a-z0-9_-]*\s+(?=\S))?(.+)", line)
                if entry and not line.lstrip().startswith("#"):
                    self.run_text(entry[1], Scope(), None, where="cron")
        reader = self._readers.pop(path, None)
        if reader is not None:
            with self._span():
                self.run(reader[0], reader[1], content)

    @contextmanager
    def _span(self) -> Iterator[None]:
        kept = self.start, self.end, self._redirections
        try:
            yield
        finally:
            self.start, self.end, self._redirections = kept

    def wrote_variable(self, name: str, values: Values, scope: Scope) -> None:
        """A variable was set for the rest of the shell's life: some change what later commands do."""
        evaluation.kept(self, values, scope)
        if scope.all_exported:
            self.given(name, values, scope)
        if name == "PATH":
            if any(_led_astray(plain(v).split(":")) for v in values):
                scope.poisoned = True
        elif name in ("HISTFILE", "HISTSIZE", "HISTFILESIZE"):
            if any(plain(v) in ("", "0", "/dev/null") for v in values):
                self.deny("audit.history", "would keep the shell's history from being written")
        elif name in ("LD_PRELOAD", "LD_LIBRARY_PATH", "LD_AUDIT", "DYLD_INSERT_LIBRARIES") or name in _CODE_VARIABLES:
            for value in values:
                self.environment(name, value, scope)

    def given(self, name: str, values: Values, scope: Scope, *, listed_only: bool = False) -> None:
        """A variable is put into the environment of programs; ``listed_only`` as in :func:`variables.steers`."""
        for value in values:
            if name in _CODE_VARIABLES or name in ("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES"):
                self.environment(name, value, scope)
            elif name.startswith("LD_LIBRARY") or steers(name, plain(value), listed_only=listed_only):
                self.unclear("unclear.environment", f"what programs make of {name}={shown(value)} is not known")

    def environment(self, name: str, value: str, scope: Scope) -> None:
        """A variable that makes programs run or trust something else."""
        text = plain(value)
        if not text:
            return
        if name in ("LD_PRELOAD", "LD_AUDIT", "DYLD_INSERT_LIBRARIES"):
            if re.search(r"(?:^|[: ])(?:/tmp|/var/tmp|/dev/shm|\.)", text):
                self.deny("loader.tampered", f"makes the loader load {shown(value)} into every program")
            else:
                self.unclear("unclear.environment", f"{name} makes programs load {shown(value)}")
            scope.poisoned = True
        elif name == "LD_LIBRARY_PATH":
            self.unclear("unclear.environment", "LD_LIBRARY_PATH changes which libraries programs load")
        elif name in _PROGRAM_VARIABLES:
            if text not in _SAFE_PROGRAMS:
                self.run_text(value.lstrip("|-"), scope.copy(), None, where=f"the program named in {name}")
        elif name in _CODE_VARIABLES:
            if name == "PROMPT_COMMAND":
                self.run_text(value, scope.copy(), None, where="the prompt")
            else:
                self.unclear("unclear.environment", f"{name} makes programs run something else ({shown(value)})")

    def _spend(self, work: int, characters: int = 0) -> None:
        self._work += work
        self._characters += characters
        if self._work > MOST_WORK or self._characters > MOST_CHARACTERS or len(self.commands) >= MOST_COMMANDS:
            raise TooMuch

    # --- nodes -------------------------------------------------------------------------------------------------

    def run(self, node: Node, scope: Scope, stdin: str | None) -> str:
        """Everything under a node; returns what it would print, as far as known."""
        kind = type(node)
        if kind is Simple:
            return self._simple(node, scope, stdin)  # type: ignore[arg-type]
        if kind is Sequence:
            assert isinstance(node, Sequence)
            if len(node.items) == 1:
                return self.run(node.items[0], scope, stdin)
            outputs = []
            for i, item in enumerate(node.items):
                outputs.append(self.run(item, scope.copy() if i in node.background else scope, stdin))
            return _joined(outputs)
        if kind is Pipeline:
            assert isinstance(node, Pipeline)
            stream = stdin
            for stage in node.stages:
                inner = scope.copy()
                stream = self.run(stage, inner, stream)
            cwd = scope.cwd
            scope.merge(inner)  # some shells run the last one themselves
            scope.cwd = cwd
            return stream or ""
        if kind is AndOr:
            return self._and_or(node, scope, stdin)  # type: ignore[arg-type]
        if kind is Group:
            return self._group(node, scope, stdin)  # type: ignore[arg-type]
        if kind is If:
            return self._if(node, scope, stdin)  # type: ignore[arg-type]
        if kind is While:
            assert isinstance(node, While)
            outputs = [self.run(node.condition, scope, stdin)]
            body = scope.copy()
            for name in guards(node.condition)[0]:
                body.known_set(name)
            outputs.append(self._loop(node.body, body, stdin))
            scope.merge(body)
            return _joined(outputs[1:])
        if kind is For:
            return self._for(node, scope, stdin)  # type: ignore[arg-type]
        if kind is Case:
            assert isinstance(node, Case)
            expansion.alternatives(node.subject, scope, self)
            outputs = []
            ends = []
            for patterns, body_node in node.items:
                branch = scope.copy()
                for p in patterns:
                    expansion.alternatives(p, branch, self)
                outputs.append(self.run(body_node, branch, stdin))
                if not leaves(body_node):
                    ends.append(branch)
            for branch in ends:
                scope.merge(branch)
            return _joined(outputs)
        if kind is Function:
            return self._define(node, scope)  # type: ignore[arg-type]
        assert isinstance(node, Test)
        for word in node.words:
            for text in expansion.alternatives(word, scope, self):
                evaluation.kept(self, (text,), scope)
        return ""

    def evaluated(self, text: str, scope: Scope) -> None:
        """An arithmetic expression was met on the way of an expansion."""
        evaluation.kept(self, (text,), scope)

    def prompted(self, values: Values, scope: Scope) -> None:
        """Values are expanded as prompts are."""
        evaluation.prompt(self, values, scope)

    def _loop(self, body: Node, scope: Scope, stdin: str | None) -> str:
        before = dict(scope.variables)
        cwd = scope.cwd
        output = self.run(body, scope, stdin)
        settled = scope.variables == before and scope.cwd == cwd
        turns = 0
        while not settled:
            turns += 1
            again = scope.copy()
            for name, values in before.items():
                now = again.variables.get(name, ())
                if now != values:
                    again.variables[name] = limited((*values, *now), 12)
            before = dict(again.variables)
            output = _joined([output, self.run(body, again, stdin)])
            settled = turns > MOST_TURNS or all(
                set(values) <= {*before.get(name, ()), *scope.variables.get(name, ())} or _grows(values)
                for name, values in again.variables.items()
            )
            scope.merge(again)
        if turns > MOST_TURNS:
            self.unclear("unclear.long", "values change in a loop longer than is looked into")
        return output

    def _for(self, node: For, scope: Scope, stdin: str | None) -> str:
        if node.words is None:
            items = scope.positional if scope.positional is not None else [UNKNOWN]
        else:
            items = [f for w in node.words for f in expansion.fields(w, scope, self)]
        items = [i.replace(MAYBE, UNKNOWN) if unmarked(i) == MAYBE else i for i in items]
        if not items:
            items = [UNKNOWN]
        body = scope.copy()
        body.references.pop(node.name, None)
        body.variables[node.name] = limited(items, 64 if len(items) > 12 else 12)
        self.wrote_variable(node.name, body.variables[node.name], body)
        output = self._loop(node.body, body, stdin)
        scope.merge(body)
        return output

    def _if(self, node: If, scope: Scope, stdin: str | None) -> str:
        outputs: list[str] = []
        ends: list[Scope] = []
        for number, (condition, body_node) in enumerate(node.branches):
            if number:
                tried = scope.copy()
                outputs.append(self.run(condition, tried, stdin))
                scope.merge(tried)
            else:
                outputs.append(self.run(condition, scope, stdin))
            branch = scope.copy()
            if_true, if_false = guards(condition)
            for name in if_true:
                branch.known_set(name)
            outputs.append(self.run(body_node, branch, stdin))
            if leaves(body_node):
                for name in if_false:
                    scope.known_set(name)
            else:
                ends.append(branch)
        if node.otherwise is not None:
            branch = scope.copy()
            for name in guards(node.branches[0][0])[1]:
                branch.known_set(name)
            outputs.append(self.run(node.otherwise, branch, stdin))
            if not leaves(node.otherwise):
                ends.append(branch)
        for branch in ends:
            scope.merge(branch)
        return _joined(outputs)

    def _and_or(self, node: AndOr, scope: Scope, stdin: str | None) -> str:
        outputs = [self.run(node.first, scope, stdin)]
        before = scope.copy()
        current = scope
        previous: Node = node.first
        for operator, item in node.rest:
            if_true, if_false = guards(previous)
            if operator == "&&":
                branch = current if current is not scope or succeeds(previous) else scope.copy()
                for name in if_true:
                    branch.known_set(name)
                outputs.append(self.run(item, branch, stdin))
                if leaves(item):
                    for name in if_false:
                        scope.known_set(name)
                    branch = scope
                current = branch
            elif fails(previous):
                outputs.append(self.run(item, current, stdin))
            else:
                branch = before.copy()
                for name in if_false:
                    branch.known_set(name)
                outputs.append(self.run(item, branch, stdin))
                if leaves(item):
                    for name in if_true:
                        current.known_set(name)
                        before.known_set(name)
                else:
                    current.merge(branch)
            previous = item
        if current is not scope:
            scope.merge(current)
        return _joined(outputs)

    def _group(self, node: Group, scope: Scope, stdin: str | None) -> str:
        stdin, sinks = self._redirect(node.redirects, scope, stdin)
        output = self.run(node.body, scope.copy() if node.subshell else scope, stdin)
        return self._sink(output, sinks, scope)

    def _define(self, node: Function, scope: Scope) -> str:
        scope.functions[node.name] = node.body
        if self.nesting == 0:
            self.start, self.end = node.start, node.end
        calls, together = self_calls(node.body, node.name)
        if calls and together:
            self.deny("host.fork-bomb", f"is a fork bomb: {node.name} starts itself again and again")
        inner = scope.copy()
        inner.positional = None
        returned = self.returned
        self._calling.append(node.name)
        try:
            self.run(node.body, inner, None)
        finally:
            self._calling.pop()
            self.returned = returned
        return ""

    def call_function(self, name: str, argv: list[str], scope: Scope, stdin: str | None) -> str:
        """A function defined in the text is called."""
        state = (argv[1:], dict(scope.variables))
        if name in self._calling and self._entered.get(name) == state:
            return UNKNOWN
        if self._calling.count(name) > 3 or len(self._calling) > 8:
            self.unclear("unclear.deep", "functions call each other too deeply to follow")
            return UNKNOWN
        kept, entered = scope.positional, self._entered.get(name)
        scope.positional = argv[1:]
        self._calling.append(name)
        self._entered[name] = state
        returned, self.returned = self.returned, False
        before = scope.copy()
        try:
            return self.run(scope.functions[name], scope, stdin)
        finally:
            self._calling.pop()
            self._entered[name] = entered
            scope.positional = kept
            if self.returned:  # somewhere on the way: what came after may not have happened
                for variable, values in before.variables.items():
                    if scope.variables.get(variable) != values:
                        scope.variables[variable] = limited((*scope.variables.get(variable, ()), *values), 12)
                scope.doubtful.update(n for n, b in scope.functions.items() if before.functions.get(n) is not b)
                scope.doubtful.update(n for n in before.functions if n not in scope.functions)
                scope.functions = before.functions | scope.functions
            self.returned = returned

    # --- simple commands ---------------------------------------------------------------------------------------

    def _simple(self, node: Simple, scope: Scope, stdin: str | None) -> str:
        self._spend(1 + len(node.words) + 2 * len(node.assignments))
        if self.nesting == 0:
            self.start, self.end = node.start, node.end
            self.names_at.add(node.name_at)
        inside = scope
        if scope.input_moved:
            stdin = UNKNOWN
        if node.assignments:
            inside = scope.copy() if node.words else scope
            for assignment in node.assignments:
                self.assign(assignment, inside, lasting=not node.words)
        kept_input, self._input = self._input, stdin
        exports = bool(node.words) and _exports(node.words)
        sets: list[list[list[str]]] = []
        ways = 1
        for word in node.words:
            if isinstance(word, Assignment):  # export A=b
                sets.append([[word.name]])
                self.assign(word, inside, lasting=True)
                evaluation.compound(self, inside.get(word.name), inside)
                if exports:
                    inside.exported.add(word.name)
                    self.given(word.name, inside.get(word.name), inside)
                continue
            got = expansion.field_sets(word, scope, self)
            sets.append(got)
            ways *= len(got)
        argvs = _argvs(sets, ways)
        if inside is not scope and not all(isinstance(w, str) for w in node.words[1:]):
            # a shell expands the words before it assigns; who wrote this may have meant it the other way round
            sets = [expansion.field_sets(w, inside if i else scope, self) for i, w in enumerate(node.words)]
            argvs += [a for a in _argvs(sets, prod(map(len, sets))) if a not in argvs]
        self._input = kept_input
        if ways > MOST_WAYS:
            self.unclear("unclear.long", "the words of a command have more values than are looked into")
        self._spend(len(argvs), sum(len(f) for one in argvs for f in one))
        stdin, sinks = self._redirect(node.redirects, inside, stdin)
        if self.nesting == 0:
            self.start, self.end = node.start, node.end
        if not argvs:
            if node.words or not node.redirects:
                return ""
            return self._sink("", sinks, scope)
        self._redirections = tuple(
            Redirection(r.operator, shown(r.target) if isinstance(r.target, str) else "…") for r in node.redirects
        )
        if node.assignments:
            inside.exported.update(a.name for a in node.assignments)
            for assignment in node.assignments:
                if not all(plain(a[0]) in _RUN_NOTHING for a in argvs) or assignment.name in _CODE_VARIABLES:
                    self.given(assignment.name, inside.get(assignment.name), inside, listed_only=True)
                if assignment.name in ("PATH", "HISTFILE"):
                    self.wrote_variable(assignment.name, inside.get(assignment.name), inside)
        output = _joined([self.call(argv, inside, stdin) for argv in argvs])
        if inside is not scope:
            _stays(inside, scope, node.assignments)
        self._redirections = ()
        if any(a[0] == "exec" and len(a) == 1 for a in argvs) and any(
            r.descriptor in ("", "0") and r.operator in ("<", "<<", "<<-", "<<<", "<>", "<&") for r in node.redirects
        ):
            scope.input_moved = True
        return self._sink(output, sinks, scope)

    def call(self, argv: list[str], scope: Scope, stdin: str | None) -> str:
        """One command with its words as values: recorded, then judged."""
        self._spend(1)
        self.commands.append(
            Command(
                tuple(shown(a) for a in argv),
                self.start,
                self.end,
                tuple(self.wrappers),
                self._redirections,
            )
        )
        return self._call(self, argv, scope, stdin)

    def assign(self, assignment: Assignment, scope: Scope, *, lasting: bool) -> None:
        name = scope.named(assignment.name)
        if name in ("BASH_CMDS", "BASH_ALIASES"):
            self.unclear("unclear.environment", f"{name} makes a later command run something else")
            scope.poisoned = True
        if assignment.index_word:
            self.evaluated(expansion.alternatives(assignment.index_word, scope, self)[0], scope)
        elif assignment.index:
            self.evaluated(assignment.index, scope)
        if assignment.items is not None:
            items = [f for w in assignment.items for f in expansion.fields(w, scope, self)]
            evaluation.kept(self, (*assignment.subscripts, *items), scope)
            scope.arrays[name] = (scope.arrays.get(name, []) if assignment.append else []) + items
            scope.variables.pop(name, None)
            return
        values = expansion.alternatives(assignment.value, scope, self)
        values = tuple(expansion.tilde(v.replace("\ue00a", " "), scope) for v in values)
        values = tuple(_assigned(v, assignment.value, scope) for v in values)
        if assignment.index is not None or not lasting:
            evaluation.kept(self, values, scope)
        if assignment.index is not None:
            scope.arrays.setdefault(name, []).extend(values)
            return
        if assignment.append:
            values = limited([old + new for old in scope.get(name) for new in values], 12)
            values = tuple(v.replace(MAYBE, "", 1) if v.startswith(MAYBE) else v for v in values)
        self._spend(1, sum(map(len, values)))
        values = scope.cased(name, values)
        scope.variables[name] = values
        if lasting:
            self.wrote_variable(name, values, scope)

    def _redirect(
        self, redirects: list[Redirect], scope: Scope, stdin: str | None
    ) -> tuple[str | None, list[tuple[str, bool]] | None]:
        """The new standard input, and the files standard output goes to (None: it goes on)."""
        sinks: list[tuple[str, bool]] | None = None
        for r in redirects:
            if r.descriptor == "{PATH}":
                scope.poisoned = True  # a number is put into it
            if r.here:
                stdin = expansion.text_value(r.target, scope, self)
                continue
            operator = r.operator
            if operator == "<<<":
                stdin = expansion.text_value(r.target, scope, self) + "\n"
                continue
            targets = expansion.fields(r.target, scope, self) or [""]
            target = targets[0]
            if operator in ("<", "<>"):
                if plain(target).startswith(("/dev/tcp/", "/dev/udp/")) and operator == "<>":
                    self.deny("shell.reverse", f"opens a raw network connection ({shown(target)})")
                elif plain(target).startswith(("/dev/tcp/", "/dev/udp/")):
                    self.unclear("network.raw", f"reads from a raw network connection ({shown(target)})")
                elif operator == "<>":
                    self.write(target, scope)
                if r.descriptor in ("", "0"):
                    stdin = self.content(target, scope, stdin)
                continue
            if operator == "<&":
                stdin = UNKNOWN if r.descriptor in ("", "0") else stdin
                continue
            bare = plain(target)
            if operator == ">&" and re.fullmatch(r"[0-9]+-?|-", bare):
                continue
            for target in targets:
                self.write(target, scope)
                if r.descriptor in ("", "1") or operator in ("&>", "&>>"):
                    spot = paths.normal(target, scope.cwd)
                    screen = re.fullmatch(r"/dev/(?:stdout|stderr|tty|fd/[12])", plain(spot)) is not None
                    sinks = None if screen else [(spot, operator in (">>", "&>>"))]
        return stdin, sinks

    def _sink(self, output: str, sinks: list[tuple[str, bool]] | None, scope: Scope) -> str:
        if sinks is None:
            return output
        for spot, append in sinks:
            self.arrives(spot, output)
            scope.files[spot] = (scope.files.get(spot, "") if append else "") + output[:MOST_TEXT]
        return ""


def _stays(inside: Scope, scope: Scope, assignments: list[Assignment]) -> None:
    """``A=b read x``: what the command changed stays, its own assignments do not."""
    temporary = {a.name for a in assignments}
    for name, values in inside.variables.items():
        if name not in temporary and scope.variables.get(name) is not values:
            scope.variables[name] = values
    for name, items in inside.arrays.items():
        if name not in temporary:
            scope.arrays[name] = items
    scope.functions, scope.doubtful = inside.functions, inside.doubtful
    scope.aliases.update(inside.aliases)
    scope.exported |= inside.exported - temporary
    scope.all_exported, scope.input_moved = inside.all_exported, inside.input_moved
    scope.poisoned = scope.poisoned or (inside.poisoned and "PATH" not in temporary)
    scope.references.update(inside.references)
    scope.cases.update(inside.cases)
    scope.cwd, scope.positional = inside.cwd, inside.positional


def _argvs(sets: list[list[list[str]]], ways: int) -> list[list[str]]:
    """The command lines that the words' alternatives make; too many are put into one, operands side by side."""
    if ways == 1:
        argv = [f for one in sets for f in one[0]]
        return [argv] if argv else []
    if ways <= MOST_WAYS:
        return [argv for choice in product(*sets) if (argv := [f for one in choice for f in one])]
    names = sets[0] if len(sets[0]) <= MOST_WAYS else sets[0][:MOST_WAYS]
    rest = list(dict.fromkeys(f for one in sets[1:] for fields in one for f in fields))
    return [argv for name in names if (argv := [*name, *rest])]


def plain_code(code: str) -> str:
    """A value as program text: globs and the like as typed, marks kept."""
    return code.translate(_AS_TYPED)


_AS_TYPED = str.maketrans("\ue002\ue003\ue004\ue005\ue006\ue007\ue008\ue009\ue00a", "*?[]{,}~ ")


def _exports(words: list[Word]) -> bool:
    return words[0] == "export" or any(isinstance(w, str) and re.match(r"-[A-Za-z]*x", w) for w in words[1:3])


def _grows(values: Values) -> bool:
    """Values that each turn of a loop makes longer: nothing new comes of another turn."""
    return len(values) > 2 and all(a in b for a, b in pairwise(sorted(set(values), key=len)[-3:]))


def _joined(outputs: list[str]) -> str:
    filled = [o for o in outputs if o]
    if len(filled) == 1:
        return filled[0]
    text = "".join(filled)
    return text if len(text) <= MOST_TEXT else UNKNOWN + marks(text)


def _assigned(value: str, word: Word, scope: Scope) -> str:
    """Tildes after ``=`` and ``:`` were handled; globs typed in an assignment are plain text until it is used."""
    return plain_keeping_marks(value) if isinstance(word, str) else value


def plain_keeping_marks(value: str) -> str:
    """As typed, with marks and unknown parts."""
    return value.translate(_AS_TYPED) if any(c >= "\ue002" for c in value) else value


__all__ = ["ENVIRONMENT", "SECRET_VARIABLE", "SELF", "Interpreter", "TooMuch"]
