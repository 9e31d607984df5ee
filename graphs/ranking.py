"""The most profitable of many cycles, sized exactly, without sizing each of them.

Separate from sizing because it looks at all cycles of a search together: an upper bound of each
profit, computed on arrays, proves which of them cannot be among the best.
"""

import heapq
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from graphs.bellman_ford import CycleSearch
from graphs.cycles import Cycle, Hop
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.sizing import FeeRule, SizedCycle, flash_fee_half_up, size_cycle
from graphs.units import BPS, PIPS

Floats = NDArray[np.float64]
"""One number per cycle or per edge."""

SLACK_FLOAT: Final = 1e-9
"""Share that rates are raised and curvatures lowered by: more than 255 marginal rates that are
wrong by 2^-40, and far more than the rounding of the floats that are computed from them."""

LEAST_CURVATURE_FLOAT: Final = 1e-150
"""Stands for none at all: the best input on a straight curve is then beyond any range."""

BOUNDED_HOPS: Final = 7
"""The longest cycles that a bound is computed for. A rate lies within 2^-128 and 2^128, the range
of Uniswap V3 prices, so a product of seven neither overflows nor underflows a float."""

FEE_ROUNDING: Final = 1
"""Raw units that the rounding of a flash fee can be in our favour by, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """What a flash lender asks and offers for the base token."""

    fee_bps: int
    """Of the borrowed amount."""

    max_input: int
    """The most it lends, in raw units."""

    flash_fee: FeeRule = flash_fee_half_up
    """How its fee is rounded."""


def best_cycles(
    market: Market, search: CycleSearch, loan: Loan, *, top: int
) -> tuple[SizedCycle, ...]:
    """Size the most profitable cycles of a search: exactly those that sizing all would put first.

    Ordered by profit, greatest first, then by cycle. Goes through the cycles by falling upper
    bound and stops when no further bound reaches the least profit among the best.
    """
    bounds_float = profit_bounds_float(market, search, loan)
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


def profit_bounds_float(market: Market, search: CycleSearch, loan: Loan) -> Floats:
    """Bound the gross profit of each cycle from above, rounding included; infinite if unknown.

    A constant-product hop maps x to at most r x / (1 + k x), with r its marginal rate and
    k = (1 - fee) / reserve_in; any other concave curve to at most r x, which is k = 0. Hops compose
    as r = r1 r2 and k = k1 + k2 r1. With f = 1 + fee the profit r x / (1 + k x) - f x is greatest
    at x = (sqrt(r / f) - 1) / k, or at the end of the range.
    """
    if search.edges.shape[1] > BOUNDED_HOPS:
        return np.full(len(search), np.inf)
    rates_float, curvatures_float = _curves_float(market, search)
    rate = np.ones(len(search))
    curvature = np.zeros(len(search))
    for column in search.edges.T:
        curvature += rate * curvatures_float[column]
        rate *= rates_float[column]
    rate *= 1 + SLACK_FLOAT
    curvature = np.maximum(curvature * (1 - SLACK_FLOAT), LEAST_CURVATURE_FLOAT)
    owed = 1 + loan.fee_bps / BPS
    best_input = np.clip((np.sqrt(rate / owed) - 1) / curvature, 0, float(loan.max_input))
    profit = best_input * (rate / (1 + curvature * best_input) - owed)
    return np.asarray(np.maximum(profit, 0) + FEE_ROUNDING)


def _curves_float(market: Market, search: CycleSearch) -> tuple[Floats, Floats]:
    """Give r and k of every edge in use, and r = 1, k = 0 as last element, for the padding -1."""
    edge_count = len(search.graph.weights)
    rates_float = np.ones(edge_count + 1)
    curvatures_float = np.zeros(edge_count + 1)
    for edge in np.unique(search.edges[search.edges >= 0]):
        hop = search.graph.hop(edge)
        pool = market.pools[hop.pool_id]
        rates_float[edge] = pool.marginal_rate_float(hop.token_in, hop.token_out)
        if isinstance(pool, ConstantProductPool):
            curvatures_float[edge] = _curvature_float(pool, hop)
    return rates_float, curvatures_float


def _curvature_float(pool: ConstantProductPool, hop: Hop) -> float:
    reserve_in = pool.reserve0 if hop.token_in == pool.token0 else pool.reserve1
    return (PIPS - pool.fee_pips) / (PIPS * reserve_in)
