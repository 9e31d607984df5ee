"""What Hypothesis draws for the incremental searches: a market and what became of it."""

from hypothesis import strategies as st

from graphs.market import Market
from graphs.units import PoolId
from tests.graphs.markets import chain_reserves, market_of, pool_lists, small_reserves


@st.composite
def what_ifs(draw: st.DrawFn) -> tuple[Market, Market, list[PoolId]]:
    """A market, one in which some pools changed, and a superset of the changed ones."""
    reserves = draw(st.sampled_from((small_reserves, chain_reserves, st.integers(900, 1_100))))
    pools = draw(pool_lists(reserves=reserves))
    touched = draw(st.lists(st.sampled_from(pools), unique_by=id)) if pools else []
    changed = [
        pool.with_reserves(draw(reserves), draw(reserves)) if draw(st.booleans()) else pool
        for pool in touched
    ]
    market = market_of(pools)
    return market, market.with_pools(changed), [pool.id for pool in touched]
