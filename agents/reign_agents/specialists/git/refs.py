"""Branches and tags: made, checked out, deleted, merged."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Wish
from reign_agents.specialists.git.said import (
    ELSEWHERE,
    GIT,
    REF,
    VERSION,
    message_of,
    pushed,
    repo_of,
    words_of,
)
from reign_executors.errors import OperationError


def makes_branch(wish: Wish) -> bool:
    return bool(re.search(r"\bbranch(?:es)?\b", words_of(wish), re.IGNORECASE)) and not ELSEWHERE.search(words_of(wish))


async def plan_branch(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.rest)
    repo = repo_of(scan, outline)
    go = scan.has(
        r"[,;]?\s*\b(?:and\s+)?(?:then\s+)?(?:switch(?:\s+over)?|check\s*out|go|move|change)(?:\s+(?:on)?to)?(?:\s+(?:it|that|there))?\s*[.!]*\s*$"
    ) or scan.has(r"^\s*and\s+(?:switch\s+to|check\s*out)\b")
    at = scan.first(
        rf"\b(?:from|off(?:\s+of)?|at|based\s+on|starting\s+(?:at|from))\s+(?:the\s+)?(?:tag\s+|branch\s+|commit\s+)?(?P<value>{REF})"
    )
    name = scan.first(rf"\bbranch(?:es)?\s+(?:named\s+|called\s+|for\s+)?(?P<value>{REF})") or scan.first(
        rf"(?P<value>{REF})\s+branch\b"
    )
    if name is None or name.lower() in ("a", "the", "new", "from", "and"):
        return Question(
            "What should the branch be called?", ("create branch feature/x",), completes="create branch {reply}"
        )
    if go:
        fields: dict[str, JsonValue] = {"repo": repo, "branch": name, "create": True, "at": at}
        outline.add("git.switch", fields, f"make the branch {name} and switch to it")
    else:
        outline.add("git.branch", {"repo": repo, "branch": name, "at": at}, f"make the branch {name}")
    return None


async def plan_switch(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.rest)
    repo = repo_of(scan, outline)
    new = scan.has(r"(?<!\S)-[bc](?!\S)|\bnew\b")
    at = scan.first(rf"\b(?:from|based\s+on|off)\s+(?:the\s+)?(?:tag\s+|branch\s+)?(?P<value>{REF})") if new else None
    scan.take(r"(?<![\w./-])(?:over|back|git|to|onto|the|a|branch|called|named|please|now)\b(?![/-])")
    names = scan.words({"it", "that"} if wish.it is not None else ())
    if not names and wish.it is not None:
        names = [wish.it.name]
    if len(names) != 1:
        return Question("Which branch should be checked out?", ("switch to main",), completes="switch to {reply}")
    fields: dict[str, JsonValue] = {"repo": repo, "branch": names[0], "create": True if new else None, "at": at}
    outline.add("git.switch", fields, f"switch to {names[0]}")
    return None


def is_switch(wish: Wish) -> bool:
    text = words_of(wish)
    return not re.search(
        r"\b(?:context|namespace|workspace|theme|model)\b", text, re.IGNORECASE
    ) and not ELSEWHERE.search(text)


_LAST = r"the\s+(?:current|last|latest)\s+(?:commit|version|state)"
_HEAD_WORDS = rf"(?:this(?:\s+(?:commit|version|state|release))?|it|that|head|{_LAST})"


def is_tag(wish: Wish) -> bool:
    text = words_of(wish)
    if ELSEWHERE.search(text) or "image" in wish.kinds:
        return False
    if wish.verb in ("create", "append"):
        return (
            bool(re.search(r"\b(?:git\s+)?tag\s+[\w\ue000-\uefff]", text, re.IGNORECASE)) and "file" not in wish.kinds
        )
    if wish.it is not None and wish.it.kind == "image":
        return False
    bare = re.search(
        rf"^\W*(?:please\s+)?tag\s+(?:{_HEAD_WORDS}\s+)?(?:as\s+|with\s+)?(?:version\s+|release\s+)?{VERSION}",
        text,
        re.IGNORECASE,
    )
    commit = re.search(
        rf"^\W*(?:please\s+)?tag\s+(?:commit\s+)?(?:{_HEAD_WORDS}|[0-9a-f]{{7,40}}|main|master)\s", text, re.IGNORECASE
    )
    return bool(bare or commit or GIT.search(text))


async def plan_tag(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(
        wish.rest if wish.verb == "tag" else re.sub(r"^.*?\btag\b", "", wish.rest, count=1, flags=re.IGNORECASE)
    )
    push = pushed(scan)
    repo = repo_of(scan, outline)
    message = message_of(scan)
    push = pushed(scan) or push
    at = scan.first(rf"\b(?:at|on|from|for)\s+(?:the\s+)?(?:commit\s+|branch\s+)?(?P<value>{REF})") or scan.first(
        r"^\s*(?:the\s+)?(?:commit\s+)?(?P<value>[0-9a-f]{7,40}|main|master)(?=\s)"
    )
    at = None if at is not None and at.lower() in ("head", "this", "the", "it") else at
    scan.take(
        rf"^\s*(?:the\s+)?{_HEAD_WORDS}(?![\w.])|(?<![\w./-])(?:as|with|called|named|version|release|annotated|git|tag|commit|the|a)\b(?![.-])"
    )
    names = scan.words()
    if len(names) != 1:
        return Question("What should the tag be called?", ("tag this v1.0.0",), completes="tag this {reply}")
    (name,) = names
    done = outline.add(
        "git.tag", {"repo": repo, "tag": name, "message": message, "at": at}, f"tag {at or 'the last commit'} {name}"
    )
    if push:
        if any(step.operation == "git.commit" for step in outline.before):
            done = outline.add("git.push", {"repo": repo}, "send the branch to origin", after=[done])
        outline.add("git.push", {"repo": repo, "tags": [name]}, f"send the tag {name} to origin", after=[done])
    return None


def drops(wish: Wish) -> bool:
    text = words_of(wish)
    named = re.search(r"(?<![\w./-])(?:branch(?:es)?|(?:git\s+)?tags?)(?![\w./-])", text, re.IGNORECASE)
    return named is not None and "file" not in wish.kinds and not ELSEWHERE.search(text)


async def _which(kind: str, repo: str | None, context: PlanningContext) -> Question:
    """The question which ones should go, where several are meant by what they have in common."""
    listing, key = ("git.branches", "branches") if kind == "branch" else ("git.tags", "tags")
    try:
        rows = (await context.look(listing, {} if repo is None else {"repo": repo})).get(key)
    except OperationError:
        rows = []
    found = [
        str(row["name"])
        for row in (rows if isinstance(rows, list) else [])
        if isinstance(row, dict) and not row.get("current")
    ]
    there = f" There are: {', '.join(found[:12])}." if found else ""
    plural = "branches" if kind == "branch" else "tags"
    return Question(
        f"I delete {plural} by their names. Which ones?{there}", tuple(f"delete {kind} {one}" for one in found[:4])
    )


async def plan_drop(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.rest)
    repo = repo_of(scan, outline)
    kind = "branch" if re.search(r"\bbranch(?:es)?\b", scan.text, re.IGNORECASE) else "tag"
    if re.search(r"\bremote\b|\b(?:on|from|at)\s+(?:origin|upstream)\b|\borigin/", scan.text, re.IGNORECASE):
        names = re.findall(
            rf"(?:origin/)?({REF})",
            re.sub(r"\b(?:the|remote|branch|tag|on|from|at|origin|upstream)\b", " ", scan.text),
        )
        line = f"!git push origin --delete {scan.restored(names[0])}" if names else "!git push origin --delete NAME"
        return Question(
            f"Deleting a {kind} on a remote is not done by a plan: others work with it. As a command:", (line,)
        )
    scan.take(
        r"(?<![\w./-])(?:the|local|git|branch(?:es)?|tags?|called|named|and|old(?=\s+branch)|please|my|force(?:fully)?)\b(?![/.-])"
    )
    several = re.search(
        r"\b(?:all|every|each|merged|unmerged|stale|gone|unused|older|except\w*|but|other|others|besides|without)\b|\*",
        scan.text,
        re.IGNORECASE,
    )
    if several is not None:
        return await _which(kind, repo, context)
    names = scan.words()
    if not names:
        return Question(
            f"Which {kind} should be deleted?", (f"delete {kind} old",), completes=f"delete {kind} {{reply}}"
        )
    for name in names:
        outline.add(f"git.delete_{kind}", {"repo": repo, kind: name}, f"delete the {kind} {name}")
    return None


async def _current(repo: str | None, context: PlanningContext) -> str | None:
    """The branch that is checked out; None when it can't be told now."""
    fields: Mapping[str, JsonValue] = {} if repo is None else {"repo": repo}
    try:
        found = (await context.look("git.branches", fields)).get("current")
    except (OperationError, KeyError):
        return None
    return found if isinstance(found, str) else None


async def plan_merge(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.rest)
    push = pushed(scan)
    repo = repo_of(scan, outline)
    message = message_of(scan)
    forward = scan.has(r"\b(?:fast[- ]forward(?:\s+only)?|ff[- ]only)\b|--ff-only")
    never = scan.has(r"--no-ff|\b(?:with\s+(?:a\s+)?merge\s+commit|no\s+fast[- ]forward)\b")
    into = scan.first(rf"\b(?:into|in\s+to|onto|to)\s+(?:the\s+)?(?:branch\s+)?(?P<value>{REF})(?:\s+branch)?")
    scan.take(r"(?<![\w./-])(?:the|branch|git|in|here|from|with|by|only|current|please|it)\b(?![/-])")
    names = scan.words({"it", "that"} if wish.it is not None else ())
    if not names and wish.it is not None:
        names = [wish.it.name]
    if len(names) != 1:
        return Question("Which branch should be merged?", ("merge feature/x into main",), completes="merge {reply}")
    after = []
    if (
        into is not None
        and into.lower() not in ("this", "it", "current", "the", "here")
        and into != await _current(repo, context)
    ):
        after = [outline.add("git.switch", {"repo": repo, "branch": into}, f"switch to {into}")]
    ff = "only" if forward else "never" if never else None
    fields: dict[str, JsonValue] = {"repo": repo, "branch": names[0], "ff": ff, "message": message}
    done = outline.add("git.merge", fields, f"merge {names[0]}" + (f" into {into}" if into else ""), after=after)
    if push:
        outline.add("git.push", {"repo": repo}, "send the branch to origin", after=[done])
    return None
