"""Tests on recorded sessions: the book that is replayed is the one that the exchange had.

Source: cryptofeed's sample data, 2021, see shared/data/README.md. Checksums and tickers are the
exchanges' own words about the same book, which the replay does not read, or reads at its end alone.
"""

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from sims.recorded_states.book_recording import LINE, Sides, recorded_sides
from sims.recorded_states.document import lines
from tests.graphs.pools.recorded import recorded_file

pytestmark = pytest.mark.slow

KRAKEN = ("KRAKEN.ws.50.0.gz",)
COINBASE = ("COINBASE.ws.28.0.gz",)
BINANCE = ("BINANCE.http.0.0.gz", "BINANCE.ws.1.0.gz")
BINANCE_US = ("BINANCE_US.http.0.0.gz", "BINANCE_US.ws.1.0.gz")

BOOKS = [
    *(("kraken", KRAKEN, symbol) for symbol in ("XMR/USD", "GRT/ETH", "ETH/CHF", "XBT/CHF")),
    *(("coinbase", COINBASE, symbol) for symbol in ("SKL-USD", "SKL-BTC", "YFI-BTC", "DASH-BTC")),
    *(("binance", BINANCE, symbol) for symbol in ("NKNUSDT", "BLZETH", "LRCBTC", "RUNEEUR")),
    *(("binance.us", BINANCE_US, symbol) for symbol in ("CRVUSDT", "COMPUSDT", "OMGBUSD")),
]


ANSWERED = Decimal(1_633_998_517)
"""When the snapshots of the first three symbols of Binance had come."""


def replayed(exchange: str, files: tuple[str, ...], symbol: str, **until: str) -> Sides:
    folder = recorded_file(f"cex_cryptofeed/{files[0]}").parent
    source = {"exchange": exchange, "symbol": symbol, "recordings": list(files), **until}
    return recorded_sides(folder, source)


def received(file: str) -> Iterator[tuple[str, dict[str, object] | list[object]]]:
    """Every message of a websocket, with the time before it."""
    for line in lines(recorded_file(f"cex_cryptofeed/{file}")):
        match = LINE.fullmatch(line)
        if match:
            yield match[2], json.loads(match[3])


@pytest.mark.parametrize(("exchange", "files", "symbol"), BOOKS)
def test_recorded_book_is_in_order_and_not_crossed(
    exchange: str, files: tuple[str, ...], symbol: str
) -> None:
    bids, asks = (
        [Decimal(level.price) for level in side] for side in replayed(exchange, files, symbol)
    )

    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert bids[0] < asks[0]


@pytest.mark.parametrize("symbol", ["ETH/CHF", "XBT/CHF", "KSM/XBT"])
def test_book_has_krakens_checksum_whenever_the_recording_is_cut(symbol: str) -> None:
    times = [
        time for time, value in received(*KRAKEN) if isinstance(value, list) and value[-1] == symbol
    ]

    # The replay refuses a book that has another than its last update says.
    for time in times[:: len(times) // 8]:
        assert all(replayed("kraken", KRAKEN, symbol, until=time))


@pytest.mark.parametrize("symbol", ["NKNUSDT", "LRCBTC"])
def test_best_prices_are_those_of_binances_ticker_of_the_same_change(symbol: str) -> None:
    applied: dict[object, str] = {}
    tickers: dict[object, tuple[object, ...]] = {}
    for time, value in received(BINANCE[1]):
        data = value["data"] if isinstance(value, dict) else None
        if not isinstance(data, dict) or data.get("s") != symbol or Decimal(time) < ANSWERED:
            continue
        if data.get("e") == "depthUpdate":
            applied[data["u"]] = time
        elif "u" in data:
            tickers[data["u"]] = (data["b"], data["B"], data["a"], data["A"])
    compared = set(applied) & set(tickers)

    for change in compared:
        bids, asks = replayed("binance", BINANCE, symbol, until=applied[change])
        assert (*bids[0], *asks[0]) == tickers[change]

    assert len(compared) > 3
