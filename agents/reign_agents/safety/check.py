"""``reign-tui check``: the verdict on a shell command, by what it would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reign_agents.safety import VerdictWord, judge_effect
from reign_agents.safety.rules import Rule, act_of_command, strongest
from reign_executors.shell.analysis import analyse


@dataclass(frozen=True, slots=True)
class Judgement:
    """``verdict`` and the reasons for it, in words for people."""

    verdict: VerdictWord
    reasons: tuple[str, ...] = ()


def judge_command(text: str, rules: Sequence[Rule] = (), *, host: str | None = None) -> Judgement:
    """The verdict on ``text`` as a bash or POSIX shell command. Never runs anything.

    Without ``rules`` it is by what the command would do alone. With them (``reign-tui check --rules``) the person's own
    are added, as they would hold for it on ``host``: they may deny, ask, or allow what would have been asked; what is
    catastrophic stays denied.
    """
    verdict, reasons = judge_effect(analyse(text).effect())
    if verdict == "deny" or not rules:
        return Judgement(verdict, reasons)
    found = strongest(rules, lambda: act_of_command(text, context=host))
    if found is None or (found.verdict == "allow" and verdict == "allow"):
        return Judgement(verdict, reasons)
    return Judgement(found.verdict, (found.said(), *reasons))


__all__ = ["Judgement", "judge_command"]
