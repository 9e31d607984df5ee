"""Constant-product quotes over all reserves, against the contract's own fractions."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.errors import (
    AmountOutOfRangeError,
    InsufficientLiquidityError,
    MalformedPoolError,
    UnknownTokenError,
)
from graphs.fixed_point import UINT112_MAX
from graphs.pools.constant_product import ConstantProductPool
from graphs.units import PIPS, Address, PoolId
from tests.graphs.oracles import constant_product_out

LOW = Address("0x" + "1" * 40)
HIGH = Address("0x" + "2" * 40)
OTHER = Address("0x" + "3" * 40)

reserves = st.integers(1, UINT112_MAX)
amounts = st.integers(1, UINT112_MAX)
fees = st.sampled_from([0, 500, 2000, 2500, 3000, 10_000, 999_999])

# The fee in pips, and the fraction of the input that the contract's own source keeps.
BRANDS = pytest.mark.parametrize(
    ("fee_pips", "kept"),
    [(3000, (997, 1000)), (2000, (998, 1000)), (2500, (9975, 10_000)), (1500, (9985, 10_000))],
    ids=["uniswap", "pancake-v1", "pancake-v2", "swapr"],
)


def pool_of(reserve0: int, reserve1: int, *, fee_pips: int = 3000) -> ConstantProductPool:
    return ConstantProductPool(
        id=PoolId("0x" + "a" * 40),
        venue="uniswap_v2",
        token0=LOW,
        token1=HIGH,
        reserve0=reserve0,
        reserve1=reserve1,
        fee_pips=fee_pips,
    )


def funded_pools() -> st.SearchStrategy[ConstantProductPool]:
    return st.builds(pool_of, reserves, reserves, fee_pips=fees)


def quote_or_none(pool: ConstantProductPool, amount_in: int) -> int | None:
    """The quote for token0, or None where the contract reverts."""
    try:
        return pool.amount_out(LOW, HIGH, amount_in)
    except AmountOutOfRangeError:
        return None


@BRANDS
@given(pool=funded_pools(), dx=amounts)
@example(pool=pool_of(1, 1), dx=1)
@example(pool=pool_of(UINT112_MAX - 1, UINT112_MAX), dx=1)
@example(pool=pool_of(1, UINT112_MAX), dx=UINT112_MAX - 1)
@example(pool=pool_of(1, UINT112_MAX), dx=UINT112_MAX)
def test_quote_equals_the_formula_with_the_contracts_own_denominators(
    fee_pips: int, kept: tuple[int, int], *, pool: ConstantProductPool, dx: int
) -> None:
    numerator, denominator = kept
    x, y = pool.reserve0, pool.reserve1
    expected = dx * numerator * y // (x * denominator + dx * numerator)
    fits = expected > 0 and x + dx <= UINT112_MAX

    assert quote_or_none(replace(pool, fee_pips=fee_pips), dx) == (expected if fits else None)


@BRANDS
@given(pool=funded_pools(), dy=amounts)
@example(pool=pool_of(1, UINT112_MAX), dy=UINT112_MAX - 1)
@example(pool=pool_of(UINT112_MAX, 2), dy=1)
def test_exact_output_equals_the_formula_with_the_contracts_own_denominators(
    fee_pips: int, kept: tuple[int, int], *, pool: ConstantProductPool, dy: int
) -> None:
    numerator, denominator = kept
    x, y = pool.reserve0, pool.reserve1
    dy = min(dy, y - 1)
    expected = x * dy * denominator // ((y - dy) * numerator) + 1
    branded = replace(pool, fee_pips=fee_pips)

    if not dy or x + expected > UINT112_MAX:
        with pytest.raises(AmountOutOfRangeError):
            branded.amount_in(LOW, HIGH, dy)
    else:
        assert branded.amount_in(LOW, HIGH, dy) == expected


@given(funded_pools(), amounts)
def test_quote_solves_the_invariant_exactly(pool: ConstantProductPool, dx: int) -> None:
    quote = quote_or_none(pool, dx)

    if quote is not None:
        fee = Fraction(pool.fee_pips, PIPS)
        assert quote == constant_product_out((pool.reserve0, pool.reserve1), dx, fee)


@given(funded_pools(), amounts)
@example(pool_of(1, 1, fee_pips=0), 1)
def test_the_product_never_falls(pool: ConstantProductPool, dx: int) -> None:
    quote = quote_or_none(pool, dx)
    if quote is None:
        return

    after = pool.after_swap(LOW, HIGH, dx)

    assert after.reserve0 * after.reserve1 >= pool.reserve0 * pool.reserve1
    assert (after.reserve0, after.reserve1) == (pool.reserve0 + dx, pool.reserve1 - quote)


@given(funded_pools(), amounts, amounts)
def test_a_bigger_input_never_lowers_the_output(
    pool: ConstantProductPool, dx: int, more: int
) -> None:
    small, big = quote_or_none(pool, dx), quote_or_none(pool, dx + more)

    assert small is None or big is None or big >= small


@given(funded_pools(), amounts)
def test_the_input_for_a_quoted_output_is_at_most_one_more_than_was_paid(
    pool: ConstantProductPool, dx: int
) -> None:
    quote = quote_or_none(pool, dx)
    if quote is None or pool.reserve0 + dx == UINT112_MAX:
        return

    # The contract adds one even where its division is exact.
    assert pool.amount_in(LOW, HIGH, quote) <= dx + 1


@given(funded_pools(), amounts)
def test_the_input_quoted_for_an_output_buys_at_least_that_output(
    pool: ConstantProductPool, dy: int
) -> None:
    try:
        paid = pool.amount_in(LOW, HIGH, dy)
    except (AmountOutOfRangeError, InsufficientLiquidityError):
        return

    assert pool.amount_out(LOW, HIGH, paid) >= dy


@given(funded_pools(), amounts)
def test_both_directions_are_mirror_images(pool: ConstantProductPool, dx: int) -> None:
    mirror = pool.with_reserves(pool.reserve1, pool.reserve0)
    quote = quote_or_none(pool, dx)
    if quote is None:
        return

    after = mirror.after_swap(HIGH, LOW, dx)

    assert mirror.amount_out(HIGH, LOW, dx) == quote
    assert after.with_reserves(after.reserve1, after.reserve0) == pool.after_swap(LOW, HIGH, dx)


@given(funded_pools(), amounts)
def test_no_trade_beats_the_marginal_rate(pool: ConstantProductPool, dx: int) -> None:
    exact = Fraction((PIPS - pool.fee_pips) * pool.reserve1, PIPS * pool.reserve0)
    quote = quote_or_none(pool, dx)

    assert pool.marginal_rate_float(LOW, HIGH) == pytest.approx(float(exact))
    assert quote is None or quote <= exact * dx


@pytest.mark.parametrize(("x", "y"), [(0, 0), (0, 5), (5, 0)])
def test_an_unfunded_pool_is_dry(x: int, y: int) -> None:
    pool = pool_of(x, y)

    assert pool.marginal_rate_float(LOW, HIGH) == 0.0
    with pytest.raises(InsufficientLiquidityError):
        pool.amount_out(LOW, HIGH, 1)
    with pytest.raises(InsufficientLiquidityError):
        pool.amount_in(LOW, HIGH, 1)


@pytest.mark.parametrize("amount", [0, -1])
def test_trading_nothing_is_refused_as_the_contract_refuses(amount: int) -> None:
    pool = pool_of(10, 10)

    with pytest.raises(AmountOutOfRangeError):
        pool.amount_out(LOW, HIGH, amount)
    with pytest.raises(AmountOutOfRangeError):
        pool.amount_in(LOW, HIGH, amount)
    with pytest.raises(AmountOutOfRangeError):
        pool.after_swap(LOW, HIGH, amount)


@given(reserves, reserves)
@example(1, 1)
def test_the_whole_reserve_cannot_be_bought(x: int, y: int) -> None:
    with pytest.raises(InsufficientLiquidityError):
        pool_of(x, y).amount_in(LOW, HIGH, y)


@pytest.mark.parametrize(
    ("sold", "bought", "named"),
    [(OTHER, LOW, OTHER), (LOW, OTHER, OTHER), (LOW, LOW, LOW)],
    ids=["sold", "bought", "same"],
)
def test_a_token_that_is_not_traded_is_named(sold: Address, bought: Address, named: str) -> None:
    pool = pool_of(10, 10)

    for quote in (pool.amount_out, pool.amount_in, pool.after_swap):
        with pytest.raises(UnknownTokenError) as raised:
            quote(sold, bought, 1)
        assert raised.value.token == named
    with pytest.raises(UnknownTokenError):
        pool.marginal_rate_float(sold, bought)


@pytest.mark.parametrize(
    ("x", "y", "fee_pips"),
    [(-1, 1, 0), (1, UINT112_MAX + 1, 0), (UINT112_MAX + 1, 1, 0), (1, 1, -1), (1, 1, 10**6)],
)
def test_states_that_no_pair_can_hold_are_refused(x: int, y: int, fee_pips: int) -> None:
    with pytest.raises(MalformedPoolError):
        pool_of(x, y, fee_pips=fee_pips)


def test_tokens_out_of_order_are_refused() -> None:
    with pytest.raises(MalformedPoolError):
        ConstantProductPool(
            id=PoolId("0x"),
            venue="",
            token0=HIGH,
            token1=LOW,
            reserve0=1,
            reserve1=1,
            fee_pips=0,
        )


def test_synchronised_reserves_replace_only_the_reserves() -> None:
    pool = pool_of(10, 20)

    assert pool.with_reserves(30, 40) == pool_of(30, 40)
    assert pool.tokens == (LOW, HIGH)
    assert pool.is_atomic
