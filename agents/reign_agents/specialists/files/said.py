"""Which files a request means: names, the folder they are in, and words that are no names."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import VALUE, Scan
from reign_agents.planning.wish import Wish, names
from reign_executors.home import expanded

FILE = frozenset({"file", "script", "symlink", "dockerfile", "mode"})
DIRECTORY = frozenset({"directory"})
DOCKER = frozenset({"container", "image", "volume", "network"})
PATH = re.compile(
    r"(?<![\w:=@-])(?:~?/|\.{1,2}/|\.{1,2}(?!\S))[^\s,;:]*|"
    r"(?<![\w:/@=-])[\w@+.-]+/[\w@+./-]*(?![\w:])|"
    r"(?<![\w:/@=-])[\w@+-][\w@+.-]*\.[A-Za-z]\w{0,9}(?![\w:/])|(?<![\w/])\.[a-z][\w.-]+|"
    r"(?<![\w./*-])(?!\d+\*\d+(?!\S))[\w./-]*\*[\w./*-]*"
)
"""A path or a file name, as it stands outside quotes; 17*23 is a sum."""
_MODULE = re.compile(r"(?<![\w./-])module\.[a-z]")
"""What terraform calls a part of its state."""
_NOISE_WORDS = """
file files directory directories folder folders dir empty everything inside contents content permissions
permission mode executable bash shell script recursively recursive parents parent hidden full whole entire copy
backup end line lines text last first exist exists there size big large much current locally disk usage space
take takes taking use uses using up eat eats eating fill fills filling hogs hogging
called say says contain contains deep path location symbolic symlink link links pointing
point points target contents' forever completely -p -rf -r -f -fr -a -v -s -sf -la -l
"""
NOISE = frozenset(_NOISE_WORDS.split())


def is_about_files(wish: Wish) -> bool:
    """Whether files are meant: a path, a quoted name or a word like "file"; not something of Docker's."""
    if DOCKER & set(wish.kinds[:1]) or _MODULE.search(wish.lower):
        return False
    return (
        bool(PATH.search(_without_urls(wish.scan().text)))
        or bool((FILE | DIRECTORY) & set(wish.kinds))
        or (wish.it is not None and wish.it.kind in FILE | DIRECTORY)
    )


def _without_urls(text: str) -> str:
    return re.sub(r"https?://\S+", " ", text)


_INSIDE = (
    r"\b(?:in|inside|within|under|below{away})\s+(?:the\s+|my\s+)?(?:folder\s+|directory\s+|dir\s+)?"
    rf"(?P<value>(?=[^\s,;]*[/~]){VALUE}|home\b|{VALUE}(?=\s+(?:folder|directory|dir)\b))"
)


def folder_said(scan: Scan, *, away: bool = False) -> str | None:
    """The folder that files are said to be in: "a.txt in /tmp"; ``away``: or to leave, "notes.txt from my home"."""
    found = scan.first(_INSIDE.replace("{away}", r"|from|out\s+of" if away else ""))
    return "~" if found == "home" else found


def joined(folder: str | None, found: list[str]) -> list[str]:
    if folder is None:
        return found
    return [str(PurePosixPath(folder, path)) for path in found] or [folder]


def is_name(path: str, wish: Wish) -> bool:
    """Whether it is a name in a folder, and no word about what is there: "old backups in /srv"."""
    if path.startswith(("/", "~")):
        return False
    name = re.escape(path)
    called = rf"\b(?:file|folder|directory|dir|called|named)\s+{name}(?!\S)|{name}\s+(?:folder|directory)\b"
    return "." in path or re.search(called, wish.text) is not None or path in wish.scan().quoted()


def paths_of(scan: Scan, wish: Wish, *, away: bool = False) -> list[str]:
    """What is left as the names of files, in the folder that is named for them, else what "it" is."""
    said, folder = scan.text, folder_said(scan, away=away)
    found = names(scan, NOISE)
    if folder is not None and all(is_name(path, wish) for path in found):
        found = joined(folder, found)
    elif folder is not None:
        scan.text = said
        found = names(scan, NOISE)
    if not found and wish.it is not None and wish.it.kind in FILE | DIRECTORY:
        found = [wish.it.name]
    return found


_IF = re.compile(
    r"[,;]?\s*(?:\b(?:but|and|only)\s+)*(?<![\w./-])(?P<word>if|unless|as\s+long\s+as|provided(?:\s+that)?|assuming|"
    r"in\s+case)\s+(?P<what>(?:(?!\s+(?:in|inside|under|within|with|called|named|and|then|but|into)\s|[,;]|[.!?](?:\s|$)).)+)",
    re.IGNORECASE,
)
_LEFT_ALONE = re.compile(
    r"[,;]?\s*(?:(?:and|then|but|just|please|so)\s+)*\b(?:leave|keep|skip|ignore|reuse)\s+"
    r"(?:it|that|this|them|one|the\s+(?:old|existing)\s+one)(?:\s+(?:alone|as\s+it\s+is|as\s+is|there|be|then))?"
    r"(?=\s*(?:[,;.!?]|$))",
    re.IGNORECASE,
)
_OF_ITSELF_WORDS = """
it its it's they that that's this there there's there’s one any some none no not nothing is isn't isn’t are aren't
doesn't doesn’t don't does do exist exists existing already yet still here missing needed necessary required possible
absent gone present was wasn't has hasn't have been made created by name such a an the folder directory folders
directories leave skip keep ignore alone then can't could be to of so
"""
_OF_ITSELF = frozenset(_OF_ITSELF_WORDS.split())


def take_conditions(scan: Scan) -> str | None:
    """Take what is only said of whether the thing is there: "if there isn't one", "unless it exists, then leave it".

    Returns the first condition that is about something else; that leaves the text, too.
    """
    other: str | None = None

    def gone(match: re.Match[str]) -> str:
        nonlocal other
        words = re.findall(r"[\w./~\ue000-\uefff’'-]+", match["what"])
        reason = bool(words) and words[0].lower() in ("i", "we", "you", "i'll", "we'll", "i'm", "somebody", "someone")
        if other is None and not reason and any(word.lower() not in _OF_ITSELF for word in words):
            other = " ".join(scan.restored(match.group()).split()).strip(" ,;")
        return " "

    text = _IF.sub(gone, scan.text)
    scan.text = text if text == scan.text else _LEFT_ALONE.sub(" ", text)
    return other


def not_awaited(condition: str) -> Question:
    return Question(
        f"Nothing I plan waits for a condition like “{condition[:60]}”. Check it first, then say what is to be done.",
        ("list files here",),
    )


_SHELL = re.compile(r"^\W*(?:sudo\s+)?(?:rm|cp|mv|cat|ls|du|stat|chmod|mkdir|touch|rmdir)\s")
_AFTER_KIND = (
    r"(?:files?|folders?|director(?:y|ies)|dirs?|scripts?|called|named)\s+"
    r"(?:[^\s,;]+\s*(?:,\s*(?:and\s+)?|\s+and\s+))*"
)


def unread(paths: list[str], wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    """The question where words stand among the names of files that are no files: "who wrote line 10 of app.py".

    A name has a dot or a slash, is quoted, follows the kind of thing, is there, or is made before. One alone is taken.
    """
    options = " ".join(path for path in paths if re.match(r"--?\w", path))
    if options:
        return Question(f"I do not know the option {options} here.", ("list files here",), unread=options)
    if len(paths) < 2 or _SHELL.match(wish.text):
        return None
    quoted, made = wish.scan().quoted(), {thing.name for thing in outline.made}

    def is_file(path: str) -> bool:
        if path in quoted or path in made or re.search(r"[/~*?]|\w\.\w|^\.\w", path):
            return True
        after = re.search(rf"\b{_AFTER_KIND}{re.escape(path)}(?![\w./-])", wish.text, re.IGNORECASE)
        return after is not None or exists(path, context)

    words = " ".join(path for path in paths if not is_file(path))
    if not words:
        return None
    return Question(
        f"I do not understand “{words}” in this. Which file do you mean?", ("list files here",), unread=words
    )


def exists(path: str, context: PlanningContext) -> bool:
    try:
        return (context.settings.cwd / expanded(path)).exists()
    except (OSError, RuntimeError, ValueError):
        return False


def which_file(verb: str) -> Question:
    return Question(
        f"Which file should I {verb}?",
        (f"{verb} file notes.txt", f"{verb} file /tmp/notes.txt"),
        completes="{request} {quoted}",
    )


def is_directory(path: str, context: PlanningContext) -> bool:
    try:
        return (context.settings.cwd / expanded(path)).is_dir()
    except (OSError, RuntimeError, ValueError):
        return False
