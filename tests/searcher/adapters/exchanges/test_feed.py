"""Feeds on real sockets: whole, cut off, replaced in time, and fed with what is too big."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from random import Random
from typing import Literal

import pytest
from pydantic import SecretStr

from searcher.adapters.clock import SystemClock
from searcher.adapters.exchanges.desk import ExchangeDesk
from searcher.adapters.exchanges.opening import open_desk
from searcher.adapters.surroundings import Surroundings
from searcher.feed_health import FeedState
from searcher.settings.exchanges import ExchangesSettings, VenueSettings
from sims.exchanges.binance_venue import BinanceVenue
from sims.exchanges.coinbase_venue import CoinbaseVenue
from sims.exchanges.kraken_venue import KrakenVenue
from sims.exchanges.server import ExchangeServer, LineFaults
from sims.exchanges.true_book import BookLevel, TrueBook
from sims.exchanges.venue import LocalVenue
from sims.exchanges.walk import BookWalk

pytestmark = pytest.mark.slow

Kind = Literal["binance", "coinbase", "kraken"]
VENUES: dict[Kind, type[LocalVenue]] = {
    "binance": BinanceVenue,
    "coinbase": CoinbaseVenue,
    "kraken": KrakenVenue,
}
CLOCK = SystemClock()
LEVELS = 10
MOST_STEPS = 1_000
STEP_NS = 2_000_000
SNAPSHOT_LEVELS = 44_067


class Market:
    """One exchange with one market, and a desk that watches it."""

    def __init__(self, kind: Kind) -> None:
        random = Random(1)  # noqa: S311 - a market is no secret
        self.book = TrueBook("ETH", "USD")
        self.server = ExchangeServer(VENUES[kind]([self.book]), LineFaults(random=random))
        self.symbol = next(iter(self.server.venue.books))
        self.walk = BookWalk(self.book, random, reference=250_000)
        self.walk.step(CLOCK.now_ns())
        self.desk: ExchangeDesk | None = None

    async def step(self) -> None:
        await self.server.publish(self.symbol, self.walk.step(CLOCK.now_ns()))
        await self.server.beat(CLOCK.now_ns())
        await CLOCK.wait_until_ns(CLOCK.now_ns() + STEP_NS)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Let the market move until something is so."""
        for _ in range(MOST_STEPS):
            if condition():
                return
            await self.step()
        raise AssertionError("it never was so")

    def is_whole(self) -> bool:
        """Whether the desk offers exactly what the exchange knows."""
        for book in self.watcher.books(CLOCK.now_ns()):
            shown = [
                [(Fraction(price, book.price_scale), size) for price, size in side]
                for side in (book.bids, book.asks)
            ]
            true = [
                [(Fraction(price, 10**self.book.price_places), size) for price, size in side]
                for side in self.book.sides()
            ]
            return shown == [side[:LEVELS] for side in true]
        return False

    @property
    def watcher(self) -> ExchangeDesk:
        """The desk, once there is one."""
        assert self.desk is not None
        return self.desk

    def state(self) -> FeedState:
        return self.watcher.health()[0].state


async def hasty(seconds: float) -> None:
    """Wait a thousandth of what is asked for."""
    await CLOCK.wait_until_ns(CLOCK.now_ns() + round(seconds * 1_000_000))


@asynccontextmanager
async def watched(
    kind: Kind, prepare: Callable[[Market], None] = lambda _: None
) -> AsyncIterator[Market]:
    market = Market(kind)
    prepare(market)
    around = Surroundings(clock=CLOCK, sleep=hasty, random=Random(2))  # noqa: S311 - jitter
    async with market.server.listening() as host:
        venue = VenueSettings(
            kind=kind,
            markets=("ETH/USD",),
            fee_pips=1_000,
            levels=LEVELS,
            ws_url=SecretStr(f"ws://{host}/ws"),
            rest_url=SecretStr(f"http://{host}"),
        )
        settings = ExchangesSettings(venues=(venue,))
        async with open_desk(settings, {}, around) as market.desk, market.watcher.running():
            yield market


@pytest.mark.parametrize("kind", VENUES)
async def test_a_feed_shows_the_best_prices_that_the_exchange_has(kind: Kind) -> None:
    async with watched(kind) as market:
        await market.until(market.is_whole)

        assert market.state() is FeedState.LIVE
        (book,) = market.watcher.shown(CLOCK.now_ns())
        assert len(book.bids) == LEVELS
        assert book.market.venue == kind


@pytest.mark.parametrize("kind", VENUES)
@pytest.mark.parametrize("code", [1001, 1009])
async def test_a_feed_that_was_cut_off_is_whole_again(kind: Kind, code: int) -> None:
    async with watched(kind) as market:
        await market.until(market.is_whole)
        await market.server.hang_up(code)
        await market.until(lambda: market.state() is not FeedState.LIVE)
        assert market.watcher.books(CLOCK.now_ns()) == ()

        await market.until(market.is_whole)

        assert market.watcher.health()[0].reconnects == 1


async def test_a_shutdown_is_announced_and_the_second_connection_comes_first() -> None:
    async with watched("binance") as market:
        await market.until(market.is_whole)
        await market.server.announce_shutdown(CLOCK.now_ns())
        states = set()

        def is_replaced() -> bool:
            states.add(market.state())
            return market.server.connected > 1 and market.watcher.health()[0].reconnects == 1

        await market.until(is_replaced)
        for _ in range(20):
            await market.step()
            states.add(market.state())

        assert states == {FeedState.LIVE}


def deepen(market: Market) -> None:
    """As many levels as Coinbase was seen to send: 4.8 MB."""
    bids = [BookLevel(200_000 - i, 10**8 + i) for i in range(SNAPSHOT_LEVELS // 2)]
    asks = [BookLevel(300_000 + i, 10**8 + i) for i in range(SNAPSHOT_LEVELS // 2)]
    market.book.apply(bids, asks, time_ns=CLOCK.now_ns())


async def test_a_snapshot_beyond_four_mebibytes_is_taken() -> None:
    async with watched("coinbase", deepen) as market:
        size = len(
            market.server.venue.connect().answer(
                b'{"type":"subscribe","channel":"level2","product_ids":["ETH-USD"]}'
            )[0]
        )
        assert size > 4 * 2**20

        await market.until(market.is_whole)
