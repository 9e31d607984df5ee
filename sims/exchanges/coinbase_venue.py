"""A local Coinbase Advanced Trade: whole books in band, heartbeats, one counter for them all."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from typing_extensions import override

from sims.exchanges.true_book import BookChange, BookLevel, TrueBook
from sims.exchanges.venue import Frames, LocalVenue, VenueClient, request_of, strings

NS_PER_SECOND = 1_000_000_000
EPOCH_TEXT = "1970-01-01T00:00:00Z"


class CoinbaseVenue(LocalVenue):
    """Every client counts its own messages."""

    @staticmethod
    @override
    def symbol(book: TrueBook) -> str:
        return f"{book.base}-{book.quote}"

    @override
    def connect(self) -> VenueClient:
        return _Client(self)


class _Client(VenueClient):
    def __init__(self, venue: CoinbaseVenue) -> None:
        self._venue = venue
        self._products: dict[str, None] = {}
        self._has_heartbeats = False
        self._sent = 0
        self._heartbeats = 0

    @override
    def greet(self) -> Frames:
        return []

    @override
    def answer(self, frame: str | bytes) -> Frames:
        request = request_of(frame)
        if request.get("type") != "subscribe":
            return [msgspec.json.encode({"type": "error", "message": "unknown message type"})]
        frames = []
        if request.get("channel") == "heartbeats":
            self._has_heartbeats = True
        else:
            names = [
                name for name in strings(request.get("product_ids")) if name in self._venue.books
            ]
            self._products.update(dict.fromkeys(names))
            frames = [self._snapshot(name) for name in names]
        subscribed = {"subscriptions": {"level2": list(self._products), "heartbeats": []}}
        return [*frames, self._message("subscriptions", [subscribed], 0)]

    def _snapshot(self, name: str) -> bytes:
        book = self._venue.books[name]
        sides = book.sides()
        updates = [*_updates(book, "bid", sides.bids), *_updates(book, "offer", sides.asks)]
        event = {"type": "snapshot", "product_id": name, "updates": updates}
        return self._message("l2_data", [event], book.time_ns)

    def _message(self, channel: str, events: Sequence[object], time_ns: int) -> bytes:
        number, self._sent = self._sent, self._sent + 1
        return msgspec.json.encode(
            {
                "channel": channel,
                "client_id": "",
                "timestamp": _rfc3339(time_ns),
                "sequence_num": number,
                "events": events,
            }
        )

    @override
    def tell(self, book: TrueBook, change: BookChange) -> Frames:
        name = self._venue.symbol(book)
        if name not in self._products:
            return []
        updates = [*_updates(book, "bid", change.bids), *_updates(book, "offer", change.asks)]
        event = {"type": "update", "product_id": name, "updates": updates}
        return [self._message("l2_data", [event], change.time_ns)]

    @override
    def heartbeat(self, time_ns: int) -> Frames:
        if not self._has_heartbeats:
            return []
        self._heartbeats += 1
        event = {"current_time": _rfc3339(time_ns), "heartbeat_counter": self._heartbeats}
        return [self._message("heartbeats", [event], time_ns)]

    @override
    def announce_shutdown(self, time_ns: int) -> Frames:
        return []


def _updates(book: TrueBook, side: str, levels: Sequence[BookLevel]) -> list[dict[str, str]]:
    return [
        {
            "side": side,
            "event_time": EPOCH_TEXT,
            "price_level": book.price_text(level.price),
            "new_quantity": book.size_text(level.size),
        }
        for level in levels
    ]


def _rfc3339(time_ns: int) -> str:
    seconds, rest = divmod(time_ns, NS_PER_SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
