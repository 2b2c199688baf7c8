"""Plans given up, whole or in part: "never mind", "stop, not prod", "keep the bucket", "forget the removal"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.earlier import (
    OPENING,
    changes_anything,
    drafted,
    has_changed,
    in_full,
    last_plan,
    last_thing,
    unjudged,
)
from reign_agents.planning.joining import thing_of
from reign_agents.planning.places import PLACE_FIELDS
from reign_agents.store.records import RunRecord
from reign_executors.errors import OperationError
from reign_executors.operation import JsonObject

_WHOLE = re.compile(
    OPENING + r"(?:no\W+)?(?:never\s*mind(?:\s+(?:that|it))?|forget\s+(?:about\s+)?(?:it|that|this|"
    r"the\s+(?:whole\s+)?(?:thing|plan))|"
    r"(?:cancel|abort)(?:\s+(?:it|that|this|everything|the\s+plan))?|scratch\s+that|(?:please\s+)?(?:don'?t|do\s+not)"
    r"(?:\s+(?:do|run|touch)\s+(?:it|that|this|anything))?|leave\s+it(?:\s+(?:be|alone|as\s+it\s+is))?|let\s+it\s+be|"
    r"not\s+now|"
    r"no\s+thanks?(?:\s+you)?|i\s+changed\s+my\s+mind|better\s+not|rather\s+not)(?:\s+(?:then|after\s+all|please|"
    r"now))*\W*$",
    re.IGNORECASE,
)
_WEAK = re.compile(
    OPENING + r"(?:(?:no|nope|stop|halt|wait|drop|keep|hold\s+on)\W*)+(?:(?:it|that|this|the\s+plan)\W*)?$",
    re.IGNORECASE,
)
"""Words that give up what has not happened yet; of what has happened they say nothing."""
_NOT_THERE = re.compile(
    OPENING
    + r"(?:(?:stop|wait|no|halt|hold\s+on|but)\W+)*(?:not|never|don'?t\s+(?:do|touch|run|use)(?:\s+(?:it|that))?)\s+"
    r"(?:(?:in|on|to|for|with)\s+)?(?:the\s+)?(?P<word>[\w.-]*\w)(?:\s+(?:please|yet|now|namespace|workspace|context|"
    r"cluster))*\W*$",
    re.IGNORECASE,
)
_LEFT_OUT = re.compile(
    OPENING
    + r"(?:(?:but|and|no)\W+)*(?:not|without|leave\s+out|except(?:\s+for)?|skip|drop|forget|keep|spare|leave)\s+"
    r"(?P<each>both\s+|all\s+)?(?:the\s+|my\s+)?(?:(?:container|volume|network|deployment|release|resource|image|"
    r"service)\s+)?"
    r"(?P<name>[a-z][\w.\[\]\"-]*)(?:\s+(?:alone|out|as\s+(?:it|they)\s+(?:is|are)|please|though|running|then|too|"
    r"there))*\W*$",
    re.IGNORECASE,
)
_DEEDS = {
    "removal": "remove delete uninstall destroy", "deletion": "remove delete uninstall destroy",
    "deleting": "remove delete", "removing": "remove delete", "scaling": "scale", "restart": "restart rollout_restart",
    "pull": "pull", "push": "push", "upgrade": "upgrade set_image", "check": "check wait", "wait": "wait",
    "image": "set_image", "build": "build", "uninstall": "uninstall", "destroy": "destroy", "stop": "stop",
    "init": "init", "commit": "commit", "tag": "tag",
}  # fmt: skip
"""What a deed is called → the verbs of operations that do it."""


async def dropped(text: str, context: PlanningContext) -> Draft | None:
    """What is left of the last plan, or the word that nothing is; None where the words give up nothing."""
    found = last_plan(context)
    if found is None:
        return Draft("unknown", 1.0, answer="Nothing is under way.") if _WHOLE.match(text) else None
    record, plan = found
    newest = context.recent[0].run == record.run
    open_ = (
        not has_changed(record, context)
        and record.outcome in ("running", "stopped", "planned")
        and changes_anything(plan, context)
    )
    if _WHOLE.match(text) or (_WEAK.match(text) and open_ and newest):
        return _given_up(record, plan, context)
    if re.fullmatch(r"(?i)\W*drop\s+(?:it|that|this)\W*", text):
        return _drop_what(record, plan, context)
    if _REMOVES_IT.match(text) and (asked := _one_of_two(plan)) is not None:
        return asked
    there = _NOT_THERE.match(text)
    if there is not None and there["word"].lower() in _places(plan):
        return _given_up(record, plan, context)
    left = _LEFT_OUT.match(text)
    return None if left is None else await _without(record, plan, left, context)


_REMOVES_IT = re.compile(
    OPENING + r"(?:remove|delete|destroy|kill|get\s+rid\s+of)\s+(?:it|that|"
    r"this)\W*$",
    re.IGNORECASE,
)


def _one_of_two(plan: Plan) -> Draft | None:
    """The question whether the container or the network is to go, after one was put into the other."""
    step = plan.steps[-1]
    if step.operation not in ("docker.connect_network", "docker.disconnect_network"):
        return None
    network, container = step.fields["network"], step.fields["container"]
    question = f"Which one: the network {network} or the container {container}?"
    offered = (f"remove network {network}", f"remove container {container}")
    return Draft("destroy", 1.0, question=question, suggestions=offered)


def _places(plan: Plan) -> set[str]:
    """The namespaces, contexts, workspaces and folders that a plan acts in."""
    fields = {name for names in PLACE_FIELDS.values() for name in names}
    return {str(step.fields[name]).lower() for step in plan.steps for name in fields if step.fields.get(name)}


def _given_up(record: RunRecord, plan: Plan, context: PlanningContext) -> Draft:
    named = f"“{plan.request}” ({record.run})"
    if not changes_anything(plan, context):
        return Draft(plan.intent, 1.0, answer=f"{named} only looked: there is nothing to take back.")
    if record.undone_by is not None:
        return Draft(plan.intent, 1.0, answer=f"{named} was undone already, by {record.undone_by}.")
    if has_changed(record, context):
        question = f"{named} was done already. Should it be taken back?"
        return Draft(plan.intent, 1.0, question=question, suggestions=(f"undo {record.run}",))
    return Draft(plan.intent, 1.0, answer=f"{named} is given up: nothing of it was done.", corrects=record.run)


def _drop_what(record: RunRecord, plan: Plan, context: PlanningContext) -> Draft | None:
    """What "drop it" asks after something was done: taken back, or the thing removed? Never guessed."""
    thing = last_thing(context)
    if thing is None or not changes_anything(plan, context):
        return None
    question = f"Should “{plan.request}” ({record.run}) be taken back, or the {thing.kind} {thing.name} be removed?"
    offered = (f"undo {record.run}", f"remove {in_full(thing, plan)}")
    return Draft(plan.intent, 1.0, question=question, suggestions=offered)


def _pulled_for(step: Step, plan: Plan, gone: Sequence[Step]) -> bool:
    """Whether an image is pulled for nothing but what goes: a checked plan has it as redis:latest, not as redis."""
    image = step.fields.get("image")
    if step.operation != "docker.pull" or image not in {one.fields.get("image") for one in gone}:
        return False
    return all(one in gone or one is step or one.fields.get("image") != image for one in plan.steps)


async def _without(record: RunRecord, plan: Plan, left: re.Match[str], context: PlanningContext) -> Draft | None:
    name = left["name"].lower()
    stack = next((step for step in plan.steps if step.operation == "terraform.destroy"), None)
    verbs = tuple(_DEEDS.get(name, "").split())
    gone = [
        step
        for step in plan.steps
        if ((thing := thing_of(step)) is not None and (thing.name == left["name"] or thing.kind == name))
        or (verbs and step.operation.partition(".")[2].startswith(verbs))
    ]
    if not gone and stack is not None and not verbs:
        return await _kept_of_stack(record, plan, stack, left, context)
    if not gone:
        return None
    gone = [step for step in plan.steps if step in gone or _pulled_for(step, plan, gone)]
    if len(gone) == len(plan.steps):
        return _given_up(record, plan, context)
    if has_changed(record, context):
        first = next((step for step in gone if step.operation != "docker.pull"), gone[0])
        undo = f"undo {record.run} step {first.id}"
        what = f"what it did to {left['name']}" if not verbs else f"the {name}"
        question = f"“{plan.request}” ({record.run}) was done. Should {what} be taken back?"
        return Draft(plan.intent, 1.0, question=question, suggestions=(undo,))
    names = {step.id for step in gone}
    kept = [
        replace(unjudged(s), needs=tuple(n for n in s.needs if n not in names)) for s in plan.steps if s.id not in names
    ]
    said = (f"this is “{plan.request}” ({record.run}) without {'the ' if verbs else ''}{left['name']}",)
    return drafted(plan, tuple(kept), said, record.run)


async def _kept_of_stack(
    record: RunRecord, plan: Plan, step: Step, left: re.Match[str], context: PlanningContext
) -> Draft | None:
    """The destruction of a stack without the resources that a word means."""
    where: JsonObject = {key: step.fields[key] for key in ("folder", "workspace") if step.fields.get(key) is not None}
    try:
        listed = (await context.look("terraform.state_list", where)).get("addresses")
    except OperationError as error:
        return Draft(plan.intent, 1.0, question=f"What is in the state can't be listed: {error}")
    addresses = [str(one) for one in listed] if isinstance(listed, list) else []
    word = left["name"].lower()
    kept = [one for one in addresses if _means(word, one)]
    shown = ", ".join(addresses[:8]) or "nothing"
    if not kept:
        question = f"No resource in the state of {step.fields.get('folder', '.')} is called {word}. There is: {shown}."
        return Draft(plan.intent, 1.0, question=question, suggestions=tuple(f"keep {one}" for one in addresses[:4]))
    if len(kept) > 1 and not (left["each"] or word.endswith("s")):
        question = f"{len(kept)} resources are called {word}: {', '.join(kept[:8])}. Which one should stay?"
        offered = (*(f"keep {one}" for one in kept[:3]), f"keep all {word}s")
        return Draft(plan.intent, 1.0, question=question, suggestions=offered)
    if has_changed(record, context):
        return _given_up(record, plan, context)
    targets = [one for one in addresses if one not in kept and ".data." not in f".{one}"]
    if not targets:
        return _given_up(record, plan, context)
    fields: JsonObject = {**step.fields, "targets": [*targets]}
    steps = tuple(replace(unjudged(one), fields=fields) if one is step else unjudged(one) for one in plan.steps)
    said = (
        f"this is “{plan.request}” ({record.run}) without {', '.join(kept)}",
        "only what is named is destroyed, and whatever depends on it: the preview shows all of it",
    )
    return drafted(plan, steps, said, record.run)


def _means(word: str, address: str) -> bool:
    """Whether a word is an address, or a part of its type or name: "bucket" is in ``aws_s3_bucket.logs``."""
    low = address.lower()
    return (
        word == low or word.removesuffix("s") in re.split(r"[._\[\]\"-]+", low) or word in re.split(r"[.\[\]\"]+", low)
    )
