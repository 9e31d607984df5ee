"""The recorded cycles that compete for pools with the most profitable of them, and their market.

The top component: of the hundred most profitable cycles of up to four hops, those that hang
together by shared pools, directly or through others, with the most profitable that shares one. Its
market holds their pools and no others, so that whoever is compared on it trades with the same.
"""

from pathlib import Path
from typing import Final

import networkx as nx

from graphs.bellman_ford import CycleSearch, find_cycles
from graphs.market import Market
from graphs.ranking import Loan, best_cycles
from graphs.sizing import SizedCycle
from graphs.token_graph import TokenGraph
from graphs.units import Address
from sims.pool_files import read_pools

TABLE: Final = Path(__file__).parents[3] / "shared/data/pools_v2/eth_univ2_sushi_2020-09.csv"
WETH: Final = Address("0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2")
MAX_HOPS: Final = 4
TOP: Final = 100
LIMIT: Final = 10**6


def searched(market: Market) -> CycleSearch:
    """Every profitable cycle from the base."""
    return find_cycles(TokenGraph.from_market(market), WETH, max_hops=MAX_HOPS, limit=LIMIT)


def top_component(loan: Loan) -> Market:
    """Read the recorded pools and leave those of the top component."""
    market = read_pools(TABLE).market
    cycles = competing(best_cycles(market, searched(market), loan, top=TOP))
    pool_ids = sorted({pool_id for one in cycles for pool_id in one.cycle.pool_ids})
    return Market(
        block_number=market.block_number,
        block_hash=market.block_hash,
        tokens=market.tokens,
        pools={pool_id: market.pools[pool_id] for pool_id in pool_ids},
    )


def competing(sized: tuple[SizedCycle, ...]) -> list[SizedCycle]:
    """Those that hang together with the most profitable one that shares a pool; `sized` by profit.

    Joins every cycle, by its number, with its pools.
    """
    graph = nx.Graph()
    for number, one in enumerate(sized):
        graph.add_edges_from((number, pool_id) for pool_id in one.cycle.pool_ids)
    best = next(
        number
        for number, one in enumerate(sized)
        if any(graph.degree(pool_id) > 1 for pool_id in one.cycle.pool_ids)
    )
    component = nx.node_connected_component(graph, best)
    return [one for number, one in enumerate(sized) if number in component]
