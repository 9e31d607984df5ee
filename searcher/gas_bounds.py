"""How much gas a transaction takes at most, by its lender and its pools.

Bounds, not estimates: each is also the transaction's limit, so the real net profit is never below
the expected one. They are held to what the real contracts took (tests/integration); a swap across
more ticks than they allow runs out of gas in its simulation, and is declined.
"""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.curve import CurvePool
from graphs.pools.solidly import SolidlyPool
from graphs.pools.stable import StablePool
from graphs.pools.weighted import WeightedPool
from searcher.flash_lenders import LenderKind

LOAN_GAS: Final[Mapping[LenderKind, int]] = MappingProxyType(
    {
        LenderKind.NONE: 170_000,
        LenderKind.AAVE_V3: 330_000,
        LenderKind.BALANCER_V2: 220_000,
        LenderKind.BALANCER_V3: 210_000,
        LenderKind.UNISWAP_V2: 260_000,
        LenderKind.UNISWAP_V3: 240_000,
        LenderKind.UNISWAP_V4: 200_000,
        LenderKind.DYDX_SOLO: 330_000,
    }
)
"""Of a transaction without its hops: intrinsic, loan, tip and payout."""

HOP_GAS: Final[tuple[tuple[type[Pool], int], ...]] = (
    (ConstantProductPool, 110_000),
    (ConcentratedPool, 170_000),
    (WeightedPool, 170_000),
    (StablePool, 200_000),
    (CurvePool, 250_000),
    (SolidlyPool, 200_000),
)
"""Of one swap; a concentrated pool that crosses a few ticks included."""


LEAST_HOP_GAS: Final = min(gas for _, gas in HOP_GAS)
"""Of a swap with the cheapest kind of pool."""


def gas_bound(kind: LenderKind, pools: Iterable[Pool]) -> int:
    """The most gas that a plan with this lender through these pools takes."""
    return LOAN_GAS[kind] + sum(map(_hop_gas, pools))


def _hop_gas(pool: Pool) -> int:
    known = [gas for kind, gas in HOP_GAS if isinstance(pool, kind)]
    return known[0] if known else max(gas for _, gas in HOP_GAS)
