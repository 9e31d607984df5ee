"""Tests of sizing: no other input earns more, whatever the curve, fee, cap or refusal."""

from collections.abc import Iterable
from fractions import Fraction

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from graphs.cycles import Cycle
from graphs.errors import GraphError
from graphs.flash_fees import (
    FeeRule,
    flash_fee_half_up,
    flash_fee_of_repayment_up,
    flash_fee_two_units,
    flash_fee_up,
)
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.quotes import quote_cycle
from graphs.sizing import SizedCycle, size_cycle
from tests.graphs.brute_force import ONE_MILLION, rate
from tests.graphs.concave_pool import ConcavePool
from tests.graphs.markets import BASE, UINT112_MAX, A, market_of, pool_of, ring_of, rings

fees_bps = st.sampled_from((0, 5, 9, 100))


def profit(ring: tuple[Market, Cycle], amount_in: int, fee_bps: int) -> int:
    """What an input earns; nothing where it is refused."""
    try:
        amounts = quote_cycle(*ring, amount_in)
    except GraphError:
        return 0
    return amounts[-1] - amount_in - flash_fee_half_up(amount_in, fee_bps)


def tolerance(market: Market, cycle: Cycle, earned: int) -> Fraction:
    """One base unit, one unit of each token on the way in base units, and 1e-12 of the profit."""
    worth = Fraction(1)
    total = Fraction(1) + Fraction(earned, 10**12)
    for hop in reversed(cycle.hops[1:]):
        pool = market.pools[hop.pool_id]
        inside = pool.inside if isinstance(pool, ConcavePool) else pool
        assert isinstance(inside, ConstantProductPool)
        worth *= Fraction(*rate(inside, hop.token_in))
        total += max(worth, Fraction(1))
    return total


def regret(
    ring: tuple[Market, Cycle], sized: SizedCycle | None, *, inputs: Iterable[int], fee_bps: int
) -> Fraction:
    """How much more another input earns, as a share of what is tolerated."""
    best = max([0, *(profit(ring, amount_in, fee_bps) for amount_in in inputs)])
    earned = sized.gross_profit if sized else 0
    return (best - earned) / tolerance(*ring, best)


def without_closed_form(market: Market, depth: int = 2**112) -> Market:
    """The same market, every pool of which is of a kind that sizing does not know."""
    return market_of(
        ConcavePool(inside=pool, depth=depth)
        for pool in market.pools.values()
        if isinstance(pool, ConstantProductPool)
    )


@given(ring=rings(magnitudes=(1, 3.5)), fee_bps=fees_bps, is_closed=st.booleans())
def test_no_input_of_a_small_market_earns_more(
    ring: tuple[Market, Cycle], fee_bps: int, *, is_closed: bool
) -> None:
    market = ring[0] if is_closed else without_closed_form(ring[0])

    sized = size_cycle(market, ring[1], fee_bps=fee_bps, max_input=UINT112_MAX)

    assert regret((market, ring[1]), sized, inputs=range(1, 3_000), fee_bps=fee_bps) <= 1


@given(
    ring=rings(magnitudes=(6, 30)),
    fee_bps=fees_bps,
    is_closed=st.booleans(),
    inputs=st.lists(st.integers(1, 10**31), max_size=50),
    shifts=st.lists(st.integers(-(10**6), 10**6), max_size=50),
)
def test_neither_a_neighbour_nor_a_random_input_earns_more(
    ring: tuple[Market, Cycle],
    *,
    fee_bps: int,
    inputs: list[int],
    shifts: list[int],
    is_closed: bool,
) -> None:
    market = ring[0] if is_closed else without_closed_form(ring[0])

    sized = size_cycle(market, ring[1], fee_bps=fee_bps, max_input=UINT112_MAX)

    around = sized.amounts[0] if sized else 1
    near = [around + shift for shift in (-2, -1, 1, 2, *shifts)]
    scaled = [around * factor // 1_000 for factor in (1, 500, 900, 990, 999, 1_001, 1_010, 2_000)]
    assert regret((market, ring[1]), sized, inputs=[*inputs, *near, *scaled], fee_bps=fee_bps) <= 1


@given(ring=rings(magnitudes=(18, 27)), fee_bps=fees_bps)
def test_closed_form_and_search_agree(ring: tuple[Market, Cycle], fee_bps: int) -> None:
    market, cycle = ring

    solved = size_cycle(market, cycle, fee_bps=fee_bps, max_input=UINT112_MAX)
    searched = size_cycle(
        without_closed_form(market), cycle, fee_bps=fee_bps, max_input=UINT112_MAX
    )

    earned = [sized.gross_profit if sized else 0 for sized in (solved, searched)]
    assert abs(earned[0] - earned[1]) <= tolerance(market, cycle, max(earned))


@given(ring=rings(magnitudes=(18, 27)), fee_bps=fees_bps)
def test_sized_cycle_states_what_its_amounts_earn(ring: tuple[Market, Cycle], fee_bps: int) -> None:
    sized = size_cycle(*ring, fee_bps=fee_bps, max_input=UINT112_MAX)
    assume(sized is not None)
    assert sized is not None

    assert sized.amounts == quote_cycle(*ring, sized.amounts[0])
    assert sized.flash_fee == flash_fee_half_up(sized.amounts[0], fee_bps)
    assert sized.gross_profit == sized.amounts[-1] - sized.amounts[0] - sized.flash_fee > 0


@given(ring=rings(magnitudes=(18, 24)), max_input=st.integers(0, 10**24), is_closed=st.booleans())
def test_best_input_under_a_cap_is_the_cap_or_the_optimum(
    ring: tuple[Market, Cycle], max_input: int, *, is_closed: bool
) -> None:
    market = ring[0] if is_closed else without_closed_form(ring[0])
    free = size_cycle(market, ring[1], fee_bps=0, max_input=UINT112_MAX)

    capped = size_cycle(market, ring[1], fee_bps=0, max_input=max_input)

    best = min(max_input, free.amounts[0]) if free else max_input
    assert capped is None or capped.amounts[0] <= max_input
    assert regret((market, ring[1]), capped, inputs=[best], fee_bps=0) <= 1


@given(ring=rings(magnitudes=(18, 24)), depth=st.integers(10**7, 10**24))
def test_size_that_a_pool_refuses_is_the_end_of_the_range(
    ring: tuple[Market, Cycle], depth: int
) -> None:
    market, cycle = without_closed_form(ring[0], depth), ring[1]
    inputs = [depth, *(depth * 2**step // 16 for step in range(16))]

    sized = size_cycle(market, cycle, fee_bps=0, max_input=UINT112_MAX)

    # The search ends within one part in ten million of the last size that is taken.
    best = max([0, *(profit((market, cycle), amount_in, 0) for amount_in in inputs)])
    earned = sized.gross_profit if sized else 0
    assert best - earned <= tolerance(market, cycle, best) + Fraction(best, 10**7)


@given(units=st.integers(20, 400), gap=st.integers(2, 9), is_closed=st.booleans())
def test_best_number_of_coarse_units_on_the_way_is_bought_for_no_more_than_it_costs(
    units: int, gap: int, *, is_closed: bool
) -> None:
    pools = [
        pool_of("one", (BASE, A), (10**18, units)),
        pool_of("two", (A, BASE), (units, gap * 10**18)),
    ]
    cycle = ring_of(pools, (BASE, A))
    market = market_of(pools) if is_closed else without_closed_form(market_of(pools))

    sized = size_cycle(market, cycle, fee_bps=0, max_input=UINT112_MAX)

    costs = [pools[0].amount_in(BASE, A, bought) for bought in range(1, units)]
    best = max(profit((market, cycle), cost, 0) for cost in costs)
    assert sized is not None
    assert sized.gross_profit >= best


@given(reserve=st.integers(1, UINT112_MAX), fee_pips=st.integers(0, 10_000))
@example(reserve=UINT112_MAX, fee_pips=0)
@example(reserve=1, fee_pips=0)
def test_sizing_of_pools_that_agree_returns_none(reserve: int, fee_pips: int) -> None:
    pools = [
        pool_of(name, (BASE, A), (reserve, reserve), fee_pips=fee_pips) for name in ("one", "two")
    ]

    for market in (market_of(pools), without_closed_form(market_of(pools))):
        assert size_cycle(market, ring_of(pools, (BASE, A)), fee_bps=0, max_input=10**40) is None


def test_fee_that_eats_the_gap_leaves_nothing_to_size() -> None:
    pools = [
        pool_of("one", (BASE, A), (10**18, 101 * 10**16), fee_pips=0),
        pool_of("two", (A, BASE), (10**18, 10**18), fee_pips=0),
    ]
    market, cycle = market_of(pools), ring_of(pools, (BASE, A))

    assert size_cycle(market, cycle, fee_bps=99, max_input=10**18) is not None
    assert size_cycle(market, cycle, fee_bps=100, max_input=10**18) is None


def test_optimum_beyond_the_contracts_range_is_cut_to_it() -> None:
    nearly_full = UINT112_MAX - 10**30
    pools = [
        pool_of("one", (BASE, A), (nearly_full, UINT112_MAX), fee_pips=0),
        pool_of("two", (A, BASE), (10**32, 10**33), fee_pips=0),
    ]

    sized = size_cycle(market_of(pools), ring_of(pools, (BASE, A)), fee_bps=0, max_input=10**40)

    assert sized is not None
    assert 10**30 - 10**24 < sized.amounts[0] <= 10**30


@pytest.mark.parametrize(
    ("amount", "fee_bps", "half_up", "up"),
    [(0, 5, 0, 0), (1, 5, 0, 1), (999, 5, 0, 1), (1_000, 5, 1, 1), (2_001, 5, 1, 2), (7, 0, 0, 0)],
)
def test_flash_fee_rounds_as_its_lender_does(
    amount: int, fee_bps: int, *, half_up: int, up: int
) -> None:
    assert flash_fee_half_up(amount, fee_bps) == half_up
    assert flash_fee_up(amount, fee_bps) == up


def test_fee_rule_of_the_lender_is_charged() -> None:
    pools = [
        pool_of("one", (BASE, A), (10**6, 2 * 10**6)),
        pool_of("two", (A, BASE), (10**6, 10**6)),
    ]

    sized = size_cycle(
        market_of(pools),
        ring_of(pools, (BASE, A)),
        fee_bps=1,
        max_input=10**18,
        flash_fee=flash_fee_up,
    )

    assert sized is not None
    assert sized.flash_fee == -(-sized.amounts[0] * 1 // (ONE_MILLION // 100))


@pytest.mark.parametrize("flash_fee", [flash_fee_of_repayment_up, flash_fee_two_units])
@given(ring=rings(magnitudes=(1, 3.5)), fee_bps=fees_bps)
def test_closed_form_finds_the_best_input_under_other_fee_rules(
    ring: tuple[Market, Cycle], fee_bps: int, *, flash_fee: FeeRule
) -> None:
    sized = size_cycle(*ring, fee_bps=fee_bps, max_input=UINT112_MAX, flash_fee=flash_fee)

    def earned(amount_in: int) -> int:
        return profit(ring, amount_in, 0) - flash_fee(amount_in, fee_bps)

    best = max([0, *map(earned, range(1, 3_000))])
    assert best - (sized.gross_profit if sized else 0) <= tolerance(*ring, best)


@given(amount=st.integers(0, 2**112), fee_bps=st.sampled_from((0, 1, 20, 30, 100)))
def test_repayment_is_the_least_that_a_pair_counts_in_full(amount: int, fee_bps: int) -> None:
    repaid = amount + flash_fee_of_repayment_up(amount, fee_bps)

    assert repaid * (10_000 - fee_bps) >= amount * 10_000
    assert (repaid - 1) * (10_000 - fee_bps) < amount * 10_000
