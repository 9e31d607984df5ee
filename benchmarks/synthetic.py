"""Markets of any size from a seed: consistent prices, a little noise, and some gaps on purpose.

Separate from the measurements because every machine must build the same ones.
Tokens hang on a few hubs as real ones do; three pools in ten are of Uniswap V3.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Final

import numpy as np
from numpy.random import Generator, default_rng

from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.pools.sqrt_price_math import Q96
from graphs.pools.tick_math import get_tick_at_sqrt_ratio
from graphs.units import Address, PoolId

HUBS: Final = 5
"""Tokens that most others trade against, the base first."""

CONCENTRATED_SHARE: Final = 0.3
"""Of the pools."""

FEE_PIPS: Final = 3_000
TICK_SPACING: Final = 60
RANGES: Final = (3, 20, 200)
"""Half widths of the positions of a V3 pool, in tick spacings."""

NOISE: Final = 1e-3
"""Standard deviation of a price from the consistent one: within the fee of every pair of pools."""

BASE: Final = Address(f"0x{1:040x}")
"""The first hub."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a market looks like."""

    tokens: int
    """Each in one pool at least."""

    pools: int
    """At least one fewer than the tokens."""

    gaps: int
    """Pools whose price is off, so that some cycles pay; none where it is 0."""

    gap: float = 1.03
    """Factor by which their price is off."""


def synthetic_market(shape: Shape, seed: int = 7) -> Market:
    """Build the market of a shape: the same for the same seed."""
    random = default_rng(seed)
    prices = np.exp(random.normal(0, 2, shape.tokens))
    sides = _sides(shape, random)
    noise = np.exp(np.clip(random.normal(0, NOISE, shape.pools), -NOISE, NOISE))
    noise[random.choice(shape.pools, shape.gaps, replace=False)] *= shape.gap
    depths = np.exp(random.normal(0, 1, shape.pools)) * 1e21
    is_curve = random.random(shape.pools) < CONCENTRATED_SHARE
    pools: dict[PoolId, Pool] = {}
    for index, (low, high) in enumerate(sides):
        rate = prices[low] / prices[high] * noise[index]
        build = curve if is_curve[index] else pair
        depth = float(depths[index] / prices[low])
        pool = build(index, (int(low), int(high)), rate=float(rate), depth=depth)
        pools[pool.id] = pool
    return Market(block_number=1, block_hash="0x01", tokens={}, pools=pools)


def _sides(shape: Shape, random: Generator) -> np.ndarray:
    """Hang each token on a hub, then add pools between tokens and hubs, hubs being likelier."""
    hub = np.minimum(random.geometric(0.5, shape.pools) - 1, HUBS - 1)
    token = random.integers(0, shape.tokens, shape.pools)
    token[: shape.tokens - 1] = np.arange(1, shape.tokens)
    hub[: HUBS - 1] = 0
    hub = np.where(hub == token, (hub + 1) % HUBS, hub)
    return np.sort(np.stack((hub, token), axis=1), axis=1)


def pair(index: int, sides: tuple[int, int], *, rate: float, depth: float) -> ConstantProductPool:
    """Build a V2 pool that sells this many of the higher token for one of the lower."""
    token0, token1 = _tokens(sides)
    return ConstantProductPool(
        id=PoolId(f"0x{index + 1:040x}"),
        venue="v2",
        token0=token0,
        token1=token1,
        reserve0=int(depth),
        reserve1=int(depth * rate),
        fee_pips=FEE_PIPS,
    )


def curve(index: int, sides: tuple[int, int], *, rate: float, depth: float) -> ConcentratedPool:
    """Build a V3 pool at this price, with three positions around it."""
    token0, token1 = _tokens(sides)
    price = int(sqrt(rate) * Q96)
    tick = get_tick_at_sqrt_ratio(price)
    centre = tick // TICK_SPACING
    liquidity = int(depth * sqrt(rate))
    ends = sorted(
        (side * TICK_SPACING, sign * liquidity)
        for width in RANGES
        for side, sign in ((centre - width, 1), (centre + width, -1))
    )
    return ConcentratedPool(
        id=PoolId(f"0x{index + 1:040x}"),
        venue="v3",
        token0=token0,
        token1=token1,
        fee_pips=FEE_PIPS,
        tick_spacing=TICK_SPACING,
        sqrt_price_x96=price,
        tick=tick,
        liquidity=len(RANGES) * liquidity,
        ticks=tuple(end for end, _ in ends),
        liquidity_nets=tuple(net for _, net in ends),
        liquidity_grosses=(liquidity,) * len(ends),
    )


def _tokens(sides: tuple[int, int]) -> tuple[Address, Address]:
    low, high = sides
    return Address(f"0x{low + 1:040x}"), Address(f"0x{high + 1:040x}")
