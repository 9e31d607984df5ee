"""Tests of the compiled graph: what its edges and weights promise to the search."""

from fractions import Fraction
from itertools import permutations

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.cycles import Hop
from graphs.pools.constant_product import ConstantProductPool
from graphs.token_graph import UNUSABLE, WEIGHT_SCALE, TokenGraph
from graphs.units import PoolId
from tests.graphs.brute_force import rate
from tests.graphs.fixed_rate_pool import FixedRatePool
from tests.graphs.markets import (
    BASE,
    UINT112_MAX,
    A,
    B,
    C,
    chain_reserves,
    market_of,
    pool_lists,
    pool_of,
)

ROUNDING = 1 + 2**-5
"""Units that a weight exceeds the truth by, at most, as FLOAT_MARGIN_UNITS promises."""

FRACTION_BITS = 200
PLACES = 80


def minus_log2_units(ratio: Fraction) -> Fraction:
    """Minus log2 in weight units, exact to 80 binary places: each squaring yields one."""
    exponent = ratio.numerator.bit_length() - ratio.denominator.bit_length()
    exponent -= ratio < Fraction(2) ** exponent
    mantissa = ratio / Fraction(2) ** exponent
    digits = Fraction(exponent)
    scaled = (mantissa.numerator << FRACTION_BITS) // mantissa.denominator
    for place in range(1, PLACES):
        scaled = scaled * scaled >> FRACTION_BITS
        if scaled >= 2 << FRACTION_BITS:
            scaled >>= 1
            digits += Fraction(1, 2**place)
    return -digits * WEIGHT_SCALE


@given(
    reserves=st.tuples(st.integers(1, UINT112_MAX), st.integers(1, UINT112_MAX)),
    fee_pips=st.integers(0, 999_999),
)
@example(reserves=(1, UINT112_MAX), fee_pips=0)
@example(reserves=(UINT112_MAX, 1), fee_pips=999_999)
@example(reserves=(5, 5), fee_pips=0)
def test_weight_exceeds_minus_log2_of_the_rate_by_hardly_more_than_a_unit(
    reserves: tuple[int, int], fee_pips: int
) -> None:
    pool = pool_of("pool", (BASE, A), reserves, fee_pips=fee_pips)

    graph = TokenGraph.from_market(market_of([pool]))

    for edge, weight in enumerate(graph.weights.tolist()):
        excess = weight - minus_log2_units(Fraction(*rate(pool, graph.hop(edge).token_in)))
        assert 0 < excess < ROUNDING


@given(pools=pool_lists(reserves=chain_reserves))
def test_every_direction_of_every_pool_is_one_edge(pools: list[ConstantProductPool]) -> None:
    graph = TokenGraph.from_market(market_of(pools))

    hops = sorted(graph.hop(edge) for edge in range(len(graph.weights)))

    assert hops == sorted(
        Hop(pool_id=pool.id, token_in=sold, token_out=bought)
        for pool in pools
        for sold, bought in permutations(pool.tokens, 2)
    )


@given(pools=pool_lists(reserves=chain_reserves))
def test_rows_hold_the_edges_of_their_token_and_of_their_pool(
    pools: list[ConstantProductPool],
) -> None:
    topology = TokenGraph.from_market(market_of(pools)).topology

    for first, members, owner in (
        (topology.outgoing_first, np.arange(len(topology.edge_source)), topology.edge_source),
        (topology.incoming_first, topology.incoming_edge, topology.edge_target),
        (topology.pool_first, topology.pool_edge, topology.edge_pool),
    ):
        owners = np.repeat(np.arange(len(first) - 1), np.diff(first))
        assert (owner[members] == owners).all()
        assert sorted(members) == list(range(len(topology.edge_source)))


@given(pools=pool_lists(reserves=chain_reserves))
def test_edges_are_sorted_by_source_then_target(pools: list[ConstantProductPool]) -> None:
    topology = TokenGraph.from_market(market_of(pools)).topology

    pairs = list(zip(topology.edge_source, topology.edge_target, strict=True))

    assert pairs == sorted(pairs)


def test_pool_of_three_tokens_has_six_edges() -> None:
    rates = {(BASE, A): (1, 2), (A, B): (3, 1), (B, BASE): (1, 1)}
    pool = FixedRatePool(id=PoolId("triple"), tokens=(BASE, A, B), rates=rates)

    graph = TokenGraph.from_market(market_of([pool]))

    assert len(graph.weights) == 6
    assert np.count_nonzero(graph.weights == UNUSABLE) == 3


def test_dry_direction_has_the_unusable_weight() -> None:
    pool = pool_of("dry", (BASE, A), (0, 10))

    graph = TokenGraph.from_market(market_of([pool]))

    assert graph.weights.tolist() == [UNUSABLE, UNUSABLE]


def test_unusable_weight_outweighs_any_hops_and_their_sum_fits_an_int64() -> None:
    best_hop = -1_075 * WEIGHT_SCALE

    assert UNUSABLE + 255 * best_hop > 0
    assert 256 * UNUSABLE < 2**63


@given(pools=pool_lists(reserves=chain_reserves), data=st.data())
def test_refreshed_graph_equals_a_graph_built_anew(
    pools: list[ConstantProductPool], data: st.DataObject
) -> None:
    market = market_of(pools)
    touched = data.draw(st.lists(st.sampled_from(pools), unique_by=id)) if pools else []
    changed = [pool.with_reserves(pool.reserve1, 7) for pool in touched]
    after = market.with_pools(changed)

    graph = TokenGraph.from_market(market).refreshed(after, [pool.id for pool in changed])

    assert graph.weights.tolist() == TokenGraph.from_market(after).weights.tolist()


def test_refreshing_shares_the_topology_and_leaves_the_old_weights() -> None:
    pool = pool_of("pool", (BASE, A), (10, 20))
    graph = TokenGraph.from_market(market_of([pool]))
    before = graph.weights.tolist()

    after = graph.refreshed(market_of([pool.with_reserves(30, 40)]), [pool.id])

    assert after.topology is graph.topology
    assert graph.weights.tolist() == before != after.weights.tolist()


def test_refreshing_with_a_new_pool_builds_the_graph_anew() -> None:
    old, new = pool_of("old", (BASE, A), (10, 20)), pool_of("new", (A, B), (10, 20))
    graph = TokenGraph.from_market(market_of([old]))

    after = graph.refreshed(market_of([old, new]), [new.id])

    assert after.topology.pools == (old.id, new.id)


def test_refreshing_with_a_vanished_pool_builds_the_graph_anew() -> None:
    kept, gone = pool_of("kept", (BASE, A), (10, 20)), pool_of("gone", (A, B), (10, 20))
    graph = TokenGraph.from_market(market_of([kept, gone]))

    after = graph.refreshed(market_of([kept]), [])

    assert after.topology.pools == (kept.id,)


def test_arrays_cannot_be_written() -> None:
    graph = TokenGraph.from_market(market_of([pool_of("pool", (BASE, A), (10, 20))]))

    assert not graph.weights.flags.writeable
    assert not graph.topology.edge_source.flags.writeable


def test_networkx_shows_parallel_pools_by_id_and_leaves_out_dry_ones() -> None:
    pools = [
        pool_of("one", (BASE, A), (1, 2), fee_pips=0),
        pool_of("two", (BASE, A), (1, 4), fee_pips=0),
        pool_of("dry", (BASE, C), (0, 4)),
    ]

    shown = TokenGraph.from_market(market_of(pools)).as_networkx()

    assert set(shown[BASE][A]) == {"one", "two"}
    assert shown.number_of_edges() == 4
    assert shown[BASE][A]["two"]["venue"] == "test"
    assert abs(shown[BASE][A]["two"]["weight"] + 2) < 1e-9
