"""A command line taken apart: options with their values, subcommands, operands; which options are known."""

from __future__ import annotations

from dataclasses import dataclass, field

from reign_executors.shell.analysis import knowledge
from reign_executors.shell.analysis.interpreter import Interpreter
from reign_executors.shell.analysis.knowledge import Spec
from reign_executors.shell.analysis.scope import Scope
from reign_executors.shell.analysis.values import (
    marks,
    plain,
    shown,
    unmarked,
)


def parse(inv: Invocation) -> None:
    """Fill in options, operands and subcommands. Unknown options are taken to have no value of their own."""
    spec = inv.spec
    argv = inv.argv
    i = 1
    operands = inv.operands
    options = inv.options
    program = knowledge.base_name(inv.name)
    known = knowledge.options(program)
    while i < len(argv):
        word = argv[i]
        i += 1
        if (word[:1] != "-" and not (marks(word) and unmarked(word)[:1] == "-")) or len(word) == 1:
            if not operands and (spec.subs or spec.patterns):
                following = spec.find(plain(word))
                if following is not None:
                    inv.path.append(plain(word))
                    spec = following
                    known = knowledge.options(program, *inv.path)
                    continue
                inv.unknown_sub = word
            operands.append(word)
            if spec.ends:
                operands.extend(argv[i:])
                break
            continue
        word_marks = marks(word)
        bare = unmarked(word) if word_marks else word
        if bare == "--":
            inv.rest_at = len(operands)
            operands.extend(argv[i:])
            break
        if bare.startswith("--") or spec.long:
            flag, equals, value = bare.partition("=")
            flag = plain(flag)
            if flag not in spec.values and flag not in known and not spec.long:
                flag = _unabbreviated(spec, known, flag)
            if equals:
                options.append((flag, word_marks + value))
            elif _takes_value(spec, known, flag) and i < len(argv):
                options.append((flag, argv[i]))
                i += 1
            else:
                options.append((flag, None))
            continue
        if len(bare) > 2 and (plain(bare) in spec.values or plain(bare) in known):
            takes = _takes_value(spec, known, plain(bare)) and i < len(argv)
            options.append((plain(bare), argv[i] if takes else None))
            i += takes
            continue
        if len(bare) > 3 and knowledge.has_words(program, *inv.path):
            flag, equals, value = bare.partition("=")
            if len(flag) > 3:
                options.append((plain(flag), word_marks + value if equals else None))
                continue
        j = 1
        while j < len(bare):
            flag = "-" + bare[j]
            j += 1
            if known.get(flag) == "?":
                options.append((flag, word_marks + bare[j:] if j < len(bare) else None))
                break
            if _takes_value(spec, known, flag):
                if j < len(bare):
                    options.append((flag, word_marks + bare[j:].removeprefix("=")))
                elif i < len(argv):
                    options.append((flag, argv[i]))
                    i += 1
                else:
                    options.append((flag, None))
                break
            options.append((flag, None))
    inv.spec = spec
    inv.known = known


def _takes_value(spec: Spec, known: dict[str, str], flag: str) -> bool:
    """Whether the next word is the option's: as its own program's list says, else as the family's table says."""
    kind = known.get(flag)
    if kind is None or flag in spec.writes or flag in spec.runs:
        return flag in spec.values
    return kind == "=" if spec.shared else kind == "=" or flag in spec.values


def _unabbreviated(spec: Spec, known: dict[str, str], flag: str) -> str:
    """``--outp`` is ``--output``. Of several readings the one that does more harm counts."""
    if flag in spec.flags or len(flag) < 3:
        return flag
    worse = [v for v in (*spec.writes, *spec.runs, *spec.raising) if v.startswith(flag)]
    if worse or _COMPLETE not in known:
        return worse[0] if worse else flag
    full = [v for v in known if v.startswith(flag)]
    return full[0] if full else flag


_COMPLETE = "--~"  # a list with this mark has all of the program's options: abbreviations of them are understood


def _does_harm(spec: Spec, word: str) -> bool:
    flag = plain(word).partition("=")[0]
    return flag in spec.writes or flag in spec.runs or spec.flags.get(flag, "reads") not in ("reads", "nothing")


def strange_option(inv: Invocation) -> str | None:
    """The first option that is not known to change nothing."""
    spec, known = inv.spec, inv.known
    if "*" in known:
        return None
    for flag, value in inv.options:
        if value is not None and value.startswith("-") and _does_harm(spec, value):
            return plain(value)  # taken for a value here; the program may take it for the option it looks like
        if flag in known or flag in spec.flags or flag in spec.opens or flag in _ALWAYS_KNOWN:
            continue
        if flag in spec.writes or flag in spec.runs:
            continue  # judged by their values
        if flag.startswith("--") and "--*" in known:
            continue
        if "-#" in known and flag[1:].isdigit():
            continue
        return flag
    return None


_ALWAYS_KNOWN = frozenset({"--help", "--version"})


_OFF = frozenset({"none", "false", "no", "0", "off"})


@dataclass(slots=True)
class Invocation:
    """A command taken apart. ``options`` in order with their values; ``path`` the subcommands."""

    run: Interpreter
    scope: Scope
    stdin: str | None
    name: str
    argv: list[str]
    spec: Spec
    options: list[tuple[str, str | None]] = field(default_factory=list)
    operands: list[str] = field(default_factory=list)
    path: list[str] = field(default_factory=list)
    rest_at: int = -1  # index in operands of the first after ``--``
    unknown_sub: str | None = None
    known: dict[str, str] = field(default_factory=dict)  # options that change nothing, see knowledge.options

    def has(self, *flags: str) -> bool:
        for flag, value in self.options:
            if flag in flags:
                if value not in _OFF:
                    return True
            elif len(flag) > 5 and flag.startswith("--") and any(f.startswith(flag) for f in flags):
                return True  # an abbreviation
        return False

    def value(self, *flags: str) -> str | None:
        """The last value given to one of these options."""
        found = None
        for f, v in self.options:
            if f in flags and v is not None:
                found = v
        return found

    def all_values(self, *flags: str) -> list[str]:
        return [v for f, v in self.options if f in flags and v is not None]

    @property
    def title(self) -> str:
        return shown(" ".join([self.name, *self.path]))
