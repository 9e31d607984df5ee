"""Solidly's pairs as Velodrome V2 and Aerodrome run them: volatile (x y = k) and stable.

Formulas: getAmountOut of Pool; the check of the invariant: `swap` of Pool. The fee is taken from
the input first and leaves the pair, so it is not among the reserves afterwards. The iteration of
the first Solidly pairs ends earlier and is not covered.
"""

from dataclasses import dataclass, replace
from typing import Final

from graphs.errors import (
    AmountOutOfRangeError,
    InsufficientLiquidityError,
    MalformedPoolError,
    UnknownTokenError,
)
from graphs.fixed_point import UINT256_MAX, div_up
from graphs.pools.newton import least_input, quotient_down
from graphs.pools.solidly_math import ONE, Units, get_y, k, scaled
from graphs.units import BPS, Address, PoolId

MAX_DECIMALS: Final = 77
"""Of a token: the contract keeps ten to their power in a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SolidlyPool:
    """Two reserves on the curve x y = k or x^3 y + y^3 x = k."""

    id: PoolId
    """The pair's address."""

    venue: str
    """The exchange it was discovered at."""

    token0: Address
    """The token with the lower address."""

    token1: Address
    """The token with the higher address."""

    reserve0: int
    """What the pair last synchronised of token0, raw; 0 where it was never funded."""

    reserve1: int
    """What the pair last synchronised of token1, raw; 0 where it was never funded."""

    decimals0: int
    """Of token0; the volatile curve does not ask."""

    decimals1: int
    """Of token1; the volatile curve does not ask."""

    fee_bps: int
    """Share of the input that leaves the pair, as its factory answers for this pair."""

    is_stable: bool
    """Which curve."""

    def __post_init__(self) -> None:
        """Refuse what no pair can hold.

        Raises:
            MalformedPoolError: tokens out of order, or a reserve, scale or fee out of range.
        """
        if not 0 <= self.reserve0 <= UINT256_MAX or not 0 <= self.reserve1 <= UINT256_MAX:
            raise MalformedPoolError(self.id, f"reserves {self.reserve0} and {self.reserve1}")
        if self.token0 >= self.token1:
            raise MalformedPoolError(self.id, f"{self.token0} is not below {self.token1}")
        if not 0 <= min(self.decimals0, self.decimals1) <= max(self.decimals0, self.decimals1):
            raise MalformedPoolError(self.id, f"decimals {self.decimals0} and {self.decimals1}")
        if max(self.decimals0, self.decimals1) > MAX_DECIMALS:
            raise MalformedPoolError(self.id, f"decimals {self.decimals0} and {self.decimals1}")
        if not 0 <= self.fee_bps < BPS:
            raise MalformedPoolError(self.id, f"fee of {self.fee_bps} basis points")

    @property
    def tokens(self) -> tuple[Address, ...]:
        """Both tokens, in the contract's order."""
        return (self.token0, self.token1)

    @property
    def is_atomic(self) -> bool:
        """Always: a swap is one call."""
        return True

    def amount_out(self, token_in: Address, token_out: Address, amount_in: int) -> int:
        """Quote an exact input that the pair's own check of the invariant lets pass.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: no input, no output, more than a word holds, or no convergence.
            InsufficientLiquidityError: a reserve is empty, or the rounded output would lower the
                invariant.
        """
        zero_for_one = self._is_zero_for_one(token_in, token_out)
        if amount_in <= 0:
            raise AmountOutOfRangeError("amount_in", amount_in)
        self._require_funded(amount_in)
        amount_out = self._quote(amount_in, zero_for_one=zero_for_one)
        if not amount_out:
            raise AmountOutOfRangeError("amount_out", amount_out)
        kept = self._after_fee(amount_in)
        after = self._moved(kept, amount_out, zero_for_one=zero_for_one)
        if self._k(*after) < self._k(self.reserve0, self.reserve1):
            raise InsufficientLiquidityError(self.id, amount_in)
        return amount_out

    def amount_in(self, token_in: Address, token_out: Address, amount_out: int) -> int:
        """Find the input that buys at least the output while one unit less does not.

        The contract quotes exact inputs alone. This is the least input wherever its rounding does
        not let the output fall; it is found from the curve solved for the other token.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: no output, more than a word holds, or no convergence.
            InsufficientLiquidityError: the pair holds no more than the output, or the rounded
                output would lower the invariant.
        """
        zero_for_one = self._is_zero_for_one(token_in, token_out)
        if amount_out <= 0:
            raise AmountOutOfRangeError("amount_out", amount_out)
        self._require_funded(amount_out)
        if amount_out >= (self.reserve1 if zero_for_one else self.reserve0):
            raise InsufficientLiquidityError(self.id, amount_out)
        kept = self._kept_for(amount_out, zero_for_one=zero_for_one)
        amount_in = least_input(
            lambda amount: self._quote(amount, zero_for_one=zero_for_one),
            amount_out,
            guess=div_up(kept * BPS, BPS - self.fee_bps),
        )
        self.amount_out(token_in, token_out, amount_in)
        return amount_in

    def marginal_rate_float(self, token_in: Address, token_out: Address) -> float:
        """Output per input of an infinitesimal trade after fee; 0.0 when dry.

        y / x, or y (3 x^2 + y^2) / (x (x^2 + 3 y^2)): one division of integers either way, so off
        by at most half a unit in the last place.
        """
        zero_for_one = self._is_zero_for_one(token_in, token_out)
        raw = (self.reserve0, self.reserve1)
        x, y = self._scaled_reserves() if self.is_stable else raw
        units = self._units() if self.is_stable else Units(1, 1)
        unit_in, unit_out = units if zero_for_one else units[::-1]
        if not zero_for_one:
            x, y = y, x
        if not x or not y:
            return 0.0
        numerator, denominator = (BPS - self.fee_bps) * unit_out * y, BPS * unit_in * x
        if self.is_stable:
            numerator *= 3 * x * x + y * y
            denominator *= x * x + 3 * y * y
        return numerator / denominator

    def after_swap(self, token_in: Address, token_out: Address, amount_in: int) -> "SolidlyPool":
        """The state once an exact input was traded: the fee has left the pair.

        Raises:
            UnknownTokenError, AmountOutOfRangeError, InsufficientLiquidityError: as `amount_out`.
        """
        amount_out = self.amount_out(token_in, token_out, amount_in)
        zero_for_one = self._is_zero_for_one(token_in, token_out)
        kept = self._after_fee(amount_in)
        return self.with_reserves(*self._moved(kept, amount_out, zero_for_one=zero_for_one))

    def with_reserves(self, reserve0: int, reserve1: int) -> "SolidlyPool":
        """The state after a Sync event.

        Raises:
            MalformedPoolError: a reserve that no word holds.
        """
        return replace(self, reserve0=reserve0, reserve1=reserve1)

    def _quote(self, amount_in: int, *, zero_for_one: bool) -> int:
        """What getAmountOut answers, without the checks of `swap`."""
        kept = self._after_fee(amount_in)
        if not self.is_stable:
            reserves = (self.reserve0, self.reserve1)
            held_in, held_out = reserves if zero_for_one else reserves[::-1]
            return quotient_down(kept * held_out, held_in + kept)
        units = self._units()
        unit_in, unit_out = units if zero_for_one else units[::-1]
        scaled_reserves = self._scaled_reserves()
        x, y = scaled_reserves if zero_for_one else scaled_reserves[::-1]
        xy = self._k(self.reserve0, self.reserve1)
        left = get_y(scaled(kept, unit_in) + x, xy, y=y, units=units)
        if left > y:
            raise AmountOutOfRangeError("amount_out", y - left)
        return quotient_down((y - left) * unit_out, ONE)

    def _kept_for(self, amount_out: int, *, zero_for_one: bool) -> int:
        """About the input after fee that buys the output: the curve solved for the other token."""
        reserves = (self.reserve0, self.reserve1)
        held_in, held_out = reserves if zero_for_one else reserves[::-1]
        if not self.is_stable:
            return div_up(held_in * amount_out, held_out - amount_out)
        units = self._units()
        unit_in, unit_out = units if zero_for_one else units[::-1]
        x, y = scaled(held_in, unit_in), scaled(held_out - amount_out, unit_out)
        needed = get_y(y, self._k(*reserves), y=x, units=units)
        return div_up((needed - x) * unit_in, ONE)

    def _k(self, reserve0: int, reserve1: int) -> int:
        if self.is_stable:
            return k(reserve0, reserve1, self._units())
        product = reserve0 * reserve1
        if product > UINT256_MAX:
            raise AmountOutOfRangeError("invariant", product)
        return product

    def _moved(self, kept: int, amount_out: int, *, zero_for_one: bool) -> tuple[int, int]:
        """The reserves once the input, less the fee, came and the output went."""
        if zero_for_one:
            return self.reserve0 + kept, self.reserve1 - amount_out
        return self.reserve0 - amount_out, self.reserve1 + kept

    def _after_fee(self, amount_in: int) -> int:
        return amount_in - quotient_down(amount_in * self.fee_bps, BPS)

    def _scaled_reserves(self) -> tuple[int, int]:
        units = self._units()
        return scaled(self.reserve0, units.unit0), scaled(self.reserve1, units.unit1)

    def _units(self) -> Units:
        return Units(10**self.decimals0, 10**self.decimals1)

    def _require_funded(self, amount: int) -> None:
        if not self.reserve0 or not self.reserve1:
            raise InsufficientLiquidityError(self.id, amount)

    def _is_zero_for_one(self, token_in: Address, token_out: Address) -> bool:
        """Whether token0 is sold; refuses every other pair."""
        if (token_in, token_out) == (self.token0, self.token1):
            return True
        if (token_in, token_out) == (self.token1, self.token0):
            return False
        known = token_in in self.tokens
        raise UnknownTokenError(self.id, token_out if known else token_in)
