"""Files chosen by what they have in common: all of a folder, of an ending, of a pattern, but for those spared."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import islice
from pathlib import Path, PurePosixPath

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Question
from reign_agents.planning.scan import VALUE, Scan
from reign_agents.planning.unheld import without_spared
from reign_agents.planning.words import SMALL
from reign_agents.specialists.files.said import NOISE
from reign_executors.home import expanded

MOST = 20
"""Files that a plan names one by one."""
_COUNTED = 1000
"""Files that are counted at most where they are too many."""
_ENDINGS_WORDS = (
    "log txt yaml yml json csv tmp bak md conf cfg ini py sh gz zip tar xml html env toml pdf png jpg sql tf"
)
_ENDINGS = frozenset(_ENDINGS_WORDS.split())
_EVERY = r"(?:all|every|each|any|everything|the)"
_FINER = re.compile(
    r"\b(?:older|newer|bigger|larger|smaller|biggest|largest|smallest|oldest|newest|latest|last|first|recent\w*|empty|"
    r"unused|duplicates?|recursive\w*|sub\w*|changed|modified|created|days?|weeks?|hours?|than|containing|contains?|with|"
    r"old|large|big|half|some|most|few)\b|\d",
    re.IGNORECASE,
)
"""What chooses among files by more than their names."""
_IN = rf"\b(?:in|inside|within|under|from|of|out\s+of)\s+(?:the\s+|my\s+)?(?:folder\s+|directory\s+)?(?P<value>{VALUE})"


_APART = re.compile(r"n[’']t\b|\b(?:not|outside|elsewhere|but|except|besides|minus|nor|neither)\b", re.IGNORECASE)
"""What is left of a text after those spared are out of it, and yet speaks against a folder."""
_NO_NAMES_WORDS = """
but not except excepting for and or the a an all of without excluding besides apart other than save keep leave spare
alone do don't don’t never those these ones one that which are is any ask asking confirmation confirming prompt
prompting question questions asked touch touching anything anyone else others rest everything file files folder
folders directory directories dir itself it its them only in delete deleting remove removing copy copying move moving
intact as untouched there where please yet what stays stay
"""
_NO_NAMES = frozenset(_NO_NAMES_WORDS.split())
"""Words about those spared that name none of them."""
_FOLDERS = re.compile(
    r"\s(?:in|inside|under|from|of)\s+(?:(?:the|my)\s+)?(?:(?:folder|directory)\s+)?[^\s,;]+"
    r"(?:\s*(?:,\s*(?:and\s+|or\s+)?|\band\s+|\bor\s+)(?:in\s+)?(?:(?:the|my)\s+)?[^\s,;]+)*",
    re.IGNORECASE,
)
"""The folders whose files are spared, and no more."""
_OUTER = re.compile(r"\s(?:in|inside|under|from|of)\s+(?!the\s+folder\s*(?:$|[,;.]))\S+.*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Several:
    """``paths`` of those there, ``pattern`` what they have in common, as a shell would write it."""

    paths: tuple[str, ...]
    pattern: str


def spared_in(scan: Scan) -> list[str]:
    """The names that are to be left alone, a folder whose files are with a slash at its end.

    The words about them leave the text, but for the folder that the named ones are in: "all but app.log in logs".
    """
    rest, parts = without_spared(scan.text)
    found: list[str] = []
    for part in parts:
        part = re.sub(r"\s(?:to|into|onto)\s+\S.*$", "", part)
        inside = _OUTER.search(part)
        said = part[: inside.start()] if inside else part
        named = names_of([scan.restored(word) for word in re.split(r"[\s,;]+", said) if word])
        some = re.match(r"\s*all\s+but\b", part, re.IGNORECASE)
        back = inside.group() if inside and named else ""
        rest += f"{' everything ' if some else ' '}{back}"
        words = [scan.restored(word) for word in re.split(r"[\s,;]+", said) if word]
        found += [word.rstrip("/") or word for word in words]
        folders = _FOLDERS.match(inside.group()) if inside and not back else None
        if inside and folders:
            rest += inside.group()[folders.end() :]
            words = [scan.restored(word) for word in re.split(r"[\s,;]+", folders.group()) if word]
            found += [f"{word.rstrip('/')}/" for word in names_of(words)]
    scan.text = rest
    return found


def names_of(spared: list[str]) -> list[str]:
    """Those of the words that name something."""
    return [word for word in spared if word.lower().strip(".,;!?") not in _NO_NAMES and re.search(r"[\w*~]", word)]


def several(scan: Scan, spared: list[str], context: PlanningContext) -> Several | Question | None:
    """The files that are meant together; a question where they are too many; None where names say which."""
    text = scan.text
    star = re.search(r"(?<![\w/.~*?-])[\w./~-]*[*][\w.*-]*(?![\w/*])", text)
    ending = re.search(
        rf"\b{_EVERY}\s+(?:of\s+)?(?:the\s+|my\s+)?\*?\.?(?P<end>[a-z]\w*)\s+files\b", text, re.IGNORECASE
    )
    whole = re.search(
        r"\b(?:(?P<every>everything)|all\s+(?:of\s+)?(?:the\s+|its\s+|my\s+)?(?:files|(?P<contents>contents?)))\b",
        text,
        re.IGNORECASE,
    )
    folder, pattern, taken = ".", "", None
    if star is not None:
        path, taken = PurePosixPath(star.group()), star
        folder, pattern = str(path.parent), path.name
    elif ending is not None and (ending["end"].lower() in _ENDINGS or f".{ending['end']} " in text):
        pattern, taken = f"*.{ending['end']}", ending
    elif whole is not None:
        pattern, taken = "*", whole
    if taken is None or not pattern or re.search(r"[*?]", folder):
        return None
    hidden = taken is whole and (taken["every"] or taken["contents"]) is not None
    files = not hidden and (star is None or re.match(r"\s+files\b", text[star.end() :], re.IGNORECASE) is not None)
    text = f"{text[: taken.start()]} {text[taken.end() :]}"
    inside = re.search(_IN, text, re.IGNORECASE)
    elsewhere = next((word for word in spared if word.endswith("/")), None)
    if elsewhere is not None or "**" in pattern or _APART.search(text):
        return _one_folder(pattern, elsewhere)
    if inside is not None:
        place = scan.restored(inside["value"])
        if place.lower() in ("it", "them", "that", "there"):
            return None
        folder = "." if place.lower() in ("here", "this", "current") else str(PurePosixPath(place, folder))
        text = f"{text[: inside.start()]} {text[inside.end() :]}"
    elif pattern == "*" and star is None:
        return None
    if _FINER.search(re.sub(_IN, " ", text, flags=re.IGNORECASE)):
        return None
    shown = pattern if folder == "." else f"{folder}/{pattern}"
    names = [word.rstrip("/") or word for word in names_of(spared)]
    found = _there(folder, pattern, context, hidden=hidden, files=files, kept=lambda path: _kept(path, names))
    if not found:
        return None
    more = [scan.restored(word) for word in re.split(r"[\s,;]+", text) if re.search(r"[\w\ue000-\uefff]", word)]
    more = [word for word in more if word.lower() not in SMALL | NOISE and not word.startswith("-")]
    if more:
        return Question(
            f"{shown} is one thing, “{' '.join(more)[:60]}” another: I take one folder and one ending at a time.",
            (f"list files in {folder}",),
        )
    if not files and _is_wide(folder, context):
        return Question(
            f"I never take all of {folder} at once. Which of those in it, by their names?", (f"list files in {folder}",)
        )
    unknown = [word for word in names if not _is_known(word, folder, pattern, context)]
    if unknown:
        return Question(
            f"Nothing in {folder} is called {unknown[0]}, so I can't leave it out. Which files stay?",
            (f"list files in {folder}",),
        )
    if len(found) > MOST:
        count = f"{len(found)} files" if len(found) <= _COUNTED else f"More than {_COUNTED} files"
        return Question(
            f"{count} match {shown}, more than the {MOST} that I plan one by one. Which of them?",
            (f"list files in {folder}", f"find files named {pattern} under {folder}"),
        )
    return Several(tuple(found), shown)


def _one_folder(pattern: str, spared: str | None) -> Question:
    without = f", without those in {spared.rstrip('/')}" if spared is not None else ""
    return Question(
        f"I plan files of one folder that is named, not of all there are{without}. Which folder?",
        (f"find files named {pattern.replace('**', '*')} under .",),
    )


def _kept(path: str, spared: list[str]) -> bool:
    """Whether the path is one of those to be left alone: by its name, as a path, by a pattern or an ending."""
    name = PurePosixPath(path).name
    return any(
        str(PurePosixPath(word)) in (path, name) or fnmatchcase(name, word) or _ends(name, word) for word in spared
    )


def _ends(name: str, word: str) -> bool:
    ending = word.lower().removeprefix("*").removeprefix(".")
    return ending in _ENDINGS and name.lower().endswith(f".{ending}")


def _is_known(word: str, folder: str, pattern: str, context: PlanningContext) -> bool:
    """Whether leaving that out means something there: it has that name, or files of that ending or pattern."""
    try:
        place = context.settings.cwd / expanded(folder)
        if (place / expanded(word)).exists() or (context.settings.cwd / expanded(word)).exists():
            return True
        return "*" in word or any(_ends(one.name, word) for one in Path(place).glob("*"))
    except (OSError, RuntimeError, ValueError, NotImplementedError):
        return False


def _is_wide(folder: str, context: PlanningContext) -> bool:
    """Whether the folder is ``/``, right below it, a home, or holds the folder of the session."""
    try:
        cwd = context.settings.cwd.resolve()
        place = (cwd / expanded(folder)).resolve()
        return len(place.parts) <= 2 or place == Path.home().resolve() or place in cwd.parents
    except (OSError, RuntimeError, ValueError):
        return True


def _there(
    folder: str, pattern: str, context: PlanningContext, *, hidden: bool, files: bool, kept: Callable[[str], bool]
) -> list[str]:
    """What is directly in the folder by that pattern, as far as it is counted; nothing beside a ``.git``."""
    try:
        place = Path(context.settings.cwd / expanded(folder))
        if hidden and (place / ".git").exists():
            return []
        there = (
            one
            for one in place.glob(pattern)
            if (hidden or not one.name.startswith(".") or pattern.startswith("."))
            and (not files or one.is_file())
            and not kept(one.name if folder == "." else str(PurePosixPath(folder, one.name)))
        )
        found = sorted(islice(there, _COUNTED + 1))
    except (OSError, RuntimeError, ValueError, NotImplementedError):
        return []
    if any(one.name == ".git" for one in found):
        return []
    return [one.name if folder == "." else str(PurePosixPath(folder, one.name)) for one in found]
