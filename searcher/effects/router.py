"""A router that we know, as the decoders read it.

Separate from the settings, which it is made of, because decisions do not depend on how a
configuration is written down.
"""

from dataclasses import dataclass
from enum import StrEnum

from graphs.units import Address


class RouterKind(StrEnum):
    """The interfaces that are decoded."""

    UNISWAP_V2 = "uniswap_v2"
    """UniswapV2Router02 and its forks, Sushi's among them; Router01 is a part of it."""

    UNISWAP_V3 = "uniswap_v3"
    """SwapRouter."""

    SWAP_ROUTER_02 = "swap_router_02"
    """SwapRouter02, which also trades at V2."""

    UNIVERSAL_ROUTER_V1 = "universal_router_v1"
    """Universal Router before V4, whose other commands are about NFTs."""

    UNIVERSAL_ROUTER = "universal_router"
    """Universal Router 2.0 and 2.1.0; later ones add a price for each hop."""

    ONE_INCH = "one_inch"
    """AggregationRouter V3 to V5."""

    ONE_INCH_V6 = "one_inch_v6"
    """AggregationRouterV6."""

    ZERO_EX = "zero_ex"
    """The exchange proxy of 0x, version 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Router:
    """A contract that swaps for others."""

    kind: RouterKind
    """Its interface."""

    address: Address
    """Where it lives."""

    weth: Address
    """What it wraps ether into."""

    v2_venue: str
    """Where it finds pairs."""

    v3_venue: str
    """Where it finds concentrated pools."""

    sushi_venue: str
    """Where it finds pairs when told to take Sushi's."""

    quote_pips: int
    """The fee of a pair that it reckons with."""
