"""What a feed says of itself: silence, contradiction, counts, and the waits between attempts."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from searcher.adapters.feed_record import LONGEST_DELAY_SECONDS, Backoff, FeedRecord
from searcher.feed_health import FeedState
from tests.searcher.fakes import HandClock

SECOND = 1_000_000_000


def record(clock: HandClock) -> FeedRecord:
    return FeedRecord("node", clock, silence_ns=SECOND)


def test_a_feed_begins_without_a_connection() -> None:
    health = record(HandClock()).health()

    assert health.state is FeedState.CONNECTING
    assert health.last_received_ns is None
    assert health.reconnects == 0


@given(silence_ns=st.integers(min_value=0, max_value=5 * SECOND))
def test_a_live_feed_is_stale_exactly_when_it_is_silent_too_long(silence_ns: int) -> None:
    clock = HandClock()
    feed = record(clock)
    feed.connected()
    feed.received(clock.now_ns())
    feed.live()
    clock.time_ns += silence_ns

    is_live = feed.health().state is FeedState.LIVE

    assert is_live == (silence_ns <= SECOND)


def test_a_message_revives_a_silent_feed_and_a_contradiction_needs_more() -> None:
    clock = HandClock()
    feed = record(clock)
    feed.live()
    clock.time_ns += 2 * SECOND
    feed.received(clock.now_ns())
    assert feed.health().state is FeedState.LIVE

    feed.stale("two nodes disagree")
    feed.received(clock.now_ns())
    assert feed.health().reason == "two nodes disagree"


def test_connections_messages_and_gaps_are_counted() -> None:
    clock = HandClock()
    feed = record(clock)
    for _ in range(3):
        feed.connected()
        feed.received(clock.now_ns())
    feed.gap()
    feed.connecting("the node hung up")

    health = feed.health()

    assert (health.reconnects, health.messages, health.gaps) == (2, 3, 1)
    assert health.state is FeedState.CONNECTING


@given(seed=st.integers(), failures=st.integers(min_value=1, max_value=40))
def test_waits_stay_below_a_bound_that_doubles(seed: int, failures: int) -> None:
    backoff = Backoff(Random(seed))  # noqa: S311 - jitter is no secret
    delays = [backoff.next_s() for _ in range(failures)]

    bounds = [min(0.25 * 2**index, LONGEST_DELAY_SECONDS) for index in range(failures)]
    assert all(0 <= delay <= bound for delay, bound in zip(delays, bounds, strict=True))

    backoff.reset()
    assert backoff.next_s() <= 0.25
