"""The live Auditor: random pools of each block, read from the contracts at that block's hash."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from typing_extensions import override

from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.closed import ClosedPool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.units import PoolId
from searcher.adapters.multicall import Multicall
from searcher.adapters.pool_states import CreatedPool, read_pools
from searcher.audit import Audit, Auditor
from searcher.errors import RpcError, WireError

POOLS_PER_BLOCK: Final = 8
"""Compared each block: 50,000 pools are seen about once a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAuditor(Auditor):
    """Draws pools from a seeded source, so that a run can be repeated."""

    multicall: Multicall
    """On the nodes."""

    random: Random
    """Chooses."""

    pools_per_block: int = POOLS_PER_BLOCK
    """How many open pools are compared with each block."""

    @override
    async def audit(self, market: Market, closed: Collection[PoolId]) -> Audit:
        drawn = self._drawn(market)
        waiting = [market.pools[pool_id] for pool_id in closed if pool_id in market.pools]
        try:
            read = await self._read([*drawn, *waiting], market.block_hash)
        except (RpcError, WireError) as error:
            return _found(market, failure=str(error))
        # What could not be read proves nothing: the block may be gone, or the node too busy.
        compared = [pool for pool in drawn if pool.id in read]
        if drawn and not compared:
            return _found(market, failure="no pool could be read")
        differing = [pool.id for pool in compared if read[pool.id] != pool]
        restored = [read[pool.id] for pool in waiting if pool.id in read]
        return _found(market, checked=len(compared), differing=differing, restored=restored)

    def _drawn(self, market: Market) -> list[Pool]:
        """Different pools of a kind that can be read again; fewer where others were drawn."""
        ids = tuple(market.pools)
        chosen = self.random.sample(ids, min(self.pools_per_block, len(ids)))
        pools = [market.pools[pool_id] for pool_id in chosen]
        return [pool for pool in pools if created_as(pool) and not isinstance(pool, ClosedPool)]

    async def _read(self, pools: Sequence[Pool], block_hash: str) -> dict[PoolId, Pool]:
        created = [terms for pool in pools if (terms := created_as(pool)) is not None]
        read, _ = await read_pools(self.multicall, created, block_hash)
        return {pool.id: pool for pool in read}


def created_as(pool: Pool) -> CreatedPool | None:
    """What its factory announced, from which its state can be read; None for another kind."""
    if isinstance(pool, ClosedPool):
        return created_as(pool.pool)
    if isinstance(pool, ConstantProductPool):
        return CreatedPool(
            kind="uniswap_v2",
            venue=pool.venue,
            id=pool.id,
            token0=pool.token0,
            token1=pool.token1,
            fee_pips=pool.fee_pips,
            tick_spacing=0,
        )
    if isinstance(pool, ConcentratedPool) and not isinstance(pool, UniswapV4Pool):
        return CreatedPool(
            kind="uniswap_v3",
            venue=pool.venue,
            id=pool.id,
            token0=pool.token0,
            token1=pool.token1,
            fee_pips=pool.fee_pips,
            tick_spacing=pool.tick_spacing,
        )
    return None


def _found(
    market: Market,
    *,
    checked: int = 0,
    differing: Sequence[PoolId] = (),
    restored: Sequence[Pool] = (),
    failure: str = "",
) -> Audit:
    return Audit(
        block_number=market.block_number,
        block_hash=market.block_hash,
        checked=checked,
        differing=tuple(differing),
        restored=tuple(restored),
        failure=failure,
    )
