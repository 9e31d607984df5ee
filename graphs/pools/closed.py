"""A pool that is not believed: it stands in the Market where the real one was, and trades nothing.

It has the same tokens, so the graph keeps its shape and only weights change.
"""

from dataclasses import dataclass
from typing import Self

from graphs.errors import InsufficientLiquidityError, UnknownTokenError
from graphs.pools.base import Pool
from graphs.units import Address, PoolId


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedPool:
    """Every quote is refused, every rate is zero."""

    pool: Pool
    """What it stands for: good for its terms, not for its state."""

    @property
    def id(self) -> PoolId:
        """That of the pool."""
        return self.pool.id

    @property
    def venue(self) -> str:
        """That of the pool."""
        return self.pool.venue

    @property
    def tokens(self) -> tuple[Address, ...]:
        """Those of the pool."""
        return self.pool.tokens

    @property
    def is_atomic(self) -> bool:
        """As the pool, so that the graph keeps its edges."""
        return self.pool.is_atomic

    def amount_out(self, token_in: Address, token_out: Address, amount_in: int) -> int:
        """Refuse.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            InsufficientLiquidityError: else.
        """
        raise self._refusal(token_in, token_out, amount_in)

    def amount_in(self, token_in: Address, token_out: Address, amount_out: int) -> int:
        """Refuse.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            InsufficientLiquidityError: else.
        """
        raise self._refusal(token_in, token_out, amount_out)

    def marginal_rate_float(self, token_in: Address, token_out: Address) -> float:
        """Nothing for anything: 0.0.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
        """
        refusal = self._refusal(token_in, token_out, 0)
        if isinstance(refusal, UnknownTokenError):
            raise refusal
        return 0.0

    def after_swap(self, token_in: Address, token_out: Address, amount_in: int) -> Self:
        """Refuse.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            InsufficientLiquidityError: else.
        """
        raise self._refusal(token_in, token_out, amount_in)

    def _refusal(
        self, token_in: Address, token_out: Address, amount: int
    ) -> UnknownTokenError | InsufficientLiquidityError:
        for token in (token_in, token_out):
            if token not in self.tokens:
                return UnknownTokenError(self.id, token)
        if token_in == token_out:
            return UnknownTokenError(self.id, token_out)
        return InsufficientLiquidityError(self.id, amount)
