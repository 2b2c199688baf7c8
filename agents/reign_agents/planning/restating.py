"""A request said again in the recipes' own words, from what understanding made of it.

Recipes read sentences; understanding reads wordings that no recipe has ("six thumbnailers please, not four"). Where the
recipes are at a loss, or leave out what the person named, the understood request is put into a plain sentence and
planned once more. The sentence is shown ("taken as: scale deployment thumbnailer to 6").
"""

from __future__ import annotations

import re

from reign_agents.planning.sentences import READERS, Said
from reign_agents.understanding import Understanding
from reign_agents.understanding.lexicon import lexicon
from reign_agents.understanding.tokens import tokenize

_SURE = 0.7
"""Confidence from which a request is said again."""
_SURE_TO_DESTROY = 0.95
_SPARES = re.compile(
    r"\b(?:all|every|everything|except|excepting|excluding|besides|apart\s+from|other\s+than|but|save\s+for|unless|keep|"
    r"keeping|spare|leave|leaving)\b",
    re.IGNORECASE,
)
"""Words of a choice among many: said again with the one name there is, the wish would be its opposite."""
_RULES_OUT = re.compile(r"\b(?:not|never|don[’']?t|without|neither|nor)\b", re.IGNORECASE)


def restated(understanding: Understanding) -> str | None:
    """The request in the recipes' words; None when it is no single sure wish, no recipe's matter, or would lose a word
    that names something.
    """
    sure = _SURE_TO_DESTROY if understanding.intent == "destroy" else _SURE
    if understanding.intent == "unknown" or understanding.confidence < sure or not understanding.clauses:
        return None
    wishes = [clause for clause in understanding.clauses if clause.verb is not None]
    if len({clause.intent for clause in wishes}) > 1 or "host" in understanding.entities:
        return None
    if _SPARES.search(understanding.text) and understanding.intent in {"destroy", "update", "scale"}:
        return None
    if understanding.intent in {"destroy", "update"} and _RULES_OUT.search(understanding.text):
        return None
    said = Said(understanding)
    domains = set(understanding.domains) - {"validation"}
    if len(domains) != 1:
        return None
    reader = READERS.get((next(iter(domains)), understanding.intent))
    sentence = None if reader is None else reader(said)
    return None if sentence is None or _loses(understanding.text, sentence) else sentence


_CONCRETE = frozenset({"image", "tagged", "slashed", "path", "file", "quoted", "pair", "ports", "ip", "url", "hash"})


def _loses(text: str, sentence: str) -> bool:
    """Whether something concrete of the text is not in the sentence: an image, a path, a value, a hyphened name."""
    lex, low = lexicon(), sentence.lower()
    for token in tokenize(text):
        value = token.value.lower()
        kind, stroke, name = value.partition("/")
        if stroke and (not name or lex.noun(kind) is not None):
            value = name
        named = token.kind == "name" and re.search(r"[-_\d]", value) is not None
        concrete = token.kind in _CONCRETE or token.low in lex.images or named
        if concrete and value not in low and value.replace(":", " to ") not in low:
            return True
    return False
