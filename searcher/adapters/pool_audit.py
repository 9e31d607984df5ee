"""The live Auditor: random pools of each block, read from the contracts at that block's hash."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from typing_extensions import override

from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.closed import ClosedPool
from graphs.units import PoolId
from searcher.adapters.known_pools import KnownPools
from searcher.adapters.multicall import Multicall
from searcher.adapters.pool_states import read_pools
from searcher.adapters.reading_stage import StateBlock
from searcher.audit import Audit, Auditor
from searcher.errors import RpcError, WireError

POOLS_PER_BLOCK: Final = 8
"""Compared each block: 50,000 pools are seen about once a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAuditor(Auditor):
    """Draws pools from a seeded source, so that a run can be repeated."""

    multicall: Multicall
    """On the nodes."""

    known: KnownPools
    """How each pool is read."""

    random: Random
    """Chooses."""

    pools_per_block: int = POOLS_PER_BLOCK
    """How many open pools are compared with each block."""

    @override
    async def audit(self, market: Market, closed: Collection[PoolId]) -> Audit:
        drawn = self._drawn(market)
        waiting = [market.pools[pool_id] for pool_id in closed if pool_id in market.pools]
        try:
            read = await self._read([*drawn, *waiting], market)
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
        """Different pools, without those that are closed."""
        ids = tuple(market.pools)
        chosen = self.random.sample(ids, min(self.pools_per_block, len(ids)))
        pools = [market.pools[pool_id] for pool_id in chosen]
        return [pool for pool in pools if not isinstance(pool, ClosedPool)]

    async def _read(self, pools: Sequence[Pool], market: Market) -> dict[PoolId, Pool]:
        created = self.known.created_of(pool.id for pool in pools)
        block = StateBlock(multicall=self.multicall, hash=market.block_hash)
        reading = await read_pools(block, created, market.tokens)
        return {pool.id: pool for pool in reading.pools}


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
