"""Tests of the cycles that are carried along: they are those of the full search."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.bellman_ford import CycleSearch, find_cycles
from graphs.horizon import Horizon
from graphs.market import Market
from graphs.standing import CYCLES_PER_CHANGE, Standing, carried_cycles, changed_pools
from graphs.token_graph import TokenGraph
from graphs.units import PoolId
from tests.graphs.markets import BASE, A, B, market_of, pool_of
from tests.graphs.what_ifs import what_ifs

MAX_HOPS = 5
NO_LIMIT = 10**6

kernels_may_load = settings(deadline=None)
"""The first search in a process loads the kernels from disk, or compiles them."""


def rows_of(search: CycleSearch) -> tuple[object, ...]:
    return search.edges.tolist(), search.weights.tolist(), search.truncated


@kernels_may_load
@given(what_if=what_ifs(), limit=st.one_of(st.just(NO_LIMIT), st.integers(0, 20)))
def test_cycles_carried_over_a_change_are_those_of_the_full_search(
    what_if: tuple[Market, Market, list[PoolId]], limit: int
) -> None:
    before, after, touched = what_if
    graph = TokenGraph.from_market(before)
    changed = graph.refreshed(after, touched)
    known = find_cycles(graph, BASE, max_hops=MAX_HOPS, limit=NO_LIMIT)
    horizon = Horizon.from_graph(changed, BASE, max_hops=MAX_HOPS)

    carried = carried_cycles(known, horizon, changed_pools(graph, changed), limit=limit)

    expected = find_cycles(changed, BASE, max_hops=MAX_HOPS, limit=limit)
    assert rows_of(carried) == rows_of(expected)
    assert carried.graph is changed


@kernels_may_load
@given(what_if=what_ifs(), limit=st.one_of(st.just(NO_LIMIT), st.integers(0, 20)))
def test_standing_cycles_follow_any_change_and_its_reversal(
    what_if: tuple[Market, Market, list[PoolId]], limit: int
) -> None:
    before, after, _ = what_if
    graphs = [TokenGraph.from_market(market) for market in (before, after)]
    graphs.append(graphs[0].refreshed(after, list(after.pools)))
    standing = Standing.from_graph(graphs[0], BASE, max_hops=MAX_HOPS, limit=limit)

    for graph in (graphs[2], graphs[0], graphs[1]):
        standing = standing.after(graph)

        expected = find_cycles(graph, BASE, max_hops=MAX_HOPS, limit=limit)
        assert rows_of(standing.cycles) == rows_of(expected)


def test_few_changes_among_many_cycles_leave_the_others_as_they_stand() -> None:
    pools = [
        pool_of(f"{number:03}", (BASE, A), (100, 100 + 2 * number), fee_pips=0)
        for number in range(60)
    ]
    market = market_of(pools)
    graph = TokenGraph.from_market(market)
    standing = Standing.from_graph(graph, BASE, max_hops=2, limit=NO_LIMIT)
    moved = pools[7].with_reserves(100, 1_000)

    after = standing.after(graph.refreshed(market.with_pools([moved]), [moved.id]))

    assert len(standing.cycles) > CYCLES_PER_CHANGE
    expected = find_cycles(after.horizon.graph, BASE, max_hops=2, limit=NO_LIMIT)
    assert rows_of(after.cycles) == rows_of(expected) != rows_of(standing.cycles)


def test_base_that_no_pool_trades_has_no_standing_cycle() -> None:
    graph = TokenGraph.from_market(market_of([pool_of("pool", (BASE, A), (10, 10))]))

    standing = Standing.from_graph(graph, B, max_hops=4, limit=NO_LIMIT)

    assert not len(standing.after(graph).cycles)


def test_pools_that_weigh_otherwise_are_named_once() -> None:
    pools = [pool_of(name, (BASE, A), (10, 10)) for name in "abc"]
    market = market_of(pools)
    graph = TokenGraph.from_market(market)
    changed = market.with_pools(pool.with_reserves(5, 20) for pool in pools[1:])

    assert np.array_equal(
        changed_pools(graph, graph.refreshed(changed, [pools[1].id, pools[2].id])), [1, 2]
    )
