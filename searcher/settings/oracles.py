"""Price feeds on the chain."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field

from graphs.tokens import Token
from graphs.units import BPS, Address
from searcher.exchange_books import MAX_ASSET_LENGTH, token_of
from searcher.oracle_rounds import OracleFeed
from searcher.settings.fields import HexAddress, Section

Asset = Annotated[str, Field(pattern=f"^[A-Z0-9]{{1,{MAX_ASSET_LENGTH}}}$")]
"""A canonical id."""


class OracleSettings(Section):
    """A Chainlink price feed."""

    asset: Asset
    """The canonical asset that is priced, as in `assets` of the network."""

    quote: Asset
    """The canonical asset that the price counts: USD is none of the tokens that follow it."""

    proxy: HexAddress
    """The aggregator's proxy."""

    heartbeat_seconds: Annotated[int, Field(ge=1)]
    """As Chainlink lists it; an older price is passed over. 60 s of grace are worth adding."""

    deviation_bps: Annotated[int, Field(ge=1, lt=BPS)]
    """As Chainlink lists it: how far the price may be off between updates."""

    def feed(self, tokens: Mapping[str, Token]) -> OracleFeed:
        """As the reader takes it, where assets are these tokens."""
        return OracleFeed(
            asset=token_of(self.asset, tokens),
            quote=token_of(self.quote, tokens),
            proxy=Address(self.proxy),
            heartbeat_seconds=self.heartbeat_seconds,
            deviation_bps=self.deviation_bps,
        )
