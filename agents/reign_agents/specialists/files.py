"""Files and folders on this machine."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.scan import MASK, VALUE, Scan
from reign_agents.planning.wish import Wish, names
from reign_executors.home import expanded

_FILE = frozenset({"file", "script", "symlink", "dockerfile", "mode"})
_DIRECTORY = frozenset({"directory"})
_DOCKER = frozenset({"container", "image", "volume", "network"})
PATH = re.compile(
    r"(?<![\w:=@-])(?:~?/|\.{1,2}/|\.{1,2}(?!\S))[^\s,;:]*|"
    r"(?<![\w:/@=-])[\w@+.-]+/[\w@+./-]*(?![\w:])|"
    r"(?<![\w:/@=-])[\w@+-][\w@+.-]*\.[A-Za-z]\w{0,9}(?![\w:/])|(?<![\w/])\.[a-z][\w.-]+|"
    r"(?<![\w./*-])(?!\d+\*\d+(?!\S))[\w./-]*\*[\w./*-]*"
)
"""A path or a file name, as it stands outside quotes; 17*23 is a sum."""
_LEAD = (
    r"(?:containing|saying|reading|that\s+(?:says|contains|reads)|which\s+(?:says|contains)|"
    r"(?:with|and)(?:\s+(?:the|this|its|a))*(?:\s+(?:new|single|following))*\s+(?:content|"
    r"contents|text|line|lines|words?|body)(?:\s+of)?|with|contents?|text|holding)"
)
_NOISE_WORDS = """
file files directory directories folder folders dir empty everything inside contents content permissions
permission mode executable bash shell script recursively recursive parents parent hidden full whole entire copy
backup end line lines text last first exist exists there size big large much current locally disk usage space
take takes taking use uses using up eat eats eating fill fills filling hogs hogging
called say says contain contains deep path location symbolic symlink link links pointing
point points target contents' forever completely -p -rf -r -f -fr -a -v -s -sf -la -l
"""
_NOISE = frozenset(_NOISE_WORDS.split())


_MODULE = re.compile(r"(?<![\w./-])module\.[a-z]")
"""What terraform calls a part of its state."""


def is_about_files(wish: Wish) -> bool:
    """Whether files are meant: a path, a quoted name or a word like "file"; not something of Docker's."""
    if _DOCKER & set(wish.kinds[:1]) or _MODULE.search(wish.lower):
        return False
    return (
        bool(PATH.search(_without_urls(wish.scan().text)))
        or bool((_FILE | _DIRECTORY) & set(wish.kinds))
        or (wish.it is not None and wish.it.kind in _FILE | _DIRECTORY)
    )


def _without_urls(text: str) -> str:
    return re.sub(r"https?://\S+", " ", text)


_INSIDE = (
    r"\b(?:in|inside|within|under|below{away})\s+(?:the\s+|my\s+)?(?:folder\s+|directory\s+|dir\s+)?"
    rf"(?P<value>(?=[^\s,;]*[/~]){VALUE}|home\b|{VALUE}(?=\s+(?:folder|directory|dir)\b))"
)


def _inside(scan: Scan, *, away: bool = False) -> str | None:
    """The folder that files are said to be in: "a.txt in /tmp"; ``away``: or to leave, "notes.txt from my home"."""
    found = scan.first(_INSIDE.replace("{away}", r"|from|out\s+of" if away else ""))
    return "~" if found == "home" else found


def _joined(folder: str | None, found: list[str]) -> list[str]:
    if folder is None:
        return found
    return [str(PurePosixPath(folder, path)) for path in found] or [folder]


def _exact(path: str, wish: Wish) -> bool:
    """Whether it is a name in a folder, and no word about what is there: "old backups in /srv"."""
    if path.startswith(("/", "~")):
        return False
    name = re.escape(path)
    called = rf"\b(?:file|folder|directory|dir|called|named)\s+{name}(?!\S)|{name}\s+(?:folder|directory)\b"
    return "." in path or re.search(called, wish.text) is not None or path in wish.scan().quoted()


def _paths(scan: Scan, wish: Wish, *, away: bool = False) -> list[str]:
    """What is left as the names of files, in the folder that is named for them, else what "it" is."""
    said, folder = scan.text, _inside(scan, away=away)
    found = names(scan, _NOISE)
    if folder is not None and all(_exact(path, wish) for path in found):
        found = _joined(folder, found)
    elif folder is not None:
        scan.text = said
        found = names(scan, _NOISE)
    if not found and wish.it is not None and wish.it.kind in _FILE | _DIRECTORY:
        found = [wish.it.name]
    return found


def _missing(verb: str) -> Question:
    return Question(
        f"Which file should I {verb}?",
        (f"{verb} file notes.txt", f"{verb} file /tmp/notes.txt"),
        completes="{request} {quoted}",
    )


def _line(text: str) -> str:
    return text if text.endswith("\n") else text + "\n"


def _content(scan: Scan, *, leading: bool) -> str | None:
    found = scan.first(rf"{_LEAD}\s*:?\s*(?P<value>{MASK})")
    if found is None and leading:
        found = scan.first(rf"^\s*(?:(?:the|a)\s+)?(?:(?:text|line|words?|content)\s+)?(?P<value>{MASK})")
    if found is None:
        found = scan.first(
            r"(?:containing|saying|that\s+says|with\s+(?:the\s+)?(?:content|contents|text|line|"
            r"words?))\s+(?P<value>[^,;]+)$"
        )
    return found


_PATHLIKE = re.compile(r"[/.~]")


def _prose(scan: Scan, wish: Wish) -> Question | None:
    """The question where so many words would be files that the text can't be about files alone."""
    paths = _paths(Scan(scan.text), wish)
    plain = [path for path in paths if not _PATHLIKE.search(path)]
    if len(paths) < _TOO_MANY or len(plain) * 2 < len(paths) or scan.quoted() or wish.has("files", "folders"):
        return None
    words = " ".join(paths[:6])
    return Question(
        f"I do not understand “{words}” in this. Which file do you mean?", ("list files here",), unread=words
    )


_TOO_MANY = 3


async def _write(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    unclear = _prose(scan, wish)
    if unclear is not None:
        return unclear
    pieces = re.split(
        r"\s*(?:,|\band\b)\s*(?=(?:(?:a\s+)?(?:file\s+)?[\w./-]+\.\w+\s+(?:with|containing|saying)\b))", scan.text
    )
    for piece in pieces:
        one = wish.scan()
        one.text = piece
        question = _write_one(one, wish, outline)
        if question is not None:
            return question
    return None


def _write_one(scan: Scan, wish: Wish, outline: Outline) -> Question | None:
    mode = scan.first(
        r"(?:with|and|in)?\s*(?:the\s+)?(?:mode|permissions?|chmod)\s+(?:of\s+)?(?P<value>0?[0-7]{3,4})\b"
    )
    if mode is None and scan.has(r"(?:(?:and|,)\s+)?(?:make\s+it\s+)?\bexecutable\b"):
        mode = "755"
    replace = wish.verb == "replace" or scan.has(
        r"(?:(?:and|,)\s+)?(?:overwrit(?:e|ing)|replac(?:e|ing))(?:\s+(?:it|any|the\s+existing\s+one|"
        r"existing))*(?:\s+if\s+it\s+exists)?"
    )
    named = scan.first(rf"\b(?:named|called)\s+(?P<value>{VALUE})")
    into = (
        scan.first(
            rf"\b(?:to|into|in)\s+(?:the\s+|a\s+)?(?:new\s+)?(?:file\s+)?(?:named\s+|called\s+)?(?P<value>{VALUE})"
        )
        if wish.verb in ("write", "replace")
        else None
    )
    if into is None and named is None:
        named = scan.first(rf"\bfile\s+(?!with\b|containing\b|saying\b|that\b|which\b|in\b)(?P<value>{VALUE})")
    content = _content(scan, leading=named is not None or into is not None or wish.verb == "write")
    if into is not None and content is None:
        content = next(iter(scan.quoted()), None)
    paths = [path for path in (named or into,) if path] or _paths(scan, wish)
    if not paths:
        return _missing("create" if wish.verb != "write" else "write to")
    if len(paths) > 1 and content is not None:
        return Question(
            f"Which one is the file: {', '.join(paths[:5])}?",
            tuple(f'create file {path} containing "…"' for path in paths[:3]),
        )
    if content is None and wish.verb in ("write", "replace"):
        return Question(
            f"What should {paths[0]} say?",
            (f'write "a line" to {paths[0]}',),
            completes="write {quoted} to " + paths[0],
        )
    for path in paths:
        if content is None and wish.verb != "touch":
            outline.assume(f'{path} is created empty (say: containing "…")')
        fields: dict[str, JsonValue] = {
            "path": path,
            "content": "" if not content else _line(content),
            "mode": mode,
            "if_exists": "replace" if replace else None,
            "parents": True if "/" in path.strip("/") and not path.startswith(("/", "~")) else None,
        }
        outline.add("file.write", fields, f"write {path}")
    return None


async def _append(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    path = scan.first(rf"\b(?:to|into|in|at)\s+(?:the\s+)?(?:end\s+of\s+)?(?:the\s+)?(?:file\s+)?(?P<value>{VALUE})")
    if path in ("it", "that", "this"):
        path = None
    content = _content(scan, leading=True) or next(iter(scan.quoted()), None)
    if content is None and path is not None:
        content = scan.first(r"\b(?:the\s+|a\s+)?(?:line|text|words?)\s+(?P<value>[^,;]+?)\s*$")
    path = path or next(iter(_paths(scan, wish)), None)
    if path is None:
        return _missing("append to")
    if content is None:
        return Question(
            f"What should I append to {path}?", (f'append "a line" to {path}',), completes="append {quoted} to " + path
        )
    outline.add("file.append", {"path": path, "content": _line(content)}, f"append a line to {path}")
    return None


async def _directory(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    mode = scan.first(r"(?:with|and)?\s*(?:the\s+)?(?:mode|permissions?)\s+(?P<value>0?[0-7]{3,4})\b")
    inside = scan.first(rf"\b(?:in|inside|under)\s+(?:the\s+)?(?:directory\s+|folder\s+)?(?P<value>{VALUE})")
    paths = names(scan, _NOISE)
    if not paths:
        return Question(
            "Which directory should I create?",
            ("create directory build", "create directory /tmp/build"),
            completes="{request} {quoted}",
        )
    prefix = "" if inside is None or inside in ("here", ".", "this") else inside.rstrip("/") + "/"
    for path in paths:
        outline.add(
            "file.make_directory",
            {"path": prefix + path, "parents": True, "mode": mode},
            f"make the directory {prefix}{path}",
        )
    return None


def _from_to(wish: Wish) -> tuple[list[str], str | None]:
    scan = wish.scan()
    target = scan.first(
        r"\b(?:to|into|as|over|onto|called|named)\s+(?:the\s+)?(?:file\s+|folder\s+|"
        rf"directory\s+)?(?:called\s+|named\s+)?(?P<value>{VALUE})"
    )
    scan.take(r"\boverwrit(?:e|ing)\b.*$|\breplac(?:e|ing)\b.*$")
    sources = _paths(scan, wish, away=True)
    if target is None and len(sources) > 1:
        target = sources.pop()
    return sources, target


def _transfer(operation: str, verb: str, example: str) -> object:
    async def build(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
        sources, target = _from_to(wish)
        if sources and target is None and wish.verb == "copy" and wish.has("backup", "back up", "copy of"):
            target = f"{sources[0].rstrip('/')}.bak"
            outline.assume(f"the copy is named {target} (say: to …)")
        if not sources or target is None:
            return Question(f"What should I {verb}, and where to?", (example,))
        for source in sources:
            fields: dict[str, JsonValue] = {"source": source, "destination": target}
            if operation == "file.copy" and (_DIRECTORY & set(wish.kinds) or _is_directory(source, context)):
                fields["recursive"] = True
            if wish.has("overwrite", "overwriting", "replace", "replacing"):
                fields["if_exists"] = "replace"
            outline.add(operation, fields, f"{verb} {source} to {target}")
        return None

    return build


def _is_directory(path: str, context: PlanningContext) -> bool:
    try:
        return (context.settings.cwd / expanded(path)).is_dir()
    except (OSError, RuntimeError, ValueError):
        return False


async def _remove(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    scan.take(
        r"\b(?:and|with|including)\s+(?:everything|all|its\s+contents?|all\s+its\s+contents?|"
        r"the\s+contents?)(?:\s+(?:in|inside|of|it|files?|contents?))*\b"
    )
    emptied = scan.has(
        r"\b(?:everything|all|contents?)\b(?=[^,;]{0,30}?\s(?:in|inside|within|under|below|from|out\s+of|of)\s)"
    )
    folder = _inside(scan, away=True) or scan.first(
        rf"\b(?:in|inside|within|under|below|from)\s+(?:the\s+|my\s+)?(?P<value>(?!(?:here|this|there|it)\b){VALUE})"
    )
    if folder is not None or emptied:
        wanted = names(scan, _NOISE)
        folder = folder or next(iter(wanted), "it")
        if emptied or not wanted or not all(_exact(path, wish) for path in wanted):
            return Question(
                f"I remove files and folders by their names. Which of those in {folder}?",
                (f"list files in {folder}", f"find files named *.log under {folder}", f"remove folder {folder}"),
            )
        paths = _joined(folder, wanted)
    else:
        paths = _paths(scan, wish)
    if not paths:
        return _missing("remove")
    stars = [path for path in paths if "*" in path or "?" in path]
    if stars:
        return Question(
            f"I remove files by their names, not by patterns like {stars[0]}. Which ones?",
            (f"find files named {stars[0]}",),
        )
    for path in paths:
        recursive = bool(_DIRECTORY & set(wish.kinds)) or _is_directory(path, context)
        outline.add("file.remove", {"path": path, "recursive": recursive or None}, f"remove {path}")
    return None


async def _mode(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    recursive = scan.has(r"(?<!\S)-R\b|\brecursively\b")
    mode = scan.first(r"(?<![\w.:/])(?P<value>0?[0-7]{3,4})(?![\w.:/])")
    if mode is None and scan.has(r"\bexecutable\b|(?<!\S)(?:a|u|ug|ugo)?\+x\b"):
        mode = "755"
        outline.assume("executable is mode 755")
    paths = _paths(scan, wish)
    if not paths or mode is None:
        return Question("Which file, and which mode?", ("chmod 600 notes.txt",))
    for path in paths:
        outline.add(
            "file.set_mode",
            {"path": path, "mode": mode, "recursive": recursive or None},
            f"set the mode of {path} to {mode}",
        )
    return None


async def _show(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    exists = wish.has("exist", "exists", "is there", "stat", "when", "owner", "who owns", "permissions", "details")
    tail = scan.has(r"\b(?:the\s+)?(?:last|end)\s+(?:\d+\s+)?(?:lines?|of)?\b") or wish.verb == "follow"
    scan.take(r"\b(?:first|last)?\s*\d+\s+lines?\b")
    paths = _paths(scan, wish)
    if not paths:
        return _missing("show")
    for path in paths:
        if exists:
            outline.add("file.stat", {"path": path}, f"see what {path} is")
        elif _is_directory(path, context):
            outline.add("file.list", {"path": path}, f"look into {path}")
        else:
            outline.add("file.read", {"path": path, "tail": tail or None}, f"look into {path}")
    return None


async def _list(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    hidden = scan.has(r"(?<!\S)-\w*a\w*\b|\bhidden\b")
    scan.take(r"(?<!\S)-\w+")
    paths = names(scan, _NOISE) or ["."]
    for path in paths:
        outline.add("file.list", {"path": path, "hidden": hidden or None}, f"list {path}")
    return None


async def _find(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
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
    pattern = pattern or next(iter(scan.quoted()), None) or next((w for w in names(scan, _NOISE) if "." in w), None)
    if pattern is None:
        return Question("What should the files be called?", ("find files named *.log under /var/log",))
    outline.add("file.find", {"path": start, "name_glob": pattern}, f"find {pattern} under {start}")
    return None


async def _usage(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    for path in _paths(wish.scan(), wish) or ["."]:
        outline.add("file.disk_usage", {"path": path}, f"how much room {path} takes")
    return None


_LINKING_WORDS = "link links symlink symlinks file folder directory the a an from named called as please"
_LINKING = frozenset(_LINKING_WORDS.split())


async def _link(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    to = scan.first(rf"\b(?:pointing\s+(?:to|at)|points?\s+(?:to|at)|to|at)\s+(?P<value>{VALUE})")
    found = _paths(scan, wish) or [word for word in scan.words(_LINKING) if to is not None][:1]
    if to is None and len(found) == 2:
        to = found.pop(0)
    if to is None or len(found) != 1:
        return Question(
            "What should the link be called, and where should it point?",
            ("create a symlink current pointing to releases/1",),
        )
    outline.add("file.link", {"to": to, "path": found[0]}, f"{found[0]} points to {to}")
    return None


def _recipe(name: str, verbs: str, build: object, example: str, fits: object = is_about_files, rank: int = 1) -> Recipe:
    return Recipe(f"files.{name}", frozenset(verbs.split()), frozenset(), build, example, fits, rank)  # type: ignore[arg-type]


_EATS = re.compile(
    r"\b(?:eat(?:s|ing)(?: up)?|fill(?:s|ing)(?: up)?|hogg?(?:s|ing)|us(?:es|ing)(?: up)?|tak(?:es|ing)(?: up)?)"
    r"(?: all)?(?: (?:the|my|our))?"
    r" (?:disk\b(?! (?:on|of) (?!here|this)[^/.~])|/)"
)


def _size(wish: Wish) -> bool:
    said = wish.has(
        "disk usage", "how big", "how large", "how much space", "how much room", "how much disk", "size of", "space"
    ) or bool(_EATS.search(wish.lower))
    return said and not wish.has("docker") and not _DOCKER & set(wish.kinds)


def _here(wish: Wish) -> bool:
    return (
        wish.has("files", "ls", "list", "directory", "folder", "directories", "folders")
        and not _DOCKER & set(wish.kinds)
    ) and (is_about_files(wish) or wish.lower.strip() in ("ls", "dir", "ls -l", "ls -la", "ls -a"))


RECIPES = (
    _recipe(
        "write",
        "create write replace touch append",
        _write,
        'create file notes.txt containing "remember the milk"',
        lambda w: (
            is_about_files(w) or w.verb == "touch" or (w.verb in ("write", "replace") and bool(w.scan().quoted()))
        ),
    ),
    _recipe(
        "append",
        "append write",
        _append,
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
        _directory,
        "create directory build/output",
        lambda w: w.verb == "mkdir" or w.object == "directory",
        3,
    ),
    _recipe(
        "copy",
        "copy",
        _transfer("file.copy", "copy", "copy notes.txt to notes.bak"),
        "copy notes.txt to notes.bak",
        lambda w: is_about_files(w) or not _DOCKER & set(w.kinds),
        2,
    ),
    _recipe(
        "copy_made",
        "create",
        _transfer("file.copy", "copy", "copy notes.txt to notes.bak"),
        "make a copy of notes.txt called notes.old",
        lambda w: is_about_files(w) and w.has("copy of", "backup of"),
        5,
    ),
    _recipe(
        "move",
        "move rename",
        _transfer("file.move", "move", "move notes.txt to archive/notes.txt"),
        "move notes.txt to archive/notes.txt",
        lambda w: is_about_files(w) or (w.verb == "move" and not _DOCKER & set(w.kinds)),
        3,
    ),
    _recipe("remove", "remove", _remove, "remove file notes.txt", rank=3),
    _recipe(
        "mode",
        "chmod set create",
        _mode,
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
        _show,
        "show file notes.txt",
        lambda w: is_about_files(w) and not w.has("http", "https", "up", "online", "reachable", "alive", "responding"),
        1,
    ),
    _recipe("list", "list show check find", _list, "list files in /var/log", _here, 2),
    _recipe(
        "find",
        "find list show",
        _find,
        "find files named *.log under /var/log",
        lambda w: is_about_files(w) and ("*" in w.text or (w.verb == "find" and not w.has("free port"))),
        5,
    ),
    _recipe("usage", "show check list find inspect", _usage, "show disk usage of /var/log", _size, 6),
    _recipe("usage_of", "disk", _usage, "disk usage of .", _size),
    _recipe(
        "link",
        "link create",
        _link,
        "create a symlink current pointing to releases/1",
        lambda w: w.verb == "link" or "symlink" in w.kinds,
        5,
    ),
)
"""What the file specialist can do, most usual first."""
