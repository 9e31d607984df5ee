"""A gRPC source against a local server: what it asks, what it believes, what it says of itself."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from graphs.units import Address
from searcher.adapters.mempool_grpc.bloxroute import bloxroute_stream, decode_reply
from searcher.adapters.mempool_grpc.erigon import (
    ON_ADD,
    decode_additions,
    decode_pool,
    erigon_stream,
)
from searcher.adapters.mempool_grpc.fiber import decode_message, fiber_stream
from searcher.adapters.mempool_grpc.frame_queue import Frame, FrameQueue
from searcher.adapters.mempool_grpc.raw_stream import Announced, Endpoint, RawCall, RawStream
from searcher.adapters.mempool_grpc.screening import REMEMBERED, Refusal, Screen, Wanted
from searcher.adapters.mempool_grpc.source import SETTLE_SECONDS, GrpcTransactions, Patience
from searcher.adapters.mempool_grpc.wire.fiber_pb2 import TxFilter
from searcher.adapters.surroundings import Surroundings
from searcher.errors import WireError
from searcher.feed_health import FeedState
from searcher.pending import PendingTransaction
from searcher.transactions import decode_transaction
from sims.mempool.grpc_services import GrpcMempool, serving_grpc
from sims.mempool.steps import Fault, Script, Step, stall
from tests.searcher.adapters.http_endpoint import closed_url
from tests.searcher.adapters.mempool_grpc.test_faults import AUDIT_S, RAWS, STREAMS, seeded
from tests.searcher.fakes import HandClock

TO = Address("0x" + "55" * 20)
STRANGER = Address("0x" + "5e" * 20)
DECODERS = [decode_reply, decode_message, decode_additions, decode_pool]


@dataclass
class Listening:
    """A source, what surrounds it and what it yielded."""

    clock: HandClock = field(default_factory=HandClock)
    waits: list[float] = field(default_factory=list)
    heard: list[PendingTransaction] = field(default_factory=list)

    async def sleep(self, seconds: float) -> None:
        """Keep the wait; never return from one for an audit, nor from the fourth of attempts."""
        self.waits.append(seconds)
        attempts = [wait for wait in self.waits if wait not in {AUDIT_S, SETTLE_SECONDS}]
        if seconds == AUDIT_S or len(attempts) > 3:
            await stall()

    def source(self, target: str, stream: RawStream) -> GrpcTransactions:
        """A source that waits little."""
        return GrpcTransactions(
            Endpoint(name="local", target=target, metadata=(("authorization", "secret"),)),
            stream=stream,
            wanted=Wanted(chain_id=1),
            surroundings=Surroundings(clock=self.clock, random=seeded(1), sleep=self.sleep),
            patience=Patience(silence_s=5, audit_s=AUDIT_S),
        )

    async def hear(self, source: GrpcTransactions, count: int) -> None:
        """Take so many transactions."""
        async with asyncio.timeout(10), aclosing(source.transactions()) as transactions:
            while len(self.heard) < count:
                self.heard.append(await anext(transactions))


async def after(
    stream: RawStream, steps: Sequence[Step[bytes]], count: int
) -> tuple[GrpcTransactions, Listening, GrpcMempool]:
    """The source once it yielded so many of a script."""
    listening = Listening()
    async with serving_grpc(Script(steps), random=seeded(0)) as server:
        source = listening.source(server.target, stream)
        await listening.hear(source, count)
    return source, listening, server


def steps(*faults: Fault) -> list[Step[bytes]]:
    return [Step(item=raw, fault=fault) for raw, fault in zip(RAWS, faults, strict=False)]


@pytest.mark.parametrize("name", list(STREAMS))
async def test_transactions_are_yielded_with_source_and_time(name: str) -> None:
    source, listening, server = await after(STREAMS[name], steps(Fault.NONE, Fault.NONE), 2)

    assert [one.transaction for one in listening.heard] == [
        decode_transaction(raw) for raw in RAWS[:2]
    ]
    assert {one.source for one in listening.heard} == {"local"}
    assert source.health().state is FeedState.LIVE or name == "erigon"
    assert server.calls[0][1]["authorization"] == "secret"


async def test_erigon_is_subscribed_to_before_its_pool_is_asked_for() -> None:
    _, listening, server = await after(erigon_stream(), steps(Fault.NONE), 1)

    assert {path for path, _ in server.calls} >= {ON_ADD}
    assert listening.waits[0] == SETTLE_SECONDS


class StillPool(Script[bytes]):
    """A pool that holds a transaction and gets no other."""

    def __init__(self) -> None:
        super().__init__(())

    @override
    def happened(self) -> tuple[bytes, ...]:
        """What it holds."""
        return (RAWS[0],)


async def test_erigon_is_live_once_its_pool_is_read() -> None:
    listening = Listening()
    async with serving_grpc(StillPool(), random=seeded(0)) as server:
        source = listening.source(server.target, erigon_stream())
        await listening.hear(source, 1)

    assert listening.heard[0].transaction.raw == RAWS[0]
    assert source.health().state is FeedState.LIVE
    assert source.health().gaps == 0


async def test_what_a_connection_missed_is_a_gap_and_the_next_goes_on() -> None:
    source, listening, _ = await after(
        bloxroute_stream(), steps(Fault.NONE, Fault.DISCONNECT, Fault.NONE), 2
    )

    assert [one.transaction.raw for one in listening.heard] == [RAWS[0], RAWS[2]]
    assert (source.health().gaps, source.health().reconnects) == (1, 1)


async def test_pool_fills_what_a_connection_missed_without_a_gap() -> None:
    source, listening, _ = await after(
        erigon_stream(), steps(Fault.NONE, Fault.DISCONNECT, Fault.NONE), 3
    )

    assert {one.transaction.raw for one in listening.heard} == set(RAWS[:3])
    assert source.health().gaps == 0


async def test_garbage_is_a_gap_and_a_forgery_is_refused() -> None:
    source, listening, _ = await after(
        fiber_stream(), steps(Fault.GARBAGE, Fault.FORGE, Fault.NONE), 2
    )

    assert [one.transaction.raw for one in listening.heard] == RAWS[1:3]
    assert source.refusals() == {
        Refusal.FRAME: 1,
        Refusal.UNDECODABLE: 1,
        Refusal.SENDER: 1,
    }
    assert source.health().gaps == 1


async def test_source_that_nobody_serves_waits_longer_and_longer() -> None:
    listening = Listening()
    source = listening.source(urlsplit(closed_url()).netloc, fiber_stream())

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await anext(source.transactions())

    assert len(listening.waits) == 4
    assert source.health().state is FeedState.CONNECTING
    assert source.health().reason == "the call failed (UNAVAILABLE)"


async def test_gateways_time_says_how_late_we_are() -> None:
    source, listening, _ = await after(bloxroute_stream(), steps(Fault.NONE), 1)

    assert source.delay_ns == listening.heard[0].first_seen_ns - 1


@given(frames=st.lists(st.binary(max_size=2), max_size=20), bound=st.integers(1, 8))
async def test_full_queue_keeps_the_newest_and_says_what_it_dropped(
    frames: list[bytes], bound: int
) -> None:
    queue = FrameQueue(bound=bound)
    call = RawCall(path="", request=b"", decode=decode_message)

    dropped = [queue.put(Frame(data=data, call=call, received_ns=0)) for data in frames]

    kept = [(await queue.get()).data for _ in frames[-bound:]]
    assert kept == frames[-bound:]
    assert sum(dropped) == max(0, len(frames) - bound)


@pytest.mark.parametrize("decode", DECODERS)
@given(frame=st.binary(max_size=200))
def test_any_bytes_decode_or_are_refused(
    decode: Callable[[bytes], tuple[Announced, ...]], frame: bytes
) -> None:
    screen = Screen(Wanted(chain_id=1))
    try:
        announced = decode(frame)
    except WireError:
        return

    assert all(isinstance(screen.admit(one), Refusal) for one in announced)


@given(data=st.data())
def test_damaged_transaction_of_a_named_sender_is_never_admitted(data: st.DataObject) -> None:
    raw = bytearray(RAWS[0])
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))

    sender = decode_transaction(RAWS[0]).sender
    verdict = Screen(Wanted(chain_id=1)).admit(Announced(raw=bytes(raw), sender=sender))

    assert isinstance(verdict, Refusal)


@pytest.mark.parametrize(
    ("wanted", "verdict"),
    [
        (Wanted(chain_id=2), Refusal.CHAIN),
        (Wanted(chain_id=1, to=frozenset({STRANGER})), Refusal.UNWANTED),
        (Wanted(chain_id=1, methods=frozenset({b"\x01\x02\x03\x04"})), Refusal.UNWANTED),
        (Wanted(chain_id=1, to=frozenset({TO}), methods=frozenset({b""})), None),
    ],
)
def test_only_what_is_wanted_is_admitted(wanted: Wanted, verdict: Refusal | None) -> None:
    admitted = Screen(wanted).admit(Announced(raw=RAWS[0]))

    assert admitted == (verdict or decode_transaction(RAWS[0]))


def test_unknown_type_and_repetition_have_names_of_their_own() -> None:
    screen = Screen(Wanted(chain_id=1))
    screen.admit(Announced(raw=RAWS[0]))

    assert screen.admit(Announced(raw=RAWS[0])) is Refusal.REPEATED
    assert screen.admit(Announced(raw=b"\x05\xc0")) is Refusal.TYPE


def test_what_is_remembered_is_bounded() -> None:
    screen = Screen(Wanted(chain_id=1))
    for number in range(REMEMBERED + 1):
        screen._remember(number.to_bytes(4, "big"))

    assert len(screen._passed) == REMEMBERED


def test_fiber_is_asked_for_contracts_and_methods() -> None:
    request = fiber_stream(to=[TO, STRANGER], methods=[b"\x01\x02\x03\x04"]).updates.request
    root = msgspec.json.decode(TxFilter.FromString(request).encoded)["Root"]

    contracts, method = root["Nodes"]
    assert (root["Operator"], contracts["Operator"]) == (1, 2)
    assert [node["Operand"]["key"] for node in contracts["Nodes"]] == ["to", "to"]
    assert method["Operand"] == {"key": "method", "value": "AQIDBA=="}
    assert TxFilter.FromString(fiber_stream().updates.request).encoded == b""
