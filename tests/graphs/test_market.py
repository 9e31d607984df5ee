"""Tests of the market: a value that nobody can change after it was made."""

from graphs.market import Market
from graphs.pools.base import Pool
from graphs.units import PoolId
from tests.graphs.markets import BASE, A, market_of, pool_of

POOL = pool_of("pool", (BASE, A), (10, 20))


def test_market_does_not_follow_the_mapping_that_it_was_made_of() -> None:
    pools: dict[PoolId, Pool] = {POOL.id: POOL}
    market = Market(block_number=1, block_hash="0x01", tokens={}, pools=pools)

    pools.clear()

    assert market.pools == {POOL.id: POOL}


def test_what_if_replaces_its_pools_and_leaves_the_market_alone() -> None:
    market = market_of([POOL])
    changed = POOL.with_reserves(30, 40)

    what_if = market.with_pools([changed])

    assert what_if.pools[POOL.id] == changed
    assert market.pools[POOL.id] == POOL
    assert (what_if.block_number, what_if.block_hash) == (market.block_number, market.block_hash)


def test_what_if_with_a_new_pool_has_it_last() -> None:
    new = pool_of("new", (BASE, A), (1, 1))

    assert list(market_of([POOL]).with_pools([new]).pools) == [POOL.id, new.id]
