"""Coinbase Advanced Trade: whole books on the websocket, and one counter for the connection.

Source: docs.cdp.coinbase.com, Advanced Trade websocket channels. The counter counts everything that
is sent on the connection, so a step that is missing makes every book of it suspect: the connection
is given up. Removals of levels that never were are ordinary and prove nothing.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import msgspec
from typing_extensions import override

from searcher.adapters.exchanges.conversation import (
    UNDECODABLE,
    Conversation,
    RateLimit,
    VenueRules,
)
from searcher.adapters.exchanges.wire_numbers import PLACES, scaled, unix_ns
from searcher.errors import FeedError, WireError
from searcher.exchange_books import ExchangeMarket

RULES: Final = VenueRules(
    ws_url="wss://advanced-trade-ws.coinbase.com",
    rest_url=None,
    # 8 connections and 8 messages in a second are allowed for an address.
    connects=RateLimit(count=4, seconds=1),
    messages=RateLimit(count=6, seconds=1),
    fetches=RateLimit(count=1, seconds=1),
    # A gap costs every book of the connection.
    markets_per_connection=10,
    silence_seconds=5,
    lifetime_seconds=23 * 3_600,
)

DOLLAR_PAIRS: Final = frozenset({"USDT-USDC", "EURC-USDC"})
"""Markets in USDC that are not answered with the book in USD."""


class _Level(msgspec.Struct, gc=False):
    side: str
    price_level: str
    new_quantity: str


class _Event(msgspec.Struct, gc=False):
    type: str = ""
    product_id: str = ""
    updates: list[_Level] = []


class _Message(msgspec.Struct, gc=False):
    channel: str = ""
    sequence_num: int = -1
    timestamp: datetime | None = None
    events: list[_Event] = []
    type: str = ""


_MESSAGE: Final = msgspec.json.Decoder(_Message)


class CoinbaseConversation(Conversation):
    """One connection to Coinbase."""

    def __init__(self, markets: Sequence[ExchangeMarket]) -> None:
        super().__init__(markets)
        self._next = 0

    @override
    def open(self) -> None:
        """Subscribe to the books, and to heartbeats, which keep quiet channels open."""
        for request in (
            {"type": "subscribe", "channel": "heartbeats"},
            {"type": "subscribe", "product_ids": list(self.books), "channel": "level2"},
        ):
            self.outbox.append(msgspec.json.encode(request))

    @override
    def receive(self, frame: str | bytes, received_ns: int) -> None:
        """Take changes, a snapshot or a heartbeat, if it is the next in the count."""
        try:
            message = _MESSAGE.decode(frame)
        except UNDECODABLE:
            raise WireError("a message of Coinbase", "it is not of the protocol") from None
        if message.type == "error":
            raise FeedError("coinbase", "the subscription was refused")
        if message.sequence_num < self._next:
            self.gaps += 1
            return
        if message.sequence_num > self._next:
            self.gaps += 1
            raise FeedError("coinbase", f"messages from {self._next} on are missing")
        self._next += 1
        if message.channel == "l2_data":
            self._changes(message, received_ns)
        elif message.channel == "heartbeats":
            self._confirm_all(received_ns)

    def _changes(self, message: _Message, received_ns: int) -> None:
        exchange_ns = unix_ns(message.timestamp) if message.timestamp else None
        for event in message.events:
            book = self.books.get(event.product_id)
            if book is None:
                continue
            if event.type == "snapshot":
                book.bids.replace(self._side(event, "bid"))
                book.asks.replace(self._side(event, "offer"))
            elif not book.is_live:
                continue
            else:
                for level in event.updates:
                    side = book.bids if level.side == "bid" else book.asks
                    _check_side(level)
                    side.set(scaled(level.price_level, PLACES), scaled(level.new_quantity, PLACES))
            book.confirm(message.sequence_num, exchange_ns, received_ns)

    @staticmethod
    def _side(event: _Event, name: str) -> list[tuple[int, int]]:
        for level in event.updates:
            _check_side(level)
        return [
            (scaled(level.price_level, PLACES), scaled(level.new_quantity, PLACES))
            for level in event.updates
            if level.side == name
        ]

    def _confirm_all(self, received_ns: int) -> None:
        """A heartbeat in the count leaves no room for changes: what is whole is so still."""
        for book in self.books.values():
            if book.is_live:
                book.quote = book.quote._replace(received_ns=received_ns)

    @override
    def snapshot(self, symbol: str, body: bytes, received_ns: int) -> None:
        """Snapshots come on the websocket."""
        raise WireError("a snapshot", "nobody fetches one here")


def _check_side(level: _Level) -> None:
    if level.side not in {"bid", "offer"}:
        raise WireError("the side of a level", "it is neither bid nor offer")


def symbol_of(base: str, quote: str) -> str:
    """As Coinbase writes a market.

    Raises:
        ValueError: the market is answered with the book of another asset.
    """
    symbol = f"{base}-{quote}"
    if quote == "USDC" and symbol not in DOLLAR_PAIRS:
        message = f"coinbase answers {base}/USDC with the book of {base}/USD; name that one"
        raise ValueError(message)
    return symbol
