"""Tests of choosing cycles that do not disturb each other."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from graphs.cycles import Cycle
from graphs.market import Market
from graphs.quotes import quote_cycle
from graphs.selection import select_disjoint
from graphs.sizing import SizedCycle
from tests.graphs.markets import BASE, A, market_of, pool_of, ring_of

POOLS = [
    pool_of(f"{number}", (BASE, A), (10**6, 10**6 + number), fee_pips=0) for number in range(6)
]
MARKET = market_of(POOLS)


def sized_of(pair: tuple[int, int], gross_profit: int) -> SizedCycle:
    cycle = ring_of([POOLS[number] for number in pair], (BASE, A))
    amounts = quote_cycle(MARKET, cycle, 1_000)
    return SizedCycle(cycle=cycle, amounts=amounts, flash_fee=0, gross_profit=gross_profit)


pairs = st.permutations(range(6)).map(lambda numbers: (numbers[0], numbers[1]))
sized_lists = st.lists(st.builds(sized_of, pairs, st.integers(1, 5)), max_size=12)


def executed(market: Market, cycle: Cycle, amount: int) -> tuple[Market, int]:
    for hop in cycle.hops:
        pool = market.pools[hop.pool_id]
        market = market.with_pools([pool.after_swap(hop.token_in, hop.token_out, amount)])
        amount = pool.amount_out(hop.token_in, hop.token_out, amount)
    return market, amount


@given(sized=sized_lists)
def test_selected_cycles_share_no_pool(sized: list[SizedCycle]) -> None:
    for one, other in combinations(select_disjoint(sized), 2):
        assert not set(one.cycle.pool_ids) & set(other.cycle.pool_ids)


@given(sized=sized_lists)
def test_every_cycle_left_out_shares_a_pool_with_one_that_earns_as_much(
    sized: list[SizedCycle],
) -> None:
    taken = select_disjoint(sized)

    for candidate in sized:
        assert any(
            other.gross_profit >= candidate.gross_profit
            and set(other.cycle.pool_ids) & set(candidate.cycle.pool_ids)
            for other in taken
        )


@given(sized=sized_lists, data=st.data())
def test_selection_does_not_depend_on_the_order_of_its_input(
    sized: list[SizedCycle], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(sized))

    assert select_disjoint(shuffled) == select_disjoint(sized)


@given(sized=sized_lists, data=st.data())
def test_amounts_hold_in_whatever_order_the_selected_cycles_are_executed(
    sized: list[SizedCycle], data: st.DataObject
) -> None:
    market = MARKET

    for taken in data.draw(st.permutations(select_disjoint(sized))):
        market, amount_out = executed(market, taken.cycle, taken.amounts[0])
        assert amount_out == taken.amounts[-1]


def test_most_profitable_cycles_come_first() -> None:
    less, more = sized_of((0, 1), 3), sized_of((2, 3), 4)

    assert select_disjoint([less, more]) == (more, less)
