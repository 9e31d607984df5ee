"""What is known of a bundle after its block: the records that `diagnosis` judges.

Separate from the verdict so that adapters gather them and neither knows the other.
"""

from dataclasses import dataclass
from typing import Final

from graphs.units import Address, PoolId
from searcher.model import Cancellation, Inclusion, Receipt, Submission
from searcher.settlement import Intent

_SHARED_POOLS: Final = 2
"""Who trades in as many of our pools closes the same gap; one alone may be anybody's swap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentBundle:
    """What the ledger says of one bundle."""

    intent: Intent
    """What was to be sent."""

    followed: tuple[str, ...]
    """Hashes of others' transactions before ours; none for block arbitrage."""

    calls: tuple[bytes, ...]
    """Calldata of our own transactions, in order."""

    pools: tuple[PoolId, ...]
    """Of our cycles, each once."""

    predicted_wei: int
    """Gross profit that it was sent for."""

    offered_wei: int
    """What the builder was to get of it."""

    simulated_wei: int | None
    """Gross profit in the simulation that let it out; None without one."""

    submissions: tuple[Submission, ...]
    """The relays' answers."""

    cancellations: tuple[Cancellation, ...]
    """Our wishes to withdraw it."""

    inclusions: tuple[Inclusion, ...]
    """What the bot made of it at the time, oldest first."""

    replacement: Intent | None
    """The last bundle that replaced it at the relays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFacts:
    """The block that could have held it."""

    number: int
    """Height."""

    timestamp_s: int
    """Unix seconds, by the chain's time."""

    base_fee_wei: int
    """Per gas."""

    coinbase: Address
    """Who was paid."""

    builder: str
    """What its extra data says, printable; empty where it says nothing."""

    was_sent_to: bool | None
    """Whether we had sent to that builder; None where it cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinedTransaction:
    """Where a transaction is."""

    tx_hash: str
    """Which."""

    block_number: int
    """In which block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """Our transactions on the state after the target's parent."""

    failed: int | None
    """Index of the first of our transactions that failed; None when all succeeded."""

    reason: str
    """Why it failed; empty when none did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTrade:
    """Somebody else's transaction in pools of our cycles."""

    mined: MinedTransaction
    """Where it is."""

    sender: Address
    """Who signed it."""

    recipient: Address | None
    """What it called; None where it created a contract."""

    pools: tuple[PoolId, ...]
    """Those of ours that it traded in."""

    fee_wei: int
    """Its priority fee."""

    direct_wei: int | None = None
    """What it paid the coinbase besides; None where that was not measured."""

    breaks_ours: bool | None = None
    """Whether our transactions fail after it; None where that was not tried."""

    @property
    def tip_wei(self) -> int:
        """What the builder had of it, as far as it is known."""
        return self.fee_wei + (self.direct_wei or 0)

    @property
    def is_rival(self) -> bool:
        """Whether it took what we wanted, and not merely traded there."""
        wanted_it = bool(self.direct_wei) or len(self.pools) >= _SHARED_POOLS
        return wanted_it and self.breaks_ours is not False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that a verdict rests on."""

    sent: SentBundle
    """From the ledger."""

    block: BlockFacts | None = None
    """The target; None while it is to come."""

    receipts: tuple[Receipt, ...] = ()
    """Of those of our transactions that the chain holds."""

    has_replacement_landed: bool = False
    """Whether the chain holds all transactions of what replaced it."""

    nonce_user: MinedTransaction | None = None
    """The transaction of ours that used its nonce; None where that is free or ours was mined."""

    rerun: Rerun | None = None
    """None where it could not be tried."""

    rerun_obstacle: str = ""
    """Why it could not be tried."""

    movers: tuple[PoolTrade, ...] = ()
    """Trades in our pools after the block that it was found on and before its target."""

    trades: tuple[PoolTrade, ...] = ()
    """Trades in our pools in the target, in the block's order."""

    into_slot_ms: int | None = None
    """When it was first sent, from the target's time on; negative before it. None where the chain's
    time is not the clock's, or nothing was sent."""
