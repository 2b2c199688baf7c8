"""The offline planner: understanding, then the specialists' recipes. No model, no network, no guessing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

from reign_agents.plan.model import Step
from reign_agents.planning.draft import Draft, PlanningContext, UndoWish
from reign_agents.planning.recipe import Outline, Question, Recipe, joined
from reign_agents.planning.wish import Thing, Wish
from reign_agents.understanding import Understanding, understand
from reign_executors.operation import JsonObject

_UNDO = re.compile(
    r"^\s*(?:please\s+|ok(?:ay)?,?\s+|no,?\s+)*(?:undo|roll\s*(?:it|that|this)?\s*back|revert|take\s+(?:it|that)\s+back)"
    r"(?:\s+(?:it|that|this|the\s+last\s+(?:run|change|step|plan)|last|everything|all|please))*"
    r"(?:\s+(?:run\s+)?(?P<run>r_\w+))?(?:\s+step\s+(?P<step>\w+))?\s*[.!]*\s*$",
    re.IGNORECASE,
)
_HELP = re.compile(
    r"^\s*(?:help|what\s+can\s+(?:you|i)\s+(?:do|say|type|ask)|how\s+does\s+this\s+work)[\s?.!]*$", re.IGNORECASE
)
_QUALIFIERS = frozenset(
    {None, "publish", "expose", "mount", "connect", "attach", "set", "allow", "point", "add", "label"}
)
_THINGS = (
    ("container", "container"),
    ("destination", "file"),
    ("path", "file"),
    ("volume", "volume"),
    ("network", "network"),
    ("image", "image"),
)
_MAKERS = frozenset({"run", "create", "deploy", "build"})
_THEN = re.compile(r"(?<!\w)(?:then|afterwards|after that|once (?:it|that)|and after)(?!\w)", re.IGNORECASE)
_LITERAL = re.compile(r"^\s*!\s*(?P<command>\S.*)$", re.DOTALL)
_NAMED_COMMAND = re.compile(
    r"^\s*(?:please\s+)?(?:run|execute|exec)\s+(?:the\s+|this\s+|a\s+)?(?:shell\s+|bash\s+)?(?:command|cmd)?\s*:?\s*"
    r"(?P<quote>[`\"'])(?P<command>.+)(?P=quote)\s*[.!]*\s*$"
    r"|^\s*(?:please\s+)?(?:run|execute|exec)\s+(?:the\s+|this\s+)?(?:shell\s+|bash\s+)?(?:command|cmd)\s*:?\s+"
    r"(?P<bare>\S.*)$",
    re.IGNORECASE | re.DOTALL,
)


def _recipes() -> tuple[Recipe, ...]:
    from reign_agents.specialists import RECIPES

    return RECIPES


class OfflinePlanner:
    """Plans with recipes over what understanding found in the words."""

    def __init__(self, recipes: Sequence[Recipe] | None = None) -> None:
        self._recipes = tuple(_recipes() if recipes is None else recipes)

    async def draft(self, text: str, context: PlanningContext) -> Draft:
        """See :class:`reign_agents.planning.draft.Planner`."""
        undo = _UNDO.match(text)
        if undo is not None:
            return Draft("update", 1.0, undo=UndoWish(undo["run"], undo["step"]))
        if _HELP.match(text):
            return Draft("monitor", 1.0, answer=self._can_do())
        command = literal_command(text)
        if command is not None:
            return self._command(command)
        understanding = understand(text)
        if understanding.intent == "unknown":
            return self._not_understood(text, understanding)
        return await self._wishes(text, understanding, context)

    async def _wishes(self, text: str, understanding: Understanding, context: PlanningContext) -> Draft:
        outlines: list[Outline] = []
        it = last_thing(context)
        for wish in merged([Wish.of(clause) for clause in understanding.clauses]):
            wish = wish.about(it)
            recipe = self._best(wish)
            if recipe is None:
                return self._not_understood(text, understanding, wish)
            outline = Outline(recipe.name.partition(".")[0])
            question = await recipe.build(wish, context, outline)
            if question is not None:
                return _asking(question, understanding)
            if wish.it is not None:
                outline.assume(f"“it” is the {wish.it.kind} {wish.it.name}")
            outlines.append(outline)
            it = next(filter(None, map(thing_of, reversed(outline.steps))), it)
        steps, assumptions = joined(outlines, one_after_another=len(outlines) > 1 and _in_order(text, outlines))
        return Draft(
            understanding.intent,
            understanding.confidence,
            mood=understanding.mood,
            steps=steps,
            assumptions=assumptions,
            entities=dict(understanding.entities),
        )

    def _best(self, wish: Wish) -> Recipe | None:
        scored = [(recipe.score(wish), recipe) for recipe in self._recipes]
        best = max(scored, key=lambda pair: pair[0], default=None)
        return None if best is None or best[0] == 0 else best[1]

    def _command(self, command: str) -> Draft:
        from reign_agents.specialists.shell import command_step
        from reign_executors.shell.analysis import analyse

        return Draft("monitor" if analyse(command).read_only else "update", 1.0, steps=(command_step("s1", command),))

    def _not_understood(self, text: str, understanding: Understanding, wish: Wish | None = None) -> Draft:
        near = self._nearest(text)
        part = f"“{wish.text}”" if wish is not None and len(understanding.clauses) > 1 else "this request"
        return Draft(
            understanding.intent,
            understanding.confidence,
            mood=understanding.mood,
            question=f"I do not understand {part}. The nearest things I can do:",
            suggestions=near,
        )

    def _nearest(self, text: str) -> tuple[str, ...]:
        words = set(re.findall(r"\w+", text.lower()))

        def likeness(recipe: Recipe) -> float:
            example = recipe.example.lower()
            shared = len(words & set(re.findall(r"\w+", example)))
            return shared + SequenceMatcher(None, text.lower()[:80], example).ratio()

        return tuple(recipe.example for recipe in sorted(self._recipes, key=likeness, reverse=True)[:3])

    def _can_do(self) -> str:
        lines = [f"- {recipe.example}" for recipe in self._recipes]
        return "\n".join(["You can type, for example:", "", *lines, "- undo that", "- !uname -a"])


def thing_of(step: Step) -> Thing | None:
    """What a step is about, so that "it" can mean it later."""
    for key, kind in _THINGS:
        name = step.fields.get(key)
        if isinstance(name, str):
            directory = kind == "file" and step.operation in ("file.make_directory", "file.list")
            return Thing("directory" if directory else kind, name)
    return None


def last_thing(context: PlanningContext) -> Thing | None:
    """What the session's last run was about."""
    for record in context.recent:
        plan = context.plan_of(record.run)
        if plan is not None and plan.undo_of is None:
            changing = [step for step in plan.steps if step.effect is not None and step.effect.changes]
            for step in reversed(changing or list(plan.steps)):
                found = thing_of(step)
                if found is not None:
                    return found
    return None


def merged(wishes: Sequence[Wish]) -> list[Wish]:
    """Wishes with what only qualifies the one before ("…, publish 8080 to 80, with …") put back into it."""
    whole: list[Wish] = []
    for wish in wishes:
        if whole and wish.verb in _QUALIFIERS and whole[-1].verb in _MAKERS and not wish.names_other(whole[-1]):
            whole[-1] = whole[-1].with_more(wish)
        else:
            whole.append(wish)
    return whole


def literal_command(text: str) -> str | None:
    """The shell command a person typed as such: ``!ls`` or ``run the command `ls -l` ``."""
    literal = _LITERAL.match(text)
    if literal is not None:
        return literal["command"].strip()
    named = _NAMED_COMMAND.match(text)
    if named is None:
        return None
    command: str = named["command"] or named["bare"]
    return command.strip().strip("`")


def _in_order(text: str, outlines: Sequence[Outline]) -> bool:
    """Whether later wishes must wait: the words say so, or one uses what an earlier one makes."""
    if _THEN.search(text):
        return True
    made = {str(value) for outline in outlines[:-1] for step in outline.steps for value in _names(step.fields)}
    used = {str(value) for outline in outlines[1:] for step in outline.steps for value in _names(step.fields)}
    return bool(made & used)


def _names(fields: JsonObject) -> list[str]:
    return [value for value in fields.values() if isinstance(value, str) and value]


def _asking(question: Question, understanding: Understanding) -> Draft:
    return Draft(
        understanding.intent,
        understanding.confidence,
        mood=understanding.mood,
        question=question.text,
        suggestions=question.suggestions,
        entities=dict(understanding.entities),
    )
