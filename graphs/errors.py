"""The error tree of the package.

    GraphError
    ├── AmountOutOfRangeError     an amount, reserve or price outside what the contracts can hold
    ├── InsufficientLiquidityError the pool cannot give or take that much
    ├── UnknownTokenError         the pool does not trade that token
    └── MalformedPoolError        a pool state that no contract can be in

Expected outcomes (no cycle, no profitable size) are values, not errors.
"""

from graphs.units import Address, PoolId


class GraphError(Exception):
    """The root of everything that this package raises on purpose."""


class AmountOutOfRangeError(GraphError):
    """An integer outside the range of the contract's type, where the contract would revert."""

    def __init__(self, what: str, value: int) -> None:
        super().__init__(f"{what} out of range: {value}")
        self.what = what
        self.value = value


class InsufficientLiquidityError(GraphError):
    """The pool cannot fill the amount, where the contract would revert or fill it only in part."""

    def __init__(self, pool_id: PoolId, amount: int) -> None:
        super().__init__(f"pool {pool_id} cannot fill {amount}")
        self.pool_id = pool_id
        self.amount = amount


class UnknownTokenError(GraphError):
    """A token that the pool does not trade."""

    def __init__(self, pool_id: PoolId, token: Address) -> None:
        super().__init__(f"pool {pool_id} does not trade {token}")
        self.pool_id = pool_id
        self.token = token


class MalformedPoolError(GraphError):
    """A pool state that breaks an invariant of its contract; a feed or a file is wrong."""

    def __init__(self, pool_id: PoolId, reason: str) -> None:
        super().__init__(f"pool {pool_id}: {reason}")
        self.pool_id = pool_id
        self.reason = reason
