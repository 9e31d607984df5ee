"""How fast the rate of a pool falls with the size of a trade: bounds that searches prune with.

Separate from the pools because no quote needs it, and from the ranking because the graph keeps it
beside each weight. A curve of rate r and curvature k gives at most r x / (1 + k x) for an input x.
"""

from itertools import accumulate
from math import sqrt

from graphs.pools.balancer_fixed_point import ONE
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.weighted import WeightedPool
from graphs.units import PIPS, Address


def curvature_float(
    pool: Pool, token_in: Address, token_out: Address, *, rate_float: float
) -> float:
    """Bound k from below, given the marginal rate after fees; 0.0 for a curve that is unknown.

    With liquidity L throughout and a fee f, L = sqrt(x y) of UniswapV2Pair or as UniswapV3Pool
    holds it, the output is r x / (1 + k x) for k = sqrt(r (1 - f)) / L. Where L varies, a trade
    that meets the greatest L from the first liquid price on moves the price the least, so it gives
    at least as much: k of the greatest L is a bound.
    """
    if isinstance(pool, ConstantProductPool):
        liquidity_float = sqrt(pool.reserve0 * pool.reserve1)
        kept_pips = PIPS - pool.fee_pips
    elif isinstance(pool, WeightedPool):
        return _weighted_float(pool, token_in, token_out)
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


def _weighted_float(pool: WeightedPool, token_in: Address, token_out: Address) -> float:
    """Bound k of y (1 - (1 + u)^-p) from below, where u is the input after the fee over x.

    With p = wx / wy the rate is p y / x, so what is to be shown for k = c / x is that
    1 - (1 + u)^-p <= p u / (1 + c u). Up to p = 1 that holds for c = p, since (1 + u)^p <= 1 + p u
    (Bernoulli). Beyond, it holds for c = (p + 1) / 2: with b = (p - 1) / 2 it says that p ln(1 + u)
    is at most ln(1 + c u) - ln(1 - b u). Both are zero at zero, and the second grows by
    p / (1 + u - b c u^2), which is no less than the p / (1 + u) of the first.
    """
    sold, bought = pool.tokens.index(token_in), pool.tokens.index(token_out)
    balance = pool.balances[sold]
    if not balance:
        return 0.0
    power = pool.weights[sold] / pool.weights[bought]
    kept = (ONE - pool.swap_fee) / ONE
    return min(power, (power + 1) / 2) * kept / balance
