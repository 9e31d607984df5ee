"""Three disciplines for handing values from one task to another, and nothing in between.

Blocks must all arrive and in order, so a full queue is fatal lag. Snapshots are only worth
anything while they are the newest, so a newer one replaces the one that nobody has taken yet. Of
what strangers announce there may be too much, so the oldest make room and are counted.
"""

import asyncio
from typing import Generic, TypeVar

from searcher.errors import LagError

Item = TypeVar("Item")


class OrderedMailbox(Generic[Item]):
    """Every item in order, never dropped; overflowing is an error of the consumer's speed."""

    def __init__(self, *, bound: int) -> None:
        self._queue: asyncio.Queue[Item] = asyncio.Queue(maxsize=bound)

    def put(self, item: Item) -> None:
        """Append without waiting.

        Raises:
            LagError: the consumer is a whole queue behind.
        """
        try:
            self._queue.put_nowait(item)
        except asyncio.QueueFull:
            raise LagError(self._queue.maxsize) from None

    async def get(self) -> Item:
        """Wait for the oldest item."""
        return await self._queue.get()


class NewestMailbox(Generic[Item]):
    """Holds at most one item: the newest."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Item] = asyncio.Queue(maxsize=1)

    def put(self, item: Item) -> bool:
        """Replace what was there; True when something unread was overwritten."""
        overwritten = self._queue.full()
        if overwritten:
            self._queue.get_nowait()
        self._queue.put_nowait(item)
        return overwritten

    async def get(self) -> Item:
        """Wait for the newest item and take it."""
        return await self._queue.get()


class DroppingMailbox(Generic[Item]):
    """Items in order up to a bound; beyond it the oldest are dropped and counted."""

    def __init__(self, *, bound: int) -> None:
        self._queue: asyncio.Queue[Item] = asyncio.Queue(maxsize=bound)
        self.dropped = 0
        """Items that nobody took in time."""

    def put(self, item: Item) -> None:
        """Append without waiting."""
        if self._queue.full():
            self._queue.get_nowait()
            self._queue.task_done()
            self.dropped += 1
        self._queue.put_nowait(item)

    async def get(self) -> Item:
        """Wait for the oldest item."""
        return await self._queue.get()

    def done(self) -> None:
        """Say that the item that was taken last is dealt with."""
        self._queue.task_done()

    async def drained(self) -> None:
        """Wait until all that was put in is dealt with or dropped."""
        await self._queue.join()
