"""Tests of the pruned graph: it has fewer edges and the same cycles."""

from dataclasses import replace
from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.bellman_ford import find_cycles
from graphs.bridges import KEEP_CYCLES, Pruning, pools_on_cycles
from graphs.pools.constant_product import ConstantProductPool
from graphs.token_graph import TokenGraph
from graphs.units import Address, PoolId
from graphs.valuation import find_valuation
from tests.graphs.brute_force import profitable_cycles
from tests.graphs.fixed_rate_pool import FixedRatePool
from tests.graphs.markets import (
    BASE,
    TOKENS,
    A,
    B,
    C,
    market_of,
    pool_lists,
    pool_of,
    small_reserves,
)

NO_LIMIT = 10**6

kernels_may_load = settings(deadline=None)
"""The first search in a process loads the kernels from disk, or compiles them."""


@kernels_may_load
@given(
    pools=pool_lists(reserves=small_reserves),
    base=st.sampled_from(TOKENS),
    refused=st.sets(st.sampled_from(TOKENS), max_size=2),
)
def test_pruned_graph_has_every_cycle_without_a_refused_token(
    pools: list[ConstantProductPool], base: Address, refused: set[Address]
) -> None:
    graph = TokenGraph.pruned(market_of(pools), Pruning(refused=frozenset(refused)))

    found = list(find_cycles(graph, base, max_hops=5, limit=NO_LIMIT))

    allowed = [pool for pool in pools if refused.isdisjoint(pool.tokens)]
    assert sorted(found) == sorted(profitable_cycles(allowed, base, 5))


@given(pools=pool_lists(reserves=small_reserves), data=st.data())
def test_refreshed_pruned_graph_equals_one_built_anew(
    pools: list[ConstantProductPool], data: st.DataObject
) -> None:
    market = market_of(pools)
    touched = data.draw(st.lists(st.sampled_from(pools), unique_by=id)) if pools else []
    after = market.with_pools(pool.with_reserves(pool.reserve1, 7) for pool in touched)

    graph = TokenGraph.pruned(market).refreshed(after, [pool.id for pool in touched])

    assert graph.weights.tolist() == TokenGraph.pruned(after).weights.tolist()


@st.composite
def mixed_pools(draw: st.DrawFn) -> list[FixedRatePool]:
    """Pools of two to four tokens at random rates."""
    sets = st.lists(st.sampled_from(TOKENS), min_size=2, max_size=4, unique=True)
    return [
        FixedRatePool(
            id=PoolId(f"pool {number}"),
            tokens=tuple(tokens),
            rates={pair: (draw(st.integers(1, 4)), 2) for pair in permutations(tokens, 2)},
        )
        for number, tokens in enumerate(draw(st.lists(sets, max_size=6)))
    ]


@kernels_may_load
@given(pools=mixed_pools(), base=st.sampled_from(TOKENS))
def test_pruned_graph_of_pools_of_many_tokens_has_every_cycle(
    pools: list[FixedRatePool], base: Address
) -> None:
    market = market_of(pools)

    found = find_cycles(TokenGraph.pruned(market), base, max_hops=5, limit=NO_LIMIT)

    everything = find_cycles(TokenGraph.from_market(market), base, max_hops=5, limit=NO_LIMIT)
    assert list(found) == list(everything)


@kernels_may_load
@given(pools=mixed_pools())
def test_every_pool_that_is_kept_is_on_a_cycle(pools: list[FixedRatePool]) -> None:
    kept = pools_on_cycles(pools, KEEP_CYCLES)

    free = [replace(pool, rates=dict.fromkeys(pool.rates, (2, 1))) for pool in pools]
    graph = TokenGraph.from_market(market_of(free))
    searches = [find_cycles(graph, base, max_hops=7, limit=NO_LIMIT) for base in TOKENS]
    traded = {pool_id for search in searches for cycle in search for pool_id in cycle.pool_ids}
    assert {pool.id for pool in pools if pool.id in kept} == traded


@kernels_may_load
@given(pools=mixed_pools(), token=st.sampled_from(TOKENS))
def test_path_between_joined_tokens_is_kept(pools: list[FixedRatePool], token: Address) -> None:
    market = market_of(pools)
    pruning = Pruning(joined=frozenset({(token, BASE)} if token != BASE else ()))

    valuation = find_valuation(TokenGraph.pruned(market, pruning), token, BASE)

    assert valuation == find_valuation(TokenGraph.from_market(market), token, BASE)


def test_chain_that_ends_nowhere_is_left_out_and_parallel_pools_stay() -> None:
    dangling = [pool_of("AB", (A, B), (1, 1)), pool_of("BC", (B, C), (1, 1))]
    parallel = [pool_of("one", (BASE, A), (1, 1)), pool_of("two", (BASE, A), (1, 1))]
    pools = [*dangling, *parallel]

    kept = pools_on_cycles(pools, KEEP_CYCLES)

    assert [pool.id for pool in pools if pool.id in kept] == ["one", "two"]


def test_new_pool_brings_back_those_that_it_closes_a_cycle_with() -> None:
    old = pool_of("old", (BASE, A), (10, 10))
    graph = TokenGraph.pruned(market_of([old]))
    new = pool_of("new", (BASE, A), (10, 20))

    after = graph.refreshed(market_of([old, new]), [new.id])

    assert (len(graph.weights), len(after.weights)) == (0, 4)


def test_pool_whose_share_is_traded_is_no_token() -> None:
    pair = replace(pool_of("pair", (A, B), (1, 1)), id=PoolId(C))
    pools = [pair, pool_of("share", (BASE, C), (1, 1)), pool_of("back", (BASE, A), (1, 1))]

    kept = pools_on_cycles(pools, KEEP_CYCLES)

    assert not any(pool.id in kept for pool in pools)


def test_pool_that_is_not_atomic_has_no_edges_and_can_be_refreshed() -> None:
    book = FixedRatePool(id=PoolId("book"), tokens=(BASE, A), rates={}, is_atomic=False)
    market = market_of([book, pool_of("pool", (BASE, A), (1, 1))])

    graph = TokenGraph.from_market(market)

    assert [graph.hop(edge).pool_id for edge in range(len(graph.weights))] == ["pool", "pool"]
    assert graph.refreshed(market, [book.id]).weights.tolist() == graph.weights.tolist()
