"""Integer division with the rounding direction in the name, and the ranges of Solidity's types.

Separate from the pools because every curve rounds with these and none may round otherwise.
Python integers never overflow; what a contract would refuse to hold is refused here.
"""

from typing import Final

from graphs.errors import AmountOutOfRangeError

UINT112_MAX: Final = 2**112 - 1
"""The most that a Uniswap V2 reserve holds."""

UINT128_MAX: Final = 2**128 - 1
"""The most that a Uniswap V3 liquidity holds."""

UINT160_MAX: Final = 2**160 - 1
"""The most that a square-root price holds."""

UINT256_MAX: Final = 2**256 - 1
"""The most that an EVM word holds."""

INT256_MAX: Final = 2**255 - 1
"""The most that a signed EVM word holds."""


def mul_div_down(multiplicand: int, multiplier: int, denominator: int) -> int:
    """Multiply two words exactly, then divide, rounding towards zero.

    Operands are unsigned words; the product may be wider. As `mulDiv` of Uniswap's FullMath.

    Raises:
        AmountOutOfRangeError: the denominator is zero, or the quotient is wider than a word.
    """
    if denominator <= 0:
        raise AmountOutOfRangeError("denominator", denominator)
    quotient = multiplicand * multiplier // denominator
    if quotient > UINT256_MAX:
        raise AmountOutOfRangeError("quotient", quotient)
    return quotient


def mul_div_up(multiplicand: int, multiplier: int, denominator: int) -> int:
    """Multiply two words exactly, then divide, rounding away from zero.

    Operands are unsigned words; the product may be wider. As `mulDivRoundingUp` of FullMath.

    Raises:
        AmountOutOfRangeError: the denominator is zero, or the quotient is wider than a word.
    """
    if denominator <= 0:
        raise AmountOutOfRangeError("denominator", denominator)
    quotient = -(-multiplicand * multiplier // denominator)
    if quotient > UINT256_MAX:
        raise AmountOutOfRangeError("quotient", quotient)
    return quotient


def div_up(numerator: int, denominator: int) -> int:
    """Divide, rounding away from zero. The denominator is positive: callers prove it."""
    return -(-numerator // denominator)


def checked(what: str, value: int, *, maximum: int, minimum: int = 0) -> int:
    """Return the value if a contract's type can hold it.

    Raises:
        AmountOutOfRangeError: it cannot, where a checked cast or sum would revert.
    """
    if value < minimum or value > maximum:
        raise AmountOutOfRangeError(what, value)
    return value
