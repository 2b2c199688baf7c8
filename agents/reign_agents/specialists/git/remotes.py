"""What goes to and comes from other repositories, and new ones."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import MASK, Scan
from reign_agents.planning.wish import Wish
from reign_agents.planning.words import SMALL
from reign_agents.specialists.files.said import not_awaited, take_conditions
from reign_agents.specialists.git.said import (
    ELSEWHERE,
    GIT,
    REF,
    URL,
    repo_of,
    words_of,
)
from reign_executors.errors import OperationError

_TRUNK = r"(?:main|master|develop|trunk|staging|production)(?![\w/-])"
"""Branches that people push "to"; no remote is called so."""
_REMOTE_NAMES = r"(?:origin|upstream|backup|fork)"


def is_push(wish: Wish) -> bool:
    text = re.sub(r"^\W*(?:please\s+|now\s+|then\s+|and\s+)*git\s+", "", words_of(wish), flags=re.IGNORECASE)
    if (
        ELSEWHERE.search(text)
        or re.search(r"\w:\w", text)
        or (wish.it is not None and wish.it.kind in ("image", "container"))
    ):
        return False
    rest = re.sub(r"^\W*(?:please\s+|now\s+|then\s+|and\s+|also\s+)*push\b", "", text, flags=re.IGNORECASE).strip(
        " .!,"
    )
    if rest.startswith("--force") or rest == "-f":
        return True
    if not rest or re.fullmatch(
        r"(?:it|that|them|everything|all|now|please|(?:the\s+|my\s+)?(?:changes|code|work|tags?))", rest, re.IGNORECASE
    ):
        return True
    if re.fullmatch(
        r"(?:(?:it|this|that|everything|my\s+(?:work|changes))\s+)?to\s+(?:dev|develop|next|qa|test|stage|staging)",
        rest,
    ):
        return wish.it is None or wish.it.kind in ("commit", "branch", "tag")
    found = GIT.search(rest) or re.search(
        rf"\b(?:main|master|develop|trunk|{_REMOTE_NAMES}|tags?)\b", rest, re.IGNORECASE
    )
    return bool(found) or bool(re.match(r"(?:feature|hotfix|bugfix|release|fix)/", rest))


async def _remote_or_branch(name: str, repo: str | None, context: PlanningContext) -> str | None:
    """``remote`` or ``branch``: what the repository has by that name; None where it has neither or can't be asked."""
    fields: Mapping[str, JsonValue] = {} if repo is None else {"repo": repo}
    for operation, key, kind in (("git.remotes", "remotes", "remote"), ("git.branches", "branches", "branch")):
        try:
            rows = (await context.look(operation, fields)).get(key)
        except (OperationError, KeyError):
            return None
        if isinstance(rows, list) and any(isinstance(row, dict) and row.get("name") == name for row in rows):
            return kind
    return None


async def plan_push(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.rest)
    repo = repo_of(scan, outline)
    if scan.has(r"\bforce(?:d|fully)?\b|(?<!\S)(?:-f|--force\S*)(?!\S)"):
        return Question(
            "A push is never forced by a plan: what others pushed would be lost. Pull first, or take it as a command:",
            ("pull", "!git push --force-with-lease"),
        )
    upstream = (
        True
        if scan.has(r"(?<!\S)-u(?!\S)|--set-upstream|\b(?:and\s+)?(?:set|track)(?:ting|ing)?\s+(?:the\s+)?upstream\b")
        else None
    )
    remote = scan.first(rf"\b(?:to|on|at)\s+(?:the\s+)?(?:remote\s+)?(?P<value>(?!{_TRUNK}){REF})") or scan.first(
        rf"^\s*(?P<value>{_REMOTE_NAMES})\b"
    )
    if remote is not None and remote.lower() in ("remote", "the", "server", "git"):
        remote = None
    tags = [found["tag"] for found in scan.take(rf"\btags?\s+(?P<tag>{REF})")]
    made = [str(step.fields["tag"]) for step in outline.before if step.operation == "git.tag"]
    if not tags and scan.has(
        r"\btags?\b|\bit\b" if wish.it is not None and wish.it.kind == "tag" else r"\b(?:the\s+|its\s+|all\s+)?tags?\b"
    ):
        if not made:
            return Question("Which tag should be pushed?", ("push tag v1.0.0",), completes="push tag {reply}")
        tags = made
    scan.take(
        r"(?<![\w./-])(?:the|my|our|this|that|it|them|branch|current|changes|commits?|code|work|everything|all|git|now|please|and|with|its|remote|to|on|at)\b(?![/.-])"
    )
    names = scan.words()
    if remote is not None and not names and await _remote_or_branch(remote, repo, context) == "branch":
        names, remote = [remote], None
    if len(names) > 1:
        return Question("Which branch should be pushed?", ("push main to origin",), completes="push {reply}")
    fields: dict[str, JsonValue] = {
        "repo": repo,
        "remote": None if remote == "origin" else remote,
        "branch": names[0] if names else None,
        "tags": [*tags],
        "set_upstream": upstream,
    }
    what = ", ".join(["tag " + tag for tag in tags] + names) or "the branch"
    outline.add("git.push", fields, f"send {what} to {remote or 'origin'}")
    return None


def is_pull(wish: Wish) -> bool:
    text = words_of(wish)
    if ELSEWHERE.search(text) or re.search(r"\w:\w", text) or URL.search(text):
        return False
    rest = re.sub(r"^\W*(?:please\s+|now\s+|then\s+|git\s+)*(?:pull|fetch)\b", "", text, flags=re.IGNORECASE).strip(
        " .!,"
    )
    if re.match(r"--(?:rebase|ff-only|all|tags|prune|no-rebase)\b", rest):
        return True
    rest = re.sub(
        r"^(?:the\s+)?(?:latest|newest|new)\s+(?=(?:main|master|develop|trunk)\b)", "", rest, flags=re.IGNORECASE
    )
    plain = re.fullmatch(
        r"(?:now|please|(?:the\s+)?(?:latest|newest|new)?\s*(?:changes|code|commits|version)?(?:\s+(?:in|down))?)?",
        rest,
        re.IGNORECASE,
    )
    return (
        bool(plain)
        or bool(GIT.search(text))
        or bool(re.match(r"(?:from\s+)?(?:main|master|develop|origin|upstream)\b", rest))
    )


async def plan_pull(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.rest)
    repo = repo_of(scan, outline)
    remote = scan.first(rf"\b(?:from|of)\s+(?:the\s+)?(?:remote\s+)?(?P<value>{REF})") or scan.first(
        rf"^\s*(?P<value>{_REMOTE_NAMES})\b"
    )
    option = re.search(r"(?<!\S)--?[a-z][\w-]*|\brebas(?:e|ing)\b", scan.text, re.IGNORECASE)
    if option is not None and option.group() != "--ff-only":
        own = "git fetch" if re.search(r"\bfetch\b", words_of(wish), re.IGNORECASE) else "git pull --rebase"
        line = f"{own} {option.group()}" if own == "git fetch" else own
        return Question(
            f"I pull by fast-forward only, without {option.group()}. As a command of your own:", (f"!{line}", "pull")
        )
    scan.take(r"(?<!\S)--ff-only\b")
    if re.search(r"\bfetch\b", words_of(wish), re.IGNORECASE):
        remote = remote or scan.first(rf"(?P<value>{_REMOTE_NAMES})")
        outline.add(
            "git.fetch",
            {"repo": repo, "remote": None if remote == "origin" else remote},
            f"fetch from {remote or 'origin'}",
        )
        return None
    scan.take(
        r"(?<![\w./-])(?:the|my|latest|newest|new|changes|code|commits|version|branch|current|git|now|please|in|down|remote|and|from)\b(?![/.-])"
    )
    names = scan.words()
    fields: dict[str, JsonValue] = {
        "repo": repo,
        "remote": None if remote == "origin" else remote,
        "branch": names[0] if len(names) == 1 else None,
    }
    outline.add("git.pull", fields, f"bring the branch up to {remote or 'origin'}")
    return None


def is_clone(wish: Wish) -> bool:
    return wish.verb == "clone" and not re.search(r"\b(?:container|volume|image)\b", words_of(wish), re.IGNORECASE)


async def plan_clone(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.rest)
    url = scan.first(rf"(?P<value>{URL.pattern})")
    other = take_conditions(scan)
    if other is not None:
        return not_awaited(other)
    branch = scan.first(rf"\b(?:branch|tag|version)\s+(?P<value>{REF})") or scan.first(rf"(?<!\S)-b\s+(?P<value>{REF})")
    depth = scan.first(r"\b(?:depth|last)\s+(?P<value>\d{1,6})(?:\s+commits)?")
    if depth is None and scan.has(
        r"\b(?:the\s+)?(?:last|latest|newest)\s+commit\b|\bshallow(?:ly)?\b|\bno\s+history\b"
    ):
        depth = "1"
    into = scan.first(
        rf"\b(?:into|in\s+to|in|to|as)\s+(?:the\s+)?(?:folder\s+|directory\s+)?(?P<value>{MASK}|[\w./~-]+)"
    )
    scan.take(r"(?<![\w./-])(?:the|git|repo|repository|from|of|at|its|only|please|a|with)\b(?![/:.@-])")
    names = [*([url] if url else []), *scan.words(SMALL)]
    unclear = [name for name in names if url and name != url and not re.search(r"[/.~]", name)]
    if len(unclear) > 1:
        words = " ".join(unclear)
        return Question(f"I do not understand “{words}” in this.", (f"clone {url}",), unread=words)
    if not names:
        return Question(
            "Which repository should be cloned?",
            ("clone https://host/team/app.git into ./app",),
            completes="clone {reply}",
        )
    fields: dict[str, JsonValue] = {
        "url": names[0],
        "into": into or (names[1] if len(names) > 1 else None),
        "branch": branch,
        "depth": int(depth) if depth else None,
    }
    outline.add("git.clone", fields, "clone the repository")
    return None


def is_init(wish: Wish) -> bool:
    text = words_of(wish)
    if ELSEWHERE.search(text):
        return False
    return bool(re.search(r"\bgit\b|\brepo(?:sitory)?\b", text, re.IGNORECASE)) and "branch" not in text.lower().split()


async def plan_init(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.rest)
    bare = True if scan.has(r"\bbare\b|--bare") else None
    place = scan.first(
        rf"\b(?:in|inside|at|into|under)\s+(?:the\s+)?(?:folder\s+|directory\s+)?(?P<value>{MASK}|[\w./~-]+)"
    ) or scan.first(rf"\b(?:called|named)\s+(?P<value>{MASK}|[\w./~-]+)")
    scan.take(
        r"(?<![\w./-])(?:a|an|the|new|empty|git|repo|repository|here|init|this|folder|directory|please|as|make|it)\b(?![/.-])"
    )
    names = scan.words()
    place = place or (names[0] if len(names) == 1 else None)
    place = None if place in ("this", "here", "the") else place
    outline.add("git.init", {"repo": place, "bare": bare}, "make a git repository")
    return None


def is_remote(wish: Wish) -> bool:
    return bool(re.search(r"\bremote\b", words_of(wish), re.IGNORECASE)) and not ELSEWHERE.search(
        words_of(wish).replace(".git", "")
    )


async def plan_add_remote(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = Scan(wish.rest)
    url = scan.first(rf"(?P<value>{URL.pattern})") or scan.first(r"(?P<value>(?:\.{1,2}|~)?/[\w./~-]+)")
    scan.take(
        r"(?<![\w./-])(?:the|a|an|git|remote|called|named|with|for|as|to|at|pointing|url|address|new|please)\b(?![/.-])"
    )
    repo = repo_of(scan, outline)
    names = scan.words()
    if url is None or len(names) > 1:
        return Question("Which address should the remote have?", ("add remote origin https://host/team/app.git",))
    outline.add(
        "git.add_remote", {"repo": repo, "remote": names[0] if names else None, "url": url}, "name the other repository"
    )
    return None
