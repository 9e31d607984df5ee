"""Pools on the StableSwap curve that Balancer V2 holds: stable, metastable and composable.

Order of fee, scaling and rounding: BaseGeneralPool; the curve: StableMath; limits of a balance:
BalanceAllocation of the Vault. Of a composable pool only swaps among its other tokens are quoted:
to sell or buy the pool's own share is to join or exit, so the share is not among `tokens` and its
balance, which the Vault lists as well, must be left out.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from graphs.errors import (
    AmountOutOfRangeError,
    InsufficientLiquidityError,
    MalformedPoolError,
    UnknownTokenError,
)
from graphs.fixed_point import UINT112_MAX, UINT256_MAX
from graphs.pools.balancer_fixed_point import ONE, div_down, div_up, mul_down, mul_up
from graphs.pools.stable_curve import slope
from graphs.pools.stable_math import (
    AMP_PRECISION,
    calculate_invariant_down,
    calculate_invariant_up,
    get_token_balance_up,
)
from graphs.units import Address, PoolId

MIN_AMPLIFICATION: Final = AMP_PRECISION
"""The least, with three decimals. StableMath."""

MAX_AMPLIFICATION: Final = 5000 * AMP_PRECISION
"""The greatest, with three decimals. StableMath."""

MIN_SWAP_FEE: Final = 10**12
"""The least fee, with 18 decimals. BasePool."""

MAX_SWAP_FEE: Final = 10**17
"""The greatest fee, with 18 decimals. BasePool."""

MAX_SCALING_FACTOR: Final = UINT256_MAX // UINT112_MAX
"""The greatest that can scale every balance in one word."""

MIN_TOKENS: Final = 2
"""Besides the pool's own share. BasePool."""

MAX_TOKENS: Final = 5
"""Besides the pool's own share. StableMath."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StablePool:
    """Two to five balances of tokens that should be worth the same, after scaling."""

    id: PoolId
    """The 32-byte id under which the Vault holds the pool's tokens."""

    venue: str
    """The exchange it was discovered at."""

    tokens: tuple[Address, ...]
    """What it trades, ascending, as the contract orders them; not the pool's own share."""

    balances: tuple[int, ...]
    """What the Vault holds for the pool, raw, all of it at hand; parallel to `tokens`."""

    scaling_factors: tuple[int, ...]
    """10^(18 - decimals) times the token's rate, with 18 decimals; parallel to `tokens`."""

    amplification: int
    """A * n^(n - 1), with three decimals, as getAmplificationParameter answers at the block."""

    swap_fee: int
    """Share of the input that stays in the pool, with 18 decimals."""

    rounds_invariant_up: bool
    """Whether swaps round the invariant up: stable and metastable pools; composable ones do not."""

    def __post_init__(self) -> None:
        """Refuse what no deployed pool can hold.

        Raises:
            MalformedPoolError: columns, scales, balances, amplification or fee out of range.
        """
        flaw = self._find_flaw()
        if flaw is not None:
            raise MalformedPoolError(self.id, flaw)

    @property
    def is_atomic(self) -> bool:
        """Always: a swap is one call."""
        return True

    def amount_out(self, token_in: Address, token_out: Address, amount_in: int) -> int:
        """Quote an exact input; 0 where it is too small for a raw unit. _calcOutGivenIn.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: no input, an output below zero, more than a 112-bit balance or
                a word holds, an empty pool, or no convergence.
        """
        sold, bought = self._pair(token_in, token_out)
        if amount_in <= 0 or self.balances[sold] + amount_in > UINT112_MAX:
            raise AmountOutOfRangeError("amount_in", amount_in)
        kept = amount_in - mul_up(amount_in, self.swap_fee)
        balances = self._scaled()
        invariant = self._invariant(balances)
        after = list(balances)
        after[sold] += mul_down(kept, self.scaling_factors[sold])
        final = get_token_balance_up(after, self.amplification, invariant=invariant, index=bought)
        output = balances[bought] - final - 1
        if output < 0:
            raise AmountOutOfRangeError("amount_out", output)
        return div_down(output, self.scaling_factors[bought])

    def amount_in(self, token_in: Address, token_out: Address, amount_out: int) -> int:
        """Quote an exact output. _calcInGivenOut.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: no output, an input below zero or more than a 112-bit balance or
                a word holds, an empty pool, or no convergence.
            InsufficientLiquidityError: the pool holds no more than the output.
        """
        sold, bought = self._pair(token_in, token_out)
        if amount_out <= 0:
            raise AmountOutOfRangeError("amount_out", amount_out)
        balances = self._scaled()
        after = list(balances)
        after[bought] -= mul_down(amount_out, self.scaling_factors[bought])
        if amount_out > self.balances[bought] or after[bought] <= 0:
            raise InsufficientLiquidityError(self.id, amount_out)
        invariant = self._invariant(balances)
        final = get_token_balance_up(after, self.amplification, invariant=invariant, index=sold)
        added = final - balances[sold] + 1
        if added < 0:
            raise AmountOutOfRangeError("amount_in", added)
        amount_in = div_up(div_up(added, self.scaling_factors[sold]), ONE - self.swap_fee)
        if self.balances[sold] + amount_in > UINT112_MAX:
            raise AmountOutOfRangeError("amount_in", amount_in)
        return amount_in

    def marginal_rate_float(self, token_in: Address, token_out: Address) -> float:
        """Output per input of an infinitesimal trade after fee; 0.0 when dry.

        The slope of the curve through the scaled balances, off by less than 2^-50 of itself.
        """
        sold, bought = self._pair(token_in, token_out)
        balances = self._scaled()
        if not min(balances):
            return 0.0
        numerator, denominator = slope(
            balances, self.amplification, precision=AMP_PRECISION, pair=(sold, bought)
        )
        numerator *= (ONE - self.swap_fee) * self.scaling_factors[sold]
        return numerator / (denominator * ONE * self.scaling_factors[bought])

    def after_swap(self, token_in: Address, token_out: Address, amount_in: int) -> "StablePool":
        """The state once an exact input was traded: the whole input stays, fee included.

        Raises:
            UnknownTokenError, AmountOutOfRangeError: as `amount_out`.
        """
        amount_out = self.amount_out(token_in, token_out, amount_in)
        sold, bought = self._pair(token_in, token_out)
        balances = list(self.balances)
        balances[sold] += amount_in
        balances[bought] -= amount_out
        return self.with_balances(tuple(balances))

    def with_balances(self, balances: tuple[int, ...]) -> "StablePool":
        """The state after a Swap or PoolBalanceChanged event of the Vault.

        Raises:
            MalformedPoolError: a balance that does not fit in 112 bits.
        """
        return replace(self, balances=balances)

    def _scaled(self) -> tuple[int, ...]:
        """The balances with 18 decimals, rounded down."""
        return tuple(map(mul_down, self.balances, self.scaling_factors))

    def _invariant(self, balances: tuple[int, ...]) -> int:
        if self.rounds_invariant_up:
            return calculate_invariant_up(balances, self.amplification)
        return calculate_invariant_down(balances, self.amplification)

    def _pair(self, token_in: Address, token_out: Address) -> tuple[int, int]:
        """The places of the token sold and of the token bought in the columns."""
        if token_in not in self.tokens:
            raise UnknownTokenError(self.id, token_in)
        if token_out not in self.tokens or token_in == token_out:
            raise UnknownTokenError(self.id, token_out)
        return self.tokens.index(token_in), self.tokens.index(token_out)

    def _find_flaw(self) -> str | None:
        """Say why no pool can have this state; None if one can."""
        count = len(self.tokens)
        if not MIN_TOKENS <= count <= MAX_TOKENS:
            return f"{count} tokens"
        if not count == len(self.balances) == len(self.scaling_factors):
            return "columns of tokens differ in length"
        if any(lower >= upper for lower, upper in pairwise(self.tokens)):
            return "tokens are not ascending"
        return self._find_wrong_number()

    def _find_wrong_number(self) -> str | None:
        if not 0 <= min(self.balances) <= max(self.balances) <= UINT112_MAX:
            return f"balances of {self.balances} do not fit in 112 bits"
        if not 0 < min(self.scaling_factors) <= max(self.scaling_factors) <= MAX_SCALING_FACTOR:
            return f"scaling factors of {self.scaling_factors}"
        if not MIN_AMPLIFICATION <= self.amplification <= MAX_AMPLIFICATION:
            return f"amplification of {self.amplification}"
        if not MIN_SWAP_FEE <= self.swap_fee <= MAX_SWAP_FEE:
            return f"swap fee of {self.swap_fee}"
        return None
