"""A pool of any number of tokens whose rates are given: whatever no constant product can be."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphs.errors import InsufficientLiquidityError, UnknownTokenError
from graphs.units import Address, PoolId


@dataclass(frozen=True, slots=True, kw_only=True)
class FixedRatePool:
    """Sells at a rate of whole numbers, up to a depth."""

    id: PoolId
    tokens: tuple[Address, ...]
    rates: Mapping[tuple[Address, Address], tuple[int, int]]
    depth: int = 10**30
    venue: str = "fixed"
    is_atomic: bool = True

    def amount_out(self, token_in: Address, token_out: Address, amount_in: int) -> int:
        """Quote an exact input."""
        if (token_in, token_out) not in self.rates:
            raise UnknownTokenError(self.id, token_in)
        if amount_in > self.depth:
            raise InsufficientLiquidityError(self.id, amount_in)
        above, below = self.rates[token_in, token_out]
        return amount_in * above // below

    def amount_in(self, token_in: Address, token_out: Address, amount_out: int) -> int:
        """Quote an exact output."""
        above, below = self.rates[token_in, token_out]
        return -(-amount_out * below // above)

    def marginal_rate_float(self, token_in: Address, token_out: Address) -> float:
        """Quote an infinitesimal input."""
        above, below = self.rates.get((token_in, token_out), (0, 1))
        return above / below

    def after_swap(self, token_in: Address, token_out: Address, amount_in: int) -> "FixedRatePool":
        """The state once an input was traded."""
        self.amount_out(token_in, token_out, amount_in)
        return self
