"""Which pools can be part of a cycle at all: the 2-core of the graph of pools and their tokens.

Separate from the token graph because it looks at who trades what alone, once for each set of pools.
"""

from collections.abc import Container, Iterable
from typing import Final

import networkx as nx

from graphs.pools.base import Pool
from graphs.units import Address, PoolId

LEAST_CORE: Final = 2
"""Neighbours that every node of a cycle has on it."""


def pools_in_two_core(pools: Iterable[Pool], *, refused: frozenset[Address]) -> Container[PoolId]:
    """Leave out pools that no cycle can trade at, and those of a refused token.

    Join every pool to each of its tokens. A cycle of hops that repeats no pool and no token, over
    parallel pools or not, is a cycle of that graph; there each of its nodes has two neighbours, so
    none is ever peeled off with those that have fewer (Seidman 1983). O(pools).
    """
    graph = nx.Graph()
    for pool in pools:
        if refused.isdisjoint(pool.tokens):
            # An address can be a pool and a token at once: a share of a pair can be traded.
            graph.add_edges_from(((True, pool.id), (False, token)) for token in pool.tokens)
    cores = nx.core_number(graph)
    return {name for (is_pool, name), core in cores.items() if is_pool and core >= LEAST_CORE}
