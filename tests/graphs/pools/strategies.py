"""Concentrated pools that positions can have made, priced between, on and beside their ticks."""

from typing import TypeVar

from hypothesis import strategies as st

from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.tick_math import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    get_sqrt_ratio_at_tick,
    get_tick_at_sqrt_ratio,
)
from graphs.units import Address, PoolId

LOW = Address("0x" + "1" * 40)
HIGH = Address("0x" + "2" * 40)

AnyConcentrated = TypeVar("AnyConcentrated", bound=ConcentratedPool)

SPACINGS = {0: 10, 100: 10, 500: 10, 3000: 60, 10_000: 200, 999_999: 200}


def empty_pool(
    *, fee_pips: int = 3000, tick_spacing: int = 60, sqrt_price_x96: int = 2**96
) -> ConcentratedPool:
    """An initialised pool without a position."""
    return ConcentratedPool(
        id=PoolId("0x" + "c" * 40),
        venue="uniswap_v3",
        token0=LOW,
        token1=HIGH,
        fee_pips=fee_pips,
        tick_spacing=tick_spacing,
        sqrt_price_x96=sqrt_price_x96,
        tick=get_tick_at_sqrt_ratio(sqrt_price_x96),
        liquidity=0,
        ticks=(),
        liquidity_nets=(),
        liquidity_grosses=(),
    )


@st.composite
def funded_pools(draw: st.DrawFn) -> ConcentratedPool:
    """One to five positions, overlapping or apart, anywhere that their spacing allows."""
    fee_pips = draw(st.sampled_from(sorted(SPACINGS)))
    spacing = SPACINGS[fee_pips]
    last = MAX_TICK // spacing
    centre = draw(st.integers(-last, last))
    ends = st.integers(max(centre - 700, -last), min(centre + 700, last))
    pairs = st.lists(ends, min_size=2, max_size=2, unique=True).map(sorted)
    positions = draw(st.lists(st.tuples(pairs, st.integers(1, 2**108)), min_size=1, max_size=5))
    bounds = [bound * spacing for pair, _ in positions for bound in pair]
    pool = empty_pool(
        fee_pips=fee_pips, tick_spacing=spacing, sqrt_price_x96=draw(prices_near(bounds))
    )
    for (lower, upper), liquidity in positions:
        pool = pool.with_liquidity(lower * spacing, upper * spacing, liquidity_delta=liquidity)
    return draw(st.sampled_from([pool, fallen_onto_its_tick(pool)]))


def amounts() -> st.SearchStrategy[int]:
    """From one unit to what drains any pool, small ones as likely as large ones."""
    return st.integers(0, 127).flatmap(lambda bits: st.integers(2**bits, 2 ** (bits + 1)))


def prices_near(bounds: list[int]) -> st.SearchStrategy[int]:
    """Prices between the outermost ticks, or within one unit of a tick."""
    edges = [get_sqrt_ratio_at_tick(bound) for bound in bounds]
    near = st.tuples(st.sampled_from(edges), st.integers(-1, 1)).map(sum)
    between = st.integers(min(edges), max(edges))
    lowest, highest = MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1
    return st.one_of(near, between).map(lambda price: min(max(price, lowest), highest))


def fallen_onto_its_tick(pool: AnyConcentrated) -> AnyConcentrated:
    """The same price as a fall leaves it: exactly on a tick, the current tick one lower."""
    ratio = get_sqrt_ratio_at_tick(pool.tick)
    if ratio != pool.sqrt_price_x96 or pool.tick not in pool.ticks or ratio == MIN_SQRT_RATIO:
        return pool
    return pool.with_price(ratio, tick=pool.tick - 1)
