"""The plan and, below it, the selected step."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from reign_tui.text import clock, counted, one_line, short_id
from reign_tui.widgets.pane import Pane

if TYPE_CHECKING:
    from reign_tui.run_view import RunView
    from reign_tui.widgets.plan_tree import PlanTree
    from reign_tui.widgets.step_detail import StepDetail


class PlanPane(Pane, inherit_bindings=False):
    """The plan tree with the detail of the step selected in it. ``empty`` is shown while there is no plan."""

    DEFAULT_CSS = """
    PlanPane {
        & > PlanTree { height: auto; max-height: 60%; min-height: 2; }
        & > #line { height: 1; color: $border-blurred; display: none; }
        & > StepDetail { height: 1fr; }
        & > #empty { height: 1fr; padding: 0 1; overflow-y: auto; scrollbar-size-vertical: 1; }
        &.-planned > #empty { display: none; }
        &.-planned > #line { display: block; }
        & > PlanTree, & > StepDetail { display: none; }
        &.-planned > PlanTree, &.-planned > StepDetail { display: block; }
    }
    """

    def __init__(self, now: Callable[[], datetime], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._now = now
        self.shown: RunView | None = None

    def compose(self) -> ComposeResult:
        yield Static("", id="empty", markup=False)

    async def furnish(self) -> None:
        """Bring in the tree and the detail: what they need is imported only now, after the first frame."""
        from reign_tui.widgets.plan_tree import PlanTree
        from reign_tui.widgets.step_detail import StepDetail

        tree, detail = PlanTree(self._now, id="tree"), StepDetail(id="detail")
        await self.mount(tree, Static("─" * 400, id="line", markup=False), detail, before="#empty")

    def on_mount(self) -> None:
        self.heading = "Plan"

    @property
    def plan_tree(self) -> PlanTree:
        return cast("PlanTree", self.query_one("#tree"))

    @property
    def detail(self) -> StepDetail:
        return cast("StepDetail", self.query_one("#detail"))

    @property
    def selected(self) -> str | None:
        return self.plan_tree.selected if self.shown is not None else None

    def show(self, run: RunView | None) -> None:
        """Draw this run as it stands."""
        self.shown = run
        self.set_class(run is not None and bool(run.steps), "-planned")
        self.plan_tree.show_run(run)
        self.detail.show_step(run, self.plan_tree.selected)
        self.tick()

    def teach(self, text: Content) -> None:
        """What stands here while there is no plan."""
        self.query_one("#empty", Static).update(text)

    def tick(self) -> None:
        """Only what a clock changes."""
        run = self.shown
        if run is None or run.plan is None:
            self.heading, self.standing, self.border_subtitle = "Plan", "", ""
            return
        self.border_subtitle = Content(planned_by(run))
        self.heading = f"Plan {short_id(run.plan.id)}  {one_line(run.request)}"
        parts = [f"{run.done}/{len(run.steps)}"]
        if not run.checked and run.live:
            parts.append("checking…")
        if run.live and run.running:
            parts.append(f"{run.running} running")
        waiting = len(run.asked) + len(run.blocked[:1])
        if waiting:
            parts.append("1 needs you" if waiting == 1 else f"{waiting} need you")
        if run.outcome is not None:
            parts.append(run.outcome.value.replace("_", " "))
        parts.append(clock(run.elapsed(self._now())))
        self.standing = " · ".join(parts)
        if run.running:
            self.plan_tree.draw()

    def on_plan_tree_selected(self, event: PlanTree.Selected) -> None:
        self.detail.show_step(self.shown, event.step)

    def report(self) -> str:
        """The pane as text, for copying."""
        by = [] if self.shown is None or self.shown.plan is None else [planned_by(self.shown)]
        lines = [f"{self.heading}  {self.standing}", *by, *self.plan_tree.rows(), ""]
        lines += [self.detail.text_of(index).rstrip() for index in range(len(self.detail.lines))]
        return "\n".join(lines)

    def summary(self) -> str:
        """``3/8`` for a tab."""
        return "" if self.shown is None or not self.shown.steps else f"{self.shown.done}/{len(self.shown.steps)}"

    def count(self) -> str:
        return "" if self.shown is None else counted(len(self.shown.steps), "step")


def planned_by(run: RunView) -> str:
    """Who planned: always said, and what of it is measured."""
    assert run.plan is not None
    planner = one_line(run.plan.planner, 60)
    if run.plan.undo_of is not None:
        return "planned from the undo ledger"
    if planner == "offline":
        return "planned offline"
    return f"planned by {planner}; effects are measured"
