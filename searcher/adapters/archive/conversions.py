"""The bot's records as rows of the archive."""

from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from searcher.adapters.archive.entries import (
    ArchivedBlock,
    ArchivedHealth,
    ArchivedPending,
    ArchivedPoolUpdate,
    ArchiveEntry,
)
from searcher.feed_health import FeedHealth
from searcher.model import Block
from searcher.pending import PendingTransaction
from searcher.pool_updates import (
    BalancesMoved,
    LiquidityChanged,
    PoolLost,
    PoolRead,
    PoolUpdate,
    PriceSet,
    ProtocolFeeSet,
    ReservesSet,
    SwapFeeSet,
)


def rows_of_block(block: Block) -> Iterator[ArchiveEntry]:
    """A head, then its pool updates in their order."""
    yield ArchivedBlock(
        at_ns=block.received_ns,
        number=block.number,
        hash=block.hash,
        parent_hash=block.parent_hash,
        timestamp_s=block.timestamp_s,
        gas_used_gas=block.gas_used_gas,
        gas_limit_gas=block.gas_limit_gas,
        base_fee_wei=str(block.base_fee_wei),
    )
    for index, update in enumerate(block.updates):
        yield _row_of_update(block, index, update)


def row_of_pending(pending: PendingTransaction) -> ArchivedPending:
    """A transaction with its first source."""
    tx = pending.transaction
    return ArchivedPending(
        at_ns=pending.first_seen_ns,
        source=pending.source,
        hash=tx.hash,
        sender=tx.sender,
        nonce=tx.nonce,
        raw=tx.raw,
    )


def row_of_health(health: FeedHealth, *, at_ns: int) -> ArchivedHealth:
    """A feed's state at a moment."""
    return ArchivedHealth(
        at_ns=at_ns,
        feed=health.source,
        state=health.state.value,
        reason=health.reason,
        messages=health.messages,
        gaps=health.gaps,
        reconnects=health.reconnects,
    )


def _row_of_update(block: Block, index: int, update: PoolUpdate) -> ArchivedPoolUpdate:
    row = ArchivedPoolUpdate(
        at_ns=block.received_ns,
        block_number=block.number,
        block_hash=block.hash,
        index=index,
        pool=update.pool_id,
        kind=_UPDATE_KINDS[type(update)],
    )
    return _with_values(row, update)


def _with_values(row: ArchivedPoolUpdate, update: PoolUpdate) -> ArchivedPoolUpdate:
    """The row with what the update says, where there are columns for that."""
    match update:
        case ReservesSet():
            return replace(row, reserve0=str(update.reserve0), reserve1=str(update.reserve1))
        case PriceSet():
            return replace(
                row,
                sqrt_price_x96=str(update.sqrt_price_x96),
                liquidity=None if update.liquidity is None else str(update.liquidity),
                tick=update.tick,
            )
        case LiquidityChanged():
            return replace(
                row,
                tick_lower=update.tick_lower,
                tick_upper=update.tick_upper,
                liquidity_delta=str(update.liquidity_delta),
            )
        case _:
            return row


_UPDATE_KINDS: Final[dict[type[PoolUpdate], str]] = {
    ReservesSet: "reserves",
    PriceSet: "price",
    LiquidityChanged: "liquidity",
    ProtocolFeeSet: "protocol_fee",
    BalancesMoved: "balances",
    SwapFeeSet: "swap_fee",
    PoolRead: "read",
    PoolLost: "lost",
}
