"""Feeds on real sockets: whole, cut off, replaced in time, and fed with what is too big."""

import pytest

from searcher.feed_health import FeedState
from sims.exchanges.true_book import BookLevel
from tests.searcher.adapters.exchanges.watched_market import (
    CLOCK,
    LEVELS,
    VENUES,
    Kind,
    Market,
    watched,
)

pytestmark = pytest.mark.slow

SNAPSHOT_LEVELS = 44_067


@pytest.mark.parametrize("kind", VENUES)
async def test_a_feed_shows_the_best_prices_that_the_exchange_has(kind: Kind) -> None:
    async with watched(kind) as market:
        await market.until(market.is_whole)

        assert market.state() is FeedState.LIVE
        (book,) = market.watcher.shown(CLOCK.now_ns())
        assert len(book.bids) == LEVELS
        assert book.market.venue == kind


@pytest.mark.parametrize("kind", VENUES)
@pytest.mark.parametrize("code", [1001, 1009])
async def test_a_feed_that_was_cut_off_is_whole_again(kind: Kind, code: int) -> None:
    async with watched(kind) as market:
        await market.until(market.is_whole)
        await market.server.hang_up(code)
        await market.until(lambda: market.state() is not FeedState.LIVE)
        assert market.watcher.books(CLOCK.now_ns()) == ()

        await market.until(market.is_whole)

        assert market.watcher.health()[0].reconnects == 1


async def test_a_shutdown_is_announced_and_the_second_connection_comes_first() -> None:
    async with watched("binance") as market:
        await market.until(market.is_whole)
        await market.server.announce_shutdown(CLOCK.now_ns())
        states = set()

        def is_replaced() -> bool:
            states.add(market.state())
            return market.server.connected > 1 and market.watcher.health()[0].reconnects == 1

        await market.until(is_replaced)
        for _ in range(20):
            await market.step()
            states.add(market.state())

        assert states == {FeedState.LIVE}


def deepen(market: Market) -> None:
    """As many levels as Coinbase was seen to send: 4.8 MB."""
    bids = [BookLevel(200_000 - i, 10**8 + i) for i in range(SNAPSHOT_LEVELS // 2)]
    asks = [BookLevel(300_000 + i, 10**8 + i) for i in range(SNAPSHOT_LEVELS // 2)]
    market.book.apply(bids, asks, time_ns=CLOCK.now_ns())


async def test_a_snapshot_beyond_four_mebibytes_is_taken() -> None:
    async with watched("coinbase", deepen) as market:
        size = len(
            market.server.venue.connect().answer(
                b'{"type":"subscribe","channel":"level2","product_ids":["ETH-USD"]}'
            )[0]
        )
        assert size > 4 * 2**20

        await market.until(market.is_whole)
