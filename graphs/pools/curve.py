"""Curve's plain StableSwap pools, and of metapools the swaps of their own two coins.

Quotes are what `exchange` pays: fee first, then back to raw units. The view `get_dy` of the first
pools (3pool, sBTC) takes the fee after that and may differ by a raw unit. Not covered: pools that
lend their coins, pools whose fee depends on their balance, and the tricrypto invariant, which is
another curve. A metapool is this curve with the virtual price of its base pool as a rate.
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
from graphs.pools.curve_math import Curve, get_y
from graphs.pools.newton import least_input
from graphs.pools.stable_curve import slope
from graphs.units import Address, PoolId

FEE_DENOMINATOR: Final = 10**10
"""The scale of both fees. StableSwap3Pool."""

PRECISION: Final = 10**18
"""The scale of the rates. StableSwap3Pool."""

MAX_FEE: Final = FEE_DENOMINATOR // 2
"""The greatest fee. StableSwap3Pool."""

MAX_ADMIN_FEE: Final = FEE_DENOMINATOR
"""The greatest share of the fee that leaves the pool. StableSwap3Pool."""

MAX_A: Final = 10**6
"""The greatest amplification, without decimals. StableSwap3Pool."""

A_PRECISIONS: Final = (1, 100)
"""The scales of the amplification: before and since the end of 2020. SwapTemplateBase."""

MIN_TOKENS: Final = 2
"""In a pool."""

MAX_TOKENS: Final = 8
"""In a pool: the most that a plain pool was ever deployed with, rounded up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePool:
    """Balances of tokens that should be worth the same, after their rates."""

    id: PoolId
    """The pool's address."""

    venue: str
    """The exchange it was discovered at."""

    tokens: tuple[Address, ...]
    """What it trades, in the contract's order, which is not that of the addresses."""

    balances: tuple[int, ...]
    """As `balances` of the contract answers, raw, fees of the admin left out."""

    rates: tuple[int, ...]
    """10^(36 - decimals), or that times a redemption or virtual price; parallel to `tokens`."""

    amplification: int
    """A * n^(n - 1) at the time of the next block, times `a_precision`."""

    a_precision: int
    """The scale of the amplification: 1 in the first pools, 100 in the later ones."""

    reverts_unsettled: bool
    """Whether the contract reverts when its iteration circles: not 3pool and other early ones."""

    fee: int
    """Share of the output that the trader leaves, times 10^10."""

    admin_fee: int
    """Share of the fee that leaves the balances, times 10^10."""

    def __post_init__(self) -> None:
        """Refuse what no deployed pool can hold.

        Raises:
            MalformedPoolError: columns, rates, balances, amplification or fees out of range.
        """
        flaw = self._find_flaw()
        if flaw is not None:
            raise MalformedPoolError(self.id, flaw)

    @property
    def is_atomic(self) -> bool:
        """Always: a swap is one call."""
        return True

    def amount_out(self, token_in: Address, token_out: Address, amount_in: int) -> int:
        """Quote an exact input; 0 where it is too small for a raw unit.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: no input, an output below zero, more than a word holds, an empty
                balance, or an iteration that reverts unsettled.
        """
        pair = self._pair(token_in, token_out)
        if amount_in <= 0:
            raise AmountOutOfRangeError("amount_in", amount_in)
        output, _ = self._exchange(pair, amount_in)
        if output < 0:
            raise AmountOutOfRangeError("amount_out", output)
        return output

    def amount_in(self, token_in: Address, token_out: Address, amount_out: int) -> int:
        """Find the input that buys at least the output while one unit less does not.

        The contract quotes exact inputs alone. This is the least input wherever its rounding does
        not let the output fall; it is found from the curve solved for the other token.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: no output, more than a word holds, an empty balance, or an
                iteration that reverts unsettled.
            InsufficientLiquidityError: the pool does not hold the output and its fee.
        """
        sold, bought = self._pair(token_in, token_out)
        if amount_out <= 0:
            raise AmountOutOfRangeError("amount_out", amount_out)
        net = div_up(amount_out * self.rates[bought], PRECISION)
        gross = div_up(net * FEE_DENOMINATOR, FEE_DENOMINATOR - self.fee)
        balances = self._scaled()
        left = balances[bought] - gross - 1
        if left <= 0:
            raise InsufficientLiquidityError(self.id, amount_out)
        needed = self._solve(balances, (bought, sold), left)
        guess = div_up((needed - balances[sold]) * PRECISION, self.rates[sold])
        return least_input(
            lambda amount: self._exchange((sold, bought), amount)[0], amount_out, guess=guess
        )

    def marginal_rate_float(self, token_in: Address, token_out: Address) -> float:
        """Output per input of an infinitesimal trade after fee; 0.0 when dry.

        The slope of the curve through the scaled balances, off by less than 2^-50 of itself.
        """
        sold, bought = self._pair(token_in, token_out)
        balances = self._scaled()
        if not min(balances):
            return 0.0
        numerator, denominator = slope(
            balances, self.amplification, precision=self.a_precision, pair=(sold, bought)
        )
        numerator *= (FEE_DENOMINATOR - self.fee) * self.rates[sold]
        return numerator / (denominator * FEE_DENOMINATOR * self.rates[bought])

    def after_swap(self, token_in: Address, token_out: Address, amount_in: int) -> "CurvePool":
        """The state once an exact input was traded: the admin's part of the fee leaves.

        Raises:
            UnknownTokenError, AmountOutOfRangeError: as `amount_out`.
        """
        amount_out = self.amount_out(token_in, token_out, amount_in)
        sold, bought = self._pair(token_in, token_out)
        _, admin_fee = self._exchange((sold, bought), amount_in)
        balances = list(self.balances)
        balances[sold] += amount_in
        balances[bought] -= amount_out + admin_fee
        return self.with_balances(tuple(balances))

    def with_balances(self, balances: tuple[int, ...]) -> "CurvePool":
        """The state with other balances.

        Raises:
            MalformedPoolError: a balance that no word holds.
        """
        return replace(self, balances=balances)

    def _exchange(self, pair: tuple[int, int], amount_in: int) -> tuple[int, int]:
        """The output, below zero where the contract reverts, and the admin's fee, both raw."""
        sold, bought = pair
        balances = self._scaled()
        added = amount_in * self.rates[sold]
        if added > UINT256_MAX:
            raise AmountOutOfRangeError("amount_in", amount_in)
        left = self._solve(balances, pair, balances[sold] + added // PRECISION)
        gross = balances[bought] - left - 1
        if gross < 0:
            return gross, 0
        fee = gross * self.fee // FEE_DENOMINATOR
        admin_fee = fee * self.admin_fee // FEE_DENOMINATOR
        rate = self.rates[bought]
        return (gross - fee) * PRECISION // rate, admin_fee * PRECISION // rate

    def _solve(self, balances: tuple[int, ...], pair: tuple[int, int], x: int) -> int:
        curve = Curve(self.amplification, self.a_precision, self.reverts_unsettled)
        return get_y(balances, curve, pair=pair, x=x)

    def _scaled(self) -> tuple[int, ...]:
        """The balances with 18 decimals, rounded down."""
        return tuple(
            balance * rate // PRECISION
            for balance, rate in zip(self.balances, self.rates, strict=True)
        )

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
        if not MIN_TOKENS <= count <= MAX_TOKENS or len(set(self.tokens)) != count:
            return f"tokens of {self.tokens}"
        if not count == len(self.balances) == len(self.rates):
            return "columns of tokens differ in length"
        if min(self.rates) <= 0:
            return f"rates of {self.rates}"
        if min(self.balances) < 0 or max(self.balances) * max(self.rates) > UINT256_MAX:
            return f"balances of {self.balances}"
        return self._find_wrong_parameter()

    def _find_wrong_parameter(self) -> str | None:
        if self.a_precision not in A_PRECISIONS:
            return f"amplification with a scale of {self.a_precision}"
        if not self.a_precision <= self.amplification <= MAX_A * self.a_precision:
            return f"amplification of {self.amplification}"
        if not 0 <= self.fee <= MAX_FEE or not 0 <= self.admin_fee <= MAX_ADMIN_FEE:
            return f"fees of {self.fee} and {self.admin_fee}"
        return None
