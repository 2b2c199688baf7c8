"""Finding what was done before by words: full text over requests, operations, their values and outcomes."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator

from reign_agents.store.records import Recalled

CANDIDATES = 300
"""Newest matches that are looked at; older ones come up with more words."""
MOST_WORDS = 12

_WORD = re.compile(r"\w+")
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
    """Steps that hold the words of ``text`` (the last one may be a beginning), best first.

    Best: more of the words, then done before failed, then newer. The same request and operation with the same outcome
    comes once.
    """
    words = words_of(text)
    if not words or limit <= 0:
        return []
    found: dict[tuple[str, str, str], Recalled] = {}
    for query in _queries(words):
        rows = db.execute(
            "SELECT run, step, request, operation, outcome, time, words FROM recall WHERE recall MATCH ? "
            "ORDER BY rowid DESC LIMIT ?",
            (query, CANDIDATES),
        )
        for run, step, request, operation, outcome, time, content in rows:
            key = (request.casefold(), operation, outcome)
            if key not in found:
                matched = _matched(words, content)
                found[key] = Recalled(run, step, request, operation, outcome, time, matched, content)
        if len(found) >= limit:
            break
    newest = sorted(found.values(), key=lambda r: r.time, reverse=True)
    return sorted(newest, key=lambda r: (-r.matched, r.outcome != "done"))[:limit]


def _queries(words: list[str]) -> Iterator[str]:
    """All the words; all but one; any. Each in FTS5's language, the last word as a beginning."""
    terms = [f'"{word}"' for word in words]
    terms[-1] += "*"
    yield " AND ".join(terms)
    if len(terms) > 2:
        for left_out in range(len(terms)):
            yield " AND ".join(terms[:left_out] + terms[left_out + 1 :])
    if len(terms) > 1:
        yield " OR ".join(terms)


def _matched(words: list[str], content: str) -> int:
    there = set(_WORD.findall(content.casefold()))
    count = sum(word in there for word in words[:-1])
    return count + any(word.startswith(words[-1]) for word in there)
