"""Transactions that others have announced and no block contains yet."""

from dataclasses import dataclass

from searcher.transactions import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingTransaction:
    """Somebody else's transaction, with where and when it was first heard of."""

    transaction: Transaction
    """Decoded from its very bytes, which a bundle carries before ours."""

    source: str
    """The feed that had it first."""

    first_seen_ns: int
    """When, on the injected clock."""
