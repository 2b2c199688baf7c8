"""Lines and words inside a file: nothing here edits them, and the file is never meant as a whole."""

from __future__ import annotations

import re
import shlex

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Question
from reign_agents.planning.scan import MASK, VALUE, Scan
from reign_agents.planning.wish import Wish
from reign_agents.specialists.files.said import exists, is_directory

_PARTS = (
    r"(?:lines?|words?|rows?|columns?|text|strings?|characters?|entry|entries|sections?|blocks?|comments?|whitespace|"
    r"spaces?|duplicates?|occurrences?|mentions?|keys?|settings?|paragraphs?|blanks?|newlines?)"
)
_OF = rf"\b(?:of|in|from|inside|within)\s+(?:the\s+)?(?:file\s+)?(?P<value>{VALUE})"
_FILE = re.compile(r"\w\.[A-Za-z]\w{0,5}$")


def plan_within(wish: Wish, context: PlanningContext) -> Question | None:
    """The honest answer where a part of a file is to go: "delete line 3 of notes.txt", "remove TODO from notes.txt"."""
    scan = wish.scan()
    found = [Scan.restored(scan, match["value"]) for match in re.finditer(_OF, scan.text, re.IGNORECASE)]
    path = next((one for one in found if _is_file(one, context)), None)
    if path is None:
        return None
    ahead = re.split(rf"\b(?:of|in|from|inside|within)\s+(?:the\s+)?(?:file\s+)?{re.escape(path)}", scan.text)[0]
    return Question(
        f"I remove files by their names, not what is in one: {path} stays. As a command of your own (asked first):",
        (_command(scan, ahead, path), f"show file {path}"),
    )


def _is_file(path: str, context: PlanningContext) -> bool:
    if is_directory(path, context):
        return False
    return exists(path, context) or _FILE.search(path) is not None


def _command(scan: Scan, ahead: str, path: str) -> str:
    file = shlex.quote(path)
    quoted = re.search(MASK, ahead)
    number = re.search(r"\blines?\s+(?P<a>\d+)(?:\s*(?:-|to|and)\s*(?P<b>\d+))?", ahead, re.IGNORECASE)
    count = re.search(r"\b(?P<end>first|last)\s+(?:(?P<n>\d+)\s+)?lines?\b", ahead, re.IGNORECASE)
    word = re.search(rf"\b(?:with|containing|word|string|text|called)\s+(?P<value>{VALUE})", ahead, re.IGNORECASE)
    text = scan.restored(quoted.group()) if quoted else scan.restored(word["value"]) if word else None
    if number is not None:
        last = f",{number['b']}" if number["b"] else ""
        return f"!sed -i {number['a']}{last}d {file}"
    if count is not None and count["end"].lower() == "first":
        return f"!sed -i 1,{count['n'] or 1}d {file}"
    if count is not None:
        return f"!head -n -{count['n'] or 1} {file}"
    if text is None:
        return f"!grep -n '' {file}"
    escaped = re.sub(r"([\\/.*\[\]^$])", r"\\\1", text)
    of_lines = re.search(r"\b(?:lines?|rows?)\b", ahead, re.IGNORECASE) is not None
    return f"!sed -i {shlex.quote(f'/{escaped}/d' if of_lines else f's/{escaped}//g')} {file}"


def speaks_of_parts(wish: Wish) -> bool:
    """Whether a piece of a file is named: its lines, words, comments."""
    return re.search(rf"\b{_PARTS}\b", wish.scan().text, re.IGNORECASE) is not None
