"""Requests that live on what was said before: "do it again", "no, port 9090", "why did it fail?"."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import JsonValue

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.corrections import COUNT, IF_EXISTS, changed, changes_said, replacing, under_another_name
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.joining import thing_of, things_made
from reign_agents.planning.outcomes import why_it_failed
from reign_agents.planning.places import meanings, place_words, siblings
from reign_agents.planning.scan import Scan
from reign_agents.planning.wish import Thing
from reign_agents.planning.words import NUMBERS
from reign_agents.store.records import RunRecord
from reign_agents.understanding.lexicon import lexicon
from reign_executors.operation import Change as ChangeOperation
from reign_executors.operation import JsonObject
from reign_executors.redaction.placeholders import PLACEHOLDER

_OPENING = r"^\W*(?:(?:ok(?:ay)?|please|now|and|then|hey|sorry|oops|hmm|wait|ah)\W+)*"
_AGAIN = re.compile(
    _OPENING + r"(?:(?:can\s+you\s+)?(?:do|run|try|execute|make|start)\s+(?:it|that|this|the\s+(?:same|"
    r"last\s+(?:one|plan|run)))(?:\s+(?:all|once))?\s*(?:again|once\s+more|over)?"
    r"|again|once\s+more|repeat(?:\s+(?:it|that|this|the\s+last\s+(?:one|run|plan)))?|"
    r"retry(?:\s+(?:it|that))?|re-?run(?:\s+(?:it|that))?|(?:the\s+)?same(?:\s+(?:thing|again|one|"
    r"as\s+before))?|another(?:\s+(?:one|container|release|deployment|volume|network))?|redo(?:\s+(?:it|that))?|one\s+more)(?=\W|$)"
    r"(?P<change>.*)$",
    re.IGNORECASE | re.DOTALL,
)
_NEEDS_AGAIN = re.compile(
    r"\b(?:again|once more|same|repeat|retry|re-?run|redo|another|over|one more)\b", re.IGNORECASE
)
_CORRECTION = re.compile(
    _OPENING
    + (
        r"(?:no|nope|not\s+that|wrong|actually|i\s+(?:mean|meant)|rather|make\s+(?:it|that)|use|"
        r"change\s+(?:it|that)\s+to|set\s+(?:it|that)\s+to|bump\s+(?:it|that)(?:\s+to)?|better|instead|"
        r"(?:publish|expose|map|open|put)\s+(?:it|that)(?=\s+(?:on|at|to)\s+(?:port\s+)?\d))(?=\W|$)(?P<change>.+)$"
    ),
    re.IGNORECASE | re.DOTALL,
)
_WHY = re.compile(
    _OPENING + r"(?:(?:why|how\s+come)\b\s*(?:(?:did|does|has|is|was|had)(?:n't)?\s+)?"
    r"(?:it|that|this|the\s+last\s+(?:run|step|one)|run\s+(?P<run>r_\w+)|(?P<bare>r_\w+))?\s*(?:not\s+|just\s+)?"
    r"(?:fail(?:ed|s|ing)?|stop(?:ped)?|work(?:ing|ed)?|go\s+wrong|break|broke|happen(?:ed)?)?"
    r"|what\s+(?:went\s+wrong|happened|failed|was\s+the\s+(?:error|problem|matter))"
    r"(?:\s+(?:with|in)\s+(?:it|that|run\s+(?P<with>r_\w+)))?)\W*$",
    re.IGNORECASE,
)
_PLACE = re.compile(
    _OPENING + r"(?:(?:(?:do\s+)?the\s+|do\s+)?same(?:\s+thing)?|(?:do|run|try|repeat)\s+(?:it|that|this)(?:\s+again)?|"
    r"(?:and|what|how)\s+about|again|(?:ship|deploy|roll|release|put|apply|run|push|bring|promote|send)\s+(?:it|that|this)"
    r"(?:\s+out)?(?=\s+(?:to|in|on|into)\s)|(?:no\W+)*i\s+mean[t]?|no|rather|instead|(?:and|also)(?=\s+(?:the|for|in|on)\s)|"
    r"(?=(?:in|on|for)\s))\W*(?:(?:for|in|on|to|with|at)\s+)?(?:the\s+)?"
    r"(?P<word>[a-z0-9][\w.-]*?)(?:\s*,?\s*but\s+(?:with\s+)?(?P<but>\S+(?:\s+\S+){0,2}?))?"
    r"(?:\s+(?:too|also|please|now|instead|one|as\s+well|again))*\W*$",
    re.IGNORECASE,
)
_OTHER = re.compile(
    _OPENING + r"(?:(?:no|not\s+that(?:\s+one)?|i\s+mean[t]?|and|the\s+same\s+(?:for|with|on)|same\s+(?:for|with|on)|"
    r"what\s+about|do)\W+)*the\s+other(?:\s+(?:one|container|deployment|release|volume|network|pod))?"
    r"(?:\s+(?:too|please|instead))*\W*$",
    re.IGNORECASE,
)
_ADD = re.compile(
    r"^\W*(?:(?:ok|now|please|and|also|then)\W+)*(?:add|with)\s+(?:an?\s+|another\s+)?(?P<what>[a-z][\w./-]*(?::[\w.-]+)?)"
    r"(?P<rest>(?:\s+(?:on|named|called|with|as|in|at)\s+.+)?)$",
    re.IGNORECASE,
)
_ADDING: Mapping[str, str] = {
    "docker.run": "run {what}{rest}",
    "kubernetes.create_deployment": "deploy {what}{rest} {where}",
    "helm.install": "install chart {what}{rest}",
}
"""What the last plan made → the request that "and add redis" is."""
_BACK = re.compile(
    _OPENING + r"(?:roll\s*(?:it|that|this)\s*back|rollback(?:\s+(?:it|that|this))?|roll\s*back\s+(?:it|that|this))"
    r"(?P<rest>(?:\s+to\s+(?:revision\s+)?\d+)?)(?:\s+please)?\W*$",
    re.IGNORECASE,
)
_LIKE = re.compile(
    r"\W*(?:(?:and|now|ok)\W+)*(?:the\s+)?same(?:\s+thing)?\s+(?:but\s+)?(?:with|for|using)\s+(?P<what>[a-z][\w./:-]*)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
_THERE = re.compile(r"\s+(?:over\s+)?there\W*$", re.IGNORECASE)
_IT = re.compile(r"(?<![\w./-])(?:it|them|that|this)(?![\w./-])", re.IGNORECASE)
_ROLLED = frozenset({"deployment", "statefulset", "daemonset", "release"})
_FIRST_MADE = frozenset({"kubernetes.create_deployment", "helm.install"})


async def follow_up(text: str, context: PlanningContext) -> Draft | None:
    """The draft of a request that only makes sense after others; None when it stands by itself."""
    why = _WHY.match(text)
    if why is not None:
        return why_it_failed(context, why["run"] or why["bare"] or why["with"])
    moved = await _moved(text, context)
    if moved is not None:
        return moved
    again = _AGAIN.match(text)
    if again is not None and _NEEDS_AGAIN.search(text):
        return _repeated(context, again["change"], corrects=False)
    correction = _CORRECTION.match(text)
    if correction is not None:
        corrected = _repeated(context, correction["change"], corrects=True)
        if corrected is not None:
            return corrected
    return await _changing(text, context)


def spelled(text: str, context: PlanningContext) -> tuple[str, str] | None:
    """A follow-up as the whole request it stands for, and that in words; None when it is none of these.

    "roll it back" is a release's or a deployment's rollback where there is an earlier revision to go back to;
    "and add redis" makes another of what the last plan made.
    """
    found = last_plan(context)
    if found is None:
        return None
    plan = found[1]
    thing = last_thing(context)
    back = _BACK.match(text)
    if back is not None and thing is not None and thing.kind in _ROLLED:
        if any(step.operation in _FIRST_MADE for step in plan.steps):
            return None
        rest = re.sub(r"to\s+(?:revision\s+)?", "to revision ", back["rest"])
        place = next((step.fields.get("namespace") for step in reversed(plan.steps) if thing_of(step) == thing), None)
        where = f" in namespace {place}" if place else ""
        request = f"roll back {thing.kind} {thing.name}{where}{rest}"
        return request, f"“it” is the {thing.kind} {thing.name} (to take back the last run instead, say “undo that”)"
    like = _LIKE.fullmatch(text)
    if like is not None and any(step.operation == "docker.run" for step in plan.steps) and names_an_image(like["what"]):
        request = f"run {like['what']}{like['rest']}"
        return request, f"taken as: {request}"
    manifest = str(plan.steps[-1].fields.get("manifest") or "")
    if "kind: HorizontalPodAutoscaler" in manifest and (scaled := _autoscaled(text, manifest, plan)) is not None:
        return scaled, f"taken as: {scaled}"
    there = _THERE.search(text)
    space = next((s.fields["namespace"] for s in reversed(plan.steps) if s.fields.get("namespace")), None)
    if there is not None and space is not None:
        request = f"{text[: there.start()].rstrip()} in namespace {space}"
        return request, f"“there” is the namespace {space}"
    listed = plan.steps[-1]
    if thing is None and listed.operation == "kubernetes.list" and (it := _IT.search(text)) is not None:
        kind = (
            "deployment" if re.match(r"\W*(?:\w+\W+)?(?:restart|scale|roll)", text) else str(listed.fields.get("kind"))
        )
        where = f" in namespace {space}" if space else ""
        request = f"{text[: it.start()]}{kind}{where}{text[it.end() :]}"
        return request, f"“{it.group()}” names no single {kind}"
    added = _ADD.match(text)
    if added is not None:
        for step in reversed(plan.steps):
            wanted = _ADDING.get(step.operation)
            if wanted is not None:
                space = step.fields.get("namespace")
                where = f"in namespace {space}" if space else "in kubernetes"
                request = wanted.format(what=added["what"], rest=added["rest"], where=where)
                return request, f"taken as: {request}"
    return None


def _autoscaled(text: str, manifest: str, plan: Plan) -> str | None:
    """Other numbers for the autoscaler of the last plan."""
    from reign_agents.specialists.kubernetes.autoscaling import changed

    if len(text.split()) > _SHORT or re.search(r"\b(?:drop|delete|remove|scale|stop)\b", text, re.IGNORECASE):
        return None
    request = changed(text, manifest)
    space = plan.steps[-1].fields.get("namespace")
    return request if request is None or not space else f"{request} in namespace {space}"


def names_an_image(word: str) -> bool:
    """Whether a word is an image: well known, or with a tag or a registry."""
    return word.partition(":")[0].rsplit("/", 1)[-1].lower() in lexicon().images or ":" in word


def last_plan(context: PlanningContext) -> tuple[RunRecord, Plan] | None:
    """The session's newest run that was no undo, with its plan."""
    for record in context.recent:
        plan = context.plan_of(record.run)
        if plan is not None and plan.undo_of is None and plan.steps:
            return record, plan
    return None


def last_thing(context: PlanningContext) -> Thing | None:
    """What the session's last run was about."""
    found = last_plan(context)
    if found is None:
        return None
    _, plan = found
    changing = [step for step in plan.steps if step.effect is not None and step.effect.changes]
    things = (thing_of(step) for step in reversed(changing or list(plan.steps)))
    return next((thing for thing in things if thing is not None), None)


def _nothing(what: str) -> Draft:
    return Draft(
        "unknown", 1.0, question=f"There is no earlier request in this session to {what}.", suggestions=("help",)
    )


_NAMED_COUNT = re.compile(
    rf"\W*(?:(?:and|now|then|but)\s+)*(?:the\s+)?(?P<name>[a-z][\w.-]*)\s+(?:to\s+|at\s+)?(?P<count>{COUNT})"
    r"(?:\s+(?:then|instead|please|replicas|now))*\W*",
    re.IGNORECASE,
)
_LEFT_OUT = re.compile(
    r"\W*(?:(?:but|and|no)\W+)*(?:not|without|leave\s+out|except|skip|drop|forget)\s+(?:the\s+)?(?P<name>[a-z][\w.-]*)\W*",
    re.IGNORECASE,
)


async def _changing(text: str, context: PlanningContext) -> Draft | None:
    """A few words that only make sense as a change of the last plan: "now 6", "and image.tag=2", "worker 5 then"."""
    found = last_plan(context)
    if found is None or len(text.split()) > _SHORT:
        return None
    record, plan = found
    counted = _NAMED_COUNT.fullmatch(text)
    thing = last_thing(context)
    if counted is not None and thing is not None and any(step.operation == "kubernetes.scale" for step in plan.steps):
        name = counted["name"]
        if name in (thing.name, *await siblings(thing, plan, context)):
            draft = _on_other(record, _only(plan, thing), thing, name)
            count = NUMBERS.get(counted["count"].lower(), counted["count"])
            steps = tuple(replace(one, fields={**one.fields, "replicas": int(count)}) for one in draft.steps)
            steps = tuple(replace(one, why=f"{name} runs {count} times") for one in steps)
            return replace(draft, steps=steps)
    without = _LEFT_OUT.fullmatch(text)
    if without is not None:
        return _without(record, plan, without["name"])
    valued = _values_of_release(record, plan, text)
    return valued or _repeated(context, text, corrects=True)


_SHIPPED = re.compile(
    r"\W*(?:\w+\W+)?(?:ship|deploy|roll|release|put|apply|run|push|bring|promote|send)\b", re.IGNORECASE
)


def _plans(context: PlanningContext) -> list[tuple[RunRecord, Plan]]:
    """The session's plans, newest first, undo plans left out."""
    pairs = [(record, context.plan_of(record.run)) for record in context.recent]
    return [(record, plan) for record, plan in pairs if plan is not None and plan.undo_of is None and plan.steps]


def _changes(plan: Plan, context: PlanningContext) -> bool:
    """Whether a plan changes something."""
    return any(issubclass(context.registry.find(step.operation), ChangeOperation) for step in plan.steps)


_SHORT = 8
"""Words of a text that can be a mere change of the last plan."""


def _only(plan: Plan, thing: Thing) -> Plan:
    """The plan with the steps about one thing alone."""
    kept = [step for step in plan.steps if thing_of(step) == thing]
    return plan.with_steps(replace(step, id=f"s{number}", needs=()) for number, step in enumerate(kept, 1))


def _without(record: RunRecord, plan: Plan, name: str) -> Draft | None:
    """The last plan without what it does to one thing, as long as it has changed nothing yet."""
    gone = [step for step in plan.steps if (thing := thing_of(step)) is not None and thing.name == name]
    if not gone or len(gone) == len(plan.steps):
        return None
    if record.steps.done:
        undo = f"undo {record.run} step {gone[0].id}"
        return Draft(
            plan.intent,
            1.0,
            question=f"“{plan.request}” ({record.run}) was done. Should what it did to {name} be taken back?",
            suggestions=(undo,),
        )
    names = {step.id for step in gone}
    kept = [
        replace(_bare(s), needs=tuple(n for n in s.needs if n not in names)) for s in plan.steps if s.id not in names
    ]
    said = (f"this is “{plan.request}” ({record.run}) without {name}",)
    return _draft(plan, tuple(kept), said, record.run)


_PAIR = re.compile(r"(?P<key>[A-Za-z_][\w-]*(?:\.[\w-]+)*)=(?P<value>[^\s,;]+)")
_COUNTED = re.compile(rf"\breplicas?\s*(?:to\s+|=\s*)?(?P<value>{COUNT})\b", re.IGNORECASE)


def _values_of_release(record: RunRecord, plan: Plan, text: str) -> Draft | None:
    """Other values for the release of the last plan: an upgrade that keeps the values it has."""
    step = next((one for one in reversed(plan.steps) if one.operation in ("helm.install", "helm.upgrade")), None)
    if step is None:
        return None
    pairs: dict[str, JsonValue] = {one["key"]: one["value"] for one in _PAIR.finditer(text)}
    counted = _COUNTED.search(text)
    if counted is not None:
        pairs.setdefault("replicas", int(NUMBERS.get(counted["value"].lower(), counted["value"])))
    rest = _COUNTED.sub(" ", _PAIR.sub(" ", text))
    if not pairs or re.search(
        r"(?i)\b(?!and\b|with\b|now\b|set\b|please\b|also\b|use\b|no\b|make\b|it\b|then\b)[a-z]\w*", rest
    ):
        return None
    before = step.fields.get("values")
    values = _nested(dict(before) if isinstance(before, dict) else {}, pairs)
    said = ", ".join(f"{key}={value}" for key, value in pairs.items())
    if not record.steps.done:
        changed = replace(_bare(step), fields={**step.fields, "values": values})
        steps = tuple(changed if one.id == step.id else _bare(one) for one in plan.steps)
        return _draft(plan, steps, (f"this is “{plan.request}” ({record.run}) with {said}",), record.run)
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


async def _moved(text: str, context: PlanningContext) -> Draft | None:
    """The last plan elsewhere or on another thing: "the other one", "same for staging", "what about prod?"."""
    found = last_plan(context)
    thing = last_thing(context)
    if found is None:
        return _nothing("repeat") if _OTHER.match(text) else None
    record, plan = found
    if _SHIPPED.match(text):
        changing = next((one for one in _plans(context) if _changes(one[1], context)), None)
        record, plan = changing or found
    if _OTHER.match(text):
        others = await siblings(thing, plan, context) if thing is not None else []
        kind = thing.kind if thing is not None else "thing"
        if thing is not None and len(others) == 1:
            return _on_other(record, plan, thing, others[0])
        known = f"There are {len(others)} others: {', '.join(others[:6])}." if others else "I know of no other."
        offered = tuple(f"same for {name}" for name in others[:4]) or (plan.request,)
        return Draft(plan.intent, 1.0, question=f"Which other {kind}? {known}", suggestions=offered)
    place = _PLACE.match(text)
    if place is None or place["word"].lower() in _NO_PLACES or re.fullmatch(rf"(?i){COUNT}", place["word"]):
        return None
    word = place["word"]
    if thing is not None and word in await siblings(thing, plan, context):
        return _on_other(record, plan, thing, word)
    meant = await meanings(word, plan, context)
    if not meant and not re.match(
        _OPENING + r"(?:(?:do\s+)?(?:the\s+)?same|(?:what|how)\s+about|i\s+mean)", text, re.IGNORECASE
    ):
        return None
    if len(meant) == 1:
        field, name = meant[0]
        draft = _repeated(context, f"{field} {name}", corrects=_CORRECTION.match(text) is not None, of=(record, plan))
        if draft is not None and place["but"]:
            draft = _with(draft, place["but"])
        if draft is not None and name != word:
            return replace(draft, assumptions=(*draft.assumptions, f"“{word}” is the {field} {name}"))
        return draft
    kinds = place_words(plan)
    if not kinds:
        return None
    offered = tuple(f"same for {field} {name}" for field, name in meant[:4])
    known = "It could be several." if meant else "I find none of that name."
    return Draft(
        plan.intent,
        1.0,
        question=f"Which {' or '.join(kinds)} is “{word}”? {known}",
        suggestions=offered or tuple(f"same for {kind} {word}" for kind in kinds),
    )


def _with(draft: Draft, value: str) -> Draft:
    """The draft with another value where its steps have only one that can be meant: "but info", "but 3"."""
    steps = []
    for step in draft.steps:
        env = step.fields.get("env")
        key, equals, text = value.partition("=")
        if isinstance(env, dict) and (len(env) == 1 or equals):
            env = {**env, key: text} if equals else dict.fromkeys(env, value)
            step = replace(step, fields={**step.fields, "env": env})
        elif "replicas" in step.fields and (number := NUMBERS.get(value.lower(), value)).isdigit():
            step = replace(step, fields={**step.fields, "replicas": int(number)})
        steps.append(step)
    return replace(draft, steps=tuple(steps), assumptions=(*draft.assumptions, f"with {value}"))


_NO_PLACES = frozenset({"it", "that", "this", "again", "same", "time", "now", "please", "thanks", "me"})


_NAMED = frozenset({"container", "volume", "network", "object", "release"})


def _on_other(record: RunRecord, plan: Plan, thing: Thing, name: str) -> Draft:
    """The last plan's steps on another thing of the same kind; asked about where they made the thing."""
    if thing in things_made(plan.steps):
        return Draft(
            plan.intent,
            1.0,
            question=f"“{plan.request}” made the {thing.kind} {thing.name}. What should happen to {name}?",
            suggestions=(f"restart {thing.kind} {name}", f"show logs of {thing.kind} {name}"),
        )

    def put(step: Step) -> Step:
        fields = {key: name if key in _NAMED and value == thing.name else value for key, value in step.fields.items()}
        why = re.sub(rf"(?<![\w-]){re.escape(thing.name)}(?![\w-])", lambda _: name, step.why)
        return replace(_bare(step), fields=fields, why=why)

    said = (f"this is “{plan.request}” ({record.run}) for the {thing.kind} {name}",)
    return _draft(plan, tuple(map(put, plan.steps)), said, None)


def _repeated(
    context: PlanningContext, words: str, *, corrects: bool, of: tuple[RunRecord, Plan] | None = None
) -> Draft | None:
    scan = Scan(words)
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
    if left or (corrects and not changes):
        return None
    found = of or last_plan(context)
    if found is None:
        return _nothing("change" if corrects else "repeat")
    record, plan = found
    if PLACEHOLDER.search(json.dumps([step.fields for step in plan.steps], ensure_ascii=False)):
        return Draft(
            plan.intent,
            1.0,
            question="The secret values of that request were not kept. Please type it again.",
            suggestions=(plan.request,),
        )
    changed_before = (
        record.steps.done > 0 and bool(record.undo) and record.undone_by is None and _changes(plan, context)
    )
    done = corrects and changed_before
    if done and changes and all(change.said == "name" for change in changes):
        renamed = under_another_name(plan, changes[-1].value)
        if renamed is not None:
            return _draft(plan, renamed, (f"“{plan.request}” was done: what it made is renamed",), None)
    steps = tuple(_bare(step) for step in plan.steps)
    for change in changes:
        steps, count = changed(steps, change)
        if not count:
            return Draft(
                plan.intent,
                1.0,
                question=f"“{plan.request}” has no {change.said} to change. Please say the whole request.",
                suggestions=(plan.request,),
            )
    elsewhere = any(change.said in ("namespace", "context", "workspace", "name") for change in changes)
    kept = done and elsewhere
    if done and not elsewhere:
        steps = tuple(replacing(step) for step in steps)
    said = ", ".join(f"{change.said} {change.value}" for change in changes)
    what = f"“{plan.request}” ({record.run})" + (f" with {said}" if said else " again")
    replaced = done and not kept and any(step.operation in IF_EXISTS for step in steps)
    assumptions = (
        f"this is {what}",
        *((_before(steps),) if replaced else ()),
        *((f"what {record.run} did stays as it is (to take it back: undo {record.run})",) if kept else ()),
    )
    return _draft(plan, steps, assumptions, record.run if corrects and not done else None)


def _before(steps: Sequence[Step]) -> str:
    """What becomes of what a corrected plan made, in words."""
    replaced = any(step.fields.get("if_exists") == "replace" for step in steps)
    return "what it made before is replaced" if replaced else "what it made before is changed to that"


def _draft(plan: Plan, steps: tuple[Step, ...], assumptions: tuple[str, ...], corrects: str | None) -> Draft:
    return Draft(plan.intent, plan.confidence, steps=steps, assumptions=assumptions, corrects=corrects)


def _bare(step: Step) -> Step:
    return replace(step, effect=None, target=None, verdict=None, reasons=(), command="")
