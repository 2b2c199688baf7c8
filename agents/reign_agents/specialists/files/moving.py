"""Copying, moving, linking and removing files, and their modes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import VALUE, Scan
from reign_agents.planning.wish import Wish, names
from reign_agents.specialists.files.said import (
    DIRECTORY,
    FILE,
    NOISE,
    exists,
    folder_said,
    is_directory,
    is_name,
    joined,
    paths_of,
    unread,
    which_file,
)
from reign_agents.specialists.files.several import Several, names_of, several, spared_in
from reign_agents.specialists.files.within import plan_within

_LINKING_WORDS = "link links symlink symlinks file folder directory the a an from named called as please"
_LINKING = frozenset(_LINKING_WORDS.split())


_KEEP = re.compile(
    r"(?:[,;]?\s*\b(?:but|and)\s+)?(?:\b(?:do\s+not|don[’']?t|never|not|without)\s+(?:\w+\s+)?)(?:overwrit|replac)\w*.*$",
    re.IGNORECASE,
)
"""Words against overwriting."""
_AGAIN = re.compile(
    r"\s(?:to|into|onto)\s+[^\s,;]+\s*(?:,\s*(?:and\s+)?|\band\s+)(?P<more>(?!overwrit|replac|then\b|keep|leave|don)[\w./~-]*"
    r"(?:[./]\w|\w\s+(?:to|into)\s).*)$",
    re.IGNORECASE,
)
"""A second target, or a second pair: "a.txt to x and b.txt to y"."""
_POINTERS = frozenset({"it", "that", "there", "this", "them"})


def _there(target: str | None, wish: Wish, outline: Outline) -> str | None:
    """The target with a pronoun as what it stands for: the folder made before, or what was spoken of."""
    if target is None or target.lower() not in _POINTERS:
        return target
    made = next((thing.name for thing in reversed(outline.made) if thing.kind in DIRECTORY), None)
    spoken = wish.it.name if wish.it is not None and wish.it.kind in FILE | DIRECTORY else None
    return made or spoken


def _from_to(wish: Wish) -> tuple[list[str], str | None]:
    scan = wish.scan()
    scan.text = _KEEP.sub(" ", scan.text)
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
        sources, said = _from_to(wish)
        target = _there(said, wish, outline)
        if said is not None and (more := _AGAIN.search(wish.rest)) is not None:
            return Question(
                f"One way at a time: where to does “{more['more'].strip()}” go? Say it as a sentence of its own.",
                (example,),
            )
        group = _group(wish, said, context)
        if isinstance(group, Question):
            return group
        beside = target is None and said is None and wish.verb == "copy" and _BACKED_UP.search(wish.lower)
        if len(sources) == 1 and beside:
            target = f"{sources[0].rstrip('/')}.bak"
            outline.assume(f"the copy is named {target} (say: to …)")
        if target is not None and re.fullmatch(r"\*?\.\w+", target) and group is not None:
            text = f"I {verb} files by their names, each to a name of its own. Which one, and what should it be called?"
            return Question(
                text, (f"{verb} {group.paths[0]} to {PurePosixPath(group.paths[0]).stem}{target.lstrip('*')}",)
            )
        if (not sources and group is None) or target is None:
            return Question(f"What should I {verb}, and where to?", (example,))
        spared = spared_in(_without_keep(wish))
        unclear = None if group is not None else _most_of(wish, spared, sources, context)
        unclear = unclear or (None if group is not None else unread(sources, wish, context, outline))
        if unclear is not None:
            return unclear
        if group is None and (loose := _loose(sources, wish, context)) is not None:
            return Question(
                f"I {verb} files by their names. Which ones end in {loose}?", (f"find files named *{loose}",)
            )
        folder = is_directory(target, context) or target.endswith("/") or _is_made(target, outline)
        if group is not None and not folder:
            return Question(
                f"{len(group.paths)} files match {group.pattern}, and {target} is no folder here. Which one is it?",
                (f"create directory {target}", f"{verb} {group.pattern} to {target}/"),
            )
        for source in group.paths if group is not None else sources:
            into = str(PurePosixPath(target, PurePosixPath(source).name)) if group is not None else target
            fields: dict[str, JsonValue] = {"source": source, "destination": into}
            if operation == "file.copy" and (DIRECTORY & set(wish.kinds) or is_directory(source, context)):
                fields["recursive"] = True
            if wish.has("overwrite", "overwriting", "replace", "replacing") and _KEEP.search(wish.text) is None:
                fields["if_exists"] = "replace"
            outline.add(operation, fields, f"{verb} {source} to {into}")
        return None

    return build


_BACKED_UP = re.compile(r"(?<![\w-])(?:backup|back\s+up|copy\s+of)(?![\w-])")


def _group(wish: Wish, target: str | None, context: PlanningContext) -> Several | Question | None:
    """The files that are meant together, where they are not named."""
    scan = _without_keep(wish)
    spared = spared_in(scan)
    if target is not None:
        to = rf"\b(?:to|into|as|onto|over)\s+(?:\w+\s+)?{re.escape(target)}.*$|\s{re.escape(target)}\s*$"
        scan.text = re.sub(to, " ", scan.text)
    return several(scan, spared, context)


def _without_keep(wish: Wish) -> Scan:
    scan = wish.scan()
    scan.text = _KEEP.sub(" ", scan.text)
    return scan


def _loose(sources: list[str], wish: Wish, context: PlanningContext) -> str | None:
    """The ending that stands for several files, or the pattern: "all .txt files", "*.csv"."""
    named = next((one for one in sources if "*" in one), None)
    if named is not None:
        return named.rpartition("*")[2]
    every = wish.has("all", "every", "files", "each")
    return next((one for one in sources if every and re.fullmatch(r"\.\w+", one)), None)


def _is_made(target: str, outline: Outline) -> bool:
    return any(thing.kind in DIRECTORY and thing.name.rstrip("/") == target.rstrip("/") for thing in outline.made)


def _of_terraform(paths: Sequence[str], context: PlanningContext) -> Question | None:
    """The question where a state of terraform's would go with one of several things, or with a folder."""
    from reign_agents.specialists.terraform.folders import state_there

    held = next((asked for path in paths if (asked := state_there(path, context)) is not None), None)
    state = next((path for path in paths if "tfstate" in PurePosixPath(path).name), None)
    if held is not None or state is None or len(paths) == 1:
        return held
    text = f"{state} is what terraform knows of what it made. Destroy that, or remove the files by their names?"
    folder = str(PurePosixPath(state).parent)
    return Question(text, (f"destroy the stack in {folder}", f"list files in {folder}"))


def forgets_state(wish: Wish) -> bool:
    """Whether a folder is to go with its state, said in the words that :func:`state_there` offers for it."""
    return _forgotten(wish) is not None


def _forgotten(wish: Wish) -> re.Match[str] | None:
    from reign_agents.specialists.terraform.folders import WITH_STATE

    said = rf"\s*(?:the\s+)?(?:folder|directory)\s+{VALUE}\s+(?P<state>{WITH_STATE})\s*[.!]?\s*"
    return re.fullmatch(said, wish.scan().text, re.IGNORECASE)


async def plan_forget(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """A folder and the terraform state in it, both said."""
    from reign_agents.specialists.terraform.folders import WITH_STATE

    at = wish.rest.lower().rindex(WITH_STATE)
    return await _remove(replace(wish, rest=wish.rest[:at]), context, outline, state=True)


async def plan_remove(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    return await _remove(wish, context, outline, state=False)


async def _remove(wish: Wish, context: PlanningContext, outline: Outline, *, state: bool) -> Question | None:
    """``state``: a state of terraform's is meant to go, too."""
    inner = plan_within(wish, context) or _of_copies(wish, outline)
    if inner is not None:
        return inner
    scan = wish.scan()
    scan.take(
        r"\b(?:and|with|including)\s+(?:everything|all|its\s+contents?|all\s+its\s+contents?|"
        r"the\s+contents?)(?:\s+(?:in|inside|of|it|files?|contents?))*\b"
    )
    spared = spared_in(scan)
    group = several(scan, spared, context)
    if isinstance(group, Question):
        return group
    if group is not None and (held := _of_terraform(group.paths, context)) is not None:
        return held
    if group is not None:
        outline.assume(f"{group.pattern} is {', '.join(group.paths)}")
        for path in group.paths:
            deep = is_directory(path, context) or None
            outline.add("file.remove", {"path": path, "recursive": deep}, f"remove {path}")
        return None
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
    unclear = unread(paths, wish, context, outline) or _most_of(wish, spared, paths, context)
    unclear = unclear or (None if state else _of_terraform(paths, context))
    if unclear is not None:
        return unclear
    for path in paths:
        recursive = bool(DIRECTORY & set(wish.kinds)) or is_directory(path, context)
        outline.add("file.remove", {"path": path, "recursive": recursive or None}, f"remove {path}")
    return None


def _of_copies(wish: Wish, outline: Outline) -> Question | None:
    """The question which of the two is to go, where a thing is copied and then "it" is removed."""
    if wish.it is None or not wish.with_pronoun():
        return None
    for step in outline.before:
        if step.operation == "file.copy" and step.fields.get("destination") == wish.it.name:
            names = (str(step.fields["source"]), wish.it.name)
            return Question(
                f"Which one should go, {names[0]} or its copy {names[1]}?", tuple(f"remove file {one}" for one in names)
            )
    return None


def without_part(folder: str, spared: list[str]) -> Question | None:
    """The question where a folder is to go, or to be taken along, but for something: it goes as a whole."""
    named = names_of(spared)
    if not named:
        return None
    text = f"I take {folder} as a whole, with all that is in it. What of it, without {named[-1].rstrip('/')}? Name it."
    return Question(text, (f"list files in {folder}",))


def _most_of(wish: Wish, spared: list[str], paths: Sequence[str], context: PlanningContext) -> Question | None:
    """The question where all but some are to go and nothing says all of what, or a folder but for what is in it."""
    folder = next((path for path in paths if is_directory(path, context)), None)
    asked = without_part(folder, spared) if folder is not None else None
    if asked is not None:
        return asked
    if not spared or not wish.has("all", "every", "everything", "each"):
        return None
    return Question(
        "I remove files by their names. Which ones, without those to be kept?",
        ("list files here", "delete all .log files in logs except app.log"),
    )


async def plan_mode(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    recursive = scan.has(r"(?<!\S)-R\b|\brecursively\b")
    mode = scan.first(r"(?<![\w.:/])(?P<value>0?[0-7]{3,4})(?![\w.:/])")
    if mode is None and scan.has(r"\bexecutable\b|(?<!\S)(?:a|u|ug|ugo)?\+x\b"):
        mode = "755"
        outline.assume("executable is mode 755")
    spared = spared_in(scan)
    group = several(scan, spared, context)
    if isinstance(group, Question):
        return group
    if spared and group is None:
        without = (names_of(spared) or spared)[-1]
        return Question(f"Which files, without {without}? Name them.", ("chmod 600 notes.txt",))
    paths = list(group.paths) if group is not None else paths_of(scan, wish)
    every = wish.has("all", "every", "each") and group is None and not any(exists(path, context) for path in paths)
    if not paths or mode is None or every:
        return Question("Which file, and which mode?", ("chmod 600 notes.txt",))
    unclear = unread(paths, wish, context, outline)
    if unclear is not None:
        return unclear
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
