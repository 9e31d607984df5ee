"""Two local exchanges with the local chain's own prices, as settings that a bot can be given."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from searcher.settings.exchanges import AssetSettings, ExchangesSettings, VenueSettings
from sims.devnet.deployment import Deployment
from sims.exchanges.running import ExchangesOptions, MarketStart, running_exchanges

KINDS: Final = ("binance", "kraken")
BASE: Final = "ETH"
QUOTE: Final = "USDC"
PRICE: Final = 2_500
"""Of ether on the local chain before anybody trades, in dollars (`devnet.plan`)."""

FEE_PIPS: Final = 1_000
LEVELS: Final = 10
PACE_SECONDS: Final = 0.2
HUNDREDTHS: Final = 100
ANY_AGE_MS: Final = 10_000
"""A busy machine may not hear a local exchange for seconds."""


@asynccontextmanager
async def local_exchanges(
    deployment: Deployment, *, seed: int
) -> AsyncIterator[tuple[ExchangesSettings, Mapping[str, AssetSettings]]]:
    """Run them, and give the settings with which a bot watches them and the tokens of assets."""
    (quote,) = [token for token in deployment.tokens if token.symbol == QUOTE]
    options = ExchangesOptions(
        markets=(MarketStart(base=BASE, quote=QUOTE, reference=PRICE * HUNDREDTHS),),
        seed=seed,
        pace_s=PACE_SECONDS,
    )
    async with running_exchanges(options, KINDS) as exchanges:
        venues = tuple(
            VenueSettings.model_validate(
                {
                    "kind": kind,
                    "markets": (f"{BASE}/{QUOTE}",),
                    "fee_pips": FEE_PIPS,
                    "levels": LEVELS,
                    "ws_url": f"ws://127.0.0.1:{exchange.server.port}/ws",
                    "rest_url": f"http://127.0.0.1:{exchange.server.port}",
                }
            )
            for kind, exchange in exchanges.items()
        )
        assets = {
            BASE: AssetSettings(token=deployment.weth, decimals=18),
            QUOTE: AssetSettings(token=quote.address, decimals=quote.decimals),
        }
        yield ExchangesSettings(max_age_ms=ANY_AGE_MS, venues=venues), assets
