"""The sentence of the program: intake, search, execute, as tasks of one TaskGroup.

Blocks travel in a bounded queue that never drops; snapshots in a mailbox that keeps the newest.
The pipeline knows ports only, so the same code runs live, on the local chain and on recordings.
"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass

from searcher.audit import Auditor
from searcher.backrunning import Backrunning, Overheard, Surrounding
from searcher.bidding import bid
from searcher.bundles import ADMIT, Offer
from searcher.errors import FeedError
from searcher.exchange_signals import SignalSearch, find_signals
from searcher.execution import ADMISSION, GUARD, Execution, Ports, Venue
from searcher.mailbox import NewestMailbox, OrderedMailbox
from searcher.model import Bid, Block, LedgerRecord, Rejection
from searcher.ports import PendingTransactions
from searcher.scan import Scan, Terms, scan_snapshot
from searcher.sequels import ranked_bids, sequels
from searcher.strategy import find_opportunities
from searcher.tracker import Snapshot, Tracker

BLOCK_QUEUE_BOUND = 64
"""Blocks that may wait to be applied; more is a fatal lag."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What the search made of one snapshot, for whoever watches."""

    block: Block
    """The head that was searched."""

    nominated: int
    """Cycles with a marginal product above one, before flash fee and gas."""

    truncated: bool
    """Whether there are more; then a CutSearch says what was left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealt:
    """A snapshot of which no more will be made."""

    block: Block
    """The head that was dealt with."""


Event = Searched | Dealt | Overheard | LedgerRecord
"""What a watcher sees: all that the ledger records, and the beginning and the end of each block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """What to look for and what to pay, and where it is done."""

    terms: Terms
    """What to look for, and what must remain of it."""

    venue: Venue
    """Our contract, and the time for a decision."""

    surrounding: Surrounding | None = None
    """What backruns need to know of the network; None where none are sought."""

    signals: SignalSearch | None = None
    """What is looked for between exchanges and the chain; None where nothing is."""


class Pipeline:
    """Runs until its feed fails or its caller cancels it."""

    def __init__(
        self,
        ports: Ports,
        tracker: Tracker,
        *,
        strategy: Strategy,
        watch: Callable[[Event], None] = lambda _event: None,
    ) -> None:
        self._ports = ports
        self._tracker = tracker
        self._strategy = strategy
        self._terms = strategy.terms
        self._watch = watch
        self._execution = Execution(ports, tracker, venue=strategy.venue, watch=watch)
        self._blocks: OrderedMailbox[Block] = OrderedMailbox(bound=BLOCK_QUEUE_BOUND)
        self._snapshots: NewestMailbox[Snapshot] = NewestMailbox()
        self._audits: NewestMailbox[Snapshot] = NewestMailbox()
        self._backrunning = self._backruns(strategy)

    async def run(self) -> None:
        """Follow the feed for as long as it lives.

        Raises:
            ExceptionGroup: of SearcherError, when the world is broken; nothing is sent after it.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="listen")
            tasks.create_task(self._follow(), name="follow")
            tasks.create_task(self._trade(), name="trade")
            if self._ports.auditor is not None:
                tasks.create_task(self._audit(self._ports.auditor), name="audit")
            if self._ports.pending is not None and self._backrunning is not None:
                tasks.create_task(self._overhear(self._ports.pending), name="overhear")
                tasks.create_task(self._backrunning.run(), name="backrun")

    def _backruns(self, strategy: Strategy) -> Backrunning | None:
        if self._ports.foresight is None or strategy.surrounding is None:
            return None
        return Backrunning(
            self._execution,
            foresight=self._ports.foresight,
            terms=self._terms,
            surrounding=strategy.surrounding,
            watch=self._watch,
        )

    async def _listen(self) -> None:
        async with aclosing(self._ports.feed.blocks()) as blocks:
            async for block in blocks:
                self._blocks.put(block)
        raise FeedError("blocks", "it ended")

    async def _follow(self) -> None:
        while True:
            block = await self._blocks.get()
            snapshot = self._tracker.apply(block)
            if self._backrunning is not None:
                self._backrunning.mined(block)
            for inclusion in self._tracker.settle(block):
                self._execution.record(inclusion)
            self._snapshots.put(snapshot)
            self._audits.put(snapshot)

    async def _audit(self, auditor: Auditor) -> None:
        """Compare pools with the chain behind the events' back, at each head that comes in time."""
        while True:
            snapshot = await self._audits.get()
            if self._ports.prices is not None:
                await self._ports.prices.refresh(snapshot.block)
            audit = await auditor.audit(snapshot.market, self._tracker.quarantine.closed)
            self._tracker.take_audit(audit)

    async def _overhear(self, pending: PendingTransactions) -> None:
        async with aclosing(pending.transactions()) as announced:
            async for transaction in announced:
                if self._backrunning is not None:
                    self._backrunning.hear(transaction)

    async def _trade(self) -> None:
        scan: Scan | None = None
        while True:
            snapshot = await self._snapshots.get()
            scan = await asyncio.to_thread(scan_snapshot, snapshot, self._terms, before=scan)
            if self._backrunning is not None:
                self._backrunning.look_from(scan)
            await self._arbitrage(scan)
            await self._execution.withdraw(snapshot.block)
            await self._signal(snapshot)
            self._watch(Dealt(block=snapshot.block))

    async def _arbitrage(self, scan: Scan) -> None:
        """Send the best bid that can be proven, then more of the same block and for later ones."""
        snapshot = scan.snapshot
        best = await self._send_best(scan)
        if best is None or not self._execution.sends:
            return
        await self._send_sequels(scan, best)
        for ahead in range(2, self._terms.bidding.target_blocks + 1):
            later = bid(best.opportunity, snapshot.block, self._terms.bidding, ahead=ahead)
            if isinstance(later, Rejection):
                self._execution.record(later)
                return
            self._execution.record(later)
            offer = Offer(bids=(later,), market=snapshot.market)
            if await self._execution.execute(offer, snapshot) is not None:
                return

    async def _signal(self, snapshot: Snapshot) -> None:
        """Record the best gap between exchanges and this block, which is never sent."""
        search, prices = self._strategy.signals, self._ports.prices
        if search is None or prices is None:
            return
        now_ns = self._ports.clock.now_ns()
        books = prices.books(now_ns)
        found = await asyncio.to_thread(find_signals, snapshot.market, books, search, now_ns=now_ns)
        for signal in found.signals:
            self._execution.record(signal)

    async def _send_best(self, scan: Scan) -> Bid | None:
        """Send the best bid of the snapshot that can be proven, and give it."""
        for chosen in await self._bids(scan):
            self._execution.record(chosen)
            if isinstance(chosen, Rejection):
                return None
            offer = Offer(bids=(chosen,), market=scan.snapshot.market)
            refused = await self._execution.execute(offer, scan.snapshot)
            if refused is None:
                return chosen
            if refused.stage not in {ADMIT, ADMISSION, GUARD}:
                return None
            self._tracker.set_aside(chosen.opportunity)
        return None

    async def _send_sequels(self, scan: Scan, best: Bid) -> None:
        """Replace the bundle by one in which further opportunities follow, where there are any."""
        bids = await asyncio.to_thread(
            sequels, scan, best, self._terms, set_aside=self._tracker.aside
        )
        if not bids:
            return
        for one in bids:
            self._execution.record(one)
        offer = Offer(bids=(best, *bids), market=scan.snapshot.market)
        await self._execution.execute(offer, scan.snapshot)

    async def _bids(self, scan: Scan) -> list[Bid] | list[Rejection]:
        """The bids, greatest net profit first; else why the best opportunity is not worth one.

        Sizing runs off the event loop.
        """
        block = scan.snapshot.block
        found = await asyncio.to_thread(
            find_opportunities, scan, self._terms, set_aside=self._tracker.aside
        )
        self._watch(Searched(block=block, nominated=scan.nominated, truncated=scan.truncated))
        for cut in found.cut:
            self._execution.record(cut)
        for rejection in found.declined:
            self._execution.record(rejection)
        return ranked_bids(found.opportunities, block, self._terms)
