"""A curve that sizing has no closed form for: a constant product under another name."""

from dataclasses import dataclass

from graphs.errors import InsufficientLiquidityError
from graphs.pools.constant_product import ConstantProductPool
from graphs.units import Address, PoolId


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcavePool:
    """Quotes as the pool inside, up to a depth."""

    inside: ConstantProductPool
    depth: int = 2**112

    @property
    def id(self) -> PoolId:
        """The key in a Market."""
        return self.inside.id

    @property
    def venue(self) -> str:
        """A name for people."""
        return self.inside.venue

    @property
    def tokens(self) -> tuple[Address, ...]:
        """Both, in order."""
        return self.inside.tokens

    @property
    def is_atomic(self) -> bool:
        """Always."""
        return True

    def amount_out(self, token_in: Address, token_out: Address, amount_in: int) -> int:
        """Quote an exact input."""
        if amount_in > self.depth:
            raise InsufficientLiquidityError(self.id, amount_in)
        return self.inside.amount_out(token_in, token_out, amount_in)

    def amount_in(self, token_in: Address, token_out: Address, amount_out: int) -> int:
        """Quote an exact output."""
        return self.inside.amount_in(token_in, token_out, amount_out)

    def marginal_rate_float(self, token_in: Address, token_out: Address) -> float:
        """Quote an infinitesimal input."""
        return self.inside.marginal_rate_float(token_in, token_out)

    def after_swap(self, token_in: Address, token_out: Address, amount_in: int) -> "ConcavePool":
        """The state once an input was traded."""
        inside = self.inside.after_swap(token_in, token_out, amount_in)
        return ConcavePool(inside=inside, depth=self.depth)
