"""From a bid to signed bytes for one target block, and the gate that those bytes must pass.

Identifiers are pure functions of what they identify, so a replay writes the same ledger.
"""

import hashlib
import uuid

from graphs.market import Market
from graphs.units import Address
from searcher.calldata import encode_execute
from searcher.flashbots import bundle_hash, transaction_hash
from searcher.model import AdmittedBundle, Bid, Bundle, Rejection, Simulation
from searcher.plan_hops import plan_hop
from searcher.plans import Plan
from searcher.ports import Signer, UnsignedTransaction

SIMULATE = "simulate"
"""The stage of a rejection because nobody simulated the bundle."""

ADMIT = "admit"
"""The stage of a rejection because the simulation was not what had been predicted."""


def assemble(bid: Bid, *, market: Market, executor: Address, signer: Signer, nonce: int) -> Bundle:
    """Encode the executor's plan and sign it for the bid's target block alone."""
    transaction = UnsignedTransaction(
        nonce=nonce,
        to=executor,
        data=encode_execute(plan(bid, market)),
        gas_limit_gas=bid.gas_limit_gas,
        max_fee_per_gas_wei=bid.max_fee_per_gas_wei,
        max_priority_fee_per_gas_wei=0,
    )
    raw = signer.sign(transaction)
    tx_hash = transaction_hash(raw)
    return Bundle(
        id=bundle_id(bid, tx_hash),
        bid=bid,
        txs=(raw,),
        tx_hashes=(tx_hash,),
        bundle_hash=bundle_hash((tx_hash,)),
        nonce=nonce,
    )


def plan(bid: Bid, market: Market) -> Plan:
    """The bid as the executor reads it."""
    opportunity = bid.opportunity
    hops = tuple(plan_hop(market.pools[hop.pool_id], hop) for hop in opportunity.cycle.hops)
    return Plan(
        target_block=bid.target_block,
        min_profit=bid.min_profit_wei,
        tip_share_bps=bid.tip_share_bps,
        source=opportunity.lender.source,
        asset=opportunity.cycle.base,
        amount_in=opportunity.amounts[0],
        hops=hops,
    )


def bundle_id(bid: Bid, tx_hash: str) -> str:
    """A UUIDv4-shaped name: one per transaction and target block (RFC 9562 layout)."""
    digest = hashlib.sha256(f"{bid.target_block}:{tx_hash}".encode()).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def admit(bundle: Bundle, simulation: Simulation) -> AdmittedBundle | Rejection:
    """Let a bundle out only if these very bytes did, in simulation, what was predicted.

    A profit other than the predicted one is declined even when it is higher: something on the way
    is not understood.
    """
    bid = bundle.bid
    if not simulation.has_run:
        return _declined(bundle, SIMULATE, f"not simulated: {simulation.revert_reason}")
    reason = None
    if simulation.bundle_hash != bundle.bundle_hash:
        reason = "other bytes were simulated"
    elif simulation.revert_reason is not None:
        reason = f"simulation reverted: {simulation.revert_reason}"
    elif simulation.state_block != bid.opportunity.block_number:
        reason = "simulated on another block"
    elif simulation.gross_profit_wei != bid.opportunity.gross_profit_wei:
        reason = "simulated profit differs from expected"
    if reason is None:
        return AdmittedBundle(bundle=bundle, simulation=simulation)
    return _declined(bundle, ADMIT, reason)


def _declined(bundle: Bundle, stage: str, reason: str) -> Rejection:
    return Rejection(
        block_number=bundle.bid.opportunity.block_number,
        cycle=bundle.bid.opportunity.cycle,
        stage=stage,
        reason=reason,
    )
