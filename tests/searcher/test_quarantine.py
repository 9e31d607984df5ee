"""Pools that an audit contradicts: closed, read again, opened with what was missed meanwhile."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.errors import InsufficientLiquidityError
from graphs.pools.base import Pool
from graphs.pools.closed import ClosedPool
from graphs.token_graph import UNUSABLE, TokenGraph
from graphs.units import PoolId
from searcher.audit import Audit, AuditLimits
from searcher.errors import DivergenceError
from searcher.model import (
    Block,
)
from searcher.pool_updates import (
    ReservesSet,
)
from searcher.tracker import Snapshot, Tracker
from tests.searcher.records import (
    CHEAP,
    DAI,
    DEAR,
    GAP,
    START,
    WETH,
    block,
    constant_product,
    tracker,
)

RESERVES = st.integers(1, 10**24)
LIMITS = AuditLimits(max_closed_pools=1, max_repeats=1)


def audit(
    number: int,
    *differing: PoolId,
    restored: tuple[Pool, ...] = (),
    block_hash: str | None = None,
) -> Audit:
    return Audit(
        block_number=number,
        block_hash=block_hash or block(number).hash,
        checked=2,
        differing=differing,
        restored=restored,
    )


def head(number: int, *updates: ReservesSet) -> Block:
    parent = "0xstart" if number == 101 else block(number - 1).hash
    return replace(block(number, parent=parent), updates=updates)


def sync(reserve0: int, reserve1: int) -> ReservesSet:
    return ReservesSet(pool_id=CHEAP, reserve0=reserve0, reserve1=reserve1)


def closed_at_101(limits: AuditLimits | None = None) -> Tracker:
    """A tracker whose CHEAP pool differed at block 101 and is closed since 102."""
    follower = tracker() if limits is None else Tracker(START, graph_of_start(), limits=limits)
    follower.apply(head(101))
    follower.take_audit(audit(101, CHEAP))
    return follower


def graph_of_start() -> TokenGraph:
    return TokenGraph.from_market(START)


def weights_of(state: Snapshot, pool_id: PoolId) -> list[int]:
    topology = state.graph.topology
    edges = topology.edge_pool == topology.pool_index[pool_id]
    return [int(weight) for weight in state.graph.weights[edges]]


def test_pool_that_differs_loses_its_edges_and_its_quotes() -> None:
    follower = closed_at_101()

    state = follower.apply(head(102, sync(5, 5)))

    assert weights_of(state, CHEAP) == [UNUSABLE, UNUSABLE]
    assert UNUSABLE not in weights_of(state, DEAR)
    with pytest.raises(InsufficientLiquidityError):
        state.market.pools[CHEAP].amount_out(WETH, DAI, 1)
    assert (follower.quarantine.found, follower.quarantine.checked) == (1, 2)


@given(st.lists(st.tuples(RESERVES, RESERVES), min_size=1, max_size=5), st.data())
def test_restored_pool_has_what_happened_since_it_was_read(
    reserves: list[tuple[int, int]], data: st.DataObject
) -> None:
    follower = closed_at_101()
    for number, pair in enumerate(reserves, 102):
        follower.apply(head(number, sync(*pair)))
    last = 101 + len(reserves)
    read = data.draw(st.integers(102, last))
    follower.take_audit(audit(read, restored=(constant_product(CHEAP, *reserves[read - 102]),)))

    state = follower.apply(head(last + 1))

    assert state.market.pools[CHEAP] == constant_product(CHEAP, *reserves[-1])
    assert UNUSABLE not in weights_of(state, CHEAP)
    assert follower.quarantine.closed == frozenset()


@pytest.mark.parametrize("ancestor", [101, 102, 103])
def test_reorg_to_before_the_reading_closes_the_pool_again(ancestor: int) -> None:
    follower = closed_at_101()
    follower.apply(head(102))
    follower.apply(head(103))
    follower.take_audit(audit(103, restored=(GAP[0],)))
    follower.apply(head(104))

    state = follower.apply(block(ancestor + 1, branch="b", parent=block(ancestor).hash))

    is_closed = isinstance(state.market.pools[CHEAP], ClosedPool)
    assert is_closed == (ancestor < 103)
    assert (CHEAP in follower.quarantine.closed) == is_closed


def test_audit_of_an_abandoned_block_changes_nothing() -> None:
    follower = tracker()
    follower.apply(head(101))
    follower.take_audit(audit(101, CHEAP, block_hash="0xabandoned"))

    assert follower.quarantine.closed == frozenset()


def test_more_closed_pools_than_are_bearable_are_divergence() -> None:
    follower = closed_at_101(LIMITS)

    with pytest.raises(DivergenceError, match="2 pools differ"):
        follower.take_audit(audit(101, DEAR))


def test_pool_that_differs_again_and_again_is_divergence() -> None:
    follower = closed_at_101(LIMITS)
    follower.apply(head(102))
    follower.take_audit(audit(102, restored=(GAP[0],)))
    follower.take_audit(audit(102, CHEAP))
    follower.take_audit(audit(102, restored=(GAP[0],)))

    with pytest.raises(DivergenceError, match="3 times by now"):
        follower.take_audit(audit(102, CHEAP))
