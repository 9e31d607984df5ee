"""The only mutable object of the program: which block is the head, and what the market was at each.

Each block leaves an immutable market and graph, kept by hash, so a reorg is a lookup of the
parent's and never an undo. Open and decided intents live here too, because a block decides them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from graphs.cycles import Cycle
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.token_graph import TokenGraph
from graphs.units import PoolId
from searcher.audit import BEARABLE, Audit, AuditLimits, Quarantine
from searcher.errors import DivergenceError
from searcher.flash_lenders import LenderKind
from searcher.model import (
    Block,
    Inclusion,
    Opportunity,
    Outcome,
)
from searcher.pool_application import apply_updates
from searcher.pool_updates import PoolUpdate
from searcher.settlement import Intent, reorged, settle

KEPT_BLOCKS = 64
"""Snapshots kept for reorgs: two epochs, after which Ethereum has finalised."""

REPLACED = "replaced by a later bundle"
"""Why what has the same uuid is withdrawn."""

ASIDE_BLOCKS = 32
"""How long what failed its proof is left out: an epoch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that a decision needs, derived from one block."""

    block: Block
    """The head."""

    market: Market
    """Every pool after it."""

    graph: TokenGraph
    """The same, compiled for the search."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Branch:
    """What a kept block did, for pools that were not believed at the time."""

    parent_hash: str
    updates: tuple[PoolUpdate, ...]


class Tracker:
    """Follows the canonical chain and the intents that wait for it."""

    def __init__(
        self, market: Market, graph: TokenGraph, *, limits: AuditLimits = BEARABLE
    ) -> None:
        self._states = {market.block_hash: (market, graph)}
        self._branches: dict[str, _Branch] = {}
        self._quarantine = Quarantine(limits=limits)
        self._head = market
        self._open: dict[str, Intent] = {}
        self._aside: dict[tuple[Cycle, LenderKind], int] = {}
        self._decided: dict[str, tuple[Intent, Inclusion]] = {}

    @property
    def head_hash(self) -> str:
        """The identity of the newest applied block."""
        return self._head.block_hash

    @property
    def aside(self) -> frozenset[tuple[Cycle, LenderKind]]:
        """What failed its proof lately: no bid is made on it for a while."""
        return frozenset(
            failed
            for failed, number in self._aside.items()
            if number > self._head.block_number - ASIDE_BLOCKS
        )

    def set_aside(self, opportunity: Opportunity) -> None:
        """Remember what failed its proof: a token, a pool or the lender is not what it seems."""
        self._aside = {failed: self._aside[failed] for failed in self.aside}
        self._aside[opportunity.cycle, opportunity.lender.kind] = self._head.block_number

    @property
    def quarantine(self) -> Quarantine:
        """Which pools are not believed, and what audits found so far."""
        return self._quarantine

    def take_audit(self, audit: Audit) -> None:
        """Close what differs and open what was read, from the next block on.

        An audit of a block that is no ancestor of the head has nothing to say about the head.

        Raises:
            DivergenceError: more differs than is bearable.
        """
        missed = self._missed_since(audit.block_hash)
        if missed is None:
            return
        restored = {pool.id: pool for pool in audit.restored if pool.id in self._quarantine.closed}
        missing = [update for update in missed if update.pool_id in restored]
        caught_up = apply_updates(self._head.with_pools(restored.values()), missing).market
        restored = {pool_id: caught_up.pools[pool_id] for pool_id in restored}
        self._quarantine = self._quarantine.after(replace(audit, restored=(*restored.values(),)))
        if restored:
            self._reopen(restored)

    def apply(self, block: Block) -> Snapshot:
        """Make the block the head: its parent's snapshot with its updates. O(touched pools).

        Raises:
            DivergenceError: the parent is unknown, or an event contradicts the state.
        """
        if block.parent_hash not in self._states:
            raise DivergenceError(f"block {block.number} builds on an unknown parent")
        market, graph = self._states[block.parent_hash]
        self._quarantine = self._quarantine.before(market)
        applied = apply_updates(market, block.updates)
        closing = self._quarantine.closing(applied.market)
        market = applied.market.with_pools(closing.values()) if closing else applied.market
        self._branches[block.hash] = _Branch(parent_hash=block.parent_hash, updates=block.updates)
        if touched := applied.touched | closing.keys():
            graph = graph.refreshed(market, touched)
        market = replace(market, block_number=block.number, block_hash=block.hash)
        self._states[block.hash] = market, graph
        self._head = market
        self._forget(block.number - KEPT_BLOCKS)
        return Snapshot(block=block, market=market, graph=graph)

    @property
    def open_intents(self) -> tuple[Intent, ...]:
        """What we want to land, in the order of sending."""
        return tuple(intent for intent in self._open.values() if not intent.withdrawn)

    def open(self, intent: Intent) -> None:
        """Remember what is about to be sent, and that it replaces what has the same uuid."""
        for older in self.open_intents:
            if older.uuid == intent.uuid:
                self.withdraw(older, REPLACED)
        self._open[intent.bundle_id] = intent

    def withdraw(self, intent: Intent, reason: str) -> None:
        """Remember that it is no longer wanted; it may land all the same until it is decided."""
        self._open[intent.bundle_id] = replace(intent, withdrawn=reason)

    def recall(self, intent: Intent, inclusion: Inclusion) -> None:
        """Remember what an earlier run has decided, since a reorg may decide it again."""
        self._decided[intent.bundle_id] = intent, inclusion

    def settle(self, block: Block) -> tuple[Inclusion, ...]:
        """Decide every intent that this block decides, reorged ones first.

        When blocks are replaced, what they decided is open again, since the new block of the same
        height may decide otherwise; what had been mined is reported as reorged.
        """
        taken_back = tuple(self._taken_back(block))
        self._reopen_leaked(block)
        decided = settle(self._open.values(), block)
        for inclusion in decided:
            self._decided[inclusion.bundle_id] = (self._open.pop(inclusion.bundle_id), inclusion)
        return (*taken_back, *decided)

    def _taken_back(self, block: Block) -> Iterable[Inclusion]:
        for intent, inclusion in list(self._decided.values()):
            if inclusion.block_number >= block.number:
                del self._decided[intent.bundle_id]
                self._open[intent.bundle_id] = intent
                if inclusion.outcome is not Outcome.MISSED:
                    yield reorged(inclusion)
            elif inclusion.block_number <= block.number - KEPT_BLOCKS:
                del self._decided[intent.bundle_id]

    def _reopen_leaked(self, block: Block) -> None:
        """Decide again what missed its target and is mined now, outside its bundle."""
        mined = {receipt.tx_hash for receipt in block.receipts}
        for intent, inclusion in list(self._decided.values()):
            if inclusion.outcome is Outcome.MISSED and mined.intersection(intent.tx_hashes):
                del self._decided[intent.bundle_id]
                self._open[intent.bundle_id] = intent

    def _missed_since(self, block_hash: str) -> list[PoolUpdate] | None:
        """All updates after a block up to the head; None where it is no kept ancestor of it."""
        newest_first: list[PoolUpdate] = []
        at = self._head.block_hash
        while at != block_hash:
            branch = self._branches.get(at)
            if branch is None:
                return None
            newest_first.extend(reversed(branch.updates))
            at = branch.parent_hash
        return newest_first[::-1]

    def _reopen(self, pools: Mapping[PoolId, Pool]) -> None:
        """Put pools as the chain has them into the head's state."""
        _, graph = self._states[self._head.block_hash]
        self._head = self._head.with_pools(pools.values())
        graph = graph.refreshed(self._head, pools.keys())
        self._states[self._head.block_hash] = self._head, graph

    def _forget(self, last_number: int) -> None:
        self._states = {
            block_hash: (market, graph)
            for block_hash, (market, graph) in self._states.items()
            if market.block_number > last_number
        }
        self._branches = {
            block_hash: branch
            for block_hash, branch in self._branches.items()
            if block_hash in self._states
        }
