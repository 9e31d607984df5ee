"""Newton's iteration as contracts do it: in words of 256 bits, with divisions that may revert.

Separate from the curves because StableSwap and Solidly pools share it, and because a contract
without an exact-output formula is inverted here by an exact search on its own quote.
"""

from collections.abc import Callable
from typing import Final

from graphs.errors import AmountOutOfRangeError
from graphs.fixed_point import UINT256_MAX

MAX_ITERATIONS: Final = 255
"""Steps after which every one of these contracts gives up."""


def quotient_down(numerator: int, denominator: int) -> int:
    """Divide two words, rounding down.

    Raises:
        AmountOutOfRangeError: either is wider than a word, or the denominator is not positive.
    """
    if numerator > UINT256_MAX:
        raise AmountOutOfRangeError("numerator", numerator)
    if not 0 < denominator <= UINT256_MAX:
        raise AmountOutOfRangeError("denominator", denominator)
    return numerator // denominator


def quotient_up(numerator: int, denominator: int) -> int:
    """Divide two words, rounding up.

    Raises:
        AmountOutOfRangeError: either is wider than a word, or the denominator is not positive.
    """
    if numerator > UINT256_MAX:
        raise AmountOutOfRangeError("numerator", numerator)
    if not 0 < denominator <= UINT256_MAX:
        raise AmountOutOfRangeError("denominator", denominator)
    return -(-numerator // denominator)


def least_input(quote: Callable[[int], int], amount_out: int, *, guess: int) -> int:
    """Find an input that buys the output while one unit less does not.

    It is the least of all inputs where the quote never falls. O(log distance from the guess).

    Raises:
        AmountOutOfRangeError: the quote refuses before it reaches the output.
    """
    high = max(guess, 1)
    low = high - 1
    step = 1
    while quote(high) < amount_out:
        low, high, step = high, high + step, 2 * step
    while low > 0 and quote(low) >= amount_out:
        low, high, step = max(low - step, 0), low, 2 * step
    while high - low > 1:
        middle = (low + high) // 2
        if quote(middle) >= amount_out:
            high = middle
        else:
            low = middle
    return high
