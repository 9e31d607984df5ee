"""A hop of a cycle as the executor reads it, for every kind of pool that it can trade with.

Separate from the bundles because it alone knows the pools' kinds.
"""

from typing import Final

from graphs.cycles import Hop
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.curve import CurvePool
from graphs.pools.pool_key import NO_HOOKS
from graphs.pools.solidly import SolidlyPool
from graphs.pools.stable import StablePool
from graphs.pools.uniswap_v4 import UniswapV4Pool
from graphs.pools.weighted import WeightedPool
from graphs.units import Address
from searcher.errors import CalldataError
from searcher.plans import (
    BalancerV2Hop,
    CurveHop,
    PlanHop,
    SolidlyHop,
    UniswapV2Hop,
    UniswapV3Hop,
    UniswapV4Hop,
)

UNISWAP_V3_FACTORY: Final = 0
"""Its number in the wiring of every executor that we deploy."""


def plan_hop(pool: Pool, hop: Hop) -> PlanHop:
    """Say what the executor needs to know of the pool.

    Raises:
        CalldataError: it cannot trade with pools of this kind.
    """
    match pool:
        case ConstantProductPool():
            return UniswapV2Hop(
                pool=Address(pool.id),
                fee_pips=pool.fee_pips,
                zero_for_one=hop.token_in == pool.token0,
            )
        case ConcentratedPool():
            return _concentrated(pool, hop)
        case WeightedPool() | StablePool():
            return BalancerV2Hop(token_in=hop.token_in, token_out=hop.token_out, pool_id=pool.id)
        case CurvePool():
            return CurveHop(
                token_in=hop.token_in,
                token_out=hop.token_out,
                pool=Address(pool.id),
                index_in=pool.tokens.index(hop.token_in),
                index_out=pool.tokens.index(hop.token_out),
                is_unsigned=False,
            )
        case SolidlyPool():
            return SolidlyHop(
                token_in=hop.token_in,
                pool=Address(pool.id),
                zero_for_one=hop.token_in == pool.token0,
            )
        case _:
            raise CalldataError("hops", f"the executor cannot trade pool {pool.id}")


def _concentrated(pool: ConcentratedPool, hop: Hop) -> PlanHop:
    if isinstance(pool, UniswapV4Pool):
        return UniswapV4Hop(
            token_in=hop.token_in,
            token_out=hop.token_out,
            fee_pips=pool.fee_pips,
            tick_spacing=pool.tick_spacing,
            hooks=NO_HOOKS,
        )
    return UniswapV3Hop(
        token_in=hop.token_in,
        token_out=hop.token_out,
        fee_pips=pool.fee_pips,
        factory=UNISWAP_V3_FACTORY,
    )
