"""Looking at a repository: status, commits, differences, branches, tags, remotes."""

from __future__ import annotations

import re

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Wish
from reign_agents.specialists.git.said import (
    ELSEWHERE,
    REF,
    VERSION,
    repo_of,
    words_of,
)

_CHANGED_SINCE = re.compile(
    rf"\b(?:what(?:'s|\s+has|\s+is)?|which\s+\w+|show\s+\w+)\s+(?:\w+\s+)?(?:changed?|happened|(?:is\s+|'s\s+)?(?:new|different))"
    rf"\s+(?:\w+\s+)?(?:since|after|from)\s+(?:tag\s+|version\s+|commit\s+|branch\s+)?(?P<value>{REF})",
    re.IGNORECASE,
)
_STATUS = re.compile(
    r"\bgit\s+status\b|\bstatus\s+of\s+(?:the\s+|this\s+|my\s+)?(?:git|repo|repository|working)|\brepo(?:sitory)?\s+status\b"
    r"|\b(?:un|not\s+|isn't\s+|is\s+not\s+|not\s+yet\s+)commit(?:t?ed)\b|\bwhich\s+branch\b|\bwhat\s+branch\b"
    r"|\bcurrent\s+branch\b|\bcheck\s+(?:the\s+)?git\b",
    re.IGNORECASE,
)
_LOG = re.compile(
    r"\bcommits\b|\bgit\s+log\b|\b(?:git|commit)\s+history\b|\blog\s+of\s+(?:the\s+)?(?:repo|branch)", re.IGNORECASE
)
_DIFF = re.compile(r"\b(?:git\s+)?diff\b|\bdifferences?\s+(?:between|to|from)\b|\bstaged\s+changes\b", re.IGNORECASE)
_COMMIT = re.compile(rf"\b(?:commit|git\s+show)\s+(?P<value>[0-9a-f]{{6,40}}|HEAD\S*|{VERSION})", re.IGNORECASE)
_LAST_COMMIT = re.compile(r"\b(?:last|latest|newest|most\s+recent)\s+commit\b(?!s)", re.IGNORECASE)


def looks(wish: Wish) -> bool:
    text = words_of(wish)
    if ELSEWHERE.search(text):
        return False
    patterns = (_STATUS, _LOG, _COMMIT, _LAST_COMMIT)
    listed = re.search(r"\b(?:branch(?:es)?|remotes)\b|\btags\b|\bgit\s+tag", text, re.IGNORECASE)
    if any(pattern.search(text) for pattern in patterns) or listed:
        return True
    since = _CHANGED_SINCE.search(text)
    if since is not None:
        return re.search(r"\d|HEAD|main|master|/", since["value"]) is not None and "file" not in wish.kinds
    return bool(_DIFF.search(text)) and not re.search(r"\bfiles?\b", text)


async def plan_look(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.text)
    repo = repo_of(scan, outline)
    text = scan.text
    since = _CHANGED_SINCE.search(text)
    if since is not None:
        value = scan.restored(since["value"])
        log: dict[str, JsonValue] = {"repo": repo, "revision": f"{value}..HEAD", "limit": 50}
        outline.add("git.log", log, f"list the commits since {value}")
        outline.add("git.diff", {"repo": repo, "since": value, "to": "HEAD"}, f"show what changed since {value}")
        return None
    commit = _COMMIT.search(text)
    if commit is not None:
        outline.add("git.show", {"repo": repo, "revision": commit["value"]}, f"show commit {commit['value']}")
        return None
    if _LAST_COMMIT.search(text) and not re.search(r"\b\d+\b", text):
        outline.add("git.show", {"repo": repo}, "show the last commit")
        return None
    if _STATUS.search(text):
        outline.add("git.status", {"repo": repo}, "see the branch and what is not committed")
    elif _LOG.search(text):
        _log(scan, repo, outline)
    elif re.search(r"\bbranch(?:es)?\b", text, re.IGNORECASE):
        remote = True if re.search(r"\b(?:remote|all)\b", text, re.IGNORECASE) else None
        outline.add("git.branches", {"repo": repo, "remote": remote}, "list the branches")
    elif re.search(r"\btags?\b", text, re.IGNORECASE):
        outline.add("git.tags", {"repo": repo}, "list the tags")
    elif re.search(r"\bremotes\b", text, re.IGNORECASE):
        outline.add("git.remotes", {"repo": repo}, "list the remotes")
    else:
        _diff(scan, repo, outline)
    return None


def _log(scan: Scan, repo: str | None, outline: Outline) -> None:
    count = scan.first(r"\b(?:last|latest|recent|newest|first|-n|-)\s*(?P<value>\d{1,3})\b") or scan.first(
        r"\b(?P<value>\d{1,3})\s+(?:last\s+|latest\s+|newest\s+|recent\s+)?commits\b"
    )
    of = scan.first(rf"\b(?:of|on|in)\s+(?:the\s+)?(?:branch\s+)?(?P<value>{REF})(?:\s+branch)?\s*[?.]*$")
    of = None if of in ("git", "repo", "repository", "the", "this", "here") else of
    fields: dict[str, JsonValue] = {"repo": repo, "limit": int(count) if count else None, "revision": of}
    outline.add("git.log", fields, "list the last commits")


def _diff(scan: Scan, repo: str | None, outline: Outline) -> None:
    between = scan.take(rf"\bbetween\s+(?P<a>{REF})\s+and\s+(?P<b>{REF})")
    if between:
        fields: dict[str, JsonValue] = {"repo": repo, "since": between[0]["a"], "to": between[0]["b"]}
        outline.add("git.diff", fields, f"compare {between[0]['a']} and {between[0]['b']}")
        return
    since = scan.first(rf"\b(?:to|from|since|with|against)\s+(?:the\s+)?(?:branch\s+|tag\s+)?(?P<value>{REF})")
    staged = True if re.search(r"\bstaged\b|--cached", scan.text, re.IGNORECASE) else None
    outline.add("git.diff", {"repo": repo, "since": since, "staged": staged}, "show what is different")
