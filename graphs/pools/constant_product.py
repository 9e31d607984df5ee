"""Pools that keep the product of two reserves: Uniswap V2 and every fork of it.

Brands differ by their fee alone, so the fee is a field. Formulas: getAmountOut and getAmountIn
of UniswapV2Library; limits: `swap` and `_update` of UniswapV2Pair.
"""

from dataclasses import dataclass

from graphs.errors import (
    AmountOutOfRangeError,
    InsufficientLiquidityError,
    MalformedPoolError,
    UnknownTokenError,
)
from graphs.fixed_point import UINT112_MAX
from graphs.units import PIPS, Address, PoolId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantProductPool:
    """Two reserves whose product, after the fee, no trade may lower: x * y = k."""

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

    fee_pips: int
    """Share of the input that stays in the pool; 3000 where the contract multiplies by 997/1000."""

    def __post_init__(self) -> None:
        """Refuse what no pair can hold.

        Raises:
            MalformedPoolError: tokens out of order, or a reserve or fee out of range.
        """
        if not 0 <= self.reserve0 <= UINT112_MAX or not 0 <= self.reserve1 <= UINT112_MAX:
            reason = f"reserves {self.reserve0} and {self.reserve1} do not fit in 112 bits"
            raise MalformedPoolError(self.id, reason)
        if self.token0 >= self.token1:
            raise MalformedPoolError(self.id, f"{self.token0} is not below {self.token1}")
        if not 0 <= self.fee_pips < PIPS:
            raise MalformedPoolError(self.id, f"fee of {self.fee_pips} pips")

    @property
    def tokens(self) -> tuple[Address, ...]:
        """Both tokens, in the contract's order."""
        return (self.token0, self.token1)

    @property
    def is_atomic(self) -> bool:
        """Always: a swap is one call."""
        return True

    def amount_out(self, token_in: Address, token_out: Address, amount_in: int) -> int:
        """Quote an exact input: floor(y * dx * (1 - fee) / (x + dx * (1 - fee))).

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: no input, no output, or more than a 112-bit reserve holds.
            InsufficientLiquidityError: the pool was never funded.
        """
        if token_in == self.token0 and token_out == self.token1:
            reserve_in, reserve_out = self.reserve0, self.reserve1
        elif token_in == self.token1 and token_out == self.token0:
            reserve_in, reserve_out = self.reserve1, self.reserve0
        else:
            raise self._unknown(token_in, token_out)
        if amount_in <= 0 or reserve_in + amount_in > UINT112_MAX:
            raise AmountOutOfRangeError("amount_in", amount_in)
        if not reserve_in or not reserve_out:
            raise InsufficientLiquidityError(self.id, amount_in)
        taxed = amount_in * (PIPS - self.fee_pips)
        amount_out = taxed * reserve_out // (reserve_in * PIPS + taxed)
        if not amount_out:
            raise AmountOutOfRangeError("amount_out", amount_out)
        return amount_out

    def amount_in(self, token_in: Address, token_out: Address, amount_out: int) -> int:
        """Quote an exact output: floor(x * dy / ((y - dy) * (1 - fee))) + 1.

        The contract adds one even where the division is exact.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: no output, or an input that a 112-bit reserve cannot hold.
            InsufficientLiquidityError: the pool holds no more than the output.
        """
        reserve_in, reserve_out = self._reserves(token_in, token_out)
        if amount_out <= 0:
            raise AmountOutOfRangeError("amount_out", amount_out)
        if not reserve_in or amount_out >= reserve_out:
            raise InsufficientLiquidityError(self.id, amount_out)
        taxed_reserve = (reserve_out - amount_out) * (PIPS - self.fee_pips)
        amount_in = reserve_in * amount_out * PIPS // taxed_reserve + 1
        if reserve_in + amount_in > UINT112_MAX:
            raise AmountOutOfRangeError("amount_in", amount_in)
        return amount_in

    def marginal_rate_float(self, token_in: Address, token_out: Address) -> float:
        """Output per input of an infinitesimal trade: (1 - fee) * y / x; 0.0 when dry."""
        reserve_in, reserve_out = self._reserves(token_in, token_out)
        if not reserve_in:
            return 0.0
        return (PIPS - self.fee_pips) * reserve_out / (PIPS * reserve_in)

    def after_swap(
        self, token_in: Address, token_out: Address, amount_in: int
    ) -> "ConstantProductPool":
        """The state once an exact input was traded: the whole input stays, fee included.

        Raises:
            UnknownTokenError, AmountOutOfRangeError, InsufficientLiquidityError: as `amount_out`.
        """
        amount_out = self.amount_out(token_in, token_out, amount_in)
        if token_in == self.token0:
            return self.with_reserves(self.reserve0 + amount_in, self.reserve1 - amount_out)
        return self.with_reserves(self.reserve0 - amount_out, self.reserve1 + amount_in)

    def with_reserves(self, reserve0: int, reserve1: int) -> "ConstantProductPool":
        """The state after a Sync event.

        Raises:
            MalformedPoolError: a reserve that does not fit in 112 bits.
        """
        # The constructor spelt out takes half the time of dataclasses.replace.
        return ConstantProductPool(
            id=self.id,
            venue=self.venue,
            token0=self.token0,
            token1=self.token1,
            reserve0=reserve0,
            reserve1=reserve1,
            fee_pips=self.fee_pips,
        )

    def _reserves(self, token_in: Address, token_out: Address) -> tuple[int, int]:
        """The reserves of the token sold and of the token bought."""
        if token_in == self.token0 and token_out == self.token1:
            return self.reserve0, self.reserve1
        if token_in == self.token1 and token_out == self.token0:
            return self.reserve1, self.reserve0
        raise self._unknown(token_in, token_out)

    def _unknown(self, token_in: Address, token_out: Address) -> UnknownTokenError:
        """The error that names the token at fault; the token bought if one is sold for itself."""
        known = token_in in self.tokens
        return UnknownTokenError(self.id, token_out if known else token_in)
