"""Every row of the builder table against a strict server in its dialect; then all at once."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web
from hypothesis import example, given
from hypothesis import strategies as st

from searcher.adapters.circuit_breaker import (
    FAILURES_TO_OPEN,
    FIRST_PAUSE_NS,
    LONGEST_PAUSE_NS,
    Circuit,
    CircuitBreaker,
)
from searcher.adapters.flashbots_rpc import FlashbotsEndpoint, open_relay_session
from searcher.adapters.keys import IdentityKey
from searcher.adapters.relays import BuilderRelay, RequestDesk
from searcher.adapters.request_budget import WINDOW_NS, RequestBudget
from searcher.builder_table import BY_NAME, ROWS
from searcher.model import Submission
from searcher.relay_profiles import CANCEL, SEND, Cancelling, RelayProfile
from searcher.settlement import intent_of
from tests.searcher.adapters.http_endpoint import (
    IDENTITY,
    Handler,
    closed_url,
    result,
    serving,
)
from tests.searcher.fakes import HandClock
from tests.searcher.records import BID, admitted, bundle
from tests.searcher.strict_builder import CREDENTIAL, StrictBuilder

MAX_TIMESTAMP_S = 1_700_000_000
BUNDLE = replace(bundle(), max_timestamp_s=MAX_TIMESTAMP_S)
ADMITTED = admitted(BUNDLE)
HASH = "0x" + "ab" * 32
FLASHBOTS = BY_NAME["flashbots"]


@asynccontextmanager
async def relay(
    url: str, profile: RelayProfile = FLASHBOTS, clock: HandClock | None = None
) -> AsyncIterator[BuilderRelay]:
    async with open_relay_session() as session:
        yield made(session, url, profile, clock=clock or HandClock())


def made(
    session: aiohttp.ClientSession,
    url: str,
    profile: RelayProfile = FLASHBOTS,
    *,
    clock: HandClock,
    desk: RequestDesk | None = None,
) -> BuilderRelay:
    sign = IdentityKey(IDENTITY).header
    return BuilderRelay(
        FlashbotsEndpoint(session, name=profile.name, url=url, sign=sign),
        clock,
        profile=profile,
        desk=desk or RequestDesk(sign, builders=("Titan",)),
        credential=CREDENTIAL,
    )


async def sent_to(relays: Sequence[BuilderRelay]) -> list[Submission]:
    """As the pipeline sends: everything is written before the first byte leaves."""
    for one in relays:
        one.prepare(ADMITTED)
    async with asyncio.TaskGroup() as tasks:
        sent = [tasks.create_task(one.submit(ADMITTED)) for one in relays]
    return [task.result() for task in sent]


@pytest.mark.parametrize("profile", ROWS, ids=lambda row: row.name)
async def test_strict_builder_accepts_a_submission_in_its_dialect(profile: RelayProfile) -> None:
    builder = StrictBuilder(profile=profile)
    async with serving(builder.answer) as (url, _), relay(url, profile) as client:
        submission = await client.submit(ADMITTED)

    assert builder.complaints == []
    assert (submission.accepted, submission.answer) == (True, HASH)
    ((method, parameters),) = builder.accepted
    assert method == profile.send_method
    assert parameters[profile.word("blockNumber")] == hex(BID.target_block)
    knows_time = "maxTimestamp" in profile.fields
    timestamp = parameters.get(profile.word("maxTimestamp"))
    assert timestamp == (MAX_TIMESTAMP_S if knows_time else None)
    assert ("builders" in parameters) == ("builders" in profile.fields)


@pytest.mark.parametrize("profile", ROWS, ids=lambda row: row.name)
async def test_strict_builder_accepts_a_cancellation_in_its_dialect(profile: RelayProfile) -> None:
    builder = StrictBuilder(profile=profile)
    async with serving(builder.answer) as (url, _), relay(url, profile) as client:
        cancelled = await client.cancel(intent_of(BUNDLE), "no longer found")

    assert builder.complaints == []
    if profile.cancelling is Cancelling.NONE:
        assert (cancelled.accepted, builder.accepted) == (False, [])
        assert cancelled.answer.startswith("unsupported_method: ")
        return
    ((method, parameters),) = builder.accepted
    assert cancelled.accepted
    assert parameters[profile.word("replacementUuid")] == BUNDLE.uuid
    by_method = profile.cancelling is Cancelling.METHOD
    assert method == (CANCEL if by_method else profile.send_method)
    assert by_method or parameters[profile.word("txs")] == []


@pytest.mark.parametrize("profile", ROWS, ids=lambda row: row.name)
async def test_strict_builder_of_another_dialect_complains(profile: RelayProfile) -> None:
    """The server is strict: what it knows less than the client it refuses."""
    stricter = replace(profile, fields=frozenset({"txs", "blockNumber"}))
    builder = StrictBuilder(profile=stricter)
    async with serving(builder.answer) as (url, _), relay(url, profile) as client:
        submission = await client.submit(ADMITTED)

    assert (submission.accepted, len(builder.complaints)) == (False, 1)
    assert submission.answer == "malformed: Invalid params"


async def test_bundle_beyond_the_limits_is_not_sent() -> None:
    profile = replace(FLASHBOTS, max_bytes=len(BUNDLE.txs[0]) - 1)
    builder = StrictBuilder(profile=profile)
    async with serving(builder.answer) as (url, received), relay(url, profile) as client:
        submission = await client.submit(ADMITTED)

    assert (submission.accepted, received.bodies) == (False, [])
    assert submission.answer.startswith("malformed: 1 transactions of ")


async def test_each_distinct_body_is_signed_once() -> None:
    signed: list[bytes] = []

    def sign(body: bytes) -> str:
        signed.append(body)
        return IdentityKey(IDENTITY).header(body)

    desk, clock = RequestDesk(sign), HandClock()
    names = ("titan", "titan", "flashbots", "flashbots", "beaverbuild")
    async with serving(acknowledge) as (url, received), open_relay_session() as session:
        relays = [made(session, url, BY_NAME[name], clock=clock, desk=desk) for name in names]
        sent = await sent_to(relays)

    assert [submission.relay for submission in sent] == list(names)
    assert all(submission.accepted for submission in sent)
    assert len(received.bodies) == len(names)
    assert len(signed) == len(set(received.bodies)) == 1


async def test_one_endpoint_that_hangs_delays_nobody_else() -> None:
    released = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await released.wait()
        return await acknowledge(_request)

    hasty = replace(FLASHBOTS, timeout_seconds=0.05)
    async with (
        serving(hang) as (stuck, _),
        serving(acknowledge) as (url, _),
        open_relay_session() as session,
    ):
        relays = [made(session, where, hasty, clock=HandClock()) for where in (stuck, url)]
        late, fine = await sent_to(relays)
        cancelled = await relays[1].cancel(intent_of(BUNDLE), "no longer found")
        released.set()

    assert (late.accepted, fine.accepted) == (False, True)
    assert late.answer == "server_unavailable: unreachable: TimeoutError"
    assert cancelled.accepted


async def acknowledge(_request: web.Request) -> web.Response:
    return web.Response(body=result({"bundleHash": HASH}))


async def reset(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def slow_loris(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"{")
    assert request.transport is not None
    while not request.transport.is_closing():
        await asyncio.Event().wait()
    return response


def always(body: bytes, status: int) -> Handler:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=body, status=status)

    return answer


TROUBLES = {
    "429": (always(b"slow down", 429), "rate_limited: HTTP 429: not JSON"),
    "malformed": (always(b'{"result"', 200), "server_unavailable: HTTP 200: not JSON"),
    "html": (always(b"<html>", 502), "server_unavailable: HTTP 502: not JSON"),
    "reset": (reset, "server_unavailable: unreachable: "),
    "slow loris": (slow_loris, "server_unavailable: unreachable: TimeoutError"),
}


@pytest.mark.parametrize("name", TROUBLES)
async def test_troubled_endpoint_is_classified_then_left_alone_then_probed(name: str) -> None:
    handler, words = TROUBLES[name]
    clock, hasty = HandClock(), replace(FLASHBOTS, timeout_seconds=0.05)
    async with serving(handler) as (url, received), relay(url, hasty, clock) as client:
        answers = [(await client.submit(ADMITTED)).answer for _ in range(FAILURES_TO_OPEN + 1)]
        asked = len(received.bodies)
        clock.time_ns = FIRST_PAUSE_NS
        await client.submit(ADMITTED)
        probed = len(received.bodies)
        await client.submit(ADMITTED)

    assert all(answer.startswith(words) for answer in answers[:-1])
    assert answers[-1].startswith("server_unavailable: not sent: ")
    assert (asked, probed, len(received.bodies)) == (FAILURES_TO_OPEN, asked + 1, probed)


async def test_endpoint_that_returns_is_used_again() -> None:
    clock = HandClock()
    async with relay(closed_url(), clock=clock) as client:
        for _ in range(FAILURES_TO_OPEN):
            await client.submit(ADMITTED)
        opened = client.breaker.circuit
        async with serving(acknowledge) as (url, _), relay(url, clock=clock) as back:
            back.breaker = client.breaker
            clock.time_ns = FIRST_PAUSE_NS
            submission = await back.submit(ADMITTED)

    assert (opened, submission.accepted) == (Circuit.OPEN, True)
    assert back.breaker.circuit is Circuit.CLOSED


async def test_abandoned_probe_counts_as_a_failure() -> None:
    clock = HandClock()
    async with serving(slow_loris) as (url, received), relay(url, clock=clock) as client:
        for _ in range(FAILURES_TO_OPEN):
            client.breaker.failed()
        clock.time_ns = FIRST_PAUSE_NS
        task = asyncio.ensure_future(client.submit(ADMITTED))
        while not received.bodies:
            await asyncio.wait([task], timeout=0.001)
        task.cancel()
        await asyncio.wait([task])

    assert client.breaker.circuit is Circuit.OPEN


async def test_method_at_its_limit_is_not_sent_until_the_minute_is_over() -> None:
    clock, profile = HandClock(), replace(FLASHBOTS, requests_per_minute=((SEND, 1),))
    async with serving(acknowledge) as (url, received), relay(url, profile, clock) as client:
        first, second = [await client.submit(ADMITTED) for _ in range(2)]
        clock.time_ns = WINDOW_NS
        third = await client.submit(ADMITTED)

    assert [answer.accepted for answer in (first, second, third)] == [True, False, True]
    assert second.answer.startswith("rate_limited: not sent: ")
    assert len(received.bodies) == 2


@given(steps=st.lists(st.tuples(st.integers(0, 2 * LONGEST_PAUSE_NS), st.booleans()), max_size=60))
@example(steps=[(0, False)] * FAILURES_TO_OPEN + [(FIRST_PAUSE_NS, True)])
@example(steps=[(LONGEST_PAUSE_NS, False)] * 12 + [(LONGEST_PAUSE_NS, True)])
def test_breaker_is_open_only_after_failures_and_never_for_longer_than_its_longest_pause(
    steps: list[tuple[int, bool]],
) -> None:
    clock, failures, failed_ns = HandClock(), 0, 0
    breaker = CircuitBreaker(clock)
    for wait_ns, works in steps:
        clock.time_ns += wait_ns
        admitted_now = breaker.admit()
        assert admitted_now or failures >= FAILURES_TO_OPEN
        assert admitted_now or clock.time_ns < failed_ns + LONGEST_PAUSE_NS
        if not admitted_now:
            assert breaker.circuit is Circuit.OPEN
            continue
        if failures >= FAILURES_TO_OPEN:
            assert not breaker.admit()
        if works:
            breaker.succeeded()
            failures = 0
            assert breaker.circuit is Circuit.CLOSED
        else:
            breaker.failed()
            failures, failed_ns = failures + 1, clock.time_ns


@given(waits=st.lists(st.integers(0, WINDOW_NS), max_size=80), limit=st.integers(0, 5))
def test_no_minute_holds_more_requests_than_the_limit(waits: list[int], limit: int) -> None:
    clock, taken = HandClock(), list[int]()
    budget = RequestBudget(clock, lambda _method: limit)
    for wait_ns in waits:
        clock.time_ns += wait_ns
        recent = [time for time in taken if time > clock.time_ns - WINDOW_NS]
        admitted_now = budget.take(SEND)
        assert admitted_now == (len(recent) < limit)
        taken += [clock.time_ns] * admitted_now
