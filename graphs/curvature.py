"""How fast the rate of a pool falls with the size of a trade: bounds that searches prune with.

Separate from the pools because no quote needs it, and from the ranking because the graph keeps it
beside each weight. A curve of rate r and curvature k gives at most r x / (1 + k x) for an input x.
"""

from itertools import accumulate
from math import sqrt

from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.units import PIPS, Address


def curvature_float(pool: Pool, token_in: Address, rate_float: float) -> float:
    """Bound k from below, given the marginal rate after fees; 0.0 for a curve that is unknown.

    With liquidity L throughout and a fee f, L = sqrt(x y) of UniswapV2Pair or as UniswapV3Pool
    holds it, the output is r x / (1 + k x) for k = sqrt(r (1 - f)) / L. Where L varies, a trade
    that meets the greatest L from the first liquid price on moves the price the least, so it gives
    at least as much: k of the greatest L is a bound.
    """
    if isinstance(pool, ConstantProductPool):
        liquidity_float = sqrt(pool.reserve0 * pool.reserve1)
        kept_pips = PIPS - pool.fee_pips
    elif isinstance(pool, ConcentratedPool):
        ranges = max(accumulate(pool.liquidity_nets), default=0)
        liquidity_float = float(max(pool.liquidity, ranges))
        is_forward = token_in == pool.token0
        kept_pips = PIPS - (pool.swap_fee0_pips if is_forward else pool.swap_fee1_pips)
    else:
        return 0.0
    if not liquidity_float:
        return 0.0
    return sqrt(rate_float * kept_pips / PIPS) / liquidity_float
