"""What every pool offers to quotes, search and sizing, whatever its curve.

A pool is a frozen state at one block. It never fetches: builders fetch, pools compute.
"""

from typing import Protocol, Self

from graphs.units import Address, PoolId


class Pool(Protocol):
    """A frozen pool state that quotes exactly as its contract executes."""

    @property
    def id(self) -> PoolId:
        """The key of the pool in a Market."""

    @property
    def venue(self) -> str:
        """The name of the exchange it was discovered at, for people and for the ledger."""

    @property
    def tokens(self) -> tuple[Address, ...]:
        """The tokens it trades, in the contract's order."""

    @property
    def is_atomic(self) -> bool:
        """Whether a trade settles inside one Ethereum transaction."""

    def amount_out(self, token_in: Address, token_out: Address, amount_in: int) -> int:
        """Quote an exact input, rounded down as the contract rounds.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: the contract's integer types cannot hold the trade.
            InsufficientLiquidityError: the pool cannot take the whole input.
        """

    def amount_in(self, token_in: Address, token_out: Address, amount_out: int) -> int:
        """Quote the least input for an exact output, rounded up as the contract rounds.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: the contract's integer types cannot hold the trade.
            InsufficientLiquidityError: the pool does not hold that much output.
        """

    def marginal_rate_float(self, token_in: Address, token_out: Address) -> float:
        """Output per input of an infinitesimal trade after fee, in raw units; 0.0 when dry."""

    def after_swap(self, token_in: Address, token_out: Address, amount_in: int) -> Self:
        """The state once an exact input was traded.

        Raises:
            UnknownTokenError, AmountOutOfRangeError, InsufficientLiquidityError: as `amount_out`.
        """
