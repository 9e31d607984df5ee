"""Tests of the inputs that are nominated together: the floats follow the exact trades to a summit.

Where no loop of pools goes without the base, the slopes at the summit leave nothing to gain.
"""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from graphs.bellman_ford import find_cycles
from graphs.cycles import Cycle
from graphs.joint_inputs import cycles_in_order, joint_inputs
from graphs.joint_inputs_kernels import CyclesInOrder, best_inputs, newton_step, slopes_at
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import Loan, best_cycles
from graphs.selection import take_in_turn
from graphs.sizing import SizedCycle, size_cycle
from graphs.token_graph import Floats, TokenGraph
from tests.graphs.concave_pool import ConcavePool
from tests.graphs.loans import pools_without_loops
from tests.graphs.markets import BASE, market_of, rings

FREE = Loan(fee_bps=0, max_input=10**30)
LOANS = st.builds(
    Loan, fee_bps=st.sampled_from((0, 9)), max_input=st.sampled_from((10**17, 10**30))
)


def executed_in_turn(market: Market, loan: Loan) -> tuple[SizedCycle, ...]:
    search = find_cycles(TokenGraph.from_market(market), BASE, max_hops=5, limit=10**6)
    return tuple(take_in_turn(market, best_cycles(market, search, loan, top=20), loan))


def market_behind(market: Market, executed: tuple[SizedCycle, ...]) -> Market:
    for one in executed:
        for hop, amount in zip(one.cycle.hops, one.amounts, strict=False):
            pool = market.pools[hop.pool_id]
            market = market.with_pools([pool.after_swap(hop.token_in, hop.token_out, amount)])
    return market


def in_order(market: Market, loan: Loan) -> tuple[CyclesInOrder, Floats, int]:
    """Cycles taken in turn, their inputs, and what they earn in integers."""
    executed = executed_in_turn(market, loan)
    assume(executed)
    after = market_behind(market, executed)
    inputs = np.array([float(one.amounts[0]) for one in executed])
    earned = sum(one.gross_profit for one in executed)
    return cycles_in_order(executed, loan, before=market, after=after), inputs, earned


@given(pools=pools_without_loops(), loan=LOANS)
def test_profit_of_the_arrays_is_that_of_the_exact_trades(
    pools: list[ConstantProductPool], loan: Loan
) -> None:
    sequence, inputs, earned = in_order(market_of(pools), loan)

    profit, _ = slopes_at(sequence, inputs)

    assert profit == pytest.approx(earned, rel=1e-6, abs=10_000)


@given(pools=pools_without_loops(), loan=LOANS, data=st.data())
def test_slopes_are_the_differences_of_the_profit(
    pools: list[ConstantProductPool], loan: Loan, data: st.DataObject
) -> None:
    sequence, inputs, _ = in_order(market_of(pools), loan)
    moved = data.draw(st.integers(0, len(inputs) - 1))
    step = np.zeros_like(inputs)
    step[moved] = 1e-4 * inputs[moved]

    _, slopes = slopes_at(sequence, inputs)
    difference = slopes_at(sequence, inputs + step)[0] - slopes_at(sequence, inputs - step)[0]

    assert slopes[moved] == pytest.approx(difference / (2 * step[moved]), rel=1e-5, abs=1e-6)


@given(pools=pools_without_loops(), loan=LOANS)
def test_nothing_is_left_to_gain_at_the_summit(
    pools: list[ConstantProductPool], loan: Loan
) -> None:
    sequence, start, _ = in_order(market_of(pools), loan)

    best = best_inputs(sequence, start)

    assert (best >= 0).all()
    assert (best <= loan.max_input).all()
    profit, slopes = slopes_at(sequence, best)
    assert profit >= slopes_at(sequence, start)[0]
    is_at_most = best >= loan.max_input * (1 - 1e-9)
    gain_of_a_tenth = np.where(is_at_most, np.minimum(slopes, 0), slopes) * start / 10
    assert gain_of_a_tenth.max() <= 1e-3 * profit
    assert np.where(best > 0, -slopes * best / 10, 0).max() <= 1e-3 * profit


@given(ring=rings(magnitudes=(17, 19)), is_hidden=st.booleans())
def test_input_of_a_single_cycle_is_its_best_size(
    ring: tuple[Market, Cycle], *, is_hidden: bool
) -> None:
    market, cycle = ring
    if is_hidden:
        market = market_of(hidden(pool) for pool in market.pools.values())
    sized = size_cycle(market, cycle, fee_bps=FREE.fee_bps, max_input=FREE.max_input)
    assume(sized)
    assert sized

    (nominated,) = joint_inputs([sized], FREE, before=market, after=market_behind(market, (sized,)))

    assert nominated == pytest.approx(sized.amounts[0], rel=1e-2 if is_hidden else 1e-5)


def hidden(pool: Pool) -> ConcavePool:
    assert isinstance(pool, ConstantProductPool)
    return ConcavePool(inside=pool)


@given(
    factor=arrays.arrays(np.float64, (4, 4), elements=st.floats(-1, 1)),
    slopes=arrays.arrays(np.float64, 4, elements=st.floats(-1, 1)),
)
def test_newton_step_solves_the_damped_equations(factor: Floats, slopes: Floats) -> None:
    curvature = factor @ factor.T + np.eye(4)

    step = newton_step(curvature, slopes, 0.5)

    damped = curvature + 0.5 * np.diag(np.diag(curvature))
    assert step == pytest.approx(np.linalg.solve(damped, slopes), abs=1e-9)


def test_there_is_no_newton_step_from_a_saddle() -> None:
    assert len(newton_step(np.array([[1.0, 2.0], [2.0, 1.0]]), np.ones(2), 1e-3)) == 0
