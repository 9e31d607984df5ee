"""From an opportunity to a bid: what inclusion costs, and what must remain for it to be worth it.

The tip is a share of the realised profit that the executor computes on chain, and the priority fee
is zero: a transaction that leaks out of its bundle pays no tip for failing. The base fee of the
next block is known exactly (EIP-1559), so gas is the only estimate here.
"""

from graphs.fixed_point import mul_div_down, mul_div_up
from graphs.objective import Objective
from graphs.units import BPS
from graphs.valuation import Valuation
from searcher.base_fee import greatest_next_base_fee, next_base_fee
from searcher.gas_bounds import LEAST_HOP_GAS
from searcher.model import Bid, Block, Opportunity, Rejection
from searcher.settings.bot import (
    BiddingSettings,
)

BID = "bid"
"""The stage of a rejection because it is not worth a bid, or none can be made."""

BELOW_MINIMUM = "net profit below minimum"
"""What is said of the best where nothing leaves enough."""


def objective(
    block: Block, loan_gas: int, settings: BiddingSettings, *, valuation: Valuation
) -> Objective:
    """What a transaction in the next block must pay for at least.

    Each hop is charged as if it were of the cheapest kind of pool; a bid knows the pools.
    """
    base_fee_wei = following_base_fee(block)
    return Objective(
        fixed_cost_wei=loan_gas * base_fee_wei,
        hop_cost_wei=LEAST_HOP_GAS * base_fee_wei,
        tip_share_bps=settings.tip_policy.least_share_bps,
        min_net_profit_wei=settings.min_net_profit_wei,
        valuation=valuation,
    )


def following_base_fee(block: Block) -> int:
    """The base fee of the block's child, in wei per gas."""
    return next_base_fee(
        base_fee_wei=block.base_fee_wei,
        gas_used_gas=block.gas_used_gas,
        gas_limit_gas=block.gas_limit_gas,
    )


def worst_base_fee(block: Block, ahead: int) -> int:
    """The most that the base fee can be so many blocks ahead: exact for one, then full blocks."""
    fee_wei = following_base_fee(block)
    for _ in range(ahead - 1):
        fee_wei = greatest_next_base_fee(fee_wei)
    return fee_wei


def bid(
    opportunity: Opportunity, block: Block, settings: BiddingSettings, *, ahead: int = 1
) -> Bid | Rejection:
    """Price the inclusion so many blocks ahead, or decline with a named reason.

    Gas is charged at its upper bound and at the worst base fee, so the real net profit is never
    below the bid's. The least that must remain is asked of the expected profit, which pays for the
    times that the transaction lands outside its bundle and reverts.
    """
    max_fee_wei = worst_base_fee(block, ahead)
    gas_cost_wei = opportunity.gas_limit_gas * max_fee_wei
    share_bps = settings.tip_policy.share_bps(opportunity.gross_profit_wei)
    tip_wei = mul_div_down(opportunity.gross_profit_wei, share_bps, BPS)
    net_profit_wei = opportunity.gross_profit_wei - tip_wei - gas_cost_wei
    expected_profit_wei = expected_down(net_profit_wei, gas_cost_wei, leak_bps=settings.leak_bps)
    if expected_profit_wei < settings.min_net_profit_wei:
        return _declined(opportunity, BELOW_MINIMUM)
    if block.account.balance_wei < gas_cost_wei:
        return _declined(opportunity, "balance below gas cost")
    return Bid(
        opportunity=opportunity,
        target_block=block.number + ahead,
        tip_share_bps=share_bps,
        tip_wei=tip_wei,
        min_profit_wei=least_gross_profit_up(gas_cost_wei + settings.min_net_profit_wei, share_bps),
        gas_limit_gas=opportunity.gas_limit_gas,
        max_fee_per_gas_wei=max_fee_wei,
        net_profit_wei=net_profit_wei,
        expected_profit_wei=expected_profit_wei,
    )


def expected_down(net_profit_wei: int, leak_cost_wei: int, *, leak_bps: int) -> int:
    """What remains on average where so many of ten thousand land alone and revert; rounded down."""
    kept = net_profit_wei * (BPS - leak_bps) - leak_cost_wei * leak_bps
    return kept // BPS


def least_gross_profit_up(kept_wei: int, tip_share_bps: int) -> int:
    """The least gross profit of which, after the tip, this much remains; rounded up.

    With a tip share of one nothing ever remains: then the whole amount is asked for, and the
    minimum net profit has declined the opportunity before.
    """
    return mul_div_up(kept_wei, BPS, max(BPS - tip_share_bps, 1))


def _declined(opportunity: Opportunity, reason: str) -> Rejection:
    return Rejection(
        block_number=opportunity.block_number,
        cycle=opportunity.cycle,
        stage=BID,
        reason=reason,
    )
