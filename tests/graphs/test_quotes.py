"""Tests of exact amounts along a cycle."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.cycles import Cycle
from graphs.errors import AmountOutOfRangeError, GraphError
from graphs.market import Market
from graphs.quotes import least_input, quote_cycle
from tests.graphs.markets import BASE, A, market_of, pool_of, ring_of, rings


def test_quote_of_two_uniswap_pools_is_what_the_router_computes() -> None:
    pools = [pool_of("one", (BASE, A), (1_000, 4_000)), pool_of("two", (A, BASE), (4_000, 2_000))]
    bought = 100 * 997 * 4_000 // (1_000 * 1_000 + 100 * 997)
    returned = bought * 997 * 2_000 // (4_000 * 1_000 + bought * 997)

    amounts = quote_cycle(market_of(pools), ring_of(pools, (BASE, A)), 100)

    assert amounts == (100, bought, returned)


@given(ring=rings(magnitudes=(12, 30)), amount_in=st.integers(1, 10**30))
def test_amounts_are_the_pools_own_quotes_hop_by_hop(
    ring: tuple[Market, Cycle], amount_in: int
) -> None:
    market, cycle = ring
    try:
        amounts = quote_cycle(market, cycle, amount_in)
    except GraphError:
        return

    for hop, sold, bought in zip(cycle.hops, amounts[:-1], amounts[1:], strict=True):
        assert market.pools[hop.pool_id].amount_out(hop.token_in, hop.token_out, sold) == bought


@given(ring=rings(magnitudes=(18, 24)), amount_in=st.integers(10**12, 10**18))
def test_least_input_buys_the_amount_and_is_no_more_than_what_bought_it(
    ring: tuple[Market, Cycle], amount_in: int
) -> None:
    market, cycle = ring
    try:
        amounts = quote_cycle(market, cycle, amount_in)
    except GraphError:
        return

    least = least_input(market, cycle, hops=len(cycle.hops), amount_out=amounts[-1])

    # The contract's getAmountIn adds one even where nothing is left over.
    assert least <= amount_in + 1
    assert quote_cycle(market, cycle, least)[-1] >= amounts[-1]


def test_refusal_of_a_pool_is_passed_on() -> None:
    pools = [pool_of("one", (BASE, A), (1_000, 4)), pool_of("two", (A, BASE), (4, 2_000))]

    with pytest.raises(AmountOutOfRangeError):
        quote_cycle(market_of(pools), ring_of(pools, (BASE, A)), 1)
