"""Ticks and square-root prices: price = 1.0001 ^ tick, and its root as a Q64.96 integer.

TickMath of Uniswap V3 core, function by function. Separate from the swap because searching,
charting and decoding speak of ticks without swapping.
"""

from functools import lru_cache
from typing import Final

from graphs.errors import AmountOutOfRangeError
from graphs.fixed_point import UINT256_MAX

MIN_TICK: Final = -887_272
"""The tick of the price 2^-128. TickMath."""

MAX_TICK: Final = 887_272
"""The tick of the price 2^128. TickMath."""

MIN_SQRT_RATIO: Final = 4_295_128_739
"""The root of the price at MIN_TICK, Q64.96. TickMath."""

MAX_SQRT_RATIO: Final = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342
"""The root of the price at MAX_TICK, Q64.96; prices stay below it. TickMath."""

_RATIO_CACHE_SIZE: Final = 65_536
"""Distinct ticks remembered: more than the quotes of one block touch, about 10 MB when full."""

_Q128_ONE: Final = 1 << 128
"""One in Q128.128."""

_Q128_BITS: Final = 128
"""Fraction bits of Q128.128."""

_Q128_TO_Q96_BITS: Final = 32
"""Fraction bits that Q128.128 has more than Q64.96."""

INVERSE_ROOT_POWERS: Final = (
    0xFFFCB933BD6FAD37AA2D162D1A594001,
    0xFFF97272373D413259A46990580E213A,
    0xFFF2E50F5F656932EF12357CF3C7FDCC,
    0xFFE5CACA7E10E4E61C3624EAA0941CD0,
    0xFFCB9843D60F6159C9DB58835C926644,
    0xFF973B41FA98C081472E6896DFB254C0,
    0xFF2EA16466C96A3843EC78B326B52861,
    0xFE5DEE046A99A2A811C461F1969C3053,
    0xFCBE86C7900A88AEDCFFC83B479AA3A4,
    0xF987A7253AC413176F2B074CF7815E54,
    0xF3392B0822B70005940C7A398E4B70F3,
    0xE7159475A2C29B7443B29C7FA6E889D9,
    0xD097F3BDFD2022B8845AD8F792AA5825,
    0xA9F746462D870FDF8A65DC1F90E061E5,
    0x70D869A156D2A1B890BB3DF62BAF32F7,
    0x31BE135F97D08FD981231505542FCFA6,
    0x9AA508B5B7A84E1C677DE54F3E99BC9,
    0x5D6AF8DEDB81196699C329225EE604,
    0x2216E584F5FA1EA926041BEDFE98,
    0x48A170391F7DC42444E8FA2,
)
"""1.0001 ^ (-(2^i) / 2) in Q128.128, i from 0 to 19. TickMath."""

_MANTISSA_BITS: Final = 127
"""Fraction bits of the mantissa whose logarithm is taken."""

_LOG_FRACTION_BITS: Final = 64
"""Fraction bits of the binary logarithm."""

_LOG_STEPS: Final = 14
"""Squarings, one fraction bit each: enough to leave two candidate ticks. TickMath."""

_LOG2_TO_LOG_ROOT_10001: Final = 255_738_958_999_603_826_347_141
"""2^64 / log2(sqrt(1.0001)): turns a Q64 binary logarithm into a Q128 tick. TickMath."""

_TICK_ERROR_BELOW: Final = 3_402_992_956_809_132_418_596_140_100_660_247_210
"""The most, in Q128, by which the logarithm overstates the tick. TickMath."""

_TICK_ERROR_ABOVE: Final = 291_339_464_771_989_622_907_027_621_153_398_088_495
"""The most, in Q128, by which the logarithm understates the tick. TickMath."""


@lru_cache(maxsize=_RATIO_CACHE_SIZE)
def get_sqrt_ratio_at_tick(tick: int) -> int:
    """Compute 1.0001 ^ (tick / 2) in Q64.96, rounded up.

    Raises:
        AmountOutOfRangeError: the tick is outside MIN_TICK..MAX_TICK.
    """
    distance = abs(tick)
    if distance > MAX_TICK:
        raise AmountOutOfRangeError("tick", tick)
    ratio = _Q128_ONE
    for power, factor in enumerate(INVERSE_ROOT_POWERS):
        if distance >> power & 1:
            ratio = ratio * factor >> _Q128_BITS
    if tick > 0:
        ratio = UINT256_MAX // ratio
    return -(-ratio >> _Q128_TO_Q96_BITS)


def get_tick_at_sqrt_ratio(sqrt_price_x96: int) -> int:
    """Find the greatest tick whose square-root price is not above this one.

    Raises:
        AmountOutOfRangeError: the price is below MIN_SQRT_RATIO or not below MAX_SQRT_RATIO.
    """
    if not MIN_SQRT_RATIO <= sqrt_price_x96 < MAX_SQRT_RATIO:
        raise AmountOutOfRangeError("sqrt_price_x96", sqrt_price_x96)
    log_tick = _log2_q64(sqrt_price_x96 << _Q128_TO_Q96_BITS) * _LOG2_TO_LOG_ROOT_10001
    tick_low = (log_tick - _TICK_ERROR_BELOW) >> _Q128_BITS
    tick_high = (log_tick + _TICK_ERROR_ABOVE) >> _Q128_BITS
    if tick_low != tick_high and get_sqrt_ratio_at_tick(tick_high) <= sqrt_price_x96:
        return tick_high
    return tick_low


def _log2_q64(ratio_x128: int) -> int:
    """Compute the binary logarithm of a Q128.128 number in Q64, cut off after 14 fraction bits."""
    exponent = ratio_x128.bit_length() - 1
    shift = exponent - _MANTISSA_BITS
    mantissa = ratio_x128 >> shift if shift >= 0 else ratio_x128 << -shift
    logarithm = (exponent - _Q128_BITS) << _LOG_FRACTION_BITS
    for bit in range(_LOG_FRACTION_BITS - 1, _LOG_FRACTION_BITS - 1 - _LOG_STEPS, -1):
        mantissa = mantissa * mantissa >> _MANTISSA_BITS
        carry = mantissa >> _Q128_BITS
        logarithm |= carry << bit
        mantissa >>= carry
    return logarithm
