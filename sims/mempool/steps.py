"""What a local server sends and how it goes wrong: a script whose place outlives connections.

Everything that goes wrong is decided before the first connection, so that a seed says it all.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Generic, NoReturn, TypeVar

Item = TypeVar("Item")


class Fault(StrEnum):
    """What happens to an item instead of being sent."""

    NONE = "sent"
    DROP = "never sent, and nobody is told"
    REORDER = "sent after its successor"
    DUPLICATE = "sent twice"
    STALL = "the connection falls silent"
    DISCONNECT = "the connection is cut"
    GARBAGE = "other bytes are sent"
    FORGE = "sent once as somebody else's, or wrongly signed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[Item]):
    """One item and its fate."""

    item: Item
    """What happened in the world."""

    fault: Fault = Fault.NONE
    """How the server tells of it."""


class Script(Generic[Item]):
    """Steps that are played once, whatever the number of connections."""

    def __init__(self, steps: Sequence[Step[Item]]) -> None:
        self.steps = tuple(steps)
        self._played = 0

    def happened(self) -> tuple[Item, ...]:
        """The items of the steps so far."""
        return tuple(step.item for step in self.steps[: self._played])

    async def played(self) -> AsyncIterator[Step[Item]]:
        """What is left, then silence; a connection that ends leaves the rest to the next."""
        while self._played < len(self.steps):
            step = self.steps[self._played]
            self._played += 1
            yield step
        await stall()


async def stall() -> NoReturn:
    """Never return, unless cancelled."""
    while True:
        await asyncio.Event().wait()


def drawn(items: Sequence[Item], random: Random, *, share: float = 0.4) -> Script[Item]:
    """A script in which this share of the items meets a fault; the last two never do."""
    faults = [fault for fault in Fault if fault is not Fault.NONE]
    fates = [random.choice(faults) if random.random() < share else Fault.NONE for _ in items[:-2]]
    fates += [Fault.NONE, Fault.NONE]
    return Script([Step(item=item, fault=fate) for item, fate in zip(items, fates, strict=True)])
