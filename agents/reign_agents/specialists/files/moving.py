"""Copying, moving, linking and removing files, and their modes."""

from __future__ import annotations

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import VALUE
from reign_agents.planning.wish import Wish, names
from reign_agents.specialists.files.said import (
    DIRECTORY,
    NOISE,
    folder_said,
    is_directory,
    is_name,
    joined,
    paths_of,
    which_file,
)

_LINKING_WORDS = "link links symlink symlinks file folder directory the a an from named called as please"
_LINKING = frozenset(_LINKING_WORDS.split())


def _from_to(wish: Wish) -> tuple[list[str], str | None]:
    scan = wish.scan()
    target = scan.first(
        r"\b(?:to|into|as|over|onto|called|named)\s+(?:the\s+)?(?:file\s+|folder\s+|"
        rf"directory\s+)?(?:called\s+|named\s+)?(?P<value>{VALUE})"
    )
    scan.take(r"\boverwrit(?:e|ing)\b.*$|\breplac(?:e|ing)\b.*$")
    sources = paths_of(scan, wish, away=True)
    if target is None and len(sources) > 1:
        target = sources.pop()
    return sources, target


def plan_transfer(operation: str, verb: str, example: str) -> object:
    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        sources, target = _from_to(wish)
        if sources and target is None and wish.verb == "copy" and wish.has("backup", "back up", "copy of"):
            target = f"{sources[0].rstrip('/')}.bak"
            outline.assume(f"the copy is named {target} (say: to …)")
        if not sources or target is None:
            return Question(f"What should I {verb}, and where to?", (example,))
        for source in sources:
            fields: dict[str, JsonValue] = {"source": source, "destination": target}
            if operation == "file.copy" and (DIRECTORY & set(wish.kinds) or is_directory(source, context)):
                fields["recursive"] = True
            if wish.has("overwrite", "overwriting", "replace", "replacing"):
                fields["if_exists"] = "replace"
            outline.add(operation, fields, f"{verb} {source} to {target}")
        return None

    return build


async def plan_remove(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    scan.take(
        r"\b(?:and|with|including)\s+(?:everything|all|its\s+contents?|all\s+its\s+contents?|"
        r"the\s+contents?)(?:\s+(?:in|inside|of|it|files?|contents?))*\b"
    )
    emptied = scan.has(
        r"\b(?:everything|all|contents?)\b(?=[^,;]{0,30}?\s(?:in|inside|within|under|below|from|out\s+of|of)\s)"
    )
    folder = folder_said(scan, away=True) or scan.first(
        rf"\b(?:in|inside|within|under|below|from)\s+(?:the\s+|my\s+)?(?P<value>(?!(?:here|this|there|it)\b){VALUE})"
    )
    if folder is not None or emptied:
        wanted = names(scan, NOISE)
        folder = folder or next(iter(wanted), "it")
        if emptied or not wanted or not all(is_name(path, wish) for path in wanted):
            return Question(
                f"I remove files and folders by their names. Which of those in {folder}?",
                (f"list files in {folder}", f"find files named *.log under {folder}", f"remove folder {folder}"),
            )
        paths = joined(folder, wanted)
    else:
        paths = paths_of(scan, wish)
    if not paths:
        return which_file("remove")
    stars = [path for path in paths if "*" in path or "?" in path]
    if stars:
        return Question(
            f"I remove files by their names, not by patterns like {stars[0]}. Which ones?",
            (f"find files named {stars[0]}",),
        )
    for path in paths:
        recursive = bool(DIRECTORY & set(wish.kinds)) or is_directory(path, context)
        outline.add("file.remove", {"path": path, "recursive": recursive or None}, f"remove {path}")
    return None


async def plan_mode(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    recursive = scan.has(r"(?<!\S)-R\b|\brecursively\b")
    mode = scan.first(r"(?<![\w.:/])(?P<value>0?[0-7]{3,4})(?![\w.:/])")
    if mode is None and scan.has(r"\bexecutable\b|(?<!\S)(?:a|u|ug|ugo)?\+x\b"):
        mode = "755"
        outline.assume("executable is mode 755")
    paths = paths_of(scan, wish)
    if not paths or mode is None:
        return Question("Which file, and which mode?", ("chmod 600 notes.txt",))
    for path in paths:
        outline.add(
            "file.set_mode",
            {"path": path, "mode": mode, "recursive": recursive or None},
            f"set the mode of {path} to {mode}",
        )
    return None


async def plan_link(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    to = scan.first(rf"\b(?:pointing\s+(?:to|at)|points?\s+(?:to|at)|to|at)\s+(?P<value>{VALUE})")
    found = paths_of(scan, wish) or [word for word in scan.words(_LINKING) if to is not None][:1]
    if to is None and len(found) == 2:
        to = found.pop(0)
    if to is None or len(found) != 1:
        return Question(
            "What should the link be called, and where should it point?",
            ("create a symlink current pointing to releases/1",),
        )
    outline.add("file.link", {"to": to, "path": found[0]}, f"{found[0]} points to {to}")
    return None
