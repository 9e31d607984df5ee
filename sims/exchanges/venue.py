"""What every local exchange has: markets, and clients that are told of changes. No I/O."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import msgspec

from sims.exchanges.true_book import BookChange, TrueBook

Frames = list[bytes]
"""To one client, in order."""


class VenueClient(ABC):
    """One connection, on the exchange's side."""

    @abstractmethod
    def greet(self) -> Frames:
        """What is sent before anything is asked."""

    @abstractmethod
    def answer(self, frame: str | bytes) -> Frames:
        """Take a request; what is not understood is answered as the exchange does."""

    @abstractmethod
    def tell(self, book: TrueBook, change: BookChange) -> Frames:
        """Tell of a change, where it was subscribed to."""

    @abstractmethod
    def heartbeat(self, time_ns: int) -> Frames:
        """What is sent when a second has passed."""

    @abstractmethod
    def announce_shutdown(self, time_ns: int) -> Frames:
        """What the exchange says before it goes; nothing where it says nothing."""


class LocalVenue(ABC):
    """An exchange with markets."""

    def __init__(self, books: Sequence[TrueBook]) -> None:
        self.books = {self.symbol(book): book for book in books}

    @staticmethod
    @abstractmethod
    def symbol(book: TrueBook) -> str:
        """As the exchange writes the market."""

    @abstractmethod
    def connect(self) -> VenueClient:
        """A client that has asked for nothing yet."""


def request_of(frame: str | bytes) -> dict[str, object]:
    """The object that a client sent; empty where it is none."""
    try:
        value = msgspec.json.decode(frame)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def strings(value: object) -> list[str]:
    """The texts of a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
