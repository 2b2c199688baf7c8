"""How dialogs and further screens are opened from the app, and what becomes of their answers."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

    from reign_agents.models.budget import BudgetQuestion
    from reign_agents.session import Approval, Session
    from reign_tui.conductor import Conductor
    from reign_tui.run_view import RunView, StepView

    Base = App[int]
else:
    Base = object


class Doors(Base):
    """The app's part that opens things; each screen is imported when it is first wanted."""

    session: Session | None
    grace: float

    if TYPE_CHECKING:

        @property
        def conductor(self) -> Conductor: ...

        def say(self, text: str) -> None: ...

    def open_approval(self, approval: Approval, run: RunView) -> None:
        from reign_tui.screens.approval import ApprovalScreen, EditWanted

        session = self.session
        if session is None or isinstance(self.screen, ApprovalScreen):
            return

        async def answer(decision: Any, words: str | None, confirm: str | None) -> None:
            await session.answer(approval.id, decision, approval.hash, words=words, confirm=confirm)

        def closed(wanted: EditWanted | None) -> None:
            if wanted is not None:
                self.open_edit(run, wanted.step)

        prod = any(self.conductor.is_prod(step.target) for step in approval.steps)
        waiting = len(session.pending()) - 1
        self.push_screen(ApprovalScreen(approval, run, answer, prod=prod, grace=self.grace, waiting=waiting), closed)

    async def ask_budget(self, question: BudgetQuestion) -> bool:
        """Whether a budget for models may be passed; the dialog goes when nobody waits for the answer any more."""
        from reign_tui.screens.budget import BudgetScreen

        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        screen = BudgetScreen(question, self.grace)

        def closed(allowed: bool | None) -> None:
            if not answer.done():
                answer.set_result(allowed is True)

        self.call_later(self.push_screen, screen, closed)
        try:
            return await answer
        except asyncio.CancelledError:
            self.call_later(screen.withdraw)
            raise

    def open_pending(self) -> None:
        """All questions that wait, oldest first; the one chosen is opened."""
        from reign_tui.screens.pending import PendingScreen

        session = self.session
        if session is None:
            return

        def chosen(name: str | None) -> None:
            approval = next((one for one in session.pending() if one.id == name), None)
            if approval is not None:
                self.conductor.look_at(approval)

        self.push_screen(PendingScreen(session.pending()), chosen)

    def open_grants(self) -> None:
        """What runs unasked for a time."""
        from reign_tui.screens.grants import GrantsScreen

        if self.session is not None:
            self.push_screen(GrantsScreen(self.session))

    def open_choice(self, run: RunView, view: StepView) -> None:
        from reign_agents.plan.edit import Choose
        from reign_tui.screens.choice import ChoiceScreen

        def chosen(key: str | None) -> None:
            if key is not None and self.session is not None:
                self.conductor.call(self.session.edit(run.id, [Choose(view.step.id, key)]))

        self.push_screen(ChoiceScreen(view), chosen)

    def open_edit(self, run: RunView, step: str) -> None:
        from reign_executors.registry import default_registry
        from reign_tui.screens.edit_step import EditStepScreen

        def edited(edit: Any) -> None:
            if edit is not None and self.session is not None:
                self.conductor.call(self.session.edit(run.id, [edit]))

        view = run.steps[step]
        self.push_screen(EditStepScreen(view.number, view.step, default_registry().build), edited)

    def open_step(self, run: RunView, step: str) -> None:
        from reign_tui.screens.step import StepScreen

        self.push_screen(StepScreen(run, step))

    def open_looks(self, run: RunView) -> None:
        """What a model looked at, with what came back."""
        from reign_tui.screens.looks import LooksScreen

        self.push_screen(LooksScreen(run))

    def open_log(self, path: Path, run: RunView | None) -> None:
        from reign_tui.screens.full_log import FullLogScreen

        self.push_screen(FullLogScreen(path))

    def open_history(self) -> None:
        from reign_tui.screens.history import HistoryScreen

        if self.session is None:
            self.say("The engine is still starting")
        else:
            self.push_screen(HistoryScreen(self.session.store))

    def open_run(self, run: str) -> None:
        """A past run: its plan, its logs, and its events again."""
        from reign_tui.screens.replay import ReplayScreen

        if self.session is not None:
            self.push_screen(ReplayScreen(self.session.store, run))
