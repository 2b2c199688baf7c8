"""What all requests about a repository share: which repository, a message, "… and push"."""

from __future__ import annotations

import re

from reign_agents.planning.recipe import Outline
from reign_agents.planning.scan import MASK, Scan
from reign_agents.planning.wish import Wish

REF = r"[\w\ue000-\uefff][\w./@~^\ue000-\uefff-]*"
THE = r"(?:the\s+|a\s+|an\s+|my\s+|this\s+|our\s+|new\s+|current\s+|local\s+|git\s+)*"
VERSION = r"v?\d+(?:\.\d+)+(?:[-+.]?\w+)*"
URL = re.compile(r"(?:https?|ssh|git|file)://\S+|[\w.-]+@[\w.-]+:\S+|\S+\.git\b")
GIT = re.compile(
    r"\b(?:git|commits?|committed|uncommitted|branch(?:es)?|remotes?|origin|upstream|repo(?:sitory)?|merge[ds]?|HEAD)\b",
    re.IGNORECASE,
)
ELSEWHERE = re.compile(
    r"\b(?:github|gitlab|pull\s+requests?|prs?|issues?|workflows?|docker|images?|containers?|registry|helm|chart)\b",
    re.IGNORECASE,
)
AND_PUSH = re.compile(
    r"[,;]?\s*(?:\band\b|&&|\bthen\b)?\s*(?:\bthen\b\s*)?\bpush(?:\s+(?:it|that|them|everything))?\s*[.!]*\s*$",
    re.IGNORECASE,
)


def words_of(wish: Wish) -> str:
    """The text without quoted parts."""
    return Scan(wish.text).text


def repo_of(scan: Scan, outline: Outline) -> str | None:
    """The repository's folder: named in the words, else the one an earlier wish makes; None is the session's."""
    named = scan.first(rf"\b(?:in|inside|of|at)\s+(?:the\s+)?(?:repo(?:sitory)?)\s+(?P<value>{MASK}|[\w./~-]+)")
    named = named or scan.first(rf"\b(?:in|inside)\s+(?:the\s+folder\s+)?(?P<value>{MASK}|(?:\.{{0,2}}|~)/[\w./-]*)")
    if named is not None:
        return named
    for step in reversed(outline.before):
        made = step.fields.get("into" if step.operation == "git.clone" else "repo")
        if step.operation.startswith("git.") and isinstance(made, str):
            return made
    return None


_NO_PUSH = re.compile(
    r"[,;]?\s*\b(?:(?:but|and)\s+)?(?:do\s+not|don[’']?t|never|not|without)\s+push(?:ing)?"
    r"(?:\s+(?:it|that|them|anything|yet|now|any\w*))*\s*[.!]*\s*$",
    re.IGNORECASE,
)


def pushed(scan: Scan) -> bool:
    """Whether the words end in "… and push"; they are taken, also where they say not to."""
    scan.text = _NO_PUSH.sub("", scan.text)
    found = AND_PUSH.search(scan.text)
    if found is None or not scan.text[: found.start()].strip():
        return False
    scan.text = scan.text[: found.start()]
    return True


def message_of(scan: Scan) -> str | None:
    """What the words give as a message; taken out of them."""
    lead = r"(?:\b(?:with|using)\s+)?(?:the\s+)?(?:commit\s+)?"
    lead += r"(?:\b(?:message|msg|comment|note|subject)\b|(?<!\S)-m)\s*[:=]?\s*"
    found = scan.first(rf"{lead}(?P<value>{MASK})") or scan.first(rf"\b(?:as|saying|with)\s+(?P<value>{MASK})")
    if found is not None:
        return found
    bare = re.search(rf"{lead}(?P<value>[^\s,;].*)$", scan.text, re.IGNORECASE | re.DOTALL)
    if bare is None:
        return None
    scan.text = scan.text[: bare.start()]
    return scan.restored(bare["value"]).strip() or None
