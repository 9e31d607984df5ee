"""Pending transactions of all sources as one stream: each once, with who had it first.

Bounded in everything: the oldest hashes are forgotten, and what the consumer is too slow for is
dropped and counted. A transaction that replaces another of its sender and nonce says so.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from graphs.units import Address
from searcher.feed_health import FeedHealth
from searcher.pending import PendingTransaction

REMEMBERED: Final = 100_000
"""Hashes: more than any node's pool holds, and some 100 MB with their transactions."""

WAITING: Final = 10_000
"""Transactions that nobody has taken yet."""


class PendingSource(Protocol):
    """Somebody who hears of pending transactions."""

    @property
    def name(self) -> str:
        """What the configuration calls it."""

    def health(self) -> FeedHealth:
        """What it is worth at this moment."""

    def transactions(self) -> AsyncIterator[PendingTransaction]:
        """Every transaction that it hears of, for ever, some several times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstSeen:
    """A transaction that no source had before."""

    pending: PendingTransaction
    """With its first source and time."""

    replaces: str | None
    """Hash of the pending transaction of the same sender and nonce; None for the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How much of a block was heard of before it."""

    transactions: int
    """In the block."""

    seen: int
    """Of them, seen as pending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinedBlock:
    """What a block tells about pending transactions."""

    hashes: Sequence[str]
    """Of its transactions."""

    nonces: Mapping[Address, int]
    """Of accounts after it, as far as they are known; lower ones are spent."""


class SeenTransactions:
    """Which transactions are known, by hash and by the place that they take in their account."""

    def __init__(self, *, bound: int = REMEMBERED) -> None:
        self._bound = bound
        self._by_hash: OrderedDict[str, PendingTransaction | None] = OrderedDict()
        self._by_place: dict[tuple[Address, int], str] = {}
        self.first_counts: Counter[str] = Counter()
        """Transactions that each source had before the others."""

    def __len__(self) -> int:
        return len(self._by_hash)

    def admit(self, pending: PendingTransaction) -> FirstSeen | None:
        """Remember a transaction; None where it is known. O(1)."""
        tx = pending.transaction
        if tx.hash in self._by_hash:
            return None
        self._by_hash[tx.hash] = pending
        self.first_counts[pending.source] += 1
        place = (tx.sender, tx.nonce)
        replaced = self._by_place.get(place)
        self._by_place[place] = tx.hash
        while len(self._by_hash) > self._bound:
            _, oldest = self._by_hash.popitem(last=False)
            self._leave(oldest)
        return FirstSeen(pending=pending, replaces=replaced)

    def forget(self, block: MinedBlock) -> Coverage:
        """Drop what the block made impossible. Its hashes stay known, so no echo revives them."""
        seen = sum(tx_hash in self._by_hash for tx_hash in block.hashes)
        for tx_hash in block.hashes:
            self._spend(tx_hash)
        spent = [
            tx_hash
            for (sender, nonce), tx_hash in self._by_place.items()
            if nonce < block.nonces.get(sender, 0)
        ]
        for tx_hash in spent:
            self._spend(tx_hash)
        return Coverage(transactions=len(block.hashes), seen=seen)

    def pending(self) -> list[PendingTransaction]:
        """What may still be mined: of each sender and nonce the newest."""
        found = (self._by_hash[tx_hash] for tx_hash in self._by_place.values())
        return [pending for pending in found if pending is not None]

    def _spend(self, tx_hash: str) -> None:
        pending = self._by_hash.get(tx_hash)
        if pending is not None:
            self._by_hash[tx_hash] = None
            self._leave(pending)

    def _leave(self, pending: PendingTransaction | None) -> None:
        if pending is None:
            return
        place = (pending.transaction.sender, pending.transaction.nonce)
        if self._by_place.get(place) == pending.transaction.hash:
            del self._by_place[place]


class PendingFeed:
    """Merges sources into one stream without repetitions."""

    def __init__(
        self,
        sources: Sequence[PendingSource],
        *,
        seen: SeenTransactions | None = None,
        waiting: int = WAITING,
    ) -> None:
        self._sources = sources
        self.seen = seen or SeenTransactions()
        """What is known; the pipeline tells it of every block."""
        self._waiting: deque[FirstSeen] = deque(maxlen=waiting)
        self._is_changed = asyncio.Event()
        self.dropped = 0
        """Transactions that nobody took in time."""

    def health(self) -> tuple[FeedHealth, ...]:
        """Of each source."""
        return tuple(source.health() for source in self._sources)

    async def run(self) -> None:
        """Listen to all sources, for ever; a task of the pipeline's group."""
        async with asyncio.TaskGroup() as group:
            for source in self._sources:
                group.create_task(self._listen(source))

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Listen until the end of the block."""
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(self.run())
            yield
            listening.cancel()

    async def first_seen(self) -> AsyncGenerator[FirstSeen, None]:
        """Each transaction once, in the order in which the first source told it, for ever."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            self._is_changed.clear()
            await self._is_changed.wait()

    async def transactions(self) -> AsyncGenerator[PendingTransaction, None]:
        """Each transaction once, whether it replaces another or not."""
        async with aclosing(self.first_seen()) as announced:
            async for first in announced:
                yield first.pending

    async def _listen(self, source: PendingSource) -> None:
        async for pending in source.transactions():
            first = self.seen.admit(pending)
            if first is None:
                continue
            if len(self._waiting) == self._waiting.maxlen:
                self.dropped += 1
            self._waiting.append(first)
            self._is_changed.set()
