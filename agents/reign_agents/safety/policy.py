"""What safety says of one step: the effect's verdict, tightened by mode and target. Nothing here ever loosens."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from reign_agents.plan.model import Verdict
from reign_agents.safety import judge_effect
from reign_agents.settings import EngineSettings
from reign_executors.effect import Effect, Risk
from reign_executors.operation import Operation, Query
from reign_executors.target import Target


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict with its reasons in words; ``confirm`` is the target's name that must be typed for this step."""

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    confirm: str | None = None


@lru_cache(maxsize=8)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def prod_like(target: Target, settings: EngineSettings) -> bool:
    """Whether the target's context is one where a destroy needs its name typed."""
    return _compiled(settings.prod_pattern).search(target.context) is not None


def rule(operation: Operation, effect: Effect, target: Target | None, settings: EngineSettings) -> Ruling:
    """The ruling on one step as its effect stands now."""
    is_query = isinstance(operation, Query)
    word, reasons = judge_effect(effect, is_query=is_query)
    verdict = Verdict(word)
    if settings.read_only and not is_query and (effect.changes or not effect.known):
        return Ruling(Verdict.DENY, ("read-only mode: nothing may change (start without --read-only)", *reasons))
    if isinstance(operation, Query) and operation.shows_credentials and verdict is Verdict.ALLOW:
        verdict, reasons = Verdict.ASK, ("shows a credential", *reasons)
    confirm = None
    if target is not None and effect.risk is Risk.DESTROY and prod_like(target, settings):
        confirm = target.context
        reasons = (*reasons, f"{target.context} looks like production")
    return Ruling(verdict, tuple(reasons), confirm)
