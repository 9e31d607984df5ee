"""Local exchanges that run: what their owner wants of a price is what a watcher sees."""

import ssl
from pathlib import Path
from random import Random
from shutil import which

import aiohttp
import pytest
from pydantic import SecretStr

from searcher.adapters.clock import SystemClock
from searcher.adapters.exchanges.opening import open_desk
from searcher.adapters.exchanges.transport import Transport
from searcher.adapters.surroundings import Surroundings
from searcher.errors import FeedError
from searcher.settings.exchanges import ExchangesSettings, VenueSettings
from sims.errors import MarketNameError, RecordingNameError
from sims.exchanges.certificate import make_certificate
from sims.exchanges.faults import Fault
from sims.exchanges.running import (
    ExchangesOptions,
    RunningExchange,
    read_markets,
    read_recordings,
    running_exchanges,
)
from tests.graphs.pools.recorded import recorded_file

CLOCK = SystemClock()
LONG_NS = 10_000_000_000
LOOK_NS = 5_000_000


async def hasty(seconds: float) -> None:
    await CLOCK.wait_until_ns(CLOCK.now_ns() + round(seconds * 1_000_000))


@pytest.mark.slow
async def test_a_reference_that_is_moved_moves_the_book_that_is_watched() -> None:
    options = ExchangesOptions(markets=read_markets(["ETH/USD=2500"]), seed=1, pace_s=0.005)
    around = Surroundings(clock=CLOCK, sleep=hasty, random=Random(2))  # noqa: S311 - jitter
    async with running_exchanges(options, ["kraken"]) as exchanges:
        kraken = exchanges["kraken"]
        url = SecretStr(f"ws://127.0.0.1:{kraken.server.port}/ws")
        venue = VenueSettings(kind="kraken", markets=("ETH/USD",), fee_pips=0, ws_url=url)
        settings = ExchangesSettings(venues=(venue,))
        async with open_desk(settings, {}, around) as desk, desk.running():
            kraken.move("ETH", "USD", reference=300_000)
            deadline_ns = CLOCK.now_ns() + LONG_NS
            mids = [2_500.0]
            while abs(mids[-1] - 3_000) > 1 and CLOCK.now_ns() < deadline_ns:
                await CLOCK.wait_until_ns(CLOCK.now_ns() + LOOK_NS)
                mids += [float(one.mid or 0) for one in desk.shown(CLOCK.now_ns())]

    assert mids[-1] == pytest.approx(3_000, abs=1)


@pytest.mark.parametrize("text", ["ETH/USD", "ETH/USD=", "ETH/USD=1.999", "eth/usd=5", "A/B=1"])
def test_a_market_that_is_none_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(MarketNameError, match="ETH/USDC=2500"):
        read_markets([text])


@pytest.mark.slow
@pytest.mark.skipif(which("openssl") is None, reason="openssl is missing")
async def test_a_certificate_that_is_trusted_and_no_other_opens_the_connection(
    tmp_path: Path,
) -> None:
    certificate = make_certificate(tmp_path)
    options = ExchangesOptions(
        markets=read_markets(["ETH/USD=2500"]), seed=1, pace_s=0.01, certificate=certificate
    )
    trusting = ssl.create_default_context(cafile=certificate)
    async with (
        running_exchanges(options, ["binance"]) as exchanges,
        aiohttp.ClientSession() as session,
    ):
        host = f"127.0.0.1:{exchanges['binance'].server.port}"
        transport = Transport(session, "binance", trusting)
        body = await transport.fetch(f"https://{host}/api/v3/depth?symbol=ETHUSD")
        async with transport.connect(f"wss://{host}/ws") as socket:
            await socket.send(b'{"method":"SUBSCRIBE","params":["ethusd@bookTicker"],"id":1}')
        with pytest.raises(FeedError, match="no connection"):
            async with Transport(session, "binance").connect(f"wss://{host}/ws"):
                pass

    assert b"lastUpdateId" in body


@pytest.mark.slow
async def test_a_recording_is_played_beside_the_markets() -> None:
    path = recorded_file("cex_cryptofeed/KRAKEN.ws.50.0.gz")
    options = ExchangesOptions(
        markets=read_markets(["ETH/USD=2500"]),
        seed=1,
        pace_s=0.01,
        recordings=read_recordings([f"kraken:ETH/CHF:{path}"]),
    )
    async with running_exchanges(options, ["kraken", "coinbase"]) as exchanges:
        books = exchanges["kraken"].server.venue.books
        assert list(exchanges["coinbase"].server.venue.books) == ["ETH-USD"]

    assert list(books) == ["ETH/USD", "ETH/CHF"]
    assert books["ETH/CHF"].number > 0
    assert max(books["ETH/CHF"].bids) < min(books["ETH/CHF"].asks)


def test_faults_that_are_asked_for_are_drawn() -> None:
    options = ExchangesOptions(markets=(), seed=1, pace_s=1, faults=(Fault.DROP, Fault.STALL))

    faults = RunningExchange("kraken", options).server.faults
    assert set(faults.chances) == {Fault.DROP, Fault.STALL}


@pytest.mark.parametrize(
    "text", ["ETH/USD", "kraken:ETH/USD:/nowhere", "other:ETH/USD:pyproject.toml"]
)
def test_a_recording_that_is_none_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(RecordingNameError, match="binance:NKN/USDT:FILE"):
        read_recordings([text])
