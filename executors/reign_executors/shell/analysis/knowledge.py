"""What is known about programs: data in ``programs/*.toml``, one file a family, read when first needed.

A program's table (and every subcommand's) may hold:

``effect``         what running it does: ``reads creates changes destroys stops restarts sends unclear nothing``
``with_operands``  the effect when operands are given (``git branch`` reads, ``git branch x`` creates)
``bare``           the effect when no subcommand is given
``values``         options that take the next word as their value
``flags``          effect → options that make it so; ``reads`` ones (dry runs) win over all others
``operands``       what operands are: ``reads`` (files), ``writes``, ``deletes``, ``copy`` (the last is written),
                   ``move``, ``data``, ``url``
``writes`` ``opens`` ``runs``  options whose value is a file written, a file read, a command line executed
``command``        how many operands stand before the command that the rest of them are (``crictl exec POD CMD`` is 1)
``prints``         what comes out: ``input`` (what went in), ``network``, ``decoded``,
                   ``environment``, ``secret``, ``count``
``handler``        code that looks closer (``handlers.py``)
``long``           options are ``-word``, never clusters of letters
``ends``           the first operand ends the options (a wrapper)
``subs``           effect → subcommands (``a.b`` for nested ones, ``describe-*`` for patterns)
``sub``            subcommands with tables of their own
``verbs``          effect → verbs looked for anywhere among the operands (cloud tools)
``examples``       verdict → commands, checked by the tests

``programs/options/*.txt`` says which options are known to change nothing (``git log: -n= --oneline --abbrev?``: ``=``
takes a value, ``?`` only one written to it, ``-#`` any number, ``*`` looked at by code, ``--*`` any long option,
``--~`` the list is complete: abbreviations are understood).
What reads asks as soon as it carries an option that neither table knows.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from reign_executors.shell.analysis.values import listed

FOLDER = Path(__file__).parent / "programs"
EFFECTS = ("nothing", "reads", "creates", "restarts", "changes", "sends", "stops", "destroys", "unclear")
_NAMES = re.compile(r'names = "([^"]*)"\n')
_EXAMPLES = re.compile(r"^examples\.\w+ = \[.*\]$\n?", re.MULTILINE)


@dataclass(slots=True)
class Spec:
    """One program or subcommand as its table says."""

    name: str
    effect: str = "unclear"
    with_operands: str = ""
    bare: str = ""
    values: frozenset[str] = frozenset()
    flags: dict[str, str] = field(default_factory=dict)
    operands: str = "data"
    writes: frozenset[str] = frozenset()
    opens: frozenset[str] = frozenset()
    runs: frozenset[str] = frozenset()
    prints: str = ""
    handler: str = ""
    long: bool = False
    ends: bool = False
    command: int = -1
    shared: bool = False  # one table for many programs: its ``values`` are only a guess for each
    subs: dict[str, Spec] = field(default_factory=dict)
    patterns: list[tuple[re.Pattern[str], Spec]] = field(default_factory=list)
    verbs: list[tuple[re.Pattern[str], str]] = field(default_factory=list)
    raising: tuple[str, ...] = ()  # long options that make it worse, for abbreviations

    def find(self, word: str) -> Spec | None:
        """The subcommand called ``word``."""
        spec = self.subs.get(word)
        if spec is None:
            for pattern, candidate in self.patterns:
                if pattern.fullmatch(word):
                    return candidate
        return spec


_KEYS = listed(
    "names effect with_operands bare values flags operands writes opens runs prints handler long ends command "
    "subs sub verbs examples"
)


def _words(table: dict[str, Any], key: str) -> frozenset[str]:
    return frozenset(str(table.get(key, "")).split())


def _glob(word: str) -> re.Pattern[str]:
    return re.compile(re.escape(word).replace(r"\*", ".*"))


def build(name: str, table: dict[str, Any], inherited: Spec | None = None) -> Spec:
    """A table as a :class:`Spec`; ``ValueError`` for a key or an effect that does not exist."""
    unknown = set(table) - _KEYS
    if unknown:
        raise ValueError(f"{name}: unknown keys {sorted(unknown)}")
    effect = str(table.get("effect", "unclear"))
    flags = dict(inherited.flags) if inherited else {}
    for what, flagged in dict(table.get("flags", {})).items():
        if what not in EFFECTS:
            raise ValueError(f"{name}: unknown effect {what}")
        flags.update((flag, what) for flag in str(flagged).split())
    spec = Spec(
        name=name,
        effect=effect,
        with_operands=str(table.get("with_operands", "")),
        bare=str(table.get("bare", "")),
        values=_words(table, "values") | (inherited.values if inherited else frozenset()),
        flags=flags,
        operands=str(table.get("operands", "data")),
        writes=_words(table, "writes") | (inherited.writes if inherited else frozenset()),
        opens=_words(table, "opens") | (inherited.opens if inherited else frozenset()),
        runs=_words(table, "runs") | (inherited.runs if inherited else frozenset()),
        prints=str(table.get("prints", inherited.prints if inherited else "")),
        handler=str(table.get("handler", inherited.handler if inherited else "")),
        long=bool(table.get("long", inherited.long if inherited else False)),
        ends=bool(table.get("ends", "command" in table)),
        command=int(table.get("command", -1)),
    )
    spec.values = spec.values | spec.writes | spec.opens | spec.runs
    for key in (effect, spec.with_operands, spec.bare):
        if key and key not in EFFECTS:
            raise ValueError(f"{name}: unknown effect {key}")
    spec.raising = tuple(f for f, e in flags.items() if f.startswith("--") and e not in ("reads", "nothing"))
    for what, subcommands in dict(table.get("subs", {})).items():
        if what not in EFFECTS:
            raise ValueError(f"{name}: unknown effect {what}")
        for path in str(subcommands).split():
            _place(spec, path, {"effect": what})
    for sub in table.get("sub", []):
        for path in str(sub["names"]).split():
            _place(spec, path, {k: v for k, v in sub.items() if k != "names"})
    for what, verbs in dict(table.get("verbs", {})).items():
        spec.verbs.extend((_glob(v), what) for v in str(verbs).split())
    spec.verbs.sort(key=lambda v: "*" in v[0].pattern)
    return spec


def _place(spec: Spec, path: str, table: dict[str, Any]) -> None:
    first, _, rest = path.partition(".")
    parent = spec
    while rest:
        child = parent.subs.get(first)
        if child is None:
            child = build(first, {"effect": "unclear"}, spec)
            parent.subs[first] = child
        parent = child
        first, _, rest = rest.partition(".")
    built = build(first, table, spec)
    if "*" in first:
        parent.patterns.append((_glob(first), built))
    else:
        old = parent.subs.get(first)
        if old is not None:
            built.subs.update(old.subs)
        parent.subs[first] = built


@cache
def _sources() -> dict[str, str]:
    """Program name → the text of its table, by a quick look that parses nothing (a later table wins)."""
    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob("*.toml")):
        for block in path.read_text("utf-8").split("[[program]]\n")[1:]:
            names = _NAMES.match(block)
            if names is not None:
                for name in names[1].split():
                    found[name] = block
    return found


@cache
def _table(block: str) -> dict[str, Any]:
    """One program's table; examples, which only tests need, are left out."""
    kept = _EXAMPLES.sub("", block)
    table: dict[str, Any] = tomllib.loads("[[program]]\n" + kept)["program"][0]
    return table


@cache
def _option_lines() -> dict[str, str]:
    """Command → its options as written, of all families."""
    found: dict[str, str] = {}
    for path in sorted(FOLDER.glob("options/*.txt")):
        for line in path.read_text("utf-8").replace("\n  ", " ").split("\n"):
            commands, colon, options = line.partition(": ")
            if colon and not line.startswith("#"):
                for command in commands.split(", "):
                    found[command] = found[command] + " " + options if command in found else options
    return found


@cache
def options(*command: str) -> dict[str, str]:
    """The harmless options of a program and its subcommands: ``""``, ``"="`` (value) or ``"?"`` (value attached)."""
    known: dict[str, str] = {}
    lines = _option_lines()
    for length in range(1, len(command) + 1):
        for word in lines.get(" ".join(command[:length]), "").split():
            known[word.rstrip("=?") if len(word) > 2 else word] = word[-1] if word[-1] in "=?" and len(word) > 2 else ""
    return known


@cache
def has_words(*command: str) -> bool:
    """Whether some of its options are words after one dash (``-json``): then longer ones are no clusters."""
    words = [flag for flag in options(*command) if len(flag) > 3 and flag[1] != "-" and len(set(flag)) > 2]
    return len(words) > 2  # fewer are slips of the lists, or one letter repeated


_VERSIONED = re.compile(r"(python|perl|ruby|node|php|lua|pip|gcc|g\+\+|clang|java|tclsh|wish|bash|zsh)-?\d[\d.]*")


def base_name(name: str) -> str:
    """``python3.11`` is python, ``gcc-12`` gcc."""
    found = _VERSIONED.fullmatch(name)
    return found[1] if found else name


@cache
def program(name: str) -> Spec | None:
    """What is known about the program of that bare name."""
    block = _sources().get(name)
    if block is None:
        name = base_name(name)
        block = _sources().get(name)
        if block is None:
            return None
    table = _table(block)
    spec = build(name, {k: v for k, v in table.items() if k not in ("names", "examples")})
    spec.shared = str(table["names"]).count(" ") > 4
    return spec


def names() -> frozenset[str]:
    """Every program that is known."""
    return frozenset(_sources())


def examples() -> list[tuple[str, str, str]]:
    """``(file and program, command, verdict)`` of all examples in the data."""
    result: list[tuple[str, str, str]] = []
    for path in sorted(FOLDER.glob("*.toml")):
        for table in tomllib.loads(path.read_text("utf-8")).get("program", []):
            for verdict, commands in dict(table.get("examples", {})).items():
                result.extend((f"{path.stem}:{table['names'].split()[0]}", c, verdict) for c in commands)
    return result
