"""From an offer to what relays answer: sign, simulate, admit, write down, send; and withdraw.

One object for block arbitrage and backruns alike, so that no bundle leaves by another way. It stops
where the head has moved on or the slot is over, each time as a value in the ledger.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from graphs.cycles import Cycle
from graphs.units import Address
from searcher.audit import Auditor
from searcher.bundles import Offer, admit, assemble
from searcher.feed_health import FeedState
from searcher.flash_lenders import LenderKind
from searcher.model import (
    AdmittedBundle,
    Bid,
    Block,
    Bundle,
    LedgerRecord,
    Rejection,
    Submission,
)
from searcher.ports import (
    Clock,
    Feed,
    Foresight,
    Gate,
    Ledger,
    PendingTransactions,
    Prices,
    Relay,
    Signer,
    Simulator,
)
from searcher.settlement import Intent, intent_of
from searcher.tracker import Snapshot, Tracker

NS_PER_SECOND = 1_000_000_000

MISSED_SLOTS = 2
"""After so many empty slots before its target a bundle is no longer wanted."""

DEADLINE = "deadline"
"""The stage of a rejection because the slot or the head went by."""

ADMISSION = "admission"
"""The stage of a rejection because a token is not what it seems."""

GUARD = "guard"
"""The stage of a rejection because of prices that nobody else shows."""

FEED = "feed"
"""The stage of a rejection because what it was found on may not be true."""

NO_LONGER_FOUND = "no longer found"
"""Why a bundle for a later block is withdrawn."""


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

    auditor: Auditor | None = None
    """Looks at pools behind the events' back; None to trust events alone."""

    pending: PendingTransactions | None = None
    """What others have announced; None for block arbitrage alone."""

    foresight: Foresight | None = None
    """What that will do."""

    gate: Gate | None = None
    """Which tokens can be traded; None to try none beforehand."""

    prices: Prices | None = None
    """What exchanges and oracles say; None to believe the pools alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """Where bundles are executed, and how long a decision may take."""

    executor: Address
    """Our contract."""

    slot_seconds: int
    """A decision that takes longer than a slot is abandoned."""


class Execution:
    """Proves offers and sends them, recording every step before the next."""

    def __init__(
        self,
        ports: Ports,
        tracker: Tracker,
        *,
        venue: Venue,
        watch: Callable[[LedgerRecord], None],
    ) -> None:
        self._ports = ports
        self._tracker = tracker
        self._venue = venue
        self._watch = watch

    @property
    def sends(self) -> bool:
        """Whether anything leaves; False in a dry run."""
        return bool(self._ports.relays)

    @property
    def aside(self) -> frozenset[tuple[Cycle, LenderKind]]:
        """What failed its proof lately."""
        return self._tracker.aside

    @property
    def taxed(self) -> frozenset[Address]:
        """Tokens that are known to keep a share of transfers."""
        return frozenset() if self._ports.gate is None else self._ports.gate.taxed

    async def execute(self, offer: Offer, snapshot: Snapshot) -> Rejection | None:
        """Prove the offer and send it to every relay; say why not where it cannot be proven."""
        refused = self._guarded(offer) or await self._admitted(offer, snapshot)
        verdict = refused or await self._prove(offer, snapshot)
        if isinstance(verdict, Rejection):
            self.record(verdict)
            return verdict
        await self._submit(verdict, snapshot.block)
        return None

    async def withdraw(self, block: Block) -> None:
        """Cancel what an earlier block had us send for a later one and this block did not renew."""
        stale = [
            intent
            for intent in self._tracker.open_intents
            if intent.block_number < block.number < intent.target_block
        ]
        for intent in stale:
            self._tracker.withdraw(intent, NO_LONGER_FOUND)
        async with asyncio.TaskGroup() as tasks:
            for intent in stale:
                for relay in self._ports.relays:
                    tasks.create_task(self._cancel(relay, intent, block))

    def record(self, record: LedgerRecord) -> None:
        """Commit to the ledger, then tell whoever watches.

        Raises:
            LedgerError: it cannot be written.
        """
        self._ports.ledger.record(record)
        self._watch(record)

    def _guarded(self, offer: Offer) -> Rejection | None:
        """Why its prices are not believed, by the exchanges and oracles of this moment."""
        if self._ports.prices is None:
            return None
        references = self._ports.prices.references(self._ports.clock.now_ns())
        for one in offer.bids:
            refusal = references.refusal(one.opportunity.cycle, one.opportunity.amounts)
            if refusal is not None:
                return declined(one, GUARD, refusal)
        return None

    async def _admitted(self, offer: Offer, snapshot: Snapshot) -> Rejection | None:
        """Why one of its tokens may not be traded; each is tried once in many blocks."""
        if self._ports.gate is None:
            return None
        tokens = {hop.token_in for one in offer.bids for hop in one.opportunity.cycle.hops}
        try:
            async with asyncio.timeout(self._remaining_s(snapshot.block)):
                refusal = await self._ports.gate.refusal(tokens, snapshot.block)
        except TimeoutError:
            return declined(offer.bids[0], DEADLINE, "the slot passed")
        return None if refusal is None else declined(offer.bids[0], ADMISSION, refusal)

    async def _prove(self, offer: Offer, snapshot: Snapshot) -> AdmittedBundle | Rejection:
        """Sign, simulate and admit while the snapshot's block is the head and its slot lasts."""
        block = snapshot.block
        slots = offer.bids[0].target_block - block.number + MISSED_SLOTS
        bundle = assemble(
            offer,
            executor=self._venue.executor,
            signer=self._ports.signer,
            nonce=block.account.nonce,
            max_timestamp_s=block.timestamp_s + slots * self._venue.slot_seconds,
        )
        try:
            async with asyncio.timeout(self._remaining_s(snapshot.block)):
                simulation = await self._ports.simulator.simulate(bundle)
        except TimeoutError:
            return _declined(bundle, DEADLINE, "the slot passed")
        self.record(simulation)
        verdict = admit(bundle, simulation)
        reason = self._obstacle(snapshot)
        return verdict if reason is None else _declined(bundle, *reason)

    def _obstacle(self, snapshot: Snapshot) -> tuple[str, str] | None:
        """Why nothing may be sent now, whatever the simulation says: the stage and the reason."""
        if self._remaining_s(snapshot.block) <= 0:
            return DEADLINE, "the slot passed"
        if self._tracker.head_hash != snapshot.block.hash:
            return DEADLINE, "the head moved on"
        whole = self._ports.feed.health()[0]
        if whole.state is not FeedState.LIVE:
            return FEED, f"{whole.source} is {whole.state}: {whole.reason}"
        return None

    def _remaining_s(self, block: Block) -> float:
        """What is left of the slot that this head opened."""
        elapsed_ns = self._ports.clock.now_ns() - block.received_ns
        return self._venue.slot_seconds - elapsed_ns / NS_PER_SECOND

    async def _submit(self, admitted: AdmittedBundle, block: Block) -> None:
        """Ledger before network: the intent is on disk before the first byte leaves."""
        if not self._ports.relays:
            return
        self.record(admitted.bundle)
        self._tracker.open(intent_of(admitted.bundle))
        for relay in self._ports.relays:
            relay.prepare(admitted)
        async with asyncio.TaskGroup() as tasks:
            for relay in self._ports.relays:
                tasks.create_task(self._submit_to(relay, admitted, block))

    async def _submit_to(self, relay: Relay, admitted: AdmittedBundle, block: Block) -> None:
        try:
            async with asyncio.timeout(self._remaining_s(block)):
                self.record(await relay.submit(admitted))
        except TimeoutError:
            self.record(self._unanswered(relay, admitted.bundle))

    async def _cancel(self, relay: Relay, intent: Intent, block: Block) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._remaining_s(block)):
                self.record(await relay.cancel(intent, NO_LONGER_FOUND))

    def _unanswered(self, relay: Relay, bundle: Bundle) -> Submission:
        return Submission(
            bundle_id=bundle.id,
            relay=relay.name,
            accepted=False,
            answer="no answer before the slot passed",
            sent_ns=self._ports.clock.now_ns(),
        )


def _declined(bundle: Bundle, stage: str, reason: str) -> Rejection:
    return declined(bundle.bid, stage, reason)


def declined(bid: Bid, stage: str, reason: str) -> Rejection:
    """A rejection of what was bid on."""
    return Rejection(
        block_number=bid.opportunity.block_number,
        cycle=bid.opportunity.cycle,
        stage=stage,
        reason=reason,
    )
