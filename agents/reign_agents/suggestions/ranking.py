"""One short list from all that could be suggested."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from reign_agents.suggestions.offer import Offer, Source

MOST_ASKED = 2
"""Earlier requests in the list as long as there is anything else."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A suggestion and how good it is, higher for better (about 0 to 100)."""

    offer: Offer
    score: float


def best(found: Iterable[Ranked], written: str, most: int, safe: Callable[[str], bool]) -> tuple[Offer, ...]:
    """The best of ``found``, each text once; what is not ``safe`` to show, or adds nothing, is left out.

    What is known of an earlier request is told wherever the same text comes from.
    """
    found = list(found)
    experience = {
        one.offer.taken(written).lower(): one.offer.note for one in found if one.offer.source is Source.HISTORY
    }
    chosen: list[Offer] = []
    waiting: list[Offer] = []
    known = {written.rstrip().lower()}
    for ranked in sorted(found, key=lambda one: -one.score):
        offer = ranked.offer
        whole = offer.taken(written)
        if whole.rstrip().lower() in known:
            continue
        known.add(whole.rstrip().lower())
        if not safe(whole):
            continue
        if not offer.open and (note := experience.get(whole.lower())):
            offer = replace(offer, note=note)
        asked = sum(one.source is Source.HISTORY for one in chosen)
        if offer.source is Source.HISTORY and asked >= MOST_ASKED:
            waiting.append(offer)
        else:
            chosen.append(offer)
        if len(chosen) >= most:
            break
    return tuple((chosen + waiting)[:most])
