"""Swaps of Uniswap V3 and hook-free V4 pools in kernels: the loop of `graphs/pools/concentrated`.

What SqrtPriceMath, SwapMath, TickMath and TickBitmap compute, on Words. Amounts stay below 2^127,
so that no product is wider than a Word. A swap that meets a limit of the contract's types, and one
that a pool cannot take, is given as 0: the pool itself then knows the reason.
"""

from typing import Final, NamedTuple

from graphs.bulk.pool_arrays import (
    INDEX,
    IS_LOSS,
    KEPT1,
    LIQUIDITY,
    NET,
    SPACING,
    SQRT_PRICE,
    TICK,
    TICKS_END,
    TICKS_FIRST,
    PoolArrays,
)
from graphs.bulk.word_instructions import Word
from graphs.bulk.words import (
    div_down,
    div_up,
    integer_at,
    limbs_of,
    long_word_at,
    word,
    word_at,
)
from graphs.compilation import inner
from graphs.pools.sqrt_price_math import RESOLUTION
from graphs.pools.tick_math import (
    INVERSE_ROOT_POWERS,
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
)
from graphs.units import PIPS

AMOUNT_BITS: Final = 127
"""Amounts are below two to this power. What V4 can move; no token's supply comes near it."""

_WORD_BITS: Final = 256
"""Bits of a contract's word."""

_PRICE_BITS: Final = 160
"""Bits of a square-root price."""

_LAST_BIT: Final = 255
"""The highest bit of a word of the tick bitmap. TickBitmap."""

_Q128_BITS: Final = 128
"""Fraction bits of the ratios that TickMath multiplies."""

_Q128_TO_Q96_BITS: Final = 32
"""Fraction bits that they have more than a price."""

_POWERS: Final = limbs_of(INVERSE_ROOT_POWERS, 2)
"""Ratios of TickMath."""

_LIMITS: Final = limbs_of((MAX_SQRT_RATIO - 1, MIN_SQRT_RATIO + 1), 3)
"""The price limit of a sale of token1, then of token0, that names none. SwapRouter."""


class Span(NamedTuple):
    """What one step of a swap has before it, at constant liquidity."""

    price: Word
    """Where it begins, Q64.96."""

    target: Word
    """Where it ends at the latest."""

    liquidity: Word
    """Active on the way."""

    kept_pips: int
    """What is left of the input after the fee."""

    falls: bool
    """Whether token0 is sold."""


class Step(NamedTuple):
    """What one step trades and where it ends."""

    price: Word
    """Not past the target."""

    amount_in: Word
    """Taken, fee included."""

    amount_out: Word
    """Given."""


class Position(NamedTuple):
    """Where a swap stands between two steps."""

    price: Word
    """Q64.96."""

    tick: int
    """The contract's current one."""

    liquidity: Word
    """Active."""

    place: int
    """Of the first initialised tick above the current one, in the arrays of ticks."""


@inner
def amount_out_concentrated(arrays: PoolArrays, trade: int, amount_in: Word) -> Word:
    """Quote an exact input; 0 where it is refused, buys nothing, or is too wide."""
    remaining, calculated = amount_in, word(0)
    position = first_position(arrays, trade)
    while remaining > word(0):
        if is_at_limit(position, trade):
            return word(0)
        span, stop, stop_price = next_span(arrays, trade, position)
        step = step_exact_in(span, remaining)
        remaining = remaining - step.amount_in
        calculated = calculated + step.amount_out
        position = after_step(arrays, trade, (position, step.price, stop, stop_price))
    return amount_or_zero(calculated)


@inner
def amount_in_concentrated(arrays: PoolArrays, trade: int, amount_out: Word) -> Word:
    """Quote an exact output; 0 where it is refused or too wide."""
    remaining, calculated = amount_out, word(0)
    position = first_position(arrays, trade)
    while remaining > word(0):
        if is_at_limit(position, trade):
            return word(0)
        span, stop, stop_price = next_span(arrays, trade, position)
        step = step_exact_out(span, remaining)
        if step.price == word(0):
            return word(0)
        remaining = remaining - step.amount_out
        calculated = calculated + step.amount_in
        position = after_step(arrays, trade, (position, step.price, stop, stop_price))
    return amount_or_zero(calculated)


@inner
def amount_or_zero(amount: Word) -> Word:
    """Refuse an amount that is too wide to be traded on."""
    return word(0) if amount >> AMOUNT_BITS > word(0) else amount


@inner
def first_position(arrays: PoolArrays, trade: int) -> Position:
    """Stand at the pool's price."""
    slot = trade >> 1
    tick = integer_at(arrays.pools, slot, TICK)
    place = integer_at(arrays.pools, slot, TICKS_FIRST)
    end = integer_at(arrays.pools, slot, TICKS_END)
    while place < end:
        middle = (place + end) >> 1
        if integer_at(arrays.ticks, middle, INDEX) <= tick:
            place = middle + 1
        else:
            end = middle
    return Position(
        long_word_at(arrays.pools, slot, SQRT_PRICE),
        tick,
        word_at(arrays.pools, slot, LIQUIDITY),
        place,
    )


@inner
def is_at_limit(position: Position, trade: int) -> bool:
    """Tell whether no price is left in the direction of the trade."""
    limit = long_word_at(_LIMITS, trade & 1, 0)
    return position.price <= limit if trade & 1 else position.price >= limit


@inner
def next_span(arrays: PoolArrays, trade: int, position: Position) -> tuple[Span, int, Word]:
    """Look ahead to where the next step ends: the span, the tick and the price of the tick.

    An initialised tick or the edge of a word of the bitmap, within the range of ticks. Without
    liquidity a step trades and rounds nothing, and passes all edges at once.
    """
    slot, falls = trade >> 1, bool(trade & 1)
    limit = long_word_at(_LIMITS, trade & 1, 0)
    stop = edge_of_word(position.tick, integer_at(arrays.pools, slot, SPACING), trade & 1)
    if position.liquidity == word(0):
        stop = MIN_TICK if falls else MAX_TICK
    if falls:
        if position.place > integer_at(arrays.pools, slot, TICKS_FIRST):
            stop = max(stop, integer_at(arrays.ticks, position.place - 1, INDEX))
        stop = max(stop, MIN_TICK)
    else:
        if position.place < integer_at(arrays.pools, slot, TICKS_END):
            stop = min(stop, integer_at(arrays.ticks, position.place, INDEX))
        stop = min(stop, MAX_TICK)
    stop_price = sqrt_ratio_at_tick(stop)
    is_beyond = stop_price < limit if falls else stop_price > limit
    target = limit if is_beyond else stop_price
    kept_pips = integer_at(arrays.pools, slot, KEPT1 + (trade & 1))
    return Span(position.price, target, position.liquidity, kept_pips, falls), stop, stop_price


@inner
def edge_of_word(tick: int, spacing: int, falling: int) -> int:
    """The last tick of the word of the bitmap that the contract reads. TickBitmap."""
    compressed = tick // spacing
    if falling:
        return (compressed & ~_LAST_BIT) * spacing
    return ((compressed + 1) | _LAST_BIT) * spacing


@inner
def after_step(arrays: PoolArrays, trade: int, end: tuple[Position, Word, int, Word]) -> Position:
    """Move to the price that was reached; where it is the stop's, cross the tick."""
    position, price, stop, stop_price = end
    if price != stop_price:
        return Position(price, position.tick, position.liquidity, position.place)
    slot, falls = trade >> 1, bool(trade & 1)
    liquidity, place = position.liquidity, position.place
    crossed = place - 1 if falls else place
    first = integer_at(arrays.pools, slot, TICKS_FIRST)
    is_initialized = first <= crossed < integer_at(arrays.pools, slot, TICKS_END)
    if is_initialized and integer_at(arrays.ticks, crossed, INDEX) == stop:
        net = word_at(arrays.ticks, crossed, NET)
        is_loss = bool(arrays.ticks[crossed, IS_LOSS]) != falls
        liquidity = liquidity - net if is_loss else liquidity + net
        place = crossed if falls else crossed + 1
    return Position(price, stop - 1 if falls else stop, liquidity, place)


@inner
def step_exact_in(span: Span, remaining: Word) -> Step:
    """Trade at most this input, fee included. SwapMath."""
    fee, kept = word(PIPS - span.kept_pips), word(span.kept_pips)
    if span.falls:
        needed = amount0_delta_up(span.target, span.price, span.liquidity)
    else:
        needed = amount1_delta_up(span.price, span.target, span.liquidity)
    after_fee = div_down(remaining * kept, word(PIPS))
    if after_fee >= needed:
        reached = span.target
        amount_in = needed + div_up(needed * fee, kept)
    else:
        reached = next_price_from_input(span, after_fee)
        amount_in = remaining
    if span.falls:
        return Step(reached, amount_in, amount1_delta_down(reached, span.price, span.liquidity))
    return Step(reached, amount_in, amount0_delta_down(span.price, reached, span.liquidity))


@inner
def step_exact_out(span: Span, remaining: Word) -> Step:
    """Trade for at most this output; the price is 0 where the contract reverts. SwapMath."""
    fee, kept = word(PIPS - span.kept_pips), word(span.kept_pips)
    if span.falls:
        available = amount1_delta_down(span.target, span.price, span.liquidity)
    else:
        available = amount0_delta_down(span.price, span.target, span.liquidity)
    if remaining >= available:
        reached, amount_out = span.target, available
    else:
        reached, amount_out = next_price_from_output(span, remaining), remaining
    if span.falls:
        amount_in = amount0_delta_up(reached, span.price, span.liquidity)
    else:
        amount_in = amount1_delta_up(span.price, reached, span.liquidity)
    return Step(reached, amount_in + div_up(amount_in * fee, kept), amount_out)


@inner
def next_price_from_input(span: Span, amount: Word) -> Word:
    """Move the price by an input after fee, not past the exact result. SqrtPriceMath."""
    if not span.falls:
        return span.price + div_down(amount << RESOLUTION, span.liquidity)
    numerator = span.liquidity << RESOLUTION
    product = amount * span.price
    if (product >> _WORD_BITS) + ((numerator + product) >> _WORD_BITS) == word(0):
        return div_up(numerator * span.price, numerator + product)
    return div_up(numerator, div_down(numerator, span.price) + amount)


@inner
def next_price_from_output(span: Span, amount: Word) -> Word:
    """Move the price by an output, at least as far as the exact result; 0 where it reverts."""
    if span.falls:
        quotient = div_up(amount << RESOLUTION, span.liquidity)
        return span.price - quotient if span.price > quotient else word(0)
    numerator = span.liquidity << RESOLUTION
    product = amount * span.price
    if product >> _WORD_BITS > word(0) or numerator <= product:
        return word(0)
    price = div_up(numerator * span.price, numerator - product)
    return word(0) if price >> _PRICE_BITS > word(0) else price


@inner
def amount0_delta_down(lower: Word, upper: Word, liquidity: Word) -> Word:
    """The token0 that a range pays out. SqrtPriceMath."""
    return div_down(div_down((liquidity << RESOLUTION) * (upper - lower), upper), lower)


@inner
def amount0_delta_up(lower: Word, upper: Word, liquidity: Word) -> Word:
    """The token0 that a range takes in. SqrtPriceMath."""
    return div_up(div_up((liquidity << RESOLUTION) * (upper - lower), upper), lower)


@inner
def amount1_delta_down(lower: Word, upper: Word, liquidity: Word) -> Word:
    """The token1 that a range pays out. SqrtPriceMath."""
    return (liquidity * (upper - lower)) >> RESOLUTION


@inner
def amount1_delta_up(lower: Word, upper: Word, liquidity: Word) -> Word:
    """The token1 that a range takes in. SqrtPriceMath."""
    product = liquidity * (upper - lower)
    quotient = product >> RESOLUTION
    return quotient if quotient << RESOLUTION == product else quotient + word(1)


@inner
def sqrt_ratio_at_tick(tick: int) -> Word:
    """Compute 1.0001 ^ (tick / 2) in Q64.96, rounded up. TickMath."""
    distance = abs(tick)
    ratio = word(1) << _Q128_BITS
    for power in range(len(_POWERS)):
        if distance >> power & 1:
            ratio = (ratio * word_at(_POWERS, power, 0)) >> _Q128_BITS
    if tick > 0:
        ratio = div_down((word(1) << _WORD_BITS) - word(1), ratio)
    price = ratio >> _Q128_TO_Q96_BITS
    return price if price << _Q128_TO_Q96_BITS == ratio else price + word(1)
