"""What Reign has no operation for: named honestly instead of "not understood", with the command that comes nearest."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.machine import lacked
from reign_agents.planning.scan import Scan
from reign_agents.store.records import Message
from reign_agents.understanding import Understanding

_KNOWN = "this version knows Docker, Kubernetes, Helm, Terraform, git, files, commands and ports."
_SURE = 0.7
_TIMETABLE = "a timetable"
_COMMANDS = re.compile(
    r"^\s*(?:kubectl|helm|terraform|tofu|terragrunt|helmfile|gh|git|docker-compose|docker\s+compose|podman|jenkins-cli|"
    r"argocd|trivy|crontab)\s+\S"
)
Entities = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Lack:
    """A tool or a thing that no operation is there for. ``commands`` are lines that a person could run for it."""

    name: str
    sentence: str
    commands: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """The whole answer, before the suggestions."""
        if self.name == _TIMETABLE:
            return f"{self.sentence} {'To have it now:' if self.commands else ''}".strip()
        return f"{self.sentence} {'Its own command would be:' if self.commands else 'The nearest things I can do:'}"


@dataclass(frozen=True, slots=True)
class _Tool:
    """``domain`` of understanding, ``name`` for people, ``words`` that mean it, ``line`` gives its nearest command."""

    domain: str
    name: str
    words: str
    line: Callable[[str, Entities], str | None]


def _matching(text: str, table: Sequence[tuple[str, str]]) -> str | None:
    return next((line for words, line in table if re.search(rf"\b(?:{words})\b", text, re.IGNORECASE)), None)


def _repo(entities: Entities) -> str:
    repo = entities.get("repo")
    return f" -R {shlex.quote(str(repo))}" if repo else ""


_PULLS: tuple[tuple[str, str], ...] = (
    ("merge", "merge {n} --auto"),
    ("close", "close {n}"),
    ("reopen", "reopen {n}"),
    ("approve", "review {n} --approve"),
    ("review", "review {n}"),
    ("comment", "comment {n}"),
    ("label", "edit {n} --add-label {label}"),
    ("assign", "edit {n} --add-assignee {who}"),
    ("checks?|green|pass(?:ed|ing)?", "checks {n}"),
    ("diff|changes", "diff {n}"),
    ("list|prs|pull requests", "list"),
)


def _github(text: str, entities: Entities) -> str | None:
    of_runs = re.search(r"\b(?:jobs?|workflows?|runs?|actions|ci|pipelines?)\b|\.ya?ml\b", text, re.IGNORECASE)
    if of_runs or entities.get("workflow"):
        return _actions(text, entities)
    number = entities.get("pr") or entities.get("issue")
    found = re.search(r"#(\d+)\b|\b(?:issue|pr|pull request|and|leave)\s+#?(\d+)\b", text, re.IGNORECASE)
    number = next(filter(None, found.groups())) if found else number
    kind = "issue" if re.search(r"\bissues?\b", f"{text} {entities.get('about') or ''}", re.IGNORECASE) else "pr"
    label = entities.get("label") or next(iter(re.findall(r"\blabel\s+(?!led)(\S+)", text)), "LABEL")
    if kind == "issue" and number is None and re.search(r"\b(?:open|list|show|which|what)\b", text, re.IGNORECASE):
        chosen = f" --label {shlex.quote(str(label))}" if entities.get("label") else ""
        return f"gh issue list{_repo(entities)}{chosen}"
    if kind == "pr" and number is None and re.search(r"\b(?:open|create|raise|make|file)\b", text, re.IGNORECASE):
        title = entities.get("title")
        return f"gh pr create{_repo(entities)}{f' --title {shlex.quote(str(title))}' if title else ' --fill'}"
    form = _matching(text, _PULLS) or "view {n}"
    who = next(iter(re.findall(r"\bto\s+@?([\w-]+)", text)), "USER")
    filled = form.format(n=number or "NUMBER", label=shlex.quote(str(label)), who=who)
    return f"gh {kind} {filled}{_repo(entities)}"


def _actions(text: str, entities: Entities) -> str:
    if re.search(r"\b(?:re-?run|again|retry|restart)\b", text, re.IGNORECASE):
        return f"gh run rerun RUN --failed{_repo(entities)}"
    if re.search(r"\b(?:logs?|output|why|fail(?:ed|s)?|broke)\b", text, re.IGNORECASE):
        return f"gh run view RUN --log-failed{_repo(entities)}"
    workflow = entities.get("workflow")
    return f"gh run list{_repo(entities)}{f' --workflow {shlex.quote(str(workflow))}' if workflow else ''} --limit 5"


def _compose(text: str, entities: Entities) -> str:
    folder = entities.get("path")
    named = re.search(r"[\w./-]*compose[\w.-]*\.ya?ml", f"{text} {entities.get('file') or ''}")
    folder = None if folder is not None and str(folder).endswith((".yml", ".yaml")) else folder
    place = f" --project-directory {shlex.quote(str(folder))}" if folder else ""
    if named is not None and folder:
        place = f" -f {shlex.quote(str(folder).rstrip('/') + '/' + named.group())}"
    elif named is not None:
        place = f" -f {shlex.quote(named.group())}"
    scaled = re.search(r"\b(?P<n>\d+)\s+(?:of\s+)?(?:the\s+)?(?P<name>[a-z][\w-]*)", text, re.IGNORECASE)
    if re.search(r"\b(?:down|remove|tear)\b", text, re.IGNORECASE):
        return f"docker compose{place} down"
    if re.search(r"\blogs?\b", text, re.IGNORECASE):
        return f"docker compose{place} logs --tail 100"
    if re.search(r"\b(?:ps|status|list|running|show)\b", text, re.IGNORECASE):
        return f"docker compose{place} ps"
    if re.search(r"\bbuild\b", text, re.IGNORECASE):
        return f"docker compose{place} build"
    for verb in ("restart", "stop", "pull"):
        if re.search(rf"\b{verb}\b", text, re.IGNORECASE):
            return f"docker compose{place} {verb}"
    return f"docker compose{place} up -d" + (f" --scale {scaled['name']}={scaled['n']}" if scaled else "")


def _wrapper(program: str, place: str) -> Callable[[str, Entities], str | None]:
    """A tool whose own words are what it is asked for: ``helmfile diff``, ``terragrunt plan``."""

    def line(text: str, entities: Entities) -> str | None:
        verb = re.search(r"\b(?:apply|plan|destroy|diff|sync|template|lint|status|list|init|validate)\b", text)
        folder = entities.get("path")
        where = f" {place} {shlex.quote(str(folder))}" if folder else ""
        return None if verb is None else f"{program}{where} {verb.group()}"

    return line


_COMPOSE = _Tool("compose", "Docker Compose", r"compose|docker-compose(?:\.ya?ml)?|podman|swarm", _compose)
_TOOLS: tuple[_Tool, ...] = (
    _Tool("helmfile", "Helmfile", r"helmfile", _wrapper("helmfile", "-f")),
    _Tool("terragrunt", "Terragrunt", r"terragrunt", _wrapper("terragrunt", "--working-dir")),
    _Tool("github", "GitHub", r"github|gh|pull requests?|prs?|repos|repositories|issues?", _github),
    _Tool(
        "cicd",
        "CI/CD",
        r"pipelines?|workflows?|jenkins|gitlab|ci/cd|ci|runners?|github actions|"
        r"(?:failed|last|failing)\s+(?:\S+\s+)?jobs?",
        _github,
    ),
    _COMPOSE,
)
_COMPOSED = re.compile(
    r"^\W*(?:(?:please|can\s+you|could\s+you|now|then|just)\W+)*"
    r"(?:bring|start|stop|restart|run|launch|take|shut|tear|spin|scale|pull|up|down)\b.*"
    r"(?:(?<![\w-])(?:docker[-.])?compose[\w.-]*\.ya?ml\b|\bcompose\s+(?:services?|stacks?|projects?|set-?up)\b|"
    r"\b(?:services?|stacks?)\b.*\b(?:with|by|in|from)\s+(?:docker[- ])?compose\b)",
    re.IGNORECASE,
)
"""Something is started, stopped or changed that a compose file describes."""
_CODE = re.compile(
    r"^\W*(?:(?:please|can you|could you|now)\W+)*(?:write|generate|scaffold|draft|create|make)\s+"
    r"(?:me\s+)?(?:an?\s+|some\s+|the\s+)?"
    r"(?P<what>terraform|hcl|tofu|kubernetes|k8s|helm)(?:\s+(?:code|config(?:uration)?|manifests?|module|files?|"
    r"yaml))?\s+"
    r"(?:for|that|which|to|with|of)\b",
    re.IGNORECASE,
)
_SCAN = re.compile(r"\bscan\b|\bvulnerabilit(?:y|ies)\b|\bcves?\b", re.IGNORECASE)
_CRON = re.compile(r"(?<![\w./-])cron(?:tabs?|s)?(?:\s+(?:entry|entries|line|job))?(?![\w./-])", re.IGNORECASE)
_DAYS = "mon|tues|wednes|thurs|fri|satur|sun"
WHEN = re.compile(
    r"(?<![\w.-])(?:at\s+\d{1,2}[:.]\d{2}(?!\d)|at\s+\d{1,2}\s*(?:am|pm|o'?clock)|at\s+(?:noon|midnight)|tonight|"
    r"tomorrow|"
    r"later\s+today|in\s+(?:\d+|an?|half\s+an|a\s+few|two|three|five|ten)\s+(?:min(?:ute)?s?|hours?|days?|weeks?)|"
    r"(?:every|each)\s+(?:\d+\s+)?(?:minutes?|hours?|days?|nights?|weeks?|months?|mornings?|evenings?|"
    rf"(?:{_DAYS})day)|(?:daily|hourly|nightly|weekly|monthly)|next\s+(?:week|month|(?:{_DAYS})day)|"
    rf"on\s+(?:{_DAYS})day)(?:\s+at\s+[\d:.]+(?:\s*[ap]m)?)?(?![\w-])",
    re.IGNORECASE,
)
"""A time set for what is asked: "at 3 am", "in ten minutes", "every night"."""


def lacking(text: str, understanding: Understanding, *, named: bool = False) -> Lack | None:
    """What a request needs that is not there; None when it is for nothing of the kind.

    ``named``: only when the words name the tool or its things.
    """
    bare = Scan(text).text
    entities: Entities = understanding.entities
    if understanding.intent == "unknown":
        return None
    for tool in _TOOLS:
        spoken = re.search(rf"(?<![\w./-])(?:{tool.words})(?![\w/-])", bare, re.IGNORECASE)
        first = tool.domain in understanding.domains[:1] and understanding.confidence >= _SURE
        if spoken or (first and not named):
            return _lack_of(tool, text, entities)
    return None if named else _nothing_for(text, bare, entities)


def _lack_of(tool: _Tool, text: str, entities: Entities) -> Lack:
    line = tool.line(text, entities)
    return Lack(tool.name, f"{tool.name} comes later: {_KNOWN}", (f"!{line}",) if line else ())


def plainly(text: str, understanding: Understanding) -> Lack | None:
    """What is lacking whatever a recipe makes of its words: code somebody has to think of, an entry of a crontab."""
    bare = Scan(text).text
    if _CRON.search(bare) and not re.search(r"\b(?:files?|pods?|deployments?|kubernetes|cluster)\b", bare):
        return _nothing_for(text, bare, understanding.entities)
    if _COMPOSED.search(bare):
        return _lack_of(_COMPOSE, text, understanding.entities)
    return _unwritten(text) or _of_machine(text)


def _of_machine(text: str) -> Lack | None:
    found = lacked(text)
    if found is None:
        return None
    name, commands = found
    verb = "comes" if name.partition(" ")[0].endswith("ing") else "come"
    return Lack(name, f"{name} {verb} later: {_KNOWN}", commands)


def _unwritten(text: str) -> Lack | None:
    match = _CODE.match(text)
    if match is None or re.search(r"\bnamespace\b|\bworkspace\b", text, re.IGNORECASE):
        return None
    what = match["what"].capitalize()
    return Lack(
        f"writing {what} code",
        f"Writing {what} code comes later: offline I plan what is there and write files word by word, a language model "
        "(setting: model) can draft more.",
    )


def _nothing_for(text: str, bare: str, entities: Entities) -> Lack | None:
    if (written := _unwritten(text)) is not None:
        return written
    if _SCAN.search(bare):
        image = entities.get("image") or "IMAGE"
        line = f"!trivy image {shlex.quote(str(image))}"
        return Lack("scanning", f"Scanning images comes later: {_KNOWN}", (line,))
    if _CRON.search(bare):
        host = entities.get("host")
        at = f"ssh {shlex.quote(str(host))} " if host else ""
        return Lack("crontabs", f"Crontabs come later: {_KNOWN}", (f"!{at}crontab -l",))
    return None


def timed(text: str) -> Lack | None:
    """A time that the words set: Reign keeps no timetable, and now is not when it was asked for."""
    scan = Scan(text)
    found = WHEN.search(scan.text)
    if found is None or re.search(r"\b(?:since|last|past|for|older|before|until)\W+$", scan.text[: found.start()]):
        return None
    rest = " ".join(f"{scan.text[: found.start()]} {scan.text[found.end() :]}".split()).strip(" ,;:")
    now = scan.restored(rest) if rest else ""
    sentence = f"A timetable comes later: what is asked for is done at once, not “{found.group()}”."
    return Lack(_TIMETABLE, sentence, (now,) if now else ())


def timed_again(text: str) -> Lack | None:
    """A time set for what was done before: "do it again tomorrow", "in five minutes"."""
    lack = timed(text)
    rest = " ".join(lack.commands) if lack is not None else ""
    return (
        lack
        if not rest
        or re.fullmatch(
            r"(?i)(?:\W*(?:do|run|and|then|please|it|that|this|again|once|more|"
            r"but))+\W*",
            rest,
        )
        else None
    )


def as_command(text: str) -> tuple[str, ...]:
    """The suggestion to run a tool's own command line as a shell command."""
    prose = re.search(r"\b(?:in|the|please|for|my|on)\b", text)
    return (f"!{text.strip()}",) if _COMMANDS.match(text) and prose is None else ()


_SAID = re.compile(r"^(?P<what>[A-Z][\w/ ]+?) comes? later: ")
_LEANS = re.compile(
    r"(?<![\w./-])(?:it|its|that|this|them|these|those|the\s+(?:rest|first|second|last|other|oldest|newest|same|one|"
    r"log|logs|"
    r"failed\s+\S+)|both|again|all|instead|rather|later|why|green|label|merge|close|reopen|approve|assign|comment|"
    r"review|"
    r"logs?|up|down|ps)(?![\w./-])|^\W*(?:and|with|use|at|actually|no|to|for)\b|^\W*\d+\s+of\b",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(?:containers?|deployments?|pods?|namespaces?|releases?|volumes?|networks?|terraform|docker|helm|kubectl|git|"
    r"undo|branch|folder|image)\b",
    re.IGNORECASE,
)
_FEW = 9


def goes_on(text: str, context: PlanningContext) -> Lack | None:
    """The lack that a few words go on about: "merge it when green" after a pull request that nobody here can open.

    Such words never fall back on what was done before: "stop it" would hit the wrong thing.
    """
    said = list(context.said())
    if said and said[-1].who == "person" and said[-1].text.strip() == text.strip():
        said.pop()
    if len(said) < 2 or said[-1].who != "reign" or len(text.split()) > _FEW:
        return None
    match = _SAID.match(said[-1].text)
    bare = Scan(text).text
    if match is None or not _LEANS.search(bare) or _OWN.search(bare):
        return None
    what = match["what"]
    tool = next((one for one in _TOOLS if one.name == what), None)
    told = _chain(said)
    line = tool.line(text, {**_remembered(told), "about": told[0]}) if tool is not None else None
    verb = "come" if what.endswith("s") and what != "Docker Compose" else "comes"
    sentence = (
        f"{what} {verb} later: this goes on about “{told[0][:60]}”, which I can't do. To mean something else, name it."
    )
    return Lack(what, sentence, (f"!{line}",) if line else ())


def _chain(said: Sequence[Message]) -> list[str]:
    """The requests that one lack has gone on through, the first one first."""
    told: list[str] = []
    for one in reversed(said):
        if one.who == "person":
            told.insert(0, one.text)
        elif _SAID.match(one.text) is None:
            break
    return told


def _remembered(told: Sequence[str]) -> dict[str, Any]:
    """What the requests before named: the repository, the folder, the number."""
    from reign_agents.understanding import understand

    found: dict[str, Any] = {}
    for text in told:
        entities = understand(text).entities
        found |= {key: entities[key] for key in ("repo", "path", "file", "workflow", "pr", "issue") if key in entities}
    return found
