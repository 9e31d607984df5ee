"""Tests of choosing cycles to execute together: nothing counted twice, little left behind.

From above they are measured by the convex optimum over the same pools, see convex_bound.py. It
counts trades that no cycle from the base can be: gains of loops that never come by the base. So how
near the cycles come is tested where there are none: where the pools that do not trade the base
are a forest.
"""

from itertools import combinations, islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.bellman_ford import CycleSearch, find_cycles
from graphs.cycles import Cycle
from graphs.flash_fees import flash_fee_half_up, flash_fee_up
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import Loan, best_cycles
from graphs.selection import Selection, select, select_found, take_disjoint, take_in_turn
from graphs.sizing import SizedCycle, size_cycle
from graphs.token_graph import TokenGraph
from graphs.units import BPS, Address
from tests.graphs.concave_pool import ConcavePool
from tests.graphs.convex_bound import convex_bound
from tests.graphs.loans import loans, partly_hidden_markets, pools_without_loops
from tests.graphs.markets import BASE, A, B, C, market_of, pool_lists, pool_of, ring_of

FREE = Loan(fee_bps=0, max_input=10**30)
UNIT = 10**18

deep_pools = pool_lists(reserves=st.integers(UNIT, 3 * UNIT), max_size=9)
few = st.integers(0, 6)


def search_of(market: Market, max_hops: int = 4) -> CycleSearch:
    return find_cycles(TokenGraph.from_market(market), BASE, max_hops=max_hops, limit=10**6)


def sized_cycles(market: Market, loan: Loan = FREE) -> tuple[SizedCycle, ...]:
    return best_cycles(market, search_of(market), loan, top=40)


def total(sized: tuple[SizedCycle, ...]) -> int:
    return sum(one.gross_profit for one in sized)


Ring = tuple[tuple[Address, ...], list[ConstantProductPool | tuple[str, int, int]]]
"""The tokens in trading order, and the pools: new ones by name and reserves of sold and bought."""


def sized_rings(*rings: Ring) -> tuple[Market, list[SizedCycle]]:
    """Make the market of these cycles, new pools without fees, and size each."""
    pools: dict[str, ConstantProductPool] = {}
    cycles = []
    for tokens, parts in rings:
        sides = pairwise((*tokens, tokens[0]))
        ring = [made(part, side) for part, side in zip(parts, sides, strict=True)]
        pools |= {pool.id: pool for pool in ring}
        cycles.append(ring_of(ring, tokens))
    market = market_of(pools.values())
    sized = [size_cycle(market, cycle, fee_bps=0, max_input=10**30) for cycle in cycles]
    return market, [one for one in sized if one]


def made(
    part: ConstantProductPool | tuple[str, int, int], sides: tuple[Address, Address]
) -> ConstantProductPool:
    if isinstance(part, ConstantProductPool):
        return part
    name, sold, bought = part
    return pool_of(name, sides, (sold * UNIT, bought * UNIT), fee_pips=0)


def profit(market: Market, cycle: Cycle) -> int:
    sized = size_cycle(market, cycle, fee_bps=0, max_input=FREE.max_input)
    return sized.gross_profit if sized else 0


def rounding(earned: int) -> int:
    """More than two sizings of one cycle differ by, where no reserve is three times another."""
    return 10_000 + earned // 10**9


def executed(market: Market, sized: SizedCycle) -> tuple[Market, tuple[int, ...]]:
    """Trade hop by hop, each at the pool as the hop before left it."""
    amounts = [sized.amounts[0]]
    for hop in sized.cycle.hops:
        pool = market.pools[hop.pool_id]
        amounts.append(pool.amount_out(hop.token_in, hop.token_out, amounts[-1]))
        market = market.with_pools([pool.after_swap(hop.token_in, hop.token_out, amounts[-2])])
    return market, tuple(amounts)


def assert_exact(market: Market, chosen: Selection, loan: Loan) -> None:
    for one in chosen.cycles:
        market, amounts = executed(market, one)
        assert one.amounts == amounts
        assert one.flash_fee == flash_fee_half_up(amounts[0], loan.fee_bps)
        assert one.gross_profit == amounts[-1] - amounts[0] - one.flash_fee > 0
        assert amounts[0] <= loan.max_input
    assert chosen.after.pools == market.pools
    assert chosen.gross_profit == total(chosen.cycles)


@given(market=partly_hidden_markets, loan=loans, most=few)
def test_cycles_executed_one_after_the_other_earn_the_sum_of_the_stated_profits(
    market: Market, loan: Loan, most: int
) -> None:
    search = search_of(market)

    for chosen in (
        select(market, sized_cycles(market, loan), loan, most=most),
        select_found(market, search, loan, most=most),
    ):
        assert_exact(market, chosen, loan)


@given(market=partly_hidden_markets, loan=loans, most=few)
def test_no_more_are_chosen_than_asked_for_and_none_twice(
    market: Market, loan: Loan, most: int
) -> None:
    sized = sized_cycles(market, loan)

    chosen = [one.cycle for one in select(market, sized, loan, most=most).cycles]
    found = [one.cycle for one in select_found(market, search_of(market), loan, most=most).cycles]

    assert len(chosen) == len(set(chosen)) <= most
    assert set(chosen) <= {one.cycle for one in sized}
    assert len(found) == len(set(found)) <= most


@given(market=partly_hidden_markets, loan=loans, most=few)
def test_chosen_earn_no_less_than_the_best_and_than_disjoint_ones(
    market: Market, loan: Loan, most: int
) -> None:
    sized = sized_cycles(market, loan)

    for chosen in (
        select(market, sized, loan, most=most),
        select_found(market, search_of(market), loan, most=most),
    ):
        assert chosen.gross_profit >= total(sized[: min(most, 1)])
        assert chosen.gross_profit >= total(tuple(take_disjoint(sized))[:most])
        assert chosen.gross_profit >= total(tuple(take_in_turn(market, sized, loan))[:most])


@given(market=partly_hidden_markets, loan=loans, most=few, data=st.data())
def test_selection_does_not_depend_on_the_order_of_its_input(
    market: Market, *, loan: Loan, most: int, data: st.DataObject
) -> None:
    sized = sized_cycles(market, loan)
    shuffled = data.draw(st.permutations([*sized, *sized[:2]]))

    assert select(market, shuffled, loan, most=most) == select(market, sized, loan, most=most)


@given(pools=deep_pools)
def test_each_taken_in_turn_earns_as_much_as_any_other_would(
    pools: list[ConstantProductPool],
) -> None:
    market = market_of(pools)
    left = {one.cycle: one.gross_profit for one in sized_cycles(market)}

    for one in take_in_turn(market, sized_cycles(market), FREE):
        assert one.gross_profit >= max(left.values()) - rounding(one.gross_profit)
        market, _ = executed(market, one)
        del left[one.cycle]
        for cycle in left:
            left[cycle] = profit(market, cycle)
    assert max([0, *left.values()]) <= rounding(0)


@given(market=partly_hidden_markets)
def test_disjoint_cycles_share_no_pool_and_each_left_out_shares_one_with_a_better_one(
    market: Market,
) -> None:
    sized = sized_cycles(market)
    taken = tuple(take_disjoint(sized))

    for one, other in combinations(taken, 2):
        assert set(one.cycle.pool_ids).isdisjoint(other.cycle.pool_ids)
    for one in sized:
        better = [other for other in taken if other.gross_profit >= one.gross_profit]
        assert any(set(other.cycle.pool_ids) & set(one.cycle.pool_ids) for other in better)


@given(pools=deep_pools, fee_bps=st.sampled_from((0, 9)))
def test_chosen_earn_no_more_than_the_convex_optimum(
    pools: list[ConstantProductPool], fee_bps: int
) -> None:
    market, loan = market_of(pools), Loan(fee_bps=fee_bps, max_input=10**30)

    optimum = convex_bound(pools, BASE, owed=1 + fee_bps / BPS)

    for chosen in (
        select(market, sized_cycles(market, loan), loan, most=40),
        select_found(market, search_of(market), loan, most=40),
    ):
        assert chosen.gross_profit <= optimum * (1 + 1e-9) + len(chosen.cycles)


@pytest.mark.slow
@given(pools=pools_without_loops())
def test_found_come_within_a_fiftieth_of_the_convex_optimum(
    pools: list[ConstantProductPool],
) -> None:
    market = market_of(pools)

    earned = select_found(market, search_of(market, max_hops=5), FREE, most=40).gross_profit

    optimum = convex_bound(pools, BASE)
    assert 0.98 * optimum - rounding(0) <= earned <= optimum * (1 + 1e-9) + 1


@pytest.mark.slow
@given(pools=pools_without_loops(), depth=st.integers(UNIT // 10, 100 * UNIT))
def test_pools_of_an_unknown_curve_earn_nearly_as_much(
    pools: list[ConstantProductPool], depth: int
) -> None:
    market = market_of(pools)
    hidden = market_of(ConcavePool(inside=pool, depth=depth) for pool in pools)

    earned = select_found(market, search_of(market, max_hops=5), FREE, most=40)
    anew = select_found(hidden, search_of(hidden, max_hops=5), FREE, most=40)

    if not is_refused(earned, depth):
        assert anew.gross_profit >= 0.95 * earned.gross_profit - rounding(0)


def is_refused(chosen: Selection, depth: int) -> bool:
    return any(amount > depth for one in chosen.cycles for amount in one.amounts)


@pytest.mark.parametrize("fee_pips", [0, 500, 3_000])
def test_convex_optimum_of_a_single_cycle_is_its_best_size(fee_pips: int) -> None:
    pools = [
        pool_of("one", (BASE, A), (UNIT, 2 * UNIT), fee_pips=fee_pips),
        pool_of("two", (A, B), (UNIT, 2 * UNIT), fee_pips=fee_pips),
        pool_of("three", (B, BASE), (3 * UNIT, 2 * UNIT), fee_pips=fee_pips),
    ]
    market = market_of(pools)

    earned = select(market, sized_cycles(market), FREE, most=9).gross_profit

    assert earned == pytest.approx(convex_bound(pools, BASE), rel=1e-6)


def test_cycles_through_one_crowded_pool_come_near_the_convex_optimum() -> None:
    """Three ways to sell A, all of which buy it at the same pool."""
    pools = [
        pool_of("in", (BASE, A), (10 * UNIT, 20 * UNIT)),
        *(pool_of(f"out {number}", (A, BASE), (UNIT, UNIT)) for number in range(3)),
    ]
    market = market_of(pools)
    sized = sized_cycles(market)

    chosen = select(market, sized, FREE, most=9).cycles

    assert len(chosen) == 3
    assert total(sized[:1]) < 0.5 * total(chosen)
    assert (
        0.95 * convex_bound(pools, BASE)
        < total(chosen)
        < min(convex_bound(pools, BASE), total(sized))
    )


def test_cycle_that_is_sized_anew_is_charged_by_the_rule_of_the_lender() -> None:
    pools = [
        pool_of("in", (BASE, A), (10**9, 2 * 10**9)),
        *(pool_of(f"out {number}", (A, BASE), (10**8, 10**8)) for number in range(6)),
    ]
    market = market_of(pools)
    loan = Loan(fee_bps=1, max_input=10**9, flash_fee=flash_fee_up)

    _, *anew = take_in_turn(market, sized_cycles(market, loan), loan)

    assert len(anew) == 5
    assert all(one.flash_fee == flash_fee_up(one.amounts[0], 1) for one in anew)
    assert any(one.flash_fee != flash_fee_half_up(one.amounts[0], 1) for one in anew)


def test_cycle_that_another_one_helps_is_taken_before_one_that_looked_better() -> None:
    """The best and the one it helps trade at one pool in opposite directions."""
    shared = pool_of("shared", (A, B), (10 * UNIT, 10 * UNIT))
    market, (best, helped, better_looking) = sized_rings(
        ((BASE, A, B), [("buys A", 5, 20), shared, ("sells B", 20, 20)]),
        ((BASE, B, A), [("buys B", 100, 102), shared, ("sells A", 100, 102)]),
        ((BASE, C), [("buys C", 1, 2), ("sells C", 2, 2)]),
    )

    chosen = select(market, [best, helped, better_looking], FREE, most=2).cycles

    assert best.gross_profit > better_looking.gross_profit > helped.gross_profit
    assert [one.cycle for one in chosen] == [best.cycle, helped.cycle]


def test_two_cycles_are_better_than_one_that_would_spoil_both() -> None:
    """The greedy one shares a pool with each of the three others, which share none."""
    costly = pool_of("costly", (A, B), (10**6 * UNIT, 10**6 * UNIT), fee_pips=10_000)
    cheap, dear = ("cheap", 100, 104), ("dear", 100, 104)
    market, (best, greedy, *two) = sized_rings(
        ((BASE, A, B), [("buys A", 300, 400), costly, ("sells B", 300, 400)]),
        ((BASE, A, B), [cheap, costly, dear]),
        ((BASE, A), [cheap, ("sells A", 10_000, 10_000)]),
        ((BASE, B), [("buys B", 10_000, 10_000), dear]),
    )

    chosen = select(market, [best, greedy, *two], FREE, most=9).cycles

    assert (
        next(islice(take_in_turn(market, [best, greedy, *two], FREE), 1, 2)).cycle == greedy.cycle
    )
    assert set(chosen) == {best, *two}
