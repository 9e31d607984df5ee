"""Which pools can be part of a cycle at all: those that are not bridges of the graph of tokens.

Separate from the token graph because it looks at who trades what alone, once for each set of pools.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import networkx as nx

from graphs.pools.base import Pool
from graphs.units import Address, PoolId

_Node = Address | tuple[PoolId]
"""A token, or a pool of three or more: an address can be both, since shares of a pair trade."""

_NO_POOL: Final = PoolId("")
"""Stands for what joins two tokens without a pool."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruning:
    """What is left out of a graph beside the bridges, and what is not."""

    refused: frozenset[Address] = frozenset()
    """Tokens whose pools are left out."""

    joined: frozenset[tuple[Address, Address]] = frozenset()
    """Tokens that count as if a pool joined them, so that every path between them is kept."""


KEEP_CYCLES: Final = Pruning()
"""Nothing is left out but bridges."""


def pools_on_cycles(pools: Iterable[Pool], pruning: Pruning) -> Container[PoolId]:
    """Leave out pools that no cycle can trade at, and those of a refused token.

    A pool of two tokens is an edge between them, any other is a node that is joined to its tokens.
    Parallel edges are on a cycle of two hops. Of the others, a cycle that repeats no pool and no
    token lies in one biconnected component, and each edge of a component of two edges or more is
    on a cycle (Hopcroft and Tarjan 1973). So this keeps no more than the 2-core. O(pools).
    """
    pools_at = _pools_at(pools, pruning)
    kept = {pool_id for parallel in pools_at.values() if len(parallel) > 1 for pool_id in parallel}
    for component in nx.biconnected_component_edges(nx.Graph(pools_at.keys())):
        if len(component) > 1:
            for start, end in component:
                kept.update(pools_at.get((start, end)) or pools_at[end, start])
    return kept


def _pools_at(
    pools: Iterable[Pool], pruning: Pruning
) -> Mapping[tuple[_Node, _Node], Sequence[PoolId]]:
    """List the pools of each edge, parallel ones together."""
    pools_at: defaultdict[tuple[_Node, _Node], list[PoolId]] = defaultdict(list)
    for pool in pools:
        if pruning.refused.isdisjoint(pool.tokens):
            for ends in _edges(pool.tokens, pool.id):
                pools_at[ends].append(pool.id)
    for tokens in pruning.joined:
        for ends in _edges(tokens, _NO_POOL):
            pools_at[ends].append(_NO_POOL)
    return pools_at


def _edges(tokens: Iterable[Address], pool_id: PoolId) -> Iterator[tuple[_Node, _Node]]:
    """Yield the ends of each edge of a pool, those of two tokens in the order of their names."""
    match sorted(tokens):
        case [low, high]:
            yield low, high
        case several:
            yield from (((pool_id,), token) for token in several)
