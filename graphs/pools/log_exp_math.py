"""Powers of numbers with 18 decimals, by natural logarithm and exponential.

LogExpMath of Balancer's solidity-utils, the same in every version of the weighted pools. Signed
divisions of the contract round towards zero, so it is odd in every sign: here the magnitudes are
computed and the sign is put back at the end.
"""

from typing import Final

from graphs.fixed_point import INT256_MAX, checked

_ONE_18: Final = 10**18
"""One, with 18 decimals: the scale of arguments and results."""

_ONE_20: Final = 10**20
"""One, with 20 decimals: the scale inside `_exp` and `_ln`."""

_ONE_36: Final = 10**36
"""One, with 36 decimals: the scale inside `_ln_36`."""

_FROM_18_TO_20: Final = 100
"""Two more decimals."""

_MAX_NATURAL_EXPONENT: Final = 130 * _ONE_18
"""The greatest natural logarithm of a result. LogExpMath."""

_MIN_NATURAL_EXPONENT: Final = -41 * _ONE_18
"""The least natural logarithm of a result: below it, 18 decimals are all zero. LogExpMath."""

_LN_36_LOWER_BOUND: Final = _ONE_18 - _ONE_18 // 10
"""Above this base, its logarithm is taken with 36 decimals. LogExpMath."""

_LN_36_UPPER_BOUND: Final = _ONE_18 + _ONE_18 // 10
"""Below this base, its logarithm is taken with 36 decimals. LogExpMath."""

_MILD_EXPONENT_BOUND: Final = 2**254 // _ONE_20
"""Exponents stay below, so that their product with a logarithm fits in a word. LogExpMath."""

_GREAT_POWERS: Final = (
    (128 * _ONE_18, 38877084059945950922200000000000000000000000000000000000),
    (64 * _ONE_18, 6235149080811616882910000000),
)
"""x with 18 decimals and e^x without decimals, as both would not fit together. LogExpMath."""

_SMALL_POWERS: Final = (
    (32 * _ONE_20, 7896296018268069516100000000000000),
    (16 * _ONE_20, 888611052050787263676000000),
    (8 * _ONE_20, 298095798704172827474000),
    (4 * _ONE_20, 5459815003314423907810),
    (2 * _ONE_20, 738905609893065022723),
    (_ONE_20, 271828182845904523536),
    (_ONE_20 // 2, 164872127070012814685),
    (_ONE_20 // 4, 128402541668774148407),
)
"""x and e^x with 20 decimals. LogExpMath."""

_LOGARITHM_POWERS: Final = (
    *_SMALL_POWERS,
    (_ONE_20 // 8, 113314845306682631683),
    (_ONE_20 // 16, 106449445891785942956),
)
"""x and e^x with 20 decimals, finer, since the series of the logarithm converges more slowly."""

_EXP_DIVISORS: Final = tuple(n * _ONE_20 for n in range(2, 13))
"""n of each term x^n / n! after the first two, with 20 decimals. LogExpMath."""

_LN_DIVISORS: Final = (3, 5, 7, 9, 11)
"""n of each term z^n / n after the first, with 20 decimals. LogExpMath."""

_LN_36_DIVISORS: Final = (3, 5, 7, 9, 11, 13, 15)
"""n of each term z^n / n after the first, with 36 decimals. LogExpMath."""


def pow_near(x: int, y: int) -> int:
    """Raise to a power, off by at most one part in 10^14 to either side: `pow` of LogExpMath.

    Both arguments are unsigned with 18 decimals. 0 to the power of 0 is one.

    Raises:
        AmountOutOfRangeError: an argument or the result is too large, or the result too small.
    """
    if not y:
        return _ONE_18
    if not x:
        return 0
    magnitude = _ln_times(x, y)
    if x >= _ONE_18:
        return _exp(checked("logarithm", magnitude, maximum=_MAX_NATURAL_EXPONENT))
    return _ONE_36 // _exp(checked("logarithm", magnitude, maximum=-_MIN_NATURAL_EXPONENT))


def _ln_times(x: int, y: int) -> int:
    """The magnitude of y * ln(x), 18 decimals."""
    checked("base", x, maximum=INT256_MAX)
    checked("exponent", y, maximum=_MILD_EXPONENT_BOUND - 1)
    if _LN_36_LOWER_BOUND < x < _LN_36_UPPER_BOUND:
        # Two multiplications, since one of 36 decimals could overflow a word.
        whole, rest = divmod(_ln_36(x), _ONE_18)
        return (whole * y + rest * y // _ONE_18) // _ONE_18
    return _ln(x) * y // _ONE_18


def _exp(x: int) -> int:
    """e^x for an x from zero to the greatest exponent, 18 decimals."""
    great = 1
    for exponent, power in _GREAT_POWERS:
        if x >= exponent:
            x -= exponent
            great = power
            break
    x *= _FROM_18_TO_20
    product = _ONE_20
    for exponent, power in _SMALL_POWERS:
        if x >= exponent:
            x -= exponent
            product = product * power // _ONE_20
    term = x
    series = _ONE_20 + x
    for divisor in _EXP_DIVISORS:
        term = term * x // divisor
        series += term
    return product * series // _ONE_20 * great // _FROM_18_TO_20


def _ln(x: int) -> int:
    """The magnitude of the natural logarithm of a positive x, 18 decimals."""
    if x < _ONE_18:
        x = _ONE_36 // x
    logarithm = 0
    for exponent, power in _GREAT_POWERS:
        if x >= power * _ONE_18:
            x //= power
            logarithm += exponent
    logarithm *= _FROM_18_TO_20
    x *= _FROM_18_TO_20
    for exponent, power in _LOGARITHM_POWERS:
        if x >= power:
            x = x * _ONE_20 // power
            logarithm += exponent
    z = (x - _ONE_20) * _ONE_20 // (x + _ONE_20)
    z_squared = z * z // _ONE_20
    numerator = series = z
    for divisor in _LN_DIVISORS:
        numerator = numerator * z_squared // _ONE_20
        series += numerator // divisor
    return (logarithm + 2 * series) // _FROM_18_TO_20


def _ln_36(x: int) -> int:
    """The magnitude of the natural logarithm of an x near one, 36 decimals."""
    x *= _ONE_18
    z = abs(x - _ONE_36) * _ONE_36 // (x + _ONE_36)
    z_squared = z * z // _ONE_36
    numerator = series = z
    for divisor in _LN_36_DIVISORS:
        numerator = numerator * z_squared // _ONE_36
        series += numerator // divisor
    return 2 * series
