"""The approval dialog: exactly what would happen, where, and how it could be undone. The safe answer is no."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from reign_agents.plan.model import Step
from reign_agents.settings import Decision
from reign_executors.effect import Action, Effect, Risk, UndoPromise
from reign_executors.errors import OperationError
from reign_tui.narration import numbers
from reign_tui.run_view import RunView
from reign_tui.screens.deliberate import Deliberate
from reign_tui.text import counted, one_line, paragraphs, plain, resource_name, short_id, size
from reign_tui.widgets.line_input import LineInput
from reign_tui.widgets.line_view import Line, LineView, diff_line
from reign_tui.widgets.pane import Pane
from reign_tui.widgets.plan_tree import risk_word, undo_word
from reign_tui.widgets.status_bar import Hint

if TYPE_CHECKING:
    from reign_agents.session import Approval

GRACE = 0.5  # seconds in which keys do nothing after it opens
_SIGNS = {Action.CREATE: "+", Action.DELETE: "-", Action.REPLACE: "-", Action.STOP: "-"}

Answering = Callable[[Decision, "str | None", "str | None"], Awaitable[None]]
"""Gives (decision, words, name typed) to the engine; raises ``OperationError`` when it does not hold."""


@dataclass(frozen=True, slots=True)
class EditWanted:
    """The person wants to change a step instead of answering."""

    step: str


class ShownView(LineView, inherit_bindings=False):
    """What would happen; its top line says which part of it is in sight."""

    def __init__(self, title: str, *, id: str) -> None:  # noqa: A002 - what Textual calls it
        super().__init__(id=id)
        self._title = title

    def _retitle(self) -> None:
        count, height = len(self.lines), self.scrollable_content_region.height
        where = ""
        if 0 < height < count:
            top = self.scroll_offset.y
            where = f" ── lines {top + 1}-{min(top + height, count)} of {count}   PgUp PgDn"
        self.border_title = Content(self._title + where)

    def on_resize(self) -> None:
        self._retitle()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._retitle()

    def _measure(self) -> None:
        super()._measure()
        self._retitle()


class ApprovalScreen(Deliberate[EditWanted | None], inherit_bindings=False):
    """One pending approval. It answers by itself and closes; Escape leaves it pending."""

    CSS_PATH: ClassVar = ["../styles/dialog.tcss", "../styles/approval.tcss"]
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        *Deliberate.BINDINGS,
        Binding("o", "once", "Approve once", show=False, id="approval.once"),
        Binding("p", "plan", "Approve for this plan", show=False, id="approval.plan"),
        Binding("v", "envelope", "Approve with what is known later", show=False, id="approval.envelope"),
        Binding("g", "grant", "Allow for a time", show=False, id="approval.grant"),
        Binding("r", "refuse", "Reject with words", show=False, id="approval.reject"),
        Binding("e", "edit", "Edit the step", show=False, id="approval.edit"),
        Binding("pageup", "scroll(-1)", "Page up", show=False, id="approval.page_up", priority=True),
        Binding("pagedown", "scroll(1)", "Page down", show=False, id="approval.page_down", priority=True),
    ]

    def __init__(
        self,
        approval: Approval,
        run: RunView,
        answer: Answering,
        *,
        prod: bool,
        grace: float = GRACE,
        waiting: int = 0,
    ) -> None:
        super().__init__()
        self.approval = approval
        self._run = run
        self._answer = answer
        self._prod = prod
        self._waiting = waiting
        self._grace = grace
        self._ready_in = grace
        self._clock: Timer | None = None
        self._void = ""

    # -- what is shown

    @property
    def _destroys(self) -> bool:
        return any(step.risk is None or step.risk is Risk.DESTROY for step in self.approval.steps)

    def compose(self) -> ComposeResult:
        with Pane(id="box") as pane:
            pane.heading, pane.standing = self._title(), self._badges()
            yield LineView(id="facts")
            yield ShownView("What is deleted" if self._destroys else "What is created or changed", id="shown")
            if self.approval.confirm is not None:
                with Vertical(id="confirm"):
                    name = one_line(self.approval.confirm)
                    text = Content.assemble("Prod target: type  ", (name, "bold"), "  then Enter to approve once")
                    yield Static(text, markup=False)
                    with Horizontal(classes="entry"):
                        yield Static("> ", markup=False)
                        yield LineInput(typed_only=True, id="typed")
            with Vertical(id="refusal"):
                yield Static(
                    "Why not, or what instead? Kept, and planned by. Enter refuses, Esc goes back",
                    markup=False,
                )
                with Horizontal(classes="entry"):
                    yield Static("> ", markup=False)
                    yield LineInput(id="words")
            yield Static(id="keys", classes="keys", markup=False)
            yield Static(id="off", classes="quiet", markup=False)
            yield Static(id="foot", classes="quiet", markup=False)
            yield Static(id="grace", markup=False)

    def on_mount(self) -> None:
        super().on_mount()
        self._begin_grace()
        self.call_after_refresh(self._fill)

    def on_resize(self) -> None:
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        width = self.query_one("#box").size.width - 2
        facts = self._facts(width)
        shown = self._shown(width)
        self.query_one("#facts", LineView).set_lines(facts)
        view = self.query_one("#shown", LineView)
        view.set_lines(shown)
        self.set_class(len(facts) + len(shown) + 12 < self.size.height, "-fits")
        self.query_one("#keys", Static).update(self._keys(width))
        self.query_one("#off", Static).update(self._off())
        self.query_one("#foot", Static).update(self._foot(width))

    def _views(self) -> list[tuple[int, Step]]:
        known = self._run.steps
        return [(known[s.id].number if s.id in known else 0, s) for s in self.approval.steps]

    def _title(self) -> str:
        steps = self._views()
        if len(steps) == 1:
            return f"Approve step {steps[0][0]} of {max(len(self._run.steps), 1)}"
        which = numbers(self._run.steps[s.id] for _, s in steps if s.id in self._run.steps)
        return f"Approve {which} of {len(self._run.steps)}"

    def _badges(self) -> str:
        effects = [step.effect for step in self.approval.steps]
        words = [self.approval.risk.word.upper() if self._destroys else self.approval.risk.word]
        if any(e is None or not e.known for e in effects):
            words.append("UNKNOWN EFFECT")
        if any(e is not None and e.undo is UndoPromise.NONE and (e.changes or not e.known) for e in effects):
            words.append("IRREVERSIBLE")
        if self._prod:
            words.append("PROD")
        return "  ".join(words)

    def _facts(self, width: int) -> list[Line]:
        lines: list[Line] = []
        steps = self._views()
        plan = self._run.plan
        if self.approval.moved:
            lines += _fact("MOVED", self.approval.moved, width, "ask")
        if len(steps) == 1:
            step = steps[0][1]
            resource = resource_name(step.target.resource) if step.target else ""
            lines.append((("", ""), (f"{step.operation}   ", "title"), (one_line(resource), "title")))
            lines += _fact("call", step.command or step.operation, width)
            lines += _target(step, width)
            agents = step.agent
        else:
            risks = Counter(risk_word(step)[0] for _, step in steps)
            text = "  ".join(f"{count} {word}" for word, count in risks.items())
            lines.append(((f"{counted(len(steps), 'step')} together:  ", "title"), (text, "title")))
            for system in dict.fromkeys(_system(step) for _, step in steps):
                lines += _fact("target", system, width)
            agents = ", ".join(dict.fromkeys(step.agent for _, step in steps))
        said = f'   you said "{one_line(self._run.request, 200)}"' if self._run.request else ""
        plan_id = f"   plan {short_id(plan.id)}" if plan else ""
        by = f"{agents} agent"
        if plan is not None and plan.planner != "offline":
            by = f"{one_line(plan.planner, 60)}, a model"
        lines += _fact("asked by", f"{by}{plan_id}{said}", width)
        if plan is not None and plan.planner != "offline":
            lines += _fact("effect", "as the systems told it; nothing here is the model's word", width)
        lines += _fact("blast", _blast([step for _, step in steps]), width)
        for text, ink in dict.fromkeys(_undo(step) for _, step in steps if step.effect is not None):
            lines += _fact("undo", text, width, ink)
        for _, step in steps:
            for reason in step.reasons:
                lines += _fact("rule", reason, width)
        for envelope in self.approval.envelopes:
            lines += _fact("later", f"v also approves {envelope.words()}; outside of that it asks", width)
        if self.approval.no_grant is None:
            covered = "; ".join(scope.words() for scope in self.approval.scopes)
            lines += _fact("grant", f"g allows, for {_for(self.approval.grant_seconds)} and no more: {covered}", width)
        if self._waiting:
            others = "1 more question waits" if self._waiting == 1 else f"{self._waiting} more questions wait"
            lines += _fact("also", f"{others} after this one", width)
        return lines

    def _shown(self, width: int) -> list[Line]:
        lines: list[Line] = []
        steps = self._views()
        for number, step in steps:
            effect = step.effect or Effect.unknown("it was not checked yet")
            if len(steps) > 1:
                risk, ink = risk_word(step)
                undo, undo_ink = undo_word(step)
                lines.append(
                    (
                        (f"{number:>2} ", ""),
                        (f"{risk:8}", ink),
                        (f"{step.operation}  ", "title"),
                        ("undo ", "muted"),
                        (undo, undo_ink),
                    )
                )
                if step.command:
                    lines += _indented(step.command, width, "muted")
            if not effect.known:
                lines += _indented(
                    f"! {effect.why_unknown or 'only running it will show what it does'}", width, "unknown"
                )
            for change in effect.changes:
                sign = _SIGNS.get(change.action, "~")
                data = f"   {size(change.data_bytes)} of data" if change.data_bytes else ""
                note = f"   {change.note}" if change.note else ""
                ink = {"+": "add", "-": "remove"}.get(sign, "modify")
                lines += _indented(
                    f"{sign} {change.action.value} {resource_name(change.resource)}{data}{note}", width, ink
                )
                if change.diff:
                    lines += [(("     ", ""), *diff_line(line)) for line in plain(change.diff).splitlines()]
            for note in effect.notes:
                lines += _indented(f"· {note}", width, "")
            for finding in effect.findings:
                lines += _indented(f"! {finding.text}", width, "change")
        return lines

    def _keys(self, width: int) -> Content:
        hints: list[Hint] = []
        if self.approval.confirm is None:
            hints.append(("o", "once"))
            if not self._plan_off():
                hints.append(("p", "this plan"))
            if self.approval.envelopes:
                hints.append(("v", "and later"))
            if self.approval.no_grant is None:
                hints.append(("g", f"for {_for(self.approval.grant_seconds)}"))
        hints += [("r", "reject…"), ("e", "edit step…"), ("Esc", "not now")]
        parts: list[tuple[str, str]] = []
        used = 0
        for key, label in hints:
            length = len(f"[ {key} {label} ]")
            if used and used + length > width:
                parts.append(("\n", ""))
                used = 0
            parts += [("[ ", "dim"), (key, "bold $accent"), (f" {label}", ""), (" ]  ", "dim")]
            used += length + 2
        return Content.assemble(*parts)

    def _plan_off(self) -> str:
        if self._destroys:
            return "a destroy is approved one by one"
        if self.approval.kind != "plan":
            return "this step is asked by itself"
        return ""

    def _grant_off(self) -> str:
        return "a destroy is approved one by one" if self._destroys else self.approval.no_grant or ""

    def _off(self) -> str:
        off: dict[str, list[str]] = {}
        if why := self._plan_off():
            off.setdefault(why, []).append("p for this plan")
        if self.approval.confirm is not None:
            off.setdefault("the name is typed here", []).append("o once")
        if why := self._grant_off():
            off.setdefault(why, []).append("g grant")
        parts = [f"{' and '.join(keys)} ({why})" for why, keys in off.items()]
        return f"Off here: {', '.join(parts)}" if parts else ""

    def _foot(self, width: int) -> str:
        left = "Safe answer is no. Void if the object changes."
        short = self.approval.hash.removeprefix("sha256:")
        right = f"approval sha256 {short[:6]}…{short[-4:]}"
        return left + " " * max(width - len(left) - len(right), 2) + right

    # -- the grace period

    def _begin_grace(self) -> None:
        self._ready_in = self._grace
        if self._grace <= 0:
            self._ready()
            return
        self._clock = self.set_interval(0.1, self._tick)
        self._say_grace()

    def _tick(self) -> None:
        self._ready_in -= 0.1
        if self._ready_in > 0.001:
            self._say_grace()
        else:
            self._ready()

    def _ready(self) -> None:
        self._ready_in = 0.0
        if self._clock is not None:
            self._clock.stop()
        self._note("")
        box = self.query("#typed")
        (box.first(LineInput) if box else self.query_one("#shown")).focus()

    def _say_grace(self) -> None:
        self._note(
            f"Keys are ignored for {self._grace:g} s after this opens · ready in {self._ready_in:.1f} s", "quiet"
        )

    def _note(self, text: str, kind: str = "") -> None:
        note = self.query_one("#grace", Static)
        note.update(Content(text))
        note.set_classes(kind)

    @property
    def ready(self) -> bool:
        """Whether keys count by now."""
        return self._ready_in <= 0

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        self._note("Pasting approves nothing: press the key", "problem")

    def on_line_input_paste_refused(self) -> None:
        self._note("Pasting approves nothing: type the name", "problem")

    # -- answers

    def action_once(self) -> None:
        if self.approval.confirm is not None:
            self._note("o does nothing here: type the target's name, then Enter", "problem")
        else:
            self._arm(Decision.ONCE)

    def action_plan(self) -> None:
        if why := self._plan_off():
            self._note(f"p does nothing here: {why}", "problem")
        else:
            self._arm(Decision.PLAN)

    def action_envelope(self) -> None:
        if self.approval.envelopes and self.approval.confirm is None:
            self._arm(Decision.ENVELOPE)
        else:
            self._note("v does nothing here: no step is only known later", "problem")

    def action_grant(self) -> None:
        if why := self._grant_off():
            self._note(f"g does nothing here: {why}", "problem")
        else:
            self._arm(Decision.GRANT)

    def action_refuse(self) -> None:
        self.add_class("-refusing")
        self.query_one("#words").focus()
        self._note("")

    def action_edit(self) -> None:
        self.dismiss(EditWanted(self.approval.steps[0].id))

    def action_leave(self) -> None:
        if self.has_class("-refusing"):
            self.remove_class("-refusing")
            self._ready()
        else:
            self.dismiss(None)

    def action_scroll(self, pages: int) -> None:
        view = self.query_one("#shown", LineView)
        view.scroll_relative(y=pages * max(view.size.height - 1, 1), animate=False)

    def on_line_input_submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        if event.box.id == "words":
            self._give(Decision.REJECT, words=event.value.strip() or None)
        elif event.value == self.approval.confirm:
            self._give(Decision.ONCE, confirm=event.value)
        else:
            self._note(f"That is not the target's name: {one_line(self.approval.confirm or '')}", "problem")

    def _arm(self, decision: Decision) -> None:
        self.by_itself(
            lambda: self._give(decision), lambda: self._note("That looked pasted: nothing was approved", "problem")
        )

    def _give(self, decision: Decision, *, words: str | None = None, confirm: str | None = None) -> None:
        if self._void:
            self._note(self._void, "problem")
            return
        self.run_worker(self._send(decision, words, confirm), exclusive=True)

    async def _send(self, decision: Decision, words: str | None, confirm: str | None) -> None:
        try:
            await self._answer(decision, words, confirm)
        except OperationError as error:
            self._note(str(error), "problem")
        else:
            if self.is_current:
                self.dismiss(None)

    def withdraw(self) -> None:
        """The engine no longer asks this: it was answered elsewhere, changed, or its run ended."""
        self._void = "This approval is void: it is no longer asked. Esc closes"
        with suppress(LookupError):
            self._note(self._void, "problem")


def _for(seconds: float) -> str:
    """A time as people say it: an hour, 30 minutes, 8 hours."""
    if seconds < 5400:
        minutes = max(round(seconds / 60), 1)
        return "an hour" if minutes == 60 else "a minute" if minutes == 1 else f"{minutes} minutes"
    return f"{seconds / 3600:g} hours"


def _fact(label: str, text: str, width: int, ink: str = "") -> list[Line]:
    lines: list[Line] = []
    for number, line in enumerate(paragraphs(text, width - 9)):
        lines.append(((f"{label if number == 0 else '':8} ", "muted"), (line, ink)))
    return lines


def _indented(text: str, width: int, ink: str) -> list[Line]:
    return [(("   ", ""), (line, ink)) for line in paragraphs(text, width - 3)]


def _system(step: Step) -> str:
    return "?" if step.target is None else f"{step.target.tool} {step.target.context}"


def _target(step: Step, width: int) -> list[Line]:
    if step.target is None:
        return _fact("target", "not known yet", width)
    known = "   ".join(f"{key} {value}" for key, value in step.target.identity.items())
    return _fact("target", f"{_system(step)}   {known}", width)


def _blast(steps: list[Step]) -> str:
    counts: Counter[str] = Counter()
    lost = 0
    unknown = 0
    for step in steps:
        if step.effect is None or not step.effect.known:
            unknown += 1
            continue
        lost += step.effect.data_bytes
        for change in step.effect.changes:
            counts[change.action.value] += 1
    parts = [f"{count} {action}" for action, count in counts.items()]
    if unknown:
        parts.append(f"{unknown} unknown")
    parts.append(
        f"{size(lost)} of data would be lost" if lost else "no data is lost" if not unknown else "data unknown"
    )
    return ", ".join(parts)


def _undo(step: Step) -> tuple[str, str]:
    word, ink = undo_word(step)
    if step.effect is None:
        return word, ink
    why = step.effect.undo_why
    text = {
        "NONE": "none: there is no way back",
        "exact": "exact: the state before comes back",
        "revert": "revert: a new change leads back",
        "recreate": "recreate: a new object like the old one",
        "?": "unknown",
        "-": "nothing to undo",
    }.get(word, word)
    return (f"{word.lower()}: {why}" if why else text), ink
