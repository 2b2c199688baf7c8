"""Why something is not well: what the words are about is looked for on the real systems, then looked into."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from reign_agents.planning.draft import PlanningContext
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.wish import Wish
from reign_agents.specialists.docker import diagnosing as containers
from reign_agents.specialists.docker.found import present
from reign_agents.specialists.kubernetes import diagnosing as cluster
from reign_agents.specialists.kubernetes.found import Object, listed
from reign_agents.specialists.kubernetes.said import about_cluster, said
from reign_executors.errors import OperationError

_WORD = re.compile(r"[A-Za-z0-9][\w.-]*[A-Za-z0-9_]|[A-Za-z0-9]")
_TERRAFORM = re.compile(r"\b(?:terraform|tofu|tfstate|state\s+lock)\b", re.IGNORECASE)
_SMALL_WORDS = """
why what whats how is are was were does did do has have had not no never the a an and or but it its this that these
in on of to for from with at by my our your container containers pod pods deployment deployments release releases
docker kubernetes k8s helm chart namespace wrong broken failing failed fails fail failure down up dead slow stuck
unhealthy healthy crash crashes crashing crashed crashloop crash-looping crash-loops looping loops restarting restarts
restart restarted start starts starting started stop stops stopped stopping exit exits exited exiting immediately keeps
keep again and again always after still work works working run runs running serve serving answer answers answering
please fix repair mend solve diagnose debug troubleshoot investigate look into find out can could you me we i s t
error errors problem problems issue trouble going happen happens happening happened with pending evicted oomkilled
memory respond responding reachable unreachable ready unready rollout rollouts update deploy deployed
show tell check see cause reason root about there here now today since yesterday morning dying dies killed goes went
service app application server something everything nothing anything job
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_SHOWN = 6
ANYTHING = "anything"
"""What is missing where nothing that is there is named."""


@dataclass(frozen=True, slots=True)
class _Named:
    """One thing of a system: a container, a release or an object of a cluster."""

    kind: str
    name: str
    namespace: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}" + (f" in {self.namespace}" if self.namespace else "")

    def request(self) -> str:
        return f"why is {self.kind} {self.name} not well" + (
            f" in namespace {self.namespace}" if self.namespace else ""
        )


async def _there(wish: Wish, context: PlanningContext) -> list[_Named]:
    """Everything that could be meant, of the kinds that the words leave open. A system that does not answer is left
    out, unless none of those that are meant does.
    """
    words = said(wish)
    kinds = _kinds(wish)
    found: list[_Named] = []
    problems: list[OperationError] = []
    if "container" in kinds:
        try:
            found += [_Named("container", one.name) for one in await present("container", context)]
        except OperationError as error:
            problems.append(error)
    if "release" in kinds:
        try:
            out = await context.look("helm.list", {"all_namespaces": True})
            rows = out.get("releases")
            for row in rows if isinstance(rows, list) else ():
                if isinstance(row, dict):
                    found.append(_Named("release", str(row["release"]), str(row["namespace"])))
        except OperationError as error:
            problems.append(error)
    try:
        for kind in cluster.KINDS:
            if kind in kinds:
                everywhere = words.namespace is None and context.settings.namespace is None
                rows_of = await listed(kind, words.namespace, context, everywhere=everywhere)
                found += [_Named(one.kind, one.name, one.namespace) for one in rows_of]
    except OperationError as error:
        problems.append(error)
    asked = ("container" in kinds) + ("release" in kinds) + (not kinds.isdisjoint(cluster.KINDS))
    if problems and len(problems) == asked:
        raise problems[0]
    return [one for one in found if words.namespace in (None, one.namespace) or one.kind == "container"]


def _kinds(wish: Wish) -> frozenset[str]:
    """The kinds of things that the words leave open."""
    kind = said(wish).kind
    text = wish.lower
    if re.search(r"\b(?:release|helm)\b", text):
        return frozenset({"release"})
    if kind in cluster.KINDS:
        return frozenset({kind})
    if re.search(r"\b(?:containers?|docker)\b", text) and not about_cluster(wish):
        return frozenset({"container"})
    if about_cluster(wish):
        return frozenset(cluster.KINDS)
    return frozenset({"container", "release", *cluster.KINDS})


def _meant(wish: Wish, there: Sequence[_Named]) -> list[_Named]:
    """Those of the things that the words name; a workload before its pods."""
    text = wish.lower
    spoken = {word.lower() for word in _WORD.findall(text)} | {word.lower() for word in wish.scan().quoted()}
    named = [
        one for one in there if one.name.lower() in spoken and (one.name.lower() not in _SMALL or _after(one, text))
    ]
    if wish.it is not None and not named:
        named = [one for one in there if one.name == wish.it.name and wish.it.kind in (one.kind, "pod")]
    if not named:
        begun = [
            one for one in there if one.kind == "pod" and any(one.name.startswith(f"{w}-") for w in spoken - _SMALL)
        ]
        return begun[:1] if len({one.name.rsplit("-", 2)[0] for one in begun}) == 1 else begun
    return named


def _after(one: _Named, text: str) -> bool:
    """Whether a name that is an ordinary word stands where only a name can: after its kind."""
    return bool(re.search(rf"\b{one.kind}s?\s+{re.escape(one.name.lower())}\b", text))


async def _why(wish: Wish, context: PlanningContext, outline: Outline) -> Question | None:
    if _TERRAFORM.search(wish.text):
        _look_into_terraform(wish, outline)
        return None
    words = said(wish)
    there = await _there(wish, context)
    named = _meant(wish, there)
    if words.namespace is not None:
        named = [one for one in named if one.name != words.namespace or wish.lower.count(one.name) > 1]
    if not named:
        return _nothing(wish, there, outline)
    question = None
    if len({one.name for one in named}) == 1:
        named, question = _the_one(named, context)
    if question is not None:
        return question
    for one in named[:4]:
        _look_into(one, wish, outline)
        if words.namespace is None and one.namespace is not None:
            outline.assume(f"“{one.name}” is the {one}")
        elif one.kind not in _kinds(wish) or len(_kinds(wish)) > 1:
            outline.assume(f"“{one.name}” is the {one.kind} {one.name}")
    return None


def _the_one(alike: list[_Named], context: PlanningContext) -> tuple[list[_Named], Question | None]:
    """Among things of one name: what runs rather than the release that made it, the chosen namespace rather than
    others; asked about where that leaves several.
    """
    running = [one for one in alike if one.kind != "release"]
    left = running if any(one.namespace for one in running) or len(running) == len(alike) else alike
    home = [one for one in left if one.namespace == (context.settings.namespace or "default")]
    if len(home) == 1 and all(one.namespace for one in left):
        return home, None
    if len(left) == 1:
        return left, None
    shown = ", ".join(map(str, left[:_SHOWN]))
    return left, Question(
        f"{len(left)} things are called “{left[0].name}”: {shown}. Which one?",
        tuple(one.request() for one in left[:_SHOWN]),
    )


def _look_into(one: _Named, wish: Wish, outline: Outline) -> None:
    if one.kind == "container":
        containers.look_into(one.name, outline)
    elif one.kind == "release":
        about = {"release": one.name, "namespace": one.namespace}
        outline.add("helm.status", {**about}, f"how release {one.name} is")
        outline.add("helm.history", {**about}, f"the revisions of {one.name}")
    else:
        cluster.look_into(Object(one.kind, one.name, one.namespace), wish.text, outline)


def _look_into_terraform(wish: Wish, outline: Outline) -> None:
    folder = re.search(r"\b(?:in|of|under)\s+(?P<folder>\.{0,2}/?[\w./-]+)", wish.rest or wish.text)
    where = folder["folder"].rstrip(".,?!") if folder is not None else "."
    outline.add("terraform.validate", {"folder": where}, "whether the configuration is sound")
    outline.add("terraform.plan", {"folder": where}, "what it would change, or why it can't")


def _nothing(wish: Wish, there: Sequence[_Named], outline: Outline) -> Question | None:
    words = said(wish)
    left = [word for word in _WORD.findall(wish.scan().text) if word.lower() not in _SMALL and word != words.namespace]
    asked = list(dict.fromkeys(word.lower() for word in left))
    if not asked and about_cluster(wish):
        cluster.look_around(words.namespace, words.kind, outline)
        return None
    kinds = " or ".join(sorted(_kinds(wish) & {"container", "release", "deployment", "pod", "job"})) or "deployment"
    where = f" in namespace {words.namespace}" if words.namespace else ""
    names = list(dict.fromkeys(one.name for one in there))
    near = [name for word in asked for name in get_close_matches(word, names, n=3, cutoff=0.6)] or names
    offered = [one for name in dict.fromkeys(near) for one in there if one.name == name]
    listed_ = ", ".join(str(one) for one in offered[:_SHOWN])
    rest = f" There are: {listed_}." if offered else " There is nothing there."
    if len(asked) > 3 or not asked:
        return Question(
            f"What should I look into?{rest}", tuple(one.request() for one in offered[:4]), missing=ANYTHING
        )
    return Question(
        f"There is no {kinds} “{left[0]}”{where}.{rest}",
        tuple(one.request() for one in offered[:4]),
        missing=ANYTHING,
        absent=left[0],
    )


RECIPES = (
    Recipe(
        "why.anything",
        frozenset({"why"}),
        frozenset(),
        _why,
        "why is checkout crash-looping in prod?",
        rank=14,
        certain=True,
    ),
)
"""Faults: their causes are looked for, and cures are proposed."""
