"""Wide unsigned integers for compiled kernels: what a product of contract words needs.

Separate because numba stops at 64 bits. A Word has 384 bits, which hold every product of the
formulas of Uniswap V2 and V3 as long as amounts stay below 2^128. Sums and products wrap beyond,
so callers prove their ranges. In a kernel, Words are added, subtracted, multiplied, shifted and
compared by the usual operators and divided by `div_down` and `div_up`. An array holds a Word as
little-endian limbs of 64 bits.
"""

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graphs.bulk.word_instructions import (
    LIMB_BITS,
    Word,
    bits_of,
    join_limbs,
    lowest_limb,
    rounded,
    scaled,
    signed,
)
from graphs.compilation import inlined, inner

Limbs = NDArray[np.uint64]
"""Words in rows: the lowest 64 bits first."""

LIMB_MAX: Final = (1 << LIMB_BITS) - 1
"""The most that a limb holds."""

LIMB_BYTES: Final = LIMB_BITS // 8
"""Bytes of a limb."""

_FRACTION_BITS: Final = 52
"""Stored bits of a float's mantissa. IEEE 754."""

_FRACTION: Final = (1 << _FRACTION_BITS) - 1
"""Masks them."""

_HIDDEN_BIT: Final = 1 << _FRACTION_BITS
"""The bit of a mantissa that is not stored."""

_UNIT_EXPONENT: Final = 1_075
"""The biased exponent of a float whose mantissa counts ones. IEEE 754."""

_NOT_ABOVE: Final = 1 - 2.0**-48
"""Lowers a quotient of floats below the quotient of the Words that they came from.

Each Word became a float by a dozen roundings at most, and the division and this product round
once: together less than 2^-48 of the quotient.
"""


def limbs_of(values: Iterable[int], limbs: int) -> Limbs:
    """Write integers that fit in this many limbs, a row each."""
    data = b"".join([value.to_bytes(limbs * LIMB_BYTES, "little") for value in values])
    return np.frombuffer(data, np.dtype("<u8")).reshape(-1, limbs)


def integers_of(rows: Limbs) -> list[int]:
    """Read integers back."""
    data, width = np.ascontiguousarray(rows).tobytes(), rows.shape[1] * LIMB_BYTES
    return [
        int.from_bytes(data[first : first + width], "little")
        for first in range(0, len(data), width)
    ]


@inlined
def integer_at(rows: Limbs, row: int, place: int) -> int:
    """Read a limb as a number that may be negative."""
    return signed(rows[row, place])


@inner
def word(value: int) -> Word:
    """Widen an integer that is not negative."""
    return join_limbs(np.uint64(value), np.uint64(0), np.uint64(0))


@inner
def word_at(rows: Limbs, row: int, place: int) -> Word:
    """Read a Word of two limbs, the lowest of which stands at this place."""
    return join_limbs(rows[row, place], rows[row, place + 1], np.uint64(0))


@inner
def long_word_at(rows: Limbs, row: int, place: int) -> Word:
    """Read a Word of three limbs."""
    return join_limbs(rows[row, place], rows[row, place + 1], rows[row, place + 2])


@inner
def write_amount(rows: Limbs, row: int, value: Word) -> None:
    """Write a Word that two limbs hold."""
    rows[row, 0] = lowest_limb(value)
    rows[row, 1] = lowest_limb(value >> LIMB_BITS)


@inner
def lesser(one: Word, other: Word) -> Word:
    """The smaller of two."""
    if one < other:
        return one
    return other


@inner
def float_of(value: Word) -> float:
    """The float near a Word, wrong by less than 2^-50 of it."""
    return rounded(value)


@inner
def word_of_float_down(number: float) -> Word:
    """The integer part of a number that is not negative and below 2^384."""
    mantissa, places = _binary_parts(number)
    return word(mantissa) << places


@inner
def _binary_parts(number: float) -> tuple[int, int]:
    """The integer part as a mantissa and the number of zero bits that follow it."""
    bits = bits_of(number)
    mantissa = (bits & _FRACTION) | _HIDDEN_BIT
    places = (bits >> _FRACTION_BITS) - _UNIT_EXPONENT
    if places >= 0:
        return mantissa, places
    if places <= -LIMB_BITS:
        return 0, 0
    return mantissa >> -places, 0


@inner
def divided(numerator: Word, denominator: Word) -> tuple[Word, Word]:
    """Divide by a positive denominator: the quotient rounded down, and the remainder.

    Takes from the remainder what floats say is not too much, fifty bits of the quotient at a time.
    """
    divisor_float = rounded(denominator)
    quotient = word(0)
    while numerator >= denominator:
        share, places = _binary_parts(rounded(numerator) / divisor_float * _NOT_ABOVE)
        share = max(share, 1)
        numerator = numerator - (scaled(denominator, share) << places)
        quotient = quotient + (word(share) << places)
    return quotient, numerator


@inner
def div_down(numerator: Word, denominator: Word) -> Word:
    """Divide, rounding down. The denominator is positive."""
    return divided(numerator, denominator)[0]


@inner
def div_up(numerator: Word, denominator: Word) -> Word:
    """Divide, rounding up. The denominator is positive."""
    quotient, remainder = divided(numerator, denominator)
    return quotient + word(1) if remainder > word(0) else quotient
