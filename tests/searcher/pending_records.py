"""Pending transactions with every field filled in, for tests of what they do."""

from graphs.units import Address
from searcher.pending import PendingTransaction
from searcher.transactions import Transaction

STRANGER = Address("0x" + "57" * 20)
GWEI = 10**9


def pending(
    number: int = 1, *, to: Address | None = None, data: bytes = b"", value_wei: int = 0
) -> PendingTransaction:
    """A stranger's transaction, told apart by its number."""
    return PendingTransaction(
        transaction=Transaction(
            raw=b"\x02" + number.to_bytes(4, "big"),
            hash=f"0x{number:064x}",
            sender=STRANGER,
            type=2,
            chain_id=1,
            nonce=0,
            to=to,
            value_wei=value_wei,
            gas_limit_gas=500_000,
            max_fee_per_gas_wei=1_000 * GWEI,
            max_priority_fee_per_gas_wei=GWEI,
            data=data,
            access_list=(),
        ),
        source="fake",
        first_seen_ns=1,
    )
