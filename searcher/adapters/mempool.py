"""Pending transactions of one node over JSON-RPC, by whatever method it has.

A source never ends: it connects again by itself, and counts what it knows to have missed. Every
transaction that it yields has the hash that the node told; the same one may come several times.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from random import Random
from typing import Final

import msgspec

from searcher.adapters.clock import NS_PER_SECOND
from searcher.adapters.decoding import array, member
from searcher.adapters.feed_record import Backoff, FeedRecord
from searcher.adapters.pending_frames import Frame, FrameQueue, open_frames
from searcher.adapters.rpc import Rpc
from searcher.adapters.transaction_json import TransactionJson, convert_transaction, from_json
from searcher.errors import RpcError, UndecodableTransactionError, WireError
from searcher.feed_health import FeedHealth
from searcher.pending import PendingTransaction
from searcher.ports import Clock
from searcher.settings.mempool import PendingMethod
from searcher.transactions import Transaction

QUEUE_BOUND: Final = 10_000
"""Frames: minutes of mainnet, and some 12 MB."""

LOOKUP_BATCH: Final = 100
"""Hashes in one request."""

SUBSCRIPTIONS: Final[Mapping[PendingMethod, tuple[object, ...]]] = {
    PendingMethod.FULL: ("newPendingTransactions", True),
    PendingMethod.HASHES: ("newPendingTransactions",),
    PendingMethod.ALCHEMY: ("alchemy_pendingTransactions", {"hashesOnly": False}),
    PendingMethod.ERIGON: ("newPendingTransactionsWithBody",),
}
"""Parameters of `eth_subscribe`."""

_UNDECODABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class _Event(msgspec.Struct, gc=False):
    result: TransactionJson | str


class _Message(msgspec.Struct, gc=False):
    id: int | None = None
    error: object = None
    params: _Event | None = None


_MESSAGE: Final = msgspec.json.Decoder(_Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class MempoolEndpoint:
    """A node as a source of pending transactions."""

    name: str
    """What health and counts call it."""

    method: PendingMethod
    """How it announces."""

    ws_url: str
    """Of the subscription; empty for method filter."""

    rpc: Rpc
    """For lookups, polls and the pool's content."""

    reads_content: bool = False
    """Whether the pool's content is asked for after every connection."""

    silence_seconds: float = 30.0
    """Without any message it is stale, and is connected again."""

    poll_seconds: float = 0.5
    """Between polls."""

    queue_bound: int = QUEUE_BOUND
    """Frames that wait to be decoded; older ones are dropped and counted."""


class MempoolSource:
    """One node's announcements, in the order in which they came."""

    def __init__(
        self,
        endpoint: MempoolEndpoint,
        *,
        clock: Clock,
        random: Random,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.name = endpoint.name
        self._endpoint = endpoint
        self._clock = clock
        self._backoff = Backoff(random)
        self._sleep = sleep
        self._record = FeedRecord(
            endpoint.name, clock, silence_ns=int(endpoint.silence_seconds * NS_PER_SECOND)
        )

    def health(self) -> FeedHealth:
        """What the source is worth at this moment."""
        return self._record.health()

    async def transactions(self) -> AsyncGenerator[PendingTransaction, None]:
        """Every announced transaction that is what its hash says, for ever."""
        while True:
            async with aclosing(self._session()) as session:
                async for tx in session:
                    yield tx
            await self._sleep(self._backoff.next_s())

    async def _session(self) -> AsyncGenerator[PendingTransaction, None]:
        """One connection, and in the end why there is none any more."""
        polls = self._endpoint.method is PendingMethod.FILTER
        try:
            async with aclosing(self._polled() if polls else self._subscribed()) as txs:
                async for tx in txs:
                    yield tx
        except (RpcError, WireError) as error:
            self._record.connecting(str(error))
        else:
            self._record.connecting("the node hung up, or was silent for too long")

    async def _subscribed(self) -> AsyncGenerator[PendingTransaction, None]:
        endpoint = self._endpoint
        async with (
            open_frames(
                endpoint.ws_url,
                SUBSCRIPTIONS[endpoint.method],
                bound=endpoint.queue_bound,
                clock=self._clock,
            ) as queue,
            aclosing(self._decoded(queue)) as txs,
        ):
            async for tx in txs:
                yield tx

    async def _decoded(self, queue: FrameQueue) -> AsyncGenerator[PendingTransaction, None]:
        answer = await self._taken(queue, limit=1)
        message = _message(answer[0]) if answer else None
        if message is None or message.id != 0 or message.error is not None:
            reason = "it did not confirm the subscription; choose another method"
            raise RpcError(method="eth_subscribe", node=self.name, reason=reason)
        async for tx in self._begun():
            yield tx
        dropped = 0
        while frames := await self._taken(queue, limit=LOOKUP_BATCH):
            for _ in range(queue.dropped - dropped):
                self._record.gap()
            dropped = queue.dropped
            for tx in await self._announced(frames):
                yield tx

    async def _taken(self, queue: FrameQueue, *, limit: int) -> list[Frame]:
        """The next frames; none when the connection ended or says nothing any more."""
        try:
            async with asyncio.timeout(self._endpoint.silence_seconds):
                return await queue.take(limit)
        except TimeoutError:
            return []

    async def _polled(self) -> AsyncGenerator[PendingTransaction, None]:
        """One filter, until the node forgets it."""
        rpc = self._endpoint.rpc
        filter_id = await rpc.call("eth_newPendingTransactionFilter")
        async for tx in self._begun():
            yield tx
        while True:
            changes = array(await rpc.call("eth_getFilterChanges", filter_id), "filter changes")
            now_ns = self._clock.now_ns()
            self._record.received(now_ns)
            for start in range(0, len(changes), LOOKUP_BATCH):
                announced = [(one, now_ns) for one in changes[start : start + LOOKUP_BATCH]]
                for tx in await self._looked_up(announced):
                    yield tx
            await self._sleep(self._endpoint.poll_seconds)

    async def _begun(self) -> AsyncGenerator[PendingTransaction, None]:
        """Note a connection; yield what the pool holds already, where that may be asked for."""
        self._record.connected()
        self._record.received(self._clock.now_ns())
        if self._record.health().reconnects:
            # Nothing tells what came and went in between.
            self._record.gap()
        if self._endpoint.reads_content:
            content = await self._endpoint.rpc.call("txpool_content")
            now_ns = self._clock.now_ns()
            for body in _bodies(content):
                tx = self._believed(body)
                if tx is not None:
                    yield self._seen(tx, now_ns)
        self._record.live()
        self._backoff.reset()

    async def _announced(self, frames: Sequence[Frame]) -> list[PendingTransaction]:
        """What these frames tell, in their order; whole bodies cost no request."""
        txs: list[PendingTransaction] = []
        hashes: list[tuple[object, int]] = []
        for frame in frames:
            self._record.received(frame.received_ns)
            message = _message(frame)
            if message is None or message.params is None:
                self._record.gap()
            elif isinstance(message.params.result, str):
                hashes.append((message.params.result, frame.received_ns))
            else:
                tx = self._believed(message.params.result)
                if tx is not None:
                    txs.append(self._seen(tx, frame.received_ns))
        return [*txs, *await self._looked_up(hashes)] if hashes else txs

    async def _looked_up(self, announced: Sequence[tuple[object, int]]) -> list[PendingTransaction]:
        """Bodies of hashes in one request. One that vanished or was mined meanwhile is a gap."""
        calls = [("eth_getTransactionByHash", (tx_hash,)) for tx_hash, _ in announced]
        bodies = await self._endpoint.rpc.batch(calls)
        txs = []
        for (tx_hash, received_ns), body in zip(announced, bodies, strict=True):
            tx = None
            if body is None or _is_mined(body):
                self._record.gap()
            else:
                tx = self._believed(body)
            if tx is not None and tx.hash == tx_hash:
                txs.append(self._seen(tx, received_ns))
        return txs

    def _believed(self, body: TransactionJson | object) -> Transaction | None:
        """The transaction, or None and a gap where its bytes have another hash."""
        try:
            return (
                from_json(body) if isinstance(body, TransactionJson) else convert_transaction(body)
            )
        except UndecodableTransactionError:
            self._record.gap()
            return None

    def _seen(self, tx: Transaction, at_ns: int) -> PendingTransaction:
        return PendingTransaction(transaction=tx, source=self.name, first_seen_ns=at_ns)


def decode_announcement(content: bytes | str) -> Transaction | None:
    """The transaction that a notification carries; None for a hash.

    Raises:
        UndecodableTransactionError: its bytes have another hash.
        msgspec.MsgspecError: no notification.
    """
    message = _MESSAGE.decode(content)
    if message.params is None or isinstance(message.params.result, str):
        return None
    return from_json(message.params.result)


def _message(frame: Frame) -> _Message | None:
    try:
        return _MESSAGE.decode(frame.content)
    except _UNDECODABLE:
        return None


def _bodies(content: object) -> list[object]:
    """Every transaction of `txpool_content`, executable ones first."""
    return [
        body
        for queue in ("pending", "queued")
        for by_nonce in _values(member(content, queue))
        for body in _values(by_nonce)
    ]


def _values(value: object) -> list[object]:
    if not isinstance(value, dict):
        raise WireError("txpool_content", "not an object")
    return list(value.values())


def _is_mined(body: object) -> bool:
    return isinstance(body, dict) and body.get("blockNumber") is not None
