"""Where events leave the engine: every subscriber gets every journalled event; progress is latest-wins."""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from reign_agents.events import JOURNALLED, Event


class Subscription:
    """An async iterator of events. What happened before it was opened is read from the store."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._events: OrderedDict[object, Event] = OrderedDict()
        self._arrived = asyncio.Event()
        self._closed = False
        self._count = 0

    def _offer(self, event: Event) -> None:
        if event.type in JOURNALLED or event.type.value.startswith(("plan.", "step.previewed", "planner.noted")):
            self._count += 1
            key: object = self._count
        else:
            key = (event.run, event.step, event.type, event.data.get("answer"))
            self._events.pop(key, None)
        self._events[key] = event
        self._arrived.set()

    def close(self) -> None:
        """No more events; an iteration under way ends after those that are waiting."""
        self._closed = True
        self._arrived.set()
        self._hub.leave(self)

    def __aiter__(self) -> Subscription:
        return self

    async def __anext__(self) -> Event:
        while not self._events:
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        return self._events.popitem(last=False)[1]

    def drain(self) -> list[Event]:
        """All that is waiting, without waiting."""
        waiting = list(self._events.values())
        self._events.clear()
        self._arrived.clear()
        return waiting


class Hub:
    """Fans events out to subscriptions, on the engine's own loop."""

    def __init__(self) -> None:
        self._subscriptions: list[Subscription] = []

    def subscribe(self) -> Subscription:
        subscription = Subscription(self)
        self._subscriptions.append(subscription)
        return subscription

    def leave(self, subscription: Subscription) -> None:
        if subscription in self._subscriptions:
            self._subscriptions.remove(subscription)

    def publish(self, *events: Event) -> None:
        for event in events:
            for subscription in self._subscriptions:
                subscription._offer(event)

    def close(self) -> None:
        for subscription in tuple(self._subscriptions):
            subscription.close()
