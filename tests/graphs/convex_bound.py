"""The most that all pools together can give, by scipy: an oracle for choosing cycles together.

Weak duality for routing through constant-product pools (arXiv 2302.04938). Give every token a price
in units of the base: at each pool by itself, take the trade that gains the most at these prices.
Whatever trades need no money but the base, in whatever sizes and order, bring no more than the sum
of these gains, for at a pool no sequence of trades comes to more than one trade does: its fees stay
in the reserves. So any prices give a bound, and better ones a tighter one. The base is sold at what
a lender wants back for it. Minimising over the logarithms of the prices gives the convex optimum.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np
from scipy.optimize import minimize

from graphs.pools.constant_product import ConstantProductPool
from graphs.token_graph import Floats, Indices
from graphs.units import PIPS, Address

RESTARTS: Final = 20
"""Of the minimisation, which ends early where the slope seems flat; each has a scale of its own."""

LEAST_DESCENT: Final = 1e-4
"""Share by which a restart must lower the bound for another to follow."""

REACH: Final = 40.0
"""How far from the first logarithm of a price the best is looked for."""

PRECISE: Final = {"maxiter": 5_000, "maxfun": 20_000, "maxcor": 50, "ftol": 1e-15, "gtol": 1e-12}


@dataclass(frozen=True, slots=True, kw_only=True)
class Directions:
    """Both ways to trade at each pool: with u = g x, x buys y u / (r + u).

    The best gain at prices p is (sqrt(y p_bought) - sqrt(r / g p_sold))^2, or none. Prices stand in
    one array: those of the tokens, then of the base when it is sold and when it is bought.
    """

    sold: Indices
    bought: Indices
    reserve_out: Floats
    taxed_reserve_in: Floats

    def gain(self, log_prices: Floats) -> tuple[float, Floats]:
        """The sum of the best gains, and its slope in each logarithm."""
        prices = np.exp(log_prices)
        into = np.sqrt(self.reserve_out * prices[self.bought])
        out_of = np.sqrt(self.taxed_reserve_in * prices[self.sold])
        roots = np.maximum(into - out_of, 0.0)
        count = len(prices)
        bought = np.bincount(self.bought, roots * into, minlength=count)
        sold = np.bincount(self.sold, roots * out_of, minlength=count)
        return float(roots @ roots), (bought - sold).astype(np.float64)


def convex_bound(
    pools: Iterable[ConstantProductPool], base: Address, *, owed: float = 1.0
) -> float:
    """Bound what all these pools can give, in raw units of the base, as tightly as it goes."""
    funded = [pool for pool in pools if pool.reserve0 and pool.reserve1]
    tokens = sorted({token for pool in funded for token in pool.tokens} - {base})
    directions = directions_of(funded, {token: index for index, token in enumerate(tokens)})
    tail = np.log([owed, 1.0])
    logs = first_log_prices(funded, base)
    point = np.array([logs.get(token, 0.0) for token in tokens])
    reach = [(log_price - REACH, log_price + REACH) for log_price in point]
    least = directions.gain(np.concatenate((point, tail)))[0]

    def gain(inner: Floats, scale: float) -> tuple[float, Floats]:
        value, slope = directions.gain(np.concatenate((inner, tail)))
        return value / scale, slope[:-2] / scale

    for _ in range(RESTARTS if tokens else 0):
        scale = max(least, 1.0)
        found = minimize(
            gain, point, args=(scale,), jac=True, method="L-BFGS-B", bounds=reach, options=PRECISE
        )
        before, least, point = least, min(least, float(found.fun) * scale), found.x
        if before - least <= LEAST_DESCENT * before:
            break
    return least


def directions_of(pools: list[ConstantProductPool], index: dict[Address, int]) -> Directions:
    """Both directions of each pool, token by token."""
    rows = []
    for pool in pools:
        kept = 1 - pool.fee_pips / PIPS
        one, other = (pool.token0, pool.reserve0), (pool.token1, pool.reserve1)
        for (sold, reserve_in), (bought, reserve_out) in ((one, other), (other, one)):
            sides = index.get(sold, len(index)), index.get(bought, len(index) + 1)
            rows.append((*sides, float(reserve_out), reserve_in / kept))
    sold_at, bought_at, reserves_out, taxed = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Directions(
        sold=np.array(sold_at, np.int32),
        bought=np.array(bought_at, np.int32),
        reserve_out=np.array(reserves_out, np.float64),
        taxed_reserve_in=np.array(taxed, np.float64),
    )


def first_log_prices(pools: list[ConstantProductPool], base: Address) -> dict[Address, float]:
    """Walk from the base over the deepest pools first; no token is priced twice."""
    near: dict[Address, list[tuple[int, ConstantProductPool]]] = {}
    for pool in pools:
        near.setdefault(pool.token0, []).append((pool.reserve0, pool))
        near.setdefault(pool.token1, []).append((pool.reserve1, pool))
    logs = {base: 0.0}
    waiting = deque([base])
    while waiting:
        token = waiting.popleft()
        for _, pool in sorted(near.get(token, []), key=lambda side: -side[0]):
            (other,) = set(pool.tokens) - {token}
            if other not in logs:
                rate = pool.marginal_rate_float(other, token)
                logs[other] = logs[token] + log(rate / (1 - pool.fee_pips / PIPS))
                waiting.append(other)
    return logs
