"""More than one bundle for an opportunity: later blocks, sequels, replacement and withdrawal."""

from dataclasses import replace

import pytest

from graphs.units import PoolId
from searcher.feed_health import FeedState
from searcher.model import (
    Cancellation,
    Inclusion,
)
from searcher.pipeline import Strategy
from tests.searcher.fakes import (
    AcceptingRelay,
)
from tests.searcher.played import FIRST, QUIET, STRATEGY, World, played
from tests.searcher.records import (
    ACCOUNT,
    GAP,
    TERMS,
    block,
    market,
    tracker,
)


def aiming(**changes: int) -> Strategy:
    bidding = TERMS.bidding.model_copy(update=changes)
    return replace(STRATEGY, terms=replace(TERMS, bidding=bidding))


async def test_an_opportunity_is_offered_for_each_of_the_blocks_to_come() -> None:
    relay = AcceptingRelay()

    await played(World(relays=(relay,), strategy=aiming(target_blocks=3)), FIRST, QUIET)

    sent = [admitted.bundle for admitted in relay.seen]
    assert [one.bid.target_block for one in sent] == [102, 103, 104]
    assert len({one.uuid for one in sent}) == len(sent)
    assert {one.nonce for one in sent} == {ACCOUNT.nonce}


async def test_what_a_later_block_does_not_renew_is_withdrawn_everywhere() -> None:
    relays = (AcceptingRelay(), AcceptingRelay())

    world = await played(
        World(relays=relays, strategy=aiming(target_blocks=2)), FIRST, QUIET, block(103)
    )

    for relay in relays:
        assert [intent.target_block for intent in relay.cancelled] == [103]
    assert world.kinds().count(Cancellation) == len(relays)
    reasons = [record.reason for record in world.ledger.records if isinstance(record, Inclusion)]
    assert reasons == ["not included by the builder", "withdrawn: no longer found"]


async def test_what_a_later_block_finds_again_replaces_the_bundle_and_is_not_cancelled() -> None:
    relay = AcceptingRelay()

    await played(
        World(relays=(relay,), strategy=aiming(target_blocks=2)), FIRST, block(102), block(103)
    )

    uuids = [(one.bundle.bid.target_block, one.bundle.uuid) for one in relay.seen]
    assert uuids[1] == uuids[2]
    assert [intent.target_block for intent in relay.cancelled] == []


async def test_a_second_opportunity_follows_in_a_bundle_that_replaces_the_first() -> None:
    relay = AcceptingRelay()
    third, fourth = (
        replace(pool, id=PoolId(pool.id.replace(pool.id[-1], digit)))
        for pool, digit in zip(GAP, "45", strict=True)
    )
    world = World(
        relays=(relay,),
        strategy=aiming(max_sequels=2),
        tracker=tracker(market(*GAP, third, fourth)),
    )

    await played(world, FIRST)

    first, together = (admitted.bundle for admitted in relay.seen)
    assert (len(first.bids), len(together.bids)) == (1, 2)
    assert first.uuid == together.uuid
    assert first.bid == together.bid
    assert not {*first.bid.opportunity.cycle.pool_ids} & {
        *together.sequels[0].opportunity.cycle.pool_ids
    }
    assert together.nonce == ACCOUNT.nonce


@pytest.mark.parametrize("state", [state for state in FeedState if state is not FeedState.LIVE])
async def test_nothing_is_sent_on_a_feed_that_is_not_live(state: FeedState) -> None:
    relay = AcceptingRelay()

    world = await played(World(relays=(relay,), health=state), FIRST, QUIET)

    assert relay.seen == []
    assert world.rejections()[0] == f"feed: node is {state}: told so"
