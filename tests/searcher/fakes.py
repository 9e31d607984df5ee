"""A fake of every port: in memory, without time of its own, and it remembers what it was given.

Each passes the suite that its live adapter passes; the suites stand in the adapters' tests.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable

from typing_extensions import override

from graphs.units import Address
from searcher.errors import FeedError, LedgerError
from searcher.feed_health import FeedHealth
from searcher.model import (
    AdmittedBundle,
    Block,
    Bundle,
    Cancellation,
    LedgerRecord,
    Simulation,
    Submission,
)
from searcher.ports import Clock, Feed, Ledger, Relay, Signer, Simulator, UnsignedTransaction
from searcher.settlement import Intent
from tests.searcher.records import OWNER, simulated, submission


class ListedFeed(Feed):
    """Yields its blocks, each when it is released, and then ends as a live source does."""

    def __init__(self, blocks: Iterable[Block], *, is_released: bool = True) -> None:
        self._blocks = tuple(blocks)
        self._released = asyncio.Semaphore(len(self._blocks) if is_released else 0)
        self._ended = asyncio.Event()
        self.healths: tuple[FeedHealth, ...] = ()

    def release(self) -> None:
        """Let one more block through."""
        self._released.release()

    def end(self) -> None:
        """Hang up once all blocks are out."""
        self._ended.set()

    @override
    async def blocks(self) -> AsyncGenerator[Block, None]:
        """Every block in order, then FeedError."""
        for block in self._blocks:
            await self._released.acquire()
            yield block
        await self._ended.wait()
        raise FeedError("fake", "the source ended")

    @override
    def health(self) -> tuple[FeedHealth, ...]:
        """What a test says."""
        return self.healths


class AgreeingSimulator(Simulator):
    """Answers what the bid predicted, or what a test makes of that; may be held back."""

    def __init__(self, change: Callable[[Simulation], Simulation] = lambda same: same) -> None:
        self.change = change
        self.seen: list[Bundle] = []
        self.gate = asyncio.Event()
        self.gate.set()

    @override
    async def simulate(self, bundle: Bundle) -> Simulation:
        """Agree, once the gate is open."""
        self.seen.append(bundle)
        await self.gate.wait()
        return self.change(simulated(bundle))


class AcceptingRelay(Relay):
    """Acknowledges everything, after asking a test what it sees at that moment."""

    def __init__(self, inspect: Callable[[], None] = lambda: None) -> None:
        self._inspect = inspect
        self.seen: list[AdmittedBundle] = []
        self.cancelled: list[Intent] = []

    @property
    @override
    def name(self) -> str:
        """As in the records."""
        return "fake"

    @override
    def prepare(self, admitted: AdmittedBundle) -> None:
        """Nothing to write."""

    @override
    async def submit(self, admitted: AdmittedBundle) -> Submission:
        """Acknowledge."""
        self._inspect()
        self.seen.append(admitted)
        return submission(admitted.bundle)

    @override
    async def cancel(self, intent: Intent, reason: str) -> Cancellation:
        """Acknowledge."""
        self._inspect()
        self.cancelled.append(intent)
        return Cancellation(
            bundle_id=intent.bundle_id, relay="fake", accepted=True, answer="", reason=reason
        )


class SilentRelay(AcceptingRelay):
    """Takes the bundle and never answers."""

    @override
    async def submit(self, admitted: AdmittedBundle) -> Submission:
        """Hang."""
        self.seen.append(admitted)
        await asyncio.Event().wait()
        raise AssertionError


class LegibleSigner(Signer):
    """Signs by writing the transaction down: deterministic, and different for different fields."""

    def __init__(self) -> None:
        self.seen: list[UnsignedTransaction] = []

    @property
    @override
    def address(self) -> Address:
        """The account of all records."""
        return OWNER

    @override
    def sign(self, transaction: UnsignedTransaction) -> bytes:
        """The transaction as text."""
        self.seen.append(transaction)
        return b"\x02" + repr(transaction).encode()


class ListLedger(Ledger):
    """Keeps records in a list and can run out of disk before a given type of record."""

    def __init__(self, *, full_before: type | None = None) -> None:
        self.records: list[LedgerRecord] = []
        self._full_before = full_before

    @override
    def record(self, record: LedgerRecord) -> None:
        """Append."""
        if self._full_before is not None and isinstance(record, self._full_before):
            raise LedgerError("the ledger cannot be written: disk full")
        self.records.append(record)


class HandClock(Clock):
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.time_ns = 0

    @override
    def now_ns(self) -> int:
        """Where it was left."""
        return self.time_ns
