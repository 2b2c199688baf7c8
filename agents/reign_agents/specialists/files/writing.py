"""Writing files, appending to them, making folders."""

from __future__ import annotations

import re

from pydantic import JsonValue

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.scan import MASK, VALUE, Scan
from reign_agents.planning.unheld import spared_parts
from reign_agents.planning.wish import Wish, names
from reign_agents.specialists.files.said import NOISE, exists, not_awaited, paths_of, take_conditions, which_file

_LEAD = (
    r"(?:containing|saying|reading|that\s+(?:says|contains|reads)|which\s+(?:says|contains)|"
    r"(?:with|and)(?:\s+(?:the|this|its|a))*(?:\s+(?:new|single|following))*\s+(?:content|"
    r"contents|text|line|lines|words?|body)(?:\s+of)?|with|contents?|text|holding)"
)
_PATHLIKE = re.compile(r"[/.~]")
_TOO_MANY = 3


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


def _prose(scan: Scan, wish: Wish) -> Question | None:
    """The question where so many words would be files that the text can't be about files alone."""
    paths = paths_of(Scan(scan.text), wish)
    plain = [path for path in paths if not _PATHLIKE.search(path)]
    if len(paths) < _TOO_MANY or len(plain) * 2 < len(paths) or scan.quoted() or wish.has("files", "folders"):
        return None
    words = " ".join(paths[:6])
    return Question(
        f"I do not understand “{words}” in this. Which file do you mean?", ("list files here",), unread=words
    )


def _adds(scan: Scan, wish: Wish, context: PlanningContext) -> Question | None:
    """The question what files that are there are added to: nothing empties them; one, too, where some are spared."""
    spared = wish.verb != "write" and not scan.quoted() and spared_parts(scan.text)
    there = (
        wish.verb == "append"
        and not scan.quoted()
        and any(exists(path, context) for path in paths_of(wish.scan(), wish))
    )
    if not spared and not there:
        return None
    chosen = "" if spared else " ".join(path for path in paths_of(wish.scan(), wish) if exists(path, context))
    return Question(
        "What should be added, and to what?",
        (f"add {chosen or 'app.py'} to the next commit", 'append "a line" to notes.txt'),
    )


async def plan_write(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    unclear = _prose(scan, wish) or _adds(scan, wish, context)
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
    other = take_conditions(scan) if wish.verb == "touch" else None
    if other is not None:
        return not_awaited(other)
    if mode is None and scan.has(r"(?:(?:and|,)\s+)?(?:make\s+it\s+)?\bexecutable\b"):
        mode = "755"
    keep = scan.has(
        r"(?:[,;]?\s*\b(?:but|and)\s+)?\b(?:do\s+not|don[’']?t|never|not|without)\s+(?:\w+\s+)?"
        r"(?:overwrit|replac)\w*(?:\s+(?:it|any|anything|the\s+existing\s+one|existing|what\s+is\s+there))*"
    )
    replace = not keep and (
        wish.verb == "replace"
        or scan.has(
            r"(?:(?:and|,)\s+)?(?:overwrit(?:e|ing)|replac(?:e|ing))(?:\s+(?:it|any|the\s+existing\s+one|"
            r"existing))*(?:\s+if\s+it\s+exists)?"
        )
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
    paths = [path for path in (named or into,) if path] or paths_of(scan, wish)
    if not paths:
        return which_file("create" if wish.verb != "write" else "write to")
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


async def plan_append(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    path = scan.first(rf"\b(?:to|into|in|at)\s+(?:the\s+)?(?:end\s+of\s+)?(?:the\s+)?(?:file\s+)?(?P<value>{VALUE})")
    if path in ("it", "that", "this"):
        path = None
    content = _content(scan, leading=True) or next(iter(scan.quoted()), None)
    if content is None and path is not None:
        content = scan.first(r"\b(?:the\s+|a\s+)?(?:line|text|words?)\s+(?P<value>[^,;]+?)\s*$")
    path = path or next(iter(paths_of(scan, wish)), None)
    if path is None:
        return which_file("append to")
    if content is None:
        return Question(
            f"What should I append to {path}?", (f'append "a line" to {path}',), completes="append {quoted} to " + path
        )
    outline.add("file.append", {"path": path, "content": _line(content)}, f"append a line to {path}")
    return None


async def plan_directory(wish: Wish, _context: PlanningContext, outline: Outline) -> Question | None:
    scan = wish.scan()
    other = take_conditions(scan)
    if other is not None:
        return not_awaited(other)
    mode = scan.first(r"(?:with|and)?\s*(?:the\s+)?(?:mode|permissions?)\s+(?P<value>0?[0-7]{3,4})\b")
    listed = scan.first(r"(?:\b\w+\s+)?\b(?:folders|directories|dirs)\s*:\s*(?P<value>\S.*)$")
    inside = scan.first(rf"\b(?:in|inside|under)\s+(?:the\s+)?(?:directory\s+|folder\s+)?(?P<value>{VALUE})")
    paths = names(scan, NOISE) if listed is None else re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+|\s+", listed)
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
