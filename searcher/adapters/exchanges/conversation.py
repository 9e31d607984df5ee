"""What all protocols of exchanges have in common: frames in, books and frames out, no I/O.

One conversation is one connection. It keeps its books, says what it wants sent or fetched, and
raises where the connection is worth nothing any more; whoever runs it does the rest.
"""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from searcher.adapters.exchanges.book import VenueBook
from searcher.exchange_books import ExchangeMarket

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, ValueError)
"""What decoders raise at bytes that are not of the protocol."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most so many times within so many seconds."""

    count: int
    """Times."""

    seconds: float
    """Any window of this length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRules:
    """Where an exchange is and what it lets one client do."""

    ws_url: str
    """Of the public websocket; the interpreter where a process takes its place."""

    rest_url: str | None
    """What snapshots are fetched from; None where they come on the websocket."""

    connects: RateLimit
    """Attempts to connect, below what the exchange allows."""

    messages: RateLimit
    """Messages that are sent on one connection, below what the exchange allows."""

    fetches: RateLimit
    """Snapshots that are fetched."""

    markets_per_connection: int
    """That one connection carries at most."""

    silence_seconds: float
    """How long a connection that works may say nothing."""

    lifetime_seconds: float
    """When a connection is replaced, before the exchange cuts it."""

    sync_seconds: float = 20.0
    """How long books may stay incomplete before another connection is tried."""


class Conversation(ABC):
    """One connection's protocol."""

    def __init__(self, markets: Sequence[ExchangeMarket]) -> None:
        self.books = {market.symbol: VenueBook(market) for market in markets}
        self.outbox: deque[bytes] = deque()
        """To be sent, in order. Bounded: a book that waits for an answer asks no second time."""
        self.wanted: deque[str] = deque()
        """Symbols whose snapshots are to be fetched; each at most once."""
        self.gaps = 0
        """Times that something was missing, twice, or out of order."""
        self.ending = ""
        """Why another connection should take over soon; empty while none needs to."""

    @property
    def is_live(self) -> bool:
        """Whether every book is whole."""
        return all(book.is_live for book in self.books.values())

    @property
    def reason(self) -> str:
        """Why not, of the first book that is not; empty when all are."""
        return next(
            (f"{name}: {book.reason}" for name, book in self.books.items() if not book.is_live), ""
        )

    def lose_all(self, reason: str) -> None:
        """Stop believing every book: the connection is gone."""
        for book in self.books.values():
            book.lose(reason)

    @abstractmethod
    def open(self) -> None:
        """Put into the outbox what subscribes."""

    @abstractmethod
    def receive(self, frame: str | bytes, received_ns: int) -> None:
        """Take one frame.

        Raises:
            WireError: it is not of the protocol.
            FeedError: something is missing that this connection cannot give any more.
        """

    @abstractmethod
    def snapshot(self, symbol: str, body: bytes, received_ns: int) -> None:
        """Take the answer of a fetch.

        Raises:
            WireError: it is not of the protocol, or nothing is fetched in it.
        """
