"""Which pools can be part of a cycle at all: those that are not bridges of the graph of tokens.

Separate from the token graph because it looks at who trades what alone, once for each set of pools.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator

import networkx as nx

from graphs.pools.base import Pool
from graphs.units import Address, PoolId

_Node = Address | tuple[PoolId]
"""A token, or a pool of three or more: an address can be both, since shares of a pair trade."""


def pools_on_cycles(pools: Iterable[Pool], *, refused: frozenset[Address]) -> Container[PoolId]:
    """Leave out pools that no cycle can trade at, and those of a refused token.

    A pool of two tokens is an edge between them, any other is a node that is joined to its tokens.
    Parallel edges are on a cycle of two hops. Of the others, a cycle that repeats no pool and no
    token lies in one biconnected component, and each edge of a component of two edges or more is
    on a cycle (Hopcroft and Tarjan 1973). So this keeps no more than the 2-core. O(pools).
    """
    pools_at: defaultdict[tuple[_Node, _Node], list[PoolId]] = defaultdict(list)
    for pool in pools:
        if refused.isdisjoint(pool.tokens):
            for ends in _edges(pool):
                pools_at[ends].append(pool.id)
    kept = {pool_id for parallel in pools_at.values() if len(parallel) > 1 for pool_id in parallel}
    for component in nx.biconnected_component_edges(nx.Graph(pools_at.keys())):
        if len(component) > 1:
            for start, end in component:
                kept.update(pools_at.get((start, end)) or pools_at[end, start])
    return kept


def _edges(pool: Pool) -> Iterator[tuple[_Node, _Node]]:
    """Yield the ends of each edge of a pool, those of two tokens in the order of their names."""
    match sorted(pool.tokens):
        case [low, high]:
            yield low, high
        case tokens:
            yield from (((pool.id,), token) for token in tokens)
