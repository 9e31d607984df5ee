"""Routers whose calldata says what a pending transaction will do."""

from typing import Annotated

from pydantic import Field

from graphs.units import PIPS, Address
from searcher.effects.router import Router, RouterKind
from searcher.settings.fields import HexAddress, Section


class RouterSettings(Section):
    """A router, and the venues that its pools are found under."""

    kind: RouterKind
    """Its interface."""

    address: HexAddress
    """Where it lives."""

    v2_venue: str = "uniswap-v2"
    """The `venue` of the factory whose pairs it trades at."""

    v3_venue: str = "uniswap-v3"
    """The `venue` of the factory whose concentrated pools it trades at."""

    sushi_venue: str = "sushiswap"
    """The `venue` of Sushi's factory, which 0x may be told to take."""

    quote_pips: Annotated[int, Field(ge=0, lt=PIPS)] = 3_000
    """The fee of pairs that it reckons with, whatever the pair takes."""

    def router(self, weth: Address) -> Router:
        """As the decoders read it, on a chain with this wrapped ether."""
        return Router(weth=weth, **self.model_dump())
