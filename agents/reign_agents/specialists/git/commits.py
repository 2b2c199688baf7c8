"""Staging, committing, reverting."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Wish
from reign_agents.specialists.files.several import names_of, spared_in
from reign_agents.specialists.git.said import (
    AND_PUSH,
    REF,
    THE,
    message_of,
    pushed,
    repo_of,
)
from reign_executors.errors import OperationError

_EVERYTHING = re.compile(
    r"\b(?:everything|all(?:\s+(?:of\s+it|(?:the\s+|my\s+)?(?:changes|files)))?|(?:the\s+|my\s+)?changes|it|that|this)\b",
    re.IGNORECASE,
)
_NO_PATHS_WORDS = """
commit git and the a an my all of it that this everything changes change files file folder directory only just
with in to message -m -a -am --all please now as staged what is repo repository current to for here stage add
"""
_NO_PATHS = frozenset(_NO_PATHS_WORDS.split())


_THAT = re.compile(r"^\W*(?:and\s+)?(?:it|that|this|them|these|those|the\s+(?:copy|file|result))\b", re.IGNORECASE)
_MADE_IN = ("destination", "path")


def _made_before(text: str, outline: Outline) -> list[str]:
    """What "commit that" means: the files that the steps before write, and nothing else that changed."""
    if _THAT.match(text) is None:
        return []
    found: list[str] = []
    for step in outline.before:
        if step.operation not in ("file.write", "file.append", "file.copy", "file.move", "file.remove"):
            continue
        path = next((str(step.fields[key]) for key in _MADE_IN if key in step.fields), "")
        found += [step.fields["source"]] if step.operation == "file.move" else []  # type: ignore[list-item]
        found.append(path)
    return [path for path in dict.fromkeys(found) if path]


async def _but_for(spared: list[str], said: Scan, repo: str | None, context: PlanningContext) -> Question:
    """A commit takes named files or all of them: the question which, with those that are left.

    Nothing is offered where a word about those to be spared fits none of what changed.
    """
    changed: list[str] = []
    try:
        status = await context.look("git.status", {} if repo is None else {"repo": repo})
    except (OperationError, KeyError):
        status = {}
    for key in ("staged", "changed", "untracked"):
        there = status.get(key)
        changed += [str(one) for one in there] if isinstance(there, list) else []
    changed = [one for one in dict.fromkeys(changed) if "untracked" not in one]
    named = names_of(spared)
    meant = [] if _EVERYTHING.search(said.text) else said.words(_NO_PATHS)
    left = [
        one
        for one in changed
        if not any(_is_of(one, word) for word in named) and (not meant or any(_is_of(one, word) for word in meant))
    ]
    fits = all(any(_is_of(one, word) for one in [*changed, *meant]) for word in named)
    known = named and all(any(_is_of(one, word) for one in changed) for word in meant) and (fits or bool(meant))
    offered: tuple[str, ...] = ()
    if known and 0 < len(left) <= 8:
        offered = (f'commit {" ".join(_quoted(one) for one in left)} with message "…"',)
    without = f", without {', '.join(named)}" if named else ""
    return Question(f"I commit files by their names, or all that changed. Which ones{without}?", offered)


def _is_of(path: str, word: str) -> bool:
    """Whether the path is that file, one by that name or pattern, or in that folder."""
    word = word.removeprefix("./")
    folder = word.rstrip("/")
    if path.rstrip("/") == folder or path.startswith(f"{folder}/") or f"/{folder}/" in path:
        return True
    name = PurePosixPath(path).name
    return not word.endswith("/") and "/" not in word and (name == word or fnmatchcase(name, word))


def _quoted(path: str) -> str:
    return f'"{path}"' if re.search(r"[\s,;]", path) else path


async def plan_commit(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.rest)
    push = pushed(scan)
    repo = repo_of(scan, outline)
    message = message_of(scan)
    push = pushed(scan) or push
    spared = spared_in(scan)
    if spared:
        return await _but_for(spared, scan, repo, context)
    staged = bool(re.search(r"\bstaged\b", scan.text, re.IGNORECASE))
    everything = bool(_EVERYTHING.search(scan.text))
    made = _made_before(scan.text, outline)
    paths = made or ([] if everything or staged else scan.words(_NO_PATHS))
    if message is None:
        quoted = Scan(wish.text).quoted()
        if len(quoted) == 1 and paths in ([], quoted):
            message, paths = quoted[0], []
    if message is None:
        head, end = "{request}", ""
        if push:
            head, end = AND_PUSH.sub("", wish.text).replace("{", "{{").replace("}", "}}"), " and push"
        return Question(
            "What should the commit's message be?",
            (f'{AND_PUSH.sub("", wish.text).rstrip(" .")} with message "…"{end}',),
            completes=f"{head} with message {{quoted}}{end}",
        )
    taken = not paths and not staged
    fields: dict[str, JsonValue] = {
        "repo": repo,
        "message": message,
        "paths": [*paths],
        "all": True if taken else None,
    }
    what = "everything" if taken else "what is staged" if staged else ", ".join(paths)
    if taken and not everything:
        outline.assume("no files were named: everything that changed is committed")
    done = outline.add("git.commit", fields, f"commit {what}")
    if push:
        outline.add("git.push", {"repo": repo}, "send the branch to origin", after=[done])
    return None


async def plan_stage(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.rest)
    repo = repo_of(scan, outline)
    spared = spared_in(scan)
    everything = bool(_EVERYTHING.search(scan.text))
    if spared and everything:
        return await _but_for(spared, scan, repo, context)
    scan.take(r"\bto\s+(?:the\s+)?(?:index|git|staging(?:\s+area)?|next\s+commit|commit)\b")
    paths = [] if everything else scan.words(_NO_PATHS)
    if not paths and not everything:
        return Question(
            "Which files should be staged?", ("stage everything", "stage app.py"), completes="stage {reply}"
        )
    fields: dict[str, JsonValue] = {"repo": repo, "paths": [*paths], "all": True if everything else None}
    outline.add("git.add", fields, f"stage {'everything' if everything else ', '.join(paths)}")
    return None


async def plan_revert(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.rest)
    push = pushed(scan)
    repo = repo_of(scan, outline)
    count = scan.first(r"\b(?:last|latest|newest)\s+(?P<value>\d{1,2}|two|three|four|five)\s+commits\b")
    if count is not None:
        number = {"two": 2, "three": 3, "four": 4, "five": 5}.get(count.lower()) or int(count)
        commit = f"HEAD~{number}..HEAD" if number > 1 else "HEAD"
    elif re.search(r"\b(?:last|latest|newest|most\s+recent|previous|my)\s+commit\b", scan.text, re.IGNORECASE):
        commit = "HEAD"
    else:
        named = scan.first(rf"^\s*(?:{THE}(?:commits?|merge|range)\s+)?(?P<value>{REF}(?:\.\.{REF})?)")
        if named is None or named.lower() in ("commit", "it", "that", "a", "the"):
            return Question(
                "Which commit should be reverted?",
                ("revert the last commit", "revert commit 1a2b3c4"),
                completes="revert commit {reply}",
            )
        commit = named
    done = outline.add("git.revert", {"repo": repo, "commit": commit}, f"undo {commit} by a new commit")
    if push:
        outline.add("git.push", {"repo": repo}, "send the branch to origin", after=[done])
    return None
