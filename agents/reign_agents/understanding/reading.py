"""From text to ``Understanding``: tokens, clauses, the model's judgement, entities."""

from __future__ import annotations

from . import grammar
from .clauses import Span, split
from .entities import extract
from .features import hashed, named
from .found import Context
from .model import model
from .shape import DOMAINS, INTENTS, Clause, Understanding
from .subjects import left
from .tokens import Token, tokenize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .shape import Found, Mood


def understand(text: str) -> Understanding:
    """What ``text`` wants; any text has an answer, "unknown" where nothing can be acted on.

    Pure: the same text gives the same answer. At most the first 6,000 characters are looked at.
    """
    tokens = tokenize(text)
    spans = split(tokens)
    low = frozenset(t.low for t in tokens)
    main = grammar.main_span(spans)
    intent, mood, confidence, domains = _judge(text, tokens, spans)
    read: list[tuple[Span, Context, Found]] = []
    for span in spans:
        leaning = intent if span is main else (grammar.lean(span) or intent)
        context = Context(frozenset(domains), low, span.verb.name if span.verb else None, leaning)
        read.append((span, context, extract(span.tokens, text[span.start : span.end], context)))
    if intent != "unknown" and not any(found.keys() & _NAMED for _, _, found in read):
        for span, context, found in sorted(read, key=lambda one: one[0] is not main):
            if left(span.tokens, found, context):
                break
    clauses = [
        Clause(
            text[span.start : span.end],
            span.verb.name if span.verb else None,
            span.object.name if span.object else None,
            context.intent,
            found,
            span.start,
            span.end,
        )
        for span, context, found in read
    ]
    entities = {} if intent == "unknown" else _merged(clauses, spans, main)
    return Understanding(text, intent, mood, confidence, domains, entities, tuple(clauses))


_NAMED = frozenset({"name", "names", "release"})
"""Keys under which a wish's thing is named."""
_KNOWN = 0.95
"""Confidence in what a rule decides."""
_PINNED = frozenset("/:@")
_NEEDS_OBJECT = frozenset({"run", "remove"})
"""Words that alone want nothing that could be done."""


def _judge(text: str, tokens: list[Token], spans: list[Span]) -> tuple[str, Mood, float, tuple[str, ...]]:
    """Intent, mood, confidence and domains by the trained model."""
    if not tokens:
        return "unknown", "do", 1.0, ()
    if len(tokens) == 1 and tokens[0].low in _NEEDS_OBJECT:
        return "unknown", "do", 1.0, ()
    if grammar.knowledge(tokens):
        return "unknown", "do", _KNOWN, ()
    judged = model().judge(hashed(named(tokens, spans, text)))
    confidence = max(judged.intents)
    intent = INTENTS[judged.intents.index(confidence)]
    mood: Mood = "ask" if judged.ask > 0.5 else "do"
    if intent == "unknown":
        return intent, grammar.mood(text), round(confidence, 4), ()
    domains = tuple(d for d, p in zip(DOMAINS, judged.domains, strict=True) if p > 0.5)
    if not domains:
        domains = (DOMAINS[max(range(len(DOMAINS)), key=judged.domains.__getitem__)],)
    settled = grammar.agreed(set(domains), tokens)
    return intent, mood, round(confidence, 4), tuple(d for d in DOMAINS if d in settled)


def _merged(clauses: list[Clause], spans: list[Span], main: Span | None) -> Found:
    """One map for the whole text: the main clause's values first, then what the others add."""
    order = sorted(range(len(clauses)), key=lambda i: (spans[i] is not main, i))
    merged: Found = {}
    names: list[str] = []
    for i in order:
        for key, value in clauses[i].entities.items():
            bare = key == "image" and not _PINNED & set(str(merged.get(key, ":")))
            if key not in merged or (bare and _PINNED & set(str(value))):
                merged[key] = (
                    list(value) if isinstance(value, list) else dict(value) if isinstance(value, dict) else value
                )
            elif isinstance(value, list) and isinstance(merged[key], list):
                merged[key] += [v for v in value if v not in merged[key]]
            elif isinstance(value, dict) and isinstance(merged[key], dict):
                merged[key] = {**value, **merged[key]}
    for clause in clauses:
        several = clause.entities.get("names")
        own = several if isinstance(several, list) else [clause.entities.get("name")]
        names += [n for n in own if isinstance(n, str) and n not in names]
    if len(names) > 1:
        merged["names"] = names
    return merged
