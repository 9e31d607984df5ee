"""Bundles behind pending transactions, on fakes: what is looked at, what is sent, what never is."""

import asyncio
from dataclasses import dataclass, replace

import msgspec
import pytest
from typing_extensions import override

from graphs.pools.base import Pool
from graphs.units import WEI_PER_ETHER
from searcher.backrunning import MINED_BOUND, Backrunning, Overheard, Surrounding
from searcher.effects.outcome import Effect, Reason, Unknown
from searcher.effects.prospect import Prospect
from searcher.execution import Execution, Ports, Venue
from searcher.model import Bundle, LedgerRecord
from searcher.pending import PendingTransaction
from searcher.ports import Foresight
from searcher.scan import scan_snapshot
from searcher.tracker import Snapshot
from tests.searcher.fakes import (
    AcceptingRelay,
    AgreeingSimulator,
    HandClock,
    LegibleSigner,
    ListedFeed,
    ListLedger,
)
from tests.searcher.played import SLOT_SECONDS, health_of
from tests.searcher.records import (
    CHEAP,
    DEAR,
    EXECUTOR,
    GAP,
    OWNER,
    PENDING,
    TERMS,
    block,
    constant_product,
    market,
    tracker,
)

EVEN = (GAP[0], replace(GAP[0], id=DEAR))
"""Two pools of one price: nothing to do before somebody trades."""

OPENED = Effect(touched=(constant_product(DEAR, 1_000 * WEI_PER_ETHER, 2_200_000 * WEI_PER_ETHER),))
"""What the stranger leaves: the gap of all other tests."""

SURROUNDING = Surrounding(chain_id=1, slot_seconds=12, routers={}, account=OWNER)


class Told(Foresight):
    """Knows what a test says, and remembers what it was asked."""

    def __init__(self, outcome: Effect | Unknown) -> None:
        self.outcome = outcome
        self.asked: list[tuple[str, str]] = []

    @override
    async def effect(self, pending: PendingTransaction, prospect: Prospect) -> Effect | Unknown:
        """As told."""
        self.asked.append((pending.transaction.hash, prospect.market.block_hash))
        return self.outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything behind a Backrunning."""

    relay: AcceptingRelay
    simulator: AgreeingSimulator
    ledger: ListLedger
    foresight: Told
    backrunning: Backrunning
    snapshot: Snapshot
    overheard: list[Overheard]

    def bundles(self) -> list[Bundle]:
        return [admitted.bundle for admitted in self.relay.seen]


def staged(outcome: Effect | Unknown, *pools: Pool) -> Stage:
    feed = ListedFeed(())
    feed.healths = (health_of(),)
    relay, simulator, ledger = AcceptingRelay(), AgreeingSimulator(), ListLedger()
    follower = tracker(market(*pools))
    snapshot = follower.apply(block(101, parent="0xstart"))
    ports = Ports(
        feed=feed,
        simulator=simulator,
        relays=(relay,),
        signer=LegibleSigner(),
        ledger=ledger,
        clock=HandClock(),
    )
    seen: list[LedgerRecord] = []
    overheard: list[Overheard] = []
    execution = Execution(
        ports,
        follower,
        venue=Venue(executor=EXECUTOR, slot_seconds=SLOT_SECONDS),
        watch=seen.append,
    )
    foresight = Told(outcome)
    backrunning = Backrunning(
        execution,
        foresight=foresight,
        terms=TERMS,
        surrounding=SURROUNDING,
        watch=overheard.append,
    )
    return Stage(
        relay=relay,
        simulator=simulator,
        ledger=ledger,
        foresight=foresight,
        backrunning=backrunning,
        snapshot=snapshot,
        overheard=overheard,
    )


async def played(stage: Stage, *heard: PendingTransaction) -> Stage:
    """What became of these, heard once the head was searched."""
    stage.backrunning.look_from(scan_snapshot(stage.snapshot, TERMS, before=None))
    for pending in heard:
        stage.backrunning.hear(pending)
    await worked(stage)
    return stage


async def worked(stage: Stage) -> None:
    """Let it look at everything."""
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(stage.backrunning.run())
        await stage.backrunning.drained()
        running.cancel()


async def test_the_strangers_transaction_comes_first_and_ours_after_it() -> None:
    stage = await played(staged(OPENED, *EVEN), PENDING)

    (bundle,) = stage.bundles()
    assert bundle.target == PENDING
    assert bundle.txs[0] == PENDING.transaction.raw
    assert bundle.own_tx_hashes == bundle.tx_hashes[1:]
    assert bundle.bid.target_block == stage.snapshot.block.number + 1
    assert {hop.pool_id for hop in bundle.bid.opportunity.cycle.hops} == {CHEAP, DEAR}


async def test_what_the_block_offers_anyway_is_no_backrun() -> None:
    same = Effect(touched=(GAP[1],))

    stage = await played(staged(same, *GAP), PENDING)

    assert stage.bundles() == []


async def test_what_nobody_can_foresee_is_not_built_upon() -> None:
    stage = await played(staged(Unknown(reason=Reason.OPAQUE_ROUTE), *EVEN), PENDING)

    assert stage.bundles() == []
    assert [one.reason for one in stage.overheard] == [Reason.OPAQUE_ROUTE]


async def test_our_own_and_unbundleable_transactions_are_never_looked_at() -> None:
    ours = replace(PENDING, transaction=msgspec.structs.replace(PENDING.transaction, sender=OWNER))
    blob = replace(
        PENDING,
        transaction=msgspec.structs.replace(PENDING.transaction, type=3, blob_hashes=("0x01",)),
    )
    stage = staged(OPENED, *EVEN)
    stage.backrunning.hear(ours)
    stage.backrunning.hear(blob)

    await played(stage, PENDING)

    assert [asked for asked, _ in stage.foresight.asked] == [PENDING.transaction.hash]


async def test_what_a_block_contains_is_not_looked_at_again() -> None:
    stage = await played(staged(OPENED, *EVEN), PENDING)
    head = replace(block(102), tx_hashes=(PENDING.transaction.hash,))

    stage.backrunning.mined(head)
    stage.backrunning.look_from(scan_snapshot(stage.snapshot, TERMS, before=None))
    stage.backrunning.hear(PENDING)
    await worked(stage)

    assert len(stage.foresight.asked) == 1


async def test_what_still_waits_is_looked_at_on_the_next_head() -> None:
    stage = await played(staged(OPENED, *EVEN), PENDING)

    stage.backrunning.mined(block(102))
    stage.backrunning.look_from(scan_snapshot(stage.snapshot, TERMS, before=None))
    await worked(stage)

    assert len(stage.bundles()) == 2
    assert len({bundle.uuid for bundle in stage.bundles()}) == 1


async def test_a_target_that_fails_its_simulation_sends_nothing() -> None:
    stage = staged(OPENED, *EVEN)
    stage.simulator.change = lambda same: replace(same, has_run=False, revert_reason="nonce")

    await played(stage, PENDING)

    assert stage.bundles() == []


@pytest.mark.parametrize("extra", [0, 7])
async def test_memory_of_mined_transactions_is_bounded(extra: int) -> None:
    stage = staged(OPENED, *EVEN)
    hashes = tuple(f"0x{number:064x}" for number in range(MINED_BOUND + extra))

    stage.backrunning.mined(replace(block(102), tx_hashes=hashes))

    assert len(stage.backrunning._mined) == MINED_BOUND
