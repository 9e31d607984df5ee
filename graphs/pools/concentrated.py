"""Pools whose liquidity lies in ranges of ticks: Uniswap V3 and its forks.

A swap is the contract's loop, step by step. The gross liquidity of each tick is kept beside the
net because a tick exists while its gross is above zero: its net may be zero between two adjoining
positions of equal size, and only the gross tells when a burn removes it.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import ClassVar, Final, NamedTuple, Self

from graphs.errors import InsufficientLiquidityError, MalformedPoolError, UnknownTokenError
from graphs.fixed_point import INT256_MAX, UINT128_MAX, checked
from graphs.pools.sqrt_price_math import Q96
from graphs.pools.swap_math import compute_swap_step_exact_in, compute_swap_step_exact_out
from graphs.pools.tick import (
    TickTable,
    add_delta,
    find_flaw,
    tick_spacing_to_max_liquidity_per_tick,
    update,
)
from graphs.pools.tick_bitmap import (
    next_initialized_tick,
    next_initialized_tick_within_one_word,
)
from graphs.pools.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    get_sqrt_ratio_at_tick,
    get_tick_at_sqrt_ratio,
)
from graphs.units import PIPS, Address, PoolId

_LOWEST_LIMIT: Final = MIN_SQRT_RATIO + 1
"""The price limit of a sale of token0 that names none. SwapRouter of v3-periphery."""

_HIGHEST_LIMIT: Final = MAX_SQRT_RATIO - 1
"""The price limit of a sale of token1 that names none. SwapRouter of v3-periphery."""

_MAX_TICK_SPACING: Final = 32_767
"""The widest spacing that a V4 pool may have; V3 stops at 16383. TickMath of v4-core."""


class SwapState(NamedTuple):
    """Where a swap ended."""

    amount_calculated: int
    """What was traded of the token whose amount was not specified."""

    sqrt_price_x96: int
    """The price reached."""

    tick: int
    """The tick where the last step began; stale if the step moved the price without crossing."""

    liquidity: int
    """What is active at the price reached."""

    is_tick_stale: bool
    """Whether the last step ended strictly inside its range, away from where it began."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcentratedPool:
    """Ranges of liquidity on a grid of ticks, a price, and the liquidity active at it."""

    max_fee_pips: ClassVar[int] = PIPS - 1
    """The highest fee that the factory enables."""

    id: PoolId
    """The pool's address, or its 32-byte id where a singleton holds it."""

    venue: str
    """The exchange it was discovered at."""

    token0: Address
    """The token with the lower address."""

    token1: Address
    """The token with the higher address."""

    fee_pips: int
    """Share of the input that goes to the liquidity providers."""

    tick_spacing: int
    """Positions start and end at multiples of this many ticks."""

    sqrt_price_x96: int
    """The root of token1 per token0, Q64.96."""

    tick: int
    """The contract's current tick: one less than the price's own after a fall onto a tick."""

    liquidity: int
    """What is active at the current tick."""

    ticks: tuple[int, ...]
    """The initialised ticks, ascending."""

    liquidity_nets: tuple[int, ...]
    """What becomes active, signed, when each tick is crossed upwards; parallel to `ticks`."""

    liquidity_grosses: tuple[int, ...]
    """What all positions that end at each tick hold, above zero; parallel to `ticks`."""

    def __post_init__(self) -> None:
        """Refuse, in constant time, what no initialised pool can hold.

        Raises:
            MalformedPoolError: a field out of range, or a tick that is not the price's.
        """
        if self.token0 >= self.token1:
            raise MalformedPoolError(self.id, f"{self.token0} is not below {self.token1}")
        if not 0 <= self.fee_pips <= self.max_fee_pips:
            raise MalformedPoolError(self.id, f"fee of {self.fee_pips} pips")
        if not 0 < self.tick_spacing <= _MAX_TICK_SPACING:
            raise MalformedPoolError(self.id, f"tick spacing of {self.tick_spacing}")
        if not 0 <= self.liquidity <= UINT128_MAX:
            raise MalformedPoolError(self.id, f"liquidity of {self.liquidity}")
        if not len(self.ticks) == len(self.liquidity_nets) == len(self.liquidity_grosses):
            raise MalformedPoolError(self.id, "columns of ticks differ in length")
        if not self._is_tick_of_price():
            reason = f"tick {self.tick} is not that of price {self.sqrt_price_x96}"
            raise MalformedPoolError(self.id, reason)

    @property
    def tokens(self) -> tuple[Address, ...]:
        """Both tokens, in the contract's order."""
        return (self.token0, self.token1)

    @property
    def is_atomic(self) -> bool:
        """Always: a swap is one call."""
        return True

    @property
    def swap_fee0_pips(self) -> int:
        """Share that stays behind of token0 sold, whoever gets it."""
        return self.fee_pips

    @property
    def swap_fee1_pips(self) -> int:
        """Share that stays behind of token1 sold, whoever gets it."""
        return self.fee_pips

    @property
    def max_liquidity_per_tick(self) -> int:
        """The most gross liquidity that a tick may hold."""
        return tick_spacing_to_max_liquidity_per_tick(self.tick_spacing)

    def amount_out(self, token_in: Address, token_out: Address, amount_in: int) -> int:
        """Quote an exact input down to the end of all prices; 0 where the input is too small.

        O(steps), one for each initialised tick and each edge of a bitmap word on the way.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: no input, or one that a signed word cannot hold.
            InsufficientLiquidityError: the pool cannot take the whole input.
        """
        zero_for_one = self._is_zero_for_one(token_in, token_out)
        return self._swap(amount_in, zero_for_one=zero_for_one, is_exact_in=True).amount_calculated

    def amount_in(self, token_in: Address, token_out: Address, amount_out: int) -> int:
        """Quote an exact output down to the end of all prices.

        O(steps), one for each initialised tick and each edge of a bitmap word on the way.

        Raises:
            UnknownTokenError: the pool does not trade this pair.
            AmountOutOfRangeError: no output, or one that a signed word cannot hold.
            InsufficientLiquidityError: the pool does not hold that much output.
        """
        zero_for_one = self._is_zero_for_one(token_in, token_out)
        return self._swap(
            amount_out, zero_for_one=zero_for_one, is_exact_in=False
        ).amount_calculated

    def marginal_rate_float(self, token_in: Address, token_out: Address) -> float:
        """Output per input of an infinitesimal trade after fee; 0.0 when dry.

        Where no liquidity is active at the price: that of the first range ahead that has some.
        """
        zero_for_one = self._is_zero_for_one(token_in, token_out)
        root = self._first_liquid_price(zero_for_one=zero_for_one)
        if root is None:
            return 0.0
        after_fee = PIPS - (self.swap_fee0_pips if zero_for_one else self.swap_fee1_pips)
        if zero_for_one:
            return root * root * after_fee / (Q96 * Q96 * PIPS)
        return Q96 * Q96 * after_fee / (root * root * PIPS)

    def after_swap(self, token_in: Address, token_out: Address, amount_in: int) -> Self:
        """The state once an exact input was traded.

        Raises:
            UnknownTokenError, AmountOutOfRangeError, InsufficientLiquidityError: as `amount_out`.
        """
        return self.swapped(token_in, token_out, amount_in, is_exact_in=True)[0]

    def swapped(
        self, token_in: Address, token_out: Address, amount: int, *, is_exact_in: bool
    ) -> tuple[Self, int]:
        """The state once an exact input or output was traded, and the amount of the other token.

        An exact output ends at another price than its input would.

        Raises:
            UnknownTokenError, AmountOutOfRangeError, InsufficientLiquidityError: as the quotes.
        """
        zero_for_one = self._is_zero_for_one(token_in, token_out)
        end = self._swap(amount, zero_for_one=zero_for_one, is_exact_in=is_exact_in)
        tick = get_tick_at_sqrt_ratio(end.sqrt_price_x96) if end.is_tick_stale else end.tick
        after = self.with_price(end.sqrt_price_x96, tick=tick, liquidity=end.liquidity)
        return after, end.amount_calculated

    def with_price(self, sqrt_price_x96: int, *, tick: int, liquidity: int | None = None) -> Self:
        """The state after a Swap event; without a liquidity, the one that the ticks imply.

        Raises:
            MalformedPoolError: the price is out of range, or the tick is not the price's.
        """
        if liquidity is None:
            liquidity = self._liquidity_at(tick)
        # The constructor spelt out takes half the time of dataclasses.replace.
        return type(self)(
            id=self.id,
            venue=self.venue,
            token0=self.token0,
            token1=self.token1,
            fee_pips=self.fee_pips,
            tick_spacing=self.tick_spacing,
            sqrt_price_x96=sqrt_price_x96,
            tick=tick,
            liquidity=liquidity,
            ticks=self.ticks,
            liquidity_nets=self.liquidity_nets,
            liquidity_grosses=self.liquidity_grosses,
        )

    def with_liquidity(self, tick_lower: int, tick_upper: int, *, liquidity_delta: int) -> Self:
        """The state after a Mint event, or after a Burn event where the change is negative.

        A Burn of zero, which only collects fees, changes nothing. O(ticks).

        Raises:
            MalformedPoolError: no position can have these ticks.
            AmountOutOfRangeError: a tick or the pool would hold less than none, or too much.
        """
        if not liquidity_delta:
            return self
        if not MIN_TICK <= tick_lower < tick_upper <= MAX_TICK:
            raise MalformedPoolError(self.id, f"position from {tick_lower} to {tick_upper}")
        if tick_lower % self.tick_spacing or tick_upper % self.tick_spacing:
            raise MalformedPoolError(self.id, f"position from {tick_lower} to {tick_upper}")
        table = TickTable(self.ticks, self.liquidity_nets, self.liquidity_grosses)
        for tick in (tick_lower, tick_upper):
            table = update(
                table,
                tick,
                max_liquidity=self.max_liquidity_per_tick,
                liquidity_delta=liquidity_delta,
                is_upper=tick == tick_upper,
            )
        is_active = tick_lower <= self.tick < tick_upper
        liquidity = add_delta(self.liquidity, liquidity_delta if is_active else 0)
        return replace(self, liquidity=liquidity, **table._asdict())

    def check_ticks(self) -> None:
        """Prove that the ticks, taken together, explain the active liquidity. O(ticks).

        Builders call it on what they fetched, feeds after what they applied: constructors check
        in constant time only, because quotes construct pools.

        Raises:
            MalformedPoolError: ticks out of order or off the grid, a net above its gross, or a
                running sum that is negative, does not end at zero, or is not the active liquidity.
        """
        table = TickTable(self.ticks, self.liquidity_nets, self.liquidity_grosses)
        flaw = find_flaw(
            table, tick_spacing=self.tick_spacing, max_liquidity=self.max_liquidity_per_tick
        )
        if flaw is not None:
            raise MalformedPoolError(self.id, flaw)
        implied = self._liquidity_at(self.tick)
        if implied != self.liquidity:
            reason = f"ticks imply a liquidity of {implied}, not {self.liquidity}"
            raise MalformedPoolError(self.id, reason)

    def _liquidity_at(self, tick: int) -> int:
        """The active liquidity that the ticks imply. O(ticks)."""
        return sum(self.liquidity_nets[: bisect_right(self.ticks, tick)])

    def _is_tick_of_price(self) -> bool:
        """Whether slot0 can hold this tick with this price.

        The price lies in [ratio(tick), ratio(tick + 1)]: the upper end itself after a fall that
        crossed it, since the contract then sets the tick one lower.
        """
        if not MIN_SQRT_RATIO <= self.sqrt_price_x96 < MAX_SQRT_RATIO:
            return False
        if not MIN_TICK <= self.tick < MAX_TICK:
            return False
        lower = get_sqrt_ratio_at_tick(self.tick)
        return lower <= self.sqrt_price_x96 <= get_sqrt_ratio_at_tick(self.tick + 1)

    def _is_zero_for_one(self, token_in: Address, token_out: Address) -> bool:
        """Whether token0 is sold, so that the price falls."""
        if token_in == self.token0 and token_out == self.token1:
            return True
        if token_in == self.token1 and token_out == self.token0:
            return False
        known = token_in in self.tokens
        raise UnknownTokenError(self.id, token_out if known else token_in)

    def _swap(self, amount: int, *, zero_for_one: bool, is_exact_in: bool) -> SwapState:
        """Run the loop of UniswapV3Pool.swap without a price limit, until the amount is traded."""
        remaining = checked("amount", amount, minimum=1, maximum=INT256_MAX)
        calculated = 0
        price, tick, liquidity = self.sqrt_price_x96, self.tick, self.liquidity
        is_tick_stale = False
        limit = _LOWEST_LIMIT if zero_for_one else _HIGHEST_LIMIT
        fee_pips = self.swap_fee0_pips if zero_for_one else self.swap_fee1_pips
        compute = compute_swap_step_exact_in if is_exact_in else compute_swap_step_exact_out
        while remaining:
            if price <= limit if zero_for_one else price >= limit:
                raise InsufficientLiquidityError(self.id, amount)
            stop = self._next_stop(tick, liquidity, zero_for_one=zero_for_one)
            stop_price = get_sqrt_ratio_at_tick(stop)
            target = max(stop_price, limit) if zero_for_one else min(stop_price, limit)
            start = price
            price, amount_in, amount_out = compute(
                price,
                target,
                liquidity=liquidity,
                amount_remaining=remaining,
                fee_pips=fee_pips,
            )
            remaining -= amount_in if is_exact_in else amount_out
            calculated += amount_out if is_exact_in else amount_in
            is_tick_stale = price not in {stop_price, start}
            if price == stop_price:
                liquidity = self._cross(stop, liquidity, zero_for_one=zero_for_one)
                tick = stop - 1 if zero_for_one else stop
        return SwapState(calculated, price, tick, liquidity, is_tick_stale)

    def _next_stop(self, tick: int, liquidity: int, *, zero_for_one: bool) -> int:
        """The tick where the next step ends at the latest.

        Without liquidity a step trades nothing and rounds nothing, so that the edges of bitmap
        words between here and the next initialised tick can be passed at once.
        """
        if liquidity:
            stop = next_initialized_tick_within_one_word(
                self.ticks, tick, tick_spacing=self.tick_spacing, lte=zero_for_one
            )
            return min(max(stop, MIN_TICK), MAX_TICK)
        found = next_initialized_tick(self.ticks, tick, lte=zero_for_one)
        if found is None:
            return MIN_TICK if zero_for_one else MAX_TICK
        return found

    def _cross(self, tick: int, liquidity: int, *, zero_for_one: bool) -> int:
        """The active liquidity beyond a tick; the same where the tick is not initialised."""
        index = bisect_left(self.ticks, tick)
        if index == len(self.ticks) or self.ticks[index] != tick:
            return liquidity
        net = self.liquidity_nets[index]
        return add_delta(liquidity, -net if zero_for_one else net)

    def _first_liquid_price(self, *, zero_for_one: bool) -> int | None:
        """The first price, in the direction of the trade, at which something is traded."""
        price, tick, liquidity = self.sqrt_price_x96, self.tick, self.liquidity
        limit = _LOWEST_LIMIT if zero_for_one else _HIGHEST_LIMIT
        while price > limit if zero_for_one else price < limit:
            stop = next_initialized_tick(self.ticks, tick, lte=zero_for_one)
            stop_price = limit if stop is None else get_sqrt_ratio_at_tick(stop)
            # After a fall onto a tick, or exactly on one, the range ahead has no width.
            if liquidity and stop_price != price:
                return price
            if stop is None:
                return None
            liquidity = self._cross(stop, liquidity, zero_for_one=zero_for_one)
            price, tick = stop_price, stop - 1 if zero_for_one else stop
        return None
