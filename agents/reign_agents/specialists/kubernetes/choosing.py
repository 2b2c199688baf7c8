"""Which of many objects are meant: all of a kind, those in some state, all but some. No word is passed over."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.planning.words import POLITE, SMALL, VERB
from reign_agents.specialists.kubernetes.found import Object, listed
from reign_agents.specialists.kubernetes.said import ALL, CLUSTER_WIDE, Said, bare_of, known_word, selector_of

_SHOWN = 8
_ALL = re.compile(rf"(?<![\w./-])(?:{'|'.join(sorted(ALL))})(?![\w./-])", re.IGNORECASE)
_PLURAL = re.compile(
    r"\b(?:pods|deployments|statefulsets|daemonsets|replicasets|jobs|cronjobs|services|configmaps|secrets|pvcs|hpas|"
    r"ingresses|workloads|persistentvolumeclaims|apps)\b",
    re.IGNORECASE,
)


def _ends(status: str) -> bool:
    return status in ("Completed", "Succeeded", "Complete")


def _unready(one: Object) -> bool:
    have, _, wanted = (one.ready or "").partition("/")
    return bool(wanted) and have != wanted and not _ends(one.status)


_FAILED = frozenset({"Failed", "Error", "Evicted", "OOMKilled", "DeadlineExceeded", "ContainerStatusUnknown"})
_STATES: tuple[tuple[str, Callable[[Object], bool]], ...] = (
    (r"evicted", lambda one: one.status == "Evicted"),
    (r"failed|errored|error", lambda one: one.status in _FAILED),
    (r"completed|complete|finished|succeeded|done|successful", lambda one: _ends(one.status)),
    (r"pending|unscheduled", lambda one: one.status in ("Pending", "ContainerCreating", "PodInitializing")),
    (
        r"crashing|crashed|crash-?loop(?:ing|ed|backoff)?|failing",
        lambda one: one.status in ("CrashLoopBackOff", "Error", "OOMKilled"),
    ),
    (r"oom-?killed", lambda one: one.status == "OOMKilled"),
    (r"imagepullbackoff|errimagepull", lambda one: one.status in ("ImagePullBackOff", "ErrImagePull")),
    (r"terminating", lambda one: one.status == "Terminating"),
    (r"running", lambda one: one.status == "Running"),
    (r"(?:un|not[ -])ready|unhealthy|broken", _unready),
    (r"ready|healthy", lambda one: not _unready(one)),
)
_NEGATED = r"(?P<no>(?:(?:that|which)\s+)?(?:(?:is|are)\s+)?(?:n[o']t|non)[ -]|(?:isn|aren)['’]?t\s+)?"
_OF_OTHERS = """
workload workloads app apps replica replicas copies instance instances pods again once immediately gracefully currently
zero none nothing at least label labels labelled selector matching here there right away cluster context image new
version set update give run memory cpu limit limits cores core which whose been have has be force forcefully hard
kubernetes k8s kubectl one after another state status roll rolling restart
"""
_PASSED = frozenset(_OF_OTHERS.split()) | SMALL | POLITE | ALL


@dataclass(frozen=True, slots=True)
class _State:
    word: str
    fits: Callable[[Object], bool]


def chooses(wish: Wish, words: Said) -> bool:
    """Whether the words choose among many instead of naming single objects."""
    if words.names:
        return False
    text = bare_of(wish.rest)
    plural = _PLURAL.search(text) is not None
    return (
        bool(_ALL.search(text))
        or bool(words.excluded and plural)
        or (bool(_states(text)[0]) and words.kind is not None)
    )


async def several(
    words: Said, wish: Wish, context: PlanningContext, outline: Outline, ask: str, kinds: Sequence[str]
) -> list[Object] | Question | None:
    """All objects that the words choose; a question where there are none or a word is not understood. None: the words
    choose nothing, single objects are meant.
    """
    if not chooses(wish, words):
        return None
    states, text = _states(bare_of(wish.rest))
    unread = _unread(text, words)
    tried = [words.kind] if words.kind is not None else list(kinds)
    what = f"{words.kind}s" if words.kind is not None else "workloads"
    where = f" in namespace {words.namespace}" if words.namespace else ""
    if unread:
        return Question(
            f"I can't tell which {what} are meant by “{' '.join(unread)}”: name them, or look first.",
            (f"list {words.kind or 'deployment'}s{where}",),
        )
    if ask == "delete" and (words.kind is None or words.kind in CLUSTER_WIDE):
        offers = tuple(f"delete all {kind}s{where}" for kind in ("deployment", "job", "pod"))
        return Question("Everything of which kind? I remove the objects of one kind at a time.", offers)
    if ask == "delete" and words.everywhere:
        return Question(
            f"I remove {what} of one namespace at a time: which one?", (f"delete all {what} in namespace shop",)
        )
    rows: list[Object] = []
    for kind in tried:
        rows += await listed(kind, words.namespace, context, everywhere=words.everywhere, selector=selector_of(wish))
    if not rows:
        none = " or ".join(tried)
        return Question(f"There is no {none} to remove." if ask == "delete" else f"There is no {none}{where} to {ask}.")
    left = [row for row in rows if not words.rules_out(row.kind, row.name, row.namespace)]
    found = [row for row in left if all(state.fits(row) for state in states)]
    if not found:
        words_of = " and ".join(state.word for state in states)
        text = f"None of the {len(left)} {what}{where} is {words_of}" if states else "Nothing else is left"
        return Question(f"{text}: there is nothing to {ask}.", (f"list {words.kind or 'deployment'}s{where}",))
    spared = [row.name for row in rows if row not in left]
    none_left = wish.verb == "stop" or re.search(r"(?<![\w.-])(?:0|zero)(?![\w.-])", wish.lower)
    if words.excluded and (ask == "delete" or none_left):
        return _named_instead(found, spared, ask, where)
    shown = ", ".join(row.name for row in found[:_SHOWN]) + (" …" if len(found) > _SHOWN else "")
    outline.assume(f"{len(found)} of {len(rows)} {what}: {shown}" + (f"; not {', '.join(spared)}" if spared else ""))
    if words.namespace is None and not words.everywhere and found[0].namespace is not None:
        outline.assume(f"namespace {found[0].namespace}")
    return found


def _named_instead(found: Sequence[Object], spared: Sequence[str], ask: str, where: str) -> Question:
    """What ends all but some is asked for by name: nothing ends because an exception was misread."""
    kind = found[0].kind if len({one.kind for one in found}) == 1 else ""
    names = " and ".join(one.name for one in found)
    end = "" if ask == "delete" else " to 0"
    kept = f", and not {' or '.join(spared)}" if spared else ""
    return Question(
        f"That would be {', '.join(str(one) for one in found[:_SHOWN])}{' …' if len(found) > _SHOWN else ''}{kept}. "
        "Say so by name.",
        (" ".join(f"{ask} {kind} {names}{end}{where}".split()),),
    )


def _states(text: str) -> tuple[list[_State], str]:
    """The states that the words ask for, and the words without them."""
    found: list[_State] = []
    for pattern, fits in _STATES:
        match = re.search(rf"(?<![\w./-]){_NEGATED}(?P<state>{pattern})(?![\w./-])", text, re.IGNORECASE)
        if match is None:
            continue
        if match["no"]:
            found.append(_State(f"not {match['state']}", lambda one, fits=fits: not fits(one)))  # type: ignore[misc]
        else:
            found.append(_State(match["state"], fits))
        text = f"{text[: match.start()]} {text[match.end() :]}"
    return found, text


_AMOUNT = re.compile(r"(?<!\S)(?:\S*[\d=:@/%]\S*|--?\w\S*)(?!\S)")


def _unread(text: str, words: Said) -> list[str]:
    """The words that say which objects are meant and that nobody read."""
    for known in (words.namespace, words.text("context"), words.text("image")):
        if known:
            text = re.sub(rf"(?<![\w.-]){re.escape(known)}(?![\w.-])", " ", text, flags=re.IGNORECASE)
    text = _AMOUNT.sub(" ", text)
    return [
        word
        for word in re.findall(r"[a-z][\w'-]*", text.lower())
        if word not in _PASSED and not known_word(word) and (len(word) > 2) and VERB.fullmatch(word) is None
    ]
