"""The tracker against a naive model: replaying a branch from the start, and deciding once."""

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.pools.constant_product import ConstantProductPool
from graphs.token_graph import TokenGraph
from graphs.units import PoolId
from searcher.errors import DivergenceError
from searcher.model import Block
from searcher.pool_updates import LiquidityChanged, PoolUpdate, PriceSet, ReservesSet
from searcher.settlement import intent_of
from searcher.tracker import KEPT_BLOCKS, Snapshot, Tracker
from tests.searcher.records import (
    CHEAP,
    DEAR,
    GAP,
    LIQUIDITY,
    RANGE,
    block,
    bundle,
    concentrated,
    market,
    tracker,
)

RESERVES = st.integers(min_value=1, max_value=2**112 - 1)
SYNC = st.builds(
    ReservesSet, pool_id=st.sampled_from([CHEAP, DEAR]), reserve0=RESERVES, reserve1=RESERVES
)
BRANCH = st.lists(st.lists(SYNC, max_size=3), min_size=1, max_size=5)


def chain(updates: list[list[ReservesSet]], *, first: int, branch: str, parent: str) -> list[Block]:
    heads = []
    for number, changes in enumerate(updates, start=first):
        head = replace(block(number, branch=branch, parent=parent), updates=tuple(changes))
        heads.append(head)
        parent = head.hash
    return heads


def followed(blocks: list[Block], start: Tracker | None = None) -> Snapshot:
    follower = start or tracker()
    return [follower.apply(head) for head in blocks][-1]


def reserves_of(state: Snapshot) -> dict[str, tuple[int, int]]:
    pools = [pool for pool in state.market.pools.values() if isinstance(pool, ConstantProductPool)]
    return {pool.id: (pool.reserve0, pool.reserve1) for pool in pools}


@given(updates=BRANCH)
def test_applying_blocks_folds_their_updates(updates: list[list[ReservesSet]]) -> None:
    expected = {pool.id: (pool.reserve0, pool.reserve1) for pool in GAP}
    for changes in updates:
        expected |= {change.pool_id: (change.reserve0, change.reserve1) for change in changes}

    last = followed(chain(updates, first=101, branch="a", parent="0xstart"))

    assert reserves_of(last) == expected
    assert (last.market.block_number, last.market.block_hash) == (
        last.block.number,
        last.block.hash,
    )


@given(updates=BRANCH)
def test_graph_of_a_snapshot_is_the_one_compiled_from_its_market(
    updates: list[list[ReservesSet]],
) -> None:
    last = followed(chain(updates, first=101, branch="a", parent="0xstart"))

    assert (last.graph.weights == TokenGraph.from_market(last.market).weights).all()


@given(common=BRANCH, old=BRANCH, new=BRANCH)
def test_state_after_a_reorg_is_that_of_a_tracker_that_never_saw_the_old_branch(
    common: list[list[ReservesSet]], old: list[list[ReservesSet]], new: list[list[ReservesSet]]
) -> None:
    stem = chain(common, first=101, branch="a", parent="0xstart")
    fork = partial(chain, first=stem[-1].number + 1, parent=stem[-1].hash)
    abandoned, canonical = fork(old, branch="a"), fork(new, branch="b")

    reorged = followed(stem + abandoned + canonical)
    fresh = followed(stem + canonical)

    assert reorged.market == fresh.market
    assert (reorged.graph.weights == fresh.graph.weights).all()


def test_block_on_an_unknown_parent_is_divergence() -> None:
    with pytest.raises(DivergenceError, match="block 102 builds on an unknown parent"):
        tracker().apply(block(102))


def test_parent_older_than_the_kept_blocks_is_divergence() -> None:
    follower = tracker()
    followed([block(101, parent="0xstart"), *map(block, range(102, 102 + KEPT_BLOCKS))], follower)

    with pytest.raises(DivergenceError):
        follower.apply(block(102, branch="b", parent="0x101"))


@pytest.mark.parametrize(
    "update",
    [
        ReservesSet(pool_id=RANGE, reserve0=1, reserve1=1),
        PriceSet(pool_id=CHEAP, sqrt_price_x96=2**96, liquidity=1, tick=0),
        LiquidityChanged(pool_id=CHEAP, tick_lower=0, tick_upper=60, liquidity_delta=1),
        ReservesSet(pool_id=PoolId("0xabsent"), reserve0=1, reserve1=1),
        ReservesSet(pool_id=CHEAP, reserve0=2**112, reserve1=1),
        PriceSet(pool_id=RANGE, sqrt_price_x96=2**96, liquidity=1, tick=5),
        PriceSet(pool_id=RANGE, sqrt_price_x96=2**96, liquidity=LIQUIDITY + 1, tick=0),
        LiquidityChanged(pool_id=RANGE, tick_lower=-600, tick_upper=600, liquidity_delta=-(10**22)),
    ],
)
def test_event_that_cannot_have_happened_to_the_pool_is_divergence(update: PoolUpdate) -> None:
    follower = tracker(market(*GAP, concentrated()))

    with pytest.raises(DivergenceError):
        follower.apply(replace(block(101, parent="0xstart"), updates=(update,)))


def test_block_that_diverged_leaves_no_trace() -> None:
    follower = tracker()
    wrong = ReservesSet(pool_id=RANGE, reserve0=1, reserve1=1)
    with pytest.raises(DivergenceError):
        follower.apply(replace(block(101, parent="0xstart"), updates=(wrong,)))

    with pytest.raises(DivergenceError, match="unknown parent"):
        follower.apply(block(102))


def test_events_of_a_concentrated_pool_build_on_each_other_in_log_order() -> None:
    pool = concentrated()
    updates: tuple[PoolUpdate, ...] = (
        LiquidityChanged(pool_id=RANGE, tick_lower=0, tick_upper=60, liquidity_delta=5),
        PriceSet(pool_id=RANGE, sqrt_price_x96=2**96, liquidity=None, tick=0),
    )

    state = tracker(market(pool)).apply(replace(block(101, parent="0xstart"), updates=updates))

    assert state.market.pools[RANGE] == pool.with_liquidity(0, 60, liquidity_delta=5)


def test_memory_stays_bounded_at_the_kept_blocks() -> None:
    follower = tracker()
    head = block(101, parent="0xstart")
    for number in range(102, 102 + 3 * KEPT_BLOCKS):
        follower.apply(head)
        follower.open(intent_of(bundle(number)))
        follower.settle(head)
        head = block(number)

    assert len(follower._states) == KEPT_BLOCKS
    assert len(follower._open) + len(follower._decided) <= KEPT_BLOCKS + 1
