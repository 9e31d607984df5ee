"""The best input of a cycle: a closed form where one exists, else a search, both on integers.

Separate from the quotes because it decides, and from the search because a marginal product above
one does not say how much. Profit is what is left after the flash fee; gas is a matter of bidding.
The result is the best up to rounding: no input earns more by over one base unit, plus the worth
of one unit of each token on the way, plus 1e-12 of the profit; where the optimum is the last size
that a pool takes, the search ends within one part in ten million of it. An order book's curve bends
where a level ends, and the optimum with it, so the ends of levels beside it are tried themselves.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt
from typing import Final

from graphs.cycles import Cycle
from graphs.errors import AmountOutOfRangeError, InsufficientLiquidityError
from graphs.fixed_point import div_up
from graphs.flash_fees import FeeRule, flash_fee_half_up
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.order_book import OrderBookPool
from graphs.quotes import least_input, quote_cycle
from graphs.units import PIPS

SCAN_FACTOR: Final = 4
"""Ratio of neighbouring inputs in the scan that brackets the optimum.

Profit is concave and zero at zero, so the greatest scanned input below the optimum keeps at least
a quarter of its profit: the scan cannot step over a profitable cycle.
"""

SECTIONS: Final = 10**8
"""Parts that the bracket is searched to; the loss is about the square of the relative error."""

REFINEMENTS: Final = 16
"""Rounds of moving to a better neighbour before the search is content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SizedCycle:
    """A cycle with its best input on one Market; profitable after the flash fee."""

    cycle: Cycle
    """What is traded."""

    amounts: tuple[int, ...]
    """The input, then the output of each hop, in raw units: one longer than the hops."""

    flash_fee: int
    """Owed to the lender on top of the input, in raw units of the base."""

    gross_profit: int
    """Last amount minus first amount minus flash fee, in raw units of the base; above zero."""


def size_cycle(
    market: Market,
    cycle: Cycle,
    *,
    fee_bps: int,
    max_input: int,
    flash_fee: FeeRule = flash_fee_half_up,
) -> SizedCycle | None:
    """Find the most profitable input up to `max_input`; None when none is profitable.

    Sizes that a pool refuses count as beyond the end of the range; where that leaves less than ten
    million raw units, a few units of profit may go unfound. About 30 quotes where every
    pool is of constant product and takes the optimum, else about 150; more where units are coarse.

    Raises:
        UnknownTokenError: a pool does not trade the pair of its hop.
    """
    trials = _Trials(
        market=market, cycle=cycle, fee_bps=fee_bps, max_input=max_input, flash_fee=flash_fee
    )
    best = _nominated(trials)
    if best is None:
        return None
    best = _refined(trials, best)
    return best if best.gross_profit > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trials:
    """The function that is maximised, with its domain."""

    market: Market
    cycle: Cycle
    fee_bps: int
    max_input: int
    flash_fee: FeeRule

    def at(self, amount_in: int) -> SizedCycle | None:
        """Quote one input, profitable or not; None where it is out of range or a pool refuses."""
        if not 0 < amount_in <= self.max_input:
            return None
        try:
            amounts = quote_cycle(self.market, self.cycle, amount_in)
        except (AmountOutOfRangeError, InsufficientLiquidityError):
            return None
        fee = self.flash_fee(amount_in, self.fee_bps)
        profit = amounts[-1] - amount_in - fee
        return SizedCycle(cycle=self.cycle, amounts=amounts, flash_fee=fee, gross_profit=profit)


def _nominated(trials: _Trials) -> SizedCycle | None:
    """Come near the optimum; None when no input can be profitable or every input is refused."""
    pools = [trials.market.pools[hop.pool_id] for hop in trials.cycle.hops]
    constant_product = [pool for pool in pools if isinstance(pool, ConstantProductPool)]
    if len(constant_product) < len(pools):
        return _searched(trials, trials.max_input)
    solution = _solved_down(trials, constant_product)
    if solution is None:
        return None
    optimum, break_even = (min(amount_in, trials.max_input) for amount_in in solution)
    return trials.at(optimum) or _searched(trials, break_even)


def _solved_down(trials: _Trials, pools: list[ConstantProductPool]) -> tuple[int, int] | None:
    """Solve for the most profitable input and for the one that breaks even, rounded down.

    A hop maps x to a x / (b + c x), where a = reserve_out * g, b = reserve_in * 10^6, c = g and
    g = 10^6 - fee_pips; so does a chain of hops. With f = owed / lent, which is 1 + fee, the profit
    a x / (b + c x) - f x is concave, greatest at x = (sqrt(a b / f) - b) / c, where it is
    (sqrt(a) - sqrt(f b))^2 / c, and zero at x = (a / f - b) / c.
    None when a <= f b, for no x is profitable, and when the greatest profit is below a half:
    rounding of the fee gives half a unit at most, so no whole unit can be earned.
    """
    numerator, constant, slope = 1, 1, 0
    for hop, pool in zip(trials.cycle.hops, pools, strict=True):
        is_forward = hop.token_in == pool.token0
        reserve_in = pool.reserve0 if is_forward else pool.reserve1
        reserve_out = pool.reserve1 if is_forward else pool.reserve0
        kept_pips = PIPS - pool.fee_pips
        slope = slope * reserve_in * PIPS + kept_pips * numerator
        numerator *= reserve_out * kept_pips
        constant *= reserve_in * PIPS
    owed, lent = trials.flash_fee.owed(trials.fee_bps)
    root = isqrt(numerator * constant * owed * lent)
    if numerator * lent <= constant * owed:
        return None
    if 2 * (numerator * lent + constant * owed - 2 * root) < slope * lent:
        return None
    optimum = (root // owed - constant) // slope
    break_even = (numerator * lent // owed - constant) // slope
    return optimum, break_even


def _searched(trials: _Trials, max_input: int) -> SizedCycle | None:
    """Bracket the optimum by a geometric scan from above, then divide the bracket."""
    best: SizedCycle | None = None
    amount_in = max_input
    while amount_in > 0:
        trial = trials.at(amount_in)
        if trial and (best is None or trial.gross_profit > best.gross_profit):
            best = trial
        elif trial and best and best.gross_profit > 0:
            break
        amount_in //= SCAN_FACTOR
    return best and _divided(trials, best)


def _divided(trials: _Trials, best: SizedCycle) -> SizedCycle:
    """Search the bracket around the best scanned input by Fibonacci sections (Kiefer 1953).

    Two inner points cut the bracket so that the one that stays is an inner point of the next
    bracket: one quote a step. A refused size ranks below every quoted one; of two refused sizes
    the greater is cut off, for pools refuse what is too much.
    """
    low = best.amounts[0] // SCAN_FACTOR
    width = best.amounts[0] * SCAN_FACTOR - low
    lengths = [1, 1, 2]
    while lengths[-1] < min(width, SECTIONS):
        lengths.append(lengths[-1] + lengths[-2])
    step = div_up(width, lengths[-1])
    left, right = trials.at(low + step * lengths[-3]), trials.at(low + step * lengths[-2])
    for shortest, shorter in reversed(list(pairwise(lengths[:-2]))):
        best = max(best, left or best, right or best, key=_profit)
        if right and (left is None or right.gross_profit > left.gross_profit):
            low += step * shorter
            left, right = right, trials.at(low + step * shorter)
        else:
            left, right = trials.at(low + step * shortest), left
    return max(best, left or best, right or best, key=_profit)


def _profit(trial: SizedCycle) -> int:
    return trial.gross_profit


def _refined(trials: _Trials, best: SizedCycle) -> SizedCycle:
    """Climb to better neighbours: inputs one unit away, and the least inputs for outputs so near.

    Profit along an order book is greatest where a level ends: the next end either way is tried.
    Where a token on the way has coarse units, profit is a sawtooth of the input: it drops from one
    tooth to the next by the worth of such a unit, and the best inputs are the first of a tooth.
    """
    for _ in range(REFINEMENTS):
        quoted = [trials.at(amount_in) for amount_in in _neighbours(trials, best)]
        better = max((trial for trial in quoted if trial), key=_profit, default=best)
        if better.gross_profit <= best.gross_profit:
            break
        best = better
    return best


def _neighbours(trials: _Trials, best: SizedCycle) -> Iterator[int]:
    """Yield the inputs that `_refined` tries."""
    yield best.amounts[0] - 1
    yield best.amounts[0] + 1
    for hops, amount in enumerate(best.amounts[1:], start=1):
        for amount_out in (amount - 1, amount, amount + 1):
            yield _input_for(trials, hops, amount_out)
    for hops, end in _level_ends(trials, best):
        amount_in = _input_for(trials, hops, end)
        # Where no input ends the level to the unit, one unit less stays within it.
        yield from (amount_in, amount_in - 1)


def _level_ends(trials: _Trials, best: SizedCycle) -> Iterator[tuple[int, int]]:
    """Yield the hops before each order book, and the nearest amounts that end a level of it."""
    for hops, (hop, amount) in enumerate(zip(trials.cycle.hops, best.amounts, strict=False)):
        pool = trials.market.pools[hop.pool_id]
        if isinstance(pool, OrderBookPool):
            for end in pool.level_ends(hop.token_in, hop.token_out, amount):
                yield hops, end


def _input_for(trials: _Trials, hops: int, amount_out: int) -> int:
    """The least input of which so many hops make this amount; 0, which is none, if none does."""
    try:
        return least_input(trials.market, trials.cycle, hops=hops, amount_out=amount_out)
    except (AmountOutOfRangeError, InsufficientLiquidityError):
        return 0
