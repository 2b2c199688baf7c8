"""Files chosen by what they have in common: all of a folder, of an ending, of a pattern, but for those spared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Question
from reign_agents.planning.scan import VALUE, Scan
from reign_agents.planning.unheld import without_spared
from reign_executors.home import expanded

MOST = 20
"""Files that a plan names one by one."""
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


@dataclass(frozen=True, slots=True)
class Several:
    """``paths`` of those there, ``pattern`` what they have in common, as a shell would write it."""

    paths: tuple[str, ...]
    pattern: str


def spared_in(scan: Scan) -> list[str]:
    """The names that are to be left alone; the words about them leave the text, but for the folder they are in."""
    rest, parts = without_spared(scan.text)
    names: list[str] = []
    for part in parts:
        inside = re.search(r"\s(?:in|inside|under|from|of)\s+(?!the\s+folder)\S+.*$", part)
        some = re.match(r"\s*all\s+but\b", part, re.IGNORECASE)
        rest += f"{' everything ' if some else ' '}{inside.group() if inside else ''}"
        said = part[: inside.start()] if inside else part
        names += [scan.restored(word) for word in re.split(r"[\s,;]+", said) if word]
    scan.text = rest
    return names


def several(scan: Scan, spared: list[str], context: PlanningContext) -> Several | Question | None:
    """The files that are meant together; a question where they are too many; None where names say which."""
    text = scan.text
    star = re.search(r"(?<![\w/.~*?-])[\w./~-]*[*][\w.*-]*(?![\w/*])", text)
    ending = re.search(
        rf"\b{_EVERY}\s+(?:of\s+)?(?:the\s+|my\s+)?\*?\.?(?P<end>[a-z]\w*)\s+files\b", text, re.IGNORECASE
    )
    whole = re.search(r"\b(?:everything|all\s+(?:of\s+)?(?:the\s+|its\s+)?(?:files|contents?))\b", text, re.IGNORECASE)
    folder, pattern = ".", ""
    if star is not None:
        path = PurePosixPath(star.group())
        folder, pattern = str(path.parent), path.name
        text = text.replace(star.group(), " ")
    elif ending is not None and (ending["end"].lower() in _ENDINGS or f".{ending['end']} " in text):
        pattern = f"*.{ending['end']}"
    elif whole is not None:
        pattern = "*"
    if not pattern or re.search(r"[*?]", folder):
        return None
    inside = re.search(_IN, text, re.IGNORECASE)
    if inside is not None:
        place = scan.restored(inside["value"])
        if place.lower() in ("it", "them", "that", "there"):
            return None
        folder = "." if place.lower() in ("here", "this", "current") else str(PurePosixPath(place, folder))
    elif pattern == "*" and star is None:
        return None
    if _FINER.search(re.sub(_IN, " ", text, flags=re.IGNORECASE)):
        return None
    shown = pattern if folder == "." else f"{folder}/{pattern}"
    found = _there(folder, pattern, context, everything=star is None and pattern == "*")
    found = [path for path in found if path not in spared and PurePosixPath(path).name not in spared]
    if not found:
        return None
    if len(found) > MOST:
        return Question(
            f"{len(found)} files match {shown}, more than the {MOST} that I plan one by one. Which of them?",
            (f"list files in {folder}", f"find files named {pattern} under {folder}"),
        )
    return Several(tuple(found), shown)


def _there(folder: str, pattern: str, context: PlanningContext, *, everything: bool) -> list[str]:
    """What is directly in the folder by that pattern; hidden files only where everything is meant; never a ``.git``."""
    try:
        place = context.settings.cwd / expanded(folder)
        found = sorted(one for one in Path(place).glob(pattern) if everything or not one.name.startswith("."))
    except (OSError, RuntimeError, ValueError, NotImplementedError):
        return []
    if any(one.name == ".git" for one in found):
        return []
    return [one.name if folder == "." else str(PurePosixPath(folder, one.name)) for one in found]
