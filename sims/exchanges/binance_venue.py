"""A local Binance Spot: raw stream, subscriptions, numbered changes, snapshots by REST."""

from collections.abc import Sequence

import msgspec
from typing_extensions import override

from sims.exchanges.true_book import BookChange, BookLevel, TrueBook
from sims.exchanges.venue import Frames, LocalVenue, VenueClient, request_of, strings

NS_PER_MS = 1_000_000


class BinanceVenue(LocalVenue):
    """Numbers of changes are those of the book."""

    @staticmethod
    @override
    def symbol(book: TrueBook) -> str:
        return book.base + book.quote

    @override
    def connect(self) -> VenueClient:
        return _Client(self)

    def snapshot(self, symbol: str, limit: int) -> bytes | None:
        """The answer of /api/v3/depth; None for a market that is not traded."""
        book = self.books.get(symbol)
        if book is None:
            return None
        sides = book.sides()
        return msgspec.json.encode(
            {
                "lastUpdateId": book.number,
                "bids": _texts(book, sides.bids[:limit]),
                "asks": _texts(book, sides.asks[:limit]),
            }
        )

    def information(self) -> bytes:
        """The answer of /api/v3/exchangeInfo, as far as a watcher needs it."""
        symbols = [
            {
                "symbol": name,
                "status": "TRADING",
                "baseAsset": book.base,
                "quoteAsset": book.quote,
                "isSpotTradingAllowed": True,
                "filters": [],
            }
            for name, book in self.books.items()
        ]
        return msgspec.json.encode({"timezone": "UTC", "symbols": symbols})


class _Client(VenueClient):
    def __init__(self, venue: BinanceVenue) -> None:
        self._venue = venue
        self._streams: set[str] = set()

    @override
    def greet(self) -> Frames:
        return []

    @override
    def answer(self, frame: str | bytes) -> Frames:
        request = request_of(frame)
        if request.get("method") != "SUBSCRIBE":
            return [msgspec.json.encode({"error": {"code": 2, "msg": "Invalid request"}})]
        self._streams.update(strings(request.get("params")))
        return [msgspec.json.encode({"result": None, "id": request.get("id")})]

    @override
    def tell(self, book: TrueBook, change: BookChange) -> Frames:
        symbol = self._venue.symbol(book)
        frames = []
        if f"{symbol.lower()}@depth@100ms" in self._streams:
            frames.append(_depth(book, change, symbol))
        if f"{symbol.lower()}@bookTicker" in self._streams:
            frames.append(_ticker(book, change, symbol))
        return frames

    @override
    def heartbeat(self, time_ns: int) -> Frames:
        return []

    @override
    def announce_shutdown(self, time_ns: int) -> Frames:
        return [msgspec.json.encode({"e": "serverShutdown", "E": time_ns // NS_PER_MS})]


def _depth(book: TrueBook, change: BookChange, symbol: str) -> bytes:
    return msgspec.json.encode(
        {
            "e": "depthUpdate",
            "E": change.time_ns // NS_PER_MS,
            "s": symbol,
            "U": change.number,
            "u": change.number,
            "b": _texts(book, change.bids),
            "a": _texts(book, change.asks),
        }
    )


def _ticker(book: TrueBook, change: BookChange, symbol: str) -> bytes:
    bids, asks = book.after(change.number)
    bid, ask = (side[0] if side else BookLevel(0, 0) for side in (bids, asks))
    return msgspec.json.encode(
        {
            "u": change.number,
            "s": symbol,
            "b": book.price_text(bid.price),
            "B": book.size_text(bid.size),
            "a": book.price_text(ask.price),
            "A": book.size_text(ask.size),
        }
    )


def _texts(book: TrueBook, levels: Sequence[BookLevel]) -> list[tuple[str, str]]:
    return [(book.price_text(level.price), book.size_text(level.size)) for level in levels]
