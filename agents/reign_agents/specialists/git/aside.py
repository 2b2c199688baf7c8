"""What git does to changes that are not committed: put aside, taken up again, thrown away. As git's own commands."""

from __future__ import annotations

import re
import shlex

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Wish
from reign_agents.specialists.files.several import spared_in
from reign_agents.specialists.git.said import message_of, repo_of, words_of
from reign_agents.specialists.shell import command_step

_BACK = re.compile(r"\b(?:pop|apply|unstash|restore|bring\s+back|take\s+back|take\s+up|get\s+back)\b", re.IGNORECASE)
_LOOK = re.compile(r"\b(?:list|show|what|which|see)\b", re.IGNORECASE)
_NO_PATHS_WORDS = """
my the a an all any local uncommitted unstaged staged changes change edits modifications work everything of to in from
git it that this and please files file folder since last commit what i did made have has with discard drop restore
throw away revert reset checkout back unstage clean up now
"""
_NO_PATHS = frozenset(_NO_PATHS_WORDS.split())


def _command(words: list[str], repo: str | None, why: str, outline: Outline) -> None:
    line = shlex.join(["git", *(["-C", repo] if repo else []), *words])
    step = command_step("", line)
    outline.add(step.operation, step.fields, why)


def is_stash(wish: Wish) -> bool:
    return wish.verb == "stash" or bool(re.search(r"\bstash(?:es|ed)?\b", words_of(wish), re.IGNORECASE))


async def plan_stash(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.text)
    repo = repo_of(scan, outline)
    if spared_in(scan):
        return Question(
            "I put all changes aside, or none. Name the files to keep first: commit them.", ("stash my changes",)
        )
    text = scan.text
    if re.search(r"\bstash(?:es)?\b", text, re.IGNORECASE) and _LOOK.search(text) and not _BACK.search(text):
        _command(["stash", "list"], repo, "what was put aside", outline)
    elif re.search(r"\b(?:drop|delete|remove|throw\s+away)\b", text, re.IGNORECASE):
        _command(["stash", "drop"], repo, "throw away what was put aside last", outline)
    elif _BACK.search(text):
        keep = re.search(r"\bapply\b", text, re.IGNORECASE)
        _command(["stash", "apply" if keep else "pop"], repo, "take up again what was put aside last", outline)
    else:
        message = message_of(scan)
        untracked = re.search(r"\b(?:untracked|new\s+files|everything)\b|(?<!\S)-u\b", text, re.IGNORECASE)
        words = ["stash", "push", *(["-u"] if untracked else []), *(["-m", message] if message else [])]
        _command(words, repo, "put the changes aside", outline)
        if not untracked:
            outline.assume("new files that git does not know stay (say: with untracked files)")
    return None


def discards(wish: Wish) -> bool:
    """Whether uncommitted changes are to be thrown away; never to be taken for a removal of files."""
    text = words_of(wish)
    return bool(
        re.search(
            r"\b(?:changes|edits|modifications)\b.*\b(?:to|of|in|on|since)\b|"
            r"\b(?:my|local|uncommitted|unstaged|all|the)\s+(?:\w+\s+)?(?:changes|edits|modifications)\b|"
            r"\bfrom\s+(?:git|HEAD|the\s+last\s+commit)\b|\bunstage\b",
            text,
            re.IGNORECASE,
        )
    ) and not re.search(r"\b(?:pods?|deployments?|containers?|terraform|helm|release)\b", text, re.IGNORECASE)


async def plan_discard(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.text)
    repo = repo_of(scan, outline)
    staged = bool(re.search(r"\bunstage\b|\bstaged\b", scan.text, re.IGNORECASE))
    spared = spared_in(scan)
    paths = scan.words(_NO_PATHS)
    if spared and not paths:
        return Question("Which files' changes should be thrown away? Name them.", ("git status",))
    if not paths and not re.search(r"\b(?:all|every|everything|my|local|uncommitted)\b", scan.text, re.IGNORECASE):
        return Question("Which file's changes should be thrown away?", ("discard my changes to app.py",))
    words = ["restore", *(["--staged"] if staged else []), "--", *(paths or ["."])]
    what = ", ".join(paths) or "every file"
    _command(words, repo, f"{what} is taken out of the next commit" if staged else f"{what} as last committed", outline)
    if not staged:
        outline.assume("what is not committed is lost (to keep it: stash my changes)")
    return None
