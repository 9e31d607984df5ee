"""The best input of a cycle in floats, for pools of constant product and of ranges of liquidity.

Separate from sizing because floats nominate and integers decide. Inside one range every hop gives
r u / (1 + k u) for u more than it has: rate r and curvature k, as in `graphs/curvature`. Hops
compose as r = r1 r2 and k = k1 + k2 r1, so the best step is (sqrt(r / f) - 1) / k, where f is what
is owed for a unit, or the step at which some hop comes to the end of its range. Then all hops move
on: r becomes r / (1 + k u)^2 and k becomes k / (1 + k u). O(ranges passed).
"""

from math import exp, inf, log1p, sqrt
from typing import Final, NamedTuple

from graphs.bulk.concentrated import first_position
from graphs.bulk.pool_arrays import (
    CONCENTRATED,
    CONSTANT_PRODUCT,
    INDEX,
    IS_LOSS,
    KEPT1,
    KIND,
    LIQUIDITY,
    NET,
    RESERVE0,
    RESERVE1,
    SQRT_PRICE,
    TICKS_END,
    TICKS_FIRST,
    PoolArrays,
)
from graphs.bulk.words import float_of, integer_at, long_word_at, word_at
from graphs.compilation import inlined, inner
from graphs.fixed_point import UINT112_MAX
from graphs.pools.sqrt_price_math import Q96
from graphs.pools.tick_math import MAX_TICK, MIN_TICK
from graphs.profit_bounds import TermsFloat
from graphs.token_graph import Floats, Indices
from graphs.units import PIPS

RATE: Final = 0
"""Column of the output per input of the next unit, after fee; 0 where nothing is left."""

CURVATURE: Final = 1
"""Column of how fast the rate falls with the input."""

DEPTH: Final = 2
"""Column of the input left until the range ends."""

ROOT: Final = 3
"""Column of the square-root price at the end of the range."""

ACTIVE: Final = 4
"""Column of the liquidity of the range."""

PLACE: Final = 5
"""Column of the row of the tick at the end of the range."""

BOUGHT: Final = 6
"""Column of the output for the input that was reached."""

CURVE_COLUMNS: Final = 7
"""Of a table of curves, which has a row for each hop of a cycle: its curve at an input."""

MOST_RANGES: Final = 100_000
"""Ranges to pass before the walk is given up."""

RESERVE_SLACK_FLOAT: Final = 1e-9
"""Share of what a pair can still take that is left free, so that it takes a nomination in floats.

Profit is concave in what the pair is given: no more than this share of it is lost.
"""

_LOG_ROOT_10001: Final = log1p(0.0001) / 2
"""Natural logarithm of the ratio of square-root prices a tick apart."""

_Q96_FLOAT: Final = float(Q96)

_UINT112_FLOAT: Final = float(UINT112_MAX)


class Chain(NamedTuple):
    """The hops of a cycle, at an input that was reached."""

    arrays: PoolArrays
    """The pools."""

    trades: Indices
    """The hops."""

    curves: Floats
    """What each gives for more; a row for each hop, and perhaps spare ones."""


@inner
def enter_curves(chain: Chain) -> bool:
    """Begin every hop at its pool's state; tell whether all are of a kind that is known."""
    for hop, trade in enumerate(chain.trades):
        chain.curves[hop, BOUGHT] = 0.0
        kind = chain.arrays.pools[trade >> 1, KIND]
        if kind == CONSTANT_PRODUCT:
            enter_reserves(chain, hop)
        elif kind == CONCENTRATED:
            enter_price(chain, hop)
        else:
            return False
    return True


@inner
def best_input_float(chain: Chain, terms: TermsFloat) -> float:
    """Move the curves from the beginning to the most profitable input, and give it.

    Zero where there is none, negative where the ranges do not end.
    """
    total = 0.0
    for _ in range(MOST_RANGES):
        step, limiting = next_step(chain, terms, total)
        total += step
        advance(chain, step)
        if limiting < 0:
            return total
        enter_next_range(chain, limiting)
    return -1.0


@inlined
def next_step(chain: Chain, terms: TermsFloat, total: float) -> tuple[float, int]:
    """The step to the best input, or to the first end of a range, and the hop whose range it is.

    The hop is -1 where the best input, or the most that is lent, comes first.
    """
    curves = chain.curves
    rate, curvature = 1.0, 0.0
    nearest, limiting = inf, -1
    for hop in range(len(chain.trades)):
        depth = curves[hop, DEPTH]
        slope = rate - curvature * depth
        if slope > 0 and depth < nearest * slope:
            nearest, limiting = depth / slope, hop
        curvature += curves[hop, CURVATURE] * rate
        rate *= curves[hop, RATE]
    if rate <= terms.owed:
        return 0.0, -1
    best = min((sqrt(rate / terms.owed) - 1) / curvature, terms.max_input - total)
    return (best, -1) if best <= nearest else (nearest, limiting)


@inlined
def advance(chain: Chain, step: float) -> None:
    """Move every hop on by what a step of the input brings to it."""
    curves, amount = chain.curves, step
    for hop in range(len(chain.trades)):
        rate = curves[hop, RATE]
        shrink = 1 + curves[hop, CURVATURE] * amount
        curves[hop, RATE] = rate / (shrink * shrink)
        curves[hop, CURVATURE] /= shrink
        curves[hop, DEPTH] -= amount
        amount *= rate / shrink
        curves[hop, BOUGHT] += amount


@inlined
def enter_reserves(chain: Chain, hop: int) -> None:
    """Begin a hop at a pool of two reserves: r = g y / x and k = g / x, where g = 1 - fee."""
    arrays, curves, trade = chain.arrays, chain.curves, chain.trades[hop]
    kept = integer_at(arrays.pools, trade >> 1, KEPT1) / PIPS
    sold, bought = (RESERVE0, RESERVE1) if trade & 1 else (RESERVE1, RESERVE0)
    reserve_in = float_of(word_at(arrays.pools, trade >> 1, sold))
    reserve_out = float_of(word_at(arrays.pools, trade >> 1, bought))
    is_funded = reserve_in > 0
    curves[hop, RATE] = kept * reserve_out / reserve_in if is_funded else 0.0
    curves[hop, CURVATURE] = kept / reserve_in if is_funded else 0.0
    curves[hop, DEPTH] = (_UINT112_FLOAT - reserve_in) * (1 - RESERVE_SLACK_FLOAT)
    curves[hop, PLACE] = -1.0


@inner
def enter_price(chain: Chain, hop: int) -> None:
    """Begin a hop at the price of a concentrated pool."""
    arrays, curves, trade = chain.arrays, chain.curves, chain.trades[hop]
    slot = trade >> 1
    above = first_position(arrays, trade).place
    curves[hop, PLACE] = above - 1 if trade & 1 else above
    curves[hop, ACTIVE] = float_of(word_at(arrays.pools, slot, LIQUIDITY))
    curves[hop, ROOT] = float_of(long_word_at(arrays.pools, slot, SQRT_PRICE)) / _Q96_FLOAT
    enter_range(chain, hop)


@inner
def enter_next_range(chain: Chain, hop: int) -> None:
    """Cross the tick at the end of a hop's range; leave the hop dry where there is none."""
    arrays, curves, trade = chain.arrays, chain.curves, chain.trades[hop]
    slot, place = trade >> 1, int(curves[hop, PLACE])
    if not is_of_pool(arrays, slot, place):
        curves[hop, RATE] = 0.0
        curves[hop, DEPTH] = inf
        return
    net = float_of(word_at(arrays.ticks, place, NET))
    is_loss = bool(arrays.ticks[place, IS_LOSS]) != bool(trade & 1)
    curves[hop, ACTIVE] = max(curves[hop, ACTIVE] + (-net if is_loss else net), 0.0)
    curves[hop, PLACE] = place - 1 if trade & 1 else place + 1
    enter_range(chain, hop)


@inner
def enter_range(chain: Chain, hop: int) -> None:
    """Set a hop's curve at the price where its range begins, which `root` still holds.

    Token0 sold moves the inverse of the root by u g / L, token1 the root itself, with g = 1 - fee.
    A range without liquidity has no depth, and is left at once.
    """
    arrays, curves, trade = chain.arrays, chain.curves, chain.trades[hop]
    slot, place = trade >> 1, int(curves[hop, PLACE])
    begin, liquidity = curves[hop, ROOT], curves[hop, ACTIVE]
    is_inside = is_of_pool(arrays, slot, place)
    kept = integer_at(arrays.pools, slot, KEPT1 + (trade & 1)) / PIPS
    if trade & 1:
        end = root_at(integer_at(arrays.ticks, place, INDEX) if is_inside else MIN_TICK)
        rate, width = begin * begin, 1 / end - 1 / begin
    else:
        end = root_at(integer_at(arrays.ticks, place, INDEX) if is_inside else MAX_TICK)
        rate, width = 1 / (begin * begin), end - begin
    curves[hop, RATE] = rate * kept
    curves[hop, CURVATURE] = sqrt(rate) * kept / liquidity if liquidity > 0 else 1.0
    curves[hop, DEPTH] = max(width, 0.0) * liquidity / kept
    curves[hop, ROOT] = end


@inner
def root_at(tick: int) -> float:
    """The square-root price at a tick."""
    return exp(tick * _LOG_ROOT_10001)


@inlined
def is_of_pool(arrays: PoolArrays, slot: int, place: int) -> bool:
    """Tell whether a row of the ticks belongs to a pool."""
    first = integer_at(arrays.pools, slot, TICKS_FIRST)
    return first <= place < integer_at(arrays.pools, slot, TICKS_END)
