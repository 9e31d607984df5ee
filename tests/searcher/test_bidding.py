"""Whatever is bid leaves the minimum, and the guard on chain leaves it for any realised profit."""

from dataclasses import dataclass, replace
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphs.units import BPS, WEI_PER_ETHER
from searcher.base_fee import next_base_fee
from searcher.bidding import bid, expected_down, least_gross_profit_up, worst_base_fee
from searcher.flash_lenders import Lender
from searcher.model import Account, Bid, Block, Opportunity, Rejection
from searcher.settings.bot import (
    BiddingSettings,
)
from tests.searcher.records import AAVE, ACCOUNT, BALANCER, BLOCK, CYCLE, GWEI, OPPORTUNITY, OWNER

PROFITS = st.integers(min_value=1, max_value=2**112)
SHARES = st.integers(min_value=0, max_value=BPS)
KEPT = st.integers(min_value=0, max_value=2**100)
MINIMA = st.integers(min_value=0, max_value=10**21)


unbounded = partial(BiddingSettings, leak_bps=0, most_tip_share_bps=BPS)
"""Settings under which nothing leaks and a tip may take all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A bid with what it was made of."""

    opportunity: Opportunity
    head: Block
    settings: BiddingSettings
    bid: Bid

    @property
    def gas_cost_wei(self) -> int:
        return self.bid.gas_limit_gas * self.bid.max_fee_per_gas_wei


@st.composite
def offers(draw: st.DrawFn) -> Offered:
    """Bids, from those that only just keep the minimum to those that keep far more."""
    head = replace(
        BLOCK,
        base_fee_wei=draw(st.integers(min_value=0, max_value=10**13)),
        gas_used_gas=draw(st.integers(min_value=0, max_value=BLOCK.gas_limit_gas)),
        account=replace(ACCOUNT, balance_wei=10**30),
    )
    share_bps = draw(st.integers(min_value=0, max_value=BPS - 1))
    settings = unbounded(tip_share_bps=share_bps, min_net_profit_wei=draw(MINIMA))
    gas_limit_gas = draw(st.integers(min_value=21_000, max_value=2_000_000))
    gas_cost_wei = gas_limit_gas * following_base_fee(head)
    kept_wei = max(1, gas_cost_wei + settings.min_net_profit_wei + draw(KEPT))
    opportunity = replace(
        OPPORTUNITY,
        gross_profit_wei=-(-kept_wei * BPS // (BPS - share_bps)),
        gas_limit_gas=gas_limit_gas,
    )
    offer = bid(opportunity, head, settings)
    assert isinstance(offer, Bid)
    return Offered(opportunity=opportunity, head=head, settings=settings, bid=offer)


def following_base_fee(head: Block) -> int:
    return next_base_fee(
        base_fee_wei=head.base_fee_wei,
        gas_used_gas=head.gas_used_gas,
        gas_limit_gas=head.gas_limit_gas,
    )


def declined(profit_wei: int, settings: BiddingSettings, account: Account = ACCOUNT) -> str:
    opportunity = replace(OPPORTUNITY, gross_profit_wei=profit_wei)
    offer = bid(opportunity, replace(BLOCK, account=account), settings)
    assert isinstance(offer, Rejection)
    assert (offer.stage, offer.block_number, offer.cycle) == ("bid", BLOCK.number, CYCLE)
    return offer.reason


@given(offer=offers())
def test_every_bid_keeps_the_minimum_after_tip_and_gas(offer: Offered) -> None:
    gross_wei, tip_wei = offer.opportunity.gross_profit_wei, offer.bid.tip_wei

    kept_wei = gross_wei - tip_wei - offer.gas_cost_wei
    assert kept_wei == offer.bid.net_profit_wei >= offer.settings.min_net_profit_wei
    assert 0 <= tip_wei * BPS <= gross_wei * offer.settings.tip_share_bps


@given(offer=offers(), surplus_wei=KEPT)
def test_guard_on_chain_keeps_the_minimum_for_any_realised_profit_above_it(
    offer: Offered, surplus_wei: int
) -> None:
    realised_wei = offer.bid.min_profit_wei + surplus_wei
    tip_wei = realised_wei * offer.bid.tip_share_bps // BPS

    kept_wei = realised_wei - tip_wei - offer.gas_cost_wei
    assert kept_wei >= offer.settings.min_net_profit_wei


@given(offer=offers())
def test_expected_profit_passes_its_own_guard(offer: Offered) -> None:
    assert offer.bid.min_profit_wei <= offer.opportunity.gross_profit_wei


@given(kept_wei=KEPT, share_bps=st.integers(min_value=0, max_value=BPS - 1))
@example(kept_wei=1, share_bps=BPS - 1)
def test_least_gross_profit_is_enough(kept_wei: int, share_bps: int) -> None:
    least_wei = least_gross_profit_up(kept_wei, share_bps)

    assert least_wei - least_wei * share_bps // BPS >= kept_wei


@given(kept_wei=st.integers(min_value=1, max_value=2**100), share_bps=SHARES)
def test_tip_never_exceeds_the_profit_it_is_paid_from(kept_wei: int, share_bps: int) -> None:
    least_wei = least_gross_profit_up(kept_wei, share_bps)

    assert least_wei * share_bps // BPS <= least_wei


@given(profit_wei=PROFITS, minimum_wei=MINIMA)
def test_tip_share_of_one_is_always_declined_while_gas_costs_anything(
    profit_wei: int, minimum_wei: int
) -> None:
    settings = unbounded(tip_share_bps=BPS, min_net_profit_wei=minimum_wei)

    assert declined(profit_wei, settings) == "net profit below minimum"


@given(profit_wei=PROFITS)
def test_tip_share_of_one_with_free_gas_keeps_exactly_nothing(profit_wei: int) -> None:
    settings = unbounded(tip_share_bps=BPS, min_net_profit_wei=0)
    opportunity = replace(OPPORTUNITY, gross_profit_wei=profit_wei)

    offer = bid(opportunity, replace(BLOCK, base_fee_wei=0, gas_used_gas=0), settings)

    assert isinstance(offer, Bid)
    assert (offer.net_profit_wei, offer.tip_wei) == (0, profit_wei)


@given(offer=offers())
def test_bid_targets_the_next_block_at_exactly_its_base_fee(offer: Offered) -> None:
    assert offer.bid.target_block == offer.head.number + 1
    assert offer.bid.max_fee_per_gas_wei == following_base_fee(offer.head)


@pytest.mark.parametrize("lender", [AAVE, BALANCER])
def test_profit_one_wei_below_break_even_is_declined(lender: Lender) -> None:
    settings = unbounded(tip_share_bps=0, min_net_profit_wei=0)
    opportunity = replace(OPPORTUNITY, lender=lender)
    offer = bid(opportunity, BLOCK, settings)
    assert isinstance(offer, Bid)

    least = replace(opportunity, gross_profit_wei=offer.min_profit_wei)
    below = replace(opportunity, gross_profit_wei=offer.min_profit_wei - 1)
    assert isinstance(bid(least, BLOCK, settings), Bid)
    assert isinstance(bid(below, BLOCK, settings), Rejection)


def test_account_that_cannot_pay_the_gas_is_named() -> None:
    poor = Account(address=OWNER, nonce=0, balance_wei=GWEI)

    assert declined(WEI_PER_ETHER, BiddingSettings(), poor) == "balance below gas cost"


@given(
    net_wei=st.integers(min_value=-(2**112), max_value=2**112),
    cost_wei=st.integers(min_value=0, max_value=2**112),
    leaked=st.integers(min_value=0, max_value=BPS),
)
def test_expected_profit_is_the_average_over_ten_thousand_landings_rounded_down(
    net_wei: int, cost_wei: int, leaked: int
) -> None:
    expected_wei = expected_down(net_wei, cost_wei, leak_bps=leaked)

    total_wei = net_wei * (BPS - leaked) - cost_wei * leaked
    assert 0 <= total_wei - expected_wei * BPS < BPS


@given(offer=offers(), ahead=st.integers(min_value=1, max_value=5))
def test_bid_further_ahead_pays_for_the_worst_base_fee(offer: Offered, ahead: int) -> None:
    head = offer.head
    for _ in range(ahead - 1):
        full = replace(head, base_fee_wei=following_base_fee(head))
        head = replace(full, gas_used_gas=full.gas_limit_gas)

    later = bid(offer.opportunity, offer.head, offer.settings, ahead=ahead)

    fee_wei = worst_base_fee(offer.head, ahead)
    assert fee_wei == following_base_fee(head)
    if isinstance(later, Bid):
        assert (later.target_block, later.max_fee_per_gas_wei) == (BLOCK.number + ahead, fee_wei)
        assert later.expected_profit_wei >= offer.settings.min_net_profit_wei
    else:
        assert later.reason == "net profit below minimum"


def test_a_bid_that_leaks_too_often_is_declined() -> None:
    settings = unbounded(tip_share_bps=0, min_net_profit_wei=0)
    often = settings.model_copy(update={"leak_bps": 9_000})

    assert isinstance(bid(replace(OPPORTUNITY, gross_profit_wei=10**15), BLOCK, settings), Bid)
    assert declined(10**15, often) == "net profit below minimum"
