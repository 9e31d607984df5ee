"""One market's book as the messages of a connection build it, best levels at hand.

Mutable and owned by one conversation. Prices are kept in order, so the best one costs nothing and a
change costs a binary search; most changes are near the best, where they move few others.
"""

from bisect import bisect_left, insort
from collections.abc import Iterable
from typing import Final

from graphs.pools.order_book import Level
from searcher.adapters.exchanges.wire_numbers import PLACES
from searcher.exchange_books import ExchangeMarket, Quote, ShownBook, price_scale_of

BID: Final = 1
ASK: Final = -1
"""A side's sign: prices times sign rise towards the best one."""


class BookSide:
    """Levels of one side by key, which is the price times the side's sign."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self.keys: list[int] = []
        """Rising: the best is last."""
        self.sizes: dict[int, int] = {}
        self.edge: int | None = None
        """The worst key that is known of; None where every level is."""

    def set(self, price: int, size: int) -> None:
        """Replace the size at a price; 0 removes the level. Beyond the edge nothing is kept."""
        key = price * self._sign
        sizes = self.sizes
        if size:
            if key not in sizes:
                if self.edge is not None and key < self.edge:
                    return
                insort(self.keys, key)
            sizes[key] = size
        elif sizes.pop(key, None) is not None:
            del self.keys[bisect_left(self.keys, key)]

    def replace(self, levels: Iterable[tuple[int, int]], *, is_cut: bool = False) -> None:
        """Begin with these levels; a side that is cut has more that are not known."""
        self.sizes = {price * self._sign: size for price, size in levels if size}
        self.keys = sorted(self.sizes)
        self.edge = self.keys[0] if is_cut and self.keys else None

    def truncate(self, depth: int) -> list[int]:
        """Keep the best levels; the keys that were dropped."""
        dropped = self.keys[:-depth] if len(self.keys) > depth else []
        if dropped:
            del self.keys[: len(dropped)]
            for key in dropped:
                del self.sizes[key]
        return dropped

    def best(self) -> tuple[int, int]:
        """Price and size; zeros of an empty side."""
        if not self.keys:
            return 0, 0
        key = self.keys[-1]
        return key * self._sign, self.sizes[key]

    def levels(self, count: int) -> list[tuple[int, int]]:
        """Prices and sizes of the best, best first."""
        return [(key * self._sign, self.sizes[key]) for key in reversed(self.keys[-count:])]


class VenueBook:
    """A market's two sides and whether they are the whole truth up to the last message."""

    def __init__(self, market: ExchangeMarket) -> None:
        self.market = market
        self.bids = BookSide(BID)
        self.asks = BookSide(ASK)
        self.price_places = PLACES
        self.size_places = PLACES
        self.is_live = False
        self.reason = "no snapshot yet"
        """Why it is not live; empty when it is."""
        self.quote = Quote(0, 0, 0, 0, 0, None, 0)

    def lose(self, reason: str) -> None:
        """Stop believing it."""
        self.is_live, self.reason = False, reason

    def confirm(self, sequence: int, exchange_ns: int | None, received_ns: int) -> None:
        """Believe it: everything up to this message is in it."""
        bid, bid_size = self.bids.best()
        ask, ask_size = self.asks.best()
        self.quote = Quote(bid, bid_size, ask, ask_size, sequence, exchange_ns, received_ns)
        self.is_live, self.reason = True, ""

    def set_top(self, quote: Quote) -> None:
        """Believe a message that holds the best of both sides and nothing else."""
        self.quote = quote
        self.is_live, self.reason = True, ""

    def shown(self) -> ShownBook:
        """The best levels in raw units of the tokens. O(levels); less than a raw unit is cut."""
        market, quote = self.market, self.quote
        count = market.levels
        bids, asks = self.bids.levels(count), self.asks.levels(count)
        if count == 1:
            bids, asks = [(quote.bid, quote.bid_size)], [(quote.ask, quote.ask_size)]
        return ShownBook(
            market=market,
            bids=tuple(self._raw(bids)),
            asks=tuple(self._raw(asks)),
            price_scale=price_scale_of(market.base, places=self.price_places),
            quote=quote,
        )

    def _raw(self, levels: list[tuple[int, int]]) -> Iterable[Level]:
        price_factor = 10**self.market.quote.decimals
        size_factor, size_scale = 10**self.market.base.decimals, 10**self.size_places
        for price, size in levels:
            raw_size = size * size_factor // size_scale
            if price and raw_size:
                yield Level(price * price_factor, raw_size)
