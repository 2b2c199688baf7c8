"""Programs that run what they are given: sudo, env, xargs, ssh, su, watch, parallel, shells themselves."""

from __future__ import annotations

import re
import shlex

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.invocation import handler, leak
from reign_executors.shell.analysis.knowledge import program
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.reading import ansi
from reign_executors.shell.analysis.values import (
    DECODED,
    ENVIRONMENT,
    MADE,
    NETWORK,
    SHELL,
    UNKNOWN,
    is_known,
    limited,
    marks,
    plain,
    shown,
    unmarked,
)

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


@handler("wrapper")
def _wrapper(inv: Invocation, effect: str) -> str | None:
    """The operands are a command (timeout and friends have already lost their own operands: see ``skip``)."""
    words = list(inv.operands)
    if inv.name in ("timeout", "gtimeout", "chrt", "taskset", "setarch") and words:
        words = words[1:]
    if inv.name == "ionice" and words and any(f == "-c" and v is None for f, v in inv.options):
        words = words[1:] if words[0].isdigit() else words  # -c 3 as well as -c3
    if inv.name in ("sudo", "doas"):
        return _sudo(inv, words)
    if inv.name == "flock":
        return _flock(inv, words)
    if inv.name in ("time", "gtime"):
        for value in inv.all_values("-o", "--output"):
            inv.run.write(value, inv.scope)
    if inv.name in ("strace", "ltrace"):
        for value in inv.all_values("-e", "--inject", "--fault"):
            if re.match(r"(?:inject|fault)=|[^=]*:(?:retval|error|signal|syscall|poke)", plain(value)):
                inv.run.change(Action.UPDATE, f"process/{inv.name}", "makes system calls of the program fail or lie")
        for value in inv.all_values("-E", "--env"):
            _set(inv, inv.scope.copy(), value)
    _other_readings(inv, words)
    if not words:
        return UNKNOWN
    return inv.run.run_argv(words, inv.scope.child(), inv.stdin, under=inv.name)


def _other_readings(inv: Invocation, words: list[str]) -> None:
    """Judge the program that an option may have swallowed, too: not every wrapper's options are known exactly.

    In ``ionice -t rm ls`` the ``rm`` could be what ``-t`` takes or the command itself. The worst reading counts.
    """
    for at, word in enumerate(inv.argv[1 : len(inv.argv) - len(words)], 1):
        named = plain(word)
        if named.startswith("-") or not is_known(word) or program(named) is None:
            continue
        if inv.name in ("strace", "ltrace") and plain(inv.argv[at - 1]) in ("-e", "-o"):
            continue
        inv.run.run_argv(inv.argv[at:], inv.scope.child(), inv.stdin, under=inv.name)


def _sudo(inv: Invocation, words: list[str]) -> str:
    run, scope = inv.run, inv.scope.child()
    if inv.has("-e", "--edit") or inv.name == "sudoedit":
        for word in words:
            run.write(word, scope)
        return ""
    while words and _ASSIGNMENT.match(words[0]):
        _set(inv, scope, words.pop(0))
    if inv.has("-l", "--list", "-v", "--validate", "-k", "-K", "-V", "--version"):
        if not words:
            return ""
        if inv.has("-l", "--list"):
            return ""
    if not words:
        if inv.has("-i", "-s", "--login", "--shell"):
            if inv.stdin is not None:
                return run.run_text(inv.stdin, scope, None, where="a root shell")
            run.unclear("unclear.shell", "opens a root shell")
        return UNKNOWN
    if inv.has("-i", "-s", "--login", "--shell") and len(words) == 1 and " " in words[0]:
        return run.run_text(words[0], scope, inv.stdin, where="a root shell")
    return run.run_argv(words, scope, inv.stdin, under=inv.name)


def _set(inv: Invocation, scope: object, word: str) -> None:
    found = _ASSIGNMENT.match(word)
    if found is None:
        return
    inner = inv.scope
    assert scope is not None
    scope.variables[found[1]] = (found[2],)  # type: ignore[attr-defined]
    if found[1] == "PATH":
        inv.run.wrote_variable("PATH", (found[2],), scope)  # type: ignore[arg-type]
    else:
        inv.run.given(found[1], (found[2],), inner, listed_only=True)


@handler("env")
def _env(inv: Invocation, effect: str) -> str | None:
    words = list(inv.operands)
    if words[:1] == ["-"]:
        words = words[1:]
    scope = inv.scope.child()
    for flag, value in inv.options:
        if flag in ("-S", "--split-string") and value is not None:
            return inv.run.run_text(value + " " + " ".join(words), scope, inv.stdin, where="env -S")
        if flag in ("-C", "--chdir") and value:
            scope.cwd = paths.normal(value, scope.cwd)
    while words and _ASSIGNMENT.match(words[0]):
        _set(inv, scope, words.pop(0))
    if not words:
        return UNKNOWN if inv.has("-i", "--ignore-environment") else ENVIRONMENT + UNKNOWN
    return inv.run.run_argv(words, scope, inv.stdin, under="env")


def _flock(inv: Invocation, words: list[str]) -> str:
    code = inv.value("-c", "--command")
    if words:
        inv.run.notice("lock.taken", f"takes the lock {shown(words[0])}")
        words = words[1:]
    if words[:1] == ["-c"] and len(words) > 1:
        code = words[1]
    if code:
        return inv.run.run_text(code, inv.scope.child(), inv.stdin, where="flock")
    return inv.run.run_argv(words, inv.scope.child(), inv.stdin, under="flock") if words else ""


@handler("xargs")
def _xargs(inv: Invocation, effect: str) -> str | None:
    run, scope = inv.run, inv.scope.child()
    text = inv.stdin if inv.stdin is not None else UNKNOWN
    source = inv.value("-a", "--arg-file")
    if source:
        text = run.content(source, scope, inv.stdin)
    kept = marks(text)
    _other_readings(inv, list(inv.operands))
    words = list(inv.operands) or ["echo"]
    if is_known(text) and plain(text).strip():
        separator = inv.value("-d", "--delimiter")
        if separator:
            items = [i for i in unmarked(text).split(ansi(plain(separator))) if i]
        elif inv.has("-0", "--null"):
            items = [i for i in re.split(r"[\0\n]", unmarked(text)) if i]
        elif inv.has("-I", "-i", "--replace", "-L", "-l"):
            items = [i.strip() for i in unmarked(text).split("\n") if i.strip()]
        else:
            items = [i.strip("'\"") for i in unmarked(text).split()]
        if not separator and not inv.has("-0", "--null") and re.search(r"['\"\\]", plain(text)):
            items = _quoted_items(plain(text), lines=inv.has("-I", "-i", "--replace", "-L", "-l"))
        items = [kept + i for i in limited(items, 64)]
    elif is_known(text):
        items = []
        if inv.stdin is not None and not plain(text).strip() and inv.has("-r", "--no-run-if-empty"):
            return ""
    else:
        items = [_items(unmarked(text)) + kept]
    replace = inv.value("-I", "--replace", "-i")
    if replace is None and inv.has("-i", "--replace"):
        replace = "{}"
    if replace is not None:
        mark = plain(replace)
        for item in items or [UNKNOWN]:
            run.run_argv([w.replace(mark, item) if mark in w else w for w in words], scope.copy(), None, under="xargs")
        return UNKNOWN + kept
    if len(items) > 1 and inv.has("-n", "-L", "-l", "-P", "-s", "--max-args", "--max-lines", "--max-chars"):
        for item in items:  # a few at a time
            run.run_argv([*words, item], scope.copy(), None, under="xargs")
    return run.run_argv(words + items, scope, None, under="xargs") or UNKNOWN


def _quoted_items(text: str, *, lines: bool) -> list[str]:
    """What xargs makes of quotes and backslashes; unknown where they don't close."""
    try:
        if lines:
            return [" ".join(shlex.split(line)) for line in text.split("\n") if line.strip()]
        return shlex.split(text)
    except ValueError:
        return [UNKNOWN + MADE]


def _items(text: str) -> str:
    """What a partly known text gives as one argument."""
    text = text.strip()
    return text if len(text) < 200 and "\n" not in text and " " not in text else UNKNOWN


_CSH_SET = re.compile(r"\bset(?:env)?\s+(?:-{1,2}\w+\s+)*([A-Za-z_]\w*)(?:\s*=\s*|\s+)([^\s;&|]+)")


@handler("shell")
def _shell(inv: Invocation, effect: str) -> str | None:
    """sh, bash, dash, zsh, ksh, fish …: code from ``-c``, a script, or standard input."""
    run = inv.run
    words = inv.argv[1:]
    scope = inv.scope.child()
    code = False
    from_stdin = False
    i = 0
    while i < len(words):
        word = plain(unmarked(words[i]))
        if word in ("--rcfile", "--init-file"):
            content = run.content(words[i + 1], scope, inv.stdin) if i + 1 < len(words) else ""
            if set(content) & {NETWORK, DECODED}:
                run.run_text(content, scope, None, where=inv.name)
            elif i + 1 < len(words) and plain(words[i + 1]) != "/dev/null":
                run.unclear("unclear.script", f"runs {shown(words[i + 1])} first")
            i += 2
            continue
        if word in ("--version", "--help"):
            return UNKNOWN
        if word in ("-o", "+o", "-O", "+O"):
            if i + 1 < len(words) and plain(words[i + 1]) == "nounset":
                scope.nounset = True
            i += 2
            continue
        if word.startswith("--") and len(word) > 2:
            i += 1
            continue
        if re.fullmatch(r"[-+][A-Za-z]+", word):
            code = code or ("c" in word and word[0] == "-")
            from_stdin = from_stdin or "s" in word
            scope.nounset = scope.nounset or "u" in word
            if word[-1] == "o" and word[0] == "-":
                i += 1
            i += 1
            continue
        break
    if i < len(words) and plain(words[i]) in ("--", "-"):
        i += 1
    rest = words[i:]
    if code:
        if not rest:
            return UNKNOWN
        scope.positional = rest[2:]
        scope.variables["0"] = (rest[1],) if len(rest) > 1 else scope.get("0")
        if inv.name in ("fish", "csh", "tcsh"):
            assigned = _CSH_SET.sub(r"\1=\2", rest[0])
            if assigned != rest[0]:
                run.run_text(assigned, scope.copy(), inv.stdin, where=f"{inv.name} -c")
        return run.run_text(rest[0], scope, inv.stdin, where=f"{inv.name} -c")
    if rest and not from_stdin:
        if "n" in "".join(w[1:] for w in words[:i] if re.fullmatch(r"-[A-Za-z]+", w)):
            return UNKNOWN
        return script(inv, rest, scope)
    if inv.stdin is None:
        run.unclear("unclear.shell", f"opens a shell ({inv.name})")
        return SHELL + UNKNOWN
    scope.positional = rest
    if unmarked(inv.stdin) == UNKNOWN and not set(inv.stdin) & {NETWORK, DECODED}:
        run.unclear("unclear.code", f"what {inv.name} would run is not known")
        return SHELL + UNKNOWN
    return run.run_text(inv.stdin, scope, None, where=inv.name)


def script(inv: Invocation, words: list[str], scope: object) -> str:
    """A script file is run by an interpreter."""
    run = inv.run
    content = run.content(words[0], inv.scope, inv.stdin)
    if set(content) & {NETWORK, DECODED} or (is_known(content) and content.strip()):
        inner = inv.scope.child()
        inner.positional = words[1:]
        return run.run_text(content, inner, None, where=inv.name)
    run.unclear("unclear.script", f"runs {shown(words[0])}, what it does is not visible")
    return UNKNOWN


@handler("code_operands")
def _code_operands(inv: Invocation, effect: str) -> str | None:
    """watch, entr, nodemon, hyperfine: the operands together are shell code."""
    words = list(inv.operands)
    if not words:
        return UNKNOWN
    _other_readings(inv, words)
    if (inv.name == "watch" and inv.has("-x", "--exec")) or (inv.name == "entr" and not inv.has("-s")):
        return inv.run.run_argv(words, inv.scope.child(), None, under=inv.name)
    if inv.name == "hyperfine":
        for word in words:
            inv.run.run_text(word, inv.scope.child(), None, where=inv.name)
        return UNKNOWN
    return inv.run.run_text(" ".join(words), inv.scope.child(), None, where=inv.name)


@handler("parallel")
def _parallel(inv: Invocation, effect: str) -> str | None:
    words: list[str] = []
    items: list[str] = []
    where = words
    for word in inv.operands:
        if plain(word) in (":::", ":::+", "::::"):
            where = items
            continue
        where.append(word)
    text = inv.stdin
    if not items and text is not None:
        items = [i for i in plain(text).split("\n") if i] if is_known(text) else [UNKNOWN + marks(text)]
    run = inv.run
    if not words:
        for item in items:
            run.run_text(item, inv.scope.child(), None, where="parallel")
        return UNKNOWN
    code = " ".join(words)
    for item in limited(items, 32) or [UNKNOWN]:
        one = code.replace("{}", item).replace("{1}", item).replace("{.}", item).replace("{/}", item)
        if one == code:
            one = f"{code} {item}"
        run.run_text(one, inv.scope.child(), None, where="parallel") if is_known(one) else run.run_argv(
            [w.replace("{}", item) for w in words] + ([] if "{}" in code else [item]), inv.scope.child(), None
        )
    return UNKNOWN


@handler("leaky")
def _leaky(inv: Invocation, effect: str) -> str | None:
    """A look-up whose operands leave the machine (names in DNS queries, pings)."""
    for word in inv.argv[1:]:
        leak(inv.run, inv.scope, word, inv.title)
    return None
