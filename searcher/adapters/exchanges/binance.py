"""Binance Spot: best prices, or numbered changes of the whole book on top of a fetched snapshot.

Source: github.com/binance/binance-spot-api-docs, web-socket-streams.md, "How to manage a local
order book correctly". A change says which numbers it covers, so nothing can be missing unnoticed;
best prices alone are complete in each message, and their numbers only tell old from new.
"""

from collections.abc import Sequence
from typing import Final

import msgspec
from typing_extensions import override

from searcher.adapters.exchanges.book import VenueBook
from searcher.adapters.exchanges.conversation import (
    UNDECODABLE,
    Conversation,
    RateLimit,
    VenueRules,
)
from searcher.adapters.exchanges.wire_numbers import NS_PER_MS, PLACES, scaled
from searcher.errors import FeedError, WireError
from searcher.exchange_books import ExchangeMarket, Quote

RULES: Final = VenueRules(
    ws_url="wss://stream.binance.com:9443/ws",
    rest_url="https://api.binance.com",
    # 300 attempts in 5 minutes and 5 messages in a second, pongs included, are allowed.
    connects=RateLimit(count=100, seconds=300),
    messages=RateLimit(count=3, seconds=1),
    # A snapshot weighs 50 of the 6,000 that a minute allows.
    fetches=RateLimit(count=60, seconds=60),
    markets_per_connection=1_024,
    silence_seconds=60,
    lifetime_seconds=23 * 3_600,
)

SNAPSHOT_LEVELS: Final = 1_000
"""Of each side, asked for; what lies beyond stays unknown."""

MAX_BUFFERED: Final = 1_000
"""Changes that wait for a snapshot; more of them begin anew."""

STREAMS_PER_MESSAGE: Final = 200
"""Subscribed at once."""

_Levels = list[tuple[str, str]]


class _Event(msgspec.Struct, gc=False):
    """Every message of the stream; the names are the wire's."""

    u: int = 0
    s: str = ""
    b: str | _Levels = ""
    B: str = ""
    a: str | _Levels = ""
    A: str = ""
    e: str = ""
    U: int = 0
    E: int = 0
    error: object = None
    code: int = 0


class _Snapshot(msgspec.Struct, gc=False):
    last_update_id: int = msgspec.field(name="lastUpdateId")
    bids: _Levels
    asks: _Levels


class _Changes:
    """How far the changes of one market have been followed."""

    def __init__(self) -> None:
        self.last_id: int | None = None
        self.buffer: list[tuple[_Event, int]] = []
        self.is_asked = False


_EVENT: Final = msgspec.json.Decoder(_Event)
_SNAPSHOT: Final = msgspec.json.Decoder(_Snapshot)


class BinanceConversation(Conversation):
    """One raw stream of Binance."""

    def __init__(self, markets: Sequence[ExchangeMarket]) -> None:
        super().__init__(markets)
        self._changes = {market.symbol: _Changes() for market in markets if market.levels > 1}

    @override
    def open(self) -> None:
        """Subscribe to one stream per market."""
        names = [
            f"{symbol.lower()}@" + ("depth@100ms" if symbol in self._changes else "bookTicker")
            for symbol in self.books
        ]
        for number, first in enumerate(range(0, len(names), STREAMS_PER_MESSAGE), start=1):
            params = names[first : first + STREAMS_PER_MESSAGE]
            request = {"method": "SUBSCRIBE", "params": params, "id": number}
            self.outbox.append(msgspec.json.encode(request))

    @override
    def receive(self, frame: str | bytes, received_ns: int) -> None:
        """Take best prices, changes, an answer or an announcement."""
        try:
            event = _EVENT.decode(frame)
        except UNDECODABLE:
            raise WireError("a message of Binance", "it is not of the stream") from None
        if not event.e and event.s:
            self._best(event, received_ns)
        elif event.e == "depthUpdate":
            self._change(event, received_ns)
        elif event.e == "serverShutdown":
            self.ending = "the exchange announced a shutdown"
        elif event.error is not None or event.code:
            raise FeedError("binance", "the subscription was refused")
        elif not event.e:
            for symbol in self._changes:
                self._ask(symbol)

    def _best(self, event: _Event, received_ns: int) -> None:
        book = self.books.get(event.s)
        if book is None or event.s in self._changes or event.u == book.quote.sequence:
            return
        if event.u < book.quote.sequence:
            self.gaps += 1
            return
        bid, ask = event.b, event.a
        if not isinstance(bid, str) or not isinstance(ask, str):
            raise WireError("best prices", "they are lists")
        book.set_top(
            Quote(
                scaled(bid, PLACES),
                scaled(event.B, PLACES),
                scaled(ask, PLACES),
                scaled(event.A, PLACES),
                event.u,
                None,
                received_ns,
            )
        )

    def _change(self, event: _Event, received_ns: int) -> None:
        changes = self._changes.get(event.s)
        if changes is None:
            return
        if not 0 < event.U <= event.u:
            raise WireError("the numbers of a change", "they do not rise")
        if changes.last_id is None:
            self._buffer(event, received_ns)
        elif changes.last_id + 1 < event.U:
            self._begin_anew(event.s, f"changes after {changes.last_id} are missing")
            self._buffer(event, received_ns)
        elif event.u > changes.last_id:
            self._apply(event, received_ns)
        else:
            self.gaps += 1

    def _buffer(self, event: _Event, received_ns: int) -> None:
        changes = self._changes[event.s]
        last = changes.buffer[-1][0].u if changes.buffer else event.U - 1
        if last + 1 != event.U or len(changes.buffer) >= MAX_BUFFERED:
            self.gaps += 1
            changes.buffer.clear()
        changes.buffer.append((event, received_ns))
        self._ask(event.s)

    def _apply(self, event: _Event, received_ns: int) -> None:
        book = self.books[event.s]
        for side, levels in ((book.bids, event.b), (book.asks, event.a)):
            if isinstance(levels, str):
                raise WireError("changes", "they are no list")
            for price, size in levels:
                side.set(scaled(price, PLACES), scaled(size, PLACES))
        self._changes[event.s].last_id = event.u
        book.confirm(event.u, event.E * NS_PER_MS, received_ns)
        if any(
            side.edge is not None and len(side.keys) < book.market.levels
            for side in (book.bids, book.asks)
        ):
            self._begin_anew(event.s, "the market left what the snapshot covers")

    def _begin_anew(self, symbol: str, reason: str) -> None:
        self.gaps += 1
        self._changes[symbol].last_id = None
        self._changes[symbol].buffer.clear()
        self.books[symbol].lose(reason)
        self._ask(symbol)

    def _ask(self, symbol: str) -> None:
        changes = self._changes[symbol]
        if changes.last_id is None and not changes.is_asked:
            changes.is_asked = True
            self.wanted.append(symbol)

    @override
    def snapshot(self, symbol: str, body: bytes, received_ns: int) -> None:
        """Begin with a snapshot that the buffered changes reach back to; else want another."""
        try:
            answer = _SNAPSHOT.decode(body)
        except UNDECODABLE:
            raise WireError("a snapshot of Binance", "it is none") from None
        changes = self._changes[symbol]
        changes.is_asked = False
        buffered = changes.buffer
        later = [item for item in buffered if item[0].u > answer.last_update_id]
        if later and answer.last_update_id + 1 < later[0][0].U:
            self._ask(symbol)
            return
        changes.buffer = []
        changes.last_id = answer.last_update_id
        self._replace(self.books[symbol], answer, received_ns)
        for event, event_ns in later:
            self._change(event, event_ns)

    def _replace(self, book: VenueBook, answer: _Snapshot, received_ns: int) -> None:
        for side, levels in ((book.bids, answer.bids), (book.asks, answer.asks)):
            side.replace(
                ((scaled(price, PLACES), scaled(size, PLACES)) for price, size in levels),
                is_cut=len(levels) >= SNAPSHOT_LEVELS,
            )
        book.confirm(answer.last_update_id, None, received_ns)


def snapshot_path(symbol: str) -> str:
    """What is fetched for a snapshot, below the URL of REST."""
    return f"/api/v3/depth?symbol={symbol}&limit={SNAPSHOT_LEVELS}"


def symbol_of(base: str, quote: str) -> str:
    """As Binance writes a market."""
    return base + quote
