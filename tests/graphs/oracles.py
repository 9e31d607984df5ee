"""Slow and obvious answers to compare the fast ones with: exact fractions, maps, plain loops.

Nothing here imports the code under test except the ratio of a tick, which has its own vectors.
"""

from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor

from graphs.pools.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    get_sqrt_ratio_at_tick,
)

_Q96 = 2**96
_WORD = 2**256
_FEE_SCALE = 10**6


def greatest_tick_not_above(sqrt_price_x96: int) -> int:
    """Halve the range of all ticks until one is left."""
    low, high = MIN_TICK, MAX_TICK
    while high - low > 1:
        middle = (low + high) // 2
        if get_sqrt_ratio_at_tick(middle) <= sqrt_price_x96:
            low = middle
        else:
            high = middle
    return low


def constant_product_out(reserves: tuple[int, int], amount_in: int, fee: Fraction) -> int:
    """Solve (x + dx * (1 - fee)) * (y - dy) = x * y for dy."""
    reserve_in, reserve_out = reserves
    kept = amount_in * (1 - fee)
    return floor(reserve_out - reserve_in * reserve_out / (reserve_in + kept))


@dataclass
class RangePool:
    """A concentrated pool as the whitepaper tells it: a map of ticks, walked one word at a time."""

    fee_pips: int
    tick_spacing: int
    price: int
    tick: int
    liquidity: int
    nets: dict[int, int] = field(default_factory=dict)

    def sell(self, amount: int, *, zero_for_one: bool) -> tuple[int, int]:
        """Trade an exact input; return what was left of it and what came out."""
        left, out = amount, 0
        limit = MIN_SQRT_RATIO + 1 if zero_for_one else MAX_SQRT_RATIO - 1
        while left and self.price != limit:
            stop = self._stop(down=zero_for_one)
            stop_price = get_sqrt_ratio_at_tick(min(max(stop, MIN_TICK), MAX_TICK))
            target = max(stop_price, limit) if zero_for_one else min(stop_price, limit)
            after_fee = floor(Fraction(left * (_FEE_SCALE - self.fee_pips), _FEE_SCALE))
            needed = ceil(self._amounts(target)[not zero_for_one])
            new_price = target if after_fee >= needed else self._moved(after_fee, zero_for_one)
            out += floor(self._amounts(new_price)[zero_for_one])
            if new_price == target:
                left -= ceil(Fraction(needed * _FEE_SCALE, _FEE_SCALE - self.fee_pips))
            else:
                left = 0
            self._arrive(new_price, stop, stop_price)
        return left, out

    def _arrive(self, new_price: int, stop: int, stop_price: int) -> None:
        down = stop <= self.tick
        if new_price == stop_price:
            self.liquidity += (-1 if down else 1) * self.nets.get(stop, 0)
            self.tick = stop - 1 if down else stop
        elif new_price != self.price:
            self.tick = greatest_tick_not_above(new_price)
        self.price = new_price

    def _amounts(self, target: int) -> tuple[Fraction, Fraction]:
        """The exact token0 and token1 between the price and the target."""
        low, high = sorted((self.price, target))
        amount0 = Fraction(self.liquidity * _Q96 * (high - low), high * low)
        return amount0, Fraction(self.liquidity * (high - low), _Q96)

    def _moved(self, amount: int, zero_for_one: bool) -> int:  # noqa: FBT001 -- two lines away
        if not zero_for_one:
            return self.price + floor(Fraction(amount * _Q96, self.liquidity))
        scaled = self.liquidity * _Q96
        if not amount:
            return self.price
        if scaled + amount * self.price < _WORD:
            return ceil(Fraction(scaled * self.price, scaled + amount * self.price))
        return ceil(Fraction(scaled, scaled // self.price + amount))

    def _stop(self, *, down: bool) -> int:
        """Walk tick by tick until one is initialised or ends its word of 256."""
        index = self.tick // self.tick_spacing + (not down)
        while index * self.tick_spacing not in self.nets and index % 256 != (0 if down else 255):
            index += -1 if down else 1
        return index * self.tick_spacing
