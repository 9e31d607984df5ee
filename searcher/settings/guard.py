"""How far a price may be from what exchanges and oracles say."""

from typing import Annotated

from pydantic import Field

from graphs.units import BPS, WEI_PER_ETHER
from searcher.settings.fields import Section, Wei


class GuardSettings(Section):
    """The price guard, and the search for gaps between exchanges and the chain."""

    max_deviation_bps: Annotated[int, Field(ge=1, le=100 * BPS)] = 2_000
    """Between a hop's price and what prices it; an arbitrage lives on some of it."""

    max_oracle_age_seconds: Annotated[int, Field(ge=1)] = 3_600
    """An oracle's answer that is older is passed over."""

    demands_reference: bool = False
    """Whether a cycle is refused of which nothing prices any hop."""

    signal_capital_wei: Wei = 10 * WEI_PER_ETHER
    """The most that a gap between exchanges and the chain is sized with; 0 seeks none."""
