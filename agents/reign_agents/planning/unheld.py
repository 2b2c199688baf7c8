"""What a request says that no plan of steps holds: what was taken back, a condition, a deed or a thing ruled out."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reign_agents.plan.model import Step
from reign_agents.planning.conditions import condition
from reign_agents.planning.scan import Scan
from reign_agents.planning.words import VERB, VERBS

_TAKEN_BACK = re.compile(
    r"\bactually[,\s]+(?:no|nope|not|don|do\s+not|keep|leave|wait|forget)\b|\b(?:no|oh|hm+|oops)[,\s]+wait\b|"
    r"\bwait[,\s]+(?:no|nope|not|actually)\b|\bscratch\s+that\b|\bnever\s*mind\b|\bon\s+second\s+thoughts?\b|"
    r"\bforget\s+(?:it|that|about\s+(?:it|that))\b|\bi\s+meant?\b|\w\W*[,.;]\s+(?:no|nope|oops|sorry)\s*,",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"(?<![\w-])(?:(?:(?:but\s+)?(?:do\s+not|don[’']?t|never|not)|without|except(?:ing|\s+for)?|excluding|besides|"
    r"apart\s+from|other\s+than|save\s+for|all\s+but)(?![\w-])|but\s+(?=(?:keep|leave|spare|the)\b)|"
    r"(?=(?:leave|keep|spare)\s)|(?<=\w\s)but\s+(?=[\w~/-]*[./][\w./-]*\w))",
    re.IGNORECASE,
)
_NEXT_WISH = re.compile(
    rf"(?:[,;]\s*(?:and\s+|then\s+|but\s+)*|\b(?:and|then|but)\s+)(?={VERB.pattern})|[.;!]\s|\n", re.IGNORECASE
)
_ITSELF = re.compile(
    r"\s*(?:it|them|that|this|these|those|anything|anyone|yet|now|either|or\b|what|existing|any\b|the\s+existing\b|[,.;!?]|$)",
    re.IGNORECASE,
)
_THINGS = ("path", "source", "paths", "branch", "tag", "tags", "image")
_UNASKED = ("file.", "git.", "shell.", "helm.", "terraform.apply", "terraform.destroy", "terraform.workspace_delete")
"""Steps whose recipes look at no condition, or only at one in the same part of the request."""
_WAITS_FIRST = re.compile(r"\W*(?:please\s+)?wait\s+(?:until|till|for)\b", re.IGNORECASE)
_ENDING = re.compile(r"\.(?:remove\w*|delete\w*|uninstall|destroy|prune|stop|kill)$")
_ENDS = re.compile(r"\.(?:remove|move|delete|uninstall|destroy|stop|set|restart|add|commit|push)", re.IGNORECASE)


def spared_parts(text: str) -> list[tuple[int, int]]:
    """Where ``text`` speaks of what is to be left alone: "but not b.txt", "except main", as begin and end."""
    found: list[tuple[int, int]] = []
    for match in _NEGATION.finditer(text):
        if found and match.start() < found[-1][1]:
            continue
        begin = match.end()
        verb = VERB.match(text, begin + len(text[begin:]) - len(text[begin:].lstrip()))
        after = _NEXT_WISH.search(text, verb.end() if verb else begin)
        found.append((match.start(), after.start() if after else len(text)))
    return found


def without_spared(text: str) -> tuple[str, list[str]]:
    """``text`` without those parts, and the parts."""
    parts = spared_parts(text)
    kept, at = "", 0
    for begin, end in parts:
        kept, at = f"{kept}{text[at:begin]} ", end
    return kept + text[at:], [text[begin:end] for begin, end in parts]


_NAME = r"(?:the\s+|my\s+|our\s+)?(?:files?\s+|folders?\s+|director(?:y|ies)\s+)?[\w~/-]*[./][\w./-]*\w"
_ONLY_NAMES = re.compile(
    rf"(?P<names>{_NAME}(?:(?:\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or|nor)\s+){_NAME})*)"
    r"(?:\s+(?:alone|untouched|there|please|in\s+place|as\s+(?:it\s+)?is))*[\s.!]*",
    re.IGNORECASE,
)


def spared_names(text: str) -> frozenset[str]:
    """Files that ``text`` names only to leave them alone, in lower case: "but keep notes.bak"; not "a copy in b/"."""
    rest, parts = without_spared(text)
    found: set[str] = set()
    for part in parts:
        negation = _NEGATION.match(part)
        after = part[negation.end() :].strip() if negation is not None else part
        verb = VERB.match(after) or re.match(r"(?:keep|leave|spare)\b", after, re.IGNORECASE)
        names = _ONLY_NAMES.fullmatch(after[verb.end() :].strip() if verb is not None else after)
        if names is not None:
            found.update(re.findall(r"[\w~/-]*[./][\w./-]*\w", names["names"].lower()))
    return frozenset(name for name in found if not _names(rest.lower(), name))


def unheld(request: str, steps: Sequence[Step]) -> str | None:
    """Why these steps would do more than was said; None where they hold all of it."""
    text = Scan(request).text
    if _TAKEN_BACK.search(text):
        return "yet part of it was taken back. What is wanted, in one piece?"
    if _WAITS_FIRST.match(text) and steps and _ENDING.search(steps[0].operation):
        return "yet nothing I plan waits for what is to come before it. Look whether it is so first."
    return _condition(request, steps) or _forbidden(text, steps)


def _condition(text: str, steps: Sequence[Step]) -> str | None:
    """The condition nobody looked at; recipes of containers and of clusters look at theirs themselves."""
    if not any(step.operation.startswith(_UNASKED) for step in steps):
        return None
    said = condition(text, steps)
    if said is None:
        return None
    return f"yet nothing I plan waits for a condition like “{' '.join(said.split())[:60]}”. Check it first."


def _forbidden(text: str, steps: Sequence[Step]) -> str | None:
    rest, parts = without_spared(text)
    for part in parts:
        negation = _NEGATION.match(part)
        after = part[negation.end() :].lstrip() if negation is not None else part
        verb = VERB.match(after) or re.match(
            r"(?:over)?writ(?:e|ing)|overwriting|disabl(?:e|ing)", after, re.IGNORECASE
        )
        keeps = verb is not None and verb.group().lower() in ("keep", "leave", "spare")
        if verb is not None and not keeps and _ITSELF.match(after[verb.end() :]):
            deed = VERBS.get(verb.group().lower(), verb.group().lower())
            done = next((one.operation for one in steps if _does(one, deed)), None)
            if done is not None:
                return f"yet the steps I found hold {done}, which “{part.strip(' ,.')}” rules out."
        for step in steps:
            if _ENDS.search(step.operation) is None:
                continue
            for value in _things(step):
                if _names(part, value) and not _names(rest, value):
                    return f"yet the steps I found act on {value}, which was ruled out."
    return None


def _things(step: Step) -> list[str]:
    values = [step.fields.get(key) for key in _THINGS]
    return [one for value in values for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _names(text: str, value: str) -> bool:
    return re.search(rf"(?<![\w./-]){re.escape(value)}(?![\w/-]|\.\w)", text) is not None


def _does(step: Step, deed: str) -> bool:
    """Whether the step does that: ``remove`` also of ``git.delete_branch``."""
    name = step.operation.partition(".")[2]
    if deed.startswith("overwrit"):
        return step.fields.get("if_exists") == "replace"
    same = {"remove": ("remove", "delete", "uninstall", "destroy"), "delete": ("remove", "delete")}.get(deed, (deed,))
    return name.startswith(same)
