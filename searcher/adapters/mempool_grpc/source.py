"""A source of pending transactions that listens to a RawStream and never ends.

One task only takes frames off the wire, with the time of their arrival; whoever iterates decodes
them. A stream without a snapshot cannot tell what it missed, so that it counts a gap whenever it
resumes after a failure.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import grpc
from grpc import aio

from searcher.adapters.clock import NS_PER_SECOND
from searcher.adapters.feed_record import Backoff, FeedRecord
from searcher.adapters.mempool_grpc.frame_queue import Frame, FrameQueue
from searcher.adapters.mempool_grpc.raw_stream import Endpoint, RawCall, RawStream
from searcher.adapters.mempool_grpc.screening import Refusal, Screen, Wanted
from searcher.adapters.surroundings import Surroundings
from searcher.errors import FeedError, WireError
from searcher.feed_health import FeedHealth
from searcher.pending import PendingTransaction

KEEPALIVE_MS: Final = 25_000
"""Between pings of the transport; Erigon punishes more than one in ten seconds."""

KEEPALIVE_TIMEOUT_MS: Final = 10_000
"""For the answer to a ping, before the connection is taken for dead."""

MAX_MESSAGE_BYTES: Final = 256 * 2**20
"""Of one answer: the whole pool of a mainnet node is over 100 MB at times."""

SETTLE_SECONDS: Final = 0.5
"""Between subscribing and the first snapshot: two calls may overtake each other on their way."""

CHANNEL_OPTIONS: Final = (
    ("grpc.keepalive_time_ms", KEEPALIVE_MS),
    ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how much a source waits."""

    silence_s: float = 60.0
    """Without a message before the connection is given up; mainnet has some twenty a second."""

    audit_s: float = 30.0
    """Between two snapshots, where the protocol has them."""

    queue_frames: int = 4_096
    """Received and not decoded yet; the oldest are dropped beyond."""


class GrpcTransactions:
    """Pending transactions of one endpoint, each with its sender recovered from the signature."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        stream: RawStream,
        wanted: Wanted,
        surroundings: Surroundings,
        patience: Patience,
    ) -> None:
        self.name = endpoint.name
        """What the configuration calls it."""
        self._endpoint = endpoint
        self._stream = stream
        self._screen = Screen(wanted)
        self._outside = surroundings
        self._patience = patience
        silence_ns = round(patience.silence_s * NS_PER_SECOND)
        self._record = FeedRecord(self.name, surroundings.clock, silence_ns=silence_ns)
        self._refusals: Counter[Refusal] = Counter()
        self._queue = FrameQueue(bound=patience.queue_frames)
        self._delay_ns: int | None = None
        self._is_connected = False
        self._is_resuming = False

    def health(self) -> FeedHealth:
        """How far it can be believed at this moment."""
        return self._record.health()

    def refusals(self) -> Mapping[Refusal, int]:
        """How much was not passed on, and why."""
        return dict(self._refusals)

    @property
    def delay_ns(self) -> int | None:
        """From the source's hearing of the newest transaction to ours, across two clocks.

        None where the source does not say when it heard.
        """
        return self._delay_ns

    async def transactions(self) -> AsyncGenerator[PendingTransaction, None]:
        """Every transaction that is believed and wanted, for ever; close it to hang up."""
        async with self._listening():
            while True:
                for pending in self._admitted(await self._queue.get()):
                    yield pending

    @asynccontextmanager
    async def _listening(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(self._listen())
            # The task group would wrap what closes a generator, and closing would raise.
            with suppress(GeneratorExit):
                yield
            listening.cancel()

    def _admitted(self, frame: Frame) -> Iterator[PendingTransaction]:
        try:
            announced = frame.call.decode(frame.data)
        except WireError:
            self._refusals[Refusal.FRAME] += 1
            self._record.gap()
            return
        is_gap_counted = not frame.is_audit
        for one in announced:
            verdict = self._screen.admit(one)
            if isinstance(verdict, Refusal):
                self._refusals[verdict] += 1
                continue
            if not is_gap_counted:
                self._record.gap()
                is_gap_counted = True
            if one.heard_ns is not None:
                self._delay_ns = frame.received_ns - one.heard_ns
            yield PendingTransaction(
                transaction=verdict, source=self.name, first_seen_ns=frame.received_ns
            )

    async def _listen(self) -> None:
        backoff = Backoff(self._outside.random)
        while True:
            self._is_connected = False
            reason = await self._outcome()
            if self._is_connected:
                backoff.reset()
            self._is_resuming = True
            self._record.connecting(reason)
            await self._outside.sleep(backoff.next_s())

    async def _outcome(self) -> str:
        """Listen to one connection until it is lost; why it was, without the source's words."""
        reasons: list[str] = []
        try:
            await self._session()
        except* aio.AioRpcError as failures:
            reasons += [_status(failure) for failure in _leaves(failures)]
        except* TimeoutError:
            reasons.append("silent for too long")
        except* FeedError as failures:
            reasons += [str(failure) for failure in _leaves(failures)]
        return reasons[0]

    async def _session(self) -> None:
        async with _channel(self._endpoint) as channel, asyncio.TaskGroup() as tasks:
            # Subscribing first leaves nothing between the snapshot and the updates.
            updates = self._answers(channel, self._stream.updates)
            if self._stream.snapshot is not None:
                tasks.create_task(self._snapshots(channel, self._stream.snapshot))
            await self._follow(updates)

    def _answers(self, channel: aio.Channel, call: RawCall) -> aio.UnaryStreamCall:
        return channel.unary_stream(call.path)(call.request, metadata=self._endpoint.metadata)

    async def _follow(self, updates: aio.UnaryStreamCall) -> None:
        while True:
            async with asyncio.timeout(self._patience.silence_s):
                data = await updates.read()
            if data is aio.EOF:
                raise FeedError(self.name, "the source ended the stream")
            self._arrived(data, self._stream.updates)
            if self._stream.snapshot is None:
                self._record.live()

    async def _snapshots(self, channel: aio.Channel, call: RawCall) -> None:
        is_audit = False
        await self._outside.sleep(SETTLE_SECONDS)
        while True:
            async with asyncio.timeout(self._patience.silence_s):
                answer = channel.unary_unary(call.path)(
                    call.request, metadata=self._endpoint.metadata
                )
                data = await answer
            self._arrived(data, call, is_audit=is_audit)
            self._record.live()
            is_audit = True
            await self._outside.sleep(self._patience.audit_s)

    def _arrived(self, data: bytes, call: RawCall, *, is_audit: bool = False) -> None:
        received_ns = self._outside.clock.now_ns()
        if not self._is_connected:
            self._is_connected = True
            self._record.connected()
            if self._is_resuming and self._stream.snapshot is None:
                self._record.gap()
        self._record.received(received_ns)
        frame = Frame(data=data, call=call, received_ns=received_ns, is_audit=is_audit)
        if self._queue.put(frame):
            self._record.gap()


@asynccontextmanager
async def _channel(endpoint: Endpoint) -> AsyncIterator[aio.Channel]:
    if endpoint.is_tls:
        credentials = grpc.ssl_channel_credentials()
        opened = aio.secure_channel(endpoint.target, credentials, options=CHANNEL_OPTIONS)
    else:
        opened = aio.insecure_channel(endpoint.target, options=CHANNEL_OPTIONS)
    async with opened as channel:
        yield channel


def _leaves(group: BaseExceptionGroup[Exception]) -> Iterator[Exception]:
    for failure in group.exceptions:
        if isinstance(failure, BaseExceptionGroup):
            yield from _leaves(failure)
        else:
            yield failure


def _status(failure: aio.AioRpcError) -> str:
    return f"the call failed ({failure.code().name})"
