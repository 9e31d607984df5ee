"""Chainbound's Fiber, version 2: one transaction to a message, with its sender."""

from base64 import b64encode
from collections.abc import Iterable
from typing import Final

import msgspec

from graphs.units import Address
from searcher.adapters.mempool_grpc.raw_stream import (
    Announced,
    RawCall,
    RawStream,
    read_message,
    sender_of,
)
from searcher.adapters.mempool_grpc.wire.fiber_pb2 import TransactionWithSenderMsg, TxFilter

SUBSCRIBE: Final = "/api.API/SubscribeNewTxsV2"

API_KEY: Final = "x-api-key"
"""The key of the account's key among the metadata."""

_AND: Final = 1
_OR: Final = 2


def fiber_stream(*, to: Iterable[Address] = (), methods: Iterable[bytes] = ()) -> RawStream:
    """Return the stream of transactions to any of the contracts that call any of the methods."""
    encoded = _encoded_filter(to, methods)
    return RawStream(
        updates=RawCall(
            path=SUBSCRIBE,
            request=TxFilter(encoded=encoded).SerializeToString(),
            decode=decode_message,
        )
    )


def decode_message(frame: bytes) -> tuple[Announced, ...]:
    """Read one TransactionWithSenderMsg.

    Raises:
        WireError: it is none, or has a malformed sender.
    """
    message = read_message(TransactionWithSenderMsg, frame)
    return (Announced(raw=message.rlp_transaction, sender=sender_of(message.sender, "fiber")),)


def _encoded_filter(to: Iterable[Address], methods: Iterable[bytes]) -> bytes:
    choices = [
        [_operand("to", bytes.fromhex(address[2:])) for address in to],
        [_operand("method", method) for method in methods],
    ]
    groups = [_node(_OR, group) for group in choices if group]
    return msgspec.json.encode({"Root": _node(_AND, groups)}) if groups else b""


def _operand(key: str, value: bytes) -> dict[str, object]:
    operand = {"key": key, "value": b64encode(value).decode("ascii")}
    return {"Operand": operand, "Operator": 0, "Nodes": None}


def _node(operator: int, nodes: list[dict[str, object]]) -> dict[str, object]:
    if len(nodes) == 1:
        return nodes[0]
    return {"Operand": None, "Operator": operator, "Nodes": nodes}
