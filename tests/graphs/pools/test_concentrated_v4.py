"""Uniswap V4 pools: the fee of two takers, limits of the manager, and rates of all ranges."""

from dataclasses import replace
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.errors import (
    AmountOutOfRangeError,
    GraphError,
    InsufficientLiquidityError,
    MalformedPoolError,
)
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO, get_sqrt_ratio_at_tick
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.units import PIPS, Address
from tests.graphs.oracles import RangePool
from tests.graphs.pools.strategies import HIGH, LOW, amounts, funded_pools
from tests.graphs.pools.v4_strategies import empty_v4_pool, funded_v4_pools, packed

INT128_MAX = 2**127 - 1
DIRECTIONS = ((LOW, HIGH), (HIGH, LOW))

directions = st.sampled_from(DIRECTIONS)
shares = st.integers(0, 1000)


def funded(
    *, fee_pips: int = 3000, protocol_fee: int = 0, liquidity: int = 10**18
) -> UniswapV4Pool:
    """Liquidity from -600 to 600, the price in the middle."""
    pool = empty_v4_pool(fee_pips=fee_pips, protocol_fee=protocol_fee)
    return pool.with_liquidity(-600, 600, liquidity_delta=liquidity)


def first_liquid_price(pool: ConcentratedPool, *, falls: bool) -> int | None:
    """The end, nearest the price, of the nearest part of a range that still trades."""
    edges = [get_sqrt_ratio_at_tick(tick) for tick in pool.ticks]
    current = pool.sqrt_price_x96
    limit = MIN_SQRT_RATIO + 1 if falls else MAX_SQRT_RATIO - 1
    active, starts = 0, []
    for low, high, net in zip(edges, edges[1:], pool.liquidity_nets, strict=False):
        active += net
        if falls and active and max(low, limit) < min(high, current):
            starts.append(min(high, current))
        if not falls and active and max(low, current) < min(high, limit):
            starts.append(max(low, current))
    return max(starts, default=None) if falls else min(starts, default=None)


@given(pool=funded_pools() | funded_v4_pools(), pair=directions)
def test_marginal_rate_is_that_of_the_first_range_within_a_part_in_two_to_the_40(
    pool: ConcentratedPool, pair: tuple[Address, Address]
) -> None:
    falls = pair == (LOW, HIGH)
    root = first_liquid_price(pool, falls=falls)
    kept = Fraction(PIPS - (pool.swap_fee0_pips if falls else pool.swap_fee1_pips), PIPS)
    price = Fraction((root or 0) ** 2, 2**192)
    exact = kept * (price if falls or not price else 1 / price)

    rate = Fraction(pool.marginal_rate_float(*pair))

    assert abs(rate - exact) <= exact / 2**40


@given(shares, shares, st.integers(0, PIPS))
def test_providers_take_their_fee_from_what_the_protocol_leaves(
    falling: int, rising: int, fee_pips: int
) -> None:
    pool = empty_v4_pool(fee_pips=fee_pips, protocol_fee=packed(falling, rising))

    fees = [ceil(share + Fraction(fee_pips * (PIPS - share), PIPS)) for share in (falling, rising)]

    assert [pool.swap_fee0_pips, pool.swap_fee1_pips] == fees


@given(
    funded_v4_pools(narrowest=60).filter(
        lambda pool: max(pool.swap_fee0_pips, pool.swap_fee1_pips) < PIPS
    ),
    directions,
    amounts(),
)
def test_a_swap_equals_the_slow_walk_over_single_ticks(
    pool: UniswapV4Pool, pair: tuple[Address, Address], amount: int
) -> None:
    falls = pair == (LOW, HIGH)
    slow = RangePool(
        fee_pips=pool.swap_fee0_pips if falls else pool.swap_fee1_pips,
        tick_spacing=pool.tick_spacing,
        price=pool.sqrt_price_x96,
        tick=pool.tick,
        liquidity=pool.liquidity,
        nets=dict(zip(pool.ticks, pool.liquidity_nets, strict=True)),
    )
    left, bought = slow.sell(amount, zero_for_one=falls)
    if left or max(amount, bought) > INT128_MAX:
        with pytest.raises(GraphError):
            pool.amount_out(*pair, amount)
        return

    after = pool.after_swap(*pair, amount)

    assert pool.amount_out(*pair, amount) == bought
    assert after == pool.with_price(slow.price, tick=slow.tick, liquidity=slow.liquidity)


@given(funded_v4_pools(), directions, amounts())
def test_the_input_quoted_for_an_output_buys_at_least_that_output(
    pool: UniswapV4Pool, pair: tuple[Address, Address], amount: int
) -> None:
    try:
        paid = pool.amount_in(*pair, amount)
        bought = pool.amount_out(*pair, paid)
    except GraphError:
        return

    assert bought >= amount


@pytest.mark.parametrize(
    ("fee_pips", "share"), [(PIPS, 0), (PIPS - 1, 1000)], ids=["providers", "both"]
)
@pytest.mark.parametrize("pair", DIRECTIONS, ids=["falling", "rising"])
def test_a_fee_of_everything_sells_nothing(
    pair: tuple[Address, Address], fee_pips: int, share: int
) -> None:
    pool = funded(fee_pips=fee_pips, protocol_fee=packed(share, share))

    assert pool.amount_out(*pair, 10**15) == 0
    assert pool.after_swap(*pair, 10**15).sqrt_price_x96 == pool.sqrt_price_x96
    assert pool.marginal_rate_float(*pair) == 0.0
    with pytest.raises(InsufficientLiquidityError):
        pool.amount_in(*pair, 1)


@pytest.mark.parametrize("amount", [-1, 0, INT128_MAX + 1])
def test_amounts_that_no_balance_change_holds_are_refused(amount: int) -> None:
    for quote in (funded().amount_out, funded().amount_in, funded().after_swap):
        with pytest.raises(AmountOutOfRangeError):
            quote(LOW, HIGH, amount)


def test_an_output_that_no_balance_change_holds_is_refused() -> None:
    cheap = empty_v4_pool(fee_pips=0, tick_spacing=1, sqrt_price_x96=2**140)
    pool = cheap.with_liquidity(-887_272, 887_272, liquidity_delta=2**107)

    assert pool.amount_out(LOW, HIGH, 2**38) <= INT128_MAX
    with pytest.raises(AmountOutOfRangeError):
        pool.amount_out(LOW, HIGH, 2**60)


@pytest.mark.parametrize(
    "change",
    [
        {"protocol_fee": packed(1001, 0)},
        {"protocol_fee": packed(0, 1001)},
        {"protocol_fee": -1},
        {"fee_pips": PIPS + 1},
        {"fee_pips": -1},
        {"tick": 1},
    ],
    ids=str,
)
def test_states_that_no_pool_can_hold_are_refused(change: dict[str, int]) -> None:
    with pytest.raises(MalformedPoolError):
        replace(funded(), **change)  # type: ignore[arg-type]  # wrong on purpose


def test_every_change_keeps_the_kind_and_the_protocols_fee() -> None:
    pool = funded(protocol_fee=packed(500, 52))

    changed = [
        pool.with_price(2**96 + 1, tick=0),
        pool.after_swap(LOW, HIGH, 10**15),
        pool.with_liquidity(-60, 60, liquidity_delta=1),
    ]

    assert [type(after) for after in changed] == [UniswapV4Pool] * 3
    assert {after.protocol_fee for after in changed} == {packed(500, 52)}


def test_a_tick_may_hold_its_share_and_not_one_unit_more() -> None:
    pool = empty_v4_pool()
    share = pool.max_liquidity_per_tick

    pool.with_liquidity(0, 60, liquidity_delta=share).check_ticks()
    with pytest.raises(AmountOutOfRangeError):
        pool.with_liquidity(0, 60, liquidity_delta=share + 1)
