"""Balancer's StableSwap pools over the whole range of balances, against the exact curve."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
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
from graphs.fixed_point import UINT112_MAX
from graphs.pools.balancer_fixed_point import ONE
from graphs.pools.stable import StablePool
from graphs.pools.stable_math import (
    calculate_invariant_down,
    calculate_invariant_up,
    get_token_balance_up,
)
from graphs.units import Address, PoolId
from tests.graphs.pools.recorded_amm import exact_invariant, exact_slope, recorded_stable

TOKENS = tuple(Address("0x" + str(digit) * 40) for digit in range(1, 6))
LOW, HIGH, OTHER = TOKENS[0], TOKENS[1], Address("0x" + "f" * 40)
RELATIVE_ERROR = 2**-50

amounts = st.integers(0, 111).flatmap(lambda bits: st.integers(2**bits, 2 ** (bits + 1)))


def pool_of(
    *balances: int, amplification: int = 200_000, factor: int = ONE, swap_fee: int = 10**14
) -> StablePool:
    return StablePool(
        id=PoolId("0x" + "a" * 64),
        venue="balancer-v2",
        tokens=TOKENS[: len(balances)],
        balances=balances,
        scaling_factors=(factor,) * len(balances),
        amplification=amplification,
        swap_fee=swap_fee,
        rounds_invariant_up=False,
    )


@st.composite
def pools(draw: st.DrawFn, *, least_worth: int = 10**15) -> StablePool:
    """Two to five tokens of uneven decimals and rates, up to a millionfold out of balance."""
    count = draw(st.integers(2, 5))
    worth = draw(st.integers(least_worth, 10**27))
    decimals = draw(st.lists(st.integers(0, 18), min_size=count, max_size=count))
    rates = draw(st.lists(st.integers(10**17, 10**19), min_size=count, max_size=count))
    shares = draw(st.lists(st.integers(1, 10**6), min_size=count, max_size=count))
    factors = tuple(10 ** (18 - d) * rate for d, rate in zip(decimals, rates, strict=True))
    return replace(
        pool_of(*(1,) * count),
        balances=tuple(
            max(worth * share * ONE // factor, 1)
            for share, factor in zip(shares, factors, strict=True)
        ),
        scaling_factors=factors,
        amplification=1000 * draw(st.integers(1, 5000)),
        swap_fee=draw(st.integers(10**12, 10**17)),
        rounds_invariant_up=draw(st.booleans()),
    )


def quote_or_none(pool: StablePool, dx: int) -> int | None:
    try:
        return pool.amount_out(LOW, HIGH, dx)
    except GraphError:
        return None


def input_or_none(pool: StablePool, dy: int) -> int | None:
    try:
        return pool.amount_in(LOW, HIGH, dy)
    except GraphError:
        return None


@given(pools(), st.sampled_from([calculate_invariant_down, calculate_invariant_up]))
@example(pool_of(10**18, 10**18), calculate_invariant_down)
@example(pool_of(10**18, 10**18), calculate_invariant_up)
def test_either_rounding_of_the_invariant_is_near_the_exact_one(
    pool: StablePool, calculate: Callable[[tuple[int, ...], int], int]
) -> None:
    balances = pool._scaled()
    exact = exact_invariant(balances, Fraction(pool.amplification, 1000))

    try:
        found = calculate(balances, pool.amplification)
    except AmountOutOfRangeError:
        return

    # The error of every step grows with the imbalance.
    assert abs(found - exact) <= exact.scaleb(-12) + len(balances) + 1


@given(pools(), st.data())
def test_the_marginal_rate_is_the_slope_of_the_exact_curve(
    pool: StablePool, data: st.DataObject
) -> None:
    sold, bought = data.draw(st.permutations(range(len(pool.tokens))))[:2]
    slope = exact_slope(pool._scaled(), Fraction(pool.amplification, 1000), (sold, bought))
    scale = Decimal(pool.scaling_factors[sold]) / pool.scaling_factors[bought]
    exact = slope * scale * (ONE - pool.swap_fee) / ONE

    rate = pool.marginal_rate_float(pool.tokens[sold], pool.tokens[bought])

    assert rate == pytest.approx(float(exact), rel=RELATIVE_ERROR, abs=0)


@given(pools(), amounts, amounts)
def test_a_bigger_input_never_lowers_the_output(pool: StablePool, dx: int, more: int) -> None:
    small, big = quote_or_none(pool, dx), quote_or_none(pool, dx + more)

    assert small is None or big is None or big >= small


@given(pools(least_worth=10**24), amounts)
def test_the_invariant_never_falls(pool: StablePool, dx: int) -> None:
    before = exact_invariant(pool._scaled(), Fraction(pool.amplification, 1000))
    try:
        after = pool.after_swap(LOW, HIGH, dx)
    except GraphError:
        return

    # Scaling cuts a fraction of a unit off each balance. The difference is exact, while either side
    # less a few units would be rounded to 28 digits.
    now = exact_invariant(after._scaled(), Fraction(pool.amplification, 1000))
    assert before - now <= len(pool.tokens)


@given(pools(), amounts)
def test_the_state_after_a_swap_keeps_the_whole_input(pool: StablePool, dx: int) -> None:
    quote = quote_or_none(pool, dx)
    if quote is None:
        return

    after = pool.after_swap(LOW, HIGH, dx)

    moved = (pool.balances[0] + dx, pool.balances[1] - quote, *pool.balances[2:])
    assert after == pool.with_balances(moved)


def exact_rate(pool: StablePool) -> Decimal:
    return exact_slope(pool._scaled(), Fraction(pool.amplification, 1000), (0, 1))


@given(pools(), amounts)
def test_no_trade_beats_the_marginal_rate_by_more_than_rounding(pool: StablePool, dx: int) -> None:
    quote = quote_or_none(pool, dx)

    slack = 8 * (1 + exact_rate(pool)) * ONE / pool.scaling_factors[1] + 1
    best = Decimal(pool.marginal_rate_float(LOW, HIGH) * (1 + RELATIVE_ERROR)) * dx
    assert quote is None or quote <= best + slack


@pytest.mark.parametrize("name", ["bb_s_usd", "cbeth_wsteth", "tusd_bsp", "wsteth_weth"])
def test_recorded_pools_quote_below_their_marginal_rate_and_back_again(name: str) -> None:
    pool = recorded_stable(name)
    sold, bought = pool.tokens[0], pool.tokens[-1]
    rate = pool.marginal_rate_float(sold, bought)

    paid = pool.amount_in(sold, bought, pool.balances[-1] // 10)

    assert 0.9 < pool.balances[-1] // 10 / (paid * rate) < 1
    assert pool.amount_out(sold, bought, paid) <= pool.balances[-1] // 10


def test_recorded_share_of_the_pool_is_left_out() -> None:
    assert len(recorded_stable("bb_s_usd").tokens) == 3
    assert len(recorded_stable("tusd_bsp").tokens) == 2


def test_a_balanced_pool_trades_one_to_one_but_for_the_fee() -> None:
    pool = pool_of(10**24, 10**24, swap_fee=10**15)

    assert pool.marginal_rate_float(LOW, HIGH) == pytest.approx(0.999, rel=RELATIVE_ERROR)
    assert calculate_invariant_down(pool._scaled(), pool.amplification) == 2 * 10**24


@pytest.mark.parametrize("balances", [(0, 0), (0, 10**18), (10**18, 0)])
def test_an_empty_balance_is_dry(balances: tuple[int, int]) -> None:
    pool = pool_of(*balances)

    assert pool.marginal_rate_float(LOW, HIGH) == 0.0
    with pytest.raises(GraphError):
        pool.amount_out(LOW, HIGH, 10**6)
    with pytest.raises(GraphError):
        pool.amount_in(LOW, HIGH, 10**6)


@pytest.mark.parametrize("amount", [0, -1, UINT112_MAX])
def test_an_input_that_is_nothing_or_too_much_is_refused(amount: int) -> None:
    with pytest.raises(AmountOutOfRangeError):
        pool_of(10**18, 10**18).amount_out(LOW, HIGH, amount)


@pytest.mark.parametrize("amount", [0, -1])
def test_buying_nothing_is_refused(amount: int) -> None:
    with pytest.raises(AmountOutOfRangeError):
        pool_of(10**18, 10**18).amount_in(LOW, HIGH, amount)


@pytest.mark.parametrize("amount", [10**18, 10**18 + 1])
def test_the_whole_balance_cannot_be_bought(amount: int) -> None:
    with pytest.raises(InsufficientLiquidityError):
        pool_of(10**18, 10**18).amount_in(LOW, HIGH, amount)


def test_an_input_that_no_balance_can_hold_is_refused() -> None:
    pool = pool_of(UINT112_MAX - 10**6, UINT112_MAX - 10**6)

    with pytest.raises(AmountOutOfRangeError):
        pool.amount_in(LOW, HIGH, 10**30)


@pytest.mark.parametrize("balances", [(2**200, 2**200), (1, 2**120)])
def test_an_iteration_that_leaves_the_word_is_refused(balances: tuple[int, int]) -> None:
    with pytest.raises(AmountOutOfRangeError):
        get_token_balance_up(list(balances), 1000, invariant=2**130, index=0)


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
        {"tokens": (LOW,)},
        {"tokens": (HIGH, LOW)},
        {"balances": (1,)},
        {"balances": (1, UINT112_MAX + 1)},
        {"scaling_factors": (ONE, 0)},
        {"amplification": 999},
        {"amplification": 5_000_001},
        {"swap_fee": 0},
        {"swap_fee": 10**17 + 1},
    ],
    ids=str,
)
def test_states_that_no_pool_can_hold_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(MalformedPoolError):
        replace(pool_of(10**18, 10**18), **change)


def test_a_pool_is_atomic() -> None:
    assert pool_of(1, 1).is_atomic
