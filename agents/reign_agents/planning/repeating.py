"""The last plan once more, with other values: "do it again", "no, port 9090", "and image.tag=2"."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import JsonValue

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.corrections import (
    COUNT,
    IF_EXISTS,
    changed,
    changes_said,
    other_text,
    other_value,
    replacing,
    under_another_name,
)
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.earlier import OPENING, changes_anything, drafted, has_changed, last_plan, nothing, unjudged
from reign_agents.planning.scan import Scan
from reign_agents.planning.words import NUMBERS, VERBS
from reign_agents.store.records import RunRecord
from reign_executors.operation import JsonObject
from reign_executors.redaction.placeholders import PLACEHOLDER, restore_value

CORRECTION = re.compile(
    OPENING
    + (
        r"(?:no|nope|not\s+that|wrong|actually|i\s+(?:mean|meant)|rather|make\s+(?:it|that)|use|"
        r"change\s+(?:it|that)\s+to|set\s+(?:it|that)\s+to|"
        r"(?:change|set|switch)\s+the(?=\s+(?:tag|version|port|image|name|replicas|memory|namespace|workspace|branch|"
        r"message)\b)|bump\s+(?:it|that)(?:\s+to)?|better|instead|"
        r"(?:publish|expose|map|open|put)\s+(?:it|that)(?=\s+(?:on|at|to)\s+(?:port\s+)?\d))(?=\W|$)(?P<change>.+)$"
    ),
    re.IGNORECASE | re.DOTALL,
)


_TO = re.compile(
    r"\b(?P<what>tag|version|port|image|name|replicas|memory|namespace|workspace|context|branch|message|network)\s+"
    r"(?:to|is|should\s+be|shall\s+be|=)\s+",
    re.IGNORECASE,
)


def _alone(words: str, left: list[str], scan: Scan) -> str | None:
    """The one word or quoted text that is said; never a verb: "delete" is no value."""
    said = words.strip(" ,.!?:")
    word = left[0] if len(left) == 1 else said if re.fullmatch(r"[\w.-]+", said) else None
    return word if word is not None and (word in scan.quoted() or word.lower() not in VERBS) else None


def with_secrets(plan: Plan, context: PlanningContext) -> Plan:
    """The plan with the secret values that this session still knows in the place of their placeholders."""
    if not context.secrets:
        return plan
    steps = []
    for step in plan.steps:
        fields = restore_value(step.fields, context.secrets)
        assert isinstance(fields, dict)
        steps.append(replace(step, fields=fields))
    return plan.with_steps(steps)


def repeated(
    context: PlanningContext,
    words: str,
    *,
    corrects: bool,
    spoken: bool = False,
    of: tuple[RunRecord, Plan] | None = None,
) -> Draft | None:
    """The last plan (or ``of``) with what the words change; ``corrects``: they must change something.

    ``spoken``: the person said that something was wrong, so that one word alone may be another value.
    """
    scan = Scan(_TO.sub(r"\g<what> ", words))
    changes = changes_said(scan)
    left = [
        word
        for word in scan.words()
        if not re.fullmatch(
            (
                r"(?i)(?:but|with|on|and|please|now|it|that|this|the|for|me|time|instead|again|make|use|be|"
                r"should|to|sorry|i|meant|mean|a|of|one|more|once|over|thanks|actually|a|and|then|just|only|so|rather|"
                r"set|publish|expose|in|at|ok|no|well)"
            ),
            word,
        )
    ]
    bare = _alone(words, left, scan) if spoken and not changes else None
    if (left and bare is None) or (corrects and not changes and bare is None):
        return None
    found = of or last_plan(context)
    if found is None:
        return nothing("change" if corrects else "repeat")
    record, plan = found
    plan = with_secrets(plan, context)
    if PLACEHOLDER.search(json.dumps([step.fields for step in plan.steps], ensure_ascii=False)):
        return Draft(
            plan.intent,
            1.0,
            question="The secret values of that request were not kept. Please type it again.",
            suggestions=(plan.request,),
        )
    changed_before = has_changed(record, context) and record.undone_by is None and changes_anything(plan, context)
    done = corrects and changed_before
    if done and changes and all(change.said == "name" for change in changes):
        renamed = under_another_name(plan, changes[-1].value)
        if renamed is not None:
            return drafted(plan, renamed, (f"“{plan.request}” was done: what it made is renamed",), None)
    steps = tuple(unjudged(step) for step in plan.steps)
    if bare is not None:
        valued = other_text(steps, bare) if bare in scan.quoted() else other_value(steps, bare)
        if valued is None:
            return None
        steps = valued
    for change in changes:
        steps, count = changed(steps, change)
        if not count and change.said in ("variable", "volume", "place"):
            return None  # it may be a request of its own: "add pass=b to it"
        if not count:
            return Draft(
                plan.intent,
                1.0,
                question=f"“{plan.request}” has no {change.said} to change. Please say the whole request.",
                suggestions=(plan.request,),
            )
    elsewhere = any(change.said in ("namespace", "context", "workspace", "name", "place") for change in changes)
    kept = done and elsewhere
    if done and not elsewhere:
        steps = tuple(replacing(step) for step in steps)
    said = bare or ", ".join(f"{change.said} {change.value}" for change in changes)
    what = f"“{plan.request}” ({record.run})" + (f" with {said}" if said else " again")
    replaced = done and not kept and any(step.operation in IF_EXISTS for step in steps)
    assumptions = (
        f"this is {what}",
        *((_before(steps),) if replaced else ()),
        *((f"what {record.run} did stays as it is (to take it back: undo {record.run})",) if kept else ()),
    )
    return drafted(plan, steps, assumptions, record.run if corrects and not done else None)


def _before(steps: Sequence[Step]) -> str:
    """What becomes of what a corrected plan made, in words."""
    replaced = any(step.fields.get("if_exists") == "replace" for step in steps)
    return "what it made before is replaced" if replaced else "what it made before is changed to that"


_PAIR = re.compile(r"(?P<key>[A-Za-z_][\w-]*(?:\.[\w-]+)*)=(?P<value>[^\s,;]+)")


_COUNTED = re.compile(rf"\breplicas?\s*(?:to\s+|=\s*)?(?P<value>{COUNT})\b", re.IGNORECASE)


def values_of_release(record: RunRecord, plan: Plan, text: str, context: PlanningContext) -> Draft | None:
    """Other values for the release of the last plan: an upgrade that keeps the values it has."""
    step = next((one for one in reversed(plan.steps) if one.operation in ("helm.install", "helm.upgrade")), None)
    if step is None:
        return None
    pairs: dict[str, JsonValue] = {one["key"]: one["value"] for one in _PAIR.finditer(text)}
    counted = _COUNTED.search(text)
    if counted is not None:
        pairs.setdefault("replicas", int(NUMBERS.get(counted["value"].lower(), counted["value"])))
    rest = _COUNTED.sub(" ", _PAIR.sub(" ", text))
    given = step.fields.get("values")
    alone = re.fullmatch(
        rf"\W*(?:(?:no|actually|rather|make|it|that|now|"
        rf"to)\W+)*(?P<value>{COUNT})\W*",
        text,
        re.IGNORECASE,
    )
    if not pairs and alone is not None and isinstance(given, dict) and len(given) == 1:
        key, held = next(iter(given.items()))
        if isinstance(held, int) or str(held).isdigit():
            pairs, rest = {key: int(NUMBERS.get(alone["value"].lower(), alone["value"]))}, ""
    if not pairs or re.search(
        r"(?i)\b(?!and\b|with\b|now\b|set\b|please\b|also\b|use\b|no\b|make\b|it\b|then\b)[a-z]\w*", rest
    ):
        return None
    before = step.fields.get("values")
    values = _nested(dict(before) if isinstance(before, dict) else {}, pairs)
    said = ", ".join(f"{key}={value}" for key, value in pairs.items())
    if not has_changed(record, context):
        changed = replace(unjudged(step), fields={**step.fields, "values": values})
        steps = tuple(changed if one.id == step.id else unjudged(one) for one in plan.steps)
        return drafted(plan, steps, (f"this is “{plan.request}” ({record.run}) with {said}",), record.run)
    where: JsonObject = {key: step.fields[key] for key in ("context", "namespace", "chart") if key in step.fields}
    fields: JsonObject = {**where, "release": step.fields["release"], "values": values, "reuse_values": True}
    upgrade = Step("s1", "helm.upgrade", fields, f"upgrade release {step.fields['release']} with {said}", (), "helm")
    assumed = ("the values given before stay (say: reset the values)",)
    return Draft("update", plan.confidence, steps=(upgrade,), assumptions=assumed)


def _nested(values: dict[str, JsonValue], pairs: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """The values with ``a.b=c`` put in where they belong."""
    from reign_agents.specialists.helm.said import put_value

    found: dict[str, JsonValue] = json.loads(json.dumps(values))
    for key, value in pairs.items():
        put_value(found, key, value)
    return found
