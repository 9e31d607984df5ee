"""How amounts move a square-root price, and how much lies between two prices.

SqrtPriceMath of Uniswap V3 core, function by function: token0 amounts are L * (1/a - 1/b),
token1 amounts L * (b - a), each rounded in favour of the pool.
"""

from typing import Final

from graphs.errors import AmountOutOfRangeError
from graphs.fixed_point import (
    UINT160_MAX,
    UINT256_MAX,
    checked,
    div_up,
    mul_div_down,
    mul_div_up,
)

Q96: Final = 1 << 96
"""One in Q64.96. FixedPoint96."""

RESOLUTION: Final = 96
"""Fraction bits of Q64.96. FixedPoint96."""


def get_next_sqrt_price_from_input(
    sqrt_price_x96: int, liquidity: int, *, amount_in: int, zero_for_one: bool
) -> int:
    """Move the price by an input after fee, not past the exact result.

    Raises:
        AmountOutOfRangeError: price or liquidity is zero, or the result is wider than 160 bits.
    """
    _require_positive(sqrt_price_x96, liquidity)
    if zero_for_one:
        return _next_from_added_amount0_up(sqrt_price_x96, liquidity, amount_in)
    quotient = mul_div_down(amount_in, Q96, liquidity)
    return checked("sqrt_price_x96", sqrt_price_x96 + quotient, maximum=UINT160_MAX)


def get_next_sqrt_price_from_output(
    sqrt_price_x96: int, liquidity: int, *, amount_out: int, zero_for_one: bool
) -> int:
    """Move the price by an output, at least as far as the exact result.

    Raises:
        AmountOutOfRangeError: price or liquidity is zero, or the range does not hold the output.
    """
    _require_positive(sqrt_price_x96, liquidity)
    if not zero_for_one:
        return _next_from_removed_amount0_up(sqrt_price_x96, liquidity, amount_out)
    quotient = mul_div_up(amount_out, Q96, liquidity)
    if sqrt_price_x96 <= quotient:
        raise AmountOutOfRangeError("amount_out", amount_out)
    return sqrt_price_x96 - quotient


def get_amount0_delta_down(sqrt_lower_x96: int, sqrt_upper_x96: int, liquidity: int) -> int:
    """The token0 that a range pays out: L * (upper - lower) / (upper * lower), rounded down.

    Raises:
        AmountOutOfRangeError: the lower price is zero.
    """
    if sqrt_lower_x96 <= 0:
        raise AmountOutOfRangeError("sqrt_lower_x96", sqrt_lower_x96)
    scaled = liquidity << RESOLUTION
    return mul_div_down(scaled, sqrt_upper_x96 - sqrt_lower_x96, sqrt_upper_x96) // sqrt_lower_x96


def get_amount0_delta_up(sqrt_lower_x96: int, sqrt_upper_x96: int, liquidity: int) -> int:
    """The token0 that a range takes in: L * (upper - lower) / (upper * lower), rounded up.

    Raises:
        AmountOutOfRangeError: the lower price is zero.
    """
    if sqrt_lower_x96 <= 0:
        raise AmountOutOfRangeError("sqrt_lower_x96", sqrt_lower_x96)
    scaled = liquidity << RESOLUTION
    inner = mul_div_up(scaled, sqrt_upper_x96 - sqrt_lower_x96, sqrt_upper_x96)
    return div_up(inner, sqrt_lower_x96)


def get_amount1_delta_down(sqrt_lower_x96: int, sqrt_upper_x96: int, liquidity: int) -> int:
    """The token1 that a range pays out: L * (upper - lower), rounded down."""
    return mul_div_down(liquidity, sqrt_upper_x96 - sqrt_lower_x96, Q96)


def get_amount1_delta_up(sqrt_lower_x96: int, sqrt_upper_x96: int, liquidity: int) -> int:
    """The token1 that a range takes in: L * (upper - lower), rounded up."""
    return mul_div_up(liquidity, sqrt_upper_x96 - sqrt_lower_x96, Q96)


def _next_from_added_amount0_up(sqrt_price_x96: int, liquidity: int, amount: int) -> int:
    """L * p / (L + amount * p), or L / (L / p + amount) where the first would overflow a word."""
    if not amount:
        return sqrt_price_x96
    numerator = liquidity << RESOLUTION
    product = amount * sqrt_price_x96
    if product <= UINT256_MAX and numerator + product <= UINT256_MAX:
        return mul_div_up(numerator, sqrt_price_x96, numerator + product)
    denominator = numerator // sqrt_price_x96 + amount
    return div_up(numerator, checked("amount_in", denominator, maximum=UINT256_MAX))


def _next_from_removed_amount0_up(sqrt_price_x96: int, liquidity: int, amount: int) -> int:
    """L * p / (L - amount * p); without the second way out, since that would go below zero."""
    if not amount:
        return sqrt_price_x96
    numerator = liquidity << RESOLUTION
    product = amount * sqrt_price_x96
    if product > UINT256_MAX or numerator <= product:
        raise AmountOutOfRangeError("amount_out", amount)
    price = mul_div_up(numerator, sqrt_price_x96, numerator - product)
    return checked("sqrt_price_x96", price, maximum=UINT160_MAX)


def _require_positive(sqrt_price_x96: int, liquidity: int) -> None:
    """Refuse the states in which no range is open."""
    if sqrt_price_x96 <= 0:
        raise AmountOutOfRangeError("sqrt_price_x96", sqrt_price_x96)
    if liquidity <= 0:
        raise AmountOutOfRangeError("liquidity", liquidity)
