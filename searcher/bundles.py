"""From a bid to signed bytes for one target block, and the gate that those bytes must pass.

Identifiers are pure functions of what they identify, so a replay writes the same ledger.
"""

import hashlib
import uuid
from dataclasses import dataclass

from graphs.market import Market
from graphs.units import Address
from searcher.calldata import encode_execute
from searcher.flashbots import bundle_hash, transaction_hash
from searcher.model import AdmittedBundle, Bid, Bundle, Rejection, Simulation
from searcher.pending import PendingTransaction
from searcher.plan_hops import plan_hop
from searcher.plans import Plan
from searcher.ports import Signer, UnsignedTransaction

SIMULATE = "simulate"
"""The stage of a rejection because nobody simulated the bundle."""

ADMIT = "admit"
"""The stage of a rejection because the simulation was not what had been predicted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a bundle is made of: bids for one block, each on the market that the last one leaves."""

    bids: tuple[Bid, ...]
    """One at least, all for the same block."""

    market: Market
    """Whose pools they trade."""

    target: PendingTransaction | None = None
    """What they follow; None for block arbitrage."""


def assemble(
    offer: Offer,
    *,
    executor: Address,
    signer: Signer,
    nonce: int,
    max_timestamp_s: int | None = None,
) -> Bundle:
    """Encode the executor's plans and sign them for the bids' target block alone, in order."""
    first, *rest = offer.bids
    own = [
        signer.sign(
            UnsignedTransaction(
                nonce=nonce + index,
                to=executor,
                data=encode_execute(plan(bid, offer.market)),
                gas_limit_gas=bid.gas_limit_gas,
                max_fee_per_gas_wei=bid.max_fee_per_gas_wei,
                max_priority_fee_per_gas_wei=0,
            )
        )
        for index, bid in enumerate(offer.bids)
    ]
    before = () if offer.target is None else (offer.target.transaction,)
    own_hashes = [transaction_hash(raw) for raw in own]
    hashes = (*(transaction.hash for transaction in before), *own_hashes)
    digest = bundle_hash(hashes)
    return Bundle(
        id=_named(f"{first.target_block}:{digest}"),
        uuid=replacement_uuid(offer, signer.address),
        bid=first,
        sequels=tuple(rest),
        target=offer.target,
        max_timestamp_s=max_timestamp_s,
        txs=(*(transaction.raw for transaction in before), *own),
        tx_hashes=hashes,
        bundle_hash=digest,
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


def replacement_uuid(offer: Offer, sender: Address) -> str:
    """One for each sender, target block and cause: what a better bundle replaces at the relays.

    The cause of a backrun is its target transaction. Block arbitrage has one bundle for a block,
    since all of them would use the same nonce.
    """
    target = "block" if offer.target is None else offer.target.transaction.hash
    return _named(f"{sender}:{offer.bids[0].target_block}:{target}")


def _named(text: str) -> str:
    """A UUIDv4-shaped name (RFC 9562 layout)."""
    digest = hashlib.sha256(text.encode()).digest()
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
    elif simulation.gross_profit_wei != bundle.gross_profit_wei:
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
