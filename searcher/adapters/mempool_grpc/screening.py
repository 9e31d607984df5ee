"""Which announced transactions are believed and wanted: decoded, their sender recovered, filtered.

Nothing that a source says of a transaction is taken over. What it says of the sender is compared
with the signature, so that a damaged or forged transaction is refused where the source names one.
"""

from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Final

from graphs.units import Address
from searcher.adapters.mempool_grpc.raw_stream import Announced
from searcher.errors import TransactionFlaw, UndecodableTransactionError
from searcher.transactions import Transaction, decode_transaction

REMEMBERED: Final = 65_536
"""Transactions of one source: an hour of mainnet."""

SELECTOR_BYTES: Final = 4
DIGEST_BYTES: Final = 16


class Refusal(StrEnum):
    """Why something that a source sent is not passed on."""

    FRAME = "not a message of the protocol"
    REPEATED = "seen before"
    TYPE = "of an unknown type"
    UNDECODABLE = "not a signed transaction"
    SENDER = "not signed by the sender that is named"
    CHAIN = "of another chain"
    UNWANTED = "filtered out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to pass on; an empty set means anything."""

    chain_id: int
    """The chain; transactions without replay protection are of every chain."""

    to: frozenset[Address] = frozenset()
    """Called contracts."""

    methods: frozenset[bytes] = frozenset()
    """First four bytes of the calldata."""


class Screen:
    """Judges what one source announces. Remembers a bounded number of what it let through."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._passed: OrderedDict[bytes, None] = OrderedDict()

    def admit(self, announced: Announced) -> Transaction | Refusal:
        """The transaction, or why it is not passed on."""
        digest = blake2b(announced.raw, digest_size=DIGEST_BYTES).digest()
        if digest in self._passed:
            return Refusal.REPEATED
        try:
            transaction = decode_transaction(announced.raw)
        except UndecodableTransactionError as error:
            is_unknown = error.flaw is TransactionFlaw.TYPE
            return Refusal.TYPE if is_unknown else Refusal.UNDECODABLE
        if announced.sender not in {None, transaction.sender}:
            return Refusal.SENDER
        refusal = self._unwanted(transaction)
        if refusal is not None:
            return refusal
        self._remember(digest)
        return transaction

    def _unwanted(self, transaction: Transaction) -> Refusal | None:
        wanted = self._wanted
        if transaction.chain_id not in {None, wanted.chain_id}:
            return Refusal.CHAIN
        if wanted.to and transaction.to not in wanted.to:
            return Refusal.UNWANTED
        if wanted.methods and transaction.data[:SELECTOR_BYTES] not in wanted.methods:
            return Refusal.UNWANTED
        return None

    def _remember(self, digest: bytes) -> None:
        self._passed[digest] = None
        if len(self._passed) > REMEMBERED:
            self._passed.popitem(last=False)
