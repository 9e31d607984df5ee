"""After a crash: what became of every bundle that may have been sent, asked of the chain.

The ledger has each intent from before its first byte left, so nothing that can land is missing
here. What can still land stays open; the rest ends now, with what the chain says. Recent verdicts
are asked again too: a reorg while nobody looked takes back what an earlier run wrote down.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphs.units import Address
from searcher.adapters.decoding import Header, decode_receipt, hash32, member, quantity
from searcher.adapters.ledger_history import History
from searcher.adapters.rpc import Rpc
from searcher.model import Inclusion, Outcome, Receipt
from searcher.settlement import Intent, mined, missed, reorged

WHILE_DOWN = "not included while the bot was down"
"""Why a bundle missed whose target went by unseen."""


BATCH_RECEIPTS: Final = 100
"""Asked for at once; hosted nodes refuse much longer batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a start makes of the intents of earlier runs."""

    news: tuple[Inclusion, ...]
    """What the ledger does not say yet, in the order to write it."""

    decided: tuple[tuple[Intent, Inclusion], ...]
    """With the verdict that stands."""

    open: tuple[Intent, ...]
    """Whose target is still to come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mined:
    receipt: Receipt
    block_number: int


async def reconcile(
    rpc: Rpc, history: History, *, head: Header, executor: Address | None
) -> Reconciled:
    """Decide each intent whose target is the head or below it, whatever was decided before.

    A transaction that several bundles share counts for the longest of which all was mined, also
    where the verdict on one of them was written and that on another was not.

    Raises:
        RpcError, WireError: the node does not answer; nothing may be sent then.
    """
    standing = {intent.bundle_id: inclusion for intent, inclusion in history.decided}
    known = (*history.open, *(intent for intent, _ in history.decided))
    due = [intent for intent in known if intent.target_block <= head.number]
    found = await _receipts(rpc, [tx for intent in due for tx in intent.tx_hashes], executor)
    left = {tx: one for tx, one in found.items() if one.block_number <= head.number}
    news: list[Inclusion] = []
    for intent, verdict in _verdicts(due, left):
        before = standing.get(intent.bundle_id)
        if before is None or not _agree(before, verdict):
            standing[intent.bundle_id] = verdict
            news += [verdict] if before is None else _corrected(before, verdict)
    return Reconciled(
        news=tuple(news),
        decided=tuple(
            (intent, standing[intent.bundle_id]) for intent in known if intent.bundle_id in standing
        ),
        open=tuple(intent for intent in known if intent.bundle_id not in standing),
    )


def _verdicts(due: Iterable[Intent], left: dict[str, _Mined]) -> Iterator[tuple[Intent, Inclusion]]:
    for intent in sorted(due, key=lambda one: -_complete_length(one, left)):
        ours = [left.pop(tx_hash) for tx_hash in intent.tx_hashes if tx_hash in left]
        yield intent, _verdict(intent, ours)


def _agree(before: Inclusion, now: Inclusion) -> bool:
    """Whether both say the same of the chain; why something missed is known best at the time."""
    if before.outcome is now.outcome is Outcome.MISSED:
        return True
    return before == now


def _corrected(before: Inclusion, now: Inclusion) -> list[Inclusion]:
    """What to write where an earlier verdict no longer holds, as the tracker writes it."""
    return [now] if before.outcome is Outcome.MISSED else [reorged(before), now]


def _complete_length(intent: Intent, found: Mapping[str, _Mined]) -> int:
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
    answers = [
        answer
        for start in range(0, len(unique), BATCH_RECEIPTS)
        for answer in await rpc.batch(
            [
                ("eth_getTransactionReceipt", (tx_hash,))
                for tx_hash in unique[start : start + BATCH_RECEIPTS]
            ]
        )
    ]
    return {
        hash32(member(answer, "transactionHash"), "receipt.transactionHash"): _Mined(
            receipt=decode_receipt(answer, executor=executor),
            block_number=quantity(member(answer, "blockNumber"), "receipt.blockNumber"),
        )
        for answer in answers
        if answer is not None
    }
