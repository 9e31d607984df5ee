"""From what others announce to bundles that follow it: the pipeline's second way to an offer.

It shares everything from the search on with block arbitrage. A transaction is looked at when it is
first heard of, and again at each head until it is mined or the head has forgotten it; what it does
is asked of the foresight, and only an effect that is known to the wei is built upon. Our
transaction always comes after the observed one: to come before it would take from its sender.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from graphs.token_graph import TokenGraph
from graphs.units import Address
from searcher.backrun import Backrun, find_backruns
from searcher.bidding import following_base_fee
from searcher.bundles import Offer
from searcher.effects.outcome import Effect, Unknown
from searcher.effects.pool_index import PoolIndex
from searcher.effects.prospect import Prospect
from searcher.effects.router import Router
from searcher.execution import Execution
from searcher.mailbox import DroppingMailbox
from searcher.model import Bid, Block, Rejection
from searcher.pending import PendingTransaction
from searcher.ports import Foresight
from searcher.scan import Scan, Terms, scan_what_if
from searcher.sequels import ranked_bids, sequels

WAITING_BOUND: Final = 1_024
"""Transactions that wait to be looked at; beyond it the oldest are dropped and counted."""

PROMISING_BOUND: Final = 64
"""Transactions that touch our pools, looked at again at the next head; the newest are kept."""


MINED_BOUND: Final = 4_096
"""Hashes of mined transactions that are remembered: some twenty blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overheard:
    """What was made of a pending transaction, for whoever watches."""

    tx_hash: str
    """Which one."""

    touched: int
    """Pools of ours that it changes."""

    reason: str
    """Why nobody knows what it does; empty where it is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surrounding:
    """What a prospect takes from the network."""

    chain_id: int
    """What transactions are signed for."""

    slot_seconds: int
    """Between blocks."""

    routers: Mapping[Address, Router]
    """Those that we know, by address."""

    account: Address
    """Ours: our own transactions are no targets."""


class Backrunning:
    """Follows pending transactions on the newest scan."""

    def __init__(
        self,
        execution: Execution,
        *,
        foresight: Foresight,
        terms: Terms,
        surrounding: Surrounding,
        watch: Callable[[Overheard], None],
    ) -> None:
        self._execution = execution
        self._foresight = foresight
        self._terms = terms
        self._surrounding = surrounding
        self._watch = watch
        self._scan: Scan | None = None
        self._index: tuple[TokenGraph, PoolIndex] | None = None
        self._waiting: DroppingMailbox[PendingTransaction] = DroppingMailbox(bound=WAITING_BOUND)
        self._promising: OrderedDict[str, PendingTransaction] = OrderedDict()
        self._mined: OrderedDict[str, None] = OrderedDict()

    @property
    def dropped(self) -> int:
        """Transactions that came faster than they could be looked at."""
        return self._waiting.dropped

    async def drained(self) -> None:
        """Wait until everything that was heard has been looked at."""
        await self._waiting.drained()

    def hear(self, pending: PendingTransaction) -> None:
        """Take one in, without waiting. What cannot be bundled as it is, or is ours, is left."""
        transaction = pending.transaction
        if transaction.is_bundleable() and transaction.sender != self._surrounding.account:
            self._waiting.put(pending)

    def mined(self, block: Block) -> None:
        """Forget what a block contains: nothing can come right after it any more."""
        for tx_hash in block.tx_hashes:
            self._promising.pop(tx_hash, None)
        self._mined.update(dict.fromkeys(block.tx_hashes))
        while len(self._mined) > MINED_BOUND:
            self._mined.popitem(last=False)

    def look_from(self, scan: Scan) -> None:
        """Work on another head from now on, and look again at what may matter there."""
        self._scan = scan
        for pending in self._promising.values():
            self._waiting.put(pending)
        self._promising.clear()

    async def run(self) -> None:
        """Look at what was heard, one after the other, for ever."""
        while True:
            pending = await self._waiting.get()
            if self._scan is not None and pending.transaction.hash not in self._mined:
                await self._look(pending, self._scan)
            self._waiting.done()

    async def _look(self, pending: PendingTransaction, scan: Scan) -> None:
        outcome = await self._foresight.effect(pending, self._prospect(scan))
        tx_hash = pending.transaction.hash
        if isinstance(outcome, Unknown):
            self._watch(Overheard(tx_hash=tx_hash, touched=0, reason=outcome.reason))
            return
        self._watch(Overheard(tx_hash=tx_hash, touched=len(outcome.touched), reason=""))
        self._promise(pending)
        found = await asyncio.to_thread(
            find_backruns, scan, [(pending, outcome)], self._terms, set_aside=self._execution.aside
        )
        for backrun in found:
            await self._follow(scan, backrun, outcome)

    async def _follow(self, scan: Scan, backrun: Backrun, effect: Effect) -> None:
        """Send the best bid behind the transaction, then with more of the same block."""
        block = scan.snapshot.block
        best = ranked_bids(backrun.opportunities, block, self._terms)[0]
        self._execution.record(best)
        if isinstance(best, Rejection):
            return
        snapshot = backrun.scan.snapshot
        alone = Offer(bids=(best,), market=snapshot.market, target=backrun.target)
        if await self._execution.execute(alone, snapshot) is not None:
            return
        if not self._execution.sends:
            return
        further = await asyncio.to_thread(self._sequels, scan, best, effect)
        if further:
            for one in further:
                self._execution.record(one)
            together = Offer(bids=(best, *further), market=snapshot.market, target=backrun.target)
            await self._execution.execute(together, snapshot)

    def _sequels(self, scan: Scan, best: Bid, effect: Effect) -> tuple[Bid, ...]:
        """What else pays in the block that begins with the transaction and our answer to it."""
        after = scan_what_if(scan, effect.touched)
        return sequels(after, best, self._terms, set_aside=self._execution.aside)

    def _promise(self, pending: PendingTransaction) -> None:
        self._promising[pending.transaction.hash] = pending
        while len(self._promising) > PROMISING_BOUND:
            self._promising.popitem(last=False)

    def _prospect(self, scan: Scan) -> Prospect:
        block, market = scan.snapshot.block, scan.snapshot.market
        graph = scan.snapshot.graph
        if self._index is None or self._index[0].topology is not graph.topology:
            self._index = graph, PoolIndex.from_pools(market.pools.values())
        return Prospect(
            market=market,
            index=self._index[1],
            routers=self._surrounding.routers,
            taxed=self._execution.taxed,
            chain_id=self._surrounding.chain_id,
            timestamp_s=block.timestamp_s + self._surrounding.slot_seconds,
            base_fee_wei=following_base_fee(block),
        )
