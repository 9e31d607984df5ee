"""Who lends: the cheapest that can serve the cycle, and a reason for each that does not."""

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from graphs.pools.weighted import WeightedPool
from graphs.units import WEI_PER_ETHER, Address
from searcher.flash_lenders import Lender, LenderKind, LenderRefusal
from searcher.flash_sources import FEE_RULES, obstacle
from searcher.gas_bounds import LOAN_GAS
from searcher.model import Opportunity
from searcher.scan import scan_snapshot
from searcher.settings.bot import (
    BiddingSettings,
)
from searcher.strategy import find_opportunities
from tests.searcher.records import (
    AAVE,
    BALANCER,
    BLOCK,
    CHEAP,
    CYCLE,
    DAI,
    DEAR,
    START,
    TERMS,
    WETH,
    market,
    snapshot,
)

FREE = replace(TERMS, bidding=BiddingSettings(tip_share_bps=0, min_net_profit_wei=0))
FREE_BLOCK = replace(BLOCK, base_fee_wei=0, gas_used_gas=0)
MANAGER = replace(BALANCER, kind=LenderKind.UNISWAP_V4, address=Address("0x" + "c0" * 20))
SOLO = replace(BALANCER, kind=LenderKind.DYDX_SOLO, address=Address("0x" + "d0" * 20))
PAIR = replace(BALANCER, kind=LenderKind.UNISWAP_V2, address=Address("0x" + "e0" * 20), fee_bps=30)
FIRST_POOL = replace(BALANCER, kind=LenderKind.NONE, address=Address("0x" + "0" * 40))
DEPTHS = st.just(0) | st.integers(min_value=10**15, max_value=10**20)
"""Nothing, or so much that no fee is rounded to nothing."""

LENDERS = st.lists(
    st.builds(
        lambda lender, depth: replace(lender, available=depth),
        lender=st.sampled_from([AAVE, BALANCER, MANAGER, SOLO, PAIR, FIRST_POOL]),
        depth=DEPTHS,
    ),
    max_size=6,
    unique_by=lambda lender: lender.kind,
)


@pytest.fixture(autouse=True, scope="module")
def _compiled_kernels() -> None:
    """Compile the search once, so that no example is charged for it."""
    found(AAVE)


def found(*lenders: Lender) -> tuple[Opportunity, ...]:
    scan = scan_snapshot(snapshot(START, replace(FREE_BLOCK, lenders=lenders)), FREE, before=None)
    return find_opportunities(scan, FREE, set_aside=()).opportunities


def reasons(opportunity: Opportunity) -> dict[LenderKind, tuple[str, int]]:
    return {one.lender.kind: (one.reason, one.by) for one in opportunity.passed_over}


@given(lenders=LENDERS)
def test_chosen_lender_takes_the_least_gas_of_those_that_cost_the_same(
    lenders: list[Lender],
) -> None:
    for opportunity in found(*lenders):
        amount = opportunity.amounts[0]
        equals = [
            lender
            for lender in lenders
            if lender.available >= amount
            and FEE_RULES[lender.kind](amount, lender.fee_bps) == opportunity.flash_fee_wei
        ]
        assert opportunity.lender in equals
        assert LOAN_GAS[opportunity.lender.kind] == min(LOAN_GAS[one.kind] for one in equals)


@given(lenders=LENDERS)
def test_every_other_lender_is_passed_over_with_a_reason(lenders: list[Lender]) -> None:
    for opportunity in found(*lenders):
        named = [one.lender for one in opportunity.passed_over]
        assert named == [lender for lender in lenders if lender != opportunity.lender]
        assert all(one.reason for one in opportunity.passed_over)


@given(lenders=LENDERS)
def test_no_lender_alone_leaves_more_than_all_together(lenders: list[Lender]) -> None:
    together = max((one.gross_profit_wei for one in found(*lenders)), default=0)

    for lender in lenders:
        assert max((one.gross_profit_wei for one in found(lender)), default=0) <= together


@pytest.mark.parametrize("refusal", LenderRefusal)
def test_lender_that_refuses_is_skipped_with_its_reason(refusal: LenderRefusal) -> None:
    refusing = replace(BALANCER, available=0, refusal=refusal)

    best = found(AAVE, refusing)[0]

    assert best.lender == AAVE
    assert reasons(best) == {LenderKind.BALANCER_V2: (refusal.value, 0)}


def test_each_reason_says_what_decided() -> None:
    shallow = replace(SOLO, available=WEI_PER_ETHER)

    best = found(AAVE, BALANCER, MANAGER, shallow, PAIR)[0]

    assert best.lender == MANAGER
    amount, aave_fee = best.amounts[0], FEE_RULES[LenderKind.AAVE_V3](best.amounts[0], 5)
    assert reasons(best) == {
        LenderKind.AAVE_V3: ("costs more", aave_fee),
        LenderKind.BALANCER_V2: ("takes no less gas", 20_000),
        LenderKind.DYDX_SOLO: ("lends too little", amount - WEI_PER_ETHER),
        LenderKind.UNISWAP_V2: ("costs more", FEE_RULES[LenderKind.UNISWAP_V2](amount, 30)),
    }


@pytest.mark.parametrize("kind", [LenderKind.UNISWAP_V2, LenderKind.UNISWAP_V3])
def test_pool_does_not_lend_to_a_cycle_that_trades_with_it(kind: LenderKind) -> None:
    inside = replace(PAIR, kind=kind, address=Address(DEAR))

    assert found(inside) == ()
    assert reasons(found(inside, AAVE)[0]) == {kind: ("the cycle trades with it", 0)}


def test_vault_does_not_lend_to_a_cycle_that_trades_with_it() -> None:
    pool = WeightedPool(
        id=CHEAP,
        venue="balancer-v2",
        tokens=(WETH, DAI),
        balances=(10**18, 10**18),
        weights=(5 * 10**17, 5 * 10**17),
        decimals=(18, 18),
        swap_fee=10**15,
        has_exact_powers=True,
    )
    mixed = market(pool, START.pools[DEAR])

    assert obstacle(BALANCER, CYCLE, mixed) == "the cycle trades with its vault"
    assert obstacle(BALANCER, CYCLE, START) is None
    assert obstacle(MANAGER, CYCLE, mixed) is None


def test_cycle_too_large_for_its_lenders_is_sized_again() -> None:
    depth = WEI_PER_ETHER
    deep_inside = replace(PAIR, fee_bps=0, kind=LenderKind.UNISWAP_V3, address=Address(DEAR))

    best = found(replace(BALANCER, available=depth), deep_inside)[0]

    assert best.lender.kind is LenderKind.BALANCER_V2
    assert 0 < best.amounts[0] <= depth
    assert best.gross_profit_wei == found(replace(BALANCER, available=depth))[0].gross_profit_wei


@given(depth=DEPTHS)
def test_lender_of_last_resort_is_used_when_the_others_are_drained(depth: int) -> None:
    assume(found(replace(AAVE, available=depth)))
    drained = replace(BALANCER, available=0, refusal=LenderRefusal.DRAINED)

    best = found(drained, replace(AAVE, available=depth))[0]

    assert best.lender.kind is LenderKind.AAVE_V3
