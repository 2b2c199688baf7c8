"""Where a request's two readings have to agree: what it was understood as, and what the recipes made of its words."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reign_agents.plan.model import Step
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.earlier import last_thing
from reign_agents.planning.recipe import Question
from reign_agents.planning.stated import ENDING, left_out, ruled_out
from reign_agents.planning.unheld import unheld
from reign_agents.understanding import Understanding, understand
from reign_executors.operation import Change as ChangeOperation

SURE = 0.85
"""Confidence of understanding from which it speaks against a plan."""
_FAIRLY_SURE = 0.75
"""Confidence from which a changing plan has to fit what was understood."""
_FEW = 2
"""Words that a bare command line may have."""
TAKEN = {
    "create_infra": "I take this for something new to be made",
    "deploy": "I take this for a deployment",
    "scale": "I take this for a change of size or number",
    "monitor": "I take this for a look",
    "destroy": "I take this for something to be removed or stopped",
    "update": "I take this for a change of what is there",
    "backup": "I take this for a copy to be kept or brought back",
    "debug": "I take this for a fault to be found",
}
OTHERWISE = "A command of your own runs with ! before it (asked first). The nearest things I can do:"
_LOOKS_TOO = frozenset(
    {"docker.exec", "kubernetes.exec", "shell.command", "shell.script", "git.pull", "docker.pull", "terraform.init"}
)
"""What people also do for a look."""
_TO_FIND_OUT = frozenset({"docker.exec", "kubernetes.exec", "shell.command", "shell.script"})
"""What people also do to find a fault."""
_OTHER_KINDS = {
    "statefulset": "kubernetes.create_deployment",
    "daemonset": "kubernetes.create_deployment",
    "dockerfile": "docker.run",
}
"""What is to be made → the operation that makes another thing in its stead."""


def against(draft: Draft, understanding: Understanding, context: PlanningContext) -> str | None:
    """Why the steps don't fit what the request was understood as: they change something where only a look is wanted,
    end something where nothing is to end, or don't hold what was named. None where both readings agree.
    """
    out = _ruled_out(understanding.text, draft.steps) if changing(draft.steps, context) else None
    if out is not None:
        return f"yet the steps I found act on {out}, which was ruled out."
    more = unheld(understanding.text, draft.steps) if changing(draft.steps, context) else None
    if more is not None:
        return more
    intent, operations = understanding.intent, [step.operation for step in draft.steps]
    sure = SURE if intent == "unknown" else _FAIRLY_SURE
    if understanding.confidence < sure or not changing(draft.steps, context):
        return None
    if intent in {"monitor", "debug"} or (intent == "unknown" and last_thing(context) is None):
        changes = [one.operation for one in draft.steps if changing([one], context)]
        if not set(changes) <= (_LOOKS_TOO if intent != "debug" else _TO_FIND_OUT):
            return f"yet its words also read as {changes[0]}, which changes something."
    ending = next((one for one in operations if ENDING.search(one)), None)
    meant = intent in {"destroy", "update"} or any(clause.intent == "destroy" for clause in understanding.clauses)
    if ending is not None and not meant:
        return f"yet its words also read as {ending}, which ends what is there."
    removed = [str(one.fields.get("path")) for one in draft.steps if one.operation == "file.remove"]
    elsewhere = {"github", "terraform"} & set(understanding.domains) or any(":" in path for path in removed)
    if removed and all(_is_here(path, context) for path in removed):
        elsewhere = set()
    if removed and elsewhere and "bash" not in understanding.domains:
        return "yet the steps I found remove files of this machine."
    for clause in understanding.clauses:
        kind = clause.object or ""
        other = _OTHER_KINDS.get(kind, "")
        if intent in {"create_infra", "deploy"} and other in operations and kind not in str(draft.steps):
            return f"yet the step I found is {other}, which makes no {kind}."
    of_terraform = "terraform" in understanding.domains and "terraform" in understanding.text.lower()
    if of_terraform and all(one.startswith(("helm.", "kubernetes.", "docker.")) for one in operations):
        return "yet no step I found is one of terraform."
    lost = left_out(understanding, draft.steps)
    return f"the steps I found leave out {', '.join(lost)}." if lost else None


def _is_here(path: str, context: PlanningContext) -> bool:
    """Whether it is a path, and of a file that is there; a bare word may be a branch as well."""
    try:
        return re.search(r"[./]", path) is not None and (context.settings.cwd / path).exists()
    except (OSError, ValueError):
        return False


def _ruled_out(text: str, steps: Sequence[Step]) -> str | None:
    """What the steps act on though the person said not to: "not to production, only to qa"."""
    out = ruled_out(text)
    keys = ("namespace", "context", "workspace", "object", "container", "release", "volume", "network")
    return next((name for step in steps for key in keys if (name := str(step.fields.get(key))).lower() in out), None)


def doubtful(draft: Draft, question: Question | None, understanding: Understanding) -> bool:
    """Whether the recipes were at a loss, took another word for the name, or left out what was named. ``question`` is
    the one that they asked; none where an operation is not there at all.
    """
    if draft.steps:
        return bool(left_out(understanding, draft.steps))
    if question is None:
        return False
    named = _named(understanding)
    if question.unread is not None:
        return all(word.isalpha() or word in named for word in question.unread.lower().split())
    if question.absent is not None:
        return bool(named) and question.absent.lower() not in named
    return bool(named) and not any(name in question.text.lower() for name in named)


def complains(text: str, command: str) -> bool:
    """Whether what looks like a command line is a program's complaint, or a sentence that begins with a program's name:
    "bash: x.sh: Permission denied", "ssh into web-1 and tell me its uptime".
    """
    if text.strip() != command.strip():
        return False
    read = understand(text)
    if _SENTENCE.match(text):
        return True
    if read.confidence < SURE:
        return False
    return read.intent == "debug" or (
        read.intent == "unknown" and len(text.split()) > _FEW and _MARKS.search(text) is None
    )


_MARKS = re.compile(r"(?<!\S)-{1,2}\w|[|<>]|&&|\$[({\w]|\w/\w|\.\w|=")
"""What a command line has and a sentence has not."""
_SENTENCE = re.compile(r"\W*[a-z]+ (?:into|onto|the|my|our) ", re.IGNORECASE)


def _named(understanding: Understanding) -> frozenset[str]:
    """The values that the person stated, in lower case."""
    values = understanding.entities.values()
    return frozenset(str(one).lower() for value in values for one in (value if isinstance(value, list) else [value]))


def changing(steps: Sequence[Step], context: PlanningContext) -> bool:
    """Whether any of the steps changes something."""
    return any(issubclass(context.registry.find(step.operation), ChangeOperation) for step in steps)
