"""Which of many objects are meant: all of a kind, those in some state, all but some. No word is passed over."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question
from reign_agents.planning.wish import Wish
from reign_agents.planning.words import NUMBERS, POLITE, SMALL, VERB
from reign_agents.specialists.kubernetes.found import Object, listed
from reign_agents.specialists.kubernetes.said import (
    ALL,
    CLUSTER_WIDE,
    EVERYWHERE,
    KIND_OF,
    KIND_WORDS,
    SELECTOR,
    Said,
    bare_of,
    in_one_word,
    known_word,
    selector_of,
    unclear_selector,
    without_names,
)

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
_NEGATED = (
    r"(?:(?:that|which)\s+)?(?:(?:are|is|were|have|has|be|currently)\s+){0,3}"
    r"(?P<no>(?:n[o']t|non)[ -]|(?:isn|aren|haven|hasn|didn|weren)['’]?t\s+)?"
    r"(?:(?:yet|been|in|currently|with\s+(?:the\s+)?(?:status|state|phase)(?:\s+of)?|"
    r"the|an?|state|status|phase)[ =:]+){0,4}"
)
_STATE = r"(?:\s+(?:state|status|phase)\b)?"
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
    left_over = _unread(text, words, ask)
    if ask in _CHANGES:
        left_over = [*left_over, *without_names(wish.rest)]
    unsure = unclear_selector(wish)
    if unsure is not None:
        left_over = [unsure]
    tried = [words.kind] if words.kind is not None else list(kinds)
    what = f"{words.kind}s" if words.kind is not None else "workloads"
    where = f" in namespace {words.namespace}" if words.namespace else ""
    if left_over:
        return Question(
            f"I can't tell which {what} are meant by “{' '.join(left_over)}”: name them, or look first.",
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
    strange = await _not_there(words, rows, context) if ask in _CHANGES else []
    if strange:
        return Question(
            f"There is no {' and no '.join(strange)} to leave alone among "
            f"{', '.join(row.name for row in rows[:_SHOWN])}: name those that are meant.",
            (f"list {words.kind or 'deployment'}s{where}",),
        )
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


async def _not_there(words: Said, rows: Sequence[Object], context: PlanningContext) -> list[str]:
    """What is to be left alone and is neither one of the objects nor a namespace."""
    kinds = {row.kind for row in rows}
    there = {row.name for row in rows} | {row.namespace for row in rows}
    strange = [name for kind, name in words.excluded if name not in there and (kind is None or kind in kinds)]
    if not strange:
        return []
    spaces = {row.name for row in await listed("namespace", None, context)}
    return [name for name in strange if name not in spaces]


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
        match = re.search(rf"(?<![\w./-]){_NEGATED}(?P<state>{pattern})(?![\w./-]){_STATE}", text, re.IGNORECASE)
        if match is None:
            continue
        if match["no"]:
            found.append(_State(f"not {match['state']}", lambda one, fits=fits: not fits(one)))  # type: ignore[misc]
        else:
            found.append(_State(match["state"], fits))
        text = f"{text[: match.start()]} {text[match.end() :]}"
    return found, text


_VALUES = re.compile(r"(?<!\S)\S{0,200}[\d=:@/%]\S{0,200}(?!\S)")
_AMOUNT = re.compile(r"(?<!\S)(?:\S*[\d=:@/%]\S*|--?\w\S*)(?!\S)")
_COUNTS = "|".join(sorted(NUMBERS, key=len, reverse=True))
_COUNT = re.compile(
    rf"(?<![\w.-])(?:(?:down|back|up)\s+)?(?:(?:to|at|by)\s+)?(?:(?:\d+|{_COUNTS})\s?(?:%|percent\b)?(?![\w.-])|zero\b|half\b|"
    r"none\b|nothing\b|double\b|twice\b)"
    r"(?:\s+(?:more|additional|extra|fewer|less)\b)?(?:\s+(?:replicas?|copies|copy|instances?|pods?)\b)?(?:\s+each\b)?",
    re.IGNORECASE,
)
_FLAG = re.compile(
    r"(?<!\S)(?:(?:-n|--namespace|--context|--kube-context|--replicas|--grace-period|--timeout)[ =]\S+|-A|--all|"
    r"--force|--now|--all-namespaces|--ignore-not-found(?:=true)?|--wait(?:=(?:true|false))?)(?!\S)"
)
_OF_ALL = re.compile(
    rf"\b(?:{'|'.join(sorted(ALL))}|both|rest)\s+of\s+(?=(?:the|my|our|your|them|those|these)\b)|"
    rf"\b(?:of|for)\s+(?=(?:the\s+|my\s+|our\s+)?(?:{'|'.join(sorted(ALL))})\b)",
    re.IGNORECASE,
)
_PLACE = r"(?:in|on|at|from|of|for|to|within|inside|across|over|using|with)"
_HERE = re.compile(
    rf"\b{_PLACE}\s+(?:the\s+|this\s+|my\s+|our\s+)?(?:(?:current|whole|entire)\s+)?(?:kubernetes|k8s|cluster|here|there)"
    r"(?:\s+cluster)?\b|\bone\s+(?:after|by)\s+(?:the\s+other|another|one)\b|\b(?:at\s+once|right\s+(?:away|now)|"
    r"at\s+the\s+same\s+time|as\s+soon\s+as\s+possible)\b",
    re.IGNORECASE,
)
_FILLER_WORDS = """
the a an my our your these those them it all in on at from to within inside down up off out back over away and please
now immediately gracefully currently again everywhere entire whole complete kubernetes k8s cluster kubectl force
forcefully hard rolling roll rollout restart restarts restarting scale scaling set stop stopping delete deleting
remove removing kill there here once existing current individual also just then quickly safely both completely
down turn shut bring take put make let get rid so too
"""
_CHOOSING_WORDS = """
with without that which who whom whose have has had having using use uses of for where when while if not no nor only new
old need needs needed want like can could will would should first next finally well
"""
_CHOOSES = frozenset(_CHOOSING_WORDS.split())
"""Words that begin what some objects have and others don't: none of them is passed over."""
_FILLER = (frozenset(_FILLER_WORDS.split()) | POLITE | ALL) - _CHOOSES
_RESOURCE_WORDS = """
memory ram cpu cpus limit limits request requests core cores image images version env environment variable variables
var vars label labels annotation annotations port ports revision tag mb gb mi gi least most min max minimum maximum
between replicas replica pods number each value values key keys previous last earlier one type service half equal add
change update use run give have has be as is are named name of with for rid new give
"""
_RESOURCE = frozenset(_RESOURCE_WORDS.split())
_COPY_WORDS = frozenset({"replicas", "replica", "copies", "instances", "number", "count", "pod", "pods", "size"})
_VALUED = frozenset(
    {
        "set limits of",
        "set a variable of",
        "update",
        "label",
        "change",
        "set keys of",
        "autoscale",
        "expose",
        "roll back",
    }
)
"""What is asked with a value in the words: limits, variables, images, labels."""
_CHANGES = _VALUED | {"delete", "scale", "restart"}


def unread(wish: Wish, words: Said, ask: str) -> list[str]:
    """The words that say which objects are meant and that nobody read, states taken out before."""
    return _unread(_states(bare_of(wish.rest))[1], words, ask)


def _unread(text: str, words: Said, ask: str) -> list[str]:
    if ask not in _CHANGES:
        return _unread_of_looks(text, words)
    text = EVERYWHERE.sub(" ", _FLAG.sub(" ", SELECTOR.sub(" ", in_one_word(text))))
    text = _without_place(text, words.namespace, r"(?:namespace|ns)")
    text = _without_place(text, words.text("context"), r"(?:kube)?(?:context|ctx|cluster)")
    text = _OF_ALL.sub(" ", _HERE.sub(" ", text))
    passed = _FILLER | {word for word in KIND_OF if KIND_OF[word] == words.kind}
    if words.kind is None:
        passed |= {"workload", "workloads", "app", "apps"}
    if ask == "scale":
        text = re.sub(r"\b(?:number|count)\s+of\s+(?=replicas|copies|pods|instances)", " ", text, flags=re.IGNORECASE)
        text = _COUNT.sub(" ", text)
        passed |= _COPY_WORDS
    elif ask in _VALUED:
        text, passed = _without_values(text, words, passed)
    found = (word.strip(".!?:()\"'`“”‘’…-") for word in re.split(r"[\s,;]+", text))
    return [word for word in found if word and word.lower() not in passed]


def _without_place(text: str, name: str | None, noun: str) -> str:
    """The words without the one place that says where: a namespace, a context."""
    if not name:
        return text
    own, lead = rf"[\"'`]?{re.escape(name)}[\"'`]?(?![\w.-])", rf"(?:(?<![\w.-]){_PLACE}\s+)?(?:(?:the|my|our)\s+)?"
    for pattern in (rf"{lead}\b{noun}\s+{own}", rf"{lead}(?<![\w.-]){own}\s+{noun}\b", rf"{lead}(?<![\w.-]){own}"):
        text, count = re.subn(pattern, " ", text, count=1, flags=re.IGNORECASE)
        if count:
            break
    return text


def _without_values(text: str, words: Said, passed: frozenset[str]) -> tuple[str, frozenset[str]]:
    """The words without the values they give, and what else may stand beside those."""
    pairs = re.findall(r"(?<!\S)[\w./-]{1,253}=\S", text)
    chosen = len(pairs) > 1 and re.search(r"\b(?:with|having|of)\s+[\w./-]{1,253}=\S", text, re.IGNORECASE)
    compared = re.search(rf"(?:{KIND_WORDS})\s+(?:that|which|with|without|having|using|of|for|where|whose)\s", text)
    last = re.search(r"\bto\s+\S", text)
    if chosen or (compared and (last and last.start() > compared.start())):
        return text, passed
    image = words.text("image")
    if image:
        text = re.sub(rf"(?<![\w.-]){re.escape(image)}(?![\w.-])", " ", text, flags=re.IGNORECASE)
    values = {word.lower() for value in words.entities.values() if isinstance(value, str) for word in value.split()}
    for key in ("env", "labels", "annotations", "data"):
        values |= {word.lower() for pair in words.map(key).items() for word in pair}
    values.discard("")
    return _VALUES.sub(" ", text), passed | _RESOURCE | values


def _unread_of_looks(text: str, words: Said) -> list[str]:
    """The same for what only looks: small words and amounts are passed over."""
    for known in (words.namespace, words.text("context"), words.text("image")):
        if known:
            text = re.sub(rf"(?<![\w.-]){re.escape(known)}(?![\w.-])", " ", text, flags=re.IGNORECASE)
    text = _AMOUNT.sub(" ", text)
    return [
        word
        for word in re.findall(r"[a-z][\w'-]*", text.lower())
        if word not in _PASSED and not known_word(word) and (len(word) > 2) and VERB.fullmatch(word) is None
    ]
