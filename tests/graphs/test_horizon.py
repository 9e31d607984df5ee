"""Tests of the search through touched pools: it is the full search, filtered."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.bellman_ford import MAX_HOPS, find_cycles
from graphs.horizon import Horizon, find_cycles_after, find_cycles_through
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.token_graph import TokenGraph
from graphs.units import Address, PoolId
from tests.graphs.fixed_rate_pool import FixedRatePool
from tests.graphs.markets import (
    BASE,
    TOKENS,
    A,
    B,
    market_of,
    pool_lists,
    pool_of,
    small_reserves,
)
from tests.graphs.what_ifs import what_ifs

NO_LIMIT = 10**6

kernels_may_load = settings(deadline=None)
"""The first search in a process loads the kernels from disk, or compiles them."""


@kernels_may_load
@given(
    what_if=what_ifs(),
    base=st.sampled_from(TOKENS),
    max_hops=st.integers(2, 7),
)
def test_search_after_a_change_is_the_full_search_of_the_cycles_through_the_pools(
    what_if: tuple[Market, Market, list[PoolId]], base: Address, max_hops: int
) -> None:
    before, after, touched = what_if
    horizon = Horizon.from_graph(TokenGraph.from_market(before), base, max_hops=max_hops)

    found = find_cycles_after(horizon, after, touched, limit=NO_LIMIT)

    everything = find_cycles(TokenGraph.from_market(after), base, max_hops=max_hops, limit=NO_LIMIT)
    rows = [
        (cycle, int(weight))
        for cycle, weight in zip(everything, everything.weights, strict=True)
        if not set(touched).isdisjoint(cycle.pool_ids)
    ]
    assert list(zip(found, found.weights.tolist(), strict=True)) == rows
    assert not found.truncated


@kernels_may_load
@given(what_if=what_ifs())
def test_search_through_pools_finds_what_the_search_after_their_change_finds(
    what_if: tuple[Market, Market, list[PoolId]],
) -> None:
    before, after, touched = what_if
    graph = TokenGraph.from_market(before)
    old = Horizon.from_graph(graph, BASE, max_hops=5)
    new = Horizon.from_graph(graph.refreshed(after, touched), BASE, max_hops=5)

    found = find_cycles_after(old, after, touched, limit=NO_LIMIT)

    assert list(find_cycles_through(new, touched, limit=NO_LIMIT)) == list(found)


@kernels_may_load
@given(what_if=what_ifs())
def test_cycles_after_a_change_come_with_the_graph_that_it_makes(
    what_if: tuple[Market, Market, list[PoolId]],
) -> None:
    before, after, touched = what_if
    graph = TokenGraph.from_market(before)
    horizon = Horizon.from_graph(graph, BASE, max_hops=4)

    found = find_cycles_after(horizon, after, touched, limit=NO_LIMIT)

    expected = graph.refreshed(after, touched) if len(found) else graph
    assert found.graph.weights.tolist() == expected.weights.tolist()
    assert found.graph.curvatures_float.tolist() == expected.curvatures_float.tolist()


@kernels_may_load
@given(pools=pool_lists(reserves=small_reserves), limit=st.integers(0, 10))
def test_limit_keeps_that_many_cycles_and_says_whether_there_are_more(
    pools: list[ConstantProductPool], limit: int
) -> None:
    graph = TokenGraph.from_market(market_of(pools))
    horizon = Horizon.from_graph(graph, BASE, max_hops=5)
    ids = [pool.id for pool in pools]
    everything = list(find_cycles_through(horizon, ids, limit=NO_LIMIT))

    cut = find_cycles_through(horizon, ids, limit=limit)

    assert len(cut) == min(limit, len(everything))
    assert set(cut) <= set(everything)
    assert cut.truncated == (len(everything) > limit)


def test_every_pool_touched_is_the_full_search_where_thousands_are_found() -> None:
    pools = [
        pool_of(f"{number:03}", (BASE, A), (100, 100 + 2 * number), fee_pips=0)
        for number in range(60)
    ]
    graph = TokenGraph.from_market(market_of(pools))
    horizon = Horizon.from_graph(graph, BASE, max_hops=2)

    found = find_cycles_through(horizon, [pool.id for pool in pools], limit=NO_LIMIT)

    assert list(found) == list(find_cycles(graph, BASE, max_hops=2, limit=NO_LIMIT))


def test_pool_of_three_tokens_is_searched_in_every_direction() -> None:
    rates = {(BASE, A): (2, 1), (A, B): (2, 1), (B, BASE): (2, 1)}
    triple = FixedRatePool(id=PoolId("triple"), tokens=(BASE, A, B), rates=rates)
    others = [pool_of("AB", (A, B), (9, 10)), pool_of("back", (BASE, A), (10, 10))]
    graph = TokenGraph.from_market(market_of([triple, *others]))
    horizon = Horizon.from_graph(graph, BASE, max_hops=3)

    found = find_cycles_through(horizon, [triple.id], limit=NO_LIMIT)

    assert list(found) == list(find_cycles(graph, BASE, max_hops=3, limit=NO_LIMIT)) != []


def test_new_pool_is_searched_with_the_bounds_of_its_own_graph() -> None:
    old, new = pool_of("old", (BASE, A), (10, 10)), pool_of("new", (BASE, A), (10, 20))
    horizon = Horizon.from_graph(TokenGraph.from_market(market_of([old])), BASE, max_hops=2)

    found = find_cycles_after(horizon, market_of([old, new]), [new.id], limit=NO_LIMIT)

    assert [cycle.pool_ids for cycle in found] == [(new.id, old.id)]


def test_base_that_no_pool_trades_has_no_cycle() -> None:
    pool = pool_of("pool", (BASE, A), (10, 10))
    graph = TokenGraph.from_market(market_of([pool]))
    horizon = Horizon.from_graph(graph, B, max_hops=4)

    assert not list(find_cycles_through(horizon, [pool.id], limit=NO_LIMIT))


@pytest.mark.parametrize("max_hops", [1, MAX_HOPS + 1])
def test_hops_out_of_range_are_refused(max_hops: int) -> None:
    with pytest.raises(ValueError, match="max_hops"):
        Horizon.from_graph(TokenGraph.from_market(market_of([])), BASE, max_hops=max_hops)
