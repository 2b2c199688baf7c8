"""What models cost, in words: for the top line and for ``reign-tui cost``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reign_agents.models.prices import dollars, money
from reign_tui.text import counted, one_line

if TYPE_CHECKING:
    from reign_agents.store.spending import Spent


def family(model: str) -> str:
    """The first word of a model's name: ``anthropic/claude-opus-5-5`` is a ``claude``."""
    return re.split(r"[-:_.@/ ]", model.partition("/")[2], maxsplit=1)[0] or model


def header_words(spent: Spent | None) -> str:
    """``claude $0.04``; ``?`` with the tokens where no price is known; nothing before a model was used."""
    if spent is None:
        return ""
    families = list(dict.fromkeys(map(family, spent.models)))
    who = one_line(families[0], 16) if len(families) == 1 else "models"
    return f"{who} {amount(spent)}"


def planning_words(spent: Spent) -> str:
    """``planning cost $0.0412: anthropic/…, 3 requests, 5.2k tokens read, 300 written``."""
    read = tokens(spent.input + spent.cached + spent.stored)
    who = one_line(", ".join(spent.models), 80)
    requests = counted(spent.requests, "request")
    told = f"{read} tokens read, {tokens(spent.output)} written"
    return f"planning cost {amount(spent, fine=True)}: {who}, {requests}, {told}"


def amount(spent: Spent, *, fine: bool = False) -> str:
    """What a group cost: ``$0.04``, ``$0.04+?`` where part of it has no price, ``? 5.2k tokens`` where nothing has."""
    if spent.unpriced == spent.requests:
        return f"? {tokens(spent.unpriced_tokens)} tokens"
    known = money(dollars(spent.cost), fine=fine)
    known = f"about {known}" if fine and spent.estimated and spent.cost else known
    return f"{known}+?" if spent.unpriced else known


def tokens(count: int) -> str:
    """A number of tokens, shortened: 950, 5.2k, 1.4M."""
    for limit, sign in ((1_000_000, "M"), (1000, "k")):
        if count >= limit:
            return f"{count / limit:.1f}".removesuffix(".0") + sign
    return str(count)


def notes(groups: Iterable[Spent]) -> list[str]:
    """What a reader of the amounts must know: what is estimated, unpriced, under way or cut off."""
    found = list(groups)
    unpriced = sum(spent.unpriced for spent in found)
    unpriced_tokens = sum(spent.unpriced_tokens for spent in found)
    estimated = sum(spent.estimated for spent in found)
    opened, most = sum(spent.open for spent in found), sum(spent.open_most for spent in found)
    lines = []
    if unpriced:
        lines.append(
            f"?: no price is known for {counted(unpriced, 'request')} ({unpriced_tokens:,} tokens): "
            'the settings take one ([prices."vendor/model"])'
        )
    if estimated:
        lines.append(f"about: {counted(estimated, 'request')} broke off or told no tokens, which are estimated")
    if opened:
        lines.append(
            f"{counted(opened, 'request')} under way or cut off with the process: "
            f"at most {money(dollars(most), fine=True)} more, which counts against the budget"
        )
    return lines
