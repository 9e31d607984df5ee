"""All exchanges together: only books that are whole, young and undisputed are offered."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from graphs.pools.order_book import OrderBookPool
from searcher.adapters.exchanges.feed import ExchangeFeed
from searcher.exchange_books import ShownBook
from searcher.feed_health import FeedHealth
from searcher.quote_sanity import JudgedBooks, judge


@dataclass(frozen=True, slots=True, kw_only=True)
class BookLimits:
    """What a book must keep to price anything."""

    max_age_ns: int
    """Since the last message that confirmed it."""

    conflated_max_age_ns: int
    """The same of a book that is conflated."""

    max_jump_bps: int
    """Between its middle and the median of the other exchanges."""


class ExchangeDesk:
    """The books of every exchange that is watched."""

    def __init__(self, feeds: Sequence[ExchangeFeed], limits: BookLimits) -> None:
        self._feeds = tuple(feeds)
        self._limits = limits

    async def run(self) -> None:
        """Keep all exchanges connected until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for feed in self._feeds:
                tasks.create_task(feed.run())

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep all exchanges connected until the end of the block."""
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(self.run())
            yield
            watching.cancel()

    def judged(self, now_ns: int) -> JudgedBooks:
        """Every whole and young book, and why some of them price nothing."""
        shown = [
            book
            for feed in self._feeds
            for book in feed.shown(now_ns, max_age_ns=self._limits.max_age_ns)
            if not book.market.is_conflated
            or book.age_ns(now_ns) <= self._limits.conflated_max_age_ns
        ]
        return judge(shown, max_jump_bps=self._limits.max_jump_bps)

    def shown(self, now_ns: int) -> tuple[ShownBook, ...]:
        """The accepted books with their times."""
        return self.judged(now_ns).accepted

    def books(self, now_ns: int) -> tuple[OrderBookPool, ...]:
        """The accepted books as pools of the graph."""
        return tuple(book.to_pool() for book in self.shown(now_ns))

    def health(self) -> tuple[FeedHealth, ...]:
        """Of every exchange, in the order of the configuration."""
        return tuple(feed.health() for feed in self._feeds)
