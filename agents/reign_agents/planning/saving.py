"""A copy before the risk: "back it up first", "save it to pg.tgz before", and "restore it" afterwards."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from reign_agents.plan.model import Plan, Step
from reign_agents.planning.draft import Draft, PlanningContext
from reign_agents.planning.earlier import OPENING, changes_anything, drafted, has_changed, last_plan, plans, unjudged
from reign_agents.planning.joining import thing_of
from reign_agents.planning.wish import Thing
from reign_agents.store.records import RunRecord

_WHAT = r"(?:it|that|this|them|the\s+(?:data|values|state|old\s+one|\w+))"
_SAVE = re.compile(
    OPENING + rf"(?:but\W+)?(?:back\s*up(?:\s+{_WHAT})?|back\s+{_WHAT}\s+up|(?:save|archive|export|dump|"
    rf"snapshot)\s+{_WHAT}|"
    rf"(?:make|take|create|keep)\s+an?\s+(?:back\s*up|copy|snapshot|dump)(?:\s+of\s+{_WHAT})?)"
    r"(?:\s+(?:to|in|into|as)\s+(?P<file>[\w./~-]+))?"
    r"(?P<first>(?:\s+(?:first|before(?:\s+(?:that|it|you\s+do(?:\s+(?:it|that))?))?|beforehand|please|though|"
    r"now))*)\W*$",
    re.IGNORECASE,
)
_RESTORE = re.compile(
    OPENING + rf"(?:restore|unpack|bring\s+back|load)\s+(?:{_WHAT}|the\s+(?:backup|copy|archive))"
    r"(?:\s+from\s+(?:the\s+(?:backup|copy|archive)|(?P<file>[\w./~-]+)))?(?:\s+(?:as|to|into|in)\s+(?P<name>[\w.-]+))?"
    r"(?:\s+(?:again|please|now))*\W*$",
    re.IGNORECASE,
)
_PACKED = re.compile(
    r"^docker (?:--context (?P<context>\S+) )?volume inspect .* run --rm -v (?P<volume>[\w.-]+):/from:ro \S+ .* > "
    r"(?P<file>\S+)$"
)
_WRITTEN = re.compile(r"^kubectl (?:--context (?P<context>\S+) )?get .* > (?P<file>\S+)$")
_BACKUP = re.compile(r"\bback\b|\bbackup\b|\bcopy\b|\bsnapshot\b|\bdump\b", re.IGNORECASE)
_PACKER = "busybox"
"""The image whose ``tar`` packs a volume."""


def saved_first(text: str, context: PlanningContext) -> Draft | None:
    """The last plan with a copy of what it changes before it; of what it has changed, only the copy. None where the
    words ask for no copy or nothing was planned.
    """
    match = _SAVE.match(text)
    if match is None:
        return None
    waiting = _asked(text, context)
    if waiting is not None:
        return waiting
    found = last_plan(context)
    if found is None:
        return None
    record, plan = found
    if not changes_anything(plan, context) and not _BACKUP.search(text):
        return None  # "save it to logs.txt" after a look means what was seen
    pairs = {thing: step for step in plan.steps if (thing := thing_of(step)) is not None}
    copies = [copy for thing, step in pairs.items() if (copy := _copy(thing, step, match["file"])) is not None]
    if not copies:
        kinds = ", ".join(f"{thing.kind} {thing.name}" for thing in pairs) or "that"
        question = f"I know no way to copy {kinds}. What should be saved, and where to?"
        return Draft(plan.intent, 1.0, question=question, suggestions=("back up the folder ./data to data.tgz",))
    step, said = _joined(copies), tuple(words for _, words in copies)
    if has_changed(record, context) or not changes_anything(plan, context):
        late = (
            ("it is copied as it is now",) if has_changed(record, context) and changes_anything(plan, context) else ()
        )
        return Draft("update", 1.0, steps=step, assumptions=(*said, *late))
    return drafted(plan, _before(step, plan.steps), (_named(record, plan), *said), record.run)


def _named(record: RunRecord, plan: Plan) -> str:
    return f"this is “{plan.request}” ({record.run}), a copy comes first: without it nothing else starts"


def _asked(text: str, context: PlanningContext) -> Draft | None:
    """The question that is still open, where the words come on top of a request that has no plan yet."""
    said = list(context.said())
    if said and said[-1].who == "person" and said[-1].text.strip() == text.strip():
        said.pop()
    if len(said) < 2 or said[-1].who != "reign" or any(one.run == said[-1].run for one in context.recent):
        return None
    if not said[-1].text.rstrip().endswith("?"):
        return None
    asked = said[-2].text
    return Draft(
        "update",
        1.0,
        question=f"“{asked}” is not planned yet: {said[-1].text} Answer that, then I put the copy before it.",
        suggestions=(asked,),
    )


def _joined(copies: Sequence[tuple[Step, str]]) -> tuple[Step, ...]:
    return tuple(replace(step, id=f"s{number}") for number, (step, _) in enumerate(copies, 1))


def _before(first: Sequence[Step], steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps under new ids, all of them after ``first``."""
    names = {step.id: f"s{number}" for number, step in enumerate(steps, len(first) + 1)}
    ends = tuple(step.id for step in first)
    moved = [
        replace(unjudged(step), id=names[step.id], needs=tuple(names[need] for need in step.needs) or ends)
        for step in steps
    ]
    return (*first, *moved)


def _flag(fields: Mapping[str, object], name: str, flag: str) -> str:
    value = fields.get(name)
    return f" {flag} {shlex.quote(str(value))}" if value else ""


def _command(line: str, why: str) -> Step:
    return Step("s1", "shell.command", {"command": line}, why, (), "shell")


def _volume(thing: Thing, step: Step, file: str | None) -> tuple[Step, str]:
    target = file or f"{thing.name}.tgz"
    docker = f"docker{_flag(step.fields, 'context', '--context')}"
    there = f"{docker} volume inspect {thing.name} > /dev/null"
    line = f"{there} && {docker} run --rm -v {thing.name}:/from:ro {_PACKER} tar cz -C /from . > {shlex.quote(target)}"
    why = f"the volume {thing.name} is packed into {target}"
    return _command(line, why), f"{target} is packed with the image {_PACKER}"


def _release(thing: Thing, step: Step, file: str | None) -> tuple[Step, str]:
    where = _flag(step.fields, "namespace", "-n") + _flag(step.fields, "context", "--kube-context")
    target = shlex.quote(file or f"{thing.name}-release.yaml")
    line = f"helm get all {shlex.quote(thing.name)}{where} > {target}"
    said = "values and manifests are saved, not the data in its volumes"
    return _command(line, f"the release {thing.name} is written to {target}"), said


def _object(thing: Thing, step: Step, file: str | None) -> tuple[Step, str]:
    where = _flag(step.fields, "namespace", "-n") if thing.kind != "namespace" else ""
    kubectl = f"kubectl{_flag(step.fields, 'context', '--context')}"
    what = f"{thing.kind} {shlex.quote(thing.name)}"
    if thing.kind == "namespace":
        what, where = "all,configmap,secret,ingress,pvc", f" -n {shlex.quote(thing.name)}"
    target = file or f"{thing.name}-{thing.kind}.yaml"
    line = f"{kubectl} get {what}{where} -o yaml > {shlex.quote(target)}"
    said = f"{target} holds its settings, not the data in volumes"
    return _command(line, f"the {thing.kind} {thing.name} is written to {target}"), said


def _stack(thing: Thing, step: Step, file: str | None) -> tuple[Step, str]:
    workspace = step.fields.get("workspace")
    setting = f"TF_WORKSPACE={shlex.quote(str(workspace))} " if workspace else ""
    name = thing.name.strip("./").replace("/", "-") or "terraform"
    target = file or f"{name}.tfstate.backup"
    line = f"{setting}terraform -chdir={shlex.quote(thing.name)} state pull > {shlex.quote(target)}"
    said = "the state is saved, not what the resources hold"
    return _command(line, f"the state of {thing.name} is written to {target}"), said


def _file(thing: Thing, _step: Step, file: str | None) -> tuple[Step, str]:
    target = file or f"{thing.name.rstrip('/')}.bak"
    fields = {"source": thing.name, "destination": target}
    more = {"recursive": True} if thing.kind == "directory" else {}
    return Step(
        "s1", "file.copy", {**fields, **more}, f"{thing.name} is copied to {target}", (), "files"
    ), f"as {target}"


def _container(thing: Thing, step: Step, file: str | None) -> tuple[Step, str]:
    tag = file or f"{thing.name.lower()}:backup"
    line = f"docker{_flag(step.fields, 'context', '--context')} commit {shlex.quote(thing.name)} {shlex.quote(tag)}"
    said = "the container's own files are kept as an image, not what is in its volumes"
    return _command(line, f"{thing.name} is kept as the image {tag}"), said


_COPIES: Mapping[str, Callable[[Thing, Step, str | None], tuple[Step, str]]] = {
    "volume": _volume, "release": _release, "stack": _stack, "file": _file, "directory": _file,
    "container": _container, **dict.fromkeys(
        ("deployment", "statefulset", "daemonset", "configmap", "secret", "service", "namespace", "ingress", "job",
         "cronjob", "horizontalpodautoscaler"), _object,
    ),
}  # fmt: skip


def _copy(thing: Thing, step: Step, file: str | None) -> tuple[Step, str] | None:
    if thing.kind == "container" and file is not None and not re.fullmatch(r"[a-z0-9][a-z0-9_-]*(?::[\w.-]+)?", file):
        return None  # a file holds no container that could be started again
    make = _COPIES.get(thing.kind)
    return None if make is None else make(thing, step, file)


def restored(text: str, context: PlanningContext) -> Draft | None:
    """What the session saved, put back: a volume unpacked, objects applied, a file copied. None where nothing was."""
    match = _RESTORE.match(text)
    if match is None:
        return None
    for record, plan in plans(context):
        if not has_changed(record, context):
            continue
        for step in plan.steps:
            steps = _way_back(step, match["name"], match["file"])
            if steps:
                return Draft(
                    "update", 1.0, steps=steps, assumptions=(f"it was saved by “{plan.request}” ({record.run})",)
                )
    return None


def _way_back(step: Step, name: str | None, file: str | None) -> tuple[Step, ...]:
    line = str(step.fields.get("command") or "")
    packed, written = _PACKED.match(line), _WRITTEN.match(line)
    if packed is not None and file in (None, packed["file"]):
        volume, at = name or packed["volume"], packed["context"]
        docker = "docker" + (f" --context {at}" if at else "")
        unpack = f"{docker} run --rm -i -v {volume}:/to {_PACKER} tar xz -C /to < {packed['file']}"
        made = {"volume": volume, **({"context": at} if at else {})}
        return (
            Step("s1", "docker.create_volume", made, f"the volume {volume}", (), "docker"),
            replace(_command(unpack, f"{packed['file']} is unpacked into {volume}"), id="s2", needs=("s1",)),
        )
    if written is not None and name is None:
        fields = {"path": written["file"], **({"context": written["context"]} if written["context"] else {})}
        return (Step("s1", "kubernetes.apply", fields, f"what {written['file']} says is applied", (), "kubernetes"),)
    if step.operation == "file.copy" and str(step.fields.get("destination")).endswith(".bak"):
        target = name or step.fields["source"]
        fields = {"source": step.fields["destination"], "destination": target, "if_exists": "replace"}
        if step.fields.get("recursive"):
            fields["recursive"] = True
        return (Step("s1", "file.copy", fields, f"{fields['destination']} as it was", (), "files"),)
    return ()
