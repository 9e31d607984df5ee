"""Erigon's transaction pool: additions without their senders, and the whole pool with them.

The node drops additions silently for a slow reader and repeats none, so that the whole pool is
asked for after each connection and from time to time.
"""

from typing import Final

from graphs.units import Address
from searcher.adapters.mempool_grpc.raw_stream import Announced, RawCall, RawStream, read_message
from searcher.adapters.mempool_grpc.wire.erigon_pb2 import (
    AllReply,
    AllRequest,
    OnAddReply,
    OnAddRequest,
)
from searcher.adapters.mempool_grpc.wire.erigon_types_pb2 import H160

ON_ADD: Final = "/txpool.Txpool/OnAdd"
ALL: Final = "/txpool.Txpool/All"

_HALF_BYTES: Final = 8
_REST_BYTES: Final = 4


def erigon_stream() -> RawStream:
    """Return the additions to the pool, with the pool itself as their snapshot."""
    return RawStream(
        updates=RawCall(
            path=ON_ADD, request=OnAddRequest().SerializeToString(), decode=decode_additions
        ),
        snapshot=RawCall(path=ALL, request=AllRequest().SerializeToString(), decode=decode_pool),
    )


def decode_additions(frame: bytes) -> tuple[Announced, ...]:
    """Read one OnAddReply.

    Raises:
        WireError: it is none.
    """
    return tuple(Announced(raw=raw) for raw in read_message(OnAddReply, frame).rpl_txs)


def decode_pool(frame: bytes) -> tuple[Announced, ...]:
    """Read an AllReply: what can be mined and what waits for a nonce or a lower base fee.

    Raises:
        WireError: it is none.
    """
    return tuple(
        Announced(raw=tx.rlp_tx, sender=_address(tx.sender) if tx.HasField("sender") else None)
        for tx in read_message(AllReply, frame).txs
    )


def _address(words: H160) -> Address:
    encoded = (
        words.hi.hi.to_bytes(_HALF_BYTES, "big")
        + words.hi.lo.to_bytes(_HALF_BYTES, "big")
        + words.lo.to_bytes(_REST_BYTES, "big")
    )
    return Address("0x" + encoded.hex())
