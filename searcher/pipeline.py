"""The sentence of the program: intake, search, execute, as three tasks of one TaskGroup.

Blocks travel in a bounded queue that never drops; snapshots in a mailbox that keeps the newest.
The pipeline knows ports only, so the same code runs live, on the local chain and on recordings.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from graphs.units import Address
from searcher.bidding import bid
from searcher.bundles import ADMIT, admit, assemble
from searcher.errors import FeedError
from searcher.mailbox import NewestMailbox, OrderedMailbox
from searcher.model import (
    AdmittedBundle,
    Bid,
    Block,
    LedgerRecord,
    Rejection,
    Submission,
)
from searcher.ports import Clock, Feed, Ledger, Relay, Signer, Simulator
from searcher.scan import Scan, Terms, scan_snapshot
from searcher.strategy import find_opportunities
from searcher.tracker import Snapshot, Tracker

BLOCK_QUEUE_BOUND = 64
"""Blocks that may wait to be applied; more is a fatal lag."""

NS_PER_SECOND = 1_000_000_000

DEADLINE = "deadline"
"""The stage of a rejection because the slot or the head went by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What the search made of one snapshot, for whoever watches."""

    block: Block
    """The head that was searched."""

    nominated: int
    """Cycles with a marginal product above one, before flash fee and gas."""

    truncated: bool
    """Whether there are more; then a CutSearch says what was left out."""


Event = Searched | LedgerRecord
"""What a watcher sees: everything that the ledger records, and each search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The world, plugged in by a composition root."""

    feed: Feed
    """Heads, in order."""

    simulator: Simulator
    """The gate before every submission."""

    relays: tuple[Relay, ...]
    """Where admitted bundles go; empty in a dry run."""

    signer: Signer
    """The trading key."""

    ledger: Ledger
    """The record of decisions."""

    clock: Clock
    """The only time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """What to look for and what to pay, with the contract that does it."""

    terms: Terms
    """What to look for, and what must remain of it."""

    executor: Address
    """Our contract."""

    slot_seconds: int
    """A decision that takes longer than a slot is abandoned."""


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
        self._watch = watch
        self._blocks: OrderedMailbox[Block] = OrderedMailbox(bound=BLOCK_QUEUE_BOUND)
        self._snapshots: NewestMailbox[Snapshot] = NewestMailbox()

    async def run(self) -> None:
        """Follow the feed for as long as it lives.

        Raises:
            ExceptionGroup: of SearcherError, when the world is broken; nothing is sent after it.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen(), name="listen")
            tasks.create_task(self._follow(), name="follow")
            tasks.create_task(self._trade(), name="trade")

    async def _listen(self) -> None:
        async for block in self._ports.feed.blocks():
            self._blocks.put(block)
        raise FeedError("blocks", "it ended")

    async def _follow(self) -> None:
        while True:
            block = await self._blocks.get()
            snapshot = self._tracker.apply(block)
            for inclusion in self._tracker.settle(block):
                self._record(inclusion)
            self._snapshots.put(snapshot)

    async def _trade(self) -> None:
        scan: Scan | None = None
        while True:
            snapshot = await self._snapshots.get()
            scan = await asyncio.to_thread(
                scan_snapshot, snapshot, self._strategy.terms, before=scan
            )
            await self._take(scan)

    async def _take(self, scan: Scan) -> None:
        """Send the best bid of the snapshot that can be proven; at most one for each block."""
        snapshot = scan.snapshot
        for offer in await self._offers(scan):
            self._record(offer)
            if isinstance(offer, Rejection):
                return
            verdict = await self._prove(offer, snapshot)
            if isinstance(verdict, AdmittedBundle):
                await self._submit(verdict, snapshot.block)
                return
            self._record(verdict)
            if verdict.stage != ADMIT:
                return
            self._tracker.set_aside(offer.opportunity)

    async def _offers(self, scan: Scan) -> list[Bid] | list[Rejection]:
        """The bids, greatest net profit first; else why the best opportunity is not worth one.

        Sizing runs off the event loop.
        """
        block, terms = scan.snapshot.block, self._strategy.terms
        found = await asyncio.to_thread(
            find_opportunities, scan, terms, set_aside=self._tracker.aside
        )
        self._watch(Searched(block=block, nominated=scan.nominated, truncated=scan.truncated))
        for cut in found.cut:
            self._record(cut)
        for rejection in found.declined:
            self._record(rejection)
        offers = [bid(opportunity, block, terms.bidding) for opportunity in found.opportunities]
        bids = [offer for offer in offers if isinstance(offer, Bid)]
        rejections = [offer for offer in offers if isinstance(offer, Rejection)]
        return sorted(bids, key=lambda offer: -offer.net_profit_wei) or rejections[:1]

    async def _prove(self, chosen: Bid, snapshot: Snapshot) -> AdmittedBundle | Rejection:
        """Sign, simulate and admit while the snapshot's block is the head and its slot lasts."""
        bundle = assemble(
            chosen,
            market=snapshot.market,
            executor=self._strategy.executor,
            signer=self._ports.signer,
            nonce=snapshot.block.account.nonce,
        )
        try:
            async with asyncio.timeout(self._remaining_s(snapshot.block)):
                simulation = await self._ports.simulator.simulate(bundle)
        except TimeoutError:
            return _late(chosen, "the slot passed")
        self._record(simulation)
        if self._remaining_s(snapshot.block) <= 0:
            return _late(chosen, "the slot passed")
        if self._tracker.head_hash != snapshot.block.hash:
            return _late(chosen, "the head moved on")
        return admit(bundle, simulation)

    def _remaining_s(self, block: Block) -> float:
        """What is left of the slot that this head opened."""
        elapsed_ns = self._ports.clock.now_ns() - block.received_ns
        return self._strategy.slot_seconds - elapsed_ns / NS_PER_SECOND

    async def _submit(self, admitted: AdmittedBundle, block: Block) -> None:
        """Ledger before network: the intent is on disk before the first byte leaves."""
        if not self._ports.relays:
            return
        self._record(admitted.bundle)
        self._tracker.open(admitted.bundle)
        async with asyncio.TaskGroup() as tasks:
            for relay in self._ports.relays:
                tasks.create_task(self._submit_to(relay, admitted, block))

    async def _submit_to(self, relay: Relay, admitted: AdmittedBundle, block: Block) -> None:
        try:
            async with asyncio.timeout(self._remaining_s(block)):
                self._record(await relay.submit(admitted))
        except TimeoutError:
            self._record(self._unanswered(relay, admitted))

    def _unanswered(self, relay: Relay, admitted: AdmittedBundle) -> Submission:
        return Submission(
            bundle_id=admitted.bundle.id,
            relay=relay.name,
            accepted=False,
            answer="no answer before the slot passed",
            sent_ns=self._ports.clock.now_ns(),
        )

    def _record(self, record: LedgerRecord) -> None:
        self._ports.ledger.record(record)
        self._watch(record)


def _late(chosen: Bid, reason: str) -> Rejection:
    return Rejection(
        block_number=chosen.opportunity.block_number,
        cycle=chosen.opportunity.cycle,
        stage=DEADLINE,
        reason=reason,
    )
