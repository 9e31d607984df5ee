"""Tests of the best-first search: it returns the best, and what it says of the rest holds."""

from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.bellman_ford import CycleSearch, find_cycles
from graphs.best_first import BestSearch, Limits, find_best_cycles
from graphs.market import Market
from graphs.profit_bounds import BOUNDED_HOPS
from graphs.ranking import Loan, best_cycles, profit_bounds_float
from graphs.sizing import size_cycle
from graphs.token_graph import TokenGraph
from graphs.units import Address
from tests.graphs.loans import loans, partly_hidden_markets
from tests.graphs.markets import BASE, A, B, market_of, pool_of

MAX_HOPS = 4
NO_LIMIT = 10**6
ROUNDING = 1e-9
"""Share by which floats may put two bounds in the wrong order."""

kernels_may_load = settings(deadline=None)
"""The first search in a process loads the kernels from disk, or compiles them."""


def searched(market: Market, loan: Loan, limits: Limits) -> tuple[CycleSearch, BestSearch]:
    graph = TokenGraph.from_market(market)
    everything = find_cycles(graph, BASE, max_hops=MAX_HOPS, limit=NO_LIMIT)
    return everything, find_best_cycles(graph, BASE, loan, max_hops=MAX_HOPS, limits=limits)


@kernels_may_load
@given(market=partly_hidden_markets, loan=loans, top=st.integers(0, 20))
def test_complete_search_returns_the_greatest_bounds_in_order(
    market: Market, loan: Loan, top: int
) -> None:
    everything, best = searched(market, loan, Limits(top=top, max_trials=10**9))

    bounds = dict(zip(everything, profit_bounds_float(everything, loan), strict=True))
    expected = sorted(bounds.values(), reverse=True)[:top]
    assert best.is_complete
    assert best.bounds_float == pytest.approx(expected, rel=ROUNDING)
    assert [bounds[cycle] for cycle in best.cycles] == best.bounds_float.tolist()
    assert len(set(best.cycles)) == len(best.cycles)


@kernels_may_load
@given(
    market=partly_hidden_markets,
    loan=loans,
    limits=st.builds(
        Limits,
        top=st.integers(0, 5),
        max_trials=st.integers(0, 60),
        min_profit=st.integers(0, 10**18),
    ),
)
def test_no_cycle_that_was_left_out_earns_more_than_is_said(
    market: Market, loan: Loan, limits: Limits
) -> None:
    everything, best = searched(market, loan, limits)

    returned = set(best.cycles)
    assert returned <= set(everything)
    assert min(best.bounds_float, default=limits.min_profit) >= limits.min_profit
    for cycle in set(everything) - returned:
        assert best.unexpanded
        sized = size_cycle(market, cycle, fee_bps=loan.fee_bps, max_input=loan.max_input)
        assert (sized.gross_profit if sized else 0) <= best.left_out_bound_float


@kernels_may_load
@given(market=partly_hidden_markets, loan=loans, min_profit=st.integers(1, 10**18))
def test_what_cannot_earn_the_minimum_is_left_out(
    market: Market, loan: Loan, min_profit: int
) -> None:
    limits = Limits(top=NO_LIMIT, max_trials=10**9, min_profit=min_profit)
    everything, best = searched(market, loan, limits)

    bounds = zip(everything, profit_bounds_float(everything, loan), strict=True)
    assert set(best.cycles) == {cycle for cycle, bound in bounds if bound >= min_profit}
    assert best.left_out_bound_float < min_profit


@kernels_may_load
@given(
    market=partly_hidden_markets,
    loan=loans,
    top=st.integers(0, 20),
    hop_cost_float=st.floats(0, 1e18),
)
def test_hops_that_cost_something_are_taken_off_the_bounds(
    *, market: Market, loan: Loan, top: int, hop_cost_float: float
) -> None:
    limits = Limits(top=top, max_trials=10**9, min_profit=-(10**20), hop_cost_float=hop_cost_float)
    everything, best = searched(market, loan, limits)

    bounds = [
        bound - hop_cost_float * len(cycle.hops)
        for cycle, bound in zip(everything, profit_bounds_float(everything, loan), strict=True)
    ]
    expected = sorted(bounds, reverse=True)
    assert best.is_complete
    assert best.bounds_float == pytest.approx(expected[:top], rel=ROUNDING)
    assert all(bound <= best.left_out_bound_float for bound in expected[top:])


@kernels_may_load
@given(market=partly_hidden_markets, loan=loans)
def test_best_cycle_by_size_is_among_the_best_by_bound_if_the_rest_is_below_it(
    market: Market, loan: Loan
) -> None:
    everything, best = searched(market, loan, Limits(top=5, max_trials=10**9))
    exact = best_cycles(market, everything, loan, top=1)

    nominated = best_cycles(market, best.cycles, loan, top=1)

    if nominated and nominated[0].gross_profit > best.left_out_bound_float:
        assert nominated == exact


def test_explosion_of_cycles_costs_no_more_than_the_trials_allow() -> None:
    tokens = [Address(f"0x{number:040x}") for number in range(100)]
    pools = [
        pool_of(f"{low}{high}", (low, high), (10**20 + 10**16 * place, 10**20), fee_pips=0)
        for place, (low, high) in enumerate(combinations(tokens, 2))
    ]
    graph = TokenGraph.from_market(market_of(pools))
    loan = Loan(fee_bps=0, max_input=10**20)
    limits = Limits(top=10, max_trials=2_000)

    best = find_best_cycles(graph, tokens[0], loan, max_hops=6, limits=limits)

    assert not best.is_complete
    assert len(set(best.cycles)) == limits.top
    assert best.expanded * (len(tokens) - 1) <= limits.max_trials + len(tokens)
    assert best.left_out_bound_float >= best.bounds_float.max()


def test_tree_grows_beyond_its_first_size() -> None:
    pools = [
        pool_of(f"{number:03}", (BASE, A), (10**9, 10**9 + 10**7 * number), fee_pips=0)
        for number in range(100)
    ]
    everything, best = searched(
        market_of(pools),
        Loan(fee_bps=0, max_input=10**9),
        Limits(top=NO_LIMIT, max_trials=10**9),
    )

    assert set(best.cycles) == set(everything)
    assert len(everything) == 100 * 99 // 2


def test_base_that_no_pool_trades_has_no_cycle() -> None:
    graph = TokenGraph.from_market(market_of([pool_of("pool", (BASE, A), (10, 10))]))
    limits = Limits(top=1, max_trials=1)

    best = find_best_cycles(graph, B, Loan(fee_bps=0, max_input=1), max_hops=4, limits=limits)

    assert (len(best.cycles), best.unexpanded, best.is_complete) == (0, 0, True)


def test_cycles_too_long_for_a_bound_are_refused() -> None:
    graph = TokenGraph.from_market(market_of([pool_of("pool", (BASE, A), (10, 10))]))
    loan, limits = Loan(fee_bps=0, max_input=1), Limits(top=1, max_trials=1)

    with pytest.raises(ValueError, match="profit is bounded"):
        find_best_cycles(graph, BASE, loan, max_hops=BOUNDED_HOPS + 1, limits=limits)
