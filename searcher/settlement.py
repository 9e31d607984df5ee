"""How an intent ends, found from the chain: what was to be sent, and what a block says of it.

An intent is what the ledger keeps of a bundle before its first byte leaves, so that a bot that was
killed can account for everything that may be on its way.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from searcher.model import Block, Bundle, Inclusion, Outcome, Receipt

OURS_INSTEAD: Final = "another bundle of ours landed in its place"
"""The reason of a miss that cost us nothing: all our bundles of a block share a nonce."""

WITHDRAWN: Final = "withdrawn"
"""How the reason of a miss begins where we did not want the bundle any more."""


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


def settle(intents: Iterable[Intent], block: Block) -> tuple[Inclusion, ...]:
    """How the intents ended whose target is this block or an earlier one, in their order.

    Bundles may share a transaction, since one that is replaced by a longer one begins alike. So
    each mined transaction counts for one intent: the longest of which all is there.
    """
    due = [intent for intent in intents if intent.target_block <= block.number]
    left = {receipt.tx_hash: receipt for receipt in block.receipts}
    verdicts: dict[str, Inclusion] = {}
    taken: set[int] = set()
    for intent in sorted(due, key=lambda intent: -_complete_length(intent, left)):
        ours = tuple(left.pop(tx_hash) for tx_hash in intent.tx_hashes if tx_hash in left)
        if ours:
            taken.add(intent.nonce)
            verdicts[intent.bundle_id] = mined(intent, ours, block_number=block.number)
        else:
            reason = _why_missed(intent, block, is_ours=intent.nonce in taken)
            verdicts[intent.bundle_id] = missed(intent, block_number=block.number, reason=reason)
    return tuple(verdicts[intent.bundle_id] for intent in due)


def _complete_length(intent: Intent, receipts: Mapping[str, Receipt]) -> int:
    """How many transactions it has, if all were mined."""
    return len(intent.tx_hashes) if set(intent.tx_hashes) <= receipts.keys() else 0


def mined(intent: Intent, receipts: tuple[Receipt, ...], *, block_number: int) -> Inclusion:
    """The verdict on what a block holds: landed only where all of it succeeded."""
    is_whole = len(receipts) == len(intent.tx_hashes)
    succeeded = is_whole and all(receipt.succeeded for receipt in receipts)
    return Inclusion(
        bundle_id=intent.bundle_id,
        block_number=block_number,
        outcome=Outcome.LANDED if succeeded else Outcome.REVERTED,
        reason="" if succeeded else "reverted on chain" if is_whole else "mined in part",
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


def reorged(inclusion: Inclusion) -> Inclusion:
    """The verdict on what a block held that is no longer in the chain."""
    return replace(
        inclusion,
        outcome=Outcome.REORGED,
        reason="block replaced",
        gross_profit_wei=0,
        tip_wei=0,
        gas_used_gas=0,
        gas_cost_wei=0,
    )


def _why_missed(intent: Intent, block: Block, *, is_ours: bool) -> str:
    if intent.withdrawn:
        return f"{WITHDRAWN}: {intent.withdrawn}"
    if block.number > intent.target_block:
        return "target block not seen"
    if is_ours:
        return OURS_INSTEAD
    if block.account.nonce > intent.nonce:
        return "nonce used by another transaction"
    if block.base_fee_wei > intent.max_fee_per_gas_wei:
        return "base fee above cap"
    return "not included by the builder"
