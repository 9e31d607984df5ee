"""The gateway of bloXroute: transactions of its network, several to a message."""

from typing import Final

from searcher.adapters.mempool_grpc.raw_stream import (
    Announced,
    RawCall,
    RawStream,
    read_message,
    sender_of,
)
from searcher.adapters.mempool_grpc.wire.bloxroute_pb2 import TxsReply, TxsRequest

NEW: Final = "/gateway.Gateway/NewTxs"
"""Everything, validated or not, as early as possible."""

PENDING: Final = "/gateway.Gateway/PendingTxs"
"""What a node's pool has accepted besides."""

AUTHORIZATION: Final = "authorization"
"""The key of the account's header among the metadata."""

FIELDS: Final = ("raw_tx", "time", "tx_contents.from")
"""What the gateway is asked to fill."""


def bloxroute_stream(*, filters: str = "", is_pending: bool = False) -> RawStream:
    """Return the stream of transactions that the gateway's own filter expression lets through."""
    return RawStream(
        updates=RawCall(
            path=PENDING if is_pending else NEW,
            request=TxsRequest(filters=filters, includes=FIELDS).SerializeToString(),
            decode=decode_reply,
        )
    )


def decode_reply(frame: bytes) -> tuple[Announced, ...]:
    """Read one TxsReply.

    Raises:
        WireError: it is none, or has a malformed sender.
    """
    reply = read_message(TxsReply, frame)
    return tuple(
        Announced(
            raw=tx.raw_tx,
            sender=sender_of(getattr(tx, "from"), "bloxroute"),
            heard_ns=tx.time or None,
        )
        for tx in reply.tx
    )
