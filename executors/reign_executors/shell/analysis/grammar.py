"""tree-sitter's reading of a text: the second opinion before anything is called harmless.

Two readers that know nothing of each other must agree on where commands begin. Where tree-sitter sees an error, or a
command that was not met, the text is not understood, and a person is asked.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Parser, Query

LONGEST = 3000
_PLAINLY_READ = re.compile(r"[A-Za-z0-9_./:=@%+,\- \n]*")  # words and blanks: nothing in it to be read in two ways


@cache
def _parser() -> Parser:
    import tree_sitter_bash
    from tree_sitter import Language, Parser

    return Parser(Language(tree_sitter_bash.language()))


@cache
def _names() -> Query:
    from tree_sitter import Query

    language = _parser().language
    assert language is not None
    return Query(language, "(command_name) @name")


_KEYWORDS = tuple(  # words of the grammar that tree-sitter takes for commands (after ``time {``)
    b"time coproc { } if then elif else fi for while until do done case esac select [[ ]] !".split()
)
_COSTLY = re.compile(r"\||<<|=\(")


def disagreement(text: str, names_at: set[int]) -> str | None:
    """Why tree-sitter reads this text differently (in words), None when both agree. ``names_at``: offsets of names."""
    if _PLAINLY_READ.fullmatch(text):
        return None
    if len(text) > LONGEST or len(_COSTLY.findall(text)) > 40:
        return "the text is too long or too tangled to be read twice"
    from tree_sitter import QueryCursor

    source = text.encode("utf-8", "replace")
    root = _parser().parse(source).root_node
    if root.has_error and not _known_blind_spot(text):
        return "the two ways of reading this text do not agree"
    captured = QueryCursor(_names()).captures(root).get("name", ())
    ascii_only = len(source) == len(text)
    for node in captured:
        at = node.start_byte if ascii_only else len(source[: node.start_byte].decode("utf-8", "replace"))
        if node.text in _KEYWORDS:
            continue
        if at not in names_at and not _inside_quotes_or_word(text, at) and not root.has_error:
            return "the two ways of reading this text do not agree on the commands in it"
    return None


_BLIND = re.compile(
    r"<>|\(\(|;;&|;&|[@!?*+]\([^)]*\)|<<|\$\[|\[\[.*=~|^\s*\w+\s*\(\)|\\$|\$\{[^}]*[:/#%^,@]|=\(|\{\w+\}[<>]|%\)|\bin\s*$|!|\bselect\b|\btime\b|\bcoproc\b",
    re.MULTILINE,
)


def _known_blind_spot(text: str) -> bool:
    """Spellings that bash accepts and tree-sitter's grammar does not."""
    return _BLIND.search(text) is not None


def _inside_quotes_or_word(text: str, at: int) -> bool:
    """Whether that place can be no command: here-document text, an odd split of a word."""
    return "<<" in text or (at > 0 and text[at - 1] not in " \t\n;&|(`{!)")


def warm() -> None:
    """Load the grammar now (it takes some 30 ms once)."""
    _parser()
    _names()
