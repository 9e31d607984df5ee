"""Where a swap may stop next: the nearest initialised tick, or the edge of a bitmap word.

TickBitmap of Uniswap V3 core over a sorted tuple instead of a mapping of words. The contract
reads one word of 256 usable ticks a step and ends the step at the word's edge even where no tick
is initialised; since every step rounds, a quote that skipped the edges would be off by units.
"""

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

_LAST_BIT: Final = 255
"""The highest bit of a word: the tick with the greatest index in it."""


def next_initialized_tick(ticks: Sequence[int], tick: int, *, lte: bool) -> int | None:
    """Find the nearest initialised tick at or below the given one, or above it if not `lte`.

    O(log ticks). None when there is none on that side.
    """
    index = bisect_right(ticks, tick)
    if lte:
        return ticks[index - 1] if index else None
    return ticks[index] if index < len(ticks) else None


def next_initialized_tick_within_one_word(
    ticks: Sequence[int], tick: int, *, tick_spacing: int, lte: bool
) -> int:
    """Find where the next step ends: an initialised tick, or the edge of the word. O(log ticks).

    At or below the given tick if `lte`, else above it. The edge may lie outside the range of
    ticks; callers clamp it, as the contract does.
    """
    found = next_initialized_tick(ticks, tick, lte=lte)
    compressed = tick // tick_spacing
    if lte:
        edge = (compressed & ~_LAST_BIT) * tick_spacing
        return edge if found is None else max(found, edge)
    edge = ((compressed + 1) | _LAST_BIT) * tick_spacing
    return edge if found is None else min(found, edge)
