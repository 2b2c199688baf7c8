"""What safety says of one step: the effect's verdict, then the person's rules, the mode and the target.

Only a rule that allows loosens anything, and never a catastrophe, a credential, an effect that is not known, or a
destroy on a target that looks like production.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from reign_agents.plan.model import Verdict
from reign_agents.safety import judge_effect
from reign_agents.safety.reaching import why_asked
from reign_agents.safety.rules import Rule, act_of, needs_structure, strongest
from reign_agents.settings import EngineSettings, Mode
from reign_executors.effect import Effect, Risk
from reign_executors.operation import Operation, Query
from reign_executors.target import Target

NAMED = ("namespace", "workspace", "branch")
"""Parts of a target's identity whose names can look like production, beside its context."""

READ_ONLY = "read-only mode: nothing may change (start without --read-only, or with --mode ask)"


@dataclass(frozen=True, slots=True)
class Ruling:
    """A verdict with its reasons in words; ``confirm`` is the target's name that must be typed for this step.

    ``rule`` is the person's rule that decided, where one did: with the verdict ``allow`` it is what permits a change,
    with ``ask`` neither rule nor mode spares the question.
    """

    verdict: Verdict
    reasons: tuple[str, ...] = ()
    confirm: str | None = None
    rule: Rule | None = None


@lru_cache(maxsize=8)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


def prod_name(target: Target, settings: EngineSettings) -> str | None:
    """The name that makes a target look like production: its context's, namespace's, workspace's or branch's."""
    names = [target.context, *(target.identity[name] for name in NAMED if name in target.identity), *_namespace(target)]
    return next((name for name in names if _compiled(settings.prod_pattern).search(name)), None)


def _namespace(target: Target) -> tuple[str, ...]:
    """The namespace that a cluster's resource is in (``shop/deployment/web``) or is (``namespace/shop``)."""
    parts = target.resource.split("/")
    if target.tool not in ("kubernetes", "helm") or len(parts) < 2:
        return ()
    if parts[0] == "namespace":
        return (parts[1],)
    return (parts[0],) if len(parts) > 2 else ()


def prod_like(target: Target, settings: EngineSettings) -> bool:
    """Whether the target is one where a destroy needs its name typed."""
    return prod_name(target, settings) is not None


def rule(
    operation: Operation, effect: Effect, target: Target | None, settings: EngineSettings, *, by_model: bool = False
) -> Ruling:
    """The ruling on one step as its effect stands now. ``by_model``: a language model proposed it, which can raise a
    verdict and never lowers one.
    """
    is_query = isinstance(operation, Query)
    word, reasons = judge_effect(effect, is_query=is_query)
    verdict = Verdict(word)
    if verdict is Verdict.DENY:
        return Ruling(verdict, reasons)
    reads = is_query or (effect.known and not effect.changes)
    if settings.mode_in_force is Mode.READ_ONLY and not reads:
        return Ruling(Verdict.DENY, (READ_ONLY, *reasons))
    credential = isinstance(operation, Query) and operation.shows_credentials
    if credential and verdict is Verdict.ALLOW:
        verdict, reasons = Verdict.ASK, ("shows a credential", *reasons)
    if by_model and verdict is Verdict.ALLOW and (why := why_asked(operation, settings.cwd)) is not None:
        verdict, reasons = Verdict.ASK, (why, *reasons)
    prod = None if target is None or effect.risk is not Risk.DESTROY else prod_name(target, settings)
    if prod is not None and not reads:
        reasons = (*reasons, f"{prod} looks like production")
    found = _own_rule(operation, effect, target, settings.rules)
    if found is None:
        return Ruling(verdict, reasons, None if reads else prod)
    if found.verdict == "deny":
        return Ruling(Verdict.DENY, (found.said(), *reasons), rule=found)
    if found.verdict == "ask":
        return Ruling(Verdict.ASK, (found.said(), *reasons), None if reads else prod, found)
    if verdict is Verdict.ALLOW or credential or (prod is not None and not reads):
        return Ruling(verdict, reasons, None if reads else prod)
    return Ruling(Verdict.ALLOW, (found.said(), *reasons), rule=found)


def _own_rule(operation: Operation, effect: Effect, target: Target | None, rules: tuple[Rule, ...]) -> Rule | None:
    if not rules:
        return None
    return strongest(rules, lambda: act_of(operation, effect, target, structure=needs_structure(rules)))
