"""Sizes of the kernels: no other input earns more, and what they cannot tell they say so."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from graphs.bulk.pool_arrays import trades_of
from graphs.bulk.sizing import NOT_PROFITABLE, SIZED, UNKNOWN, size_rows
from graphs.bulk.words import integers_of
from graphs.cycles import Cycle
from graphs.errors import GraphError
from graphs.fixed_point import UINT112_MAX, UINT128_MAX, UINT256_MAX
from graphs.flash_fees import (
    flash_fee_half_up,
    flash_fee_of_repayment_up,
    flash_fee_two_units,
    flash_fee_up,
)
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.quotes import quote_cycle
from graphs.ranking import Loan
from graphs.sizing import size_cycle
from graphs.token_graph import TokenGraph
from graphs.units import PIPS, PoolId
from tests.graphs.bulk.test_quotes import edges_along
from tests.graphs.concave_pool import ConcavePool
from tests.graphs.markets import BASE, TOKENS, A, market_of, pool_of, ring_of, rings
from tests.graphs.pools.strategies import empty_pool

Ring = tuple[Market, Cycle]
loans = st.builds(
    Loan,
    fee_bps=st.sampled_from((0, 5, 100)),
    flash_fee=st.sampled_from(
        (flash_fee_half_up, flash_fee_up, flash_fee_of_repayment_up, flash_fee_two_units)
    ),
    max_input=st.one_of(st.just(UINT112_MAX), st.integers(0, 10**24)),
)


@st.composite
def curves(draw: st.DrawFn) -> ConcentratedPool:
    """Two to four positions around prices near one, some apart from each other."""
    spacing = draw(st.sampled_from((10, 60)))
    tick = draw(st.integers(-1_500, 1_500))
    pool = empty_pool(fee_pips=draw(st.sampled_from((0, 500, 3_000))), tick_spacing=spacing)
    for _ in range(draw(st.integers(1, 4))):
        lower, width = draw(st.integers(-40, 40)), draw(st.integers(1, 60))
        liquidity = int(10 ** draw(st.floats(3, 26)))
        pool = pool.with_liquidity(
            lower * spacing, (lower + width) * spacing, liquidity_delta=liquidity
        )
    price = int(1.0001 ** (tick / 2) * 2**96)
    start = empty_pool(sqrt_price_x96=price)
    return pool.with_price(price, tick=start.tick)


@st.composite
def mixed_rings(draw: st.DrawFn) -> Ring:
    """A cycle of two to four hops at prices near one, over pools of both kinds."""
    tokens = TOKENS[: draw(st.integers(2, 4))]
    pools: list[Pool] = []
    for sold, bought in zip(tokens, (*tokens[1:], tokens[0]), strict=True):
        low, high = sorted((sold, bought))
        if draw(st.booleans()):
            pool = draw(curves())
            pools.append(replace(pool, id=PoolId(f"pool {sold}"), token0=low, token1=high))
        else:
            reserve = 10 ** draw(st.floats(3, 26))
            reserves = int(reserve), int(reserve * draw(st.floats(0.9, 1.2)))
            fee = draw(st.sampled_from((0, 500, 3_000)))
            pools.append(pool_of(f"pool {sold}", (sold, bought), reserves, fee_pips=fee))
    return market_of(pools), ring_of(pools, tokens)


def bulk_sized(ring: Ring, loan: Loan) -> tuple[int, int, int]:
    """The status, the input and the profit that the kernels find."""
    market, cycle = ring
    graph = TokenGraph.from_market(market)
    row = np.array([edges_along(graph, cycle)], np.int32)
    arrays, trades = trades_of(market, graph, row)
    sizes = size_rows(arrays, trades, loan.bulk_terms())
    return int(sizes.status[0]), integers_of(sizes.inputs)[0], integers_of(sizes.profits)[0]


def profit(ring: Ring, loan: Loan, amount_in: int) -> int:
    """What an input earns; nothing where it is refused."""
    if not 0 < amount_in <= loan.max_input:
        return 0
    try:
        amounts = quote_cycle(*ring, amount_in)
    except GraphError:
        return 0
    return amounts[-1] - amount_in - loan.flash_fee(amount_in, loan.fee_bps)


def tolerance(ring: Ring, earned: int) -> Fraction:
    """Two units for rounded fees, one of each token on the way, and 1e-12 of the profit."""
    market, cycle = ring
    worth = 1.0
    total = 2 + Fraction(earned, 10**12)
    for hop in reversed(cycle.hops[1:]):
        worth *= market.pools[hop.pool_id].marginal_rate_float(hop.token_in, hop.token_out)
        total += Fraction(max(worth, 1.0)) * Fraction(101, 100)
    return total


def regret(ring: Ring, loan: Loan, *, chosen: int, inputs: Iterable[int]) -> Fraction:
    """How much more another input earns, as a share of what is tolerated."""
    best = max([0, *(profit(ring, loan, amount_in) for amount_in in inputs)])
    return (best - max(profit(ring, loan, chosen), 0)) / tolerance(ring, best)


@given(
    ring=st.one_of(mixed_rings(), rings(magnitudes=(6, 30))),
    loan=loans,
    inputs=st.lists(st.integers(1, 10**27), max_size=30),
    shifts=st.lists(st.integers(-(10**6), 10**6), max_size=30),
)
def test_no_other_input_earns_more(
    ring: Ring, loan: Loan, *, inputs: list[int], shifts: list[int]
) -> None:
    status, chosen, _ = bulk_sized(ring, loan)
    assume(status != UNKNOWN)
    by_pools = size_cycle(
        *ring, fee_bps=loan.fee_bps, max_input=loan.max_input, flash_fee=loan.flash_fee
    )

    around = max(chosen, 1)
    near = [around + shift for shift in (-2, -1, 1, 2, *shifts)]
    scaled = [around * factor // 1_000 for factor in (1, 500, 900, 990, 999, 1_001, 1_010, 2_000)]
    others = [*inputs, *near, *scaled, by_pools.amounts[0] if by_pools else 0]
    assert regret(ring, loan, chosen=chosen, inputs=others) <= 1


@given(ring=rings(magnitudes=(1, 3.5)), loan=loans)
def test_no_input_of_a_small_market_earns_more(ring: Ring, loan: Loan) -> None:
    status, chosen, _ = bulk_sized(ring, loan)
    assume(status != UNKNOWN)

    assert regret(ring, loan, chosen=chosen, inputs=range(1, 3_000)) <= 1


@given(ring=st.one_of(mixed_rings(), rings(magnitudes=(1, 30))), loan=loans)
def test_what_is_sized_earns_what_it_says_and_borrows_no_more_than_is_lent(
    ring: Ring, loan: Loan
) -> None:
    status, amount_in, earned = bulk_sized(ring, loan)

    if status == SIZED:
        assert 0 < amount_in <= loan.max_input
        assert profit(ring, loan, amount_in) == earned > 0


@given(ring=mixed_rings())
def test_nearly_every_cycle_with_a_margin_is_told_by_the_kernels(ring: Ring) -> None:
    """They give up where floats cannot nominate, and where a pool ends at the best input."""
    market, cycle = ring
    margin = 1.0
    for hop in cycle.hops:
        margin *= market.pools[hop.pool_id].marginal_rate_float(hop.token_in, hop.token_out)
    assume(abs(margin - 1) > 1e-7)
    loan = Loan(fee_bps=0, max_input=10**4)

    status, _, _ = bulk_sized(ring, loan)
    by_pools = size_cycle(market, cycle, fee_bps=0, max_input=loan.max_input)

    assert status != UNKNOWN or by_pools is None or by_pools.amounts[-1] < 10**6


@given(units=st.integers(20, 400), gap=st.integers(2, 9))
def test_best_number_of_coarse_units_on_the_way_is_bought_for_no_more_than_it_costs(
    units: int, gap: int
) -> None:
    pools = [
        pool_of("one", (BASE, A), (10**18, units)),
        pool_of("two", (A, BASE), (units, gap * 10**18)),
    ]
    ring = market_of(pools), ring_of(pools, (BASE, A))
    loan = Loan(fee_bps=0, max_input=UINT112_MAX)

    _, chosen, _ = bulk_sized(ring, loan)

    costs = [pools[0].amount_in(BASE, A, bought) for bought in range(1, units)]
    assert profit(ring, loan, chosen) >= max(profit(ring, loan, cost) for cost in costs)


def test_a_kind_that_no_kernel_knows_is_left_to_the_pools() -> None:
    pools = [pool_of("one", (BASE, A), (10**18, 2 * 10**18)), pool_of("two", (A, BASE), (1, 1))]
    hidden: list[Pool] = [pools[0], ConcavePool(inside=pools[1])]

    ring = market_of(hidden), ring_of(hidden, (BASE, A))

    assert bulk_sized(ring, Loan(fee_bps=0, max_input=10**18))[0] == UNKNOWN


@pytest.mark.parametrize("fee_bps", [0, 5])
def test_a_margin_that_floats_cannot_tell_from_nothing_is_left_to_the_pools(fee_bps: int) -> None:
    whole = UINT112_MAX // 8
    owed = whole * (10_000 + fee_bps) // 10_000
    pools = [
        pool_of("one", (BASE, A), (whole, owed + whole // 10**10), fee_pips=0),
        pool_of("two", (A, BASE), (whole, whole), fee_pips=0),
    ]
    ring = market_of(pools), ring_of(pools, (BASE, A))

    assert bulk_sized(ring, Loan(fee_bps=fee_bps, max_input=UINT112_MAX))[0] == UNKNOWN


@pytest.mark.parametrize("max_input", [UINT256_MAX, UINT128_MAX, 2**127])
def test_more_than_the_kernels_hold_may_be_lent(max_input: int) -> None:
    """A lender states what its token's contract says it has."""
    pools = [
        pool_of("one", (BASE, A), (10**18, 10**20)),
        pool_of("two", (A, BASE), (10**18, 10**18)),
    ]
    ring = market_of(pools), ring_of(pools, (BASE, A))

    offered = bulk_sized(ring, Loan(fee_bps=0, max_input=max_input))

    assert offered == bulk_sized(ring, Loan(fee_bps=0, max_input=UINT112_MAX))
    assert offered[0] == SIZED


def test_a_pair_is_filled_no_further_than_it_holds() -> None:
    whole = 10**18
    pools = [
        pool_of("one", (BASE, A), (whole, UINT112_MAX)),
        pool_of("two", (A, BASE), (UINT112_MAX // 2, 10**6 * whole)),
    ]
    ring = market_of(pools), ring_of(pools, (BASE, A))
    loan = Loan(fee_bps=0, max_input=UINT112_MAX)
    most = pools[0].amount_in(BASE, A, UINT112_MAX // 2)

    status, chosen, earned = bulk_sized(ring, loan)

    assert status == SIZED
    assert chosen <= most
    assert earned * 10**9 >= profit(ring, loan, most) * (10**9 - 1)


def test_one_unit_is_tried_where_the_smooth_optimum_is_less() -> None:
    """A pool of next to nothing, at a price that nobody would trade at."""
    pools = [pool_of("one", (BASE, A), (1, 10**20)), pool_of("two", (A, BASE), (10**10, 10**6))]
    ring = market_of(pools), ring_of(pools, (BASE, A))
    loan = Loan(fee_bps=0, max_input=UINT112_MAX)

    status, chosen, earned = bulk_sized(ring, loan)

    assert (status, chosen) == (SIZED, 1)
    assert earned == max(profit(ring, loan, amount_in) for amount_in in range(1, 100))


def test_a_pool_that_was_never_funded_earns_nothing() -> None:
    pools = [
        pool_of("one", (BASE, A), (0, 0)),
        ConstantProductPool(
            id=PoolId("two"),
            venue="test",
            token0=BASE,
            token1=A,
            reserve0=10**20,
            reserve1=10**18,
            fee_pips=PIPS // 1_000,
        ),
    ]
    ring = market_of(pools), ring_of(pools, (BASE, A))

    assert bulk_sized(ring, Loan(fee_bps=0, max_input=10**18))[0] == NOT_PROFITABLE
