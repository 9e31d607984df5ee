"""Tests of the objective: what is left in wei, and a best list that equals sizing everything."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.bellman_ford import CycleSearch, find_cycles
from graphs.best_first import find_best_cycles
from graphs.market import Market
from graphs.objective import NetCycle, Objective, best_by_net_profit, by_net_profit
from graphs.ranking import Loan, profit_bounds_float
from graphs.sizing import size_cycle
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
    sized = [
        size_cycle(market, cycle, fee_bps=loan.fee_bps, max_input=loan.max_input)
        for cycle in search
    ]
    return [objective.earned(market, one) for one in sized if one]


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


def test_dear_gas_puts_a_short_cycle_before_a_long_one_that_earns_more() -> None:
    pools = [
        pool_of("in", (BASE, A), (10**18, 10**18), fee_pips=0),
        pool_of("back", (BASE, A), (11 * 10**17, 10**18), fee_pips=0),
        pool_of("onward", (A, B), (10**19, 104 * 10**17), fee_pips=0),
        pool_of("home", (B, BASE), (10**19, 104 * 10**17), fee_pips=0),
    ]
    market = market_of(pools)
    loan = Loan(fee_bps=0, max_input=10**18)
    cheap = Objective(fixed_cost_wei=0, hop_cost_wei=0, tip_share_bps=0, min_net_profit_wei=0)
    dear = replace(cheap, hop_cost_wei=2 * 10**14)

    first, second = (
        best_by_net_profit(market, searched(market), loan=loan, objective=objective, top=1)[0]
        for objective in (cheap, dear)
    )

    assert [len(one.sized.cycle.hops) for one in (first, second)] == [3, 2]
    assert first.sized.gross_profit > second.sized.gross_profit
