"""Editors, pagers, make and debuggers: programs with a way to run something else."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis import paths
from reign_executors.shell.analysis.handlers.code import judge_code, judge_unread
from reign_executors.shell.analysis.invocation import handler
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import (
    DECODED,
    NETWORK,
    UNKNOWN,
    plain,
    shown,
    unmarked,
)


@handler("editor")
def _editor(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    for i, word in enumerate(inv.argv[1:], 1):
        bare = plain(word)
        code = ""
        if bare in ("-c", "--cmd", "--command", "-cmd", "-S", "--eval") and i + 1 < len(inv.argv):
            code = unmarked(inv.argv[i + 1])
        elif (re.fullmatch(r"-[esEv]*c", bare) and i + 1 < len(inv.argv)) or (
            inv.name in ("ex", "ed") and bare.startswith("-s")
        ):
            code = unmarked(inv.argv[i + 1]) if i + 1 < len(inv.argv) else ""
        elif bare.startswith("+"):
            code = unmarked(word)[1:]
        if not code:
            continue
        shell = re.search(r"(?:^|[|:\s])(?:silent\s+)?!+\s*(.+)", code) or re.search(
            r"system\(\s*['\"](.+?)['\"]\s*\)", code
        )
        lua = re.search(r"(?:py3?|python3?|lua|perl|ruby)\s+(.+)", code)
        if shell:
            run.run_text(shell[1], inv.scope.copy(), None, where=inv.name)
        elif lua:
            judge_code(inv, lua[1], "python", "")
        elif inv.name == "emacs":
            found = re.search(r"shell-command\s+\"([^\"]+)\"", code)
            if found:
                run.run_text(found[1], inv.scope.copy(), None, where="emacs")
            else:
                judge_unread(inv, code)
    if (
        inv.has("-R")
        and inv.name in ("vim", "vi", "nvim", "view")
        and not any(a.startswith(("+", "-c")) for a in inv.argv[1:])
    ):
        return ""
    if inv.stdin and inv.name in ("ed", "ex", "vi", "vim"):
        for line in plain(inv.stdin).split("\n"):
            if line.startswith("!") or re.match(r"[\d,$%]*[rw]?\s*!", line):
                run.run_text(line.partition("!")[2], inv.scope.copy(), None, where=inv.name)
    for operand in inv.operands:
        if not operand.startswith("+"):
            danger = paths.overwriting(operand, inv.scope.cwd)
            if danger and inv.has("-es", "-e", "-s", "-c"):
                run.deny(*danger)
    run.change(
        Action.UPDATE, f"file/{shown(inv.operands[-1]) if inv.operands else '…'}", f"opens an editor ({inv.name})"
    )
    return ""


@handler("pager")
def _pager(inv: Invocation, effect: str) -> str | None:
    for word in inv.argv[1:]:
        bare = unmarked(word)
        if bare.startswith(("+!", "+|")):
            inv.run.run_text(bare[2:], inv.scope.copy(), None, where=inv.name)
    for flag, value in inv.options:
        if (
            flag in ("-P", "--pager", "-H", "--html")
            and value
            and plain(value).split()[:1] not in ([], ["cat"], ["less"], ["more"])
        ):
            inv.run.run_text(value, inv.scope.copy(), None, where=inv.name)
        elif flag in ("-o", "-O", "--log-file", "--LOG-FILE") and value and inv.name == "less":
            inv.run.write(value, inv.scope)
    return None


@handler("make")
def _make(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    for word in inv.argv[1:]:
        bare = unmarked(word)
        found = re.match(r"--eval=(.*)", bare, re.DOTALL)
        code = found[1] if found else ""
        for shell in re.findall(r"\$\(shell ([^)]*)\)", code or bare):
            run.run_text(shell, inv.scope.copy(), None, where="make")
        if code:
            for recipe in re.findall(r"(?:^|\n|;)\s*@?([^:\n]+)$", code):
                run.run_text(recipe.strip().lstrip("@-"), inv.scope.copy(), None, where="make")
    for word in inv.operands:
        found = re.match(r"SHELL=(.*)", unmarked(word))
        if found:
            run.unclear("unclear.environment", "make runs another shell")
    files = inv.all_values("-f", "--file", "--makefile")
    for f in files:
        content = run.content(f, inv.scope, inv.stdin)
        if set(content) & {NETWORK, DECODED}:
            run.deny("code.from-network", "a makefile from the network is run at once")
        elif unmarked(content) != UNKNOWN:
            for line in plain(content).split("\n"):
                recipe = re.match(r"(?:\t|[^\t#=]*:[^=;]*;)\s*[@+-]*(.+)", line)
                if recipe:
                    run.run_text(recipe[1], inv.scope.copy(), None, where="make")
    if inv.has("-n", "--dry-run", "--just-print", "--recon", "-v", "--version", "-q", "--question"):
        return UNKNOWN
    return None


@handler("gdb")
def _gdb(inv: Invocation, effect: str) -> str | None:
    for value in inv.all_values("-ex", "--eval-command", "-x", "--command", "-iex"):
        bare = unmarked(value)
        found = re.match(r"(?:!|shell\s+|pipe\s+)(.+)", bare)
        if found:
            inv.run.run_text(found[1], inv.scope.copy(), None, where="gdb")
        elif bare.startswith(("python", "call", "py ")):
            judge_code(inv, bare.partition(" ")[2], "python", "")
    if inv.has("--args") and inv.operands:
        inv.run.run_argv(inv.operands, inv.scope.copy(), inv.stdin, under="gdb")
    return None


@handler("expect")
def _expect(inv: Invocation, effect: str) -> str | None:
    for value in [*inv.all_values("-c"), inv.stdin or ""]:
        for found in re.findall(r"(?:spawn|exec|system)\s+([^;}\n]+)", plain(value)):
            inv.run.run_text(found, inv.scope.copy(), None, where=inv.name)
    return None
