"""The gutter beside a plan: which steps hang on which, drawn as lanes with forks and joins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MOST_LANES = 6


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the gutter. ``step`` is the step it belongs to, None for a fork or join between two steps.

    ``lanes`` has two characters a lane; the step's own dot is at ``2 * lane`` (-1 where there is none).
    """

    step: str | None
    lanes: str
    lane: int = -1


class _Gutter:
    """The lanes as they are while the plan is walked from top to bottom: each leads to the step named."""

    def __init__(self) -> None:
        self.heads: list[str | None] = []

    def free(self) -> int:
        """The leftmost lane that leads nowhere; the last one when all are taken."""
        for lane, head in enumerate(self.heads):
            if head is None:
                return lane
        if len(self.heads) < MOST_LANES:
            self.heads.append(None)
        return len(self.heads) - 1

    def bars(self) -> list[str]:
        return ["  " if head is None else "│ " for head in self.heads]

    def bridge(self, home: int, others: Sequence[int], corner: str, tee: str) -> str:
        """A row in which ``home`` is connected to the lanes right of it (``╮ ┬`` forks, ``╯ ┴`` joins)."""
        cells = self.bars()
        last = max(others)
        cells[home] = "├─"
        for lane in range(home + 1, last + 1):
            if lane == last:
                cells[lane] = f"{corner} "
            elif lane in others:
                cells[lane] = f"{tee}─"
            else:
                cells[lane] = "┼─" if self.heads[lane] is not None else "──"
        return "".join(cells)


def lanes(steps: Sequence[tuple[str, Sequence[str]]]) -> list[Row]:
    """The gutter's rows for ``steps`` (id, ids it needs) in the order they are shown.

    A step goes on in the lane of the first step it needs; further needs join from the right. More than
    ``MOST_LANES`` at once share the last lane: the step's detail always lists what it needs.
    """
    known = {step for step, _ in steps}
    follows: dict[str, list[str]] = {step: [] for step in known}  # first need → steps that go on in its lane
    joins: dict[str, list[str]] = {step: [] for step in known}  # further needs
    for step, needs in steps:
        inside = [need for need in needs if need in known]
        if inside:
            follows[inside[0]].append(step)
            for need in inside[1:]:
                joins[need].append(step)
    gutter, rows = _Gutter(), []
    for step, _ in steps:
        mine = [lane for lane, head in enumerate(gutter.heads) if head == step]
        home = mine[0] if mine else gutter.free()
        if len(mine) > 1:
            rows.append(Row(None, gutter.bridge(home, mine[1:], "╯", "┴").rstrip()))
        for lane in mine:
            gutter.heads[lane] = None
        cells = gutter.bars()
        cells[home] = "● "
        rows.append(Row(step, "".join(cells).rstrip(), home))
        onward = follows[step] or joins[step][:1]
        if onward:
            gutter.heads[home] = onward[0]
        forks = []
        for child in onward[1:]:
            lane = gutter.free()
            if gutter.heads[lane] is None and lane > home:
                gutter.heads[lane] = child
                forks.append(lane)
        if forks:
            rows.append(Row(None, gutter.bridge(home, forks, "╮", "┬").rstrip()))
    return rows
