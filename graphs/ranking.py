"""The most profitable of many cycles, sized exactly, without sizing each of them.

Separate from sizing because it looks at all cycles of a search together: an upper bound of each
profit, computed on arrays, proves which of them cannot be among the best.
"""

import heapq
from dataclasses import dataclass

import numpy as np

from graphs.bellman_ford import CycleSearch
from graphs.cycles import Cycle
from graphs.market import Market
from graphs.profit_bounds import BOUNDED_HOPS, TermsFloat, bounds_of_rows
from graphs.sizing import FeeRule, SizedCycle, flash_fee_half_up, size_cycle
from graphs.token_graph import Floats
from graphs.units import BPS


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """What a flash lender asks and offers for the base token."""

    fee_bps: int
    """Of the borrowed amount."""

    max_input: int
    """The most it lends, in raw units."""

    flash_fee: FeeRule = flash_fee_half_up
    """How its fee is rounded."""

    def terms_float(self) -> TermsFloat:
        """Give what a bound of the profit needs."""
        return TermsFloat(owed=1 + self.fee_bps / BPS, max_input=float(self.max_input))


def best_cycles(
    market: Market, search: CycleSearch, loan: Loan, *, top: int
) -> tuple[SizedCycle, ...]:
    """Size the most profitable cycles of a search: exactly those that sizing all would put first.

    Ordered by profit, greatest first, then by cycle. Goes through the cycles by falling upper
    bound and stops when no further bound reaches the least profit among the best.
    """
    bounds_float = profit_bounds_float(search, loan)
    sized: list[SizedCycle] = []
    profits: list[int] = []
    for index in np.argsort(-bounds_float, kind="stable"):
        if len(profits) == top and (not top or bounds_float[index] < profits[0]):
            break
        candidate = size_cycle(
            market,
            search[index],
            fee_bps=loan.fee_bps,
            max_input=loan.max_input,
            flash_fee=loan.flash_fee,
        )
        if candidate is None:
            continue
        sized.append(candidate)
        heapq.heappush(profits, candidate.gross_profit)
        if len(profits) > top:
            heapq.heappop(profits)
    return tuple(sorted(sized, key=by_profit)[:top])


def by_profit(sized: SizedCycle) -> tuple[int, Cycle]:
    """Order by profit, greatest first, then by cycle: a total order, whatever the search's."""
    return -sized.gross_profit, sized.cycle


def profit_bounds_float(search: CycleSearch, loan: Loan) -> Floats:
    """Bound the gross profit of each cycle from above, rounding included; infinite if unknown."""
    if search.edges.shape[1] > BOUNDED_HOPS:
        return np.full(len(search), np.inf)
    curves = (search.graph.weights, search.graph.curvatures_float)
    return bounds_of_rows(search.edges, curves, loan.terms_float())
