"""The curve x^3 y + y^3 x of Solidly's stable pairs, as the contract rounds it.

_f, _d, _k and _get_y of Velodrome V2's Pool, which Aerodrome runs as well. Numbers have 18
decimals. Separate from the pool because these are the contract's functions one by one.
"""

from typing import Final, NamedTuple

from graphs.errors import AmountOutOfRangeError
from graphs.fixed_point import UINT256_MAX, checked
from graphs.pools.newton import MAX_ITERATIONS, quotient_down

ONE: Final = 10**18
"""One whole token after scaling."""


class Units(NamedTuple):
    """Raw units in one whole token of either side."""

    unit0: int
    """Of token0."""

    unit1: int
    """Of token1."""


def f(x: int, y: int) -> int:
    """Compute x^3 y + y^3 x of scaled reserves.

    Raises:
        AmountOutOfRangeError: a product wider than a word.
    """
    square_x, square_y = x * x, y * y
    product = x * y // ONE * (square_x // ONE + square_y // ONE)
    if square_x > UINT256_MAX or square_y > UINT256_MAX or product > UINT256_MAX:
        raise AmountOutOfRangeError("invariant", product)
    return product // ONE


def d(x: int, y: int) -> int:
    """Compute the derivative of the curve by y: 3 x y^2 + x^3.

    Raises:
        AmountOutOfRangeError: a product wider than a word.
    """
    first, second = 3 * x * (y * y // ONE), x * x // ONE * x
    if first > UINT256_MAX or second > UINT256_MAX:
        raise AmountOutOfRangeError("derivative", max(first, second))
    return first // ONE + second // ONE


def k(x: int, y: int, units: Units) -> int:
    """Compute the invariant of raw reserves.

    Raises:
        AmountOutOfRangeError: a product wider than a word.
    """
    return f(scaled(x, units.unit0), scaled(y, units.unit1))


def scaled(amount: int, unit: int) -> int:
    """Turn raw units into 18 decimals, rounding down.

    Raises:
        AmountOutOfRangeError: the product is wider than a word.
    """
    return quotient_down(amount * ONE, unit)


def get_y(x: int, xy: int, *, y: int, units: Units) -> int:
    """Compute the scaled reserve that keeps the invariant at `xy` beside `x`, starting from `y`.

    Just below the root the contract asks its `_k` about scaled reserves, which scales them once
    more; the answer it returns there is kept, also for tokens whose decimals are not 18.

    Raises:
        AmountOutOfRangeError: a product wider than a word, a number below zero, a slope of zero,
            or no convergence.
    """
    for _ in range(MAX_ITERATIONS):
        found = f(x, y)
        step = quotient_down(abs(found - xy) * ONE, d(x, y))
        if found == xy and not step:
            return y
        if found < xy:
            if not step and k(x, y + 1, units) > xy:
                return y + 1
            y += step or 1
            continue
        if not step and f(x, checked("reserve", y - 1, maximum=UINT256_MAX)) < xy:
            return y
        y = checked("reserve", y - (step or 1), maximum=UINT256_MAX)
    raise AmountOutOfRangeError("reserve", y)
