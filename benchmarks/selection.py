"""How much cycles that share pools earn together, beside the most that their pools can give.

The convex optimum is the dual bound of tests/graphs/convex_bound.py over the same pools; it counts
trades of any length, loops without the base included. Times are medians on one core unless a row
names another number of runs. Recorded pools are read from ../shared/data; where that is absent, so
are the values.
"""

import os
import sys
from collections.abc import Iterator
from functools import partial
from typing import Final

from benchmarks.report import Direction, Row, report
from benchmarks.search import MS, median_s
from graphs.bellman_ford import CycleSearch
from graphs.market import Market
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import best_cycles
from graphs.selection import select, select_found
from sims.pool_files import read_pools
from sims.search import NO_FEE
from tests.graphs.convex_bound import convex_bound
from tests.sims.top_component import TABLE, WETH, searched, top_component

FEW: Final = 10
MANY: Final = 40
EVERY: Final = 1_000
LEAST_SHARE_PERCENT: Final = 98.0
TIME_TARGET_MS: Final = 100.0


def recorded() -> Iterator[Row]:
    """What a block would cost and yield on the recorded graph of September 2020."""
    if not TABLE.exists():
        names = ("select of 40 candidates", "top component", "whole graph")
        for name in names:
            yield Row(measure=f"recorded ETH graph: {name}", value=None, unit="", target=None)
        return
    market = read_pools(TABLE).market
    search = searched(market)
    best = best_cycles(market, search, NO_FEE, top=MANY)
    taken = median_s(partial(select, market, best, NO_FEE, most=MANY))
    yield Row(
        measure=f"recorded ETH graph: select of the best {MANY}",
        value=taken * MS,
        unit="ms",
        target=TIME_TARGET_MS,
    )
    component = top_component(NO_FEE)
    yield from shares("top component", component, searched(component), counts=(FEW, EVERY))
    used = used_by(market, search)
    yield from shares("whole graph", used, searched(used), counts=(FEW, MANY))


def shares(
    name: str, market: Market, search: CycleSearch, *, counts: tuple[int, ...]
) -> Iterator[Row]:
    """Earnings of up to so many cycles as a share of the convex optimum, and the time to choose."""
    pools = [pool for pool in market.pools.values() if isinstance(pool, ConstantProductPool)]
    optimum = convex_bound(pools, WETH)
    for most in counts:
        chosen = select_found(market, search, NO_FEE, most=most)
        label = f"{name}, {len(market.pools):,} pools: {len(chosen.cycles)} cycles"
        yield Row(
            measure=f"{label}, of the convex optimum",
            value=100 * chosen.gross_profit / optimum,
            unit="%",
            target=LEAST_SHARE_PERCENT if most > FEW else None,
            direction=Direction.AT_LEAST,
        )
        taken = median_s(partial(select_found, market, search, NO_FEE, most=most))
        yield Row(
            measure=f"{label}, searched behind",
            value=taken * MS,
            unit="ms",
            target=None,
        )


def used_by(market: Market, search: CycleSearch) -> Market:
    """The pools of all cycles found, alone."""
    edges = search.edges[search.edges >= 0]
    positions = sorted({int(pool) for pool in search.graph.topology.edge_pool[edges]})
    names = [search.graph.topology.pools[position] for position in positions]
    return Market(
        block_number=market.block_number,
        block_hash=market.block_hash,
        tokens=market.tokens,
        pools={name: market.pools[name] for name in names},
    )


def main() -> None:
    """Measure and print."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    print("measuring recorded", file=sys.stderr)
    report("selection", list(recorded()))


if __name__ == "__main__":
    main()
