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
from pathlib import Path
from random import Random
from typing import Final

from searcher.adapters.clock import SystemClock
from sims.errors import MarketNameError, RecordingNameError
from sims.exchanges.binance_venue import BinanceVenue
from sims.exchanges.certificate import server_context
from sims.exchanges.coinbase_venue import CoinbaseVenue
from sims.exchanges.faults import Fault
from sims.exchanges.kraken_venue import KrakenVenue
from sims.exchanges.recorded import RecordedWalk, recorded_changes
from sims.exchanges.server import ExchangeServer, LineFaults
from sims.exchanges.true_book import TrueBook
from sims.exchanges.venue import LocalVenue
from sims.exchanges.walk import BookWalk

DEFAULT_MARKETS: Final = ("ETH/USDC=2500", "ETH/USDT=2500", "ETH/USD=2500")
KINDS: Final[Mapping[str, type[LocalVenue]]] = {
    "binance": BinanceVenue,
    "coinbase": CoinbaseVenue,
    "kraken": KrakenVenue,
}
PRICE_PLACES: Final = 2
RECORDED_PLACES: Final = 8
FAULT_CHANCE: Final = 0.01
"""Of each fault that is asked for, for a frame."""
LEAST_PRICE: Final = 5
"""In whole quote, so that all levels of a side have a price."""
_MARKET: Final = re.compile(r"([A-Z0-9]{1,20})/([A-Z0-9]{1,20})=([0-9]{1,12}(?:[.][0-9]{1,2})?)")

_RECORDING: Final = re.compile(r"([a-z]+):([A-Z0-9]{1,20})/([A-Z0-9]{1,20}):(.+)")


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
class Recording:
    """A market that moves as it was recorded."""

    kind: str
    """Which exchange."""

    base: str
    """Canonical asset."""

    quote: str
    """Canonical asset."""

    paths: tuple[Path, ...]
    """The session's files, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangesOptions:
    """What runs, and how."""

    markets: tuple[MarketStart, ...]
    """On every exchange."""

    seed: int
    """The same seed, the same markets."""

    pace_s: float
    """Wall-clock seconds between changes."""

    recordings: tuple[Recording, ...] = ()
    """Markets besides, on one exchange each."""

    faults: tuple[Fault, ...] = ()
    """What happens to one frame in a hundred, each."""

    certificate: Path | None = None
    """What the servers show; None for plain sockets."""


class RunningExchange:
    """One exchange that moves by itself."""

    def __init__(self, kind: str, options: ExchangesOptions) -> None:
        random = Random(f"{kind}-{options.seed}")  # noqa: S311 - a market is no secret
        books = [
            TrueBook(market.base, market.quote, price_places=PRICE_PLACES)
            for market in options.markets
        ]
        played = [_played(one) for one in options.recordings if one.kind == kind]
        venue = KINDS[kind]([*books, *(walk.book for walk in played)])
        self.kind = kind
        chances = dict.fromkeys(options.faults, FAULT_CHANCE)
        self.server = ExchangeServer(venue, LineFaults(random=random, chances=chances))
        self.walks: dict[str, BookWalk | RecordedWalk] = {
            venue.symbol(book): BookWalk(book, random, reference=market.reference)
            for book, market in zip(books, options.markets, strict=True)
        }
        self.walks |= {venue.symbol(walk.book): walk for walk in played}
        for walk in self.walks.values():
            walk.step(SystemClock().now_ns())

    def move(self, base: str, quote: str, *, reference: int) -> None:
        """Let the market follow another price, in hundredths of quote, from its next change on."""
        for walk in self.walks.values():
            if isinstance(walk, BookWalk) and (walk.book.base, walk.book.quote) == (base, quote):
                walk.reference = reference


def _played(recording: Recording) -> RecordedWalk:
    book = TrueBook(
        recording.base,
        recording.quote,
        price_places=RECORDED_PLACES,
        size_places=RECORDED_PLACES,
    )
    symbol = KINDS[recording.kind].symbol(book)
    changes = recorded_changes(recording.paths, book, exchange=recording.kind, symbol=symbol)
    return RecordedWalk(book, changes)


@asynccontextmanager
async def running_exchanges(
    options: ExchangesOptions, kinds: Sequence[str] = tuple(KINDS)
) -> AsyncIterator[dict[str, RunningExchange]]:
    """Exchanges that listen and move until the end of the block, by kind, on free ports."""
    exchanges = {kind: RunningExchange(kind, options) for kind in kinds}
    tls = None if options.certificate is None else server_context(options.certificate)
    async with AsyncExitStack() as servers:
        for exchange in exchanges.values():
            await servers.enter_async_context(exchange.server.listening(tls=tls))
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
            s = "" if options.certificate is None else "s"
            say(f'{kind}: ws_url = "ws{s}://{host}/ws", rest_url = "http{s}://{host}"')
        if options.certificate is not None:
            say(f"trust them with SSL_CERT_FILE={options.certificate}")
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


def read_recordings(texts: Sequence[str]) -> tuple[Recording, ...]:
    """Take recordings as somebody wrote them; several files of one market are one session.

    Raises:
        RecordingNameError: one is not written as binance:NKN/USDT:FILE, or there is no such file.
    """
    paths: dict[tuple[str, str, str], tuple[Path, ...]] = {}
    for text in texts:
        match = _RECORDING.fullmatch(text)
        if match is None or match[1] not in KINDS or not Path(match[4]).is_file():
            raise RecordingNameError(text)
        market = match[1], match[2], match[3]
        paths[market] = (*paths.get(market, ()), Path(match[4]))
    return tuple(
        Recording(kind=kind, base=base, quote=quote, paths=files)
        for (kind, base, quote), files in paths.items()
    )
