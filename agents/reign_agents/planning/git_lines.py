"""Command lines of git as the request that says exactly the same."""

from __future__ import annotations

import re

_NAME = r"[\w][\w./@~^-]*"
_QUOTED = r"(?:\"[^\"$`]*\"|'[^']*')"
_LINES: tuple[tuple[str, str], ...] = (
    (r"git status(?: -sb?| --short)?", "show the status of the git repository"),
    (r"git log(?: --oneline| --graph)*", "show the last 20 commits"),
    (r"git log(?: --oneline)? (?:-n ?|-)(?P<n>\d+)(?: --oneline)?", "show the last {n} commits"),
    (r"git diff", "show the git diff"),
    (r"git diff (?:--staged|--cached)", "show the staged changes"),
    (rf"git diff (?P<a>{_NAME})(?:\.\.| )(?P<b>{_NAME})", "show the difference between {a} and {b}"),
    (r"git branch(?: -vv?| --list)?", "list branches"),
    (r"git branch (?:-a|--all|-av|-avv)", "list all branches"),
    (rf"git branch (?P<a>{_NAME})", "create branch {a}"),
    (rf"git branch (?P<a>{_NAME}) (?P<b>{_NAME})", "create branch {a} from {b}"),
    (rf"git branch (?:-d|-D|--delete) (?P<a>{_NAME})", "delete branch {a}"),
    (rf"git (?:checkout|switch) (?P<a>{_NAME})", "switch to {a}"),
    (rf"git (?:checkout -b|switch -c|switch --create) (?P<a>{_NAME})", "switch to a new branch {a}"),
    (
        rf"git (?:checkout -b|switch -c|switch --create) (?P<a>{_NAME}) (?P<b>{_NAME})",
        "switch to a new branch {a} from {b}",
    ),
    (r"checkout (?P<a>main|master|develop|trunk|\w[\w-]*/[\w./-]+)", "switch to {a}"),
    (rf"checkout -b (?P<a>{_NAME})", "switch to a new branch {a}"),
    (r"git tag(?: -l| --list)?", "list tags"),
    (rf"git tag (?P<a>{_NAME})", "tag this {{a}}"),
    (rf"git tag (?P<a>{_NAME}) (?P<b>{_NAME})", "tag this {{a}} at {b}"),
    (rf"git tag -a (?P<a>{_NAME}) -m (?P<m>{_QUOTED})", "tag this {{a}} with message {m}"),
    (rf"git tag (?:-d|--delete) (?P<a>{_NAME})", "delete tag {a}"),
    (r"git remote(?: -v)?", "list remotes"),
    (rf"git remote add (?P<a>{_NAME}) (?P<b>\S+)", "add remote {a} {b}"),
    (r"git show(?: HEAD)?", "show the last commit"),
    (r"git show (?P<a>[0-9a-f]{6,40}|v?\d+(?:\.\d+)+)", "show commit {a}"),
    (r"git init(?: \.)?", "init a git repository"),
    (r"git init (?P<a>[\w./~][\w./~-]*)", "init a git repository in {a}"),
    (r"git clone (?P<a>[\w./~][^\s-]\S*)", "clone {a}"),
    (r"git clone (?P<a>[\w./~][^\s-]\S*) (?P<b>[\w./~][\w./~-]*)", "clone {a} into {b}"),
    (r"git add (?:\.|-A|--all)", "add everything to the next commit"),
    (r"(?:git add|stage) (?P<a>[\w./~][\w./~ -]*)", "add {a} to the next commit"),
    (rf"git commit -m ?(?P<m>{_QUOTED})", "commit what is staged with message {m}"),
    (r"git push", "push"),
    (rf"git push (?P<a>{_NAME})", "push to {a}"),
    (rf"git push (?P<a>{_NAME}) (?P<b>{_NAME})", "push the branch {b} to {a}"),
    (rf"git push (?:-u|--set-upstream) (?P<a>{_NAME}) (?P<b>{_NAME})", "push -u the branch {b} to {a}"),
    (r"(?:git push (?:-f|--force\S*)|force[- ]push)(?: .*)?", "push --force"),
    (r"git pull(?: --ff-only)?", "pull"),
    (rf"git pull (?P<a>{_NAME})", "pull from {a}"),
    (rf"git pull (?P<a>{_NAME}) (?P<b>{_NAME})", "pull {b} from {a}"),
    (r"git fetch", "fetch from origin"),
    (rf"git fetch (?P<a>{_NAME})", "fetch from {a}"),
    (r"git stash(?: push| save)?", "stash my changes"),
    (r"git stash (?:push |save )?(?:-u|--include-untracked)", "stash my changes with untracked files"),
    (rf"git stash (?:push -m|save) ?(?P<m>{_QUOTED})", "stash my changes with message {m}"),
    (r"git stash (?P<a>pop|list|apply|drop)", "{a} the stash"),
    (rf"git merge (?P<a>{_NAME})", "merge {a}"),
    (
        r"undo (?:my |the |all )*(?:changes|edits) (?:to|in|of|on) (?:the file |file )?(?P<a>[\w./~][\w./~-]*)",
        "discard my changes to {a}",
    ),
    (rf"git merge (?P<o>--no-ff|--ff-only) (?P<a>{_NAME})", "merge {a} {o}"),
    (r"git revert(?: --no-edit)? (?P<a>[0-9a-f]{6,40}|HEAD\S*)", "revert commit {a}"),
)
_COMPILED = tuple((re.compile(rf"\s*{pattern}\s*", re.DOTALL), request) for pattern, request in _LINES)


def in_words(line: str) -> str | None:
    """The request that says what a line of git says; None when there is none that says exactly that."""
    for pattern, request in _COMPILED:
        match = pattern.fullmatch(line)
        if match is not None:
            values = {key: value.strip() for key, value in match.groupdict().items() if value}
            said = request.replace("{{a}}", f'"{values.get("a", "")}"')
            return said.format(**values) if "{" in said else said
    return None
