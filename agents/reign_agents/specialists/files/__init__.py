"""Files and folders on this machine: writing, moving and removing, looking."""

from __future__ import annotations

from reign_agents.planning.recipe import Recipe
from reign_agents.specialists.files import looking, moving, writing
from reign_agents.specialists.files.said import DOCKER, is_about_files


def _recipe(name: str, verbs: str, build: object, example: str, fits: object = is_about_files, rank: int = 1) -> Recipe:
    return Recipe(f"files.{name}", frozenset(verbs.split()), frozenset(), build, example, fits, rank)  # type: ignore[arg-type]


RECIPES = (
    _recipe(
        "write",
        "create write replace touch append",
        writing.plan_write,
        'create file notes.txt containing "remember the milk"',
        lambda w: (
            is_about_files(w) or w.verb == "touch" or (w.verb in ("write", "replace") and bool(w.scan().quoted()))
        ),
    ),
    _recipe(
        "append",
        "append write",
        writing.plan_append,
        'append "and the bread" to notes.txt',
        lambda w: (
            w.has("append")
            or (w.verb == "append" and (bool(w.scan().quoted()) or w.has("line", "text")) and is_about_files(w))
        ),
        4,
    ),
    _recipe(
        "directory",
        "create mkdir append",
        writing.plan_directory,
        "create directory build/output",
        lambda w: w.verb == "mkdir" or w.object == "directory",
        3,
    ),
    _recipe(
        "copy",
        "copy",
        moving.plan_transfer("file.copy", "copy", "copy notes.txt to notes.bak"),
        "copy notes.txt to notes.bak",
        lambda w: is_about_files(w) or not DOCKER & set(w.kinds),
        2,
    ),
    _recipe(
        "copy_made",
        "create",
        moving.plan_transfer("file.copy", "copy", "copy notes.txt to notes.bak"),
        "make a copy of notes.txt called notes.old",
        lambda w: is_about_files(w) and w.has("copy of", "backup of"),
        5,
    ),
    _recipe(
        "move",
        "move rename",
        moving.plan_transfer("file.move", "move", "move notes.txt to archive/notes.txt"),
        "move notes.txt to archive/notes.txt",
        lambda w: is_about_files(w) or (w.verb == "move" and not DOCKER & set(w.kinds)),
        3,
    ),
    _recipe("remove", "remove", moving.plan_remove, "remove file notes.txt", rank=3),
    _recipe(
        "forget",
        "remove",
        moving.plan_forget,
        "remove folder build",
        moving.forgets_state,
        30,
    ),
    _recipe(
        "mode",
        "chmod set create",
        moving.plan_mode,
        "chmod 600 notes.txt",
        lambda w: (
            w.verb == "chmod"
            or ("mode" in w.kinds and is_about_files(w) and (w.verb == "set" or not w.scan().quoted()))
        ),
        5,
    ),
    _recipe(
        "show",
        "show check inspect follow find",
        looking.plan_show,
        "show file notes.txt",
        lambda w: is_about_files(w) and not w.has("http", "https", "up", "online", "reachable", "alive", "responding"),
        1,
    ),
    _recipe("list", "list show check find", looking.plan_list, "list files in /var/log", looking.asks_list, 2),
    _recipe(
        "find",
        "find list show",
        looking.plan_find,
        "find files named *.log under /var/log",
        lambda w: is_about_files(w) and ("*" in w.text or (w.verb == "find" and not w.has("free port"))),
        5,
    ),
    _recipe(
        "usage", "show check list find inspect", looking.plan_usage, "show disk usage of /var/log", looking.asks_size, 9
    ),
    _recipe("usage_of", "disk", looking.plan_usage, "disk usage of .", looking.asks_size),
    _recipe(
        "link",
        "link create",
        moving.plan_link,
        "create a symlink current pointing to releases/1",
        lambda w: w.verb == "link" or "symlink" in w.kinds,
        5,
    ),
)
"""What the file specialist can do, most usual first."""
