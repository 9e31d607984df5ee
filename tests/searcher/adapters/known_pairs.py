"""Pairs that a feed follows, for tests that are not about pools."""

from graphs.units import Address, PoolId
from searcher.adapters.created_pools import CreatedPool, PoolKind
from searcher.adapters.known_pools import KnownPools

FACTORY = Address("0x" + "fa" * 20)
TOKENS = (Address("0x" + "01" * 20), Address("0x" + "02" * 20))


def known_pools(*pool_ids: PoolId, kind: PoolKind = "uniswap_v2") -> KnownPools:
    """Follow pools of one kind, and no factory."""
    known = KnownPools([])
    created = [
        CreatedPool(
            kind=kind,
            venue="venue",
            id=pool_id,
            factory=FACTORY,
            keeper=Address(pool_id),
            tokens=TOKENS,
        )
        for pool_id in pool_ids
    ]
    known.learn(created, live=pool_ids)
    return known
