"""Finding what was done before by words: full text over requests, operations, their values and outcomes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from reign_agents.store.records import Recalled

CANDIDATES = 120
"""Newest matches that are looked at; older ones come up with more words."""
ENOUGH = 3
"""Steps that hold all the words; with so many, those that hold only some are not looked for."""
MOST_WORDS = 12
MOST_LEFT_OUT = 4
"""Words up to which each of them is left out in turn when not all are found."""

_WORD = re.compile(r"[^\W_]+")
_SMALL = (
    "a an and the of to in on at by for from with without is are was were be it its this that these those i me my "
    "we you your please can could would do did does what when which who how last"
)
_MEANINGLESS = frozenset(_SMALL.split())


def words_of(text: str) -> list[str]:
    """The words of a question that are worth looking for, in order, each once."""
    found = list(dict.fromkeys(word.casefold() for word in _WORD.findall(text)))
    meant = [word for word in found if word not in _MEANINGLESS]
    return (meant or found)[:MOST_WORDS]


def recall(db: sqlite3.Connection, text: str, limit: int) -> list[Recalled]:
    """Steps that hold the words of ``text`` (the last one may be a beginning of two letters or more), best first.

    Best: more of the words, then done before failed, then newer. The same request and operation with the same outcome
    comes once.
    """
    words = words_of(text)
    if not words or limit <= 0:
        return []
    found: dict[tuple[str, str, str], Recalled] = {}
    for query, at_least in _queries(words):
        rows = db.execute(
            "SELECT run, step, request, operation, outcome, time, words FROM recall WHERE recall MATCH ? "
            "ORDER BY rowid DESC LIMIT ?",
            (query, CANDIDATES),
        )
        for run, step, request, operation, outcome, time, content in rows:
            key = (request.casefold(), operation, outcome)
            if key not in found:
                matched = at_least or _matched(words, content)
                found[key] = Recalled(run, step, request, operation, outcome, time, matched, content)
        if len(found) >= min(limit, ENOUGH):
            break
    newest = sorted(found.values(), key=lambda r: r.time, reverse=True)
    return sorted(newest, key=lambda r: (-r.matched, r.outcome != "done"))[:limit]


def _queries(words: list[str]) -> Iterator[tuple[str, int]]:
    """All the words; all but one; any: in FTS5's language, with how many words that is (0: to be counted)."""
    terms = [f'"{word}"' for word in words]
    if len(words[-1]) > 1:
        terms[-1] += "*"
    yield " AND ".join(terms), len(terms)
    if 2 < len(terms) <= MOST_LEFT_OUT:
        for left_out in range(len(terms)):
            yield " AND ".join(terms[:left_out] + terms[left_out + 1 :]), len(terms) - 1
    if len(terms) > 1:
        yield " OR ".join(terms), 0


def _matched(words: list[str], content: str) -> int:
    folded = content.casefold()
    return sum(word in folded for word in words)
