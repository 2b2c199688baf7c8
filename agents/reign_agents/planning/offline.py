"""The offline planner: understanding, then the specialists' recipes. No model, no network, no guessing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from reign_agents.plan.model import Plan, Step
from reign_agents.planning import elsewhere
from reign_agents.planning.agreeing import OTHERWISE, SURE, TAKEN, against, changing, complains, doubtful
from reign_agents.planning.answering import Asked, completed
from reign_agents.planning.cleaning import cleaned
from reign_agents.planning.draft import Draft, PlanningContext, UndoWish
from reign_agents.planning.dropping import dropped
from reign_agents.planning.earlier import last_plan, last_thing
from reign_agents.planning.followup import follow_up
from reign_agents.planning.impossible import impossible
from reign_agents.planning.joining import Part, joined, thing_of, things_made
from reign_agents.planning.literal import literal
from reign_agents.planning.mentions import bare, pointed, relative, selected_thing, thanked, undone_part
from reign_agents.planning.moving import meant_another
from reign_agents.planning.nearest import fitting, nearest
from reign_agents.planning.places import contexts, in_context, placed, with_context, with_place
from reign_agents.planning.proposals import taken_up
from reign_agents.planning.recipe import Outline, Question, Recipe
from reign_agents.planning.restating import restated
from reign_agents.planning.rewinding import rewound
from reign_agents.planning.saving import restored, saved_first
from reign_agents.planning.scan import Scan
from reign_agents.planning.spelled import spelled
from reign_agents.planning.stated import left_out
from reign_agents.planning.telling import told
from reign_agents.planning.wish import Thing, Wish, wishes
from reign_agents.planning.words import in_digits
from reign_agents.understanding import Understanding, understand
from reign_executors.errors import OperationError

_UNDO = re.compile(
    r"^\W*(?:(?:please|ok(?:ay)?|no|now|and|oops|hey|can\s+you|could\s+you)\W+)*(?:undo|"
    r"roll\s*(?:it|that|this|everything)?\s*back|revert|take\s+(?:it|that)\s+back|go\s+back)"
    r"(?:\s+(?:it|that|this|the|my|last|latest|previous|run|change|changes|step|plan|thing|one|"
    r"everything|all|please|what\s+you\s+(?:just\s+)?did)(?!\w))*"
    r"(?:\s+(?P<run>r_\w+))?(?:\s*,?\s*(?:step|only)\s+(?P<step>s?\d+))?(?:\s+please)?\W*$",
    re.IGNORECASE,
)
_HELP = re.compile(
    (
        r"^\W*(?:help(?:\s+me)?|what\s+(?:can|could|do)\s+(?:you|i)\s+(?:do|say|type|ask|know|"
        r"understand)(?:\s+here)?|how\s+does\s+this\s+work|what\s+is\s+possible|commands|"
        r"examples)[\s?.!]*$"
    ),
    re.IGNORECASE,
)
_ONLY_IT = re.compile(r"\W*[a-z]+\s+(?:it|that|this|them|these|those)\W*", re.IGNORECASE)
"""A verb and a pronoun: a request only where something was spoken of."""
_SURE_OF_NOTHING = 0.97
"""Confidence of understanding from which words that recipes know don't count: "what's the difference between …"."""
_FAULT = 0.6
_ANSWER = 4
"""Words that an answer to a question has at most."""
_TURN = 2
_LONGEST = 6000
"""Characters of a request that are read."""
_BLANKS = re.compile(r"([\"'`]).*?\1|[^\S\n]{9,}", re.DOTALL)


def _one_blank(found: re.Match[str]) -> str:
    """Many blanks are one, those in quotes stay."""
    return found.group() if found[1] else " "


def _recipes() -> tuple[Recipe, ...]:
    from reign_agents.specialists import RECIPES

    return RECIPES


def _question_of(asked: Asked | None) -> Question | None:
    return None if asked is None else asked.question


class OfflinePlanner:
    """Plans with recipes over what understanding found in the words. One a session: it remembers its question."""

    def __init__(self, recipes: Sequence[Recipe] | None = None) -> None:
        self._recipes = tuple(_recipes() if recipes is None else recipes)
        self._asked: Asked | None = None

    def forget(self) -> None:
        """See :class:`reign_agents.planning.draft.Remembering`."""
        self._asked = None

    async def draft(self, text: str, context: PlanningContext) -> Draft:
        """See :class:`reign_agents.planning.draft.Planner`."""
        asked, self._asked = self._asked, None
        if thanked(text):
            return Draft("unknown", 1.0, answer="Gladly. What is next?")
        text = bare(text)
        asked = asked or await self._asked_before(text, context)
        of_session = await _of_session(text, context) if asked is None or len(text.split()) > 1 else None
        if of_session is not None:
            return self._remembered(of_session, text)
        part = undone_part(text, context)
        if part is not None:
            return Draft("update", 1.0, undo=part)
        changed = await relative(text, context)
        if changed is not None:
            return changed
        if asked is not None and not _UNDO.match(text) and not _HELP.match(text) and literal(text) is None:
            whole = completed(asked, text)
            if whole is not None:
                draft = await self._answered(whole, context)
                return replace(draft, assumptions=(f"taken as: {whole}", *draft.assumptions))
        lack = elsewhere.goes_on(text, context) or elsewhere.timed_again(text)
        if lack is not None:
            return self._lacking(lack, text)
        whole_request = pointed(text, context) or spelled(text, context)
        if whole_request is not None:
            draft = await self._request(whole_request[0], context, placing=True)
            return replace(draft, assumptions=(whole_request[1], *draft.assumptions))
        undo = _UNDO.match(text)
        if undo is not None:
            return Draft("update", 1.0, undo=UndoWish(undo["run"], undo["step"]))
        if _HELP.match(text):
            return Draft("monitor", 1.0, answer=self._can_do())
        proposed = taken_up(text, context)
        if proposed is not None:
            return proposed
        line = literal(text)
        if line is not None and line.command is not None and not complains(text, line.command):
            return self._command(line.command, line.assumption)
        if line is not None and line.request is not None:
            return await self._request(line.request, context)
        draft_of_before = await follow_up(text, context)
        if draft_of_before is not None:
            return self._remembered(draft_of_before, text)
        return _only_asked(await self._long(_BLANKS.sub(_one_blank, text), context), text, context)

    async def _long(self, text: str, context: PlanningContext) -> Draft:
        """The draft; what is longer than can be read changes nothing, since its end may take back its beginning."""
        draft = await self._request(text[:_LONGEST], context)
        if len(text) <= _LONGEST or not changing(draft.steps, context):
            return draft
        question = f"That has {len(text):,} characters, and I read {_LONGEST:,} of a request. What is wanted, in short?"
        return replace(draft, steps=(), assumptions=(), question=question, suggestions=())

    def _remembered(self, draft: Draft, text: str) -> Draft:
        """The draft, its question kept so that a bare answer to it is understood."""
        if draft.question is not None and draft.suggestions:
            self._asked = Asked(text, Question(draft.question, draft.suggestions), text)
        return draft

    async def _answered(self, whole: str, context: PlanningContext) -> Draft:
        """What an answer stands for: a request, a command line or the way back."""
        undo, line = _UNDO.match(whole), literal(whole)
        if undo is not None:
            return Draft("update", 1.0, undo=UndoWish(undo["run"], undo["step"]))
        if line is not None and line.command is not None:
            return self._command(line.command, line.assumption)
        return await self._request(whole, context)

    async def _asked_before(self, text: str, context: PlanningContext) -> Asked | None:
        """The question that an earlier process asked last in this session, where the text may be the answer to it: the
        request is planned once more, since a question keeps no state.
        """
        said = list(context.said())
        if said and said[-1].who == "person":
            said.pop()  # the text itself
        if len(text.split()) > _ANSWER or len(said) < _TURN:
            return None
        request = next((one for one in reversed(said) if one.who == "person"), None)
        planned = request is None or any(record.run == request.run for record in context.recent)
        if request is None or planned or request.text.strip() == text.strip():
            return None
        whole = pointed(request.text, context) or spelled(request.text, context)
        try:
            before = await _of_session(request.text, context)
            if before is not None:
                self._remembered(before, request.text)
                asked, self._asked = self._asked, None
                return asked
            draft = await self._request((whole[0] if whole else bare(request.text))[:_LONGEST], context)
        except OperationError:
            return None
        asked, self._asked = self._asked, None
        return asked if draft.question is not None and draft.understood else None

    async def _request(self, text: str, context: PlanningContext, *, placing: bool = False) -> Draft:
        """What the recipes read; said again in their words where they are at a loss or leave out what was named."""
        text = in_digits(text) if re.match(r"\W*(?:\w+\W+){0,2}scale\b", text, re.IGNORECASE) else text
        understanding = understand(text)
        draft = await self._read(text, understanding, context, placing=placing)
        why_not = against(draft, understanding, context)
        asked = self._asked
        if why_not is None and not doubtful(draft, _question_of(asked), understanding):
            return draft
        said = restated(understanding)
        if said is not None and said.lower() != text.strip().lower():
            self._asked = None
            other = await self._read(said, understand(said), context, placing=placing)
            holds = bool(other.steps) and not left_out(understanding, other.steps)
            better = holds and against(other, understanding, context) is None
            asks = not (draft.steps or other.steps) and not doubtful(other, _question_of(self._asked), understanding)
            if better or asks:
                return replace(
                    other,
                    intent=understanding.intent,
                    confidence=understanding.confidence,
                    mood=understanding.mood,
                    entities=dict(understanding.entities),
                    assumptions=(f"taken as: {said}", *other.assumptions),
                )
        self._asked = asked
        return self._refused(why_not, text, understanding) if why_not else self._taken(draft, text, understanding)

    def _taken(self, draft: Draft, text: str, understanding: Understanding) -> Draft:
        """What a request was taken for, where its words are understood and only the operation is not there."""
        sure = understanding.intent != "unknown" and understanding.confidence >= SURE
        question = _question_of(self._asked)
        if not sure or question is None or question.unread != "":
            return draft
        taken = f"{TAKEN[understanding.intent]} ({' and '.join(understanding.domains)})"
        near = fitting(text, self._recipes, understanding)
        question = Question(f"{taken}, and nothing I do does that. {OTHERWISE}", near)
        self._asked = Asked(text, question, text)
        return replace(draft, question=question.text, suggestions=near)

    def _refused(self, why_not: str, text: str, understanding: Understanding) -> Draft:
        """No plan, where its two readings differ: what the words were taken for, and what does not fit."""
        taken = TAKEN.get(understanding.intent, "I take this for nothing that I could do")
        if understanding.domains:
            taken += f" ({' and '.join(understanding.domains)})"
        near = fitting(text, self._recipes, understanding)
        question = Question(f"{taken}; {why_not} Please say it another way.", near)
        return replace(self._question(question, text, understanding), understood=False)

    async def _read(
        self, text: str, understanding: Understanding, context: PlanningContext, *, placing: bool = False
    ) -> Draft:
        """What the recipes make of the words."""
        lack = elsewhere.plainly(text, understanding)
        if lack is not None:
            return self._lacking(lack, text, () if lack.name.startswith("writing") else nearest(text, self._recipes))
        found = wishes(text)
        if _names_a_fault(understanding, found):
            found = [replace(Wish.of(text), verb="why", rest=text)]
        thing = selected_thing(context) or last_thing(context)
        before = last_plan(context)
        placing = placing or (before is not None and _bare_git(text, before[1]))
        same_place = before[1] if before is not None and (placing or any(w.with_pronoun() for w in found)) else None
        if same_place is not None:
            context = placed(context, same_place)
        at = _context_said(text, understanding)
        there = await contexts(context) if at is not None else []
        if at is not None and at in there:
            context = in_context(context, at)
        if not found or self._nonsense(understanding, found, thing):
            return self._not_understood(text, understanding)
        parts: list[Part] = []
        for number, wish in enumerate(map(_counted, found)):
            wish = _there(wish.about(thing), tuple(step for part in parts for step in part.outline.steps))
            recipe = self._best(wish)
            if recipe is None or (number == 0 and _foreign(wish, understanding)):
                return self._not_understood(text, understanding, wish if len(found) > 1 else None)
            steps = tuple(step for part in parts for step in part.outline.steps)
            outline = Outline(recipe.name.partition(".")[0], made=things_made(steps), before=steps)
            so_far = Plan("", text, "", 1.0, steps) if wish.it is not None and steps else None
            around = context if so_far is None else placed(context, so_far)
            question = await recipe.build(wish, around, outline)
            if question is not None and question.missing in ("container", "release"):
                question, outline = await self._in_cluster(wish, around, outline, question)
            if question is not None and question.absent is not None and question.missing in _WORKLOADS:
                question, outline = await self._of_release(wish, around, outline, question)
            if (
                recipe.name.startswith("git.")
                and "://" not in text
                and outline.steps
                and (far := _far(understanding, context)) is not None
            ):
                question = far
            if question is not None and question.unread and not outline.steps:
                here = any((context.settings.cwd / word.strip("?.,!")).exists() for word in text.split()[1:])
                lack = elsewhere.lacking(text, understanding, named=here)
                if lack is not None:
                    return self._lacking(lack, text)
            if question is not None and question.missing == "anything" and understanding.intent == "unknown":
                return self._not_understood(text, understanding)
            if so_far is not None:
                outline.steps[:] = [with_place(step, so_far, context) for step in outline.steps]
            if question is not None:
                return self._question(question, text, understanding, wish.text)
            if wish.it is not None:
                outline.assume(f"“{_pronoun(wish)}” is the {wish.it.kind} {wish.it.name}")
            parts.append(Part(outline, wish.then))
            thing = next(filter(None, map(thing_of, reversed(outline.steps))), thing)
        all_steps, assumptions = joined(parts, context.registry)
        if same_place is not None:
            all_steps = tuple(with_place(step, same_place, context) for step in all_steps)
        if at is not None and any(step.operation.startswith(("kubernetes.", "helm.")) for step in all_steps):
            if there and at not in there:
                return self._question(_no_context(text, at, there), text, understanding)
            all_steps = tuple(with_context(step, at, context) for step in all_steps)
        lack = elsewhere.timed(text) if changing(all_steps, context) else None
        if lack is not None:
            return self._lacking(lack, text)
        refused = impossible(text, all_steps, context.registry)
        if refused is not None:
            return self._question(refused, text, understanding)
        return Draft(
            "debug" if all(wish.verb == "why" for wish in found) else understanding.intent,
            understanding.confidence,
            mood="ask" if understanding.mood == "ask" and _asks_how(text) and not _permission(all_steps) else "do",
            steps=all_steps,
            assumptions=assumptions,
            entities=dict(understanding.entities),
        )

    async def _in_cluster(
        self, wish: Wish, context: PlanningContext, outline: Outline, question: Question
    ) -> tuple[Question | None, Outline]:
        """The same wish about a cluster, where no container has the name: taken when a cluster's object has it."""
        if wish.has("container", "containers", "docker", "release", "helm"):
            return question, outline
        there = replace(Wish.of(f"{wish.text.rstrip(' .!?')} in kubernetes"), then=wish.then)
        built = await self._built_by("kubernetes", there, context, outline)
        if built is None:
            return question, outline
        asked, other = built
        if asked is not None:
            return (asked if asked.missing is None and asked.suggestions else question), outline
        return (None, other) if other.steps else (question, outline)

    async def _built_by(
        self, tool: str, wish: Wish, context: PlanningContext, outline: Outline
    ) -> tuple[Question | None, Outline] | None:
        """What the best recipe of another tool makes of the wish; None where none fits or the tool can't be asked."""
        recipes = [recipe for recipe in self._recipes if recipe.name.startswith(f"{tool}.")]
        recipe = max(recipes, key=lambda one: one.score(wish), default=None)
        if recipe is None or recipe.score(wish) == 0:
            return None
        other = Outline(tool, made=outline.made, before=outline.before)
        try:
            return await recipe.build(wish, context, other), other
        except OperationError:
            return None

    async def _of_release(
        self, wish: Wish, context: PlanningContext, outline: Outline, question: Question
    ) -> tuple[Question | None, Outline]:
        """The same look or rollback of a release, where no object of the cluster has the name and no kind was said."""
        if wish.verb not in _OF_A_RELEASE or re.search(r"\b(?:deploy\w*|pods?|\w+sets?|jobs?|services?)\b", wish.lower):
            return question, outline
        name = re.compile(rf"(?<![\w./-]){re.escape(str(question.absent))}(?![\w-])")
        there = replace(Wish.of(name.sub(f"release {question.absent}", wish.text, count=1)), then=wish.then)
        built = await self._built_by("helm", there, context, outline)
        if built is None:
            return question, outline
        asked, other = built
        held = [step for step in other.steps if step.operation != "helm.list"]
        return (None, other) if asked is None and held else (question, outline)

    def _nonsense(self, understanding: Understanding, found: Sequence[Wish], thing: Thing | None) -> bool:
        """Whether the words are no request at all: understanding is sure, and nothing concrete speaks against it."""
        if thing is None and all(_ONLY_IT.fullmatch(wish.text) for wish in found):
            return True
        if understanding.intent != "unknown" or understanding.confidence < SURE:
            return False
        spoken = thing is not None and any(wish.with_pronoun() for wish in found)
        if understanding.confidence >= _SURE_OF_NOTHING and not spoken:
            return True
        concrete = any(re.search(r"[/\ue000-\uf8ff]|\w\.\w|\w:\w|\d{2,}|--?\w", Scan(wish.text).text) for wish in found)
        if any((best := self._best(wish)) is not None and best.certain for wish in found):
            return False
        return not (spoken or concrete or all(wish.verb is not None and wish.kinds for wish in found))

    def _best(self, wish: Wish) -> Recipe | None:
        scored = [(recipe.score(wish), recipe) for recipe in self._recipes]
        best = max(scored, key=lambda pair: pair[0], default=None)
        return None if best is None or best[0] == 0 else best[1]

    def _command(self, command: str, assumption: str | None) -> Draft:
        from reign_agents.specialists.shell import command_step

        step = command_step("s1", command)
        intent = "monitor" if step.operation == "shell.read" else "update"
        return Draft(intent, 1.0, steps=(step,), assumptions=(assumption,) if assumption else ())

    def _question(self, question: Question, text: str, understanding: Understanding, part: str | None = None) -> Draft:
        whole = part is None or part not in text
        self._asked = Asked(text, question, text if whole else str(part))
        return Draft(
            understanding.intent,
            understanding.confidence,
            mood=understanding.mood,
            question=question.text,
            suggestions=question.suggestions,
            entities=dict(understanding.entities),
        )

    def _not_understood(self, text: str, understanding: Understanding, wish: Wish | None = None) -> Draft:
        near = nearest(wish.text if wish is not None else text, self._recipes)
        part = f"“{wish.text[:80]}”" if wish is not None else "this request"
        unread = wish.text[:80] if wish is not None else ""
        question = Question(f"I do not understand {part}. The nearest things I can do:", near, unread=unread)
        whole = wish.text if wish is not None else text
        lack = elsewhere.lacking(whole, understanding) or elsewhere.timed(whole)
        if lack is not None:
            return self._lacking(lack, text, near)
        return replace(self._question(question, text, understanding), understood=False)

    def _lacking(self, lack: elsewhere.Lack, text: str, near: Sequence[str] = ()) -> Draft:
        """The honest answer where no operation is there for a request."""
        own = elsewhere.as_command(text) or lack.commands
        return Draft("unknown", 1.0, question=lack.said, suggestions=(own or tuple(near))[:4], understood=False)

    def _can_do(self) -> str:
        chosen = [recipe for recipe in self._recipes if recipe.name in _SHOWN]
        lines = [f"- {recipe.example}" for recipe in chosen]
        return "\n".join(["You can type, for example:", "", *lines, "- undo that", "- do it again", "- !uname -a"])


_SHOWN_WORDS = """
files.write files.directory files.copy files.remove docker.run docker.list docker.logs docker.stop docker.remove
docker.build docker.exec shell.script network.check network.listening
"""
_SHOWN = frozenset(_SHOWN_WORDS.split())


_WRONG = re.compile(r"\bwhat(?:'s|s|\s+is|\s+went|\s+goes)?\s+wrong\b", re.IGNORECASE)


def _bare_git(text: str, before: Plan) -> bool:
    """Whether a word or two are meant for the repository that the last plan was about: "push", "pull", "git log"."""
    return len(text.split()) <= 2 and all(step.operation.startswith("git.") for step in before.steps)


_LOOKS = frozenset({None, "why", "show", "check", "inspect", "find", "list"})
_OF_A_RELEASE = frozenset({None, "show", "check", "inspect", "rollback", "revert"})
_WORKLOADS = frozenset({"deployment", "statefulset", "daemonset", "pod"})
_SEEN = frozenset({"logs", "stats", "processes", "disk", "file"})


def _names_a_fault(understanding: Understanding, found: Sequence[Wish]) -> bool:
    """Whether a fault is named and nothing else is asked for: its cause is what is wanted, then its cure."""
    spoken = any(_WRONG.search(wish.text) for wish in found)
    if not spoken and (understanding.intent != "debug" or understanding.confidence < _FAULT):
        return False
    return all(
        wish.verb in _LOOKS and not _SEEN & set(wish.kinds) and not wish.has("events", "history", "status", "describe")
        for wish in found
    )


def _foreign(wish: Wish, understanding: Understanding) -> bool:
    """Whether another tool is meant, however well a recipe's words fit."""
    named = elsewhere.lacking(Scan(wish.text).text, understanding, named=True)
    own = {"container", "image", "volume", "network", "file", "directory"} & set(wish.kinds)
    path = r"(?<!\S)(?:\.{1,2}/|~/|/)\S|\w\.[a-z]{1,5}(?!\S)|\w:\w|://"
    return named is not None and not own and not re.search(path, Scan(wish.text).text)


_ADVICE = re.compile(
    r"^\W*(?:(?:so|and|hey|ok(?:ay)?|do\s+you\s+think|what\s+do\s+you\s+think)\W+)*(?:(?:should|shall|must)\s+(?:i|we)\b|"
    r"(?:do|would)\s+(?:i|we)\s+(?:need|have)\s+to\b|would\s+it\s+(?:help|hurt|be\s+(?:ok|okay|safe|fine|wise|better))\b|"
    r"is\s+it\s+(?:safe|ok|okay|fine|wise|better|a\s+good\s+idea)\s+to\b|what\s+(?:happens|would\s+happen)\s+if\b)",
    re.IGNORECASE,
)
"""A question whether something is to be done: it is shown what would be, and nothing is done."""


def _only_asked(draft: Draft, text: str, context: PlanningContext) -> Draft:
    advice = _ADVICE.match(text) is not None and changing(draft.steps, context)
    return replace(draft, mood="ask") if advice else draft


def _asks_how(text: str) -> bool:
    return bool(
        re.search(
            r"\bhow\b|\bwhat(?:'s| is) the (?:way|command|best)\b|\bcan i\b|\bis it possible\b|\bis there a way\b",
            text,
            re.IGNORECASE,
        )
    )


def _counted(wish: Wish) -> Wish:
    """A wish to scale with its number in digits, as a number of replicas."""
    if wish.verb != "scale":
        return wish
    spoken = in_digits(wish.text)
    return wish if spoken == wish.text else replace(Wish.of(spoken), then=wish.then)


def _there(wish: Wish, before: Sequence[Step]) -> Wish:
    """The wish with "there" as the namespace that the request makes or uses before."""
    if not re.search(r"\bthere\b", wish.lower) or re.match(r"\W*(?:is|are|if)\s+there\b", wish.lower):
        return wish
    for step in reversed(before):
        space = step.fields.get("object") if step.operation == "kubernetes.create_namespace" else None
        space = space or step.fields.get("namespace")
        if isinstance(space, str):
            said = replace(Wish.of(re.sub(r"\bthere\b", f"in namespace {space}", wish.text, count=1)), then=wish.then)
            return replace(said, it=wish.it)
    return wish


async def _of_session(text: str, context: PlanningContext) -> Draft | None:
    """What only makes sense of the session as a whole: questions about it, plans given up, copies, the way back."""
    return (
        told(text, context)
        or await dropped(text, context)
        or saved_first(text, context)
        or restored(text, context)
        or rewound(text, context)
        or await cleaned(text, context)
        or meant_another(text, context)
    )


def _far(understanding: Understanding, context: PlanningContext) -> Question | None:
    """A question where the repository that is named is no folder here: what is done must not hit another one."""
    repo = understanding.entities.get("repo")
    if not isinstance(repo, str) or "/" not in repo or ":" in repo or repo.startswith(("/", ".", "~")):
        return None
    if (context.settings.cwd / repo).exists() or re.search(rf"(?:://|@)\S*[:/]{re.escape(repo)}", understanding.text):
        return None
    text = (
        f"There is no folder {repo} here, and the repository {repo} on GitHub comes later. Clone it, or name a folder."
    )
    return Question(text, (f"clone https://github.com/{repo}.git",))


_ENDED = frozenset({"deadline", "canceled", "cancelled", "timeout"})
"""What a program's complaint says of its own context."""


def _context_said(text: str, understanding: Understanding) -> str | None:
    """The context of the kubeconfig that a request names: "… in context prod-eu"."""
    at = understanding.entities.get("context")
    if not isinstance(at, str) or understanding.intent in {"debug", "unknown"} or at.lower() in _ENDED:
        return None
    if not {"kubernetes", "helm"} & set(understanding.domains):
        return None
    word, name = r"(?<!build )(?<!security )\b(?:kube-?)?(?:context|ctx)", re.escape(at)
    said = rf"{word}\W{{1,3}}(?:called\W+)?{name}(?![\w-])|(?<![\w-]){name}[\"']?\s{word}\b"
    return at if re.search(said, text, re.IGNORECASE) else None


def _no_context(text: str, at: str, there: Sequence[str]) -> Question:
    """What is asked where the kubeconfig has no such context."""
    own = tuple(text.replace(at, one) for one in there[:4]) if text.count(at) == 1 else ()
    return Question(f"There is no context “{at}”. There are: {', '.join(there[:8])}.", own, absent=at)


def _permission(steps: Sequence[Step]) -> bool:
    """Whether the steps only ask what may be done: "can I delete pods?" is answered, not explained."""
    return bool(steps) and all(step.operation == "kubernetes.can_i" for step in steps)


def _pronoun(wish: Wish) -> str:
    found = re.search(
        r"(?<![\w./-])(it|its|that|this one|that one|them|their|the same|these|those)(?![\w./-])", wish.lower
    )
    return found.group() if found else "it"
