"""The events that a local MEV-Share node has published: live to its listeners, and as history."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from sims.mempool.steps import Step

KEPT: Final = 10_000
"""Events in the history; a listener that falls further behind misses the oldest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedEvent:
    """An event as it was published."""

    event: Mapping[str, object]
    """As JSON has it: hash, logs, txs and what else is shared."""

    block: int
    """The block after which it was published."""

    timestamp_s: int
    """Unix seconds of its publication."""


class EventSource(Protocol):
    """Where a server's events come from."""

    def happened(self) -> tuple[SharedEvent, ...]:
        """The history, oldest first."""

    def played(self) -> AsyncIterator[Step[SharedEvent]]:
        """What is published from now on, for ever."""


class EventHub:
    """Publishes to everybody who listens at that moment."""

    def __init__(self) -> None:
        self._events: list[SharedEvent] = []
        self._dropped = 0
        self._published = asyncio.Event()

    def publish(self, event: SharedEvent) -> None:
        """Tell all listeners, and remember."""
        self._events.append(event)
        if len(self._events) > KEPT:
            del self._events[0]
            self._dropped += 1
        self._published.set()
        self._published = asyncio.Event()

    def happened(self) -> tuple[SharedEvent, ...]:
        """The history, oldest first."""
        return tuple(self._events)

    async def played(self) -> AsyncIterator[Step[SharedEvent]]:
        """What is published from now on, for ever."""
        place = self._dropped + len(self._events)
        while True:
            published = self._published
            place = max(place, self._dropped)
            while place < self._dropped + len(self._events):
                event = self._events[place - self._dropped]
                place += 1
                yield Step(item=event)
            await published.wait()
