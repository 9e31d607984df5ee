"""Which transactions the local relay takes: those whose simulation is proven equal to their mining.

The node's simulation charges no blob gas and sets no delegations as its mining does, so blob and
set-code transactions are refused although they can be decoded.
"""

from searcher.errors import TransactionFlaw, UndecodableTransactionError
from searcher.transactions import DYNAMIC_FEE_TYPE, Transaction, decode_transaction


def decode_simulated(raw: bytes) -> Transaction:
    """Decode a transaction of a type that is simulated faithfully.

    Raises:
        UndecodableTransactionError: as `decode_transaction`, or a blob or set-code transaction.
    """
    tx = decode_transaction(raw)
    if tx.type > DYNAMIC_FEE_TYPE:
        raise UndecodableTransactionError(TransactionFlaw.TYPE)
    return tx
