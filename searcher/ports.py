"""The seams between the pipeline and the world.

Every port has a live adapter and at least one other implementation (local relay, recording, fake
in tests); all of them pass the same suite.
"""

from collections.abc import AsyncGenerator, Collection
from dataclasses import dataclass
from typing import Protocol

from graphs.units import Address
from searcher.effects.outcome import Effect, Unknown
from searcher.effects.prospect import Prospect
from searcher.exchange_books import ShownBook
from searcher.feed_health import FeedHealth
from searcher.model import (
    AdmittedBundle,
    Block,
    Bundle,
    Cancellation,
    LedgerRecord,
    Simulation,
    Submission,
)
from searcher.pending import PendingTransaction
from searcher.price_guard import References
from searcher.settlement import Intent


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedTransaction:
    """A type-2 transaction (EIP-1559) before its signature. The signer adds the chain id."""

    nonce: int
    """Of the trading account."""

    to: Address
    """The executor."""

    data: bytes
    """Calldata."""

    gas_limit_gas: int
    """Upper bound of its gas."""

    max_fee_per_gas_wei: int
    """Upper bound of base fee and priority fee."""

    max_priority_fee_per_gas_wei: int
    """To the coinbase, per gas."""


class Feed(Protocol):
    """Where heads come from."""

    def blocks(self) -> AsyncGenerator[Block, None]:
        """Every canonical block in order, gaps filled, after a reorg the new branch's blocks.

        Raises:
            FeedError: the source ended, or a block cannot be decoded.
        """

    def health(self) -> tuple[FeedHealth, ...]:
        """The verdict on the whole, without which LIVE nothing is sent, then on each source."""


class PendingTransactions(Protocol):
    """What others have announced."""

    def transactions(self) -> AsyncGenerator[PendingTransaction, None]:
        """Each transaction once, in the order in which it was first heard of, for ever."""


class Foresight(Protocol):
    """Knows what a pending transaction will do."""

    async def effect(self, pending: PendingTransaction, prospect: Prospect) -> Effect | Unknown:
        """The pools as it leaves them as the first of the next block. No answer is a value."""


class Prices(Protocol):
    """What is known of prices beside the chain."""

    async def refresh(self, block: Block) -> None:
        """Ask what must be asked at each head. No answer leaves what was known."""

    def references(self, now_ns: int) -> References:
        """All prices that can be believed at this moment."""

    def books(self, now_ns: int) -> tuple[ShownBook, ...]:
        """The books of exchanges that are live, young and not contradicted."""


class Gate(Protocol):
    """Knows which tokens can be traded as their pools promise."""

    async def refusal(self, tokens: Collection[Address], block: Block) -> str | None:
        """Why one of them may not be traded after the block; None when all may."""

    @property
    def taxed(self) -> frozenset[Address]:
        """Tokens that are known to move by another amount than they are told to."""


class Simulator(Protocol):
    """Executes a bundle on the state after its block, without sending it."""

    async def simulate(self, bundle: Bundle) -> Simulation:
        """Run exactly the bytes of the bundle. A revert is a value; so is a refusal."""


class Relay(Protocol):
    """Takes bundles privately to a builder."""

    @property
    def name(self) -> str:
        """What the ledger calls it."""

    def prepare(self, admitted: AdmittedBundle) -> None:
        """Write and sign what `submit` will send, so that no relay waits for another's."""

    async def submit(self, admitted: AdmittedBundle) -> Submission:
        """Send once. Whatever happens on the wire is a Submission, never an exception."""

    async def cancel(self, intent: Intent, reason: str) -> Cancellation:
        """Ask once to withdraw what was submitted under the intent's uuid. Never raises."""


class Signer(Protocol):
    """Holds the trading key."""

    @property
    def address(self) -> Address:
        """The account whose nonce is used."""

    def sign(self, transaction: UnsignedTransaction) -> bytes:
        """The raw signed transaction, deterministic (RFC 6979)."""


class Ledger(Protocol):
    """The append-only record of decisions."""

    def record(self, record: LedgerRecord) -> None:
        """Commit before returning.

        Raises:
            LedgerError: it cannot be written; trading without a record must stop.
        """


class Clock(Protocol):
    """The only source of time."""

    def now_ns(self) -> int:
        """Nanoseconds since the Unix epoch."""
