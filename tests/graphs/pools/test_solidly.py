"""Solidly's pairs over all reserves, against the exact curves and recorded Aerodrome pairs."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.errors import (
    AmountOutOfRangeError,
    GraphError,
    InsufficientLiquidityError,
    MalformedPoolError,
    UnknownTokenError,
)
from graphs.fixed_point import UINT256_MAX
from graphs.pools.solidly import SolidlyPool
from graphs.pools.solidly_math import ONE, Units, f, get_y
from graphs.units import BPS, Address, PoolId
from tests.graphs.pools.recorded_amm import recorded_solidly

LOW = Address("0x" + "1" * 40)
HIGH = Address("0x" + "2" * 40)
OTHER = Address("0x" + "3" * 40)
RELATIVE_ERROR = 2**-50
ROUNDING = 4
"""Units of 18 decimals by which the contract's four divisions may miss the exact reserve."""

amounts = st.integers(0, 111).flatmap(lambda bits: st.integers(2**bits, 2 ** (bits + 1)))


def pool_of(
    reserve0: int, reserve1: int, *, decimals: tuple[int, int] = (18, 18), is_stable: bool = True
) -> SolidlyPool:
    return SolidlyPool(
        id=PoolId("0x" + "a" * 40),
        venue="aerodrome",
        token0=LOW,
        token1=HIGH,
        reserve0=reserve0,
        reserve1=reserve1,
        decimals0=decimals[0],
        decimals1=decimals[1],
        fee_bps=30,
        is_stable=is_stable,
    )


@st.composite
def pools(draw: st.DrawFn) -> SolidlyPool:
    """Either curve, uneven decimals, up to a thousandfold out of balance."""
    decimals = draw(st.tuples(st.integers(0, 20), st.integers(0, 20)))
    worth = draw(st.integers(1, 10**9))
    shares = draw(st.tuples(st.integers(1, 1000), st.integers(1, 1000)))
    reserves = [worth * s * 10**d for s, d in zip(shares, decimals, strict=True)]
    pool = pool_of(*reserves, decimals=decimals, is_stable=draw(st.booleans()))
    return replace(pool, fee_bps=draw(st.integers(0, 300)))


def quote_or_none(pool: SolidlyPool, dx: int) -> int | None:
    try:
        return pool.amount_out(LOW, HIGH, dx)
    except GraphError:
        return None


def exact_curve(pool: SolidlyPool, reserve0: int, reserve1: int) -> Fraction:
    x, y = Fraction(reserve0, 10**pool.decimals0), Fraction(reserve1, 10**pool.decimals1)
    return x * y * (x * x + y * y) if pool.is_stable else x * y


@given(pools(), amounts)
@example(pool_of(10**24, 10**12, decimals=(18, 6)), 10**20)
def test_the_contracts_invariant_never_falls(pool: SolidlyPool, dx: int) -> None:
    try:
        after = pool.after_swap(LOW, HIGH, dx)
    except GraphError:
        return

    before_and_now = [p._k(p.reserve0, p.reserve1) for p in (pool, after)]

    assert before_and_now == sorted(before_and_now)


@given(st.integers(10**18, 10**24), st.integers(-3, 3), st.integers(0, 10**27))
def test_the_reserve_found_is_the_least_that_keeps_the_invariant(
    x: int, imbalance: int, dx: int
) -> None:
    y = int(x * 10.0**imbalance)
    xy = f(x, y)

    found = get_y(x + dx, xy, y=y, units=Units(ONE, ONE))

    assert f(x + dx, found) >= xy
    assert f(x + dx, found - 1) < xy or f(x + dx, found) == xy


def test_below_the_root_the_second_scaling_of_the_contract_decides() -> None:
    x, y, dx = 43_407_292_955_951_184, 24_052_473_837_238_112_256, 187_549_886_066
    root = 24_052_439_195_863_314_160

    # Scaled once more, token0's six decimals make one unit less look enough.
    assert get_y(x + dx, f(x, y), y=y, units=Units(ONE, ONE)) == root
    assert get_y(x + dx, f(x, y), y=y, units=Units(10**6, ONE)) == root - 1


def test_a_second_scaling_that_no_word_holds_is_refused_as_the_contract_reverts() -> None:
    x, y, dx = 136_289_276_252_023_808, 23_578_037_823_838_064_640, 71_822_802_731_394_656

    assert get_y(x + dx, f(x, y), y=y, units=Units(ONE, ONE)) == 20_474_768_845_701_816_932
    with pytest.raises(AmountOutOfRangeError):
        get_y(x + dx, f(x, y), y=y, units=Units(10**6, 10**6))


@given(pools(), amounts)
def test_a_volatile_quote_solves_the_product_exactly(pool: SolidlyPool, dx: int) -> None:
    pool = replace(pool, is_stable=False)
    kept = dx - dx * pool.fee_bps // BPS
    exact = pool.reserve1 - Fraction(pool.reserve0 * pool.reserve1, pool.reserve0 + kept)

    quote = quote_or_none(pool, dx)

    assert quote == (int(exact) or None)


@given(pools())
def test_the_marginal_rate_is_the_slope_of_the_exact_curve(pool: SolidlyPool) -> None:
    x = Fraction(pool.reserve0, 10**pool.decimals0)
    y = Fraction(pool.reserve1, 10**pool.decimals1)
    by_x, by_y = (3 * x * x * y + y**3, x**3 + 3 * x * y * y) if pool.is_stable else (y, x)
    slope = by_x / by_y * 10**pool.decimals1 / 10**pool.decimals0
    exact = slope * (BPS - pool.fee_bps) / BPS

    assert pool.marginal_rate_float(LOW, HIGH) == pytest.approx(float(exact), rel=RELATIVE_ERROR)
    inverse = pool.marginal_rate_float(HIGH, LOW) * pool.marginal_rate_float(LOW, HIGH)
    assert inverse == pytest.approx((1 - pool.fee_bps / BPS) ** 2, rel=RELATIVE_ERROR)


@given(pools(), amounts, amounts)
def test_a_bigger_input_never_lowers_the_output_by_more_than_the_iterations_last_step(
    pool: SolidlyPool, dx: int, more: int
) -> None:
    small, big = quote_or_none(pool, dx), quote_or_none(pool, dx + more)
    slack = -(-ROUNDING * 10**pool.decimals1 // ONE) if pool.is_stable else 0

    assert small is None or big is None or big >= small - slack


@given(pools(), amounts)
def test_the_state_after_a_swap_has_lost_the_fee(pool: SolidlyPool, dx: int) -> None:
    quote = quote_or_none(pool, dx)
    if quote is None:
        return

    after = pool.after_swap(LOW, HIGH, dx)

    kept = dx - dx * pool.fee_bps // BPS
    assert after == pool.with_reserves(pool.reserve0 + kept, pool.reserve1 - quote)


@given(pools(), amounts)
def test_both_directions_are_mirror_images(pool: SolidlyPool, dx: int) -> None:
    mirror = replace(
        pool.with_reserves(pool.reserve1, pool.reserve0),
        decimals0=pool.decimals1,
        decimals1=pool.decimals0,
    )
    slack = -(-ROUNDING * 10**pool.decimals1 // ONE) if pool.is_stable else 0
    quote = quote_or_none(pool, dx)
    if quote is None:
        return

    # Not exact: just below its root the contract scales token0 and token1 once too often.
    assert abs(mirror._quote(dx, zero_for_one=False) - quote) <= slack


@given(pools(), st.integers(1, 999))
def test_the_input_for_an_output_buys_it_and_one_unit_less_does_not(
    pool: SolidlyPool, share: int
) -> None:
    output = max(pool.reserve1 * share // 1000, 1)
    try:
        paid = pool.amount_in(LOW, HIGH, output)
    except GraphError:
        return

    assert pool.amount_out(LOW, HIGH, paid) >= output
    assert pool._quote(paid - 1, zero_for_one=True) < output


@given(pools(), amounts)
def test_no_trade_beats_the_exact_curve_by_more_than_rounding(pool: SolidlyPool, dx: int) -> None:
    quote = quote_or_none(pool, dx)
    if quote is None:
        return
    slack = -(-ROUNDING * 10**pool.decimals1 // ONE) if pool.is_stable else 0
    kept = dx - dx * pool.fee_bps // BPS

    left = pool.reserve1 - quote + slack
    after = exact_curve(pool, pool.reserve0 + kept, left)

    # Three floors of the contract's invariant, each of one unit of 18 decimals times its factor.
    x, y = Fraction(pool.reserve0, 10**pool.decimals0), Fraction(left, 10**pool.decimals1)
    floors = Fraction(4, ONE) * ((x + 1) ** 2 + (y + 1) ** 2) if pool.is_stable else 0
    assert after >= exact_curve(pool, pool.reserve0, pool.reserve1) - floors


def test_a_recorded_stable_pair_quotes_near_one_to_one() -> None:
    pool = recorded_solidly("dola_usdbc_stable")

    quote = pool.amount_out(pool.token0, pool.token1, 10**18)

    assert pool.is_stable
    assert pool.marginal_rate_float(pool.token0, pool.token1) * 10**12 == pytest.approx(
        quote / 10**6, rel=1e-3
    )
    assert pool.amount_in(pool.token0, pool.token1, quote) <= 10**18


def test_a_recorded_volatile_pair_is_a_constant_product() -> None:
    pool = recorded_solidly("tbtc_weth_volatile")
    kept = 10**15 - 10**15 * 30 // BPS

    quote = pool.amount_out(pool.token0, pool.token1, 10**15)

    assert quote == kept * pool.reserve1 // (pool.reserve0 + kept)
    assert pool.amount_in(pool.token0, pool.token1, quote) <= 10**15


@pytest.mark.parametrize("is_stable", [True, False])
@pytest.mark.parametrize(("x", "y"), [(0, 0), (0, 10**18), (10**18, 0)])
def test_an_unfunded_pool_is_dry(x: int, y: int, *, is_stable: bool) -> None:
    pool = pool_of(x, y, is_stable=is_stable)

    assert pool.marginal_rate_float(LOW, HIGH) == 0.0
    with pytest.raises(InsufficientLiquidityError):
        pool.amount_out(LOW, HIGH, 1)
    with pytest.raises(InsufficientLiquidityError):
        pool.amount_in(LOW, HIGH, 1)


@pytest.mark.parametrize("amount", [0, -1])
def test_trading_nothing_is_refused(amount: int) -> None:
    pool = pool_of(10**18, 10**18)

    with pytest.raises(AmountOutOfRangeError):
        pool.amount_out(LOW, HIGH, amount)
    with pytest.raises(AmountOutOfRangeError):
        pool.amount_in(LOW, HIGH, amount)


@pytest.mark.parametrize("is_stable", [True, False])
def test_reserves_whose_invariant_no_word_holds_are_refused(*, is_stable: bool) -> None:
    with pytest.raises(AmountOutOfRangeError):
        pool_of(2**200, 2**200, is_stable=is_stable).amount_out(LOW, HIGH, 2**100)


@pytest.mark.parametrize("amount", [10**18, 10**18 + 1])
def test_the_whole_reserve_cannot_be_bought(amount: int) -> None:
    with pytest.raises(InsufficientLiquidityError):
        pool_of(10**18, 10**18).amount_in(LOW, HIGH, amount)


@pytest.mark.parametrize(("x", "y"), [(10**9, 10**9), (1, 0), (2**127, 2**127), (2**130, 1)])
def test_an_iteration_without_a_slope_or_wider_than_a_word_is_refused(x: int, y: int) -> None:
    with pytest.raises(AmountOutOfRangeError):
        get_y(x, 1, y=y, units=Units(ONE, ONE))


@pytest.mark.parametrize(
    ("sold", "bought", "named"),
    [(OTHER, LOW, OTHER), (LOW, OTHER, OTHER), (LOW, LOW, LOW)],
    ids=["sold", "bought", "same"],
)
def test_a_token_that_is_not_traded_is_named(sold: Address, bought: Address, named: str) -> None:
    pool = pool_of(10**18, 10**18)

    for quote in (pool.amount_out, pool.amount_in, pool.after_swap):
        with pytest.raises(UnknownTokenError) as raised:
            quote(sold, bought, 1)
        assert raised.value.token == named
    with pytest.raises(UnknownTokenError):
        pool.marginal_rate_float(sold, bought)


@pytest.mark.parametrize(
    "change",
    [
        {"reserve0": -1},
        {"reserve1": UINT256_MAX + 1},
        {"token0": HIGH},
        {"decimals0": -1},
        {"decimals1": 78},
        {"fee_bps": -1},
        {"fee_bps": BPS},
    ],
    ids=str,
)
def test_states_that_no_pair_can_hold_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedPoolError):
        replace(pool_of(10, 20), **change)


def test_a_pair_is_atomic() -> None:
    assert pool_of(1, 1).is_atomic
