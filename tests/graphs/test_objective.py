"""Tests of the objective: what is left in wei, and a best list that equals sizing everything."""

from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from graphs.bellman_ford import CycleSearch, find_cycles
from graphs.best_first import find_best_cycles
from graphs.market import Market
from graphs.objective import NetCycle, Objective, best_by_net_profit, by_net_profit
from graphs.ranking import Loan, best_cycles, profit_bounds_float
from graphs.token_graph import TokenGraph
from graphs.units import BPS, Address
from graphs.valuation import IDENTITY, find_valuation
from tests.graphs.loans import loans, partly_hidden_markets
from tests.graphs.markets import BASE, TOKENS, A, B, market_of, pool_of

MAX_HOPS = 4

costs = st.one_of(st.just(0), st.integers(0, 10**18), st.integers(0, 100))

objectives = st.builds(
    Objective,
    fixed_cost_wei=costs,
    hop_cost_wei=costs,
    tip_share_bps=st.sampled_from((0, 5_000, 8_000, 9_999, BPS)),
    min_net_profit_wei=costs,
)

FREE = Objective(fixed_cost_wei=0, hop_cost_wei=0, tip_share_bps=0, min_net_profit_wei=0)

kernels_may_load = settings(deadline=None)
"""The first search in a process loads the kernels from disk, or compiles them."""


def searched(market: Market) -> CycleSearch:
    return find_cycles(TokenGraph.from_market(market), BASE, max_hops=MAX_HOPS, limit=10**6)


def worth_in(objective: Objective, search: CycleSearch, weth: Address) -> Objective:
    """The objective in a token; in the base itself where nothing leads there."""
    valuation = find_valuation(search.graph, BASE, weth) or IDENTITY
    return replace(objective, valuation=valuation)


def all_earned(
    market: Market, search: CycleSearch, *, loan: Loan, objective: Objective
) -> list[NetCycle]:
    every = best_cycles(market, search, loan, top=len(search))
    return [objective.earned(market, sized) for sized in every]


@kernels_may_load
@given(
    market=partly_hidden_markets,
    loan=loans,
    objective=objectives,
    weth=st.sampled_from(TOKENS[:3]),
    top=st.integers(0, 5),
)
def test_best_by_net_profit_are_the_first_when_all_are_sized(
    *, market: Market, loan: Loan, objective: Objective, weth: Address, top: int
) -> None:
    search = searched(market)
    objective = worth_in(objective, search, weth)
    earned = all_earned(market, search, loan=loan, objective=objective)

    best = best_by_net_profit(market, search, loan=loan, objective=objective, top=top)

    wanted = [one for one in earned if one.net_profit_wei >= objective.min_net_profit_wei]
    assert best == tuple(sorted(wanted, key=by_net_profit)[:top])


@kernels_may_load
@given(
    market=partly_hidden_markets,
    loan=loans,
    objective=objectives,
    weth=st.sampled_from(TOKENS[:3]),
)
def test_no_cycle_leaves_more_than_its_bound(
    *, market: Market, loan: Loan, objective: Objective, weth: Address
) -> None:
    search = searched(market)
    objective = worth_in(objective, search, weth)

    gross_float = profit_bounds_float(search, loan)
    hops = (search.edges >= 0).sum(axis=1)
    bounds = dict(zip(search, objective.bounds_float(gross_float, hops), strict=True))
    for earned in all_earned(market, search, loan=loan, objective=objective):
        assert earned.net_profit_wei <= bounds[earned.sized.cycle]


@kernels_may_load
@given(
    market=partly_hidden_markets,
    loan=loans,
    objective=objectives,
    weth=st.sampled_from(TOKENS[:3]),
    top=st.integers(0, 5),
)
def test_search_within_the_limits_leaves_out_nothing_that_leaves_more_than_it_says(
    *, market: Market, loan: Loan, objective: Objective, weth: Address, top: int
) -> None:
    search = searched(market)
    objective = worth_in(objective, search, weth)
    limits = objective.limits(top=top, max_trials=10**9)

    best = find_best_cycles(search.graph, BASE, loan, max_hops=MAX_HOPS, limits=limits)

    most_wei = objective.net_bound_up(best.left_out_bound_float)
    returned = set(best.cycles)
    for earned in all_earned(market, search, loan=loan, objective=objective):
        if earned.sized.cycle not in returned:
            is_wanted = earned.net_profit_wei >= objective.min_net_profit_wei
            assert most_wei is None or earned.net_profit_wei <= most_wei
            assert not is_wanted or len(returned) == top
    assert most_wei is not None or top == 0


@kernels_may_load
@given(market=partly_hidden_markets, loan=loans, objective=objectives, top=st.integers(0, 5))
def test_search_within_the_limits_returns_the_greatest_bounds_of_net_profit(
    *, market: Market, loan: Loan, objective: Objective, top: int
) -> None:
    search = searched(market)
    limits = objective.limits(top=top, max_trials=10**9)

    best = find_best_cycles(search.graph, BASE, loan, max_hops=MAX_HOPS, limits=limits)

    hops = (search.edges >= 0).sum(axis=1)
    bounds = objective.bounds_float(profit_bounds_float(search, loan), hops)
    of_cycle = dict(zip(search, bounds.tolist(), strict=True))
    expected = sorted(bounds[bounds >= objective.min_net_profit_wei].tolist(), reverse=True)
    found = [of_cycle[cycle] for cycle in best.cycles]
    assert found[: len(expected)] == pytest.approx(expected[:top], rel=1e-9, abs=2)


def triangle(direct: int, around: int) -> Market:
    """Two ways of two hops and of three, of which several pay."""
    sides = {"in": (BASE, A), "back": (BASE, A), "onward": (A, B), "home": (B, BASE)}
    depths = {"in": 10, "back": 10, "onward": 100, "home": 100}
    bought = {"in": 10**18, "back": 10**18, "onward": around * 10**17, "home": around * 10**17}
    sold = {name: depth * 10**17 for name, depth in depths.items()} | {"back": direct * 10**17}
    return market_of(
        pool_of(name, sides[name], (sold[name], bought[name]), fee_pips=0) for name in sides
    )


@kernels_may_load
@given(
    direct=st.integers(10, 13),
    around=st.integers(100, 110),
    hop_cost_wei=st.integers(0, 10**15),
    top=st.integers(1, 3),
)
@example(direct=11, around=108, hop_cost_wei=0, top=2)
def test_cycles_of_every_length_compete_for_the_best(
    *, direct: int, around: int, hop_cost_wei: int, top: int
) -> None:
    market, loan = triangle(direct, around), Loan(fee_bps=0, max_input=10**18)
    objective = replace(FREE, hop_cost_wei=hop_cost_wei)
    search = searched(market)

    best = best_by_net_profit(market, search, loan=loan, objective=objective, top=top)

    earned = all_earned(market, search, loan=loan, objective=objective)
    wanted = [one for one in earned if one.net_profit_wei >= 0]
    assert best == tuple(sorted(wanted, key=by_net_profit)[:top])


def test_dear_gas_puts_a_short_cycle_before_a_long_one_that_earns_more() -> None:
    market, loan = triangle(direct=11, around=104), Loan(fee_bps=0, max_input=10**18)
    dear = replace(FREE, hop_cost_wei=2 * 10**14)

    first, second = (
        best_by_net_profit(market, searched(market), loan=loan, objective=objective, top=1)[0]
        for objective in (FREE, dear)
    )

    assert [len(one.sized.cycle.hops) for one in (first, second)] == [3, 2]
    assert first.sized.gross_profit > second.sized.gross_profit
