"""The pools of some cycles as arrays, and the trades of their hops as numbers that point there.

Separate from the kernels because it is the one place that reads pools. Kinds that no kernel knows
have a place too, marked as such: whoever sizes their cycles asks the pools themselves.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np

from graphs.bulk.word_instructions import LIMB_BITS
from graphs.bulk.words import LIMB_MAX, Limbs, limbs_of
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.token_graph import Indices, TokenGraph
from graphs.units import PIPS

OTHER: Final = 0
"""The kind of a pool that no kernel quotes."""

CONSTANT_PRODUCT: Final = 1
"""The kind of a pool with two reserves."""

CONCENTRATED: Final = 2
"""The kind of a pool with ranges of liquidity."""

KIND: Final = 0
"""Column of a pool's kind."""

KEPT1: Final = 1
"""Column of what is left of token1 sold after the fee, in pips."""

KEPT0: Final = 2
"""Column of what is left of token0 sold; one after the other, so that a trade's side is added."""

RESERVE0: Final = 3
"""Column of a constant-product pool's first reserve, in two limbs."""

RESERVE1: Final = 5
"""Column of its second one."""

LIQUIDITY: Final = 3
"""Column of a concentrated pool's active liquidity, in two limbs."""

SQRT_PRICE: Final = 5
"""Column of its price, in three limbs."""

TICK: Final = 8
"""Column of its current tick."""

SPACING: Final = 9
"""Column of the spacing of its ticks."""

TICKS_FIRST: Final = 10
"""Column of the row of its first initialised tick."""

TICKS_END: Final = 11
"""Column of the row after its last one."""

INDEX: Final = 0
"""Column of an initialised tick."""

IS_LOSS: Final = 1
"""Column of whether liquidity is lost when it is crossed upwards."""

NET: Final = 2
"""Column of how much, in two limbs."""


POOL_COLUMNS: Final = 12
"""Of the table of pools."""

TICK_COLUMNS: Final = 4
"""Of the table of ticks."""


class PoolArrays(NamedTuple):
    """Two tables of limbs; the columns are named above. Signed numbers are two's complements.

    A trade is twice the row of its pool, plus one where token0 is sold.
    """

    pools: Limbs
    """A row per pool."""

    ticks: Limbs
    """A row per initialised tick, ascending for each pool."""


def trades_of(market: Market, graph: TokenGraph, rows: Indices) -> tuple[PoolArrays, Indices]:
    """Gather the pools of these rows of edges, and say for each edge what is traded there.

    Rows end in -1 where they are short, and so do the trades. O(edges of the graph) bytes, and a
    microsecond or two for each pool that occurs.
    """
    topology = graph.topology
    is_used = np.zeros(len(topology.edge_pool) + 1, np.bool_)
    is_used[rows] = True
    edges = np.flatnonzero(is_used[:-1])
    positions, slots = np.unique(topology.edge_pool[edges], return_inverse=True)
    pools = [market.pools[topology.pools[position]] for position in positions.tolist()]
    first_tokens = np.array([topology.token_index[pool.tokens[0]] for pool in pools], np.int32)
    trades = np.full(len(is_used), -1, np.int32)
    trades[edges] = 2 * slots + (topology.edge_source[edges] == first_tokens[slots])
    return packed(pools), trades[rows]


def packed(pools: Iterable[Pool]) -> PoolArrays:
    """Write pools to arrays, in their order."""
    rows: list[int] = []
    ticks: list[int] = []
    for pool in pools:
        if isinstance(pool, ConstantProductPool):
            rows.append(_constant_product(pool))
        elif isinstance(pool, ConcentratedPool) and _keeps_some(pool):
            rows.append(_concentrated(pool, len(ticks)))
            ticks.extend(map(_tick, pool.ticks, pool.liquidity_nets))
        else:
            rows.append(OTHER)
    return PoolArrays(limbs_of(rows, POOL_COLUMNS), limbs_of(ticks, TICK_COLUMNS))


def _constant_product(pool: ConstantProductPool) -> int:
    kept = PIPS - pool.fee_pips
    return (
        CONSTANT_PRODUCT
        | kept << KEPT1 * LIMB_BITS
        | kept << KEPT0 * LIMB_BITS
        | pool.reserve0 << RESERVE0 * LIMB_BITS
        | pool.reserve1 << RESERVE1 * LIMB_BITS
    )


def _concentrated(pool: ConcentratedPool, first: int) -> int:
    return (
        CONCENTRATED
        | (PIPS - pool.swap_fee1_pips) << KEPT1 * LIMB_BITS
        | (PIPS - pool.swap_fee0_pips) << KEPT0 * LIMB_BITS
        | pool.liquidity << LIQUIDITY * LIMB_BITS
        | pool.sqrt_price_x96 << SQRT_PRICE * LIMB_BITS
        | (pool.tick & LIMB_MAX) << TICK * LIMB_BITS
        | pool.tick_spacing << SPACING * LIMB_BITS
        | first << TICKS_FIRST * LIMB_BITS
        | (first + len(pool.ticks)) << TICKS_END * LIMB_BITS
    )


def _tick(tick: int, net: int) -> int:
    return tick & LIMB_MAX | (net < 0) << IS_LOSS * LIMB_BITS | abs(net) << NET * LIMB_BITS


def _keeps_some(pool: ConcentratedPool) -> bool:
    """Whether the fee is not the whole input, as V4 allows: a kernel would divide by nothing."""
    return max(pool.swap_fee0_pips, pool.swap_fee1_pips) < PIPS
