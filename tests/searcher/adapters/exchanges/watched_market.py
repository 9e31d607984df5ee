"""One local exchange with one market on real sockets, and a desk that watches it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from fractions import Fraction
from random import Random
from typing import Literal

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
from sims.exchanges.true_book import TrueBook
from sims.exchanges.venue import LocalVenue
from sims.exchanges.walk import BookWalk

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


def settings_of(kind: Kind, host: str) -> VenueSettings:
    return VenueSettings(
        kind=kind,
        markets=("ETH/USD",),
        fee_pips=1_000,
        levels=LEVELS,
        ws_url=SecretStr(f"ws://{host}/ws"),
        rest_url=SecretStr(f"http://{host}"),
    )


@asynccontextmanager
async def watched(
    kind: Kind,
    prepare: Callable[[Market], None] = lambda _: None,
    *,
    venue_of: Callable[[str], VenueSettings] | None = None,
) -> AsyncIterator[Market]:
    """A market and its desk; the settings are made from host and port."""
    market = Market(kind)
    prepare(market)
    around = Surroundings(clock=CLOCK, sleep=hasty, random=Random(2))  # noqa: S311 - jitter
    async with market.server.listening() as host:
        venue = venue_of(host) if venue_of else settings_of(kind, host)
        settings = ExchangesSettings(venues=(venue,))
        async with open_desk(settings, {}, around) as market.desk, market.watcher.running():
            yield market
