"""The initialised ticks of a concentrated pool, by column, and how positions move them.

Tick and LiquidityMath of Uniswap V3 core, without the fee and time accounting, which no quote
reads. Separate from the pool so that the bookkeeping can be proved without swaps.
"""

from bisect import bisect_left
from itertools import accumulate, pairwise
from typing import NamedTuple

from graphs.fixed_point import UINT128_MAX, checked
from graphs.pools.tick_math import MAX_TICK


class TickTable(NamedTuple):
    """Rows of initialised ticks, stored by column."""

    ticks: tuple[int, ...]
    """Ascending."""

    liquidity_nets: tuple[int, ...]
    """What becomes active, signed, when the tick is crossed upwards."""

    liquidity_grosses: tuple[int, ...]
    """What all positions that end at the tick hold; a row exists while it is above zero."""


def add_delta(liquidity: int, delta: int) -> int:
    """Change an unsigned liquidity by a signed amount.

    Raises:
        AmountOutOfRangeError: the result is below zero or wider than 128 bits.
    """
    return checked("liquidity", liquidity + delta, maximum=UINT128_MAX)


def tick_spacing_to_max_liquidity_per_tick(tick_spacing: int) -> int:
    """Share 128 bits among all usable ticks, so that the active liquidity cannot overflow."""
    return UINT128_MAX // (2 * (MAX_TICK // tick_spacing) + 1)


def update(
    table: TickTable, tick: int, *, max_liquidity: int, liquidity_delta: int, is_upper: bool
) -> TickTable:
    """Add a signed liquidity to one end of a position; a tick without gross liquidity vanishes.

    O(ticks), since the columns are copied. The net needs no check of its own: it stays within
    the gross, whose limit is far below 2^127.

    Raises:
        AmountOutOfRangeError: the tick would hold less than none, or more than its share.
    """
    index = bisect_left(table.ticks, tick)
    is_known = index < len(table.ticks) and table.ticks[index] == tick
    gross, net = (
        (table.liquidity_grosses[index], table.liquidity_nets[index]) if is_known else (0, 0)
    )
    gross = checked("liquidity_gross", gross + liquidity_delta, maximum=max_liquidity)
    net += -liquidity_delta if is_upper else liquidity_delta
    row = (tick, net, gross) if gross else ()
    return TickTable(
        table.ticks[:index] + row[:1] + table.ticks[index + is_known :],
        table.liquidity_nets[:index] + row[1:2] + table.liquidity_nets[index + is_known :],
        table.liquidity_grosses[:index] + row[2:] + table.liquidity_grosses[index + is_known :],
    )


def find_flaw(table: TickTable, *, tick_spacing: int, max_liquidity: int) -> str | None:
    """Say why no set of positions can have left these ticks; None if one can. O(ticks)."""
    if any(lower >= upper for lower, upper in pairwise(table.ticks)):
        return "ticks are not ascending"
    if any(tick % tick_spacing or abs(tick) > MAX_TICK for tick in table.ticks):
        return f"a tick is not on the grid of {tick_spacing}"
    for tick, net, gross in zip(*table, strict=True):
        if not abs(net) <= gross <= max_liquidity or not gross or (gross - net) % 2:
            return f"tick {tick} cannot hold net {net} with gross {gross}"
    sums = list(accumulate(table.liquidity_nets))
    if any(active < 0 for active in sums):
        return "the liquidity between two ticks is negative"
    if sums and sums[-1]:
        return f"the liquidity above the last tick is {sums[-1]}"
    return None
