"""The one table of verbs (``verbs.json``): how a spelling is called, the intent it leans to, its deed for planning.

Understanding tells fine shades apart ("spin up" is ``create``, "launch" is ``run``), planning groups spellings by what
is done (both are the deed ``run``). ``openings`` open a wish without being its verb: "how many", "logs".
"""

from __future__ import annotations

import json
from functools import cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Spellings:
    """How a verb may be written: its usual name, its intent, and its deed ("" where planning knows none)."""

    __slots__ = ("deed", "forms", "intent", "name")

    def __init__(self, forms: list[str], name: str, intent: str, deed: str) -> None:
        self.forms, self.name, self.intent, self.deed = forms, name, intent, deed


def phrases(text: str) -> list[str]:
    """Words apart by spaces; inside a phrase a ``_`` stands for the space."""
    return text.replace(" ", "\n").replace("_", " ").split("\n") if text else []


@cache
def _table() -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    with open(__file__[: -len("verbs.py")] + "verbs.json", encoding="utf-8") as file:  # noqa: PTH123 - see lexicon
        table: dict[str, dict[str, dict[str, dict[str, str]]]] = json.load(file)
    return table


def spellings() -> Iterator[Spellings]:
    """Every spelling of every verb; where one stands in two groups, the first counts."""
    for intent, group in _table()["verbs"].items():
        for name, deeds in group.items():
            for deed, forms in deeds.items():
                yield Spellings(phrases(forms), name, intent, deed)


def deeds() -> dict[str, str]:
    """Spelling → deed, of verbs and openings."""
    found: dict[str, str] = {}
    for verb in spellings():
        if verb.deed:
            for form in verb.forms:
                found.setdefault(form, verb.deed)
    for deed, forms in _table()["openings"].items():
        for form in phrases(str(forms)):
            found.setdefault(form, deed)
    return found
