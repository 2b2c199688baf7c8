"""Package tools and toolchains: what they install, remove and run."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis.invocation import handler
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import UNKNOWN, listed, plain, shown


@handler("apt")
def _apt(inv: Invocation, effect: str) -> str | None:
    for value in inv.all_values("-o"):
        name, _, code = value.partition("=")
        if "::" in plain(name) and re.search(r"invoke|install-pkgs", plain(name), re.IGNORECASE):
            inv.run.run_text(code, inv.scope.copy(), None, where="apt")
    return _essential(inv, effect)


def _essential(inv: Invocation, effect: str) -> str | None:
    if effect == "destroys":
        words = [plain(o) for o in inv.operands]
        if any(
            w in ("libc6", "glibc", "systemd", "coreutils", "base-files", "*", ".*", "kernel", "bash") for w in words
        ):
            inv.run.deny("system.packages", "would remove packages without which the system does not run")
    return None


@handler("pacman")
def _pacman(inv: Invocation, effect: str) -> str | None:
    if inv.name in ("pacman", "yay", "paru"):
        flags = [plain(a) for a in inv.argv[1:] if a.startswith("-")]
        first = flags[0] if flags else ""
        if re.match(r"-(?:Q|T|V)|--(?:query|version|deptest)", first) or re.fullmatch(r"-(?:S[sigl]+|F\w*|Sp)", first):
            return UNKNOWN
        inv.run.change(
            Action.DELETE if "R" in first else Action.CREATE,
            f"package/{' '.join(map(shown, inv.operands[:2]))}",
            f"{inv.name} changes packages",
        )
        return UNKNOWN
    if inv.name == "nix-env":
        if inv.has("-q", "--query"):
            return UNKNOWN
        inv.run.change(Action.UPDATE, "package/nix", "changes packages")
        return UNKNOWN
    if inv.name == "brew" and inv.path[:1] == ["services"] and inv.operands[:1] in (["list"], ["info"]):
        return UNKNOWN
    return _essential(inv, effect)


@handler("npm")
def _npm(inv: Invocation, effect: str) -> str | None:
    running = {"run", "run-script", "exec", "dlx", "x", "test", "t", "tst", "start", "stop", "restart"}
    if inv.path and inv.path[0] in running and effect == "reads" and inv.operands:
        inv.run.change(Action.UPDATE, f"{inv.name}/{plain(inv.operands[0])}", f"{inv.title} runs code")
        return UNKNOWN
    if inv.path[:1] in (["exec"], ["dlx"], ["x"]) and inv.has("-c", "--call"):
        code = inv.value("-c", "--call")
        if code:
            inv.run.run_text(code, inv.scope.copy(), None, where="npm exec")
    if not inv.path and inv.has("-v", "--version"):
        return UNKNOWN
    return None


_READING = re.compile(
    r"(?:version|list|tree|search|metadata|locate-project|verify-project|pkgid|info|show|env|doc|vet|help|outdated|config|query|status|check|lint|"
    r"--info|--list-sdks|--list-runtimes|dependency:tree|dependencies|tasks|projects|targets|--tasks|-T|--summary|why|audit|contents|specification|licenses|"
    r"list-.*|which|default|toolchain|show-.*|about|vulncheck|nm|describe|validate|diagnose|depends|home|plugins|properties|help:.*)"
)


_EXECUTING = listed("run exec x test bench install generate publish deploy task script start eval repl get fetch")


_CHECKERS = frozenset(["mypy", "pyright", "pylint", "flake8", "golangci-lint"])


@handler("toolchain")
def _toolchain(inv: Invocation, effect: str) -> str | None:
    words = [plain(o) for o in inv.operands]
    first = words[0] if words else ""
    executes = bool(words) and (
        first in _EXECUTING or inv.name in ("rake", "just", "task", "invoke", "fab", "gulp", "grunt")
    )
    if not executes and effect == "reads":
        return UNKNOWN
    if not words and inv.options and all(f in ("-v", "-V", "-h", "--version", "--help") for f, _ in inv.options):
        return UNKNOWN
    if executes and not inv.has("-n", "--dry-run", "-m"):
        inv.run.change(Action.UPDATE, f"{inv.name}/{' '.join(words[:2])}", f"{inv.name} {first} runs code")
        return UNKNOWN
    if inv.name in _CHECKERS or (
        inv.name == "ruff"
        and first in ("check", "format")
        and not inv.has("--fix", "--fix-only", "--unsafe-fixes")
        and (first == "check" or inv.has("--check", "--diff"))
    ):
        return UNKNOWN if not inv.has("--fix", "--install-types") else None
    if inv.name == "eslint" and not inv.has("--fix", "-o", "--output-file"):
        return UNKNOWN
    if inv.name == "dotnet" and inv.has("--info", "--list-sdks", "--list-runtimes"):
        return UNKNOWN
    if inv.name == "tsc" and inv.has("--noEmit"):
        return UNKNOWN
    if (
        inv.name in ("gradle", "gradlew", "mvn", "sbt", "ant", "rake", "just", "task")
        and inv.has("-m", "-n", "--dry-run", "-T", "--summary", "-P", "-l")
        and (all(_READING.fullmatch(w) for w in words) or inv.has("-n", "--dry-run"))
    ):
        return UNKNOWN
    if first and _READING.fullmatch(first) and inv.name not in ("ruff", "eslint", "black"):
        if inv.name == "rustup" and first in ("default", "toolchain") and len(words) > 1 and words[1] != "list":
            return None
        if inv.name in ("bundle", "bundler", "gem", "composer") and first == "config" and len(words) > 2:
            return None
        if inv.name == "go" and first == "env" and inv.has("-w", "-u"):
            return None
        if first == "check" and inv.name == "cargo":
            return None
        if inv.name in ("invoke", "fab", "task", "just", "rake", "grunt", "gulp", "ninja", "scons", "make"):
            return None
        return UNKNOWN
    if (inv.name == "go" and first in ("vet", "doc", "list", "version")) or (
        inv.name == "go" and words[:2] in (["mod", "graph"], ["mod", "why"], ["mod", "verify"], ["tool", "dist"])
    ):
        return UNKNOWN
    if inv.name == "just" and inv.has("--list", "-l", "--summary", "--show", "--evaluate"):
        return UNKNOWN
    return None
