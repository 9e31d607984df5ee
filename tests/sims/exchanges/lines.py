"""A local exchange and a conversation in memory, with a faulty line from one to the other.

Whoever drives it sees after every frame whether what the conversation believes is what the exchange
knew at that moment; the faults are seeded, the clock is a number.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from searcher.adapters.exchanges.binance import BinanceConversation
from searcher.adapters.exchanges.book import VenueBook
from searcher.adapters.exchanges.coinbase import CoinbaseConversation
from searcher.adapters.exchanges.conversation import Conversation
from searcher.adapters.exchanges.kraken import KrakenConversation
from searcher.errors import FeedError, WireError
from searcher.exchange_books import ExchangeMarket, token_of
from sims.exchanges.binance_venue import BinanceVenue
from sims.exchanges.coinbase_venue import CoinbaseVenue
from sims.exchanges.faults import Fault, FaultyLine, LineEndedError
from sims.exchanges.kraken_venue import KrakenVenue
from sims.exchanges.true_book import BookChange, Sides, TrueBook
from sims.exchanges.venue import LocalVenue
from sims.exchanges.walk import BookWalk

STEP_NS = 10_000_000
START_NS = 1_700_000_000_000_000_000
REFERENCE = 250_000
MARKETS = (("ETH", "USD"), ("ETH", "USDT"))
MAX_OUTBOX = 4 * len(MARKETS)
MAX_STUCK_STEPS = 20
CROSSING = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Both ends of one exchange's protocol."""

    venue: Callable[[list[TrueBook]], LocalVenue]
    converse: Callable[[list[ExchangeMarket]], Conversation]
    levels: int


PROTOCOLS = {
    "binance": Protocol(venue=BinanceVenue, converse=BinanceConversation, levels=20),
    "binance best": Protocol(venue=BinanceVenue, converse=BinanceConversation, levels=1),
    "coinbase": Protocol(venue=CoinbaseVenue, converse=CoinbaseConversation, levels=20),
    "kraken": Protocol(venue=KrakenVenue, converse=KrakenConversation, levels=10),
    "kraken best": Protocol(venue=KrakenVenue, converse=KrakenConversation, levels=1),
}


def markets_of(venue: LocalVenue, *, levels: int) -> list[ExchangeMarket]:
    return [
        ExchangeMarket(
            venue="local",
            symbol=symbol,
            base=token_of(book.base, {}),
            quote=token_of(book.quote, {}),
            fee_pips=1_000,
            levels=levels,
        )
        for symbol, book in venue.books.items()
    ]


class FaultyExchange:
    """Runs one protocol over one line, reconnecting as a feed does."""

    def __init__(self, name: str, seed: int, chances: Mapping[Fault, float]) -> None:
        self.random = Random(seed)  # noqa: S311 - a schedule is no secret
        self._chances = chances
        self._protocol = PROTOCOLS[name]
        self._is_calm = False
        self.venue = self._protocol.venue([TrueBook(*market) for market in MARKETS])
        self.walks = [
            BookWalk(book, self.random, reference=REFERENCE) for book in self.venue.books.values()
        ]
        self._times: dict[tuple[str, int], int] = {}
        self.now_ns = START_NS
        self.wrong: list[str] = []
        self.checked = 0
        for _ in range(3):
            self._move()
        self._reconnect()

    def _connect(self) -> None:
        markets = markets_of(self.venue, levels=self._protocol.levels)
        self.conversation = self._protocol.converse(markets)
        self._client = self.venue.connect()
        self._line = FaultyLine(self.random, {} if self._is_calm else self._chances)
        self._stuck_steps = 0
        self._latest: dict[str, int] = {}
        self._deliver(self._client.greet())
        self.conversation.open()

    def calm(self) -> None:
        """No faults from now on."""
        self._is_calm = True
        self._line.heal()

    def step(self) -> None:
        """One change of every market, what it leads to, and a heartbeat."""
        try:
            self._answer()
            for symbol, change in self._move():
                self._deliver(self._client.tell(self.venue.books[symbol], change))
            self._deliver(self._client.heartbeat(self.now_ns))
        except (FeedError, WireError, LineEndedError):
            self._reconnect()
        self._stuck_steps = 0 if self.conversation.is_live else self._stuck_steps + 1
        if self._stuck_steps > MAX_STUCK_STEPS or self._line.is_stalled:
            self._reconnect()
        assert len(self.conversation.outbox) <= MAX_OUTBOX
        assert len(self.conversation.wanted) <= len(MARKETS)

    def _reconnect(self) -> None:
        while True:
            try:
                self._connect()
            except (FeedError, WireError, LineEndedError):
                continue
            return

    def _move(self) -> list[tuple[str, BookChange]]:
        self.now_ns += STEP_NS
        changes = []
        for symbol, walk in zip(self.venue.books, self.walks, strict=True):
            is_crossed = not self._is_calm and self.random.random() < CROSSING
            change = walk.cross(self.now_ns) if is_crossed else walk.step(self.now_ns)
            self._times[symbol, change.time_ns] = change.number
            changes.append((symbol, change))
        return changes

    def _answer(self) -> None:
        while self.conversation.outbox:
            self._deliver(self._client.answer(self.conversation.outbox.popleft()))
        while self.conversation.wanted:
            symbol = self.conversation.wanted.popleft()
            assert isinstance(self.venue, BinanceVenue)
            body = self.venue.snapshot(symbol, 1_000)
            assert body is not None
            if self.random.random() < 0.5:
                for name, change in self._move():
                    self._deliver(self._client.tell(self.venue.books[name], change))
            self.conversation.snapshot(symbol, body, self.now_ns)
            self._compare()

    def _deliver(self, frames: list[bytes]) -> None:
        for frame in self._line.carry(frames):
            self.conversation.receive(frame, self.now_ns)
            self._compare()

    def _compare(self) -> None:
        """Note every book that is believed and was never so, or is older than it was."""
        for symbol, book in self.conversation.books.items():
            if book.is_live:
                self.checked += 1
                true = self.venue.books[symbol]
                number = self._number(symbol, book)
                if number < self._latest.get(symbol, 0):
                    self.wrong.append(f"{symbol} went back to change {number}")
                self._latest[symbol] = number
                if believed(book) != scaled_top(true, book, true.after(number)):
                    self.wrong.append(f"{symbol} at change {number}")

    def _number(self, symbol: str, book: VenueBook) -> int:
        """Which change the book believes to be the last."""
        if isinstance(self.conversation, BinanceConversation):
            return book.quote.sequence
        return self._times[symbol, book.quote.exchange_ns or 0]


Levels = tuple[tuple[int, int], ...]
"""Prices and sizes, best first."""


def believed(book: VenueBook) -> tuple[Levels, Levels]:
    """As many levels as are offered, in the scale of the conversation."""
    count = book.market.levels
    if count > 1:
        return tuple(book.bids.levels(count)), tuple(book.asks.levels(count))
    quote = book.quote
    bids, asks = (quote.bid, quote.bid_size), (quote.ask, quote.ask_size)
    return (bids,) if quote.bid else (), (asks,) if quote.ask else ()


def scaled_top(true: TrueBook, book: VenueBook, sides: Sides) -> tuple[Levels, ...]:
    """The truth in the same scale."""
    price = 10 ** (book.price_places - true.price_places)
    size = 10 ** (book.size_places - true.size_places)
    return tuple(
        tuple((one.price * price, one.size * size) for one in side[: book.market.levels])
        for side in sides
    )
