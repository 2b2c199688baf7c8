"""How a run's events leave: redacted, journalled first, published after."""

from __future__ import annotations

from reign_agents.engine.hub import Hub
from reign_agents.events import Event, EventType
from reign_agents.store.records import Intent, StepOutcome
from reign_agents.store.store import Store
from reign_executors.operation import Change, JsonObject
from reign_executors.redaction import Redactor
from reign_executors.registry import Registry


class Telling:
    """The voice of one run. ``acted`` is True once a change was begun: from then on its plan can't be edited."""

    def __init__(self, run: str, store: Store, hub: Hub, registry: Registry, redactor: Redactor) -> None:
        self.run = run
        self.acted = False
        self.redactor = redactor
        self._store = store
        self._hub = hub
        self._registry = registry

    def event(self, kind: EventType, data: JsonObject, step: str | None = None) -> Event:
        """An event fit to leave: what is secret stays."""
        shown = self.redactor.value(data)
        assert isinstance(shown, dict)
        return Event(self.run, kind, shown, step)

    def publish(self, *events: Event) -> None:
        """Let events out that are journalled already, or never are."""
        self._hub.publish(*events)

    def show(self, kind: EventType, data: JsonObject, step: str | None = None) -> None:
        """Publish what is not journalled."""
        self._hub.publish(self.event(kind, data, step))

    async def tell(self, kind: EventType, data: JsonObject, step: str | None = None) -> None:
        """Journal, then publish."""
        self._hub.publish(*await self._store.append(self.event(kind, data, step)))

    async def intent(self, entry: Intent, event: Event) -> None:
        self.acted = self.acted or issubclass(self._registry.find(entry.operation), Change)
        self._hub.publish(*await self._store.intent(entry, event))

    async def outcome(self, entry: StepOutcome, event: Event) -> None:
        self._hub.publish(*await self._store.outcome(entry, event))

    def progress(self, event: Event) -> None:
        self._hub.publish(event)
