"""Tests of the ranking: bounds that hold, and a best list that equals sizing everything."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.bellman_ford import CycleSearch, find_cycles
from graphs.errors import GraphError
from graphs.flash_fees import flash_fee_half_up
from graphs.market import Market
from graphs.profit_bounds import BOUNDED_HOPS
from graphs.quotes import quote_cycle
from graphs.ranking import Loan, best_cycles, by_profit, profit_bounds_float, size_rows_of
from graphs.sizing import size_cycle
from graphs.token_graph import TokenGraph
from graphs.units import Address
from tests.graphs.concave_pool import ConcavePool
from tests.graphs.loans import loans, partly_hidden_markets
from tests.graphs.markets import (
    BASE,
    market_of,
    pool_of,
    ring_of,
)

MAX_HOPS = 4


def searched(market: Market) -> CycleSearch:
    return find_cycles(TokenGraph.from_market(market), BASE, max_hops=MAX_HOPS, limit=10**6)


@settings(deadline=None)
@given(
    market=partly_hidden_markets,
    loan=loans,
    shares=st.lists(st.floats(0, 1), max_size=5),
)
def test_no_input_earns_more_than_the_bound(
    market: Market, loan: Loan, shares: list[float]
) -> None:
    search = searched(market)
    bounds = profit_bounds_float(search, loan)

    for cycle, bound in zip(search, bounds, strict=True):
        sized = size_cycle(market, cycle, fee_bps=loan.fee_bps, max_input=loan.max_input)
        best = sized.amounts[0] if sized else loan.max_input
        for amount_in in (best, *(int(share * loan.max_input) for share in shares)):
            try:
                earned = quote_cycle(market, cycle, amount_in)[-1] - amount_in
            except GraphError:
                continue
            assert earned - flash_fee_half_up(amount_in, loan.fee_bps) <= bound


@settings(deadline=None)
@given(market=partly_hidden_markets, loan=loans, top=st.integers(0, 5))
def test_best_cycles_are_the_first_when_all_are_sized(market: Market, loan: Loan, top: int) -> None:
    search = searched(market)
    everything = best_cycles(market, search, loan, top=len(search))

    best = best_cycles(market, search, loan, top=top)

    assert best == everything[:top]
    assert list(everything) == sorted(everything, key=by_profit)


@settings(deadline=None)
@given(market=partly_hidden_markets, loan=loans)
def test_every_profit_is_what_the_amounts_earn(market: Market, loan: Loan) -> None:
    search = searched(market)
    rows = np.arange(len(search), dtype=np.int32)
    earned = {size.row: size for size in size_rows_of(search, rows, market=market, loan=loan)}

    for sized in best_cycles(market, search, loan, top=len(search)):
        row = next(row for row in earned if search[row] == sized.cycle)
        assert sized.amounts == quote_cycle(market, sized.cycle, earned[row].amount_in)
        assert sized.flash_fee == loan.flash_fee(sized.amounts[0], loan.fee_bps)
        assert sized.gross_profit == sized.amounts[-1] - sized.amounts[0] - sized.flash_fee
        assert sized.gross_profit == earned.pop(row).gross_profit > 0
    assert not earned


@settings(deadline=None)
@given(market=partly_hidden_markets, loan=loans)
def test_cycles_of_kinds_without_a_kernel_are_sized_by_their_pools(
    market: Market, loan: Loan
) -> None:
    search = searched(market)
    for sized in best_cycles(market, search, loan, top=len(search)):
        if all(isinstance(market.pools[i], ConcavePool) for i in sized.cycle.pool_ids):
            alone = size_cycle(market, sized.cycle, fee_bps=loan.fee_bps, max_input=loan.max_input)
            assert alone == sized


def test_best_of_cycles_too_long_for_a_bound_is_found() -> None:
    count = BOUNDED_HOPS + 1
    tokens = tuple(Address(f"0x{number:040x}") for number in range(count))
    pools = [
        pool_of(f"{number}", (sold, bought), (10**20, 101 * 10**18), fee_pips=0)
        for number, (sold, bought) in enumerate(zip(tokens, (*tokens[1:], tokens[0]), strict=True))
    ]
    market = market_of(pools)
    search = find_cycles(TokenGraph.from_market(market), tokens[0], max_hops=count, limit=10)

    best = best_cycles(market, search, Loan(fee_bps=0, max_input=10**20), top=1)

    assert [sized.cycle for sized in best] == [ring_of(pools, tokens)]
