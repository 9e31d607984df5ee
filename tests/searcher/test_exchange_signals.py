"""Signals between a chain and an exchange: both legs, their sizes, fees and the age of the book."""

import pytest

from graphs.market import Market
from graphs.signals import SignalKind
from searcher.exchange_signals import SignalSearch, find_signals, with_books
from tests.graphs.markets import market_of, pool_of
from tests.searcher.shown_books import USD, USDC, WETH, shown_book

NOW_NS = 5_000
SEARCH = SignalSearch(base=USDC.address, capital=10**12)


def chain(*, usdc: int) -> Market:
    """A pool with a thousand ETH."""
    return market_of([pool_of("0xdex", (WETH.address, USDC.address), (1_000_000, usdc))])


@pytest.mark.parametrize(
    ("usdc", "sell_venue", "buy_venue"),
    [(1_800_000_000, "test", "kraken"), (2_200_000_000, "kraken", "test")],
)
def test_a_gap_is_a_signal_that_says_where_each_leg_trades(
    usdc: int, sell_venue: str, buy_venue: str
) -> None:
    book = shown_book("kraken", bids=((1_999, 50_000),), asks=((2_001, 50_000),), received_ns=3_000)

    (signal,) = find_signals(chain(usdc=usdc), [book], SEARCH, now_ns=NOW_NS).signals

    assert signal.kind is SignalKind.CEX_DEX
    assert (signal.sell_venue, signal.buy_venue) == (sell_venue, buy_venue)
    assert signal.expected_profit == signal.amounts[-1] - signal.amounts[0] > 0
    assert signal.oldest_age_ns == 2_000
    on_exchange = signal.venues.index("kraken")
    received = signal.amounts[on_exchange + 1] + signal.fees[on_exchange]
    assert signal.fees[on_exchange] == pytest.approx(received // 1_000, abs=1)
    assert signal.fees[1 - on_exchange] == 0


def test_a_dollar_without_a_token_is_no_token() -> None:
    book = shown_book("coinbase", bids=((2_500, 50_000),), asks=((2_501, 50_000),), quote=USD)

    found = find_signals(chain(usdc=1_800_000_000), [book], SEARCH, now_ns=NOW_NS)

    assert found.signals == ()


def test_the_market_itself_is_left_as_it_was() -> None:
    market = chain(usdc=1_800_000_000)
    book = shown_book("kraken", bids=((1_999, 5),))

    joined = with_books(market, [book])

    assert len(market.pools) == 1
    assert len(joined.pools) == 2
    assert joined.block_hash == market.block_hash


def test_without_books_there_is_no_signal() -> None:
    assert find_signals(chain(usdc=1), [], SEARCH, now_ns=NOW_NS).signals == ()
