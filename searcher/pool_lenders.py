"""Which pools of the market lend, where the configuration names a kind of pool and no address.

Separate from the adapters because it asks nobody: the market at the start decides. What a pool then
lends is read with every block like any lender's.
"""

from collections.abc import Iterable
from typing import Final, TypeGuard

from graphs.fixed_point import mul_div_down
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.units import Address
from searcher.flash_lenders import LenderKind

CHOSEN: Final = 3
"""Pools of a kind: a cycle that trades with one of them can borrow from another."""

Q96: Final = 2**96


def lending_pools(
    kind: LenderKind, pools: Iterable[Pool], base: Address
) -> list[ConstantProductPool | ConcentratedPool]:
    """The cheapest pools of the kind that hold the base, deepest first among equals; a few."""
    funded = [
        pool
        for pool in pools
        if _is_of(pool, kind) and base in pool.tokens and _depth_down(pool, base)
    ]
    return sorted(funded, key=lambda pool: (pool.fee_pips, -_depth_down(pool, base), pool.id))[
        :CHOSEN
    ]


def _is_of(pool: Pool, kind: LenderKind) -> TypeGuard[ConstantProductPool | ConcentratedPool]:
    if kind is LenderKind.UNISWAP_V2:
        return isinstance(pool, ConstantProductPool)
    return isinstance(pool, ConcentratedPool) and not isinstance(pool, UniswapV4Pool)


def _depth_down(pool: ConstantProductPool | ConcentratedPool, base: Address) -> int:
    """The reserve of the base; of a concentrated pool the virtual one at its price."""
    is_first = base == pool.token0
    if isinstance(pool, ConstantProductPool):
        return pool.reserve0 if is_first else pool.reserve1
    if is_first:
        return mul_div_down(pool.liquidity, Q96, pool.sqrt_price_x96)
    return mul_div_down(pool.liquidity, pool.sqrt_price_x96, Q96)
