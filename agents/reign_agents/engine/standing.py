"""What a person permitted beforehand: rules that allow, the mode trusted-change, grants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from reign_agents.engine.approvals import Answer, Approval
from reign_agents.events import now
from reign_agents.plan.model import MODEL, Step, Verdict
from reign_agents.plan.references import referred_steps
from reign_agents.safety.grants import Scope
from reign_agents.safety.policy import Ruling, prod_like, rule
from reign_agents.settings import EngineSettings, Mode
from reign_agents.store.records import GrantRecord
from reign_agents.store.store import Store
from reign_executors.effect import Risk, UndoPromise
from reign_executors.errors import OperationError
from reign_executors.registry import Registry


@dataclass(frozen=True, slots=True)
class Permission:
    """``how`` is ``rule``, ``mode`` or ``grant``; ``basis`` where the rule stands, the mode's limit, the grant's id."""

    how: str
    by: str
    basis: str


class Standing:
    """What holds for one run."""

    def __init__(self, run: str, user: str, settings: EngineSettings, registry: Registry, store: Store) -> None:
        self._run = run
        self._user = user
        self._settings = settings
        self._registry = registry
        self._store = store
        self._trusting = False
        self._trusted: dict[str, frozenset[str]] = {}

    def begin(self, steps: Sequence[Step]) -> None:
        """These steps are about to run: the mode trusted-change covers their creates and changes, or none of them."""
        self._trusted = {}
        self._trusting = self._settings.mode_in_force is Mode.TRUSTED_CHANGE
        touched = [_resources(step) for step in steps if _within_mode(step, self._settings)]
        self._trusting = self._trusting and len(frozenset[str]().union(*touched)) <= self._settings.trust_limit

    def ruling(self, step: Step) -> Ruling:
        """The ruling on a step as the plan shows it."""
        asked = Ruling(step.verdict or Verdict.ASK)
        if step.effect is None or referred_steps(step.fields):
            return asked
        try:
            operation = self._registry.build(step.operation, step.fields)
        except OperationError:
            return asked
        return rule(operation, step.effect, step.target, self._settings, by_model=step.agent == MODEL)

    def permitted(self, step: Step, ruling: Ruling) -> Permission | None:
        """What permits the step as it is now; None when nothing does."""
        if ruling.confirm is not None:
            return None
        if ruling.verdict is Verdict.ALLOW and ruling.rule is not None:
            return Permission("rule", self._user, ruling.rule.where)
        if ruling.rule is None and self._trusts(step):
            limit = f"{self._settings.mode_in_force.value}, at most {self._settings.trust_limit} resources"
            return Permission("mode", self._user, limit)
        for grant in self._store.grants(operation=step.operation, active=True):
            if Scope.from_json(grant.scope).covers(step):
                return Permission("grant", grant.by, grant.grant)
        return None

    def _trusts(self, step: Step) -> bool:
        if not self._trusting or not _within_mode(step, self._settings):
            return False
        others = frozenset[str]().union(*(found for name, found in self._trusted.items() if name != step.id))
        here = _resources(step)
        if len(others | here) > self._settings.trust_limit:
            return False
        self._trusted[step.id] = here
        return True

    async def give(self, approval: Approval, answer: Answer) -> list[GrantRecord]:
        """Keep what the dialog offered, for as long as was wanted and the settings allow."""
        wanted = answer.seconds if answer.seconds is not None and answer.seconds > 0 else approval.grant_seconds
        until = datetime.now(UTC) + timedelta(seconds=min(wanted, self._settings.grant_limit))
        expires = until.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        given: list[GrantRecord] = []
        for scope in approval.scopes:
            record = GrantRecord(
                grant="",
                operation=scope.operation,
                scope=scope.to_json(),
                risk=scope.risk.word,
                by=answer.by,
                run=self._run,
                approval=approval.id,
                created=now(),
                expires=expires,
            )
            given.append(await self._store.grant(record))
        return given


def _resources(step: Step) -> frozenset[str]:
    assert step.effect is not None
    assert step.target is not None
    system = f"{step.target.tool}:{step.target.context}"
    return frozenset(f"{system}/{change.resource}" for change in step.effect.changes)


def _within_mode(step: Step, settings: EngineSettings) -> bool:
    """Whether the mode trusted-change may cover a step: known, at most a change, can be undone, nothing odd about it,
    not where it looks like production."""
    effect, target = step.effect, step.target
    return (
        effect is not None
        and target is not None
        and effect.known
        and Risk.READ < effect.risk <= Risk.CHANGE
        and not effect.findings
        and not effect.problems
        and effect.undo is not UndoPromise.NONE
        and not prod_like(target, settings)
    )
