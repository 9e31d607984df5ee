"""What each of several cycles should put in so that all, executed in this order, earn the most.

Separate from the selection because it only nominates, in floats: the selection executes what it is
told in integers and keeps it where that earns more. Giving up a part of one cycle for the sake of
the next is decided here.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final

import numpy as np

from graphs.cycles import Hop
from graphs.joint_inputs_kernels import CyclesInOrder, best_inputs
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import Loan
from graphs.sizing import SizedCycle
from graphs.units import PIPS

LEAST_BEND: Final = 1e-9
"""Share by which the rate of a curve falls over what was traded, at least: for one that is straight
no finite reserves could stand."""

_Curve = tuple[float, float, float]
"""The reserve of what a hop sells, that of what it buys, and the share kept of what is sold."""


def joint_inputs(
    executed: Sequence[SizedCycle], loan: Loan, *, before: Market, after: Market
) -> tuple[int, ...]:
    """Nominate inputs for cycles that were executed one behind the other.

    Exact up to floats where every pool is of constant product. Another pool is taken for the one of
    constant product that gives as much for as much and ends at the same rate, one for each pair of
    tokens: the best inputs are nominated again, but what is nominated on the way may earn less.
    """
    start = np.array([float(one.amounts[0]) for one in executed])
    inputs = best_inputs(cycles_in_order(executed, loan, before=before, after=after), start)
    return tuple(min(int(amount), loan.max_input) for amount in inputs)


def cycles_in_order(
    executed: Sequence[SizedCycle], loan: Loan, *, before: Market, after: Market
) -> CyclesInOrder:
    """Lay out the cycles for the kernels; a pool's two directions are one curve."""
    traded = _traded(executed)
    sides: dict[Hop, tuple[int, int]] = {}
    curves: list[_Curve] = []
    for hop, amounts in traded.items():
        if hop not in sides:
            sides[hop], sides[_turned(hop)] = (len(curves), 0), (len(curves), 1)
            pools = before.pools[hop.pool_id], after.pools[hop.pool_id]
            curves.append(_curve(hop, amounts, pools=pools))
    shape = len(executed), max(len(one.cycle.hops) for one in executed)
    curve, side = np.full(shape, -1, np.int32), np.zeros(shape, np.int32)
    for row, one in enumerate(executed):
        for column, hop in enumerate(one.cycle.hops):
            curve[row, column], side[row, column] = sides[hop]
    terms = loan.terms_float()
    return CyclesInOrder(
        curve=curve,
        side=side,
        reserves=np.array([reserves for *reserves, _ in curves]),
        kept=np.array([kept for *_, kept in curves]),
        owed=terms.owed,
        max_input=terms.max_input,
    )


def _traded(executed: Sequence[SizedCycle]) -> dict[Hop, tuple[int, int]]:
    """Sum up what was sold and bought by each hop that several cycles may take."""
    traded: dict[Hop, tuple[int, int]] = {}
    for one in executed:
        for hop, sold, bought in zip(one.cycle.hops, one.amounts, one.amounts[1:], strict=False):
            sold_before, bought_before = traded.get(hop, (0, 0))
            traded[hop] = sold_before + sold, bought_before + bought
    return traded


def _turned(hop: Hop) -> Hop:
    return Hop(pool_id=hop.pool_id, token_in=hop.token_out, token_out=hop.token_in)


def _curve(hop: Hop, traded: tuple[int, int], *, pools: tuple[Pool, Pool]) -> _Curve:
    """Give a pool's reserves, or those with which it would have traded as it did.

    The pools are one, before and after all trades. An output of r x / (1 + k x) has the slope
    r / (1 + k x)^2, so output over slope and input is 1 + k x. Reserves of g / k and r / k with a
    share kept of g give that output.
    """
    pool, after = pools
    if isinstance(pool, ConstantProductPool):
        reserves = float(pool.reserve0), float(pool.reserve1)
        reserve_in, reserve_out = reserves if hop.token_in == pool.token0 else reserves[::-1]
        return reserve_in, reserve_out, 1 - pool.fee_pips / PIPS
    sold, bought = traded
    kept = sqrt(
        pool.marginal_rate_float(hop.token_in, hop.token_out)
        * pool.marginal_rate_float(hop.token_out, hop.token_in)
    )
    slope = after.marginal_rate_float(hop.token_in, hop.token_out)
    bend = max(bought / (slope * sold) - 1, LEAST_BEND) if slope else 1.0
    curvature, rate = bend / sold, bought / sold * (1 + bend)
    return kept / curvature, rate / curvature, kept
