"""Price moves and amounts between prices, against exact fractions and the contract's refusals."""

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.errors import AmountOutOfRangeError
from graphs.fixed_point import UINT128_MAX, UINT160_MAX, UINT256_MAX
from graphs.pools.sqrt_price_math import (
    Q96,
    get_amount0_delta_down,
    get_amount0_delta_up,
    get_amount1_delta_down,
    get_amount1_delta_up,
    get_next_sqrt_price_from_input,
    get_next_sqrt_price_from_output,
)
from graphs.pools.tick_math import MAX_SQRT_RATIO, MIN_SQRT_RATIO

prices = st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1)
liquidities = st.integers(1, UINT128_MAX)
amounts = st.integers(0, 2**127)


@given(prices, prices, liquidities)
@example(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1, UINT128_MAX)
@example(Q96, Q96, UINT128_MAX)
@example(1, 3, 1)
def test_amounts_between_prices_are_the_exact_ones_rounded(a: int, b: int, liquidity: int) -> None:
    low, high = sorted((a, b))
    amount0 = Fraction(liquidity * Q96 * (high - low), high * low)
    amount1 = Fraction(liquidity * (high - low), Q96)

    assert get_amount0_delta_down(low, high, liquidity) == floor(amount0)
    assert get_amount0_delta_up(low, high, liquidity) == ceil(amount0)
    assert get_amount1_delta_down(low, high, liquidity) == floor(amount1)
    assert get_amount1_delta_up(low, high, liquidity) == ceil(amount1)


@given(prices, liquidities, amounts)
@example(MAX_SQRT_RATIO - 1, 1, UINT128_MAX)
@example(Q96, 1, 0)
def test_an_input_of_token0_never_moves_the_price_past_the_exact_result(
    price: int, liquidity: int, amount: int
) -> None:
    exact = Fraction(liquidity * Q96 * price, liquidity * Q96 + amount * price)

    moved = get_next_sqrt_price_from_input(price, liquidity, amount_in=amount, zero_for_one=True)

    assert exact <= moved <= price
    if liquidity * Q96 + amount * price <= UINT256_MAX:
        assert moved == ceil(exact)


@given(prices, liquidities, amounts)
@example(MIN_SQRT_RATIO, 1, 0)
def test_an_input_of_token1_moves_the_price_by_the_floor(
    price: int, liquidity: int, amount: int
) -> None:
    exact = floor(price + Fraction(amount * Q96, liquidity))

    if exact > UINT160_MAX:
        with pytest.raises(AmountOutOfRangeError):
            get_next_sqrt_price_from_input(price, liquidity, amount_in=amount, zero_for_one=False)
    else:
        assert exact == get_next_sqrt_price_from_input(
            price, liquidity, amount_in=amount, zero_for_one=False
        )


@given(prices, liquidities, amounts)
@example(Q96, 10, 10)
@example(Q96, 10, 9)
@example(MAX_SQRT_RATIO - 1, UINT128_MAX, 2**127)
@example(Q96, UINT128_MAX, 0)
@example(UINT160_MAX, 2**100, 2**36)
def test_an_output_of_token0_is_held_by_the_range_or_refused(
    price: int, liquidity: int, amount: int
) -> None:
    left = liquidity * Q96 - amount * price
    exact = ceil(Fraction(liquidity * Q96 * price, left)) if left > 0 else None

    if exact is None or exact > UINT160_MAX:
        with pytest.raises(AmountOutOfRangeError):
            get_next_sqrt_price_from_output(price, liquidity, amount_out=amount, zero_for_one=False)
    else:
        assert exact == get_next_sqrt_price_from_output(
            price, liquidity, amount_out=amount, zero_for_one=False
        )


@given(prices, liquidities, amounts)
@example(Q96, 10, 10)
@example(Q96, 10, 9)
def test_an_output_of_token1_is_held_by_the_range_or_refused(
    price: int, liquidity: int, amount: int
) -> None:
    exact = price - ceil(Fraction(amount * Q96, liquidity))

    if exact <= 0:
        with pytest.raises(AmountOutOfRangeError):
            get_next_sqrt_price_from_output(price, liquidity, amount_out=amount, zero_for_one=True)
    else:
        assert exact == get_next_sqrt_price_from_output(
            price, liquidity, amount_out=amount, zero_for_one=True
        )


@pytest.mark.parametrize(("price", "liquidity"), [(0, 1), (1, 0)])
@pytest.mark.parametrize("zero_for_one", [True, False])
def test_no_price_moves_without_price_or_liquidity(
    price: int, liquidity: int, *, zero_for_one: bool
) -> None:
    with pytest.raises(AmountOutOfRangeError):
        get_next_sqrt_price_from_input(price, liquidity, amount_in=1, zero_for_one=zero_for_one)
    with pytest.raises(AmountOutOfRangeError):
        get_next_sqrt_price_from_output(price, liquidity, amount_out=1, zero_for_one=zero_for_one)


def test_amounts_of_token0_need_a_price_above_zero() -> None:
    with pytest.raises(AmountOutOfRangeError):
        get_amount0_delta_down(0, 1, 1)
    with pytest.raises(AmountOutOfRangeError):
        get_amount0_delta_up(0, 1, 1)


def test_an_input_that_no_word_can_hold_is_refused() -> None:
    with pytest.raises(AmountOutOfRangeError):
        get_next_sqrt_price_from_input(Q96, Q96, amount_in=UINT256_MAX, zero_for_one=True)
