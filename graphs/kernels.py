"""Gets the compiled kernels ready before anybody waits for them.

The first use on a machine compiles for seconds and keeps the result on disk; the first use in a
process loads it. Neither must cost the first block its slot.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from graphs.bellman_ford import find_cycles, no_cycles, search_cycles
from graphs.best_first import Limits, find_best_cycles
from graphs.best_first_kernels import search_best_first
from graphs.bulk.sizing import size_rows
from graphs.compilation import is_kept
from graphs.horizon import find_cycles_after
from graphs.joint_inputs_kernels import CyclesInOrder, best_inputs
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import Loan, profit_bounds_float, size_rows_of
from graphs.standing import Standing, carried_cycles
from graphs.token_graph import TokenGraph
from graphs.trails import enumerate_through
from graphs.units import Address, PoolId

KERNELS: Final[tuple[Callable[..., object], ...]] = (
    search_cycles,
    enumerate_through,
    search_best_first,
    size_rows,
    best_inputs,
)
"""One of each search, the last that is compiled for it."""

_BASE: Final = Address("0x" + "0" * 40)
_OTHER: Final = Address("0x" + "1" * 40)

_NO_CYCLE: Final = CyclesInOrder(
    curve=np.full((1, 1), -1, np.int32),
    side=np.zeros((1, 1), np.int32),
    reserves=np.ones((1, 2)),
    kept=np.ones(1),
    owed=1.0,
    max_input=1.0,
)


def are_kernels_kept() -> bool:
    """Tell whether loading will be quick: nothing is to be compiled first."""
    return all(is_kept(kernel) for kernel in KERNELS)


def load_kernels() -> None:
    """Compile or load what the searches run, by searching a market of two pools."""
    for load in LOADERS:
        load()


def load_search() -> None:
    """Get the search of a graph, of what changed in it, and of joint inputs ready."""
    market = _market()
    graph = TokenGraph.from_market(market)
    find_cycles(graph, _BASE, max_hops=2, limit=1)
    standing = Standing.from_graph(graph, _BASE, max_hops=2, limit=1)
    carried_cycles(standing.cycles, standing.horizon, np.zeros(1, np.int32), limit=1)
    find_cycles_after(standing.horizon, market, list(market.pools)[:1], limit=1)
    best_inputs(_NO_CYCLE, np.ones(1))


def load_sizing() -> None:
    """Get the sizing of what was found, and the search by falling bounds, ready."""
    market = _market()
    graph = TokenGraph.from_market(market)
    nothing, loan = no_cycles(graph, 2), Loan(fee_bps=0, max_input=1)
    profit_bounds_float(nothing, loan)
    size_rows_of(nothing, np.empty(0, np.int32), market=market, loan=loan)
    find_best_cycles(graph, _BASE, loan, max_hops=2, limits=Limits(top=1, max_trials=1))


LOADERS: Final = (load_search, load_sizing)
"""Two halves, each about as much work: processes of their own can do them at once."""


def _market() -> Market:
    pools = [
        ConstantProductPool(
            id=PoolId(digit * 40),
            venue="",
            token0=_BASE,
            token1=_OTHER,
            reserve0=1,
            reserve1=1,
            fee_pips=0,
        )
        for digit in "23"
    ]
    return Market(block_number=0, block_hash="", tokens={}, pools={pool.id: pool for pool in pools})
