"""Uniswap V4 pools that positions can have made, with any fee of providers and protocol."""

from hypothesis import strategies as st

from graphs.pools.tick_math import (
    MAX_TICK,
    MIN_TICK,
    get_sqrt_ratio_at_tick,
    get_tick_at_sqrt_ratio,
)
from graphs.pools.uniswap_v4 import PROTOCOL_FEE_BITS, UniswapV4Pool
from graphs.units import PoolId
from tests.graphs.pools.strategies import HIGH, LOW, fallen_onto_its_tick, prices_near

SPACINGS = (1, 2, 10, 60, 200, 32_767)
FEES = (0, 1, 10, 100, 500, 3000, 10_000, 999_999, 1_000_000)
SHARES = (0, 1, 52, 500, 999, 1000)


def empty_v4_pool(
    *,
    fee_pips: int = 3000,
    tick_spacing: int = 60,
    sqrt_price_x96: int = 2**96,
    protocol_fee: int = 0,
) -> UniswapV4Pool:
    """An initialised pool without a position."""
    return UniswapV4Pool(
        id=PoolId("0x" + "d" * 64),
        venue="uniswap_v4",
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
        protocol_fee=protocol_fee,
    )


def packed(falling_pips: int, rising_pips: int) -> int:
    """The protocol's share of token0 sold and of token1 sold, as the contract keeps them."""
    return falling_pips | rising_pips << PROTOCOL_FEE_BITS


@st.composite
def funded_v4_pools(draw: st.DrawFn, narrowest: int = 1) -> UniswapV4Pool:
    """One to five positions, overlapping or apart, anywhere that their spacing allows."""
    spacing = draw(st.sampled_from([spacing for spacing in SPACINGS if spacing >= narrowest]))
    last = MAX_TICK // spacing
    centre = draw(st.integers(-last, last))
    ends = st.integers(max(centre - 700, -last), min(centre + 700, last))
    pairs = st.lists(ends, min_size=2, max_size=2, unique=True).map(sorted)
    # Five positions that share an end stay within a tick's share at the narrowest spacing.
    positions = draw(st.lists(st.tuples(pairs, st.integers(1, 2**104)), min_size=1, max_size=5))
    bounds = [bound * spacing for pair, _ in positions for bound in pair]
    pool = empty_v4_pool(
        fee_pips=draw(st.sampled_from(FEES)),
        tick_spacing=spacing,
        sqrt_price_x96=draw(prices_near(bounds) | _prices_around(bounds, spacing)),
        protocol_fee=packed(draw(st.sampled_from(SHARES)), draw(st.sampled_from(SHARES))),
    )
    for (lower, upper), liquidity in positions:
        pool = pool.with_liquidity(lower * spacing, upper * spacing, liquidity_delta=liquidity)
    return draw(st.sampled_from([pool, fallen_onto_its_tick(pool)]))


def _prices_around(bounds: list[int], spacing: int) -> st.SearchStrategy[int]:
    """Prices up to three bitmap words outside of all positions."""
    reach = 768 * spacing
    lowest, highest = max(min(bounds) - reach, MIN_TICK), min(max(bounds) + reach, MAX_TICK - 1)
    return st.integers(lowest, highest).map(get_sqrt_ratio_at_tick)
