"""Tests of the valuation: the best path, exact quotes along it, and a worth that never falls."""

from itertools import pairwise, permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.cycles import Hop
from graphs.errors import GraphError
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.constant_product import ConstantProductPool
from graphs.token_graph import TokenGraph
from graphs.units import Address, PoolId
from graphs.valuation import IDENTITY, MOST_HOPS, find_valuation
from tests.graphs.fixed_rate_pool import FixedRatePool
from tests.graphs.markets import (
    BASE,
    TOKENS,
    UINT112_MAX,
    A,
    B,
    C,
    chain_reserves,
    market_of,
    pool_lists,
    pool_of,
)

kernels_may_load = settings(deadline=None)
"""The first search in a process loads the kernels from disk, or compiles them."""

AMOUNTS = st.integers(0, UINT112_MAX)


def paths(graph: TokenGraph, token: Address, weth: Address) -> dict[tuple[Hop, ...], int]:
    """Every path of up to MOST_HOPS hops with its weight, by trying them all."""
    found: dict[tuple[Hop, ...], int] = {}
    waiting: list[tuple[tuple[Hop, ...], int]] = [((), 0)]
    while waiting:
        taken, weight = waiting.pop()
        known = {token, *(hop.token_out for hop in taken)}
        at = taken[-1].token_out if taken else token
        if at == weth:
            found[taken] = weight
            continue
        for edge, edge_weight in enumerate(graph.weights.tolist()):
            hop = graph.hop(edge)
            is_new = hop.token_out not in known and all(hop.pool_id != one.pool_id for one in taken)
            if hop.token_in == at and is_new and edge_weight < 2**54 and len(taken) < MOST_HOPS:
                waiting.append(((*taken, hop), weight + edge_weight))
    return found


@kernels_may_load
@given(pools=pool_lists(reserves=chain_reserves, max_size=8), token=st.sampled_from(TOKENS))
def test_path_is_the_one_with_the_best_rate(
    pools: list[ConstantProductPool], token: Address
) -> None:
    graph = TokenGraph.from_market(market_of(pools))

    valuation = find_valuation(graph, token, BASE)

    known = paths(graph, token, BASE)
    if valuation is None:
        assert not known
    else:
        assert known[valuation.path] == min(known.values())


@kernels_may_load
@given(
    pools=pool_lists(reserves=chain_reserves, max_size=8),
    amounts=st.lists(AMOUNTS, min_size=2, max_size=6),
)
def test_worth_is_within_the_rate_and_is_the_quote_where_the_pools_take_all(
    pools: list[ConstantProductPool], amounts: list[int]
) -> None:
    market = market_of(pools)
    valuation = find_valuation(TokenGraph.from_market(market), A, BASE)
    if valuation is None:
        return

    for amount in amounts:
        worth = valuation.value_down(market, amount)
        assert 0 <= worth <= amount * valuation.rate_float
        assert quoted(market, valuation.path, amount) in {None, worth}


@given(
    reserves=st.tuples(*[st.integers(10**15, UINT112_MAX)] * 4),
    amounts=st.lists(AMOUNTS, min_size=2, max_size=20),
)
def test_more_is_never_worth_less(reserves: tuple[int, int, int, int], amounts: list[int]) -> None:
    pools = [pool_of("AB", (A, B), reserves[:2]), pool_of("BW", (B, BASE), reserves[2:])]
    market = market_of(pools)
    valuation = find_valuation(TokenGraph.from_market(market), A, BASE)
    assert valuation is not None

    worths = [valuation.value_down(market, amount) for amount in sorted(amounts)]

    assert all(less <= more for less, more in pairwise(worths))


def quoted(market: Market, path: tuple[Hop, ...], amount: int) -> int | None:
    """What a path gives; None where a pool refuses."""
    try:
        for hop in path:
            pool = market.pools[hop.pool_id]
            amount = pool.amount_out(hop.token_in, hop.token_out, amount)
    except GraphError:
        return None
    return amount


def test_the_most_that_a_pool_takes_is_what_a_greater_amount_is_worth() -> None:
    shallow = FixedRatePool(
        id=PoolId("shallow"), tokens=(A, BASE), rates={(A, BASE): (2, 1)}, depth=1_000
    )
    market = market_of([shallow])
    valuation = find_valuation(TokenGraph.from_market(market), A, BASE)
    assert valuation is not None

    assert [valuation.value_down(market, amount) for amount in (999, 1_000, 10**30)] == [
        1_998,
        2_000,
        2_000,
    ]


def test_wrapped_ether_is_worth_itself() -> None:
    market = market_of([])

    assert find_valuation(TokenGraph.from_market(market), BASE, BASE) is IDENTITY
    assert IDENTITY.value_down(market, 7) == 7


def test_token_that_nothing_leads_from_has_no_worth() -> None:
    graph = TokenGraph.from_market(market_of([pool_of("AB", (A, B), (10, 10))]))

    assert find_valuation(graph, A, BASE) is None
    assert find_valuation(graph, C, BASE) is None


def test_cycle_on_the_way_and_a_pool_used_twice_are_no_path() -> None:
    tokens = (A, B, C)
    triple = FixedRatePool(
        id=PoolId("triple"), tokens=tokens, rates=dict.fromkeys(permutations(tokens, 2), (3, 1))
    )
    both_ways = {(A, B): (9, 1), (B, A): (9, 1)}
    pools: list[Pool] = [
        triple,
        pool_of("exit", (C, BASE), (1_000, 1_000), fee_pips=0),
        pool_of("door", (A, BASE), (1_000, 1_000), fee_pips=0),
        FixedRatePool(id=PoolId("gain"), tokens=(A, B), rates=both_ways),
        FixedRatePool(id=PoolId("another"), tokens=(A, B), rates=both_ways),
    ]

    valuation = find_valuation(TokenGraph.from_market(market_of(pools)), A, BASE)

    assert valuation is not None
    assert [hop.pool_id for hop in valuation.path] == ["gain", "triple", "exit"]
