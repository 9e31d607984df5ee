"""Local exchanges that run: one of each protocol, with the same markets, each moving by itself.

Whoever starts them can set the reference price of every market of every exchange, and so make gaps
between exchanges, or between them and a chain.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Final

from searcher.adapters.clock import SystemClock
from sims.errors import MarketNameError
from sims.exchanges.binance_venue import BinanceVenue
from sims.exchanges.coinbase_venue import CoinbaseVenue
from sims.exchanges.kraken_venue import KrakenVenue
from sims.exchanges.server import ExchangeServer, LineFaults
from sims.exchanges.true_book import TrueBook
from sims.exchanges.venue import LocalVenue
from sims.exchanges.walk import BookWalk

DEFAULT_MARKETS: Final = ("ETH/USDC=2500", "ETH/USDT=2500", "ETH/USD=2500")
KINDS: Final[Mapping[str, Callable[[Sequence[TrueBook]], LocalVenue]]] = {
    "binance": BinanceVenue,
    "coinbase": CoinbaseVenue,
    "kraken": KrakenVenue,
}
PRICE_PLACES: Final = 2
LEAST_PRICE: Final = 5
"""In whole quote, so that all levels of a side have a price."""
_MARKET: Final = re.compile(r"([A-Z0-9]{1,20})/([A-Z0-9]{1,20})=([0-9]{1,12}(?:[.][0-9]{1,2})?)")


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketStart:
    """A market before it moves."""

    base: str
    """Canonical asset."""

    quote: str
    """Canonical asset."""

    reference: int
    """Price in hundredths of quote."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangesOptions:
    """What runs, and how."""

    markets: tuple[MarketStart, ...]
    """On every exchange."""

    seed: int
    """The same seed, the same markets."""

    pace_s: float
    """Wall-clock seconds between changes."""


class RunningExchange:
    """One exchange that moves by itself."""

    def __init__(self, kind: str, options: ExchangesOptions) -> None:
        random = Random(f"{kind}-{options.seed}")  # noqa: S311 - a market is no secret
        books = [
            TrueBook(market.base, market.quote, price_places=PRICE_PLACES)
            for market in options.markets
        ]
        self.kind = kind
        self.server = ExchangeServer(KINDS[kind](books), LineFaults(random=random))
        self.walks = {
            symbol: BookWalk(book, random, reference=market.reference)
            for (symbol, book), market in zip(
                self.server.venue.books.items(), options.markets, strict=True
            )
        }
        for walk in self.walks.values():
            walk.step(SystemClock().now_ns())

    def move(self, base: str, quote: str, *, reference: int) -> None:
        """Let the market follow another price, in hundredths of quote, from its next change on."""
        for walk in self.walks.values():
            if (walk.book.base, walk.book.quote) == (base, quote):
                walk.reference = reference


@asynccontextmanager
async def running_exchanges(
    options: ExchangesOptions, kinds: Sequence[str] = tuple(KINDS)
) -> AsyncIterator[dict[str, RunningExchange]]:
    """Exchanges that listen and move until the end of the block, by kind, on free ports."""
    exchanges = {kind: RunningExchange(kind, options) for kind in kinds}
    async with AsyncExitStack() as servers:
        for exchange in exchanges.values():
            await servers.enter_async_context(exchange.server.listening())
        async with asyncio.TaskGroup() as tasks:
            moving = [
                tasks.create_task(one.server.keep_moving(one.walks, pace_s=options.pace_s))
                for one in exchanges.values()
            ]
            servers.callback(lambda: [task.cancel() for task in moving])
            yield exchanges
            await servers.aclose()


async def run_exchanges(options: ExchangesOptions, say: Callable[[str], None]) -> None:
    """Run until cancelled, and say what to write into the configuration."""
    async with running_exchanges(options) as exchanges:
        for kind, exchange in exchanges.items():
            host = f"127.0.0.1:{exchange.server.port}"
            say(f'{kind}: ws_url = "ws://{host}/ws", rest_url = "http://{host}"')
        await asyncio.Event().wait()


def read_markets(texts: Sequence[str]) -> tuple[MarketStart, ...]:
    """Take markets as somebody wrote them.

    Raises:
        MarketNameError: one is not written as ETH/USDC=2500, or costs less than five.
    """
    return tuple(map(_read_market, texts))


def _read_market(text: str) -> MarketStart:
    match = _MARKET.fullmatch(text)
    if match is None or Decimal(match[3]) < LEAST_PRICE:
        raise MarketNameError(text)
    return MarketStart(
        base=match[1], quote=match[2], reference=int(Decimal(match[3]).scaleb(PRICE_PLACES))
    )
