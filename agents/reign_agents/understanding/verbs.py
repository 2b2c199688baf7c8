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


class Spelling:
    """A verb as it may be written: its usual name, its intent, and its deed ("" where planning knows none)."""

    __slots__ = ("deed", "form", "intent", "name")

    def __init__(self, form: str, name: str, intent: str, deed: str) -> None:
        self.form, self.name, self.intent, self.deed = form, name, intent, deed


@cache
def _table() -> dict[str, dict[str, dict[str, dict[str, str]]]]:
    with open(__file__[: -len("verbs.py")] + "verbs.json", encoding="utf-8") as file:  # noqa: PTH123 - see lexicon
        table: dict[str, dict[str, dict[str, dict[str, str]]]] = json.load(file)
    return table


def spellings() -> Iterator[Spelling]:
    """Every spelling of a verb; where one stands in two groups, the first counts."""
    for intent, group in _table()["verbs"].items():
        for name, deeds in group.items():
            for deed, forms in deeds.items():
                for form in forms.split():
                    yield Spelling(form.replace("_", " "), name, intent, deed)


def deeds() -> dict[str, str]:
    """Spelling → deed, of verbs and openings."""
    found: dict[str, str] = {}
    for spelling in spellings():
        if spelling.deed:
            found.setdefault(spelling.form, spelling.deed)
    for deed, forms in _table()["openings"].items():
        for form in str(forms).split():
            found.setdefault(form.replace("_", " "), deed)
    return found
