"""What Hypothesis draws for ranking and selection: loans, mixed pools, pools without loops."""

from hypothesis import strategies as st

from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import Loan
from tests.graphs.concave_pool import ConcavePool
from tests.graphs.markets import (
    BASE,
    TOKENS,
    UINT112_MAX,
    chain_reserves,
    market_of,
    pool_lists,
    pool_of,
    small_reserves,
)

loans = st.builds(Loan, fee_bps=st.sampled_from((0, 5, 100)), max_input=st.integers(0, UINT112_MAX))

partly_hidden_markets = st.one_of(
    pool_lists(reserves=small_reserves),
    pool_lists(reserves=chain_reserves),
    pool_lists(reserves=st.integers(10**18, 10**19)),
).flatmap(
    lambda pools: st.lists(st.booleans(), min_size=len(pools), max_size=len(pools)).map(
        lambda hidden: partly_hidden(pools, hidden)
    )
)


def partly_hidden(pools: list[ConstantProductPool], hidden: list[bool]) -> Market:
    """A market in which sizing has a closed form for some pools only."""
    return market_of(
        ConcavePool(inside=pool) if is_hidden else pool
        for pool, is_hidden in zip(pools, hidden, strict=True)
    )


@st.composite
def pools_without_loops(draw: st.DrawFn) -> list[ConstantProductPool]:
    """Any pools of the base; each other token may have one pool with one of those before it."""
    reserve = st.integers(10**18, draw(st.sampled_from((3, 20))) * 10**18)
    fees = st.sampled_from((0, 500, 3_000, 10_000))
    tokens = TOKENS[1 : draw(st.integers(2, 5))]
    sides = [(BASE, token) for token in draw(st.lists(st.sampled_from(tokens), max_size=7))]
    for index, token in enumerate(tokens[1:], start=1):
        if draw(st.booleans()):
            sides.append((token, draw(st.sampled_from(tokens[:index]))))
    return [
        pool_of(f"{number}", pair, (draw(reserve), draw(reserve)), fee_pips=draw(fees))
        for number, pair in enumerate(sides)
    ]
