"""Tests of choosing cycles to execute together: nothing counted twice, little left behind.

The bound from above is weak duality for routing through constant-product pools (arXiv 2302.04938):
at any token prices in units of the base, what all pools together give a trader who takes the best
trade at each is no less than what any trades that need no money can earn.
"""

from itertools import combinations, islice, pairwise
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.bellman_ford import find_cycles
from graphs.cycles import Cycle
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import Loan, best_cycles
from graphs.selection import select, take_disjoint, take_in_turn
from graphs.sizing import SizedCycle, flash_fee_half_up, flash_fee_up, size_cycle
from graphs.token_graph import TokenGraph
from graphs.units import Address
from tests.graphs.brute_force import ONE_MILLION
from tests.graphs.loans import loans, partly_hidden_markets
from tests.graphs.markets import BASE, A, B, C, market_of, pool_lists, pool_of, ring_of

FREE = Loan(fee_bps=0, max_input=10**30)
UNIT = 10**18
SWEEPS = 12
HALVINGS = 40

deep_pools = pool_lists(reserves=st.integers(UNIT, 3 * UNIT), max_size=9)
few = st.integers(0, 6)


def sized_cycles(market: Market, loan: Loan = FREE) -> tuple[SizedCycle, ...]:
    search = find_cycles(TokenGraph.from_market(market), BASE, max_hops=4, limit=10**6)
    return best_cycles(market, search, loan, top=40)


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


Curve = tuple[Address, Address, float, float]
"""Sold, bought, and a and b of the best gain (sqrt(a p_bought) - sqrt(b p_sold))^2 at prices p."""


def curves_of(pools: list[ConstantProductPool]) -> list[Curve]:
    """Both directions of each pool: with u = (1 - fee) x, x buys y u / (r + u) and costs it."""
    curves = []
    for pool in pools:
        kept = 1 - pool.fee_pips / ONE_MILLION
        for sold, bought, reserve_in, reserve_out in (
            (pool.token0, pool.token1, pool.reserve0, pool.reserve1),
            (pool.token1, pool.token0, pool.reserve1, pool.reserve0),
        ):
            curves.append((sold, bought, float(reserve_out), reserve_in / kept))
    return curves


def gain(curve: Curve, prices: dict[Address, float]) -> float:
    sold, bought, a, b = curve
    return max(0.0, sqrt(a * prices[bought]) - sqrt(b * prices[sold])) ** 2


def surplus(curves: list[Curve], prices: dict[Address, float], token: Address) -> float:
    """The slope of the bound in the price of a token, by its price: bought less sold, times two."""
    slope = 0.0
    for curve in curves:
        sold, bought, a, b = curve
        root = sqrt(gain(curve, prices))
        if token == bought:
            slope += root * sqrt(a / prices[token])
        elif token == sold:
            slope -= root * sqrt(b / prices[token])
    return slope


def bound(pools: list[ConstantProductPool]) -> float:
    """Descend price by price: each is where no more of its token is bought than is sold."""
    curves = curves_of(pools)
    tokens = sorted({token for pool in pools for token in pool.tokens})
    prices = dict.fromkeys([*tokens, BASE], 1.0)
    for _ in range(SWEEPS):
        for token in tokens:
            if token != BASE:
                near = [curve for curve in curves if token in curve[:2]]
                prices[token] = balanced_price(near, prices, token)
    return sum(gain(curve, prices) for curve in curves)


def balanced_price(curves: list[Curve], prices: dict[Address, float], token: Address) -> float:
    low, high = 2.0**-10, 2.0**10
    for _ in range(HALVINGS):
        middle = sqrt(low * high)
        is_above = surplus(curves, prices | {token: middle}, token) > 0
        low, high = (low, middle) if is_above else (middle, high)
    return low


@given(market=partly_hidden_markets, loan=loans, most=few)
def test_cycles_executed_one_after_the_other_earn_the_sum_of_the_stated_profits(
    market: Market, loan: Loan, most: int
) -> None:
    chosen = select(market, sized_cycles(market, loan), loan, most=most)

    for one in chosen:
        market, amounts = executed(market, one)
        assert one.amounts == amounts
        assert one.flash_fee == flash_fee_half_up(amounts[0], loan.fee_bps)
        assert one.gross_profit == amounts[-1] - amounts[0] - one.flash_fee > 0
        assert amounts[0] <= loan.max_input


@given(market=partly_hidden_markets, loan=loans, most=few)
def test_no_more_are_chosen_than_asked_for_and_none_twice(
    market: Market, loan: Loan, most: int
) -> None:
    sized = sized_cycles(market, loan)

    chosen = [one.cycle for one in select(market, sized, loan, most=most)]

    assert len(chosen) == len(set(chosen)) <= most
    assert set(chosen) <= {one.cycle for one in sized}


@given(market=partly_hidden_markets, loan=loans, most=few)
def test_chosen_earn_no_less_than_the_best_and_than_disjoint_ones(
    market: Market, loan: Loan, most: int
) -> None:
    sized = sized_cycles(market, loan)

    earned = total(select(market, sized, loan, most=most))

    assert earned >= total(sized[: min(most, 1)])
    assert earned >= total(tuple(take_disjoint(sized))[:most])


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


@given(pools=deep_pools)
def test_chosen_earn_no_more_than_the_convex_optimum(pools: list[ConstantProductPool]) -> None:
    market = market_of(pools)

    earned = total(select(market, sized_cycles(market), FREE, most=40))

    assert earned <= bound(pools) * (1 + 1e-9) + 1


@pytest.mark.parametrize("fee_pips", [0, 500, 3_000])
def test_convex_optimum_of_a_single_cycle_is_its_best_size(fee_pips: int) -> None:
    pools = [
        pool_of("one", (BASE, A), (UNIT, 2 * UNIT), fee_pips=fee_pips),
        pool_of("two", (A, B), (UNIT, 2 * UNIT), fee_pips=fee_pips),
        pool_of("three", (B, BASE), (3 * UNIT, 2 * UNIT), fee_pips=fee_pips),
    ]
    market = market_of(pools)

    earned = total(select(market, sized_cycles(market), FREE, most=9))

    assert earned == pytest.approx(bound(pools), rel=1e-6)


def test_cycles_through_one_crowded_pool_come_near_the_convex_optimum() -> None:
    """Three ways to sell A, all of which buy it at the same pool."""
    pools = [
        pool_of("in", (BASE, A), (10 * UNIT, 20 * UNIT)),
        *(pool_of(f"out {number}", (A, BASE), (UNIT, UNIT)) for number in range(3)),
    ]
    market = market_of(pools)
    sized = sized_cycles(market)

    chosen = select(market, sized, FREE, most=9)

    assert len(chosen) == 3
    assert total(sized[:1]) < 0.5 * total(chosen)
    assert 0.95 * bound(pools) < total(chosen) < min(bound(pools), total(sized))


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

    chosen = select(market, [best, helped, better_looking], FREE, most=2)

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

    chosen = select(market, [best, greedy, *two], FREE, most=9)

    assert (
        next(islice(take_in_turn(market, [best, greedy, *two], FREE), 1, 2)).cycle == greedy.cycle
    )
    assert set(chosen) == {best, *two}
