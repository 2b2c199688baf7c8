"""git: what its settings, aliases and subcommands would run."""

from __future__ import annotations

import re

from reign_executors.effect import Action
from reign_executors.shell.analysis.invocation import handler
from reign_executors.shell.analysis.options import Invocation
from reign_executors.shell.analysis.values import (
    UNKNOWN,
    plain,
    unmarked,
)

_SETTINGS = re.compile(
    r"(?:color|column|advice|user|author|committer|log|status|i18n|blame|versionsort|safe|push|pull|merge|rebase|commit|"
    r"fetch|grep|branch|tag|stash|showbranch|diff|push|init|http|https|protocol|gc|submodule|pack|index|feature|core|format)"
    r"\.(?!.*(?:command|cmd|program|path|dir|file|templates?|hooks?|driver|helper|proxy|cookie|tool|update|attributes|"
    r"editor|pager|askpass|worktree|external|textconv|signature|include|alternate|directory|sparse|trace|key)).*"
    r"|core\.(?:quotepath|longpaths)|safe\.directory|http\.proxy|http\.(?:.*\.)?extraheader|include\.none"
    r"|pager\..*|credential\..*|diff\..*\.(?:textconv|command)|credential\.usehttppath"
)


@handler("git")
def _git(inv: Invocation, effect: str) -> str | None:
    run = inv.run
    aliases: dict[str, str] = {}
    for value in inv.all_values("-c", "--config-env"):
        key, _, setting = unmarked(value).partition("=")
        name = plain(key).lower()
        if name.startswith("alias."):
            aliases[name[6:]] = setting
        elif name in [
            "core.pager",
            "core.editor",
            "core.sshcommand",
            "core.fsmonitor",
            "core.hookspath",
            "diff.external",
            "sequence.editor",
            "core.askpass",
            "credential.helper",
            "core.gitproxy",
            "gpg.program",
            "uploadpack.packobjectshook",
            "web.browser",
        ] or (
            name.startswith(
                (
                    "pager.",
                    "filter.",
                    "difftool.",
                    "mergetool.",
                    "merge.",
                    "diff.",
                    "credential.",
                    "gpg.",
                    "protocol.ext",
                    "url.",
                    "remote.",
                    "browser.",
                    "man.",
                )
            )
            and re.search(
                r"(?:cmd|driver|textconv|command|clean|smudge|process|helper|program|allow|uploadpack|receivepack|proxy|insteadof|path)$|^pager\.",
                name,
            )
        ):
            if plain(setting) in (
                "cat",
                "less",
                "less -R",
                "less -FRX",
                "",
                "true",
                "false",
                "never",
                "0",
                "delta",
                "bat",
                "vim",
                "nano",
                "vi",
            ):
                continue
            if name == "protocol.ext.allow":
                run.unclear("unclear.environment", "git may run commands given as remotes")
                continue
            run.run_text(setting.removeprefix("!"), inv.scope.copy(), None, where=f"git ({name})")
            if name == "core.hookspath":
                run.unclear("unclear.environment", "git would run other hooks")
        elif not _SETTINGS.fullmatch(name):
            run.unclear("unclear.option", f"what git does with the setting {name} is not known to be a read")
    verb = inv.path[0] if inv.path else plain(inv.unknown_sub or "")
    if verb in aliases:
        shell = aliases[verb]
        if shell.startswith("!"):
            return run.run_text(
                shell[1:] + " " + " ".join(unmarked(o) for o in inv.operands[1:]),
                inv.scope.copy(),
                inv.stdin,
                where="a git alias",
            )
        return run.run_argv(["git", *plain(shell).split(), *inv.operands[1:]], inv.scope, inv.stdin)
    for word in [*inv.operands, *[v or "" for _, v in inv.options]]:
        if unmarked(word).startswith("ext::"):
            words = [w.replace("\0", " ") for w in unmarked(word)[5:].replace("% ", "\0").split()]
            run.run_argv(words, inv.scope.copy(), None, under="git")
    upload = (
        inv.value("--upload-pack", "-u", "--exec", "--receive-pack")
        if verb in ("clone", "fetch", "ls-remote", "pull", "push", "archive")
        else None
    )
    if upload and verb != "push" and plain(upload) != "git-upload-pack":
        run.run_text(upload, inv.scope.copy(), None, where="git")
    if inv.value("--exec-path"):
        run.unclear("unclear.environment", "git would take its own programs from elsewhere")
    if verb == "symbolic-ref" and (len(inv.operands) > 1 or inv.has("-d", "--delete")):
        run.change(Action.UPDATE, "git/symbolic-ref", "changes what a name of the repository points at")
    if verb == "fsck" and inv.has("--lost-found"):
        run.change(Action.CREATE, "git/lost-found", "writes lost objects")
    if verb == "bisect" and inv.path[-1:] in (["view"], ["visualize"]) and inv.operands:
        run.unclear("unclear.subcommand", "runs another command of git on what is left to bisect")
    if verb == "add" and inv.has("-e", "--edit", "-i", "--interactive", "-p", "--patch"):
        run.change(Action.UPDATE, "git/index", "opens an editor on what is added")
    if verb == "config":
        return _git_config(inv)
    if verb == "bisect" and inv.path[-1:] == ["run"]:
        run.run_argv(inv.operands, inv.scope.copy(), None, under="git bisect run")
    elif verb == "submodule" and inv.path[-1:] == ["foreach"]:
        if inv.operands:
            return run.run_text(" ".join(inv.operands), inv.scope.copy(), None, where="git submodule foreach")
    elif verb == "rebase":
        for value in inv.all_values("-x", "--exec"):
            run.run_text(value, inv.scope.copy(), None, where="git rebase")
    elif verb == "filter-branch":
        for flag, code in inv.options:
            if code and flag.endswith("-filter"):
                run.run_text(code, inv.scope.copy(), None, where="git filter-branch")
    elif verb == "grep" and inv.has("-O", "--open-files-in-pager"):
        pager = inv.value("-O", "--open-files-in-pager")
        if pager:
            run.run_text(pager, inv.scope.copy(), None, where="git grep")
        else:
            run.unclear("unclear.code", "opens files in a program")
    elif verb == "difftool":
        for value in inv.all_values("-x", "--extcmd"):
            run.run_text(value, inv.scope.copy(), None, where="git difftool")
    elif verb in ("diff", "log", "show") and inv.has("--ext-diff"):
        run.unclear("unclear.environment", "runs the diff program of the repository's settings")
    elif verb == "clean" and not inv.has("-n", "--dry-run"):
        pass
    if verb in ("diff", "log", "show", "archive", "format-patch") and inv.value("--output", "-o", "--output-directory"):
        run.write(inv.value("--output", "-o", "--output-directory") or "", inv.scope)
    if verb == "show" or verb == "cat-file":
        return UNKNOWN
    return None


def _git_config(inv: Invocation) -> str | None:
    words = inv.operands
    if inv.has("--get", "--get-all", "--get-regexp", "--list", "-l", "--get-urlmatch", "--show-origin", "--get-color"):
        return UNKNOWN
    if words and plain(words[0]) in ("list", "get"):
        return UNKNOWN
    if len(words) >= 2 or inv.has(
        "--unset", "--unset-all", "--add", "--replace-all", "--edit", "-e", "--remove-section", "--rename-section"
    ):
        if len(words) >= 2:
            name = plain(words[0]).lower()
            setting = unmarked(words[1])
            if (name.startswith("alias.") and setting.startswith("!")) or re.search(
                r"(?:sshcommand|pager|editor|fsmonitor|external|helper|cmd|textconv|askpass)$", name
            ):
                code = setting.removeprefix("!")
                if " " in code or "/" in code:
                    inv.run.run_text(code, inv.scope.copy(), None, where=f"git ({name})")
        inv.run.change(Action.UPDATE, f"git/{plain(words[0]) if words else 'config'}", "changes git's settings")
        return ""
    return UNKNOWN
