"""The stream of hints against a local node: every hint once, gaps filled from the history."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from searcher.adapters.event_stream import MAX_EVENT_BYTES, EventParser
from searcher.adapters.mev_share import HeardHint, MevShareFeed
from searcher.adapters.surroundings import Surroundings
from searcher.errors import WireError
from searcher.feed_health import FeedState
from sims.mempool.mev_share_events import EventHub, SharedEvent
from sims.mempool.mev_share_server import serving_mev_share
from sims.mempool.steps import Fault, Script, Step, drawn, stall
from tests.searcher.adapters.http_endpoint import closed_url
from tests.searcher.fakes import HandClock

SCHEDULES = 200


def event(number: int) -> SharedEvent:
    shared = {"hash": f"0x{number:064x}", "logs": None, "txs": None}
    return SharedEvent(event=shared, block=number, timestamp_s=number)


EVENTS = [event(number) for number in range(1, 14)]


async def at_once(_: float) -> None:
    """Let no time pass."""


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - schedules repeat


def feed_of(url: str, clock: HandClock | None = None) -> MevShareFeed:
    surroundings = Surroundings(clock=clock or HandClock(), random=seeded(0), sleep=at_once)
    return MevShareFeed("local", url=url, surroundings=surroundings, silence_s=0.05)


async def heard(feed: MevShareFeed, last: SharedEvent) -> list[HeardHint]:
    """Everything up to this hint."""
    found: list[HeardHint] = []
    async with asyncio.timeout(10), aclosing(feed.hints()) as hints:
        while not found or found[-1].hint.hash != last.event["hash"]:
            found.append(await anext(hints))
    return found


async def after(*faults: Fault) -> tuple[MevShareFeed, list[HeardHint]]:
    """The feed once it heard the last event of a script."""
    steps = [Step(item=one, fault=fault) for one, fault in zip(EVENTS, faults, strict=False)]
    async with serving_mev_share(Script(steps)) as url:
        feed = feed_of(url)
        return feed, await heard(feed, steps[-1].item)


async def first_of(hints: AsyncIterator[HeardHint]) -> HeardHint:
    return await anext(hints)


def numbers(found: list[HeardHint]) -> list[int]:
    return [int(one.hint.hash, 16) for one in found]


async def test_hints_are_yielded_in_order_and_once() -> None:
    feed, found = await after(Fault.NONE, Fault.DUPLICATE, Fault.NONE)

    assert numbers(found) == [1, 2, 3]
    assert feed.health().state is FeedState.LIVE
    assert not any(one.is_late for one in found)


@pytest.mark.parametrize("fault", [Fault.DISCONNECT, Fault.STALL])
async def test_what_a_connection_missed_comes_from_the_history(fault: Fault) -> None:
    feed, found = await after(Fault.NONE, fault, Fault.NONE)

    assert numbers(found) == [1, 2, 3]
    assert [one.is_late for one in found[:2]] == [False, True]
    assert (feed.health().gaps, feed.health().reconnects) == (0, 1)


async def test_garbage_is_counted_and_the_stream_goes_on() -> None:
    feed, found = await after(Fault.NONE, Fault.GARBAGE, Fault.NONE)

    assert numbers(found) == [1, 3]
    assert feed.health().gaps == 2


async def test_heartbeat_keeps_a_silent_stream_alive() -> None:
    hub = EventHub()
    async with serving_mev_share(hub, heartbeat_s=0.01) as url:
        feed = feed_of(url)
        async with (
            asyncio.timeout(10),
            aclosing(feed.hints()) as hints,
            asyncio.TaskGroup() as group,
        ):
            first = group.create_task(anext(hints))
            while feed.health().messages < 20:
                await asyncio.wait([first], timeout=0.01)
            hub.publish(EVENTS[0])

    assert first.result().hint.hash == EVENTS[0].event["hash"]
    assert feed.health().reconnects == 0


async def test_long_history_is_read_page_by_page() -> None:
    many = [event(number) for number in range(1, 1_203)]
    steps = [Step(item=many[0]), *(Step(item=one, fault=Fault.DROP) for one in many[1:-2])]
    steps += [Step(item=many[-2], fault=Fault.DISCONNECT), Step(item=many[-1])]
    async with serving_mev_share(Script(steps)) as url:
        feed = feed_of(url)
        found = await heard(feed, many[-1])

    assert numbers(found) == list(range(1, 1_203))
    assert feed.health().gaps == 0


async def test_node_that_is_not_there_is_tried_again() -> None:
    waits = 0

    async def wait(_: float) -> None:
        nonlocal waits
        waits += 1
        if waits > 2:
            await stall()

    surroundings = Surroundings(clock=HandClock(), random=seeded(0), sleep=wait)
    feed = MevShareFeed("local", url=closed_url(), surroundings=surroundings)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2):
            await anext(feed.hints())

    assert waits == 3
    assert feed.health().state is FeedState.CONNECTING
    assert "ClientConnectorError" in feed.health().reason


@pytest.mark.slow
async def test_what_is_heard_is_the_truth_or_a_gap_is_counted() -> None:
    for seed in range(SCHEDULES):
        script = drawn(EVENTS, seeded(seed))
        async with serving_mev_share(script) as url:
            feed = feed_of(url)
            found = numbers(await heard(feed, EVENTS[-1]))

        untold = {step.item.block for step in script.steps if step.fault is Fault.DROP}
        missed = set(range(1, 14)) - set(found)
        assert len(found) == len(set(found)), seed
        assert set(found) <= set(range(1, 14)), seed
        assert missed <= untold or feed.health().gaps > 0, seed


@given(data=st.data(), events=st.lists(st.binary(min_size=1, max_size=20), max_size=5))
def test_events_do_not_depend_on_how_the_bytes_arrive(
    data: st.DataObject, events: list[bytes]
) -> None:
    clean = [one.replace(b"\n", b" ").replace(b"\r", b" ").strip() or b"x" for one in events]
    stream = b":ping\n\n" + b"".join(b"id: 1\r\ndata: " + one + b"\r\n\n" for one in clean)
    parser, found = EventParser(), []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += parser.feed(stream[:size])
        stream = stream[size:]

    assert found == clean


def test_endless_event_is_refused() -> None:
    with pytest.raises(WireError):
        EventParser().feed(b"data: " + b"x" * MAX_EVENT_BYTES)
    parser = EventParser()
    for _ in range(MAX_EVENT_BYTES // 1_001):
        parser.feed(b"data: " + b"x" * 1_000 + b"\n")
    with pytest.raises(WireError):
        parser.feed(b"data: " + b"x" * 2_000 + b"\n")
