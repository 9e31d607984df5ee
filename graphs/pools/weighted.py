"""Pools that keep a weighted product of their balances: Balancer V2 weighted pools.

Formulas: WeightedMath; order of fee, scaling and rounding: `onSwap` of BaseMinimalSwapInfoPool;
limit of a balance: BalanceAllocation of the Vault. Versions differ in their powers alone: version
1 (factories of 20210418) takes all by logarithm, with the error margin of those; from version 2
(20220908) on, an exponent of exactly one, two or four is multiplied out.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

from graphs.errors import (
    AmountOutOfRangeError,
    InsufficientLiquidityError,
    MalformedPoolError,
    UnknownTokenError,
)
from graphs.fixed_point import UINT112_MAX
from graphs.fixed_point import div_up as divide_up
from graphs.pools.balancer_fixed_point import (
    ONE,
    complement,
    div_down,
    div_up,
    mul_down,
    mul_up,
    pow_up,
)
from graphs.units import Address, PoolId

MAX_IN_RATIO: Final = 3 * 10**17
"""The most that a trade adds to a balance, as a share of it with 18 decimals. WeightedMath."""

MAX_OUT_RATIO: Final = 3 * 10**17
"""The most that a trade takes of a balance, as a share of it with 18 decimals. WeightedMath."""

MIN_WEIGHT: Final = 10**16
"""The least share of one token, with 18 decimals. WeightedMath."""

MIN_SWAP_FEE: Final = 10**12
"""The least fee, with 18 decimals. BasePool."""

MAX_SWAP_FEE: Final = 10**17
"""The greatest fee, with 18 decimals. BasePool."""

MIN_TOKENS: Final = 2
"""In a pool. BasePool."""

MAX_TOKENS: Final = 8
"""In a pool. BasePool."""

MAX_DECIMALS: Final = 18
"""Of a token. BasePool."""


class _Side(NamedTuple):
    """What a trade needs to know of one of its tokens."""

    reserve: int
    """What the pool holds, raw."""

    balance: int
    """What the pool holds, with 18 decimals."""

    weight: int
    """Its share of the pool's worth, with 18 decimals."""

    scaling_factor: int
    """Turns raw units into 18 decimals."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedPool:
    """Two to eight balances whose product, each to the power of its weight, no trade may lower."""

    id: PoolId
    """The 32-byte id under which the Vault holds the pool's tokens."""

    venue: str
    """The exchange it was discovered at."""

    tokens: tuple[Address, ...]
    """What it trades, ascending, as the contract orders them."""

    balances: tuple[int, ...]
    """What the Vault holds for the pool, raw, all of it at hand; parallel to `tokens`."""

    weights: tuple[int, ...]
    """Shares of the pool's worth, with 18 decimals, one in sum; parallel to `tokens`."""

    decimals: tuple[int, ...]
    """Of each token; parallel to `tokens`."""

    swap_fee: int
    """Share of the input that stays in the pool, with 18 decimals."""

    has_exact_powers: bool
    """Whether powers of one, two and four are multiplications: false in version 1 alone."""

    def __post_init__(self) -> None:
        """Refuse what no deployed pool can hold.

        Raises:
            MalformedPoolError: columns, weights, decimals, balances or fee that no factory accepts.
        """
        flaw = self._find_flaw()
        if flaw is not None:
            raise MalformedPoolError(self.id, flaw)

    @property
    def is_atomic(self) -> bool:
        """Always: a swap is one call."""
        return True

    def amount_out(self, token_in: Address, token_out: Address, amount_in: int) -> int:
        """Quote an exact input; 0 where it is too small. Never more than the curve's exact value.

        y * (1 - (x / (x + dx))^(wx / wy)), with dx after the fee.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: no input, an empty pool, or more than a 112-bit balance holds.
            InsufficientLiquidityError: the input after the fee is above 30 % of the balance.
        """
        sold, bought = self._sides(token_in, token_out)
        if amount_in <= 0 or sold.reserve + amount_in > UINT112_MAX:
            raise AmountOutOfRangeError("amount_in", amount_in)
        kept = amount_in - mul_up(amount_in, self.swap_fee)
        added = kept * sold.scaling_factor
        if added > mul_down(sold.balance, MAX_IN_RATIO):
            raise InsufficientLiquidityError(self.id, amount_in)
        power = pow_up(
            div_up(sold.balance, sold.balance + added),
            div_down(sold.weight, bought.weight),
            has_exact_powers=self.has_exact_powers,
        )
        return mul_down(bought.balance, complement(power)) // bought.scaling_factor

    def amount_in(self, token_in: Address, token_out: Address, amount_out: int) -> int:
        """Quote an exact output. Never less than the curve's exact value.

        x * ((y / (y - dy))^(wy / wx) - 1) before the fee is added.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: no output, or an input that a 112-bit balance cannot hold.
            InsufficientLiquidityError: the output is above 30 % of the balance.
        """
        sold, bought = self._sides(token_in, token_out)
        if amount_out <= 0:
            raise AmountOutOfRangeError("amount_out", amount_out)
        removed = amount_out * bought.scaling_factor
        if removed > mul_down(bought.balance, MAX_OUT_RATIO):
            raise InsufficientLiquidityError(self.id, amount_out)
        power = pow_up(
            div_up(bought.balance, bought.balance - removed),
            div_up(bought.weight, sold.weight),
            has_exact_powers=self.has_exact_powers,
        )
        added = divide_up(mul_up(sold.balance, power - ONE), sold.scaling_factor)
        amount_in = div_up(added, complement(self.swap_fee))
        if sold.reserve + amount_in > UINT112_MAX:
            raise AmountOutOfRangeError("amount_in", amount_in)
        return amount_in

    def marginal_rate_float(self, token_in: Address, token_out: Address) -> float:
        """Output per input of an infinitesimal trade: (1 - fee) * y * wx / (x * wy); 0.0 when dry.

        One division of integers, so off by at most half a unit in the last place.
        """
        sold, bought = self._index(token_in), self._index(token_out)
        if sold == bought:
            raise UnknownTokenError(self.id, token_out)
        if not self.balances[sold]:
            return 0.0
        numerator = complement(self.swap_fee) * self.balances[bought] * self.weights[sold]
        return numerator / (ONE * self.balances[sold] * self.weights[bought])

    def after_swap(self, token_in: Address, token_out: Address, amount_in: int) -> "WeightedPool":
        """The state once an exact input was traded: the whole input stays, fee included.

        Raises:
            UnknownTokenError, AmountOutOfRangeError, InsufficientLiquidityError: as `amount_out`.
        """
        amount_out = self.amount_out(token_in, token_out, amount_in)
        balances = list(self.balances)
        balances[self._index(token_in)] += amount_in
        balances[self._index(token_out)] -= amount_out
        return self.with_balances(tuple(balances))

    def with_balances(self, balances: tuple[int, ...]) -> "WeightedPool":
        """The state after a Swap or PoolBalanceChanged event of the Vault.

        Raises:
            MalformedPoolError: a balance that does not fit in 112 bits.
        """
        return WeightedPool(
            id=self.id,
            venue=self.venue,
            tokens=self.tokens,
            balances=balances,
            weights=self.weights,
            decimals=self.decimals,
            swap_fee=self.swap_fee,
            has_exact_powers=self.has_exact_powers,
        )

    def _sides(self, token_in: Address, token_out: Address) -> tuple[_Side, _Side]:
        """The token sold and the token bought."""
        if token_in == token_out:
            raise UnknownTokenError(self.id, token_out)
        return self._side(token_in), self._side(token_out)

    def _side(self, token: Address) -> _Side:
        index = self._index(token)
        reserve = self.balances[index]
        factor: int = 10 ** (MAX_DECIMALS - self.decimals[index])
        return _Side(reserve, reserve * factor, self.weights[index], factor)

    def _index(self, token: Address) -> int:
        if token not in self.tokens:
            raise UnknownTokenError(self.id, token)
        return self.tokens.index(token)

    def _find_flaw(self) -> str | None:
        """Say why no pool can have this state; None if one can."""
        count = len(self.tokens)
        if not MIN_TOKENS <= count <= MAX_TOKENS:
            return f"{count} tokens"
        if not count == len(self.balances) == len(self.weights) == len(self.decimals):
            return "columns of tokens differ in length"
        if any(lower >= upper for lower, upper in pairwise(self.tokens)):
            return "tokens are not ascending"
        if not 0 <= min(self.balances) <= max(self.balances) <= UINT112_MAX:
            return f"balances of {self.balances} do not fit in 112 bits"
        return self._find_flaw_of_constants()

    def _find_flaw_of_constants(self) -> str | None:
        """Say why no factory would deploy such a pool; None if one would."""
        if min(self.weights) < MIN_WEIGHT or sum(self.weights) != ONE:
            return f"weights of {self.weights}"
        if not 0 <= min(self.decimals) <= max(self.decimals) <= MAX_DECIMALS:
            return f"decimals of {self.decimals}"
        if not MIN_SWAP_FEE <= self.swap_fee <= MAX_SWAP_FEE:
            return f"swap fee of {self.swap_fee}"
        return None
