"""What a person points at in the plan tree goes along with the next request."""

from __future__ import annotations

from tests.screen.conftest import Stage
from tests.screen.fake_session import WEB


async def test_only_a_step_that_was_chosen_counts(stage: Stage) -> None:
    def pointed() -> object:
        return stage.session.pointed

    async with stage.app.run_test(size=(120, 40)) as stage.pilot:
        await stage.send(WEB)
        await stage.until(lambda: "ASK" in stage.states())
        assert pointed() == (None, None)
        await stage.press("a")
        await stage.until(lambda: stage.dialog == "ApprovalScreen")
        await stage.press("p")
        await stage.until(lambda: stage.states() == ["done", "done", "run", "wait"])
        stage.session.release("r_52", "s3")
        await stage.until(lambda: stage.states() == ["done"] * 4)
        await stage.send("is it well?")
        await stage.until(lambda: ("ask", "is it well?") in stage.session.calls)
        assert pointed() == ("r_52", None)
        stage.app.conductor.turn_to(stage.app.conductor.desk.runs["r_52"])
        stage.app.main.plan.plan_tree.focus()
        await stage.press("home", "down")
        chosen = stage.app.main.plan.plan_tree.selected
        await stage.send("scale this one")
        await stage.until(lambda: ("ask", "scale this one") in stage.session.calls)
        assert pointed() == ("r_52", chosen)
