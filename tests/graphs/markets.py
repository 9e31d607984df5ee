"""Small markets for tests: named tokens, constant-product pools, and what Hypothesis draws."""

from collections.abc import Iterable

from hypothesis import strategies as st

from graphs.cycles import Cycle, Hop
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.constant_product import ConstantProductPool
from graphs.units import Address, PoolId

TOKENS = tuple(Address(f"0x{number:040x}") for number in range(1, 8))
BASE, A, B, C, *_ = TOKENS

UINT112_MAX = 2**112 - 1


def market_of(pools: Iterable[Pool]) -> Market:
    return Market(
        block_number=1, block_hash="0x01", tokens={}, pools={pool.id: pool for pool in pools}
    )


def pool_of(
    name: str,
    sides: tuple[Address, Address],
    reserves: tuple[int, int],
    *,
    fee_pips: int = 3_000,
) -> ConstantProductPool:
    """A pool of two tokens given in any order, with the reserve of each."""
    (token0, reserve0), (token1, reserve1) = sorted(zip(sides, reserves, strict=True))
    return ConstantProductPool(
        id=PoolId(name),
        venue="test",
        token0=token0,
        token1=token1,
        reserve0=reserve0,
        reserve1=reserve1,
        fee_pips=fee_pips,
    )


@st.composite
def pool_lists(
    draw: st.DrawFn,
    *,
    reserves: st.SearchStrategy[int],
    fees_pips: st.SearchStrategy[int] | None = None,
    max_size: int = 12,
) -> list[ConstantProductPool]:
    """Pools over few tokens, so that parallel pools and many cycles are the rule."""
    if fees_pips is None:
        fees_pips = st.sampled_from((0, 500, 3_000, 10_000))
    tokens = TOKENS[: draw(st.integers(2, len(TOKENS)))]
    sides = st.lists(st.sampled_from(tokens), min_size=2, max_size=2, unique=True)
    return [
        pool_of(
            f"0x{number:040x}",
            (pair[0], pair[1]),
            (draw(reserves), draw(reserves)),
            fee_pips=draw(fees_pips),
        )
        for number, pair in enumerate(draw(st.lists(sides, max_size=max_size)))
    ]


small_reserves = st.integers(0, 60)
"""Products of few small numbers: exactly one is common, and so is nothing in the reserve."""

chain_reserves = st.one_of(
    st.integers(0, UINT112_MAX),
    st.integers(0, 112).map(lambda bits: min(2**bits, UINT112_MAX)),
    st.integers(10**20, 2 * 10**20),
)
"""What a pair can hold, at every scale."""


def ring_of(pools: Iterable[Pool], tokens: tuple[Address, ...]) -> Cycle:
    """The cycle through these tokens in order, one pool each, back to the first."""
    following = (*tokens[1:], tokens[0])
    return Cycle(
        hops=tuple(
            Hop(pool_id=pool.id, token_in=sold, token_out=bought)
            for pool, sold, bought in zip(pools, tokens, following, strict=True)
        )
    )


@st.composite
def rings(draw: st.DrawFn, *, magnitudes: tuple[float, float]) -> tuple[Market, Cycle]:
    """A market of one cycle of two to four hops, its reserves spread evenly over magnitudes."""
    tokens = TOKENS[: draw(st.integers(2, 4))]
    reserve = st.floats(*magnitudes).map(lambda magnitude: int(10**magnitude))
    fee = st.sampled_from((0, 500, 3_000))
    pools = [
        pool_of(f"pool {sold}", (sold, bought), (draw(reserve), draw(reserve)), fee_pips=draw(fee))
        for sold, bought in zip(tokens, (*tokens[1:], tokens[0]), strict=True)
    ]
    return market_of(pools), ring_of(pools, tokens)
