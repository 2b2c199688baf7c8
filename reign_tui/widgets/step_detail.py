"""Everything about the selected step: call, target, effect, diff, verification, outputs, error with its way out."""

from __future__ import annotations

from reign_tui.run_view import RunView, State, StepView
from reign_tui.text import counted, cut, json_text, one_line, paragraphs, plain, resource_name, size
from reign_tui.widgets.line_view import Line, LineView, diff_line
from reign_tui.widgets.plan_tree import risk_word, undo_word

_SIGNS = {"create": "+", "update": "~", "start": "~", "restart": "~", "scale": "~"}


class StepDetail(LineView, inherit_bindings=False):
    """One step; ``full`` shows diffs and outputs whole."""

    def __init__(self, *, full: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._full = full
        self._shown: tuple[RunView, StepView] | None = None

    def show_step(self, run: RunView | None, step: str | None) -> None:
        """Show a step of a run (None: nothing)."""
        view = run.steps.get(step) if run is not None and step is not None else None
        if run is None or view is None:
            self._shown = None
            self.clear()
            return
        if self._shown is None or self._shown[1].step.id != view.step.id:
            self.scroll_home(animate=False, immediate=True)
        self._shown = (run, view)
        self.draw()

    def draw(self) -> None:
        if self._shown is not None and self.size.width:
            self.set_lines(describe(*self._shown, width=self.size.width - 1, full=self._full))

    def on_resize(self) -> None:
        self.draw()


def describe(run: RunView, view: StepView, *, width: int, full: bool = False) -> list[Line]:
    """The step in lines of at most ``width`` columns; most important first."""
    step = view.step
    lines: list[Line] = []
    title = step.command or step.operation
    first, *more = paragraphs(title, width - 8) or [""]
    lines.append(((f" Step {view.number}  ", "title"), (first, "title")))
    lines += [((" " * 9 + line, "title"),) for line in more]
    if view.error is not None:
        lines += _pairs("error", str(view.error.get("cause") or ""), width, "failed")
        if view.error.get("way_out"):
            lines += _pairs("way out", str(view.error["way_out"]), width, "title")
    if step.effect is not None:
        for problem in step.effect.problems:
            lines += _pairs("in the way", problem.text, width, "ask" if view.state is State.PICK else "change")
            if problem.choices and view.state is State.PICK:
                ways = "   ".join(f"{n} {choice.label}" for n, choice in enumerate(problem.choices, 1))
                lines += _pairs("press a", ways, width, "key")
    lines += _effect(view, width, full)
    if step.why and step.agent == "model":
        planner = run.plan.planner if run.plan is not None else "a model"
        lines += _pairs("its words", f"{planner}: \u201c{step.why}\u201d", width, "muted")
    elif step.why:
        lines += _pairs("why", step.why, width)
    target = step.target
    if target is not None:
        known = "  ".join(f"{key} {value if full else cut(value, 24)}" for key, value in target.identity.items())
        lines += _pairs("target", f"{target.tool} {target.context}  {resource_name(target.resource)}  {known}", width)
    if step.needs:
        numbers = [str(run.steps[need].number) for need in step.needs if need in run.steps]
        lines += _pairs(
            "needs", "step " + ", ".join(numbers) if len(numbers) == 1 else "steps " + ", ".join(numbers), width
        )
    for reason in step.reasons:
        lines += _pairs("rule", reason, width)
    if view.answered is not None:
        lines += _pairs("approval", _answer(view), width)
    lines += _result(view, width, full)
    if full:
        text = json_text(step.fields, indent=2)
        lines += [((" fields", "muted"),)] + [(("   " + line, ""),) for line in plain(text).splitlines()]
        lines += _pairs("hash", step.hash, width)
    return lines


def _effect(view: StepView, width: int, full: bool) -> list[Line]:
    effect = view.step.effect
    if effect is None:
        return _pairs("effect", "checking…", width, "muted")
    risk, ink = risk_word(view.step)
    if not effect.known:
        lines = _pairs("effect", f"{risk}: {effect.why_unknown or 'only running it will show'}", width, ink)
    elif not effect.changes:
        lines = _pairs("effect", "reads only, changes nothing" if not effect.notes else "changes nothing", width)
    else:
        lines = []
        for change in effect.changes[: None if full else 6]:
            data = f", {size(change.data_bytes)} of data" if change.data_bytes else ""
            note = f"  {change.note}" if change.note else ""
            sign, verb = _SIGNS.get(change.action.value, "-"), change.action.value
            text = f"{sign} {verb} {resource_name(change.resource)}{data}{note}"
            lines += _pairs("effect" if not lines else "", text, width, ink if not lines else "")
        if not full and len(effect.changes) > 6:
            lines += _pairs("", f"and {len(effect.changes) - 6} more (Enter shows all)", width, "muted")
    if effect.changes or not effect.known:
        undo, undo_ink = undo_word(view.step)
        why = f"  {effect.undo_why}" if effect.undo_why else ""
        lines += _pairs("undo", undo + why, width, undo_ink)
    for note in effect.notes:
        lines += _pairs("note", note, width)
    for finding in effect.findings:
        ink = "destroy" if finding.level == "catastrophic" else "change" if finding.level == "unclear" else ""
        lines += _pairs("finding", finding.text, width, ink)
    for change in effect.changes:
        if change.diff:
            body = plain(change.diff).splitlines()
            shown = body if full else body[:40]
            lines += [(("   ", ""), *diff_line(line)) for line in shown]
            if len(body) > len(shown):
                lines.append(((f"   {counted(len(body) - len(shown), 'more line')} (Enter shows all)", "muted"),))
    return lines


def _answer(view: StepView) -> str:
    answered = view.answered
    assert answered is not None
    how = {"once": "approved once", "plan": "approved for this plan", "reject": "refused", "not_now": "not now"}
    words = f": {answered.words}" if answered.words else ""
    short = answered.hash.removeprefix("sha256:")[:8]
    at = answered.time.astimezone().strftime("%H:%M")
    return f"{how.get(answered.decision, answered.decision)} by {answered.by} {at}  {short}…{words}"


def _result(view: StepView, width: int, full: bool) -> list[Line]:
    lines: list[Line] = []
    if view.verified is not None:
        word, ink = ("verified on the real system", "done") if view.verified else ("NOT verified", "failed")
        lines += _pairs("verify", word, width, ink)
    for key, value in view.outputs.items():
        text = value if isinstance(value, str) else json_text(value)
        lines += _pairs("output", f"{key} = {one_line(text, 0 if full else 200)}", width)
    if view.attempt > 1:
        lines += _pairs("attempt", str(view.attempt), width)
    if view.error is not None and view.error.get("detail"):
        lines += _pairs("detail", str(view.error["detail"]), width, "muted")
    return lines


def _pairs(label: str, text: str, width: int, ink: str = "") -> list[Line]:
    """A labelled text, wrapped beside its label."""
    lines: list[Line] = []
    for number, line in enumerate(paragraphs(text, width - 15)):
        lines.append(((f"   {label if number == 0 else '':10} ", "muted"), (line, ink)))
    return lines
