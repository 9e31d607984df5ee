"""An exchange's order book as a pool: levels of price and size, and a taker's fee.

It is not atomic: a cycle across it is a signal. Sizes and prices are integers, so that what a
trade of many levels gives is exact until the one rounding at its end, which is against us. The
fee is kept back from what is received, the dearer of the two customs for the same percentage.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final, NamedTuple, Self

from graphs.errors import (
    AmountOutOfRangeError,
    InsufficientLiquidityError,
    MalformedPoolError,
    UnknownTokenError,
)
from graphs.fixed_point import UINT256_MAX, div_up
from graphs.units import PIPS, Address, PoolId

_MAX_NUMBER: Final = UINT256_MAX
"""The most that a price, a size or a scale may be, so that any rate fits in a float."""


class Level(NamedTuple):
    """What is offered at one price."""

    price: int
    """Raw units of quote for `price_scale` raw units of base."""

    size: int
    """Raw units of base."""


class _Fill(NamedTuple):
    """What a walk over one side of the book traded, before the fee."""

    base: int
    """Raw units of base."""

    scaled_quote: int
    """Raw units of quote, times the price scale."""

    levels: tuple[Level, ...]
    """What is left of that side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBookPool:
    """Two sides of levels, best first."""

    id: PoolId
    """The exchange and the symbol, since no contract holds it."""

    venue: str
    """The exchange."""

    base: Address
    """The asset that sizes count, as the on-chain token that it can be withdrawn as."""

    quote: Address
    """The asset that prices count, as the on-chain token that it can be withdrawn as."""

    price_scale: int
    """The raw units of base that a price is for."""

    bids: tuple[Level, ...]
    """What others buy, the highest price first; empty where nobody does."""

    asks: tuple[Level, ...]
    """What others sell, the lowest price first; empty where nobody does."""

    fee_pips: int
    """Share of what is received that the exchange keeps from a taker."""

    def __post_init__(self) -> None:
        """Refuse, in constant time, what no open exchange shows.

        Raises:
            MalformedPoolError: one asset, a fee or scale out of range, or sides that cross.
        """
        if self.base == self.quote:
            raise MalformedPoolError(self.id, f"{self.base} is traded for itself")
        if not 0 <= self.fee_pips < PIPS:
            raise MalformedPoolError(self.id, f"fee of {self.fee_pips} pips")
        if not 0 < self.price_scale <= _MAX_NUMBER:
            raise MalformedPoolError(self.id, f"price scale of {self.price_scale}")
        if self.bids and self.asks and self.bids[0].price >= self.asks[0].price:
            reason = f"bid of {self.bids[0].price} meets ask of {self.asks[0].price}"
            raise MalformedPoolError(self.id, reason)

    @property
    def tokens(self) -> tuple[Address, ...]:
        """Base, then quote."""
        return (self.base, self.quote)

    @property
    def is_atomic(self) -> bool:
        """Never: an exchange settles on its own."""
        return False

    def amount_out(self, token_in: Address, token_out: Address, amount_in: int) -> int:
        """Quote an exact input, rounded down; 0 where it buys less than one unit. O(levels).

        Raises:
            UnknownTokenError: the book does not trade this pair.
            AmountOutOfRangeError: no input.
            InsufficientLiquidityError: the levels cannot take the whole input.
        """
        sells_base = self._is_base_sold(token_in, token_out)
        fill = self._fill(amount_in, sells_base=sells_base)
        if sells_base:
            return fill.scaled_quote * (PIPS - self.fee_pips) // (self.price_scale * PIPS)
        return fill.base * (PIPS - self.fee_pips) // PIPS

    def amount_in(self, token_in: Address, token_out: Address, amount_out: int) -> int:
        """Quote the least input for an exact output, rounded up. O(levels).

        Raises:
            UnknownTokenError: the book does not trade this pair.
            AmountOutOfRangeError: no output.
            InsufficientLiquidityError: the levels do not hold that much output.
        """
        sells_base = self._is_base_sold(token_in, token_out)
        if amount_out <= 0:
            raise AmountOutOfRangeError("amount_out", amount_out)
        if sells_base:
            scaled = div_up(amount_out * self.price_scale * PIPS, PIPS - self.fee_pips)
            return self._base_for(scaled, amount_out)
        base = div_up(amount_out * PIPS, PIPS - self.fee_pips)
        fill = _take_base(self.asks, base)
        if fill.base < base:
            raise InsufficientLiquidityError(self.id, amount_out)
        return div_up(fill.scaled_quote, self.price_scale)

    def marginal_rate_float(self, token_in: Address, token_out: Address) -> float:
        """Output per input at the best level after fee; 0.0 when that side is empty."""
        after_fee = PIPS - self.fee_pips
        if self._is_base_sold(token_in, token_out):
            if not self.bids:
                return 0.0
            return self.bids[0].price * after_fee / (self.price_scale * PIPS)
        if not self.asks:
            return 0.0
        return self.price_scale * after_fee / (self.asks[0].price * PIPS)

    def after_swap(self, token_in: Address, token_out: Address, amount_in: int) -> Self:
        """The book without what an exact input took from it. O(levels).

        Raises:
            UnknownTokenError, AmountOutOfRangeError, InsufficientLiquidityError: as `amount_out`.
        """
        sells_base = self._is_base_sold(token_in, token_out)
        fill = self._fill(amount_in, sells_base=sells_base)
        if sells_base:
            return replace(self, bids=fill.levels)
        return replace(self, asks=fill.levels)

    def level_ends(self, token_in: Address, token_out: Address, amount_in: int) -> tuple[int, ...]:
        """The nearest inputs below this one and above it, if any, that take whole levels.

        Rounded up. O(levels).

        Raises:
            UnknownTokenError: the book does not trade this pair.
        """
        sells_base = self._is_base_sold(token_in, token_out)
        taken = 0
        below: tuple[int, ...] = ()
        for price, size in self.bids if sells_base else self.asks:
            taken += size if sells_base else size * price
            end = taken if sells_base else div_up(taken, self.price_scale)
            if end > amount_in:
                return (*below, end)
            below = below if end == amount_in else (end,)
        return below

    def check_levels(self) -> None:
        """Prove that both sides are in order. O(levels).

        Builders call it on what they received: the constructor looks at the best levels only,
        because quotes construct pools.

        Raises:
            MalformedPoolError: a level out of range, twice, or behind a worse one.
        """
        for level in (*self.bids, *self.asks):
            if not (0 < level.price <= _MAX_NUMBER and 0 < level.size <= _MAX_NUMBER):
                raise MalformedPoolError(self.id, f"size of {level.size} at {level.price}")
        if any(better.price <= worse.price for better, worse in pairwise(self.bids)):
            raise MalformedPoolError(self.id, "bids do not fall")
        if any(better.price >= worse.price for better, worse in pairwise(self.asks)):
            raise MalformedPoolError(self.id, "asks do not rise")

    def _is_base_sold(self, token_in: Address, token_out: Address) -> bool:
        """Whether the trade meets the bids."""
        if token_in == self.base and token_out == self.quote:
            return True
        if token_in == self.quote and token_out == self.base:
            return False
        known = token_in in self.tokens
        raise UnknownTokenError(self.id, token_out if known else token_in)

    def _fill(self, amount_in: int, *, sells_base: bool) -> _Fill:
        """Spend the whole input, but for quote that buys no further unit of base."""
        if amount_in <= 0:
            raise AmountOutOfRangeError("amount_in", amount_in)
        if sells_base:
            fill = _take_base(self.bids, amount_in)
            left = amount_in - fill.base
        else:
            budget = amount_in * self.price_scale
            fill = _spend_quote(self.asks, budget)
            # Beyond the last level, less than one raw unit of quote is rounding, not refusal.
            left = 0 if fill.levels else (budget - fill.scaled_quote) // self.price_scale
        if left:
            raise InsufficientLiquidityError(self.id, amount_in)
        return fill

    def _base_for(self, scaled_quote: int, amount_out: int) -> int:
        """The least base whose sale brings this much quote before the fee."""
        base = 0
        for level in self.bids:
            value = level.size * level.price
            if value >= scaled_quote:
                return base + div_up(scaled_quote, level.price)
            base += level.size
            scaled_quote -= value
        raise InsufficientLiquidityError(self.id, amount_out)


def _take_base(levels: tuple[Level, ...], wanted: int) -> _Fill:
    """Trade up to this much base."""
    base = scaled_quote = 0
    for index, level in enumerate(levels):
        left = wanted - base
        if left < level.size:
            rest = (Level(level.price, level.size - left), *levels[index + 1 :])
            return _Fill(wanted, scaled_quote + left * level.price, rest)
        base += level.size
        scaled_quote += level.size * level.price
    return _Fill(base, scaled_quote, ())


def _spend_quote(levels: tuple[Level, ...], budget: int) -> _Fill:
    """Buy base for up to this much scaled quote."""
    base = scaled_quote = 0
    for index, level in enumerate(levels):
        affordable = (budget - scaled_quote) // level.price
        if affordable < level.size:
            rest = (Level(level.price, level.size - affordable), *levels[index + 1 :])
            return _Fill(base + affordable, scaled_quote + affordable * level.price, rest)
        base += level.size
        scaled_quote += level.size * level.price
    return _Fill(base, scaled_quote, ())
