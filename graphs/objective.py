"""What is maximised: the profit in wei that is left after the tip and the gas.

Separate from the ranking by gross profit, which it uses, because gas and the worth of a token are
of a block and a market, not of a cycle. Whoever bids computes the same figures from here.
"""

from dataclasses import dataclass, replace
from math import ceil, floor, isfinite
from typing import Final

import numpy as np

from graphs.bellman_ford import CycleSearch
from graphs.best_first import Limits
from graphs.cycles import Cycle
from graphs.fixed_point import mul_div_down
from graphs.market import Market
from graphs.ranking import Loan, best_cycles, profit_bounds_float
from graphs.sizing import SizedCycle
from graphs.token_graph import Floats, Indices
from graphs.units import BPS
from graphs.valuation import IDENTITY, Valuation

SLACK_FLOAT: Final = 1e-12
"""Share that costs are lowered and profits raised by, for the rounding of the floats."""

TIP_ROUNDING_WEI: Final = 1
"""What the rounding of the tip leaves us at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What a cycle must pay for, in one block and with one lender, and what must remain."""

    fixed_cost_wei: int
    """Gas of a transaction without its hops."""

    hop_cost_wei: int
    """Gas of each hop."""

    tip_share_bps: int
    """Of the gross profit, rounded down."""

    min_net_profit_wei: int
    """Below which a cycle is not wanted."""

    valuation: Valuation = IDENTITY
    """What the base is worth."""

    def cost_wei(self, hops: int) -> int:
        """Give the gas of a transaction with so many hops."""
        return self.fixed_cost_wei + self.hop_cost_wei * hops

    def tip_wei(self, gross_profit_wei: int) -> int:
        """Give the share that is paid away, rounded down as the executor does."""
        return mul_div_down(gross_profit_wei, self.tip_share_bps, BPS)

    def earned(self, market: Market, sized: SizedCycle) -> "NetCycle":
        """Work out exactly what is left of a sized cycle's profit, wanted or not."""
        gross_wei = self.valuation.value_down(market, sized.gross_profit)
        tip_wei = self.tip_wei(gross_wei)
        cost_wei = self.cost_wei(len(sized.cycle.hops))
        return NetCycle(
            sized=sized,
            gross_profit_wei=gross_wei,
            tip_wei=tip_wei,
            net_profit_wei=gross_wei - tip_wei - cost_wei,
        )

    def bounds_float(self, gross_float: Floats, hops: Indices) -> Floats:
        """Bound the net profit of cycles from above, given bounds of the gross one and the hops."""
        costs_float = (self.fixed_cost_wei + float(self.hop_cost_wei) * hops) * (1 - SLACK_FLOAT)
        return gross_float * self._kept_float() + TIP_ROUNDING_WEI - costs_float

    def limits(self, *, top: int, max_trials: int) -> Limits:
        """Bound a best-first search by net profit, in units of the base."""
        kept_float = self._kept_float()
        fixed_wei = self.min_net_profit_wei + self.fixed_cost_wei - TIP_ROUNDING_WEI
        least_float = fixed_wei / kept_float
        return Limits(
            top=top,
            max_trials=max_trials,
            min_profit=floor(least_float - abs(least_float) * SLACK_FLOAT),
            hop_cost_float=self.hop_cost_wei / kept_float * (1 - SLACK_FLOAT),
        )

    def net_bound_up(self, bound_float: float) -> int | None:
        """Turn a bound of a search with these limits into wei; None where there is no bound."""
        if not isfinite(bound_float):
            return None
        most_wei = ceil(bound_float * self._kept_float()) + TIP_ROUNDING_WEI
        return max(most_wei - self.fixed_cost_wei, 0)

    def _kept_float(self) -> float:
        """What a unit of the base leaves after the tip, from above; more than nothing."""
        kept_bps = max(BPS - self.tip_share_bps, 1)
        return self.valuation.rate_float * kept_bps / BPS * (1 + SLACK_FLOAT)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetCycle:
    """A sized cycle with what it is worth."""

    sized: SizedCycle
    """What is traded."""

    gross_profit_wei: int
    """What the gross profit sells for, rounded down."""

    tip_wei: int
    """The share of it that is paid away."""

    net_profit_wei: int
    """What is left of it after tip and gas."""


def best_by_net_profit(
    market: Market, search: CycleSearch, *, loan: Loan, objective: Objective, top: int
) -> tuple[NetCycle, ...]:
    """Size the cycles that leave the most: exactly those that sizing all would put first.

    Ordered by net profit, greatest first, then by gross profit, then by cycle; without those below
    the minimum, which are not sized where their bound says so.
    Among cycles of equally many hops the order by net profit is that by gross profit, since the
    gas is the same and both the worth and what the tip leaves grow with the profit. So the best
    are among the best of each number of hops, and the best input is that of the gross profit.
    """
    hops, bounds_float = _bounds(search, loan, objective)
    best: list[NetCycle] = []
    least_wei = objective.min_net_profit_wei
    for count in _by_greatest_bound(hops, bounds_float):
        rows = np.flatnonzero((hops == count) & (bounds_float >= least_wei))
        group = replace(search, edges=search.edges[rows], weights=search.weights[rows])
        for sized in best_cycles(market, group, loan, top=top):
            earned = objective.earned(market, sized)
            if earned.net_profit_wei >= least_wei:
                best.append(earned)
        best = sorted(best, key=by_net_profit)[:top]
        if best and len(best) == top:
            least_wei = best[-1].net_profit_wei
    return tuple(best)


def most_promising(search: CycleSearch, loan: Loan, objective: Objective) -> Cycle:
    """Name the cycle with the greatest bound of the net profit, the first of equals; not empty."""
    _, bounds_float = _bounds(search, loan, objective)
    return search[int(np.argmax(bounds_float))]


def by_net_profit(earned: NetCycle) -> tuple[int, int, Cycle]:
    """Order by net profit, greatest first, then by gross profit, then by cycle."""
    return -earned.net_profit_wei, -earned.sized.gross_profit, earned.sized.cycle


def _bounds(search: CycleSearch, loan: Loan, objective: Objective) -> tuple[Indices, Floats]:
    """Count the hops of each cycle, and bound its net profit."""
    hops = np.count_nonzero(search.edges >= 0, axis=1).astype(np.int32)
    return hops, objective.bounds_float(profit_bounds_float(search, loan), hops)


def _by_greatest_bound(hops: Indices, bounds_float: Floats) -> list[int]:
    """The numbers of hops that occur, that of the greatest bound first."""
    counts = np.unique(hops).tolist()
    return sorted(counts, key=lambda count: -bounds_float[hops == count].max())
