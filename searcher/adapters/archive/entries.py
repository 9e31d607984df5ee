"""What the archive holds: one flat record for each kind of message, as it was received.

A record is a row of a table of its kind. Amounts are decimal text, because msgpack and Parquet end
at 64 bits. Fields may be added with a default; VERSION is raised where one changes its meaning.
"""

from typing import Final, TypeAlias

import msgspec

VERSION: Final = 1
"""Of the records; in the first frame of every segment."""


class ArchivedBlock(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="blocks"):
    """A head of the chain."""

    at_ns: int
    """When it was first heard of."""

    number: int
    """Height."""

    hash: str
    """Its identity."""

    parent_hash: str
    """What it builds on."""

    timestamp_s: int
    """Unix seconds."""

    gas_used_gas: int
    """By all its transactions."""

    gas_limit_gas: int
    """What they could have used."""

    base_fee_wei: str
    """Per gas."""


class ArchivedPoolUpdate(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="pool_updates"):
    """A change of a known pool; None in the fields that its kind does not have."""

    at_ns: int
    """When its block was heard of."""

    block_number: int
    """Height."""

    block_hash: str
    """Identity of its block."""

    index: int
    """Place among the block's updates."""

    pool: str
    """Which pool."""

    kind: str
    """reserves, price or liquidity."""

    reserve0: str | None = None
    """Of the first token."""

    reserve1: str | None = None
    """Of the second token."""

    sqrt_price_x96: str | None = None
    """Square root of token1 per token0, times 2^96."""

    liquidity: str | None = None
    """In range at that price."""

    tick: int | None = None
    """The contract's tick."""

    tick_lower: int | None = None
    """First tick of a position."""

    tick_upper: int | None = None
    """Tick above its last."""

    liquidity_delta: str | None = None
    """Positive for a mint."""


class ArchivedPending(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="pending"):
    """A transaction that was announced."""

    at_ns: int
    """When its first source told it."""

    source: str
    """That source."""

    hash: str
    """Of the transaction."""

    sender: str
    """Whose."""

    nonce: int
    """Of the sender."""

    raw: bytes
    """As it was announced, or rebuilt."""


class ArchivedQuote(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="quotes"):
    """The top of an exchange's book."""

    at_ns: int
    """When it was received."""

    exchange_ns: int | None
    """The exchange's own time; None where it tells none."""

    venue: str
    """Which exchange."""

    symbol: str
    """In the exchange's words."""

    bid: str
    """Best price that somebody pays, decimal."""

    bid_size: str
    """How much of it."""

    ask: str
    """Best price that somebody takes, decimal."""

    ask_size: str
    """How much of it."""


class ArchivedHealth(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="health"):
    """A feed changed its state, or noticed a gap."""

    at_ns: int
    """When."""

    feed: str
    """What the configuration calls it."""

    state: str
    """connecting, syncing, live or stale."""

    reason: str
    """Why it is not live; empty when it is."""

    messages: int
    """Received since the start."""

    gaps: int
    """Counted since the start."""

    reconnects: int
    """Connections after the first."""


ArchiveEntry: TypeAlias = (
    ArchivedBlock | ArchivedPoolUpdate | ArchivedPending | ArchivedQuote | ArchivedHealth
)

KINDS: Final[dict[str, type[ArchiveEntry]]] = {
    "blocks": ArchivedBlock,
    "pool_updates": ArchivedPoolUpdate,
    "pending": ArchivedPending,
    "quotes": ArchivedQuote,
    "health": ArchivedHealth,
}
"""By the name of their table, which is also their tag on disk."""
