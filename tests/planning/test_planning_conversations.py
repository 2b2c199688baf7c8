"""Conversations in a world that their plans change: conversations.txt and operators.txt have each turn's plan.

A turn begins with ``> ``; with ``! `` its run fails, with ``- `` nobody approves it. Every turn is planned by a planner
that remembers nothing itself, as a new process does.
"""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest

from reign_agents.plan.model import Plan
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.settings import EngineSettings
from reign_agents.store.records import Message, RunRecord, StepCounts
from reign_executors.registry import default_registry
from tests.planning.world import World

TABLES = tuple(Path(__file__).with_name(name) for name in ("conversations.txt", "operators.txt"))
Conversation = list[tuple[str, list[str]]]


def conversations() -> list[Conversation]:
    found: list[Conversation] = []
    for block in "\n".join(table.read_text("utf-8") for table in TABLES).strip().split("\n\n"):
        turns: Conversation = []
        for line in block.splitlines():
            if line.startswith(("> ", "! ", "- ")):
                turns.append((line, []))
            else:
                turns[-1][1].append(line.strip())
        found.append(turns)
    return found


def lines_of(draft: Draft, cwd: Path) -> list[str]:
    lines = [f"? {draft.question}"] if draft.question else []
    lines += [f"» {one}" for one in draft.suggestions if "later: " in str(draft.question)]
    lines += [f"= {line}" for line in (draft.answer or "").splitlines()]
    lines += [f"undo {draft.undo.run or 'last'} {draft.undo.step or 'all'}"] if draft.undo else []
    lines += ["(ask)"] if draft.mood == "ask" else []
    for step in draft.steps:
        fields = json.dumps(step.fields, sort_keys=True, ensure_ascii=False).replace(f"{cwd}/", "")
        lines.append(f"{step.id} {step.operation} {fields}" + (f" < {', '.join(step.needs)}" if step.needs else ""))
    return lines + [f"~ {assumed}" for assumed in draft.assumptions]


async def turns_of(texts: list[str], cwd: Path) -> list[list[str]]:
    for folder in ("ocr", "net", "live/eu", "envs/demo"):
        (cwd / folder).mkdir(parents=True)
        (cwd / folder / "main.tf").write_text("", "utf-8")
    registry, world = default_registry(), World()
    records: list[RunRecord] = []
    plans: dict[str, Plan] = {}
    said: list[Message] = []
    found = []
    for number, marked in enumerate(texts, 1):
        text, run = marked[2:], f"r_{number}"
        context = PlanningContext(
            EngineSettings(cwd=cwd),
            registry,
            world.look,
            recent=tuple(reversed(records)),
            plan_of=plans.get,
            said=partial(tuple, tuple(said)),
        )
        draft = await OfflinePlanner().draft(text, context)
        found.append(lines_of(draft, cwd))
        answer = draft.question or draft.answer or "done"
        said += [
            Message(len(said), "s_1", "", "person", text, run),
            Message(len(said) + 1, "s_1", "", "reign", answer, run),
        ]
        if not draft.steps:
            continue
        for step in draft.steps:
            registry.build(step.operation, step.fields)
        plans[run] = Plan(
            f"p_{run}", text, draft.intent, 1.0, draft.steps, mood=draft.mood, assumptions=draft.assumptions
        )
        done, failed = draft.mood == "do" and marked[0] == ">", marked[0] == "!"
        outcome = "failed" if failed else "done" if done else "stopped"
        records.append(
            RunRecord(
                run, f"p_{run}", text, draft.intent, "create", "ana", "s_1", "2026-01-01T00:00:00Z",
                outcome=outcome, exit=0, steps=StepCounts(done=int(done), failed=int(failed), skipped=0),
                undo="exact" if done else None,
            )
        )  # fmt: skip
        if done:
            world.apply(draft.steps)
    return found


@pytest.mark.parametrize("turns", conversations(), ids=lambda turns: " / ".join(text for text, _ in turns))
async def test_conversation(turns: Conversation, tmp_path: Path) -> None:
    assert await turns_of([text for text, _ in turns], tmp_path) == [lines for _, lines in turns]
