"""A local Kraken, version 2: precisions, books of so many levels with checksums, best prices."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from typing_extensions import override

from searcher.adapters.exchanges.checksum import CHECKED_LEVELS, checksum, fragment
from sims.exchanges.true_book import BookChange, BookLevel, Sides, TrueBook
from sims.exchanges.venue import Frames, LocalVenue, VenueClient, request_of, strings

US_PER_SECOND = 1_000_000
NS_PER_US = 1_000
UNKNOWN_PAIR = "Currency pair not supported"


class KrakenVenue(LocalVenue):
    """Numbers are written bare, with every place of their precision."""

    @staticmethod
    @override
    def symbol(book: TrueBook) -> str:
        return f"{book.base}/{book.quote}"

    @override
    def connect(self) -> VenueClient:
        return _Client(self)


class _Client(VenueClient):
    def __init__(self, venue: KrakenVenue) -> None:
        self._venue = venue
        self._depths: dict[str, int] = {}
        self._shown: dict[str, Sides] = {}
        self._tickers: dict[str, None] = {}

    @override
    def greet(self) -> Frames:
        status = {"system": "online", "api_version": "v2", "version": "2.0.0"}
        return [msgspec.json.encode({"channel": "status", "type": "update", "data": [status]})]

    @override
    def answer(self, frame: str | bytes) -> Frames:
        request = request_of(frame)
        params = request.get("params")
        method, number = request.get("method"), request.get("req_id")
        if method == "ping":
            return [msgspec.json.encode({"method": "pong", "req_id": number})]
        if method not in {"subscribe", "unsubscribe"} or not isinstance(params, dict):
            return [msgspec.json.encode({"error": "Method not found", "success": False})]
        if params.get("channel") == "instrument":
            ack = _ack(method, number, {"channel": "instrument", "snapshot": True})
            return [ack, self._instruments()]
        frames = []
        for symbol in strings(params.get("symbol")):
            answer = {"method": method, "req_id": number, "symbol": symbol}
            frames += self._change(symbol, params, answer)
        return frames

    def _change(self, symbol: str, params: dict[str, object], ack: dict[str, object]) -> Frames:
        if symbol not in self._venue.books:
            return [msgspec.json.encode({**ack, "error": UNKNOWN_PAIR, "success": False})]
        channel, depth = params.get("channel"), params.get("depth", CHECKED_LEVELS)
        result = {"channel": channel, "symbol": symbol}
        frames = [_ack(ack["method"], ack["req_id"], result)]
        if ack["method"] == "unsubscribe":
            self._depths.pop(symbol, None)
        elif channel == "ticker":
            self._tickers[symbol] = None
            frames.append(self._ticker(symbol))
        else:
            self._depths[symbol] = depth if isinstance(depth, int) else CHECKED_LEVELS
            frames.append(self._snapshot(symbol))
        return frames

    def _instruments(self) -> bytes:
        pairs = [
            {
                "symbol": name,
                "price_precision": book.price_places,
                "qty_precision": book.size_places,
            }
            for name, book in self._venue.books.items()
        ]
        data = {"assets": [], "pairs": pairs}
        return msgspec.json.encode({"channel": "instrument", "type": "snapshot", "data": data})

    def _snapshot(self, symbol: str) -> bytes:
        book = self._venue.books[symbol]
        shown = self._shown[symbol] = _cut(book.sides(), self._depths[symbol])
        return self._message(symbol, shown, book.time_ns, kind="snapshot")

    def _message(self, symbol: str, levels: Sides, time_ns: int, *, kind: str) -> bytes:
        book = self._venue.books[symbol]
        data = {
            "symbol": symbol,
            "bids": _bare(book, levels.bids),
            "asks": _bare(book, levels.asks),
            "checksum": _checksum(book, self._shown[symbol]),
            "timestamp": _rfc3339(time_ns),
        }
        return msgspec.json.encode({"channel": "book", "type": kind, "data": [data]})

    @override
    def tell(self, book: TrueBook, change: BookChange) -> Frames:
        symbol = self._venue.symbol(book)
        frames = []
        if symbol in self._depths:
            before = self._shown[symbol]
            after = self._shown[symbol] = _cut(book.after(change.number), self._depths[symbol])
            pairs = zip(before, after, book.after(change.number), strict=True)
            changed = Sides(*(_changed(*side) for side in pairs))
            if changed.bids or changed.asks:
                frames.append(self._message(symbol, changed, change.time_ns, kind="update"))
        if symbol in self._tickers:
            frames.append(self._ticker(symbol))
        return frames

    def _ticker(self, symbol: str) -> bytes:
        book = self._venue.books[symbol]
        bid, ask = (side[0] if side else BookLevel(0, 0) for side in book.sides())
        data = {
            "symbol": symbol,
            "bid": msgspec.Raw(book.price_text(bid.price).encode()),
            "bid_qty": msgspec.Raw(book.size_text(bid.size).encode()),
            "ask": msgspec.Raw(book.price_text(ask.price).encode()),
            "ask_qty": msgspec.Raw(book.size_text(ask.size).encode()),
            "timestamp": _rfc3339(book.time_ns),
        }
        return msgspec.json.encode({"channel": "ticker", "type": "update", "data": [data]})

    @override
    def heartbeat(self, time_ns: int) -> Frames:
        return [msgspec.json.encode({"channel": "heartbeat"})]

    @override
    def announce_shutdown(self, time_ns: int) -> Frames:
        return []


def _ack(method: object, number: object, result: dict[str, object]) -> bytes:
    return msgspec.json.encode(
        {"method": method, "req_id": number, "success": True, "result": result}
    )


def _cut(sides: Sides, depth: int) -> Sides:
    return Sides(sides.bids[:depth], sides.asks[:depth])


def _changed(
    before: Sequence[BookLevel], after: Sequence[BookLevel], whole: Sequence[BookLevel]
) -> tuple[BookLevel, ...]:
    """What leads from one state to the other; a level that only fell out is not spoken of."""
    exist = {level.price for level in whole}
    ended = [BookLevel(level.price, 0) for level in before if level.price not in exist]
    return (*ended, *(level for level in after if level not in before))


def _bare(book: TrueBook, levels: Sequence[BookLevel]) -> list[dict[str, object]]:
    return [
        {
            "price": msgspec.Raw(book.price_text(level.price).encode()),
            "qty": msgspec.Raw(book.size_text(level.size).encode()),
        }
        for level in levels
    ]


def _checksum(book: TrueBook, sides: Sides) -> int:
    bids, asks = (
        [
            fragment(book.price_text(level.price), book.size_text(level.size))
            for level in side[:CHECKED_LEVELS]
        ]
        for side in sides
    )
    return checksum(asks, bids)


def _rfc3339(time_ns: int) -> str:
    seconds, rest = divmod(time_ns // NS_PER_US, US_PER_SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"
