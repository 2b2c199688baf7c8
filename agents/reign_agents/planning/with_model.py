"""A planner that asks language models where the offline one does not understand, and says who planned."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from reign_agents.investigation.limits import Limits
from reign_agents.models.address import on_this_machine
from reign_agents.models.billing import current_bill
from reign_agents.models.budget import OverBudget
from reign_agents.models.cached import AnswerCache, CachedModel
from reign_agents.models.choice import Keys, language_model
from reign_agents.models.conversation import LanguageModel
from reign_agents.models.failure import ModelFailed, NoKey, StreamBroken
from reign_agents.models.listening import NoteKind, note
from reign_agents.models.metered import Meter, MeteredModel
from reign_agents.planning.draft import Draft, Planner, PlanningContext, Remembering
from reign_agents.planning.offline import OfflinePlanner
from reign_agents.safety.staying import kept_here, may_be_told
from reign_executors.errors import OperationError

Make = Callable[[str], LanguageModel]
MODEL_CONFIDENCE = 0.5
"""What a model's plan is given: nobody measured how often it is right."""


class ModelPlanner:
    """``names`` is the chain, tried in order; the offline planner is the end of it.

    ``prefer`` is ``offline`` (models are asked what that one does not understand, and why something is wrong) or
    ``model``. ``say`` hears of each look and each change of planner, and so does who listens (see
    :mod:`reign_agents.models.listening`). A setting ``offline`` of the engine asks no model. ``cache`` gives answers
    that were given before; ``addresses`` are those of vendors' servers that were set, and tell its answers apart.
    What concerns one of the settings' ``local_contexts`` is asked of models on this machine alone.
    """

    def __init__(
        self,
        names: Sequence[str],
        make: Make,
        *,
        prefer: str = "offline",
        say: Callable[[str], None] = lambda _line: None,
        temperature: float | None = None,
        offline: Planner | None = None,
        limits: Limits | None = None,
        cache: AnswerCache | None = None,
        addresses: Mapping[str, str] | None = None,
    ) -> None:
        self._names = tuple(names)
        self._make = make
        self._prefer = prefer
        self._say = say
        self._temperature = temperature
        self._offline = offline or OfflinePlanner()
        self._limits = limits
        self._cache = cache
        self._addresses = addresses or {}

    def forget(self) -> None:
        """See :class:`reign_agents.planning.draft.Remembering`."""
        if isinstance(self._offline, Remembering):
            self._offline.forget()

    async def draft(self, text: str, context: PlanningContext) -> Draft:
        """See :class:`reign_agents.planning.draft.Planner`."""
        stuck: OperationError | None = None
        try:
            draft = await self._offline.draft(text, context)
        except OperationError as error:
            if context.settings.offline or not self._names:
                raise
            draft, stuck = Draft("unknown", 0.0, understood=False), error
            self._tell("gave_up", f"the offline planner could not look: {context.redactor.text(str(error))}", "offline")
        if context.settings.offline or not self._names or draft.undo is not None or draft.corrects is not None:
            return draft
        if self._prefer != "model" and draft.understood and draft.intent not in ("debug", "unknown"):
            return draft
        stays = await asyncio.to_thread(kept_here, text, draft.steps, context)
        told = context if stays is not None else may_be_told(context)
        for name in self._names:
            here = on_this_machine(name, self._addresses.get(name.partition("/")[0]))
            if stays is not None and not here:
                why = f"what concerns {stays} stays on this machine (local_contexts)"
                self._tell("gave_up", f"{name} is not asked: {context.redactor.text(why)}", name)
                continue
            try:
                return await self._asked(name, text, draft, context if here else told, here=here)
            except ModelFailed as error:
                asks = f"; it asks to wait {error.wait:.0f} s" if error.wait is not None else ""
                why = context.redactor.text(f"{error}{asks}")
                self._tell("gave_up", f"{name} did not plan this: {why}", name)
        if stuck is not None:
            raise stuck
        self._tell("offline", "planned offline", "offline")
        return draft

    def _tell(self, kind: NoteKind, text: str, planner: str) -> None:
        note(kind, text, planner=planner)
        self._say(text)

    async def _asked(self, name: str, text: str, draft: Draft, context: PlanningContext, *, here: bool) -> Draft:
        from reign_agents.investigation.loop import Investigation

        self._tell("asking", f"asking {name}", name)
        model = self._make(name)
        if self._cache is not None:
            where = self._addresses.get(name.partition("/")[0], "")
            model = CachedModel(model, self._cache, context.redactor, where)
        try:
            local = () if here else context.settings.local_contexts
            found = await Investigation(
                model, context, self._limits, self._say, self._temperature, local_contexts=local
            ).run(text)
            if not (found.steps or found.question or found.answer or found.findings):
                raise ModelFailed(f"{name} answered nothing", "say it in other words")
        except ModelFailed as error:
            outside = error.again or isinstance(error, NoKey | StreamBroken | OverBudget)
            if isinstance(model, CachedModel) and not outside:
                await model.forget()  # its answers led nowhere: given again they would again
            raise
        told = found.answer or "\n".join(f"- {finding['text']}" for finding in found.findings)
        charge = current_bill().charges.get(name)
        used = found.usage if charge is None else charge.usage
        about = "about " if charge is not None and charge.estimated else ""
        cost = "" if charge is None else f" ({charge.words})"
        tokens = f"{about}{used.input + used.cached + used.stored} tokens read, {used.output} written{cost}"
        if found.cached:
            whole = found.cached == found.answers
            tokens = "from the cache, at no cost" if whole else f"{tokens}; {found.cached} answers from the cache"
        self._tell("used", f"{name}: {tokens}", name)
        return replace(
            draft,
            confidence=MODEL_CONFIDENCE,
            steps=found.steps,
            question=found.question,
            suggestions=found.suggestions,
            assumptions=found.assumptions,
            answer=told or None,
            planner=name,
            findings=tuple({**finding, "planner": name} for finding in found.findings),
            understood=True,
        )


def model_planner(
    names: Sequence[str],
    keys: Keys,
    *,
    prefer: str = "offline",
    say: Callable[[str], None] = lambda _line: None,
    temperature: float | None = None,
    meter: Meter | None = None,
    limits: Limits | None = None,
    cache: AnswerCache | None = None,
    addresses: Mapping[str, str] | None = None,
    plain_http: Collection[str] = (),
) -> ModelPlanner:
    """A planner for models by name; a key is looked up when its vendor is asked. ``meter`` counts what they cost; what
    is in the ``cache`` costs nothing. ``plain_http`` are hosts that a key may be sent to unencrypted.
    """

    def make(name: str) -> LanguageModel:
        model = language_model(name, keys, addresses, plain_http)
        return model if meter is None else MeteredModel(model, meter)

    return ModelPlanner(
        names,
        make,
        prefer=prefer,
        say=say,
        temperature=temperature,
        limits=limits,
        cache=cache,
        addresses=addresses,
    )
