"""Sessions under a clock that is moved by hand: rotation, silence, limits, and random faults."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from random import Random

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typing_extensions import override

from searcher.adapters.clock import NS_PER_SECOND, SystemClock
from searcher.adapters.exchanges.conversation import RateLimit
from searcher.adapters.exchanges.desk import BookLimits, ExchangeDesk
from searcher.adapters.exchanges.feed import ExchangeFeed
from searcher.adapters.exchanges.kraken import KrakenConversation
from searcher.adapters.exchanges.opening import KINDS, venues_of
from searcher.adapters.exchanges.rate_budget import RateBudget
from searcher.adapters.exchanges.transport import Transport
from searcher.adapters.exchanges.wire_numbers import NS_PER_US
from searcher.adapters.surroundings import Surroundings
from searcher.errors import FeedError
from searcher.feed_health import FeedState
from searcher.settings.exchanges import VenueSettings
from sims.exchanges.faults import Fault
from tests.searcher.adapters.exchanges.watched_market import (
    MOST_STEPS,
    VENUES,
    Kind,
    Market,
    hasty,
    settings_of,
)
from tests.searcher.fakes import HandClock

LIMITS = BookLimits(max_age_ns=10**18, conflated_max_age_ns=0, max_jump_bps=300)
FREELY = RateLimit(count=1_000, seconds=1)
SEEDS = 20
FAULTY_STEPS = 40


class ShiftedClock(SystemClock):
    """The real time, and what a test adds to it."""

    def __init__(self) -> None:
        self.added_ns = 0

    @override
    def now_ns(self) -> int:
        return super().now_ns() + self.added_ns


@asynccontextmanager
async def sessions(
    kind: Kind, clock: ShiftedClock, *, silence_seconds: float | None = None
) -> AsyncIterator[Market]:
    """A market that is watched by this clock, without limits to connect and to send."""
    market = Market(kind)
    around = Surroundings(clock=clock, sleep=hasty, random=Random(2))  # noqa: S311 - jitter
    async with market.server.listening() as host, aiohttp.ClientSession() as session:
        (venue,) = venues_of(settings_of(kind, host), {})
        changed = replace(
            venue.rules,
            connects=FREELY,
            messages=FREELY,
            fetches=FREELY,
            silence_seconds=silence_seconds or venue.rules.silence_seconds,
        )
        feed = ExchangeFeed(replace(venue, rules=changed), Transport(session, kind), around)
        market.desk = ExchangeDesk([feed], LIMITS)
        async with market.watcher.running():
            yield market


@pytest.mark.slow
@pytest.mark.parametrize("kind", VENUES)
async def test_a_connection_that_is_old_is_replaced_without_a_pause(kind: Kind) -> None:
    clock = ShiftedClock()
    async with sessions(kind, clock, silence_seconds=10**6) as market:
        await market.until(market.is_whole)
        clock.added_ns += round(KINDS[kind].rules.lifetime_seconds + 1) * NS_PER_SECOND
        states = set()

        def is_replaced() -> bool:
            states.add(market.state())
            return market.watcher.health()[0].reconnects == 1

        await market.until(is_replaced)
        await market.until(market.is_whole)

        assert states == {FeedState.LIVE}
        assert market.server.connected == 2


@pytest.mark.slow
@pytest.mark.parametrize("kind", VENUES)
async def test_a_silent_connection_is_given_up_and_another_one_is_whole(kind: Kind) -> None:
    clock = ShiftedClock()
    async with sessions(kind, clock) as market:
        await market.until(market.is_whole)
        clock.added_ns += round(KINDS[kind].rules.silence_seconds + 1) * NS_PER_SECOND
        assert market.state() is FeedState.STALE

        for _ in range(MOST_STEPS):
            if market.server.connected > 1:
                break
            await hasty(1)
        await market.until(market.is_whole)

        assert market.state() is FeedState.LIVE
        assert market.watcher.health()[0].reconnects == 1


class Truth:
    """What the exchange knew after each of its changes, by number and by microsecond."""

    def __init__(self, market: Market) -> None:
        self._market = market
        self._numbers: dict[int, int] = {}
        self._note()

    def _note(self) -> None:
        """Of a time between two microseconds one side takes the earlier and one the nearer."""
        book = self._market.book
        for added_ns in (0, NS_PER_US // 2):
            self._numbers[(book.time_ns + added_ns) // NS_PER_US] = book.number

    def check(self) -> int:
        """Every book that is shown was so once. The number of books that were looked at."""
        book = self._market.book
        self._note()
        shown = self._market.watcher.shown(0)
        for one in shown:
            number = one.quote.sequence
            if one.market.venue != "binance":
                number = self._numbers[(one.quote.exchange_ns or 0) // NS_PER_US]
            price = one.price_scale // 10**book.price_places
            for levels, true in zip((one.bids, one.asks), book.after(number), strict=True):
                assert [(level.price, level.size) for level in levels] == [
                    (level.price * price, level.size) for level in true[: one.market.levels]
                ]
        return len(shown)


async def schedule(kind: Kind, seed: int) -> int:
    """Break the lines at random, then let them be; the number of books that were compared."""
    clock, compared = ShiftedClock(), 0
    async with sessions(kind, clock) as market:
        market.server.faults.random = Random(seed)  # noqa: S311 - a schedule is no secret
        market.server.faults.chances = dict.fromkeys(Fault, 0.01)
        truth = Truth(market)
        for _ in range(FAULTY_STEPS):
            await market.step()
            compared += truth.check()
        market.server.faults.chances = {}
        await market.server.hang_up()
        await market.until(market.is_whole)
        return compared


@pytest.mark.slow
@pytest.mark.parametrize("kind", VENUES)
async def test_faulty_sockets_never_show_a_wrong_book_and_end_whole(kind: Kind) -> None:
    compared = [await schedule(kind, seed) for seed in range(SEEDS)]

    assert sum(compared) > SEEDS


@given(
    pauses_ns=st.lists(st.integers(0, 3 * NS_PER_SECOND), max_size=30),
    count=st.integers(1, 5),
    seconds=st.sampled_from((0.5, 1, 2)),
)
def test_no_window_sees_more_than_the_limit_and_nobody_waits_without_need(
    pauses_ns: list[int], count: int, seconds: float
) -> None:
    clock = HandClock()
    window_ns = round(seconds * NS_PER_SECOND)
    asked_ns, turns_ns = [], []

    async def pass_time(wait_s: float) -> None:
        clock.time_ns += max(1, round(wait_s * NS_PER_SECOND))

    async def spend() -> None:
        budget = RateBudget(RateLimit(count=count, seconds=seconds), clock, pass_time)
        for pause_ns in pauses_ns:
            clock.time_ns += pause_ns
            asked_ns.append(clock.time_ns)
            await budget.wait_turn()
            turns_ns.append(clock.time_ns)

    asyncio.run(spend())

    for i, turn_ns in enumerate(turns_ns):
        due_ns = turns_ns[i - count] + window_ns if i >= count else 0
        assert turn_ns == max(asked_ns[i], due_ns)


@given(markets=st.integers(1, 45))
def test_markets_are_split_over_as_many_connections_as_the_limit_needs(markets: int) -> None:
    names = [f"A{i}/USD" for i in range(markets)]
    settings = VenueSettings(kind="coinbase", markets=tuple(names), fee_pips=0)

    venues = venues_of(settings, {})

    limit = KINDS["coinbase"].rules.markets_per_connection
    books = [list(venue.converse().books) for venue in venues]
    assert [name for one in books for name in one] == [name.replace("/", "-") for name in names]
    assert all(len(one) == limit for one in books[:-1])
    assert 0 < len(books[-1]) <= limit
    assert len({venue.name for venue in venues}) == len(venues)


@pytest.mark.parametrize("system", ["maintenance", "cancel_only", "post_only"])
def test_kraken_that_does_not_trade_is_left(system: str) -> None:
    message = '{"channel":"status","type":"update","data":[{"system":"%s"}]}'
    conversation = KrakenConversation([])
    conversation.receive((message % "online").encode(), 0)

    with pytest.raises(FeedError, match="does not trade"):
        conversation.receive((message % system).encode(), 0)
