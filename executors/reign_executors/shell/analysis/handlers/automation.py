"""Tools that steer other machines and services: ansible, salt, GitHub, secret stores."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis.invocation import handler, leak
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import SECRET, UNKNOWN, plain, shown


@handler("gh")
def _gh(inv: Invocation, effect: str) -> str | None:
    path = inv.path
    if path[:1] == ["api"]:
        method = plain(inv.value("-X", "--method") or "").upper()
        fields = inv.all_values("-f", "-F", "--field", "--raw-field", "--input")
        if method in ("GET", "HEAD") or (not method and not fields):
            return UNKNOWN
        if (
            not method
            and inv.operands
            and plain(inv.operands[0]) == "graphql"
            and not any("mutation" in plain(v) for v in fields)
        ):
            return UNKNOWN
        for value in fields:
            leak(inv.run, inv.scope, value, "gh api")
        inv.run.change(
            Action.DELETE if method == "DELETE" else Action.UPDATE,
            f"github/{shown(inv.operands[0]) if inv.operands else '…'}",
            f"sends a changing request ({method or 'POST'})",
        )
        return UNKNOWN
    if path == ["auth", "status"] and inv.has("-t", "--show-token"):
        return SECRET + UNKNOWN
    if effect not in ("reads", "nothing"):
        for word in inv.argv[1:]:
            leak(inv.run, inv.scope, word, inv.title)
        if inv.stdin is not None and set(inv.stdin) & {SECRET, "\ue013", "\ue014"} and path[:1] != ["secret"]:
            inv.run.deny("credential.sent", f"sends credentials away with {inv.title}")
    return None


@handler("ansible")
def _ansible(inv: Invocation, effect: str) -> str | None:
    if inv.name in ("ansible", "ansible-playbook") and inv.has("-C"):
        return UNKNOWN
    if inv.has("--check", "--syntax-check", "--list-hosts", "--list-tasks", "--list-tags", "--version"):
        return UNKNOWN
    if inv.name in ("ansible-doc", "ansible-lint", "ansible-inventory", "ansible-config"):
        if inv.name == "ansible-lint" and inv.has("--fix"):
            return None
        return UNKNOWN
    if inv.name == "ansible-galaxy" and "list" in [plain(o) for o in inv.operands]:
        return UNKNOWN
    if inv.name == "ansible-vault" and inv.operands and plain(inv.operands[0]) in ("view", "decrypt"):
        inv.run.unclear("credential.shown", "shows secrets")
        return SECRET + UNKNOWN
    if inv.name == "ansible":
        module = plain(inv.value("-m", "--module-name") or "command").rsplit(".", 1)[-1]
        code = inv.value("-a", "--args")
        if module in (
            "ping",
            "setup",
            "gather_facts",
            "debug",
            "stat",
            "service_facts",
            "package_facts",
            "find",
            "getent",
            "slurp",
            "assert",
        ):
            return UNKNOWN
        if module in ("command", "shell", "raw", "script") and code:
            scope = inv.scope.copy()
            scope.cwd = UNKNOWN
            return inv.run.run_text(code, scope, None, where="ansible")
        if module == "file" and code and "state=absent" in plain(code):
            for found in re.findall(r"(?:path|dest|name)=(\S+)", plain(code)):
                inv.run.delete(found, inv.scope)
    return None


@handler("salt")
def _salt(inv: Invocation, effect: str) -> str | None:
    words = [plain(o) for o in inv.operands]
    for i, word in enumerate(words):
        if word in ("cmd.run", "cmd.shell", "cmd.run_all") and i + 1 < len(words):
            return inv.run.run_text(inv.operands[i + 1], inv.scope.copy(), None, where="salt")
        if word in (
            "test.ping",
            "grains.items",
            "grains.get",
            "status.uptime",
            "disk.usage",
            "pkg.list_pkgs",
            "service.status",
            "grains.ls",
            "pillar.items",
        ):
            return UNKNOWN
    if (
        inv.name == "puppet"
        and words[:1] in (["config"], ["facts"], ["module"], ["resource"])
        and len(words) <= 3
        and "set" not in words
        and "install" not in words
    ):
        return UNKNOWN
    if inv.name == "knife" and any(w in ("list", "show", "status", "search") for w in words[:3]):
        return UNKNOWN
    return None


@handler("vault")
def _vault(inv: Invocation, effect: str) -> str | None:
    if inv.path[:2] == ["audit", "disable"]:
        inv.run.deny("security.audit", "would switch the vault's audit off")
    if effect not in ("reads", "nothing"):
        for word in inv.operands[1:]:
            if "=@" in plain(word):
                continue
    return None


@handler("passwords")
def _passwords(inv: Invocation, effect: str) -> str | None:
    words = [plain(o) for o in inv.operands]
    if inv.name in ("aws-vault", "op", "doppler", "chamber", "infisical", "sops") and inv.rest_at >= 0:
        return inv.run.run_argv(inv.operands[inv.rest_at :], inv.scope.copy(), inv.stdin, under=inv.name)
    if words[:1] in (["list"], ["ls"], ["status"], ["version"], ["search"], ["find"], ["whoami"]) or inv.has(
        "--version"
    ):
        return UNKNOWN
    inv.run.unclear("credential.shown", f"{inv.title} handles credentials")
    return SECRET + UNKNOWN
