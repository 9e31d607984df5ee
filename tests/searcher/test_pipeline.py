"""The sentence of the program on fakes: what is sent, what is recorded, and in which order.

Blocks are released one by one, each when the one before was searched; the last finds nothing, so
that whatever the others led to has happened when the feed hangs up.
"""

from dataclasses import replace

import pytest

from graphs.units import WEI_PER_ETHER
from searcher.errors import DivergenceError, FeedError, LagError, LedgerError
from searcher.flash_lenders import LenderKind
from searcher.model import (
    Bid,
    Bundle,
    CutSearch,
    Inclusion,
    Outcome,
    Rejection,
    Simulation,
    Submission,
)
from searcher.pipeline import BLOCK_QUEUE_BOUND, Dealt, Searched
from searcher.settings.bot import (
    BiddingSettings,
)
from searcher.settlement import intent_of
from tests.searcher.fakes import (
    AcceptingRelay,
    AgreeingSimulator,
    HandClock,
    ListLedger,
    SilentRelay,
)
from tests.searcher.played import (
    FIRST,
    QUIET,
    SLOT_SECONDS,
    STRATEGY,
    WRONG,
    World,
    played,
    stopped,
)
from tests.searcher.records import (
    ACCOUNT,
    GAP,
    RANGE,
    SEARCH,
    SECOND_NS,
    TERMS,
    block,
    bundle,
    constant_product,
    market,
    receipt,
    tracker,
)


async def test_dry_run_simulates_and_records_but_submits_nothing() -> None:
    world = await played(World(), FIRST, QUIET)

    assert world.kinds() == [Bid, Simulation]
    assert len(world.simulator.seen) == 1


async def test_live_run_records_every_stage_in_order() -> None:
    world = await played(World(relays=(AcceptingRelay(),)), FIRST, QUIET)

    assert world.kinds() == [Bid, Simulation, Bundle, Submission, Inclusion]


async def test_bundle_is_in_the_ledger_before_the_relay_is_called() -> None:
    ledger, known = ListLedger(), list[type]()
    relay = AcceptingRelay(lambda: known.extend(type(record) for record in ledger.records))

    await played(World(ledger=ledger, relays=(relay,)), FIRST, QUIET)

    assert known == [Bid, Simulation, Bundle]


async def test_what_is_sent_is_what_was_simulated() -> None:
    relay = AcceptingRelay()

    world = await played(World(relays=(relay,)), FIRST, QUIET)

    assert [admitted.bundle for admitted in relay.seen] == world.simulator.seen


async def test_every_relay_gets_the_bundle_and_every_answer_is_recorded() -> None:
    relays = (AcceptingRelay(), AcceptingRelay())

    world = await played(World(relays=relays), FIRST, QUIET)

    assert [len(relay.seen) for relay in relays] == [1, 1]
    assert world.kinds().count(Submission) == len(relays)
    assert world.kinds().count(Bundle) == 1


async def test_watcher_sees_exactly_what_the_ledger_keeps_and_each_search() -> None:
    world = await played(World(relays=(AcceptingRelay(),)), FIRST, QUIET)

    assert [event for event in world.seen if not isinstance(event, Searched | Dealt)] == (
        world.ledger.records
    )
    assert world.searched() == [FIRST.number, QUIET.number]


async def test_transaction_uses_the_nonce_of_the_block_that_it_was_found_on() -> None:
    world = await played(World(), FIRST, QUIET)

    assert [transaction.nonce for transaction in world.signer.seen] == [ACCOUNT.nonce]


async def test_simulation_that_reverts_is_never_submitted() -> None:
    relay = AcceptingRelay()
    simulator = AgreeingSimulator(lambda same: replace(same, revert_reason="no"))

    world = await played(World(simulator=simulator, relays=(relay,)), FIRST, QUIET)

    assert relay.seen == []
    assert world.kinds() == [Bid, Simulation, Rejection] * 2
    assert world.rejections() == ["admit: simulation reverted: no"] * 2


async def test_bid_below_the_minimum_is_recorded_and_never_simulated() -> None:
    greedy = BiddingSettings(min_net_profit_wei=10**6 * WEI_PER_ETHER)
    strategy = replace(STRATEGY, terms=replace(TERMS, bidding=greedy))

    world = await played(World(strategy=strategy, relays=(AcceptingRelay(),)), FIRST, QUIET)

    assert world.rejections() == ["bid: net profit below minimum"]
    assert world.simulator.seen == []


async def test_what_a_search_left_out_is_recorded_before_the_bid() -> None:
    third = constant_product(RANGE, 1_000 * WEI_PER_ETHER, 5_000_000 * WEI_PER_ETHER)
    strategy = replace(
        STRATEGY, terms=replace(TERMS, search=SEARCH.model_copy(update={"max_cycles": 1}))
    )

    world = await played(World(strategy=strategy, tracker=tracker(market(*GAP, third))), FIRST)

    assert world.kinds() == [CutSearch] * len(FIRST.lenders) + [Bid, Simulation]
    (searched,) = [event for event in world.seen if isinstance(event, Searched)]
    assert searched.truncated


async def test_search_that_outlasts_the_slot_sends_nothing() -> None:
    relay, clock = AcceptingRelay(), HandClock()
    clock.time_ns = SLOT_SECONDS * SECOND_NS

    world = await played(World(clock=clock, relays=(relay,)), FIRST, QUIET)

    assert (relay.seen, world.rejections()) == ([], ["deadline: the slot passed"])


async def test_simulation_that_outlasts_the_slot_sends_nothing() -> None:
    relay, clock = AcceptingRelay(), HandClock()

    def slowly(same: Simulation) -> Simulation:
        clock.time_ns = SLOT_SECONDS * SECOND_NS
        return same

    world = World(clock=clock, relays=(relay,), simulator=AgreeingSimulator(slowly))
    await played(world, FIRST, QUIET)

    assert (relay.seen, world.rejections()) == ([], ["deadline: the slot passed"])


async def test_simulation_that_never_answers_is_given_up_when_the_slot_passes() -> None:
    relay, clock, simulator = AcceptingRelay(), HandClock(), AgreeingSimulator()
    clock.time_ns = SLOT_SECONDS * SECOND_NS - SECOND_NS // 100
    simulator.gate.clear()

    world = World(clock=clock, relays=(relay,), simulator=simulator)
    await played(world, FIRST, QUIET)

    assert (relay.seen, world.rejections()) == ([], ["deadline: the slot passed"])


async def test_bundle_whose_target_arrives_during_the_simulation_is_not_sent() -> None:
    relay, simulator, follower = AcceptingRelay(), AgreeingSimulator(), tracker()
    follower.open(intent_of(bundle(9)))
    simulator.gate.clear()

    world = World(tracker=follower, relays=(relay,), simulator=simulator)
    await played(world, FIRST, QUIET, eager=True)

    assert (relay.seen, world.rejections()) == ([], ["deadline: the head moved on"])


async def test_bundle_whose_block_is_replaced_during_the_simulation_is_not_sent() -> None:
    relay, follower = AcceptingRelay(), tracker()
    sibling = replace(FIRST, hash="0xsibling")

    def meanwhile(same: Simulation) -> Simulation:
        follower.apply(sibling)
        return same

    world = World(tracker=follower, relays=(relay,), simulator=AgreeingSimulator(meanwhile))
    await played(world, FIRST, QUIET)

    assert (relay.seen, world.rejections()) == ([], ["deadline: the head moved on"])


async def test_next_best_bid_is_sent_when_the_best_one_fails_its_proof() -> None:
    relay = AcceptingRelay()

    def balancer_is_paused(same: Simulation) -> Simulation:
        is_first = len(simulator.seen) == 1
        return replace(same, revert_reason="paused") if is_first else same

    simulator = AgreeingSimulator(balancer_is_paused)
    world = await played(World(simulator=simulator, relays=(relay,)), FIRST, QUIET)

    (sent,) = relay.seen
    assert sent.bundle.bid.opportunity.lender.kind is LenderKind.AAVE_V3
    assert world.rejections() == ["admit: simulation reverted: paused"]


async def test_what_failed_its_proof_is_not_bid_on_in_the_next_block() -> None:
    simulator = AgreeingSimulator(lambda same: replace(same, revert_reason="toxic"))

    world = await played(World(simulator=simulator), FIRST, block(102), block(103))

    assert len(simulator.seen) == len({seen.bid.opportunity.lender.kind for seen in simulator.seen})
    assert world.searched()[-1] == 103


async def test_refusing_simulator_sets_nothing_aside() -> None:
    def refuse(same: Simulation) -> Simulation:
        return replace(same, has_run=False, revert_reason="unreachable")

    follower = tracker()
    world = World(tracker=follower, simulator=AgreeingSimulator(refuse))
    await played(world, FIRST, QUIET)

    assert world.rejections() == ["simulate: not simulated: unreachable"]
    assert follower.aside == frozenset()


async def test_relay_that_never_answers_does_not_outlast_the_slot() -> None:
    relay, clock = SilentRelay(), HandClock()
    clock.time_ns = SLOT_SECONDS * SECOND_NS - SECOND_NS // 10

    world = await played(World(clock=clock, relays=(relay,)), FIRST, QUIET)

    (answer,) = [record for record in world.ledger.records if isinstance(record, Submission)]
    assert (answer.accepted, answer.answer) == (False, "no answer before the slot passed")


async def test_newest_snapshot_is_searched_when_blocks_came_faster_than_decisions() -> None:
    last = replace(QUIET, number=105, hash="0x105", parent_hash="0x104")

    world = await played(World(), FIRST, block(102), block(103), block(104), last, together=True)

    assert world.searched()[-1] == last.number
    assert len(world.searched()) <= last.number - FIRST.number


async def test_bundle_that_landed_is_recorded_with_its_realised_profit() -> None:
    relay = AcceptingRelay()
    world = World(relays=(relay,), tracker=tracker())
    ours = bundle(9)
    world.tracker.open(intent_of(ours))

    await played(world, FIRST, replace(QUIET, receipts=(receipt(ours),)))

    inclusions = [record for record in world.ledger.records if isinstance(record, Inclusion)]
    assert (inclusions[0].bundle_id, inclusions[0].outcome) == (ours.id, Outcome.LANDED)


async def test_end_of_the_feed_stops_the_pipeline_with_its_error() -> None:
    error = await stopped(World(), FIRST, QUIET)

    assert isinstance(error, FeedError)


async def test_divergence_stops_the_pipeline_and_nothing_is_sent_after_it() -> None:
    relay = AcceptingRelay()

    error = await stopped(World(relays=(relay,)), replace(FIRST, updates=(WRONG,)))

    assert isinstance(error, DivergenceError)
    assert relay.seen == []


@pytest.mark.parametrize("record", [Bid, Simulation, Bundle])
async def test_ledger_that_cannot_be_written_stops_before_sending(record: type) -> None:
    relay = AcceptingRelay()
    world = World(relays=(relay,), ledger=ListLedger(full_before=record))

    error = await stopped(world, FIRST, QUIET)

    assert isinstance(error, LedgerError)
    assert relay.seen == []
    assert record not in world.kinds()


async def test_watcher_is_not_told_what_the_ledger_did_not_keep() -> None:
    world = World(ledger=ListLedger(full_before=Bid))

    await stopped(world, FIRST, QUIET)

    assert [event for event in world.seen if not isinstance(event, Searched | Dealt)] == []


async def test_feed_that_outruns_its_queue_is_fatal_lag() -> None:
    numbers = range(FIRST.number, FIRST.number + BLOCK_QUEUE_BOUND + 1)
    blocks = [FIRST, *(block(number) for number in numbers[1:])]

    error = await stopped(World(), *blocks, together=True)

    assert isinstance(error, LagError)
