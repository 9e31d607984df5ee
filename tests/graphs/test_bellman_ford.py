"""Tests of the search: it finds every profitable cycle and no other, against three oracles."""

from itertools import pairwise

import networkx as nx
import pytest
import rustworkx as rx
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.bellman_ford import MAX_HOPS, CycleSearch, find_cycles, find_cycles_of
from graphs.pools.constant_product import ConstantProductPool
from graphs.token_graph import UNUSABLE, TokenGraph
from graphs.units import Address, PoolId
from tests.graphs.brute_force import profitable_cycles
from tests.graphs.fixed_rate_pool import FixedRatePool
from tests.graphs.markets import (
    BASE,
    TOKENS,
    A,
    B,
    chain_reserves,
    market_of,
    pool_lists,
    pool_of,
    small_reserves,
)

NO_LIMIT = 10**6

BLUR = 1.7e-10
"""Share per hop that a product may exceed one by and still be passed over."""

kernels_may_load = settings(deadline=None)
"""The first search in a process loads the kernels from disk, or compiles them."""


def search(
    pools: list[ConstantProductPool], base: Address, max_hops: int, *, limit: int = NO_LIMIT
) -> CycleSearch:
    graph = TokenGraph.from_market(market_of(pools))
    return find_cycles(graph, base, max_hops=max_hops, limit=limit)


@kernels_may_load
@given(
    pools=pool_lists(reserves=small_reserves),
    bases=st.lists(st.sampled_from(TOKENS), max_size=5),
    max_hops=st.integers(2, 5),
)
def test_cycle_is_found_once_for_each_base_on_it(
    pools: list[ConstantProductPool], bases: list[Address], max_hops: int
) -> None:
    graph = TokenGraph.from_market(market_of(pools))

    searches = find_cycles_of(graph, bases, max_hops=max_hops, limit=NO_LIMIT)

    found = [cycle for one in searches.values() for cycle in one]
    everywhere = [cycle for token in TOKENS for cycle in search(pools, token, max_hops)]
    expected = [cycle for cycle in everywhere if cycle.base in bases]
    assert sorted(found) == sorted(expected)
    for cycle in {cycle.canonical() for cycle in found}:
        on_it = {hop.token_in for hop in cycle.hops} & set(bases)
        rotations = [one for one in found if one.canonical() == cycle]
        assert sorted(one.base for one in rotations) == sorted(on_it)


@kernels_may_load
@given(
    pools=pool_lists(reserves=small_reserves),
    base=st.sampled_from(TOKENS),
    max_hops=st.integers(2, 7),
)
def test_search_finds_exactly_the_cycles_that_brute_force_finds(
    pools: list[ConstantProductPool], base: Address, max_hops: int
) -> None:
    found = list(search(pools, base, max_hops))

    assert sorted(found) == sorted(profitable_cycles(pools, base, max_hops))


@kernels_may_load
@given(
    pools=pool_lists(reserves=chain_reserves),
    base=st.sampled_from(TOKENS),
    max_hops=st.integers(2, 5),
)
def test_search_on_any_reserves_misses_only_products_within_a_billionth_of_one(
    pools: list[ConstantProductPool], base: Address, max_hops: int
) -> None:
    products = profitable_cycles(pools, base, max_hops)

    found = set(search(pools, base, max_hops))

    assert found <= products.keys()
    assert all(products[cycle] <= 1 + BLUR * max_hops for cycle in products.keys() - found)


@kernels_may_load
@given(reserve=st.integers(1, 10**30), scales=st.lists(st.integers(1, 10**3), min_size=7))
def test_market_without_any_gap_has_no_cycle(reserve: int, scales: list[int]) -> None:
    prices = dict(zip(TOKENS, scales, strict=False))
    pools = [
        pool_of(
            f"{sold}{bought}",
            (sold, bought),
            (reserve * prices[sold], reserve * prices[bought]),
            fee_pips=0,
        )
        for sold in TOKENS
        for bought in TOKENS
        if sold < bought
    ]

    assert len(search(pools, BASE, 5)) == 0


@kernels_may_load
@given(
    pools=pool_lists(reserves=st.integers(10**6, 10**6 + 10**3), fees_pips=st.just(3_000)),
    length=st.integers(2, 7),
)
def test_planted_cycle_is_found(pools: list[ConstantProductPool], length: int) -> None:
    ring = (*TOKENS[:length], BASE)
    planted = [
        pool_of(f"planted {number}", pair, (10**6, 10**6 + 4 * 10**3))
        for number, pair in enumerate(pairwise(ring))
    ]

    found = search([*pools, *planted], BASE, 7)

    assert tuple(pool.id for pool in planted) in {cycle.pool_ids for cycle in found}


@kernels_may_load
@given(pools=pool_lists(reserves=small_reserves))
def test_some_base_has_a_cycle_exactly_if_networkx_and_rustworkx_see_one(
    pools: list[ConstantProductPool],
) -> None:
    graph = TokenGraph.from_market(market_of(pools))
    topology = graph.topology
    edges = [
        (int(source), int(target), float(weight))
        for source, target, weight in zip(
            topology.edge_source, topology.edge_target, graph.weights, strict=True
        )
        if weight != UNUSABLE
    ]
    shown = rx.PyDiGraph()
    shown.add_nodes_from(topology.tokens)
    shown.add_edges_from(edges)

    has_cycle = any(len(search(pools, base, len(TOKENS))) for base in TOKENS)

    assert has_cycle == rx.negative_edge_cycle(shown, float)
    assert has_cycle == nx.negative_edge_cycle(graph.as_networkx())


@kernels_may_load
@given(pools=pool_lists(reserves=small_reserves), limit=st.integers(0, 10))
def test_limit_keeps_the_first_cycles_and_says_whether_there_are_more(
    pools: list[ConstantProductPool], limit: int
) -> None:
    everything = list(search(pools, BASE, 5))

    cut = search(pools, BASE, 5, limit=limit)

    assert list(cut) == everything[:limit]
    assert cut.truncated == (len(everything) > limit)


@kernels_may_load
@given(pools=pool_lists(reserves=small_reserves))
def test_weight_of_a_cycle_is_the_sum_over_its_hops(pools: list[ConstantProductPool]) -> None:
    found = search(pools, BASE, 5)

    for edges, weight in zip(found.edges, found.weights, strict=True):
        assert found.graph.weights[edges[edges >= 0]].sum() == weight < 0


def test_result_outgrows_its_first_capacity() -> None:
    pools = [
        pool_of(f"{number:03}", (BASE, A), (100, 100 + 2 * number), fee_pips=0)
        for number in range(60)
    ]

    found = search(pools, BASE, 2)

    assert len(set(found)) == len(found) == 60 * 59 // 2


def test_cycle_never_trades_at_one_pool_of_many_tokens_twice() -> None:
    rates = dict.fromkeys([(BASE, A), (A, B), (B, BASE)], (2, 1))
    triple = FixedRatePool(id=PoolId("triple"), tokens=(BASE, A, B), rates=rates)
    graph = TokenGraph.from_market(market_of([triple]))

    assert len(find_cycles(graph, BASE, max_hops=3, limit=NO_LIMIT)) == 0


def test_cycle_through_a_pool_of_many_tokens_is_found() -> None:
    triple = FixedRatePool(
        id=PoolId("triple"), tokens=(BASE, A, B), rates={(BASE, A): (2, 1), (A, B): (2, 1)}
    )
    back = pool_of("back", (A, BASE), (10, 10))
    graph = TokenGraph.from_market(market_of([triple, back]))

    found = list(find_cycles(graph, BASE, max_hops=3, limit=NO_LIMIT))

    assert [cycle.pool_ids for cycle in found] == [("triple", "back")]


def test_token_that_no_pool_trades_has_no_cycle() -> None:
    found = search([pool_of("pool", (BASE, A), (10, 10))], B, 4)

    assert not list(found)
    assert not found.truncated


@pytest.mark.parametrize("max_hops", [1, MAX_HOPS + 1])
def test_hops_out_of_range_are_refused(max_hops: int) -> None:
    with pytest.raises(ValueError, match="max_hops"):
        search([], BASE, max_hops)
