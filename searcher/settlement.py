"""How an intent ends, found from the chain: what was to be sent, and what a block says of it.

An intent is what the ledger keeps of a bundle before its first byte leaves, so that a bot that was
killed can account for everything that may be on its way.
"""

from dataclasses import dataclass

from searcher.model import Block, Bundle, Inclusion, Outcome, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A bundle that was, or may have been, sent."""

    bundle_id: str
    """Our name for these very bytes."""

    uuid: str
    """The relays' key for it: a later bundle with the same one replaces it."""

    block_number: int
    """The block that it was found on."""

    target_block: int
    """The only block that can hold it."""

    nonce: int
    """Of its first transaction of ours."""

    tx_hashes: tuple[str, ...]
    """Of our own transactions, in order."""

    max_fee_per_gas_wei: int
    """A base fee above this leaves it out."""

    withdrawn: str = ""
    """Why we no longer want it, which keeps nobody from including it; empty while we do."""


def intent_of(bundle: Bundle) -> Intent:
    """What is kept of a bundle."""
    return Intent(
        bundle_id=bundle.id,
        uuid=bundle.uuid,
        block_number=bundle.bid.opportunity.block_number,
        target_block=bundle.bid.target_block,
        nonce=bundle.nonce,
        tx_hashes=bundle.own_tx_hashes,
        max_fee_per_gas_wei=bundle.bid.max_fee_per_gas_wei,
    )


def decide(intent: Intent, block: Block) -> Inclusion | None:
    """How the intent ended, when this block is its target or later; None while it is open."""
    if block.number < intent.target_block:
        return None
    ours = tuple(receipt for receipt in block.receipts if receipt.tx_hash in intent.tx_hashes)
    if ours:
        return mined(intent, ours, block_number=block.number)
    return missed(intent, block_number=block.number, reason=_why_missed(intent, block))


def mined(intent: Intent, receipts: tuple[Receipt, ...], *, block_number: int) -> Inclusion:
    """The verdict on what a block holds: landed only where all of it succeeded."""
    succeeded = len(receipts) == len(intent.tx_hashes) and all(
        receipt.succeeded for receipt in receipts
    )
    return Inclusion(
        bundle_id=intent.bundle_id,
        block_number=block_number,
        outcome=Outcome.LANDED if succeeded else Outcome.REVERTED,
        reason="" if succeeded else "reverted on chain",
        gross_profit_wei=sum(receipt.gross_profit_wei for receipt in receipts),
        tip_wei=sum(receipt.tip_wei for receipt in receipts),
        gas_used_gas=sum(receipt.gas_used_gas for receipt in receipts),
        gas_cost_wei=sum(
            receipt.gas_used_gas * receipt.effective_gas_price_wei for receipt in receipts
        ),
    )


def missed(intent: Intent, *, block_number: int, reason: str) -> Inclusion:
    """The verdict on what no block holds."""
    return Inclusion(
        bundle_id=intent.bundle_id,
        block_number=block_number,
        outcome=Outcome.MISSED,
        reason=reason,
        gross_profit_wei=0,
        tip_wei=0,
        gas_used_gas=0,
        gas_cost_wei=0,
    )


def _why_missed(intent: Intent, block: Block) -> str:
    if intent.withdrawn:
        return f"withdrawn: {intent.withdrawn}"
    if block.number > intent.target_block:
        return "target block not seen"
    if block.account.nonce > intent.nonce:
        return "nonce used by another transaction"
    if block.base_fee_wei > intent.max_fee_per_gas_wei:
        return "base fee above cap"
    return "not included by the builder"
