"""What became of every bundle, block by block: the builder's own account of its auctions.

The truth behind a diagnosis: no public relay tells it, so tests, the demonstration and tools read
it beside what a searcher can find out from the chain.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sims.relay.auction import DroppedBundle, IncludedBundle

KEPT_BLOCKS: Final = 1_000
"""In memory; older ones are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltBlock:
    """A mined block that was verified against its plan."""

    number: int
    """Height."""

    hash: str
    """Its identity."""

    timestamp_s: int
    """Unix seconds."""

    is_won: bool
    """False where somebody else has built it, without any bundle."""

    included: tuple[IncludedBundle, ...]
    """At its top, in order, with the gas and the payments that were simulated and mined."""

    dropped: tuple[DroppedBundle, ...]
    """Bundles for this block, or for an earlier one, that it does not contain."""

    public_tx_count: int
    """Transactions after the bundles."""

    refused_tx_hashes: tuple[str, ...]
    """Public transactions that the node does not take back, such as those of a used nonce."""


class BlockTrace:
    """The last blocks, oldest first."""

    def __init__(self) -> None:
        self._blocks: deque[BuiltBlock] = deque(maxlen=KEPT_BLOCKS)

    def add(self, block: BuiltBlock) -> None:
        """Take the newest block in."""
        self._blocks.append(block)

    def __iter__(self) -> Iterator[BuiltBlock]:
        return iter(self._blocks)

    def block_with(self, tx_hash: str) -> BuiltBlock | None:
        """Return the block whose bundles contain the transaction."""
        for block in self._blocks:
            for included in block.included:
                if any(tx.hash == tx_hash for tx in included.txs()):
                    return block
        return None

    def as_dicts(self, block_number: int | None = None) -> list[Mapping[str, object]]:
        """Return one block, or all, ready for JSON; wei are decimal strings."""
        return [_block(block) for block in self._blocks if block_number in {None, block.number}]


def _block(block: BuiltBlock) -> Mapping[str, object]:
    return {
        "number": block.number,
        "hash": block.hash,
        "timestamp": block.timestamp_s,
        "isWon": block.is_won,
        "included": [_included(included) for included in block.included],
        "dropped": [_dropped(dropped) for dropped in block.dropped],
    }


def _included(included: IncludedBundle) -> Mapping[str, object]:
    return {
        "bundleHash": included.bundle.hash(),
        "signer": included.bundle.signer,
        "txHashes": [tx.hash for tx in included.txs()],
        "senders": [tx.sender for tx in included.txs()],
        "valueWei": str(included.value_wei),
        "coinbaseDiffWei": str(included.coinbase_diff_wei()),
        "gasUsed": included.gas_used_gas(),
        "arrivedMs": included.bundle.arrived_ms,
        "payouts": [
            {"recipient": payout.recipient, "valueWei": str(payout.value_wei)}
            for payout in included.payouts
        ],
    }


def _dropped(dropped: DroppedBundle) -> Mapping[str, object]:
    return {
        "bundleHash": dropped.bundle_hash,
        "signer": dropped.signer,
        "reason": dropped.reason,
        "detail": dropped.detail,
        "beatenBy": dropped.beaten_by,
    }
