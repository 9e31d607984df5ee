"""Numbers with 18 decimals as Balancer V2 computes them, with the rounding in each name.

FixedPoint of Balancer's solidity-utils. Separate from the pools because the weighted and the
stable curve share it, and from `graphs.fixed_point` because these products may not exceed a word.
"""

from typing import Final

from graphs.errors import AmountOutOfRangeError
from graphs.fixed_point import UINT256_MAX
from graphs.pools import log_exp_math

ONE: Final = 10**18
"""One, with 18 decimals. FixedPoint."""

TWO: Final = 2 * ONE
"""Two, with 18 decimals. FixedPoint."""

FOUR: Final = 4 * ONE
"""Four, with 18 decimals. FixedPoint."""

_MAX_POW_RELATIVE_ERROR: Final = 10_000
"""The share of a power, with 18 decimals, by which its logarithm may be off: 10^-14. FixedPoint."""


def mul_down(a: int, b: int) -> int:
    """Multiply, rounding down.

    Raises:
        AmountOutOfRangeError: the product, before it is scaled back, is wider than a word.
    """
    product = a * b
    if product > UINT256_MAX:
        raise AmountOutOfRangeError("product", product)
    return product // ONE


def mul_up(a: int, b: int) -> int:
    """Multiply, rounding up.

    Raises:
        AmountOutOfRangeError: the product, before it is scaled back, is wider than a word.
    """
    product = a * b
    if product > UINT256_MAX:
        raise AmountOutOfRangeError("product", product)
    return -(-product // ONE)


def div_down(a: int, b: int) -> int:
    """Divide, rounding down.

    Raises:
        AmountOutOfRangeError: the divisor is zero, or the scaled dividend is wider than a word.
    """
    return _inflated(a, b) // b


def div_up(a: int, b: int) -> int:
    """Divide, rounding up.

    Raises:
        AmountOutOfRangeError: the divisor is zero, or the scaled dividend is wider than a word.
    """
    return -(-_inflated(a, b) // b)


def pow_down(x: int, y: int, *, has_exact_powers: bool) -> int:
    """Raise to a power, never above the true value; 0 where that is within the error of zero.

    With `has_exact_powers`, exponents of one, two and four are multiplications, as in the weighted
    pools since September 2022; without, they go through logarithms like all others.

    Raises:
        AmountOutOfRangeError: as `log_exp_math.pow_near`, or a product wider than a word.
    """
    if has_exact_powers:
        if y == ONE:
            return x
        if y == TWO:
            return mul_down(x, x)
        if y == FOUR:
            square = mul_down(x, x)
            return mul_down(square, square)
    near = log_exp_math.pow_near(x, y)
    return max(near - _largest_error(near), 0)


def pow_up(x: int, y: int, *, has_exact_powers: bool) -> int:
    """Raise to a power, never below the true value.

    With `has_exact_powers` as in `pow_down`.

    Raises:
        AmountOutOfRangeError: as `log_exp_math.pow_near`, or a product wider than a word.
    """
    if has_exact_powers:
        if y == ONE:
            return x
        if y == TWO:
            return mul_up(x, x)
        if y == FOUR:
            square = mul_up(x, x)
            return mul_up(square, square)
    near = log_exp_math.pow_near(x, y)
    return near + _largest_error(near)


def complement(x: int) -> int:
    """One minus the value, or 0 where rounding left it above one."""
    return max(ONE - x, 0)


def _inflated(a: int, b: int) -> int:
    """The dividend with 18 more decimals, once it and the divisor are known to be legal."""
    if not b:
        raise AmountOutOfRangeError("divisor", b)
    inflated = a * ONE
    if inflated > UINT256_MAX:
        raise AmountOutOfRangeError("dividend", a)
    return inflated


def _largest_error(power: int) -> int:
    """How far a power taken by logarithms may be from the true one, rounded up."""
    return mul_up(power, _MAX_POW_RELATIVE_ERROR) + 1
