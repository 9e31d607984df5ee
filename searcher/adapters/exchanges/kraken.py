"""Kraken, version 2: ten levels of each side, with a checksum over all of them in every message.

Source: docs.kraken.com, websocket v2. Messages carry no numbers, so the checksum is the proof:
deeper books would have levels that it does not cover, which is why no more than ten are asked for.
Prices are bare numbers; the precision that they are checked with comes from the channel of
instruments.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

import msgspec
from typing_extensions import override

from searcher.adapters.exchanges.book import ASK, BID, BookSide, VenueBook
from searcher.adapters.exchanges.checksum import CHECKED_LEVELS, checksum
from searcher.adapters.exchanges.conversation import (
    UNDECODABLE,
    Conversation,
    RateLimit,
    VenueRules,
)
from searcher.adapters.exchanges.wire_numbers import PLACES, scaled, unix_ns
from searcher.errors import FeedError, WireError
from searcher.exchange_books import ExchangeMarket, Quote

RULES: Final = VenueRules(
    ws_url="wss://ws.kraken.com/v2",
    rest_url=None,
    # Cloudflare blocks an address after some 150 attempts in 10 minutes.
    connects=RateLimit(count=50, seconds=600),
    messages=RateLimit(count=5, seconds=1),
    fetches=RateLimit(count=1, seconds=1),
    markets_per_connection=200,
    silence_seconds=5,
    lifetime_seconds=23 * 3_600,
)


MAX_FRAGMENTS: Final = 1_000
"""Kept of a side before those of levels that are gone are dropped."""

UNASKED: Final = 0
"""What is awaited before the first request, whose number is 1."""

ANSWERED: Final = -1
"""What is awaited once the request was answered."""


class _Instrument(msgspec.Struct, gc=False):
    symbol: str
    price_precision: int
    qty_precision: int


class _Instruments(msgspec.Struct, gc=False):
    pairs: list[_Instrument] = []


class _Level(msgspec.Struct, gc=False):
    price: msgspec.Raw
    qty: msgspec.Raw


class _Book(msgspec.Struct, gc=False):
    symbol: str
    checksum: int
    bids: list[_Level] = []
    asks: list[_Level] = []
    timestamp: datetime | None = None


class _Ticker(msgspec.Struct, gc=False):
    symbol: str
    bid: msgspec.Raw
    bid_qty: msgspec.Raw
    ask: msgspec.Raw
    ask_qty: msgspec.Raw
    timestamp: datetime | None = None


class _Status(msgspec.Struct, gc=False):
    system: str


class _Subscribed(msgspec.Struct, gc=False):
    channel: str = ""
    symbol: str = ""


class _Message(msgspec.Struct, gc=False):
    channel: str = ""
    type: str = ""
    data: msgspec.Raw = msgspec.Raw()
    method: str = ""
    success: bool = True
    result: _Subscribed | None = None
    req_id: int = 0


_MESSAGE: Final = msgspec.json.Decoder(_Message)
_BOOKS: Final = msgspec.json.Decoder(list[_Book])
_TICKERS: Final = msgspec.json.Decoder(list[_Ticker])
_INSTRUMENTS: Final = msgspec.json.Decoder(_Instruments)
_STATUSES: Final = msgspec.json.Decoder(list[_Status])


class _CheckedSide(BookSide):
    """A side that keeps what each level adds to the checksum, so that checking costs little."""

    def __init__(self, sign: int) -> None:
        super().__init__(sign)
        self._fragments: dict[int, str] = {}

    @override
    def set(self, price: int, size: int) -> None:
        super().set(price, size)
        if size:
            self._fragments[price * self._sign] = f"{price}{size}"

    def clear(self) -> None:
        """Begin without levels."""
        self.replace(())
        self._fragments.clear()

    @override
    def truncate(self, depth: int) -> list[int]:
        """As the plain side; fragments of levels that are gone go too, now and then."""
        dropped = super().truncate(depth)
        if len(self._fragments) > MAX_FRAGMENTS:
            self._fragments = {key: self._fragments[key] for key in self.keys}
        return dropped

    def fragments(self) -> Iterator[str]:
        """Of the checked levels, best first."""
        return map(self._fragments.__getitem__, reversed(self.keys[-CHECKED_LEVELS:]))


class _CheckedBook(VenueBook):
    """A book that waits for its precision, for an answer, or for a snapshot, in this order."""

    def __init__(self, market: ExchangeMarket) -> None:
        super().__init__(market)
        self.checked = (_CheckedSide(BID), _CheckedSide(ASK))
        """Bids and asks."""
        self.bids, self.asks = self.checked
        self.awaited = UNASKED
        """The request whose answer has to come before anything is believed."""
        self.exchange_ns = 0
        """Of the last message."""

    def checksum(self) -> int:
        """As the exchange computes it."""
        bids, asks = self.checked
        return checksum(asks.fragments(), bids.fragments())


class KrakenConversation(Conversation):
    """One connection to Kraken."""

    def __init__(self, markets: Sequence[ExchangeMarket]) -> None:
        super().__init__(markets)
        self._checked = {market.symbol: _CheckedBook(market) for market in markets}
        self.books = dict(self._checked)
        self._requests = 0

    @override
    def open(self) -> None:
        """Ask for the precision of the numbers first."""
        self._send("subscribe", {"channel": "instrument", "snapshot": True})

    def _send(self, method: str, params: dict[str, object]) -> int:
        self._requests += 1
        request = {"method": method, "params": params, "req_id": self._requests}
        self.outbox.append(msgspec.json.encode(request))
        return self._requests

    @override
    def receive(self, frame: str | bytes, received_ns: int) -> None:
        """Take books, best prices, precisions, the exchange's state, an answer or a heartbeat."""
        try:
            message = _MESSAGE.decode(frame)
            if message.channel == "book":
                for changes in _BOOKS.decode(message.data):
                    self._book(changes, received_ns, is_snapshot=message.type == "snapshot")
            elif message.channel == "ticker":
                for ticker in _TICKERS.decode(message.data):
                    self._best(ticker, received_ns)
            else:
                self._control(message)
        except UNDECODABLE:
            raise WireError("a message of Kraken", "it is not of the protocol") from None

    def _control(self, message: _Message) -> None:
        if message.channel == "instrument":
            self._precisions(_INSTRUMENTS.decode(message.data))
        elif message.channel == "status":
            self._status(_STATUSES.decode(message.data))
        elif message.method:
            self._answer(message)

    def _precisions(self, instruments: _Instruments) -> None:
        """Learn how numbers are written, and subscribe to the markets that waited for it."""
        fresh = []
        for pair in instruments.pairs:
            book = self._checked.get(pair.symbol)
            if book is None:
                continue
            places = pair.price_precision, pair.qty_precision
            if not all(0 <= value <= PLACES for value in places):
                raise WireError("a precision", "it is out of range")
            if places != (book.price_places, book.size_places) or book.awaited == UNASKED:
                book.price_places, book.size_places = places
                book.lose("waits for a snapshot")
                fresh.append(book)
        self._subscribe(fresh)

    def _subscribe(self, books: Sequence[_CheckedBook]) -> None:
        for channel in ("book", "ticker"):
            chosen = [book for book in books if (book.market.levels > 1) == (channel == "book")]
            if chosen:
                symbols = [book.market.symbol for book in chosen]
                request = self._send("subscribe", _params(channel, symbols))
                for book in chosen:
                    book.awaited = request

    def _answer(self, message: _Message) -> None:
        if message.method == "subscribe" and not message.success:
            raise FeedError("kraken", "the subscription was refused")
        book = self._checked.get(message.result.symbol) if message.result else None
        if book is not None and message.method == "subscribe" and book.awaited == message.req_id:
            book.awaited = ANSWERED

    def _status(self, statuses: Sequence[_Status]) -> None:
        if any(status.system != "online" for status in statuses):
            raise FeedError("kraken", "the exchange does not trade")

    def _book(self, changes: _Book, received_ns: int, *, is_snapshot: bool) -> None:
        book = self._checked.get(changes.symbol)
        if book is None or book.awaited != ANSWERED or (not is_snapshot and not book.is_live):
            return
        exchange_ns = unix_ns(changes.timestamp) if changes.timestamp else book.exchange_ns
        if is_snapshot and book.is_live:
            self._resubscribe(book, "a second snapshot came")
            return
        if is_snapshot:
            for side in book.checked:
                side.clear()
        elif exchange_ns < book.exchange_ns:
            self._resubscribe(book, "changes came out of order")
            return
        self._apply(book, changes)
        if book.checksum() != changes.checksum:
            self._resubscribe(book, "the checksum is another")
            return
        book.exchange_ns = exchange_ns
        book.confirm(0, exchange_ns or None, received_ns)

    @staticmethod
    def _apply(book: _CheckedBook, changes: _Book) -> None:
        for side, levels in ((book.bids, changes.bids), (book.asks, changes.asks)):
            for level in levels:
                side.set(
                    scaled(str(level.price, "ascii"), book.price_places),
                    scaled(str(level.qty, "ascii"), book.size_places),
                )
            side.truncate(CHECKED_LEVELS)

    def _resubscribe(self, book: _CheckedBook, reason: str) -> None:
        self.gaps += 1
        book.lose(reason)
        self._send("unsubscribe", _params("book", [book.market.symbol]))
        self._subscribe([book])

    def _best(self, ticker: _Ticker, received_ns: int) -> None:
        book = self._checked.get(ticker.symbol)
        if book is None or book.awaited != ANSWERED or book.market.levels > 1:
            return
        exchange_ns = unix_ns(ticker.timestamp) if ticker.timestamp else None
        if exchange_ns is not None and exchange_ns < book.exchange_ns:
            self.gaps += 1
            return
        book.exchange_ns = exchange_ns or 0
        prices, sizes = book.price_places, book.size_places
        book.set_top(
            Quote(
                scaled(str(ticker.bid, "ascii"), prices),
                scaled(str(ticker.bid_qty, "ascii"), sizes),
                scaled(str(ticker.ask, "ascii"), prices),
                scaled(str(ticker.ask_qty, "ascii"), sizes),
                0,
                exchange_ns,
                received_ns,
            )
        )

    @override
    def snapshot(self, symbol: str, body: bytes, received_ns: int) -> None:
        """Snapshots come on the websocket."""
        raise WireError("a snapshot", "nobody fetches one here")


def _params(channel: str, symbols: Sequence[str]) -> dict[str, object]:
    if channel == "book":
        return {"channel": channel, "symbol": symbols, "depth": CHECKED_LEVELS, "snapshot": True}
    return {"channel": channel, "symbol": symbols, "event_trigger": "bbo", "snapshot": True}


def symbol_of(base: str, quote: str) -> str:
    """As Kraken writes a market in version 2."""
    return f"{base}/{quote}"
