"""Two pools with a gap: which lender, how much, in which order, and when nothing at all."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from graphs.quotes import quote_cycle
from graphs.units import WEI_PER_ETHER, Address, PoolId
from searcher.model import Lender, LenderKind
from searcher.strategy import FEE_RULES, find_opportunities
from searcher.tracker import Snapshot
from tests.graphs.books import book_of
from tests.searcher.records import (
    AAVE,
    BALANCER,
    BLOCK,
    CHEAP,
    DAI,
    DEAR,
    GAP,
    SEARCH,
    START,
    WETH,
    constant_product,
    market,
    snapshot,
)

DEPTHS = st.integers(min_value=0, max_value=10**22)
LENDERS = st.lists(
    st.builds(
        lambda lender, available: replace(lender, available=available),
        lender=st.sampled_from([AAVE, BALANCER]),
        available=DEPTHS,
    ),
    max_size=3,
)
RESERVES = st.integers(min_value=10**15, max_value=10**24)


@pytest.fixture(autouse=True, scope="module")
def _compiled_kernels() -> None:
    """Compile the search once, so that no example is charged for it."""
    find_opportunities(snapshot(), base=WETH, settings=SEARCH, set_aside=())


def lent_by(*lenders: Lender) -> Snapshot:
    return snapshot(START, replace(BLOCK, lenders=lenders))


def profit_with(lender: Lender) -> int:
    found = find_opportunities(lent_by(lender), base=WETH, settings=SEARCH, set_aside=())
    return max((one.gross_profit_wei for one in found.opportunities), default=0)


@given(aave=DEPTHS, balancer=DEPTHS)
def test_lender_that_leaves_the_greater_profit_is_chosen(aave: int, balancer: int) -> None:
    lenders = replace(AAVE, available=aave), replace(BALANCER, available=balancer)
    profits = {lender.kind: profit_with(lender) for lender in lenders}
    assume(max(profits.values()) > 0)

    best = find_opportunities(
        lent_by(*lenders), base=WETH, settings=SEARCH, set_aside=()
    ).opportunities[0]

    assert best.gross_profit_wei == max(profits.values())
    assert profits[best.lender.kind] == best.gross_profit_wei


def test_order_book_in_the_market_is_part_of_no_opportunity() -> None:
    gift = book_of("kraken:WETH/DAI", (WETH, DAI), bids=((10**6, 10**21),), asks=((10**7, 1),))
    with_book = snapshot(market(*GAP, gift))

    found = find_opportunities(with_book, base=WETH, settings=SEARCH, set_aside=())

    assert found == find_opportunities(snapshot(), base=WETH, settings=SEARCH, set_aside=())
    assert found.opportunities


def test_deep_lender_with_a_fee_beats_a_shallow_one_without() -> None:
    shallow = replace(BALANCER, available=WEI_PER_ETHER // 100)

    best = find_opportunities(
        lent_by(shallow, AAVE), base=WETH, settings=SEARCH, set_aside=()
    ).opportunities[0]

    assert best.lender.kind is LenderKind.AAVE_V3
    assert best.flash_fee_wei > 0


def test_free_lender_beats_one_with_a_fee_at_equal_depth() -> None:
    found = find_opportunities(lent_by(AAVE, BALANCER), base=WETH, settings=SEARCH, set_aside=())

    assert found.opportunities[0].lender.kind is LenderKind.BALANCER_V2


@given(first=RESERVES, second=RESERVES, third=RESERVES, lenders=LENDERS)
def test_every_opportunity_balances_its_amounts_to_the_wei(
    *, first: int, second: int, third: int, lenders: list[Lender]
) -> None:
    pools = constant_product(CHEAP, first, second), constant_product(DEAR, third, second)
    state = snapshot(market(*pools), replace(BLOCK, lenders=tuple(lenders)))

    for found in find_opportunities(state, base=WETH, settings=SEARCH, set_aside=()).opportunities:
        borrowed, returned = found.amounts[0], found.amounts[-1]
        fee = FEE_RULES[found.lender.kind](borrowed, found.lender.fee_bps)
        assert found.amounts == quote_cycle(state.market, found.cycle, borrowed)
        assert found.flash_fee_wei == fee
        assert found.gross_profit_wei == returned - borrowed - fee > 0
        assert 0 < borrowed <= found.lender.available


def test_nothing_is_found_without_lenders() -> None:
    assert (
        find_opportunities(lent_by(), base=WETH, settings=SEARCH, set_aside=()).opportunities == ()
    )


def test_nothing_is_found_when_only_another_token_can_be_borrowed() -> None:
    other = replace(BALANCER, asset=DAI)

    assert (
        find_opportunities(lent_by(other), base=WETH, settings=SEARCH, set_aside=()).opportunities
        == ()
    )


@given(reserve0=RESERVES, reserve1=RESERVES)
def test_nothing_is_found_where_the_product_of_rates_is_exactly_one(
    reserve0: int, reserve1: int
) -> None:
    pools = (
        constant_product(CHEAP, reserve0, reserve1, fee_pips=0),
        constant_product(DEAR, reserve0, reserve1, fee_pips=0),
    )

    found = find_opportunities(snapshot(market(*pools)), base=WETH, settings=SEARCH, set_aside=())

    assert (found.opportunities, found.nominated, found.truncated) == ((), 0, False)


def test_nothing_is_found_from_a_token_that_no_pool_trades() -> None:
    absent = Address("0x" + "cc" * 20)
    state = lent_by(replace(BALANCER, asset=absent))

    assert find_opportunities(state, base=absent, settings=SEARCH, set_aside=()).opportunities == ()


@given(gaps=st.lists(st.integers(min_value=2_000, max_value=3_000), min_size=2, max_size=5))
def test_opportunities_are_ordered_by_profit_then_cycle(gaps: list[int]) -> None:
    pools = [
        constant_product(PoolId(f"0x{index:040x}"), 10**21, price * 10**21)
        for index, price in enumerate(gaps)
    ]
    state = snapshot(market(*pools))

    found = find_opportunities(state, base=WETH, settings=SEARCH, set_aside=()).opportunities

    keys = [(-one.gross_profit_wei, one.cycle, one.lender.kind) for one in found]
    assert keys == sorted(keys)
    assert (
        found == find_opportunities(state, base=WETH, settings=SEARCH, set_aside=()).opportunities
    )


def test_search_that_was_cut_short_says_so() -> None:
    pools = (*GAP, constant_product(PoolId("0x" + "4" * 40), 10**21, 5 * 10**24))
    settings = SEARCH.model_copy(update={"max_cycles": 1})

    found = find_opportunities(snapshot(market(*pools)), base=WETH, settings=settings, set_aside=())

    assert found.truncated
