"""One command against what is known of its program: options, operands, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Callable

from reign_executors.effect import Action
from reign_executors.shell.analysis import knowledge, paths
from reign_executors.shell.analysis.interpreter import Interpreter
from reign_executors.shell.analysis.knowledge import Spec
from reign_executors.shell.analysis.options import _OFF, Invocation, parse, strange_option
from reign_executors.shell.analysis.scope import Scope
from reign_executors.shell.analysis.values import (
    DECODED,
    ENVIRONMENT,
    MAYBE,
    NETWORK,
    PRIVATE,
    SECRET,
    UNKNOWN,
    has_glob,
    is_known,
    marks,
    matches,
    plain,
    shown,
    unmarked,
)

ACTIONS = {
    "creates": Action.CREATE,
    "changes": Action.UPDATE,
    "sends": Action.UPDATE,
    "restarts": Action.RESTART,
    "stops": Action.STOP,
    "destroys": Action.DELETE,
}
_RANK = {name: i for i, name in enumerate(knowledge.EFFECTS)}
_SAID = {
    "creates": "creates something",
    "changes": "changes something",
    "sends": "sends something",
    "restarts": "restarts something",
    "stops": "stops something",
    "destroys": "deletes something",
}


def flag_effect(spec: Spec, flag: str, value: str | None) -> str | None:
    """The effect an option stands for, by its exact name, ``--name=value`` or (when worse) an abbreviation."""
    if value is not None:
        exact = spec.flags.get(f"{flag}={plain(value)}")
        if exact:
            return exact
    found = spec.flags.get(flag)
    if found:
        if found == "reads" and value is not None and plain(value) in _OFF:
            return None
        return found
    if flag.startswith("--") and len(flag) > 4:
        for candidate in spec.raising:
            if candidate.startswith(flag):
                return spec.flags[candidate]
    return None


def effect_of(inv: Invocation) -> str:
    """What the invocation does as the data says, dry runs considered."""
    spec = inv.spec
    effect = spec.effect
    if spec.subs or spec.patterns:
        if inv.unknown_sub is not None:
            effect = "unclear" if not spec.with_operands else spec.with_operands
        elif not inv.operands:
            effect = spec.bare or spec.effect
    elif spec.with_operands and inv.operands:
        effect = spec.with_operands
    if spec.verbs:
        effect = _verb_effect(inv, effect)
    lowered = False
    for flag, value in inv.options:
        worse = flag_effect(spec, flag, value)
        if worse == "reads":
            lowered = True
        elif worse and (_RANK[worse] > _RANK[effect] or effect == "nothing"):
            effect = worse
    if lowered:
        return "reads"
    return effect


def _verb_effect(inv: Invocation, effect: str) -> str:
    """The first verb decides; once it reads, a later one that does harm counts (an option may have hidden it)."""
    found = effect
    for operand in inv.operands:
        word = plain(operand)
        for pattern, what in inv.spec.verbs:
            if pattern.fullmatch(word):
                if what != "reads":
                    return what
                found = what
                break
    return found


def only_help(inv: Invocation) -> bool:
    """Nothing but help or the version is asked for."""
    if (
        inv.argv[-1] == "--help"
        and (inv.spec.subs or inv.spec.verbs or inv.path)
        and not inv.spec.ends
        and (inv.rest_at < 0 and not {"exec", "run", "debug", "rsh", "foreach", "ssh"} & set(inv.path))
    ):
        return True  # the tool of many subcommands explains one of them
    return (
        not inv.operands or (inv.spec.operands == "data" and inv.unknown_sub is None and len(inv.operands) == 0)
    ) and any(f in ("--help", "--version") for f, _ in inv.options)


Handler = Callable[[Invocation, str], "str | None"]
HANDLERS: dict[str, Handler] = {}


def handler(name: str) -> Callable[[Handler], Handler]:
    """Register the code behind ``handler = "name"`` in the data."""

    def register(function: Handler) -> Handler:
        HANDLERS[name] = function
        return function

    return register


def judge(inv: Invocation) -> str:
    """Report what this invocation does; returns its output as far as known.

    What seems to read must not carry an option that is not known to be harmless.
    """
    run = inv.run
    before = _reported(run)
    out = _judged(inv)
    if _reported(run) == before:
        strange = strange_option(inv)
        if strange is not None:
            run.unclear("unclear.option", f"what '{inv.title}' does with {shown(strange)} is not known to be a read")
    return out


def _launched(inv: Invocation, effect: str) -> str:
    """A command among the operands is run: what it does counts beside what launching it does."""
    run = inv.run
    command = inv.operands[inv.spec.command :]
    report(inv, effect)
    if not command:
        if effect in ("reads", "nothing") and not any(v for f, v in inv.options if f in inv.spec.runs):
            run.unclear("unclear.shell", f"{inv.title} runs something that is not named")
        return UNKNOWN
    scope = inv.scope.copy()
    scope.cwd, scope.functions, scope.aliases, scope.poisoned = UNKNOWN, {}, {}, False
    return run.run_argv(command, scope, inv.stdin, under=inv.title)


def _reported(run: Interpreter) -> int:
    return len(run.changes) + sum(f.level != "notice" for f in run.findings.values())


def _judged(inv: Invocation) -> str:
    run = inv.run
    parse(inv)
    if only_help(inv) and not inv.spec.ends:
        return UNKNOWN
    effect = effect_of(inv)
    spec = inv.spec
    for flag, value in inv.options:
        if value is None:
            continue
        if (flag in spec.runs and effect != "reads") or flag in spec.runs:
            run.run_text(value, inv.scope.copy(), None, where=inv.title)
        elif flag in spec.writes and plain(value) not in ("-", ""):
            run.write(value, inv.scope)
    if effect == "unclear" and spec.effect in ("reads", "nothing"):
        report(inv, effect)
    if spec.command >= 0:
        return _launched(inv, effect)
    if spec.handler:
        answer = HANDLERS[spec.handler](inv, effect)
        if answer is not None:
            return answer
    report(inv, effect)
    return output(inv, effect)


def report(inv: Invocation, effect: str) -> None:
    """The general consequences of an effect and of the operands' roles."""
    run, scope, spec = inv.run, inv.scope, inv.spec
    operands = inv.operands
    if effect == "unclear":
        if inv.unknown_sub is not None:
            run.unclear("unclear.subcommand", f"'{inv.title} {shown(inv.unknown_sub)}' is not known")
        else:
            run.unclear("unclear.program", f"what '{inv.title}' would do is not known")
        return
    if effect in ("reads", "nothing"):
        return
    if effect == "sends":
        sent(inv)
    role = spec.operands
    if role == "writes":
        for operand in operands:
            run.write(operand, scope)
    elif role == "deletes":
        for operand in operands:
            run.delete(operand, scope)
    elif role in ("copy", "move"):
        _copied(inv, role)
    else:
        what = " ".join([*inv.path, *[plain(o) for o in operands[:2]]]) or inv.name
        run.change(ACTIONS[effect], f"{inv.name}/{what}", f"{inv.title} {_SAID[effect]}")


def _copied(inv: Invocation, role: str) -> None:
    run, scope = inv.run, inv.scope
    target = inv.value("-t", "--target-directory")
    sources = list(inv.operands)
    if target is None:
        if len(sources) < 2:
            run.unclear("unclear.operands", f"{inv.title} with one operand")
            return
        target = sources.pop()
    if role == "move":
        for source in sources:
            run.delete(source, scope, note=f"moves {shown(source)} away")
    run.write(target, scope)
    folder = plain(target).rstrip("/") + "/"
    for source in sources:
        name = plain(source).rstrip("/").rsplit("/", 1)[-1]
        if name and is_known(target):
            danger = paths.overwriting(folder + name, scope.cwd)
            if danger:
                run.deny(*danger)
        scope.files[paths.normal(target, scope.cwd)] = run.content(source, scope, None)


def sent(inv: Invocation) -> None:
    """Anything secret among what is sent away?"""
    run = inv.run
    for word in inv.argv[1:]:
        leak(run, inv.scope, word, inv.title)
    if inv.stdin is not None and set(inv.stdin) & _LEAKS:
        run.deny("credential.sent", f"sends credentials or the environment away with {inv.title}")


_LEAKS = {SECRET, ENVIRONMENT, PRIVATE}


def leak(run: Interpreter, scope: Scope, word: str, title: str) -> bool:
    """Deny when a word carries or names a credential that would leave this machine."""
    if set(word) & _LEAKS:
        run.deny("credential.sent", f"sends credentials or the environment away with {title}")
        return True
    bare = plain(word)
    for part in (bare, bare.rpartition("@")[2], bare.rpartition("=")[2], bare.rpartition("<")[2]):
        if (part and "/" in part) or part.startswith("."):
            content = run.content(part, scope, None)
            if set(content) & _LEAKS and not re.match(r"[a-z][a-z0-9+.-]*://", part):
                run.deny("credential.sent", f"sends {shown(part)} away with {title}")
                return True
    return False


def output(inv: Invocation, effect: str) -> str:
    """What comes out, as far as marks go."""
    prints = inv.spec.prints
    if prints == "network":
        return NETWORK + UNKNOWN
    if prints == "environment":
        return ENVIRONMENT + UNKNOWN
    if prints == "secret":
        return SECRET + UNKNOWN
    if prints in ("count", "nothing"):
        return UNKNOWN
    text = gathered(inv)
    if prints == "input" and text:
        return text
    if prints == "decoded":
        return DECODED + UNKNOWN + marks(text)
    return UNKNOWN + marks(text)


def gathered(inv: Invocation) -> str:
    """What a filter reads: its files if it names any, else standard input."""
    if inv.spec.operands == "reads":
        found = [inv.run.content(o, inv.scope, inv.stdin) for o in inv.operands]
        found += [inv.run.content(v, inv.scope, inv.stdin) for f, v in inv.options if f in inv.spec.opens and v]
        if found:
            return "".join(found)
    else:
        found = [inv.run.content(v, inv.scope, inv.stdin) for f, v in inv.options if f in inv.spec.opens and v]
        if found:
            return "".join(found) + (inv.stdin or "")
    return inv.stdin if inv.stdin is not None else ""


_BIN = frozenset(
    [
        "/bin",
        "/usr/bin",
        "/sbin",
        "/usr/sbin",
        "/usr/local/bin",
        "/usr/local/sbin",
        "/opt/homebrew/bin",
        "/snap/bin",
        "/usr/lib/git-core",
    ]
)


def resolve(run: Interpreter, scope: Scope, word: str) -> str | None:
    """The bare program name a command word stands for; None (reported) when nobody can trust it."""
    name = unmarked(word)
    if "/" not in name:
        return plain(name)
    if not name.startswith("/"):
        return None  # from wherever the shell stands
    path = paths.normal(name)
    folder, _, base = path.rpartition("/")
    if folder in _BIN and not has_glob(path) and is_known(path):
        return base
    return None


def globbed(word: str) -> list[str]:
    """Known programs that a command word with globs (``/b?n/r*``) could name."""
    path = paths.normal(word)
    if "/" not in path:
        return [n for n in knowledge.names() if matches(path, n)][:40] if has_glob(path) else []
    folder, _, base = path.rpartition("/")
    if not any(matches(folder, f) for f in _BIN):
        return []
    return [n for n in sorted(knowledge.names() | {"bash", "sh", "eval"}) if matches(base, n)][:40]


__all__ = ["HANDLERS", "MAYBE", "Invocation", "gathered", "globbed", "handler", "judge", "leak", "report", "resolve"]
