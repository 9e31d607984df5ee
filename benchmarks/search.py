"""How fast the search is: ours beside NetworkX and rustworkx, in one process on one core.

Every figure is a median of at least twenty runs unless its row says otherwise, on the same graphs
for all. Recorded graphs are read from ../shared/data; where that is absent, so is the row's value.
"""

import gc
import os
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

import networkx as nx
import numpy as np
import rustworkx as rx

from benchmarks.report import Direction, Row, report
from benchmarks.synthetic import BASE, Shape, synthetic_market
from graphs.bellman_ford import CycleSearch, find_cycles
from graphs.bulk.pool_arrays import CONSTANT_PRODUCT, KIND, trades_of
from graphs.bulk.quotes import AMOUNT_LIMBS, quote_rows
from graphs.bulk.words import limbs_of
from graphs.cycles import Cycle
from graphs.horizon import Horizon, find_cycles_after
from graphs.market import Market
from graphs.pools.base import Pool
from graphs.pools.concentrated import ConcentratedPool
from graphs.pools.constant_product import ConstantProductPool
from graphs.ranking import Loan, RowSize, best_cycles, size_rows_of
from graphs.token_graph import TokenGraph
from graphs.units import Address
from sims.pool_files import read_pools

RUNS: Final = 21
MAX_HOPS: Final = 4
LIMIT: Final = 10**7
QUOTES: Final = 2_000
BATCH: Final = 100
NAMED: Final = 10
TOUCHED: Final = 400
LOAN: Final = Loan(fee_bps=5, max_input=10**24)
GAS_PER_HOP: Final = 120_000
BASE_FEE_WEI: Final = 10 * 10**9
MS: Final = 1_000.0
US: Final = 1_000_000.0
RECORDED: Final = (
    Path(__file__).parents[2] / "shared" / "data" / "pools_v2" / "eth_univ2_sushi_2020-09.csv"
)
WETH: Final = Address("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")
SMALL: Final = Shape(tokens=78, pools=101, gaps=12)
MIDDLE: Final = Shape(tokens=563, pools=662, gaps=8)
LARGE: Final = Shape(tokens=2_375, pools=2_735, gaps=20)
HUGE: Final = Shape(tokens=100_000, pools=280_000, gaps=20, gap=1.0075)
PeerCall = tuple[str, Callable[[], object], float | None]


def median_s(
    action: Callable[[], object], *, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Seconds of the median run; the first, which loads what is cached, is not counted."""
    action()
    gc.collect()
    gc.disable()
    taken = []
    for _ in range(RUNS):
        begun = clock()
        action()
        taken.append(clock() - begun)
    gc.enable()
    return statistics.median(taken)


def whole_search(market: Market, graph: TokenGraph) -> list[Cycle]:
    """Find every cycle, size every one to the wei, rank them net of gas, and name the best."""
    search = find_cycles(graph, BASE, max_hops=MAX_HOPS, limit=LIMIT)
    hops = np.count_nonzero(search.edges >= 0, axis=1).tolist()

    def net_profit(size: RowSize) -> int:
        return size.gross_profit - GAS_PER_HOP * BASE_FEE_WEI * hops[size.row]

    ranked = sorted(size_every_row(market, search), key=net_profit, reverse=True)
    return [search[size.row] for size in ranked[:NAMED]]


def size_every_row(market: Market, search: CycleSearch) -> list[RowSize]:
    """Size all cycles of a search; those that earn nothing are left out."""
    rows = np.arange(len(search), dtype=np.int32)
    return size_rows_of(search, rows, market=market, loan=LOAN)


def published_sizes() -> Iterator[Row]:
    """The sizes of tycho-searcher's published table."""
    for shape, target in ((SMALL, 0.5), (MIDDLE, 3), (LARGE, 10)):
        market = synthetic_market(shape)
        graph = TokenGraph.pruned(market)
        found = len(find_cycles(graph, BASE, max_hops=MAX_HOPS, limit=LIMIT))
        name = f"{shape.tokens:,} tokens, {2 * shape.pools:,} edges"
        taken = median_s(partial(whole_search, market, graph))
        yield row(f"{name}: search, size, rank ({found} cycles)", taken * MS, "ms", target=target)


def recorded() -> Iterator[Row]:
    """Every cycle of the recorded graph of September 2020."""
    names = ("nominate every cycle", "nominate, then the best 10", "nominate, size every cycle")
    targets = (45, None, 250)
    if not RECORDED.exists():
        yield from (
            row(f"recorded ETH graph: {name}", None, "ms", target=target)
            for name, target in zip(names, targets, strict=True)
        )
        return
    market = read_pools(RECORDED).market
    graph = TokenGraph.pruned(market)

    def nominate() -> CycleSearch:
        return find_cycles(graph, WETH, max_hops=MAX_HOPS, limit=LIMIT)

    actions: tuple[Callable[[], object], ...] = (
        nominate,
        lambda: best_cycles(market, nominate(), LOAN, top=NAMED),
        lambda: size_every_row(market, nominate()),
    )
    for name, action, target in zip(names, actions, targets, strict=True):
        yield row(f"recorded ETH graph: {name}", median_s(action) * MS, "ms", target=target)


def changes() -> Iterator[Row]:
    """What a block or a pending transaction costs, at the largest published size."""
    market = synthetic_market(LARGE)
    graph = TokenGraph.pruned(market)
    horizon = Horizon.from_graph(graph, BASE, max_hops=MAX_HOPS)
    (one, *_) = touched = [moved(pool) for pool in islice(market.pools.values(), TOUCHED)]

    def what_if() -> object:
        return find_cycles_after(horizon, market.with_pools([one]), [one.id], limit=LIMIT)

    def block() -> object:
        after = graph.refreshed(market.with_pools(touched), [pool.id for pool in touched])
        return find_cycles(after, BASE, max_hops=MAX_HOPS, limit=LIMIT)

    yield row("2,375 tokens: after one pool changed", median_s(what_if) * MS, "ms", target=0.2)
    yield row(
        f"2,375 tokens: refresh {TOUCHED} pools, search", median_s(block) * MS, "ms", target=5
    )


def moved(pool: Pool) -> Pool:
    """The pool after a trade of a ten-thousandth of a whole token."""
    token_in, token_out = pool.tokens
    return pool.after_swap(token_in, token_out, 10**14)


def peers() -> Iterator[Row]:
    """The no-arbitrage case, where a peer that stops at its first cycle must look at everything.

    In processor time: on a busy machine the clock on the wall would slow the slower one more.
    The ratios are for the largest size. Ours leaves dead ends out when it builds the graph; the
    last peer is spared them too.
    """
    cpu_s = partial(median_s, clock=time.process_time)
    for shape in (SMALL, MIDDLE, LARGE):
        market = synthetic_market(replace(shape, gaps=0))
        graph = TokenGraph.pruned(market)
        if len(find_cycles(graph, BASE, max_hops=MAX_HOPS, limit=LIMIT)):
            raise RuntimeError("the calm market has a cycle")
        name = f"no arbitrage, {shape.tokens:,} tokens:"
        ours = cpu_s(partial(find_cycles, graph, BASE, max_hops=MAX_HOPS, limit=LIMIT))
        yield row(f"{name} ours", ours * US, "us", target=None)
        for call, action, target in peer_calls(market, graph):
            theirs = cpu_s(action)
            yield row(f"{name} {call}", theirs * US, "us", target=None)
            if shape is LARGE:
                yield ratio(f"{name} {call} / ours", theirs / ours, target)


def peer_calls(market: Market, graph: TokenGraph) -> Iterator[PeerCall]:
    """Each with the least ratio to ours that is aimed at; the last alone gets a pruned graph."""
    simple, core = best_of_parallel(TokenGraph.from_market(market)), best_of_parallel(graph)
    yield "networkx.negative_edge_cycle", partial(nx.negative_edge_cycle, simple), 300
    find = partial(nx.find_negative_cycle, simple, BASE)
    yield "networkx.find_negative_cycle", partial(fails, find, nx.NetworkXError), 300
    find = partial(rx.find_negative_cycle, as_rustworkx(simple), float)
    yield "rustworkx.find_negative_cycle", partial(fails, find, ValueError), 20
    find = partial(rx.find_negative_cycle, as_rustworkx(core), float)
    yield "rustworkx, without dead ends", partial(fails, find, ValueError), None


def fails(find: Callable[[], object], error: type[Exception]) -> None:
    """Look for a cycle where there is none, which a peer says by its error."""
    try:
        cycle = find()
    except error:
        return
    raise RuntimeError(f"the calm market has a cycle: {cycle}")


def as_rustworkx(graph: nx.DiGraph) -> rx.PyDiGraph:
    """The same edges, with their weights as floats."""
    indices = {token: i for i, token in enumerate(graph)}
    rust = rx.PyDiGraph()
    rust.add_nodes_from(list(graph))
    rust.add_edges_from(
        [(indices[u], indices[v], weight) for u, v, weight in graph.edges(data="weight")]
    )
    return rust


def best_of_parallel(graph: TokenGraph) -> nx.DiGraph:
    """The graph that the peers can hold: of parallel pools the best rate alone."""
    simple = nx.DiGraph()
    for source, target, weight in graph.as_networkx().edges(data="weight"):
        known = simple.get_edge_data(source, target, {"weight": weight})["weight"]
        simple.add_edge(source, target, weight=min(weight, known))
    return simple


def huge() -> Iterator[Row]:
    """A market larger than any chain has, and what it occupies."""
    market = synthetic_market(HUGE)
    gc.collect()
    tracemalloc.start()
    graph = TokenGraph.pruned(market)
    gc.collect()
    occupied, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    found = len(find_cycles(graph, BASE, max_hops=MAX_HOPS, limit=LIMIT))
    taken = median_s(lambda: find_cycles(graph, BASE, max_hops=MAX_HOPS, limit=LIMIT))
    name = f"{HUGE.tokens:,} tokens, {HUGE.pools:,} pools:"
    yield row(f"{name} search ({found} cycles)", taken * MS, "ms", target=10)
    yield row(f"{name} graph and arrays", occupied / HUGE.pools / 1_000, "kB", target=2)


def quotes() -> Iterator[Row]:
    """One exact hop in Python."""
    pools = list(synthetic_market(MIDDLE).pools.values())
    kinds: tuple[tuple[type[Pool], str, float], ...] = (
        (ConstantProductPool, "V2 hop", 1.5),
        (ConcentratedPool, "V3 hop inside a range", 15),
    )
    for kind, name, target in kinds:
        pool = next(pool for pool in pools if isinstance(pool, kind))
        taken = median_s(partial(quote_often, pool)) / QUOTES
        yield row(f"exact quote, one {name}", taken * US, "us", target=target)


def batch() -> Iterator[Row]:
    """Exact hops of many constant-product cycles at once."""
    market = synthetic_market(LARGE)
    search = find_cycles(TokenGraph.pruned(market), BASE, max_hops=MAX_HOPS, limit=LIMIT)
    arrays, trades = trades_of(market, search.graph, search.edges)
    is_known = (arrays.pools[trades >> 1, KIND] == CONSTANT_PRODUCT) | (trades < 0)
    rows = np.repeat(trades[is_known.all(axis=1)], BATCH, axis=0)
    inputs = limbs_of([10**15] * len(rows), AMOUNT_LIMBS)
    hops = int(np.count_nonzero(rows >= 0))
    taken = median_s(lambda: quote_rows(arrays, rows, inputs)) / hops
    yield row("exact quote, one V2 hop of many through arrays", taken * US, "us", target=0.2)


def quote_often(pool: Pool) -> None:
    """Quote inputs that differ, so that nothing is remembered."""
    token_in, token_out = pool.tokens
    for amount in range(10**15, 10**15 + QUOTES):
        pool.amount_out(token_in, token_out, amount)


def row(measure: str, value: float | None, unit: str, *, target: float | None) -> Row:
    """A measure that must stay below its target."""
    return Row(measure=measure, value=value, unit=unit, target=target)


def ratio(measure: str, value: float, target: float | None) -> Row:
    """A ratio that must exceed its target."""
    return Row(measure=measure, value=value, unit="x", target=target, direction=Direction.AT_LEAST)


def main() -> None:
    """Measure and print."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    parts = (published_sizes, recorded, changes, peers, huge, quotes, batch)
    rows: list[Row] = []
    for part in parts:
        print(f"measuring {part.__name__}", file=sys.stderr)
        rows += part()
    report("search", rows)


if __name__ == "__main__":
    main()
