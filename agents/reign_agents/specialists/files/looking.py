"""Reading, listing, finding and measuring files."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import VALUE
from reign_agents.planning.wish import Wish, names
from reign_agents.specialists.files.said import (
    DOCKER,
    NOISE,
    is_about_files,
    is_directory,
    paths_of,
    unread,
    which_file,
)

_EATS = re.compile(
    r"\b(?:eat(?:s|ing)(?: up)?|fill(?:s|ing)(?: up)?|hogg?(?:s|ing)|us(?:es|ing)(?: up)?|tak(?:es|ing)(?: up)?)"
    r"(?: all)?(?: (?:the|my|our))?"
    r" (?:disk\b(?! (?:on|of) (?!here|this)[^/.~])|/)"
)


def asks_size(wish: Wish) -> bool:
    said = wish.has(
        "disk usage", "how big", "how large", "how much space", "how much room", "how much disk", "size of", "space"
    ) or bool(_EATS.search(wish.lower))
    return said and not wish.has("docker") and not DOCKER & set(wish.kinds)


def asks_list(wish: Wish) -> bool:
    return (
        wish.has("files", "ls", "list", "directory", "folder", "directories", "folders")
        and not DOCKER & set(wish.kinds)
    ) and (is_about_files(wish) or wish.lower.strip() in ("ls", "dir", "ls -l", "ls -la", "ls -a"))


async def plan_show(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    exists = wish.has("exist", "exists", "is there", "stat", "when", "owner", "who owns", "permissions", "details")
    tail = scan.has(r"\b(?:the\s+)?(?:last|end)\s+(?:\d+\s+)?(?:lines?|of)?\b") or wish.verb == "follow"
    scan.take(r"\b(?:first|last)?\s*\d+\s+lines?\b")
    paths = paths_of(scan, wish)
    if not paths:
        return which_file("show")
    unclear = unread(paths, wish, context, outline)
    if unclear is not None:
        return unclear
    for path in paths:
        if exists:
            outline.add("file.stat", {"path": path}, f"see what {path} is")
        elif is_directory(path, context):
            outline.add("file.list", {"path": path}, f"look into {path}")
        else:
            outline.add("file.read", {"path": path, "tail": tail or None}, f"look into {path}")
    return None


async def plan_list(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    hidden = scan.has(r"(?<!\S)-\w*a\w*\b|\bhidden\b")
    scan.take(r"(?<!\S)-\w+")
    paths = names(scan, NOISE) or ["."]
    for path in paths:
        outline.add("file.list", {"path": path, "hidden": hidden or None}, f"list {path}")
    return None


_OPTION = re.compile(r"(?<!\S)-(?:delete|exec\w*|mtime|mmin|size|newer\w*|perm|user|empty|maxdepth|ok\w*|prune)(?!\S)")
"""Options of find that choose or do more than looking by a name."""


async def plan_find(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    option = _OPTION.search(scan.text)
    if option is not None:
        return Question(
            f"I find files by their names, without {option.group()}. As a command of your own (asked first):",
            (f"!{wish.text}",),
        )
    pattern = scan.first(r"(?P<value>[\w./~-]*[*?\[][\w./*?\[\]-]*)") or scan.first(
        rf"\b(?:named|called|name)\s+(?P<value>{VALUE})"
    )
    start = (
        scan.first(
            rf"\b(?:under|in|below|inside|within|from)\s+(?:the\s+)?(?:directory\s+|folder\s+)?(?P<value>{VALUE})"
        )
        or "."
    )
    start = "." if start in ("here", "this", "current") else start
    if pattern is not None and "/" in pattern:
        folder, pattern = pattern.rsplit("/", 1)
        plain = re.split(r"/?[^/]*[*?\[]", folder, maxsplit=1)[0]
        start = str(PurePosixPath(start, plain or ("/" if folder.startswith("/") or not folder else ".")))
    pattern = pattern or next(iter(scan.quoted()), None) or next((w for w in names(scan, NOISE) if "." in w), None)
    if pattern is None:
        return Question("What should the files be called?", ("find files named *.log under /var/log",))
    outline.add("file.find", {"path": start, "name_glob": pattern}, f"find {pattern} under {start}")
    return None


async def plan_usage(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    paths = paths_of(wish.scan(), wish) or ["."]
    unclear = unread(paths, wish, context, outline)
    if unclear is not None:
        return unclear
    for path in paths:
        outline.add("file.disk_usage", {"path": path}, f"how much room {path} takes")
    return None
