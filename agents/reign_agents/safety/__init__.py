"""One rule from effect to verdict, for every operation: a structured delete and its shell spelling are judged alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from reign_executors.risk import Risk

if TYPE_CHECKING:
    from reign_executors.effect import Effect

VerdictWord = Literal["allow", "ask", "deny"]


def judge_effect(effect: Effect, *, is_query: bool = False) -> tuple[VerdictWord, tuple[str, ...]]:
    """The verdict on an effect with its reasons in words.

    A catastrophic finding is ``deny``, whatever else holds; an effect that is unclear or not known is ``ask``; so is
    any change. ``is_query``: the operation declares that it only reads, so an unknown effect without findings is
    allowed (its result is what is unknown, not its harm).
    """
    catastrophic = tuple(dict.fromkeys(f.text for f in effect.findings if f.level == "catastrophic"))
    if catastrophic:
        return "deny", catastrophic
    reasons = [f.text for f in effect.findings if f.level == "unclear"]
    unknown = not effect.known and not is_query
    if unknown:
        reasons.append(effect.why_unknown or "what it would do is not known")
    reasons.extend(change.note or f"would {change.action.value} {change.resource}" for change in effect.changes)
    reasons.extend(problem.text for problem in effect.problems)
    if reasons or (effect.risk > Risk.READ and not is_query):
        return "ask", tuple(dict.fromkeys(reasons))
    return "allow", tuple(dict.fromkeys(f.text for f in effect.findings))


__all__ = ["VerdictWord", "judge_effect"]
