from __future__ import annotations

from pathlib import Path

import pytest

from reign_agents.engine.binding import Approved, binding, moved
from reign_agents.plan.model import Step
from reign_executors.call import Call
from reign_executors.effect import Action, Effect, Problem, ResourceChange, UndoPromise
from reign_executors.target import Target


def shown(**effect: object) -> Step:
    change = ResourceChange(action=Action.UPDATE, resource="file//x/a", diff="-1\n+2", data_bytes=None)
    whole = {"changes": (change,), "identity": {"/x/a": "inode 5"}, **effect}
    target = Target(tool="host", context="here", resource="file//x/a")
    return Step("s1", "file.write", {"path": "/x/a"}, "", effect=Effect.model_validate(whole), target=target)


@pytest.mark.parametrize(
    ("touched", "resource", "expected"),
    [
        ({"file//x/a"}, "file//x/a", True),
        ({"file//x/a"}, "/x/a", True),
        ({"file//x/a"}, "directory//x", True),
        ({"directory//x"}, "file//x/a", False),
        ({"file//xy"}, "directory//x", False),
        ({"container/web"}, "container/web", True),
        ({"container/web"}, "container/web2", False),
        ({"container/web"}, "file//x", False),
    ],
)
def test_what_earlier_steps_touch(touched: set[str], resource: str, expected: bool) -> None:
    assert Call("k", Path(), touched=frozenset(touched)).will_touch(resource) is expected


def test_only_what_earlier_steps_touch_may_look_different() -> None:
    planned = shown(identity={}, changes=(ResourceChange(action=Action.UPDATE, resource="file//x/a"),))
    now = shown()
    assert binding(planned, frozenset()) != binding(now, frozenset())
    assert binding(planned, frozenset({"file//x/a"})) == binding(now, frozenset({"file//x/a"}))
    assert binding(planned, frozenset({"file//x/b"})) != binding(now, frozenset({"file//x/b"}))


def test_more_data_at_risk_voids_an_approval_and_a_little_growth_does_not() -> None:
    def losing(count: int) -> Step:
        return shown(changes=(ResourceChange(action=Action.DELETE, resource="container/web", data_bytes=count),))

    approved = Approved(losing(1000), binding(losing(1000), frozenset()), "once", "ana")
    assert approved.covers(losing(1800), binding(losing(1800), frozenset()))
    assert not approved.covers(losing(50_000_000), binding(losing(50_000_000), frozenset()))
    assert "data at risk" in moved(losing(1000), losing(50_000_000))


OTHER_CONTENT = ResourceChange(action=Action.UPDATE, resource="file//x/a", diff="-1\n+3")


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (shown(changes=()), "no longer: update file//x/a"),
        (shown(identity={"/x/a": "inode 6"}), "no longer the object"),
        (shown(problems=(Problem(text="it is taken"),)), "in the way: it is taken"),
        (shown(undo=UndoPromise.NONE), "undo exact → none"),
        (
            shown(changes=(ResourceChange(action=Action.UPDATE, resource="file//x/a", diff="-1\n+3"),)),
            "not the one shown",
        ),
    ],
)
def test_what_moved_is_said(now: Step, words: str) -> None:
    assert words in moved(shown(), now)
