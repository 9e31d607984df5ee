"""Where a pool of these tokens is: routers name pools by tokens and fee, the Market by id.

Made once for a set of pools and good until one comes or goes, whatever their state.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.units import Address, PoolId


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolIndex:
    """Pools of routers by what routers know of them; both orders of the tokens are there."""

    pairs: Mapping[tuple[str, Address, Address], PoolId]
    """By venue and tokens."""

    ranges: Mapping[tuple[str, Address, Address, int], PoolId]
    """By venue, tokens and fee."""

    @classmethod
    def from_pools(cls, pools: Iterable[Pool]) -> "PoolIndex":
        """Note every pair and every V3 pool. O(pools)."""
        pairs: dict[tuple[str, Address, Address], PoolId] = {}
        ranges: dict[tuple[str, Address, Address, int], PoolId] = {}
        for pool in pools:
            match pool:
                case UniswapV4Pool():
                    continue
                case ConstantProductPool():
                    pairs[pool.venue, pool.token0, pool.token1] = pool.id
                    pairs[pool.venue, pool.token1, pool.token0] = pool.id
                case ConcentratedPool():
                    ranges[pool.venue, pool.token0, pool.token1, pool.fee_pips] = pool.id
                    ranges[pool.venue, pool.token1, pool.token0, pool.fee_pips] = pool.id
                case _:
                    pass
        return cls(pairs=pairs, ranges=ranges)
