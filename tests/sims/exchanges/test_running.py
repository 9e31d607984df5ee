"""Local exchanges that run: what their owner wants of a price is what a watcher sees."""

from random import Random

import pytest
from pydantic import SecretStr

from searcher.adapters.clock import SystemClock
from searcher.adapters.exchanges.opening import open_desk
from searcher.adapters.surroundings import Surroundings
from searcher.settings.exchanges import ExchangesSettings, VenueSettings
from sims.errors import MarketNameError
from sims.exchanges.running import ExchangesOptions, read_markets, running_exchanges

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
