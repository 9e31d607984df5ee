"""Any exchange that ccxt knows, as the lines of a process (`ccxt_process`).

What ccxt shows is a book after some changes; whether one was missed, or how many were merged, it
does not say. Such books are marked as conflated: signals may use them while they are very young,
and nothing else may.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from typing_extensions import override

from searcher.adapters.exchanges.conversation import (
    UNDECODABLE,
    Conversation,
    RateLimit,
    VenueRules,
)
from searcher.adapters.exchanges.wire_numbers import NS_PER_MS, PLACES, scaled
from searcher.errors import FeedError, WireError
from searcher.exchange_books import ExchangeMarket

SCRIPT: Final = Path(__file__).with_name("ccxt_process.py")
"""What the interpreter of the other environment runs."""

ARGUMENTS: Final = ("-I", str(SCRIPT))

RULES: Final = VenueRules(
    ws_url=".venv-ccxt/bin/python",
    rest_url=None,
    # ccxt keeps the limits of the exchange; every start fetches the list of all markets.
    connects=RateLimit(count=20, seconds=600),
    messages=RateLimit(count=1, seconds=1),
    fetches=RateLimit(count=1, seconds=1),
    markets_per_connection=50,
    silence_seconds=30,
    sync_seconds=60,
    lifetime_seconds=math.inf,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CcxtRequest:
    """What the process is asked for."""

    exchange: str
    """As ccxt calls it."""

    ws_url: str | None
    """Scheme and host instead of those of every websocket; None for the exchange's own."""

    rest_url: str | None
    """The same of REST."""


class _Line(msgspec.Struct, gc=False):
    venue: str = ""
    market: str = ""
    bids: list[tuple[str, str]] = []
    asks: list[tuple[str, str]] = []
    time_ms: int | None = None
    sequence: int | None = None
    error: str = ""


_LINE: Final = msgspec.json.Decoder(_Line)


class CcxtConversation(Conversation):
    """One run of the process."""

    def __init__(self, request: CcxtRequest, markets: Sequence[ExchangeMarket]) -> None:
        super().__init__(markets)
        self._request = request

    @override
    def open(self) -> None:
        """Say what to watch, in one line."""
        request = self._request
        levels = max(book.market.levels for book in self.books.values())
        line = {
            "exchange": request.exchange,
            "markets": list(self.books),
            "levels": levels,
            "ws_url": request.ws_url,
            "rest_url": request.rest_url,
        }
        self.outbox.append(msgspec.json.encode(line))

    @override
    def receive(self, frame: str | bytes, received_ns: int) -> None:
        """Take a whole book, or the process's last word."""
        try:
            line = _LINE.decode(frame)
        except UNDECODABLE:
            raise WireError("a line about an exchange", "it is none") from None
        if line.error:
            raise FeedError(self._request.exchange, f"ccxt failed: {line.error[:100]}")
        book = self.books.get(line.market)
        if line.venue != self._request.exchange or book is None:
            raise WireError("a line about an exchange", "nobody asked for it")
        for side, levels in ((book.bids, line.bids), (book.asks, line.asks)):
            side.replace((scaled(price, PLACES), scaled(size, PLACES)) for price, size in levels)
        exchange_ns = None if line.time_ms is None else line.time_ms * NS_PER_MS
        book.confirm(line.sequence or 0, exchange_ns, received_ns)

    @override
    def snapshot(self, symbol: str, body: bytes, received_ns: int) -> None:
        """Every line is whole."""
        raise WireError("a snapshot", "nobody fetches one here")


def symbol_of(base: str, quote: str) -> str:
    """As ccxt writes a spot market of any exchange."""
    return f"{base}/{quote}"
