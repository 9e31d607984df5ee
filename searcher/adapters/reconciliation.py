"""After a crash: what became of every bundle that may have been sent, asked of the chain.

The ledger has each intent from before its first byte left, so nothing that can land is missing
here. What can still land stays open; the rest ends now, with what the chain says.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphs.units import Address
from searcher.adapters.decoding import Header, decode_receipt, hash32, member, quantity
from searcher.adapters.rpc import Rpc
from searcher.model import Inclusion, Receipt
from searcher.settlement import Intent, mined, missed

WHILE_DOWN = "not included while the bot was down"
"""Why a bundle missed whose target went by unseen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a start makes of open intents."""

    ended: tuple[tuple[Intent, Inclusion], ...]
    """With the verdict of the chain."""

    open: tuple[Intent, ...]
    """Whose target is still to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mined:
    receipt: Receipt
    block_number: int


async def reconcile(
    rpc: Rpc, intents: Iterable[Intent], *, head: Header, executor: Address | None
) -> Reconciled:
    """Decide each intent whose target is the head or below it, in one batch of receipts.

    A transaction that several bundles share counts for the longest of which all was mined.

    Raises:
        RpcError, WireError: the node does not answer; nothing may be sent then.
    """
    asked = list(intents)
    due = [intent for intent in asked if intent.target_block <= head.number]
    left = await _receipts(rpc, [tx for intent in due for tx in intent.tx_hashes], executor)
    verdicts: dict[str, Inclusion] = {}
    for intent in sorted(due, key=lambda one: -_complete_length(one, left)):
        ours = [left.pop(tx_hash) for tx_hash in intent.tx_hashes if tx_hash in left]
        verdicts[intent.bundle_id] = _verdict(intent, ours)
    return Reconciled(
        ended=tuple((intent, verdicts[intent.bundle_id]) for intent in due),
        open=tuple(intent for intent in asked if intent.target_block > head.number),
    )


def _complete_length(intent: Intent, found: dict[str, _Mined]) -> int:
    return len(intent.tx_hashes) if set(intent.tx_hashes) <= found.keys() else 0


def _verdict(intent: Intent, ours: Sequence[_Mined]) -> Inclusion:
    if not ours:
        return missed(intent, block_number=intent.target_block, reason=WHILE_DOWN)
    receipts = tuple(one.receipt for one in ours)
    return mined(intent, receipts, block_number=ours[-1].block_number)


async def _receipts(
    rpc: Rpc, tx_hashes: Sequence[str], executor: Address | None
) -> dict[str, _Mined]:
    unique = list(dict.fromkeys(tx_hashes))
    answers = await rpc.batch([("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in unique])
    return {
        hash32(member(answer, "transactionHash"), "receipt.transactionHash"): _Mined(
            receipt=decode_receipt(answer, executor=executor),
            block_number=quantity(member(answer, "blockNumber"), "receipt.blockNumber"),
        )
        for answer in answers
        if answer is not None
    }
