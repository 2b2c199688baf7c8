"""Files and folders on this machine."""

from __future__ import annotations

import re

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.wish import SMALL_WORDS, Wish

_FILE = frozenset({"file", "script", "log_file", "symlink", "config", "dockerfile", "env"})
_DIRECTORY = frozenset({"directory"})
_CONTENT = (
    r"containing",
    r"saying",
    r"with(?: the)? (?:content|contents|text|line|lines|words)",
    r"that says",
    r"reading",
)
_MODE = re.compile(r"(?<!\d)0?[0-7]{3}(?!\d)")


def _no_file(wish: Wish, verb: str) -> Question:
    return Question(f"Which file should I {verb}?", (f"{verb} file notes.txt", f"{verb} file /tmp/notes.txt"))


def _path(wish: Wish) -> str | None:
    """The path the wish is about: one that stands in the words, else what it is named."""
    quoted = set(wish.quoted()) if any(wish.after(lead) for lead in _CONTENT) else set()
    for path in wish.paths():
        if path not in quoted:
            return path
    named = wish.word("file") or wish.word("path") or wish.after("named", "called") or _bare_name(wish)
    return named or (wish.it.name if wish.it is not None and wish.it.kind in _FILE | _DIRECTORY else None)


def _bare_name(wish: Wish) -> str | None:
    found = wish.after("mkdir", "touch", "files?", "directories", "directory", "folders?", "dir")
    return None if found is not None and found.lower() in SMALL_WORDS else found


def _about_files(wish: Wish) -> bool:
    return bool(wish.paths()) or wish.object in _FILE | _DIRECTORY or wish.verb == "mkdir"


def _content(wish: Wish) -> str | None:
    given = wish.after(*_CONTENT)
    if given is not None:
        quoted = wish.quoted()
        return next((text for text in quoted if text.startswith(given)), given)
    paths = set(wish.paths(quoted=False))
    return next((text for text in wish.quoted() if text not in paths), None)


def _line(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


async def _write(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    path = _path(wish)
    if path is None:
        return _no_file(wish, "create")
    content = _content(wish)
    if content is None:
        outline.assume(f'{path} is created empty (say: containing "…")')
    mode = _MODE.search(wish.unquoted()) if wish.has("mode", "permissions") else None
    fields: dict[str, JsonValue] = {
        "path": path,
        "content": "" if content is None else _line(content),
        "mode": mode.group() if mode else None,
        "if_exists": "replace" if wish.has("overwrite", "replace") else None,
    }
    outline.add("file.write", fields, f"write {path}")
    return None


async def _append(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    path = wish.after("to file", "to", "into", "at the end of") or _path(wish)
    content = _content(wish)
    if path is None:
        return _no_file(wish, "append to")
    if content is None:
        return Question(f"What should I append to {path}?", (f'append "a line" to {path}',))
    outline.add("file.append", {"path": path, "content": _line(content)}, f"append a line to {path}")
    return None


async def _directory(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    path = _path(wish)
    if path is None:
        return Question("Which directory should I create?", ("create directory build", "create directory /tmp/build"))
    outline.add("file.make_directory", {"path": path, "parents": True}, f"make the directory {path}")
    return None


def _from_to(wish: Wish) -> tuple[str, str] | None:
    destination = wish.after("to", "into", "as", "over")
    paths = wish.paths()
    source = next((path for path in paths if path != destination), None)
    if source is None and wish.it is not None:
        source = wish.it.name
    source = source or wish.after("file", "directory", "folder", "copy", "move", "rename", "cp", "mv")
    if destination is None and len(paths) > 1:
        destination = paths[1]
    return None if source is None or destination is None else (source, destination)


async def _copy(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    pair = _from_to(wish)
    if pair is None:
        return Question("What should I copy, and where to?", ("copy notes.txt to notes.bak",))
    fields: dict[str, JsonValue] = {"source": pair[0], "destination": pair[1]}
    if wish.object in _DIRECTORY or await _is_directory(pair[0], context):
        fields["recursive"] = True
    outline.add("file.copy", fields, f"copy {pair[0]} to {pair[1]}")
    return None


async def _move(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    pair = _from_to(wish)
    if pair is None:
        return Question("What should I move, and where to?", ("move notes.txt to archive/notes.txt",))
    outline.add("file.move", {"source": pair[0], "destination": pair[1]}, f"move {pair[0]} to {pair[1]}")
    return None


async def _is_directory(path: str, context: PlanningContext) -> bool:
    return (context.settings.cwd / path).expanduser().is_dir()


async def _remove(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    paths = wish.paths() or [path for path in (_path(wish),) if path]
    if not paths:
        return _no_file(wish, "remove")
    for path in paths:
        recursive = wish.object in _DIRECTORY or await _is_directory(path, context)
        outline.add("file.remove", {"path": path, "recursive": recursive or None}, f"remove {path}")
    return None


async def _mode(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    path = _path(wish)
    mode = _MODE.search(wish.unquoted())
    if path is None or mode is None:
        return Question("Which file, and which mode?", ("chmod 600 notes.txt",))
    outline.add("file.set_mode", {"path": path, "mode": mode.group()}, f"set the mode of {path} to {mode.group()}")
    return None


async def _show(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    path = _path(wish)
    if path is None:
        return Question("Which file should I show?", ("show file notes.txt",))
    directory = await _is_directory(path, context)
    outline.add("file.list" if directory else "file.read", {"path": path}, f"look into {path}")
    return None


async def _list(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    path = next(iter(wish.paths()), None) or wish.after("in", "of", "under") or "."
    path = "." if path in ("here", "this", "current", "directory", "folder") else path
    outline.add("file.list", {"path": path}, f"list {path}")
    return None


async def _find(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    pattern = next(iter(re.findall(r"[\w.-]*[*?][\w.*?-]*", wish.text)), None) or wish.after("named", "called")
    if pattern is None:
        return Question("What should the files be called?", ("find files named *.log under /var/log",))
    start = wish.after("under", "in", "below") or "."
    start = "." if start in ("here", "this", "current") else start
    outline.add("file.find", {"path": start, "name_glob": pattern}, f"find {pattern} under {start}")
    return None


async def _usage(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    path = next(iter(wish.paths()), None) or wish.word("path") or "."
    outline.add("file.disk_usage", {"path": path}, f"how much room {path} takes")
    return None


RECIPES = (
    Recipe(
        "files.write",
        frozenset({"create", "add", "mkdir", "update", "set", "replace"}),
        _FILE | {None},  # type: ignore[arg-type]
        _write,
        'create file notes.txt containing "remember the milk"',
        fits=lambda wish: _about_files(wish) and not wish.has("append"),
    ),
    Recipe(
        "files.append",
        frozenset({"add"}),
        frozenset(),
        _append,
        'append "and the bread" to notes.txt',
        fits=lambda wish: wish.has("append", "add") and bool(wish.quoted()) and bool(wish.paths()),
        rank=3,
    ),
    Recipe(
        "files.make_directory",
        frozenset({"create", "mkdir", "add"}),
        _DIRECTORY,
        _directory,
        "create directory build/output",
        rank=1,
    ),
    Recipe("files.mkdir", frozenset({"mkdir"}), frozenset(), _directory, "mkdir build", fits=lambda w: w.has("mkdir")),
    Recipe(
        "files.copy",
        frozenset({"copy", "backup"}),
        frozenset(),
        _copy,
        "copy notes.txt to notes.bak",
        fits=_about_files,
    ),
    Recipe(
        "files.move",
        frozenset({"move", "rename"}),
        frozenset(),
        _move,
        "move notes.txt to archive/notes.txt",
        fits=_about_files,
        rank=1,
    ),
    Recipe(
        "files.remove",
        frozenset({"delete", "destroy", "empty"}),
        frozenset(),
        _remove,
        "remove file notes.txt",
        fits=_about_files,
        rank=1,
    ),
    Recipe(
        "files.mode",
        frozenset({"chmod", "set", "update"}),
        frozenset(),
        _mode,
        "chmod 600 notes.txt",
        fits=lambda wish: _about_files(wish) and wish.has("chmod", "mode", "permissions"),
        rank=4,
    ),
    Recipe(
        "files.show",
        frozenset({"show", "check", "tell"}),
        frozenset(),
        _show,
        "show file notes.txt",
        fits=_about_files,
        rank=1,
    ),
    Recipe(
        "files.list",
        frozenset({"list", "show", "count"}),
        frozenset({"file", "directory"}),
        _list,
        "list files in /var/log",
        fits=lambda wish: wish.has("files", "directory", "folder", "contents", "ls", "list"),
        rank=2,
    ),
    Recipe(
        "files.find",
        frozenset({"find", "list", "show"}),
        frozenset({"file", "log_file"}),
        _find,
        "find files named *.log under /var/log",
        fits=lambda wish: "*" in wish.text or (wish.verb == "find" and wish.has("named", "called")),
        rank=4,
    ),
    Recipe(
        "files.usage",
        frozenset({"show", "check", "tell", "measure", "list", "count", "find"}),
        frozenset({"disk", "directory", "file"}),
        _usage,
        "show disk usage of /var/log",
        fits=lambda wish: wish.has(
            "disk usage", "disk space", "how big", "size", "how much space", "space", "how large"
        ),
        rank=3,
    ),
)
