"""Gets the compiled kernels ready before anybody waits for them.

The first use on a machine compiles for seconds and keeps the result on disk; the first use in a
process loads it. Neither must cost the first block its slot.
"""

from typing import Final

import numpy as np

from graphs.best_first import Limits, find_best_cycles
from graphs.horizon import find_cycles_after
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import Loan, profit_bounds_float, size_rows_of
from graphs.standing import Standing, carried_cycles
from graphs.token_graph import TokenGraph
from graphs.units import Address, PoolId

_BASE: Final = Address("0x" + "0" * 40)
_OTHER: Final = Address("0x" + "1" * 40)


def load_kernels() -> None:
    """Compile or load what the searches run, by searching a market of two pools."""
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
    market = Market(
        block_number=0, block_hash="", tokens={}, pools={pool.id: pool for pool in pools}
    )
    standing = Standing.from_graph(TokenGraph.from_market(market), _BASE, max_hops=2, limit=1)
    carried_cycles(standing.cycles, standing.horizon, np.zeros(1, np.int32), limit=1)
    find_cycles_after(standing.horizon, market, [pools[0].id], limit=1)
    loan = Loan(fee_bps=0, max_input=1)
    profit_bounds_float(standing.cycles, loan)
    rows = np.arange(len(standing.cycles), dtype=np.int32)
    size_rows_of(standing.cycles, rows, market=market, loan=loan)
    find_best_cycles(
        standing.horizon.graph, _BASE, loan, max_hops=2, limits=Limits(top=1, max_trials=1)
    )
