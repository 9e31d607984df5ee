"""What the local chain consists of: its tokens, prices, pools, loans and accounts' money.

All sizes are worth in wei of ether, so that prices are consistent between pools by construction
and a chain starts without a gap.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from graphs.units import WEI_PER_ETHER, Address

GENESIS_TIMESTAMP_S: Final = 1_767_225_600
"""2026-01-01 00:00:00 UTC: fixed, so that block hashes repeat."""

UNISWAP_V2: Final = "uniswap-v2"
UNISWAP_V3: Final = "uniswap-v3"
PANCAKESWAP: Final = "pancakeswap-v1"

FEE_PIPS_V2: Final = 3_000
"""UniswapV2Library: 997 of 1000."""

FEE_PIPS_PANCAKESWAP: Final = 2_000
"""PancakePair of this package: 998 of 1000."""

FEE_PIPS_LOW: Final = 500
FEE_PIPS_MEDIUM: Final = 3_000
"""Two of the tiers that UniswapV3Factory enables."""

BENEFICIARY: Final = Address("0x" + "be" * 20)
"""Where the executor sends profits: an account that nobody holds a key of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlan:
    """A token to deploy."""

    name: str
    """As shown to people."""

    symbol: str
    """Its key in this plan."""

    decimals: int
    """Of one whole token."""

    price_wei: int
    """Of one whole token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPlan:
    """A pool to create and fill."""

    venue: str
    """One of the venues above."""

    symbols: tuple[str, str]
    """What it trades, in any order."""

    fee_pips: int
    """Of an input."""

    depth_wei: int
    """Worth of either side of the constant-product pool that moves alike at the first price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a deployment follows from."""

    tokens: tuple[TokenPlan, ...]
    """Besides WETH."""

    pools: tuple[PoolPlan, ...]
    """In order of creation."""

    manager_depth_wei: int
    """WETH in Uniswap V4's manager: a small arbitrage input, so that larger ones go elsewhere."""

    vault_depth_wei: int
    """WETH in the Balancer vault: a mid-size arbitrage input, so that larger ones go elsewhere."""

    aave_depth_wei: int
    """Worth of each asset that is supplied to Aave; deeper than any arbitrage."""

    wealth_wei: int
    """Worth of each token that the deployer and every trader holds."""

    gas_money_wei: int
    """What the searcher's account holds."""

    base_fee_wei: int
    """Per gas, of the last block of the deployment."""

    places: Mapping[str, Address] = field(default_factory=dict)
    """Where contracts stand, by name; the others stand where their deployment puts them."""

    genesis_block: int = 0
    """The number of the block before the first of the deployment."""


_TOKENS: Final = (
    TokenPlan(name="USD Coin", symbol="USDC", decimals=6, price_wei=WEI_PER_ETHER // 2_500),
    TokenPlan(name="Dai Stablecoin", symbol="DAI", decimals=18, price_wei=WEI_PER_ETHER // 2_500),
    TokenPlan(name="Wrapped BTC", symbol="WBTC", decimals=8, price_wei=40 * WEI_PER_ETHER),
    TokenPlan(name="ChainLink Token", symbol="LINK", decimals=18, price_wei=WEI_PER_ETHER // 200),
    TokenPlan(name="Uniswap", symbol="UNI", decimals=18, price_wei=WEI_PER_ETHER // 500),
)

# Venue, symbols, fee, ether's worth of either side.
_POOLS: Final = (
    (UNISWAP_V2, ("WETH", "USDC"), FEE_PIPS_V2, 2_000),
    (UNISWAP_V2, ("WETH", "DAI"), FEE_PIPS_V2, 1_200),
    (UNISWAP_V2, ("WETH", "WBTC"), FEE_PIPS_V2, 1_000),
    (UNISWAP_V2, ("WETH", "LINK"), FEE_PIPS_V2, 600),
    (UNISWAP_V2, ("WETH", "UNI"), FEE_PIPS_V2, 600),
    (UNISWAP_V2, ("USDC", "DAI"), FEE_PIPS_V2, 800),
    (UNISWAP_V2, ("WBTC", "USDC"), FEE_PIPS_V2, 800),
    (PANCAKESWAP, ("WETH", "USDC"), FEE_PIPS_PANCAKESWAP, 1_000),
    (PANCAKESWAP, ("WETH", "DAI"), FEE_PIPS_PANCAKESWAP, 700),
    (PANCAKESWAP, ("WETH", "LINK"), FEE_PIPS_PANCAKESWAP, 500),
    (PANCAKESWAP, ("UNI", "USDC"), FEE_PIPS_PANCAKESWAP, 500),
    (UNISWAP_V3, ("WETH", "USDC"), FEE_PIPS_LOW, 1_500),
    (UNISWAP_V3, ("WETH", "USDC"), FEE_PIPS_MEDIUM, 800),
    (UNISWAP_V3, ("WETH", "DAI"), FEE_PIPS_MEDIUM, 700),
    (UNISWAP_V3, ("WETH", "WBTC"), FEE_PIPS_MEDIUM, 700),
    (UNISWAP_V3, ("WETH", "UNI"), FEE_PIPS_MEDIUM, 500),
    (UNISWAP_V3, ("LINK", "DAI"), FEE_PIPS_MEDIUM, 500),
    (UNISWAP_V3, ("USDC", "DAI"), FEE_PIPS_LOW, 800),
)

DEFAULT_PLAN: Final = Plan(
    tokens=_TOKENS,
    pools=tuple(
        PoolPlan(venue=venue, symbols=symbols, fee_pips=fee, depth_wei=depth * WEI_PER_ETHER)
        for venue, symbols, fee, depth in _POOLS
    ),
    manager_depth_wei=12 * WEI_PER_ETHER,
    vault_depth_wei=18 * WEI_PER_ETHER,
    aave_depth_wei=20_000 * WEI_PER_ETHER,
    wealth_wei=1_000_000 * WEI_PER_ETHER,
    gas_money_wei=100 * WEI_PER_ETHER,
    base_fee_wei=10 * 10**9,
)
"""Eighteen pools over six tokens."""
