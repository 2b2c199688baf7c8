"""Asking at the terminal: approvals (the default answer is no) and choices when something is in the way."""

from __future__ import annotations

import asyncio
import sys
import termios
from typing import TYPE_CHECKING, Any

from reign_agents.events import Event, EventType
from reign_agents.plan.edit import Choose
from reign_agents.settings import Decision
from reign_executors.errors import OperationError
from reign_tui.plain_plan import choices, step_lines
from reign_tui.text import one_line

if TYPE_CHECKING:
    from reign_agents.models.budget import BudgetQuestion
    from reign_agents.session import Session
    from reign_tui.headless import PlainLines


def can_ask() -> bool:
    """Whether a person sits at this terminal: both what is typed and what is said there."""
    return sys.stdin.isatty() and sys.stderr.isatty()


class Asker:
    """Asks one thing after another, in the order it was wanted."""

    def __init__(self, lines: PlainLines) -> None:
        self._lines = lines
        self._turn = asyncio.Lock()

    async def __call__(self, session: Session, event: Event) -> None:
        """Ask what ``event`` wants answered, and hand the answer to the session; other events need none."""
        if event.type is EventType.APPROVAL_REQUESTED:
            async with self._turn:
                await self._approval(session, event.data)
        elif event.type is EventType.PLAN_READY:
            plan: Any = event.data.get("plan")
            if choices(plan):
                async with self._turn:
                    await self._choice(session, event.run, plan)

    async def budget(self, question: BudgetQuestion) -> bool:
        """Whether a budget for models may be passed; whatever is no clear yes is a no."""
        async with self._turn:
            self._lines.say("", question.words, f"  {question.means} No asks no model: Reign plans offline.")
            return (await self._read("Go on? [y/N] ")).lower() in ("y", "yes")

    async def _approval(self, session: Session, data: dict[str, Any]) -> None:
        if data["id"] not in {approval.id for approval in session.pending()}:
            return
        steps = [str(step["id"]) for step in data["steps"]]
        confirm = data.get("confirm")
        lines = ["", f"{data['risk'].upper()}: {one_line(data['why'])}"]
        if data.get("moved"):
            lines.append(f"it moved since it was approved: {one_line(data['moved'])}")
        for step in data["steps"] if data["kind"] == "step" else []:
            lines += step_lines(step)
        self._lines.say(*lines)
        for envelope in data.get("envelopes") or []:
            limits = f"at most {envelope['risk']}, at most {envelope['resources']} resources"
            lines_of = f"{envelope['step']} {envelope['operation']} is known later: {limits}"
            self._lines.say(f"  {one_line(lines_of)}")
        decision, words, typed = await self._decided(data, ", ".join(steps), confirm)
        try:
            await session.answer(data["id"], decision, data["hash"], words=words, confirm=typed)
        except OperationError as error:
            self._lines.say(str(error))

    async def _decided(
        self, data: dict[str, Any], steps: str, confirm: str | None
    ) -> tuple[Decision, str | None, str | None]:
        """The answer, the words of a refusal, the name that was typed. Whatever is no clear yes is a no."""
        whole = Decision.PLAN if data["kind"] == "plan" else Decision.ONCE
        if confirm:
            typed = await self._read(f"This looks like production. Type {confirm} to approve {steps}: ")
            return (whole if typed == confirm else Decision.REJECT), None, typed
        keys = {"y": whole, "yes": whole}
        more = []
        if data.get("envelopes"):
            keys["v"] = Decision.ENVELOPE
            more.append("v approves what is known later, too, within those limits")
        if data.get("grant"):
            keys["g"] = Decision.GRANT
            more.append("g allows it and its like for an hour")
        self._lines.say(f"  {'; '.join([*more, 'words say why not'])}")
        answer = await self._read(f"Approve {steps}? [y/N] ")
        decision = keys.get(answer.lower(), Decision.REJECT)
        refused = decision is Decision.REJECT and answer.lower() not in ("", "n", "no")
        return decision, answer if refused else None, None

    async def _choice(self, session: Session, run: str, plan: dict[str, Any]) -> None:
        offered = choices(plan)
        answer = await self._read(f"Which? [1-{len(offered)}, anything else stops] ")
        if answer.isdigit() and 1 <= int(answer) <= len(offered):
            step, key = offered[int(answer) - 1]
            try:
                await session.edit(run, [Choose(step, key)])
            except OperationError as error:
                self._lines.say(str(error))
            else:
                return
        await session.cancel(run, exit_code=4)

    async def _read(self, prompt: str) -> str:
        """One line from the terminal, without blocking the run; empty at the end of input.

        What was typed before the question is thrown away: a stray Enter approves nothing.
        """
        loop = asyncio.get_running_loop()
        line: asyncio.Future[str] = loop.create_future()
        termios.tcflush(sys.stdin, termios.TCIFLUSH)
        self._lines.ask(prompt)

        def arrived() -> None:
            if not line.done():
                line.set_result(sys.stdin.readline())

        loop.add_reader(sys.stdin, arrived)
        try:
            return (await line).strip()
        finally:
            loop.remove_reader(sys.stdin)
            self._lines.answered()
