"""What Hypothesis draws for the ranking: loans, and markets of mixed pools."""

from hypothesis import strategies as st

from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import Loan
from tests.graphs.concave_pool import ConcavePool
from tests.graphs.markets import (
    UINT112_MAX,
    chain_reserves,
    market_of,
    pool_lists,
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
