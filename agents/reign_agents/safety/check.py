"""``reign-tui check``: the verdict on a shell command, by what it would do."""

from __future__ import annotations

from dataclasses import dataclass

from reign_agents.safety import VerdictWord, judge_effect
from reign_executors.shell.analysis import analyse


@dataclass(frozen=True, slots=True)
class Judgement:
    """``verdict`` and the reasons for it, in words for people."""

    verdict: VerdictWord
    reasons: tuple[str, ...] = ()


def judge_command(text: str) -> Judgement:
    """The verdict on ``text`` as a bash or POSIX shell command. Never runs anything."""
    return Judgement(*judge_effect(analyse(text).effect()))


__all__ = ["Judgement", "judge_command"]
