"""Quotes of the kernels against the pools' own: equal, or 0 where a pool would not trade."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphs.bulk.concentrated import AMOUNT_BITS
from graphs.bulk.pool_arrays import PoolArrays, packed, trades_of
from graphs.bulk.quotes import AMOUNT_LIMBS, least_input, quote_rows
from graphs.bulk.words import Limbs, integers_of, limbs_of, word_at, write_amount
from graphs.compilation import compiled
from graphs.cycles import Cycle
from graphs.errors import GraphError
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.constant_product import ConstantProductPool
from graphs.quotes import quote_cycle
from graphs.token_graph import Indices, TokenGraph
from graphs.units import PIPS, Address, PoolId
from tests.graphs.concave_pool import ConcavePool
from tests.graphs.markets import chain_reserves, market_of, rings, small_reserves
from tests.graphs.pools.strategies import HIGH, LOW, amounts, empty_pool, funded_pools
from tests.graphs.pools.v4_strategies import empty_v4_pool, funded_v4_pools

TRADES = ((HIGH, LOW), (LOW, HIGH))
"""What is sold and bought by the two trades of a pool."""

pairs = st.builds(
    ConstantProductPool,
    id=st.just(PoolId("0x" + "e" * 40)),
    venue=st.just("v2"),
    token0=st.just(LOW),
    token1=st.just(HIGH),
    reserve0=chain_reserves | small_reserves,
    reserve1=chain_reserves | small_reserves,
    fee_pips=st.sampled_from((0, 500, 3_000, 10_000, PIPS - 1)),
)
pools = st.one_of(pairs, funded_pools(), funded_v4_pools())
sizes = st.one_of(amounts(), st.integers(1, 100)).map(lambda size: min(size, 2**128 - 1))


@compiled
def least_inputs(arrays: PoolArrays, trades: Indices, outputs: Limbs) -> Limbs:
    inputs = np.zeros((len(trades), AMOUNT_LIMBS), np.uint64)
    for row in range(len(trades)):
        write_amount(inputs, row, least_input(arrays, trades[row], word_at(outputs, row, 0)))
    return inputs


def quoted(pool: Pool, pair: tuple[Address, Address], amount_in: int) -> int:
    """What the pool gives; 0 where it refuses, or where a kernel's amounts end."""
    try:
        amount_out = pool.amount_out(*pair, amount_in)
    except GraphError:
        return 0
    return amount_out if amount_out >> AMOUNT_BITS == 0 else 0


def asked(pool: Pool, pair: tuple[Address, Address], amount_out: int) -> int:
    """What the pool asks for an output; 0 where it refuses, or where a kernel's amounts end."""
    try:
        amount_in = pool.amount_in(*pair, amount_out)
    except GraphError:
        return 0
    return amount_in if amount_in >> AMOUNT_BITS == 0 else 0


def is_known(pool: Pool) -> bool:
    """Whether a kernel quotes it: V4 also has pools that keep the whole input."""
    return bool(packed([pool]).pools[0, 0])


@given(before=pools, pool=pools, after=pools, amount=sizes)
def test_every_quote_is_the_pools_own(
    before: Pool, pool: Pool, after: Pool, *, amount: int
) -> None:
    """Neighbours in the arrays, whose ticks lie next to the pool's, do not matter."""
    arrays = packed([before, pool, after])
    trades = np.array([[2], [3]], np.int32)
    written = limbs_of([amount, amount], AMOUNT_LIMBS)
    known = is_known(pool)

    outputs = integers_of(quote_rows(arrays, trades, written))
    inputs = integers_of(least_inputs(arrays, trades, written))

    assert outputs == [known * quoted(pool, pair, amount) for pair in TRADES]
    assert inputs == [known * asked(pool, pair, amount) for pair in TRADES]


def test_a_tick_of_the_next_pool_is_not_crossed() -> None:
    """The price of the first rises to where a position of the second begins."""
    first = empty_pool().with_liquidity(-600, 887_220, liquidity_delta=10**18)
    second = empty_pool().with_liquidity(15_360, 15_420, liquidity_delta=10**18)
    amount = first.amount_in(HIGH, LOW, 6 * 10**17)

    arrays = packed([first, second])
    output = quote_rows(arrays, np.array([[0]], np.int32), limbs_of([amount], AMOUNT_LIMBS))

    assert integers_of(output) == [first.amount_out(HIGH, LOW, amount)]


def test_a_pool_that_keeps_the_whole_input_is_left_to_itself() -> None:
    pool = empty_v4_pool(fee_pips=PIPS).with_liquidity(-600, 600, liquidity_delta=10**18)

    assert not is_known(pool)


@given(ring=rings(magnitudes=(1, 30)), amount=sizes, hidden=st.integers(0, 7))
def test_a_cycle_is_quoted_hop_by_hop_or_not_at_all(
    ring: tuple[Market, Cycle], amount: int, hidden: int
) -> None:
    """Also where the row is longer than the cycle, and where a kind is not known."""
    market, cycle = ring
    shown = [
        ConcavePool(inside=pool) if number == hidden else pool
        for number, pool in enumerate(market.pools.values())
        if isinstance(pool, ConstantProductPool)
    ]
    market = market_of(shown)
    graph = TokenGraph.from_market(market)
    row = np.array([[*edges_along(graph, cycle), -1]], np.int32)

    arrays, trades = trades_of(market, graph, row)
    output = integers_of(quote_rows(arrays, trades, limbs_of([amount], AMOUNT_LIMBS)))

    try:
        expected = quote_cycle(market, cycle, amount)[-1] if hidden >= len(shown) else 0
    except GraphError:
        expected = 0
    assert output == [expected]


def edges_along(graph: TokenGraph, cycle: Cycle) -> list[int]:
    """The edges of a cycle's hops."""
    edges = {graph.hop(edge): edge for edge in range(len(graph.weights))}
    return [edges[hop] for hop in cycle.hops]


def test_pools_that_no_row_names_are_not_read() -> None:
    market = market_of([replace(empty_pool(), id=PoolId(name)) for name in ("one", "two")])
    graph = TokenGraph.from_market(market)
    edge = next(e for e in range(len(graph.weights)) if graph.hop(e).pool_id == "two")

    arrays, trades = trades_of(market, graph, np.array([[edge, -1]], np.int32))

    assert len(arrays.pools) == 1
    assert trades.tolist() == [[graph.hop(edge).token_in == LOW, -1]]
