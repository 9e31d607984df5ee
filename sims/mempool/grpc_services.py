"""The three gRPC services, as far as the bot speaks them, on one local port.

Transport and paths are those of the real ones; what is sent comes from a source of steps.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Final, Protocol

import grpc
from google.protobuf.message import Message
from grpc import aio

from searcher.adapters.mempool_grpc.bloxroute import NEW, PENDING
from searcher.adapters.mempool_grpc.erigon import ALL, ON_ADD
from searcher.adapters.mempool_grpc.fiber import SUBSCRIBE
from searcher.adapters.mempool_grpc.wire.bloxroute_pb2 import Tx, TxsReply
from searcher.adapters.mempool_grpc.wire.erigon_pb2 import AllReply, OnAddReply
from searcher.adapters.mempool_grpc.wire.erigon_types_pb2 import H128, H160
from searcher.adapters.mempool_grpc.wire.fiber_pb2 import TransactionWithSenderMsg
from searcher.errors import UndecodableTransactionError
from searcher.transactions import decode_transaction
from sims.mempool.steps import Fault, Step, stall

MAX_GARBAGE_BYTES: Final = 64
WORD_BYTES: Final = 8
STRANGER: Final = b"\x5e" * 20
"""Named as the sender of what somebody else signed."""

Encode = Callable[[bytes, bytes], bytes]
"""Raw transaction and sender to one message."""


class PoolSource(Protocol):
    """Where a server's transactions come from."""

    def happened(self) -> tuple[bytes, ...]:
        """Raw transactions in the pool."""

    def played(self) -> AsyncIterator[Step[bytes]]:
        """Additions to it, for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrpcMempool:
    """A server that listens."""

    target: str
    """Host and port."""

    calls: list[tuple[str, dict[str, str]]]
    """Method and metadata of every call, in order of arrival."""


@asynccontextmanager
async def serving_grpc(
    source: PoolSource, *, random: Random, port: int = 0
) -> AsyncIterator[GrpcMempool]:
    """Serve until the context is left."""
    server = aio.server()
    services = _Services(source, random)
    server.add_generic_rpc_handlers(services.handlers())
    bound = server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    try:
        yield GrpcMempool(target=f"127.0.0.1:{bound}", calls=services.calls)
    finally:
        await server.stop(grace=None)


class _Services:
    def __init__(self, source: PoolSource, random: Random) -> None:
        self.calls: list[tuple[str, dict[str, str]]] = []
        self._source = source
        self._random = random

    def handlers(self) -> list[grpc.GenericRpcHandler]:
        """One for each method, whose path names service and method."""
        methods = {path: self._stream(path, encode) for path, encode in _ENCODERS.items()}
        methods[ALL] = grpc.unary_unary_rpc_method_handler(self._all)
        return [
            grpc.method_handlers_generic_handler(service, {method: handler})
            for path, handler in methods.items()
            for service, method in [path.removeprefix("/").split("/")]
        ]

    def _stream(self, path: str, encode: Encode) -> grpc.RpcMethodHandler:
        async def announce(_: bytes, context: aio.ServicerContext) -> None:
            self._note(path, context)
            await self._announce(encode, context)

        return grpc.unary_stream_rpc_method_handler(announce)

    def _note(self, path: str, context: aio.ServicerContext) -> None:
        self.calls.append((path, dict(context.invocation_metadata() or ())))

    async def _all(self, _: bytes, context: aio.ServicerContext) -> bytes:
        self._note(ALL, context)
        txs = [
            AllReply.Tx(sender=_words(sender_of(raw)), rlp_tx=raw)
            for raw in self._source.happened()
        ]
        return _bytes(AllReply(txs=txs))

    async def _announce(self, encode: Encode, context: aio.ServicerContext) -> None:
        held: list[bytes] = []
        async for step in self._source.played():
            message = encode(step.item, sender_of(step.item))
            if step.fault is Fault.DISCONNECT:
                await context.abort(grpc.StatusCode.UNAVAILABLE, "told to")
            if step.fault is Fault.STALL:
                await stall()
            if step.fault is Fault.REORDER:
                held.append(message)
                continue
            for sent in (*self._told(step, message, encode), *held):
                await context.write(sent)
            held.clear()

    def _told(self, step: Step[bytes], message: bytes, encode: Encode) -> tuple[bytes, ...]:
        match step.fault:
            case Fault.DROP:
                return ()
            case Fault.DUPLICATE:
                return (message, message)
            case Fault.GARBAGE:
                return (self._garbage(),)
            case Fault.FORGE:
                return (encode(unsigned(step.item), STRANGER), encode(step.item, STRANGER), message)
            case _:
                return (message,)

    def _garbage(self) -> bytes:
        # A field of length 127 that ends early is no message of any kind.
        return b"\x0a\x7f" + self._random.randbytes(self._random.randrange(MAX_GARBAGE_BYTES))


def sender_of(raw: bytes) -> bytes:
    """The sender's 20 bytes; empty where the bytes are no transaction."""
    try:
        return bytes.fromhex(decode_transaction(raw).sender[2:])
    except UndecodableTransactionError:
        return b""


def unsigned(raw: bytes) -> bytes:
    """The transaction with the largest s, which no signature has."""
    return raw[:-32] + b"\xff" * 32


def _bloxroute(raw: bytes, sender: bytes) -> bytes:
    tx = Tx(time=1, raw_tx=raw)
    setattr(tx, "from", sender)
    return _bytes(TxsReply(tx=[tx]))


def _fiber(raw: bytes, sender: bytes) -> bytes:
    return _bytes(TransactionWithSenderMsg(rlp_transaction=raw, sender=sender))


def _on_add(raw: bytes, _: bytes) -> bytes:
    return _bytes(OnAddReply(rpl_txs=[raw]))


def _bytes(message: Message) -> bytes:
    encoded: bytes = message.SerializeToString()
    return encoded


def _words(sender: bytes) -> H160:
    high, low, rest = (
        int.from_bytes(sender[start : start + WORD_BYTES], "big")
        for start in range(0, len(STRANGER), WORD_BYTES)
    )
    return H160(hi=H128(hi=high, lo=low), lo=rest)


_ENCODERS: Final[dict[str, Encode]] = {
    NEW: _bloxroute,
    PENDING: _bloxroute,
    SUBSCRIBE: _fiber,
    ON_ADD: _on_add,
}
