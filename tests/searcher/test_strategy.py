"""Two pools with a gap: which lender, how much, in which order, and when nothing at all.

Where gas and tips are not what a test is about, they are free, so that the net profit is the gross.
"""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.quotes import quote_cycle
from graphs.units import WEI_PER_ETHER, Address, PoolId
from searcher.bidding import bid
from searcher.flash_lenders import Lender, LenderKind
from searcher.flash_sources import FEE_RULES
from searcher.model import Bid
from searcher.scan import Terms, scan_snapshot
from searcher.settings.bot import (
    BiddingSettings,
)
from searcher.strategy import (
    NO_WORTH,
    NOMINATED_AT_MOST,
    ONLY_WETH,
    Aside,
    Found,
    find_opportunities,
)
from searcher.tracker import Snapshot
from tests.graphs.books import book_of
from tests.searcher.records import (
    AAVE,
    ACCOUNT,
    BALANCER,
    BLOCK,
    CHEAP,
    DAI,
    DEAR,
    GAP,
    SEARCH,
    START,
    TERMS,
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
FREE = replace(TERMS, bidding=BiddingSettings(tip_share_bps=0, min_net_profit_wei=0))
FREE_BLOCK = replace(BLOCK, base_fee_wei=0, gas_used_gas=0)
USDC = Address("0x" + "cc" * 20)


@pytest.fixture(autouse=True, scope="module")
def _compiled_kernels() -> None:
    """Compile the search once, so that no example is charged for it."""
    found_in(snapshot())


def three_way_market() -> Market:
    """A gap between three tokens, and pools to sell each of them for WETH."""
    sides = ((WETH, DAI, 2_000), (DAI, USDC, 1), (WETH, USDC, 2_200))
    return market(
        *(
            ConstantProductPool(
                id=PoolId(f"0x{number:040x}"),
                venue="uniswap-v2",
                token0=token0,
                token1=token1,
                reserve0=10**24,
                reserve1=price * 10**24,
                fee_pips=3_000,
            )
            for number, (token0, token1, price) in enumerate(sides)
        )
    )


def found_in(state: Snapshot, terms: Terms = FREE, set_aside: Aside = ()) -> Found:
    """What a first scan of a snapshot comes to."""
    return find_opportunities(scan_snapshot(state, terms, before=None), terms, set_aside=set_aside)


def lent_by(*lenders: Lender) -> Snapshot:
    return snapshot(START, replace(FREE_BLOCK, lenders=lenders))


def profit_with(lender: Lender) -> int:
    found = found_in(lent_by(lender))
    return max((one.gross_profit_wei for one in found.opportunities), default=0)


@given(aave=DEPTHS, balancer=DEPTHS)
def test_lender_that_leaves_the_greater_profit_is_chosen(aave: int, balancer: int) -> None:
    lenders = replace(AAVE, available=aave), replace(BALANCER, available=balancer)
    profits = {lender.kind: profit_with(lender) for lender in lenders}
    assume(max(profits.values()) > 0)

    best = found_in(lent_by(*lenders)).opportunities[0]

    assert best.gross_profit_wei == max(profits.values())
    assert profits[best.lender.kind] == best.gross_profit_wei


def test_order_book_in_the_market_is_part_of_no_opportunity() -> None:
    gift = book_of("kraken:WETH/DAI", (WETH, DAI), bids=((10**6, 10**21),), asks=((10**7, 1),))
    with_book = snapshot(market(*GAP, gift))

    found = found_in(with_book)

    assert found == found_in(snapshot())
    assert found.opportunities


def test_deep_lender_with_a_fee_beats_a_shallow_one_without() -> None:
    shallow = replace(BALANCER, available=WEI_PER_ETHER // 100)

    best = found_in(lent_by(shallow, AAVE)).opportunities[0]

    assert best.lender.kind is LenderKind.AAVE_V3
    assert best.flash_fee_wei > 0


def test_free_lender_beats_one_with_a_fee_at_equal_depth() -> None:
    found = found_in(lent_by(AAVE, BALANCER))

    assert found.opportunities[0].lender.kind is LenderKind.BALANCER_V2


@given(first=RESERVES, second=RESERVES, third=RESERVES, lenders=LENDERS)
def test_every_opportunity_balances_its_amounts_to_the_wei(
    *, first: int, second: int, third: int, lenders: list[Lender]
) -> None:
    pools = constant_product(CHEAP, first, second), constant_product(DEAR, third, second)
    state = snapshot(market(*pools), replace(FREE_BLOCK, lenders=tuple(lenders)))

    for found in found_in(state).opportunities:
        borrowed, returned = found.amounts[0], found.amounts[-1]
        fee = FEE_RULES[found.lender.kind](borrowed, found.lender.fee_bps)
        assert found.amounts == quote_cycle(state.market, found.cycle, borrowed)
        assert found.flash_fee_wei == fee
        assert found.gross_profit_wei == returned - borrowed - fee > 0
        assert 0 < borrowed <= found.lender.available


def test_nothing_is_found_without_lenders() -> None:
    assert found_in(lent_by()).opportunities == ()


def test_nothing_is_found_when_only_another_token_can_be_borrowed() -> None:
    other = replace(BALANCER, asset=DAI)

    assert found_in(lent_by(other)).opportunities == ()


@given(reserve0=RESERVES, reserve1=RESERVES)
def test_nothing_is_found_where_the_product_of_rates_is_exactly_one(
    reserve0: int, reserve1: int
) -> None:
    pools = (
        constant_product(CHEAP, reserve0, reserve1, fee_pips=0),
        constant_product(DEAR, reserve0, reserve1, fee_pips=0),
    )

    scan = scan_snapshot(snapshot(market(*pools), FREE_BLOCK), FREE, before=None)

    assert (scan.nominated, scan.truncated) == (0, False)
    assert find_opportunities(scan, FREE, set_aside=()) == Found(
        opportunities=(), declined=(), cut=()
    )


def test_nothing_is_found_from_a_token_that_no_pool_trades() -> None:
    absent = Address("0x" + "cc" * 20)
    state = lent_by(replace(BALANCER, asset=absent))

    assert found_in(state, replace(FREE, weth=absent)).opportunities == ()


@given(gaps=st.lists(st.integers(min_value=2_000, max_value=3_000), min_size=2, max_size=5))
def test_opportunities_are_ordered_by_profit_then_cycle_where_gas_is_free(gaps: list[int]) -> None:
    pools = [
        constant_product(PoolId(f"0x{index:040x}"), 10**21, price * 10**21)
        for index, price in enumerate(gaps)
    ]
    state = snapshot(market(*pools), FREE_BLOCK)

    found = found_in(state).opportunities

    keys = [(-one.gross_profit_wei, one.cycle, one.lender.kind) for one in found]
    assert keys == sorted(keys)
    assert found == found_in(state).opportunities


@given(
    gaps=st.lists(st.integers(min_value=2_000, max_value=3_000), min_size=2, max_size=5),
    gas_price_wei=st.integers(0, 10**12),
    tip_share_bps=st.integers(0, 10_000),
)
def test_opportunities_are_the_bids_that_can_be_made_in_their_order(
    gaps: list[int], gas_price_wei: int, tip_share_bps: int
) -> None:
    pools = [
        constant_product(PoolId(f"0x{index:040x}"), 10**21, price * 10**21)
        for index, price in enumerate(gaps)
    ]
    head = replace(BLOCK, base_fee_wei=gas_price_wei, account=replace(ACCOUNT, balance_wei=10**30))
    bidding = BiddingSettings(tip_share_bps=tip_share_bps, min_net_profit_wei=10**14)
    terms = replace(TERMS, bidding=bidding)

    found = found_in(snapshot(market(*pools), head), terms)

    bids = [bid(opportunity, head, bidding) for opportunity in found.opportunities]
    profits = [offer.net_profit_wei for offer in bids if isinstance(offer, Bid)]
    assert len(profits) == len(bids)
    assert profits == sorted(profits, reverse=True)


def test_cheaper_loan_beats_a_greater_gross_profit() -> None:
    shallow = replace(BALANCER, available=18 * WEI_PER_ETHER)
    dear = replace(BLOCK, lenders=(AAVE, shallow), base_fee_wei=4 * 10**11, gas_used_gas=0)
    terms = replace(TERMS, bidding=BiddingSettings(tip_share_bps=0, min_net_profit_wei=0))

    free = found_in(lent_by(AAVE, shallow)).opportunities
    best = found_in(snapshot(START, dear), terms).opportunities

    assert free[0].lender.kind is not best[0].lender.kind
    assert free[0].gross_profit_wei > best[0].gross_profit_wei


def test_best_of_what_leaves_too_little_is_declined_by_name() -> None:
    terms = replace(
        TERMS, bidding=BiddingSettings(tip_share_bps=0, min_net_profit_wei=10**6 * WEI_PER_ETHER)
    )

    found = found_in(snapshot(), terms)

    assert found.opportunities == ()
    (declined,) = found.declined
    assert (declined.stage, declined.reason) == ("bid", "net profit below minimum")
    assert declined.cycle == found_in(lent_by(BALANCER)).opportunities[0].cycle


def test_opportunity_in_another_token_is_declined_by_name_beside_those_in_weth() -> None:
    search = SEARCH.model_copy(update={"bases": (WETH, DAI)})
    head = replace(FREE_BLOCK, lenders=(BALANCER, replace(BALANCER, asset=DAI)))

    found = found_in(snapshot(START, head), replace(FREE, search=search))

    assert {opportunity.cycle.base for opportunity in found.opportunities} == {WETH}
    assert [(one.cycle.base, one.reason) for one in found.declined] == [(DAI, ONLY_WETH)]


def test_profit_in_a_token_that_cannot_be_sold_is_declined_by_name() -> None:
    search = SEARCH.model_copy(update={"bases": (DAI,)})
    head = replace(FREE_BLOCK, lenders=(replace(BALANCER, asset=DAI),))

    found = found_in(snapshot(START, head), replace(FREE, weth=USDC, search=search))

    assert [(one.cycle.base, one.reason) for one in found.declined] == [(DAI, NO_WORTH)]


def test_minimum_is_of_what_a_profit_in_another_token_sells_for() -> None:
    search = SEARCH.model_copy(update={"bases": (USDC,)})
    head = replace(FREE_BLOCK, lenders=(replace(BALANCER, asset=USDC, available=10**30),))
    state = snapshot(three_way_market(), head)

    declined = [
        found_in(
            state,
            Terms(
                weth=WETH,
                search=search,
                bidding=BiddingSettings(tip_share_bps=0, min_net_profit_wei=minimum_wei),
            ),
        )
        .declined[0]
        .reason
        for minimum_wei in (10**17, 10**20)
    ]

    assert declined == [ONLY_WETH, "net profit below minimum"]


def test_cycles_beyond_the_limit_are_searched_best_first_and_the_rest_is_bounded() -> None:
    pools = [
        constant_product(PoolId(f"0x{index:040x}"), 10**21, price * 10**21)
        for index, price in enumerate(range(2_000, 3_200, 20))
    ]
    state = snapshot(market(*pools), replace(FREE_BLOCK, lenders=(BALANCER,)))
    cut_short = replace(FREE, search=SEARCH.model_copy(update={"max_cycles": 1}))

    found = found_in(state, cut_short)

    everything = found_in(state)
    assert found.opportunities == everything.opportunities
    assert not everything.cut
    (cut,) = found.cut
    assert (cut.nominated, cut.base, cut.lender) == (NOMINATED_AT_MOST, WETH, BALANCER.kind)
    assert cut.left_out > 0
    assert cut.bound_wei is not None
    assert cut.bound_wei < min(one.gross_profit_wei for one in found.opportunities)


def test_cycles_that_are_too_long_for_a_bound_leave_it_open() -> None:
    update = {"max_cycles": 1, "max_hops": 8}
    state = snapshot(
        market(*GAP, constant_product(PoolId("0x" + "4" * 40), 10**21, 5 * 10**24)),
        replace(FREE_BLOCK, lenders=(BALANCER,)),
    )

    (cut,) = found_in(state, replace(FREE, search=SEARCH.model_copy(update=update))).cut

    assert cut.bound_wei is None


def test_next_scan_is_the_scan_of_its_snapshot_alone() -> None:
    moved = constant_product(CHEAP, 1_100 * WEI_PER_ETHER, 2_000_000 * WEI_PER_ETHER)
    first = scan_snapshot(snapshot(), TERMS, before=None)
    after = market(moved, GAP[1])
    state = replace(snapshot(after), graph=first.snapshot.graph.refreshed(after, [moved.id]))

    scan = scan_snapshot(state, TERMS, before=first)

    alone = scan_snapshot(state, TERMS, before=None)
    assert list(scan.standings[WETH].cycles) == list(alone.standings[WETH].cycles) != []


def test_bases_are_searched_once_each_and_weth_is_the_only_one_unless_named() -> None:
    named = replace(TERMS, search=SEARCH.model_copy(update={"bases": (DAI, WETH, DAI)}))

    assert (TERMS.bases, named.bases) == ((WETH,), (DAI, WETH))
